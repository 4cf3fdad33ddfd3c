"""Tables on the map: GeoJSON (RFC 7946), coordinates in WGS 84 with the longitude first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from unicef_linked.exports.tables import SEPARATOR, fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.exports.tables import Column, Filled, Table
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

Geometry = dict[str, Any]

_TYPES: Final = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
)


def write_geojson(table: Table, geometry: tuple[Column, ...], store: Store, names: Names) -> bytes:
    """Return a FeatureCollection with a feature for each row.

    The first column of ``geometry`` holds the geometries. Properties are the columns of the table
    and the other ones of ``geometry``; what is not known is null.
    """
    itself, *columns = fill(
        (*table.columns[:1], *geometry, *table.columns[1:]), table, store, names
    )
    shapes, *properties = columns
    features = []
    for row, (iri,) in enumerate(itself.cells):
        geometry_of_row = read_geometry(shapes.cells[row][0]) if shapes.cells[row] else None
        feature: dict[str, Any] = {"type": "Feature", "id": iri}
        if geometry_of_row:
            feature["bbox"] = bounds([geometry_of_row])
        feature["geometry"] = geometry_of_row
        feature["properties"] = {
            filled.name: _property(filled, row) for filled in (itself, *properties)
        }
        features.append(feature)
    geometries = [feature["geometry"] for feature in features if feature["geometry"]]
    collection: dict[str, Any] = {"type": "FeatureCollection"}
    if geometries:
        collection["bbox"] = bounds(geometries)
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
        return (
            {"integer": int, "decimal": float}[filled.column.datatype](text)
            if filled.is_numeric
            else text
        )
    except ValueError:
        return text


def read_geometry(text: str) -> Geometry | None:
    """Return the geometry that GeoJSON text states, wound as RFC 7946 asks; None of any other text.

    Coordinates stay the numbers of the text, so that 25 is written as 25 again and not as 25.0.
    """
    try:
        geometry = json.loads(text)
        kind, coordinates = geometry["type"], geometry["coordinates"]
        if kind not in _TYPES or shape(geometry).is_empty:
            return None
        if kind == "Polygon":
            coordinates = _wind(coordinates)
        elif kind == "MultiPolygon":
            coordinates = [_wind(polygon) for polygon in coordinates]
    except (ValueError, TypeError, LookupError, AttributeError, ShapelyError):
        return None
    return {"type": kind, "coordinates": coordinates}


def _wind(polygon: Sequence[Sequence[Sequence[float]]]) -> list[list[Sequence[float]]]:
    """Return a polygon by the right-hand rule (RFC 7946, section 3.1.6).

    The outside runs counterclockwise, holes run clockwise. ``shapely.orient_polygons`` does the
    same, but it turns every coordinate into a float.
    """
    return [
        list(ring) if shapely.LinearRing(ring).is_ccw == (number == 0) else list(reversed(ring))
        for number, ring in enumerate(polygon)
    ]


def bounds(geometries: Sequence[Geometry]) -> list[float]:
    """Return the bounding box as west, south, east, north (RFC 7946, section 5).

    A whole number is an ``int``, so that it is written without a decimal point.

    >>> bounds([{"type": "LineString", "coordinates": [[-12.2, 10.1], [4.2, 25]]}])
    [-12.2, 10.1, 4.2, 25]
    """
    box = shapely.total_bounds([shape(geometry) for geometry in geometries]).tolist()
    return [int(edge) if edge.is_integer() else edge for edge in box]
