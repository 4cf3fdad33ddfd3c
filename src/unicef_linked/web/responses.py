"""HTTP responses: headers of a representation, pages in the request's language, problem details."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from flask import Response, request

from unicef_linked import addresses, errors
from unicef_linked.rdf.formats import GRAPH_FORMATS, HTML, Format
from unicef_linked.rdf.iris import to_uri
from unicef_linked.web.negotiation import choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.metadata.signposting import Signpost


CACHE: Final = "public, max-age=300"
"""Caches revalidate after 300 s, since the next release may answer differently at the same URL."""

_LONGEST_LINK: Final = 4000
"""Most characters of ``Link``. Each link repeats the address, and proxies refuse long headers."""

OPEN_TO_OTHER_ORIGINS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "Allow, Content-Language, Content-Location, ETag, Link, Location, Memento-Datetime, "
        "RateLimit, RateLimit-Policy, Retry-After, Vary, X-Request-Id",
    ),
    ("X-Content-Type-Options", "nosniff"),
)
"""Headers of every response: scripts of any origin may read it (Fetch standard, CORS protocol)."""

_PAGE_POLICY: Final = (
    "default-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
"""Pages load nothing from other hosts, send no form there, run no inline scripts, and are not
framed (CSP Level 3)."""

_PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)
"""Features of the browser that no page uses, and nothing in a page may use (Permissions Policy)."""

JSON: Final = Format("json", "application/json", "json", HTML.carries, "JSON")
"""The format of the JSON interfaces that are not RDF."""


def negotiate(offers: Sequence[Format]) -> Format:
    """Return the offer that the request prefers; raises NotAcceptable with the offers."""
    offer = choose(request.headers.get("Accept"), offers)
    if offer is None:
        raise errors.NotAcceptable([f.media_type for f in offers])
    return offer


def vary(*names: str) -> str:
    """Return a value of ``Vary``; Accept-Encoding is always in it: most are compressed."""
    return ", ".join(dict.fromkeys((*names, "Accept-Encoding")))


def represent(
    content: bytes,
    offer: Format,
    *,
    language: str = "",
    varies_by: Iterable[str] = (),
    location: str | None = None,
    links: Iterable[str] = (),
    cache: str = CACHE,
    status: int = 200,
) -> Response:
    """Return one representation with its headers (RFC 9110, sections 8.3 to 8.8; RFC 8288)."""
    response = Response(content, status, content_type=offer.content_type)
    names = list(varies_by)
    if offer is HTML:
        response.headers["Content-Language"] = language
        response.headers["Content-Security-Policy"] = _PAGE_POLICY
        response.headers["Permissions-Policy"] = _PERMISSIONS
        names.append("Accept-Language")
    response.headers["ETag"] = entity_tag(content, offer, language)
    response.headers["Vary"] = vary(*names)
    response.headers["Cache-Control"] = cache
    if location:
        response.headers["Content-Location"] = to_uri(location)
    if header := _joined(links):
        response.headers["Link"] = header
    return response


def _joined(links: Iterable[str]) -> str:
    """Return the value of ``Link``: the first links, as far as they fit into _LONGEST_LINK."""
    header = ""
    for one_link in links:
        longer = f"{header}, {one_link}" if header else one_link
        if len(longer) > _LONGEST_LINK:
            break
        header = longer
    return header


def file_tag(release_hash: str, name: str) -> str:
    """Return the entity tag, without quotation marks, of a file of the release with a hash."""
    return f"{release_hash[:24]}-{name}"


def entity_tag(content: bytes, offer: Format, language: str = "") -> str:
    """Return a strong entity tag (RFC 9110, 8.8.3): a digest of media type, language, content."""
    tag = hashlib.sha256(f"{offer.media_type}\n{language}".encode())
    tag.update(content)
    return f'"{tag.hexdigest()[:32]}"'


def link(href: str, rel: str, **parameters: str) -> str:
    """Return one value of ``Link`` (RFC 8288, section 3); its target is ASCII (section 3.1).

    >>> link("/doc/region/gao.ttl", "alternate", type="text/turtle")
    '</doc/region/gao.ttl>; rel="alternate"; type="text/turtle"'
    """
    return "; ".join(
        [
            f"<{to_uri(href)}>",
            f'rel="{rel}"',
            *(f'{name}="{value}"' for name, value in parameters.items()),
        ]
    )


def signpost_link(signpost: Signpost) -> str:
    """Return a signpost as a value of ``Link``."""
    parameters = {"type": signpost.media_type} if signpost.media_type else {}
    return link(signpost.href, signpost.rel, **parameters)


def add_signposts(response: Response, signposts: Iterable[Signpost]) -> None:
    """Add typed links to those that a response has."""
    links = [signpost_link(signpost) for signpost in signposts]
    if links:
        present = response.headers.get("Link")
        response.headers["Link"] = _joined([present, *links] if present else links)


def stay_on_this_host(response: Response) -> Response:
    """Make a redirection by the framework, for a missing slash, relative to this host.

    It is made from the ``Host`` of the request, which a client chooses, and from the scheme behind
    a proxy. Flask gives such a redirection to no error handler.
    """
    location = response.headers.get("Location", "")
    if location.startswith(request.host_url):
        response.headers["Location"] = f"/{location.removeprefix(request.host_url).lstrip('/')}"
    return response


def formats_of(path: str, query: Mapping[str, str] | None = None) -> list[tuple[Format, str]]:
    """Return each RDF format of a document with its address, for a page's downloads."""
    return [(offer, addresses.in_format(path, offer.suffix, query)) for offer in GRAPH_FORMATS]
