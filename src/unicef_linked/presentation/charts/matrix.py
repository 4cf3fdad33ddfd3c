"""A matrix: which row has which column (``ul:Matrix``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unicef_linked.dataset.labels import collation
from unicef_linked.rdf.iris import SKOS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from unicef_linked.dataset.labels import Link
    from unicef_linked.presentation.charts.data import ChartData


@dataclass(frozen=True, slots=True)
class Mark:
    """A filled cell: the address it leads to, and its title."""

    href: str
    title: str


@dataclass(frozen=True, slots=True)
class Group:
    """Columns under their broader concept; ``whole``: the first column is that concept itself."""

    link: Link
    columns: tuple[Link, ...]
    whole: bool

    @property
    def is_single(self) -> bool:
        """Whether it is one column without a broader concept."""
        return self.whole and len(self.columns) == 1


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by columns; a mark if the row has the column."""

    groups: tuple[Group, ...]
    rows: tuple[tuple[Link, tuple[Mark | None, ...]], ...]

    @property
    def nested(self) -> bool:
        """Whether any group holds more than itself."""
        return not all(group.is_single for group in self.groups)


@dataclass(slots=True)
class _Row:
    head: Link
    marks: dict[str, Mark] = field(default_factory=dict)  # by the IRI of the column


def draw(data: ChartData) -> Matrix:
    """Return the matrix of the rows; raises ChartError for a row or column without an IRI."""
    rows: dict[str, _Row] = {}
    columns: dict[str, Link] = {}
    for solution in data.table.rows:
        head = data.required_link(solution, "row")
        column = data.required_link(solution, "column")
        target = data.link(solution, "evidence") or head
        columns[column.iri] = column
        mark = Mark(target.href, f"{head.label.text} – {column.label.text}")
        rows.setdefault(head.iri, _Row(head)).marks.setdefault(column.iri, mark)
    groups = _group(data, _most_marked_first(columns.values(), rows.values()))
    order = [column.iri for group in groups for column in group.columns]
    lines = tuple((row.head, tuple(map(row.marks.get, order))) for row in rows.values())
    return Matrix(tuple(groups), lines)


def _most_marked_first(columns: Iterable[Link], rows: Collection[_Row]) -> list[Link]:
    counts = {column: sum(column.iri in row.marks for row in rows) for column in columns}
    return sorted(counts, key=lambda column: (-counts[column], collation(column.label.text)))


def _group(data: ChartData, columns: Collection[Link]) -> list[Group]:
    """Return the columns under their broader concepts, in the order of their first members."""
    iris = {column.iri for column in columns}
    members: dict[str, list[Link]] = {}
    for column in columns:
        head = _broader(data, column.iri, iris) or column.iri
        members.setdefault(head, []).append(column)
    groups = []
    for head, narrower in members.items():
        own = [column for column in narrower if column.iri == head]
        others = [column for column in narrower if column.iri != head]
        groups.append(Group(data.reader.link(head), (*own, *others), bool(own)))
    return groups


def _broader(data: ChartData, iri: str, columns: Collection[str]) -> str | None:
    """Return the broader concept of a column: preferably one that is a column too."""
    concepts = sorted(data.details.iris(iri, f"{SKOS}broader"))
    shown = [concept for concept in concepts if concept in columns]
    return next(iter(shown or concepts), None)
