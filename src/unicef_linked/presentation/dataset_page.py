"""The page about the dataset: ``read_dataset`` reads, ``arrange`` makes the values."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.dataset.labels import collation
from unicef_linked.dataset.vocabulary import quads_by_subject
from unicef_linked.presentation.diagrams import Drawing, Edge, Node, draw
from unicef_linked.presentation.evidence import OA
from unicef_linked.rdf.iris import DCTERMS, PROV, RDF
from unicef_linked.rdf.terms import iris_in, objects_of, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Resource, Text, Value
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.release import Manifest

_EXAMPLE: Final = """
# The first claim whose statement, passage, source and digest are all in the data.
PREFIX rdf:  <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX oa:   <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>

SELECT ?sha256 ?subject ?predicate ?object ?claim ?passage ?selector ?start ?end ?source ?digest {
  %s
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

_CLAIM_PROPERTIES: Final = {
    "rdf:subject": f"{RDF}subject",
    "rdf:predicate": f"{RDF}predicate",
    "rdf:object": f"{RDF}object",
    "prov:wasDerivedFrom": f"{PROV}wasDerivedFrom",
    "oa:hasSource": f"{OA}hasSource",
    "oa:hasSelector": f"{OA}hasSelector",
}
"""The properties of the example, by the names that the template and the diagram use."""

_ARROWS: Final = (
    ("subject", "predicate", "object"),
    ("claim", "rdf:subject", "subject"),
    ("claim", "rdf:predicate", "predicate"),
    ("claim", "rdf:object", "object"),
    ("claim", "prov:wasDerivedFrom", "passage"),
    ("passage", "oa:hasSource", "source"),
    ("passage", "oa:hasSelector", "selector"),
    ("source", "sha256", "digest"),
)
"""The statements of the example, as its diagram shows them."""


MOST: Final = 200
"""Most named graphs, and most sources, that the page lists; its RDF has all."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A named graph with its size, its sources and its licences."""

    link: Link
    number: int
    sources: tuple[Link, ...]
    licences: tuple[Link, ...]
    derived: bool  # by a rule


@dataclass(frozen=True, slots=True)
class Source:
    """A source of named graphs with its terms."""

    link: Link
    licences: tuple[Link, ...]
    rights: tuple[Value, ...]
    graphs: int  # named graphs that have it as source


@dataclass(frozen=True, slots=True)
class Linkset:
    """The links to one other dataset, by property."""

    space: str  # beginning of its IRIs
    properties: tuple[tuple[Link, int], ...]
    number: int


@dataclass(frozen=True, slots=True)
class Example:
    """One fact with its evidence."""

    links: Mapping[str, Link]  # by variable of the query or name of the property
    classes: Mapping[str, Link]  # of the ontology, by the same names
    start: str
    end: str
    digest: str


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """The values of the page."""

    title: Text
    resource: Resource
    release: Manifest
    counts: Mapping[str, int]
    own_parts: tuple[Resource, ...]  # nodes within the dataset's IRI that the data describes
    classes: tuple[tuple[Link, int], ...]
    properties: tuple[tuple[Link, int], ...]
    graphs: tuple[Graph, ...]  # the largest
    number_of_graphs: int
    sources: tuple[Source, ...]  # of the most graphs
    number_of_sources: int
    links: tuple[Linkset, ...]
    example: Example | None
    diagram: Drawing | None  # of the example
    citation: str  # "" if the dataset has no title
    dumps: tuple[tuple[str, int | None], ...]  # name and size in bytes, None of one made on demand


@dataclass(frozen=True, slots=True)
class Origins:
    """What the named graphs and their sources say of themselves, as it has been read."""

    graphs: Mapping[str, Sequence[Quad]]
    sources: Mapping[str, Sequence[Quad]]
    numbers: Mapping[str, int]  # named graphs by source
    number_of_graphs: int
    left_out: frozenset[str]  # named graphs and sources past the first MOST


@dataclass(frozen=True, slots=True)
class ExampleReading:
    """The example as it has been read."""

    iris: Mapping[str, str]
    classes: Mapping[str, str]
    start: str
    end: str
    digest: str


@dataclass(frozen=True, slots=True)
class DatasetReading:
    """What has been read for the page."""

    iri: str
    about: Sequence[Quad]  # without the graphs and sources that the page does not list
    counts: Mapping[str, int]
    classes: Sequence[tuple[str, int]]
    properties: Sequence[tuple[str, int]]
    links: Sequence[tuple[str, str, int]]
    dumps: Sequence[tuple[str, int | None]]
    origins: Origins
    example: ExampleReading | None
    labels: LabelResolver


def read_dataset(context: PageContext, description: Description) -> DatasetReading:
    """Read what the page needs; ``description`` is that of the dataset."""
    dataset = context.dataset
    partitions = {
        name: sorted(partition, key=lambda pair: (-pair[1], pair[0]))
        for name, partition in dataset.partitions.items()
    }
    origins, example = _read_origins(context, description), _read_example(context)
    iris = {description.iri, *origins.graphs}
    iris |= {iri for partition in partitions.values() for iri, _ in partition}
    iris |= {predicate for _, predicate, _ in dataset.links}
    if example:
        iris |= {*example.iris.values(), *example.classes.values()}
    left_out = origins.left_out
    quads = [quad for quad in description.about if value_of(quad.subject) not in left_out]
    dumps = [path for path in dataset.release.dumps() if path.suffix]
    return DatasetReading(
        description.iri,
        quads,
        dataset.counts,
        partitions["class"],
        partitions["property"],
        dataset.links,
        [(path.name, dataset.release.size_of(path)) for path in dumps],
        origins,
        example,
        context.reader(quads, *iris),
    )


def _read_origins(context: PageContext, description: Description) -> Origins:
    """Return what the description has of named graphs, the largest first, and of their sources."""
    sizes = context.dataset.named_graphs
    by_subject = quads_by_subject(description.about)
    ordered = sorted(sizes, key=lambda iri: (-sizes[iri], iri))
    numbers: Counter[str] = Counter()
    for iri in ordered:
        numbers.update({*iris_in(objects_of(by_subject.get(iri, ()), f"{DCTERMS}source"))})
    frequent = sorted(numbers, key=lambda iri: (-numbers[iri], iri))[:MOST]
    return Origins(
        {iri: by_subject.get(iri, []) for iri in ordered[:MOST]},
        {iri: by_subject.get(iri, []) for iri in frequent},
        numbers,
        len(sizes),
        frozenset({*ordered[MOST:], *(numbers.keys() - {*frequent})}),
    )


def _read_example(context: PageContext) -> ExampleReading | None:
    """Return a fact that shows how facts are modelled; None if no fact has all of its evidence."""
    # The claims are in the order of the query: if one of them fits, it is the first of all.
    claims = " ".join(f"<{iri}>" for iri in context.dataset.summaries.counts.claims)
    if not claims:
        return None
    bindings = {"sha256": NamedNode(context.names.term("sha256"))}
    query = _EXAMPLE % f"VALUES ?claim {{ {claims} }}"
    rows = context.store.select(query, bindings) or context.store.select(_EXAMPLE % "", bindings)
    if not rows:
        return None
    values = {name: value_of(term) for name, term in rows[0].items()}
    start, end, digest = (values.pop(name) for name in ("start", "end", "digest"))
    iris = values | _CLAIM_PROPERTIES
    nodes = [NamedNode(iri) for iri in iris.values()]
    types: dict[str, list[str]] = defaultdict(list)
    for quad in context.store.match_any(nodes, [NamedNode(f"{RDF}type")]):
        class_iri = value_of(quad.object)
        if isinstance(quad.object, NamedNode) and class_iri.startswith(context.names.base):
            types[value_of(quad.subject)].append(class_iri)
    classes = {name: min(types[iri]) for name, iri in iris.items() if types[iri]}
    return ExampleReading(iris, classes, start, end, digest)


def arrange(context: PageContext, reading: DatasetReading) -> DatasetPage:
    """Return the values of the page."""
    labels = reading.labels
    resource = labels.resource(reading.iri, reading.about)
    own_parts = [labels.resource(iri, reading.about) for iri in _own_parts(resource)]
    example = _example(reading.example, labels) if reading.example else None
    return DatasetPage(
        labels.label(reading.iri),
        resource,
        context.dataset.release.manifest,
        reading.counts,
        tuple(own_parts),
        tuple((labels.link(iri), number) for iri, number in reading.classes),
        tuple((labels.link(iri), number) for iri, number in reading.properties),
        _graphs(context, reading),
        reading.origins.number_of_graphs,
        _sources(reading),
        len(reading.origins.numbers),
        _linksets(reading),
        example,
        _diagram(example) if example else None,
        _citation(context, resource),
        tuple(reading.dumps),
    )


def _own_parts(dataset: Resource) -> list[str]:
    """Return the nodes within the dataset's IRI, such as its publisher, that the data names."""
    iris = set()
    for stated in dataset.properties:
        if not stated.restates:
            iris |= {value.link.iri for value in stated.values if value.link}
    return sorted(iri for iri in iris if iri.startswith(f"{dataset.iri}#"))


def _citation(context: PageContext, dataset: Resource) -> str:
    """Return publisher, title, release and IRI as a citation; "" if the dataset has no title."""
    title = dataset.label.text
    if title == context.names.shorten(dataset.iri):
        return ""
    links = [value.link for value in dataset.values(f"{DCTERMS}publisher") if value.link]
    publishers = [link.label.text for link in links[:1]]
    return ". ".join([*publishers, title, context.dataset.release.manifest.name, dataset.iri])


def _graphs(context: PageContext, reading: DatasetReading) -> tuple[Graph, ...]:
    """Return the named graphs, the largest first."""
    labels, derived = reading.labels, context.names.graph("derived/")
    sizes = context.dataset.named_graphs
    graphs = []
    for iri, quads in reading.origins.graphs.items():
        sources = _links(quads, f"{DCTERMS}source", labels)
        licences = _links(quads, f"{DCTERMS}license", labels)
        is_derived = iri.startswith(derived)
        graphs.append(Graph(labels.link(iri), sizes[iri], sources, licences, is_derived))
    return tuple(graphs)


def _sources(reading: DatasetReading) -> tuple[Source, ...]:
    """Return the sources of the named graphs, by label."""
    labels, numbers = reading.labels, reading.origins.numbers
    sources = []
    for iri, quads in reading.origins.sources.items():
        licences = _links(quads, f"{DCTERMS}license", labels)
        rights = labels.resource(iri, quads).values(f"{DCTERMS}rights")
        sources.append(Source(labels.link(iri), licences, rights, numbers[iri]))
    sources.sort(key=lambda source: (collation(source.link.label.text), source.link.iri))
    return tuple(sources)


def _links(quads: Sequence[Quad], predicate: str, labels: LabelResolver) -> tuple[Link, ...]:
    """Return the links that a property has, sorted by IRI."""
    iris = {*iris_in(objects_of(quads, predicate))}
    return tuple(labels.link(iri) for iri in sorted(iris))


def _linksets(reading: DatasetReading) -> tuple[Linkset, ...]:
    """Return the links to other datasets, the most frequent first."""
    by_space: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for space, predicate, number in reading.links:
        by_space[space].append((predicate, number))
    linksets = []
    for space, counts in by_space.items():
        counts.sort(key=lambda pair: -pair[1])
        properties = tuple((reading.labels.link(iri), number) for iri, number in counts)
        linksets.append(Linkset(space, properties, sum(number for _, number in counts)))
    return tuple(sorted(linksets, key=lambda linkset: (-linkset.number, linkset.space)))


def _example(reading: ExampleReading, labels: LabelResolver) -> Example:
    return Example(
        {name: labels.link(iri) for name, iri in reading.iris.items()},
        {name: labels.link(iri) for name, iri in reading.classes.items()},
        reading.start,
        reading.end,
        reading.digest,
    )


def _diagram(example: Example) -> Drawing:
    """Return the diagram of the example: the statement above, its evidence below."""
    nodes = []
    for name in ("subject", "object", "claim", "passage", "source", "selector"):
        link, kind = example.links[name], example.classes.get(name)
        note = kind.label.text if kind else ""
        nodes.append(Node(name, link.label.text, link.href, "class", note))
    digest = f"{example.digest[:8]}…{example.digest[-8:]}"
    nodes.append(Node("digest", digest, kind="value"))
    for name in ("predicate", "sha256", *_CLAIM_PROPERTIES):
        link = example.links[name]
        nodes.append(Node(name, link.label.text, link.href, "property"))
    edges = []
    for source, name, target in _ARROWS:
        edges += [Edge(source, name, arrow=False), Edge(name, target)]
    return draw(nodes, edges)
