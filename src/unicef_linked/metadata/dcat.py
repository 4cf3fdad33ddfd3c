"""The dataset as DCAT 3 (DCAT-AP 3.0), VoID and PROV describe it, with true counts and the addresses of this server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import pyoxigraph as ox

from unicef_linked import addresses
from unicef_linked.addresses import absolute
from unicef_linked.dataset.description import Description
from unicef_linked.exports.definitions import read_exports
from unicef_linked.i18n import N_
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCAT, DCTERMS, FOAF, PROV, RDF, RDFS, SD, SPDX, VOID, XSD
from unicef_linked.rdf.statistics import describe
from unicef_linked.rdf.terms import integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.i18n import Translations

_MEDIA: Final = "https://www.iana.org/assignments/media-types/"


class _Service(NamedTuple):
    """One way to ask the dataset."""

    name: str  # after # in its IRI
    address: str
    description: str  # address where a program reads what it takes
    standard: str
    title: str  # a message of i18n


_SERVICES: Final = (
    _Service(
        "sparql",
        addresses.SPARQL,
        addresses.SPARQL,
        "https://www.w3.org/TR/sparql11-protocol/",
        N_("SPARQL 1.1 endpoint"),
    ),
    _Service(
        "fragments",
        addresses.FRAGMENTS,
        addresses.OPENAPI,
        "https://linkeddatafragments.org/specification/triple-pattern-fragments/",
        N_("Triple Pattern Fragments"),
    ),
    _Service(
        "reconcile",
        addresses.RECONCILE,
        addresses.RECONCILE,
        "https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/",
        N_("Entity Reconciliation API 0.2"),
    ),
)


def describe_dataset(
    published: PublishedDataset, translations: Translations, address: str
) -> Description:
    """Return the dataset's description; ``address`` is where the public reaches this server, ending in ``/``.

    What editors say of the dataset (title, licence, publisher) is in the data, and so are the counts of a release
    that we built; else counts are added here, as addresses always are. Partitions inside partitions are left to SPARQL.
    """
    names = published.names
    dataset = ox.NamedNode(names.dataset)
    a = ox.NamedNode(f"{RDF}type")
    triples: list[ox.Triple] = []

    def say(subject: ox.NamedNode, predicate: str, value: ox.NamedNode | ox.Literal) -> None:
        triples.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    say(dataset, a.value, ox.NamedNode(f"{DCAT}Dataset"))
    say(dataset, a.value, ox.NamedNode(f"{VOID}Dataset"))
    say(dataset, f"{DCAT}version", ox.Literal(published.release.manifest.name))
    say(dataset, f"{VOID}uriSpace", ox.Literal(names.entities))
    say(dataset, f"{VOID}sparqlEndpoint", ox.NamedNode(absolute(address, addresses.SPARQL)))
    say(
        dataset, f"{VOID}uriLookupEndpoint", ox.NamedNode(absolute(address, addresses.resource("")))
    )
    say(dataset, f"{VOID}vocabulary", ox.NamedNode(names.ontology))
    say(dataset, f"{DCAT}landingPage", ox.NamedNode(absolute(address, addresses.DATASET)))
    say(dataset, f"{DCTERMS}identifier", ox.Literal(names.dataset))
    statistics = set(describe(published.statistics, names))
    triples += statistics
    for path in published.release.dumps():
        kind = DUMPS.get(path.name.removesuffix(".gz"))
        if kind is None:
            continue
        node = ox.NamedNode(f"{names.dataset}#{path.name.replace('.', '-')}")
        download = ox.NamedNode(absolute(address, addresses.dump(path.name)))
        say(dataset, f"{VOID}dataDump", download)
        say(dataset, f"{DCAT}distribution", node)
        triples.append(ox.Triple(node, a, ox.NamedNode(f"{DCAT}Distribution")))
        triples += _titled(node.value, dict.fromkeys(translations.languages, path.name))
        say(node, f"{DCAT}downloadURL", download)
        say(node, f"{DCAT}accessURL", download)
        say(node, f"{DCAT}mediaType", ox.NamedNode(_MEDIA + kind.media_type))
        say(node, f"{DCTERMS}format", ox.NamedNode(_MEDIA + kind.media_type))
        if path.suffix == ".gz":
            say(node, f"{DCAT}compressFormat", ox.NamedNode(f"{_MEDIA}application/gzip"))
        size = ox.Literal(
            str(path.stat().st_size), datatype=ox.NamedNode(f"{XSD}nonNegativeInteger")
        )
        say(node, f"{DCAT}byteSize", size)
        checksum = ox.NamedNode(f"{node.value}-sha256")
        say(node, f"{SPDX}checksum", checksum)
        triples.append(ox.Triple(checksum, a, ox.NamedNode(f"{SPDX}Checksum")))
        sha256 = ox.NamedNode(f"{SPDX}checksumAlgorithm_sha256")
        say(checksum, f"{SPDX}algorithm", sha256)
        say(sha256, a.value, ox.NamedNode(f"{SPDX}ChecksumAlgorithm"))
        say(
            checksum,
            f"{SPDX}checksumValue",
            ox.Literal(published.checksums[path.name], datatype=ox.NamedNode(f"{XSD}hexBinary")),
        )
    for export in read_exports(published.store, names):
        name = f"{names.dataset}#export-{export.name.replace('.', '-')}"
        download = ox.NamedNode(absolute(address, addresses.export(export.name)))
        say(dataset, f"{DCAT}distribution", ox.NamedNode(name))
        triples += [
            _triple(name, f"{RDF}type", f"{DCAT}Distribution"),
            _triple(name, f"{DCAT}downloadURL", download),
            _triple(name, f"{DCAT}accessURL", download),
            _triple(name, f"{DCAT}mediaType", _MEDIA + export.media_type),
            _triple(name, f"{DCTERMS}format", _MEDIA + export.media_type),
            *_titled(name, export.titles),
        ]
    for service in _SERVICES:
        name = f"{names.dataset}#{service.name}"
        triples += [
            _triple(name, f"{RDF}type", f"{DCAT}DataService"),
            _triple(name, f"{DCAT}servesDataset", names.dataset),
            _triple(name, f"{DCAT}endpointURL", absolute(address, service.address)),
            _triple(name, f"{DCAT}endpointDescription", absolute(address, service.description)),
            *_titled(name, translations.in_every_language(service.title)),
            _triple(name, f"{DCTERMS}conformsTo", service.standard),
        ]
    counted = published.store.match(graph_name=ox.NamedNode(names.graph("derived/statistics")))
    about = {*published.own_statements, *(quad for quad in counted if quad.triple in statistics)}
    parts = [
        quad.object
        for quad in about
        if str(getattr(quad.object, "value", "")).startswith(f"{names.dataset}#")
    ]
    about |= set(
        published.store.match_any([part for part in parts if isinstance(part, ox.NamedNode)])
    )
    origin = _origin(published)
    about |= set(origin)
    triples += [
        ox.Triple(dataset, ox.NamedNode(f"{PROV}wasDerivedFrom"), quad.object)
        for quad in origin
        if quad.predicate.value == f"{DCTERMS}source"
    ]
    triples += [*_links(published), *_made(published)]
    triples += _catalogue(
        published, address, [quad.triple for quad in about if quad.subject == dataset]
    )
    triples += _typed({quad.triple for quad in about} | set(triples), dataset)
    return Description(names.dataset, sorted(about, key=str), triples)


def _origin(published: PublishedDataset) -> list[ox.Quad]:
    """Return what the named graphs and their sources say of their origin and terms, as published."""
    told = [ox.NamedNode(iri) for iri in sorted(_ORIGIN)]
    found = published.store.match_any([ox.NamedNode(iri) for iri in published.named_graphs], told)
    objects = {quad.object for quad in found if quad.predicate.value == f"{DCTERMS}source"}
    sources = [term for term in sorted(objects, key=str) if isinstance(term, ox.NamedNode)]
    return found + published.store.match_any(sources, told)


_ORIGIN: Final = {
    f"{RDF}type",
    f"{DCTERMS}title",
    f"{DCTERMS}description",
    f"{DCTERMS}source",
    f"{DCTERMS}license",
    f"{DCTERMS}rights",
    f"{DCTERMS}issued",
    f"{DCTERMS}publisher",
    f"{DCAT}version",
    f"{FOAF}page",
}


def _links(published: PublishedDataset) -> list[ox.Triple]:
    """Return a linkset for each dataset that ours leads to and each property that leads there (VoID, section 5)."""
    dataset = published.names.dataset
    found: list[ox.Triple] = []
    for space, predicate, number in published.links:
        name = re.sub(r"[^a-z0-9]+", "-", space.partition("://")[2].lower()).strip("-")
        target = f"{dataset}#target-{name}"
        linkset = f"{dataset}#links-{name}-{re.split('[#/]', predicate)[-1]}"
        found += [
            _triple(dataset, f"{VOID}subset", linkset),
            _triple(linkset, f"{RDF}type", f"{VOID}Linkset"),
            _triple(linkset, f"{VOID}subjectsTarget", dataset),
            _triple(linkset, f"{VOID}objectsTarget", target),
            _triple(linkset, f"{VOID}linkPredicate", predicate),
            _triple(linkset, f"{VOID}triples", integer(number)),
            _triple(target, f"{RDF}type", f"{VOID}Dataset"),
            _triple(
                target, f"{DCTERMS}title", ox.Literal(space.partition("://")[2].partition("/")[0])
            ),
            _triple(target, f"{VOID}uriSpace", ox.Literal(space)),
        ]
    for position, (iri, size) in enumerate(published.named_graphs.items(), start=1):
        part = f"{dataset}#graph-{position}"
        found += [
            _triple(dataset, f"{VOID}subset", part),
            _triple(part, f"{RDF}type", f"{VOID}Dataset"),
            _triple(part, f"{FOAF}primaryTopic", iri),
            _triple(part, f"{VOID}triples", integer(size)),
        ]
    return found


def _made(published: PublishedDataset) -> list[ox.Triple]:
    """Return how a release was made: from which files, by which programs (PROV-O, section 3.1)."""
    manifest = published.release.manifest
    if not manifest.sources:
        return []
    dataset, build = published.names.dataset, f"{published.names.dataset}#build"
    found = [
        _triple(dataset, f"{RDF}type", f"{PROV}Entity"),
        _triple(dataset, f"{PROV}wasGeneratedBy", build),
        _triple(build, f"{RDF}type", f"{PROV}Activity"),
    ]
    for name, version in sorted(manifest.tools.items()):
        agent = f"{dataset}#tool-{name}"
        found += [
            _triple(build, f"{PROV}wasAssociatedWith", agent),
            _triple(agent, f"{RDF}type", f"{PROV}SoftwareAgent"),
            _triple(agent, f"{RDFS}label", ox.Literal(name)),
            _triple(agent, f"{DCAT}version", ox.Literal(version)),
        ]
    for name, digest in sorted(manifest.sources.items()):
        used, checksum = f"{dataset}#made-from-{name}", f"{dataset}#made-from-{name}-sha256"
        found += [
            _triple(build, f"{PROV}used", used),
            _triple(used, f"{RDF}type", f"{PROV}Entity"),
            _triple(used, f"{RDFS}label", ox.Literal(f"{name}/")),
            _triple(used, f"{SPDX}checksum", checksum),
            _triple(checksum, f"{RDF}type", f"{SPDX}Checksum"),
            _triple(checksum, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256"),
            _triple(
                checksum,
                f"{SPDX}checksumValue",
                ox.Literal(digest, datatype=ox.NamedNode(f"{XSD}hexBinary")),
            ),
        ]
    return found


def _catalogue(
    published: PublishedDataset, address: str, about: list[ox.Triple]
) -> list[ox.Triple]:
    """Return the catalogue that the site is, in the words of its one dataset; nobody's where no publisher is stated."""
    if not any(triple.predicate.value == f"{DCTERMS}publisher" for triple in about):
        return []
    catalogue, dataset = published.names.base, published.names.dataset
    said = [
        _triple(catalogue, t.predicate.value, t.object)
        for t in about
        if t.predicate.value in _OF_THE_CATALOGUE
    ]
    return [
        *said,
        _triple(catalogue, f"{RDF}type", f"{DCAT}Catalog"),
        _triple(catalogue, f"{DCAT}dataset", dataset),
        *(
            _triple(catalogue, f"{DCAT}service", f"{dataset}#{service.name}")
            for service in _SERVICES
        ),
        _triple(catalogue, f"{FOAF}homepage", address),
        _triple(address, f"{RDF}type", f"{FOAF}Document"),
    ]


_OF_THE_CATALOGUE: Final = {
    f"{DCTERMS}title",
    f"{DCTERMS}description",
    f"{DCTERMS}publisher",
    f"{DCTERMS}license",
    f"{DCTERMS}language",
    f"{DCTERMS}spatial",
}


def _typed(said: set[ox.Triple], dataset: ox.NamedNode) -> list[ox.Triple]:
    """Return the class of each thing that stands where DCAT-AP, section 7, asks for one of that class."""
    return [
        _triple(triple.object.value, f"{RDF}type", kind)
        for triple in said
        if isinstance(triple.object, ox.NamedNode) and (kind := _RANGES.get(triple.predicate.value))
        if triple.subject == dataset or triple.predicate.value != f"{DCTERMS}publisher"
    ]


_RANGES: Final = {
    f"{DCTERMS}license": f"{DCTERMS}LicenseDocument",
    f"{DCTERMS}language": f"{DCTERMS}LinguisticSystem",
    f"{DCTERMS}spatial": f"{DCTERMS}Location",
    f"{DCTERMS}temporal": f"{DCTERMS}PeriodOfTime",
    f"{DCTERMS}publisher": f"{FOAF}Agent",
    f"{DCTERMS}format": f"{DCTERMS}MediaTypeOrExtent",
    f"{DCTERMS}conformsTo": f"{DCTERMS}Standard",
    f"{DCAT}mediaType": f"{DCTERMS}MediaType",
    f"{DCAT}compressFormat": f"{DCTERMS}MediaType",
    f"{DCAT}landingPage": f"{FOAF}Document",
    f"{FOAF}page": f"{FOAF}Document",
}


def _titled(subject: str, texts: Mapping[str, str]) -> list[ox.Triple]:
    """Return the titles of a thing, by language."""
    return [
        _triple(subject, f"{DCTERMS}title", ox.Literal(text, language=tag))
        for tag, text in texts.items()
    ]


def _triple(
    subject: str, predicate: str, value: str | ox.NamedNode | ox.Literal | object
) -> ox.Triple:
    node = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), node)  # type: ignore[arg-type]


def describe_service(published: PublishedDataset, endpoint: str) -> Description:
    """Return the SPARQL 1.1 Service Description of the endpoint at ``endpoint``."""
    service = ox.NamedNode(endpoint)
    dataset, default = (
        ox.NamedNode(f"{endpoint}#dataset"),
        ox.NamedNode(f"{endpoint}#default-graph"),
    )
    a = ox.NamedNode(f"{RDF}type")
    triples = [
        ox.Triple(service, a, ox.NamedNode(f"{SD}Service")),
        ox.Triple(service, ox.NamedNode(f"{SD}endpoint"), service),
        ox.Triple(
            service, ox.NamedNode(f"{SD}supportedLanguage"), ox.NamedNode(f"{SD}SPARQL11Query")
        ),
        ox.Triple(service, ox.NamedNode(f"{SD}defaultDataset"), dataset),
        ox.Triple(dataset, a, ox.NamedNode(f"{SD}Dataset")),
        ox.Triple(dataset, ox.NamedNode(f"{SD}defaultGraph"), default),
        ox.Triple(default, a, ox.NamedNode(f"{SD}Graph")),
        ox.Triple(default, ox.NamedNode(f"{VOID}triples"), integer(published.default_graph_size)),
    ]
    triples += [
        ox.Triple(
            service,
            ox.NamedNode(f"{SD}resultFormat"),
            ox.NamedNode(f"http://www.w3.org/ns/formats/{name}"),
        )
        for name in _RESULT_FORMATS
    ]
    if published.release.manifest.union:
        triples.append(
            ox.Triple(service, ox.NamedNode(f"{SD}feature"), ox.NamedNode(f"{SD}UnionDefaultGraph"))
        )
    for number, (name, size) in enumerate(published.named_graphs.items(), start=1):
        graph = ox.NamedNode(f"{endpoint}#graph-{number}")
        triples += [
            ox.Triple(dataset, ox.NamedNode(f"{SD}namedGraph"), graph),
            ox.Triple(graph, a, ox.NamedNode(f"{SD}NamedGraph")),
            ox.Triple(graph, ox.NamedNode(f"{SD}name"), ox.NamedNode(name)),
            ox.Triple(graph, ox.NamedNode(f"{SD}graph"), ox.NamedNode(f"{graph.value}-content")),
            ox.Triple(ox.NamedNode(f"{graph.value}-content"), a, ox.NamedNode(f"{SD}Graph")),
            ox.Triple(
                ox.NamedNode(f"{graph.value}-content"),
                ox.NamedNode(f"{VOID}triples"),
                integer(size),
            ),
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
