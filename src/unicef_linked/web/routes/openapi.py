"""/openapi.json and /docs: every public route, from one table, as OpenAPI 3.1 and as a page.

Parameters carry an example that works with the packaged dataset, so that a reader can try and a test can walk.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, current_app

from unicef_linked import __version__
from unicef_linked.i18n import N_, NP_, SOURCE
from unicef_linked.metadata.signposting import LINKSET, LINKSET_JSON
from unicef_linked.rdf.formats import (
    DOCUMENT_FORMATS,
    GRAPH_FORMATS,
    HTML,
    JSONLD,
    SOLUTION_FORMATS,
    Carries,
    Format,
)
from unicef_linked.web.problems import PROBLEM
from unicef_linked.web.responses import link
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flask import Flask

    from unicef_linked.web.responder import Responder

    Gettext = Callable[[str], str]

OPENAPI: Final = Format("openapi", "application/json", "json", Carries.PAGE, "OpenAPI")
JSON: Final = "application/json"

_DOCUMENT: Final = tuple(f.media_type for f in DOCUMENT_FORMATS)
_SPARQL: Final = (*(f.media_type for f in (*SOLUTION_FORMATS, *GRAPH_FORMATS)), HTML.media_type)
_TEXT: Final = ("text/plain",)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query; ``example`` is of the packaged dataset."""

    text: str  # a message of i18n
    example: str
    kind: str = "string"
    required: bool = False
    values: tuple[str, ...] = ()


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "type": Parameter(N_("kind of thing, as in its IRI"), "office"),
    "key": Parameter(N_("key of a thing, as in its IRI"), "gao"),
    "suffix": Parameter(N_("extension of a format"), "ttl"),
    "graph": Parameter(N_("name of a named graph"), "mali/offices"),
    "file": Parameter(N_("name of a file"), "dataset.nq"),
    "export": Parameter(N_("name of an export"), "offices.csv"),
    "problem": Parameter(N_("name of a problem type"), "not-found"),
    "document": Parameter(N_("path of a document"), "doc/office/gao"),
    "number": Parameter(N_("number of a part, from 1"), "1", "integer"),
    "lang": Parameter(N_("language of a page"), "fr"),
    "page": Parameter(N_("number of a page, from 1"), "1", "integer"),
    "iri": Parameter(N_("the IRI to describe"), "https://w3id.org/unicef-linked/id/region/gao"),
    "query": Parameter(N_("a SPARQL 1.1 query"), "ASK { ?s ?p ?o }"),
    "default-graph-uri": Parameter(
        N_("graph that is the default graph; may be repeated"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "named-graph-uri": Parameter(
        N_("named graph to ask; may be repeated"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "timeout": Parameter(N_("seconds"), "5", "number"),
    "format": Parameter(N_("a format by its name, before Accept"), "json"),
    "external": Parameter(
        N_("an IRI of ours or of another dataset"),
        "http://www.wikidata.org/entity/Q912",
    ),
    "code": Parameter(N_("a code; give it or an iri"), "ML07"),
    "scheme": Parameter(N_("scheme of the code"), "pcode"),
    "of-graph": Parameter(
        N_("named graph to ask instead of the default graph"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "subject": Parameter(
        N_("subject of the pattern"), "https://w3id.org/unicef-linked/id/office/gao"
    ),
    "predicate": Parameter(
        N_("predicate of the pattern"), "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    ),
    "object": Parameter(
        N_("object of the pattern"), "https://w3id.org/unicef-linked/ontology#ZoneOffice"
    ),
    "queries": Parameter(N_("a batch of queries, as JSON"), '{"q0": {"query": "Tombouctou"}}'),
    "extend": Parameter(
        N_("a data extension query, as JSON"),
        '{"ids": ["region/gao"], "properties": [{"id": "coversRegion"}]}',
    ),
    "kind": Parameter(N_("what to suggest"), "entity", values=("entity", "property", "type")),
    "class": Parameter(N_("local name of a class"), "Region"),
    "limit": Parameter(N_("most results"), "5", "integer"),
    "prefix": Parameter(N_("what was typed"), "tom"),
    "offset": Parameter(N_("results to leave out"), "0", "integer"),
    "q": Parameter(N_("a name, in any language"), "Tombouctou"),
    "cursor": Parameter(N_("results to leave out"), "0", "integer"),
    "id": Parameter(N_("type and key of a thing"), "region/gao"),
}
"""Every parameter once, by the name that operations have it under; see ``_NAMES`` for those that share a public name."""

_NAMES: Final = {"external": "iri", "class": "type", "of-graph": "graph"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method: what it takes, what it answers."""

    path: str
    text: str  # a message of i18n
    media_types: tuple[str, ...] = _DOCUMENT
    query: tuple[str, ...] = ()  # parameters of the query
    required: tuple[str, ...] = ()  # those of them that must be given
    method: str = "get"
    status: int = 200
    body: tuple[tuple[str, str], ...] = ()  # media types of the request with an example of each
    problems: tuple[int, ...] = ()


OPERATIONS: Final = (
    Operation("/", N_("The home page; as RDF, the dataset’s description"), query=("lang",), problems=(406,)),
    Operation("/pictures", N_("The pictures that the data publishes: who does what where"), (HTML.media_type,), query=("lang",), problems=(404, 406)),
    Operation("/id/{type}/{key}", N_("A thing: leads to its document"), (), status=303, problems=(404, 406)),
    Operation("/doc/{type}/{key}", N_("The document about a thing"), query=("lang",), problems=(404, 406)),
    Operation("/doc/{type}/{key}.{suffix}", NP_("document", "The same in one format"), query=("lang",), problems=(404,)),
    Operation("/doc/{type}", N_("The list of a kind of thing"), query=("page", "lang"), problems=(400, 404, 406)),
    Operation("/doc/{type}.{suffix}", NP_("list", "The same in one format"), query=("page", "lang"), problems=(400, 404)),
    Operation("/resource", N_("What is known of any IRI"), query=("iri", "lang"), required=("iri",), problems=(400, 404, 406)),
    Operation("/resource.{suffix}", NP_("what is known", "The same in one format"), query=("iri", "lang"), required=("iri",), problems=(400, 404)),
    Operation("/graph/{graph}", N_("A named graph"), query=("lang",), problems=(404, 406)),
    Operation("/ontology", N_("The ontology"), query=("lang",), problems=(404, 406)),
    Operation("/ontology.{suffix}", NP_("ontology", "The same in one format"), query=("lang",), problems=(404,)),
    Operation("/shapes", N_("What must hold of the data"), query=("lang",), problems=(404, 406)),
    Operation("/shapes.{suffix}", NP_("what must hold", "The same in one format"), query=("lang",), problems=(404,)),
    Operation("/dataset", N_("The dataset by DCAT 3 and VoID"), query=("lang",), problems=(406,)),
    Operation("/dataset.{suffix}", NP_("dataset", "The same in one format"), query=("lang",), problems=(404,)),
    Operation("/quality", N_("What is known of the quality of the release (DQV)"), query=("lang",), problems=(406,)),
    Operation("/quality.{suffix}", NP_("what is known", "The same in one format"), query=("lang",), problems=(404,)),
    Operation("/.well-known/void", N_("Leads to the dataset’s description"), (), status=302),
    Operation("/context.jsonld", N_("The JSON-LD context"), (JSONLD.media_type,)),
    Operation("/sparql", N_("Answers a query; without one, the editor or the service description"), _SPARQL, query=("query", "default-graph-uri", "named-graph-uri", "timeout", "format"), problems=(400, 403, 406, 503)),
    Operation("/sparql", N_("Answers a query"), _SPARQL, query=("default-graph-uri", "named-graph-uri", "timeout", "format"), method="post", body=(("application/x-www-form-urlencoded", "query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"), ("application/sparql-query", "ASK { ?s ?p ?o }")), problems=(400, 403, 406, 413, 415, 503)),
    Operation("/fragments", N_("One page of the triples that fit a pattern (Triple Pattern Fragments)"), query=("subject", "predicate", "object", "of-graph", "page", "lang"), problems=(400, 404, 406)),
    Operation("/fragments.{suffix}", NP_("page", "The same in one format"), query=("subject", "predicate", "object", "of-graph", "page", "lang"), problems=(400, 404)),
    Operation("/resolve", N_("The entity that an IRI or a code identifies, with its other identifiers"), query=("external", "code", "scheme", "lang"), required=("external",), problems=(400, 404, 406)),
    Operation("/resolve.{suffix}", NP_("entity", "The same in one format"), query=("external", "code", "scheme", "lang"), required=("external",), problems=(400, 404)),
    Operation("/resolve", N_("The same for a list of identifiers"), (JSON,), method="post", body=((JSON, '["http://www.wikidata.org/entity/Q912"]'),), problems=(400, 413, 415)),
    Operation("/search", N_("What a name may mean, in any language"), (JSON, HTML.media_type), query=("q", "class", "limit", "offset", "lang"), required=("q",), problems=(400, 406)),
    Operation("/reconcile", N_("The Reconciliation API 0.2: the service, or answers to queries"), (JSON,), query=("queries", "extend"), problems=(400,)),
    Operation("/reconcile", N_("Answers a batch of queries"), (JSON,), method="post", body=(("application/x-www-form-urlencoded", "queries=%7B%22q0%22%3A%20%7B%22query%22%3A%20%22Gao%22%7D%7D"),), problems=(400, 413)),
    Operation("/reconcile/suggest/{kind}", N_("What a reader who types may mean"), (JSON,), query=("prefix", "cursor"), problems=(400, 404)),
    Operation("/reconcile/flyout/{kind}", N_("A few words about something suggested"), (JSON,), query=("id",), required=("id",), problems=(404,)),
    Operation("/reconcile/preview", N_("A small page about a thing"), (HTML.media_type,), query=("id", "lang"), required=("id",), problems=(404,)),
    Operation("/reconcile/properties", N_("The properties that things of a class have"), (JSON,), query=("class", "limit"), problems=(400,)),
    Operation("/export/", N_("The list of tables and maps"), (JSON, HTML.media_type), query=("lang",), problems=(406,)),
    Operation("/export/{export}", N_("One of them"), ("text/csv", "application/geo+json", "application/csvm+json", "text/tab-separated-values"), problems=(404,)),
    Operation("/dump/", N_("The list of whole-dataset files"), ("application/json", HTML.media_type), query=("lang",), problems=(406,)),
    Operation("/dump/{file}", N_("One of them"), ("application/n-quads", "text/turtle", "application/ld+json", "application/gzip", "text/plain"), problems=(404,)),
    Operation("/linkset", N_("The links of the dataset and its files (RFC 9264)"), (LINKSET_JSON.media_type, LINKSET.media_type), problems=(406,)),
    Operation("/linkset/{document}", N_("The links of a document"), (LINKSET_JSON.media_type, LINKSET.media_type), problems=(404, 406)),
    Operation("/sitemap.xml", N_("All documents, for crawlers"), ("application/xml",)),
    Operation("/sitemap-{number}.xml", N_("A part of a long sitemap"), ("application/xml",), problems=(404,)),
    Operation("/robots.txt", N_("What crawlers may read"), _TEXT),
    Operation("/llms.txt", N_("What a language model should know"), _TEXT),
    Operation("/problem/{problem}", N_("What a problem type means"), (HTML.media_type,), query=("lang",), problems=(404,)),
    Operation("/openapi.json", N_("This description"), (OPENAPI.media_type,)),
    Operation("/docs", N_("This description as a page"), (HTML.media_type,), query=("lang",)),
    Operation("/healthz", N_("Answers while the process lives"), _TEXT),
    Operation("/readyz", N_("Answers once the release is loaded"), _TEXT),
    Operation("/metrics", N_("Figures of the web workers, for Prometheus"), _TEXT),
)  # fmt: skip
"""Each public route with each method; ``HEAD`` and ``OPTIONS`` work wherever ``GET`` does and are not repeated."""


def template(rule: str) -> str:
    """Return a rule of Flask's as an OpenAPI path; the names of the table stand for those of the code.

    >>> template("/doc/<entity_type>/<key>.<suffix>"), template("/graph/<path:name>")
    ('/doc/{type}/{key}.{suffix}', '/graph/{graph}')
    """
    names = {"entity_type": "type", "name": _NAMED.get(rule.split("/")[1], "name")}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{names.get(found[1], found[1])}}}", rule)


_NAMED: Final = {"graph": "graph", "dump": "file", "problem": "problem", "export": "export"}
"""What a ``name`` is the name of, by the first step of the path."""


def public_routes(app: Flask) -> set[tuple[str, str]]:
    """Return the path and the method of each route of an application, but for ``HEAD``, ``OPTIONS`` and static files."""
    return {
        (template(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def describe(
    operations: Iterable[Operation],
    title: str,
    address: str,
    *,
    languages: Sequence[str],
    gettext: Gettext,
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description; ``languages`` are those of the pages, ``gettext`` tells its texts."""
    chosen = replace(PARAMETERS["lang"], example=languages[0], values=tuple(languages))
    parameters = {**PARAMETERS, "lang": chosen}
    paths: dict[str, Any] = {}
    for operation in operations:
        described = _operation(operation, parameters, gettext)
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
        },
        "servers": [{"url": address.rstrip("/")}],
        "paths": paths,
        "components": {
            "responses": {
                str(status): {
                    "description": name,
                    "content": {PROBLEM.media_type: {"schema": _PROBLEM}},
                }
                for status, name in _STATUS.items()
            }
        },
    }


_STATUS: Final = {
    400: "Bad request",
    403: "Query refused",
    404: "Not found",
    406: "No acceptable representation",
    413: "Request too large",
    415: "Unsupported media type",
    503: "Not answered in time, or too many queries at once",
}

_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}


def _operation(
    operation: Operation, parameters: Mapping[str, Parameter], gettext: Gettext
) -> dict[str, Any]:
    summary = gettext(operation.text)
    of_path = [(name, "path", True) for name in in_path(operation.path)]
    of_query = [(name, "query", name in operation.required) for name in operation.query]
    content: dict[str, Any] = {name: {} for name in operation.media_types}
    success: dict[str, Any] = {"description": summary}
    if content:
        success["content"] = content
    if operation.status in {302, 303}:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    found: dict[str, Any] = {
        "operationId": operation_id(operation),
        "summary": summary,
        "parameters": [
            {
                "name": _NAMES.get(name, name),
                "in": place,
                "required": required,
                **_parameter(parameters[name], gettext),
            }
            for name, place, required in (*of_path, *of_query)
        ],
        "responses": {str(operation.status): success}
        | {
            str(status): {"$ref": f"#/components/responses/{status}"}
            for status in operation.problems
        },
    }
    if operation.body:
        found["requestBody"] = {
            "required": True,
            "content": {
                name: {"example": json.loads(text) if name == JSON else text}
                for name, text in operation.body
            },
        }
    return found


def operation_id(operation: Operation) -> str:
    """Return a name for an operation, one of its own.

    >>> operation_id(Operation("/doc/{type}/{key}", ""))
    'get-doc-type-key'
    """
    words = "".join(c if c.isalnum() else " " for c in operation.path).split()
    return "-".join([operation.method, *(words or ["home"])])


def in_path(path: str) -> list[str]:
    """Return the parameters of a path, in order."""
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _parameter(parameter: Parameter, gettext: Gettext) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.values:
        schema["enum"] = list(parameter.values)
    kinds = {"integer": int, "number": float}
    return {
        "description": gettext(parameter.text),
        "schema": schema,
        "example": kinds.get(parameter.kind, str)(parameter.example),
    }


def _served() -> list[Operation]:
    """Return the operations that this application has, in the order of the table."""
    present = public_routes(current_app)
    return [operation for operation in OPERATIONS if (operation.path, operation.method) in present]


def _described(responder: Responder, spoken: str) -> dict[str, Any]:
    return describe(
        _served(),
        responder.context(spoken)
        .reader([], responder.names.dataset)
        .label(responder.names.dataset)
        .text,
        responder.public_address(),
        languages=responder.languages,
        gettext=responder.translations.of(spoken).gettext,
    )


def openapi(responder: Responder) -> Response:
    """Return the description of every public route (OpenAPI Specification 3.1.0)."""
    content = json.dumps(_described(responder, SOURCE), ensure_ascii=False, indent=1).encode()
    return responder.represent(
        content, OPENAPI, links=[link("/docs", "alternate", type=HTML.media_type)]
    )


def docs(responder: Responder) -> Response:
    """Return the same as a page."""
    described = _described(responder, responder.language())
    links = [link("/openapi.json", "service-desc", type=OPENAPI.media_type)]
    return responder.represent(
        responder.render("docs.html", described=described), HTML, links=links
    )


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("openapi", __name__)
    bind(blueprint, ("/openapi.json",), openapi, responder)
    bind(blueprint, ("/docs",), docs, responder)
    return blueprint
