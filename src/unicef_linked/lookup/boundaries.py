"""Which divisions and extents contain a point, by the polygons of a release.

An extent without a polygon contains a point if one of the divisions that it is composed of does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from pyoxigraph import Literal, NamedNode
from shapely.errors import ShapelyError

from unicef_linked.lookup.territory import ALWAYS
from unicef_linked.rdf.iris import GEO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from unicef_linked.lookup.tables import Tables
    from unicef_linked.lookup.territory import Extent, Period, Territory

HAS_GEOMETRY: Final = f"{GEO}hasGeometry"
HAS_DEFAULT: Final = f"{GEO}hasDefaultGeometry"
AS_WKT: Final = f"{GEO}asWKT"

PREDICATES: Final[dict[str, type[NamedNode | Literal]]] = {
    HAS_GEOMETRY: NamedNode,
    HAS_DEFAULT: NamedNode,
    AS_WKT: Literal,
}
"""Predicates that polygons are read by, and the kind of term that their values are."""

_LONGITUDE_FIRST: Final = ("", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")
"""Reference systems of the polygons that are read: that of GeoSPARQL, named or by default."""


@dataclass(frozen=True, slots=True)
class Containing:
    """A division or an extent that contains a point.

    ``geometry`` is the polygon that says so; without one, it is ``part``, a division in the extent.
    """

    iri: str
    geometry: str | None = None
    part: str | None = None


class Boundaries:
    """Polygons, to be asked what contains a point. One is read when the point is in its box."""

    def __init__(self, tables: Tables, boxes: NDArray[np.float64], territory: Territory) -> None:
        self._tables, self._boxes, self._territory = tables, boxes, territory

    def at(self, longitude: float, latitude: float, period: Period = ALWAYS) -> list[Containing]:
        """Return what contains a point, or has it on its border: divisions, then extents.

        At a time, a division that had extents then is there only by one of them.
        """
        by_polygon = self._by_polygon(longitude, latitude)
        extents = self._extents_at(by_polygon, period)
        containing = [
            Containing(iri, geometry)
            for iri, geometry in by_polygon.items()
            if iri not in self._territory.by_iri and self._was_there(iri, extents, period)
        ]
        known = {item.iri for item in containing}
        by_extent = dict.fromkeys(self._extent(item.iri).division for item in extents)
        containing += [Containing(iri) for iri in by_extent if iri not in known]
        return containing + extents

    def _by_polygon(self, longitude: float, latitude: float) -> dict[str, str]:
        """Return the features with a polygon that contains a point, and the geometry that it is."""
        point = shapely.Point(longitude, latitude)
        west, south, east, north = self._boxes.T
        in_box = (west <= longitude) & (longitude <= east) & (south <= latitude)
        by_polygon = {}
        for number in np.flatnonzero(in_box & (latitude <= north)).tolist():
            [(feature, geometry, content)] = self._tables.rows(
                "SELECT feature, geometry, shape FROM boundary WHERE number = ?", number
            )
            if shapely.intersects(shapely.from_wkb(content), point):
                by_polygon[feature] = geometry
        return by_polygon

    def _extent(self, iri: str) -> Extent:
        return self._territory.by_iri[iri][-1]

    def _extents_at(self, by_polygon: Mapping[str, str], period: Period) -> list[Containing]:
        """Return the extents at a time that contain a point: by a polygon, else by their parts."""
        iris = {iri for iri in by_polygon if iri in self._territory.by_iri}
        for part in by_polygon:
            iris.update(extent.iri for extent in self._territory.extents_with.get(part, ()))
        extents = []
        for extent in map(self._extent, sorted(iris)):
            if not extent.period.overlaps(period):
                continue
            parts = sorted(extent.parts & by_polygon.keys())
            if extent.iri in by_polygon:
                extents.append(Containing(extent.iri, by_polygon[extent.iri]))
            elif parts and not self._has_polygon(extent.iri):
                extents.append(Containing(extent.iri, part=parts[0]))
        return extents

    def _has_polygon(self, iri: str) -> bool:
        return bool(self._tables.rows("SELECT 1 FROM boundary WHERE feature = ?", iri))

    def _was_there(self, iri: str, extents: Sequence[Containing], period: Period) -> bool:
        """Return whether a division whose polygon contains a point contained it at the time."""
        if period == ALWAYS or not self._territory.extents_at(iri, period):
            return self._territory.exists(iri, period)
        return any(self._extent(item.iri).division == iri for item in extents)


def read_shape(text: str) -> shapely.Geometry | None:
    """Return the geometry of a WKT literal, if it has an area, in degrees, longitude first."""
    shape = _read(text)
    return shape if shape is not None and shape.area > 0 else None


def _read(text: str) -> shapely.Geometry | None:
    """Return the geometry of a WKT literal, if it is in degrees with the longitude first."""
    [(crs, written)] = re.findall(r"\A\s*(?:<([^>]*)>)?\s*(.*)", text, re.DOTALL)
    if crs not in _LONGITUDE_FIRST:
        return None
    try:
        return shapely.from_wkt(written)
    except (ShapelyError, NotImplementedError):  # curves, which shapely does not read
        return None
