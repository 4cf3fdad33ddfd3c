"""The linked-data routes: what RFC 9110,
RFC 8288 and Cool URIs for the Semantic Web ask of them.
"""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
import rdflib
from tests.web.conftest import release_of

from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, Carries, Format

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient
    from tests.conftest import Site

    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"
GAO: Final = "/doc/office/gao"
RDFLIB: Final = {
    "turtle": "turtle",
    "jsonld": "json-ld",
    "ntriples": "nt",
    "rdfxml": "xml",
    "trig": "trig",
    "nquads": "nquads",
}


def link_targets(header: str, rel: str) -> list[str]:
    """Return the targets of a Link header with a relation."""
    return [m[1] for m in re.finditer(r"<([^>]*)>([^<]*)", header) if f'rel="{rel}"' in m[2]]


# Things and documents


def test_a_thing_redirects_to_its_document(client: FlaskClient) -> None:
    response = client.get("/id/office/gao")
    assert response.status_code == 303
    assert response.headers["Location"] == GAO
    assert link_targets(response.headers["Link"], "describedby") == [GAO]
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path",
    [
        "/id/office/nowhere",
        "/doc/office/nowhere",
        "/doc/office/nowhere.ttl",
        "/doc/nothing",
        "/id/Office/gao",
        "/doc/a b/%3C%22",
        "/id/a b/%3C",
    ],
)
def test_what_is_not_described_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "text/turtle"})
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["status"] == 404


@pytest.mark.parametrize("offer", DOCUMENT_FORMATS, ids=lambda f: f.name)
def test_a_document_is_had_in_each_format_by_its_media_type_and_by_its_extension(
    client: FlaskClient, offer: Format
) -> None:
    negotiated = client.get(GAO, headers={"Accept": offer.media_type})
    direct = client.get(f"{GAO}.{offer.suffix}")
    assert negotiated.status_code == direct.status_code == 200
    assert negotiated.content_type == direct.content_type == offer.content_type
    if offer is not HTML:  # a page's language switch leads to its own address
        assert negotiated.data == direct.data
    assert negotiated.headers["Content-Location"].startswith(f"{GAO}.{offer.suffix}")


def parsed(offer: Format, content: bytes) -> rdflib.Graph:
    """Return the triples of a document as an independent parser reads them."""
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=content, format=RDFLIB[offer.name])
    graph = rdflib.Graph()
    for triple in dataset.triples((None, None, None)):
        graph.add(triple)
    return graph


def canonical(graph: rdflib.Graph) -> set[ox.Triple]:
    """Return the triples of a graph, the same for graphs that differ in labels of blank nodes."""
    written = graph.serialize(format="nt", encoding="utf-8")
    dataset = ox.Dataset(ox.parse(written, format=ox.RdfFormat.N_TRIPLES))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}


@pytest.mark.parametrize(
    "path",
    [
        GAO,
        "/doc/region/gao",
        "/doc/source/where-we-work-mali-fr",
        "/doc/office",
        "/ontology",
        "/shapes",
    ],
)
def test_all_formats_of_a_document_say_the_same(client: FlaskClient, path: str) -> None:
    turtle = canonical(parsed(GRAPH_FORMATS[0], client.get(f"{path}.ttl").data))
    assert len(turtle) > 5
    for offer in GRAPH_FORMATS[1:]:
        content = client.get(f"{path}.{offer.suffix}").data
        assert canonical(parsed(offer, content)) == turtle, offer.name


def test_a_document_in_quads_says_in_which_graph_each_statement_is_published(
    client: FlaskClient,
) -> None:
    quads = list(ox.parse(client.get(f"{GAO}.nq").data, format=ox.RdfFormat.N_QUADS))
    graphs = {q.graph_name for q in quads if q.predicate.value.endswith("#openedOn")}
    assert graphs == {ox.DefaultGraph(), ox.NamedNode(f"{BASE}graph/mali/offices")}


def test_a_document_describes_itself_and_its_topic(client: FlaskClient) -> None:
    triples = {
        str(q.triple) for q in ox.parse(client.get(f"{GAO}.nt").data, format=ox.RdfFormat.N_TRIPLES)
    }
    topic = f"<{BASE}doc/office/gao> <http://xmlns.com/foaf/0.1/primaryTopic> <{BASE}id/office/gao>"
    assert topic in triples
    assert any(f"<{BASE}ontology#staffCount>" in triple for triple in triples)


def test_a_literal_is_the_same_in_documents_and_answers_to_queries(client: FlaskClient) -> None:
    selector, start = (
        f"<{BASE}id/selector/where-we-work-mali-fr-220-249>",
        "<http://www.w3.org/ns/oa#start>",
    )
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?s {{ {selector} }} ?s ?p ?o }}"
    answer = client.get("/sparql", query_string={"query": query, "format": "ntriples"})
    line = f'{selector} {start} "220"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    assert line in client.get("/doc/selector/where-we-work-mali-fr-220-249.nt").text
    assert line in answer.text


# Negotiation (RFC 9110, section 12)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(None, "text/turtle", id="silence takes Turtle"),
        pytest.param("*/*", "text/turtle", id="anything takes Turtle"),
        pytest.param(
            "text/turtle;charset=utf-8", "text/turtle", id="a charset does not hide a match"
        ),
        pytest.param(
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
            "application/ld+json",
            id="nor a profile",
        ),
        pytest.param("application/trig;version=1.1", "application/trig", id="nor a version"),
        pytest.param("application/json", "application/ld+json", id="JSON is JSON-LD here"),
        pytest.param("application/xml", "application/rdf+xml", id="XML is RDF/XML here"),
        pytest.param(
            "text/turtle;q=0.5, application/ld+json", "application/ld+json", id="quality decides"
        ),
        pytest.param("text/html;q=0.2, text/*;q=0.1", "text/html", id="the narrower range decides"),
        pytest.param(
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
            id="a browser",
        ),
        pytest.param(
            "application/rdf+xml, text/rdf+n3;q=0.5, */*;q=0.1",
            "application/rdf+xml",
            id="an older client",
        ),
        pytest.param(
            "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7",
            "text/turtle",
            id="Jena",
        ),
    ],
)
def test_the_client_gets_what_it_likes_best(
    client: FlaskClient, accept: str | None, expected: str
) -> None:
    response = client.get(GAO, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.mimetype == expected
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path", [GAO, "/id/office/gao", "/doc/office", "/ontology", "/shapes", "/dataset", "/"]
)
def test_what_cannot_be_had_is_answered_with_what_there_is(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept": "image/png"})
    assert response.status_code == 406
    assert response.json is not None
    assert set(response.json["available"]) >= {"text/turtle", "application/ld+json", "text/html"}


def test_an_address_with_an_extension_does_not_negotiate(client: FlaskClient) -> None:
    response = client.get(f"{GAO}.ttl", headers={"Accept": "text/html"})
    assert response.mimetype == "text/turtle"
    assert "Accept" not in re.split(r",\s*", response.headers["Vary"])


@pytest.mark.parametrize(
    ("query", "accepts", "expected"),
    [
        ("", "", "fr"),
        ("", "en-GB,en;q=0.9,fr;q=0.5", "en"),
        ("", "de, fr-CA;q=0.1", "fr"),
        ("", "de", "fr"),
        ("?lang=en", "fr", "en"),
        ("?lang=fr", "en", "fr"),
        ("?lang=xx", "en", "en"),
    ],
)
def test_a_page_is_in_the_language_asked_for(
    client: FlaskClient, query: str, accepts: str, expected: str
) -> None:
    headers = {"Accept": "text/html"} | ({"Accept-Language": accepts} if accepts else {})
    response = client.get(GAO + query, headers=headers)
    assert response.headers["Content-Language"] == expected
    assert f'<html lang="{expected}"' in response.text
    assert "Accept-Language" in response.headers["Vary"]


# Links (RFC 8288), validators (RFC 9110, sections 8.8 and 13)


def test_links_lead_to_the_other_formats_to_the_thing_and_to_the_canonical_address(
    client: FlaskClient,
) -> None:
    header = client.get(GAO, headers={"Accept": "text/turtle"}).headers["Link"]
    assert set(link_targets(header, "alternate")) == {
        f"{GAO}.{f.suffix}" for f in DOCUMENT_FORMATS if f.name != "turtle"
    }
    assert link_targets(header, "describes") == ["/id/office/gao"]
    assert link_targets(header, "canonical") == [f"{BASE}doc/office/gao"]


def test_every_representation_has_its_own_strong_entity_tag(client: FlaskClient) -> None:
    tags = []
    for accept, language, coding in [
        *((f.media_type, "fr", "identity") for f in DOCUMENT_FORMATS),
        ("text/html", "en", "identity"),
        ("text/turtle", "fr", "gzip"),
        ("text/html", "en", "gzip"),
        ("text/turtle", "fr", "br"),
        ("text/html", "en", "br"),
    ]:
        headers = {"Accept": accept, "Accept-Language": language, "Accept-Encoding": coding}
        tags.append(client.get(GAO, headers=headers).headers["ETag"])
    assert len(set(tags)) == len(tags)
    assert all(re.fullmatch(r'"[^"]+"', tag) for tag in tags)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param("{etag}", 304, id="the tag itself"),
        pytest.param("W/{etag}", 304, id="weak comparison is used"),
        pytest.param('"other", {etag}', 304, id="one of a list"),
        pytest.param("*", 304, id="any current representation"),
        pytest.param('"other"', 200, id="another tag"),
        pytest.param("", 200, id="none"),
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        GAO,
        "/ontology.ttl",
        "/doc/office",
        "/sparql?query=ASK%7B%7D",
        "/dump/dataset.nq",
        "/static/icon.svg",
    ],
)
def test_a_representation_that_the_client_has_is_not_sent_again(
    client: FlaskClient, path: str, given: str, status: int
) -> None:
    first = client.get(path, buffered=True)
    headers = {"If-None-Match": given.format(etag=first.headers["ETag"])} if given else {}
    response = client.get(path, headers=headers, buffered=True)
    assert response.status_code == status
    if status == 304:
        assert response.data == b""
        for name in ("ETag", "Vary", "Cache-Control", "Content-Location"):
            assert response.headers.get(name) == first.headers.get(name), name


def test_the_condition_is_decided_after_negotiation(client: FlaskClient) -> None:
    turtle = client.get(GAO, headers={"Accept": "text/turtle"}).headers["ETag"]
    response = client.get(GAO, headers={"Accept": "application/ld+json", "If-None-Match": turtle})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        GAO,
        f"{GAO}.html",
        "/",
        "/ontology",
        "/sparql",
        "/sparql?query=ASK%7B%7D",
        "/dump/",
        "/healthz",
        "/id/office/gao",
        "/nowhere",
    ],
)
def test_head_has_the_headers_of_get_and_no_body(client: FlaskClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == got.status_code
    assert head.data == b""
    for name in (
        "Content-Type",
        "ETag",
        "Vary",
        "Link",
        "Content-Location",
        "Location",
        "Content-Length",
    ):
        assert head.headers.get(name) == got.headers.get(name), name


def test_gzip_is_the_same_representation_packed(client: FlaskClient) -> None:
    plain = client.get(GAO, headers={"Accept-Encoding": "identity"})
    packed = client.get(GAO, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("path", [GAO, "/healthz", "/static/icon.svg", "/id/office/gao"])
def test_a_client_that_takes_no_coding_is_refused(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"Accept-Encoding": "zstd, *;q=0"})
    assert response.status_code == 406
    assert response.json is not None
    assert response.json["available"] == ["br", "gzip", "identity"]


@pytest.mark.parametrize(
    "path", [GAO, "/id/office/gao", "/sparql", "/", "/ontology", "/dump/dataset.nq"]
)
def test_options_say_what_is_allowed_also_to_other_origins(client: FlaskClient, path: str) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    response = client.options(path, headers=headers)
    assert response.status_code < 300
    assert {"GET", "HEAD", "OPTIONS"} <= set(re.split(r",\s*", response.headers["Allow"]))
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Accept" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path",
    [
        GAO,
        "/nowhere",
        "/doc/office/nowhere",
        "/sparql?query=x",
        "/static/icon.svg",
        "/static/none.css",
    ],
)
def test_pages_of_any_origin_may_read_every_answer_errors_too(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path, headers={"Origin": "https://example.org"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", GAO), ("DELETE", GAO), ("PUT", "/sparql"), ("PATCH", "/ontology")]
)
def test_a_method_that_is_not_there_is_refused_with_those_that_are(
    client: FlaskClient, method: str, path: str
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert response.content_type == "application/problem+json"


# Lists, the ontology, the shapes, the dataset, graphs


def test_a_list_names_each_of_its_members(client: FlaskClient) -> None:
    graph = parsed(GRAPH_FORMATS[0], client.get("/doc/region.ttl").data)
    hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
    collection = rdflib.URIRef(f"{BASE}doc/region")
    assert len(list(graph.objects(collection, hydra.member))) == 20
    assert graph.value(collection, hydra.totalItems).toPython() == 20


def test_a_long_list_has_pages_that_lead_to_each_other(client: FlaskClient) -> None:
    hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
    members: set[object] = set()
    for number in (1, 2):
        graph = parsed(GRAPH_FORMATS[0], client.get(f"/doc/claim.ttl?page={number}").data)
        members |= set(graph.objects(rdflib.URIRef(f"{BASE}doc/claim"), hydra.member))
        view = rdflib.URIRef(f"{BASE}doc/claim?page={number}")
        assert (view, hydra.first, rdflib.URIRef(f"{BASE}doc/claim?page=1")) in graph
    assert (
        len(members) == graph.value(rdflib.URIRef(f"{BASE}doc/claim"), hydra.totalItems).toPython()
    )
    assert client.get("/doc/claim?page=3").status_code == 404
    assert client.get("/doc/claim?page=x").status_code == 400


def test_the_ontology_defines_each_term_of_the_contract(client: FlaskClient) -> None:
    graph = parsed(GRAPH_FORMATS[0], client.get("/ontology.ttl").data)
    terms = [
        "CountryOffice",
        "ZoneOffice",
        "Office",
        "Region",
        "Country",
        "Place",
        "Sector",
        "Priority",
        "PopulationGroup",
        "coversRegion",
        "locatedIn",
        "worksInSector",
        "hasPriority",
        "targetsGroup",
        "prioritySector",
        "openedOn",
        "staffCount",
        "activeSince",
        "iso3166-2",
        "pcode",
        "geonamesId",
        "wikidataId",
        "osmRelation",
    ]
    for term in terms:
        labels = {
            label.language
            for label in graph.objects(rdflib.URIRef(f"{BASE}ontology#{term}"), rdflib.RDFS.label)
        }
        assert {"fr", "en"} <= labels, term


def test_the_dataset_is_described_with_true_counts_and_this_servers_addresses(
    client: FlaskClient, release: Release
) -> None:
    graph = parsed(
        GRAPH_FORMATS[0], client.get("/dataset.ttl", headers={"Host": "data.example.org"}).data
    )
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    dataset = rdflib.URIRef(f"{BASE}dataset")
    statistics = ox.NamedNode(f"{BASE}graph/derived/statistics")
    published = {q.triple for q in release.quads() if q.graph_name != statistics}
    assert graph.value(dataset, void.triples).toPython() == len(published)
    said = list(graph.objects(rdflib.URIRef(statistics.value), rdflib.DCTERMS.description))
    assert {text.language for text in said} == {"en", "fr"}
    assert graph.value(dataset, void.sparqlEndpoint) == rdflib.URIRef(
        "http://data.example.org/sparql"
    )
    addresses = {str(address) for address in graph.objects(None, dcat.downloadURL)}
    assert addresses
    for address in addresses:
        assert (
            client.get(address.removeprefix("http://data.example.org"), buffered=True).status_code
            == 200
        )


def test_the_statistics_that_a_document_gives_are_those_that_queries_find(
    client: FlaskClient,
) -> None:
    graph = parsed(GRAPH_FORMATS[0], client.get("/dataset.ttl").data)
    dataset, void = rdflib.URIRef(f"{BASE}dataset"), rdflib.Namespace("http://rdfs.org/ns/void#")

    def ask(pattern: str) -> list[list[str]]:
        answer = client.get(
            "/sparql",
            query_string={"query": f"PREFIX void: <{void}> SELECT {pattern}"},
            headers={"Accept": "text/csv"},
        )
        assert answer.status_code == 200
        return [line.split(",") for line in answer.text.splitlines()[1:]]

    for name in (
        "triples",
        "entities",
        "classes",
        "properties",
        "distinctSubjects",
        "distinctObjects",
    ):
        assert [[str(n)] for n in graph.objects(dataset, void[name])] == ask(
            f"?n {{ <{dataset}> void:{name} ?n }}"
        )
    for part, key, counted in (("class", "class", "entities"), ("property", "property", "triples")):
        found = [
            [str(graph.value(node, void[key])), str(graph.value(node, void[counted]))]
            for node in graph.objects(dataset, void[f"{part}Partition"])
        ]
        pattern = f"{{ <{dataset}> void:{part}Partition [ void:{key} ?key ; void:{counted} ?n ] }}"
        assert sorted(found) == sorted(ask(f"?key ?n {pattern}"))
    assert len(set(graph.objects(None, void.property))) == len(
        list(graph.subject_objects(void.property))
    )


def test_the_endpoint_says_how_many_triples_its_default_graph_has(client: FlaskClient) -> None:
    """Its own statistics included, which those of the dataset leave out."""
    graph = parsed(GRAPH_FORMATS[0], client.get("/sparql", headers={"Accept": "text/turtle"}).data)
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    [default] = graph.objects(None, sd.defaultGraph)
    counted = client.get(
        "/sparql",
        query_string={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"},
        headers={"Accept": "text/csv"},
    ).text.splitlines()[1]
    assert str(graph.value(default, rdflib.VOID.triples)) == counted


def test_a_dataset_that_publishes_no_statistics_is_counted(
    host: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "a.ttl").write_text(
        "<urn:a> a <http://example.org/x#Thing>, <http://example.org/x/Thing> ."
    )
    content = host(release_of(tmp_path)).get("/dataset.ttl").content
    graph = parsed(GRAPH_FORMATS[0], content)
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    assert [
        int(n) for n in graph.objects(rdflib.URIRef("http://127.0.0.1:8000/dataset"), void.triples)
    ] == [2]
    classes = {
        str(graph.value(node, void["class"])) for node in graph.objects(None, void.classPartition)
    }
    assert classes == {"http://example.org/x#Thing", "http://example.org/x/Thing"}


def test_a_named_graph_is_published_under_its_name(client: FlaskClient) -> None:
    quads = list(ox.parse(client.get("/graph/mali/staff.nq").data, format=ox.RdfFormat.N_QUADS))
    named = {q.triple for q in quads if q.graph_name == ox.NamedNode(f"{BASE}graph/mali/staff")}
    assert {q.triple for q in quads if q.graph_name == ox.DefaultGraph()} == named


def test_the_root_gives_the_dataset_to_whom_asks_for_rdf(client: FlaskClient) -> None:
    response = client.get("/", headers={"Accept": "text/turtle"})
    assert response.mimetype == "text/turtle"
    assert response.headers["Content-Location"] == "/dataset.ttl"
    assert client.get("/.well-known/void").headers["Location"] == "/dataset"


def test_json_ld_reads_like_plain_json(client: FlaskClient) -> None:
    document = json.loads(client.get(f"{GAO}.json").data)
    assert document["id"] == f"{BASE}id/office/gao"
    assert "ZoneOffice" in document["type"]
    assert document["staffCount"] == 14
    assert document["prefLabel"] == {"en": "Gao zone office", "fr": "Bureau de zone de Gao"}
    assert len(document["worksInSector"]) == 6


def test_the_published_context_is_that_of_the_documents(client: FlaskClient) -> None:
    published = client.get("/context.jsonld").get_json(force=True)["@context"]
    used = json.loads(client.get(f"{GAO}.jsonld").data)["@context"]
    assert {term: published[term] for term in used} == used


def test_minted_iris_are_canonical_wherever_the_server_runs(client: FlaskClient) -> None:
    text = client.get(f"{GAO}.ttl", headers={"Host": "data.example.org"}).text
    assert "data.example.org" not in text


@pytest.mark.parametrize(
    "offer", [f for f in DOCUMENT_FORMATS if f.carries is not Carries.PAGE], ids=lambda f: f.name
)
def test_the_same_document_has_the_same_bytes_every_time(
    client: FlaskClient, offer: Format
) -> None:
    first = client.get(f"{GAO}.{offer.suffix}", headers={"Host": "a.example"}).data
    assert client.get(f"{GAO}.{offer.suffix}", headers={"Host": "b.example"}).data == first


def test_pages_of_a_resource_link_to_this_host(client: FlaskClient) -> None:
    page = client.get(f"{GAO}.html?lang=en").text
    assert 'href="/doc/region/menaka' in page
    assert f'href="{BASE}id/' not in page
    assert HTML.media_type == "text/html"
