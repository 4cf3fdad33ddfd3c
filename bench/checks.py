"""Before anything is measured, everyone must give the same answer."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox

from bench.questions import JSON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.questions import Question
    from bench.servers import Server

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
Row = tuple[str, ...]


def answer(server: Server, question: Question) -> Counter[Row]:
    """Return a server's answer as a bag of rows, or of triples;
    raises ValueError when it is not a good one.
    """
    path = question.path(server.sparql, different=False)
    status, headers, body = server.get(path, {"Accept": question.media_type})
    got = headers.get("content-type", "").partition(";")[0]
    if status != 200 or got != question.media_type:
        raise ValueError(f"{status} {got or 'without a media type'}: {body[:200]!r}")
    if question.media_type == JSON:
        content = json.loads(body)
        return Counter(
            tuple(f"{name}={_term(term)}" for name, term in sorted(row.items()))
            for row in content["results"]["bindings"]
        )
    return Counter(
        (str(quad.subject), str(quad.predicate), str(quad.object))
        for quad in ox.parse(body, ox.RdfFormat.TURTLE)
    )


def _term(term: dict[str, Any]) -> str:
    """Return a term of SPARQL JSON; "typed-literal" is what drafts said,
    and xsd:string goes without saying.
    """
    kind = "literal" if term["type"] == "typed-literal" else term["type"]
    datatype = term.get("datatype", "").replace(_XSD + "string", "")
    return f"{kind} {term['value']!r} {datatype} {term.get('xml:lang', '').lower()}"


def _loosely(rows: Counter[Row]) -> Counter[Row]:
    """Return rows with what engines are known to rewrite taken out: datatypes of literals,
    and how a number is spelled.
    """

    def loose(term: str) -> str:
        name, quote, rest = term.partition("=literal '")
        if not quote:
            return term
        value = rest.rpartition("' ")[0]
        with suppress(InvalidOperation):
            value = str(Decimal(value).normalize())
        return f"{name}={value}"

    return Counter({tuple(map(loose, row)): count for row, count in rows.items()})


def differences(server: Server, ours: Server, questions: Iterable[Question]) -> dict[str, str]:
    """Return in words how a server's answers differ from ours, by kind of query;
    those that are equal are not in it.
    """
    found: dict[str, str] = {}
    for question in questions:
        expected = answer(ours, question)
        if not expected:
            raise ValueError(f"our answer to “{question.kind}” is empty: nothing would be compared")
        try:
            got = answer(server, question)
        except ValueError as error:
            found[question.kind] = f"no answer: {error}"
            continue
        if got == expected:
            continue
        if _loosely(got) == _loosely(expected):
            found[question.kind] = f"same rows, {EXCUSED}"
        else:
            extra, missing = got - expected, expected - got
            example = next(iter(missing or extra))
            found[question.kind] = (
                f"{missing.total()} rows missing, {extra.total()} more: {' '.join(example)[:200]}"
            )
    return found


EXCUSED: Final = "literals spelled otherwise"
"""A difference that does not spoil a comparison: an engine keeps a number or a date by value."""
