"""Errors as problem details (RFC 9457), or as a page for a browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute

from unicef_linked import addresses, errors
from unicef_linked.rdf.formats import HTML, Format
from unicef_linked.web.negotiation import choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unicef_linked.web.responder import Responder

PROBLEM: Final = Format(
    "problem", "application/problem+json", "json", HTML.carries, "Problem", ("application/json",)
)

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


def slug(kind: type[Exception]) -> str:
    """Return the name of an error's problem type.

    >>> slug(errors.QueryTimeout)
    'query-timeout'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def problem(responder: Responder, error: errors.LinkedDataError) -> Response:
    """Return the response to a LinkedDataError: problem details (RFC 9457), or a page."""
    extra: dict[str, object] = {}
    headers = {}
    if isinstance(error, errors.MalformedQuery) and error.line is not None:
        extra = {"line": error.line, "column": error.column}
    if isinstance(error, errors.NotAcceptable):
        extra = {"available": list(error.offers)}
    if isinstance(error, errors.Overloaded):
        headers["Retry-After"] = str(error.retry_after)
    kind = next(kind for kind in type(error).__mro__ if kind in STATUS)
    return _problem(responder, slug(kind), STATUS[kind], str(error), extra, headers)


def http_problem(responder: Responder, error: HTTPException) -> Response:
    """Return the response to an error of the framework: no such route, or a method not allowed."""
    headers = {}
    if isinstance(error, MethodNotAllowed):
        methods = sorted(error.valid_methods or ())
        headers["Allow"] = ", ".join(methods)
        detail = f"{request.method} is not allowed here; use {', '.join(methods)}"
        return _problem(responder, "method-not-allowed", 405, detail, {}, headers)
    if isinstance(error, NoRoute):
        return _problem(
            responder, "not-found", 404, f"there is nothing at {request.path}", {}, headers
        )
    if isinstance(error, RequestEntityTooLarge):
        limit = current_app.config["MAX_CONTENT_LENGTH"]
        return _problem(
            responder, "too-large", 413, f"the request body is over {limit:,} bytes", {}, headers
        )
    status = error.code or 500
    if status < 400:
        response = error.get_response()
        assert isinstance(response, Response)
        return response
    return _problem(
        responder,
        "internal-error" if status >= 500 else "bad-parameter",
        status,
        error.description or "",
        {},
        headers,
    )


def _problem(
    responder: Responder,
    name: str,
    status: int,
    detail: str,
    extra: Mapping[str, object],
    headers: Mapping[str, str],
) -> Response:
    title = TITLES[name]
    kind = addresses.absolute(responder.names.base, addresses.problem(name))
    offer = choose(request.headers.get("Accept"), (PROBLEM, HTML)) or PROBLEM
    if offer is HTML:
        content = responder.render(
            "problem.html", kind=name, title=title, status=status, detail=detail, extra=extra
        )
    else:
        body = {
            "type": kind,
            "title": title,
            "status": status,
            "detail": detail,
            "instance": request.path,
            **extra,
        }
        content = json.dumps(body, ensure_ascii=False).encode()
    response = responder.represent(
        content, offer, varies_by=["Accept"], cache="no-store", status=status
    )
    del response.headers["ETag"]
    response.headers.update(headers)
    return response
