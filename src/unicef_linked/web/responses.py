"""The edge: headers for a representation, a page in the reader's language, a problem for an error."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

from flask import Response, current_app, g, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute

from unicef_linked import errors
from unicef_linked.rdf.formats import HTML, Format
from unicef_linked.web.negotiation import choose, choose_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.web.site import Site

CACHE: Final = "public, max-age=300"
"""Addresses outlive releases: a cache asks again after five minutes, and is told 304 unless a release came."""

OPEN_TO_OTHER_ORIGINS: Final = (
    ("Access-Control-Allow-Origin", "*"),
    (
        "Access-Control-Expose-Headers",
        "Allow, Content-Language, Content-Location, ETag, Link, Location, Retry-After, Vary",
    ),
    ("X-Content-Type-Options", "nosniff"),
)
"""Pages of any origin may read every answer, errors too (Fetch standard, CORS protocol)."""

JSON: Final = Format("json", "application/json", "json", HTML.carries, "JSON")
"""What programs exchange with the interfaces that are not RDF."""

PROBLEM: Final = Format("problem", "application/problem+json", "json", HTML.carries, "Problem", ("application/json",))

STATUS: Final[Mapping[type[errors.LinkedDataError], int]] = {
    errors.NotFound: 404,
    errors.NotAcceptable: 406,
    errors.BadParameter: 400,
    errors.UnsupportedMediaType: 415,
    errors.TooLarge: 413,
    errors.MalformedQuery: 400,
    errors.QueryRefused: 403,
    errors.QueryTimeout: 503,
    errors.QueryOutOfResources: 503,
    errors.Overloaded: 503,
    errors.EngineUnavailable: 503,
    errors.QueryError: 400,
}
TITLES: Final[Mapping[str, str]] = {
    "not-found": "Not found",
    "not-acceptable": "No acceptable representation",
    "bad-parameter": "Bad request parameter",
    "unsupported-media-type": "Unsupported media type",
    "too-large": "Request too large",
    "malformed-query": "Malformed query",
    "query-refused": "Query refused",
    "query-timeout": "Query timed out",
    "query-out-of-resources": "Query out of resources",
    "overloaded": "Too many queries at once",
    "engine-unavailable": "Query engine unavailable",
    "query-error": "Query not answered",
    "method-not-allowed": "Method not allowed",
    "internal-error": "Internal error",
}


def site() -> Site:
    """Return what this application serves."""
    found: Site = current_app.extensions["unicef-linked"]
    return found


def language() -> str:
    """Return the language of pages for this request: ``?lang=``, then Accept-Language, then the first we have."""
    if "language" not in g:
        languages = site().settings.languages
        g.language = choose_language(request.args.get("lang"), request.headers.get("Accept-Language"), languages)
    return str(g.language)


def negotiate(offers: Sequence[Format]) -> Format:
    """Return the offer that the request likes best; raises NotAcceptable with what there is."""
    offer = choose(request.headers.get("Accept"), offers)
    if offer is None:
        raise errors.NotAcceptable([f.media_type for f in offers])
    return offer


def vary(*names: str) -> str:
    """Return a value of ``Vary``; every answer may also differ by content coding."""
    return ", ".join(dict.fromkeys((*names, "Accept-Encoding")))


def page(template: str, **values: object) -> bytes:
    """Return a rendered page in the request's language."""
    return render_template(template, **values).encode()


def represent(
    content: bytes,
    offer: Format,
    *,
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
        response.headers["Content-Language"] = language()
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
        )
        names.append("Accept-Language")
    response.headers["ETag"] = entity_tag(content, offer, language() if offer is HTML else "")
    response.headers["Vary"] = vary(*names)
    response.headers["Cache-Control"] = cache
    if location:
        response.headers["Content-Location"] = location
    if header := ", ".join(links):
        response.headers["Link"] = header
    return response


def answer_json(value: object, *varies_by: str) -> Response:
    """Return a value as JSON; ``varies_by`` names the request headers that it depends on."""
    content = json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")  # half a character stays escaped
    return represent(content, JSON, varies_by=varies_by)


def entity_tag(content: bytes, offer: Format, language: str = "") -> str:
    """Return a strong entity tag (RFC 9110, section 8.8.3): a digest of the bytes, the media type and the language."""
    tag = hashlib.sha256(f"{offer.media_type}\n{language}".encode())
    tag.update(content)
    return f'"{tag.hexdigest()[:32]}"'


def link(href: str, rel: str, **parameters: str) -> str:
    """Return one value of ``Link`` (RFC 8288, section 3).

    >>> link("/doc/region/gao.ttl", "alternate", type="text/turtle")
    '</doc/region/gao.ttl>; rel="alternate"; type="text/turtle"'
    """
    return "; ".join([f"<{href}>", f'rel="{rel}"', *(f'{name}="{value}"' for name, value in parameters.items())])


def slug(kind: type[Exception]) -> str:
    """Return the name of an error's problem type.

    >>> slug(errors.QueryTimeout)
    'query-timeout'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def problem(error: errors.LinkedDataError) -> Response:
    """Return the answer to an error of ours (RFC 9457): problem details, or a page for a browser."""
    extra: dict[str, object] = {}
    headers = {}
    if isinstance(error, errors.MalformedQuery) and error.line is not None:
        extra = {"line": error.line, "column": error.column}
    if isinstance(error, errors.NotAcceptable):
        extra = {"available": list(error.offers)}
    if isinstance(error, errors.Overloaded):
        headers["Retry-After"] = str(error.retry_after)
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    return _problem(slug(kind), STATUS[kind], str(error), extra, headers)


def http_problem(error: HTTPException) -> Response:
    """Return the answer to an error of the framework's: no such route, a method that a route does not have."""
    headers = {}
    if isinstance(error, MethodNotAllowed):
        methods = sorted(error.valid_methods or ())
        headers["Allow"] = ", ".join(methods)
        detail = f"{request.method} is not allowed here; use {', '.join(methods)}"
        return _problem("method-not-allowed", 405, detail, {}, headers)
    if isinstance(error, NoRoute):
        return _problem("not-found", 404, f"there is nothing at {request.path}", {}, headers)
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return _problem("too-large", 413, f"the request body is over {limit:,} bytes", {}, headers)
    status = error.code or 500
    if status < 400:
        response = error.get_response()
        assert isinstance(response, Response)
        return response
    return _problem(
        "internal-error" if status >= 500 else "bad-parameter", status, error.description or "", {}, headers
    )


def _problem(name: str, status: int, detail: str, extra: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    title = TITLES[name]
    kind = f"{site().release.names.base}problem/{name}"
    offer = choose(request.headers.get("Accept"), (PROBLEM, HTML)) or PROBLEM
    if offer is HTML:
        content = page("problem.html", kind=name, title=title, status=status, detail=detail, extra=extra)
    else:
        body = {"type": kind, "title": title, "status": status, "detail": detail, "instance": request.path, **extra}
        content = json.dumps(body, ensure_ascii=False).encode()
    response = represent(content, offer, varies_by=["Accept"], cache="no-store", status=status)
    del response.headers["ETag"]
    response.headers.update(headers)
    return response
