"""What the page of the dataset shows: its parts, named graphs, sources and links, and one fact with its evidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.dataset.labels import collation
from unicef_linked.presentation.diagrams import Drawing, Edge, Node, draw
from unicef_linked.rdf.iris import DCTERMS, PROV, RDF
from unicef_linked.store.statements import LoadedStatements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import Link, Resource, Value
    from unicef_linked.presentation.context import PageContext


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


def dataset_page(context: PageContext, description: Description) -> dict[str, object]:
    """Return the values of the page, of which the description by DCAT and VoID is one part."""
    parts = {
        name: sorted(part, key=lambda pair: (-pair[1], pair[0]))
        for name, part in context.dataset.partitions.items()
    }
    graphs, sources = _origins(context)
    targets: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for space, predicate, number in context.dataset.links:
        targets[space].append((predicate, number))
    named = [
        *(iri for part in parts.values() for iri, _ in part),
        *(predicate for _, predicate, _ in context.dataset.links),
    ]
    reader = context.reader(description.about, description.iri, *named)
    resource = reader.resource(description.iri, description.about)
    title = reader.label(description.iri)
    publisher = next(
        (value.link for value in resource.values(f"{DCTERMS}publisher") if value.link), None
    )
    example = _example(context)
    return {
        "resource": resource,
        "counts": context.dataset.counts,
        "own_parts": [reader.resource(iri, description.about) for iri in _own_parts(resource)],
        "parts": {name: [(reader.link(iri), number) for iri, number in part] for name, part in parts.items()},
        "graphs": graphs,
        "sources": sources,
        "links": sorted(
            ((space, [(reader.link(p), n) for p, n in sorted(rows, key=lambda row: -row[1])], sum(n for _, n in rows)) for space, rows in targets.items()),
            key=lambda row: (-row[2], row[0]),
        ),
        "example": example,
        "picture_of": _picture_of(example) if example else None,
        "citation": ". ".join(
            [*([publisher.label.text] if publisher else []), title.text, context.dataset.release.manifest.name, description.iri]
        )
        if title.text != context.names.shorten(description.iri)
        else "",
        "dumps": [(path.name, path.stat().st_size) for path in context.dataset.release.dumps() if path.suffix],
        "release": context.dataset.release.manifest,
        "title": title,
    }  # fmt: skip


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


def _origins(context: PageContext) -> tuple[list[Graph], list[Source]]:
    """Return the named graphs, the largest first, and what they say that they come from, by name."""
    statements = LoadedStatements(context.store)
    statements.load(ox.NamedNode(iri) for iri in context.dataset.named_graphs)
    said = {iri: statements.match(ox.NamedNode(iri)) for iri in context.dataset.named_graphs}
    used: Counter[str] = Counter()
    for quads in said.values():
        used.update(set(_objects(quads, f"{DCTERMS}source")))
    statements.load(ox.NamedNode(iri) for iri in used)
    about = {iri: statements.match(ox.NamedNode(iri)) for iri in used}
    reader = context.reader([*chain(*said.values(), *about.values())], *said)

    def links(quads: Iterable[ox.Quad], predicate: str) -> tuple[Link, ...]:
        return tuple(reader.link(iri) for iri in sorted(set(_objects(quads, predicate))))

    derived = context.names.graph("derived/")
    graphs = [
        Graph(
            reader.link(iri),
            number,
            links(said[iri], f"{DCTERMS}source"),
            links(said[iri], f"{DCTERMS}license"),
            iri.startswith(derived),
        )
        for iri, number in context.dataset.named_graphs.items()
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


def _example(context: PageContext) -> Example | None:
    """Return a fact of the data as an example of how all are modelled; None where no fact has evidence."""
    rows = context.store.select(_EXAMPLE, {"sha256": ox.NamedNode(context.names.term("sha256"))})
    if not rows:
        return None
    found = {name: str(getattr(term, "value", "")) for name, term in rows[0].items()}
    texts = {name: found.pop(name) for name in ("start", "end", "digest")}
    found |= _BETWEEN
    typed = context.store.match_any(
        [ox.NamedNode(iri) for iri in found.values()], [ox.NamedNode(f"{RDF}type")]
    )
    types = {
        name: [quad for quad in typed if quad.subject == ox.NamedNode(iri)]
        for name, iri in found.items()
    }
    reader = context.reader([*chain(*types.values())], *found.values())
    own = {
        name: [i for i in _objects(quads, f"{RDF}type") if i.startswith(context.names.base)]
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
