"""Geometries drawn as SVG: what a template needs to print a map that is a picture without any script. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from geomet import wkt

from unicef_linked.dataset.labels import Text
from unicef_linked.exports.geojson import Geometry, bounds, read_geometry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MARGIN: Final = 12
"""Empty units around what is drawn, so that a point or a line on the edge is whole."""

_WGS84: Final = frozenset(
    ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84", ""]
)
_LATITUDE_FIRST: Final = "http://www.opengis.net/def/crs/EPSG/0/4326"
_ROWS: Final = 40  # at how many heights an area is looked through for the best place of its label
_STRIP: Final = 3  # how many of these must be free above and below

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
    features: Sequence[Feature], *, width: int = 1000, words: int = 25, connections: Sequence[Connection] = ()
) -> Map | None:
    """Return the map of some features, ``width`` units wide or as high as that, whichever is less; None without any.

    The projection is equirectangular, true to scale at the middle latitude. Coordinates are whole units: neighbours
    that share a border in the data share it on the map, and the page stays small. Labels whose letters are ``words`` units
    high stand where they cover nothing; one that finds no place is left to the titles. A connection whose end is
    nowhere on the map is left out.
    """
    if not features:
        return None
    west, south, east, north = bounds([feature.geometry for feature in features])
    narrowing = max(math.cos(math.radians((south + north) / 2)), 0.01)
    wide, high = (east - west) * narrowing, north - south
    scale = (width - 2 * MARGIN) / max(wide, high, 1e-6)
    middle = 0.0 if wide > high / 8 else (high / 4 - wide) / 2  # what has no width stands in the middle of a strip

    def place(position: Sequence[float]) -> tuple[int, int]:
        x, y = ((position[0] - west) * narrowing + middle) * scale, (north - position[1]) * scale
        return MARGIN + round(x), MARGIN + round(y)

    size = (2 * MARGIN + round((wide + 2 * middle) * scale), 2 * MARGIN + round(high * scale))
    areas, points, insides = [], [], {}
    for feature in features:
        rings, open_lines, alone = _parts(feature.geometry)
        drawn = [_thin([place(position) for position in ring]) for ring in rings]
        path = "".join(_path(ring) + "z" for ring in drawn if len(ring) > 2)
        path += "".join(_path(_thin([place(position) for position in line])) for line in open_lines)
        if path:
            line = drawn[0] if drawn else [place(position) for position in open_lines[0]]
            is_met = drawn and (feature.label.text or connections)  # by words or by a line: else any place will do
            strips = _strips(drawn) if is_met else [(*line[len(line) // 2], 0)]
            areas.append(Shape(feature, path, *strips[0][:2]))
            insides[feature.iri] = strips
        else:
            [x, y] = place((alone or rings[0])[0])  # an area too small to be seen is a point
            points.append(Shape(feature, "", x, y))
    areas.sort(key=_extent, reverse=True)  # what is small lies on what is large around it
    labels = _place_labels(areas, points, insides, words, size)
    at = {shape.feature.iri: (shape.x, shape.y) for shape in areas}
    at |= {label.shape.feature.iri: _beneath(label, words) for label in labels if label.shape.path}
    at |= {shape.feature.iri: (shape.x, shape.y) for shape in points}
    lines = tuple(
        Line(connection, *at[connection.start], *at[connection.end])
        for connection in connections
        if connection.start in at and connection.end in at
    )
    return Map(*size, tuple(areas), tuple(points), lines, tuple(labels))


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
        geometry = wkt.loads(written)
        coordinates = _swap(geometry["coordinates"]) if crs == _LATITUDE_FIRST else geometry["coordinates"]
        found = {"type": geometry["type"], "coordinates": coordinates}
        return found if bounds([found]) else None
    except (ValueError, TypeError, LookupError, StopIteration):
        return None


def contains(geometry: Geometry, position: Sequence[float]) -> bool:
    """Return whether a position lies in an area: a ray from it crosses the border an odd number of times.

    >>> contains({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]]}, (1, 2))
    True
    """
    rings, _, _ = _parts(geometry)
    crossings = (_crossing(a, b, position[1]) for ring in rings for a, b in pairwise(ring))
    return sum(x is not None and x > position[0] for x in crossings) % 2 == 1


def _extent(shape: Shape) -> float:
    west, south, east, north = bounds([shape.feature.geometry])
    return (east - west) * (north - south)


def _parts(
    geometry: Geometry,
) -> tuple[list[list[Sequence[float]]], list[list[Sequence[float]]], list[Sequence[float]]]:
    """Return the closed rings, the open lines and the single positions of a geometry."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "Polygon":
        return list(coordinates), [], []
    if kind == "MultiPolygon":
        return [ring for polygon in coordinates for ring in polygon], [], []
    if kind in {"LineString", "MultiLineString"}:
        return [], [coordinates] if kind == "LineString" else list(coordinates), []
    return [], [], [coordinates] if kind == "Point" else list(coordinates)


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


def _strips(rings: list[Ring]) -> list[tuple[int, int, int]]:
    """Return where words fit inside an area, best first, and how long they may be: the widest strips, from the middle."""
    heights = [y for ring in rings for _, y in ring]
    top, bottom = min(heights), max(heights)
    step = (bottom - top) / _ROWS
    rows = [_inside(rings, top + (number + 0.5) * step) for number in range(_ROWS)]
    found = [(0, 0, rings[0][0][0], top, 0)]
    for number, row in enumerate(rows):
        central = min(number, _ROWS - 1 - number)
        if central < _STRIP:
            continue
        around = [beside for beside in rows[number - _STRIP : number + _STRIP + 1] if beside is not row]
        for widest in row:
            left, right = reduce(_overlap, around, widest)
            x, y, room = round((left + right) / 2), round(top + (number + 0.5) * step), round(right - left)
            found.append((round(room / 30), central, x, y, room))  # of two about as wide, the one nearer the middle
    return [(x, y, room) for _, _, x, y, room in sorted(found, reverse=True)]


def _place_labels(
    areas: Sequence[Shape],
    points: Sequence[Shape],
    insides: Mapping[str, list[tuple[int, int, int]]],
    words: int,
    size: tuple[int, int],
) -> list[Label]:
    """Return the labels that find a place: first those of the points beside them, then those of the areas within."""
    taken: list[_Box] = [(p.x - words // 2, p.y - words // 2, p.x + words // 2, p.y + words // 2) for p in points]
    found = []
    for shape in [*points, *reversed(areas)]:
        text = shape.feature.label.text
        if not text:
            continue
        if shape.path:
            candidates = [
                Label(shape, x, y, "middle", _wrap(text, room / words / _LETTER * _LENIENCE))
                for x, y, room in insides[shape.feature.iri]
            ]
            candidates = sorted((each for each in candidates if each.lines), key=lambda label: len(label.lines))
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
    return (round(left), label.y - words, round(left + long), label.y + words * (len(label.lines) - 1) + words // 3)


def _is_free(box: _Box, taken: Sequence[_Box], size: tuple[int, int]) -> bool:
    apart = all(box[0] >= t[2] or box[2] <= t[0] or box[1] >= t[3] or box[3] <= t[1] for t in taken)
    return apart and box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]


def _outside(box: _Box, size: tuple[int, int]) -> int:
    """Return how far a box reaches over the edge of the map."""
    return max(0, -box[0]) + max(0, -box[1]) + max(0, box[2] - size[0]) + max(0, box[3] - size[1])


def _beneath(label: Label, words: int) -> tuple[int, int]:
    """Return the place under a label, for a line that leads to it."""
    return label.x, label.y + words * (len(label.lines) - 1) + words * 2 // 3


def _inside(rings: list[Ring], y: float) -> list[tuple[float, float]]:
    """Return from where to where a horizontal line is inside an area."""
    found = (_crossing(a, b, y) for ring in rings for a, b in pairwise([*ring, ring[0]]))
    crossings = sorted(x for x in found if x is not None)
    return list(zip(crossings[::2], crossings[1::2], strict=False))


def _crossing(a: Sequence[float], b: Sequence[float], y: float) -> float | None:
    """Return where a side crosses a height, None where it does not; a corner belongs to the side above it."""
    if (a[1] > y) == (b[1] > y):
        return None
    return a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0])


def _overlap(part: tuple[float, float], row: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the longest stretch of a row that lies within a part of another; nothing at all is where that begins."""
    left, right = part
    parts = [(max(low, left), min(high, right)) for low, high in row]
    return max((part for part in parts if part[1] > part[0]), key=lambda part: part[1] - part[0], default=(left, left))


def _swap(coordinates: Sequence[object]) -> list[object]:
    """Return coordinates with the longitude first that had the latitude first."""
    if isinstance(coordinates[0], int | float):
        return [coordinates[1], coordinates[0], *coordinates[2:]]
    return [_swap(part) for part in coordinates if isinstance(part, list | tuple)]
