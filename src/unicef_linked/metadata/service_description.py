"""The SPARQL endpoint by the SPARQL 1.1 Service Description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unicef_linked.dataset.description import Description
from unicef_linked.rdf.iris import RDF, SD, VOID
from unicef_linked.rdf.terms import integer, triple

if TYPE_CHECKING:
    from unicef_linked.dataset.published import PublishedDataset

_FORMATS: Final = "http://www.w3.org/ns/formats/"
_RESULT_FORMATS: Final = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
    "TriG",
    "N-Quads",
)
"""Local names of the formats (W3C, Unique URIs for File Formats)."""


def describe_service(published: PublishedDataset, endpoint: str) -> Description:
    """Return the description of the endpoint at ``endpoint``."""
    dataset, default_graph = f"{endpoint}#dataset", f"{endpoint}#default-graph"
    triples = [
        triple(endpoint, f"{RDF}type", f"{SD}Service"),
        triple(endpoint, f"{SD}endpoint", endpoint),
        triple(endpoint, f"{SD}supportedLanguage", f"{SD}SPARQL11Query"),
        triple(endpoint, f"{SD}defaultDataset", dataset),
        triple(dataset, f"{RDF}type", f"{SD}Dataset"),
        triple(dataset, f"{SD}defaultGraph", default_graph),
        triple(default_graph, f"{RDF}type", f"{SD}Graph"),
        triple(default_graph, f"{VOID}triples", integer(published.default_graph_size)),
    ]
    formats = [f"{_FORMATS}{name}" for name in _RESULT_FORMATS]
    triples += [triple(endpoint, f"{SD}resultFormat", iri) for iri in formats]
    for iri in published.store.functions:
        triples += [
            triple(endpoint, f"{SD}extensionFunction", iri),
            triple(iri, f"{RDF}type", f"{SD}Function"),
        ]
    if published.release.manifest.union:
        triples.append(triple(endpoint, f"{SD}feature", f"{SD}UnionDefaultGraph"))
    for number, (name, size) in enumerate(published.named_graphs.items(), start=1):
        named_graph = f"{endpoint}#graph-{number}"
        graph = f"{named_graph}-content"
        triples += [
            triple(dataset, f"{SD}namedGraph", named_graph),
            triple(named_graph, f"{RDF}type", f"{SD}NamedGraph"),
            triple(named_graph, f"{SD}name", name),
            triple(named_graph, f"{SD}graph", graph),
            triple(graph, f"{RDF}type", f"{SD}Graph"),
            triple(graph, f"{VOID}triples", integer(size)),
        ]
    return Description(endpoint, [], triples)
