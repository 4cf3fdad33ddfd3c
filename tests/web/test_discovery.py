"""How machines find their way: sitemaps.org, RFC 9309, RFC 9264, FAIR Signposting,
llms.txt and Prometheus.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

import pytest
from tests.web.conftest import release_of

from unicef_linked.web.routes import discovery

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient
    from tests.conftest import Site

BASE: Final = "https://w3id.org/unicef-linked/"
SITEMAP: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML: Final = "{http://www.w3.org/1999/xhtml}"


# sitemaps.org 0.9


def test_the_sitemap_has_each_document_in_each_language(client: FlaskClient) -> None:
    response = client.get("/sitemap.xml", headers={"Host": "data.example.org"})
    assert response.mimetype == "application/xml"
    root = ElementTree.fromstring(response.data)
    assert root.tag == f"{SITEMAP}urlset"
    entries = {entry.findtext(f"{SITEMAP}loc"): entry for entry in root}
    assert len(entries) == len(root) <= discovery.PER_SITEMAP
    assert len(response.data) < 50 << 20
    for path in (
        "/",
        "/dataset",
        "/ontology",
        "/doc/region",
        "/doc/region/gao",
        "/doc/office/kayes",
    ):
        entry = entries[f"http://data.example.org{path}"]
        languages = {
            other.get("hreflang"): other.get("href") for other in entry.findall(f"{XHTML}link")
        }
        here = f"http://data.example.org{path}"
        assert languages == {"fr": f"{here}?lang=fr", "en": f"{here}?lang=en", "x-default": here}


def test_the_sitemap_leads_to_documents_only(client: FlaskClient) -> None:
    addresses = re.findall(r"<loc>http://localhost(.*?)</loc>", client.get("/sitemap.xml").text)
    assert all(client.get(path).status_code == 200 for path in addresses[:: len(addresses) // 40])


def test_no_date_is_told_that_nobody_knows(client: FlaskClient) -> None:
    assert "lastmod" not in client.get("/sitemap.xml").text


def test_a_sitemap_of_too_many_addresses_becomes_an_index(
    app: object, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").text)
    monkeypatch.setattr(discovery, "PER_SITEMAP", 400)
    index = ElementTree.fromstring(client.get("/sitemap.xml", query_string={"fresh": "1"}).data)
    assert index.tag == f"{SITEMAP}sitemapindex"
    parts = [
        entry.findtext(f"{SITEMAP}loc", "").removeprefix("http://localhost") for entry in index
    ]
    found = [
        address
        for part in parts
        for address in re.findall(r"<loc>(.*?)</loc>", client.get(f"{part}?fresh=1").text)
    ]
    assert found == whole
    assert client.get(f"/sitemap-{len(parts) + 1}.xml").status_code == 404


# RFC 9309


def test_crawlers_are_kept_from_what_has_no_end(client: FlaskClient) -> None:
    from urllib.robotparser import RobotFileParser

    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    assert rules.site_maps() == ["http://localhost/sitemap.xml"]
    for path in ("/", "/doc/region/gao", "/dataset", "/dump/dataset.nq", "/sparql"):
        assert rules.can_fetch("anybot", path), path
    for path in ("/sparql?query=ASK%20%7B%7D", "/resource?iri=urn:a", "/fragments?subject=urn:a"):
        assert not rules.can_fetch("anybot", path), path


# VoID, section 7.2


def test_void_is_found_at_its_well_known_address(client: FlaskClient) -> None:
    response = client.get("/.well-known/void")
    assert response.status_code in {302, 303}
    assert client.get(response.headers["Location"], buffered=True).status_code == 200


# FAIR Signposting


def links(header: str) -> dict[str, list[str]]:
    """Return the targets of a Link header by relation."""
    found: dict[str, list[str]] = {}
    for target, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', header):
        found.setdefault(rel, []).append(target)
    return found


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            "/doc/region/gao",
            {"cite-as": f"{BASE}id/region/gao", "collection": "/doc/region"},
            id="entity",
        ),
        pytest.param(
            "/doc/region/gao.ttl", {"type": "https://schema.org/AboutPage"}, id="its metadata"
        ),
        pytest.param(
            "/doc/region/gao.html", {"type": "https://schema.org/AdministrativeArea"}, id="its page"
        ),
        pytest.param(
            "/dataset", {"cite-as": f"{BASE}dataset", "item": "/dump/dataset.nq"}, id="dataset"
        ),
        pytest.param(
            "/", {"type": "https://schema.org/Dataset", "service-desc": "/openapi.json"}, id="home"
        ),
        pytest.param("/dump/dataset.nq", {"collection": "/dataset"}, id="content"),
        pytest.param("/doc/region", {"collection": "/dataset"}, id="list"),
        pytest.param(
            "/graph/reference/geonames",
            {"license": "https://creativecommons.org/licenses/by/4.0/"},
            id="graph",
        ),
    ],
)
def test_documents_have_signposts(client: FlaskClient, path: str, expected: dict[str, str]) -> None:
    for method in ("get", "head"):
        found = links(getattr(client, method)(path, buffered=True).headers["Link"])
        assert {"type", "license", "describedby", "linkset"} & found.keys()
        for rel, target in expected.items():
            assert target in found[rel]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ontology", "DefinedTermSet"),
        ("/ontology.ttl", "DefinedTermSet"),
        ("/shapes", "CreativeWork"),
        ("/quality", "Report"),
        ("/graph/mali/offices", "Dataset"),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_parts_of_the_release_have_every_signpost(
    client: FlaskClient, path: str, kind: str, accept: str
) -> None:
    found = links(client.get(path, headers={"Accept": accept}).headers["Link"])
    plain = path.removesuffix(".ttl")
    assert found["cite-as"] == [BASE + plain.strip("/")]
    assert found["type"] == ["https://schema.org/AboutPage", f"https://schema.org/{kind}"]
    assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert found["describedby"] == [f"{plain}.ttl", f"{plain}.jsonld"]
    assert found["linkset"] == [f"/linkset{plain}"] * 2


def test_a_list_has_the_licence_of_the_dataset(client: FlaskClient) -> None:
    found = links(client.get("/doc/region").headers["Link"])
    assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]


def test_what_is_not_there_has_no_signposts(client: FlaskClient) -> None:
    assert "cite-as" not in client.get("/doc/region/nowhere").headers.get("Link", "")


# RFC 9264


@pytest.mark.parametrize(
    "path",
    ["/linkset", "/linkset/dataset", "/linkset/doc/region/gao", "/linkset/graph/mali/offices"],
)
def test_a_linkset_as_json(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.content_type == "application/linkset+json"
    document = response.get_json(force=True)
    assert list(document) == ["linkset"], "4.2.1: a single member"
    for context in document["linkset"]:
        anchor = context.pop("anchor")
        assert anchor.startswith("http://localhost/")
        assert context, "4.2.2: at least one relation"
        for targets in context.values():
            assert isinstance(targets, list), "4.2.3: always an array"
            for target in targets:
                assert target["href"].startswith("http")
                assert set(target) <= {"href", "type"}


def test_the_two_forms_of_a_linkset_say_the_same(client: FlaskClient) -> None:
    response = client.get("/linkset/doc/region/gao", headers={"Accept": "application/linkset"})
    assert response.content_type == "application/linkset"
    found = re.findall(r'<([^>]*)>; rel="([^"]*)".*?; anchor="([^"]*)"', response.text)
    [context] = client.get("/linkset/doc/region/gao").get_json(force=True)["linkset"]
    anchor = context.pop("anchor")
    assert found == [(target["href"], rel, anchor) for rel in context for target in context[rel]]


def test_a_document_says_the_same_as_its_linkset(client: FlaskClient) -> None:
    header = links(client.get("/doc/region/gao").headers["Link"])
    assert header["linkset"] == ["/linkset/doc/region/gao"] * 2
    [context] = client.get("/linkset/doc/region/gao").get_json(force=True)["linkset"]
    for rel in context.keys() - {"anchor"}:
        targets = [target["href"].removeprefix("http://localhost") for target in context[rel]]
        assert set(targets) <= set(header[rel])


@pytest.mark.parametrize(
    "document", ["doc/region/nowhere", "nothing", "doc/nothing", "graph/nothing", "sparql"]
)
def test_what_is_no_document_has_no_linkset(client: FlaskClient, document: str) -> None:
    assert client.get(f"/linkset/{document}").status_code == 404


# llms.txt


def test_llms_txt_has_the_form_of_its_proposal(client: FlaskClient) -> None:
    text = client.get("/llms.txt").text
    assert re.match(r"# .+\n\n> .+\n", text)
    addresses = re.findall(r"^- \[[^\]]+\]\(http://localhost(/[^)]*)\)", text, re.MULTILINE)
    assert len(addresses) > 10
    assert all(client.get(address).status_code == 200 for address in addresses)


def test_each_query_in_llms_txt_has_an_answer(client: FlaskClient) -> None:
    queries = re.findall(r"```sparql\n(.*?)```", client.get("/llms.txt").text, re.DOTALL)
    assert queries
    for query in queries:
        assert client.get("/sparql", query_string={"query": query}).status_code == 200


# Any folder of RDF


def test_a_dataset_of_others_is_found_too(host: Callable[..., Site], tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        "<http://example.org/a> a <http://example.org/T> ; <http://www.w3.org/2002/07/owl#sameAs> <http://other.example/x/1> ."
    )
    server = host(release_of(tmp_path))
    for path in (
        "/sitemap.xml",
        "/robots.txt",
        "/llms.txt",
        "/linkset",
        "/metrics",
        "/docs",
        "/openapi.json",
    ):
        assert server.get(path).status_code == 200, path
    assert 'uriSpace "http://other.example/x/"' in server.get("/dataset.ttl").text
    for path in ("/ontology", "/shapes"):
        assert path not in server.get("/sitemap.xml").text + server.get("/llms.txt").text


ODD: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl:     <http://www.w3.org/2002/07/owl#>
<http://example.org/a> owl:sameAs <http://other.example/>, <http://other.example/x#y>, <urn:uuid:1>, _:b, <http://example.org/z> .
_:b owl:sameAs <http://o.example/1> .
<http://example.org/g> {
  <http://example.org/g> dcterms:license "x", _:l ; dcterms:source _:c .
  _:c dcterms:title "t" .
}
_:g { <http://example.org/a> a <http://schema.org/Person> . }
<https://w3id.org/unicef-linked/dataset>
  dcterms:publisher "a literal", _:p ; dcterms:license "MIT" ; dcterms:spatial _:x ; dcterms:temporal "1999", <http://example.org/p> .
<https://w3id.org/unicef-linked/id/region/x> a <http://schema.org/Place> ; <http://schema.org/latitude> 5.0 .
"""


@pytest.fixture(scope="module")
def odd(host: Callable[..., Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "a.trig").write_text(ODD)
    return host(release_of(folder))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/dataset.ttl", 200),
        ("/dataset.nq", 200),
        ("/dataset.html", 200),
        ("/sparql", 200),
        ("/linkset", 200),
        ("/linkset/doc/region/x", 200),
        ("/linkset/doc/a%20b/%22", 404),
        ("/linkset/graph/%20", 404),
        ("/doc/region/x.html", 200),
        ("/resource.html?iri=http://example.org/a", 200),
        ("/llms.txt", 200),
        ("/sitemap.xml", 200),
    ],
)
def test_whatever_the_data_says_nothing_breaks(odd: Site, path: str, status: int) -> None:
    assert odd.get(path).status_code == status


def test_links_within_a_dataset_are_no_linkset(odd: Site) -> None:
    spaces = set(re.findall(r'uriSpace "([^"]*)"', odd.get("/dataset.ttl").text))
    assert spaces == {f"{BASE}id/", "http://other.example/x#"}
