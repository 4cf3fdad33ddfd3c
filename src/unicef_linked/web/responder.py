"""What a view answers with: pages in the language of the request, representations, documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Response, g, render_template, request

from unicef_linked import addresses
from unicef_linked.errors import NotAcceptable, NotFound
from unicef_linked.presentation.context import PageContext
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, Format, by_suffix
from unicef_linked.web.negotiation import choose, choose_language
from unicef_linked.web.parameters import preferred_languages
from unicef_linked.web.responses import CACHE, JSON, entity_tag, link, negotiate, represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.i18n import Translations
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Manifest


@dataclass(frozen=True, slots=True)
class Uncached:
    """A page that a cache must not keep: something on it failed and may succeed next time."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Responder:
    """Makes the responses of one application. Its methods are for views: they read the request."""

    dataset: PublishedDataset
    public_url: str  # the setting; "" where the request's own address is the public one
    translations: Translations
    languages: tuple[str, ...]  # that pages can have; the first is the default
    memento: Manifest | None = None  # of the release whose documents are shown as they were

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.dataset.names

    @property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and its number of members, by the list's address."""
        return {addresses.list_of(name): entry for name, entry in self.dataset.lists.items()}

    def place(self, path: str) -> str:
        """Return the address of a document: of a memento, that below its release."""
        return addresses.memento(self.memento.name, path) if self.memento else path

    @property
    def root(self) -> str:
        """The path below which the public finds this server; "" for the root of its host."""
        return urlsplit(self.public_url).path.rstrip("/")

    def public_address(self) -> str:
        """Return the address of this server that the public uses, ending in ``/``."""
        return (self.public_url or request.host_url).rstrip("/") + "/"

    def absolute(self, address: str) -> str:
        """Return the URL that the public uses for an address of this server."""
        return addresses.absolute(self.public_address(), address)

    def locate(self, iri: str) -> str | None:
        """Return the address on this server of the page about an IRI; None if it has none."""
        dataset, names = self.dataset, self.names
        if type_and_key := names.type_and_key(iri):
            return self.place(addresses.document(*type_and_key))
        address, is_graph = addresses.below_base(names, iri), iri in dataset.named_graphs
        if address is not None and (is_graph or not dataset.is_of_others):
            return self.place(address) if address.startswith(_KEPT) else address
        if dataset.is_of_others and is_graph:
            return addresses.resource(iri)
        may_be_described = dataset.is_of_others or iri.startswith(self.names.base)
        return addresses.resource(iri) if may_be_described and iri in dataset.described else address

    def language(self) -> str:
        """Return the language of pages: by ``?lang=``, Accept-Language, or the default."""
        if "language" not in g:
            accepted = request.headers.get("Accept-Language")
            g.language = choose_language(request.args.get("lang"), accepted, self.languages)
        return str(g.language)

    def content_language(self) -> str:
        """Return the language of the content: by ``?clang=``, else that of pages."""
        tag = request.args.get("clang", "")
        is_used = tag and tag in self.dataset.label_languages
        return tag if is_used else self.language()

    def context(self, language: str | None = None) -> PageContext:
        """Return what a page is made from, in the request's language unless another is given."""
        tag = language or self.language()
        preferred = () if language else tuple(preferred_languages(tag))
        return PageContext(self.dataset, tag, self.locate, self.translations.of(tag), preferred)

    def gettext(self, message: str) -> str:
        """Return a message in the language of the request."""
        return self.translations.of(self.language()).gettext(message)

    def render(self, template: str, **values: object) -> bytes:
        """Return a page in the language of the request."""
        if self.memento:
            path = request.path.removeprefix(addresses.release(self.memento.name))
            values |= {"memento": self.memento, "present_address": addresses.to_address(path)}
        return render_template(template, **values).encode()

    def represent(
        self,
        content: bytes,
        offer: Format,
        *,
        varies_by: Iterable[str] = (),
        location: str | None = None,
        links: Iterable[str] = (),
        cache: str = CACHE,
        status: int = 200,
    ) -> Response:
        """Return one representation with its headers; a page says in which language it is."""
        return represent(
            content,
            offer,
            language=self.language() if offer is HTML else "",
            varies_by=varies_by,
            location=location,
            links=links,
            cache=cache,
            status=status,
        )

    def answer_json(self, value: Any, *varies_by: str) -> Response:
        """Return a response in JSON; ``varies_by`` names the request headers it depends on."""
        # A lone surrogate cannot be encoded in UTF-8: it stays escaped.
        content = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")
        return represent(content, JSON, varies_by=varies_by)

    def respond(
        self,
        path: str,
        suffix: str | None,
        description: Callable[[], Description | None],
        html: Callable[[], bytes | Uncached],
        *,
        query: Mapping[str, str] | None = None,
        canonical: str | None = None,
        stream: Callable[[Format], Iterator[bytes] | None] = lambda _: None,
    ) -> Response:
        """Return one representation of the document at ``path``: by its suffix, else as negotiated.

        ``query`` has the parameters that choose the document; where it is not given or empty, they
        are those of the request that are in _CHOOSING. ``description`` and ``html`` are called only
        if they are needed. ``canonical`` is the URL of the document if it is not below the base.
        ``stream`` gives a document that is too long to be made whole, in the formats in which it
        can. Raises NotFound when there is no description.
        """
        if not query:
            query = {name: text for name, text in request.args.items() if name in _CHOOSING}
        offer = negotiate(DOCUMENT_FORMATS) if suffix is None else _format_of(suffix)
        located_by, cache = query, CACHE
        content = b""
        chunks = None if offer is HTML else stream(offer)
        if offer is HTML:
            content, cache = _content_and_cache(html())
            located_by = {**query, **self._languages()}
        elif chunks is None:
            offer, content = self._write(description(), path, offer, is_asked=suffix is not None)
        response = self.represent(
            content,
            offer,
            varies_by=["Accept"] if suffix is None else [],
            location=addresses.in_format(self.place(path), offer.suffix, located_by),
            links=self._document_links(path, offer, query, canonical),
            cache=cache,
        )
        return response if chunks is None else self._streamed(response, chunks, path, offer)

    def _languages(self) -> dict[str, str]:
        """Return the parameters that choose the languages of a page."""
        parameters = {"lang": self.language()}
        if "clang" in request.args:
            parameters["clang"] = self.content_language()
        return parameters

    def _streamed(
        self, response: Response, chunks: Iterator[bytes], path: str, offer: Format
    ) -> Response:
        """Return a response with a content in parts, whose length is not known."""
        response.response = chunks
        del response.headers["Content-Length"]
        digest = self.dataset.release.manifest.sha256[:24]
        response.headers["ETag"] = entity_tag(f"{digest} {path}".encode(), offer)
        return response

    def _write(
        self, description: Description | None, path: str, offer: Format, *, is_asked: bool
    ) -> tuple[Format, bytes]:
        """Return a description in a format.

        Where that cannot express it and was not asked for by its suffix, the format is the one in
        RDF that the client prefers next.
        """
        if description is None:
            iri = addresses.absolute(self.names.base, path)
            raise NotFound(f"nothing is published about {iri}")
        try:
            return offer, self.dataset.write(description, offer)
        except NotAcceptable:
            others = [other for other in GRAPH_FORMATS if other is not offer]
            another = None if is_asked else choose(request.headers.get("Accept"), others)
            if another is None:
                raise
            return another, self.dataset.write(description, another)

    def _document_links(
        self, path: str, offer: Format, query: Mapping[str, str], canonical: str | None
    ) -> list[str]:
        """Return a document's links: to its other formats, its canonical address, its entity."""
        links = []
        for other in DOCUMENT_FORMATS:
            if other is not offer:
                address = addresses.in_format(self.place(path), other.suffix, query)
                links.append(link(address, "alternate", type=other.media_type))
        own = addresses.absolute(self.names.base, addresses.with_query(path, query))
        links.append(link(canonical or own, "canonical"))
        entity = query.get("iri") if path == addresses.RESOURCE else addresses.entity_of(path)
        if entity:
            links.append(link(entity, "describes"))
        return links


_KEPT: Final = ("/doc/", addresses.DATASET, addresses.ONTOLOGY)
"""What the addresses of documents begin with that are kept as they were in each release."""

_CHOOSING: Final = frozenset({"page", "iri", "scheme", "code"})
"""Parameters of requests that choose a document, not how it is represented."""


def _format_of(suffix: str) -> Format:
    offer = by_suffix(suffix)
    if offer is None:
        suffixes = ", ".join(offer.suffix for offer in DOCUMENT_FORMATS)
        raise NotFound(f"there is no format with the extension .{suffix}; there are {suffixes}")
    return offer


def _content_and_cache(page: bytes | Uncached) -> tuple[bytes, str]:
    """Return the bytes of a page, and its Cache-Control."""
    return (page.content, "no-store") if isinstance(page, Uncached) else (page, CACHE)
