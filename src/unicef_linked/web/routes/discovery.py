"""How machines find documents: /sitemap.xml, /robots.txt, /llms.txt, /linkset, signposts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.metadata.signposting import (
    LINKSET,
    LINKSET_JSON,
    Signpost,
    dump_names,
    signposts,
)
from unicef_linked.presentation.editor import read_examples, shortest_examples
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, JSONLD, TURTLE, Carries, Format
from unicef_linked.rdf.iris import DCTERMS, to_uri
from unicef_linked.web.identifiers import find_entity, find_graph
from unicef_linked.web.responses import add_signposts, negotiate, signpost_link
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from unicef_linked.dataset.charts import ChartCollection
    from unicef_linked.web.responder import Responder


XML: Final = Format("sitemap", "application/xml", "xml", Carries.PAGE, "Sitemap", ("text/xml",))
PLAIN: Final = Format("text", "text/plain", "txt", Carries.PAGE, "Text", text=True)

PER_SITEMAP: Final = 10_000
"""Most URLs in one sitemap; for more there is an index.

sitemaps.org allows 50,000 and 50 MB, which the addresses in each language would exceed.
"""

_SUFFIXES: Final = frozenset(
    suffix for offer in DOCUMENT_FORMATS for suffix in (offer.suffix, *offer.suffixes)
)


# Signposts


def _plain(path: str) -> str:
    """Return the path of a document without the extension of one of its formats.

    >>> _plain("/doc/region/gao.ttl")
    '/doc/region/gao'
    """
    stem, _, suffix = path.rpartition(".")
    return stem if stem and suffix in _SUFFIXES and not path.startswith(addresses.DUMPS) else path


def point(responder: Responder, response: Response) -> Response:
    """Give each document its signposts, beside the links that it has."""
    # A view that has read the entity has added them.
    has_signposts = 'rel="cite-as"' in response.headers.get("Link", "")
    is_read = request.method in {"GET", "HEAD"} and response.status_code == 200
    if is_read and not has_signposts:
        add_signposts(response, signposts(responder.dataset, _plain(request.path)))
    return response


# Linksets


def linkset(responder: Responder, document: str = "dataset") -> Response:
    """Return the linkset of a document (RFC 9264, section 4); the dataset's has its dumps too."""
    offer = negotiate((LINKSET_JSON, LINKSET))
    path, links = _links_of(responder, document)
    if not links:
        raise NotFound(f"there is no document {path} to link from")
    links_by_path = {path: links}
    if path == addresses.DATASET:
        for name in dump_names(responder.dataset):
            dump = addresses.dump(name)
            links_by_path[dump] = _links_from(responder, dump)
    write = _linkset_as_json if offer is LINKSET_JSON else _linkset_as_links
    content = write(responder.public_address(), links_by_path).encode()
    return responder.represent(content, offer, varies_by=["Accept"])


def _links_from(responder: Responder, path: str, iri: str | None = None) -> list[Signpost]:
    """Return where a document points to, but for its own linkset."""
    return [post for post in signposts(responder.dataset, path, iri) if post.rel != "linkset"]


def _links_of(responder: Responder, document: str) -> tuple[str, list[Signpost]]:
    """Return the address of a document and where it points to; nowhere if there is none."""
    path, iri = f"/{document}", None
    match document.split("/"):
        case ["doc", entity_type, *keys] if keys:
            name = "/".join((entity_type, *keys))
            statements = responder.dataset.statements()
            iri, suffix = find_entity(responder.names, statements, name)
            path = addresses.of_iri(responder.names, iri) or path
            is_published = suffix is None
        case ["doc", entity_type]:
            is_published = addresses.list_of(entity_type) in responder.lists
        case ["graph", *names] if names:
            iri, suffix = find_graph(responder, "/".join(names))
            path = addresses.of_iri(responder.names, iri) or path
            is_published = suffix is None
        case _:
            is_published = True
    return path, _links_from(responder, path, iri) if is_published else []


def _linkset_as_json(origin: str, links_by_path: Mapping[str, Iterable[Signpost]]) -> str:
    """Return a linkset as RFC 9264, section 4.2, has it."""
    contexts = [_context(origin, path, links) for path, links in links_by_path.items()]
    return json.dumps({"linkset": contexts}, indent=2, ensure_ascii=False)


def _context(origin: str, path: str, links: Iterable[Signpost]) -> dict[str, object]:
    """Return one link context object (RFC 9264, section 4.2.2)."""
    by_relation: dict[str, list[dict[str, str]]] = {}
    for signpost in links:
        target = {"href": _absolute(origin, signpost.href)}
        if signpost.media_type:
            target["type"] = signpost.media_type
        by_relation.setdefault(signpost.rel, []).append(target)
    return {"anchor": addresses.absolute(origin, path), **by_relation}


def _linkset_as_links(origin: str, links_by_path: Mapping[str, Iterable[Signpost]]) -> str:
    """Return a linkset as RFC 9264, section 4.1, has it: in the syntax of the field ``Link``."""
    lines = []
    for path, links in links_by_path.items():
        anchor = addresses.absolute(origin, path)
        for signpost in links:
            absolute = replace(signpost, href=_absolute(origin, signpost.href))
            lines.append(f'{signpost_link(absolute)}; anchor="{anchor}"')
    return ",\n".join(lines) + "\n"


def _absolute(origin: str, href: str) -> str:
    return to_uri(addresses.absolute(origin, href) if href.startswith("/") else href)


# For crawlers


def sitemap(responder: Responder, charts: ChartCollection, number: int | None = None) -> Response:
    """Return the URLs of all documents, each in every language (sitemaps.org 0.9).

    Languages are alternates as Google documents ``hreflang``. There is no ``lastmod``: when a
    document last changed is not known, and a wrong date would be worse than none.
    """
    dataset = responder.dataset
    paths = [
        *_DOCUMENTS,
        *(_OF_OURS if dataset.is_built else ()),
        *((addresses.PICTURES,) if charts.definitions else ()),
        *responder.lists,
    ]
    start = "" if dataset.is_of_others else responder.names.entities
    pages = -(-(len(paths) + dataset.described.count(start)) // PER_SITEMAP)
    if number is None and pages > 1:
        return responder.represent(_xml("sitemapindex", _sitemaps(responder, pages)), XML)
    if number is not None and not 1 <= number <= pages:
        raise NotFound(f"there is no sitemap {number}; there are {pages}")
    first = ((number or 1) - 1) * PER_SITEMAP
    shown = paths[first : first + PER_SITEMAP]
    iris = dataset.described.beginning(start, max(0, first - len(paths)))
    shown += _addresses(responder, islice(iris, PER_SITEMAP - len(shown)))
    queries = {tag: urlencode({"lang": tag}) for tag in responder.languages}
    origin = responder.public_address()
    entries = (_entry(addresses.absolute(origin, path), queries) for path in shown)
    return responder.represent(_xml("urlset", entries), XML)


_DOCUMENTS: Final = (
    addresses.HOME,
    addresses.DATASET,
    addresses.QUALITY,
    addresses.DUMPS,
    addresses.RELEASES,
    addresses.DOCS,
)
_OF_OURS: Final = (addresses.ONTOLOGY, addresses.SHAPES)
"""What a folder of RDF that is served as it is does not have."""


def _addresses(responder: Responder, iris: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of the documents about things; of entities alone if we mint IRIs."""
    for iri in iris:
        if type_and_key := responder.names.type_and_key(iri):
            yield addresses.document(*type_and_key)
        elif responder.dataset.is_of_others:
            yield addresses.resource(iri)


def _sitemaps(responder: Responder, number: int) -> Iterator[str]:
    """Yield the entries of an index of sitemaps."""
    for n in range(1, number + 1):
        url = responder.absolute(addresses.sitemap(n))
        yield f"<sitemap><loc>{escape(url)}</loc></sitemap>"


def _entry(url: str, queries: Mapping[str, str]) -> str:
    """Return the entry of a document, with the URL of its page in each language.

    ``queries`` choose a language. No URL has a quotation mark.
    """
    address = escape(url)
    mark = "&amp;" if "?" in url else "?"
    urls = {language: f"{address}{mark}{query}" for language, query in queries.items()}
    urls["x-default"] = address
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="{href}"/>'
        for language, href in urls.items()
    )
    return f"<url><loc>{address}</loc>{links}</url>"


def _xml(root: str, entries: Iterable[str]) -> bytes:
    namespaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<{root} {namespaces}>",
        *entries,
        f"</{root}>\n",
    ]
    return "\n".join(lines).encode()


def robots(responder: Responder) -> Response:
    """Return what crawlers may read (RFC 9309): all documents, no queries."""
    # The documents about the things of others are there, and the sitemap lists them.
    allowed = {addresses.RESOURCE} if responder.dataset.is_of_others else set()
    lines = [
        "User-agent: *",
        *(f"Disallow: {responder.root}{path}" for path in ENDLESS if path not in allowed),
        f"Sitemap: {responder.absolute(addresses.SITEMAP)}",
        "",
    ]
    return responder.represent("\n".join(lines).encode(), PLAIN)


ENDLESS: Final = (
    f"{addresses.SPARQL}?query=",
    f"{addresses.SPARQL}?*&query=",
    f"{addresses.QUERIES}/*?",
    addresses.RESOURCE,
    addresses.FRAGMENTS,
    addresses.RESOLVE,
    addresses.RECONCILE,
    addresses.SEARCH,
    addresses.release(""),
    addresses.timemap("/"),
    addresses.difference("", "").rstrip("."),
    addresses.CHANGES + "?",
)
"""Addresses that crawlers leave out: there are as many as there are questions, or each document
again for each release."""


def llms(responder: Responder) -> Response:
    """Return what a language model should know to use the data (llmstxt.org)."""
    iri = responder.names.dataset
    quads = responder.dataset.own_statements
    resource = responder.context("en").common_reader().resource(iri, quads)
    descriptions = [
        value.text.text
        for value in resource.values(f"{DCTERMS}description")
        if value.text and value.text.language in {"en", ""}
    ]
    counts = responder.dataset.counts
    lines = [
        f"# {resource.label.text}",
        "",
        f"> {(descriptions or ['A set of RDF data, served as it is.'])[0]}",
        "",
        f"{counts['triples']:,} statements about {counts['entities']:,} things. "
        f"{_of_iris(responder)} Read-only, no key.",
        "Ask with `Accept: text/turtle` or `application/ld+json`, "
        "or add `.ttl` or `.jsonld` to the address of a document.",
        *_endpoints(responder),
        *_lists(responder),
    ]
    for example in shortest_examples(read_examples(responder.context("en"))):
        query = example.query.rstrip()
        lines += ["", f"## Example: {example.title.text}", "", "```sparql", query, "```"]
    return responder.represent(("\n".join(lines) + "\n").encode(), PLAIN)


def _of_iris(responder: Responder) -> str:
    """Return how things are identified, and how the server is asked for them."""
    space = responder.dataset.uri_space
    if not responder.dataset.is_of_others:
        example = responder.absolute(addresses.entity("{type}/{key}"))
        return (
            f"IRIs begin with {space};\nask this server for them by path, for instance {example}."
        )
    begin = f"IRIs begin with {space};\nask" if space else "Ask"
    address = responder.absolute(addresses.RESOURCE)
    return f"{begin} this server for any of them: {address}?iri={{iri}}."


def _endpoints(responder: Responder) -> Iterator[str]:
    """Yield the lines about what answers programs."""
    yield from ("", "## Endpoints", "")
    for title, address, description in _ENDPOINTS:
        if responder.dataset.is_built or _plain(address) not in _OF_OURS:
            yield f"- [{title}]({responder.absolute(address)}): {description}"


def _lists(responder: Responder) -> Iterator[str]:
    """Yield the lines about the lists of entities."""
    if not responder.lists:
        return
    yield from ("", "## Lists", "")
    reader = responder.context("en").reader([], *(kind for kind, _ in responder.lists.values()))
    for path, (kind, number) in responder.lists.items():
        url = responder.absolute(addresses.in_format(path, JSONLD.suffix))
        yield f"- [{reader.label(kind).text}]({url}): {number}"


_ENDPOINTS: Final = (
    (
        "SPARQL",
        addresses.SPARQL,
        "SPARQL 1.1 queries by GET or POST, parameter `query`; declare prefixes; "
        "`Accept: text/csv` is brief",
    ),
    (
        "Dataset",
        addresses.in_format(addresses.DATASET, TURTLE.suffix),
        "DCAT and VoID description: classes, properties and how often each is used",
    ),
    (
        "Ontology",
        addresses.in_format(addresses.ONTOLOGY, TURTLE.suffix),
        "classes and properties, with definitions",
    ),
    ("Dumps", addresses.DUMPS, "everything in one file: N-Quads, Turtle, JSON-LD"),
    ("OpenAPI", addresses.OPENAPI, "every route with its parameters and answers"),
)


def routes(responder: Responder, charts: ChartCollection) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("discovery", __name__)
    blueprint.after_app_request(partial(point, responder))
    bind(blueprint, ("/linkset", "/linkset/<path:document>"), linkset, responder)
    bind(blueprint, ("/sitemap.xml", "/sitemap-<int:number>.xml"), sitemap, responder, charts)
    bind(blueprint, ("/robots.txt",), robots, responder)
    bind(blueprint, ("/llms.txt",), llms, responder)
    return blueprint
