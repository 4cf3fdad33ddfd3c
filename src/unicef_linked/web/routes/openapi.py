"""/openapi.json and /docs: every public route, from one table, as OpenAPI 3.1 and as a page.

Parameters carry an example that works with the packaged dataset, so that a reader can try and a test can walk.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, current_app, request

from unicef_linked import __version__
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, JSONLD, SOLUTION_FORMATS, Carries, Format
from unicef_linked.web.responses import PROBLEM, language, link, page, represent, site
from unicef_linked.web.routes.discovery import LINKSET, LINKSET_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Flask

routes: Final = Blueprint("openapi", __name__)

OPENAPI: Final = Format("openapi", "application/json", "json", Carries.PAGE, "OpenAPI")
JSON: Final = "application/json"

_DOCUMENT: Final = tuple(f.media_type for f in DOCUMENT_FORMATS)
_SPARQL: Final = (*(f.media_type for f in (*SOLUTION_FORMATS, *GRAPH_FORMATS)), HTML.media_type)
_TEXT: Final = ("text/plain",)

Words = tuple[str, str]
"""The same sentence in English and in French."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a path or a query; ``example`` is of the packaged dataset."""

    text: Words
    example: str
    kind: str = "string"
    required: bool = False
    values: tuple[str, ...] = ()


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "type": Parameter(("kind of thing, as in its IRI", "genre de chose, comme dans son IRI"), "office"),
    "key": Parameter(("key of a thing, as in its IRI", "clé d’une chose, comme dans son IRI"), "gao"),
    "suffix": Parameter(("extension of a format", "extension d’un format"), "ttl"),
    "graph": Parameter(("name of a named graph", "nom d’un graphe nommé"), "mali/offices"),
    "file": Parameter(("name of a file", "nom d’un fichier"), "dataset.nq"),
    "export": Parameter(("name of an export", "nom d’un export"), "offices.csv"),
    "problem": Parameter(("name of a problem type", "nom d’un type de problème"), "not-found"),
    "document": Parameter(("path of a document", "chemin d’un document"), "doc/office/gao"),
    "number": Parameter(("number of a part, from 1", "numéro d’une partie, à partir de 1"), "1", "integer"),
    "lang": Parameter(("language of a page", "langue d’une page"), "fr", values=("fr", "en")),
    "page": Parameter(("number of a page, from 1", "numéro d’une page, à partir de 1"), "1", "integer"),
    "iri": Parameter(("the IRI to describe", "l’IRI à décrire"), "https://w3id.org/unicef-linked/id/region/gao"),
    "query": Parameter(("a SPARQL 1.1 query", "une requête SPARQL 1.1"), "ASK { ?s ?p ?o }"),
    "default-graph-uri": Parameter(
        ("graph that is the default graph; may be repeated", "graphe par défaut ; peut être répété"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "named-graph-uri": Parameter(
        ("named graph to ask; may be repeated", "graphe nommé à interroger ; peut être répété"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "timeout": Parameter(("seconds", "secondes"), "5", "number"),
    "format": Parameter(("a format by its name, before Accept", "un format par son nom, avant Accept"), "json"),
    "external": Parameter(
        ("an IRI of ours or of another dataset", "un IRI de nous ou d’un autre jeu de données"),
        "http://www.wikidata.org/entity/Q912",
    ),
    "code": Parameter(("a code; give it or an iri", "un code ; le donner, ou un iri"), "ML07"),
    "scheme": Parameter(("scheme of the code", "système du code"), "pcode"),
    "of-graph": Parameter(
        ("named graph to ask instead of the default graph", "graphe nommé à interroger au lieu du graphe par défaut"),
        "https://w3id.org/unicef-linked/graph/mali/offices",
    ),
    "subject": Parameter(("subject of the pattern", "sujet du motif"), "https://w3id.org/unicef-linked/id/office/gao"),
    "predicate": Parameter(
        ("predicate of the pattern", "prédicat du motif"), "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    ),
    "object": Parameter(
        ("object of the pattern", "objet du motif"), "https://w3id.org/unicef-linked/ontology#ZoneOffice"
    ),
    "queries": Parameter(
        ("a batch of queries, as JSON", "un lot de requêtes, en JSON"), '{"q0": {"query": "Tombouctou"}}'
    ),
    "extend": Parameter(
        ("a data extension query, as JSON", "une requête d’extension, en JSON"),
        '{"ids": ["region/gao"], "properties": [{"id": "coversRegion"}]}',
    ),
    "kind": Parameter(("what to suggest", "ce qu’il faut suggérer"), "entity", values=("entity", "property", "type")),
    "class": Parameter(("local name of a class", "nom local d’une classe"), "Region"),
    "limit": Parameter(("most results", "nombre maximal de résultats"), "5", "integer"),
    "prefix": Parameter(("what was typed", "ce qui a été tapé"), "tom"),
    "offset": Parameter(("results to leave out", "résultats à sauter"), "0", "integer"),
    "q": Parameter(("a name, in any language", "un nom, dans toute langue"), "Tombouctou"),
    "cursor": Parameter(("results to leave out", "résultats à sauter"), "0", "integer"),
    "id": Parameter(("type and key of a thing", "type et clé d’une chose"), "region/gao"),
}
"""Every parameter once, by the name that operations have it under; see ``_NAMES`` for those that share a public name."""

_NAMES: Final = {"external": "iri", "class": "type", "of-graph": "graph"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with one method: what it takes, what it answers."""

    path: str
    text: Words
    media_types: tuple[str, ...] = _DOCUMENT
    query: tuple[str, ...] = ()  # parameters of the query
    required: tuple[str, ...] = ()  # those of them that must be given
    method: str = "get"
    status: int = 200
    body: tuple[tuple[str, str], ...] = ()  # media types of the request with an example of each
    problems: tuple[int, ...] = ()


OPERATIONS: Final = (
    Operation("/", ("The home page; as RDF, the dataset’s description", "La page d’accueil ; en RDF, la description du jeu de données"), query=("lang",), problems=(406,)),
    Operation("/pictures", ("The pictures that the data publishes: who does what where", "Les figures que publient les données : qui fait quoi et où"), (HTML.media_type,), query=("lang",), problems=(404, 406)),
    Operation("/id/{type}/{key}", ("A thing: leads to its document", "Une chose : mène à son document"), (), status=303, problems=(404, 406)),
    Operation("/doc/{type}/{key}", ("The document about a thing", "Le document sur une chose"), query=("lang",), problems=(404, 406)),
    Operation("/doc/{type}/{key}.{suffix}", ("The same in one format", "Le même dans un format"), query=("lang",), problems=(404,)),
    Operation("/doc/{type}", ("The list of a kind of thing", "La liste d’un genre de chose"), query=("page", "lang"), problems=(400, 404, 406)),
    Operation("/doc/{type}.{suffix}", ("The same in one format", "La même dans un format"), query=("page", "lang"), problems=(400, 404)),
    Operation("/resource", ("What is known of any IRI", "Ce qu’on sait d’un IRI quelconque"), query=("iri", "lang"), required=("iri",), problems=(400, 404, 406)),
    Operation("/resource.{suffix}", ("The same in one format", "La même chose dans un format"), query=("iri", "lang"), required=("iri",), problems=(400, 404)),
    Operation("/graph/{graph}", ("A named graph", "Un graphe nommé"), query=("lang",), problems=(404, 406)),
    Operation("/ontology", ("The ontology", "L’ontologie"), query=("lang",), problems=(404, 406)),
    Operation("/ontology.{suffix}", ("The same in one format", "La même dans un format"), query=("lang",), problems=(404,)),
    Operation("/shapes", ("What must hold of the data", "Ce que les données doivent respecter"), query=("lang",), problems=(404, 406)),
    Operation("/shapes.{suffix}", ("The same in one format", "La même chose dans un format"), query=("lang",), problems=(404,)),
    Operation("/dataset", ("The dataset by DCAT 3 and VoID", "Le jeu de données selon DCAT 3 et VoID"), query=("lang",), problems=(406,)),
    Operation("/dataset.{suffix}", ("The same in one format", "Le même dans un format"), query=("lang",), problems=(404,)),
    Operation("/quality", ("What is known of the quality of the release (DQV)", "Ce qu’on sait de la qualité de la version (DQV)"), query=("lang",), problems=(406,)),
    Operation("/quality.{suffix}", ("The same in one format", "La même chose dans un format"), query=("lang",), problems=(404,)),
    Operation("/.well-known/void", ("Leads to the dataset’s description", "Mène à la description du jeu de données"), (), status=302),
    Operation("/context.jsonld", ("The JSON-LD context", "Le contexte JSON-LD"), (JSONLD.media_type,)),
    Operation("/sparql", ("Answers a query; without one, the editor or the service description", "Répond à une requête ; sans requête, l’éditeur ou la description du service"), _SPARQL, query=("query", "default-graph-uri", "named-graph-uri", "timeout", "format"), problems=(400, 403, 406, 503)),
    Operation("/sparql", ("Answers a query", "Répond à une requête"), _SPARQL, query=("default-graph-uri", "named-graph-uri", "timeout", "format"), method="post", body=(("application/x-www-form-urlencoded", "query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D"), ("application/sparql-query", "ASK { ?s ?p ?o }")), problems=(400, 403, 406, 413, 415, 503)),
    Operation("/fragments", ("One page of the triples that fit a pattern (Triple Pattern Fragments)", "Une page des triplets qui répondent à un motif (Triple Pattern Fragments)"), query=("subject", "predicate", "object", "of-graph", "page", "lang"), problems=(400, 404, 406)),
    Operation("/fragments.{suffix}", ("The same in one format", "La même dans un format"), query=("subject", "predicate", "object", "of-graph", "page", "lang"), problems=(400, 404)),
    Operation("/resolve", ("The entity that an IRI or a code identifies, with its other identifiers", "L’entité qu’un IRI ou un code désigne, avec ses autres identifiants"), query=("external", "code", "scheme", "lang"), required=("external",), problems=(400, 404, 406)),
    Operation("/resolve.{suffix}", ("The same in one format", "La même dans un format"), query=("external", "code", "scheme", "lang"), required=("external",), problems=(400, 404)),
    Operation("/resolve", ("The same for a list of identifiers", "La même chose pour une liste d’identifiants"), (JSON,), method="post", body=((JSON, '["http://www.wikidata.org/entity/Q912"]'),), problems=(400, 413, 415)),
    Operation("/search", ("What a name may mean, in any language", "Ce qu’un nom peut désigner, dans toute langue"), (JSON, HTML.media_type), query=("q", "class", "limit", "offset", "lang"), required=("q",), problems=(400, 406)),
    Operation("/reconcile", ("The Reconciliation API 0.2: the service, or answers to queries", "L’API de réconciliation 0.2 : le service, ou les réponses aux requêtes"), (JSON,), query=("queries", "extend"), problems=(400,)),
    Operation("/reconcile", ("Answers a batch of queries", "Répond à un lot de requêtes"), (JSON,), method="post", body=(("application/x-www-form-urlencoded", "queries=%7B%22q0%22%3A%20%7B%22query%22%3A%20%22Gao%22%7D%7D"),), problems=(400, 413)),
    Operation("/reconcile/suggest/{kind}", ("What a reader who types may mean", "Ce que veut dire qui est en train de taper"), (JSON,), query=("prefix", "cursor"), problems=(400, 404)),
    Operation("/reconcile/flyout/{kind}", ("A few words about something suggested", "Quelques mots sur une suggestion"), (JSON,), query=("id",), required=("id",), problems=(404,)),
    Operation("/reconcile/preview", ("A small page about a thing", "Une petite page sur une chose"), (HTML.media_type,), query=("id", "lang"), required=("id",), problems=(404,)),
    Operation("/reconcile/properties", ("The properties that things of a class have", "Les propriétés qu’ont les choses d’une classe"), (JSON,), query=("class", "limit"), problems=(400,)),
    Operation("/export/", ("The list of tables and maps", "La liste des tableaux et des cartes"), (JSON, HTML.media_type), query=("lang",), problems=(406,)),
    Operation("/export/{export}", ("One of them", "L’un d’eux"), ("text/csv", "application/geo+json", "application/csvm+json", "text/tab-separated-values"), problems=(404,)),
    Operation("/dump/", ("The list of whole-dataset files", "La liste des fichiers du jeu de données entier"), ("application/json", HTML.media_type), query=("lang",), problems=(406,)),
    Operation("/dump/{file}", ("One of them", "L’un d’eux"), ("application/n-quads", "text/turtle", "application/ld+json", "application/gzip", "text/plain"), problems=(404,)),
    Operation("/linkset", ("The links of the dataset and its files (RFC 9264)", "Les liens du jeu de données et de ses fichiers (RFC 9264)"), (LINKSET_JSON.media_type, LINKSET.media_type), problems=(406,)),
    Operation("/linkset/{document}", ("The links of a document", "Les liens d’un document"), (LINKSET_JSON.media_type, LINKSET.media_type), problems=(404, 406)),
    Operation("/sitemap.xml", ("All documents, for crawlers", "Tous les documents, pour les robots"), ("application/xml",)),
    Operation("/sitemap-{number}.xml", ("A part of a long sitemap", "Une partie d’un long plan du site"), ("application/xml",), problems=(404,)),
    Operation("/robots.txt", ("What crawlers may read", "Ce que les robots peuvent lire"), _TEXT),
    Operation("/llms.txt", ("What a language model should know", "Ce qu’un modèle de langue doit savoir"), _TEXT),
    Operation("/problem/{problem}", ("What a problem type means", "Ce que veut dire un type de problème"), (HTML.media_type,), query=("lang",), problems=(404,)),
    Operation("/openapi.json", ("This description", "Cette description"), (OPENAPI.media_type,)),
    Operation("/docs", ("This description as a page", "Cette description en page"), (HTML.media_type,), query=("lang",)),
    Operation("/healthz", ("Answers while the process lives", "Répond tant que le processus vit"), _TEXT),
    Operation("/readyz", ("Answers once the release is loaded", "Répond dès que la version est chargée"), _TEXT),
    Operation("/metrics", ("Figures of one web worker, for Prometheus", "Chiffres d’un processus web, pour Prometheus"), _TEXT),
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


def describe(operations: Iterable[Operation], title: str, address: str, chosen: int) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description; ``chosen`` is which of the ``Words``."""
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, chosen)
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
                str(status): {"description": name, "content": {PROBLEM.media_type: {"schema": _PROBLEM}}}
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


def _operation(operation: Operation, chosen: int) -> dict[str, Any]:
    content: dict[str, Any] = {name: {} for name in operation.media_types}
    success: dict[str, Any] = {"description": operation.text[chosen]}
    if content:
        success["content"] = content
    if operation.status in {302, 303}:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    found: dict[str, Any] = {
        "operationId": operation_id(operation),
        "summary": operation.text[chosen],
        "parameters": [
            *(_parameter(name, "path", True, chosen) for name in in_path(operation.path)),
            *(_parameter(name, "query", name in operation.required, chosen) for name in operation.query),
        ],
        "responses": {str(operation.status): success}
        | {str(status): {"$ref": f"#/components/responses/{status}"} for status in operation.problems},
    }
    if operation.body:
        found["requestBody"] = {
            "required": True,
            "content": {name: {"example": json.loads(text) if name == JSON else text} for name, text in operation.body},
        }
    return found


def operation_id(operation: Operation) -> str:
    """Return a name for an operation, one of its own.

    >>> operation_id(Operation("/doc/{type}/{key}", ("", "")))
    'get-doc-type-key'
    """
    words = "".join(c if c.isalnum() else " " for c in operation.path).split()
    return "-".join([operation.method, *(words or ["home"])])


def in_path(path: str) -> list[str]:
    """Return the parameters of a path, in order."""
    return [part.partition("}")[0] for part in path.split("{")[1:]]


def _parameter(name: str, place: str, required: bool, chosen: int) -> dict[str, Any]:
    parameter = PARAMETERS[name]
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.values:
        schema["enum"] = list(parameter.values)
    kinds = {"integer": int, "number": float}
    return {
        "name": _NAMES.get(name, name),
        "in": place,
        "required": required,
        "description": parameter.text[chosen],
        "schema": schema,
        "example": kinds.get(parameter.kind, str)(parameter.example),
    }


def _served() -> list[Operation]:
    """Return the operations that this application has, in the order of the table."""
    present = public_routes(current_app)
    return [operation for operation in OPERATIONS if (operation.path, operation.method) in present]


def _described(chosen: int) -> dict[str, Any]:
    here = site()
    title = here.reader([], ("en", "fr")[chosen], here.names.dataset).label(here.names.dataset).text
    return describe(_served(), title, here.public_url(request.host_url), chosen)


@routes.get("/openapi.json")
def openapi() -> Response:
    """Return the description of every public route (OpenAPI Specification 3.1.0)."""
    content = json.dumps(_described(0), ensure_ascii=False, indent=1).encode()
    return represent(content, OPENAPI, links=[link("/docs", "alternate", type=HTML.media_type)])


@routes.get("/docs")
def docs() -> Response:
    """Return the same as a page."""
    described = _described(("en", "fr").index(language()))
    links = [link("/openapi.json", "service-desc", type=OPENAPI.media_type)]
    return represent(page("docs.html", described=described), HTML, links=links)
