"""/sitemap.xml, /robots.txt, /llms.txt, /linkset, and the signposts of each document: how machines find their way."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, request
from pyoxigraph import NamedNode

from unicef_linked.errors import NotFound
from unicef_linked.metadata.signposting import (
    LINKSET,
    LINKSET_JSON,
    Signpost,
    dump_names,
    signposts,
)
from unicef_linked.presentation.editor import read_examples, shortest_examples
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, Carries, Format
from unicef_linked.rdf.iris import DCTERMS
from unicef_linked.web.responses import add_signposts, negotiate, signpost_link
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.dataset.charts import ChartCollection
    from unicef_linked.web.responder import Responder


XML: Final = Format("sitemap", "application/xml", "xml", Carries.PAGE, "Sitemap", ("text/xml",))
PLAIN: Final = Format("text", "text/plain", "txt", Carries.PAGE, "Text", text=True)

PER_SITEMAP: Final = 50_000
"""Addresses that one sitemap may have (sitemaps.org, “Sitemap file location”); more of them get an index."""


# Signposts


def _plain(path: str) -> str:
    """Return the path of a document without the extension of one of its formats.

    >>> _plain("/doc/region/gao.ttl")
    '/doc/region/gao'
    """
    known = {suffix for offer in DOCUMENT_FORMATS for suffix in (offer.suffix, *offer.suffixes)}
    stem, _, suffix = path.rpartition(".")
    return stem if stem and suffix in known and not path.startswith("/dump/") else path


def point(responder: Responder, response: Response) -> Response:
    """Give each document its signposts, beside the links that it has."""
    given = 'rel="cite-as"' in response.headers.get("Link", "")  # by a view that has read the thing
    if response.status_code == 200 and request.method in {"GET", "HEAD"} and not given:
        add_signposts(response, signposts(responder.dataset, _plain(request.path)))
    return response


# Linksets


def linkset(responder: Responder, document: str = "dataset") -> Response:
    """Return the links of a document, for the dataset those of its dumps too, as RFC 9264, section 4, has them."""
    offer = negotiate((LINKSET_JSON, LINKSET))
    if not _exists(responder, document):
        raise NotFound(f"there is no document /{document} to link from")
    contexts = [
        f"/{document}",
        *(f"/dump/{name}" for name in dump_names(responder.dataset) if document == "dataset"),
    ]
    address = responder.public_address().rstrip("/")
    found = [
        (context, [s for s in signposts(responder.dataset, context) if s.rel != "linkset"])
        for context in contexts
    ]
    if not found[0][1]:
        raise NotFound(f"there is no document /{document} to link from")
    if offer is LINKSET_JSON:
        body = {"linkset": [_context(address, path, links) for path, links in found]}
        content = json.dumps(body, indent=2, ensure_ascii=False).encode()
    else:
        lines = [
            f'{signpost_link(replace(s, href=_absolute(address, s.href)))}; anchor="{address}{path}"'
            for path, links in found
            for s in links
        ]
        content = ",\n".join(lines).encode() + b"\n"
    return responder.represent(content, offer, varies_by=["Accept"])


def _exists(responder: Responder, document: str) -> bool:
    match document.split("/"):
        case ["doc", entity_type, key]:
            iri = responder.names.entity(entity_type, key)
            return responder.names.type_and_key(iri) is not None and bool(
                responder.dataset.store.match(NamedNode(iri))
            )
        case ["doc", _]:
            return f"/{document}" in responder.lists
        case ["graph", *_]:
            return responder.names.base + document in responder.dataset.named_graphs
        case _:
            return True


def _context(address: str, path: str, links: Iterable[Signpost]) -> dict[str, object]:
    """Return one link context object (RFC 9264, section 4.2.2)."""
    by_relation: dict[str, list[dict[str, str]]] = {}
    for signpost in links:
        target = {"href": _absolute(address, signpost.href)}
        if signpost.media_type:
            target["type"] = signpost.media_type
        by_relation.setdefault(signpost.rel, []).append(target)
    return {"anchor": f"{address}{path}", **by_relation}


def _absolute(address: str, href: str) -> str:
    return address + href if href.startswith("/") else href


# For crawlers


def sitemap(responder: Responder, charts: ChartCollection, number: int | None = None) -> Response:
    """Return the addresses of all documents, each in every language (sitemaps.org 0.9; hreflang as Google documents it).

    No ``lastmod``: when a document last changed is not known, and a wrong date would be worse than none.
    """
    address = responder.public_address().rstrip("/")
    paths = [
        *_DOCUMENTS,
        *(_OF_OURS if responder.dataset.is_built else ()),
        *(("/pictures",) if charts.definitions else ()),
        *responder.lists,
        *_entities(responder),
    ]
    pages = -(-len(paths) // PER_SITEMAP)
    if number is None and pages > 1:
        entries = (
            f"<sitemap><loc>{escape(f'{address}/sitemap-{n}.xml')}</loc></sitemap>"
            for n in range(1, pages + 1)
        )
        return responder.represent(_xml("sitemapindex", entries), XML)
    if number is not None and not 1 <= number <= pages:
        raise NotFound(f"there is no sitemap {number}; there are {pages}")
    start = ((number or 1) - 1) * PER_SITEMAP
    languages = responder.languages
    entries = (_entry(address + path, languages) for path in paths[start : start + PER_SITEMAP])
    return responder.represent(_xml("urlset", entries), XML)


_DOCUMENTS: Final = ("/", "/dataset", "/quality", "/dump/", "/docs")
_OF_OURS: Final = ("/ontology", "/shapes")
"""What a folder of RDF that is served as it is does not have."""


def _entities(responder: Responder) -> Iterator[str]:
    for iri in sorted(responder.dataset.described):
        if found := responder.names.type_and_key(iri):
            yield "/doc/" + "/".join(found)


def _entry(address: str, languages: Iterable[str]) -> str:
    versions = [(language, f"{address}?lang={language}") for language in languages] + [
        ("x-default", address)
    ]
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(name)} href={quoteattr(href)}/>'
        for name, href in versions
    )
    return f"<url><loc>{escape(address)}</loc>{links}</url>"


def _xml(root: str, entries: Iterable[str]) -> bytes:
    namespaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<{root} {namespaces}>",
        *entries,
        f"</{root}>\n",
    ]
    return "\n".join(lines).encode()


def robots(responder: Responder) -> Response:
    """Return what crawlers may read (RFC 9309): all documents, no queries, of which there is no end."""
    address = responder.public_address()
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in ENDLESS),
        f"Sitemap: {address}sitemap.xml",
        "",
    ]
    return responder.represent("\n".join(lines).encode(), PLAIN)


ENDLESS: Final = (
    "/sparql?query=",
    "/sparql?*&query=",
    "/resource",
    "/fragments",
    "/resolve",
    "/reconcile",
    "/search",
)
"""What answers questions: as many addresses as there are questions."""


def llms(responder: Responder) -> Response:
    """Return what a language model should know to use the data (llmstxt.org)."""
    address = responder.public_address()
    iri = responder.names.dataset
    quads = responder.dataset.store.match(NamedNode(iri))
    reader = responder.context("en").reader(quads, iri)
    resource = reader.resource(iri, quads)
    summary = [
        v.text.text
        for v in resource.values(f"{DCTERMS}description")
        if v.text and v.text.language == "en"
    ]
    lists = responder.context("en").reader([], *(kind for kind, _ in responder.lists.values()))
    lines = [
        f"# {resource.label.text}",
        "",
        f"> {(summary or ['A set of RDF data, served as it is.'])[0]}",
        "",
        f"{responder.dataset.counts['triples']:,} statements about {responder.dataset.counts['entities']:,} things. IRIs begin with {responder.names.base}id/;",
        f"ask this server for them by path, for instance {address}id/{{type}}/{{key}}. Read-only, no key.",
        "Ask with `Accept: text/turtle` or `application/ld+json`, or add `.ttl` or `.jsonld` to the address of a document.",
        "",
        "## Endpoints",
        "",
        *(
            f"- [{title}]({address}{path}): {what}"
            for title, path, what in _ENDPOINTS
            if responder.dataset.is_built or f"/{path.partition('.')[0]}" not in _OF_OURS
        ),
    ]
    if responder.lists:
        lines += ["", "## Lists", ""]
    for path, (kind, number) in responder.lists.items():
        lines.append(f"- [{lists.label(kind).text}]({address.rstrip('/')}{path}.jsonld): {number}")
    for example in shortest_examples(read_examples(responder.context("en"))):
        lines += [
            "",
            f"## Example: {example.title.text}",
            "",
            "```sparql",
            example.query.rstrip(),
            "```",
        ]
    return responder.represent(("\n".join(lines) + "\n").encode(), PLAIN)


_ENDPOINTS: Final = (
    (
        "SPARQL",
        "sparql",
        "SPARQL 1.1 queries by GET or POST, parameter `query`; declare prefixes; `Accept: text/csv` is brief",
    ),
    (
        "Dataset",
        "dataset.ttl",
        "DCAT and VoID description: classes, properties and how often each is used",
    ),
    ("Ontology", "ontology.ttl", "classes and properties, with definitions"),
    ("Dumps", "dump/", "everything in one file: N-Quads, Turtle, JSON-LD"),
    ("OpenAPI", "openapi.json", "every route with its parameters and answers"),
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
