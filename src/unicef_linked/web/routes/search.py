"""/search: every label in every language, accents and spelling forgiven."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from unicef_linked.errors import BadParameter
from unicef_linked.lookup.index import type_rank
from unicef_linked.lookup.matching import DEFAULT_TYPES, Question
from unicef_linked.lookup.normalization import LONGEST, fold, read_phrase, trigrams
from unicef_linked.rdf.formats import HTML
from unicef_linked.web.responses import JSON, answer_json, language, negotiate, page, represent, site

if TYPE_CHECKING:
    from unicef_linked.lookup.index import Entity, Label
    from unicef_linked.web.site import Site

routes: Final = Blueprint("search", __name__)

SHOWN: Final = 50
"""Results in one answer; ``limit`` may ask for fewer, or for twice as many."""

_BEGINS: Final = (100.0, 85.0, 70.0)
"""What a label is worth that is the words, that begins with them, that has a word which begins so."""


@routes.get("/search")
def search() -> Response:
    """Return what ``?q=`` may name, best first; ``?type=`` leaves one kind, ``?limit=`` and ``?offset=`` leaf through."""
    here = site()
    query, wanted = request.args.get("q", "").strip()[:LONGEST], request.args.get("type", "")
    limit, offset = min(_number("limit", SHOWN), 2 * SHOWN), _number("offset", 0)
    found = rank(here, query) if query else []
    types = Counter(name for entity, _ in found for name in types_of(here, entity))
    if wanted:
        wanted = next((name for name in here.reconciler.types if name.lower() == wanted.lower()), wanted)
        found = [(entity, score) for entity, score in found if wanted in types_of(here, entity)]
    results = [result(here, entity, score, query, language()) for entity, score in found[offset : offset + limit]]
    offer = negotiate((JSON, HTML))
    if offer is HTML:
        reader = here.reader([], language(), *(iri for entity, _ in found for iri in entity.types))
        facets = [
            (name, reader.label(here.names.term(name)), types[name]) for name in here.reconciler.types if types[name]
        ]
        shown = [entity for entity, _ in found[offset : offset + limit]]
        links = [here.locate(entity.iri) for entity in shown]
        matched = [_matched(entity, query, entity.name(language()).text) for entity in shown]
        content = page(
            "search.html",
            query=query,
            wanted=wanted,
            facets=facets,
            total=len(found),
            results=list(zip(results, links, matched, strict=True)),
            kinds={name: reader.label(here.names.term(name)) for name in types},
        )
        return represent(content, HTML, varies_by=["Accept"])
    body = {
        "query": query,
        "lang": language(),
        "total": len(found),
        "results": results,
        "types": dict(types.most_common()),
    }
    return answer_json(body, "Accept", "Accept-Language")


def rank(here: Site, query: str) -> list[tuple[Entity, float]]:
    """Return the entities that a query may name, with their scores, best first."""
    every = tuple(sorted({iri for entity in here.index.entities.values() for iri in entity.types}))
    scores: dict[str, float] = {}
    for candidate in here.reconciler.candidates(Question(query, every, limit=1000)):
        scores[candidate.entity.id] = candidate.score
    wanted = fold(query)
    for entity, label in here.index.starting(query) if wanted else ():
        folded = fold(label.text)
        score = _BEGINS[0 if folded == wanted else 1 if folded.startswith(wanted) else 2]
        scores[entity.id] = max(score, scores.get(entity.id, 0.0))
    entities = [(here.index.entities[key], score) for key, score in scores.items()]
    return sorted(entities, key=lambda pair: (-pair[1], type_rank(pair[0]), pair[0].id))


def types_of(here: Site, entity: Entity) -> list[str]:
    """Return the classes of ours that an entity is of, by local name; those people ask for most first."""
    own = f"{here.names.ontology}#"
    found = (iri.removeprefix(own) for iri in entity.types if iri.startswith(own))
    return sorted(found, key=lambda name: (name not in DEFAULT_TYPES, name))


def result(here: Site, entity: Entity, score: float, query: str, wanted: str) -> dict[str, Any]:
    """Return one result: the entity by its name in the language ``wanted``, and its label that is nearest to the query."""
    name, types = entity.name(wanted), types_of(here, entity)
    matched = _matched(entity, query, name.text)
    return {
        "iri": entity.iri,
        "id": entity.id,
        "type": types[0] if types else None,
        "label": name.text,
        "lang": name.language,
        "matched": matched.text if matched else None,
        "score": score,
    }


def _matched(entity: Entity, query: str, shown: str) -> Label | None:
    return max(entity.labels, key=lambda label: _nearness(label, query, shown), default=None)


def _nearness(label: Label, query: str, shown: str) -> tuple[bool, bool, bool, float]:
    """Return how near a label is to a query; between two that have the words, the one that is shown anyway."""
    folded, wanted = fold(label.text), fold(query)
    ours, theirs = trigrams(folded), trigrams(wanted)
    alike = 2 * len(ours & theirs) / (len(ours) + len(theirs))
    begins = f" {wanted}" in f" {folded}" and label.text == shown
    return folded == wanted, read_phrase(label.text).key == read_phrase(query).key, begins, alike


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if text and not (text.isascii() and text.isdecimal()):
        raise BadParameter(f"{name}={text!r} is not a whole number")
    return int(text) if text else default
