"""The pure parts of exports, on data that a reader can hold in mind."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

import pyoxigraph as ox
import pytest
import shapely
from tests.conftest import Statements, defined_exports

from unicef_linked.exports.geojson import read_geometry
from unicef_linked.exports.mappings import curie
from unicef_linked.exports.tables import guard
from unicef_linked.rdf.iris import Names

NAMES: Final = Names("https://example.org/", {"wd": "http://www.wikidata.org/entity/"})
PREFIXES: Final = """
PREFIX ul: <https://example.org/ontology#>
PREFIX id: <https://example.org/id/office/>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#>
"""


EXPORTS: Final = defined_exports(NAMES.base)


def written(name: str, trig: str) -> str:
    """Return an export of data."""
    [export] = (export for export in EXPORTS if export.name == name)
    return export.write(Statements(PREFIXES + trig), NAMES).decode()  # type: ignore[arg-type]


def rows(name: str, trig: str) -> list[dict[str, str]]:
    """Return the rows of an exported table."""
    return list(csv.DictReader(io.StringIO(written(name, trig), newline="")))


FOREIGN: Final = "<http://other.example/a> a <http://other.example/Thing> ; owl:sameAs <http://third.example/b> ."


@pytest.mark.parametrize("data", ["", FOREIGN], ids=["no data", "foreign data"])
@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_data_without_any_of_it_gives_the_header_alone(export: object, data: str) -> None:
    text = written(export.name, data)  # type: ignore[attr-defined]
    if text.startswith("{"):
        assert json.loads(text).get("features", []) == []
    else:
        lines = text.splitlines()
        header = [line for line in lines if line.startswith("#")]
        assert len(lines) == len(header) + 1
        assert len(header) == 1 or export.name != "3w.csv"  # type: ignore[attr-defined]


@pytest.mark.parametrize("start", ["=1+1", "+33", "-2", "@cmd", "\tx", "\rx"])
def test_no_text_becomes_a_formula(start: str) -> None:
    data = f"id:a a ul:Office ; skos:prefLabel {ox.Literal(start)}@en ."
    assert rows("offices.csv", data)[0]["name_en"] == guard(start) == f"'{start}"


def test_a_number_below_zero_stays_a_number() -> None:
    data = "id:a a ul:Office ; ul:locatedIn id:p . id:p wgs84:lat -1.5 ; wgs84:long -7.25 ."
    assert [(row["latitude"], row["longitude"]) for row in rows("offices.csv", data)] == [
        ("-1.5", "-7.25")
    ]


def test_text_where_a_number_should_be_is_guarded_as_text() -> None:
    data = 'id:a a ul:Office ; ul:staffCount "-cmd" .'
    assert rows("offices.csv", data)[0]["staff_count"] == "'-cmd"


def test_lists_of_names_run_beside_lists_of_things() -> None:
    data = """id:a a ul:Office ; ul:coversRegion id:x, id:y .
        id:x skos:prefLabel "Zaire"@en . id:y skos:prefLabel "Amazon"@en ."""
    row = rows("offices.csv", data)[0]
    assert row["covers_region"] == "https://example.org/id/office/x|https://example.org/id/office/y"
    assert row["covers_region_name_en"] == "Zaire|Amazon"


def test_a_list_beside_another_keeps_the_place_of_what_is_not_known_and_of_what_is_the_same() -> (
    None
):
    data = """id:a a ul:Office ; ul:coversRegion id:x, id:y, id:z .
        id:x skos:prefLabel "Same"@en . id:y skos:prefLabel "Same"@en . id:z skos:prefLabel "Other"@en .
        id:x skos:notation "X1"^^ul:pcode . id:z skos:notation "Z1"^^ul:pcode ."""
    row = rows("offices.csv", data)[0]
    assert (row["covers_region_name_en"], row["covers_region_pcode"]) == (
        "Same|Same|Other",
        "X1||Z1",
    )


def test_each_language_and_each_scheme_has_its_column() -> None:
    data = """id:r a ul:Region ; skos:prefLabel "a"@en, "b"@fr, "c"@bm-nkoo ;
        skos:notation "X1"^^ul:neAdm1Code, "X-1"^^ul:iso3166-2, "plain" ."""
    row = rows("regions.csv", data)[0]
    found = {
        name: row.get(name)
        for name in ("name_en", "name_fr", "name_bm_nkoo", "ne_adm1_code", "iso3166_2")
    }
    assert found == {
        "name_en": "a",
        "name_fr": "b",
        "name_bm_nkoo": "c",
        "ne_adm1_code": "X1",
        "iso3166_2": "X-1",
    }
    assert "plain" not in row.values()


def test_an_office_with_two_regions_and_two_sectors_makes_four_rows() -> None:
    data = "id:a a ul:Office ; ul:coversRegion id:x, id:y ; ul:worksInSector id:s, id:t . id:b a ul:Office ."
    assert len(rows("3w.csv", data)) == 4 + 1  # and the row of hashtags


SQUARE: Final = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


@pytest.mark.parametrize("outside", [SQUARE, SQUARE[::-1]], ids=["counterclockwise", "clockwise"])
@pytest.mark.parametrize(
    "inside", [SQUARE, SQUARE[::-1]], ids=["hole counterclockwise", "hole clockwise"]
)
@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_rings_follow_the_right_hand_rule(outside: object, inside: object, kind: str) -> None:
    polygon = [outside, inside]
    found = read_geometry(
        json.dumps({"type": kind, "coordinates": polygon if kind == "Polygon" else [polygon]})
    )
    assert found
    shell, hole = found["coordinates"] if kind == "Polygon" else found["coordinates"][0]
    assert (shapely.LinearRing(shell).is_ccw, shapely.LinearRing(hole).is_ccw) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "POINT (1 2)",
        "null",
        "[]",
        '{"type": "Point"}',
        '{"type":"Point","coordinates":[]}',
        '{"type":"Circle","coordinates":[1,2]}',
        '{"type":"Point","coordinates":["a","b"]}',
        '{"type":"Polygon","coordinates":7}',
    ],
)
def test_what_is_no_geometry_is_left_out(text: str) -> None:
    assert read_geometry(text) is None
    data = (
        f"id:r a ul:Region ; geo:hasDefaultGeometry id:g . id:g geo:asGeoJSON {ox.Literal(text)} ."
    )
    assert json.loads(written("regions.geojson", data))["features"][0]["geometry"] is None
    assert rows("regions.csv", data)[0]["latitude"] == ""


def test_a_match_says_who_stated_it_and_how_it_came_about() -> None:
    data = """
        <https://example.org/graph/a> { id:a owl:sameAs <http://www.wikidata.org/entity/Q1> }
        <https://example.org/graph/derived/b> { id:a skos:closeMatch <http://third.example/2/> }"""
    lines = [
        line
        for line in written("mappings.sssom.tsv", data).splitlines()
        if not line.startswith("#")
    ]
    found = [
        (r["predicate_id"], r["object_id"], r["mapping_justification"], r["mapping_source"])
        for r in csv.DictReader(lines, delimiter="\t")
    ]
    assert found == [
        ("owl:sameAs", "wd:Q1", "semapv:ManualMappingCuration", "graph:a"),
        ("skos:closeMatch", "third:2/", "semapv:LogicalReasoning", "graph:derived/b"),
    ]


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        pytest.param("http://a.example/x/1", ("long", "1"), id="the longest namespace wins"),
        pytest.param("http://a.example/y", ("short", "y"), id="a namespace that covers it"),
        pytest.param(
            "http://a.example/x/", ("short", "x/"), id="something is left after the prefix"
        ),
        pytest.param("https://sws.other.org/1/", ("other", "1/"), id="else its host"),
    ],
)
def test_curie_shortens_any_iri(iri: str, expected: tuple[str, str]) -> None:
    assert curie(iri, {"short": "http://a.example/", "long": "http://a.example/x/"}) == expected
