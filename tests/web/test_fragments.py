"""/fragments: what Triple Pattern Fragments and the Hydra Core Vocabulary ask of it,
and a real client of theirs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, Carries, Format
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"
GAO: Final = f"{BASE}id/region/gao"
HYDRA: Final = "http://www.w3.org/ns/hydra/core#"
LABEL: Final = "http://www.w3.org/2004/02/skos/core#prefLabel"
OPENED: Final = f"{BASE}ontology#openedOn"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
VOID: Final = "http://rdfs.org/ns/void#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
YEAR: Final = f"{XSD}gYear"


def get(
    client: FlaskClient,
    accept: str = "application/n-quads",
    /,
    path: str = "/fragments",
    **given: str,
) -> TestResponse:
    """Ask for a fragment."""
    return client.get(f"{path}?{urlencode(given)}" if given else path, headers={"Accept": accept})


class Fragment:
    """A page of a fragment as a client reads it: data in the default graph, controls in another."""

    def __init__(self, response: TestResponse) -> None:
        assert response.status_code == 200, response.text
        quads = list(ox.parse(response.data, format=ox.RdfFormat.N_QUADS))
        self.data = [q.triple for q in quads if isinstance(q.graph_name, ox.DefaultGraph)]
        self.controls = [q for q in quads if not isinstance(q.graph_name, ox.DefaultGraph)]
        asked = response.request.environ
        self.url = f"http://localhost{asked['PATH_INFO']}?{asked['QUERY_STRING']}".rstrip("?")

    def values(self, prop: str, subject: str | None = None) -> list[str]:
        """Return the values of a property of the controls."""
        return [
            q.object.value  # type: ignore[union-attr]
            for q in self.controls
            if q.predicate.value == prop and subject in {None, q.subject.value}
        ]


def walk(client: FlaskClient, **given: str) -> list[Fragment]:
    """Return every page of a fragment, led by the links alone."""
    found = [Fragment(get(client, **given))]
    while following := found[-1].values(f"{HYDRA}next"):
        found.append(Fragment(client.get(following[0], headers={"Accept": "application/n-quads"})))
    return found


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        pytest.param({"subject": GAO}, (ox.NamedNode(GAO), None, None), id="all of a subject"),
        pytest.param({"object": GAO}, (None, None, ox.NamedNode(GAO)), id="all that leads to it"),
        pytest.param({"predicate": OPENED}, (None, ox.NamedNode(OPENED), None), id="a predicate"),
        pytest.param(
            {"subject": f"<{GAO}>"}, (ox.NamedNode(GAO), None, None), id="in angle brackets"
        ),
        pytest.param(
            {"subject": GAO, "predicate": LABEL, "object": '"Région de Gao"@fr'},
            (ox.NamedNode(GAO), ox.NamedNode(LABEL), ox.Literal("Région de Gao", language="fr")),
            id="one statement",
        ),
        pytest.param(
            {"object": f'"2008"^^{YEAR}'},
            (None, None, ox.Literal("2008", datatype=ox.NamedNode(YEAR))),
            id="a typed literal",
        ),
        pytest.param(
            {"object": f'"2008"^^<{YEAR}>'},
            (None, None, ox.Literal("2008", datatype=ox.NamedNode(YEAR))),
            id="as in Turtle",
        ),
        pytest.param(
            {"object": '"2008"'},
            (None, None, ox.Literal("2008")),
            id="a plain literal is another term",
        ),
        pytest.param(
            {"subject": GAO, "predicate": "?p", "object": "_:b"},
            (ox.NamedNode(GAO), None, None),
            id="variables",
        ),
        pytest.param(
            {"subject": GAO, "predicate": ""}, (ox.NamedNode(GAO), None, None), id="empty is open"
        ),
        pytest.param({"subject": "urn:none"}, (ox.NamedNode("urn:none"), None, None), id="nothing"),
    ],
)
def test_the_pages_of_a_fragment_have_each_statement_that_matches_once_and_say_how_many(
    client: FlaskClient,
    release_store: ox.Store,
    settings: Settings,
    given: dict[str, str],
    pattern: tuple[ox.NamedNode | None, ox.NamedNode | None, ox.Literal | ox.NamedNode | None],
) -> None:
    pages = walk(client, **given)
    assert_whole(pages, release_store.quads_for_pattern(*pattern, ox.DefaultGraph()), settings)


def test_everything_is_a_fragment_too(chain: tuple[Release, ...], settings: Settings) -> None:
    newest, settings = chain[-1], replace(settings, page_size=7)
    client = create_app(settings, newest, Embedded(newest, "", settings)).test_client()
    pages = walk(client)
    assert len(pages) > 5
    assert_whole(pages, newest.quads(), settings)


def assert_whole(pages: list[Fragment], quads: Iterable[ox.Quad], settings: Settings) -> None:
    """Assert that the pages have each of the statements once, and say how many there are."""
    expected = {quad.triple for quad in quads}
    found = [triple for page in pages for triple in page.data]
    assert set(found) == expected
    assert len(found) == len(expected)
    assert all(len(page.data) == settings.page_size for page in pages[:-1])
    for page in pages:
        assert (
            page.values(f"{VOID}triples")
            == page.values(f"{HYDRA}totalItems")
            == [str(len(expected))]
        )


def test_a_page_leads_to_the_others_and_to_every_other_fragment(
    client: FlaskClient, settings: Settings
) -> None:
    page = Fragment(get(client, predicate=LABEL, page="2"))
    fragment = f"http://localhost/fragments?{urlencode({'predicate': LABEL})}"
    assert page.values("http://xmlns.com/foaf/0.1/primaryTopic") == [page.url]
    assert {q.graph_name.value for q in page.controls} == {f"{page.url}#metadata"}  # type: ignore[union-attr]
    assert page.values(f"{HYDRA}first") == page.values(f"{HYDRA}previous") == [fragment]
    assert page.values(f"{HYDRA}next") == [f"{fragment}&page=3"]
    assert page.values(f"{HYDRA}itemsPerPage", page.url) == [str(settings.page_size)]
    assert page.values(f"{VOID}subset", fragment) == [page.url]
    assert page.values(f"{VOID}subset", f"{BASE}dataset") == [fragment]
    [form] = page.values(f"{HYDRA}search", f"{BASE}dataset")
    assert page.values(f"{HYDRA}template", form) == [
        "http://localhost/fragments{?subject,predicate,object}"
    ]
    assert page.values(f"{HYDRA}variableRepresentation", form) == [f"{HYDRA}ExplicitRepresentation"]
    mappings = {
        page.values(f"{HYDRA}variable", m)[0]: page.values(f"{HYDRA}property", m)[0]
        for m in page.values(f"{HYDRA}mapping", form)
    }
    assert mappings == {name: f"{RDF}{name}" for name in ("subject", "predicate", "object")}


def test_a_named_graph_has_fragments_of_its_own(client: FlaskClient, release: Release) -> None:
    graph = f"{BASE}graph/mali/offices"
    pages = walk(client, graph=graph)
    assert {t for page in pages for t in page.data} == {
        q.triple for q in release.quads() if q.graph_name.value == graph
    }
    [form] = pages[0].values(f"{HYDRA}search", graph)
    start = f"http://localhost/fragments?{urlencode({'graph': graph})}"
    assert pages[0].values(f"{HYDRA}template", form) == [f"{start}{{&subject,predicate,object}}"]


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        pytest.param({"subject": "gao"}, 400, "subject='gao'", id="a relative IRI"),
        pytest.param({"subject": '"Gao"'}, 400, "subject", id="a literal as subject"),
        pytest.param({"predicate": '"Gao"'}, 400, "predicate", id="a literal as predicate"),
        pytest.param({"object": '"Gao'}, 400, "object", id="no end of the literal"),
        pytest.param({"object": '"Gao"@'}, 400, "object", id="no language"),
        pytest.param({"object": '"Gao"^^x'}, 400, "object", id="a relative datatype"),
        pytest.param({"object": "http://example.org/{a} b"}, 400, "object", id="no IRI"),
        pytest.param({"graph": "x"}, 400, "graph", id="a relative graph"),
        pytest.param({"page": "0"}, 400, "page='0'", id="page nought"),
        pytest.param({"page": "two"}, 400, "page='two'", id="a page in words"),
        pytest.param({"subject": GAO, "page": "99"}, 404, "no page 99", id="a page past the end"),
    ],
)
def test_what_is_no_pattern_is_told_by_the_parameter(
    client: FlaskClient, given: dict[str, str], status: int, words: str
) -> None:
    response = get(client, **given)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    assert response.json is not None
    assert words in response.json["detail"]


def test_a_parameter_is_given_once(client: FlaskClient) -> None:
    response = client.get("/fragments?subject=urn:a&subject=urn:b")
    assert response.status_code == 400
    assert "subject" in response.text


@pytest.mark.parametrize(
    "query", ["object=%FF", "x=%zz&subject=urn:a", "object=%22a%7C%22", 'y="<|>[]{}^`\\']
)
def test_any_query_string_names_a_page(client: FlaskClient, query: str) -> None:
    response = client.get(f"/fragments?{query}", headers={"Accept": "application/n-quads"})
    assert response.status_code in {200, 400}
    list(
        ox.parse(response.data if response.status_code == 200 else b"", format=ox.RdfFormat.N_QUADS)
    )


@pytest.mark.parametrize("offer", DOCUMENT_FORMATS, ids=lambda f: f.name)
def test_a_fragment_is_had_in_each_format_by_media_type_and_by_extension(
    client: FlaskClient, offer: Format
) -> None:
    for response in (
        get(client, offer.media_type, subject=GAO),
        get(client, path=f"/fragments.{offer.suffix}", subject=GAO),
    ):
        assert (response.status_code, response.content_type) == (200, offer.content_type)
    same = get(client, offer.media_type, subject=GAO)
    again = client.get(
        same.request.full_path,
        headers={"Accept": offer.media_type, "If-None-Match": same.headers["ETag"]},
    )
    assert again.status_code == 304
    assert "Accept" in same.headers["Vary"]


@pytest.mark.parametrize(
    "offer", [f for f in GRAPH_FORMATS if f.carries is Carries.GRAPH], ids=lambda f: f.name
)
def test_formats_without_graphs_have_data_and_controls_together(
    client: FlaskClient, offer: Format
) -> None:
    page = Fragment(get(client, subject=GAO))
    together = {*page.data, *(q.triple for q in page.controls)}
    content = get(client, offer.media_type, subject=GAO).data
    assert {q.triple for q in ox.parse(content, format=offer.rdf)} == together


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("fr", ("Sujet", "énoncés", "Région de Gao")),
        ("en", ("Subject", "statements", "Gao Region")),
    ],
)
def test_the_page_shows_the_statements_and_a_form_for_others(
    client: FlaskClient, lang: str, words: tuple[str, ...]
) -> None:
    text = get(client, "text/html", subject=GAO, lang=lang).text
    assert all(word in text for word in words)
    assert f'value="{GAO}"' in text
    links = re.findall(r'class="only" href="([^"]+)"', text)
    assert links
    assert client.get(links[1].replace("&amp;", "&")).status_code == 200


def test_no_query_process_is_asked(release: Release, settings: Settings) -> None:
    client = create_app(settings, release, Embedded(release, "/nowhere", settings)).test_client()
    assert Fragment(get(client, subject=GAO)).data


def test_data_of_others_has_fragments_too(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.ttl").write_text('<urn:a> <urn:p> [ <urn:q> "one\\n\\"two\\"" ], 1, <urn:é> .')
    client = create_app(
        settings,
        found := snapshot([tmp_path / "a.ttl"], tmp_path / "out"),
        Embedded(found, "", settings),
    ).test_client()
    assert len(Fragment(get(client)).data) == 4
    assert len(Fragment(get(client, object='"one\n"two""')).data) == 1
    assert len(Fragment(get(client, object="urn:é")).data) == 1
    assert get(client, "text/html").status_code == 200


@pytest.mark.parametrize(
    "asked",
    ["12", "012", "+12", "12.0"],
    ids=["as kept", "a zero", "a sign", "another value space"],
)
def test_a_literal_is_that_of_the_data_however_it_is_asked_for(
    tmp_path: Path, settings: Settings, asked: str
) -> None:
    """The engine matches numbers by value;
    no door makes a statement of it that the data has not.
    """
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:p> 12 .")
    release = snapshot([tmp_path / "a.ttl"], tmp_path / "out")
    client = create_app(settings, release, Embedded(release, "", settings)).test_client()
    data = Fragment(get(client, object=f'"{asked}"^^{XSD}integer')).data
    assert data == ([] if "." in asked else [quad.triple for quad in release.quads()])
