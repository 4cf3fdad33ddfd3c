"""Tables on the map: GeoJSON (RFC 7946), coordinates in WGS 84 with the longitude first."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from unicef_linked.exports.tables import SEPARATOR, fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.exports.tables import Column, Filled, Table
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

Geometry = dict[str, Any]

_TYPES: Final = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})


def write_geojson(table: Table, geometry: tuple[Column, ...], store: Store, names: Names) -> bytes:
    """Return a FeatureCollection with a feature for each row; the first column of ``geometry`` holds the geometries.

    Properties are the columns of the table and what is told of the geometry; what is not known is null.
    """
    itself, *columns = fill((*table.columns[:1], *geometry, *table.columns[1:]), table, store, names)
    shapes, *properties = columns
    features = []
    for row, (iri,) in enumerate(itself.cells):
        shape = read_geometry(shapes.cells[row][0]) if shapes.cells[row] else None
        feature: dict[str, Any] = {"type": "Feature", "id": iri}
        if shape:
            feature["bbox"] = bounds([shape])
        feature["geometry"] = shape
        feature["properties"] = {filled.name: _property(filled, row) for filled in (itself, *properties)}
        features.append(feature)
    known = [feature["geometry"] for feature in features if feature["geometry"]]
    collection: dict[str, Any] = {"type": "FeatureCollection"}
    if known:
        collection["bbox"] = bounds(known)
    collection["features"] = features
    return (json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _property(filled: Filled, row: int) -> object:
    values = filled.cells[row]
    if filled.column.many:
        return list(values)
    if not values:
        return None
    text = SEPARATOR.join(values)
    try:
        return {"integer": int, "decimal": float}[filled.column.datatype](text) if filled.is_numeric else text
    except ValueError:
        return text


def read_geometry(text: str) -> Geometry | None:
    """Return the geometry that GeoJSON text states, its rings in the direction of RFC 7946; None of any other text."""
    try:
        geometry = json.loads(text)
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind == "Polygon":
            coordinates = _wind(coordinates)
        elif kind == "MultiPolygon":
            coordinates = [_wind(polygon) for polygon in coordinates]
        found = {"type": kind, "coordinates": coordinates}
        return found if kind in _TYPES and bounds([found]) else None
    except (ValueError, TypeError, LookupError):
        return None


def _wind(polygon: Sequence[Sequence[Sequence[float]]]) -> list[list[Sequence[float]]]:
    """Return a polygon by the right-hand rule (RFC 7946, section 3.1.6): outside counterclockwise, holes clockwise."""
    return [
        list(ring) if (area(ring) > 0) == (number == 0) else list(reversed(ring)) for number, ring in enumerate(polygon)
    ]


def area(ring: Sequence[Sequence[float]]) -> float:
    """Return the signed area of a closed ring, in square degrees: above zero when it runs counterclockwise.

    >>> area([(0, 0), (1, 0), (1, 1), (0, 0)])
    0.5
    """
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def bounds(geometries: Sequence[Geometry]) -> list[float]:
    """Return the bounding box as west, south, east, north (RFC 7946, section 5).

    >>> bounds([{"coordinates": [[-12.2, 10.1], [4.2, 25]]}])
    [-12.2, 10.1, 4.2, 25]
    """
    points = [point for geometry in geometries for point in _points(geometry["coordinates"])]
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


def _points(coordinates: Sequence[Any]) -> Iterator[Sequence[float]]:
    if isinstance(coordinates[0], int | float):
        yield coordinates
    elif isinstance(coordinates, str):
        raise TypeError("a coordinate is a number")
    else:
        for part in coordinates:
            yield from _points(part)
