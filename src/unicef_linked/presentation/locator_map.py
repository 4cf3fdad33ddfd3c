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
    from collections.abc import Iterable, Sequence

    from unicef_linked.dataset.labels import Link
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import EntityPage
    from unicef_linked.presentation.maps import Map
    from unicef_linked.store.statements import LoadedStatements, Statements

MOST: Final = 200
"""Things that are looked up for one map, and things around them: past that a map is no extract."""

_TYPE: Final = NamedNode(f"{RDF}type")
_KEPT_AREAS: Final = 2000
"""Areas that are kept; then the keeping begins anew."""

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


def load_geometries(store: LoadedStatements, iris: Iterable[str]) -> None:
    """Read what ``place_of`` needs of all of these."""
    nodes = [NamedNode(iri) for iri in iris]
    store.load(nodes)
    store.load(
        quad.object
        for node in nodes
        for quad in store.match(node)
        if quad.predicate.value in _GEOMETRIES
    )


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
    """The maps on pages about things, kept as they have been drawn: drawing costs half a page.

    The areas around things, which most maps of a release share, are kept too.
    """

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str], Map | None] = {}
        self._areas: dict[tuple[str, str], Feature | None] = {}  # by IRI and language
        self._members: dict[NamedNode, frozenset[str]] = {}  # of a class

    def draw(
        self, context: PageContext, statements: LoadedStatements, thing: Link, page: EntityPage
    ) -> Map | None:
        """Return the map of a thing; None where neither it nor what its rows lead to is anywhere."""
        key = thing.iri, context.language
        with suppress(KeyError):
            return self._drawn[key]
        drawn = self._draw(context, statements, thing, page)
        if len(self._drawn) >= _KEPT:
            self._drawn.clear()
            self._areas.clear()
        self._drawn[key] = drawn
        return drawn

    def _draw(
        self, context: PageContext, statements: LoadedStatements, thing: Link, page: EntityPage
    ) -> Map | None:
        """Draw the map of a thing.

        The kinds of its features: ``subject`` is what the page is about, or where it works if it
        is nowhere itself; ``related`` is what its rows lead to; ``context`` is what is of the same
        kind as the areas, ``ground`` what all the rest lies in and what has no neighbours here: a
        country, for its regions.
        """
        own = place_of(statements, thing.iri)
        kind = "related" if own and _is_area(own) else "subject"
        features, beside = _related(statements, thing, page, kind)
        if own:
            features.append(Feature(thing.iri, own, thing.label, kind="subject"))
        if not features:
            return None
        features = beside + features  # of an office and its town at one point, the office
        ground = self._ground(context, statements, features)
        shown = _each_point_once(f for f in features if ground is None or f.iri != ground.iri)
        around = self._around(context, statements, shown, ground)
        if ground:
            note = ground.note or ground.label.text
            around.insert(0, replace(ground, label=Text(""), kind="ground", note=note))
        drawn = draw([*around, *_in_short(shown)], words=_WORDS)
        return _with_few_words(drawn, thing.iri) if drawn else None

    def _ground(
        self, context: PageContext, statements: LoadedStatements, features: Sequence[Feature]
    ) -> Feature | None:
        """Return the area that holds all features and has no neighbours of its kind."""
        known = {feature.iri for feature in features}
        objects = [q.object for iri in sorted(known) for q in statements.match(NamedNode(iri))]
        nodes = [term for term in objects if isinstance(term, NamedNode)]
        beyond = dict.fromkeys(node.value for node in nodes if node.value not in known)
        for area in (*features, *self._find_areas(context, statements, beyond, "ground")):
            if _holds_all(area, features) and not self._around(context, statements, [area], None):
                return area
        return None

    def _around(
        self,
        context: PageContext,
        statements: LoadedStatements,
        features: Sequence[Feature],
        ground: Feature | None,
    ) -> list[Feature]:
        """Return the areas of the same kinds as what is shown."""
        known = {feature.iri for feature in features}
        own = f"{context.names.ontology}#"
        kinds = {
            quad.object
            for iri in known
            for quad in statements.match(NamedNode(iri), _TYPE)
            if isinstance(quad.object, NamedNode) and quad.object.value.startswith(own)
        }
        members = self._members_of(context, kinds)
        others = members - known - {ground.iri if ground else ""}
        return self._find_areas(context, statements, sorted(others), "context")

    def _members_of(self, context: PageContext, kinds: Iterable[NamedNode]) -> frozenset[str]:
        """Return the instances of classes."""
        missing = [kind for kind in kinds if kind not in self._members]
        quads = context.store.match_any(None, [_TYPE], missing) if missing else []
        for kind in missing:
            subjects = [quad.subject for quad in quads if quad.object == kind]
            iris = (subject.value for subject in subjects if isinstance(subject, NamedNode))
            # No map shows more than MOST of them, beside those that it is about.
            self._members[kind] = frozenset(sorted(iris)[: 3 * MOST])
        return frozenset().union(*(self._members[kind] for kind in kinds))

    def _find_areas(
        self,
        context: PageContext,
        statements: LoadedStatements,
        iris: Iterable[str],
        kind: str,
    ) -> list[Feature]:
        """Return those of the things that are areas, as features; at most MOST are looked at."""
        some = list(iris)[:MOST]
        missing = [iri for iri in some if (iri, context.language) not in self._areas]
        if len(self._areas) > _KEPT_AREAS:
            self._areas.clear()
            missing = some
        if missing:
            load_geometries(statements, missing)
            places = {iri: place_of(statements, iri) for iri in missing}
            areas = {iri: place for iri, place in places.items() if place and _is_area(place)}
            reader = context.reader([], *areas) if areas else None
            for iri in missing:
                feature = None
                if reader and iri in areas:
                    link = reader.link(iri)
                    href = "" if link.external else link.href
                    feature = Feature(iri, areas[iri], href=href, note=link.label.text)
                self._areas[iri, context.language] = feature
        found = [self._areas[iri, context.language] for iri in some]
        return [replace(feature, kind=kind) for feature in found if feature]


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
    store: LoadedStatements, thing: Link, page: EntityPage, kind: str
) -> tuple[list[Feature], list[Feature]]:
    """Return the things of the rows that are somewhere, and those that are nowhere themselves but at a place."""
    rows = [row for section in (*page.sections, *page.key_facts) for row in section.rows]
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
