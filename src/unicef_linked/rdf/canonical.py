"""The canonical form of a dataset: sorted N-Quads, one statement a line, each once.

Its literals are as the engine keeps them. Without blank nodes it is the canonical form of RDF
Dataset Canonicalization (RDFC-1.0, section 5). Lines are bytes, with their line feed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store

from unicef_linked.rdf.iris import XSD
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BATCH: Final = 100_000
"""Lines whose literals the engine is given at a time: a bound on memory."""
_TYPED: Final = f'"^^<{XSD}'.encode()
"""What a line contains that has a literal the engine may store as a value."""

Parts = tuple[bytes, bytes, bytes, bytes]
"""Subject, predicate, object and graph name of a line; b"" for the default graph."""


def line_of(quad: Quad) -> bytes:
    """Return the line of a quad."""
    return f"{quad} .\n".encode()


def sort_lines(quads: Iterable[Quad]) -> list[bytes]:
    """Return the lines of quads, each once, in their order."""
    return sorted({line_of(quad) for quad in quads})


def split_line(line: bytes) -> Parts:
    r"""Return the terms of a line, as it has them.

    No term but a literal and a triple term has a space in it.

    >>> split_line(b'<urn:s> <urn:p> "a <urn:g>"@en .\n')
    (b'<urn:s>', b'<urn:p>', b'"a <urn:g>"@en', b'')
    """
    subject, predicate, rest = line.split(b" ", 2)
    rest = rest[:-3]
    value, _, graph = rest.rpartition(b" ")
    # The end of a literal has its last quotation mark; that of a triple term is )>>.
    if not value or b'"' in graph or graph == b")>>":
        return subject, predicate, rest, b""
    return subject, predicate, value, graph


def iri_of(term: bytes) -> str:
    """Return the IRI of a term that is one."""
    return term[1:-1].decode()


def name_of(graph: bytes) -> str:
    """Return the IRI or the label of a graph name; "" for the default graph.

    >>> name_of(b"<urn:g>"), name_of(b"_:g"), name_of(b"")
    ('urn:g', 'g', '')
    """
    return graph[2:].decode() if graph.startswith(b"_:") else iri_of(graph)


def datatype_of(literal: bytes) -> str:
    """Return the IRI of the datatype that a literal states, ``@`` and the tag of a language, or "".

    >>> datatype_of(b'"1"^^<urn:t>'), datatype_of(b'"a"@en'), datatype_of(b'"a"')
    ('urn:t', '@en', '')
    """
    suffix = literal[literal.rindex(b'"') + 1 :].decode()
    return suffix[3:-1] if suffix.startswith("^^") else suffix


def without_repeats(ordered: Iterable[bytes]) -> Iterator[bytes]:
    """Yield sorted lines, each once."""
    last = b""
    for line in ordered:
        if line != last:
            yield line
            last = line


def as_kept(lines: Iterable[bytes], changed: dict[bytes, bytes]) -> Iterator[bytes]:
    """Yield lines with literals as the engine keeps them; ``changed`` takes those that it changes.

    Oxigraph stores values: ``"042"^^xsd:byte`` comes back as ``"42"^^xsd:integer``
    (https://github.com/oxigraph/oxigraph/issues/526). A release has that form in its files too, so
    that a literal is the same in documents, dumps and answers to queries.
    """
    remaining = iter(lines)
    while batch := list(islice(remaining, _BATCH)):
        typed = {literal for line in batch if (literal := _typed_literal(line))}
        changed |= _changed(typed.difference(changed))
        if changed.keys().isdisjoint(typed):
            yield from batch
        else:
            for line in batch:
                yield _replace(line, changed)


def changed_literals(literals: Sequence[Literal]) -> dict[Literal, Literal]:
    """Return the literals that come back from the engine as others, with those others."""
    store = Store()
    store.extend(
        Quad(NamedNode(f"urn:{number}"), NamedNode("urn:value"), literal)
        for number, literal in enumerate(literals)
    )
    changed = {}
    for quad in store:
        literal = literals[int(value_of(quad.subject)[4:])]
        if quad.object != literal:
            assert isinstance(quad.object, Literal)
            changed[literal] = quad.object
    return changed


def _typed_literal(line: bytes) -> bytes:
    """Return the object of a line if the engine may store a value in its place, else b""."""
    if _TYPED not in line:
        return b""
    value = split_line(line)[2]
    text, mark, datatype = value.rpartition(_TYPED)
    return value if text.startswith(b'"') and mark and datatype != b"string>" else b""


def _changed(literals: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return the literals that come back from the engine as others, with those others."""
    ordered = list(literals)
    if not ordered:
        return {}
    store = Store()
    statements = b"".join(b"<urn:%d> <urn:value> %s .\n" % pair for pair in enumerate(ordered))
    store.bulk_load(statements, format=RdfFormat.N_TRIPLES)
    kept = store.dump(format=RdfFormat.N_TRIPLES, from_graph=DefaultGraph())
    assert kept is not None
    changed = {}
    for line in kept.splitlines(keepends=True):
        subject, _, value, _ = split_line(line)
        literal = ordered[int(subject[5:-1])]
        if value != literal:
            changed[literal] = value
    return changed


def _replace(line: bytes, literals: dict[bytes, bytes]) -> bytes:
    """Return a line with another object if its own is among the literals."""
    subject, predicate, value, graph = split_line(line)
    kept = literals.get(value)
    if kept is None:
        return line
    terms = (subject, predicate, kept, graph) if graph else (subject, predicate, kept)
    return b" ".join(terms) + b" .\n"
