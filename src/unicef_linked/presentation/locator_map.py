"""The map on the page about a thing: where it is, where the things of its rows are, and what lies around."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.exports.geojson import Geometry, bounds
from unicef_linked.presentation.maps import Feature, draw, read_place
from unicef_linked.rdf.iris import GEO, RDF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unicef_linked.dataset.labels import Link
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import Portrait
    from unicef_linked.presentation.maps import Map
    from unicef_linked.store.statements import LoadedStatements, Statements

MOST: Final = 200
"""Things that are looked up for one map, and things around them: past that a map is no extract."""

_KEPT: Final = 500
"""Maps that are kept; then the keeping begins anew."""
_MARKED: Final = ("subject", "related")
_NAMES: Final = 6  # on a small map no more than these can be read
_WORDS: Final = 36  # how high their letters are, in units of the map

_WGS84: Final = "http://www.w3.org/2003/01/geo/wgs84_pos#"
_LITERALS: Final = (f"{GEO}asGeoJSON", f"{GEO}asWKT")
_GEOMETRIES: Final = (f"{GEO}hasDefaultGeometry", f"{GEO}hasGeometry")


def place_of(store: Statements, iri: str) -> Geometry | None:
    """Return where a thing is: by its geometry (GeoSPARQL 1.1, section 8.5), else by its latitude and longitude."""
    said: dict[str, list[object]] = {}
    for quad in store.match(NamedNode(iri)):
        said.setdefault(quad.predicate.value, []).append(quad.object)
    for predicate in _GEOMETRIES:
        for node in said.get(predicate, []):
            for literal in store.match(node) if isinstance(node, NamedNode | BlankNode) else []:
                if literal.predicate.value in _LITERALS and isinstance(literal.object, Literal):
                    found = read_place(literal.object.value)
                    if found:
                        return found
    values = [said.get(f"{_WGS84}{name}", [None])[0] for name in ("long", "lat")]
    try:
        long, lat = (float(value.value) for value in values if isinstance(value, Literal))
    except ValueError:
        return None
    return {"type": "Point", "coordinates": [long, lat]}


def load_places(store: LoadedStatements, iris: Iterable[str]) -> None:
    """Read what ``place_of`` needs of all of these, and of what they lead to."""
    nodes = [NamedNode(iri) for iri in iris]
    store.load(nodes)
    objects = {quad.object for node in nodes for quad in store.match(node)}
    store.load(term for term in objects if isinstance(term, NamedNode | BlankNode))
    store.load(
        quad.object
        for term in objects
        if isinstance(term, NamedNode)
        for quad in store.match(term)
        if quad.predicate.value in _GEOMETRIES
    )


class LocatorMaps:
    """The maps on pages about things, kept as they have been drawn: drawing costs half a page."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str], Map | None] = {}

    def draw(
        self, context: PageContext, statements: LoadedStatements, thing: Link, portrait: Portrait
    ) -> Map | None:
        """Return the map of a thing; None where neither it nor what its rows lead to is anywhere."""
        key = thing.iri, context.language
        with suppress(KeyError):
            return self._drawn[key]
        drawn = _extract(context, statements, thing, portrait)
        if len(self._drawn) >= _KEPT:
            self._drawn.clear()
        self._drawn[key] = drawn
        return drawn


def _extract(
    context: PageContext, store: LoadedStatements, thing: Link, portrait: Portrait
) -> Map | None:
    """Draw the map of a thing.

    The kinds of its features: ``subject`` is what the page is about, or where it works if it is nowhere itself;
    ``related`` is what its rows lead to; ``context`` is what is of the same kind as the areas, ``ground`` what all the
    rest lies in and what has no neighbours here: a country, for its regions.
    """
    own = place_of(store, thing.iri)
    features, beside = _related(
        store, thing, portrait, "related" if own and _is_area(own) else "subject"
    )
    if own:
        features.append(Feature(thing.iri, own, thing.label, kind="subject"))
    if not features:
        return None
    features = beside + features  # of an office and its town at one point, the office
    wide = (
        area
        for area in (*features, *_beyond(context, store, features))
        if _holds_all(area, features)
    )
    ground = next((area for area in wide if not any(_around(context, store, [area], None))), None)
    shown = _each_point_once(
        feature for feature in features if ground is None or feature.iri != ground.iri
    )
    around = list(_around(context, store, shown, ground))
    if ground:
        around.insert(
            0, replace(ground, label=Text(""), kind="ground", note=ground.note or ground.label.text)
        )
    drawn = draw([*around, *_in_short(shown)], words=_WORDS)
    return _with_few_words(drawn, thing.iri) if drawn else None


def _each_point_once(features: Iterable[Feature]) -> list[Feature]:
    """Return features without the points where another one stands already: a town under its office."""
    found: dict[str, Feature] = {}
    for feature in features:
        found.setdefault(
            feature.iri if _is_area(feature.geometry) else str(feature.geometry["coordinates"]),
            feature,
        )
    return list(found.values())


def _in_short(features: Sequence[Feature]) -> list[Feature]:
    """Return features whose areas bear the word alone that sets them apart."""
    areas = [
        feature for feature in features if _is_area(feature.geometry) and feature.kind == "subject"
    ]
    short = short_names([feature.label.text for feature in areas])
    labels = {
        area.iri: Text(name, area.label.language) for area, name in zip(areas, short, strict=True)
    }
    return [replace(feature, label=labels.get(feature.iri, feature.label)) for feature in features]


def _with_few_words(drawn: Map, thing: str) -> Map:
    """Return a map with few names: those of the areas that are meant, else of the points, and none that is the title."""
    areas = {shape.feature.iri for shape in drawn.areas if shape.feature.kind == "subject"} - {
        thing
    }
    points = {shape.feature.iri for shape in drawn.points} - {thing}
    named = next((found for found in (areas, points) if 0 < len(found) <= _NAMES), set())
    return replace(
        drawn, labels=tuple(label for label in drawn.labels if label.shape.feature.iri in named)
    )


def legend(drawn: Map) -> list[tuple[str, str]]:
    """Return the form and the meaning of what is marked on a map: which rows its areas and points are from."""
    shapes = [("area", shape) for shape in drawn.areas] + [
        ("point", shape) for shape in drawn.points
    ]
    marked = (
        (form, shape)
        for form, shape in shapes
        if shape.feature.note and shape.feature.kind in _MARKED
    )
    found = dict.fromkeys(
        (f"{form} {shape.feature.kind}", shape.feature.note) for form, shape in marked
    )
    return list(found)


def short_names(names: Sequence[str]) -> list[str]:
    """Return the one word of each name that is not in all of them; the names as they are where it is not one word.

    >>> short_names(["Région de Gao", "Région de Ménaka"]), short_names(["Bureau de Gao", "Bureau principal de Bamako"])
    (['Gao', 'Ménaka'], ['Bureau de Gao', 'Bureau principal de Bamako'])
    """
    words = [name.split(" ") for name in names]
    common = set(words[0]).intersection(*words) if len(words) > 1 else set()
    own = [[word for word in found if word not in common] for found in words]
    return [word for [word] in own] if all(len(found) == 1 for found in own) else list(names)


def _is_area(geometry: Geometry) -> bool:
    return geometry["type"] in {"Polygon", "MultiPolygon"}


def _related(
    store: LoadedStatements, thing: Link, portrait: Portrait, kind: str
) -> tuple[list[Feature], list[Feature]]:
    """Return the things of the rows that are somewhere, and those that are nowhere themselves but at a place."""
    rows = [row for section in (*portrait.sections, *portrait.key_facts) for row in section.rows]
    links = {
        fact.value.link: row for row in reversed(rows) for fact in row.things if fact.value.link
    }
    located, beside = [], []
    load_places(store, [thing.iri, *(link.iri for link, _ in list(reversed(links.items()))[:MOST])])
    for link, row in list(reversed(links.items()))[:MOST]:
        if link.iri == thing.iri:
            continue
        geometry = place_of(store, link.iri)
        if geometry:
            located.append(
                Feature(link.iri, geometry, link.label, link.href, kind, row.heading.text)
            )
        elif geometry := _point_beside(store, link.iri):
            beside.append(
                Feature(link.iri, geometry, link.label, link.href, kind, row.heading.text)
            )
    return located, beside


def _point_beside(store: LoadedStatements, iri: str) -> Geometry | None:
    """Return the point of the one thing with a point that a thing leads to: an office is where its town is.

    Of several the one that has a latitude and a longitude of its own; an area may be known by a point within it.
    """
    objects = {
        quad.object.value
        for quad in store.match(NamedNode(iri))
        if isinstance(quad.object, NamedNode)
    }
    found = {other: geometry for other in sorted(objects) if (geometry := place_of(store, other))}
    points = [other for other, geometry in found.items() if geometry["type"] == "Point"]
    if len(points) > 1:
        points = [
            other for other in points if store.match(NamedNode(other), NamedNode(f"{_WGS84}lat"))
        ]
    return found[points[0]] if len(points) == 1 else None


def _holds_all(area: Feature, features: Sequence[Feature]) -> bool:
    """Whether the box around an area holds those of all the others; borders are simplified, so nearly is enough."""
    others = [bounds([feature.geometry]) for feature in features if feature.iri != area.iri]
    if not others or not _is_area(area.geometry):
        return False
    west, south, east, north = bounds([area.geometry])
    wide, high = (east - west) / 50, (north - south) / 50
    return all(
        west - wide <= box[0]
        and south - high <= box[1]
        and box[2] <= east + wide
        and box[3] <= north + high
        for box in others
    )


def _beyond(
    context: PageContext, store: LoadedStatements, features: Iterable[Feature]
) -> Iterator[Feature]:
    """Yield the areas that what is shown leads to: a region leads to its country."""
    known = {feature.iri for feature in features}
    objects = [quad.object for iri in sorted(known) for quad in store.match(NamedNode(iri))]
    iris = dict.fromkeys(
        term.value for term in objects if isinstance(term, NamedNode) and term.value not in known
    )
    yield from _areas(context, store, iris, "ground")


def _around(
    context: PageContext,
    store: LoadedStatements,
    features: Iterable[Feature],
    ground: Feature | None,
) -> Iterator[Feature]:
    """Yield the areas of the same kinds as what is shown."""
    a = NamedNode(f"{RDF}type")
    known = {feature.iri for feature in features}
    kinds = {
        quad.object
        for iri in known
        for quad in store.match(NamedNode(iri), a)
        if isinstance(quad.object, NamedNode)
        and quad.object.value.startswith(f"{context.names.ontology}#")
    }
    found = {quad.subject.value for quad in context.store.match_any(None, [a], kinds)}  # type: ignore[union-attr]
    yield from _areas(
        context, store, sorted(found - known - {ground.iri if ground else ""}), "context"
    )


def _areas(
    context: PageContext, store: LoadedStatements, iris: Iterable[str], kind: str
) -> Iterator[Feature]:
    some = list(iris)[:MOST]
    load_places(store, some)
    reader = context.reader([], *some)
    for iri in some:
        geometry = place_of(store, iri)
        if geometry and _is_area(geometry):
            link = reader.link(iri)
            yield Feature(
                iri,
                geometry,
                href="" if link.external else link.href,
                kind=kind,
                note=link.label.text,
            )
