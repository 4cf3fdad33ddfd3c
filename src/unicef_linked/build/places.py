"""Where in the source files a result of the validation is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyoxigraph import Quad

    from unicef_linked.build.sources import SourceFile

Statement = tuple[str, object]
"""A predicate, and an object that is no blank node."""


@dataclass
class Places:
    """The source files, and their statements with the blank nodes that the data graph has."""

    sources: Sequence[SourceFile]
    quads: Sequence[Quad] = field(default=())

    def find(self, focus: str, path: str) -> tuple[str, int]:
        """Return the file that states ``path`` of ``focus`` and the line of that subject.

        If none states that, the first file that states anything of it; ("", 0) if none does. A
        blank node, ``_:label``, is where the subject is that leads to it.
        """
        if not focus.startswith("_:"):
            return self._place_of(NamedNode(focus), path) if focus else ("", 0)
        node = BlankNode(focus[2:])
        visited = {node}
        queue = [node]
        for blank in queue:
            for subject, predicate in self._links_to.get(blank, ()):
                if isinstance(subject, NamedNode):
                    return self._place_of(subject, predicate)
                if subject not in visited:
                    visited.add(subject)
                    queue.append(subject)
        return self._file_with(queue), 0

    @cached_property
    def _links_to(self) -> dict[BlankNode, list[tuple[NamedNode | BlankNode, str]]]:
        """The subjects and predicates that lead to each blank node."""
        links = defaultdict(list)
        for quad in self.quads:
            if isinstance(quad.object, BlankNode) and isinstance(
                quad.subject, NamedNode | BlankNode
            ):
                links[quad.object].append((quad.subject, quad.predicate.value))
        return links

    def _place_of(self, subject: NamedNode, path: str) -> tuple[str, int]:
        place, relevance = ("", 0), 0
        for source in self.sources:
            predicates = {q.predicate.value for q in source.quads if q.subject == subject}
            matches = bool(predicates) + (path in predicates)
            if matches > relevance:
                relevance = matches
                place = str(source.path), source.line_of(subject.value) or 0
        return place

    def _file_with(self, blanks: Sequence[BlankNode]) -> str:
        """Return the first file that states of some blank node all that is stated of one of these.

        Its labels in a file are others, so that its statements tell it.
        """
        described = _statements_of_blanks(self.quads)
        for blank in blanks:
            statements = described.get(blank, set())
            for source in self.sources:
                candidates = _statements_of_blanks(source.quads).values()
                if statements and any(statements <= candidate for candidate in candidates):
                    return str(source.path)
        return ""


def _statements_of_blanks(quads: Iterable[Quad]) -> dict[BlankNode, set[Statement]]:
    statements: defaultdict[BlankNode, set[Statement]] = defaultdict(set)
    for quad in quads:
        if isinstance(quad.subject, BlankNode) and isinstance(quad.object, NamedNode | Literal):
            statements[quad.subject].add((quad.predicate.value, quad.object))
    return statements
