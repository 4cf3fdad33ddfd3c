"""Things that so many statements lead to that a page reads a part of them.

How many there are is counted once a release (``rdf.summaries``), so that it need not be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode, Quad

from unicef_linked.store.statements import LoadedStatements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.store import Store

PART: Final = 10
"""Statements that are read of each property that leads to a hub, for the rows of a page."""


class BoundedStatements(LoadedStatements):
    """Loaded statements with the first PART of each property alone that leads to a hub.

    Which these are is for the engine to say: it is the same each time, not an order of IRIs.
    """

    def __init__(self, store: Store, hubs: Mapping[str, Mapping[str, int]], *, union: bool) -> None:
        super().__init__(store)
        self._hubs, self._union = hubs, union

    def load(self, subjects: Iterable[Term] = (), objects: Iterable[Term] = ()) -> None:
        """See LoadedStatements; one request more for each hub."""
        terms = list(objects)
        for term in terms:
            if not isinstance(term, NamedNode) or term in self._by_object:
                continue
            if self.numbers(term.value):
                self._by_object[term] = self._first_to(term)
        super().load(subjects, terms)

    def numbers(self, iri: str) -> Mapping[str, int]:
        """Return how many statements lead to a hub, by property; nothing for other things."""
        return self._hubs.get(iri, {})

    def part(self, node: NamedNode, first: int, most: int) -> list[Quad]:
        """Return statements that lead to a hub, in the engine's order, from one of them on."""
        pattern = self._in_graphs(f"?s ?p {node}")
        query = f"SELECT ?s ?p ?g {{ {pattern} FILTER(?s != {node}) }} OFFSET {first} LIMIT {most}"
        return [_quad(row, node) for row in self._store.select(query)]

    def _first_to(self, node: NamedNode) -> list[Quad]:
        patterns = []
        for predicate in self.numbers(node.value):
            pattern = self._in_graphs(f"?s <{predicate}> {node}")
            patterns.append(
                f"{{ SELECT ?s (<{predicate}> AS ?p) ?g {{ {pattern} }} LIMIT {PART} }}"
            )
        query = f"SELECT ?s ?p ?g {{ {' UNION '.join(patterns)} }}"
        quads = [_quad(row, node) for row in self._store.select(query)]
        return sorted(quads, key=str)

    def _in_graphs(self, pattern: str) -> str:
        """Return a pattern for the statements as published: the union repeats them."""
        in_graphs = f"GRAPH ?g {{ {pattern} }}"
        return in_graphs if self._union else f"{{ {in_graphs} }} UNION {{ {pattern} }}"


def _quad(row: Solution, node: NamedNode) -> Quad:
    graph = row.get("g")
    return Quad(row["s"], row["p"], node, graph)  # type: ignore[arg-type]
