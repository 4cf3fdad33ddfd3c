"""/resolve: any identifier to our entity, every reading of an ambiguous one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.formats import GRAPH_FORMATS, Format

if TYPE_CHECKING:
    from flask.testing import FlaskClient

BASE: Final = "https://w3id.org/unicef-linked/"
GAO: Final = f"{BASE}id/region/gao"
JSONLD: Final = {"Accept": "application/json"}


def found(client: FlaskClient, **query: str) -> set[str]:
    """Return the regions, places … that an answer is about."""
    response = client.get("/resolve.nt", query_string=query)
    assert response.status_code == 200, response.text
    notation = ox.NamedNode("http://www.w3.org/2004/02/skos/core#notation")
    triples = ox.parse(response.data, format=ox.RdfFormat.N_TRIPLES)
    return {t.subject.value.removeprefix(f"{BASE}id/") for t in triples if t.predicate == notation}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"iri": "https://sws.geonames.org/2457161"}, {"region/gao"}),
        ({"iri": "https://www.wikidata.org/wiki/Q332392"}, {"region/gao"}),
        ({"iri": "wd:Q3703"}, {"region/bamako", "place/bamako"}),
        ({"iri": GAO}, {"region/gao"}),
        ({"iri": "http://localhost/doc/region/gao"}, {"region/gao"}),
        ({"scheme": "pcode", "code": "ML07"}, {"region/gao"}),
        ({"scheme": "fips10-4", "code": "ML07"}, {"region/koulikoro"}),
        ({"code": "ML07"}, {"region/gao", "region/koulikoro"}),
        ({"code": "ML10"}, {"region/menaka", "region/kidal"}),
        ({"scheme": "ISO 3166-2", "code": "ml-10"}, {"region/taoudenit"}),
    ],
    ids=lambda value: " ".join(sorted(value.values() if isinstance(value, dict) else value)),
)
def test_an_identifier_leads_to_each_entity_that_it_may_mean(
    client: FlaskClient, query: dict[str, str], expected: set[str]
) -> None:
    assert found(client, **query) == expected


def test_every_other_identifier_comes_along(client: FlaskClient) -> None:
    body: Any = client.get("/resolve?scheme=pcode&code=ML07", headers=JSONLD).json
    assert body["id"] == GAO
    assert body["sameAs"] == [
        "http://www.wikidata.org/entity/Q332392",
        "https://sws.geonames.org/2457161/",
    ]
    assert {"type": "ul:iso3166-2", "@value": "ML-7"} in body["notation"]
    assert body["prefLabel"]["fr"] == "Région de Gao"


def test_an_ambiguous_code_names_the_scheme_of_each_reading(client: FlaskClient) -> None:
    body: Any = client.get("/resolve?code=ML10", headers=JSONLD).json
    topics = {topic["prefLabel"]["en"]: topic["notation"] for topic in body["foaf:topic"]}
    assert {"type": "ul:pcode", "@value": "ML10"} in topics["Ménaka Region"]
    assert {"type": "ul:fips10-4", "@value": "ML10"} in topics["Kidal Region"]
    page = client.get("/resolve?code=ML10&lang=fr", headers={"Accept": "text/html"}).text
    assert "Il peut désigner 2 choses." in page
    assert "P-code" in page
    assert "code FIPS 10-4" in page


@pytest.mark.parametrize("offer", GRAPH_FORMATS, ids=lambda f: f.name)
def test_an_answer_is_negotiated(client: FlaskClient, offer: Format) -> None:
    response = client.get("/resolve?iri=wd:Q912", headers={"Accept": offer.media_type})
    assert response.status_code == 200
    assert response.content_type == offer.content_type
    assert response.headers["Content-Location"] == f"/resolve.{offer.suffix}?iri=wd%3AQ912"
    assert b"2453866" in response.data


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("iri=http://example.org/nobody", 404, id="nobody knows it"),
        pytest.param("code=ML99", 404, id="no such code"),
        pytest.param("scheme=pcode&code=ML-7", 404, id="a code of another scheme"),
        pytest.param("scheme=postcode&code=1", 400, id="no such scheme"),
        pytest.param("iri=wd:Q912&code=ML", 400, id="both"),
        pytest.param("", 400, id="nothing"),
    ],
)
def test_what_cannot_be_resolved_is_a_problem(client: FlaskClient, query: str, status: int) -> None:
    response = client.get(f"/resolve?{query}", headers={"Accept": "text/turtle"})
    assert response.status_code == status
    assert response.content_type == "application/problem+json"


def test_a_reader_finds_a_form(client: FlaskClient) -> None:
    page = client.get("/resolve", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.status_code == 200
    assert "Retrouver un identifiant" in page.text
    assert '<option value="pcode">' in page.text


def test_a_batch_has_an_answer_for_each_item_in_order(client: FlaskClient) -> None:
    asked = [
        "wd:Q912",
        {"scheme": "pcode", "code": "ML07"},
        {"code": "ML07"},
        "nothing",
        {"iri": "https://spelunker.whosonfirst.org/id/85674521"},
    ]
    body: Any = client.post("/resolve", json=asked, headers={"Accept-Language": "en"}).json
    assert [answer["query"] for answer in body] == asked
    assert [[result["id"] for result in answer["results"]] for answer in body] == [
        ["country/mli"],
        ["region/gao"],
        ["region/koulikoro", "region/gao"],
        [],
        ["region/gao"],
    ]
    gao = body[1]["results"][0]
    assert (gao["iri"], gao["label"], gao["types"], gao["scheme"]) == (
        GAO,
        "Gao Region",
        ["Region"],
        "pcode",
    )
    assert gao["codes"]["iso3166-2"] == ["ML-7"]
    assert gao["references"]["owl:sameAs"][0] == "http://www.wikidata.org/entity/Q332392"
    assert gao["references"]["schema:sameAs"] == ["https://www.openstreetmap.org/relation/2096895"]
    assert [result["scheme"] for result in body[2]["results"]] == ["fips10-4", "pcode"]
    assert body[4]["results"][0]["relation"] == "skos:closeMatch"


@pytest.mark.parametrize(
    "body", ['{"iri": "wd:Q912"}', "[1]", "[{}]", '[{"code": 7}]', "[", '[{"scheme": "pcode"}]']
)
def test_a_batch_that_is_no_list_of_identifiers_is_refused(client: FlaskClient, body: str) -> None:
    assert client.post("/resolve", data=body, content_type="application/json").status_code == 400


def test_a_batch_of_whatever_kind_has_an_answer(client: FlaskClient) -> None:
    def post(body: str) -> int:
        return client.post("/resolve", data=body, content_type="application/json").status_code

    assert post('["\\ud800", "a/b", "://", "wd:", ":", "' + "x" * 100_000 + '"]') == 200
    assert post("[" * 100_000) == 400
    assert post(f'["wd:Q912"{", 1" * 20_000}]') == 413


@pytest.mark.parametrize("rest", ['&x={"<>', "&scheme=", "&lang=%00", "&code=ML10"])
def test_what_else_is_in_the_address_does_no_harm(client: FlaskClient, rest: str) -> None:
    for accept in ("text/turtle", "text/html", "application/json"):
        assert (
            client.get(f"/resolve?code=ML10{rest}", headers={"Accept": accept}).status_code == 200
        )


def test_a_batch_is_json(client: FlaskClient) -> None:
    assert client.post("/resolve", data="iri=wd:Q912", content_type="text/plain").status_code == 415
