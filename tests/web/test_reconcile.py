"""/reconcile: the service as OpenRefine uses it. Its schemas are held in tests/conformance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from unicef_linked.build import snapshot
from unicef_linked.config import Settings
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient


def ask(client: FlaskClient, *, language: str = "en", **queries: object) -> Any:
    """Post a batch."""
    response = client.post(
        "/reconcile", data={"queries": json.dumps(queries)}, headers={"Accept-Language": language}
    )
    assert response.status_code == 200, response.text
    return response.json


def test_the_manifest_leads_to_every_service(client: FlaskClient) -> None:
    manifest: Any = client.get("/reconcile").json
    assert manifest["versions"] == ["0.2"]
    assert manifest["identifierSpace"] == "https://w3id.org/unicef-linked/id/"
    assert manifest["schemaSpace"] == "https://w3id.org/unicef-linked/ontology#"
    assert [found["id"] for found in manifest["defaultTypes"]][:3] == ["Region", "Place", "Office"]
    home = "http://localhost"
    assert (
        client.get(manifest["view"]["url"].replace("{{id}}", "region/gao")[len(home) :]).status_code
        == 303
    )
    assert (
        client.get(
            manifest["preview"]["url"].replace("{{id}}", "region/gao")[len(home) :]
        ).status_code
        == 200
    )
    for kind, known in (("entity", "region/gao"), ("type", "Region"), ("property", "coversRegion")):
        service = manifest["suggest"][kind]
        suggested = client.get(
            f"{service['service_url']}{service['service_path']}?prefix=r"[len(home) :]
        )
        assert suggested.status_code == 200
        path = f"{service['flyout_service_url']}{service['flyout_service_path']}".replace(
            "${id}", known
        )
        flyout: Any = client.get(path[len(home) :]).json
        assert flyout["id"] == known
        assert flyout["html"].startswith("<p>")


def test_a_batch_is_answered_by_get_and_by_post_alike(client: FlaskClient) -> None:
    queries = {"q0": {"query": "Région de Gao", "type": "Region"}}
    got = client.get(
        "/reconcile",
        query_string={"queries": json.dumps(queries)},
        headers={"Accept-Language": "en"},
    )
    assert got.json == ask(client, **queries)
    [found] = got.json["q0"]["result"]
    assert (found["id"], found["name"], found["match"], found["score"]) == (
        "region/gao",
        "Gao Region",
        True,
        100.0,
    )
    assert {"id": "Region", "name": "region"} in found["type"]
    assert {"id": "exact", "value": True} in found["features"]


def test_names_come_in_the_language_of_the_reader(client: FlaskClient) -> None:
    answer = ask(client, language="fr", q={"query": "Timbuktu", "type": "Region"})
    assert answer["q"]["result"][0]["name"] == "Région de Tombouctou"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param('{"q": {"query": "Gao", "limit": 1e999}}', 200, id="a limit without end"),
        pytest.param('{"q": {"query": "Gao", "limit": NaN}}', 200, id="a limit that is no number"),
        pytest.param('{"\\ud800": {"query": "\\udfff"}}', 200, id="half a character"),
        pytest.param('{"q": {"query": "Gao", "\\ud800": 1}}', 400, id="half a character for a key"),
        pytest.param('{"q": {"query": "\\u0000"}}', 200, id="a character that is none"),
        pytest.param("[" * 100_000, 400, id="nested without end"),
        pytest.param(
            '{"q": {"query": "Gao", "properties": [{"pid": "pcode", "v": NaN}]}}', 200, id="a value"
        ),
        pytest.param(
            json.dumps({str(n): {"query": "Gao"} for n in range(1001)}), 413, id="too many"
        ),
        pytest.param(
            json.dumps({"q": {"properties": [{"pid": "pcode", "v": ["x"] * 5001}]}}),
            413,
            id="too many values",
        ),
        pytest.param(
            json.dumps({str(n): {"query": "Gao" * 70} for n in range(1000)}), 413, id="too long"
        ),
    ],
)
def test_a_batch_of_whatever_kind_has_an_answer(
    client: FlaskClient, body: str, status: int
) -> None:
    assert client.post("/reconcile", data={"queries": body}).status_code == status


@pytest.mark.parametrize(
    "extend",
    [
        '{"ids": ["region/gao"], "properties": [{"id": "pcode", "settings": {"limit": 1e999}}]}',
        '{"ids": 1, "properties": []}',
        '{"ids": [], "properties": ["pcode"]}',
        "[" * 100_000,
    ],
    ids=["endless", "no list", "no objects", "nested"],
)
def test_an_extension_that_cannot_be_is_refused(client: FlaskClient, extend: str) -> None:
    assert client.post("/reconcile", data={"extend": extend}).status_code == 400


def test_an_extension_has_a_bound(client: FlaskClient) -> None:
    extend = {"ids": ["region/gao"] * 1000, "properties": [{"id": "pcode"}] * 101}
    response = client.post("/reconcile", data={"extend": json.dumps(extend)})
    assert response.status_code == 413
    assert "101,000 cells" in response.text


def test_an_empty_batch_has_an_empty_answer(client: FlaskClient) -> None:
    assert ask(client) == {}


@pytest.mark.parametrize(
    "data", [{"queries": "{"}, {"queries": '{"q": 1}'}, {"extend": "[]"}, {"extend": "{}"}, {}]
)
def test_what_is_no_request_is_a_problem(client: FlaskClient, data: dict[str, str]) -> None:
    response = client.post("/reconcile", data=data)
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("/reconcile/suggest/entity?prefix=tom", "region/tombouctou"),
        ("/reconcile/suggest/entity?prefix=timb", "region/tombouctou"),
        ("/reconcile/suggest/entity?prefix=bureau", "office/bamako"),
        ("/reconcile/suggest/entity?prefix=wd:Q912", "country/mli"),
        ("/reconcile/suggest/type?prefix=reg", "Region"),
        ("/reconcile/suggest/property?prefix=covers", "coversRegion"),
        ("/reconcile/suggest/property?prefix=pcode", "pcode"),
    ],
)
def test_suggestions_begin_with_what_was_typed(
    client: FlaskClient, address: str, first: str
) -> None:
    body: Any = client.get(address).json
    assert body["result"][0]["id"] == first


def test_a_cursor_leaves_out_what_was_seen(client: FlaskClient) -> None:
    first: Any = client.get("/reconcile/suggest/entity?prefix=").json
    second: Any = client.get("/reconcile/suggest/entity?prefix=&cursor=10").json
    assert not {e["id"] for e in first["result"]} & {e["id"] for e in second["result"]}


@pytest.mark.parametrize("number", ["x", "-1", "+1", " 1", "1.0", "٣", "²"])
@pytest.mark.parametrize(
    "path", ["/search?limit=", "/reconcile/properties?limit=", "/reconcile/suggest/type?cursor="]
)
def test_a_number_has_ascii_digits_alone(client: FlaskClient, path: str, number: str) -> None:
    assert client.get(path + quote(number)).status_code == 400


def test_data_extension_gives_codes_entities_numbers_and_texts(client: FlaskClient) -> None:
    asked = {
        "ids": ["region/gao", "office/gao", "region/nowhere"],
        "properties": [
            {"id": n} for n in ("pcode", "prefLabel", "coversRegion", "staffCount", "inCountry")
        ],
    }
    body: Any = client.post(
        "/reconcile", data={"extend": json.dumps(asked)}, headers={"Accept-Language": "en"}
    ).json
    gao, office, nowhere = (body["rows"][key] for key in asked["ids"])
    assert gao["pcode"] == [{"str": "ML07"}]
    assert gao["prefLabel"] == [{"str": "Gao Region"}]
    assert {"id": "region/menaka", "name": "Ménaka Region"} in office["coversRegion"]
    assert isinstance(office["staffCount"][0]["int"], int)
    assert nowhere == {
        name: [] for name in ("pcode", "prefLabel", "coversRegion", "staffCount", "inCountry")
    }
    covers = body["meta"][2]
    assert (covers["name"], covers["type"]["id"]) == ("covers region", "Region")


def test_a_setting_limits_the_values(client: FlaskClient) -> None:
    asked = {
        "ids": ["office/gao"],
        "properties": [{"id": "coversRegion", "settings": {"limit": 1}}],
    }
    body: Any = client.post("/reconcile", data={"extend": json.dumps(asked)}).json
    assert len(body["rows"]["office/gao"]["coversRegion"]) == 1


def test_a_preview_may_be_framed(client: FlaskClient) -> None:
    response = client.get("/reconcile/preview?id=region/gao&lang=fr")
    assert "Région de Gao" in response.text
    assert "ML-7" in response.text
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address",
    [
        "/reconcile/preview?id=region/nowhere",
        "/reconcile/preview",
        "/reconcile/flyout/entity?id=x",
        "/reconcile/flyout/type?id=x",
        "/reconcile/flyout/nothing?id=x",
        "/reconcile/suggest/nothing?prefix=x",
    ],
)
def test_what_is_not_there_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_over_data_of_others_ids_are_iris_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        '<http://example.org/a> <http://www.w3.org/2000/01/rdf-schema#label> "Gao" .'
    )
    foreign = snapshot([tmp_path / "a.ttl"], tmp_path / "release", union=False)
    client = create_app(Settings(), foreign, Embedded(foreign, "", Settings())).test_client()
    assert client.get("/reconcile").status_code == 200
    [candidate] = ask(client, q={"query": "Gao"})["q"]["result"]
    assert (candidate["id"], candidate["match"]) == ("http://example.org/a", True)
    for address in (
        "/reconcile/properties",
        "/reconcile/suggest/entity?prefix=g",
        "/reconcile/suggest/type?prefix=g",
    ):
        assert client.get(address).status_code == 200
    assert client.get("/resolve?iri=wd:Q912").status_code == 404
    assert client.get("/resolve", headers={"Accept": "text/html"}).status_code == 200
    assert client.post("/resolve", json=["wd:Q912"]).json == [{"query": "wd:Q912", "results": []}]


def test_answer_and_preview_say_which_extents_a_region_has_had(client: FlaskClient) -> None:
    answer = ask(
        client,
        ever={"query": "Mopti", "type": "Region"},
        now={
            "query": "Mopti",
            "type": "Region",
            "properties": [{"pid": "date", "v": "2026-01-01"}],
        },
        commune={"query": "Diakon", "type": "Commune"},
    )
    [ever], [now], [commune] = (answer[key]["result"] for key in ("ever", "now", "commune"))
    before, since = "Extent of Mopti Region until 2023", "Extent of Mopti Region since 2023"
    assert ever["match"]
    assert now["match"]
    assert ever["description"] == f"region · ML-5 · {before} · {since}"
    assert now["description"] == f"region · ML-5 · {since}"
    assert commune["description"] == "commune · ML010103 · Bafoulabé Cercle < Kayes Region"
    for card in ("preview", "flyout/entity"):
        text = client.get(f"/reconcile/{card}?id=region/mopti&lang=en").text
        assert before in text
        assert since in text


def test_what_decides_between_divisions_is_suggested_and_explained(client: FlaskClient) -> None:
    for name in ("partOf", "date", "pcode", "pcode2015", "pcode2025"):
        found: Any = client.get(f"/reconcile/suggest/property?prefix={name}").get_json()
        assert name in {item["id"] for item in found["result"]}
        assert client.get(f"/reconcile/flyout/property?id={name}").status_code == 200
    types: Any = client.get("/reconcile").get_json()["defaultTypes"]
    assert {"Region", "Cercle", "Commune"} <= {item["id"] for item in types}
