"""The typed links of documents: FAIR Signposting, levels 1 and 2 (signposting.org/FAIR/)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked import addresses
from unicef_linked.rdf.formats import DUMPS, HTML, JSONLD, TURTLE, Carries, Format
from unicef_linked.rdf.iris import RDF, SCHEMA
from unicef_linked.rdf.terms import iris_in, objects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.published import PublishedDataset

LINKSET_JSON: Final = Format(
    "linkset+json",
    "application/linkset+json",
    "json",
    Carries.PAGE,
    "Linkset JSON",
    ("application/json",),
)
LINKSET: Final = Format(
    "linkset", "application/linkset", "linkset", Carries.PAGE, "Linkset", ("text/plain",)
)

_SCHEMA: Final = "https://schema.org/"
_TYPES: Final = {"ontology": "DefinedTermSet", "shapes": "CreativeWork", "quality": "Report"}
"""What the pages about the release are about, as classes of schema.org."""


@dataclass(frozen=True, slots=True)
class Signpost:
    """One typed link from a document; ``href`` is absolute, or a path on this server."""

    rel: str
    href: str
    media_type: str = ""


def dump_names(dataset: PublishedDataset) -> list[str]:
    """Return the names of the whole-dataset files that are described."""
    return [path.name for path in dataset.release.dumps() if path.name in DUMPS]


def signposts(
    dataset: PublishedDataset,
    path: str,
    iri: str | None = None,
    about: Sequence[Quad] | None = None,
) -> list[Signpost]:
    """Return the links of the document at ``path`` (without extension); none for other paths.

    The licences of an entity are those of the graphs that describe it. ``iri`` is what the document
    is about, if its path does not tell; ``about`` are the statements of an entity, which are read
    if they are not given.
    """
    links: list[Signpost] = []
    match path.strip("/").split("/"):
        case ["" | "dataset"]:
            path = addresses.DATASET
            links = _of_dataset(dataset)
        case ["dump", name] if name in dump_names(dataset):
            links = _of_listed(dataset, "DataDownload")
        case ["doc", entity_type, *keys] if keys:
            iri = iri or dataset.names.entity(entity_type, "/".join(keys))
            quads = dataset.store.match(NamedNode(iri)) if about is None else about
            links = _of_entity(dataset, iri, addresses.list_of(entity_type), quads)
        case ["resource"] if iri:
            links = _of_entity(dataset, iri, addresses.DATASET, about or ())
            return [*links, *_descriptions(path, {"iri": iri})]
        case ["doc", _]:
            links = _of_listed(dataset, "CollectionPage")
        case ["graph", *rest] if rest:
            links = _of_part(dataset, iri or dataset.names.base + path.strip("/"), "Dataset")
        case ["ontology" | "shapes" | "quality" as name]:
            links = _of_part(dataset, dataset.names.base + path.strip("/"), _TYPES[name])
    return links + _descriptions(path) if links else []


def _of_listed(dataset: PublishedDataset, kind: str) -> list[Signpost]:
    """Return the links of a dump, and of a list of entities."""
    return [
        Signpost("type", f"{_SCHEMA}{kind}"),
        Signpost("collection", addresses.DATASET),
        *_licences(dataset, [dataset.names.dataset]),
    ]


def _of_dataset(dataset: PublishedDataset) -> list[Signpost]:
    iri = dataset.names.dataset
    return [
        Signpost("cite-as", iri),
        Signpost("type", f"{_SCHEMA}Dataset"),
        Signpost("service-desc", addresses.OPENAPI, "application/json"),
        Signpost("service-doc", addresses.DOCS, HTML.media_type),
        *(
            Signpost("item", addresses.dump(name), DUMPS[name].media_type)
            for name in dump_names(dataset)
        ),
        *_licences(dataset, [iri]),
    ]


def _of_part(dataset: PublishedDataset, iri: str, kind: str) -> list[Signpost]:
    """Return the links of a page about a part of the release.

    The licence is the part's own, else the dataset's.
    """
    return [
        Signpost("cite-as", iri),
        Signpost("type", f"{_SCHEMA}AboutPage"),
        Signpost("type", f"{_SCHEMA}{kind}"),
        Signpost("collection", addresses.DATASET),
        *(_licences(dataset, [iri]) or _licences(dataset, [dataset.names.dataset])),
    ]


def _of_entity(
    dataset: PublishedDataset, iri: str, collection: str, quads: Sequence[Quad]
) -> list[Signpost]:
    classes = sorted({*iris_in(objects_of(quads, f"{RDF}type"))})
    graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)}
    return [
        Signpost("cite-as", iri),
        Signpost("type", f"{_SCHEMA}AboutPage"),
        *(
            Signpost("type", name.replace("http:", "https:"))
            for name in classes
            if name.startswith(SCHEMA)
        ),
        Signpost("collection", collection),
        *_licences(dataset, graphs or {dataset.names.dataset}),
    ]


def _licences(dataset: PublishedDataset, iris: Iterable[str]) -> list[Signpost]:
    """Return each licence that the data states of any of the IRIs."""
    return [Signpost("license", iri) for iri in dataset.licences(iris)]


def _descriptions(path: str, query: Mapping[str, str] | None = None) -> list[Signpost]:
    """Return the links to metadata in RDF and to the linkset (RFC 9264).

    A document that a ``query`` chooses has no linkset of its own.
    """
    formats = () if path.startswith(addresses.DUMPS) else (TURTLE, JSONLD)
    described = [
        Signpost("describedby", addresses.in_format(path, f.suffix, query), f.media_type)
        for f in formats
    ]
    if query:
        return described
    linksets = (LINKSET_JSON, LINKSET)
    return described + [
        Signpost("linkset", addresses.linkset(path), f.media_type) for f in linksets
    ]
