"""What the page of the shapes shows: each node shape, whom it is about, what it demands, how the release stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.dataset.conformance import failing_nodes, focus_nodes, report_of
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.dataset.vocabulary import read_shapes, without_lists
from unicef_linked.presentation.ontology_page import declared_prefixes, terms_of
from unicef_linked.rdf.iris import RDFS, SHACL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Property, Resource, Value
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.presentation.context import PageContext


@dataclass(frozen=True, slots=True)
class Constraint:
    """A SPARQL constraint: its name, and the query whose solutions are what is wrong."""

    term: Resource
    query: str


@dataclass(frozen=True, slots=True)
class ShapeEntry:
    """A shape with what must hold, as a page shows it."""

    shape: Shape
    term: Resource
    name: Text
    path: Link | None
    kinds: tuple[Link, ...]
    fits: Link | None  # the shape that so many values fit
    allowed: tuple[Value, ...]  # all that a value can be
    group: Text | None
    others: tuple[Property, ...]  # what else it says
    constraints: tuple[Constraint, ...]
    parts: tuple[ShapeEntry, ...]
    told: tuple[
        ShapeEntry, ...
    ]  # parts that demand nothing: what else a page about such a thing tells

    @property
    def groups(self) -> list[tuple[Text | None, list[ShapeEntry]]]:
        """Its parts by the group that they belong to, in the order that the shapes ask for."""
        return [
            (group, list(parts))
            for group, parts in groupby(self.parts, key=lambda part: part.group)
        ]


@dataclass(frozen=True, slots=True)
class Checked:
    """A node shape, whom it is about, and how that stands in the release."""

    entry: ShapeEntry
    targets: tuple[tuple[str, Link], ...]
    used_by: tuple[Link, ...]
    number: int
    failing: int


def shapes_page(context: PageContext, description: Description) -> dict[str, object]:
    """Return the values of the page: every node shape with its parts, and how many nodes it judges."""
    quads = list(without_lists(description.about))
    labels: dict[str, dict[str, str]] = {}
    for quad in quads:  # the shapes are not in the store: their names are in their own graph
        if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, ox.Literal):
            labels.setdefault(str(getattr(quad.subject, "value", "")), {})[
                quad.object.language or ""
            ] = quad.object.value
    reader = context.reader(quads, description.iri).with_labels(labels)
    prefix = f"{description.iri}#"
    terms = terms_of(quads, reader, prefix)
    read = read_shapes(quads)
    entries = {
        iri: _shape_entry(context, reader, read, terms, shape)
        for iri, shape in read.items()
        if iri in terms
    }
    inside = {part for shape in read.values() for part in shape.parts}
    users: dict[str, list[str]] = defaultdict(list)
    for shape in read.values():
        for name in {*shape.kinds, shape.qualified} & read.keys():
            users[name].append(shape.iri)
    report = report_of(context.dataset)
    failing = failing_nodes(report, read) if report else {}
    checked = [
        Checked(
            entry,
            tuple((kind, reader.link(iri)) for kind, iri in entry.shape.targets),
            tuple(reader.link(user) for user in users[iri]),
            focus_nodes(context.dataset, entry.shape),
            len(failing.get(iri, ())),
        )
        for iri, entry in entries.items()
        if iri not in inside
    ]
    checked.sort(key=lambda found: (not found.targets, collation(found.entry.name.text)))
    resource = reader.resource(
        description.iri, [quad for quad in quads if str(quad.subject) == f"<{description.iri}>"]
    )
    return {
        "title": reader.label(description.iri),
        "resource": resource,
        "groups": [
            (targeted, [s for s in checked if bool(s.targets) is targeted])
            for targeted in (True, False)
        ],
        "parts": sum(len(found.entry.parts) for found in checked),
        "constraints": sum(len(e.constraints) for e in entries.values()),
        "declared": sorted(declared_prefixes(terms, resource)),
        "conforms": context.dataset.release.manifest.conforms,
        "prefix": prefix,
    }


def _shape_entry(
    context: PageContext,
    reader: LabelResolver,
    read: Mapping[str, Shape],
    terms: Mapping[str, Resource],
    shape: Shape,
) -> ShapeEntry:
    term = terms[shape.iri]
    group = terms.get(shape.group)

    def order(part: ShapeEntry) -> tuple[float, str, float, str, str]:
        path = collation(part.path.label.text) if part.path else ""
        return (
            rank(part.shape.group),
            part.shape.group,
            part.shape.order,
            path,
            collation(part.name.text),
        )

    def rank(group: str) -> float:
        values = terms[group].values(f"{SHACL}order") if group in terms else ()
        return next((float(value.text.text) for value in values if value.text), 0.0)

    parts = [
        _shape_entry(context, reader, read, terms, read[part])
        for part in shape.parts
        if part in read and part in terms
    ]
    parts.sort(key=order)
    return ShapeEntry(
        shape,
        term,
        _in_the_readers_language(context, term.values(f"{SHACL}name")) or term.label,
        reader.link(shape.path) if shape.path else None,
        tuple(reader.link(kind) for kind in shape.kinds),
        reader.link(shape.qualified) if shape.qualified else None,
        tuple(reader.value(value) for value in shape.values),
        group.label if group else None,
        tuple(found for found in term.properties if found.link.iri not in _SHOWN_APART),
        tuple(
            Constraint(terms[name], _query(terms[name])) for name in shape.queries if name in terms
        ),
        tuple(part for part in parts if _demands(part.term)),
        tuple(part for part in parts if not _demands(part.term)),
    )


def _demands(shape: Resource) -> bool:
    """Whether a property shape constrains anything; others are page layout only (SHACL 2.3.2)."""
    return any(found.link.iri not in _TELLING for found in shape.properties)


_TELLING: Final = frozenset(
    f"{SHACL}{name}" for name in ("description", "group", "name", "order", "path")
)
"""What validates nothing (SHACL, section 2.3.2), and the path that a page follows."""


def _in_the_readers_language(context: PageContext, values: Sequence[Value]) -> Text | None:
    return next(
        (
            value.text
            for value in values
            if value.text and value.text.language in {context.language, ""}
        ),
        None,
    )


def _query(term: Resource) -> str:
    texts = [
        value.text.text
        for name in ("select", "ask")
        for value in term.values(f"{SHACL}{name}")
        if value.text
    ]
    return "\n".join(texts).strip()


_SHOWN_APART: Final = {
    f"{SHACL}{name}"
    for name in (
        *(
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
        ),
        *(
            "node",
            "nodeKind",
            "or",
            "order",
            "path",
            "pattern",
            "property",
            "qualifiedMaxCount",
            "qualifiedMinCount",
        ),
        *(
            "qualifiedValueShape",
            "severity",
            "sparql",
            "targetClass",
            "targetNode",
            "targetObjectsOf",
        ),
        "targetSubjectsOf",
    )
}
"""What a page says of a shape in words of its own."""
