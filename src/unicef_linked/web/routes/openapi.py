"""/openapi.json and /docs: every public operation, as OpenAPI 3.1 and as a page.

Here too is what holds for each of them: a parameter has one value, unless the table says otherwise.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, request

from unicef_linked import __version__, addresses
from unicef_linked.dataset.examples import parameter_examples
from unicef_linked.errors import BadParameter
from unicef_linked.i18n import SOURCE
from unicef_linked.rdf.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Carries, Format
from unicef_linked.web.operations import FORM, JSON, OPERATIONS, PARAMETERS
from unicef_linked.web.problems import PROBLEM
from unicef_linked.web.responses import link
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from flask import Flask

    from unicef_linked.dataset.questions import QueryParameter, QuestionCatalogue
    from unicef_linked.web.operations import Body, Operation, Parameter
    from unicef_linked.web.responder import Responder

    Gettext = Callable[[str], str]

OPENAPI: Final = Format("openapi", JSON, "json", Carries.PAGE, "OpenAPI")

_PARAMETER_NAMES: Final = {
    "graph": "graph",
    "dump": "file",
    "problem": "problem",
    "export": "export",
    "release": "release",
}
"""What a ``name`` in a rule is the name of, by the first step of the path."""

_STATUS: Final = {
    400: "Bad request",
    403: "Query refused",
    404: "Not found",
    410: "Withdrawn",
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


def template(rule: str) -> str:
    """Return a rule of Flask's as an OpenAPI path with the names of PARAMETERS.

    >>> template("/doc/<entity_type>/<key>.<suffix>"), template("/graph/<path:name>")
    ('/doc/{type}/{key}.{suffix}', '/graph/{graph}')
    """
    first = rule.split("/")[1]
    names = {"entity_type": "type", "name": _PARAMETER_NAMES.get(first, "name")}
    if first == "query":
        names |= {"key": "question", "suffix": "answer_extension"}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: f"{{{names.get(match[1], match[1])}}}", rule)


def public_routes(app: Flask) -> set[tuple[str, str]]:
    """Return the path and method of each route, except HEAD, OPTIONS and static files."""
    routes = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            routes |= {(template(rule.rule), method.lower()) for method in methods}
    return routes


def describe(
    operations: Iterable[Operation],
    title: str,
    address: str,
    *,
    release: str,
    languages: Sequence[str],
    gettext: Gettext,
    examples: dict[str, str],
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description.

    ``release`` is the name of the one that is served, ``languages`` are those of the pages;
    ``examples`` take the place of those of parameters that the release has not.
    """
    tags = {"type": "string", "examples": list(languages)}
    language = replace(PARAMETERS["lang"], example=languages[0], schema=tags)
    own = examples | dict.fromkeys(("release", "of-release", "a", "b"), release)
    replaced = {name: replace(PARAMETERS[name], example=text) for name, text in own.items()}
    parameters = {**PARAMETERS, **replaced, "lang": language}
    paths: dict[str, Any] = {}
    for operation in operations:
        described = _operation(operation, parameters, gettext)
        paths.setdefault(operation.path, {})[operation.method] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__},
        "servers": [{"url": address.rstrip("/")}],
        "paths": paths,
        "components": {
            "responses": {
                str(status): {
                    "description": description,
                    "content": {PROBLEM.media_type: {"schema": _PROBLEM}},
                }
                for status, description in _STATUS.items()
            }
        },
    }


def _operation(
    operation: Operation, parameters: Mapping[str, Parameter], gettext: Gettext
) -> dict[str, Any]:
    """Return an Operation Object (OpenAPI 3.1.0, section 4.8.10)."""
    summary = gettext(operation.text)
    described: dict[str, Any] = {
        "operationId": operation.identifier,
        "summary": summary,
        "parameters": [
            *(
                _parameter(name, parameters[name], gettext, place="path", required=True)
                for name in operation.path_parameters
            ),
            *(
                _parameter(
                    name,
                    parameters[name],
                    gettext,
                    place="query",
                    required=name in operation.required,
                )
                for name in operation.query
            ),
        ],
        "responses": {str(operation.status): _success(operation, summary)},
    }
    for status in operation.problems:
        reference = {"$ref": f"#/components/responses/{status}"}
        described["responses"][str(status)] = reference
    if operation.body:
        content = {body.media_type: _body(body) for body in operation.body}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _body(body: Body) -> dict[str, Any]:
    """Return a Media Type Object (OpenAPI 3.1.0, section 4.8.14)."""
    example: object = body.example
    if body.media_type == JSON:
        example = json.loads(body.example)
    elif body.media_type == FORM:
        example = dict(parse_qsl(body.example))
    return {"schema": body.schema, "example": example}


def _success(operation: Operation, summary: str) -> dict[str, Any]:
    """Return the Response Object of an answer without a problem."""
    success: dict[str, Any] = {"description": summary}
    if operation.media_types:
        success["content"] = {name: {} for name in operation.media_types}
    if operation.status in {302, 303}:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    return success


def _parameter(
    name: str, parameter: Parameter, gettext: Gettext, *, place: str, required: bool
) -> dict[str, Any]:
    """Return a Parameter Object (OpenAPI 3.1.0, section 4.8.12)."""
    described: dict[str, Any] = {
        "name": parameter.public_name or name,
        "in": place,
        "required": required,
        "description": gettext(parameter.text),
    }
    if parameter.may_be_empty:
        described["allowEmptyValue"] = True
    if parameter.is_json:
        example = json.loads(parameter.example)
        described["content"] = {JSON: {"schema": parameter.schema, "example": example}}
    else:
        described |= {"schema": parameter.schema, "example": _example(parameter)}
    return described


def _example(parameter: Parameter) -> object:
    """Return the example of a parameter as a value of its schema's type."""
    match parameter.schema.get("type"):
        case "integer":
            return int(parameter.example)
        case "number":
            return float(parameter.example)
        case "array":
            return [parameter.example]
        case _:
            return parameter.example


def _description(
    responder: Responder, questions: QuestionCatalogue, language: str
) -> dict[str, Any]:
    """Return the description of the operations that this application has."""
    present = public_routes(current_app)
    dataset = responder.names.dataset
    return describe(
        [operation for operation in OPERATIONS if (operation.path, operation.method) in present],
        responder.context(language).reader([], dataset).label(dataset).text,
        responder.public_address(),
        release=responder.dataset.release.manifest.name,
        languages=responder.languages,
        gettext=responder.translations.of(language).gettext,
        examples=parameter_examples(responder.dataset, questions.by_key),
    )


@dataclass(frozen=True, slots=True)
class DocumentedAnswer:
    """An answer as /docs shows it."""

    status: str
    media_types: tuple[str, ...]
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentedParameter:
    """A parameter as /docs shows it."""

    name: str
    description: str
    required: bool
    example: str


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """An operation as /docs shows it."""

    identifier: str
    method: str
    path: str
    summary: str
    parameters: tuple[DocumentedParameter, ...]
    body: tuple[str, ...]  # media types of the request body
    answers: tuple[DocumentedAnswer, ...]


def documented(description: Mapping[str, Any]) -> Iterator[DocumentedOperation]:
    """Yield the operations of an OpenAPI description by path and method."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            answers = [_answer(*answer) for answer in operation["responses"].items()]
            yield DocumentedOperation(
                operation["operationId"],
                method,
                path,
                operation["summary"],
                tuple(_shown(parameter) for parameter in operation["parameters"]),
                tuple(operation.get("requestBody", {}).get("content", ())),
                tuple(answers),
            )


def _shown(parameter: Mapping[str, Any]) -> DocumentedParameter:
    if "content" in parameter:
        example = json.dumps(parameter["content"][JSON]["example"], ensure_ascii=False)
    else:
        values = parameter["example"]
        example = " ".join(values) if isinstance(values, list) else str(values)
    return DocumentedParameter(
        parameter["name"], parameter["description"], parameter["required"], example
    )


def _answer(status: str, response: Mapping[str, Any]) -> DocumentedAnswer:
    content = (PROBLEM.media_type,) if "$ref" in response else response.get("content", ())
    return DocumentedAnswer(status, tuple(content), tuple(response.get("headers", ())))


def openapi(responder: Responder, questions: QuestionCatalogue) -> Response:
    """Return the description of every public operation (OpenAPI Specification 3.1.0)."""
    description = _description(responder, questions, SOURCE)
    description["paths"] |= _question_paths(responder, questions)
    content = json.dumps(description, ensure_ascii=False, indent=1).encode()
    return responder.represent(
        content, OPENAPI, links=[link(addresses.DOCS, "alternate", type=HTML.media_type)]
    )


def _question_paths(responder: Responder, questions: QuestionCatalogue) -> dict[str, Any]:
    """Return the address of each example query, with its titles and its own parameters."""
    paths: dict[str, Any] = {}
    iris = [question.iri for question in questions.by_key.values()]
    for question in questions.by_key.values():
        iris += [parameter.iri for parameter in question.parameters]
    labels = responder.dataset.store.labels(iris) if iris else {}
    for key, question in questions.by_key.items():
        titles = labels.get(question.iri, {})
        offers = GRAPH_FORMATS if question.form == "construct" else SOLUTION_FORMATS
        extensions = {
            "name": "extension",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "enum": [offer.suffix for offer in offers]},
        }
        paths[f"{addresses.named_query(key)}.{{extension}}"] = {
            "get": {
                "operationId": f"query-{key}",
                "summary": titles.get("en", key),
                "description": " / ".join(titles[tag] for tag in sorted(titles)),
                "tags": ["query"],
                "parameters": [
                    extensions,
                    *(_question_parameter(p, labels.get(p.iri, {})) for p in question.parameters),
                ],
                "responses": {
                    "200": {
                        "description": titles.get("en", key),
                        "content": {offer.media_type: {} for offer in offers},
                    },
                    **{code: {"$ref": f"#/components/responses/{code}"} for code in _PROBLEMS},
                },
            }
        }
    return paths


_PROBLEMS: Final = ("400", "404", "503")
"""What an answer to an example query may be instead: see ``/query/{question}`` in OPERATIONS."""


def _question_parameter(parameter: QueryParameter, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the Parameter Object of a parameter of an example query."""
    kind = parameter.datatype.rpartition("#")[2]
    schema: dict[str, Any] = {
        "type": {"integer": "integer", "decimal": "number"}.get(kind, "string")
    }
    bounds = {"minimum": parameter.least, "maximum": parameter.greatest}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if parameter.pattern:
        schema["pattern"] = parameter.pattern
    values = [*parameter.defaults]
    if parameter.class_iri:
        values = [iri.split("/id/")[-1] for iri in values]
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": " / ".join(names[tag] for tag in sorted(names)) or parameter.name,
        "schema": {"type": "array", "items": schema},
        "example": [float(v) if schema["type"] == "number" else v for v in values],
    }


def docs(responder: Responder, questions: QuestionCatalogue) -> Response:
    """Return the same as a page."""
    operations = list(documented(_description(responder, questions, responder.language())))
    links = [link(addresses.OPENAPI, "service-desc", type=OPENAPI.media_type)]
    return responder.represent(
        responder.render("docs.html", operations=operations), HTML, links=links
    )


def refuse_ambiguity() -> None:
    """Raise BadParameter if a parameter that may be given once has several values."""
    if request.url_rule is None:
        return
    method = "get" if request.method == "HEAD" else request.method.lower()
    operation = _OPERATIONS.get((template(request.url_rule.rule), method))
    for name in operation.single if operation else ():
        number = len(set(request.args.getlist(name)))
        if number > 1:
            raise BadParameter(f"{name} has {number} values; give it once")


_OPERATIONS: Final = {(operation.path, operation.method): operation for operation in OPERATIONS}


def routes(responder: Responder, questions: QuestionCatalogue) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("openapi", __name__)
    bind(blueprint, ("/openapi.json",), openapi, responder, questions)
    bind(blueprint, ("/docs",), docs, responder, questions)
    blueprint.before_app_request(refuse_ambiguity)
    return blueprint
