"""The canonical form of a dataset: sorted N-Quads, one statement a line, each once.

Its literals are as the engine keeps them.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode, Quad, Store

from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BATCH: Final = 50_000
"""Literals that the engine is given at a time: a bound on memory."""
_VALUE: Final = NamedNode("urn:value")


def as_kept(quads: Iterable[Quad]) -> tuple[list[Quad], dict[Literal, Literal]]:
    """Return the quads with literals as the engine keeps them, and those that it changes.

    Oxigraph stores values: ``"042"^^xsd:byte`` comes back as ``"42"^^xsd:integer``
    (https://github.com/oxigraph/oxigraph/issues/526). A release has that form in its files too, so
    that a literal is the same in documents, dumps and answers to queries.
    """
    written = list(quads)
    typed = (q.object for q in written if isinstance(q.object, Literal) and _is_value(q.object))
    changed = _changed(dict.fromkeys(typed))
    if not changed:
        return written, changed
    return [_replace(quad, changed) for quad in written], changed


def _is_value(literal: Literal) -> bool:
    """Return whether the engine may store a value rather than the lexical form."""
    return literal.datatype.value.startswith(XSD) and literal.datatype.value != f"{XSD}string"


def _changed(literals: Iterable[Literal]) -> dict[Literal, Literal]:
    """Return the literals that come back from the engine as others, with those others."""
    changed = {}
    remaining = iter(literals)
    while batch := tuple(islice(remaining, _BATCH)):
        store = Store()
        store.extend(
            Quad(NamedNode(f"urn:{number}"), _VALUE, literal)
            for number, literal in enumerate(batch)
        )
        for quad in store:
            literal = batch[int(quad.subject.value.removeprefix("urn:"))]
            if quad.object != literal:
                changed[literal] = quad.object
    return changed


def _replace(quad: Quad, literals: Mapping[Any, Literal]) -> Quad:
    literal = literals.get(quad.object)
    return quad if literal is None else Quad(quad.subject, quad.predicate, literal, quad.graph_name)


def sort_quads(quads: Iterable[Quad]) -> list[Quad]:
    """Return quads, each once, in the order of their lines in N-Quads."""
    return sorted(set(quads), key=str)


def canonical_lines(ordered: Iterable[Quad]) -> Iterator[bytes]:
    """Yield the lines of quads that ``sort_quads`` has sorted.

    Without blank nodes they are the canonical form of RDF Dataset Canonicalization (RDFC-1.0,
    section 5).
    """
    for quad in ordered:
        yield f"{quad} .\n".encode()
