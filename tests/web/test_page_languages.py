"""Names on pages are in the reader's languages, by ranges (RFC 4647, sections 3.3.1 and 3.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from unicef_linked.build import snapshot
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings

DATA = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX x: <http://x.example/>
x:colour rdfs:label "Colour"@en-GB, "Couleur"@fr-ML, "Farbe"@de ; rdfs:seeAlso x:finnish .
x:finnish rdfs:label "Asia"@fi, "Sak"@sv, "Thing"@en .
x:far rdfs:label "Dëng"@lb, "Ding"@de-AT .
x:plain rdfs:label "Plain", "Einfach"@de .
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> FlaskClient:
    """A client of data in several languages."""
    folder = tmp_path_factory.mktemp("languages")
    (folder / "d.ttl").write_text(DATA, encoding="utf-8")
    release = snapshot([folder / "d.ttl"], folder / "release")
    return create_app(settings, release, Embedded(release, "", settings)).test_client()


@pytest.mark.parametrize(
    ("name", "lang", "accepted", "title"),
    [
        pytest.param("colour", "en", "", "Colour", id="en-GB for en"),
        pytest.param("colour", "fr", "", "Couleur", id="fr-ML for fr"),
        pytest.param("colour", "", "en-US", "Colour", id="en-GB for en-US"),
        pytest.param("colour", "", "de-AT, en;q=0.5", "Farbe", id="de for de-AT"),
        pytest.param("colour", "en", "de", "Colour", id="the parameter before the header"),
        pytest.param("colour", "", "", "Couleur", id="nobody says: the language of the page"),
        pytest.param("colour", "", "bm", "Couleur", id="no language of the reader"),
        pytest.param(
            "finnish", "", "fi-FI,fi;q=0.9,en-US;q=0.8,en;q=0.7", "Asia", id="a browser's header"
        ),
        pytest.param("finnish", "", "sv;q=0.5, fi;q=0.2", "Sak", id="the weightiest"),
        pytest.param("finnish", "fr", "sv", "Sak", id="the header before any"),
        pytest.param("finnish", "", "bm", "Thing", id="English before any"),
        pytest.param("far", "", "de", "Ding", id="de-AT for de before any"),
        pytest.param("far", "", "it", "Ding", id="any, always the same"),
        pytest.param("plain", "en", "", "Plain", id="no language before any"),
        pytest.param("plain", "", "de", "Einfach", id="the reader's before no language"),
    ],
)
def test_a_title_is_in_the_language_that_the_reader_prefers(
    client: FlaskClient, name: str, lang: str, accepted: str, title: str
) -> None:
    query = {"iri": f"http://x.example/{name}"} | ({"lang": lang} if lang else {})
    headers = {"Accept": "text/html"} | ({"Accept-Language": accepted} if accepted else {})
    page = client.get("/resource", query_string=query, headers=headers)
    assert page.status_code == 200
    found = re.search(r"<title>\s*([^\s<]+)", page.text)
    assert found is not None
    assert found[1] == title


def test_links_are_in_the_language_of_the_reader_too(client: FlaskClient) -> None:
    page = client.get(
        "/resource?iri=http://x.example/colour",
        headers={"Accept": "text/html", "Accept-Language": "sv, en;q=0.5"},
    )
    assert page.headers["Content-Language"] == "en"
    assert "Accept-Language" in page.headers["Vary"]
    assert re.search(r'lang="sv"[^>]*>Sak<', page.text)
