"""RDF statements as bytes: the same statements give the same bytes, in every process."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_PREFIX_LINES: Final = re.compile(rb"\A(?:@prefix [^\n]*\n)+")
_NAMESPACES: Final = re.compile(rb'(?: xmlns:[\w.-]+="[^"]*")+')
_WITH_PREFIXES: Final = frozenset({RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML})


def write_rdf(
    statements: Collection[Triple] | Collection[Quad], kind: RdfFormat, prefixes: Mapping[str, str]
) -> bytes:
    """Return the statements sorted, with the prefixes that they use in the order given."""
    ordered: Any = sorted(statements, key=str)
    used = _used(ordered, prefixes) if kind in _WITH_PREFIXES else {}
    content = serialize(ordered, format=kind, prefixes=used)
    assert content is not None
    return settle_prefixes(content, kind, list(used))


def settle_prefixes(content: bytes, kind: RdfFormat, order: Sequence[str]) -> bytes:
    r"""Return what the engine wrote with its prefixes in this order; in Turtle, only those used.

    The engine declares all prefixes that it is given, in the order of a map. A prefix is kept, too,
    if its name occurs in a literal. In RDF/XML all are kept, in the order of their names.

    >>> written = b"@prefix c: <urn:c:> .\n@prefix b: <urn:b:> .\n"
    >>> written += b"@prefix a: <urn:a:> .\na:x a b:y .\n"
    >>> print(settle_prefixes(written, RdfFormat.TURTLE, ("a", "b", "c")).decode())
    @prefix a: <urn:a:> .
    @prefix b: <urn:b:> .
    a:x a b:y .
    <BLANKLINE>
    """
    if kind == RdfFormat.RDF_XML:
        return _NAMESPACES.sub(_sort_namespaces, content, 1)
    declared = _PREFIX_LINES.match(content) if kind in _WITH_PREFIXES else None
    if declared is None:
        return content
    statements = content[declared.end() :]
    lines = {}
    for line in declared[0].splitlines(keepends=True):
        name = _declared_prefix(line)
        # The first condition is quick, and excludes most.
        if name in statements and re.search(rb"(?<![\w.-])" + re.escape(name), statements):
            lines[name] = line
    ordered = sorted(lines, key=_positions(tuple(order)).__getitem__)
    return b"".join([*(lines[name] for name in ordered), statements])


def _sort_namespaces(declarations: re.Match[bytes]) -> bytes:
    return b"".join(sorted(re.findall(rb' xmlns:[^"]*"[^"]*"', declarations[0])))


@lru_cache(maxsize=1024)
def _declared_prefix(line: bytes) -> bytes:
    """Return the prefix, with its colon, that a line of Turtle declares.

    Cached, since the same few lines begin every answer.
    """
    return line[len("@prefix ") : line.index(b":") + 1]


@lru_cache(maxsize=32)
def _positions(order: tuple[str, ...]) -> dict[bytes, int]:
    """Return the position of each prefix, named as ``_declared_prefix`` does.

    Cached, since all answers about a dataset have the same prefixes.
    """
    return {f"{prefix}:".encode(): number for number, prefix in enumerate(order)}


def _used(
    statements: Sequence[Triple] | Sequence[Quad], prefixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the prefixes whose namespaces the IRIs of statements begin with."""
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
    return {
        prefix: namespace
        for prefix, namespace in prefixes.items()
        if namespace and any(iri.startswith(namespace) for iri in iris)
    }
