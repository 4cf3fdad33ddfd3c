"""Names by language ranges (RFC 4647): a reader of en reads en-GB, one of en-US reads en."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from unicef_linked.build import snapshot
from unicef_linked.config import Settings
from unicef_linked.rdf.languages import choose_tag, matching_tag
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

BASE = "https://w3id.org/unicef-linked/"
DATA = f"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX ul: <{BASE}ontology#>
ul:Region a rdfs:Class ; rdfs:label "region"@en-GB, "région"@fr-ML, "Region"@de .
ul:hue a <http://www.w3.org/1999/02/22-rdf-syntax-ns#Property> ;
    rdfs:label "hue"@en-GB, "teinte"@fr-ML, "Farbton"@de .
<{BASE}id/region/colour> a ul:Region ;
    skos:prefLabel "Colour"@en-GB, "Couleur"@fr-ML, "Farbe"@de, "Väri"@fi ;
    skos:altLabel "Color"@en ;
    ul:hue "dark"@en-GB, "sombre"@fr-ML, "dunkel"@de .
<{BASE}id/region/blank> a ul:Region ; skos:prefLabel ""@en, " "@fr, "Leer"@de .
<http://x.example/blank> rdfs:label ""@en ; rdfs:seeAlso <http://x.example/colour> .
<http://x.example/colour> rdfs:label "Colour"@en-GB , "Couleur"@fr-ML , "Farbe"@de .
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a site over DATA."""
    folder = tmp_path_factory.mktemp("languages")
    (folder / "d.ttl").write_text(DATA, encoding="utf-8")
    release = snapshot([folder / "d.ttl"], folder / "release", union=False)
    return create_app(Settings(), release, Embedded(release, "", Settings())).test_client()


READERS = [
    pytest.param("en", "", "Colour", id="a variety of the language"),
    pytest.param("", "en", "Colour", id="by header"),
    pytest.param("", "en-US", "Colour", id="another variety, by header"),
    pytest.param("", "fr-CA, en;q=0.5", "Couleur", id="the first of several"),
    pytest.param("", "fr;q=0.3, en;q=0.5", "Colour", id="the weightiest of several"),
    pytest.param("", "bm, fr;q=0.9, en;q=0.5", "Couleur", id="the first that there is"),
    pytest.param("", "en;q=0, *", "Couleur", id="a language refused"),
    pytest.param("", "", "Couleur", id="nobody says"),
    pytest.param("fr", "en", "Couleur", id="the parameter wins"),
    pytest.param("", "x" * 5000 + ", en", "Colour", id="a tag that is none"),
]
ALSO_IN_DATA = [
    pytest.param("", "fi, en;q=0.5", "Väri", id="a language that pages do not have"),
    pytest.param("", "de-AT, fr", "Farbe", id="a variety of a language that pages do not have"),
    pytest.param("de", "en", "Farbe", id="by the parameter"),
    pytest.param("en-AU", "fr", "Colour", id="a variety by the parameter"),
]


def get(client: FlaskClient, path: str, lang: str, accepted: str, **query: str) -> Any:
    """Return the JSON that a reader gets."""
    parameters = query | ({"lang": lang} if lang else {})
    headers = {"Accept": "application/json"} | ({"Accept-Language": accepted} if accepted else {})
    response = client.get(path, query_string=parameters, headers=headers)
    assert response.status_code == 200, response.text
    return response.json


@pytest.mark.parametrize(("lang", "accepted", "label"), [*READERS, *ALSO_IN_DATA])
def test_a_name_is_in_the_language_that_the_reader_prefers(
    client: FlaskClient, lang: str, accepted: str, label: str
) -> None:
    found = get(client, "/search", lang, accepted, q="colour")
    assert [result["label"] for result in found["results"]] == [label]
    queries = json.dumps({"q": {"query": "colour"}})
    candidates = get(client, "/reconcile", lang, accepted, queries=queries)["q"]["result"]
    assert [candidate["name"] for candidate in candidates] == [label]
    suggested = get(client, "/reconcile/suggest/entity", lang, accepted, prefix="col")["result"]
    assert [suggestion["name"] for suggestion in suggested] == [label]


@pytest.mark.parametrize(("lang", "accepted", "label"), READERS)
def test_a_page_has_the_name_in_its_language(
    client: FlaskClient, lang: str, accepted: str, label: str
) -> None:
    query = {"iri": "http://x.example/colour"} | ({"lang": lang} if lang else {})
    headers = {"Accept": "text/html"} | ({"Accept-Language": accepted} if accepted else {})
    page = client.get("/resource", query_string=query, headers=headers).text
    assert f"<title>{label}" in page.replace("\n", "")
    assert f'lang="{"en-gb" if label == "Colour" else "fr-ml"}"' in page.lower()
    preview = client.get(
        "/reconcile/preview", query_string=query | {"id": "region/colour"}, headers=headers
    )
    assert label in preview.text


def test_terms_and_values_are_in_the_language_too(client: FlaskClient) -> None:
    extend = json.dumps({"ids": ["region/colour"], "properties": [{"id": "hue"}]})
    body = get(client, "/reconcile", "", "fr", extend=extend)
    assert body["meta"][0]["name"] == "teinte"
    assert body["rows"]["region/colour"]["hue"] == [{"str": "sombre"}]
    suggested = get(client, "/reconcile/suggest/property", "", "en", prefix="hu")["result"]
    assert suggested == [{"id": "hue", "name": "hue"}]
    types = get(client, "/reconcile/suggest/type", "", "en", prefix="reg")["result"]
    assert [found["name"] for found in types] == ["region"]


def test_a_blank_label_is_none(client: FlaskClient) -> None:
    suggested = get(client, "/reconcile/suggest/entity", "", "en", prefix="leer")["result"]
    assert [suggestion["name"] for suggestion in suggested] == ["Leer"]
    page = client.get(
        "/resource?iri=http://x.example/blank&lang=en", headers={"Accept": "text/html"}
    ).text
    assert "<title>blank" in page.replace("\n", "")


@pytest.mark.parametrize(
    ("language", "tags", "expected"),
    [
        pytest.param("en", ["en", "en-GB"], "en", id="itself"),
        pytest.param("en", ["en-US", "en-GB", "de"], "en-GB", id="varieties, always the same one"),
        pytest.param("EN-gb", ["en-GB"], "en-GB", id="without regard to case"),
        pytest.param("zh-Hant-CN-x-private1", ["zh-Hant", "zh"], "zh-Hant", id="truncated"),
        pytest.param("zh-Hant", ["zh-Hant-TW", "zh"], "zh-Hant-TW", id="a variety before less"),
        pytest.param("en", ["enm", "e", ""], None, id="a longer word is another language"),
        pytest.param("", ["en", "fr"], None, id="no range"),
    ],
)
def test_a_range_means_a_tag(language: str, tags: list[str], expected: str | None) -> None:
    assert matching_tag(language, tags) == expected


def test_who_reads_none_of_the_languages_gets_english_or_any() -> None:
    assert choose_tag(["bm"], ["de", "en-GB", "fr"]) == "en-GB"
    assert choose_tag(["bm"], ["fr", "de"]) == "de"
    assert choose_tag(["bm"], []) is None
