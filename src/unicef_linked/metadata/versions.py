"""Releases and mementos as data: DCAT 3, section 11.4 (versions), and Dublin Core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked import addresses
from unicef_linked.addresses import absolute
from unicef_linked.metadata.prov import checksum
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCAT, DCTERMS, FOAF, RDF, XSD
from unicef_linked.rdf.terms import triple, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyoxigraph import Triple

    from unicef_linked.dataset.past import Past
    from unicef_linked.release import Release

_MEDIA_TYPES: Final = "https://www.iana.org/assignments/media-types/"


def date_time(text: str) -> Literal:
    """Return a date and time as xsd:dateTime."""
    return typed(text, f"{XSD}dateTime")


def describe_mementos(original: str, mementos: Iterable[tuple[str, str]]) -> list[Triple]:
    """Return which mementos a document has: the address and the date of each."""
    triples = [triple(original, f"{RDF}type", f"{FOAF}Document")]
    for address, issued in mementos:
        triples += [
            triple(original, f"{DCTERMS}hasVersion", address),
            triple(address, f"{RDF}type", f"{FOAF}Document"),
            triple(address, f"{DCTERMS}isVersionOf", original),
            triple(address, f"{DCTERMS}issued", date_time(issued)),
        ]
    return triples


def describe_releases(past: Past, releases: Sequence[Release], address: str) -> list[Triple]:
    """Return what is known of releases; ``address`` is that of this server, ending in ``/``."""
    names = past.current.names
    dataset = names.dataset
    triples = [triple(dataset, f"{RDF}type", f"{DCAT}Dataset")]
    current = names.release(past.current.manifest.name)
    triples.append(triple(dataset, f"{DCAT}hasCurrentVersion", current))
    for release in releases:
        triples += _describe(past, release, address)
    return triples


def _describe(past: Past, release: Release, address: str) -> Iterator[Triple]:
    manifest, names = release.manifest, release.names
    iri = names.release(manifest.name)
    yield triple(names.dataset, f"{DCAT}hasVersion", iri)
    yield triple(iri, f"{RDF}type", f"{DCAT}Dataset")
    yield triple(iri, f"{DCAT}isVersionOf", names.dataset)
    yield triple(iri, f"{DCAT}version", Literal(manifest.name))
    yield triple(iri, f"{DCTERMS}issued", date_time(manifest.issued))
    yield triple(iri, f"{DCTERMS}identifier", Literal(f"sha256:{manifest.sha256}"))
    yield triple(iri, f"{DCAT}landingPage", absolute(address, addresses.release(manifest.name)))
    position = past.releases.index(release)
    if position:
        previous = past.releases[position - 1].manifest.name
        yield triple(iri, f"{DCAT}previousVersion", names.release(previous))
    sums = read_sums(release)
    for path in release.dumps():
        kind = DUMPS.get(path.name.removesuffix(".gz"))
        if kind is None:
            continue
        node = f"{iri}#{path.name.replace('.', '-')}"
        location = addresses.memento(manifest.name, addresses.dump(path.name))
        yield triple(iri, f"{DCAT}distribution", node)
        yield triple(node, f"{RDF}type", f"{DCAT}Distribution")
        yield triple(node, f"{DCAT}downloadURL", absolute(address, location))
        yield triple(node, f"{DCAT}mediaType", _MEDIA_TYPES + kind.media_type)
        if path.suffix == ".gz":
            yield triple(node, f"{DCAT}compressFormat", f"{_MEDIA_TYPES}application/gzip")
        size = release.size_of(path)
        if size is not None:
            number = typed(str(size), f"{XSD}nonNegativeInteger")
            yield triple(node, f"{DCAT}byteSize", number)
        if path.name in sums:
            yield from checksum(node, sums[path.name])


def read_sums(release: Release) -> dict[str, str]:
    """Return the SHA-256 of each dump of a release, by name."""
    path = release.path / "dumps" / "SHA256SUMS"
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
