"""Where in the source files a result of the validation is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode

from unicef_linked.build.lines import Lines
from unicef_linked.rdf.iris import RDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pyoxigraph import Quad

    from unicef_linked.build.sources import SourceFile

Statement = tuple[str, object]
"""A predicate, and an object that is no blank node."""


_STATES_ANYTHING, _STATES_TYPE, _STATES_PATH, _STATES_VALUE = 1, 2, 3, 4
"""How much a file has to do with a result, from least to most."""


@dataclass
class Places:
    """The source files, and their statements with the blank nodes that the data graph has."""

    sources: Sequence[SourceFile]
    quads: Sequence[Quad] = field(default=())

    def find(self, focus: str, path: str, value: object = None) -> tuple[str, int]:
        """Return the file that states ``path`` of ``focus`` with ``value``, and the line of that.

        If none states that, where the value is described, if the path leads there from nothing;
        else the file that states most of the focus; ("", 0) if none does. A blank node,
        ``_:label``, is where the subject is that leads to it.
        """
        if not focus.startswith("_:"):
            return self._place_of(NamedNode(focus), path, value) if focus else ("", 0)
        node = BlankNode(focus[2:])
        visited = {node}
        queue = [node]
        for blank in queue:
            for subject, predicate in self._links_to.get(blank, ()):
                if isinstance(subject, NamedNode):
                    return self._place_of(subject, predicate, None)
                if subject not in visited:
                    visited.add(subject)
                    queue.append(subject)
        return self._file_with(queue), 0

    @cached_property
    def _lines(self) -> dict[Path, Lines]:
        """The lines of files that results are in."""
        return {}

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

    @cached_property
    def _by_subject(self) -> dict[object, dict[int, list[Quad]]]:
        """What each file states of each subject, by the position of the file."""
        statements: dict[object, dict[int, list[Quad]]] = {}
        for position, source in enumerate(self.sources):
            for quad in source.statements():
                files = statements.setdefault(quad.subject, {})
                files.setdefault(position, []).append(quad)
        return statements

    def _place_of(self, subject: NamedNode, path: str, value: object) -> tuple[str, int]:
        best: SourceFile | None = None
        relevance = 0
        for position, quads in self._by_subject.get(subject, {}).items():
            rank = max(_relevance(quad, path, value) for quad in quads)
            if rank > relevance:
                best, relevance = self.sources[position], rank
        if relevance < _STATES_PATH and isinstance(value, NamedNode) and value != subject:
            place = self._place_of(value, "", None)
            if place[1]:
                return place
        if best is None:
            return "", 0
        lines = self._lines.get(best.path)
        if lines is None:
            lines = self._lines[best.path] = Lines(best.text)
        line = lines.of_subject(subject.value)
        if relevance == _STATES_VALUE and isinstance(value, NamedNode | Literal):
            line = lines.of_value(subject.value, value)
        return str(best.path), line or 0

    def _file_with(self, blanks: Sequence[BlankNode]) -> str:
        """Return the first file that states of some blank node all that is stated of one of these.

        Its labels in a file are others, so that its statements tell it.
        """
        described = _statements_of_blanks(self.quads)
        for blank in blanks:
            statements = described.get(blank, set())
            for source, candidates in zip(self.sources, self._blanks_by_file, strict=True):
                if statements and any(statements <= candidate for candidate in candidates):
                    return str(source.path)
        return ""

    @cached_property
    def _blanks_by_file(self) -> list[list[set[Statement]]]:
        """What each file states of each blank node."""
        return [[*_statements_of_blanks(s.statements()).values()] for s in self.sources]


def _relevance(quad: Quad, path: str, value: object) -> int:
    """Return how much a statement about a subject has to do with a path and a value."""
    predicate = quad.predicate.value
    if predicate == path:
        return _STATES_VALUE if quad.object == value else _STATES_PATH
    return _STATES_TYPE if predicate == f"{RDF}type" else _STATES_ANYTHING


def _statements_of_blanks(quads: Iterable[Quad]) -> dict[BlankNode, set[Statement]]:
    statements: defaultdict[BlankNode, set[Statement]] = defaultdict(set)
    for quad in quads:
        if isinstance(quad.subject, BlankNode) and isinstance(quad.object, NamedNode | Literal):
            statements[quad.subject].add((quad.predicate.value, quad.object))
    return statements
