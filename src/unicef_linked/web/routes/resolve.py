"""/resolve: from anybody's identifier to the entity, with all its other identifiers."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from pyoxigraph import NamedNode, Triple

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import BadParameter, NotFound, TooLarge, UnsupportedMediaType
from unicef_linked.lookup.answers import identifications_to_json
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, HTML
from unicef_linked.rdf.iris import FOAF, RDF, RDFS, SKOS
from unicef_linked.rdf.mappings import REFERENCES
from unicef_linked.web.middleware.fair_use import charge
from unicef_linked.web.parameters import preferred_languages
from unicef_linked.web.points import resolve_point
from unicef_linked.web.responses import formats_of, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver, Link
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.entity import Identification
    from unicef_linked.web.responder import Responder

_MEMBERS: Final = frozenset({"iri", "code", "scheme"})
"""Members of an object that identifies."""

BATCH: Final = 10_000
"""Identifiers that one request may ask for."""

IDENTIFIERS_OF_A_REQUEST: Final = 100
"""Identifiers that count as one request against the limits of a client."""

_NAMES_AND_IDENTIFIERS: Final = frozenset(
    {
        *REFERENCES,
        f"{RDF}type",
        f"{RDFS}label",
        f"{SKOS}prefLabel",
        f"{SKOS}altLabel",
        f"{SKOS}notation",
    }
)
"""Predicates of the statements about an entity that an answer has."""


def resolve(responder: Responder, lookup: EntityLookup, suffix: str | None = None) -> Response:
    """Return the entity that ``?iri=`` or ``?code=`` (in ``?scheme=``) identifies.

    If it may mean several, each of them. With ``?lat=`` and ``?lon=``, the divisions at a point.
    """
    if any(request.args.get(name, "").strip() for name in ("lat", "lon")):
        return resolve_point(responder, lookup, suffix)
    if not any(request.args.get(name, "").strip() for name in ("iri", "code")):
        if suffix in {None, "html"} and negotiate(DOCUMENT_FORMATS) is HTML:
            return responder.represent(_page(responder, lookup, []), HTML, varies_by=["Accept"])
        raise BadParameter(
            "give what to resolve: /resolve?iri=…, /resolve?code=…&scheme=… or /resolve?lat=…&lon=…"
        )
    identifications = _identify(responder, lookup, request.args)
    if not identifications:
        identifier = request.args.get("iri") or request.args.get("code")
        scheme = request.args.get("scheme")
        place = f" in the scheme {scheme!r}" if scheme else ""
        raise NotFound(f"nothing here is identified by {identifier!r}{place}")
    return responder.respond(
        addresses.RESOLVE,
        suffix,
        lambda: _description(responder, identifications),
        lambda: _page(responder, lookup, identifications),
    )


def _identify(responder: Responder, lookup: EntityLookup, identifier: Any) -> list[Identification]:
    """Return what an identifier means.

    A mapping with ``iri``, or with ``code`` and maybe ``scheme``.
    """
    iri, code, name = (identifier.get(key) for key in ("iri", "code", "scheme"))
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
            names = ", ".join(iri.rpartition("#")[2] for iri in lookup.index.schemes) or "none"
            raise BadParameter(f"there is no scheme of codes {name!r}; there are: {names}")
    return lookup.index.by_code(code, scheme)


def _statements(responder: Responder, identifications: list[Identification]) -> list[Quad]:
    """Return the names and identifiers of each entity, and what of ours is matched with it."""
    store = responder.dataset.store
    entities = dict.fromkeys(NamedNode(i.entity.iri) for i in identifications)
    statements: list[Quad] = []
    for node in entities:
        statements += (q for q in store.match(node) if q.predicate.value in _NAMES_AND_IDENTIFIERS)
    for node in entities:
        statements += (q for q in store.match(object=node) if q.predicate.value in REFERENCES)
    return statements


def _description(responder: Responder, identifications: list[Identification]) -> Description:
    """Return the statements about the entities.

    Of several, the answer is a document with each as a topic.
    """
    about = _statements(responder, identifications)
    labels: list[Triple] = []
    for iri in sorted({i.scheme for i in identifications if i.scheme}):
        statements = responder.dataset.store.match(NamedNode(iri), NamedNode(f"{RDFS}label"))
        labels += (quad.triple for quad in statements)
    entities = list(dict.fromkeys(i.entity.iri for i in identifications))
    if len(entities) == 1:
        return Description(entities[0], about, labels)
    query = {key: value for key, value in request.args.items() if key in {"iri", "code", "scheme"}}
    address = addresses.with_query(addresses.RESOLVE, query)
    answer = NamedNode(addresses.absolute(responder.names.base, address))
    own = [Triple(answer, NamedNode(f"{FOAF}topic"), NamedNode(iri)) for iri in entities]
    own.append(Triple(answer, NamedNode(f"{RDF}type"), NamedNode(f"{FOAF}Document")))
    return Description(answer.value, about, labels, own)


def _page(
    responder: Responder, lookup: EntityLookup, identifications: list[Identification]
) -> bytes:
    """Return the form and what was identified, with reasons and all identifiers."""
    statements = _statements(responder, identifications)
    reasons = [i.scheme for i in identifications if i.scheme]
    reasons += [i.relation for i in identifications if i.relation]
    schemes = lookup.index.schemes
    reader = responder.context().reader(statements, *reasons, *schemes)
    by_entity: dict[str, list[Identification]] = {}
    for identification in identifications:
        by_entity.setdefault(identification.entity.iri, []).append(identification)
    shown = []
    for readings in by_entity.values():
        entity = readings[0].entity
        resource = reader.resource(entity.iri, statements)
        shown.append(
            {
                "entity": reader.link(entity.iri),
                "types": [link for link in resource.types if not link.external],
                "reasons": [_reason(reader, i) for i in readings if i.scheme or i.relation],
                "codes": _grouped(reader, ((c.scheme, c.value) for c in entity.codes)),
                "references": _grouped(reader, ((r.relation, r.iri) for r in entity.references)),
            }
        )
    query = {key: value for key, value in request.args.items() if key in {"iri", "code", "scheme"}}
    return responder.render(
        "resolve.html",
        identifications=shown,
        schemes=[(iri.rpartition("#")[2], reader.label(iri)) for iri in schemes],
        scheme=(lookup.index.scheme(query["scheme"]) or "").rpartition("#")[2]
        if query.get("scheme")
        else "",
        containing=[],
        formats=formats_of(addresses.RESOLVE, query) if identifications else [],
    )


def _reason(reader: LabelResolver, identification: Identification) -> dict[str, Any]:
    """Return why an entity is meant: the scheme or the relation, and the value that it has."""
    scheme, relation = identification.scheme, identification.relation
    return {
        "link": reader.link(scheme or relation or ""),
        "relation": reader.link(relation) if scheme and relation else None,
        "value": identification.value,
    }


def _grouped(
    reader: LabelResolver, pairs: Iterable[tuple[str, str]]
) -> list[tuple[Link, list[str]]]:
    """Return each property with all of its values, in the order of the pairs."""
    values: dict[str, list[str]] = {}
    for iri, value in pairs:
        values.setdefault(iri, []).append(value)
    return [(reader.link(iri), texts) for iri, texts in values.items()]


def resolve_all(responder: Responder, lookup: EntityLookup) -> Response:
    """Return what each identifier in a JSON list means.

    Items are texts, or objects with ``iri``, ``code`` and ``scheme``.
    """
    if not request.is_json:
        raise UnsupportedMediaType(
            "send the identifiers as application/json: a list of texts or objects"
        )
    try:
        identifiers = request.get_json(silent=True)
    except RecursionError:
        identifiers = None
    if not isinstance(identifiers, list):
        raise BadParameter(
            'send a JSON list of identifiers: texts, or objects such as {"scheme": …, "code": …}'
        )
    if len(identifiers) > BATCH:
        raise TooLarge(
            f"{len(identifiers):,} identifiers are over the limit of {BATCH:,} for one request; "
            "send several"
        )
    charge(request.environ, ceil(len(identifiers) / IDENTIFIERS_OF_A_REQUEST))
    languages = preferred_languages(responder.language())
    answers = []
    known: dict[tuple[tuple[str, str], ...], list[dict[str, object]]] = {}
    for number, item in enumerate(identifiers, start=1):
        identifier = _checked(item, number)
        key = tuple(sorted(identifier.items()))
        if key not in known:
            identifications = _identify(responder, lookup, identifier)
            known[key] = identifications_to_json(responder.names, identifications, languages)
        answers.append({"query": item, "results": known[key]})
    return responder.answer_json(answers, "Accept-Language")


def _checked(item: object, number: int) -> dict[str, str]:
    """Return an item of a list as a mapping; raises BadParameter for what is no identifier."""
    if isinstance(item, str):
        item = {"iri": item}
    if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
        raise BadParameter(
            f"item {number} is neither a text nor an object with texts: iri, code, scheme"
        )
    if not any(item.get(member, "").strip() for member in ("iri", "code")):
        raise BadParameter(f"item {number} has neither an iri nor a code")
    unknown = ", ".join(sorted(map(repr, item.keys() - _MEMBERS)))
    if unknown:
        raise BadParameter(f"item {number} has {unknown}; there are iri, code and scheme")
    return item


def routes(responder: Responder, lookup: EntityLookup) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("resolve", __name__)
    bind(blueprint, ("/resolve", "/resolve.<suffix>"), resolve, responder, lookup)
    bind(blueprint, ("/resolve",), resolve_all, responder, lookup, methods=("POST",))
    return blueprint
