"""A published IRI has an address that answers, however it is written (Cool URIs;
RFC 3986, 6.2.2).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, TURTLE
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient

    from unicef_linked.config import Settings

BASE = "https://data.example/"
KEYS = {
    "plain": "plain",
    "a version": "v1.2",
    "upper case": "Upper_Case",
    "beyond ASCII": "ségou",
    "ideographs": "東京",
    "slashes": "a/b/c",
    "a slash at the end": "d/",
    "two slashes": "e//f",
    "the suffix of a format": "data.ttl",
    "percent-encoded": "caf%C3%A9",
    "percent-encoded in lower case": "th%c3%a9",
    "percent-encoded in part": "Côte%20d'Ivoire",
    "an encoded slash": "g%2Fh",
    "an encoded percent sign": "100%25",
    "reserved characters": "x(1);y=2,@z!*",
    "an encoded apostrophe": "O%27Brien",
    "a colon": "urn:x",
    "dots": "..x",
    "a tilde": "~me",
}
DATA = f"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
<{BASE}graph/sites.2024> {{
  {
    " ".join(
        f'<{BASE}id/site/{key}> a <{BASE}ontology#Site> ; rdfs:label "label of {name}"@en .'
        for name, key in KEYS.items()
    )
}
  <{BASE}id/Type.v2/1> a <{BASE}ontology#Other> ; dcterms:license <http://x.example/licence/é> .
  <{BASE}id/pays/ml> a <{BASE}ontology#Country> ; rdfs:seeAlso <{BASE}id/site/ségou#part> .
  <{BASE}id/site/ségou#part> rdfs:label "part"@en .
}}
<{BASE}graph/listé> {{ <{BASE}graph/listé> dcterms:license <http://x.example/licence/é> . }}
<{BASE}graph/na%20me.ttl> {{ <{BASE}graph/na%20me.ttl> rdfs:label "graph" . }}
"""
GRAPHS = {
    "sites.2024": f"{BASE}graph/sites.2024",
    "list%C3%A9": f"{BASE}graph/listé",
    "na%20me.ttl": f"{BASE}graph/na%20me.ttl",
}
each_key = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> FlaskClient:
    """A client of data of others, whose identifiers are of any form."""
    folder = tmp_path_factory.mktemp("others")
    (folder / "data.trig").write_text(DATA, encoding="utf-8")
    release = snapshot([folder / "data.trig"], folder / "release", union=True, base_iri=BASE)
    return create_app(settings, release, Embedded(release, "", settings)).test_client()


def address(iri: str) -> str:
    """Return the path of an IRI as a client sends it (RFC 3987, section 3.1)."""
    path = iri.removeprefix(BASE.rstrip("/"))
    return re.sub(r"[^\x00-\x7f]", lambda c: "".join(f"%{b:02X}" for b in c[0].encode()), path)


def subjects(turtle: bytes) -> set[str]:
    return {q.subject.value for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}  # type: ignore[union-attr]


@pytest.mark.parametrize("raw", [True, False], ids=["path as sent", "decoded path alone"])
@each_key
def test_an_iri_leads_to_its_description(others: FlaskClient, key: str, raw: bool) -> None:
    iri = f"{BASE}id/site/{key}"
    environ = {} if raw else {"RAW_URI": "", "REQUEST_URI": ""}
    see_other = others.get(address(iri), environ_overrides=environ)
    assert see_other.status_code == 303
    location = see_other.headers["Location"]
    assert location == address(iri).replace("/id/", "/doc/", 1)
    turtle = {"Accept": "text/turtle"}
    response = others.get(location, headers=turtle, environ_overrides=environ)
    assert response.status_code == 200
    assert iri in subjects(response.data)
    for offer in DOCUMENT_FORMATS:
        path = f"{location}.{offer.suffix}"
        response = others.get(path, environ_overrides=environ)
        assert (response.status_code, response.mimetype) == (200, offer.media_type), path
        found = response.headers["Content-Location"].removesuffix("?lang=fr")
        assert found == path


@pytest.mark.parametrize(
    ("path", "key"),
    [
        pytest.param("caf%c3%a9", "caf%C3%A9", id="lower-case digits for upper"),
        pytest.param("th%C3%A9", "th%c3%a9", id="upper-case digits for lower"),
        pytest.param("s%c3%a9gou", "ségou", id="lower-case digits"),
        pytest.param("%70lain", "plain", id="a letter that need not be encoded"),
        pytest.param("C%C3%B4te%20d%27Ivoire", "Côte%20d'Ivoire", id="more than need be"),
        pytest.param("x%281%29;y=2,@z!*", "x(1);y=2,@z!*", id="reserved characters"),
        pytest.param("a%2Fb/c", "a/b/c", id="an encoded slash"),
        pytest.param("O'Brien", "O%27Brien", id="less than in the IRI"),
    ],
)
def test_another_way_to_encode_a_path_finds_the_same_iri(
    others: FlaskClient, path: str, key: str
) -> None:
    response = others.get(f"/doc/site/{path}", headers={"Accept": "text/turtle"})
    assert response.status_code == 200
    assert f"{BASE}id/site/{key}" in subjects(response.data)


@pytest.mark.parametrize(
    "path",
    [
        "/id/site/nothing",
        "/id/site/plain.ttl",
        "/doc/site/nothing.ttl",
        "/doc/site/plain.xyz",
        "/doc/site/v1",
        "/doc/site/data.nt.x",
        "/doc/site/%00",
        "/doc/site/a%20b",
        "/doc/site/%ff",
        "/doc/nothing",
        "/doc/site.xyz",
        "/graph/nothing",
        "/graph/sites",
        "/graph/sites.2024.xyz",
        "/linkset/doc/site/nothing",
        "/linkset/graph/sites",
    ],
)
def test_what_is_not_published_is_not_found(others: FlaskClient, path: str) -> None:
    assert others.get(path, headers={"Accept": "application/json"}).status_code == 404


def test_two_iris_that_differ_by_encoding_are_told_apart_by_the_path_as_sent(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "a.ttl").write_text(f"<{BASE}id/t/a/b> a <x:y> . <{BASE}id/t/a%2Fb> a <x:y> .")
    release = snapshot([tmp_path / "a.ttl"], tmp_path / "release", base_iri=BASE)
    client = create_app(settings, release, Embedded(release, "", settings)).test_client()
    for key in ("a/b", "a%2Fb", "a/b"):
        response = client.get(f"/doc/t/{key}", headers={"Accept": "text/turtle"})
        assert f"{BASE}id/t/{key}" in subjects(response.data)


@pytest.mark.parametrize("path", GRAPHS)
@pytest.mark.parametrize("suffix", ["", ".ttl", ".nq"])
def test_a_named_graph_answers_whatever_its_name(
    others: FlaskClient, path: str, suffix: str
) -> None:
    response = others.get(f"/graph/{path}{suffix}", headers={"Accept": "text/turtle"})
    assert response.status_code == 200
    assert response.headers["Content-Location"].startswith(f"/graph/{path}.")
    assert address(GRAPHS[path]) in response.headers["Link"]
    linkset = others.get(f"/linkset/graph/{path}")
    assert linkset.status_code == 200


@pytest.mark.parametrize("suffix", ["", ".html"])
def test_the_page_of_a_graph_that_nothing_is_stated_about_has_its_statements(
    others: FlaskClient, suffix: str
) -> None:
    page = others.get(
        f"/graph/sites.2024{suffix}", headers={"Accept": "text/html"}, follow_redirects=True
    )
    assert page.status_code == 200
    assert "label of plain" in page.text
    assert others.get("/graph/na%20me.ttl.html").status_code == 200


def test_a_list_has_every_key(others: FlaskClient) -> None:
    turtle = others.get("/doc/site.ttl").data
    assert subjects(turtle) >= {f"{BASE}id/site/{key}" for key in KEYS.values()}
    total = next(
        int(quad.object.value)  # type: ignore[union-attr]
        for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)
        if quad.predicate.value.endswith("totalItems")
    )
    assert total == len(KEYS)
    page = others.get("/doc/site", headers={"Accept": "text/html"}).text
    assert set(re.findall(r'href="(/doc/site/[^"?]*)"', page)) >= {
        address(f"{BASE}doc/site/{key}").replace("'", "&#39;") for key in KEYS.values()
    }


@pytest.mark.parametrize("path", ["/doc/Type.v2", "/doc/Type.v2.ttl"])
def test_a_type_may_have_a_dot(others: FlaskClient, path: str) -> None:
    response = others.get(path, headers={"Accept": "text/turtle"})
    assert response.status_code == 200
    assert f"{BASE}id/Type.v2/1" in subjects(response.data)


def test_the_sitemap_has_every_key_as_a_url(others: FlaskClient) -> None:
    root = ET.fromstring(others.get("/sitemap.xml").data)
    urls = {
        node.text or "" for node in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    }
    assert all(url.isascii() for url in urls)
    assert urls >= {f"http://localhost{address(f'{BASE}doc/site/{key}')}" for key in KEYS.values()}


def test_a_page_links_to_what_has_no_address_of_its_own_by_its_iri(others: FlaskClient) -> None:
    page = others.get("/doc/pays/ml.html").text
    assert "/resource?iri=https%3A%2F%2Fdata.example%2Fid%2Fsite%2Fs%C3%A9gou%23part" in page


@each_key
def test_headers_are_ascii_and_their_links_lead_somewhere(others: FlaskClient, key: str) -> None:
    response = others.get(address(f"{BASE}doc/site/{key}"), headers={"Accept": "text/turtle"})
    for name, value in response.headers:
        assert value.isascii(), name
    targets = re.findall(
        r'<(/[^>]*)>; rel="(?:alternate|describedby|linkset|describes)"', response.headers["Link"]
    )
    assert len(targets) > 8
    for target in targets:
        assert others.get(target).status_code in {200, 303}, target


def test_a_licence_is_ascii_in_links_too(others: FlaskClient) -> None:
    response = others.get("/graph/list%C3%A9.ttl")
    assert '<http://x.example/licence/%C3%A9>; rel="license"' in response.headers["Link"]


@each_key
def test_a_linkset_is_ascii_and_anchored_at_its_document(others: FlaskClient, key: str) -> None:
    path = address(f"{BASE}doc/site/{key}")
    document = others.get(f"/linkset{path}", headers={"Accept": "application/linkset+json"})
    [context] = json.loads(document.data)["linkset"]
    assert context["anchor"] == f"http://localhost{path}"
    links = others.get(f"/linkset{path}", headers={"Accept": "application/linkset"}).text
    assert links.isascii()
    assert f'anchor="http://localhost{path}"' in links


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param("/dump", "/dump/", id="a missing slash"),
        pytest.param("/export?lang=en", "/export/?lang=en", id="with a query"),
        pytest.param("/doc//site", "/doc/site", id="two slashes within"),
        pytest.param("/%2Fevil.example//dump", None, id="a host in the path"),
    ],
)
def test_a_redirection_stays_on_this_host(
    others: FlaskClient, path: str, target: str | None
) -> None:
    response = others.get(path, headers={"Host": "evil.example"})
    assert response.status_code == (308 if target else 404)
    assert response.headers.get("Location") == target


def test_a_problem_says_where_by_a_uri(others: FlaskClient) -> None:
    problem = others.get("/doc/site/n%C3%A9ant").get_json()
    assert problem["instance"] == "/doc/site/n%C3%A9ant"
    assert unquote(problem["instance"]) in problem["detail"].replace("/id/", "/doc/")


def test_turtle_is_what_is_asked_for_by_a_suffix_only_where_the_whole_is_not_published(
    others: FlaskClient,
) -> None:
    response = others.get("/doc/site/data.ttl", headers={"Accept": "application/n-triples"})
    assert response.mimetype == "application/n-triples"
    response = others.get("/doc/site/plain.ttl", headers={"Accept": "application/n-triples"})
    assert response.mimetype == TURTLE.media_type
