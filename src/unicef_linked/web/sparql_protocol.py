"""The query operation of the SPARQL 1.1 Protocol (section 2.1): from a request to its parameters.

It reads the WSGI environment, since queries are answered in front of Flask.
"""

from __future__ import annotations

import codecs
import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

import pyoxigraph as ox
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_input_stream

from unicef_linked.errors import (
    BadParameter,
    NotAcceptable,
    QueryRefused,
    UnsupportedMediaType,
)
from unicef_linked.rdf.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format, by_name
from unicef_linked.store.query import BYTE_ORDER_MARK
from unicef_linked.web.negotiation import choose

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from unicef_linked.config import Settings

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"

_ANSWER_FORMATS: Final = (*SOLUTION_FORMATS, *GRAPH_FORMATS)
_MOST_FIELDS: Final = 1000
"""Most fields of a form or query string; more are refused."""
_OF_UPDATES: Final = frozenset({"update", "using-graph-uri", "using-named-graph-uri"})

_SUBSETS_OF_UTF_8: Final = frozenset({"utf-8", "utf-8-sig", "ascii"})
"""Encodings, as Python calls them, whose every text is UTF-8 too."""

Parameters = dict[str, list[str]]
"""The values of each name, in the order in which they came."""


def read_parameters(environ: WSGIEnvironment, body_limit: int | None) -> Parameters:
    """Return the operation's parameters, in whichever of its three ways they came.

    The body can be read again. Raises BadParameter, QueryRefused and UnsupportedMediaType, and
    Werkzeug's RequestEntityTooLarge for a body of more than ``body_limit`` bytes.
    """
    in_address = parse_form(environ.get("QUERY_STRING", ""), "the query string")
    if environ["REQUEST_METHOD"] != "POST":
        parameters = in_address
    else:
        media_type, options = parse_options_header(environ.get("CONTENT_TYPE"))
        media_type, charset = media_type.lower(), options.get("charset", "utf-8")
        if media_type == FORM:
            body = _read_body(environ, charset, body_limit)
            parameters = in_address | parse_form(
                body.removeprefix(BYTE_ORDER_MARK), "the request body"
            )
        elif media_type == DIRECT:
            parameters = in_address | {"query": [_read_body(environ, charset, body_limit)]}
        elif media_type == UPDATE:
            raise QueryRefused("updates are refused: this endpoint is read-only")
        else:
            sent = media_type or "no media type"
            raise UnsupportedMediaType(f"a query is posted as {FORM} or {DIRECT}, not as {sent}")
    if not _OF_UPDATES.isdisjoint(parameters):
        raise QueryRefused("updates are refused: this endpoint is read-only")
    if queries := parameters.get("query"):
        parameters["query"] = [text.removeprefix(BYTE_ORDER_MARK) for text in queries]
    return parameters


def parse_form(text: str, source: str) -> Parameters:
    """Return the fields of a form; ``source`` says in messages where it is from.

    Raises BadParameter for bytes that are not UTF-8 and for more than _MOST_FIELDS fields.

    >>> parse_form("query=ASK+%7B%7D&format=json&&default-graph-uri", "the query string")
    {'query': ['ASK {}'], 'format': ['json'], 'default-graph-uri': ['']}
    """
    if text.count("&") >= _MOST_FIELDS:
        raise BadParameter(f"{source} cannot be read: it has more than {_MOST_FIELDS:,} fields")
    fields: Parameters = {}
    try:
        for field in filter(None, text.split("&")):
            name, _, value = field.partition("=")
            fields.setdefault(_decode(name), []).append(_decode(value))
    except UnicodeDecodeError:
        raise BadParameter(
            f"{source} is not UTF-8; percent-encode the UTF-8 bytes of each character"
        ) from None
    return fields


def _decode(text: str) -> str:
    """Return a name or value of a form (URL Standard, section 5.1), whose bytes must be UTF-8.

    ``urllib.parse.parse_qs`` gives the same in three times the time (``bench``, queries).
    """
    return unquote_to_bytes(text.replace("+", " ")).decode()


def _read_body(environ: WSGIEnvironment, charset: str, limit: int | None) -> str:
    """Return the body, which is UTF-8 (SPARQL 1.1 Protocol, sections 2.1.2 and 2.1.3)."""
    body = get_input_stream(environ, max_content_length=limit).read()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    try:
        encoding = codecs.lookup(charset).name
    except (LookupError, ValueError):  # ValueError: of a null character (RFC 2231: charset*=)
        raise UnsupportedMediaType(
            f"the character set {charset!r} is not known; send UTF-8"
        ) from None
    if encoding not in _SUBSETS_OF_UTF_8:
        raise BadParameter(f"the request body is {charset}; send UTF-8")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadParameter(
            f"the request body is not UTF-8: byte {error.start} cannot be decoded; send UTF-8"
        ) from None


def single(parameters: Parameters, name: str) -> str | None:
    """Return the value of a parameter that is given at most once; None if it is missing."""
    values = parameters.get(name)
    if values is None:
        return None
    if len(values) > 1:
        raise BadParameter(f"{name} is given {len(values)} times; give it once")
    return values[0]


def graph_iris(parameters: Parameters, name: str) -> tuple[str, ...]:
    """Return the IRIs of ``default-graph-uri`` or ``named-graph-uri``, each once."""
    iris = tuple(dict.fromkeys(parameters.get(name, ())))
    for iri in iris:
        try:
            ox.NamedNode(iri)
        except ValueError:
            raise BadParameter(f"{name}={iri!r} is not an absolute IRI") from None
    return iris


def deadline(parameters: Parameters, settings: Settings) -> float:
    """Return the deadline (s): as the client asks, but at most what the operator allows."""
    text = single(parameters, "timeout")
    if not text:
        return min(settings.query_timeout, settings.query_timeout_max)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise BadParameter(f"timeout={text!r} is not a number of seconds above zero")
    return min(seconds, settings.query_timeout_max)


def format_names(parameters: Parameters) -> tuple[str, ...]:
    """Return the values of ``format`` and its synonym ``output`` that are not empty.

    Clients send both, and each more than once.
    """
    values = parameters.get("format", []) + parameters.get("output", [])
    return tuple(filter(None, values))


@lru_cache(maxsize=1024)
def answer_formats(
    names: tuple[str, ...], accept: str | None
) -> tuple[Format | None, Format | None]:
    """Return the formats for solutions and for a graph: the first named ones, else as Accept says.

    Both are HTML for a browser. A name that is not known is passed over, since the parameter is
    none of the protocol's. Raises NotAcceptable if Accept allows no format.
    """
    for name in names:
        if by_name(name, (HTML,)):
            return HTML, HTML
        solutions, graph = by_name(name, SOLUTION_FORMATS), by_name(name, GRAPH_FORMATS)
        if solutions or graph:
            return solutions, graph
    if choose(accept, (*_ANSWER_FORMATS, HTML)) is HTML:
        return HTML, HTML
    solutions, graph = choose(accept, SOLUTION_FORMATS), choose(accept, GRAPH_FORMATS)
    if solutions is None and graph is None:
        raise NotAcceptable([offer.media_type for offer in _ANSWER_FORMATS])
    return solutions, graph
