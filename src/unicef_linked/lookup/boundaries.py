"""Which divisions and extents contain a point, by the polygons of a release.

Polygons are read once; an STR tree finds those near a point. An extent without a polygon contains
a point if one of the divisions that it is composed of does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import shapely
from pyoxigraph import Literal, NamedNode
from shapely.errors import ShapelyError

from unicef_linked.lookup.territory import ALWAYS
from unicef_linked.rdf.iris import GEO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.lookup.territory import Extent, Period, Territory
    from unicef_linked.store import Store

_LONGITUDE_FIRST: Final = ("", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")
"""Reference systems of the polygons that are read: that of GeoSPARQL, named or by default."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """One polygon of a division or an extent."""

    feature: str
    geometry: str
    shape: shapely.Geometry


@dataclass(frozen=True, slots=True)
class Containing:
    """A division or an extent that contains a point.

    ``geometry`` is the polygon that says so; without one, it is ``part``, a division in the extent.
    """

    iri: str
    geometry: str | None = None
    part: str | None = None


class Boundaries:
    """Polygons, to be asked what contains a point."""

    def __init__(self, boundaries: Iterable[Boundary], territory: Territory) -> None:
        self._boundaries = tuple(boundaries)
        self._territory = territory
        self._tree = shapely.STRtree([boundary.shape for boundary in self._boundaries])
        self._extents: Mapping[str, Extent] = {
            extent.iri: extent for extents in territory.extents.values() for extent in extents
        }

    def at(self, longitude: float, latitude: float, period: Period = ALWAYS) -> list[Containing]:
        """Return what contains a point, or has it on its border: divisions, then extents.

        At a time, a division that had extents then is there only by one of them.
        """
        point = shapely.Point(longitude, latitude)
        by_polygon = {
            self._boundaries[number].feature: self._boundaries[number].geometry
            for number in sorted(self._tree.query(point, predicate="intersects").tolist())
        }
        extents = self._extents_at(by_polygon, period)
        containing = [
            Containing(iri, geometry)
            for iri, geometry in by_polygon.items()
            if iri not in self._extents and self._was_there(iri, extents, period)
        ]
        known = {item.iri for item in containing}
        by_extent = dict.fromkeys(self._extents[item.iri].division for item in extents)
        containing += [Containing(iri) for iri in by_extent if iri not in known]
        return containing + extents

    def _extents_at(self, by_polygon: Mapping[str, str], period: Period) -> list[Containing]:
        """Return the extents at a time that contain a point: by a polygon, else by their parts."""
        with_polygon = {b.feature for b in self._boundaries}
        extents = []
        for iri, extent in sorted(self._extents.items()):
            if not extent.period.overlaps(period):
                continue
            part = min(extent.parts & by_polygon.keys(), default=None)
            if iri in by_polygon:
                extents.append(Containing(iri, by_polygon[iri]))
            elif part is not None and iri not in with_polygon:
                extents.append(Containing(iri, part=part))
        return extents

    def _was_there(self, iri: str, extents: Sequence[Containing], period: Period) -> bool:
        """Return whether a division whose polygon contains a point contained it at the time."""
        if period == ALWAYS or not self._territory.extents_at(iri, period):
            return self._territory.exists(iri, period)
        return any(self._extents[item.iri].division == iri for item in extents)


def read_boundaries(store: Store, territory: Territory, features: Iterable[str]) -> Boundaries:
    """Return the polygons of features: the default ones, else all that a feature has."""
    described = set(features)
    for extents in territory.extents.values():
        described.update(extent.iri for extent in extents)
    geometries: dict[str, set[str]] = {}
    for name in ("hasGeometry", "hasDefaultGeometry"):
        stated: dict[str, set[str]] = {}
        for quad in store.match(None, NamedNode(f"{GEO}{name}")):
            feature, geometry = quad.subject, quad.object
            if isinstance(feature, NamedNode) and isinstance(geometry, NamedNode):
                stated.setdefault(feature.value, set()).add(geometry.value)
        geometries |= stated
    shapes = _shapes(store)
    boundaries = [
        Boundary(feature, geometry, shapes[geometry])
        for feature in sorted(described & geometries.keys())
        for geometry in sorted(geometries[feature])
        if geometry in shapes
    ]
    return Boundaries(boundaries, territory)


def _shapes(store: Store) -> dict[str, shapely.Geometry]:
    """Return the geometries that have an area, by their IRIs."""
    shapes = {}
    for quad in store.match(None, NamedNode(f"{GEO}asWKT")):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
            shape = _read(quad.object.value)
            if shape is not None and shape.area > 0:
                shapes[quad.subject.value] = shape
    return shapes


def _read(text: str) -> shapely.Geometry | None:
    """Return the geometry of a WKT literal, if it is in degrees with the longitude first."""
    [(crs, written)] = re.findall(r"\A\s*(?:<([^>]*)>)?\s*(.*)", text, re.DOTALL)
    if crs not in _LONGITUDE_FIRST:
        return None
    try:
        return shapely.from_wkt(written)
    except (ShapelyError, NotImplementedError):  # curves, which shapely does not read
        return None
