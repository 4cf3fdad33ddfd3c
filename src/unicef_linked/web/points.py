"""/resolve?lat=&lon=: the divisions at a point, and what says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, request
from pyoxigraph import Literal, NamedNode, Triple

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import BadParameter, NotFound
from unicef_linked.lookup.territory import ALWAYS, CONTAINERS, parse_period
from unicef_linked.rdf.iris import DCTERMS, FOAF, GEO, RDF, RDFS, SKOS
from unicef_linked.rdf.mappings import REFERENCES
from unicef_linked.web.parameters import coordinate
from unicef_linked.web.responses import formats_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver
    from unicef_linked.lookup.boundaries import Containing
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.web.responder import Responder

_PARAMETERS: Final = ("lat", "lon", "date")

_POINT: Final = "http://www.opengis.net/ont/sf#Point"

_DESCRIBING: Final = frozenset(
    {
        *REFERENCES,
        f"{RDF}type",
        f"{RDFS}label",
        f"{SKOS}prefLabel",
        f"{SKOS}notation",
        f"{SKOS}note",
        f"{GEO}hasGeometry",
        f"{DCTERMS}source",
        f"{DCTERMS}license",
    }
)
"""Predicates of the statements about what contains a point, and about its polygons."""

_OF_DIVISIONS: Final = (
    *CONTAINERS,
    "adminLevel",
    "extentOf",
    "validFrom",
    "validUntil",
    "composedOf",
    "effectiveFrom",
    "extentVintage",
)
"""Terms of the ontology among these predicates."""


def resolve_point(responder: Responder, lookup: EntityLookup, suffix: str | None) -> Response:
    """Return the divisions and extents at ``?lat=`` and ``?lon=``, of ``?date=`` or of all time."""
    if any(request.args.get(name, "").strip() for name in ("iri", "code", "scheme")):
        raise BadParameter("give an iri, a code, or lat and lon; one of the three")
    latitude, longitude = coordinate("lat", 90), coordinate("lon", 180)
    date = request.args.get("date", "").strip()
    period = parse_period(date) if date else ALWAYS
    if period is None:
        raise BadParameter(f"date={date[:40]!r} is not a date such as 2024, 2024-05 or 2024-05-01")
    containing = lookup.index.boundaries.at(longitude, latitude, period)
    if not containing:
        raise NotFound(
            f"no division here contains the point at latitude {latitude:g}, longitude {longitude:g}"
        )
    query = {name: request.args[name] for name in _PARAMETERS if request.args.get(name)}
    position = f"POINT ({longitude:.10g} {latitude:.10g})"
    return responder.respond(
        addresses.RESOLVE,
        suffix,
        lambda: _description(responder, containing, position, query),
        lambda: _page(responder, lookup, containing, query),
        query=query,
    )


def _description(
    responder: Responder, containing: list[Containing], position: str, query: Mapping[str, str]
) -> Description:
    """Return what contains a point as topics of a document, and whose polygons it lies in."""
    names, store = responder.names, responder.dataset.store
    address = addresses.with_query(addresses.RESOLVE, query)
    answer = NamedNode(addresses.absolute(names.base, address))
    point = NamedNode(f"{answer.value}#point")
    wkt = Literal(position, datatype=NamedNode(f"{GEO}wktLiteral"))
    own = [
        Triple(answer, NamedNode(f"{RDF}type"), NamedNode(f"{FOAF}Document")),
        Triple(point, NamedNode(f"{RDF}type"), NamedNode(_POINT)),
        Triple(point, NamedNode(f"{GEO}asWKT"), wkt),
    ]
    shown = _DESCRIBING | {names.term(term) for term in _OF_DIVISIONS}
    about: list[Quad] = []
    for item in containing:
        own.append(Triple(answer, NamedNode(f"{FOAF}topic"), NamedNode(item.iri)))
        if item.geometry:
            own.append(Triple(point, NamedNode(f"{GEO}sfWithin"), NamedNode(item.geometry)))
        for iri in filter(None, (item.iri, item.geometry)):
            about += (q for q in store.match(NamedNode(iri)) if q.predicate.value in shown)
    return Description(answer.value, about, [], own)


def _page(
    responder: Responder,
    lookup: EntityLookup,
    containing: list[Containing],
    query: Mapping[str, str],
) -> bytes:
    """Return the form and what contains the point."""
    quads: list[Quad] = []
    for item in containing:
        for iri in filter(None, (item.iri, item.geometry)):
            quads += responder.dataset.store.match(NamedNode(iri))
    parts = [item.part for item in containing if item.part]
    reader = responder.context().reader(quads, *parts)
    return responder.render(
        "resolve.html",
        identifications=[],
        containing=[_shown(responder, reader, item, quads) for item in containing],
        schemes=[(iri.rpartition("#")[2], reader.label(iri)) for iri in lookup.index.schemes],
        scheme="",
        formats=formats_of(addresses.RESOLVE, query),
    )


def _shown(
    responder: Responder, reader: LabelResolver, item: Containing, quads: list[Quad]
) -> dict[str, Any]:
    """Return one division or extent as the page shows it: with its level and its boundary."""
    resource = reader.resource(item.iri, quads)
    boundary = reader.resource(item.geometry, quads) if item.geometry else None
    return {
        "entity": reader.link(item.iri),
        "types": [link for link in resource.types if not link.external],
        "level": resource.text(responder.names.term("adminLevel")),
        "boundary": reader.link(item.geometry) if item.geometry else None,
        "sources": [v.link for v in boundary.values(f"{DCTERMS}source")] if boundary else [],
        "part": reader.link(item.part) if item.part else None,
    }
