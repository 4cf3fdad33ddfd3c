"""The canonical form of a dataset: sorted N-Quads, one statement a line, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import Quad


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
