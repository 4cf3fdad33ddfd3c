"""The addresses of the server: the only module that makes one. No framework, no I/O.

An address here is the path, query and fragment of a URL on this server; ``absolute`` puts it behind
an origin. The routes that answer are in ``web/routes``; ``tests/web/test_addresses.py`` holds both
to each other. IRIs are made by ``rdf.iris.Names``, whatever the server is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from unicef_linked.rdf.iris import to_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unicef_linked.rdf.iris import Names

HOME: Final = "/"
DATASET: Final = "/dataset"
ONTOLOGY: Final = "/ontology"
SHAPES: Final = "/shapes"
QUALITY: Final = "/quality"
PICTURES: Final = "/pictures"
CONTEXT: Final = "/context.jsonld"
DUMPS: Final = "/dump/"
EXPORTS: Final = "/export/"
RELEASES: Final = "/releases"
CHANGES: Final = "/changes"
FEED: Final = "/changes.atom"

SPARQL: Final = "/sparql"
QUERIES: Final = "/query"
RESOURCE: Final = "/resource"
FRAGMENTS: Final = "/fragments"
SEARCH: Final = "/search"
RESOLVE: Final = "/resolve"
RECONCILE: Final = "/reconcile"

DOCS: Final = "/docs"
OPENAPI: Final = "/openapi.json"
LLMS: Final = "/llms.txt"
LINKSET: Final = "/linkset"
VOID: Final = "/.well-known/void"  # Describing Linked Datasets with VoID, section 7.2
ROBOTS: Final = "/robots.txt"
SITEMAP: Final = "/sitemap.xml"

HEALTH: Final = "/healthz"
READINESS: Final = "/readyz"
METRICS: Final = "/metrics"
STATIC: Final = "/static"
ICON: Final = f"{STATIC}/icon.svg"

_UNDER_BASE: Final = frozenset(
    {"", "ontology", "shapes", "dataset", "quality", "doc", "graph", "release"}
)
"""First segments of the IRIs that are addresses too, by the same path."""


# Documents


def entity(name: str) -> str:
    """Return the address that redirects from an entity to the document about it.

    >>> entity("region/gao")
    '/id/region/gao'
    """
    return f"/id/{name}"


def entity_of(path: str) -> str | None:
    """Return the address of the entity that a document is about, None for any other document.

    >>> entity_of(document("region", "gao")), entity_of(list_of("region"))
    ('/id/region/gao', None)
    """
    match = re.fullmatch("/doc/([^/]+/.+)", path)
    return entity(match[1]) if match else None


def document(entity_type: str, key: str) -> str:
    """Return the address of the document about an entity; its type and key are those of its IRI.

    >>> document("site", "Ségou")
    '/doc/site/S%C3%A9gou'
    """
    return to_uri(f"/doc/{entity_type}/{key}")


def list_of(entity_type: str) -> str:
    """Return the address of the list of a type's entities."""
    return to_uri(f"/doc/{entity_type}")


def graph(name: str) -> str:
    """Return the address of a named graph."""
    return to_uri(f"/graph/{name}")


def dump(name: str) -> str:
    """Return the address of a whole-dataset file."""
    return f"{DUMPS}{name}"


def release(name: str) -> str:
    """Return the address of the page about a release."""
    return f"/release/{name}"


def memento(release_name: str, path: str) -> str:
    """Return the address of a document as it was in a release (RFC 7089).

    >>> memento("94f3d8599fea", document("region", "gao"))
    '/release/94f3d8599fea/doc/region/gao'
    """
    return f"{release(release_name)}{path}"


def timemap(path: str) -> str:
    """Return the address of the list of a document's mementos (RFC 7089)."""
    return f"/timemap{path}"


def difference(older: str, newer: str) -> str:
    """Return the address of the difference of two releases."""
    return f"/diff/{older}..{newer}"


def export(name: str) -> str:
    """Return the address of a table, map or mapping set."""
    return f"{EXPORTS}{name}"


def problem(name: str) -> str:
    """Return the address of the description of a problem type (RFC 9457, section 3.1.1)."""
    return f"/problem/{name}"


def linkset(path: str) -> str:
    """Return the address of the links of the document at ``path`` (RFC 9264).

    >>> linkset(document("region", "gao"))
    '/linkset/doc/region/gao'
    """
    return f"{LINKSET}{path}"


def sitemap(number: int) -> str:
    """Return the address of one of several sitemaps; they are numbered from 1."""
    return f"/sitemap-{number}.xml"


def static(name: str) -> str:
    """Return the address of a style sheet, a script or an image."""
    return f"{STATIC}/{name}"


# Questions


def resource(iri: str) -> str:
    """Return the address of the document about any IRI, wherever it lies.

    >>> resource("http://example.org/a#b")
    '/resource?iri=http%3A%2F%2Fexample.org%2Fa%23b'
    """
    return f"{RESOURCE}?iri={quote(iri, safe='')}"


def query(text: str, format_name: str = "", *, safe: str = "") -> str:
    """Return the address of the editor with a query; with a format, that of the query's answer.

    ``safe`` has characters that are not percent-encoded.

    >>> query("ASK { }", "csv")
    '/sparql?query=ASK%20%7B%20%7D&format=csv'
    """
    address = f"{SPARQL}?query={quote(text, safe=safe)}"
    return f"{address}&format={format_name}" if format_name else address


def named_query(key: str, suffix: str = "", given: Sequence[tuple[str, str]] = ()) -> str:
    """Return the address of an example query; with a suffix, that of its answer in a format.

    >>> named_query("cercles-of-region", "csv", [("region", "region/gao")])
    '/query/cercles-of-region.csv?region=region%2Fgao'
    """
    path = to_uri(f"{QUERIES}/{key}")
    return with_query(f"{path}.{suffix}" if suffix else path, given)


def fragment(pattern: Mapping[str, str]) -> str:
    """Return the address of the data that match a triple pattern.

    >>> fragment({"subject": "http://example.org/a", "page": "2"})
    '/fragments?subject=http%3A%2F%2Fexample.org%2Fa&page=2'
    """
    return with_query(FRAGMENTS, pattern)


def search(text: str, type_name: str = "") -> str:
    """Return the address of the entities that a text may name, of all types or of one.

    >>> search("San Pedro", "Region")
    '/search?q=San%20Pedro&type=Region'
    """
    address = f"{SEARCH}?q={quote(text)}"
    return f"{address}&type={quote(type_name)}" if type_name else address


# Parts of addresses


def to_address(path: str) -> str:
    """Return the address of a decoded path, as of a request.

    >>> to_address("/doc/site/Ségou 1")
    '/doc/site/S%C3%A9gou%201'
    """
    return quote(path, safe="/!$&'()*+,;=:@~")


def with_query(path: str, parameters: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    """Return an address with a query, as HTML forms encode it; after the one that it may have.

    >>> with_query("/doc/region", {"page": "2"}), with_query("/doc/region", {})
    ('/doc/region?page=2', '/doc/region')
    >>> with_query("/resource?iri=urn%3Aa", {"page": "2"})
    '/resource?iri=urn%3Aa&page=2'
    """
    mark = "&" if "?" in path else "?"
    return f"{path}{mark}{urlencode(parameters)}" if parameters else path


def in_format(path: str, suffix: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return the address of a document in one format, by the format's suffix.

    >>> in_format("/doc/region", "ttl", {"page": "2"})
    '/doc/region.ttl?page=2'
    """
    return with_query(f"{path}.{suffix}", parameters or {})


def part(path: str, anchor: str) -> str:
    """Return the address of a part of a page."""
    return f"{path}#{anchor}"


def absolute(origin: str, address: str) -> str:
    """Return the URL of an address of the server at ``origin``, which may end in ``/``.

    >>> absolute("http://localhost:8000/", "/dump/dataset.nq")
    'http://localhost:8000/dump/dataset.nq'
    """
    return origin.rstrip("/") + address


def of_iri(names: Names, iri: str) -> str | None:
    """Return the address that answers for an IRI under the base, None for any other IRI.

    >>> from unicef_linked.rdf.iris import Names
    >>> of_iri(Names(), "https://w3id.org/unicef-linked/id/region/gao")
    '/doc/region/gao'
    >>> of_iri(Names(), "https://w3id.org/unicef-linked/ontology#Office")
    '/ontology#Office'
    """
    if type_and_key := names.type_and_key(iri):
        return document(*type_and_key)
    return below_base(names, iri)


def below_base(names: Names, iri: str) -> str | None:
    """Return the address that answers for an IRI under the base that is none of an entity."""
    if not iri.startswith(names.base):
        return None
    path = iri[len(names.base) :]
    first = re.split(r"[#/?]", path, maxsplit=1)[0]
    return to_uri(f"/{path}") if first in _UNDER_BASE else None
