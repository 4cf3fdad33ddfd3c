"""/sparql: the SPARQL 1.1 Protocol's query operation, and the service description."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pyoxigraph as ox
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_input_stream

from unicef_linked import addresses
from unicef_linked.errors import (
    BadParameter,
    LinkedDataError,
    NotAcceptable,
    QueryRefused,
    UnsupportedMediaType,
)
from unicef_linked.metadata.service_description import describe_service
from unicef_linked.presentation.editor import editor_terms, read_examples, shortest_examples
from unicef_linked.rdf.formats import (
    DOCUMENT_FORMATS,
    GRAPH_FORMATS,
    HTML,
    SOLUTION_FORMATS,
    Format,
    by_name,
)
from unicef_linked.store.query import Query, is_repeatable
from unicef_linked.web.middleware import connection as transfer
from unicef_linked.web.negotiation import choose
from unicef_linked.web.problems import TITLES, slug
from unicef_linked.web.responses import (
    CACHE,
    OPEN_TO_OTHER_ORIGINS,
    entity_tag,
    link,
    negotiate,
    vary,
)
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from unicef_linked.config import Settings
    from unicef_linked.store import Store
    from unicef_linked.web.responder import Responder

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
ERROR: Final = "unicef_linked.error"
PARAMETERS: Final = "unicef_linked.parameters"
_VARY: Final = vary("Accept")
_PATHS: Final = frozenset({addresses.SPARQL, f"{addresses.SPARQL}/"})
_ANSWERS: Final = (*SOLUTION_FORMATS, *GRAPH_FORMATS)

_MOST_FIELDS: Final = 1000
_UPDATING: Final = frozenset({"update", "using-graph-uri", "using-named-graph-uri"})

Parameters = dict[str, list[str]]
"""The values of each name, in the order in which they came."""


def _parameters(text: str, what: str) -> Parameters:
    """Return the fields of a form; raises BadParameter for bytes that are not UTF-8.

    >>> _parameters("query=ASK+%7B%7D&format=json&&default-graph-uri", "the query string")
    {'query': ['ASK {}'], 'format': ['json'], 'default-graph-uri': ['']}
    """
    fields = text.split("&")
    if len(fields) > _MOST_FIELDS:
        raise BadParameter(f"{what} cannot be read: it has more than {_MOST_FIELDS:,} fields")
    parameters: Parameters = {}
    try:
        for field in filter(None, fields):
            name, _, value = field.partition("=")
            parameters.setdefault(_decoded(name), []).append(_decoded(value))
    except UnicodeDecodeError:
        raise BadParameter(
            f"{what} is not UTF-8; percent-encode the UTF-8 bytes of each character"
        ) from None
    return parameters


def _decoded(text: str) -> str:
    r"""Return what a form's name or value stands for (URL standard, application/x-www-form-urlencoded).

    A query has hundreds of percent signs, and the standard library takes longer for them than some queries take to be
    answered. Python's own escapes are decoded in C, so we write ``%7B`` as ``\x7B``.

    >>> _decoded("a+b%2B%C3%A9%5c"), _decoded("100%+%zz\\x41"), _decoded("é%C3%A9")
    ('a b+é\\', '100% %zz\\x41', 'éé')
    """
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    if text.isascii():
        try:
            octets = (
                text.replace("\\", "%5C")
                .replace("%", r"\x")
                .encode("ascii")
                .decode("unicode_escape")
                .encode("latin-1")
            )
        except UnicodeDecodeError:  # a percent sign that stands for itself
            pass
        else:
            return octets.decode()
    return unquote(text, errors="strict")


def _one(parameters: Parameters, name: str) -> str | None:
    """Return the value of a parameter that may stand once; None where it is missing."""
    values = parameters.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise BadParameter(f"{name} is given {len(values)} times; give it once")
    return values[0]


def _body(environ: WSGIEnvironment, charset: str, limit: int) -> str:
    try:
        return get_input_stream(environ, max_content_length=limit).read().decode(charset)
    except LookupError:
        raise UnsupportedMediaType(
            f"the character set {charset!r} is not known; send UTF-8"
        ) from None
    except UnicodeDecodeError as error:
        raise BadParameter(
            f"the request body is not {charset}: byte {error.start} cannot be decoded"
        ) from None


def _read(environ: WSGIEnvironment, limit: int) -> Parameters:
    """Return the operation's parameters, by whichever of its three ways they came (SPARQL 1.1 Protocol, section 2.1)."""
    from_url = _parameters(environ.get("QUERY_STRING", ""), "the query string")
    if environ["REQUEST_METHOD"] != "POST":
        parameters = from_url
    else:
        media_type, options = parse_options_header(environ.get("CONTENT_TYPE"))
        charset = options.get("charset", "utf-8")
        match media_type.lower():
            case "application/x-www-form-urlencoded":
                parameters = _parameters(_body(environ, charset, limit), "the request body")
            case "application/sparql-query":
                parameters = from_url | {"query": [_body(environ, charset, limit)]}
            case "application/sparql-update":
                raise QueryRefused("updates are refused: this endpoint is read-only")
            case other:
                raise UnsupportedMediaType(
                    f"a query is posted as {FORM} or {DIRECT}, not as {other or 'no media type'}"
                )
    if not _UPDATING.isdisjoint(parameters):
        raise QueryRefused("updates are refused: this endpoint is read-only")
    return parameters


def _timeout(text: str | None, settings: Settings) -> float:
    """Return the deadline in seconds: what the client asks for, at most what the operator allows."""
    if text is None or text == "":
        return min(settings.query_timeout, settings.query_timeout_max)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise BadParameter(f"timeout={text!r} is not a number of seconds above zero")
    return min(seconds, settings.query_timeout_max)


def _graphs(parameters: Parameters, name: str) -> tuple[str, ...]:
    graphs = tuple(dict.fromkeys(parameters.get(name, ())))
    for iri in graphs:
        try:
            ox.NamedNode(iri)
        except ValueError:
            raise BadParameter(f"{name}={iri!r} is not an absolute IRI") from None
    return graphs


def _named(parameters: Parameters) -> str | None:
    """Return the format that ``format`` or its synonym names; clients send both, and each more than once."""
    return next(
        (v for name in parameters if name in {"format", "output"} for v in parameters[name] if v),
        None,
    )


@lru_cache(maxsize=1024)
def _accepted(name: str | None, accept: str | None) -> tuple[Format | None, Format | None]:
    """Return the formats for solutions and for a graph: as the address says, else as Accept does; HTML for a browser."""
    if name is None:
        if choose(accept, (*_ANSWERS, HTML)) is HTML:
            return HTML, HTML
        solutions, graph = choose(accept, SOLUTION_FORMATS), choose(accept, GRAPH_FORMATS)
        if solutions is None and graph is None:
            raise NotAcceptable([f.media_type for f in _ANSWERS])
        return solutions, graph
    solutions, graph = by_name(name, SOLUTION_FORMATS), by_name(name, GRAPH_FORMATS)
    if solutions is None and graph is None:
        known = ", ".join(dict.fromkeys(f.name for f in _ANSWERS))
        raise BadParameter(f"format={name!r} is not known; there are {known}")
    return solutions, graph


class Endpoint:
    """WSGI middleware that answers queries in front of Flask, which would cost more than most queries do.

    What is not the plain answer to a query goes on to the application: the service description, the editor, and, as
    ``environ[ERROR]``, each error.
    """

    def __init__(
        self,
        application: WSGIApplication,
        store: Store,
        settings: Settings,
        body_limit: int,
        count: Callable[[str], None],
    ) -> None:
        self._application, self._store, self._settings = application, store, settings
        self._body_limit, self._count = body_limit, count

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a query, or hand the request on."""
        if environ["PATH_INFO"] not in _PATHS or environ["REQUEST_METHOD"] not in {
            "GET",
            "POST",
        }:
            return self._application(environ, start_response)
        try:
            parameters = _read(environ, self._body_limit)
            text = _one(parameters, "query")
            if text is None and environ["REQUEST_METHOD"] == "POST":
                raise BadParameter(
                    "the query is missing: send it as the parameter query, or as the body with Content-Type: "
                    + DIRECT
                )
            environ[PARAMETERS] = parameters
            if text is not None:
                solutions, graph = _accepted(_named(parameters), environ.get("HTTP_ACCEPT"))
                if solutions is not HTML:
                    return self._answer(text, parameters, solutions, graph, environ, start_response)
        except (LinkedDataError, HTTPException) as error:
            environ[ERROR] = error
            self._count(slug(type(error)))
        return self._application(environ, start_response)

    def _answer(
        self,
        text: str,
        parameters: Parameters,
        solutions: Format | None,
        graph: Format | None,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        query = Query(
            text, _graphs(parameters, "default-graph-uri"), _graphs(parameters, "named-graph-uri")
        )
        timeout = _timeout(_one(parameters, "timeout"), self._settings)
        left = transfer.Client(environ).has_left
        answer = self._store.answer(
            query, solutions=solutions, graph=graph, timeout=timeout, left=left
        )
        self._count("answered")
        repeatable = is_repeatable(text)
        headers = [
            ("Content-Type", answer.format.content_type),
            ("Vary", _VARY),
            ("Cache-Control", CACHE if repeatable else "no-store"),
            *OPEN_TO_OTHER_ORIGINS,
        ]
        if answer.whole is None:
            start_response("200 OK", headers)
            return transfer.chunks(answer, environ)
        headers.append(("Content-Length", str(len(answer.whole))))
        if repeatable and environ["REQUEST_METHOD"] == "GET":
            headers.append(("ETag", entity_tag(answer.whole, answer.format)))
        start_response("200 OK", headers)
        return [answer.whole]


def endpoint(responder: Responder) -> Response:
    """Say what went wrong with a query; without one, describe the service or show the editor."""
    if error := request.environ.get(ERROR):
        raise error
    parameters: Parameters = request.environ[PARAMETERS]
    text = _one(parameters, "query")
    return _describe(responder, _named(parameters)) if text is None else _editor(responder, text)


def _describe(responder: Responder, name: str | None = None) -> Response:
    """Return the service description (SPARQL 1.1 Service Description, section 2), or the editor for a browser."""
    offer = by_name(name, GRAPH_FORMATS) if name else negotiate(DOCUMENT_FORMATS)
    if offer is None:
        raise BadParameter(f"format={name!r} is not an RDF format")
    if offer is HTML:
        return _editor(responder, "")
    description = describe_service(responder.dataset, responder.absolute(addresses.SPARQL))
    links = [link(addresses.DATASET, "describedby")]
    return responder.represent(
        responder.dataset.write(description, offer), offer, varies_by=["Accept"], links=links
    )


def _editor(responder: Responder, text: str) -> Response:
    topics = read_examples(responder.context())
    first = next((example.query for example in shortest_examples(topics)), _ANYTHING)
    content = responder.render(
        "sparql.html",
        query=text or first,
        settings={
            "action": addresses.SPARQL,
            "endpoint": responder.absolute(addresses.SPARQL) if responder.public_url else "",
            "given": bool(text),
            "base": responder.names.base,
            "ours": responder.dataset.is_built,
            "solutions": [_facts(offer) for offer in SOLUTION_FORMATS],
            "graphs": [_facts(offer) for offer in GRAPH_FORMATS],
        },
        topics=topics,
        solution_formats=SOLUTION_FORMATS,
        graph_formats=GRAPH_FORMATS,
        terms=editor_terms(responder.context()),
        problems=TITLES,
    )
    return responder.represent(content, HTML, varies_by=["Accept"])


def _facts(offer: Format) -> dict[str, str]:
    """Return what the page's script says of a format that it offers."""
    return {
        "name": offer.name,
        "title": offer.title,
        "suffix": offer.suffix,
        "type": offer.media_type,
    }


_ANYTHING: Final = "SELECT * WHERE {\n  ?subject ?predicate ?object\n}\nLIMIT 25\n"


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("sparql", __name__)
    bind(
        blueprint, ("/sparql",), endpoint, responder, methods=("GET", "POST"), strict_slashes=False
    )
    return blueprint
