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
from unicef_linked.web.responses import answer_json, language, page, represent, site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.dataset.labels import Text
    from unicef_linked.lookup.index import Entity
    from unicef_linked.lookup.matching import Candidate

routes: Final = Blueprint("reconcile", __name__)

CELLS: Final = 100_000
"""Entities times properties that one data extension may ask for."""

PREVIEW_SIZE: Final = (420, 260)
"""Width and height of a preview, in pixels."""


@routes.get("/reconcile")
@routes.post("/reconcile")
def service() -> Response:
    """Answer a batch of queries or a data extension request; without either, say what this service is (section 3)."""
    if "queries" in request.values:
        return _queries(request.values["queries"])
    if "extend" in request.values:
        return _extend(request.values["extend"])
    if request.method == "POST":
        raise BadParameter("send a form with queries=… or extend=…, each a JSON object")
    here = site()
    url = f"{here.public_url(request.host_url)}reconcile"

    def suggest(kind: str) -> dict[str, str]:
        return {
            "service_url": url,
            "service_path": f"/suggest/{kind}",
            "flyout_service_url": url,
            "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
        }

    width, height = PREVIEW_SIZE
    name = here.reader([], language(), here.names.dataset).label(here.names.dataset)
    return answer_json(
        {
            "versions": ["0.2"],
            "name": name.text,
            "identifierSpace": f"{here.names.base}id/",
            "schemaSpace": f"{here.names.ontology}#",
            "documentation": f"{here.public_url(request.host_url)}docs",
            "serviceVersion": __version__,
            "logo": f"{here.public_url(request.host_url)}static/icon.svg",
            "defaultTypes": [_type(type_name) for type_name in here.reconciler.types if type_name in DEFAULT_TYPES],
            "view": {"url": f"{here.public_url(request.host_url)}id/{{{{id}}}}"},
            "preview": {"url": f"{url}/preview?id={{{{id}}}}", "width": width, "height": height},
            "suggest": {kind: suggest(kind) for kind in ("entity", "property", "type")},
            "extend": {
                "propose_properties": {"service_url": url, "service_path": "/properties"},
                "property_settings": [
                    {
                        "name": "limit",
                        "label": "Limite" if language() == "fr" else "Limit",
                        "type": "number",
                        "default": 0,
                        "help_text": "Nombre maximal de valeurs par ligne (0 : toutes)"
                        if language() == "fr"
                        else "Most values for a row (0: all of them)",
                    }
                ],
            },
        },
        "Accept-Language",
    )


def _queries(text: str) -> Response:
    """Return the candidates for each query of a batch (section 4). Equal queries, frequent in a table, are asked once."""
    try:
        questions = read_questions(text)
    except ValueError as error:
        raise BadParameter(str(error)) from None
    reconciler: Reconciler = site().reconciler
    found: dict[str, list[dict[str, object]]] = {}
    results = {}
    for key, question in questions.items():
        asked = repr(question)
        if asked not in found:
            found[asked] = [_candidate(candidate) for candidate in reconciler.candidates(question)]
        results[key] = {"result": found[asked]}
    return answer_json(results, "Accept-Language")


def _candidate(candidate: Candidate) -> dict[str, object]:
    entity = candidate.entity
    return {
        "id": entity.id,
        "name": entity.name(language()).text,
        "description": _description(entity),
        "type": [{"id": name, "name": _term(name)} for name in _types(entity)],
        "score": candidate.score,
        "match": candidate.match,
        "features": [{"id": name, "value": value} for name, value in candidate.features.items()],
    }


def _types(entity: Entity) -> list[str]:
    """Return the classes of ours that an entity is of, by local name; those people ask for most first."""
    own = f"{site().names.ontology}#"
    found = [iri.removeprefix(own) for iri in entity.types if iri.startswith(own)]
    return sorted(found, key=lambda name: (name not in DEFAULT_TYPES, name))


def _term(name: str) -> str:
    """Return what one of our terms is called."""
    texts = site().index.terms.get(site().names.term(name), {})
    return next((texts[tag] for tag in (language(), "en", *sorted(texts)) if tag in texts), name)


def _description(entity: Entity) -> str:
    """Return what tells an entity from its namesakes: its kind and a code."""
    kinds = _types(entity)
    codes = [code.value for code in entity.codes if not code.value.isdecimal()]
    return " · ".join([*(_term(kind) for kind in kinds[:1]), *sorted(codes, key=lambda c: (len(c), c))[:1]])


def _type(name: str, *, broader: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, "name": _term(name)}
    above = site().index.broader.get(site().names.term(name), ()) if broader else ()
    if above:
        found["broader"] = [_type(iri.rpartition("#")[2]) for iri in above]
    return found


def _extend(text: str) -> Response:
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
        raise BadParameter(f"{len(ids) * len(wanted):,} cells are over the limit of {CELLS:,} for one request")
    here = site()
    rows: dict[str, dict[str, list[dict[str, object]]]] = {}
    for key in ids:
        entity = here.index.entities.get(key)
        rows[key] = {
            name: here.reconciler.extension(entity, name, language(), limit) if entity else []
            for (name, _), limit in zip(wanted, limits, strict=True)
        }
    known = {
        name: iri for entity in map(here.index.entities.get, ids) if entity for name, iri in _properties_of(entity)
    }
    labels = _labels(known.values())
    meta = []
    for name, _ in wanted:
        column: dict[str, object] = {"id": name, "name": labels.get(known.get(name, ""), name)}
        linked = {str(cell["id"]) for row in rows.values() for cell in row[name] if "id" in cell}
        kinds = [set(_types(here.index.entities[key])) for key in linked]
        common = sorted(set.intersection(*kinds), key=lambda kind: (kind not in DEFAULT_TYPES, kind)) if kinds else []
        if common:
            column |= {"type": _type(common[0]), "service": f"{here.public_url(request.host_url)}reconcile"}
        meta.append(column)
    return answer_json({"meta": meta, "rows": rows}, "Accept-Language")


def _properties_of(entity: Entity) -> list[tuple[str, str]]:
    return [(name, iri) for name, (iri, _) in site().reconciler.properties(entity).items()]


def _labels(iris: Iterable[str]) -> dict[str, str]:
    """Return what properties are called, by IRI."""
    reader = site().reader([], language(), *iris)
    return {iri: reader.label(iri).text for iri in iris}


@routes.get("/reconcile/properties")
def propose_properties() -> Response:
    """Return the properties that entities of ``?type=`` have (section 7.1)."""
    name = request.args.get("type", "")
    found = site().reconciler.properties_of(name or None)
    labels = _labels(found.values())
    limit = _number("limit", len(found))
    body: dict[str, object] = {
        "properties": [{"id": key, "name": labels[iri]} for key, iri in list(found.items())[: limit or None]],
        "limit": limit,
    }
    return answer_json(body | ({"type": name} if name else {}), "Accept-Language")


def _number(name: str, default: int) -> int:
    """Return a parameter that is a whole number."""
    text = request.args.get(name, "")
    if text and not text.isdecimal():
        raise BadParameter(f"{name}={text!r} is not a whole number")
    return int(text) if text else default


@routes.get("/reconcile/suggest/<kind>")
def suggest(kind: str) -> Response:
    """Return what a reader who has typed ``?prefix=`` may mean (section 6), from the place ``?cursor=`` on."""
    if kind not in _SUGGEST:
        raise NotFound(f"there is nothing to suggest called {kind}; there are {', '.join(_SUGGEST)}")
    prefix, cursor = request.args.get("prefix", ""), _number("cursor", 0)
    return answer_json({"result": _SUGGEST[kind](prefix)[cursor : cursor + LIMIT]}, "Accept-Language")


def _suggest_entities(prefix: str) -> list[dict[str, Any]]:
    reconciler = site().reconciler
    ids = {entity.id for name in DEFAULT_TYPES for entity in reconciler.types.get(name, ())}
    found = [entity for entity, _ in site().index.starting(prefix, ids)]
    found += [reading.entity for reading in site().index.by_iri(prefix) if reading.entity not in found]
    return [
        {
            "id": entity.id,
            "name": entity.name(language()).text,
            "description": _description(entity),
            "notable": [{"id": name, "name": _term(name)} for name in _types(entity)],
        }
        for entity in found
    ]


def _suggest_types(prefix: str) -> list[dict[str, Any]]:
    types = [_type(name, broader=True) for name in site().reconciler.types]
    return [found for found in types if _begins(prefix, found["id"], found["name"])]


def _suggest_properties(prefix: str) -> list[dict[str, Any]]:
    found = site().reconciler.properties_of(None)
    labels = _labels(found.values())
    return [{"id": key, "name": labels[iri]} for key, iri in found.items() if _begins(prefix, key, labels[iri])]


_SUGGEST: Final = {"entity": _suggest_entities, "type": _suggest_types, "property": _suggest_properties}


def _begins(prefix: str, *texts: str) -> bool:
    return any(f" {fold(prefix)}" in f" {fold(text)}" for text in texts)


@routes.get("/reconcile/preview")
def preview() -> Response:
    """Return a small page about an entity, to be shown in a frame (section 5)."""
    response = represent(_card(_entity(request.args.get("id", "")), "preview.html"), HTML)
    response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors *; base-uri 'none'"
    return response


@routes.get("/reconcile/flyout/<kind>")
def flyout(kind: str) -> Response:
    """Return a few words about something suggested (section 6.2)."""
    name = request.args.get("id", "")
    if kind == "entity":
        return answer_json({"id": name, "html": _card(_entity(name), "flyout.html").decode()}, "Accept-Language")
    here = site()
    iris = {"type": {key: here.names.term(key) for key in here.reconciler.types}}.get(kind)
    iris = here.reconciler.properties_of(None) if kind == "property" else iris
    if not iris or name not in iris:
        raise NotFound(f"there is no {kind} {name!r} here")
    iri = iris[name]
    resource = here.reader([], language(), iri).resource(iri, here.store.match(NamedNode(iri)))
    notes = _notes(resource.values(f"{SKOS}definition") or resource.values(f"{RDFS}comment"))
    content = page("flyout.html", label=resource.label, types=[], notes=notes, codes=[])
    return answer_json({"id": name, "html": content.decode()}, "Accept-Language")


def _entity(key: str) -> Entity:
    entity = site().index.entities.get(key)
    if entity is None:
        raise NotFound(f"there is no entity {key!r}; ids are such as region/gao")
    return entity


def _card(entity: Entity, template: str) -> bytes:
    """Return the essentials of an entity as HTML."""
    here = site()
    quads = here.store.match(NamedNode(entity.iri))
    resource = here.reader(quads, language(), entity.iri, *here.index.schemes).resource(entity.iri, quads)
    reader = here.reader([], language(), *here.index.schemes)
    return page(
        template,
        label=resource.label,
        iri=entity.iri,
        types=[_term(name) for name in _types(entity)],
        notes=_notes((*resource.values(f"{SKOS}definition"), *resource.values(f"{SKOS}scopeNote")))[:2],
        codes=[(reader.label(code.scheme), code.value) for code in entity.codes][:6],
    )


def _notes(values: Iterable[Any]) -> list[Text]:
    """Return the texts in the reader's language, else all."""
    texts = [value.text for value in values if value.text]
    return [text for text in texts if text.language in {language(), ""}] or texts
