"""Geometries as coordinates and paths of SVG, for templates to print maps. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape as to_shapely

from unicef_linked.dataset.labels import Text
from unicef_linked.exports.geojson import Geometry, read_geometry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

MARGIN: Final = 12
"""Empty units around what is drawn, so that a point or a line on the edge is whole."""

_WGS84: Final = frozenset(
    [
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/OGC/0/CRS84",
        "",
    ]
)
_LATITUDE_FIRST: Final = "http://www.opengis.net/def/crs/EPSG/0/4326"
_ROWS: Final = 40
"""Heights of an area at which places for its label are looked for."""
_DETAIL: Final = 3
"""Tolerance (units of the map) with which borders are simplified when labels are placed."""
_ALIKE: Final = 30
"""Of places whose widths differ by less (units of the map), the one nearest the middle counts."""
_LETTER: Final = 0.56
"""Width of a letter as a part of its height."""
_LENIENCE: Final = 1.15
"""Length of a label as a part of its room: the border may cross its last letters."""

_NO_WORDS: Final = Text("")

Ring = list[tuple[int, int]]
_Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Feature:
    """Something to draw: its geometry, its label, the address that it links to, its looks.

    ``kind`` has its class names in the style sheet (``subject``, ``context``, …); ``note`` follows
    the label in its title. Without ``href`` it is no link; without a label the map has no words
    for it.
    """

    iri: str
    geometry: Geometry
    label: Text = _NO_WORDS
    href: str = ""
    kind: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """The accessible name and tooltip."""
        return " – ".join(filter(None, (self.label.text, self.note)))


@dataclass(frozen=True, slots=True)
class Connection:
    """A line to draw from one feature to another, both by their IRI."""

    start: str
    end: str
    kind: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn feature: ``path`` is SVG path data, "" of a point; ``x``, ``y`` is a point in it."""

    feature: Feature
    path: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Label:
    """The words of a shape; ``x``, ``y`` is the ``anchor`` of the baseline of their first line."""

    shape: Shape
    x: int
    y: int
    anchor: str  # of SVG: start, middle, end
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in an area and the length of the words that fit around it, in units of the map."""

    x: int
    y: int
    room: int


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as drawn."""

    connection: Connection
    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Map:
    """A drawn map in units of its ``viewBox``, from the top left."""

    width: int
    height: int
    areas: tuple[Shape, ...]
    points: tuple[Shape, ...]
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()
    note: str = ""  # what it leaves out, in the language of the page

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Everything with a name, the areas first."""
        return (*self.areas, *self.points)


def draw(
    features: Sequence[Feature],
    *,
    width: int = 1000,
    words: int = 25,
    connections: Sequence[Connection] = (),
) -> Map | None:
    """Return the map of some features, None if there are none.

    Its longer side has ``width`` units; the letters of its labels are ``words`` units high. The
    projection is equirectangular, true to scale at the middle latitude. Coordinates are whole
    units: neighbours that share a border in the data share it on the map, and the page stays small.
    A label is left out if there is no free place for it, and a connection if it lacks an end.
    """
    if not features:
        return None
    geometries = [to_shapely(feature.geometry) for feature in features]
    project, size = _projection(shapely.total_bounds(geometries).tolist(), width)
    sized, points, spots = [], [], {}
    for feature, geometry in zip(features, geometries, strict=True):
        drawn = shapely.transform(geometry, project)
        path = "".join(_path_of(part) for part in shapely.get_parts(drawn))
        if path:
            is_met = feature.label.text or connections  # by words or a line: else any place will do
            places = _spots(drawn, words) if is_met and drawn.area else [_any_spot(drawn)]
            sized.append((geometry.envelope.area, Shape(feature, path, places[0].x, places[0].y)))
            spots[feature.iri] = places
        else:  # an area too small to be seen is a point
            x, y = shapely.get_coordinates(drawn)[0].astype(int).tolist()
            points.append(Shape(feature, "", x, y))
    sized.sort(key=lambda each: each[0], reverse=True)  # what is small lies on what is large
    areas = [shape for _, shape in sized]
    labels = _place_labels(areas, points, spots, words, size)
    ends = {shape.feature.iri: (shape.x, shape.y) for shape in areas}
    ends |= {each.shape.feature.iri: _beneath(each, words) for each in labels if each.shape.path}
    ends |= {shape.feature.iri: (shape.x, shape.y) for shape in points}
    lines = _lines(connections, ends)
    return Map(*size, tuple(areas), tuple(points), lines, tuple(labels))


def _lines(
    connections: Iterable[Connection], ends: Mapping[str, tuple[int, int]]
) -> tuple[Line, ...]:
    """Return the lines of the connections whose ends are on the map, at the places given."""
    return tuple(
        Line(connection, *ends[connection.start], *ends[connection.end])
        for connection in connections
        if connection.start in ends and connection.end in ends
    )


def _projection(
    box: Sequence[float], width: int
) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], tuple[int, int]]:
    """Return a function from degrees to whole units of a map of a box, and the map's size."""
    west, south, east, north = box
    narrowing = max(math.cos(math.radians((south + north) / 2)), 0.01)
    wide, high = (east - west) * narrowing, north - south
    scale = (width - 2 * MARGIN) / max(wide, high, 1e-6)
    middle = 0.0 if wide > high / 8 else (high / 4 - wide) / 2  # no width: the middle of a strip

    def project(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = (positions - (west, north)) * (narrowing, -1) + (middle, 0)
        return (moved * scale).round() + MARGIN

    return project, (
        2 * MARGIN + round((wide + 2 * middle) * scale),
        2 * MARGIN + round(high * scale),
    )


@lru_cache(maxsize=512)
def read_place(text: str) -> Geometry | None:
    """Return the geometry of a literal, None if it is neither GeoJSON nor WKT.

    GeoSPARQL 1.1, section 8.8.

    >>> read_place("POINT (2.5 17)") == read_place('{"type": "Point", "coordinates": [2.5, 17]}')
    True
    >>> read_place("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (17 2.5)")
    {'type': 'Point', 'coordinates': [2.5, 17.0]}
    """
    if text.lstrip().startswith("{"):
        return read_geometry(text)
    [(crs, written)] = re.findall(r"\A\s*(?:<([^>]*)>)?\s*(.*)", text, re.DOTALL)
    if crs not in {*_WGS84, _LATITUDE_FIRST}:
        return None
    try:
        geometry = shapely.from_wkt(written)
        if crs == _LATITUDE_FIRST:
            geometry = shapely.transform(geometry, lambda positions: positions[:, ::-1])
        return read_geometry(shapely.to_geojson(geometry))
    except (ShapelyError, NotImplementedError):  # curves, which shapely does not read
        return None


def contains(geometry: Geometry, position: Sequence[float]) -> bool:
    """Return whether a position lies in an area.

    >>> square = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    >>> contains({"type": "Polygon", "coordinates": [square]}, (1, 2))
    True
    """
    return bool(shapely.contains_xy(to_shapely(geometry), *position[:2]))


def _path_of(part: shapely.Geometry) -> str:
    """Return the SVG path data of a polygon or a line in units of the map, "" of a point."""
    if isinstance(part, shapely.Polygon):
        rings = [_thin(_corners(ring)) for ring in (part.exterior, *part.interiors)]
        return "".join(_path(ring) + "z" for ring in rings if len(ring) > 2)
    return _path(_thin(_corners(part))) if isinstance(part, shapely.LineString) else ""


def _corners(line: shapely.LineString) -> Ring:
    return [(x, y) for x, y in shapely.get_coordinates(line).astype(int).tolist()]


def _thin(line: Iterable[tuple[int, int]]) -> Ring:
    """Return a line without repeated corners and without those on a straight line.

    Such a corner lies between its neighbours, so that both areas at a border keep the same line.
    """
    corners: Ring = []
    for corner in line:
        if corners and corners[-1] == corner:
            continue
        if len(corners) > 1 and _is_between(corners[-2], corners[-1], corner):
            corners.pop()
        corners.append(corner)
    return corners


def _is_between(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    ab, bc = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    return ab[0] * bc[1] == ab[1] * bc[0] and ab[0] * bc[0] + ab[1] * bc[1] > 0


def _path(line: Ring) -> str:
    """Return SVG path data in steps from corner to corner, which are short numbers.

    >>> _path([(3, 4), (5, 4), (5, 1)])
    'm3 4l2 0 0-3'
    """
    steps = " ".join(f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in pairwise(line))
    return f"m{line[0][0]} {line[0][1]}l{steps.replace(' -', '-')}" if steps else ""


@lru_cache(maxsize=1024)
def _spots(area: shapely.Geometry, words: int) -> list[_Spot]:
    """Return the places for words inside an area, the widest first; any place if none is free.

    The area shrinks by the height of half a line of words and is cut at equal heights. The middle
    of each cut is a place; its room is the length of the cut before the area shrank. Cached, since
    the same map is drawn in each language.
    """
    left, top, right, bottom = area.bounds
    if min(right - left, bottom - top) < words:
        return [_any_spot(area)]
    inner = area.simplify(_DETAIL, preserve_topology=False).buffer(-words / 2, join_style="mitre")
    if inner.is_empty:
        return [_any_spot(area)]
    left, top, right, bottom = inner.bounds
    heights = [top + (number + 0.5) * (bottom - top) / _ROWS for number in range(_ROWS)]
    rows = shapely.multilinestrings([[(left, y), (right, y)] for y in heights])
    parts = shapely.get_parts(inner.intersection(rows))
    spots = []
    for x1, y, x2, _ in shapely.bounds(parts[shapely.length(parts) > 0]).tolist():
        spots.append(_Spot(round((x1 + x2) / 2), round(y), round(x2 - x1) + words))
    middle = (top + bottom) / 2
    return sorted(spots, key=lambda spot: (-round(spot.room / _ALIKE), abs(spot.y - middle))) or [
        _any_spot(area)
    ]


def _any_spot(geometry: shapely.Geometry) -> _Spot:
    """Return a place on a geometry without room for words."""
    place = geometry.representative_point()
    return _Spot(round(place.x), round(place.y), 0)


def _place_labels(
    areas: Sequence[Shape],
    points: Sequence[Shape],
    spots: Mapping[str, list[_Spot]],
    words: int,
    size: tuple[int, int],
) -> list[Label]:
    """Return the labels that have a free place: of the points beside them, then of the areas.

    A point always has its label, even on top of another one.
    """
    taken: list[_Box] = [
        (p.x - words // 2, p.y - words // 2, p.x + words // 2, p.y + words // 2) for p in points
    ]
    labels = []
    for shape in [*points, *reversed(areas)]:
        if not shape.feature.label.text:
            continue
        if shape.path:
            candidates = _labels_within(shape, spots[shape.feature.iri], words)
        else:
            candidates = _labels_beside(shape, words)
        boxes = [(_box(label, words), label) for label in candidates]
        free = [(box, label) for box, label in boxes if _is_free(box, taken, size)]
        if free or not shape.path:
            box, label = free[0] if free else min(boxes, key=lambda each: _outside(each[0], size))
            taken.append(box)
            labels.append(label)
    return labels


def _labels_within(area: Shape, spots: Iterable[_Spot], words: int) -> list[Label]:
    """Return the possible labels of an area, those with the fewest lines first."""
    labels = []
    for spot in spots:
        lines = _wrap(area.feature.label.text, spot.room / words / _LETTER * _LENIENCE)
        if lines:
            labels.append(Label(area, spot.x, spot.y, "middle", lines))
    return sorted(labels, key=lambda label: len(label.lines))


def _labels_beside(point: Shape, words: int) -> list[Label]:
    """Return the possible labels of a point: right and left of it, above and below."""
    aside, third, lines = round(words * 0.75), words // 3, (point.feature.label.text,)
    return [
        Label(point, point.x + aside, point.y + third, "start", lines),
        Label(point, point.x - aside, point.y + third, "end", lines),
        Label(point, point.x, point.y - aside, "middle", lines),
        Label(point, point.x, point.y + aside + 2 * third, "middle", lines),
    ]


def _wrap(text: str, room: float) -> tuple[str, ...]:
    """Return text in lines of so many letters at most, none where a word is longer.

    >>> _wrap("Région de Koulikoro", 10)
    ('Région de', 'Koulikoro')
    """
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines) if all(len(line) <= room for line in lines) else ()


def _box(label: Label, words: int) -> _Box:
    long = max(map(len, label.lines)) * words * _LETTER
    left = label.x - {"start": 0.0, "middle": long / 2, "end": long}[label.anchor]
    return (
        round(left),
        label.y - words,
        round(left + long),
        label.y + words * (len(label.lines) - 1) + words // 3,
    )


def _is_free(box: _Box, taken: Sequence[_Box], size: tuple[int, int]) -> bool:
    apart = all(box[0] >= t[2] or box[2] <= t[0] or box[1] >= t[3] or box[3] <= t[1] for t in taken)
    return apart and box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]


def _outside(box: _Box, size: tuple[int, int]) -> int:
    """Return how far a box reaches over the edge of the map."""
    return max(0, -box[0]) + max(0, -box[1]) + max(0, box[2] - size[0]) + max(0, box[3] - size[1])


def _beneath(label: Label, words: int) -> tuple[int, int]:
    """Return the place under a label, for a line that leads to it."""
    return label.x, label.y + words * (len(label.lines) - 1) + words * 2 // 3
