"""RDF statements as bytes: the same statements give the same bytes, in every process."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_PREFIX_LINES: Final = re.compile(rb"\A(?:@prefix [^\n]*\n)+")
_NAMESPACES: Final = re.compile(rb'(?: xmlns:[\w.-]+="[^"]*")+')
_WITH_PREFIXES: Final = frozenset({RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML})


def write_rdf(
    statements: Collection[Triple] | Collection[Quad], kind: RdfFormat, prefixes: Mapping[str, str]
) -> bytes:
    """Return the statements sorted, with those of the prefixes that they use, in the order given."""
    ordered: Sequence[Triple] | Sequence[Quad] = sorted(statements, key=str)  # type: ignore[assignment]
    used = _used(ordered, prefixes) if kind in _WITH_PREFIXES else {}
    content = serialize(ordered, format=kind, prefixes=used)
    assert content is not None
    return settle_prefixes(content, kind, list(used))


def settle_prefixes(content: bytes, kind: RdfFormat, order: Sequence[str]) -> bytes:
    r"""Return what the engine wrote with its prefixes in this order; in Turtle and TriG only those that it uses.

    The engine declares all that it is given, in the order of a map. A prefix is kept, too, where its name stands in a
    literal. In RDF/XML all are kept, in the order of their names.

    >>> written = b"@prefix c: <urn:c:> .\n@prefix b: <urn:b:> .\n@prefix a: <urn:a:> .\na:x a b:y .\n"
    >>> print(settle_prefixes(written, RdfFormat.TURTLE, ("a", "b", "c")).decode())
    @prefix a: <urn:a:> .
    @prefix b: <urn:b:> .
    a:x a b:y .
    <BLANKLINE>
    """
    if kind == RdfFormat.RDF_XML:
        return _NAMESPACES.sub(
            lambda found: b"".join(sorted(re.findall(rb' xmlns:[^"]*"[^"]*"', found[0]))),
            content,
            1,
        )
    declared = _PREFIX_LINES.match(content) if kind in _WITH_PREFIXES else None
    if declared is None:
        return content
    statements = content[declared.end() :]
    lines = {
        name: line
        for line in declared[0].splitlines(keepends=True)
        # The first condition is quick, and rules out most.
        if (name := _declared(line)) in statements
        and re.search(rb"(?<![\w.-])" + re.escape(name), statements)
    }
    return b"".join(
        [
            *(lines[name] for name in sorted(lines, key=_positions(tuple(order)).__getitem__)),
            statements,
        ]
    )


@lru_cache(maxsize=1024)
def _declared(line: bytes) -> bytes:
    """Return the prefix that a line of Turtle declares, with its colon; the same few lines stand before every answer."""
    return line[len("@prefix ") : line.index(b":") + 1]


@lru_cache(maxsize=32)
def _positions(order: tuple[str, ...]) -> dict[bytes, int]:
    """Return the place of each prefix, named as ``_declared`` does; those of a dataset are the same for every answer."""
    return {f"{prefix}:".encode(): number for number, prefix in enumerate(order)}


def _used(
    statements: Sequence[Triple] | Sequence[Quad], prefixes: Mapping[str, str]
) -> dict[str, str]:
    iris: set[str] = set()
    for statement in statements:
        terms = [statement.subject, statement.predicate, statement.object]
        if isinstance(statement, Quad):
            terms.append(statement.graph_name)  # type: ignore[arg-type]
        for term in terms:
            if isinstance(term, NamedNode):
                iris.add(term.value)
            elif isinstance(term, Literal):
                iris.add(term.datatype.value)
    namespaces = {prefix: namespace for prefix, namespace in prefixes.items() if namespace}
    found = {
        prefix
        for iri in iris
        for prefix, namespace in namespaces.items()
        if iri.startswith(namespace)
    }
    return {prefix: namespace for prefix, namespace in namespaces.items() if prefix in found}
