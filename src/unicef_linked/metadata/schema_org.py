"""What search engines read in a page: the dataset and each entity in the words of schema.org, as JSON-LD to embed.

Only what the data states: a thing keeps the schema.org classes that it has, and is else a ``Thing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import LabelResolver
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCAT, DCTERMS, RDF, SCHEMA, SKOS
from unicef_linked.rdf.mappings import SAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import Resource
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.iris import Names

Structured = dict[str, Any]

_CONTEXT: Final = "https://schema.org"
_SAME: Final = (*SAME, f"{SCHEMA}sameAs")
_ABOUT: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{SKOS}scopeNote", f"{SKOS}note")


def dataset(published: PublishedDataset, address: str, language: str) -> Structured:
    """Return the dataset as ``schema:Dataset``; ``address`` is where the public reaches this server, ending in ``/``."""
    iri = published.names.dataset
    quads = published.own_statements
    publisher = next(iter(_iris(quads, f"{DCTERMS}publisher")), None)
    spatial = _iris(quads, f"{DCTERMS}spatial")
    starts = [
        date
        for period in _iris(quads, f"{DCTERMS}temporal")
        for date in _values(published.store.match(NamedNode(period)), f"{DCAT}startDate")
    ]
    labels = published.store.labels([iri, *spatial, *filter(None, [publisher])])
    reader = LabelResolver(published.names, labels, language)
    label = reader.label(iri)
    return _without_gaps(
        {
            "@context": _CONTEXT,
            "@id": iri,
            "@type": "Dataset",
            "name": label.text,
            "description": _text(quads, _ABOUT, language),
            "url": addresses.absolute(address, addresses.DATASET),
            "identifier": iri,
            "version": published.release.manifest.name,
            "license": next(iter(_iris(quads, f"{DCTERMS}license")), None),
            "isAccessibleForFree": True,
            "inLanguage": sorted(
                {_CODES.get(value, value) for value in _values(quads, f"{DCTERMS}language")}
            ),
            "keywords": sorted(_texts(quads, f"{DCAT}keyword", language)),
            "creator": {
                "@type": "Organization",
                "@id": publisher,
                "name": reader.label(publisher).text,
            }
            if publisher
            else None,
            "spatialCoverage": [
                {"@type": "Place", "@id": place, "name": reader.label(place).text}
                for place in spatial
            ],
            "temporalCoverage": f"{starts[0]}/.." if starts else None,
            "distribution": [
                {
                    "@type": "DataDownload",
                    "contentUrl": addresses.absolute(address, addresses.dump(path.name)),
                    "encodingFormat": DUMPS[path.name].media_type,
                    "contentSize": f"{path.stat().st_size} B",
                    "sha256": published.checksums[path.name],
                }
                for path in published.release.dumps()
                if path.name in DUMPS
            ],
        }
    )


_CODES: Final = {
    f"http://publications.europa.eu/resource/authority/language/{name}": tag
    for name, tag in {"ENG": "en", "FRA": "fr"}.items()
}


def entity(names: Names, resource: Resource, quads: Iterable[Quad], language: str) -> Structured:
    """Return one thing in words of schema.org: names, class, the same thing elsewhere, what schema.org terms say of it."""
    own = [
        quad
        for quad in quads
        if isinstance(quad.subject, NamedNode) and quad.subject.value == resource.iri
    ]
    classes = {
        value.removeprefix(SCHEMA) for value in _iris(own, f"{RDF}type") if value.startswith(SCHEMA)
    }
    others = {text.text for text in resource.other_labels} - {resource.label.text}
    said: dict[str, list[str | float | Structured]] = {}
    for quad in sorted(own, key=str):
        predicate = quad.predicate.value
        if predicate.startswith(SCHEMA) and predicate not in {f"{SCHEMA}name", f"{SCHEMA}sameAs"}:
            name = predicate.removeprefix(SCHEMA)
            if isinstance(quad.object, NamedNode):
                said.setdefault(name, []).append({"@id": quad.object.value})
            elif (
                isinstance(quad.object, Literal) and (quad.object.language or language) == language
            ):
                said.setdefault(name, []).append(quad.object.value)
    return _without_gaps(
        {
            "@context": _CONTEXT,
            "@id": resource.iri,
            "@type": sorted(classes) or "Thing",
            "name": resource.label.text,
            "description": _text(own, _ABOUT, language),
            "sameAs": sorted({value for name in _SAME for value in _iris(own, name)}),
            "subjectOf": {"@type": "Dataset", "@id": names.dataset, "url": names.dataset},
            **said,
            "alternateName": sorted({*others, *map(str, said.get("alternateName", ()))}),
        }
    )


def _iris(quads: Iterable[Quad], predicate: str) -> list[str]:
    """Return the IRIs that a property has, each once and in order."""
    terms = {quad.object for quad in quads if quad.predicate.value == predicate}
    return sorted(term.value for term in terms if isinstance(term, NamedNode))


def _values(quads: Iterable[Quad], predicate: str) -> list[str]:
    """Return the IRIs, or the words of the literals, that a property has, each once and in order."""
    terms = {quad.object for quad in quads if quad.predicate.value == predicate}
    return sorted(term.value for term in terms if isinstance(term, NamedNode | Literal))


def _texts(quads: Iterable[Quad], predicate: str, language: str) -> set[str]:
    found = (quad.object for quad in quads if quad.predicate.value == predicate)
    return {
        term.value
        for term in found
        if isinstance(term, Literal) and (term.language or language) == language
    }


def _text(quads: list[Quad], predicates: Iterable[str], language: str) -> str | None:
    """Return what the first property that has any says in a language."""
    return next(
        (text for name in predicates for text in sorted(_texts(quads, name, language))), None
    )


def _without_gaps(found: Structured) -> Structured:
    return {name: value for name, value in found.items() if value not in (None, [], "")}
