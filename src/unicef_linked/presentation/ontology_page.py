"""The page about the ontology: ``read_ontology`` reads, ``arrange`` makes the values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import collation
from unicef_linked.dataset.vocabulary import Vocabulary, read_shapes, read_usage
from unicef_linked.presentation.diagrams import Drawing, Edge, Node, draw
from unicef_linked.presentation.terms import by_label, declared_prefixes, terms_of
from unicef_linked.rdf.iris import OWL, RDFS, SHACL, SKOS
from unicef_linked.rdf.summaries import read_term
from unicef_linked.rdf.terms import iris_in, objects_of, triple, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad, Triple

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Resource, Text, Value
    from unicef_linked.dataset.vocabulary import Relation
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.terms import DeclaredPrefix

_PREFERRED_PREFIX: Final = "http://purl.org/vocab/vann/preferredNamespacePrefix"

_ALIGNING: Final = (
    f"{RDFS}subClassOf",
    f"{RDFS}subPropertyOf",
    f"{OWL}equivalentClass",
    f"{OWL}equivalentProperty",
    f"{SKOS}closeMatch",
    f"{SKOS}exactMatch",
)
"""Properties that relate a term to one of another vocabulary."""


@dataclass(frozen=True, slots=True)
class Row:
    """A property of a class, or a property whose values are instances of it."""

    link: Link
    ends: tuple[Link, ...]  # classes or datatypes at its other end
    cardinality: str
    number: int  # of statements
    owner: Link | None  # the class above from which the property comes


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class with the properties that lead to its instances and from them."""

    term: Resource
    parents: tuple[Link, ...]
    children: tuple[Link, ...]
    number: int  # of instances
    incoming: tuple[Row, ...]
    own: tuple[Row, ...]  # properties with literals
    outgoing: tuple[Row, ...]
    example: Link | None
    query: str  # address of the editor with a query for all instances


@dataclass(frozen=True, slots=True)
class PropertyEntry:
    """A property with its domain, range and related properties."""

    term: Resource
    domain: tuple[Link, ...]
    range: tuple[Link, ...]
    inverses: tuple[Link, ...]
    broader: tuple[Link, ...]
    narrower: tuple[Link, ...]
    number: int  # of statements
    example: tuple[Link, Value] | None
    query: str  # address of the editor with a query for all statements


@dataclass(frozen=True, slots=True)
class Branch:
    """A class in the tree of classes, with the classes below it."""

    link: Link
    number: int
    below: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class ClassLink:
    """A property that relates two classes, with the number of its statements."""

    source: Link
    property: Link
    target: Link
    number: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """A term of the ontology that is related to one of another vocabulary."""

    term: Link
    relation: Link
    target: Link


@dataclass(frozen=True, slots=True)
class OntologyPage:
    """The values of the page."""

    title: Text
    resource: Resource
    prefix: str  # namespace of the terms
    preferred: str  # prefix that the ontology prefers for it; "" if it states none
    overview: Drawing
    not_drawn: tuple[Link, ...]
    links: tuple[ClassLink, ...]
    tree: tuple[Branch, ...]
    classes: tuple[ClassEntry, ...]
    properties: tuple[PropertyEntry, ...]
    groups: tuple[tuple[Link, tuple[Resource, ...]], ...]  # other terms, by class
    alignments: tuple[tuple[str, tuple[Alignment, ...]], ...]  # by prefix of the vocabulary
    declared: tuple[DeclaredPrefix, ...]


@dataclass(frozen=True, slots=True)
class OntologyReading:
    """What has been read for the page."""

    description: Description
    vocabulary: Vocabulary
    instances: Mapping[str, str]  # class to the instance whose IRI sorts first
    statements: Mapping[str, Triple]  # property to the statement that sorts first
    class_counts: Mapping[str, int]
    property_counts: Mapping[str, int]
    labels: LabelResolver


def read_ontology(context: PageContext, description: Description) -> OntologyReading:
    """Read what the page needs; ``description`` is that of the ontology."""
    vocabulary = _read_vocabulary(context, description.about)
    instances = _first_instances(context, vocabulary.classes)
    statements = _first_statements(context, vocabulary.properties)
    iris = {description.iri, *instances.values()}
    for class_iri in vocabulary.classes:
        for relation in vocabulary.relations(class_iri):
            iris |= {relation.property, *relation.kinds}
    for statement in statements.values():
        iris.update(iris_in(statement))
    partitions = context.dataset.partitions
    return OntologyReading(
        description,
        vocabulary,
        instances,
        statements,
        dict(partitions["class"]),
        dict(partitions["property"]),
        context.reader(description.about, *iris),
    )


def _read_vocabulary(context: PageContext, quads: Iterable[Quad]) -> Vocabulary:
    graph = NamedNode(context.names.graph("derived/statistics"))
    usage = read_usage(context.store.match(graph_name=graph))
    shapes = read_shapes(context.dataset.release.shapes())
    return Vocabulary(tuple(quads), shapes, usage, f"{context.names.ontology}#")


def _first_instances(context: PageContext, classes: Iterable[str]) -> dict[str, str]:
    """Return the first instance by IRI of each class that has any."""
    instances = context.dataset.summaries.counts.instances
    return {iri: instances[iri] for iri in classes if iri in instances}


def _first_statements(context: PageContext, properties: Iterable[str]) -> dict[str, Triple]:
    """Return the first statement by subject and object of each property that has any."""
    statements = context.dataset.summaries.counts.statements
    return {
        iri: triple(statements[iri][0], iri, read_term(statements[iri][1]))
        for iri in properties
        if iri in statements
    }


def arrange(context: PageContext, reading: OntologyReading) -> OntologyPage:
    """Return the values of the page."""
    return _OntologyPageBuilder(context, reading).page()


@dataclass(frozen=True, slots=True)
class _OntologyPageBuilder:
    """Arranges a reading for the page; does no I/O."""

    context: PageContext
    reading: OntologyReading

    def page(self) -> OntologyPage:
        """Return the finished page."""
        quads, labels = self.reading.description.about, self.reading.labels
        vocabulary = self.reading.vocabulary
        terms = terms_of(quads, labels, vocabulary.prefix)
        classes = [self._class_entry(terms[iri]) for iri in vocabulary.classes]
        properties = [self._property_entry(terms[iri]) for iri in vocabulary.properties]
        resource = labels.resource(self.reading.description.iri, quads)
        overview = self._overview()
        drawn = {box.node.key for box in overview.boxes}
        shown = {*vocabulary.classes, *vocabulary.properties}
        shown.update(iris_in(objects_of(quads, f"{SHACL}declare")))
        return OntologyPage(
            labels.label(self.reading.description.iri),
            resource,
            vocabulary.prefix,
            resource.text(_PREFERRED_PREFIX),
            overview,
            tuple(labels.link(iri) for iri in vocabulary.classes if iri not in drawn),
            self._links(),
            self._tree(),
            tuple(sorted(classes, key=lambda entry: collation(entry.term.label.text))),
            tuple(sorted(properties, key=lambda entry: collation(entry.term.label.text))),
            _groups(term for iri, term in terms.items() if iri not in shown),
            self._alignments(),
            declared_prefixes(terms, resource),
        )

    def _several(self, iris: Iterable[str]) -> tuple[Link, ...]:
        return tuple(map(self.reading.labels.link, iris))

    def _class_entry(self, term: Resource) -> ClassEntry:
        vocabulary = self.reading.vocabulary
        relations = vocabulary.relations(term.iri)
        example = self.reading.instances.get(term.iri)
        return ClassEntry(
            term,
            self._several(vocabulary.parents(term.iri)),
            self._several(vocabulary.children(term.iri)),
            self.reading.class_counts.get(term.iri, 0),
            self._incoming(term.iri),
            _ordered(self._row(term.iri, relation) for relation in relations if relation.literal),
            _ordered(
                self._row(term.iri, relation) for relation in relations if not relation.literal
            ),
            self.reading.labels.link(example) if example else None,
            self._query(f"?thing a {self._short(term.iri)} .", "?thing ?name", "?name"),
        )

    def _row(self, class_iri: str, relation: Relation) -> Row:
        labels = self.reading.labels
        return Row(
            labels.link(relation.property),
            by_label(map(labels.link, relation.kinds)),
            relation.cardinality,
            relation.number,
            labels.link(relation.owner) if relation.owner != class_iri else None,
        )

    def _incoming(self, class_iri: str) -> tuple[Row, ...]:
        """Return the properties in use whose values are instances of a class."""
        by_property: dict[str, list[Relation]] = defaultdict(list)
        for relation in self.reading.vocabulary.incoming(class_iri):
            if relation.number:
                by_property[relation.property].append(relation)
        rows = []
        for iri, relations in by_property.items():
            ends = self._several(relation.owner for relation in relations)
            number = sum(relation.number for relation in relations)
            rows.append(Row(self.reading.labels.link(iri), ends, "", number, None))
        return _ordered(rows)

    def _property_entry(self, term: Resource) -> PropertyEntry:
        vocabulary, labels = self.reading.vocabulary, self.reading.labels
        statement = self.reading.statements.get(term.iri)
        example = None
        if statement:
            example = (labels.link(value_of(statement.subject)), labels.value(statement.object))
        pattern = f"?thing {self._short(term.iri)} ?value ."
        return PropertyEntry(
            term,
            self._several(vocabulary.domain(term.iri)),
            self._several(vocabulary.range(term.iri)),
            self._several(vocabulary.inverses(term.iri)),
            self._several(vocabulary.stated(term.iri, f"{RDFS}subPropertyOf")),
            self._several(vocabulary.narrower(term.iri)),
            self.reading.property_counts.get(term.iri, 0),
            example,
            self._query(pattern, "?thing ?name ?value", "?name ?value"),
        )

    def _short(self, iri: str) -> str:
        """Return an IRI as SPARQL writes it."""
        short = self.context.names.shorten(iri)
        return short if short != iri else f"<{iri}>"

    def _query(self, pattern: str, variables: str, order: str) -> str:
        """Return the address of the editor with a query for a pattern and labels of ?thing."""
        language = self.context.language
        label = f'?thing skos:prefLabel ?name FILTER (LANG(?name) = "{language}")'
        body = (
            f"SELECT {variables} WHERE {{\n  {pattern}\n  OPTIONAL {{ {label} }}\n}}\n"
            f"ORDER BY {order}\n"
        )
        prefixes = "".join(
            f"PREFIX {prefix}: <{namespace}>\n"
            for prefix, namespace in self.context.names.prefixes.items()
            if f"{prefix}:" in body
        )
        return addresses.query(f"{prefixes}\n{body}")

    def _links(self) -> tuple[ClassLink, ...]:
        link = self.reading.labels.link
        return tuple(
            ClassLink(link(source), link(iri), link(target), number)
            for source, iri, target, number in self.reading.vocabulary.links()
            if number
        )

    def _tree(self) -> tuple[Branch, ...]:
        """Return the tree of classes; at its root are classes without a parent in the ontology."""
        vocabulary = self.reading.vocabulary
        classes = {*vocabulary.classes}
        return self._branches(
            iri for iri in vocabulary.classes if not classes.intersection(vocabulary.parents(iri))
        )

    def _branches(self, iris: Iterable[str]) -> tuple[Branch, ...]:
        branches = []
        for iri in iris:
            below = self._branches(self.reading.vocabulary.children(iri))
            number = self.reading.class_counts.get(iri, 0)
            branches.append(Branch(self.reading.labels.link(iri), number, below))
        return tuple(sorted(branches, key=lambda branch: collation(branch.link.label.text)))

    def _overview(self) -> Drawing:
        """Return the diagram of classes; an arrow is a property, or several between the same two.

        Properties with the same target and the same names of sources share their boxes, one box
        for each property, so that each box can be a link.
        """
        vocabulary, labels = self.reading.vocabulary, self.reading.labels
        nodes = []
        edges = []
        for iri in vocabulary.classes:
            number = self.reading.class_counts.get(iri, 0)
            nodes.append(_node(iri, labels.link(iri), "class", str(number)))
            parents = [p for p in vocabulary.parents(iri) if p in vocabulary.classes]
            edges += [Edge(iri, parent, "is-a") for parent in parents]
        for (properties, target), sources in self._shared_arrows().items():
            for iri in properties:
                key = f"{iri} {target} {' '.join(sources)}"
                nodes.append(_node(key, labels.link(iri), "property"))
                edges.append(Edge(key, target))
                edges += [Edge(source, key, arrow=False) for source in sources]
        return draw(nodes, edges)

    def _shared_arrows(self) -> dict[tuple[tuple[str, ...], str], list[str]]:
        """Return the sources of arrows by their properties and their target."""
        properties: dict[tuple[str, str], list[str]] = defaultdict(list)
        for source, iri, target, number in self.reading.vocabulary.links():
            if source != target and number:
                properties[source, target].append(iri)
        sources: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
        for (source, target), iris in properties.items():
            sources[tuple(iris), target].append(source)
        return sources

    def _alignments(self) -> tuple[tuple[str, tuple[Alignment, ...]], ...]:
        """Return the alignments with other vocabularies, by their prefix, then by our term."""
        vocabulary, link = self.reading.vocabulary, self.reading.labels.link
        by_prefix: dict[str, list[Alignment]] = defaultdict(list)
        for iri in (*vocabulary.classes, *vocabulary.properties):
            for predicate in _ALIGNING:
                for target in vocabulary.stated(iri, predicate):
                    if not target.startswith(vocabulary.prefix):
                        prefix = self.context.names.shorten(target).partition(":")[0]
                        alignment = Alignment(link(iri), link(predicate), link(target))
                        by_prefix[prefix].append(alignment)
        for alignments in by_prefix.values():
            alignments.sort(key=lambda row: (collation(row.term.label.text), row.target.iri))
        return tuple((prefix, tuple(by_prefix[prefix])) for prefix in sorted(by_prefix))


def _node(key: str, link: Link, kind: str, note: str = "") -> Node:
    return Node(key, link.label.text, link.href, kind, note)


def _ordered(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows by label, properties of the ontology first."""
    return tuple(sorted(rows, key=lambda row: (row.link.external, collation(row.link.label.text))))


def _groups(terms: Iterable[Resource]) -> tuple[tuple[Link, tuple[Resource, ...]], ...]:
    """Return terms by their first class, classes and terms sorted by label."""
    groups: dict[Link, list[Resource]] = defaultdict(list)
    for term in terms:
        if term.types:
            groups[term.types[0]].append(term)
    for members in groups.values():
        members.sort(key=lambda term: collation(term.label.text))
    return tuple((kind, tuple(groups[kind])) for kind in by_label(groups))
