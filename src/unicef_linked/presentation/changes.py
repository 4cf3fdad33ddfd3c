"""What a release changed of things, as pages show it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from unicef_linked.dataset.labels import LabelResolver
from unicef_linked.dataset.past import is_withdrawn
from unicef_linked.release.lines import parse_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import Link, Value
    from unicef_linked.dataset.past import Event, Past
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.release import Manifest, Release
    from unicef_linked.release.differences import Change, EntityDifference
    from unicef_linked.store import Labels


@dataclass(frozen=True, slots=True)
class StatementChange:
    """One statement that a release added or removed."""

    is_added: bool
    predicate: Link
    value: Value
    graph: Link | None  # None of the default graph


@dataclass(frozen=True, slots=True)
class EntityChange:
    """What changed of one thing."""

    link: Link
    name: str  # type/key, else the IRI
    change: Change
    is_withdrawn: bool  # whether it only names what replaces it, from this release on
    statements: tuple[StatementChange, ...]

    @property
    def added(self) -> int:
        """The number of statements added."""
        return sum(statement.is_added for statement in self.statements)

    @property
    def removed(self) -> int:
        """The number of statements removed."""
        return len(self.statements) - self.added


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A release that changed a thing, and how."""

    release: Manifest
    change: EntityChange
    previous: Manifest | None  # of the release before it; None of the first that is kept


def read_changes(
    context: PageContext,
    past: Past,
    older: Release | None,
    newer: Release,
    differences: Iterable[EntityDifference],
) -> list[EntityChange]:
    """Return differences for a page, with the names that things have in either release."""
    parsed = [(difference, _statements(difference)) for difference in differences]
    iris: set[str] = set()
    for _, statements in parsed:
        iris |= _iris(quad for quad, _ in statements)
    labels: Labels = past.store(older).labels(iris) if older else {}
    reader = _reader(context, labels | past.store(newer).labels(iris))
    changes = []
    for difference, statements in parsed:
        about = past.store(newer).match(NamedNode(difference.iri)) if difference.iri else []
        is_gone = is_withdrawn(about)
        changes.append(_change(context, reader, difference, statements, is_gone=is_gone))
    return changes


def read_history(context: PageContext, past: Past, events: Sequence[Event]) -> list[HistoryEntry]:
    """Return what releases changed of one thing, for its page, in the order of the events."""
    entries = []
    for event in events:
        earlier = past.before(event.release)
        older = earlier[0] if earlier else None
        [change] = read_changes(context, past, older, event.release, [event.difference])
        previous = older.manifest if older else None
        entries.append(HistoryEntry(event.release.manifest, change, previous))
    return entries


def _statements(difference: EntityDifference) -> list[tuple[Quad, bool]]:
    """Return the statements that differ, and whether they were added; removed ones first."""
    statements = [(quad, False) for quad in parse_lines(difference.removed)]
    statements += [(quad, True) for quad in parse_lines(difference.added)]
    return sorted(statements, key=lambda pair: (pair[0].predicate.value, pair[1]))


def _iris(quads: Iterable[Quad]) -> set[str]:
    iris = set()
    for quad in quads:
        terms = (quad.subject, quad.predicate, quad.object, quad.graph_name)
        iris |= {term.value for term in terms if isinstance(term, NamedNode)}
    return iris


def _reader(context: PageContext, labels: Labels) -> LabelResolver:
    return LabelResolver(context.names, labels, context.language, context.locate, context.preferred)


def _change(
    context: PageContext,
    reader: LabelResolver,
    difference: EntityDifference,
    statements: Sequence[tuple[Quad, bool]],
    *,
    is_gone: bool,
) -> EntityChange:
    iri = difference.iri or difference.subject
    shown = []
    for quad, is_added in statements:
        graph = quad.graph_name
        shown.append(
            StatementChange(
                is_added,
                reader.link(quad.predicate.value),
                reader.value(quad.object),
                reader.link(graph.value) if isinstance(graph, NamedNode) else None,
            )
        )
    name = difference.name(context.names) or context.names.shorten(iri)
    return EntityChange(reader.link(iri), name, difference.change, is_gone, tuple(shown))
