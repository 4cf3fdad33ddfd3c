"""Five releases, served: mementos, TimeGates, TimeMaps, differences, withdrawn things, feeds."""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from tests.chain import DATES

from unicef_linked.release.differences import compare
from unicef_linked.store.archived import Archived
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"
DCTERMS: Final = "http://purl.org/dc/terms/"
TREE: Final = "https://w3id.org/tree#"
ATOM: Final = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def client(settings: Settings, chain: tuple[Release, ...]) -> FlaskClient:
    """A client of the fifth release; the first is the oldest that is kept."""
    return create_app(settings, chain[-1], Archived(chain[-1])).test_client()


def names(chain: tuple[Release, ...]) -> list[str]:
    """Return the names of the releases."""
    return [release.manifest.name for release in chain]


def triples(response: TestResponse) -> set[ox.Triple]:
    """Return the statements of an answer in Turtle."""
    return {q.triple for q in ox.parse(response.data, format=ox.RdfFormat.TURTLE)}


def links(response: TestResponse) -> list[tuple[str, str, str]]:
    """Return the targets, relations and dates of ``Link``."""
    found = []
    for part in re.split(r",\s*(?=<)", response.headers["Link"]):
        target = re.match(r"<([^>]*)>", part)
        relation = re.search(r'rel="([^"]*)"', part)
        date = re.search(r'datetime="([^"]*)"', part)
        assert target
        assert relation
        path = target[1].removeprefix("http://localhost")
        found.append((path, relation[1], date[1] if date else ""))
    return found


# Mementos


@pytest.mark.parametrize("number", range(5))
def test_a_document_is_as_it_was_in_each_release(
    client: FlaskClient, chain: tuple[Release, ...], number: int
) -> None:
    release = chain[number]
    path = f"/release/{release.manifest.name}/doc/region/alpha.ttl"
    response = client.get(path)
    assert response.status_code == 200
    population = {t.object.value for t in triples(response) if "population" in t.predicate.value}
    assert population == {"100" if number < 2 else "111"}
    assert response.headers["Memento-Datetime"] == format_datetime(DATES[number], usegmt=True)
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["Content-Location"] == path


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld", "trig", "nq", "html"])
@pytest.mark.parametrize("path", ["doc/region/gamma", "doc/region", "dataset", "ontology"])
def test_what_is_kept_is_there_in_every_format(
    client: FlaskClient, chain: tuple[Release, ...], path: str, suffix: str
) -> None:
    response = client.get(f"/release/{names(chain)[0]}/{path}.{suffix}")
    assert response.status_code == 200
    assert response.headers["Memento-Datetime"]


def test_a_memento_links_to_its_original_its_timemap_and_its_neighbours(
    client: FlaskClient, chain: tuple[Release, ...]
) -> None:
    response = client.get(f"/release/{names(chain)[1]}/doc/region/beta.ttl")
    relations = {relation: (target, date) for target, relation, date in links(response)}
    path = "doc/region/beta.ttl"
    assert relations["original timegate"] == (f"/{path}", "")
    assert relations["timemap"] == ("/timemap/doc/region/beta", "")
    for relation, number in (("first prev memento", 0), ("memento", 1), ("next memento", 2)):
        date = format_datetime(DATES[number], usegmt=True)
        assert relations[relation] == (f"/release/{names(chain)[number]}/{path}", date)
    assert relations["last memento"][0] == f"/release/{names(chain)[3]}/{path}"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "as it was in the release of 1 January 2024"),
        ("fr", "dans la version du 1 janvier 2024"),
    ],
)
def test_a_page_of_the_past_says_so_and_leads_back(
    client: FlaskClient, chain: tuple[Release, ...], language: str, words: str
) -> None:
    page = client.get(f"/release/{names(chain)[0]}/doc/office/main.html?lang={language}").text
    assert words in page
    assert f'href="/doc/office/main.html?lang={language}"' in page
    # What it mentions is shown as it was, too.
    assert f"/release/{names(chain)[0]}/doc/region/beta" in page
    assert "memento" not in client.get("/doc/office/main.html").text


def test_a_dump_is_kept(client: FlaskClient, chain: tuple[Release, ...]) -> None:
    for release in chain:
        response = client.get(f"/release/{release.manifest.name}/dump/dataset.nq")
        assert response.data == release.dataset.read_bytes()
        assert response.headers["Memento-Datetime"]


@pytest.mark.parametrize(
    "path", ["/release/0123456789ab/dataset", "/release/none", "/release/{0}/doc/region/none"]
)
def test_what_is_not_kept_is_not_found(
    client: FlaskClient, chain: tuple[Release, ...], path: str
) -> None:
    assert client.get(path.format(names(chain)[0])).status_code == 404


# TimeGates


SECOND: Final = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("path", "date", "number"),
    [
        pytest.param("/doc/region/alpha", DATES[0] - SECOND, 0, id="before the first: the first"),
        pytest.param("/doc/region/alpha", DATES[1], 1, id="at the very second"),
        pytest.param("/doc/region/alpha", DATES[2] - SECOND, 1, id="just before the next"),
        pytest.param("/doc/region/alpha.ttl", DATES[4] + SECOND, 4, id="after the last: the last"),
        pytest.param("/doc/region/delta", DATES[0], 1, id="before it was there: the first of it"),
        pytest.param("/doc/region/beta", DATES[4] + SECOND, 3, id="once withdrawn: the last of it"),
        pytest.param("/dataset", DATES[2], 2, id="the dataset"),
        pytest.param("/ontology.ttl", DATES[3], 3, id="the ontology"),
        pytest.param("/doc/region?page=1", DATES[3], 3, id="a list, with its page"),
    ],
)
def test_a_document_is_its_own_timegate(
    client: FlaskClient, chain: tuple[Release, ...], path: str, date: Any, number: int
) -> None:
    asked = {"Accept-Datetime": format_datetime(date, usegmt=True)}
    response = client.get(path, headers=asked)
    assert response.status_code == 302
    assert response.headers["Location"] == f"/release/{names(chain)[number]}{path}"
    assert "accept-datetime" in response.headers["Vary"].lower()
    assert "original timegate" in {relation for _, relation, _ in links(response)}
    assert "Memento-Datetime" not in response.headers
    assert client.get(response.headers["Location"]).headers["Memento-Datetime"]


@pytest.mark.parametrize("path", ["/doc/region/alpha", "/doc/region", "/dataset.ttl", "/ontology"])
def test_without_a_date_it_answers_as_ever_and_says_what_else_it_is(
    client: FlaskClient, path: str
) -> None:
    for _ in range(3):  # from the cache too
        response = client.get(path)
        assert response.status_code == 200
        assert "Accept-Datetime" in response.headers["Vary"]
        relations = {relation for _, relation, _ in links(response)}
        assert {"original timegate", "timemap"} <= relations


@pytest.mark.parametrize("date", ["yesterday", "2024-01-01", "Mon, 32 Jan 2024 00:00:00 GMT", ""])
def test_a_date_that_cannot_be_read_is_a_bad_request(client: FlaskClient, date: str) -> None:
    assert client.get("/dataset", headers={"Accept-Datetime": date}).status_code == 400
    assert client.get("/sparql", headers={"Accept-Datetime": date}).status_code != 400


# TimeMaps


def test_a_timemap_lists_each_memento(client: FlaskClient, chain: tuple[Release, ...]) -> None:
    response = client.get("/timemap/doc/region/delta")
    assert response.mimetype == "application/link-format"
    assert (
        re.findall(r"<http://localhost/release/(\w+)/doc/region/delta>", response.text)
        == (names(chain)[1:])
    )
    assert re.findall(r'rel="([^"]*)"', response.text) == [
        *("original timegate", "self", "first memento", "memento", "memento", "last memento")
    ]
    content = client.get("/timemap/doc/region/delta", headers={"Accept": "application/json"}).json
    assert [m["datetime"] for m in content["mementos"]["list"]] == [
        release.manifest.issued for release in chain[1:]
    ]
    graph = triples(client.get("/timemap/doc/region/delta", headers={"Accept": "text/turtle"}))
    assert len([t for t in graph if t.predicate.value == f"{DCTERMS}hasVersion"]) == 4
    assert client.get("/timemap/doc/region/none").status_code == 404
    assert client.get("/timemap/sparql").status_code == 404


# The history of a thing


def test_a_page_tells_when_its_thing_changed_and_how(client: FlaskClient) -> None:
    page = client.get("/doc/region/gamma.html?lang=en").text
    history = page.partition("When it changed and how")[2].partition("</ol>")[0]
    assert re.findall(r'datetime="([^"]*)"', history) == [
        "2024-04-01T12:00:00Z",
        "2024-01-01T12:00:00Z",
    ]
    assert "Gamma Nova" in history
    assert "first release that is kept" in history
    french = client.get("/doc/region/delta.html?lang=fr").text
    assert "Quand et comment cela a changé" in french
    assert "1 février 2024" in french


# Releases and differences


def test_the_releases_are_listed_with_what_preceded_them(
    client: FlaskClient, chain: tuple[Release, ...]
) -> None:
    graph = triples(client.get("/releases", headers={"Accept": "text/turtle"}))
    dcat = "http://www.w3.org/ns/dcat#"
    previous = {
        (t.subject.value, t.object.value)  # type: ignore[union-attr]
        for t in graph
        if t.predicate.value == f"{dcat}previousVersion"
    }
    iris = [f"{BASE}release/{name}" for name in names(chain)]
    assert previous == set(zip(iris[1:], iris, strict=False))
    current = {t.object.value for t in graph if t.predicate.value == f"{dcat}hasCurrentVersion"}
    assert current == {iris[-1]}
    for language, words in (("en", "1 May 2024"), ("fr", "1 mai 2024")):
        page = client.get(f"/releases.html?lang={language}").text
        assert words in page
        assert [name for name in names(chain) if f'"/release/{name}?lang=' in page] == names(chain)
    newest = client.get(f"/release/{names(chain)[4]}.html?lang=fr").text
    assert "Bêta" in newest
    assert "supprimé" in newest
    assert "retiré" in newest


@pytest.mark.parametrize(("a", "b"), [(0, 4), (4, 0), (2, 2), (1, 2)])
def test_a_difference_is_there_as_page_patch_update_and_json(
    client: FlaskClient, chain: tuple[Release, ...], a: int, b: int
) -> None:
    path = f"/diff/{names(chain)[a]}..{names(chain)[b]}"
    store = ox.Store()
    store.extend(chain[a].quads())
    update = client.get(path, headers={"Accept": "application/sparql-update"})
    assert update.mimetype == "application/sparql-update"
    store.update(update.text)
    assert set(store) == set(chain[b].quads())
    patch = client.get(f"{path}.rdfp")
    assert patch.mimetype == "application/rdf-patch"
    assert patch.text.startswith(f"H id <{BASE}release/{names(chain)[b]}> .\n")
    content = client.get(f"{path}.json").json
    assert {entity["iri"] for entity in content["entities"]} == {
        difference.iri for difference in compare(chain[a], chain[b])
    }
    page = client.get(f"{path}.html?lang=en")
    assert page.status_code == 200
    assert ("They are the same" in page.text) == (a == b)


def test_differences_of_releases_that_are_not_kept_are_not_found(
    client: FlaskClient, chain: tuple[Release, ...]
) -> None:
    for path in (f"/diff/{names(chain)[0]}..none", "/diff/a..b.json", f"/diff/{names(chain)[0]}"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(("query", "status"), [("", 200), ("?page=1", 200), ("?page=2", 404)])
def test_a_difference_has_parts_as_a_page_only(
    client: FlaskClient, chain: tuple[Release, ...], query: str, status: int
) -> None:
    path = f"/diff/{names(chain)[0]}..{names(chain)[1]}"
    assert client.get(f"{path}.json{query}").status_code == status
    assert client.get(f"{path}.json?page=-1").status_code == 400


# What was withdrawn


@pytest.mark.parametrize("path", ["/doc/region/beta", "/id/region/beta", "/doc/region/beta.ttl"])
def test_a_withdrawn_thing_is_gone_and_names_its_successor(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "text/turtle"})
    assert response.status_code == 410
    [statement] = triples(response)
    assert str(statement) == (
        f"<{BASE}id/region/beta> <{DCTERMS}isReplacedBy> <{BASE}id/region/delta>"
    )
    assert ("/doc/region/delta", "successor-version", "") in links(response)


def test_a_withdrawn_thing_is_gone_in_every_format(client: FlaskClient) -> None:
    for suffix in ("ttl", "nt", "rdf", "jsonld", "trig", "nq"):
        response = client.get(f"/doc/region/beta.{suffix}")
        assert response.status_code == 410
        assert re.search(rb"region[:/]delta", response.data)
    problem = client.get("/doc/region/beta")
    assert problem.mimetype == "application/problem+json"
    assert problem.json
    assert problem.json["isReplacedBy"] == [f"{BASE}id/region/delta"]
    page = client.get("/doc/region/beta.html?lang=fr")
    assert page.status_code == 410
    assert "Ce qui le remplace" in page.text
    assert 'href="/doc/region/delta?lang=fr"' in page.text


def test_a_thing_that_vanished_is_gone_without_a_successor(
    client: FlaskClient, chain: tuple[Release, ...]
) -> None:
    response = client.get("/doc/place/old")
    assert response.status_code == 410
    assert response.json
    assert response.json["isReplacedBy"] == []
    assert client.get("/doc/place/older").status_code == 404
    assert client.get(f"/release/{names(chain)[3]}/doc/place/old").status_code == 200
    assert client.get(f"/release/{names(chain)[4]}/doc/place/old").status_code == 410
    assert client.get(f"/release/{names(chain)[0]}/doc/region/delta").status_code == 404


@pytest.mark.parametrize(
    ("path", "identifier"),
    [
        pytest.param("/resolve?code=AA02", "code", id="its code"),
        pytest.param("/resolve?code=AA02&scheme=pcode", "code", id="its code in the scheme"),
        pytest.param(f"/resolve?iri={BASE}id/region/beta", "iri", id="its IRI"),
        pytest.param("/resolve?iri=http://www.wikidata.org/entity/Q2", "iri", id="its match"),
    ],
)
def test_what_led_to_a_withdrawn_thing_leads_to_its_successor(
    client: FlaskClient, path: str, identifier: str
) -> None:
    response = client.get(path, headers={"Accept": "text/turtle"})
    assert response.status_code == 200, identifier
    subjects = {str(t.subject) for t in triples(response) if "notation" in t.predicate.value}
    assert subjects == {f"<{BASE}id/region/delta>"}
    page = client.get(path, headers={"Accept": "text/html"}).text
    assert "Delta" in page


def test_the_name_of_a_withdrawn_thing_finds_its_successor(client: FlaskClient) -> None:
    for text in ("Beta", "Bêta"):
        results = client.get("/search", query_string={"q": text}).json
        assert results
        assert [result["id"] for result in results["results"]][:1] == ["region/delta"]
    answer = client.get("/reconcile", query_string={"queries": '{"q": {"query": "Beta"}}'}).json
    assert answer
    assert [c["id"] for c in answer["q"]["result"]][:1] == ["region/delta"]


def test_a_withdrawn_thing_is_in_no_list(client: FlaskClient) -> None:
    for path in ("/doc/region.nt", "/sitemap.xml"):
        content = client.get(path).text
        assert "region/delta" in content
        assert "region/beta" not in content


# The event stream


def members(client: FlaskClient) -> Iterator[tuple[str, dict[ox.NamedNode, set[ox.Triple]]]]:
    """Yield each page of the stream that holds members, with the statements of each member."""
    pending, read = ["/changes"], set()
    while pending:
        path = pending.pop(0)
        response = client.get(path, headers={"Accept": "text/turtle"})
        assert response.status_code == 200
        graph = triples(response)
        nodes = sorted(t.object.value for t in graph if t.predicate.value == f"{TREE}node")
        for node in nodes:
            address = node.removeprefix("http://localhost")
            if address not in read:
                read.add(address)
                pending.append(address)
        content: dict[ox.NamedNode, set[ox.Triple]] = {}
        for t in graph:
            if t.predicate.value == f"{TREE}member":
                content[t.object] = {s for s in graph if s.subject == t.object}  # type: ignore[index]
        if path != "/changes":
            assert content
            assert "immutable" in response.headers["Cache-Control"]
            yield path, content
        else:
            assert "immutable" not in response.headers["Cache-Control"]


def replicate(client: FlaskClient) -> set[ox.Triple]:
    """Return the statements that the latest member of each thing leaves."""
    created, version_of = f"{DCTERMS}created", f"{DCTERMS}isVersionOf"
    states: dict[str, tuple[str, set[ox.Triple]]] = {}
    for _, content in members(client):
        for about in content.values():
            values = {t.predicate.value: t.object.value for t in about}
            iri, date = values[version_of], values[created]
            statements = {
                ox.Triple(ox.NamedNode(iri), t.predicate, t.object)
                for t in about
                if t.predicate.value not in {created, version_of}
                and not str(t.object).endswith("activitystreams#Delete>")
            }
            if iri not in states or states[iri][0] < date:
                states[iri] = (date, statements)
    return {statement for _, statements in states.values() for statement in statements}


@pytest.mark.parametrize("number", range(5))
def test_who_follows_the_stream_has_what_the_dump_has(
    settings: Settings, chain: tuple[Release, ...], number: int
) -> None:
    release = chain[number]
    client = create_app(settings, release, Archived(release)).test_client()
    assert replicate(client) == {quad.triple for quad in release.quads()}


def test_pages_that_were_full_stay_as_they_are_when_a_release_follows(
    settings: Settings, chain: tuple[Release, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unicef_linked.web.routes.changes.PER_PAGE", 7)
    pages = []
    for release in chain[3:]:
        client = create_app(settings, release, Archived(release)).test_client()
        pages.append({path: client.get(path).data for path, _ in members(client)})
    before, after = pages
    assert len(before) > 8
    assert {path: content for path, content in after.items() if path in before} == before
    assert {re.search(r"release=(\w+)", path)[1] for path in after.keys() - before.keys()} == {  # type: ignore[index]
        chain[4].manifest.name
    }


def test_the_feed_says_in_both_languages_what_changed(
    client: FlaskClient, chain: tuple[Release, ...]
) -> None:
    for language, words in (("en", "Delta</a>: added"), ("fr", "Delta</a> : ajouté")):
        response = client.get(f"/changes.atom?lang={language}")
        assert response.mimetype == "application/atom+xml"
        feed = ElementTree.fromstring(response.data)
        entries = feed.findall(f"{ATOM}entry")
        assert [entry.findtext(f"{ATOM}id") for entry in entries] == [
            f"{BASE}release/{name}" for name in reversed(names(chain))
        ]
        assert words.replace(" :", ":") in (entries[3].findtext(f"{ATOM}content") or "")
        for element in (feed, *entries):
            for name in ("id", "title", "updated"):
                assert element.findtext(f"{ATOM}{name}")
        assert feed.find(f"{ATOM}author/{ATOM}name") is not None
