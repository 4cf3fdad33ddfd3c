"""Where a thing is, by what the data says of it; and the few words on a small map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyoxigraph import RdfFormat, Store, parse

from unicef_linked.presentation.locator_map import in_groups, place_of, short_names
from unicef_linked.presentation.maps import Feature

if TYPE_CHECKING:
    from pyoxigraph import Quad

EX = "http://example.org/"
PREFIXES = f"""
PREFIX ex: <{EX}>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#>
"""


class Statements:
    """The one method of a store that is used here."""

    def __init__(self, turtle: str) -> None:
        self.store = Store()
        self.store.extend(parse((PREFIXES + turtle).encode(), format=RdfFormat.TURTLE))

    def match(self, *pattern: Any) -> list[Quad]:
        """Return the statements that match."""
        return list(self.store.quads_for_pattern(*[*pattern, None, None][:3], None))


@pytest.mark.parametrize(
    ("turtle", "expected"),
    [
        pytest.param(
            "ex:a wgs84:lat 17.5 ; wgs84:long 2 .", [2.0, 17.5], id="latitude and longitude"
        ),
        pytest.param("ex:a wgs84:lat 17.5 .", None, id="half a position is none"),
        pytest.param('ex:a wgs84:lat "north" ; wgs84:long 2 .', None, id="nor is one in words"),
        pytest.param(
            'ex:a geo:hasGeometry ex:g . ex:g geo:asWKT "POINT (2 17.5)"^^geo:wktLiteral .',
            [2.0, 17.5],
            id="WKT",
        ),
        pytest.param(
            'ex:a geo:hasGeometry [ geo:asWKT "POINT (2 17.5)"^^geo:wktLiteral ] .',
            [2.0, 17.5],
            id="of a blank node",
        ),
        pytest.param(
            """ex:a geo:hasGeometry ex:g ; geo:hasDefaultGeometry ex:h .
               ex:g geo:asWKT "POINT (9 9)" . ex:h geo:asWKT "POINT (2 17.5)" .""",
            [2.0, 17.5],
            id="the default geometry before others",
        ),
        pytest.param(
            'ex:a geo:hasGeometry ex:g ; wgs84:lat 1 ; wgs84:long 1 . ex:g geo:asWKT "POINT (2 17.5)" .',
            [2.0, 17.5],
            id="a geometry before a position",
        ),
        pytest.param(
            'ex:a geo:hasGeometry ex:g . ex:g geo:asWKT "nonsense" .',
            None,
            id="what cannot be read",
        ),
        pytest.param("ex:a geo:hasGeometry ex:g .", None, id="a geometry of which nothing is said"),
    ],
)
def test_a_thing_is_where_its_geometry_or_its_position_says(
    turtle: str, expected: list[float] | None
) -> None:
    found = place_of(Statements(turtle), f"{EX}a")  # type: ignore[arg-type]
    assert (found and list(found["coordinates"])) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            ["Gao Region", "Kidal Region"], ["Gao", "Kidal"], id="the word they share goes"
        ),
        pytest.param(["Gao Region"], ["Gao Region"], id="one alone keeps its name"),
        pytest.param(["Gao Region", "Bamako"], ["Gao Region", "Bamako"], id="they share nothing"),
        pytest.param(
            ["Gao Region", "Region"], ["Gao Region", "Region"], id="nothing would be left of one"
        ),
        pytest.param([], [], id="none"),
    ],
)
def test_areas_bear_the_word_that_sets_them_apart(names: list[str], expected: list[str]) -> None:
    assert short_names(names) == expected


def test_areas_and_points_of_several_rows_look_different() -> None:
    square: Any = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    point: Any = {"type": "Point", "coordinates": [0, 0]}
    drawn = [
        ("area", square, "Neighbours"),
        ("area 2", square, "Divisions"),
        ("office", point, "Offices"),
        ("town", point, "Capital"),
        ("other office", point, "Offices"),
        ("itself", square, ""),
    ]
    features = [Feature(iri, place, kind="related", note=row) for iri, place, row in drawn]
    assert [feature.kind.removeprefix("related").strip() for feature in in_groups(features)] == [
        "",
        "square second",
        "",
        "square second",
        "",
        "",
    ]
