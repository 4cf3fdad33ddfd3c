"""Bounding boxes, areas and neighbours of features, from their polygons."""

from __future__ import annotations

import pytest
import shapely
from pyoxigraph import RdfFormat, Store
from tests.names import NAMES, PREFIXES

from unicef_linked.build.spatial import area, measure
from unicef_linked.rdf.iris import GEO

SQUARES = """
ul:Region rdfs:subClassOf ul:Division . ul:Cercle rdfs:subClassOf ul:Division .
region:west a ul:Region ; geo:hasDefaultGeometry geometry:west .
region:east a ul:Region ; geo:hasDefaultGeometry geometry:east .
region:far a ul:Region ; geo:hasDefaultGeometry geometry:far .
division:east a ul:Cercle ; geo:hasDefaultGeometry geometry:east ; geo:hasMetricArea 1e6 .
place:town geo:hasDefaultGeometry geometry:town .
region:broken geo:hasDefaultGeometry geometry:broken .
geometry:west geo:asWKT "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"^^geo:wktLiteral .
geometry:east geo:asWKT "POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))"^^geo:wktLiteral .
geometry:far geo:asWKT "POLYGON ((5 5, 6 5, 6 6, 5 6, 5 5))"^^geo:wktLiteral .
geometry:town geo:asWKT "POINT (0 0)"^^geo:wktLiteral .
geometry:broken geo:asWKT "POLYGON ((0 0, 1"^^geo:wktLiteral .
"""


@pytest.fixture(scope="module")
def measured() -> set[tuple[str, str, str]]:
    """What follows from the squares, by keys, local names and texts."""
    store = Store()
    store.load(PREFIXES + SQUARES, format=RdfFormat.TURTLE)
    return {
        (
            "/".join(q.subject.value.split("/")[-2:]),
            q.predicate.value.removeprefix(GEO),
            q.object.value.rsplit("/", 1)[-1],
        )
        for q in measure(store, NAMES)
    }


def test_neighbours_are_those_of_one_class_in_both_directions(
    measured: set[tuple[str, str, str]],
) -> None:
    touches = {(one, other) for one, predicate, other in measured if predicate == "sfTouches"}
    assert touches == {("region/west", "east"), ("region/east", "west")}


def test_a_box_is_that_of_a_geometry_and_shared_by_the_features_that_have_it(
    measured: set[tuple[str, str, str]],
) -> None:
    boxes = {(one, other) for one, predicate, other in measured if predicate == "hasBoundingBox"}
    assert {one for one, other in boxes if other == "east-box"} == {"region/east", "division/east"}
    assert ("geometry/far-box", "asWKT", "POLYGON ((5 5, 6 5, 6 6, 5 6, 5 5))") in measured


def test_an_area_that_is_stated_stands(measured: set[tuple[str, str, str]]) -> None:
    areas = {one for one, predicate, _ in measured if predicate == "hasMetricArea"}
    assert areas == {"region/west", "region/east", "region/far"}


def test_a_point_and_a_text_that_is_no_geometry_have_neither(
    measured: set[tuple[str, str, str]],
) -> None:
    assert not {one for one, _, _ in measured} & {"place/town", "region/broken"}


@pytest.mark.parametrize(
    ("box", "square_kilometres"),
    [
        pytest.param((0, 0, 1, 1), 12309, id="a degree at the equator"),
        pytest.param((0, 59, 1, 60), 6310, id="a degree in the north"),
        pytest.param((-180, -90, 180, 90), 510065622, id="the whole ellipsoid"),
    ],
)
def test_an_area_is_that_on_the_ellipsoid(
    box: tuple[float, float, float, float], square_kilometres: int
) -> None:
    assert area(shapely.box(*box)) == pytest.approx(square_kilometres * 1e6, rel=2e-4)
