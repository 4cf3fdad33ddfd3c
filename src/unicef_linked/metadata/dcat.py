"""The dataset by DCAT 3 (DCAT-AP 3.0): dataset, distributions, services, catalogue.

The description that is published at /dataset contains VoID and PROV too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.addresses import absolute
from unicef_linked.dataset.description import Description
from unicef_linked.exports.definitions import read_exports
from unicef_linked.i18n import N_
from unicef_linked.metadata import prov, void
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCAT, DCTERMS, FOAF, RDF, SPDX, XSD
from unicef_linked.rdf.statistics import describe as describe_statistics
from unicef_linked.rdf.terms import objects_of, triple, typed, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pyoxigraph import Quad, Triple

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.exports.definitions import Export
    from unicef_linked.i18n import Translations

_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"
"""What the IRIs of media types begin with (DCAT 3, section 6.8.15)."""

_SHA256: Final = f"{SPDX}checksumAlgorithm_sha256"


@dataclass(frozen=True, slots=True)
class _Service:
    """One service that serves the dataset."""

    name: str  # after # in its IRI
    address: str
    description: str  # address of the description that programs read
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

_ORIGIN: Final = (
    f"{DCAT}version",
    f"{DCTERMS}description",
    f"{DCTERMS}issued",
    f"{DCTERMS}license",
    f"{DCTERMS}publisher",
    f"{DCTERMS}rights",
    f"{DCTERMS}source",
    f"{DCTERMS}title",
    f"{FOAF}page",
    f"{RDF}type",
)
"""Properties of named graphs and sources that the description repeats."""

_COPIED_TO_CATALOGUE: Final = (
    f"{DCTERMS}title",
    f"{DCTERMS}description",
    f"{DCTERMS}publisher",
    f"{DCTERMS}license",
    f"{DCTERMS}language",
    f"{DCTERMS}spatial",
)
"""Properties that the catalogue has from its only dataset."""

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
"""Classes that DCAT-AP, section 7, requires of the values of properties."""


def describe_dataset(
    published: PublishedDataset, translations: Translations, address: str
) -> Description:
    """Return the description; ``address`` is the public address of this server, ending in ``/``.

    What editors say of the dataset (title, licence, publisher) is in the data, and so are the
    statistics of a built release; other releases are counted. Partitions inside partitions are
    left out; SPARQL has them.
    """
    names = published.names
    origin = _origin(published)
    statistics = set(describe_statistics(published.statistics, names))
    about = {*_own_statements(published, statistics), *origin}
    sources = objects_of(origin, f"{DCTERMS}source")
    triples = [
        *statistics,
        *_dataset(published, address),
        *void.describe(published, address),
        *prov.describe(published, sources),
    ]
    for path in published.release.dumps():
        triples += _dump(published, translations, address, path)
    for export in read_exports(published.store, names):
        triples += _export(names.dataset, address, export)
    for service in _SERVICES:
        triples += _service(names.dataset, translations, address, service)
    own = [quad.triple for quad in about if value_of(quad.subject) == names.dataset]
    triples += _catalogue(published, address, own)
    triples += _types_of_values({*(quad.triple for quad in about), *triples}, names.dataset)
    return Description(names.dataset, sorted(about, key=str), triples)


def _own_statements(published: PublishedDataset, statistics: set[Triple]) -> set[Quad]:
    """Return what the data says of the dataset, of its statistics and of nodes within its IRI."""
    names, store = published.names, published.store
    counted = store.match(graph_name=NamedNode(names.graph("derived/statistics")))
    quads = {*published.own_statements, *(quad for quad in counted if quad.triple in statistics)}
    objects = {quad.object for quad in quads if isinstance(quad.object, NamedNode)}
    parts = [node for node in objects if node.value.startswith(f"{names.dataset}#")]
    return quads | set(store.match_any(parts))


def _origin(published: PublishedDataset) -> list[Quad]:
    """Return what the data says of the origin and terms of named graphs and their sources."""
    properties = [NamedNode(iri) for iri in _ORIGIN]
    graphs = [NamedNode(iri) for iri in published.named_graphs]
    quads = published.store.match_any(graphs, properties)
    objects = set(objects_of(quads, f"{DCTERMS}source"))
    sources = [term for term in sorted(objects, key=str) if isinstance(term, NamedNode)]
    return quads + published.store.match_any(sources, properties)


def _dataset(published: PublishedDataset, address: str) -> Iterator[Triple]:
    """Yield the ``dcat:Dataset``."""
    dataset = published.names.dataset
    yield triple(dataset, f"{RDF}type", f"{DCAT}Dataset")
    yield triple(dataset, f"{DCAT}version", Literal(published.release.manifest.name))
    yield triple(dataset, f"{DCAT}landingPage", absolute(address, addresses.DATASET))
    yield triple(dataset, f"{DCTERMS}identifier", Literal(dataset))


def _dump(
    published: PublishedDataset, translations: Translations, address: str, path: Path
) -> Iterator[Triple]:
    """Yield the distribution that is a dump; nothing if the file is none."""
    dump_format = DUMPS.get(path.name.removesuffix(".gz"))
    if dump_format is None:
        return
    dataset = published.names.dataset
    node = f"{dataset}#{path.name.replace('.', '-')}"
    titles = dict.fromkeys(translations.languages, path.name)
    download = absolute(address, addresses.dump(path.name))
    yield from _distribution(dataset, node, download, dump_format.media_type, titles)
    if path.suffix == ".gz":
        yield triple(node, f"{DCAT}compressFormat", f"{_MEDIA_TYPES}application/gzip")
    size = published.release.size_of(path)
    if size is not None:
        number = typed(str(size), f"{XSD}nonNegativeInteger")
        yield triple(node, f"{DCAT}byteSize", number)
    if path.name not in published.checksums:
        return
    yield from prov.checksum(node, published.checksums[path.name])
    yield triple(_SHA256, f"{RDF}type", f"{SPDX}ChecksumAlgorithm")


def _export(dataset: str, address: str, export: Export) -> Iterator[Triple]:
    """Yield the distribution that is an export."""
    node = f"{dataset}#export-{export.name.replace('.', '-')}"
    download = absolute(address, addresses.export(export.name))
    yield from _distribution(dataset, node, download, export.media_type, export.titles)


def _distribution(
    dataset: str, node: str, download: str, media_type: str, titles: Mapping[str, str]
) -> Iterator[Triple]:
    """Yield a ``dcat:Distribution``."""
    yield triple(dataset, f"{DCAT}distribution", node)
    yield triple(node, f"{RDF}type", f"{DCAT}Distribution")
    yield triple(node, f"{DCAT}downloadURL", download)
    yield triple(node, f"{DCAT}accessURL", download)
    yield triple(node, f"{DCAT}mediaType", _MEDIA_TYPES + media_type)
    yield triple(node, f"{DCTERMS}format", _MEDIA_TYPES + media_type)
    yield from _titles(node, titles)


def _service(
    dataset: str, translations: Translations, address: str, service: _Service
) -> Iterator[Triple]:
    """Yield a ``dcat:DataService``."""
    node = f"{dataset}#{service.name}"
    yield triple(node, f"{RDF}type", f"{DCAT}DataService")
    yield triple(node, f"{DCAT}servesDataset", dataset)
    yield triple(node, f"{DCAT}endpointURL", absolute(address, service.address))
    yield triple(node, f"{DCAT}endpointDescription", absolute(address, service.description))
    yield triple(node, f"{DCTERMS}conformsTo", service.standard)
    yield from _titles(node, translations.in_every_language(service.title))


def _catalogue(
    published: PublishedDataset, address: str, about: Iterable[Triple]
) -> Iterator[Triple]:
    """Yield the ``dcat:Catalog`` with statements of its only dataset; none without a publisher."""
    catalogue, dataset = published.names.base, published.names.dataset
    copied = [s for s in about if s.predicate.value in _COPIED_TO_CATALOGUE]
    if not any(statement.predicate.value == f"{DCTERMS}publisher" for statement in copied):
        return
    for statement in copied:
        yield triple(catalogue, statement.predicate.value, statement.object)
    yield triple(catalogue, f"{RDF}type", f"{DCAT}Catalog")
    yield triple(catalogue, f"{DCAT}dataset", dataset)
    for service in _SERVICES:
        yield triple(catalogue, f"{DCAT}service", f"{dataset}#{service.name}")
    yield triple(catalogue, f"{FOAF}homepage", address)
    yield triple(address, f"{RDF}type", f"{FOAF}Document")


def _types_of_values(statements: Iterable[Triple], dataset: str) -> Iterator[Triple]:
    """Yield the class of each value for which DCAT-AP, section 7, requires one."""
    for statement in statements:
        node, predicate = statement.object, statement.predicate.value
        kind = _RANGES.get(predicate)
        is_other_publisher = (
            predicate == f"{DCTERMS}publisher" and value_of(statement.subject) != dataset
        )
        if kind and isinstance(node, NamedNode) and not is_other_publisher:
            yield triple(node.value, f"{RDF}type", kind)


def _titles(subject: str, texts: Mapping[str, str]) -> Iterator[Triple]:
    """Yield the titles of a thing, by language."""
    for tag, text in texts.items():
        yield triple(subject, f"{DCTERMS}title", Literal(text, language=tag))
