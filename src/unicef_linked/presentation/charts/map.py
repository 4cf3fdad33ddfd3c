"""A map: areas, the points that cover them, and lines between both (``ul:Map``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked.presentation import maps
from unicef_linked.presentation.charts.data import ChartError, is_true, lexical
from unicef_linked.presentation.maps import Connection, Feature
from unicef_linked.rdf.iris import SKOS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from unicef_linked.dataset.labels import Link, Text
    from unicef_linked.exports.geojson import Geometry
    from unicef_linked.presentation.charts.data import ChartData
    from unicef_linked.rdf.terms import Solution

COLOURS: Final = 8
"""Number of colours of areas (browser/styles/pictures.css); further points share them."""

_MARKERS: Final = ("circle", "square", "diamond", "triangle")
"""Markers of points by kind, the most frequent kind first; further kinds share the last."""


@dataclass(frozen=True, slots=True)
class Legend:
    """The meaning of the marks on a map, and the notes on its boundaries."""

    owners: tuple[tuple[Link, str], ...]  # points with the class names of their areas' colour
    kinds: tuple[tuple[Text, str], ...]  # kinds of points with their markers
    marks: frozenset[str]  # special marks that occur
    notes: tuple[tuple[Link, tuple[Text, ...]], ...]


@dataclass(frozen=True, slots=True)
class MapChart:
    """A drawn map with its legend."""

    map: maps.Map
    legend: Legend


@dataclass(slots=True)
class _Coverage:
    point: Link
    inferred: bool

    @property
    def basis(self) -> str:
        return "inferred" if self.inferred else "stated"


@dataclass(slots=True)
class _Area:
    link: Link
    geometry: Geometry | None = None
    outline: Link | None = None
    outdated: bool = False
    covered: dict[str, _Coverage] = field(default_factory=dict)  # by the IRI of the point

    @property
    def is_only_inferred(self) -> bool:
        return bool(self.covered) and all(each.inferred for each in self.covered.values())


@dataclass(slots=True)
class _Point:
    link: Link
    geometry: Geometry | None = None
    town: Link | None = None
    kind: str = ""

    @property
    def longitude(self) -> float:
        """The longitude of a point (degrees), 180 if it has no coordinates."""
        if self.geometry is None or self.geometry["type"] != "Point":
            return 180.0
        return float(self.geometry["coordinates"][0])


@dataclass(frozen=True, slots=True)
class _Places:
    """The areas and points of the rows by IRI, with the class names of their looks."""

    areas: Mapping[str, _Area]
    points: Mapping[str, _Point]
    colours: Mapping[str, str]  # by the IRI of the point
    markers: Mapping[str, str]  # by the IRI of the kind


def draw(data: ChartData) -> MapChart:
    """Return the map of the rows; raises ChartError if they have no geometry."""
    places = _read_places(data)
    areas, points = places.areas.values(), places.points.values()
    features = [_area_feature(data, places, area) for area in areas if area.geometry]
    features += [_point_feature(places, point) for point in points if point.geometry]
    drawn = maps.draw(features, connections=_connections(places))
    if drawn is None:
        _ = data.messages.gettext
        raise ChartError(_("The query of this picture gives no geometry that can be read."))
    return MapChart(drawn, _legend(data, places, drawn))


def _read_places(data: ChartData) -> _Places:
    areas: dict[str, _Area] = {}
    points: dict[str, _Point] = {}
    for row in data.table.rows:
        area_link, point_link = data.link(row, "area"), data.link(row, "point")
        if area_link:
            area = areas.setdefault(area_link.iri, _Area(area_link))
            _complete_area(data, row, area)
            if point_link:
                coverage = _Coverage(point_link, is_true(row, "inferred"))
                area.covered.setdefault(point_link.iri, coverage)
        if point_link:
            point = points.setdefault(point_link.iri, _Point(point_link))
            _complete_point(data, row, point)
    return _Places(areas, points, _colours(areas.values(), points), _markers(points.values()))


def _complete_area(data: ChartData, row: Solution, area: _Area) -> None:
    area.geometry = area.geometry or _geometry(row, "boundary")
    area.outline = area.outline or data.link(row, "outline")
    area.outdated = area.outdated or is_true(row, "outdated")


def _complete_point(data: ChartData, row: Solution, point: _Point) -> None:
    point.geometry = point.geometry or _geometry(row, "coordinates")
    point.town = point.town or data.link(row, "town")
    point.kind = point.kind or lexical(row, "kind")


def _geometry(row: Solution, variable: str) -> Geometry | None:
    term = row.get(variable)
    return maps.read_place(term.value) if isinstance(term, Literal) else None


def _colours(areas: Iterable[_Area], points: Mapping[str, _Point]) -> dict[str, str]:
    """Return the colour of each point that covers an area, from west to east.

    Neighbours get consecutive colours, so that no two of them share one.
    """
    owners: dict[str, None] = {}
    for area in areas:
        owners.update(dict.fromkeys(area.covered))
    ordered = sorted(owners, key=lambda iri: points[iri].longitude)
    return {iri: f"c{number % COLOURS + 1}" for number, iri in enumerate(ordered)}


def _markers(points: Collection[_Point]) -> dict[str, str]:
    """Return the marker of each kind of point, by the number of points of the kind."""
    kinds = [point.kind for point in points if point.kind]
    ordered = sorted(set(kinds), key=lambda kind: (-kinds.count(kind), kind))
    last = len(_MARKERS) - 1
    return {kind: _MARKERS[min(number, last)] for number, kind in enumerate(ordered)}


def _area_feature(data: ChartData, places: _Places, area: _Area) -> Feature:
    assert area.geometry is not None
    looks = [places.colours[next(iter(area.covered))] if area.covered else "hatched"]
    if area.outdated:
        looks.append("outdated")
    if area.is_only_inferred:
        looks.append("inferred")
    if area.geometry["type"] in {"Point", "MultiPoint"}:
        looks.append("unbounded")
    link, note = area.link, _coverage_note(data, area)
    return Feature(link.iri, area.geometry, link.label, link.href, " ".join(looks), note)


def _coverage_note(data: ChartData, area: _Area) -> str:
    _ = data.messages.gettext
    sentences = []
    for coverage in area.covered.values():
        name = {"name": coverage.point.label.text}
        if coverage.inferred:
            sentences.append(_("covered by %(name)s, as inferred") % name)
        else:
            sentences.append(_("covered by %(name)s") % name)
    return "; ".join(sentences) or _("not covered, as far as the data says")


def _point_feature(places: _Places, point: _Point) -> Feature:
    assert point.geometry is not None
    link = point.link
    colour = places.colours.get(link.iri, "c0")
    looks = f"{colour} {places.markers.get(point.kind, _MARKERS[0])}"
    label, note = (point.town.label, link.label.text) if point.town else (link.label, "")
    return Feature(link.iri, point.geometry, label, link.href, looks, note)


def _connections(places: _Places) -> list[Connection]:
    """Return a line from each point to the areas that it covers and does not lie in."""
    connections = []
    for area in places.areas.values():
        for iri, coverage in area.covered.items():
            if _lies_in(places.points[iri], area):
                continue
            looks = f"{places.colours[iri]} {coverage.basis}"
            title = f"{coverage.point.label.text} – {area.link.label.text}"
            connections.append(Connection(iri, area.link.iri, looks, title))
    return connections


def _lies_in(point: _Point, area: _Area) -> bool:
    if point.geometry is None or area.geometry is None or point.geometry["type"] != "Point":
        return False
    return maps.contains(area.geometry, point.geometry["coordinates"])


def _legend(data: ChartData, places: _Places, drawn: maps.Map) -> Legend:
    areas = places.areas.values()
    owners = []
    for iri, colour in places.colours.items():
        bases = {area.covered[iri].basis for area in areas if iri in area.covered}
        shade = colour if "stated" in bases else f"{colour} inferred"
        owners.append((places.points[iri].link, shade))
    kinds = tuple((data.reader.label(kind), marker) for kind, marker in places.markers.items())
    notes = []
    for area in areas:
        texts = data.texts(area.outline.iri, f"{SKOS}note") if area.outline else ()
        if area.outline and texts:
            notes.append((area.outline, texts))
    return Legend(tuple(owners), kinds, _marks(areas, drawn), tuple(notes))


def _marks(areas: Iterable[_Area], drawn: maps.Map) -> frozenset[str]:
    """Return the special marks that occur on a map."""
    looks: set[str] = set()
    for shape in drawn.shapes:
        looks.update(shape.feature.kind.split())
    lines: set[str] = set()
    for line in drawn.lines:
        lines.update(line.connection.kind.split())
    marks = looks & {"hatched", "outdated", "unbounded"}
    marks |= {f"{basis}-line" for basis in lines & {"stated", "inferred"}}
    for area in areas:
        marks.update(coverage.basis for coverage in area.covered.values())
    return frozenset(marks)
