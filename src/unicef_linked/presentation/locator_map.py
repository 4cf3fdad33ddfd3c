"""The map on the page about a thing: its place, those of things in its rows, areas around."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.exports.geojson import Geometry, bounds
from unicef_linked.presentation.maps import Feature, draw, read_place
from unicef_linked.rdf.iris import GEO, RDF
from unicef_linked.rdf.terms import is_iri, value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from unicef_linked.dataset.labels import Link
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import EntityPage
    from unicef_linked.presentation.maps import Map
    from unicef_linked.store.statements import LoadedStatements, Statements

MOST: Final = 200
"""Most things in the rows, and most areas around them, that one map looks up."""
_LARGE: Final = 200
"""Most instances of a class of which a map shows the first; of a larger one, those nearby."""

_TYPE: Final = NamedNode(f"{RDF}type")
_MAX_AREAS: Final = 2000
"""Areas in the cache; it is emptied when it has more."""
_MAX_MAPS: Final = 500
"""Maps in the cache; it is emptied when it has as many."""
_MARKED: Final = ("subject", "related")
"""Kinds of features that the legend explains."""
_GROUPS: Final = ("", " square second", " diamond third", " triangle fourth")
"""Looks of the things of the first rows, each with a colour and, of points, a form of its own.

Those of further rows look like the last.
"""
_MAX_LABELS: Final = 6
"""Most labels of a map; with more of them nobody could read any."""
_LETTER_HEIGHT: Final = 36
"""Height of the letters in units of the map."""

_Box = tuple[float, float, float, float]  # west, south, east, north

_WITHIN: Final = NamedNode(f"{GEO}sfWithin")
_TOUCHES: Final = NamedNode(f"{GEO}sfTouches")
_WGS84: Final = "http://www.w3.org/2003/01/geo/wgs84_pos#"
_LITERALS: Final = (f"{GEO}asGeoJSON", f"{GEO}asWKT")
_GEOMETRIES: Final = (f"{GEO}hasDefaultGeometry", f"{GEO}hasGeometry")


def place_of(store: Statements, iri: str) -> Geometry | None:
    """Return the place of a thing: its geometry, else its latitude and longitude.

    GeoSPARQL 1.1, section 8.5; Basic Geo (WGS84 lat/long) Vocabulary.
    """
    objects: dict[str, list[object]] = {}
    for quad in store.match(NamedNode(iri)):
        objects.setdefault(quad.predicate.value, []).append(quad.object)
    nodes = chain.from_iterable(objects.get(predicate, []) for predicate in _GEOMETRIES)
    for node in nodes:
        geometry = _geometry_of(store, node)
        if geometry:
            return geometry
    values = [objects.get(f"{_WGS84}{name}", [None])[0] for name in ("long", "lat")]
    try:
        long, lat = (float(value.value) for value in values if isinstance(value, Literal))
    except ValueError:
        return None
    return {"type": "Point", "coordinates": [long, lat]}


def _geometry_of(store: Statements, node: object) -> Geometry | None:
    """Return the first geometry that a node states as a literal."""
    for quad in store.match(node) if isinstance(node, NamedNode | BlankNode) else []:
        if quad.predicate.value in _LITERALS and isinstance(quad.object, Literal):
            geometry = read_place(quad.object.value)
            if geometry:
                return geometry
    return None


def load_geometries(store: LoadedStatements, iris: Iterable[str]) -> None:
    """Load the statements that ``place_of`` reads of things."""
    nodes = [NamedNode(iri) for iri in iris]
    store.load(nodes)
    _load_objects(store, nodes)


def _load_objects(store: LoadedStatements, nodes: Iterable[NamedNode]) -> None:
    quads = chain.from_iterable(store.match(node) for node in nodes)
    store.load([quad.object for quad in quads if quad.predicate.value in _GEOMETRIES])


def load_places(store: LoadedStatements, iris: Iterable[str]) -> None:
    """Load the statements that ``place_of`` reads of things and of their objects."""
    nodes = [NamedNode(iri) for iri in iris]
    store.load(nodes)
    objects = {quad.object for node in nodes for quad in store.match(node)}
    store.load(term for term in objects if isinstance(term, NamedNode | BlankNode))
    _load_objects(store, [term for term in objects if isinstance(term, NamedNode)])


class LocatorMaps:
    """The maps on pages about things, each drawn once: drawing takes half the time of a page.

    The areas around things, which most maps of a release share, are cached too.
    """

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str], Map | None] = {}
        self._areas: dict[tuple[str, str], Feature | None] = {}  # by IRI and language
        self._boxes: dict[str, _Box] = {}  # of those areas, by IRI
        self._members: dict[NamedNode, tuple[str, ...]] = {}  # of a class

    def draw(
        self, context: PageContext, statements: LoadedStatements, thing: Link, page: EntityPage
    ) -> Map | None:
        """Return the map of a thing, None if neither it nor a thing in its rows has a place."""
        key = thing.iri, context.language
        with suppress(KeyError):
            return self._drawn[key]
        drawn = self._draw(context, statements, thing, page)
        if len(self._drawn) >= _MAX_MAPS:
            self._drawn.clear()
            self._areas.clear()
            self._boxes.clear()
        self._drawn[key] = drawn
        return drawn

    def _draw(
        self, context: PageContext, statements: LoadedStatements, thing: Link, page: EntityPage
    ) -> Map | None:
        """Draw the map of a thing.

        The kinds of its features: ``subject`` is the thing, or the things in its rows if it has
        no place itself; ``related`` are the things in its rows; ``context`` are the areas of the
        same classes; ``ground`` is an area around all others that is within no other, such as
        the country around its regions.
        """
        listed = _things_of_rows(thing, page)
        headings = dict(list(listed.items())[:MOST])
        load_places(statements, [thing.iri, *(link.iri for link in headings)])
        own = place_of(statements, thing.iri)
        kind = "related" if own and _is_area(own) else "subject"
        features, beside = _related(statements, headings, kind)
        if own:
            features.append(Feature(thing.iri, own, thing.label, kind="subject"))
        if not features:
            return None
        features = beside + features  # at one point the first is drawn: the office, not its town
        ground = self._ground(context, statements, features)
        shown = _each_point_once(f for f in features if ground is None or f.iri != ground.iri)
        around = self._around(context, statements, shown, ground)
        if ground:
            note = ground.note or ground.label.text
            around.insert(0, replace(ground, label=Text(""), kind="ground", note=note))
        drawn = draw([*around, *in_groups(_in_short(shown))], words=_LETTER_HEIGHT)
        if drawn is None:
            return None
        if len(listed) > MOST:
            sentence = context.messages.gettext("The first %(shown)s of %(all)s things are shown.")
            drawn = replace(drawn, note=sentence % {"shown": MOST, "all": len(listed)})
        return _with_few_words(drawn, thing.iri)

    def _ground(
        self, context: PageContext, statements: LoadedStatements, features: Sequence[Feature]
    ) -> Feature | None:
        """Return the largest area that holds all features, if it is within no other.

        A feature does not hold itself.
        """
        shown = {feature.iri for feature in features}
        quads = chain.from_iterable(statements.match(NamedNode(iri)) for iri in sorted(shown))
        nodes = [quad.object for quad in quads if isinstance(quad.object, NamedNode)]
        beyond = dict.fromkeys(node.value for node in nodes if node.value not in shown)
        whole = _joined(map(self._box, features))
        areas = (*features, *self._find_areas(context, statements, beyond, "ground"))
        holding = [
            area
            for area in areas
            if shown != {area.iri} and _is_area(area.geometry) and _holds(self._box(area), whole)
        ]
        largest = max(holding, key=lambda area: _extent(self._box(area)), default=None)
        is_part = largest and statements.match(NamedNode(largest.iri), _WITHIN)
        return None if is_part else largest

    def _box(self, feature: Feature) -> _Box:
        """Return the bounding box of a feature, computed once."""
        box = self._boxes.get(feature.iri)
        if box is None:
            west, south, east, north = bounds([feature.geometry])
            box = self._boxes[feature.iri] = west, south, east, north
        return box

    def _around(
        self,
        context: PageContext,
        statements: LoadedStatements,
        features: Sequence[Feature],
        ground: Feature | None,
    ) -> list[Feature]:
        """Return the areas of the same kinds as what is shown, each by its narrowest class.

        A region is among regions, not among the divisions of all levels.
        """
        shown = {feature.iri for feature in features}
        quads = chain.from_iterable(statements.match(NamedNode(iri), _TYPE) for iri in shown)
        own = f"{context.names.ontology}#"
        classes = {value_of(quad.object) for quad in quads}
        classes = {iri for iri in classes if iri.startswith(own)}
        for iri in list(classes):
            classes -= set(context.dataset.superclasses(iri)) - {iri}
        sizes = dict(context.dataset.partitions["class"])
        large = {iri for iri in classes if sizes.get(iri, 0) > _LARGE}
        members = self._members_of(context, [NamedNode(iri) for iri in sorted(classes - large)])
        if large:
            members += _nearby(statements, shown, large)
        beside = shown | {ground.iri if ground else ""}
        others = [iri for iri in members if iri not in beside]
        return self._find_areas(context, statements, others, "context")

    def _members_of(self, context: PageContext, kinds: Collection[NamedNode]) -> list[str]:
        """Return the instances of classes, each once, those of the smallest class first.

        The largest one is that of the lowest level, whose things often have points alone.
        """
        missing = [kind for kind in kinds if kind not in self._members]
        quads = context.store.match_any(None, [_TYPE], missing) if missing else []
        for kind in missing:
            subjects = [quad.subject for quad in quads if quad.object == kind]
            iris = (subject.value for subject in subjects if isinstance(subject, NamedNode))
            # No map shows more than MOST of them, beside those that it is about.
            self._members[kind] = tuple(sorted(iris)[: 3 * MOST])
        by_size = sorted(kinds, key=lambda kind: (len(self._members[kind]), kind.value))
        return list(dict.fromkeys(chain.from_iterable(self._members[kind] for kind in by_size)))

    def _find_areas(
        self,
        context: PageContext,
        statements: LoadedStatements,
        iris: Iterable[str],
        kind: str,
    ) -> list[Feature]:
        """Return those of the first MOST things that are areas, as features."""
        some = list(iris)[:MOST]
        missing = [iri for iri in some if (iri, context.language) not in self._areas]
        if len(self._areas) > _MAX_AREAS:
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
        areas_or_none = [self._areas[iri, context.language] for iri in some]
        return [replace(feature, kind=kind) for feature in areas_or_none if feature]


def _nearby(
    statements: LoadedStatements, shown: Collection[str], kinds: Collection[str]
) -> list[str]:
    """Return instances of classes that touch what is shown, or lie in the same things as it."""
    relations: set[tuple[NamedNode, NamedNode]] = set()
    for iri in shown:
        for quad in statements.match(NamedNode(iri)):
            if quad.predicate.value.startswith(GEO) and isinstance(quad.object, NamedNode):
                relations.add((quad.predicate, quad.object))
    touching = [node.value for predicate, node in relations if predicate == _TOUCHES]
    within = [pair for pair in relations if pair[0] == _WITHIN]
    statements.load((), [node for _, node in within])
    siblings: set[str] = set()
    for predicate, node in within:
        siblings.update(value_of(quad.subject) for quad in statements.match(None, predicate, node))
    candidates = dict.fromkeys([*sorted(touching), *sorted(siblings)])
    nodes = [NamedNode(iri) for iri in islice(candidates, _LARGE) if is_iri(iri)]
    statements.load(nodes)
    return [
        node.value
        for node in nodes
        if any(value_of(quad.object) in kinds for quad in statements.match(node, _TYPE))
    ]


def _each_point_once(features: Iterable[Feature]) -> list[Feature]:
    """Return features without further points at one place: a town below its office."""
    by_place: dict[str, Feature] = {}
    for feature in features:
        is_area = _is_area(feature.geometry)
        place = feature.iri if is_area else str(feature.geometry["coordinates"])
        by_place.setdefault(place, feature)
    return list(by_place.values())


def _in_short(features: Sequence[Feature]) -> list[Feature]:
    """Return features with areas labelled by the one word that tells them apart."""
    areas = [
        feature for feature in features if _is_area(feature.geometry) and feature.kind == "subject"
    ]
    short = short_names([feature.label.text for feature in areas])
    labels = {
        area.iri: Text(name, area.label.language) for area, name in zip(areas, short, strict=True)
    }
    return [replace(feature, label=labels.get(feature.iri, feature.label)) for feature in features]


def in_groups(features: Sequence[Feature]) -> list[Feature]:
    """Return features with the looks of their row, where areas or points are of several rows."""
    rows: dict[bool, dict[str, None]] = {True: {}, False: {}}
    for feature in features:
        if feature.note and feature.kind in _MARKED:
            rows[_is_area(feature.geometry)][feature.note] = None
    grouped = []
    for feature in features:
        looks = dict(zip(rows[_is_area(feature.geometry)], _GROUPS, strict=False))
        look = looks.get(feature.note, _GROUPS[-1]) if feature.note else ""
        grouped.append(replace(feature, kind=feature.kind + look))
    return grouped


def _is_subject(feature: Feature) -> bool:
    return "subject" in feature.kind.split()


def _with_few_words(drawn: Map, thing: str) -> Map:
    """Return a map with the labels of its subject areas only, else of its points, if they are few.

    The thing of the page has no label: its name is the title.
    """
    areas = {shape.feature.iri for shape in drawn.areas if _is_subject(shape.feature)}
    points = {shape.feature.iri for shape in drawn.points}
    candidates = (areas - {thing}, points - {thing})
    named = next((iris for iris in candidates if 0 < len(iris) <= _MAX_LABELS), set())
    labels = tuple(label for label in drawn.labels if label.shape.feature.iri in named)
    return replace(drawn, labels=labels)


def legend(drawn: Map) -> list[tuple[str, str]]:
    """Return the marks of a map with their meaning: the rows of its areas and points."""
    entries: dict[tuple[str, str], None] = {}
    for form, shapes in (("area", drawn.areas), ("point", drawn.points)):
        for feature in (shape.feature for shape in shapes):
            if feature.note and feature.kind.startswith(_MARKED):
                entries[f"{form} {feature.kind}", feature.note] = None
    return list(entries)


def short_names(names: Sequence[str]) -> list[str]:
    """Return the one word of each name that is not in all of them, else the names unchanged.

    >>> short_names(["Région de Gao", "Région de Ménaka"])
    ['Gao', 'Ménaka']
    >>> short_names(["Bureau de Gao", "Bureau principal de Bamako"])
    ['Bureau de Gao', 'Bureau principal de Bamako']
    """
    words = [name.split(" ") for name in names]
    common = set(words[0]).intersection(*words) if len(words) > 1 else set()
    own = [[word for word in name if word not in common] for name in words]
    return [word for [word] in own] if all(len(name) == 1 for name in own) else list(names)


def _is_area(geometry: Geometry) -> bool:
    return geometry["type"] in {"Polygon", "MultiPolygon"}


def _things_of_rows(thing: Link, page: EntityPage) -> dict[Link, str]:
    """Return the things in the rows, each with the heading of its first row."""
    headings: dict[Link, str] = {}
    rows = chain.from_iterable(part.rows for part in (*page.sections, *page.key_facts))
    for row in reversed(list(rows)):
        links = [fact.value.link for fact in row.things if fact.value.link]
        headings.update(dict.fromkeys(links, row.heading.text))
    things = reversed(headings.items())
    return {link: heading for link, heading in things if link.iri != thing.iri}


def _related(
    store: LoadedStatements, headings: Mapping[Link, str], kind: str
) -> tuple[list[Feature], list[Feature]]:
    """Return the things that have a place, and those that only lead to one."""
    located: list[Feature] = []
    beside: list[Feature] = []
    for link, heading in headings.items():
        geometry = place_of(store, link.iri)
        features = located if geometry else beside
        geometry = geometry or _point_beside(store, link.iri)
        if geometry:
            features.append(Feature(link.iri, geometry, link.label, link.href, kind, heading))
    return located, beside


def _point_beside(store: LoadedStatements, iri: str) -> Geometry | None:
    """Return the point of the only object of a thing that has one: an office is in its town.

    Of several such objects, the one with a latitude counts: an area may have a point within it.
    """
    quads = store.match(NamedNode(iri))
    objects = {quad.object.value for quad in quads if isinstance(quad.object, NamedNode)}
    points: dict[str, Geometry] = {}
    for other in sorted(objects):
        geometry = place_of(store, other)
        if geometry and geometry["type"] == "Point":
            points[other] = geometry
    if len(points) > 1:
        latitude = NamedNode(f"{_WGS84}lat")
        points = {
            other: point
            for other, point in points.items()
            if store.match(NamedNode(other), latitude)
        }
    return next(iter(points.values())) if len(points) == 1 else None


def _joined(boxes: Iterable[_Box]) -> _Box:
    """Return the box around some boxes."""
    edges = list(zip(*boxes, strict=True))
    return min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])


def _extent(box: _Box) -> float:
    """Return the size of a box in square degrees."""
    west, south, east, north = box
    return (east - west) * (north - south)


def _holds(area: _Box, others: _Box) -> bool:
    """Return whether the bounding box of an area holds that of all others.

    Borders are simplified: the others may reach over it by 2 % of its width and height.
    """
    west, south, east, north = area
    wide, high = (east - west) / 50, (north - south) / 50
    return (
        west - wide <= others[0]
        and south - high <= others[1]
        and others[2] <= east + wide
        and others[3] <= north + high
    )
