"""The page about the shapes: ``read_shapes_page`` reads, ``arrange`` makes the values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from unicef_linked.dataset.labels import collation
from unicef_linked.dataset.quality import count_focus_nodes, failing_nodes
from unicef_linked.dataset.vocabulary import labels_in, read_shapes, without_lists
from unicef_linked.presentation.terms import declared_prefixes, terms_of
from unicef_linked.rdf.iris import SHACL
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Property, Resource, Text, Value
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.terms import DeclaredPrefix

_NOT_VALIDATING: Final = frozenset(
    f"{SHACL}{name}" for name in ("description", "group", "name", "order", "path")
)
"""Properties that constrain nothing (SHACL, section 2.3.2), and the path."""

_SHOWN: Final = frozenset(
    f"{SHACL}{name}"
    for name in [
        "class",
        "datatype",
        "description",
        "group",
        "hasValue",
        "in",
        "maxCount",
        "message",
        "minCount",
        "name",
        "node",
        "nodeKind",
        "or",
        "order",
        "path",
        "pattern",
        "property",
        "qualifiedMaxCount",
        "qualifiedMinCount",
        "qualifiedValueShape",
        "severity",
        "sparql",
        "targetClass",
        "targetNode",
        "targetObjectsOf",
        "targetSubjectsOf",
    ]
)
"""Properties that the page shows in words of its own."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A SPARQL constraint with its query."""

    term: Resource
    query: str


@dataclass(frozen=True, slots=True)
class ShapeEntry:
    """A shape with its constraints."""

    shape: Shape
    term: Resource
    name: Text
    path: Link | None
    kinds: tuple[Link, ...]
    qualified: Link | None  # the shape to which qualified counts apply
    allowed: tuple[Value, ...]  # the only values that are allowed
    group: Text | None
    others: tuple[Property, ...]  # properties that the page shows as they are
    constraints: tuple[Constraint, ...]
    parts: tuple[ShapeEntry, ...]  # property shapes that constrain something
    layout: tuple[ShapeEntry, ...]  # property shapes that only lay out a page

    @property
    def groups(self) -> list[tuple[Text | None, list[ShapeEntry]]]:
        """Its parts by group, in the order of the shapes."""
        grouped = groupby(self.parts, key=lambda part: part.group)
        return [(group, list(parts)) for group, parts in grouped]


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A node shape with its targets, and how many of its focus nodes fail."""

    entry: ShapeEntry
    targets: tuple[tuple[str, Link], ...]  # see Shape.targets
    used_by: tuple[Link, ...]  # shapes whose values must conform to it
    number: int  # of focus nodes
    failing: int  # of them that have a violation


@dataclass(frozen=True, slots=True)
class ShapesPage:
    """The values of the page."""

    title: Text
    resource: Resource
    prefix: str  # namespace of the shapes
    targeted: tuple[NodeShape, ...]
    untargeted: tuple[NodeShape, ...]  # shapes that only other shapes use
    parts: int
    constraints: int
    declared: tuple[DeclaredPrefix, ...]
    conforms: bool | None  # None if the release was not validated


@dataclass(frozen=True, slots=True)
class ShapesReading:
    """What has been read for the page."""

    iri: str  # of the shapes graph
    quads: Sequence[Quad]  # without lists
    shapes: Mapping[str, Shape]
    focus_nodes: Mapping[str, int]
    failing: Mapping[str, set[str]]  # node shape to nodes
    labels: LabelResolver


def read_shapes_page(context: PageContext, description: Description) -> ShapesReading:
    """Read what the page needs; ``description`` is that of the shapes graph."""
    quads = list(without_lists(description.about))
    shapes = read_shapes(quads)
    report = context.dataset.report
    # The store does not have the shapes graph: its own labels come from the graph.
    labels = context.reader(quads, description.iri).with_labels(labels_in(quads))
    return ShapesReading(
        description.iri,
        quads,
        shapes,
        {iri: count_focus_nodes(context.dataset, shape) for iri, shape in shapes.items()},
        failing_nodes(report, shapes) if report else {},
        labels,
    )


def arrange(context: PageContext, reading: ShapesReading) -> ShapesPage:
    """Return the values of the page."""
    labels, prefix = reading.labels, f"{reading.iri}#"
    terms = terms_of(reading.quads, labels, prefix)
    builder = _EntryBuilder(context.language, reading.shapes, terms, labels)
    entries = {iri: builder.entry(reading.shapes[iri]) for iri in reading.shapes if iri in terms}
    node_shapes = _node_shapes(reading, entries)
    own = [quad for quad in reading.quads if value_of(quad.subject) == reading.iri]
    resource = labels.resource(reading.iri, own)
    return ShapesPage(
        labels.label(reading.iri),
        resource,
        prefix,
        tuple(shape for shape in node_shapes if shape.targets),
        tuple(shape for shape in node_shapes if not shape.targets),
        sum(len(shape.entry.parts) for shape in node_shapes),
        sum(len(entry.constraints) for entry in entries.values()),
        declared_prefixes(terms, resource),
        context.dataset.release.manifest.conforms,
    )


def _node_shapes(reading: ShapesReading, entries: Mapping[str, ShapeEntry]) -> list[NodeShape]:
    """Return the shapes that are no part of another, by name."""
    labels, shapes = reading.labels, reading.shapes
    parts = {part for shape in shapes.values() for part in shape.parts}
    users: dict[str, list[str]] = defaultdict(list)
    for shape in shapes.values():
        for iri in {*shape.kinds, shape.qualified} & shapes.keys():
            users[iri].append(shape.iri)
    node_shapes = [
        NodeShape(
            entry,
            tuple((kind, labels.link(target)) for kind, target in entry.shape.targets),
            tuple(labels.link(user) for user in users[iri]),
            reading.focus_nodes[iri],
            len(reading.failing.get(iri, ())),
        )
        for iri, entry in entries.items()
        if iri not in parts
    ]
    node_shapes.sort(key=lambda shape: collation(shape.entry.name.text))
    return node_shapes


@dataclass(frozen=True, slots=True)
class _EntryBuilder:
    """Makes the entries of shapes; does no I/O."""

    language: str
    shapes: Mapping[str, Shape]
    terms: Mapping[str, Resource]
    labels: LabelResolver

    def entry(self, shape: Shape) -> ShapeEntry:
        """Return a shape with its property shapes."""
        term, group = self.terms[shape.iri], self.terms.get(shape.group)
        known_parts = [part for part in shape.parts if part in self.shapes and part in self.terms]
        parts = sorted((self.entry(self.shapes[part]) for part in known_parts), key=self._order)
        queries = [self.terms[query] for query in shape.queries if query in self.terms]
        return ShapeEntry(
            shape,
            term,
            self._name(term),
            self.labels.link(shape.path) if shape.path else None,
            tuple(self.labels.link(kind) for kind in shape.kinds),
            self.labels.link(shape.qualified) if shape.qualified else None,
            tuple(self.labels.value(value) for value in shape.values),
            group.label if group else None,
            tuple(stated for stated in term.properties if stated.link.iri not in _SHOWN),
            tuple(Constraint(query, _query(query)) for query in queries),
            tuple(part for part in parts if _constrains(part.term)),
            tuple(part for part in parts if not _constrains(part.term)),
        )

    def _name(self, term: Resource) -> Text:
        """Return the ``sh:name`` in the language of the page, else the label."""
        texts = [value.text for value in term.values(f"{SHACL}name") if value.text]
        return next((t for t in texts if t.language in {self.language, ""}), term.label)

    def _order(self, part: ShapeEntry) -> tuple[float, str, float, str, str]:
        """Return a sort key: by group, then ``sh:order``, path and name."""
        group = self.terms.get(part.shape.group)
        rank = float(group.text(f"{SHACL}order") or 0) if group else 0.0
        path = collation(part.path.label.text) if part.path else ""
        name = collation(part.name.text)
        return (rank, part.shape.group, part.shape.order, path, name)


def _constrains(shape: Resource) -> bool:
    """Return whether a property shape constrains anything; if not, it is page layout only."""
    return any(stated.link.iri not in _NOT_VALIDATING for stated in shape.properties)


def _query(constraint: Resource) -> str:
    """Return the text of a SPARQL constraint."""
    texts = []
    for name in ("select", "ask"):
        values = constraint.values(f"{SHACL}{name}")
        texts += [value.text.text for value in values if value.text]
    return "\n".join(texts).strip()
