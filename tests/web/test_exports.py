"""/export/: programs of other trades read what we export, and find in it what SPARQL says."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import csvw
import geojson
import hxl
import pyoxigraph as ox
import pytest
import shapely
from tests.conftest import ROOT, defined_exports

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.exports.files import find_file, write_exports
from unicef_linked.exports.geojson import bounds
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.exports.definitions import Export
    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"
PREFIXES: Final = f"""
PREFIX ul: <{BASE}ontology#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
MATCHES: Final = (
    "owl:sameAs",
    *(f"skos:{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related")),
)

EXPORTS: Final = defined_exports()
every_export = pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)


@pytest.fixture(scope="module")
def folder(app: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every export in a folder, as downloaded."""
    path: Path = tmp_path_factory.mktemp("exports")
    for export in EXPORTS:
        (path / export.name).write_bytes(app.test_client().get(f"/export/{export.name}").data)
    return path


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answers(client: FlaskClient, query: str) -> list[dict[str, str]]:
    """Return what /sparql says."""
    answer = client.post(
        "/sparql", data={"query": PREFIXES + query}, headers={"Accept": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


# HTTP


@every_export
def test_an_export_is_a_file_of_its_media_type(client: FlaskClient, export: Export) -> None:
    response = client.get(
        f"/export/{export.name}", headers={"Accept": "application/x-nothing-of-the-kind"}
    )
    assert response.status_code == 200
    assert response.content_type == export.content_type
    assert response.headers["Content-Disposition"] == f'attachment; filename="{export.name}"'
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    head = client.head(f"/export/{export.name}")
    assert head.data == b""
    assert head.content_length == len(response.data)
    again = client.get(
        f"/export/{export.name}", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert again.status_code == 304


@every_export
def test_an_export_is_packed_where_that_is_asked(client: FlaskClient, export: Export) -> None:
    plain = client.get(f"/export/{export.name}")
    packed = client.get(f"/export/{export.name}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("name", ["offices.csv", "regions.csv"])
def test_a_table_says_where_its_columns_are_described(client: FlaskClient, name: str) -> None:
    response = client.get(f"/export/{name}")
    assert "header=present" in response.content_type
    found = re.search(
        r'<([^>]+)>; rel="describedby"; type="application/csvm\+json"', response.headers["Link"]
    )
    assert found
    assert client.get(found[1]).get_json()["url"] == name


def test_what_is_not_there_is_not_found_and_what_is_there_is_named(client: FlaskClient) -> None:
    response = client.get("/export/nothing.csv")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert all(export.name in response.get_json()["detail"] for export in EXPORTS)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_list_of_exports_is_a_page_in_both_languages(
    client: FlaskClient, language: str
) -> None:
    page = client.get(f"/export/?lang={language}", headers={"Accept": "text/html"})
    assert page.headers["Content-Language"] == language
    for export in EXPORTS:
        assert f'href="/export/{export.name}"' in page.text
        assert export.titles[language] in page.text


def test_the_list_of_exports_is_data_too(client: FlaskClient) -> None:
    files = client.get("/export/").get_json()["files"]
    assert [(file["name"], file["mediaType"]) for file in files] == [
        (e.name, e.media_type) for e in EXPORTS
    ]


@every_export
def test_data_of_others_is_exported_as_a_header_alone(
    tmp_path: Path, settings: Settings, export: Export, evaluators: Any
) -> None:
    (tmp_path / "data.ttl").write_text(
        "<http://other.example/a> a <http://other.example/Thing> .", encoding="utf-8"
    )
    definitions = ROOT / "data" / "exports"
    release = snapshot([tmp_path / "data.ttl", definitions], tmp_path / "release")
    with closing(Embedded(release, evaluators.address, settings)) as store:
        client = create_app(settings, release, store).test_client()
        response = client.get(f"/export/{export.name}")
    assert response.status_code == 200
    assert response.content_type == export.content_type


def test_data_that_defines_no_export_has_none(
    tmp_path: Path, settings: Settings, evaluators: Any
) -> None:
    (tmp_path / "data.ttl").write_text("<http://other.example/a> a <x:y> .", encoding="utf-8")
    release = snapshot([tmp_path / "data.ttl"], tmp_path / "release")
    with closing(Embedded(release, evaluators.address, settings)) as store:
        client = create_app(settings, release, store).test_client()
        assert client.get("/export/").get_json()["files"] == []
        assert client.get("/export/", headers={"Accept": "text/html"}).status_code == 200
        response = client.get("/export/offices.csv")
    assert response.status_code == 404
    assert "none" in response.get_json()["detail"]


# Readers


def test_libhxl_reads_and_accepts_the_presence_table(client: FlaskClient, folder: Path) -> None:
    content = (folder / "3w.csv").read_bytes()
    source = hxl.data(io.BytesIO(content))
    rows = list(source)
    tags = [column.display_tag for column in source.columns]
    expected = answers(
        client, "SELECT * { ?office ul:coversRegion ?region ; ul:worksInSector ?sector }"
    )
    assert len(rows) == len(expected) == 39
    assert len(
        {(r.get("#org+office+id"), r.get("#adm1+id"), r.get("#sector+id")) for r in rows}
    ) == len(rows)
    assert {"#org+name", "#sector+name", "#adm1+name", "#country+name"} <= set(tags)
    assert hxl.validate(hxl.data(io.BytesIO(content)))["is_valid"]


def test_the_presence_table_has_the_columns_of_hdx_hapi(folder: Path) -> None:
    header = set(table(folder / "3w.csv")[0])
    assert {f"location_{part}" for part in ("ref", "code", "name")} <= header
    assert {
        f"admin{level}_{part}" for level in (1, 2) for part in ("ref", "code", "name")
    } <= header
    assert {"org_acronym", "org_name", "org_type_code", "org_type_description"} <= header
    assert {"sector_code", "sector_name", "resource_hdx_id"} <= header
    assert {"reference_period_start", "reference_period_end"} <= header


def test_the_presence_table_says_who_does_what_where(folder: Path) -> None:
    rows = table(folder / "3w.csv")[1:]
    assert {(r["location_code"], r["location_name"]) for r in rows} == {("MLI", "Mali")}
    assert {(r["org_acronym"], r["org_name"]) for r in rows} == {
        ("UNICEF", "United Nations Children’s Fund")
    }
    gao = [r for r in rows if r["office"].endswith("/gao")]
    assert {(r["admin1_code"], r["region_code"]) for r in gao} == {
        ("ML07", "ML-7"),
        ("ML08", "ML-8"),
        ("ML10", "ML-9"),
    }
    assert {(r["admin1_name"], r["coverage_basis"]) for r in gao} == {
        ("Gao", "stated"),
        ("Kidal", "stated"),
        ("Ménaka", "stated"),
    }
    others = {r["admin1_name"]: r["coverage_basis"] for r in rows if r not in gao}
    assert others == dict.fromkeys(("Kayes", "Mopti", "Sikasso", "Tombouctou"), "inferred")
    assert {(r["office_place"], r["office_cercle_pcode"]) for r in gao} == {("Gao", "ML0703")}
    sectors = {
        r["sector"].rpartition("/")[2]: (r["sector_code"], r["subsector_code"]) for r in rows
    }
    assert sectors == {
        "c4d": ("", ""),
        "child-protection": ("PRO-CPN", "PRO-CPN"),
        "education": ("EDU", ""),
        "health": ("HEA", ""),
        "hygiene": ("WSH", ""),
        "nutrition": ("NUT", ""),
        "wash": ("WSH", ""),
        "water": ("WSH", ""),
    }


@pytest.mark.parametrize(("name", "number"), [("offices", 6), ("regions", 20)])
def test_csvw_accepts_the_tables_by_their_descriptions(
    folder: Path, name: str, number: int
) -> None:
    described = csvw.CSVW(str(folder / f"{name}.csv-metadata.json"), validate=True)
    assert described.is_valid
    assert len(list(described.tables[0])) == number


def test_the_description_of_a_column_is_what_the_ontology_says_of_it(folder: Path) -> None:
    metadata = json.loads((folder / "regions.csv-metadata.json").read_text(encoding="utf-8"))
    pcode = next(
        column for column in metadata["tableSchema"]["columns"] if column["name"] == "pcode"
    )
    assert pcode["propertyUrl"] == "http://www.w3.org/2004/02/skos/core#notation"
    assert pcode["datatype"]["@id"] == f"{BASE}ontology#pcode"
    assert re.fullmatch(pcode["datatype"]["format"], "ML07")
    assert {text["@language"] for text in pcode["dc:description"]} == {"en", "fr"}


def test_the_offices_have_the_staff_that_sparql_counts(client: FlaskClient, folder: Path) -> None:
    expected = answers(
        client,
        "SELECT ?office ?staff { ?office a ul:Office OPTIONAL { ?office ul:staffCount ?staff } }",
    )
    rows = table(folder / "offices.csv")
    assert {r["office"]: r["staff_count"] for r in rows} == {
        r["office"]: r["staff"] for r in expected
    }
    assert sum(int(r["staff_count"] or 0) for r in rows) == 66


def test_an_office_says_where_each_coverage_is_from_and_in_which_cercle_it_is(
    folder: Path,
) -> None:
    rows = {r["office"].rpartition("/")[2]: r for r in table(folder / "offices.csv")}
    assert rows["gao"]["covers_region_pcode"] == "ML07|ML08|ML10"
    assert rows["gao"]["coverage_basis"] == "stated|stated|stated"
    assert rows["kayes"]["coverage_basis"] == "inferred"
    assert rows["bamako"]["coverage_basis"] == ""
    cercles = {key: row["place_cercle"].rpartition("/")[2] for key, row in rows.items()}
    assert cercles == {key: key for key in rows}
    assert rows["kayes"]["place_cercle_name_fr"] == "Cercle de Kayes"


@pytest.mark.parametrize(
    ("column", "datatype"),
    [
        ("iso3166_2", "iso3166-2"),
        ("pcode", "pcode"),
        ("geonames_id", "geonamesId"),
        ("geonames_admin1", "geonamesAdmin1"),
        ("wikidata_id", "wikidataId"),
        ("osm_relation", "osmRelation"),
        ("fips10_4", "fips10-4"),
        ("hasc", "hasc"),
        ("ne_adm1_code", "neAdm1Code"),
        ("woeid", "woeid"),
        ("wof_id", "wofId"),
    ],
)
def test_the_crosswalk_has_every_code_that_sparql_has(
    client: FlaskClient, folder: Path, column: str, datatype: str
) -> None:
    query = f"SELECT ?region ?code {{ ?region a ul:Region ; skos:notation ?code FILTER(DATATYPE(?code) = ul:{datatype}) }}"
    expected = {row["region"]: row["code"] for row in answers(client, query)}
    assert expected
    assert {r["region"]: r[column] for r in table(folder / "regions.csv") if r[column]} == expected


def test_the_crosswalk_has_the_names_in_every_language(client: FlaskClient, folder: Path) -> None:
    languages = answers(
        client, "SELECT DISTINCT (LANG(?name) AS ?l) { ?region a ul:Region ; skos:prefLabel ?name }"
    )
    row = next(r for r in table(folder / "regions.csv") if r["region"].endswith("/tombouctou"))
    assert {f"name_{r['l'].lower().replace('-', '_')}" for r in languages} == {
        n for n in row if n.startswith("name_")
    }
    assert (row["name_en"], row["name_fr"]) == ("Timbuktu Region", "Région de Tombouctou")


def test_the_crosswalk_tells_an_equal_from_a_near_match(folder: Path) -> None:
    gao = next(r for r in table(folder / "regions.csv") if r["region"].endswith("/gao"))
    assert "https://spelunker.whosonfirst.org/id/85674521" in gao["close_match"].split("|")
    assert "http://www.wikidata.org/entity/Q332392" in gao["same_as"].split("|")
    assert "https://sws.geonames.org/2457161/" in gao["same_as"].split("|")


@pytest.mark.parametrize(("name", "number"), [("offices", 6), ("regions", 20)])
def test_maps_are_valid_geojson(folder: Path, name: str, number: int) -> None:
    found = geojson.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))
    assert found.is_valid, found.errors()
    assert "crs" not in found
    assert len(found.features) == number
    located = [feature.geometry for feature in found.features if feature.geometry]
    assert found.bbox == bounds(located)
    west, south, east, north = found.bbox
    assert (-12.3 < west < east < 4.3, 10.1 < south < north < 25.1) == (
        True,
        True,
    )  # Mali, longitude first
    for feature in found.features:
        assert feature.id.startswith(f"{BASE}id/")
        assert {"name_en", "name_fr"} <= set(feature.properties)
        if feature.geometry is None:  # RFC 7946, section 3.2: unlocated
            assert "bbox" not in feature
            continue
        assert feature.bbox == bounds([feature.geometry])
        if feature.geometry.type == "Polygon":
            outside, *holes = feature.geometry.coordinates
            assert shapely.LinearRing(outside).is_ccw
            assert not any(shapely.LinearRing(hole).is_ccw for hole in holes)


def test_regions_without_a_boundary_are_unlocated(folder: Path) -> None:
    features = geojson.loads((folder / "regions.geojson").read_text(encoding="utf-8")).features
    unlocated = {f.id.rpartition("/")[2] for f in features if f.geometry is None}
    assert len(unlocated) == 9
    assert {"bandiagara", "nioro"} < unlocated
    assert {f.geometry.type for f in features if f.geometry} == {"Polygon"}


def test_a_map_has_numbers_as_numbers_codes_as_text_and_lists_as_lists(folder: Path) -> None:
    features = geojson.loads((folder / "offices.geojson").read_text(encoding="utf-8")).features
    gao = next(f.properties for f in features if f.id.endswith("/gao"))
    assert (gao["staff_count"], gao["longitude"], gao["opened_on"]) == (14, -0.04472, "2013")
    assert gao["covers_region_pcode"] == ["ML07", "ML08", "ML10"]
    bamako = next(f.properties for f in features if f.id.endswith("/bamako"))
    assert bamako["staff_count"] is None


def test_the_mapping_set_follows_the_rules_of_sssom(client: FlaskClient, folder: Path) -> None:
    # By the rules and not by the sssom package, which would bring some sixty others along.
    lines = (folder / "mappings.sssom.tsv").read_text(encoding="utf-8").splitlines()
    header = [line[1:] for line in lines if line.startswith("#")]
    start = header.index("curie_map:") + 1
    prefixes = dict(re.findall(r'^  (\w+): "([^"]+)"$', "\n".join(header[start:]), re.MULTILINE))
    slots = dict(re.findall(r'^(\w+): "(.*)"$', "\n".join(header), re.MULTILINE))
    assert slots["mapping_set_id"].startswith(BASE)
    assert slots["license"] == "https://creativecommons.org/licenses/by/4.0/"
    rows = list(csv.DictReader(lines[len(header) :], delimiter="\t"))

    def expand(curie: str) -> str:
        prefix, _, local = curie.partition(":")
        return prefixes[prefix] + local

    found = {
        (expand(r["subject_id"]), expand(r["predicate_id"]), expand(r["object_id"])) for r in rows
    }
    stated = answers(
        client,
        f"""SELECT ?s ?p ?o {{ VALUES ?p {{ {" ".join(MATCHES)} }} ?s ?p ?o FILTER(STRSTARTS(STR(?s), "{BASE}id/")) }}""",
    )
    assert found == {(r["s"], r["p"], r["o"]) for r in stated}
    assert len(rows) == len(found)
    assert {r["mapping_justification"] for r in rows} == {"semapv:ManualMappingCuration"}
    assert all(
        r["subject_label"] and expand(r["mapping_source"]).startswith(f"{BASE}graph/") for r in rows
    )


# The command line, and the whole dataset


@every_export
def test_the_command_writes_what_the_server_sends(
    release: Release, folder: Path, tmp_path: Path, export: Export
) -> None:
    out, name = tmp_path / "out", export.short_name or export.name
    assert main(["export", name, "--release", str(release.path), "--out", str(out)]) == 0
    assert out.read_bytes() == (folder / export.name).read_bytes()
    assert list(tmp_path.iterdir()) == [out]


def test_an_export_with_a_short_name_is_written_by_its_own_too(
    release: Release, folder: Path, tmp_path: Path
) -> None:
    out, name = tmp_path / "out", "3w.csv"
    assert main(["export", name, "--release", str(release.path), "--out", str(out)]) == 0
    assert out.read_bytes() == (folder / name).read_bytes()


def test_short_names_are_those_of_the_commands_that_people_know() -> None:
    short = {export.short_name: export.name for export in EXPORTS if export.short_name}
    assert short == {"hxl": "3w.csv", "csv": "offices.csv", "geojson": "offices.geojson"}


def test_the_hash_of_a_release_is_that_of_its_canonical_form(release: Release) -> None:
    dataset = ox.Dataset(release.quads())
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    canonical = "".join(sorted(f"{quad} .\n" for quad in dataset)).encode()
    assert hashlib.sha256(canonical).hexdigest() == release.manifest.sha256
    assert (release.path / "dumps" / "dataset.nq").read_bytes() == canonical


def test_the_files_of_a_large_release_are_what_is_made_of_a_small_one(
    release: Release, store: Embedded, settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(release.path, tmp_path / "large")
    large = replace(release, path=tmp_path / "large")
    write_exports(large, store)
    with (large.path / "SHA256SUMS").open("a", encoding="utf-8") as sums:
        sums.writelines(f"0  exports/{export.name}\n" for export in EXPORTS)
    plain, of_files = (create_app(settings, each, store).test_client() for each in (release, large))
    for export in EXPORTS:
        path = find_file(large, export.name)
        assert path is not None
        expected, answer = (client.get(f"/export/{export.name}") for client in (plain, of_files))
        assert answer.data == expected.data == path.read_bytes()
        headers = ("Content-Type", "Content-Length", "Content-Disposition", "Link", "Cache-Control")
        assert [answer.headers.get(h) for h in headers] == [
            expected.headers.get(h) for h in headers
        ]
        path.write_bytes(b"?")
        assert of_files.get(f"/export/{export.name}?n=2").data == b"?"
