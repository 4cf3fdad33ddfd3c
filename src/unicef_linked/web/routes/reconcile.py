"""/reconcile: the Entity Reconciliation API 0.2, which OpenRefine and others speak.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from pyoxigraph import NamedNode

from unicef_linked import __version__
from unicef_linked.errors import BadParameter, NotFound
from unicef_linked.lookup.matching import DEFAULT_TYPES, LIMIT, Reconciler, read_questions
from unicef_linked.lookup.normalization import fold
from unicef_linked.rdf.formats import HTML
from unicef_linked.rdf.iris import RDFS, SKOS
from unicef_linked.web.parameters import whole_number
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.dataset.labels import Text
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.index import Entity
    from unicef_linked.lookup.matching import Candidate
    from unicef_linked.web.responder import Responder

CELLS: Final = 100_000
"""Entities times properties that one data extension may ask for."""

PREVIEW_SIZE: Final = (420, 260)
"""Width and height of a preview, in pixels."""


def service(responder: Responder, lookup: EntityLookup) -> Response:
    """Answer a batch of queries or a data extension request; without either, say what this service is (section 3)."""
    if "queries" in request.values:
        return _queries(responder, lookup, request.values["queries"])
    if "extend" in request.values:
        return _extend(responder, lookup, request.values["extend"])
    if request.method == "POST":
        raise BadParameter("send a form with queries=… or extend=…, each a JSON object")
    url = f"{responder.public_address()}reconcile"

    def suggestion(kind: str) -> dict[str, str]:
        return {
            "service_url": url,
            "service_path": f"/suggest/{kind}",
            "flyout_service_url": url,
            "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
        }

    width, height = PREVIEW_SIZE
    name = responder.context().reader([], responder.names.dataset).label(responder.names.dataset)
    return responder.answer_json(
        {
            "versions": ["0.2"],
            "name": name.text,
            "identifierSpace": f"{responder.names.base}id/",
            "schemaSpace": f"{responder.names.ontology}#",
            "documentation": f"{responder.public_address()}docs",
            "serviceVersion": __version__,
            "logo": f"{responder.public_address()}static/icon.svg",
            "defaultTypes": [
                _type(responder, lookup, type_name)
                for type_name in lookup.reconciler.types
                if type_name in DEFAULT_TYPES
            ],
            "view": {"url": f"{responder.public_address()}id/{{{{id}}}}"},
            "preview": {"url": f"{url}/preview?id={{{{id}}}}", "width": width, "height": height},
            "suggest": {kind: suggestion(kind) for kind in ("entity", "property", "type")},
            "extend": {
                "propose_properties": {"service_url": url, "service_path": "/properties"},
                "property_settings": [
                    {
                        "name": "limit",
                        "label": responder.gettext("Limit"),
                        "type": "number",
                        "default": 0,
                        "help_text": responder.gettext("Most values for a row (0: all of them)"),
                    }
                ],
            },
        },
        "Accept-Language",
    )


def _queries(responder: Responder, lookup: EntityLookup, text: str) -> Response:
    """Return the candidates for each query of a batch (section 4). Equal queries, frequent in a table, are asked once."""
    try:
        questions = read_questions(text)
    except ValueError as error:
        raise BadParameter(str(error)) from None
    reconciler: Reconciler = lookup.reconciler
    found: dict[str, list[dict[str, object]]] = {}
    results = {}
    for key, question in questions.items():
        asked = repr(question)
        if asked not in found:
            found[asked] = [
                _candidate(responder, lookup, candidate)
                for candidate in reconciler.candidates(question)
            ]
        results[key] = {"result": found[asked]}
    return responder.answer_json(results, "Accept-Language")


def _candidate(
    responder: Responder, lookup: EntityLookup, candidate: Candidate
) -> dict[str, object]:
    entity = candidate.entity
    return {
        "id": entity.id,
        "name": entity.name(responder.language()).text,
        "description": _description(responder, lookup, entity),
        "type": [
            {"id": name, "name": _term(responder, lookup, name)} for name in lookup.types_of(entity)
        ],
        "score": candidate.score,
        "match": candidate.match,
        "features": [{"id": name, "value": value} for name, value in candidate.features.items()],
    }


def _term(responder: Responder, lookup: EntityLookup, name: str) -> str:
    """Return what one of our terms is called."""
    texts = lookup.index.terms.get(responder.names.term(name), {})
    return next(
        (texts[tag] for tag in (responder.language(), "en", *sorted(texts)) if tag in texts), name
    )


def _description(responder: Responder, lookup: EntityLookup, entity: Entity) -> str:
    """Return what tells an entity from its namesakes: its kind and a code."""
    kinds = lookup.types_of(entity)
    codes = [code.value for code in entity.codes if not code.value.isdecimal()]
    return " · ".join(
        [
            *(_term(responder, lookup, kind) for kind in kinds[:1]),
            *sorted(codes, key=lambda c: (len(c), c))[:1],
        ]
    )


def _type(
    responder: Responder, lookup: EntityLookup, name: str, *, broader: bool = False
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, "name": _term(responder, lookup, name)}
    above = lookup.index.broader.get(responder.names.term(name), ()) if broader else ()
    if above:
        found["broader"] = [_type(responder, lookup, iri.rpartition("#")[2]) for iri in above]
    return found


def _extend(responder: Responder, lookup: EntityLookup, text: str) -> Response:
    """Return the values of properties for entities (section 7)."""
    try:
        asked = json.loads(text)
        ids = [str(entity) for entity in asked["ids"]]
        wanted = [(str(item["id"]), item.get("settings") or {}) for item in asked["properties"]]
        limits = [int(float(settings.get("limit") or 0)) for _, settings in wanted]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise BadParameter(
            'extend is not a JSON object such as {"ids": […], "properties": [{"id": "pcode"}]}'
        ) from None
    if len(ids) * len(wanted) > CELLS:
        raise BadParameter(
            f"{len(ids) * len(wanted):,} cells are over the limit of {CELLS:,} for one request"
        )
    rows: dict[str, dict[str, list[dict[str, object]]]] = {}
    for key in ids:
        entity = lookup.index.entities.get(key)
        rows[key] = {
            name: lookup.reconciler.extension(entity, name, responder.language(), limit)
            if entity
            else []
            for (name, _), limit in zip(wanted, limits, strict=True)
        }
    known = {
        name: iri
        for entity in map(lookup.index.entities.get, ids)
        if entity
        for name, iri in _properties_of(lookup, entity)
    }
    labels = _labels(responder, known.values())
    meta = []
    for name, _ in wanted:
        column: dict[str, object] = {"id": name, "name": labels.get(known.get(name, ""), name)}
        linked = {str(cell["id"]) for row in rows.values() for cell in row[name] if "id" in cell}
        kinds = [set(lookup.types_of(lookup.index.entities[key])) for key in linked]
        common = (
            sorted(set.intersection(*kinds), key=lambda kind: (kind not in DEFAULT_TYPES, kind))
            if kinds
            else []
        )
        if common:
            column |= {
                "type": _type(responder, lookup, common[0]),
                "service": f"{responder.public_address()}reconcile",
            }
        meta.append(column)
    return responder.answer_json({"meta": meta, "rows": rows}, "Accept-Language")


def _properties_of(lookup: EntityLookup, entity: Entity) -> list[tuple[str, str]]:
    return [(name, iri) for name, (iri, _) in lookup.reconciler.properties(entity).items()]


def _labels(responder: Responder, iris: Iterable[str]) -> dict[str, str]:
    """Return what properties are called, by IRI."""
    reader = responder.context().reader([], *iris)
    return {iri: reader.label(iri).text for iri in iris}


def propose_properties(responder: Responder, lookup: EntityLookup) -> Response:
    """Return the properties that entities of ``?type=`` have (section 7.1)."""
    name = request.args.get("type", "")
    found = lookup.reconciler.properties_of(name or None)
    labels = _labels(responder, found.values())
    limit = whole_number("limit", len(found))
    body: dict[str, object] = {
        "properties": [
            {"id": key, "name": labels[iri]} for key, iri in list(found.items())[: limit or None]
        ],
        "limit": limit,
    }
    return responder.answer_json(body | ({"type": name} if name else {}), "Accept-Language")


def suggest(responder: Responder, lookup: EntityLookup, kind: str) -> Response:
    """Return what a reader who has typed ``?prefix=`` may mean (section 6), from the place ``?cursor=`` on."""
    if kind not in _SUGGEST:
        raise NotFound(
            f"there is nothing to suggest called {kind}; there are {', '.join(_SUGGEST)}"
        )
    prefix, cursor = request.args.get("prefix", ""), whole_number("cursor", 0)
    return responder.answer_json(
        {"result": _SUGGEST[kind](responder, lookup, prefix)[cursor : cursor + LIMIT]},
        "Accept-Language",
    )


def _suggest_entities(
    responder: Responder, lookup: EntityLookup, prefix: str
) -> list[dict[str, Any]]:
    reconciler = lookup.reconciler
    ids = {entity.id for name in DEFAULT_TYPES for entity in reconciler.types.get(name, ())}
    found = [entity for entity, _ in lookup.index.starting(prefix, ids)]
    found += [
        reading.entity for reading in lookup.index.by_iri(prefix) if reading.entity not in found
    ]
    return [
        {
            "id": entity.id,
            "name": entity.name(responder.language()).text,
            "description": _description(responder, lookup, entity),
            "notable": [
                {"id": name, "name": _term(responder, lookup, name)}
                for name in lookup.types_of(entity)
            ],
        }
        for entity in found
    ]


def _suggest_types(responder: Responder, lookup: EntityLookup, prefix: str) -> list[dict[str, Any]]:
    types = [_type(responder, lookup, name, broader=True) for name in lookup.reconciler.types]
    return [found for found in types if _begins(prefix, found["id"], found["name"])]


def _suggest_properties(
    responder: Responder, lookup: EntityLookup, prefix: str
) -> list[dict[str, Any]]:
    found = lookup.reconciler.properties_of(None)
    labels = _labels(responder, found.values())
    return [
        {"id": key, "name": labels[iri]}
        for key, iri in found.items()
        if _begins(prefix, key, labels[iri])
    ]


_SUGGEST: Final = {
    "entity": _suggest_entities,
    "type": _suggest_types,
    "property": _suggest_properties,
}


def _begins(prefix: str, *texts: str) -> bool:
    return any(f" {fold(prefix)}" in f" {fold(text)}" for text in texts)


def preview(responder: Responder, lookup: EntityLookup) -> Response:
    """Return a small page about an entity, to be shown in a frame (section 5)."""
    response = responder.represent(
        _card(responder, lookup, _entity(lookup, request.args.get("id", "")), "preview.html"), HTML
    )
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; frame-ancestors *; base-uri 'none'"
    )
    return response


def flyout(responder: Responder, lookup: EntityLookup, kind: str) -> Response:
    """Return a few words about something suggested (section 6.2)."""
    name = request.args.get("id", "")
    if kind == "entity":
        return responder.answer_json(
            {
                "id": name,
                "html": _card(responder, lookup, _entity(lookup, name), "flyout.html").decode(),
            },
            "Accept-Language",
        )
    iris = {"type": {key: responder.names.term(key) for key in lookup.reconciler.types}}.get(kind)
    iris = lookup.reconciler.properties_of(None) if kind == "property" else iris
    if not iris or name not in iris:
        raise NotFound(f"there is no {kind} {name!r} here")
    iri = iris[name]
    resource = (
        responder.context()
        .reader([], iri)
        .resource(iri, responder.dataset.store.match(NamedNode(iri)))
    )
    notes = _notes(
        responder, resource.values(f"{SKOS}definition") or resource.values(f"{RDFS}comment")
    )
    content = responder.render("flyout.html", label=resource.label, types=[], notes=notes, codes=[])
    return responder.answer_json({"id": name, "html": content.decode()}, "Accept-Language")


def _entity(lookup: EntityLookup, key: str) -> Entity:
    entity = lookup.index.entities.get(key)
    if entity is None:
        raise NotFound(f"there is no entity {key!r}; ids are such as region/gao")
    return entity


def _card(responder: Responder, lookup: EntityLookup, entity: Entity, template: str) -> bytes:
    """Return the essentials of an entity as HTML."""
    quads = responder.dataset.store.match(NamedNode(entity.iri))
    resource = (
        responder.context()
        .reader(quads, entity.iri, *lookup.index.schemes)
        .resource(entity.iri, quads)
    )
    reader = responder.context().reader([], *lookup.index.schemes)
    return responder.render(
        template,
        label=resource.label,
        iri=entity.iri,
        types=[_term(responder, lookup, name) for name in lookup.types_of(entity)],
        notes=_notes(
            responder, (*resource.values(f"{SKOS}definition"), *resource.values(f"{SKOS}scopeNote"))
        )[:2],
        codes=[(reader.label(code.scheme), code.value) for code in entity.codes][:6],
    )


def _notes(responder: Responder, values: Iterable[Any]) -> list[Text]:
    """Return the texts in the reader's language, else all."""
    texts = [value.text for value in values if value.text]
    return [text for text in texts if text.language in {responder.language(), ""}] or texts


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("reconcile", __name__)
    bind(blueprint, ("/reconcile",), service, responder, lookup, methods=("GET", "POST"))
    bind(blueprint, ("/reconcile/properties",), propose_properties, responder, lookup)
    bind(blueprint, ("/reconcile/suggest/<kind>",), suggest, responder, lookup)
    bind(blueprint, ("/reconcile/preview",), preview, responder, lookup)
    bind(blueprint, ("/reconcile/flyout/<kind>",), flyout, responder, lookup)
    return blueprint
