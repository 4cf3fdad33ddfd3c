"""The divisions of Mali are those of their sources: value by value,
against the tables in ``tests/data/divisions``.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import shapely
from tests.names import NAMES

from unicef_linked.build.spatial import area

if TYPE_CHECKING:
    import pyoxigraph as ox

TABLES: Final = Path(__file__).parent / "divisions"

PROLOGUE: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in NAMES.prefixes.items())

SPLIT_IN_2023: Final = {"kayes", "koulikoro", "mopti", "segou", "sikasso"}
CREATED_IN_2023: Final = {
    "bandiagara": "mopti",
    "bougouni": "sikasso",
    "dioila": "koulikoro",
    "douentza": "mopti",
    "kita": "kayes",
    "koutiala": "sikasso",
    "nara": "koulikoro",
    "nioro": "kayes",
    "san": "segou",
}


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a copied table."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(store: ox.Store, query: str) -> list[tuple[str | None, ...]]:
    """Return the solutions; an entity as its key, any other term as its text."""
    answer: Any = store.query(f"{PROLOGUE}SELECT {query}")
    return [
        tuple(_text(solution[variable]) for variable in answer.variables) for solution in answer
    ]


def _text(term: Any) -> str | None:
    return None if term is None else str(term.value).removeprefix(f"{NAMES.base}id/").split("/")[-1]


def codes(store: ox.Store, scheme: str, kind: str) -> dict[str, str]:
    """Return the code of each thing of a class in one list, by key."""
    query = f"?s ?c {{ ?s a ul:{kind} ; skos:notation ?c FILTER (DATATYPE(?c) = ul:{scheme}) }}"
    found = rows(store, query)
    assert len(dict(found)) == len(found), "one code of a list each"
    return {str(key): str(code) for key, code in found}


def digest(values: dict[str, str]) -> str:
    """Return a checksum of a column: its keys and values in order."""
    lines = "".join(f"{key}={value}\n" for key, value in sorted(values.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def cercle(row: dict[str, str]) -> str:
    return row["key"].removeprefix("cercle-")


CERCLES: Final = {cercle(row): row for row in table("adm2.csv")}
COMMUNES: Final = {row["pcode"]: row for row in table("adm3.csv")}
REGIONS: Final = {row["key"]: row for row in table("regions2023.csv")}


@pytest.fixture(scope="module")
def by_code(release_store: ox.Store) -> dict[str, str]:
    """The key of each commune, by its code of 2021."""
    return {code: key for key, code in codes(release_store, "pcode", "Commune").items()}


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        pytest.param("Region", 20, id="19 regions and the District of Bamako"),
        pytest.param("Cercle", 53, id="52 cercles and the District of Bamako"),
        pytest.param("Commune", 701, id="as the list has, two fewer than the law"),
        pytest.param("Subdivision", 754, id="cercles and communes"),
        pytest.param("Division", 774, id="all of them"),
        pytest.param("TerritorialChange", 2, id="2016 and 2023"),
    ],
)
def test_there_are_as_many_as_the_sources_have(
    release_store: ox.Store, kind: str, number: int
) -> None:
    assert rows(release_store, f"(COUNT(*) AS ?n) {{ ?s a ul:{kind} }}") == [(str(number),)]


@pytest.mark.parametrize(
    ("scheme", "column"),
    [
        ("pcode", "pcode"),
        ("pcode2015", "pcode_2015"),
        ("geonamesId", "geonames"),
        ("wofId", "wof"),
        ("hasc", "hasc"),
        ("woeid", "gp_woeid"),
        ("wikidataId", "wikidata"),
        ("geoBoundariesId", "geoboundaries_shapeid"),
    ],
)
def test_cercles_bear_the_codes_of_the_table_and_no_others(
    release_store: ox.Store, scheme: str, column: str
) -> None:
    expected = {key: row[column] for key, row in CERCLES.items() if row[column]}
    published = codes(release_store, scheme, "Cercle")
    assert published == expected
    assert digest(published) == digest(expected)


def test_communes_bear_both_codes_of_the_table(
    release_store: ox.Store, by_code: dict[str, str]
) -> None:
    assert set(by_code) == set(COMMUNES)
    expected = {
        by_code[code]: row["pcode_2015"] for code, row in COMMUNES.items() if row["pcode_2015"]
    }
    assert digest(codes(release_store, "pcode2015", "Commune")) == digest(expected)
    assert len(expected) == 690


def test_regions_bear_the_codes_of_2021_and_2025(release_store: ox.Store) -> None:
    for scheme, column in (("pcode", "pcode_2021"), ("pcode2025", "pcode_ocha2026")):
        expected = {key: row[column] for key, row in REGIONS.items() if row[column]}
        assert codes(release_store, scheme, "Region") == expected


def test_the_code_of_a_region_in_2015_begins_those_of_its_cercles(release_store: ox.Store) -> None:
    regions = codes(release_store, "pcode2015", "Region")
    assert len(regions) == 9
    for key, code in codes(release_store, "pcode2015", "Cercle").items():
        assert code.startswith(regions[CERCLES[key]["region_key"]])


@pytest.mark.parametrize(
    ("code", "scheme", "key"),
    [
        ("ML0101", "pcode", "bafoulabe"),
        ("ML0101", "pcode2015", "kayes"),
        ("ML09", "pcode", "bamako"),
        ("ML09", "pcode2025", "taoudenit"),
        ("ML20", "pcode2025", "bamako"),
        ("ML10", "pcode", "menaka"),
        ("ML11", "pcode2025", "nioro"),
        ("ML060505", "pcode", "tombouctou-salam"),
    ],
)
def test_one_string_means_what_its_list_says(
    release_store: ox.Store, code: str, scheme: str, key: str
) -> None:
    assert rows(release_store, f'?s {{ ?s skos:notation "{code}"^^ul:{scheme} }}') == [(key,)]


def test_a_cercle_is_part_of_the_region_of_2021(release_store: ox.Store) -> None:
    published = rows(release_store, "?s ?o { ?s a ul:Cercle ; ul:partOf ?o }")
    assert dict(published) == {key: row["region_key"] for key, row in CERCLES.items()}
    assert len(published) == len(CERCLES)


def test_a_commune_is_part_of_the_cercle_whose_code_begins_its_own(
    release_store: ox.Store, by_code: dict[str, str]
) -> None:
    keys = {row["pcode"]: key for key, row in CERCLES.items()}
    published = rows(release_store, "?s ?o { ?s a ul:Commune ; ul:partOf ?o }")
    expected = {by_code[code]: keys[row["adm2_pcode"]] for code, row in COMMUNES.items()}
    assert dict(published) == expected
    assert all(key.startswith(f"{parent}-") for key, parent in expected.items())


@pytest.mark.parametrize(("kind", "level"), [("Region", "1"), ("Cercle", "2"), ("Commune", "3")])
def test_each_class_is_of_one_level(release_store: ox.Store, kind: str, level: str) -> None:
    query = f"DISTINCT ?level {{ ?s a ul:{kind} ; ul:adminLevel ?level }}"
    assert rows(release_store, query) == [(level,)]


def test_each_division_lies_within_the_country_by_its_parents(release_store: ox.Store) -> None:
    query = "(COUNT(DISTINCT ?s) AS ?n) { ?s a ul:Division ; ul:partOf+ country:mli }"
    assert rows(release_store, query) == [("774",)]


def test_points_and_areas_are_those_of_the_tables(
    release_store: ox.Store, by_code: dict[str, str]
) -> None:
    expected = {key: _place(row) for key, row in CERCLES.items()}
    expected |= {by_code[code]: _place(row) for code, row in COMMUNES.items()}
    query = """?s ?lat ?long ?area
      { ?s a ul:Subdivision ; wgs84:lat ?lat ; wgs84:long ?long ; geo:hasMetricArea ?area }"""
    published = {
        str(key): (float(lat or 0), float(long or 0), round(float(area or 0)))
        for key, lat, long, area in rows(release_store, query)
    }
    assert published == expected


def _place(row: dict[str, str]) -> tuple[float, float, int]:
    return float(row["lat"]), float(row["lon"]), round(float(row["area_km2"]) * 1_000_000)


def test_a_name_of_a_table_is_a_name_of_the_division_in_both_languages(
    release_store: ox.Store, by_code: dict[str, str]
) -> None:
    names = {key: row["name_fr"] for key, row in CERCLES.items()}
    names |= {by_code[code]: row["name_fr"] for code, row in COMMUNES.items()}
    query = "?s ?name (LANG(?name) AS ?tag) { ?s a ul:Subdivision ; skos:altLabel ?name }"
    published = set(rows(release_store, query))
    for key, name in names.items():
        plain = name.replace("'", "’")
        english = "Timbuktu" if plain == "Tombouctou" else plain
        assert {(key, plain, "fr"), (key, english, "en")} <= published


@pytest.mark.parametrize(
    ("key", "french", "english"),
    [
        ("bafoulabe", "Cercle de Bafoulabé", "Bafoulabé Cercle"),
        ("ansongo", "Cercle d’Ansongo", "Ansongo Cercle"),
        ("tombouctou", "Cercle de Tombouctou", "Timbuktu Cercle"),
        ("bamako", "Bamako (deuxième niveau)", "Bamako (second level)"),
        ("bafoulabe-diakon", "Commune de Diakon", "Diakon Commune"),
        ("ansongo-ouattagouna", "Commune de Ouattagouna", "Ouattagouna Commune"),
        ("bamako-commune-i", "Commune I de Bamako", "Commune I of Bamako"),
    ],
)
def test_a_division_is_called_as_people_call_it(
    release_store: ox.Store, key: str, french: str, english: str
) -> None:
    query = f"?name {{ division:{key} skos:prefLabel ?name }} ORDER BY LANG(?name)"
    assert rows(release_store, query) == [(english,), (french,)]


def test_an_identifier_is_the_same_thing_but_where_the_sources_doubt_it(
    release_store: ox.Store,
) -> None:
    close = "?s { ?s a ul:Cercle ; skos:closeMatch ?other ; skos:note ?note FILTER (LANG(?note) = 'en') }"
    assert {key for [key] in rows(release_store, close)} == {"bamako", "kidal", "tessalit"}
    assert rows(
        release_store, "(COUNT(*) AS ?n) { ?s a ul:Commune ; owl:sameAs|skos:closeMatch ?o }"
    ) == [("0",)]


def test_no_identifier_that_one_source_alone_gives_is_published(release_store: ox.Store) -> None:
    doubted = ("Q1538145", "Q1902391", "Q806313", "Q213507", "Q1499253", "Q570016", "Q474936")
    values = " ".join(f'"{item}"' for item in doubted)
    query = f"?o {{ VALUES ?item {{ {values} }} ?s ?p ?o FILTER (CONTAINS(STR(?o), ?item)) }}"
    assert rows(release_store, query) == []


def test_nine_regions_came_in_2023_and_no_code_of_iso_3166_2_is_made_up_for_them(
    release_store: ox.Store,
) -> None:
    query = """?s ?from { ?s a ul:Region ; ul:splitFrom ?from ; ul:effectiveFrom "2023-03-13"^^xsd:date }"""
    assert dict(rows(release_store, query)) == CREATED_IN_2023
    assert {
        key: row["predecessor_key"] for key, row in REGIONS.items() if row["in_iso_3166_2"] == "no"
    } == CREATED_IN_2023
    assert not CREATED_IN_2023.keys() & codes(release_store, "iso3166-2", "Region").keys()


def test_a_change_has_its_date_its_law_and_what_it_did(release_store: ox.Store) -> None:
    query = """?change ?date ?law { ?change a ul:TerritorialChange ; dcterms:date ?date ; ul:law ?law
      FILTER (LANG(?law) = "en") } ORDER BY ?date"""
    assert rows(release_store, query) == [
        ("2016-regions", "2016-01-19", "Law 2012-017 of 2 March 2012"),
        ("2023-regions", "2023-03-13", "Laws 2023-006 and 2023-007 of 13 March 2023"),
    ]
    done = set(rows(release_store, "?change ?o { ?change ul:created ?o }"))
    assert done == {("2016-regions", "menaka"), ("2016-regions", "taoudenit")} | {
        ("2023-regions", key) for key in CREATED_IN_2023
    }
    done = set(rows(release_store, "?change ?o { ?change ul:changed ?o }"))
    assert done == {("2016-regions", "gao"), ("2016-regions", "tombouctou")} | {
        ("2023-regions", key) for key in SPLIT_IN_2023
    }


EXTENT: Final = """?s ?of ?from ?until { ?s a ul:Extent ; ul:extentOf ?of
  OPTIONAL { ?s ul:validFrom ?from } OPTIONAL { ?s ul:validUntil ?until } }"""


def test_a_region_has_an_extent_for_each_time(release_store: ox.Store) -> None:
    extents = {(of, begin, end) for _, of, begin, end in rows(release_store, EXTENT)}
    expected: set[tuple[str | None, ...]] = {("kidal", None, None), ("bamako", None, None)}
    for key in SPLIT_IN_2023:
        expected |= {(key, None, "2023-03-12"), (key, "2023-03-13", None)}
    for key in CREATED_IN_2023:
        expected.add((key, "2023-03-13", None))
    for key in ("gao", "tombouctou"):
        expected |= {(key, None, "2016-01-18"), (key, "2016-01-19", None)}
    for key in ("menaka", "taoudenit"):
        expected.add((key, "2016-01-19", None))
    assert extents == expected


@pytest.mark.parametrize(
    ("day", "column"), [("2020-01-01", "region_key"), ("2024-01-01", "law2023_region_key")]
)
def test_the_extents_of_a_day_share_out_the_cercles_as_the_table_does(
    release_store: ox.Store, day: str, column: str
) -> None:
    """The cercle of Tombouctou apart: its communes are shared out, since one is in Taoudénit."""
    query = f"""?part ?of {{ ?s a ul:Extent ; ul:extentOf ?of ; ul:composedOf ?part . ?part a ul:Cercle
      OPTIONAL {{ ?s ul:validFrom ?from }} OPTIONAL {{ ?s ul:validUntil ?until }}
      FILTER (!BOUND(?from) || ?from <= "{day}"^^xsd:date)
      FILTER (!BOUND(?until) || ?until >= "{day}"^^xsd:date) }}"""
    shared = rows(release_store, query)
    assert len(shared) == 52
    assert dict(shared) == {key: row[column] for key, row in CERCLES.items() if key != "tombouctou"}


def test_taoudenit_is_the_commune_salam_and_says_that_this_is_a_reading(
    release_store: ox.Store,
) -> None:
    assert rows(release_store, "?part { extent:taoudenit-2016 ul:composedOf ?part }") == [
        ("tombouctou-salam",)
    ]
    parts = {
        part for [part] in rows(release_store, "?p { extent:tombouctou-2016 ul:composedOf ?p }")
    }
    assert "tombouctou-salam" not in parts
    assert {"dire", "goundam", "gourma-rharous", "niafunke"} < parts
    [[note]] = rows(
        release_store,
        "?note { geometry:region-taoudenit skos:note ?note FILTER (LANG(?note) = 'en') }",
    )
    assert note is not None
    assert "a reading, stated in no file" in note


BOUNDARIES: Final = """?s ?wkt { ?s a ul:%s ; geo:hasDefaultGeometry/geo:asWKT ?wkt }"""


def boundaries(store: ox.Store, kind: str) -> dict[str, shapely.Geometry]:
    """Return the default geometry of each thing of a class."""
    return {str(key): shapely.from_wkt(wkt) for key, wkt in rows(store, BOUNDARIES % kind)}


def test_regions_and_cercles_are_one_coverage(release_store: ox.Store) -> None:
    regions, cercles = boundaries(release_store, "Region"), boundaries(release_store, "Cercle")
    assert set(regions) == set(REGIONS) - set(CREATED_IN_2023)
    assert set(cercles) == set(CERCLES)
    for polygons in (regions, cercles):
        assert shapely.coverage_is_valid(list(polygons.values()))
        assert all(polygon.is_valid for polygon in polygons.values())
    whole = shapely.union_all(list(regions.values()))
    assert whole.symmetric_difference(shapely.union_all(list(cercles.values()))).area < 1e-9


def test_an_extent_has_the_area_of_its_parts_and_so_has_its_polygon(
    release_store: ox.Store,
) -> None:
    query = """?s ?area ?wkt (SUM(?part) AS ?parts) { ?s a ul:Extent ; geo:hasMetricArea ?area ;
      geo:hasDefaultGeometry/geo:asWKT ?wkt ; ul:composedOf/geo:hasMetricArea ?part } GROUP BY ?s ?area ?wkt"""
    measured = rows(release_store, query)
    assert len(measured) == 13
    for key, stated, wkt, parts in measured:
        assert float(stated or 0) == pytest.approx(float(parts or 0), abs=3e6), key
        assert float(stated or 0) == pytest.approx(area(shapely.from_wkt(wkt)), rel=0.005), key


def test_areas_touches_and_boxes_follow_from_the_boundaries(release_store: ox.Store) -> None:
    regions = boundaries(release_store, "Region")
    touches = set(rows(release_store, "?s ?o { ?s a ul:Region ; geo:sfTouches ?o }"))
    expected = {
        (one, other)
        for one in regions
        for other in regions
        if one != other and regions[one].touches(regions[other])
    }
    assert touches == expected
    assert ("bamako", "koulikoro") in touches
    assert ("kayes", "gao") not in touches
    query = "?s ?wkt { ?s a ul:Region ; geo:hasBoundingBox/geo:asWKT ?wkt }"
    for key, wkt in rows(release_store, query):
        assert shapely.from_wkt(wkt).bounds == pytest.approx(regions[str(key)].bounds)
    query = """?s { ?s geo:sfTouches ?o FILTER NOT EXISTS { ?o geo:sfTouches ?s } }"""
    assert rows(release_store, query) == []


def test_what_is_derived_stands_in_a_derived_graph(release_store: ox.Store) -> None:
    query = """DISTINCT ?g { GRAPH ?g { ?s geo:hasBoundingBox|geo:sfTouches ?o } }"""
    assert rows(release_store, query) == [(f"{NAMES.graph('derived/spatial')}".split("/")[-1],)]
