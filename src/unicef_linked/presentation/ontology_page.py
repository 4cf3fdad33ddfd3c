"""What the page of the ontology shows: classes and properties with their neighbourhoods, a drawing, alignments."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked import addresses
from unicef_linked.dataset.labels import collation
from unicef_linked.dataset.vocabulary import Vocabulary, read_shapes, read_usage, without_lists
from unicef_linked.presentation.diagrams import Drawing, Edge, Node, draw
from unicef_linked.rdf.iris import OWL, RDFS, SHACL, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Resource, Value
    from unicef_linked.dataset.vocabulary import Relation
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.rdf.terms import Term


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


def _vocabulary(context: PageContext, quads: Iterable[ox.Quad]) -> Vocabulary:
    statistics = context.store.match(
        graph_name=ox.NamedNode(context.names.graph("derived/statistics"))
    )
    shapes = read_shapes(context.dataset.release.shapes())
    return Vocabulary(tuple(quads), shapes, read_usage(statistics), f"{context.names.ontology}#")


def ontology_page(context: PageContext, description: Description) -> dict[str, object]:
    """Return the values of the page: every class and property of the ontology, what uses them, how they hang together."""
    quads = description.about
    vocabulary = _vocabulary(context, quads)
    used = {r.property for name in vocabulary.classes for r in vocabulary.relations(name)}
    kinds = {
        kind for name in vocabulary.classes for r in vocabulary.relations(name) for kind in r.kinds
    }
    instances = _first_instances(context, vocabulary.classes)
    statements = _first_statements(context, vocabulary.properties)
    shown = {
        term.value
        for s in statements.values()
        for term in s.triple
        if isinstance(term, ox.NamedNode)
    }
    reader = context.reader(quads, description.iri, *used, *kinds, *instances.values(), *shown)
    counts = {name: dict(context.dataset.partitions[name]) for name in ("class", "property")}
    prefix = vocabulary.prefix
    terms = terms_of(quads, reader, prefix)
    classes = [
        _class_entry(context, vocabulary, reader, terms[iri], counts["class"], instances.get(iri))
        for iri in vocabulary.classes
    ]
    properties = [
        _property_entry(
            context, vocabulary, reader, terms[iri], counts["property"], statements.get(iri)
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
    return {
        "title": reader.label(description.iri),
        "resource": resource,
        "overview": overview,
        "not_drawn": [reader.link(iri) for iri in vocabulary.classes if iri not in drawn],
        "links": [
            (reader.link(a), reader.link(p), reader.link(b), n)
            for a, p, b, n in vocabulary.links()
            if n
        ],
        "tree_of_classes": _tree(vocabulary, reader, counts["class"]),
        "classes": sorted(classes, key=lambda entry: collation(entry.term.label.text)),
        "properties_found": sorted(properties, key=lambda entry: collation(entry.term.label.text)),
        "groups": _groups(term for iri, term in terms.items() if iri not in apart),
        "alignments": _alignments(context, vocabulary, reader),
        "declared": sorted(declared_prefixes(terms, resource)),
        "preferred": next(
            (value.text.text for value in resource.values(_PREFERRED_PREFIX) if value.text), ""
        ),
        "prefix": prefix,
    }


_PREFERRED_PREFIX: Final = "http://purl.org/vocab/vann/preferredNamespacePrefix"


def terms_of(quads: Iterable[ox.Quad], reader: LabelResolver, prefix: str) -> dict[str, Resource]:
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


def declared_prefixes(
    terms: Mapping[str, Resource], about: Resource
) -> Iterable[tuple[str, str, str]]:
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
    context: PageContext,
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
        _editor(context, f"?thing a {_short(context, term.iri)} .", order="?name"),
    )


def _by_name(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows by name, those of the ontology's own properties first."""
    return tuple(sorted(rows, key=lambda row: (row.link.external, collation(row.link.label.text))))


def _property_entry(
    context: PageContext,
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
        _editor(context, f"?thing {_short(context, iri)} ?value .", "?value", order="?name ?value"),
    )


def _first_instances(context: PageContext, classes: Iterable[str]) -> dict[str, str]:
    """Return the instance of each class whose IRI comes first; a class without one is absent."""
    rows = context.store.select(
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


def _first_statements(context: PageContext, properties: Iterable[str]) -> dict[str, ox.Quad]:
    """Return the first statement of each property by subject and object; a property without one is absent."""
    nodes = [ox.NamedNode(iri) for iri in properties]
    rows = context.store.select(_FIRST_SUBJECTS % " ".join(map(str, nodes)))
    subjects: set[tuple[ox.NamedNode, Term]] = set()
    for row in rows:
        predicate, subject = row.get("p"), row.get("first")
        if isinstance(predicate, ox.NamedNode) and isinstance(subject, ox.Literal):
            subjects.add((predicate, ox.NamedNode(subject.value)))
    quads = context.store.match_any([subject for _, subject in subjects], nodes)
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


def _short(context: PageContext, iri: str) -> str:
    short = context.names.shorten(iri)
    return short if short != iri else f"<{iri}>"


def _editor(context: PageContext, pattern: str, *more: str, order: str) -> str:
    """Return where the editor opens with a query for what has a pattern, named in the reader's language."""
    name = (
        f'  OPTIONAL {{ ?thing skos:prefLabel ?name FILTER (LANG(?name) = "{context.language}") }}'
    )
    body = f"SELECT {' '.join(['?thing', '?name', *more])} WHERE {{\n  {pattern}\n{name}\n}}\nORDER BY {order}\n"
    used = [
        f"PREFIX {p}: <{iri}>\n" for p, iri in context.names.prefixes.items() if f"{p}:" in body
    ]
    return addresses.query("".join(used) + "\n" + body)


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
    context: PageContext, vocabulary: Vocabulary, reader: LabelResolver
) -> list[tuple[str, list[tuple[Link, Link, Link]]]]:
    """Return which terms of other vocabularies ours are narrower than, or the same as: by prefix, then by our term."""
    found: dict[str, list[tuple[Link, Link, Link]]] = defaultdict(list)
    for iri in (*vocabulary.classes, *vocabulary.properties):
        for predicate in _ALIGNING:
            for target in vocabulary.said(iri, predicate):
                if not target.startswith(vocabulary.prefix):
                    prefix = context.names.shorten(target).partition(":")[0]
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
