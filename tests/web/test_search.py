"""/search: every label in every language, the nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def search(client: FlaskClient, query: str, **more: str) -> Any:
    """Return the answer as JSON, for an English reader."""
    response = client.get(
        "/search", query_string={"q": query, **more}, headers={"Accept-Language": "en"}
    )
    assert response.status_code == 200
    assert response.content_type == "application/json"
    return response.json


@pytest.mark.parametrize(
    ("query", "first", "matched"),
    [
        ("Région de Tombouctou", "region/tombouctou", "Région de Tombouctou"),
        ("timbuktu region", "region/tombouctou", "Timbuktu Region"),
        ("tombouctu", "region/tombouctou", "Tombouctou"),
        ("منطقة غاو", "region/gao", "منطقة غاو"),
        ("menaka", "region/menaka", "Ménaka"),
        ("bureau de zone de gao", "office/gao", "Bureau de zone de Gao"),
        ("wash", "sector/wash", "WASH"),
        ("ML-7", "region/gao", None),
        ("Q912", "country/mli", None),
    ],
)
def test_a_name_is_found_however_it_is_typed(
    client: FlaskClient, query: str, first: str, matched: str | None
) -> None:
    best = search(client, query)["results"][0]
    assert best["id"] == first
    if matched:
        assert best["matched"] == matched


def test_a_result_says_what_it_is(client: FlaskClient) -> None:
    body = search(client, "Région de Gao")
    assert (body["query"], body["lang"]) == ("Région de Gao", "en")
    assert body["results"][0] == {
        "iri": "https://w3id.org/unicef-linked/id/region/gao",
        "id": "region/gao",
        "type": "Region",
        "label": "Gao Region",
        "lang": "en",
        "matched": "Région de Gao",
        "score": 100.0,
    }


def test_kinds_are_counted_and_one_can_be_asked_for(client: FlaskClient) -> None:
    all_kinds, offices = search(client, "gao"), search(client, "gao", type="ZoneOffice")
    assert all_kinds["total"] > offices["total"] == all_kinds["types"]["ZoneOffice"] == 1
    assert [result["id"] for result in offices["results"]] == ["office/gao"]


def test_results_are_leafed_through(client: FlaskClient) -> None:
    first, second = (
        search(client, "mopti", limit="2"),
        search(client, "mopti", limit="2", offset="2"),
    )
    assert len(first["results"]) == len(second["results"]) == 2
    assert first["total"] == second["total"]
    assert first["results"] != second["results"]


@pytest.mark.parametrize("query", ["", "   ", "xyzzy", "!", "ɔ" * 5000])
def test_what_names_nothing_has_an_empty_answer(client: FlaskClient, query: str) -> None:
    assert search(client, query)["results"] == []


def test_a_limit_is_a_number(client: FlaskClient) -> None:
    assert client.get("/search?q=gao&limit=many").status_code == 400


def test_a_reader_has_a_page_with_a_form(client: FlaskClient) -> None:
    page = client.get("/search?q=<b>gao&lang=fr", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert 'value="&lt;b&gt;gao"' in page.text
    found = client.get("/search?q=gao&lang=fr", headers={"Accept": "text/html"}).text
    assert 'href="/doc/region/gao?lang=fr"' in found
    assert "Région de Gao" in found
    assert "résultats" in found


def test_an_answer_tells_what_it_leaves_out(client: FlaskClient) -> None:
    whole = search(client, "gao", limit="100")
    part = search(client, "gao", limit="1", offset="1")
    assert (part["total"], part["limit"], part["offset"]) == (whole["total"], 1, 1)
    assert part["results"] == whole["results"][1:2]
    assert search(client, "gao", limit="1000")["limit"] == 100, "the limit that was applied"


def test_namesakes_are_told_apart_by_where_they_lie(client: FlaskClient) -> None:
    body: Any = client.get("/search?q=Benkadi&lang=en").get_json()
    found = [(r["id"], r["within"][0]) for r in body["results"] if r["score"] == 100]
    assert found == [
        ("division/dioila-benkadi", "Dioïla Cercle"),
        ("division/kangaba-benkadi", "Kangaba Cercle"),
        ("division/sikasso-benkadi", "Sikasso Cercle"),
    ]
    page = client.get("/search?q=Benkadi&lang=fr", headers={"Accept": "text/html"}).text
    assert "Cercle de Kangaba &lt; Région de Koulikoro" in page
