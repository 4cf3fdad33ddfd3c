"""/search: every label in every language, accents and spelling forgiven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from unicef_linked.lookup.answers import nearest_label, result_to_json
from unicef_linked.lookup.normalization import LONGEST
from unicef_linked.rdf.formats import HTML
from unicef_linked.web.parameters import preferred_languages, whole_number
from unicef_linked.web.responses import JSON, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from unicef_linked.dataset.labels import Text
    from unicef_linked.lookup.entities import EntityLookup, Matches
    from unicef_linked.lookup.entity import Entity, Label
    from unicef_linked.web.responder import Responder

SHOWN: Final = 50
"""Results in one answer; ``limit`` may ask for fewer, or for twice as many."""


def search(responder: Responder, lookup: EntityLookup) -> Response:
    """Return what ``?q=`` may name, best first; without it all of a type, by name.

    ``?type=`` keeps one kind, ``?limit=`` and ``?offset=`` one page of the results.
    """
    query, language = request.args.get("q", "").strip()[:LONGEST], responder.language()
    limit, offset = min(whole_number("limit", SHOWN), 2 * SHOWN), whole_number("offset", 0)
    kind = _type_name(lookup, request.args.get("type", ""))
    matches = lookup.search(query) if query else lookup.members(kind, language)
    types = matches.types
    if kind:
        matches = matches.of(lookup.reconciler.scope_of(kind))
    shown = matches.page(offset, limit)
    if negotiate((JSON, HTML)) is HTML:
        content = responder.render(
            "search.html",
            query=query,
            kind=kind,
            kind_label=_kind_label(responder, lookup, kind),
            total=matches.total,
            offset=offset,
            limit=limit,
            results=_shown_results(responder, lookup, query, shown),
            **_kinds(responder, lookup, matches, types),
        )
        return responder.represent(content, HTML, varies_by=["Accept"])
    languages = preferred_languages(language)
    body = {
        "query": query,
        "lang": language,
        "total": matches.total,
        "offset": offset,
        "limit": limit,
        "results": [
            result_to_json(lookup, entity, score, query, languages) for entity, score in shown
        ],
        "types": dict(types.most_common()),
    }
    return responder.answer_json(body, "Accept", "Accept-Language")


def _shown_results(
    responder: Responder, lookup: EntityLookup, query: str, matches: Sequence[tuple[Entity, float]]
) -> list[tuple[dict[str, Any], str | None, Label | None]]:
    """Return the results of a page, each with its address and the label that matches best."""
    normalize, languages = lookup.index.normalize, [responder.language()]
    results = []
    for entity, score in matches:
        name = entity.name(languages).text
        results.append(
            (
                result_to_json(lookup, entity, score, query, languages),
                responder.locate(entity.iri),
                nearest_label(normalize, entity, query, name),
            )
        )
    return results


def _type_name(lookup: EntityLookup, text: str) -> str:
    """Return the local name of a class, whatever its case; an unknown one as it is."""
    for name in lookup.reconciler.types:
        if name.lower() == text.lower():
            return name
    return text


def _kind_label(responder: Responder, lookup: EntityLookup, kind: str) -> Text | None:
    """Return the label of a class by its id, None without one."""
    if kind not in lookup.reconciler.types:
        return None
    iri = lookup.reconciler.type_iri(kind)
    return responder.context().reader([], iri).term(iri).label


def _kinds(
    responder: Responder, lookup: EntityLookup, matches: Matches, types: Counter[str]
) -> dict[str, Any]:
    """Return the labels of classes, and the classes of the results with their numbers."""
    reader = responder.context().reader([], *sorted(frozenset().union(*matches.classes)))
    kinds = {name: reader.label(lookup.reconciler.type_iri(name)) for name in types}
    facets = [(name, kinds[name], types[name]) for name in lookup.reconciler.types if types[name]]
    return {"kinds": kinds, "facets": facets}


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("search", __name__)
    bind(blueprint, ("/search",), search, responder, lookup)
    return blueprint
