"""/ontology, /shapes, /dataset: what the data is and what its terms mean, as RDF and as documentation."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, redirect

from unicef_linked.dataset.description import Description
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.dataset.quality import count_focus_nodes, failing_nodes
from unicef_linked.dataset.vocabulary import Vocabulary, read_shapes, read_usage, without_lists
from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation.diagrams import Drawing, Edge, Node, draw
from unicef_linked.rdf.iris import DCTERMS, OWL, PROV, RDF, RDFS, SHACL, SKOS
from unicef_linked.store.statements import LoadedStatements
from unicef_linked.web.responses import CACHE, formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.dataset.labels import LabelResolver, Link, Property, Resource, Value
    from unicef_linked.dataset.vocabulary import Relation, Shape
    from unicef_linked.rdf.terms import Term
    from unicef_linked.web.responder import Responder

# The ontology


def ontology(responder: Responder, suffix: str | None = None) -> Response:
    """Return the ontology: its graph, or its documentation."""
    return responder.respond(
        "/ontology", suffix, lambda: _ontology(responder), lambda: _ontology_page(responder)
    )


def _ontology(responder: Responder) -> Description | None:
    prefix = responder.names.graph("ontology")
    parts = [
        name
        for name in responder.dataset.release.manifest.graphs
        if name == prefix or name.startswith(f"{prefix}/")
    ]
    quads = [
        quad
        for name in parts
        for quad in responder.dataset.store.match(graph_name=ox.NamedNode(name))
    ]
    return Description(responder.names.ontology, quads) if quads else None


@dataclass(frozen=True, slots=True)
class Row:
    """A property of a class, or one that leads to it, as a page shows it."""

    link: Link
    ends: tuple[Link, ...]  # classes or datatypes at its other end
    cardinality: str
    number: int
    owner: Link | None  # the class above that has it


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class with its neighbourhood: what leads to its instances, what they are, where they lead."""

    term: Resource
    parents: tuple[Link, ...]
    children: tuple[Link, ...]
    number: int
    incoming: tuple[Row, ...]
    own: tuple[Row, ...]  # what literals say
    outgoing: tuple[Row, ...]
    example: Link | None
    query: str


@dataclass(frozen=True, slots=True)
class PropertyEntry:
    """A property with what it leads from and to."""

    term: Resource
    domain: tuple[Link, ...]
    range: tuple[Link, ...]
    inverses: tuple[Link, ...]
    broader: tuple[Link, ...]
    narrower: tuple[Link, ...]
    number: int
    example: tuple[Link, Value] | None
    query: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A class in the tree of classes, with those below it."""

    link: Link
    number: int
    below: tuple[Branch, ...]


def _vocabulary(responder: Responder, quads: Iterable[ox.Quad]) -> Vocabulary:
    statistics = responder.dataset.store.match(
        graph_name=ox.NamedNode(responder.names.graph("derived/statistics"))
    )
    shapes = read_shapes(responder.dataset.release.shapes())
    return Vocabulary(tuple(quads), shapes, read_usage(statistics), f"{responder.names.ontology}#")


def _ontology_page(responder: Responder) -> bytes:
    description = _ontology(responder)
    if description is None:
        raise NotFound("this dataset has nothing at /ontology")
    quads = description.about
    vocabulary = _vocabulary(responder, quads)
    used = {r.property for name in vocabulary.classes for r in vocabulary.relations(name)}
    kinds = {
        kind for name in vocabulary.classes for r in vocabulary.relations(name) for kind in r.kinds
    }
    instances = _first_instances(responder, vocabulary.classes)
    statements = _first_statements(responder, vocabulary.properties)
    shown = {
        term.value
        for s in statements.values()
        for term in s.triple
        if isinstance(term, ox.NamedNode)
    }
    reader = responder.context().reader(
        quads, description.iri, *used, *kinds, *instances.values(), *shown
    )
    counts = {name: dict(responder.dataset.partitions[name]) for name in ("class", "property")}
    prefix = vocabulary.prefix
    terms = _terms(quads, reader, prefix)
    classes = [
        _class_entry(responder, vocabulary, reader, terms[iri], counts["class"], instances.get(iri))
        for iri in vocabulary.classes
    ]
    properties = [
        _property_entry(
            responder, vocabulary, reader, terms[iri], counts["property"], statements.get(iri)
        )
        for iri in vocabulary.properties
    ]
    declared = {
        quad.object.value
        for quad in quads
        if quad.predicate.value == f"{SHACL}declare" and isinstance(quad.object, ox.NamedNode)
    }
    apart = {*vocabulary.classes, *vocabulary.properties, *declared}
    resource = reader.resource(description.iri, quads)
    overview = _overview(vocabulary, reader, counts["class"])
    drawn = {box.node.key for box in overview.boxes}
    return responder.render(
        "ontology.html",
        title=reader.label(description.iri),
        resource=resource,
        overview=overview,
        not_drawn=[reader.link(iri) for iri in vocabulary.classes if iri not in drawn],
        links=[
            (reader.link(a), reader.link(p), reader.link(b), n)
            for a, p, b, n in vocabulary.links()
            if n
        ],
        tree_of_classes=_tree(vocabulary, reader, counts["class"]),
        classes=sorted(classes, key=lambda entry: collation(entry.term.label.text)),
        properties_found=sorted(properties, key=lambda entry: collation(entry.term.label.text)),
        groups=_groups(term for iri, term in terms.items() if iri not in apart),
        alignments=_alignments(responder, vocabulary, reader),
        declared=sorted(_prefixes(terms, resource)),
        preferred=next(
            (value.text.text for value in resource.values(_PREFERRED_PREFIX) if value.text), ""
        ),
        formats=formats_of("/ontology"),
        prefix=prefix,
    )


_PREFERRED_PREFIX: Final = "http://purl.org/vocab/vann/preferredNamespacePrefix"


def _terms(quads: Iterable[ox.Quad], reader: LabelResolver, prefix: str) -> dict[str, Resource]:
    """Return each thing that the quads say something of and whose IRI begins so, by its IRI."""
    by_subject: dict[str, list[ox.Quad]] = defaultdict(list)
    for quad in without_lists(quads):
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(prefix):
            by_subject[quad.subject.value].append(quad)
    return {iri: reader.resource(iri, by_subject[iri]) for iri in sorted(by_subject)}


def _groups(terms: Iterable[Resource]) -> list[tuple[Link, list[Resource]]]:
    """Return terms by what they are, both by name."""
    groups: dict[Link, list[Resource]] = defaultdict(list)
    for term in terms:
        if term.types:
            groups[term.types[0]].append(term)
    by_name = {
        kind: sorted(found, key=lambda term: collation(term.label.text))
        for kind, found in groups.items()
    }
    return sorted(by_name.items(), key=lambda pair: collation(pair[0].label.text))


def _prefixes(terms: Mapping[str, Resource], about: Resource) -> Iterable[tuple[str, str, str]]:
    """Yield the prefixes that an ontology declares: each with its namespace and the IRI of the declaration."""
    for value in about.values(f"{SHACL}declare"):
        term = terms.get(value.link.iri) if value.link else None
        if term:
            said = [term.values(f"{SHACL}{name}") for name in ("prefix", "namespace")]
            short, namespace = (
                next((v.text.text for v in values if v.text), "") for values in said
            )
            yield short, namespace, term.iri


def _class_entry(
    responder: Responder,
    vocabulary: Vocabulary,
    reader: LabelResolver,
    term: Resource,
    counts: Mapping[str, int],
    instance: str | None,
) -> ClassEntry:
    def row(relation: Relation, ends: Iterable[str]) -> Row:
        owner = reader.link(relation.owner) if relation.owner != term.iri else None
        links = tuple(
            sorted((reader.link(end) for end in ends), key=lambda link: collation(link.label.text))
        )
        return Row(
            reader.link(relation.property), links, relation.cardinality, relation.number, owner
        )

    relations = vocabulary.relations(term.iri)
    leading: dict[str, list[Relation]] = defaultdict(list)
    for relation in vocabulary.incoming(term.iri):
        if relation.number:
            leading[relation.property].append(relation)
    incoming = [
        Row(
            reader.link(name),
            tuple(reader.link(r.owner) for r in found),
            "",
            sum(r.number for r in found),
            None,
        )
        for name, found in leading.items()
    ]
    return ClassEntry(
        term,
        tuple(map(reader.link, vocabulary.parents(term.iri))),
        tuple(map(reader.link, vocabulary.children(term.iri))),
        counts.get(term.iri, 0),
        _by_name(incoming),
        _by_name(row(relation, relation.kinds) for relation in relations if relation.literal),
        _by_name(row(relation, relation.kinds) for relation in relations if not relation.literal),
        reader.link(instance) if instance else None,
        _editor(responder, f"?thing a {_short(responder, term.iri)} .", order="?name"),
    )


def _by_name(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows by name, those of the ontology's own properties first."""
    return tuple(sorted(rows, key=lambda row: (row.link.external, collation(row.link.label.text))))


def _property_entry(
    responder: Responder,
    vocabulary: Vocabulary,
    reader: LabelResolver,
    term: Resource,
    counts: Mapping[str, int],
    statement: ox.Quad | None,
) -> PropertyEntry:
    iri = term.iri

    def links(iris: Iterable[str]) -> tuple[Link, ...]:
        return tuple(map(reader.link, iris))

    example = None
    if statement:
        example = (
            reader.link(str(getattr(statement.subject, "value", ""))),
            reader.value(statement.object),
        )
    return PropertyEntry(
        term,
        links(vocabulary.domain(iri)),
        links(vocabulary.range(iri)),
        links(vocabulary.inverses(iri)),
        links(vocabulary.said(iri, f"{RDFS}subPropertyOf")),
        links(vocabulary.narrower(iri)),
        counts.get(iri, 0),
        example,
        _editor(
            responder, f"?thing {_short(responder, iri)} ?value .", "?value", order="?name ?value"
        ),
    )


def _first_instances(responder: Responder, classes: Iterable[str]) -> dict[str, str]:
    """Return the instance of each class whose IRI comes first; a class without one is absent."""
    rows = responder.dataset.store.select(
        _FIRST_INSTANCES % " ".join(str(ox.NamedNode(iri)) for iri in classes)
    )
    found = ((row["class"], row.get("first")) for row in rows if "class" in row)
    return {
        kind.value: first.value
        for kind, first in found
        if isinstance(kind, ox.NamedNode) and isinstance(first, ox.Literal)
    }


_FIRST_INSTANCES: Final = """
SELECT ?class (MIN(STR(?s)) AS ?first) {
  VALUES ?class { %s }
  ?s a ?class
  FILTER (ISIRI(?s))
}
GROUP BY ?class
"""


def _first_statements(responder: Responder, properties: Iterable[str]) -> dict[str, ox.Quad]:
    """Return the first statement of each property by subject and object; a property without one is absent."""
    nodes = [ox.NamedNode(iri) for iri in properties]
    rows = responder.dataset.store.select(_FIRST_SUBJECTS % " ".join(map(str, nodes)))
    subjects: set[tuple[ox.NamedNode, Term]] = set()
    for row in rows:
        predicate, subject = row.get("p"), row.get("first")
        if isinstance(predicate, ox.NamedNode) and isinstance(subject, ox.Literal):
            subjects.add((predicate, ox.NamedNode(subject.value)))
    quads = responder.dataset.store.match_any([subject for _, subject in subjects], nodes)
    examples = [quad for quad in quads if (quad.predicate, quad.subject) in subjects]
    first: dict[str, ox.Quad] = {}
    for quad in sorted(
        examples, key=lambda quad: (str(getattr(quad.object, "value", "")), str(quad.object))
    ):
        first.setdefault(quad.predicate.value, quad)
    return first


_FIRST_SUBJECTS: Final = """
SELECT ?p (MIN(STR(?s)) AS ?first) {
  VALUES ?p { %s }
  ?s ?p ?o
  FILTER (ISIRI(?s))
}
GROUP BY ?p
"""


def _short(responder: Responder, iri: str) -> str:
    short = responder.names.shorten(iri)
    return short if short != iri else f"<{iri}>"


def _editor(responder: Responder, pattern: str, *more: str, order: str) -> str:
    """Return where the editor opens with a query for what has a pattern, named in the reader's language."""
    name = f'  OPTIONAL {{ ?thing skos:prefLabel ?name FILTER (LANG(?name) = "{responder.language()}") }}'
    body = f"SELECT {' '.join(['?thing', '?name', *more])} WHERE {{\n  {pattern}\n{name}\n}}\nORDER BY {order}\n"
    used = [
        f"PREFIX {p}: <{iri}>\n" for p, iri in responder.names.prefixes.items() if f"{p}:" in body
    ]
    return f"/sparql?query={quote(''.join(used) + chr(10) + body, safe='')}"


def _tree(
    vocabulary: Vocabulary, reader: LabelResolver, counts: Mapping[str, int]
) -> tuple[Branch, ...]:
    """Return the ontology's own classes as a tree, those that have no class of its own above them at its root."""

    def branch(iri: str) -> Branch:
        return Branch(reader.link(iri), counts.get(iri, 0), ordered(vocabulary.children(iri)))

    def ordered(iris: Iterable[str]) -> tuple[Branch, ...]:
        return tuple(sorted(map(branch, iris), key=lambda found: collation(found.link.label.text)))

    return ordered(
        iri for iri in vocabulary.classes if not {*vocabulary.parents(iri)} & {*vocabulary.classes}
    )


def _overview(vocabulary: Vocabulary, reader: LabelResolver, counts: Mapping[str, int]) -> Drawing:
    """Return the picture of how the classes hang together; an arrow is a property, or several between the same two."""
    between: dict[tuple[str, str], list[str]] = defaultdict(list)
    itself: dict[str, list[str]] = defaultdict(list)
    for source, name, target, number in vocabulary.links():
        if source == target:
            itself[source].append(name)
        elif number:
            between[source, target].append(name)
    shared: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for (source, target), names in between.items():
        shared[tuple(names), target].append(source)
    nodes = [
        Node(iri, reader.label(iri).text, reader.link(iri).href, "class", f"{counts.get(iri, 0)}")
        for iri in vocabulary.classes
    ]
    edges = [
        Edge(iri, parent, "is-a")
        for iri in vocabulary.classes
        for parent in vocabulary.parents(iri)
        if parent in vocabulary.classes
    ]
    for (together, target), sources in shared.items():
        for name in together:  # one box each, so that each can be followed
            key = f"{name} {target} {' '.join(sources)}"
            nodes.append(Node(key, reader.label(name).text, reader.link(name).href, "property"))
            edges += [Edge(key, target), *(Edge(source, key, arrow=False) for source in sources)]
    return draw(nodes, edges)


def _alignments(
    responder: Responder, vocabulary: Vocabulary, reader: LabelResolver
) -> list[tuple[str, list[tuple[Link, Link, Link]]]]:
    """Return which terms of other vocabularies ours are narrower than, or the same as: by prefix, then by our term."""
    found: dict[str, list[tuple[Link, Link, Link]]] = defaultdict(list)
    for iri in (*vocabulary.classes, *vocabulary.properties):
        for predicate in _ALIGNING:
            for target in vocabulary.said(iri, predicate):
                if not target.startswith(vocabulary.prefix):
                    prefix = responder.names.shorten(target).partition(":")[0]
                    found[prefix].append(
                        (reader.link(iri), reader.link(predicate), reader.link(target))
                    )
    for rows in found.values():
        rows.sort(key=lambda row: (collation(row[0].label.text), row[2].iri))
    return sorted(found.items())


_ALIGNING: Final = (
    f"{RDFS}subClassOf",
    f"{RDFS}subPropertyOf",
    f"{OWL}equivalentClass",
    f"{OWL}equivalentProperty",
    f"{SKOS}closeMatch",
    f"{SKOS}exactMatch",
)


# The shapes


def shapes(responder: Responder, suffix: str | None = None) -> Response:
    """Return the shapes that the release conforms to."""
    return responder.respond(
        "/shapes", suffix, lambda: _shapes(responder), lambda: _shapes_page(responder)
    )


def _shapes(responder: Responder) -> Description | None:
    quads = list(responder.dataset.release.shapes())
    return Description(responder.names.shapes, quads) if quads else None


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


def _shapes_page(responder: Responder) -> bytes:
    description = _shapes(responder)
    if description is None:
        raise NotFound("this dataset has nothing at /shapes")
    quads = list(without_lists(description.about))
    labels: dict[str, dict[str, str]] = {}
    for quad in quads:  # the shapes are not in the store: their names are in their own graph
        if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, ox.Literal):
            labels.setdefault(str(getattr(quad.subject, "value", "")), {})[
                quad.object.language or ""
            ] = quad.object.value
    reader = responder.context().reader(quads, description.iri).with_labels(labels)
    prefix = f"{description.iri}#"
    terms = _terms(quads, reader, prefix)
    read = read_shapes(quads)
    entries = {
        iri: _shape_entry(responder, reader, read, terms, shape)
        for iri, shape in read.items()
        if iri in terms
    }
    inside = {part for shape in read.values() for part in shape.parts}
    users: dict[str, list[str]] = defaultdict(list)
    for shape in read.values():
        for name in {*shape.kinds, shape.qualified} & read.keys():
            users[name].append(shape.iri)
    report = responder.dataset.report
    failing = failing_nodes(report, read) if report else {}
    checked = [
        Checked(
            entry,
            tuple((kind, reader.link(iri)) for kind, iri in entry.shape.targets),
            tuple(reader.link(user) for user in users[iri]),
            count_focus_nodes(responder.dataset, entry.shape),
            len(failing.get(iri, ())),
        )
        for iri, entry in entries.items()
        if iri not in inside
    ]
    checked.sort(key=lambda found: (not found.targets, collation(found.entry.name.text)))
    resource = reader.resource(
        description.iri, [quad for quad in quads if str(quad.subject) == f"<{description.iri}>"]
    )
    return responder.render(
        "shapes.html",
        title=reader.label(description.iri),
        resource=resource,
        groups=[
            (targeted, [s for s in checked if bool(s.targets) is targeted])
            for targeted in (True, False)
        ],
        parts=sum(len(found.entry.parts) for found in checked),
        constraints=sum(len(e.constraints) for e in entries.values()),
        declared=sorted(_prefixes(terms, resource)),
        conforms=responder.dataset.release.manifest.conforms,
        formats=formats_of("/shapes"),
        prefix=prefix,
    )


def _shape_entry(
    responder: Responder,
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
        _shape_entry(responder, reader, read, terms, read[part])
        for part in shape.parts
        if part in read and part in terms
    ]
    parts.sort(key=order)
    return ShapeEntry(
        shape,
        term,
        _in_the_readers_language(responder, term.values(f"{SHACL}name")) or term.label,
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


def _in_the_readers_language(responder: Responder, values: Sequence[Value]) -> Text | None:
    return next(
        (
            value.text
            for value in values
            if value.text and value.text.language in {responder.language(), ""}
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


# The dataset


def dataset(responder: Responder, suffix: str | None = None) -> Response:
    """Return the description of the dataset by DCAT 3 and VoID."""
    return responder.respond(
        "/dataset",
        suffix,
        lambda: describe_dataset(
            responder.dataset, responder.translations, responder.public_address()
        ),
        lambda: _dataset_page(responder),
    )


@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph: how much it holds, where that comes from and on which terms."""

    link: Link
    number: int
    sources: tuple[Link, ...]
    licences: tuple[Link, ...]
    derived: bool


@dataclass(frozen=True, slots=True)
class Source:
    """What statements were taken from, its terms, and in how many named graphs it is named."""

    link: Link
    licences: tuple[Link, ...]
    rights: tuple[Value, ...]
    graphs: int


def _dataset_page(responder: Responder) -> bytes:
    address = responder.public_address()
    found = describe_dataset(responder.dataset, responder.translations, address)
    parts = {
        name: sorted(part, key=lambda pair: (-pair[1], pair[0]))
        for name, part in responder.dataset.partitions.items()
    }
    graphs, sources = _origins(responder)
    targets: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for space, predicate, number in responder.dataset.links:
        targets[space].append((predicate, number))
    named = [
        *(iri for part in parts.values() for iri, _ in part),
        *(predicate for _, predicate, _ in responder.dataset.links),
    ]
    reader = responder.context().reader(found.about, found.iri, *named)
    resource = reader.resource(found.iri, found.about)
    title = reader.label(found.iri)
    publisher = next(
        (value.link for value in resource.values(f"{DCTERMS}publisher") if value.link), None
    )
    example = _example(responder)
    return responder.render(
        "dataset.html",
        resource=resource,
        counts=responder.dataset.counts,
        own_parts=[reader.resource(iri, found.about) for iri in _own_parts(resource)],
        parts={name: [(reader.link(iri), number) for iri, number in part] for name, part in parts.items()},
        graphs=graphs,
        sources=sources,
        links=sorted(
            ((space, [(reader.link(p), n) for p, n in sorted(rows, key=lambda row: -row[1])], sum(n for _, n in rows)) for space, rows in targets.items()),
            key=lambda row: (-row[2], row[0]),
        ),
        example=example,
        picture_of=_picture_of(example) if example else None,
        citation=". ".join(
            [*([publisher.label.text] if publisher else []), title.text, responder.dataset.release.manifest.name, found.iri]
        )
        if title.text != responder.names.shorten(found.iri)
        else "",
        dumps=[(path.name, path.stat().st_size) for path in responder.dataset.release.dumps() if path.suffix],
        release=responder.dataset.release.manifest,
        structured=schema_org.dataset(responder.dataset, address, responder.language()),
        formats=formats_of("/dataset"),
        title=title,
    )  # fmt: skip


def _own_parts(dataset: Resource) -> list[str]:
    """Return the things that the data names as parts of the dataset's own IRI, such as its publisher."""
    said = (
        value
        for found in dataset.properties
        if not found.restates
        for value in found.values
        if value.link
    )
    return sorted(
        {
            value.link.iri
            for value in said
            if value.link and value.link.iri.startswith(f"{dataset.iri}#")
        }
    )


def _origins(responder: Responder) -> tuple[list[Graph], list[Source]]:
    """Return the named graphs, the largest first, and what they say that they come from, by name."""
    statements = LoadedStatements(responder.dataset.store)
    statements.load(ox.NamedNode(iri) for iri in responder.dataset.named_graphs)
    said = {iri: statements.match(ox.NamedNode(iri)) for iri in responder.dataset.named_graphs}
    used: Counter[str] = Counter()
    for quads in said.values():
        used.update(set(_objects(quads, f"{DCTERMS}source")))
    statements.load(ox.NamedNode(iri) for iri in used)
    about = {iri: statements.match(ox.NamedNode(iri)) for iri in used}
    reader = responder.context().reader([*chain(*said.values(), *about.values())], *said)

    def links(quads: Iterable[ox.Quad], predicate: str) -> tuple[Link, ...]:
        return tuple(reader.link(iri) for iri in sorted(set(_objects(quads, predicate))))

    derived = responder.names.graph("derived/")
    graphs = [
        Graph(
            reader.link(iri),
            number,
            links(said[iri], f"{DCTERMS}source"),
            links(said[iri], f"{DCTERMS}license"),
            iri.startswith(derived),
        )
        for iri, number in responder.dataset.named_graphs.items()
    ]
    sources = [
        Source(
            reader.link(iri),
            links(quads, f"{DCTERMS}license"),
            reader.resource(iri, quads).values(f"{DCTERMS}rights"),
            used[iri],
        )
        for iri, quads in about.items()
    ]
    graphs.sort(key=lambda graph: (-graph.number, graph.link.iri))
    sources.sort(key=lambda source: collation(source.link.label.text))
    return graphs, sources


def _objects(quads: Iterable[ox.Quad], predicate: str) -> list[str]:
    return [
        q.object.value
        for q in quads
        if q.predicate.value == predicate and isinstance(q.object, ox.NamedNode)
    ]


_EXAMPLE: Final = """
# A statement with the claim, the passage and the source that it rests on: the first claim that all of this is known of.
PREFIX rdf:  <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX oa:   <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>

SELECT ?sha256 ?subject ?predicate ?object ?claim ?passage ?selector ?start ?end ?source ?digest {
  ?claim rdf:subject ?subject ;
    rdf:predicate ?predicate ;
    rdf:object ?object ;
    prov:wasDerivedFrom ?passage .
  ?subject ?predicate ?object .
  ?passage oa:hasSource ?source ;
    oa:hasSelector ?selector .
  ?selector oa:start ?start ;
    oa:end ?end .
  ?source ?sha256 ?digest .
  FILTER (ISIRI(?object) && ?predicate != rdf:type)
}
ORDER BY STR(?claim) STR(?passage)
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Example:
    """One fact with all that it rests on, each part with its name."""

    links: Mapping[
        str, Link
    ]  # by the names of the query's variables, and the properties between them
    kinds: Mapping[str, Link]  # of what class of the ontology each is
    start: str
    end: str
    digest: str


def _example(responder: Responder) -> Example | None:
    """Return a fact of the data as an example of how all are modelled; None where no fact has evidence."""
    rows = responder.dataset.store.select(
        _EXAMPLE, {"sha256": ox.NamedNode(responder.names.term("sha256"))}
    )
    if not rows:
        return None
    found = {name: str(getattr(term, "value", "")) for name, term in rows[0].items()}
    texts = {name: found.pop(name) for name in ("start", "end", "digest")}
    found |= _BETWEEN
    typed = responder.dataset.store.match_any(
        [ox.NamedNode(iri) for iri in found.values()], [ox.NamedNode(f"{RDF}type")]
    )
    types = {
        name: [quad for quad in typed if quad.subject == ox.NamedNode(iri)]
        for name, iri in found.items()
    }
    reader = responder.context().reader([*chain(*types.values())], *found.values())
    own = {
        name: [i for i in _objects(quads, f"{RDF}type") if i.startswith(responder.names.base)]
        for name, quads in types.items()
    }
    return Example(
        {name: reader.link(iri) for name, iri in found.items()},
        {name: reader.link(min(iris)) for name, iris in own.items() if iris},
        **texts,
    )


_BETWEEN: Final = {
    "rdf:subject": f"{RDF}subject",
    "rdf:predicate": f"{RDF}predicate",
    "rdf:object": f"{RDF}object",
    "prov:wasDerivedFrom": f"{PROV}wasDerivedFrom",
    "oa:hasSource": "http://www.w3.org/ns/oa#hasSource",
    "oa:hasSelector": "http://www.w3.org/ns/oa#hasSelector",
}


def _picture_of(example: Example) -> Drawing:
    """Return the picture of a fact: the statement above, and what it rests on below."""

    def node(name: str, kind: str = "class") -> Node:
        link, of = example.links[name], example.kinds.get(name)
        return Node(
            name, link.label.text, link.href, kind, of.label.text if of and kind == "class" else ""
        )

    nodes = [
        *(node(name) for name in ("subject", "object", "claim", "passage", "source", "selector")),
        Node("digest", f"{example.digest[:8]}…{example.digest[-8:]}", kind="value"),
        *(node(name, "property") for name in ("predicate", "sha256", *_BETWEEN)),
    ]
    steps = (
        ("subject", "predicate", "object"),
        ("claim", "rdf:subject", "subject"),
        ("claim", "rdf:predicate", "predicate"),
        ("claim", "rdf:object", "object"),
        ("claim", "prov:wasDerivedFrom", "passage"),
        ("passage", "oa:hasSource", "source"),
        ("passage", "oa:hasSelector", "selector"),
        ("source", "sha256", "digest"),
    )
    edges = [
        edge for start, by, end in steps for edge in (Edge(start, by, arrow=False), Edge(by, end))
    ]
    return draw(nodes, edges)


def well_known_void() -> Response:
    """Redirect to the dataset's description (VoID, section 7.2)."""
    response = redirect("/dataset", 302)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = CACHE
    return response


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("documentation", __name__)
    bind(blueprint, ("/ontology", "/ontology.<suffix>"), ontology, responder)
    bind(blueprint, ("/shapes", "/shapes.<suffix>"), shapes, responder)
    bind(blueprint, ("/dataset", "/dataset.<suffix>"), dataset, responder)
    bind(blueprint, ("/.well-known/void",), well_known_void)
    return blueprint
