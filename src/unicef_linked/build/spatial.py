"""What follows from geometries: bounding boxes, areas, which divisions touch, and where places lie.

``rules/spatial.rq`` describes the graph that these statements stand in and names the boxes.
"""

from __future__ import annotations

import json
from math import sqrt
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from pyoxigraph import Literal, NamedNode, Quad

from unicef_linked.rdf.iris import GEO, RDF, RDFS, XSD, Names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pyoxigraph import Store

_SEMI_MAJOR: Final = 6_378_137.0
"""Equatorial radius of the WGS 84 ellipsoid (m)."""

_ECCENTRICITY: Final = sqrt((2 - 1 / 298.257223563) / 298.257223563)
"""First eccentricity of the WGS 84 ellipsoid."""

_AREA_UNIT: Final = 1_000_000
"""Areas are rounded to this many square metres: boundaries are simplified and tell no more."""

_DECIMALS: Final = 6
"""Decimals of a bounding box's coordinates (degrees); 6 keep a tenth of a metre."""

_TYPE: Final = NamedNode(f"{RDF}type")
_DEFAULT_GEOMETRY: Final = NamedNode(f"{GEO}hasDefaultGeometry")
_METRIC_AREA: Final = NamedNode(f"{GEO}hasMetricArea")
_BOUNDING_BOX: Final = NamedNode(f"{GEO}hasBoundingBox")
_TOUCHES: Final = NamedNode(f"{GEO}sfTouches")
_WITHIN: Final = NamedNode(f"{GEO}sfWithin")
_AS_WKT: Final = NamedNode(f"{GEO}asWKT")
_AS_GEOJSON: Final = NamedNode(f"{GEO}asGeoJSON")


def measure(store: Store, names: Names) -> list[Quad]:
    """Return bounding box and area of each feature with a polygon, and which divisions touch.

    A stated area stands. Geometries that are not well-known text are passed over: the shapes report
    them. Two divisions touch if both are of one class and their polygons share a boundary but no
    interior (GeoSPARQL 1.1, simple features). A place lies within each division below the regions
    whose polygon contains its point.
    """
    polygons = _polygons(store)
    graph = NamedNode(names.graph("derived/spatial"))
    measured: list[Quad] = []
    for feature, (geometry, polygon) in polygons.items():
        pair = names.type_and_key(geometry.value)
        if pair:
            box = NamedNode(names.entity("geometry", f"{pair[1]}-box"))
            measured.append(Quad(feature, _BOUNDING_BOX, box, graph))
            measured += [Quad(box, *statement, graph) for statement in _box(polygon)]
        if not any(store.quads_for_pattern(feature, _METRIC_AREA, None)):
            measured.append(Quad(feature, _METRIC_AREA, _double(area(polygon)), graph))
    shapes = {feature: polygon for feature, (_, polygon) in polygons.items()}
    for division in _subclasses(store, NamedNode(names.term("Division"))):
        pairs = touching(_members(store, division, shapes), shapes)
        measured += [Quad(one, _TOUCHES, other, graph) for one, other in pairs]
    places = _points(store, NamedNode(names.term("Place")))
    for division in _subclasses(store, NamedNode(names.term("Subdivision"))):
        pairs = lying_within(places, _members(store, division, shapes), shapes)
        measured += [Quad(place, _WITHIN, around, graph) for place, around in pairs]
    return sorted(set(measured), key=str)


def _members(
    store: Store, division: NamedNode, shapes: Mapping[NamedNode, shapely.Geometry]
) -> list[NamedNode]:
    """Return the divisions of a class that have a shape, each once, in the order of their IRIs."""
    subjects = {quad.subject for quad in store.quads_for_pattern(None, _TYPE, division)}
    members = [node for node in subjects if isinstance(node, NamedNode) and node in shapes]
    return sorted(members, key=str)


def area(geometry: shapely.Geometry) -> float:
    """Return the area (m²) of a polygon on the WGS 84 ellipsoid, in whole square kilometres.

    By Lambert's cylindrical equal-area projection (Snyder 1987, Map Projections, equations 3-12 and
    10-1).

    >>> area(shapely.box(-180, -90, 180, 90)) / 1e6  # of the whole Earth, in km²
    510065622.0
    """
    projected = shapely.transform(geometry, _project)
    return float(max(round(projected.area / _AREA_UNIT), 1) * _AREA_UNIT)


def _project(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions (degrees) as metres on a cylinder, areas kept."""
    e = _ECCENTRICITY
    sine = np.sin(np.radians(positions[:, 1]))
    q = (1 - e * e) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    return np.column_stack((_SEMI_MAJOR * np.radians(positions[:, 0]), _SEMI_MAJOR * q / 2))


def touching(
    members: Sequence[NamedNode], shapes: Mapping[NamedNode, shapely.Geometry]
) -> list[tuple[NamedNode, NamedNode]]:
    """Return the pairs of members whose shapes touch, each in both directions."""
    geometries = np.array([shapes[member] for member in members], dtype=object)
    pairs = shapely.STRtree(geometries).query(geometries, predicate="touches")
    return [(members[first], members[second]) for first, second in pairs.T.tolist()]


def lying_within(
    places: Mapping[NamedNode, shapely.Point],
    members: Sequence[NamedNode],
    shapes: Mapping[NamedNode, shapely.Geometry],
) -> list[tuple[NamedNode, NamedNode]]:
    """Return each place with each member whose shape contains its point."""
    names, points = list(places), list(places.values())
    geometries = np.array([shapes[member] for member in members], dtype=object)
    pairs = shapely.STRtree(points).query(geometries, predicate="contains")
    return [(names[place], members[member]) for member, place in pairs.T.tolist()]


def _polygons(store: Store) -> dict[NamedNode, tuple[NamedNode, shapely.Geometry]]:
    """Return each feature whose default geometry has an area, with its name and shape."""
    polygons = {}
    for quad in store.quads_for_pattern(None, _DEFAULT_GEOMETRY, None):
        feature, geometry = quad.subject, quad.object
        if not (isinstance(feature, NamedNode) and isinstance(geometry, NamedNode)):
            continue
        for text in store.quads_for_pattern(geometry, _AS_WKT, None):
            shape = _read(str(getattr(text.object, "value", "")))
            if shape is not None and shape.area > 0:
                polygons[feature] = (geometry, shape)
    return polygons


def _points(store: Store, kind: NamedNode) -> dict[NamedNode, shapely.Point]:
    """Return the things of a class whose default geometry is a point, with it."""
    points = {}
    for quad in store.quads_for_pattern(None, _TYPE, kind):
        for default in store.quads_for_pattern(quad.subject, _DEFAULT_GEOMETRY, None):
            for text in store.quads_for_pattern(default.object, _AS_WKT, None):  # type: ignore[arg-type]
                shape = _read(str(getattr(text.object, "value", "")))
                if isinstance(shape, shapely.Point) and isinstance(quad.subject, NamedNode):
                    points[quad.subject] = shape
    return points


def _read(text: str) -> shapely.Geometry | None:
    try:
        return shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        return None


def _box(polygon: shapely.Geometry) -> list[tuple[NamedNode, Literal]]:
    """Return what is stated of a polygon's bounding box: its corners, counter-clockwise, twice."""
    west, south, east, north = (round(float(value), _DECIMALS) for value in polygon.bounds)
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    written = ", ".join(f"{x:g} {y:g}" for x, y in corners)
    geojson = json.dumps({"type": "Polygon", "coordinates": [corners]}, separators=(",", ":"))
    return [
        (_AS_WKT, Literal(f"POLYGON (({written}))", datatype=NamedNode(f"{GEO}wktLiteral"))),
        (_AS_GEOJSON, Literal(geojson, datatype=NamedNode(f"{GEO}geoJSONLiteral"))),
    ]


def _double(number: float) -> Literal:
    """Return a number as the canonical text of ``xsd:double`` (XML Schema 1.1, part 2, E.1)."""
    return Literal(f"{number:E}", datatype=NamedNode(f"{XSD}double"))


def _subclasses(store: Store, top: NamedNode) -> list[NamedNode]:
    """Return a class and all below it."""
    below, open_classes = [top], [top]
    while open_classes:
        for quad in store.quads_for_pattern(
            None, NamedNode(f"{RDFS}subClassOf"), open_classes.pop()
        ):
            if isinstance(quad.subject, NamedNode) and quad.subject not in below:
                below.append(quad.subject)
                open_classes.append(quad.subject)
    return below
