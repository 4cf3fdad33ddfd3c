"""Answers queries in front of Flask, whose dispatch costs more than most queries do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_current_url

from unicef_linked import addresses
from unicef_linked.errors import BadParameter, LinkedDataError
from unicef_linked.rdf.formats import HTML
from unicef_linked.store import LEFT
from unicef_linked.store.query import Query, is_repeatable
from unicef_linked.web.middleware import connection
from unicef_linked.web.problems import slug
from unicef_linked.web.responses import CACHE, OPEN_TO_OTHER_ORIGINS, entity_tag, vary
from unicef_linked.web.sparql_protocol import (
    DIRECT,
    answer_formats,
    deadline,
    format_names,
    graph_iris,
    read_parameters,
    single,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from unicef_linked.config import Settings
    from unicef_linked.rdf.formats import Format
    from unicef_linked.store import Store
    from unicef_linked.web.problems import Problem

_PATH: Final = addresses.SPARQL.strip("/")
_METHODS: Final = frozenset({"GET", "POST"})
_VARY: Final = vary("Accept")
_OF_SERVER: Final = ("wsgi.url_scheme", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT")
"""What the address of this server is made of."""


class Endpoint:
    """WSGI middleware that answers queries and states what is wrong with one.

    Other requests go on to the application, among them those for the service description and the
    editor.
    """

    def __init__(
        self,
        application: WSGIApplication,
        store: Store,
        settings: Settings,
        *,
        body_limit: int,
        count: Callable[[str], None],
        unanswered: Callable[[], AbstractContextManager[object]],
        render_problem: Callable[[WSGIEnvironment, Problem], WSGIApplication],
    ) -> None:
        self._application, self._store, self._settings = application, store, settings
        self._body_limit, self._count, self._unanswered = body_limit, count, unanswered
        self._render_problem = render_problem

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a query, or hand the request on."""
        path = environ["PATH_INFO"].strip("/")  # routing takes further slashes for the same
        if path != _PATH or environ["REQUEST_METHOD"] not in _METHODS:
            LEFT.set(connection.Client(environ).has_left)
            return self._application(environ, start_response)
        try:
            parameters = read_parameters(environ, self._body_limit)
            text = single(parameters, "query")
            timeout = deadline(parameters, self._settings)
            default_graphs = graph_iris(parameters, "default-graph-uri")
            named_graphs = graph_iris(parameters, "named-graph-uri")
            if text is not None:
                formats = answer_formats(format_names(parameters), environ.get("HTTP_ACCEPT"))
                if formats[0] is not HTML:
                    query = Query(text, default_graphs, named_graphs, self._base(environ))
                    return self._answer(query, timeout, formats, environ, start_response)
            elif environ["REQUEST_METHOD"] == "POST":
                raise BadParameter(
                    "the query is missing: send it as the parameter query, "
                    f"or as the body with Content-Type: {DIRECT}"
                )
        except (LinkedDataError, HTTPException) as error:
            self._count(slug(type(error)))
            return self._render_problem(environ, error)(environ, start_response)
        return self._application(environ, start_response)

    def _base(self, environ: WSGIEnvironment) -> str:
        """Return the endpoint's address: the base of relative IRIs (RFC 3986, section 5.1.3)."""
        server = self._settings.public_url or _server(*map(environ.get, _OF_SERVER))
        return addresses.absolute(server, addresses.SPARQL)

    def _answer(
        self,
        query: Query,
        timeout: float,
        formats: tuple[Format | None, Format | None],
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        solutions, graph = formats
        has_left = connection.Client(environ).has_left
        with self._unanswered():
            answer = self._store.answer(
                query, solutions=solutions, graph=graph, timeout=timeout, left=has_left
            )
        self._count("answered")
        repeatable = is_repeatable(query.text)
        headers = [
            ("Content-Type", answer.format.content_type),
            ("Vary", _VARY),
            ("Cache-Control", CACHE if repeatable else "no-store"),
            *OPEN_TO_OTHER_ORIGINS,
        ]
        if answer.whole is None:
            start_response("200 OK", headers)
            return connection.chunks(answer, environ)
        headers.append(("Content-Length", str(len(answer.whole))))
        if repeatable and environ["REQUEST_METHOD"] == "GET":
            headers.append(("ETag", entity_tag(answer.whole, answer.format)))
        start_response("200 OK", headers)
        return [answer.whole]


@lru_cache(maxsize=256)
def _server(*values: str | None) -> str:
    """Return the address of this server; to make it takes as long as a tenth of a small query."""
    return get_current_url(dict(zip(_OF_SERVER, values, strict=True)), host_only=True)
