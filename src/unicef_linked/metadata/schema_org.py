"""The dataset and each entity by schema.org, as JSON-LD that pages embed for search engines.

Only what the data states: an entity has its schema.org classes; without any it is a ``Thing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import LabelResolver
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCAT, DCTERMS, RDF, SCHEMA, SKOS
from unicef_linked.rdf.mappings import SAME
from unicef_linked.rdf.terms import iris_in, objects_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import Resource
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.iris import Names

Structured = dict[str, Any]

_CONTEXT: Final = "https://schema.org"
_SAME: Final = (*SAME, f"{SCHEMA}sameAs")
_ABOUT: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{SKOS}scopeNote", f"{SKOS}note")


def dataset(published: PublishedDataset, address: str, language: str) -> Structured:
    """Return the ``schema:Dataset``; ``address`` is the public address of this server."""
    iri = published.names.dataset
    quads = published.own_statements
    publishers = _iris(quads, f"{DCTERMS}publisher")[:1]
    spatial = _iris(quads, f"{DCTERMS}spatial")
    iris = [iri, *spatial, *publishers]
    labels = LabelResolver(published.names, published.labels(iris), language)
    languages = {_CODES.get(value, value) for value in _values(quads, f"{DCTERMS}language")}
    return _without_gaps(
        {
            "@context": _CONTEXT,
            "@id": iri,
            "@type": "Dataset",
            "name": labels.label(iri).text,
            "description": _text(quads, _ABOUT, language),
            "url": addresses.absolute(address, addresses.DATASET),
            "identifier": iri,
            "version": published.release.manifest.name,
            "license": next(iter(_iris(quads, f"{DCTERMS}license")), None),
            "isAccessibleForFree": True,
            "inLanguage": sorted(languages),
            "keywords": sorted(_texts(quads, f"{DCAT}keyword", language)),
            "creator": next(
                (_named("Organization", publisher, labels) for publisher in publishers), None
            ),
            "spatialCoverage": [_named("Place", place, labels) for place in spatial],
            "temporalCoverage": _temporal_coverage(published),
            "distribution": [
                _download(published, address, path)
                for path in published.release.dumps()
                if path.name in DUMPS
            ],
        }
    )


def _named(kind: str, iri: str, labels: LabelResolver) -> Structured:
    """Return a thing by its name."""
    return {"@type": kind, "@id": iri, "name": labels.label(iri).text}


def _temporal_coverage(published: PublishedDataset) -> str | None:
    """Return the open interval of ISO 8601 from the first date that the dataset states."""
    for period in _iris(published.own_statements, f"{DCTERMS}temporal"):
        starts = _values(published.store.match(NamedNode(period)), f"{DCAT}startDate")
        if starts:
            return f"{starts[0]}/.."
    return None


def _download(published: PublishedDataset, address: str, path: Path) -> Structured:
    """Return a dump, with size and digest if it is made already."""
    download: Structured = {
        "@type": "DataDownload",
        "contentUrl": addresses.absolute(address, addresses.dump(path.name)),
        "encodingFormat": DUMPS[path.name].media_type,
    }
    size = published.release.size_of(path)
    if size is not None:
        download["contentSize"] = f"{size} B"
    if path.name in published.checksums:
        download["sha256"] = published.checksums[path.name]
    return download


_CODES: Final = {
    f"http://publications.europa.eu/resource/authority/language/{name}": tag
    for name, tag in {"ENG": "en", "FRA": "fr"}.items()
}


def entity(names: Names, resource: Resource, quads: Iterable[Quad], language: str) -> Structured:
    """Return an entity: names, classes, the same entity elsewhere, its schema.org properties."""
    own = [quad for quad in quads if quad.subject == NamedNode(resource.iri)]
    types = [iri for iri in _iris(own, f"{RDF}type") if iri.startswith(SCHEMA)]
    others = {text.text for text in resource.other_labels} - {resource.label.text}
    properties = _schema_properties(own, language)
    return _without_gaps(
        {
            "@context": _CONTEXT,
            "@id": resource.iri,
            "@type": sorted(iri.removeprefix(SCHEMA) for iri in types) or "Thing",
            "name": resource.label.text,
            "description": _text(own, _ABOUT, language),
            "sameAs": sorted({value for name in _SAME for value in _iris(own, name)}),
            "subjectOf": {"@type": "Dataset", "@id": names.dataset, "url": names.dataset},
            **properties,
            "alternateName": sorted({*others, *map(str, properties.get("alternateName", ()))}),
        }
    )


def _schema_properties(quads: Iterable[Quad], language: str) -> dict[str, list[str | Structured]]:
    """Return the values of schema.org properties, texts in one language."""
    properties: dict[str, list[str | Structured]] = {}
    for quad in sorted(quads, key=str):
        predicate, term = quad.predicate.value, quad.object
        if not predicate.startswith(SCHEMA) or predicate in _REPEATED:
            continue
        values = properties.setdefault(predicate.removeprefix(SCHEMA), [])
        if isinstance(term, NamedNode):
            values.append({"@id": term.value})
        elif isinstance(term, Literal) and (term.language or language) == language:
            values.append(term.value)
    return {name: values for name, values in properties.items() if values}


_REPEATED: Final = (f"{SCHEMA}name", f"{SCHEMA}sameAs")
"""Properties whose values are collected with those of other vocabularies."""


def _iris(quads: Iterable[Quad], predicate: str) -> list[str]:
    """Return the IRIs that a property has, sorted, without duplicates."""
    return sorted({*iris_in(objects_of(quads, predicate))})


def _values(quads: Iterable[Quad], predicate: str) -> list[str]:
    """Return the IRIs or lexical forms that a property has, sorted."""
    return sorted(value_of(term) for term in {*objects_of(quads, predicate)})


def _texts(quads: Iterable[Quad], predicate: str, language: str) -> set[str]:
    literals = [t for t in objects_of(quads, predicate) if isinstance(t, Literal)]
    return {text.value for text in literals if (text.language or language) == language}


def _text(quads: list[Quad], predicates: Iterable[str], language: str) -> str | None:
    """Return the first text in a language, by the order of the properties."""
    return next(
        (text for name in predicates for text in sorted(_texts(quads, name, language))), None
    )


def _without_gaps(values: Structured) -> Structured:
    return {name: value for name, value in values.items() if value not in (None, [], "")}
