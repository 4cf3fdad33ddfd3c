"""A release that is read from its sorted dump, without loading it: for one of many kept ones.

A subject is found by binary search, an object, a property or a graph by a scan of the file, which
takes some milliseconds a megabyte.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pyoxigraph as ox

from unicef_linked.errors import QueryRefused
from unicef_linked.release.lines import SortedLines, open_lines, parse_lines
from unicef_linked.store.labels import read_labels
from unicef_linked.store.loading import load_release
from unicef_linked.store.solutions import read_solutions
from unicef_linked.store.statements import match_each, match_subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.release import Release
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
    def lines(self) -> SortedLines:
        """The statements, as lines of N-Quads."""
        return open_lines(self._release.dataset)

    def match(
        self,
        subject: Term | None = None,
        predicate: ox.NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        if subject is not None:
            lines = self.lines.of_subjects([str(subject)])
        elif object is not None:
            lines = self.lines.containing(f" {object} ".encode())
        elif predicate is not None:
            lines = self.lines.containing(f" {predicate} ".encode())
        elif graph_name is not None:
            lines = self.lines.containing(f" {graph_name} .\n".encode())
        else:
            lines = iter(self.lines)
        return [
            quad
            for quad in parse_lines(lines)
            if (subject is None or quad.subject == subject)
            and (predicate is None or quad.predicate == predicate)
            and (object is None or quad.object == object)
            and (graph_name is None or quad.graph_name == graph_name)
        ]

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
