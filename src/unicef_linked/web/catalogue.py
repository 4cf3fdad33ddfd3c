"""The dataset as DCAT 3 and VoID describe it, with true counts and the addresses of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.iris import DCAT, DCTERMS, RDF, SD, SPDX, VOID, XSD
from unicef_linked.statistics import describe
from unicef_linked.web.site import Description, count

if TYPE_CHECKING:
    from unicef_linked.web.site import Site

_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_DUMPS: Final = {
    "dataset.nq": "application/n-quads",
    "dataset.ttl": "text/turtle",
    "dataset.jsonld": "application/ld+json",
}


def describe_dataset(site: Site, address: str) -> Description:
    """Return the dataset's description; ``address`` is where the public reaches this server, ending in ``/``.

    What editors say of the dataset (title, licence, publisher) is in the data, and so are the counts of a release
    that we built; else counts are added here, as addresses always are. Partitions inside partitions are left to SPARQL.
    """
    names = site.names
    dataset = ox.NamedNode(names.dataset)
    a = ox.NamedNode(f"{RDF}type")
    triples: list[ox.Triple] = []

    def say(subject: ox.NamedNode, predicate: str, value: ox.NamedNode | ox.Literal) -> None:
        triples.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    say(dataset, a.value, ox.NamedNode(f"{DCAT}Dataset"))
    say(dataset, a.value, ox.NamedNode(f"{VOID}Dataset"))
    say(dataset, f"{DCAT}version", ox.Literal(site.release.manifest.name))
    say(dataset, f"{VOID}uriSpace", ox.Literal(f"{names.base}id/"))
    say(dataset, f"{VOID}sparqlEndpoint", ox.NamedNode(f"{address}sparql"))
    say(dataset, f"{VOID}vocabulary", ox.NamedNode(names.ontology))
    statistics = set(describe(site.statistics, names))
    triples += statistics
    for path in site.release.dumps():
        media_type = _DUMPS.get(path.name.removesuffix(".gz"))
        if media_type is None:
            continue
        node = ox.NamedNode(f"{names.dataset}#{path.name.replace('.', '-')}")
        download = ox.NamedNode(f"{address}dump/{path.name}")
        say(dataset, f"{VOID}dataDump", download)
        say(dataset, f"{DCAT}distribution", node)
        triples.append(ox.Triple(node, a, ox.NamedNode(f"{DCAT}Distribution")))
        for language in ("en", "fr"):
            say(node, f"{DCTERMS}title", ox.Literal(path.name, language=language))
        say(node, f"{DCAT}downloadURL", download)
        say(node, f"{DCAT}accessURL", download)
        say(node, f"{DCAT}mediaType", ox.NamedNode(_MEDIA + media_type))
        if path.suffix == ".gz":
            say(node, f"{DCAT}compressFormat", ox.NamedNode(f"{_MEDIA}application/gzip"))
        size = ox.Literal(str(path.stat().st_size), datatype=ox.NamedNode(f"{XSD}nonNegativeInteger"))
        say(node, f"{DCAT}byteSize", size)
        checksum = ox.NamedNode(f"{node.value}-sha256")
        say(node, f"{SPDX}checksum", checksum)
        triples.append(ox.Triple(checksum, a, ox.NamedNode(f"{SPDX}Checksum")))
        say(checksum, f"{SPDX}algorithm", ox.NamedNode(f"{SPDX}checksumAlgorithm_sha256"))
        say(
            checksum,
            f"{SPDX}checksumValue",
            ox.Literal(site.checksums[path.name], datatype=ox.NamedNode(f"{XSD}hexBinary")),
        )
    service = ox.NamedNode(f"{names.dataset}#sparql")
    triples.append(ox.Triple(service, a, ox.NamedNode(f"{DCAT}DataService")))
    say(service, f"{DCAT}servesDataset", dataset)
    say(service, f"{DCAT}endpointURL", ox.NamedNode(f"{address}sparql"))
    say(service, f"{DCAT}endpointDescription", ox.NamedNode(f"{address}sparql"))
    for language, text in (("en", "SPARQL 1.1 endpoint"), ("fr", "Point d’accès SPARQL 1.1")):
        say(service, f"{DCTERMS}title", ox.Literal(text, language=language))
    say(service, f"{DCTERMS}conformsTo", ox.NamedNode("https://www.w3.org/TR/sparql11-protocol/"))
    published = site.store.match(graph_name=ox.NamedNode(names.graph("derived/statistics")))
    about = {*site.store.match(dataset), *(quad for quad in published if quad.triple in statistics)}
    return Description(names.dataset, sorted(about, key=str), triples)


def describe_service(site: Site, endpoint: str) -> Description:
    """Return the SPARQL 1.1 Service Description of the endpoint at ``endpoint``."""
    service = ox.NamedNode(endpoint)
    dataset, default = ox.NamedNode(f"{endpoint}#dataset"), ox.NamedNode(f"{endpoint}#default-graph")
    a = ox.NamedNode(f"{RDF}type")
    triples = [
        ox.Triple(service, a, ox.NamedNode(f"{SD}Service")),
        ox.Triple(service, ox.NamedNode(f"{SD}endpoint"), service),
        ox.Triple(service, ox.NamedNode(f"{SD}supportedLanguage"), ox.NamedNode(f"{SD}SPARQL11Query")),
        ox.Triple(service, ox.NamedNode(f"{SD}defaultDataset"), dataset),
        ox.Triple(dataset, a, ox.NamedNode(f"{SD}Dataset")),
        ox.Triple(dataset, ox.NamedNode(f"{SD}defaultGraph"), default),
        ox.Triple(default, a, ox.NamedNode(f"{SD}Graph")),
        ox.Triple(default, ox.NamedNode(f"{VOID}triples"), count(site.counts["triples"])),
    ]
    triples += [
        ox.Triple(service, ox.NamedNode(f"{SD}resultFormat"), ox.NamedNode(f"http://www.w3.org/ns/formats/{name}"))
        for name in _RESULT_FORMATS
    ]
    if site.release.manifest.union:
        triples.append(ox.Triple(service, ox.NamedNode(f"{SD}feature"), ox.NamedNode(f"{SD}UnionDefaultGraph")))
    for number, (name, size) in enumerate(sorted(site.release.manifest.graphs.items()), start=1):
        if name and not name.startswith("_:"):
            graph = ox.NamedNode(f"{endpoint}#graph-{number}")
            triples += [
                ox.Triple(dataset, ox.NamedNode(f"{SD}namedGraph"), graph),
                ox.Triple(graph, a, ox.NamedNode(f"{SD}NamedGraph")),
                ox.Triple(graph, ox.NamedNode(f"{SD}name"), ox.NamedNode(name)),
                ox.Triple(graph, ox.NamedNode(f"{SD}graph"), ox.NamedNode(f"{graph.value}-content")),
                ox.Triple(ox.NamedNode(f"{graph.value}-content"), a, ox.NamedNode(f"{SD}Graph")),
                ox.Triple(ox.NamedNode(f"{graph.value}-content"), ox.NamedNode(f"{VOID}triples"), count(size)),
            ]
    return Description(endpoint, [], triples)


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
