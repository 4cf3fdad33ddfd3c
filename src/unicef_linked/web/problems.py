"""Errors as problem details (RFC 9457), or as a page for a browser."""

from __future__ import annotations

import json
import logging
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute

from unicef_linked import addresses, errors
from unicef_linked.dataset.description import Description
from unicef_linked.log import REQUEST_ID
from unicef_linked.rdf.formats import GRAPH_FORMATS, HTML, Format, by_suffix
from unicef_linked.rdf.mappings import REPLACED_BY
from unicef_linked.rdf.terms import triple
from unicef_linked.web.mounting import below
from unicef_linked.web.negotiation import choose
from unicef_linked.web.responses import OPEN_TO_OTHER_ORIGINS, link

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

    from flask import Flask

    from unicef_linked.dataset.labels import Link
    from unicef_linked.web.responder import Responder

_LOG: Final = logging.getLogger(__name__)
PROBLEM: Final = Format(
    "problem", "application/problem+json", "json", HTML.carries, "Problem", ("application/json",)
)

STATUS: Final[Mapping[type[errors.LinkedDataError], int]] = {
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.NotAcceptable: 406,
    errors.BadParameter: 400,
    errors.UnsupportedMediaType: 415,
    errors.TooLarge: 413,
    errors.TooManyRequests: 429,
    errors.MalformedQuery: 400,
    errors.QueryRefused: 403,
    errors.QueryTimeout: 503,
    errors.QueryOutOfResources: 503,
    errors.Overloaded: 503,
    errors.NoQueryProcess: 503,
    errors.EngineUnavailable: 503,
    errors.EngineFailed: 502,
    errors.QueryError: 400,
}
TITLES: Final[Mapping[str, str]] = {
    "not-found": "Not found",
    "gone": "Withdrawn",
    "not-acceptable": "No acceptable representation",
    "bad-parameter": "Bad request parameter",
    "unsupported-media-type": "Unsupported media type",
    "too-large": "Request too large",
    "malformed-query": "Malformed query",
    "query-refused": "Query refused",
    "query-timeout": "Query timed out",
    "query-out-of-resources": "Query out of resources",
    "overloaded": "Too many queries at once",
    "no-query-process": "No query process runs",
    "engine-unavailable": "Query engine unavailable",
    "engine-failed": "Query engine failed",
    "query-error": "Query not answered",
    "method-not-allowed": "Method not allowed",
    "request-timeout": "Request too slow",
    "too-many-requests": "Too many requests",
    "header-too-large": "Request header too large",
    "internal-error": "Internal error",
}


_NAMES: Final = {408: "request-timeout", 414: "too-large", 431: "header-too-large"}
"""Problem types of the framework's errors, by status; of all others below 500 bad-parameter."""

_WITH_RETRY_AFTER: Final = (
    errors.TooManyRequests,
    errors.Overloaded,
    errors.NoQueryProcess,
    errors.EngineUnavailable,
)
"""Errors after which the same request may succeed; each has the seconds to wait."""

Problem = errors.LinkedDataError | HTTPException
"""What is answered with problem details: our errors and the framework's."""


def slug(kind: type[Exception]) -> str:
    """Return the name of an error's problem type.

    >>> slug(errors.QueryTimeout)
    'query-timeout'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def render_problem(
    app: Flask, responder: Responder, environ: WSGIEnvironment, error: Problem
) -> Response:
    """Return the response to an error of a middleware: that of a view that raises it."""
    with app.request_context(environ):
        if isinstance(error, HTTPException):
            response = http_problem(responder, error)
        else:
            response = problem(responder, error)
    response.headers.update(OPEN_TO_OTHER_ORIGINS)
    return below(responder.root, response)


def problem(responder: Responder, error: errors.LinkedDataError) -> Response:
    """Return the response to a LinkedDataError: problem details (RFC 9457), or a page."""
    members: dict[str, object] = {}
    headers = {}
    if isinstance(error, errors.MalformedQuery) and error.line is not None:
        members = {"line": error.line, "column": error.column}
    if isinstance(error, errors.NotAcceptable):
        members = {"available": list(error.offers)}
    if isinstance(error, _WITH_RETRY_AFTER):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Gone):
        return _gone(responder, error)
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    if error.public != str(error):
        _LOG.warning("%s: %s", slug(kind), error)
    return _respond(responder, slug(kind), STATUS[kind], error.public, members, headers)


def _gone(responder: Responder, error: errors.Gone) -> Response:
    """Return the response for a withdrawn entity: what replaces it, in RDF too."""
    offer = by_suffix(error.suffix) if error.suffix else None
    offer = offer or choose(request.headers.get("Accept"), (PROBLEM, HTML, *GRAPH_FORMATS))
    if offer in GRAPH_FORMATS:
        assert offer is not None
        statements = [triple(error.iri, REPLACED_BY, iri) for iri in error.successors]
        content = responder.dataset.write(Description(error.iri, [], statements), offer)
        varies_by = [] if error.suffix else ["Accept"]
        response = responder.represent(
            content, offer, varies_by=varies_by, cache="no-store", status=STATUS[errors.Gone]
        )
        del response.headers["ETag"]
    else:
        members: dict[str, object] = {"isReplacedBy": list(error.successors)}
        status = STATUS[errors.Gone]
        response = _respond(responder, "gone", status, str(error), members, offer=offer)
    links = [link(responder.locate(iri) or iri, "successor-version") for iri in error.successors]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response


def http_problem(responder: Responder, error: HTTPException) -> Response:
    """Return the response to an error of the framework: no such route, or a method not allowed."""
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        detail = f"{request.environ['REQUEST_METHOD']} is not allowed here; use {methods}"
        return _respond(responder, "method-not-allowed", 405, detail, headers={"Allow": methods})
    if isinstance(error, NoRoute):
        return _respond(responder, "not-found", 404, f"there is nothing at {request.path}")
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return _respond(responder, "too-large", 413, f"the request body is over {limit:,} bytes")
    status = error.code or 500
    if status < 400:
        response = error.get_response()
        assert isinstance(response, Response)
        return response
    name = "internal-error" if status >= 500 else _NAMES.get(status, "bad-parameter")
    return _respond(responder, name, status, error.description or "")


def _links_of(responder: Responder, iris: object) -> list[Link]:
    """Return IRIs as links with their labels."""
    if not isinstance(iris, list):
        return []
    reader = responder.context().reader([], *iris)
    return [reader.link(iri) for iri in iris]


def _details(responder: Responder, name: str, status: int, detail: str) -> dict[str, object]:
    """Return the standard members of problem details (RFC 9457, section 3.1)."""
    details: dict[str, object] = {
        "type": addresses.absolute(responder.names.base, addresses.problem(name)),
        "title": TITLES[name],
        "status": status,
        "detail": detail,
        "instance": quote(f"{responder.root}{request.path}"),
    }
    if REQUEST_ID.get():
        details["request_id"] = REQUEST_ID.get()
    return details


def _respond(
    responder: Responder,
    name: str,
    status: int,
    detail: str,
    members: Mapping[str, object] = MappingProxyType({}),
    headers: Mapping[str, str] = MappingProxyType({}),
    offer: Format | None = None,
) -> Response:
    """Return problem details or a page; ``members`` are those beside the standard ones.

    Without ``offer`` it is negotiated which of the two.
    """
    offer = offer or choose(request.headers.get("Accept"), (PROBLEM, HTML)) or PROBLEM
    if offer is HTML:
        content = responder.render(
            "problem.html",
            kind=name,
            title=TITLES[name],
            status=status,
            detail=detail,
            extra=members,
            successors=_links_of(responder, members.get("isReplacedBy", ())),
            request_id=REQUEST_ID.get(),
        )
    else:
        body = {**_details(responder, name, status, detail), **members}
        content = json.dumps(body, ensure_ascii=False).encode()
    response = responder.represent(
        content, offer, varies_by=["Accept"], cache="no-store", status=status
    )
    del response.headers["ETag"]
    response.headers.update(headers)
    return response
