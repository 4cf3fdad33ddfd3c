"""/resolve: from an identifier of anybody's to our entity, with every other identifier of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from pyoxigraph import NamedNode, Triple

from unicef_linked.dataset.description import Description
from unicef_linked.errors import BadParameter, NotFound, UnsupportedMediaType
from unicef_linked.lookup.answers import resolution
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, HTML
from unicef_linked.rdf.iris import FOAF, RDF, RDFS, SKOS
from unicef_linked.rdf.mappings import MAPPINGS
from unicef_linked.web.responses import formats_of, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from pyoxigraph import Quad

    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.index import Reading
    from unicef_linked.web.responder import Responder

BATCH: Final = 10_000
"""Identifiers that one request may ask for."""

_TOLD: Final = frozenset(
    {
        *MAPPINGS,
        f"{RDF}type",
        f"{RDFS}label",
        f"{SKOS}prefLabel",
        f"{SKOS}altLabel",
        f"{SKOS}notation",
    }
)
"""What is told of an entity: its names, its kinds and its identifiers."""


def resolve(responder: Responder, lookup: EntityLookup, suffix: str | None = None) -> Response:
    """Return the entity that ``?iri=`` or ``?code=`` (in ``?scheme=``) identifies; each, where it may mean several."""
    if not (request.args.get("iri") or request.args.get("code")):
        if suffix in {None, "html"} and negotiate(DOCUMENT_FORMATS) is HTML:
            return responder.represent(_page(responder, lookup, []), HTML, varies_by=["Accept"])
        raise BadParameter("give what to resolve: /resolve?iri=… or /resolve?code=…&scheme=…")
    readings = _read(responder, lookup, request.args)
    if not readings:
        wanted = request.args.get("iri") or request.args.get("code")
        scheme = request.args.get("scheme")
        raise NotFound(
            f"nothing here is identified by {wanted!r}{f' in the scheme {scheme!r}' if scheme else ''}"
        )
    return responder.respond(
        "/resolve",
        suffix,
        lambda: _description(responder, readings),
        lambda: _page(responder, lookup, readings),
    )


def _read(responder: Responder, lookup: EntityLookup, wanted: Any) -> list[Reading]:
    """Return the readings of one identifier: a mapping with ``iri``, or with ``code`` and maybe ``scheme``."""
    iri, code, name = (wanted.get(key) for key in ("iri", "code", "scheme"))
    if iri and code:
        raise BadParameter("give an iri or a code, one of the two")
    if iri:
        public = responder.public_address()  # addresses of this server mean what it serves there
        return lookup.index.by_iri(
            responder.names.base + iri[len(public) :] if iri.startswith(public) else iri
        )
    scheme = None
    if name:
        scheme = lookup.index.scheme(name)
        if scheme is None:
            known = ", ".join(iri.rpartition("#")[2] for iri in lookup.index.schemes) or "none"
            raise BadParameter(f"there is no scheme of codes {name!r}; there are: {known}")
    return lookup.index.by_code(code, scheme)


def _statements(responder: Responder, readings: list[Reading]) -> list[Quad]:
    """Return the names and identifiers of each entity, and what of ours is matched with it."""
    entities = dict.fromkeys(NamedNode(reading.entity.iri) for reading in readings)
    own = [
        quad
        for node in entities
        for quad in responder.dataset.store.match(node)
        if quad.predicate.value in _TOLD
    ]
    return own + [
        q
        for node in entities
        for q in responder.dataset.store.match(None, None, node)
        if q.predicate.value in MAPPINGS
    ]


def _description(responder: Responder, readings: list[Reading]) -> Description:
    """Return what is known of the readings; of several the answer itself says that these are its topics."""
    about = _statements(responder, readings)
    labels = [
        quad.triple
        for iri in sorted({reading.scheme for reading in readings if reading.scheme})
        for quad in responder.dataset.store.match(NamedNode(iri), NamedNode(f"{RDFS}label"))
    ]
    entities = list(dict.fromkeys(reading.entity.iri for reading in readings))
    if len(entities) == 1:
        return Description(entities[0], about, labels)
    query = urlencode(
        {key: value for key, value in request.args.items() if key in {"iri", "code", "scheme"}}
    )
    answer = NamedNode(f"{responder.names.base}resolve?{query}")
    own = [Triple(answer, NamedNode(f"{FOAF}topic"), NamedNode(iri)) for iri in entities]
    own.append(Triple(answer, NamedNode(f"{RDF}type"), NamedNode(f"{FOAF}Document")))
    return Description(answer.value, about, labels, own)


def _page(responder: Responder, lookup: EntityLookup, readings: list[Reading]) -> bytes:
    """Return the form and the readings, each with its reason and the identifiers of its entity."""
    statements = _statements(responder, readings)
    reasons = [iri for reading in readings for iri in (reading.scheme, reading.relation) if iri]
    schemes = lookup.index.schemes
    reader = responder.context().reader(statements, *reasons, *schemes)
    shown = []
    for reading in readings:
        resource = reader.resource(reading.entity.iri, statements)
        shown.append(
            {
                "entity": reader.link(reading.entity.iri),
                "types": [found for found in resource.types if not found.external],
                "reason": reader.link(reading.scheme or reading.relation or f"{RDF}type"),
                "is_own": not (reading.scheme or reading.relation),
                "relation": reader.link(reading.relation) if reading.relation else None,
                "value": reading.value,
                "codes": [(reader.link(code.scheme), code.value) for code in reading.entity.codes],
                "references": [(reader.link(r.relation), r.iri) for r in reading.entity.references],
            }
        )
    query = {key: value for key, value in request.args.items() if key in {"iri", "code", "scheme"}}
    return responder.render(
        "resolve.html",
        readings=shown,
        schemes=[(iri.rpartition("#")[2], reader.label(iri)) for iri in schemes],
        scheme=(lookup.index.scheme(query["scheme"]) or "").rpartition("#")[2]
        if query.get("scheme")
        else "",
        formats=formats_of("/resolve", query) if readings else [],
    )


def resolve_all(responder: Responder, lookup: EntityLookup) -> Response:
    """Return the readings of each identifier in a JSON list: texts, or objects with ``iri``, ``code`` and ``scheme``."""
    if not request.is_json:
        raise UnsupportedMediaType(
            "send the identifiers as application/json: a list of texts or objects"
        )
    try:
        wanted = request.get_json(silent=True)
    except RecursionError:
        wanted = None
    if not isinstance(wanted, list):
        raise BadParameter(
            'send a JSON list, such as ["wd:Q912", {"scheme": "pcode", "code": "ML07"}]'
        )
    if len(wanted) > BATCH:
        raise BadParameter(
            f"{len(wanted):,} identifiers are over the limit of {BATCH:,} for one request"
        )
    answers = []
    for number, item in enumerate(wanted, start=1):
        asked = {"iri": item} if isinstance(item, str) else item
        if not isinstance(asked, dict) or not all(
            isinstance(value, str) for value in asked.values()
        ):
            raise BadParameter(
                f"item {number} is neither a text nor an object with texts: iri, code, scheme"
            )
        if not isinstance(item, str) and not (asked.get("iri") or asked.get("code")):
            raise BadParameter(f"item {number} has neither an iri nor a code")
        answers.append(
            {
                "query": item,
                "results": [
                    resolution(responder.names, reading, responder.language())
                    for reading in _read(responder, lookup, asked)
                ],
            }
        )
    return responder.answer_json(answers, "Accept-Language")


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("resolve", __name__)
    bind(blueprint, ("/resolve", "/resolve.<suffix>"), resolve, responder, lookup)
    bind(blueprint, ("/resolve",), resolve_all, responder, lookup, methods=("POST",))
    return blueprint
