"""Geometries drawn as SVG: what a template needs to print a map that is a picture without any script. Pure."""

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
_ROWS: Final = 40  # heights at which the best place of a label is looked for in an area
_DETAIL: Final = 3  # units: corners of a border nearer to its course than that count for no label
_ALIKE: Final = (
    30  # units: of two places as wide to within this, the one nearer the middle is taken
)

_NO_WORDS: Final = Text("")

_LETTER: Final = 0.56  # how wide a letter is, for its height
_LENIENCE: Final = 1.15  # a border may run through the last letters

Ring = list[tuple[int, int]]
_Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Feature:
    """Something to draw: where it is, what it is called, where a click on it leads and how it looks.

    ``kind`` is what a style sheet calls it (``subject``, ``context``, …); ``note`` is what its title says after its
    name. Without ``href`` it is no link, and without a label it has no words on the map.
    """

    iri: str
    geometry: Geometry
    label: Text = _NO_WORDS
    href: str = ""
    kind: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """What is read out for it, and shown to whom points at it."""
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
    """A feature as drawn: ``path`` is SVG path data, "" for a point; ``x`` and ``y`` are the point, or in an area."""

    feature: Feature
    path: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Label:
    """The words of a shape where they fit: the middle of the first line, or its beginning or end as ``anchor`` says."""

    shape: Shape
    x: int
    y: int
    anchor: str  # of SVG: start, middle, end
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in an area, and how long words in its middle may be; all in units of the map."""

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
    """Return the map of some features, ``width`` units wide or as high as that, whichever is less; None without any.

    The projection is equirectangular, true to scale at the middle latitude. Coordinates are whole units: neighbours
    that share a border in the data share it on the map, and the page stays small. Labels whose letters are ``words`` units
    high stand where they cover nothing; one that finds no place is left to the titles. A connection whose end is
    nowhere on the map is left out.
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
            found = _spots(drawn, words) if is_met and drawn.area else [_any_spot(drawn)]
            sized.append((geometry.envelope.area, Shape(feature, path, found[0].x, found[0].y)))
            spots[feature.iri] = found
        else:  # an area too small to be seen is a point
            x, y = shapely.get_coordinates(drawn)[0].astype(int).tolist()
            points.append(Shape(feature, "", x, y))
    sized.sort(key=lambda each: each[0], reverse=True)  # what is small lies on what is large
    areas = [shape for _, shape in sized]
    labels = _place_labels(areas, points, spots, words, size)
    at = {shape.feature.iri: (shape.x, shape.y) for shape in areas}
    at |= {label.shape.feature.iri: _beneath(label, words) for label in labels if label.shape.path}
    at |= {shape.feature.iri: (shape.x, shape.y) for shape in points}
    lines = tuple(
        Line(connection, *at[connection.start], *at[connection.end])
        for connection in connections
        if connection.start in at and connection.end in at
    )
    return Map(*size, tuple(areas), tuple(points), lines, tuple(labels))


def _projection(
    box: Sequence[float], width: int
) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], tuple[int, int]]:
    """Return what turns degrees within a box into whole units of a map, and the size of that map."""
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
    """Return the geometry that a literal states, as GeoJSON or as WKT (GeoSPARQL 1.1, section 8.8); None of any other.

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

    >>> contains({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}, (1, 2))
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
    """Return a line without the corners that nobody sees: repeated ones, and those on a straight line.

    A corner that goes lies on the line between its neighbours, so a border keeps its course from either side.
    """
    found: Ring = []
    for corner in line:
        if found and found[-1] == corner:
            continue
        if len(found) > 1 and _is_between(found[-2], found[-1], corner):
            found.pop()
        found.append(corner)
    return found


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


def _spots(area: shapely.Geometry, words: int) -> list[_Spot]:
    """Return where words fit inside an area, the widest first; a place on it where none does.

    The area is drawn in by the height of half a line of words, and cut at equal heights. The middle
    of each cut is a place; the room there is its length and what the drawing in took at its ends.
    """
    inner = area.simplify(_DETAIL, preserve_topology=False).buffer(-words / 2, join_style="mitre")
    if inner.is_empty:
        return [_any_spot(area)]
    left, top, right, bottom = inner.bounds
    heights = [top + (number + 0.5) * (bottom - top) / _ROWS for number in range(_ROWS)]
    rows = shapely.multilinestrings([[(left, y), (right, y)] for y in heights])
    parts = shapely.get_parts(inner.intersection(rows))
    found = []
    for x1, y, x2, _ in shapely.bounds(parts[shapely.length(parts) > 0]).tolist():
        found.append(_Spot(round((x1 + x2) / 2), round(y), round(x2 - x1) + words))
    middle = (top + bottom) / 2
    return sorted(found, key=lambda spot: (-round(spot.room / _ALIKE), abs(spot.y - middle))) or [
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
    """Return the labels that find a place: first those of the points beside them, then those of the areas within."""
    taken: list[_Box] = [
        (p.x - words // 2, p.y - words // 2, p.x + words // 2, p.y + words // 2) for p in points
    ]
    found = []
    for shape in [*points, *reversed(areas)]:
        text = shape.feature.label.text
        if not text:
            continue
        if shape.path:
            candidates = [
                Label(
                    shape,
                    spot.x,
                    spot.y,
                    "middle",
                    _wrap(text, spot.room / words / _LETTER * _LENIENCE),
                )
                for spot in spots[shape.feature.iri]
            ]
            candidates = sorted(
                (each for each in candidates if each.lines), key=lambda label: len(label.lines)
            )
        else:
            aside, third = round(words * 0.75), words // 3
            candidates = [
                Label(shape, shape.x + aside, shape.y + third, "start", (text,)),
                Label(shape, shape.x - aside, shape.y + third, "end", (text,)),
                Label(shape, shape.x, shape.y - aside, "middle", (text,)),
                Label(shape, shape.x, shape.y + aside + 2 * third, "middle", (text,)),
            ]
        boxes = [(_box(label, words), label) for label in candidates]
        free = [(box, label) for box, label in boxes if _is_free(box, taken, size)]
        if free or not shape.path:  # a point is told by its name, even on top of another
            box, label = free[0] if free else min(boxes, key=lambda each: _outside(each[0], size))
            taken.append(box)
            found.append(label)
    return found


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
