"""What a view answers with: pages in the language of the request, representations, documents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Response, g, render_template, request

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.presentation.context import PageContext
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, HTML, Format, by_suffix
from unicef_linked.web.negotiation import choose_language
from unicef_linked.web.responses import CACHE, JSON, link, negotiate, represent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.i18n import Translations
    from unicef_linked.rdf.iris import Names


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

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.dataset.names

    @property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and the number of its members, by the list's address."""
        return {addresses.list_of(name): entry for name, entry in self.dataset.lists.items()}

    def public_address(self) -> str:
        """Return the address of this server that the public uses, ending in ``/``."""
        return (self.public_url or request.host_url).rstrip("/") + "/"

    def absolute(self, address: str) -> str:
        """Return the URL that the public uses for an address of this server."""
        return addresses.absolute(self.public_address(), address)

    def locate(self, iri: str) -> str | None:
        """Return the address on this server of the page about an IRI; None if it has none."""
        address = addresses.of_iri(self.names, iri)
        if address is None and not self.dataset.is_built and iri in self.dataset.described:
            return addresses.resource(iri)  # IRIs of a dataset of others are not under the base
        return address

    def language(self) -> str:
        """Return the language of pages: ``?lang=``, then Accept-Language, then the first we have."""
        if "language" not in g:
            accepted = request.headers.get("Accept-Language")
            g.language = choose_language(request.args.get("lang"), accepted, self.languages)
        return str(g.language)

    def context(self, language: str | None = None) -> PageContext:
        """Return what a page is made from, in the language of the request unless another is given."""
        tag = language or self.language()
        return PageContext(self.dataset, tag, self.locate, self.translations.of(tag))

    def gettext(self, message: str) -> str:
        """Return a message in the language of the request."""
        return self.translations.of(self.language()).gettext(message)

    def render(self, template: str, **values: object) -> bytes:
        """Return a page in the language of the request."""
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
    ) -> Response:
        """Return one representation of the document at ``path``: by its suffix, else as negotiated.

        ``query`` is what in the request's query chooses the document; ``page`` and ``iri`` where it
        is not given. ``description`` and ``html`` are called only if they are needed. Raises
        NotFound when there is no description.
        """
        chosen = {k: v for k, v in request.args.items() if k in {"page", "iri", "scheme", "code"}}
        chosen = dict(query) if query else chosen
        offer = negotiate(DOCUMENT_FORMATS) if suffix is None else _format_of(suffix)
        cache = CACHE
        if offer is HTML:
            page = html()
            content = page.content if isinstance(page, Uncached) else page
            cache = "no-store" if isinstance(page, Uncached) else CACHE
            chosen["lang"] = self.language()
        else:
            found = description()
            if found is None:
                raise NotFound(f"nothing is published about {self.names.base}{path.lstrip('/')}")
            content = self.dataset.write(found, offer)
        return self.represent(
            content,
            offer,
            varies_by=["Accept"] if suffix is None else [],
            location=addresses.in_format(path, offer.suffix, chosen),
            links=self._document_links(path, offer, chosen),
            cache=cache,
        )

    def _document_links(self, path: str, offer: Format, query: Mapping[str, str]) -> list[str]:
        """Return the links of a document: to its other formats, its canonical address, its entity."""
        plain = {k: v for k, v in query.items() if k != "lang"}
        others = [found for found in DOCUMENT_FORMATS if found is not offer]
        links = [
            link(addresses.in_format(path, f.suffix, plain), "alternate", type=f.media_type)
            for f in others
        ]
        canonical = addresses.absolute(self.names.base, addresses.with_query(path, plain))
        links.append(link(canonical, "canonical"))
        if entity := addresses.entity_of(path):
            links.append(link(entity, "describes"))
        return links


def _format_of(suffix: str) -> Format:
    found = by_suffix(suffix)
    if found is None:
        known = ", ".join(f.suffix for f in DOCUMENT_FORMATS)
        raise NotFound(f"there is no format with the extension .{suffix}; there are {known}")
    return found
