"""A country that is not, from one file and its page: validated, built, served, asked,
exported, reconciled, by no code.
"""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.conftest import ROOT

from unicef_linked.build import Content, build
from unicef_linked.rdf.iris import Names
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.pool.launcher import run_evaluators
from unicef_linked.validation.page import check_page
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

FOLDER: Final = ROOT / "tests" / "countries" / "atlantis"


@pytest.fixture(scope="module")
def atlantis(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of the country, with the exports and the words for lookup that the package has."""
    packaged = Content.packaged()
    data = (FOLDER / "atlantis.ttl", ROOT / "data" / "lookup", ROOT / "data" / "exports")
    return build(replace(packaged, data=data), tmp_path_factory.mktemp("atlantis") / "release")


@pytest.fixture(scope="module")
def visitor(atlantis: Release, settings: Settings) -> Iterator[FlaskClient]:
    """A client of a server of the country."""
    with (
        run_evaluators(atlantis, settings) as processes,
        closing(Embedded(atlantis, processes.address, settings)) as store,
    ):
        yield create_app(settings, atlantis, store).test_client()


def test_its_page_says_what_its_claims_say(atlantis: Release) -> None:
    assert check_page(atlantis.quads(), (FOLDER / "page.txt").read_bytes(), Names()) == []


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/dataset", "/quality", "/pictures", "/sparql", "/docs", "/ontology"),
        *("/doc/office", "/doc/office/xat-port-neuf", "/doc/region/xat-centre", "/doc/question"),
        *("/search?q=Port-Neuf", "/resolve?code=XA01", "/resolve?lat=31.5&lon=-24.5"),
    ],
)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_page_is_of_this_country(visitor: FlaskClient, path: str, language: str) -> None:
    response = visitor.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200
    if path != "/ontology":  # the classes of Mali's divisions are its own
        assert "Mali" not in response.text


def test_its_home_page_has_its_title(visitor: FlaskClient) -> None:
    page = visitor.get("/", headers={"Accept": "text/html", "Accept-Language": "fr"}).text
    assert "L’UNICEF en Atlantide" in page


def test_its_facts_follow(visitor: FlaskClient) -> None:
    office: Any = visitor.get("/doc/office/xat-port-neuf.jsonld").get_json()
    graph = json.dumps(office)
    assert '"staffCount": 7' in graph
    assert "country/xat" in graph


def test_its_question_is_an_address(visitor: FlaskClient) -> None:
    for region in ("", "?region=xat-centre", "?region=region/xat-littoral"):
        text = visitor.get(f"/query/office-for-region.csv{region}").text
        assert text.splitlines()[1:] == [f"{Names().entities}office/xat-port-neuf"]


@pytest.mark.parametrize(
    ("query", "types", "properties", "expected"),
    [
        ("Littoral", "Region", {}, "region/xat-littoral"),
        ("Région du Centre", "", {}, "region/xat-centre"),
        ("Atlantis > Centre", "", {}, "region/xat-centre"),
        ("pcode:XA01", "", {}, "region/xat-littoral"),
        ("Centre", "Region", {"partOf": "Atlantide"}, "region/xat-centre"),
        ("Centre", "Region", {"partOf": "Mali"}, None),
        ("Gao", "Region", {}, None),
    ],
)
def test_its_names_are_reconciled(
    visitor: FlaskClient, query: str, types: str, properties: dict[str, str], expected: str | None
) -> None:
    asked: dict[str, Any] = {"query": query}
    if types:
        asked["type"] = types
    if properties:
        asked["properties"] = [{"pid": pid, "v": value} for pid, value in properties.items()]
    answer: Any = visitor.get("/reconcile", query_string={"queries": json.dumps({"q": asked})})
    matches = [found["id"] for found in answer.get_json()["q"]["result"] if found["match"]]
    assert matches == ([expected] if expected else [])


def test_its_tables_are_exported(visitor: FlaskClient) -> None:
    rows = list(csv.DictReader(io.StringIO(visitor.get("/export/3w.csv").text, newline="")))[1:]
    assert {(r["location_code"], r["admin1_code"], r["coverage_basis"]) for r in rows} == {
        ("XAT", "XA01", "stated"),
        ("XAT", "XA02", "stated"),
    }
    geojson: Any = visitor.get("/export/regions.geojson").get_json()
    assert [f["id"].rpartition("/")[2] for f in geojson["features"] if f["geometry"]] == [
        "xat-littoral"
    ]


def test_what_documentation_names_is_there(visitor: FlaskClient) -> None:
    description: Any = visitor.get("/openapi.json").get_json()
    text = json.dumps(description)
    assert "xat-port-neuf" in text
    assert "/query/office-for-region.{extension}" in text
    for path in ("/doc/{type}/{key}", "/graph/{graph}", "/query/{question}", "/doc/{type}"):
        operation = description["paths"][path]["get"]
        address = path
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                address = address.replace(f"{{{parameter['name']}}}", parameter["example"])
        assert visitor.get(address).status_code == 200, address
