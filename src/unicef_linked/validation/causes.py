"""Which results follow from others, and what a misspelt name was meant to be. Pure.

One mistake often breaks several shapes: a value of the wrong type has no claim, and its claim no
value. What only follows is marked, so that a reader sees the cause first.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.iris import RDF, SHACL
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.report import Report, Result, make_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names

_BY_QUERY: Final = f"{SHACL}SPARQLConstraintComponent"
"""Constraints that compare a value with other statements: they follow from one on the value."""

_LIKE: Final = 0.8
"""How alike (0 to 1) the key of a thing must be to one that nothing has, to be suggested."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What files state, and what claims are about, as far as a report needs it."""

    stated: frozenset[tuple[str, str]]  # subject and predicate
    described: frozenset[str]  # subjects
    claims: Mapping[str, tuple[str, str]]  # subject and predicate, by claim


def read_statements(quads: Iterable[Quad]) -> Statements:
    """Return what the quads of files state."""
    stated: set[tuple[str, str]] = set()
    parts: dict[str, dict[str, str]] = {}
    for quad in quads:
        subject, predicate, value = map(value_of, (quad.subject, quad.predicate, quad.object))
        stated.add((subject, predicate))
        if predicate in {f"{RDF}subject", f"{RDF}predicate"}:
            parts.setdefault(subject, {})[predicate] = value
    claims = {
        claim: (values[f"{RDF}subject"], values[f"{RDF}predicate"])
        for claim, values in parts.items()
        if len(values) == 2
    }
    return Statements(frozenset(stated), frozenset(s for s, _ in stated), claims)


def explain(report: Report, files: Statements, names: Names) -> Report:
    """Return a report with suggestions, and with what follows from others marked and last."""
    results = [_with_suggestion(result, files, names) for result in report.results]
    causes = [r for r in results if r.severity == "Violation" and not _is_about_claim(r, files)]
    marked = [
        replace(result, follows=any(_follows(result, cause, files) for cause in causes))
        for result in results
    ]
    if all(result.follows for result in marked if result.severity == "Violation"):
        marked = results  # no cause is left
    return make_report(marked, report.remarks)


def _is_about_claim(result: Result, files: Statements) -> bool:
    return result.focus_node in files.claims


def _follows(result: Result, cause: Result, files: Statements) -> bool:
    """Return whether a result would go with its cause."""
    if result == cause:
        return False
    if cause.suggestion and cause.path == f"{RDF}type":
        return cause.focus_node in {result.value, result.focus_node}
    if not result.file and cause.file and result.focus_node == cause.value:
        return True
    about = files.claims.get(result.focus_node, (result.focus_node, result.path))
    is_claim = _is_about_claim(result, files)
    meant = cause.suggestion
    if meant and about[0] == cause.focus_node and about[1] in {meant, cause.path}:
        return True
    if cause.value and cause.path and about == (cause.focus_node, cause.path):
        if is_claim:
            return True
        same_value = result.value == cause.value
        return same_value and result.constraint == _BY_QUERY != cause.constraint
    return _is_derived(result, files) and not _is_derived(cause, files) and bool(cause.file)


def _is_derived(result: Result, files: Statements) -> bool:
    """Return whether a result is on a value that a rule made."""
    is_stated = (result.focus_node, result.path) in files.stated
    return bool(result.path and result.value) and not is_stated


def _with_suggestion(result: Result, files: Statements, names: Names) -> Result:
    """Return a result on a thing that nothing describes with the name that was perhaps meant."""
    pair = names.type_and_key(result.value)
    if not pair or result.value in files.described:
        return result
    start = names.entity(pair[0], "")
    candidates = [iri for iri in files.described if iri.startswith(start)]
    near = difflib.get_close_matches(result.value, candidates, n=1, cutoff=_LIKE)
    if not near:
        return result
    shown = names.shorten(near[0])
    phrases = {"en": f" Did you mean {shown}?", "fr": f" Vouliez-vous dire {shown} ?"}
    messages = tuple((tag, text + phrases.get(tag, "")) for tag, text in result.messages)
    return replace(result, messages=messages)
