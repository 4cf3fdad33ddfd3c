"""/query/{key}: example queries as addresses that a spreadsheet reads, with typed parameters."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from unicef_linked.dataset.questions import QuestionCatalogue

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded


def column(client: FlaskClient, address: str, name: str) -> list[str]:
    """Return one column of an answer as CSV, entities by their ids."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    assert response.content_type == "text/csv; charset=utf-8"
    rows = csv.DictReader(io.StringIO(response.text, newline=""))
    return [row[name].split("/id/")[-1] for row in rows]


@pytest.mark.parametrize(
    ("address", "name", "expected"),
    [
        ("office-for-region.csv", "office", ["office/gao"]),
        ("office-for-region.csv?region=region/kayes", "office", ["office/kayes"]),
        ("office-for-region.csv?region=mopti", "office", ["office/mopti"]),
        (
            "office-for-region.csv?region=kayes&region=mopti",
            "office",
            ["office/kayes", "office/mopti"],
        ),
        (
            "office-for-region.csv?region=https://w3id.org/unicef-linked/id/region/sikasso",
            "office",
            ["office/sikasso"],
        ),
        ("office-for-region.csv?region=segou", "office", []),
        ("office-for-region.csv?region=", "office", ["office/gao"]),
        ("cercle-code-clash.csv?code=ML0103", "cercle", ["division/kayes", "division/diema"]),
        (
            "divisions-at-point.csv?latitude=16.27&longitude=-0.04",
            "division",
            ["region/gao", "division/gao"],
        ),
    ],
)
def test_an_address_answers_a_question_with_its_parameters(
    client: FlaskClient, address: str, name: str, expected: list[str]
) -> None:
    assert column(client, f"/query/{address}", name) == expected


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("office-for-region.csv?regoin=gao", "has no parameter 'regoin'; it has region"),
        ("staff-total.csv?office=gao", "has no parameter 'office'; it has none"),
        ("office-for-region.csv?region=paris", "region='paris' is no Region here"),
        ("office-for-region.csv?region=office/gao", "is no Region here"),
        ('office-for-region.csv?region="> } #', "is no Region here"),
        ("cercle-code-clash.csv?code=x", "does not match ^[A-Z]{2}[0-9]{2,}$, such as ML0101"),
        ("divisions-at-point.csv?latitude=north", "is not of the type decimal, such as 14.35"),
        ("divisions-at-point.csv?latitude=90.5", "is more than 90"),
        ("divisions-at-point.csv?longitude=-181", "is less than -180"),
        (f"cercle-code-clash.csv?code={'M' * 201}", "more than 200 characters"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(
    client: FlaskClient, address: str, message: str
) -> None:
    response = client.get(f"/query/{address}")
    assert response.status_code == 400
    assert message in str(json.loads(response.data)["detail"])


def test_each_question_answers_in_each_format_of_its_form(
    client: FlaskClient, release: Release, store: Embedded
) -> None:
    """By its default parameters: the first of each form in all formats, the others in one."""
    seen: set[str] = set()
    formats = {
        "select": ("csv", "tsv", "json", "xml", "srj", "srx"),
        "ask": ("json", "xml"),
        "construct": ("ttl", "nt", "rdf", "jsonld", "json", "trig", "nq"),
    }
    for key, question in QuestionCatalogue(store, release.names).by_key.items():
        suffixes = formats[question.form]
        for suffix in suffixes if question.form not in seen else suffixes[:1]:
            response = client.get(f"/query/{key}.{suffix}")
            assert response.status_code == 200, (key, suffix)
            assert response.headers["Content-Location"].startswith(f"/query/{key}.")
        seen.add(question.form)
    assert seen == formats.keys()


def test_an_address_is_cached_like_a_document(client: FlaskClient) -> None:
    first = client.get("/query/office-for-region.csv?region=kayes")
    assert first.headers["ETag"].startswith('"')
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert "office-for-region.json?region=kayes" in first.headers["Link"]
    again = client.get(
        "/query/office-for-region.csv?region=kayes",
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304
    assert first.headers["ETag"] != client.get("/query/office-for-region.csv").headers["ETag"]
    head = client.head("/query/office-for-region.csv")
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/sparql-results+json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("application/xml", "application/sparql-results+xml"),
    ],
)
def test_without_an_extension_the_format_is_negotiated(
    client: FlaskClient, accept: str, content_type: str
) -> None:
    response = client.get("/query/office-for-region", headers={"Accept": accept})
    assert response.content_type == content_type
    assert "Accept" in response.headers["Vary"]


def test_a_browser_is_led_to_the_editor_with_the_query(client: FlaskClient) -> None:
    response = client.get("/query/office-for-region?region=kayes", headers={"Accept": "text/html"})
    assert response.status_code == 303
    assert "id%2Fregion%2Fkayes%3E" in response.headers["Location"]
    editor = client.get("/sparql", headers={"Accept": "text/html"}).text
    assert 'href="/query/office-for-region.csv"' in editor
    page = client.get("/doc/question/office-for-region?lang=fr", headers={"Accept": "text/html"})
    assert "/query/office-for-region.csv" in page.text


def test_labels_are_in_the_language_that_is_asked(client: FlaskClient) -> None:
    address = "/query/cercles-of-region.csv"
    assert column(client, f"{address}?lang=fr", "cercleLabel")[0] == "Cercle de Bafoulabé"
    assert column(client, address, "cercleLabel")[0] == "Bafoulabé Cercle"


@pytest.mark.parametrize("path", ["nothing.csv", "staff-total.ttl", "staff-total.exe", "Staff"])
def test_what_is_no_address_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/query/{path}").status_code == 404


def test_openapi_lists_them_with_titles_and_parameters(client: FlaskClient) -> None:
    paths: Any = client.get("/openapi.json").get_json()["paths"]
    operation = paths["/query/office-for-region.{extension}"]["get"]
    assert operation["summary"] == "Which office covers the Ménaka Region?"
    assert "Quel bureau couvre la région de Ménaka" in operation["description"]
    [_, region] = operation["parameters"]
    assert (region["name"], region["example"]) == ("region", ["region/menaka"])
    assert client.get("/query").headers["Location"] == "/doc/question"


def test_a_value_cannot_leave_its_place(release: Release, store: Embedded) -> None:
    question = QuestionCatalogue(store, release.names).by_key["cercle-code-clash"]
    text = question.with_values({"code": [ox.Literal('" } } DROP ALL # \\')]})
    assert 'VALUES ?code { "\\" } } DROP ALL # \\\\" }' in text
