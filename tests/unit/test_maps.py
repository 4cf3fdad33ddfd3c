"""Maps: from geometries to SVG, with every coordinate a whole number."""

from __future__ import annotations

import math
from functools import reduce
from itertools import combinations
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import shapely

from unicef_linked.dataset.labels import Text
from unicef_linked.presentation.maps import (
    MARGIN,
    Connection,
    Feature,
    Label,
    contains,
    draw,
    read_place,
)

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
BESIDE = {"type": "Polygon", "coordinates": [[[2, 0], [4, 0], [4, 2], [2, 2], [2, 1], [2, 0]]]}
HOLED = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[3, 3], [3, 6], [6, 6], [6, 3], [3, 3]]]
    ],
}
POINT = {"type": "Point", "coordinates": [1, 1]}


def test_without_features_there_is_no_map() -> None:
    assert draw([]) is None


def test_a_map_is_true_to_scale_at_its_middle_latitude() -> None:
    north = {"type": "Polygon", "coordinates": [[[0, 59], [2, 59], [2, 61], [0, 61], [0, 59]]]}
    drawn = draw([Feature("x:north", north)])
    assert drawn is not None
    assert drawn.height == 1000
    assert (drawn.width - 2 * MARGIN) / (drawn.height - 2 * MARGIN) == pytest.approx(
        math.cos(math.radians(60)), abs=0.01
    )


def test_north_is_above_and_west_is_left() -> None:
    drawn = draw(
        [Feature("x:square", SQUARE), Feature("x:point", {"type": "Point", "coordinates": [0, 2]})]
    )
    assert drawn is not None
    [point] = drawn.points
    assert (point.x, point.y) == (MARGIN, MARGIN)


def test_a_corner_on_a_straight_border_is_left_out_and_a_border_is_shared() -> None:
    drawn = draw([Feature("x:west", SQUARE), Feature("x:east", BESIDE)], width=424)
    assert drawn is not None
    west, east = drawn.areas
    assert west.path == "m12 212l200 0 0-200-200 0 0 200z"
    assert east.path == "m212 212l200 0 0-200-200 0 0 200z"


def test_the_label_of_an_area_lies_where_words_have_room() -> None:
    lying_l = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [9, 0], [9, 3], [2, 3], [2, 9], [0, 9], [0, 0]]],
    }
    drawn = draw([Feature("x:l", lying_l, Text("The long foot of an area"))])
    assert drawn is not None
    [label] = drawn.labels
    assert label.x == pytest.approx(drawn.width / 2, abs=2)
    assert label.y > drawn.height * 2 / 3
    assert label.lines == ("The long foot of an area",)


def test_a_label_that_fits_nowhere_is_left_to_the_title() -> None:
    drawn = draw(
        [Feature("x:west", SQUARE, Text("Somewhereincomprehensible")), Feature("x:east", BESIDE)],
        width=200,
    )
    assert drawn is not None
    assert drawn.labels == ()


def test_labels_of_points_do_not_cover_each_other() -> None:
    row = [{"type": "Point", "coordinates": [number / 10, 0]} for number in range(3)]
    around = [{"type": "Point", "coordinates": [x, y]} for x in (-1, 1) for y in (-1, 1)]
    features = [
        Feature(f"x:{n}", point, Text(f"Place {n}")) for n, point in enumerate([*row, *around])
    ]
    drawn = draw(features, words=20)
    assert drawn is not None
    assert len(drawn.labels) == 7
    assert [label.anchor for label in drawn.labels[:3]] == ["end", "start", "start"]


def boundaries() -> list[Feature]:
    """Return the areas of the regions, each with the last part of its IRI as its name."""
    folder = Path(__file__).parents[2] / "data" / "reference" / "divisions"
    path = folder / "boundaries.ttl"
    found = []
    for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE, base_iri="x:"):
        geometry = (
            read_place(quad.object.value) if quad.predicate.value.endswith("#asWKT") else None
        )
        iri = str(quad.subject)
        if geometry and geometry["type"].endswith("Polygon") and "/region-" in iri:
            found.append(Feature(iri, geometry, Text(iri.strip("<>").rsplit("/", 1)[-1])))
    return found


def outline(path: str) -> shapely.Geometry:
    """Return the area that SVG path data draws, by its relative steps."""
    rings = []
    for ring in path.removesuffix("z").split("z"):
        start, steps = ring.removeprefix("m").split("l")
        x, y = (int(number) for number in start.split())
        numbers = [int(number) for number in steps.replace("-", " -").split()]
        corners = [(x, y)]
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + right, y + down
            corners.append((x, y))
        rings.append(shapely.make_valid(shapely.Polygon(corners)))
    return reduce(shapely.symmetric_difference, rings)


def words_of(label: Label, height: int) -> shapely.Geometry:
    """Return the box of the words in the middle of a label, with letters half as wide as high."""
    half = max(map(len, label.lines)) * height / 4
    below = label.y + height * (len(label.lines) - 1)
    return shapely.box(label.x - half, label.y - height, label.x + half, below)


@pytest.mark.parametrize("height", [15, 25, 36])
def test_labels_of_areas_stand_in_their_areas_and_apart(height: int) -> None:
    features = boundaries()
    assert len(features) > 5
    drawn = draw(features, words=height)
    assert drawn is not None
    assert drawn.labels
    for label in drawn.labels:
        assert outline(label.shape.path).contains(shapely.Point(label.x, label.y)), (
            label.shape.feature.iri
        )
    boxes = [words_of(label, height) for label in drawn.labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize("height", [15, 25, 36])
def test_a_line_meets_an_area_within_it(height: int) -> None:
    drawn = draw(boundaries(), words=height)
    assert drawn is not None
    for area in drawn.areas:
        assert outline(area.path).covers(shapely.Point(area.x, area.y)), area.feature.iri


def test_a_map_without_words_has_places_within_areas_too() -> None:
    drawn = draw([Feature("x:holed", HOLED)])
    assert drawn is not None
    [area] = drawn.areas
    assert outline(area.path).contains(shapely.Point(area.x, area.y))


def test_an_area_too_small_to_see_is_a_point() -> None:
    tiny = {"type": "Polygon", "coordinates": [[[1, 1], [1.0001, 1], [1.0001, 1.0001], [1, 1]]]}
    drawn = draw([Feature("x:square", SQUARE), Feature("x:tiny", tiny)])
    assert drawn is not None
    assert [shape.feature.iri for shape in drawn.points] == ["x:tiny"]


def test_a_single_point_makes_a_map() -> None:
    drawn = draw([Feature("x:point", POINT)], width=300)
    assert drawn is not None
    assert 0 < drawn.points[0].x < max(drawn.width, 1) <= 300


def test_a_line_is_drawn_open() -> None:
    drawn = draw(
        [Feature("x:line", {"type": "LineString", "coordinates": [[0, 0], [1, 1], [2, 0]]})]
    )
    assert drawn is not None
    assert drawn.areas[0].path
    assert not drawn.areas[0].path.endswith("z")


def test_a_connection_runs_between_what_is_on_the_map() -> None:
    features = [Feature("x:square", SQUARE), Feature("x:point", POINT)]
    drawn = draw(
        features,
        connections=[
            Connection("x:point", "x:square", "solid"),
            Connection("x:point", "x:nowhere"),
        ],
    )
    assert drawn is not None
    [line] = drawn.lines
    assert (line.x1, line.y1) == (drawn.points[0].x, drawn.points[0].y)
    assert (line.x2, line.y2) == (drawn.areas[0].x, drawn.areas[0].y)


@pytest.mark.parametrize(
    ("label", "note", "title"),
    [
        pytest.param("Gao", "", "Gao", id="a name"),
        pytest.param("Gao", "of 2016", "Gao – of 2016", id="a name and a note"),
    ],
)
def test_a_title_says_the_name_and_the_note(label: str, note: str, title: str) -> None:
    assert Feature("x:gao", POINT, Text(label), note=note).title == title


@pytest.mark.parametrize(
    ("position", "inside"),
    [
        pytest.param((1, 1), True, id="within"),
        pytest.param((4, 4), False, id="in the hole"),
        pytest.param((10, 1), False, id="beside"),
        pytest.param((1, 10), False, id="above"),
    ],
)
def test_an_area_contains_what_lies_within_it(
    position: tuple[float, float], *, inside: bool
) -> None:
    assert contains(HOLED, position) is inside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"type": "Point", "coordinates": [1, 1]}', POINT, id="GeoJSON"),
        pytest.param("POINT (1 1)", POINT, id="WKT"),
        pytest.param(
            "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT (1 2)",
            [1, 2],
            id="WKT that says CRS84",
        ),
        pytest.param(
            "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (2 1)", [1, 2], id="latitude first"
        ),
        pytest.param("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", SQUARE, id="an area as WKT"),
        pytest.param(
            "<http://www.opengis.net/def/crs/EPSG/0/2154> POINT (2 1)",
            None,
            id="metres are no degrees",
        ),
        pytest.param(
            "POLYGON ((0 0, 0 2, 2 2, 2 0, 0 0))",
            [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]],
            id="WKT is wound",
        ),
        pytest.param("POINT (-7.98 12.65)", [-7.98, 12.65], id="no noise of floats"),
        pytest.param("GEOMETRYCOLLECTION (POINT (1 1))", None, id="a collection"),
        pytest.param("CIRCULARSTRING (0 0, 1 1, 2 0)", None, id="a curve"),
        pytest.param("POINT EMPTY", None, id="nothing"),
        pytest.param("POLYGON EMPTY", None, id="no area"),
        pytest.param("POINT (1", None, id="broken WKT"),
        pytest.param("", None, id="no text"),
        pytest.param("Gao", None, id="words"),
        pytest.param("{", None, id="broken GeoJSON"),
    ],
)
def test_a_place_is_read_from_what_a_literal_states(text: str, expected: Any) -> None:
    found = read_place(text)
    assert (found and found["coordinates"] if isinstance(expected, list) else found) == expected
