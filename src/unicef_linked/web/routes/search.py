"""/search: every label in every language, accents and spelling forgiven."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from unicef_linked.lookup.answers import nearest_label, search_result
from unicef_linked.lookup.normalization import LONGEST
from unicef_linked.rdf.formats import HTML
from unicef_linked.web.parameters import whole_number
from unicef_linked.web.responses import JSON, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.web.responder import Responder

SHOWN: Final = 50
"""Results in one answer; ``limit`` may ask for fewer, or for twice as many."""


def search(responder: Responder, lookup: EntityLookup) -> Response:
    """Return what ``?q=`` may name, best first; ``?type=`` leaves one kind, ``?limit=`` and ``?offset=`` leaf through."""
    query, wanted = request.args.get("q", "").strip()[:LONGEST], request.args.get("type", "")
    limit, offset = min(whole_number("limit", SHOWN), 2 * SHOWN), whole_number("offset", 0)
    found = lookup.search(query) if query else []
    types = Counter(name for entity, _ in found for name in lookup.types_of(entity))
    if wanted:
        wanted = next(
            (name for name in lookup.reconciler.types if name.lower() == wanted.lower()), wanted
        )
        found = [(entity, score) for entity, score in found if wanted in lookup.types_of(entity)]
    results = [
        search_result(lookup, entity, score, query, responder.language())
        for entity, score in found[offset : offset + limit]
    ]
    offer = negotiate((JSON, HTML))
    if offer is HTML:
        reader = responder.context().reader(
            [], *(iri for entity, _ in found for iri in entity.types)
        )
        facets = [
            (name, reader.label(responder.names.term(name)), types[name])
            for name in lookup.reconciler.types
            if types[name]
        ]
        shown = [entity for entity, _ in found[offset : offset + limit]]
        links = [responder.addresses.locate(entity.iri) for entity in shown]
        matched = [
            nearest_label(entity, query, entity.name(responder.language()).text) for entity in shown
        ]
        content = responder.render(
            "search.html",
            query=query,
            wanted=wanted,
            facets=facets,
            total=len(found),
            results=list(zip(results, links, matched, strict=True)),
            kinds={name: reader.label(responder.names.term(name)) for name in types},
        )
        return responder.represent(content, HTML, varies_by=["Accept"])
    body = {
        "query": query,
        "lang": responder.language(),
        "total": len(found),
        "results": results,
        "types": dict(types.most_common()),
    }
    return responder.answer_json(body, "Accept", "Accept-Language")


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("search", __name__)
    bind(blueprint, ("/search",), search, responder, lookup)
    return blueprint
