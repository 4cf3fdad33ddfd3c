"""A release that is read from its sorted dump, without loading it: for one of many kept ones.

A subject is found by binary search; an object, a property or a graph by their positions, or, in a
release without these, by a scan of the file.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from unicef_linked.errors import QueryRefused
from unicef_linked.release.positions import POSITIONS, Positions, Scan, has_positions
from unicef_linked.store.labels import read_labels
from unicef_linked.store.loading import load_release
from unicef_linked.store.solutions import read_solutions
from unicef_linked.store.statements import match_each, match_lines, match_subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.release import Release
    from unicef_linked.release.lines import SortedLines
    from unicef_linked.release.positions import LinesByTerm
    from unicef_linked.store import Answer, Labels


class Archived:
    """The store of an earlier release. It answers no queries of clients."""

    def __init__(self, release: Release) -> None:
        self._release = release

    @property
    def functions(self) -> tuple[str, ...]:
        """See Store."""
        return ()

    @cached_property
    def _dump(self) -> LinesByTerm:
        """The statements, by their positions if the release has these."""
        dataset = self._release.dataset
        if has_positions(self._release):
            return Positions(dataset, self._release.path / POSITIONS)
        return Scan(dataset)

    @property
    def lines(self) -> SortedLines:
        """The statements, as lines of N-Quads."""
        return self._dump.lines

    def match(
        self,
        subject: Term | None = None,
        predicate: ox.NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        return match_lines(self._dump, subject, predicate, object, graph_name)

    def match_any(
        self,
        subjects: Collection[Term] | None = None,
        predicates: Collection[ox.NamedNode] | None = None,
        objects: Collection[Term] | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        if subjects is not None:
            return match_subjects(self.lines, subjects, predicates, objects)
        return match_each(self.match, subjects, predicates, objects)

    def labels(self, iris: Collection[str]) -> Labels:
        """See Store."""
        return read_labels(self.match_any, iris)

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """See Store. The first call loads the release, which then stays in memory."""
        values = {ox.Variable(name): term for name, term in (bindings or {}).items()}
        return read_solutions(self._loaded.query(query, substitutions=values))

    @cached_property
    def _loaded(self) -> ox.Store:
        return load_release(self._release)

    def answer(self, *_: object, **__: object) -> Answer:
        """See Store: it raises QueryRefused for every query."""
        raise QueryRefused(
            "an earlier release answers no queries here; download its dumps, and ask them with:"
            " unicef-linked query --release"
        )

    def check(self) -> None:
        """See Store."""
        next(iter(self.lines), None)

    def processes(self) -> None:
        """See Store."""
        return

    def close(self) -> None:
        """See Store."""
        self.lines.close()
