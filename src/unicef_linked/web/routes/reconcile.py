"""/reconcile: the Entity Reconciliation API 0.2, which OpenRefine and others speak.

https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/
"""

from __future__ import annotations

import json
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from pyoxigraph import NamedNode

from unicef_linked import __version__, addresses
from unicef_linked.errors import BadParameter, NotFound, TooLarge
from unicef_linked.lookup.matching import BATCH, LIMIT, read_queries
from unicef_linked.lookup.normalization import fold
from unicef_linked.rdf.formats import HTML
from unicef_linked.rdf.iris import RDFS, SKOS
from unicef_linked.rdf.languages import choose_text, matching_tag
from unicef_linked.rdf.vocabularies import labels_of_term
from unicef_linked.web.middleware.fair_use import charge
from unicef_linked.web.parameters import (
    parse_whole_number,
    preferred_languages,
    whole_number,
)
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from unicef_linked.dataset.labels import Text
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.entity import Entity
    from unicef_linked.lookup.matching import Candidate, ReconciliationQuery
    from unicef_linked.lookup.territory import Extent
    from unicef_linked.web.responder import Responder

CELLS: Final = 100_000
"""Entities times properties that one data extension may ask for."""

QUERIES_OF_A_REQUEST: Final = 10
"""Queries of a batch that count as one request against the limits of a client.

Each takes some ms, and so does each value of a property: a query with several counts for each.
"""

UNNAMED: Final = 50
"""Queries of a batch that may have properties and no name: each is compared with many entities."""

UNNAMED_WEIGHT: Final = 20
"""As how many queries more such a one counts."""

CELLS_OF_A_REQUEST: Final = 1000
"""The same for the cells of a data extension."""

PREVIEW_SIZE: Final = (420, 260)
"""Width and height of a preview, in pixels."""


def service(responder: Responder, lookup: EntityLookup) -> Response:
    """Answer a batch of queries or a data extension request.

    Without either, return the manifest of the service (section 3).
    """
    if "queries" in request.values:
        return _queries(responder, lookup, request.values["queries"])
    if "extend" in request.values:
        return _extend(responder, lookup, request.values["extend"])
    if request.method == "POST":
        raise BadParameter("send a form with queries=… or extend=…, each a JSON object")
    return responder.answer_json(_manifest(responder, lookup), "Accept-Language")


def _manifest(responder: Responder, lookup: EntityLookup) -> dict[str, Any]:
    """Return the manifest of the service (section 3)."""
    url = responder.absolute(addresses.RECONCILE)
    width, height = PREVIEW_SIZE
    languages = preferred_languages(responder.language())
    name = _labels(responder, [responder.names.dataset], languages)[responder.names.dataset]
    return {
        "versions": ["0.2"],
        "name": name,
        **_spaces(responder, lookup),
        "documentation": responder.absolute(addresses.DOCS),
        "serviceVersion": __version__,
        "batchSize": BATCH,  # of the drafts since 0.2
        "logo": responder.absolute(addresses.ICON),
        "defaultTypes": [
            _type(lookup, type_name, languages) for type_name in lookup.reconciler.default_types
        ],
        "view": {"url": responder.absolute(_view(lookup))},
        "preview": {"url": f"{url}/preview?id={{{{id}}}}", "width": width, "height": height},
        "suggest": {kind: _suggestion(url, kind) for kind in ("entity", "property", "type")},
        "extend": _extension(responder, url),
    }


def _suggestion(url: str, kind: str) -> dict[str, str]:
    """Return where names of a kind are completed."""
    return {
        "service_url": url,
        "service_path": f"/suggest/{kind}",
        "flyout_service_url": url,
        "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
    }


def _extension(responder: Responder, url: str) -> dict[str, Any]:
    """Return where properties for data extension are proposed, and what a client may set."""
    limit = {
        "name": "limit",
        "label": responder.gettext("Limit"),
        "type": "number",
        "default": 0,
        "help_text": responder.gettext("Most values for a row (0: all of them)"),
    }
    return {
        "propose_properties": {"service_url": url, "service_path": "/properties"},
        "property_settings": [limit],
    }


def _spaces(responder: Responder, lookup: EntityLookup) -> dict[str, str]:
    """Return what the ids of entities, and those of types and properties, are relative to.

    Whole IRIs are relative to nothing; what most of them begin with still tells services apart.
    """
    if not lookup.index.ids.are_iris:
        terms = f"{responder.names.ontology}#"
        return {"identifierSpace": responder.names.entities, "schemaSpace": terms}
    space = responder.dataset.uri_space or responder.names.base
    return {"identifierSpace": space, "schemaSpace": RDFS}


def _view(lookup: EntityLookup) -> str:
    """Return the address of the page about an entity; clients encode the id that they put in."""
    if lookup.index.ids.are_iris:
        return f"{addresses.RESOURCE}?iri={{{{id}}}}"
    return addresses.entity("{{id}}")


def _queries(responder: Responder, lookup: EntityLookup, text: str) -> Response:
    """Return the candidates for each query of a batch (section 4).

    Equal queries, frequent in a table, are answered once.
    """
    try:
        queries = read_queries(text)
    except ValueError as error:
        raise BadParameter(str(error)) from None
    contents = {key: repr(query) for key, query in queries.items()}
    _charge(lookup, {contents[key]: query for key, query in queries.items()}.values())
    languages = preferred_languages(responder.language())
    describe = _description_of_candidates(lookup, languages)
    answers: dict[str, list[dict[str, object]]] = {}
    results = {}
    for key, query in queries.items():
        content = contents[key]
        if content not in answers:
            candidates = lookup.reconciler.candidates(query)
            answers[content] = [describe(c) | _judgement(c) for c in candidates]
        results[key] = {"result": answers[content]}
    return responder.answer_json(results, "Accept-Language")


def _charge(lookup: EntityLookup, queries: Collection[ReconciliationQuery]) -> None:
    """Count the different queries of a batch against the limits of the client."""
    unnamed = sum(map(lookup.reconciler.is_unnamed, queries))
    if unnamed > UNNAMED:
        raise TooLarge(
            f"{unnamed:,} queries have properties and no name, and {UNNAMED:,} may be so; "
            "send several batches"
        )
    weight = UNNAMED_WEIGHT * unnamed
    for query in queries:
        weight += max(1, sum(len(accepted) for _, accepted in query.properties))
    charge(request.environ, ceil(weight / QUERIES_OF_A_REQUEST))


def _description_of_candidates(
    lookup: EntityLookup, languages: Sequence[str]
) -> Callable[[Candidate], dict[str, object]]:
    """Return what describes the entity of a candidate; a batch often has the same ones."""

    @cache
    def describe(entity_id: str, extents: tuple[Extent, ...]) -> dict[str, object]:
        entity = lookup.index.entities[entity_id]
        return {
            "id": entity.id,
            "name": entity.name(languages).text,
            "description": _description(lookup, entity, languages, extents),
            "type": _types_of(lookup, entity, languages),
        }

    return lambda candidate: describe(candidate.entity.id, candidate.extents)


def _judgement(candidate: Candidate) -> dict[str, object]:
    """Return how sure a candidate is, and why."""
    return {
        "score": candidate.score,
        "match": candidate.match,
        "features": [{"id": name, "value": value} for name, value in candidate.features.items()],
    }


def _term(lookup: EntityLookup, name: str, languages: Sequence[str]) -> str:
    """Return what a type is called by the data, else by its well-known vocabulary."""
    iri = lookup.reconciler.type_iri(name)
    texts = lookup.index.terms.get(iri) or labels_of_term(iri)
    return choose_text(languages, texts, lookup.names.shorten(name))


def _types_of(
    lookup: EntityLookup, entity: Entity, languages: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the types of an entity as answers have them."""
    return [_type(lookup, name, languages) for name in lookup.reconciler.types_of(entity)]


def _description(
    lookup: EntityLookup,
    entity: Entity,
    languages: Sequence[str],
    extents: Iterable[Extent] | None = None,
) -> str:
    """Return what tells an entity from its namesakes: its kind, a code, where it lies.

    Of a division also which extents it has had, or those of a time.
    """
    kinds = lookup.reconciler.types_of(entity)
    codes = [code.value for code in entity.codes if not code.value.isdecimal()]
    if extents is None:
        extents = lookup.reconciler.extents(entity)
    return " · ".join(
        [
            *(_term(lookup, kind, languages) for kind in kinds[:1]),
            *sorted(codes, key=lambda c: (len(c), c))[:1],
            *_hierarchy(lookup, entity, languages),
            *(name.text for name in lookup.extent_names(extents, languages)),
        ]
    )


def _hierarchy(lookup: EntityLookup, entity: Entity, languages: Sequence[str]) -> list[str]:
    """Return the division that a smaller one lies in, with its own, as “Ansongo < Gao”."""
    names = [name.text for name in lookup.hierarchy(entity, languages)]
    return [" < ".join(names)] if names else []


def _type(
    lookup: EntityLookup, name: str, languages: Sequence[str], *, broader: bool = False
) -> dict[str, Any]:
    description: dict[str, Any] = {"id": name, "name": _term(lookup, name, languages)}
    classes = lookup.index.broader.get(lookup.reconciler.type_iri(name), ()) if broader else ()
    if classes:
        term = lookup.index.ids.term
        description["broader"] = [_type(lookup, term(iri) or iri, languages) for iri in classes]
    return description


def _extend(responder: Responder, lookup: EntityLookup, text: str) -> Response:
    """Return the values of properties for entities (section 7)."""
    ids, properties = _read_extension(text)
    cells = len(ids) * len(properties)
    if cells > CELLS:
        raise TooLarge(
            f"{cells:,} cells are over the limit of {CELLS:,} for one request; send several"
        )
    charge(request.environ, ceil(cells / CELLS_OF_A_REQUEST))
    languages = preferred_languages(responder.language())
    entities = {key: lookup.index.entities.get(key) for key in ids}
    rows: dict[str, dict[str, list[dict[str, object]]]] = {}
    for key, entity in entities.items():
        rows[key] = {}
        for name, limit in properties:
            rows[key][name] = (
                lookup.reconciler.extension(entity, name, languages, limit) if entity else []
            )
    meta = _columns(responder, lookup, [name for name, _ in properties], languages)
    return responder.answer_json({"meta": meta, "rows": rows}, "Accept-Language")


def _read_extension(text: str) -> tuple[list[str], list[tuple[str, int]]]:
    """Return the ids of entities, and those of properties with how many values to give."""
    try:
        content = json.loads(text)
        ids = [str(key) for key in content["ids"]]
        properties = []
        for item in content["properties"]:
            limit = (item.get("settings") or {}).get("limit")
            properties.append((str(item["id"]), _limit(limit)))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise BadParameter(
            'extend is not a JSON object such as {"ids": […], "properties": [{"id": "pcode"}]}'
        ) from None
    return ids, properties


def _limit(value: object) -> int:
    """Return the limit that a setting gives: a number, or a text with one; 0 if it is empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    return parse_whole_number("limit", text) if text else 0


def _columns(
    responder: Responder, lookup: EntityLookup, names: Iterable[str], languages: Sequence[str]
) -> list[dict[str, object]]:
    """Return what each column is called and of which type it is (section 7.2).

    Both are the property's own, whatever the entities of the request have.
    """
    iris = [(name, lookup.reconciler.property_iri(name)) for name in names]
    labels = _labels(responder, [iri for _, iri in iris if iri], languages)
    columns = []
    for name, iri in iris:
        column: dict[str, object] = {"id": name, "name": labels[iri] if iri else name}
        type_name = lookup.reconciler.range_of(iri) if iri else None
        if type_name:
            column |= {
                "type": _type(lookup, type_name, languages),
                "service": responder.absolute(addresses.RECONCILE),
            }
        columns.append(column)
    return columns


def _labels(
    responder: Responder, iris: Collection[str], languages: Sequence[str]
) -> dict[str, str]:
    """Return what properties and other terms are called, by IRI."""
    labels = responder.dataset.labels(iris) if iris else {}
    return {
        iri: choose_text(
            languages, labels.get(iri) or labels_of_term(iri), responder.names.shorten(iri)
        )
        for iri in iris
    }


def propose_properties(responder: Responder, lookup: EntityLookup) -> Response:
    """Return the properties that entities of ``?type=`` have (section 7.1)."""
    name = request.args.get("type", "")
    iris = lookup.reconciler.properties_of(name or None)
    labels = _labels(responder, iris.values(), preferred_languages(responder.language()))
    limit = whole_number("limit", len(iris))
    body: dict[str, object] = {
        "properties": [
            {"id": key, "name": labels[iri]} for key, iri in list(iris.items())[: limit or None]
        ],
        "limit": limit,
    }
    return responder.answer_json(body | ({"type": name} if name else {}), "Accept-Language")


def suggest(responder: Responder, lookup: EntityLookup, kind: str) -> Response:
    """Return suggestions for ``?prefix=`` (section 6), from the place ``?cursor=`` on."""
    if kind not in _SUGGEST:
        raise NotFound(
            f"there is nothing to suggest called {kind}; there are {', '.join(_SUGGEST)}"
        )
    prefix, cursor = request.args.get("prefix", ""), whole_number("cursor", 0)
    languages = preferred_languages(responder.language())
    page = slice(cursor, cursor + LIMIT)
    suggestions = _SUGGEST[kind](responder, lookup, prefix, languages, page)
    return responder.answer_json({"result": suggestions}, "Accept-Language")


def _suggest_entities(
    _responder: Responder,
    lookup: EntityLookup,
    prefix: str,
    languages: Sequence[str],
    page: slice,
) -> list[dict[str, Any]]:
    scope = lookup.reconciler.scope_of(*lookup.reconciler.default_types)
    members = lookup.index.starting(prefix, scope)
    identified = [identification.entity.number for identification in lookup.index.by_iri(prefix)]
    return [
        {
            "id": entity.id,
            "name": entity.name(languages).text,
            "description": _description(lookup, entity, languages),
            "notable": _types_of(lookup, entity, languages),
        }
        for entity in members.followed_by(identified)[page]
    ]


def _suggest_types(
    _responder: Responder,
    lookup: EntityLookup,
    prefix: str,
    languages: Sequence[str],
    page: slice,
) -> list[dict[str, Any]]:
    names = [
        name
        for name in lookup.reconciler.types
        if _begins(prefix, name, _term(lookup, name, languages))
    ]
    return [_type(lookup, name, languages, broader=True) for name in names[page]]


def _suggest_properties(
    responder: Responder,
    lookup: EntityLookup,
    prefix: str,
    languages: Sequence[str],
    page: slice,
) -> list[dict[str, Any]]:
    iris = lookup.reconciler.query_properties
    labels = _labels(responder, iris.values(), languages)
    suggestions = [
        {"id": key, "name": labels[iri]}
        for key, iri in iris.items()
        if _begins(prefix, key, labels[iri])
    ]
    return suggestions[page]


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
        "default-src 'self'; frame-ancestors *; base-uri 'none'; form-action 'none'"
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
    iris: dict[str, str] = {}
    if kind == "type":
        iris = {key: lookup.reconciler.type_iri(key) for key in lookup.reconciler.types}
    elif kind == "property":
        iris = lookup.reconciler.query_properties
    if name not in iris:
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
    content = responder.render(
        "flyout.html",
        label=resource.label,
        types=[],
        hierarchy=[],
        extents=[],
        notes=notes,
        codes=[],
    )
    return responder.answer_json({"id": name, "html": content.decode()}, "Accept-Language")


def _entity(lookup: EntityLookup, key: str) -> Entity:
    entity = lookup.index.entities.get(key)
    if entity is None:
        raise NotFound(f"there is no entity {key!r}; an id is the type and the key in an IRI")
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
        types=[
            _term(lookup, name, [responder.language()])
            for name in lookup.reconciler.types_of(entity)
        ],
        hierarchy=lookup.hierarchy(entity, [responder.language()]),
        extents=lookup.extent_names(lookup.reconciler.extents(entity), [responder.language()]),
        notes=_notes(
            responder, (*resource.values(f"{SKOS}definition"), *resource.values(f"{SKOS}scopeNote"))
        )[:2],
        codes=[(reader.label(code.scheme), code.value) for code in entity.codes][:6],
    )


def _notes(responder: Responder, values: Iterable[Any]) -> list[Text]:
    """Return the texts in the reader's language, else all."""
    texts = [value.text for value in values if value.text]
    tag = matching_tag(responder.language(), {text.language for text in texts})
    return [text for text in texts if text.language in {tag, ""}] or texts


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("reconcile", __name__)
    bind(blueprint, ("/reconcile",), service, responder, lookup, methods=("GET", "POST"))
    bind(blueprint, ("/reconcile/properties",), propose_properties, responder, lookup)
    bind(blueprint, ("/reconcile/suggest/<kind>",), suggest, responder, lookup)
    bind(blueprint, ("/reconcile/preview",), preview, responder, lookup)
    bind(blueprint, ("/reconcile/flyout/<kind>",), flyout, responder, lookup)
    return blueprint
