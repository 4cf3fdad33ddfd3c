"""/sparql as requests really come: relative IRIs, other character sets, names of formats,
odd tokens.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"


def send(
    client: FlaskClient, way: str, query: str, host: str = "data.example", **parameters: str
) -> TestResponse:
    """Send a query in one of the three ways of the protocol (section 2.1)."""
    headers = {"Host": host}
    if way == "GET":
        address = f"/sparql?{urlencode({'query': query, **parameters})}"
        return client.get(address, headers=headers)
    if way == "form":
        body = urlencode({"query": query, **parameters})
        return client.post("/sparql", data=body, content_type=FORM, headers=headers)
    address = f"/sparql?{urlencode(parameters)}"
    return client.post(address, data=query.encode(), content_type=DIRECT, headers=headers)


def value(response: TestResponse) -> str:
    """Return the first cell of an answer in JSON."""
    assert response.status_code == 200, response.text
    results = json.loads(response.data)
    [row] = results["results"]["bindings"]
    [cell] = row.values()
    return str(cell["value"])


WAYS: Final = pytest.mark.parametrize("way", ["GET", "form", "direct"])


# Relative IRIs


@WAYS
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT (<a> AS ?x) {}", "http://data.example/a", id="beside the endpoint"),
        pytest.param("SELECT (<> AS ?x) {}", "http://data.example/sparql", id="the endpoint"),
        pytest.param("SELECT (<#a> AS ?x) {}", "http://data.example/sparql#a", id="a part of it"),
        pytest.param("SELECT (<//b.example/c> AS ?x) {}", "http://b.example/c", id="another host"),
        pytest.param("SELECT (IRI('a') AS ?x) {}", "http://data.example/a", id="the function IRI"),
        pytest.param(
            "PREFIX : <ns#> SELECT (:a AS ?x) {}", "http://data.example/ns#a", id="a namespace"
        ),
        pytest.param(
            "BASE <sub/> SELECT (<a> AS ?x) {}", "http://data.example/sub/a", id="a relative BASE"
        ),
        pytest.param(
            "BASE <http://b.example/c> SELECT (<a> AS ?x) {}", "http://b.example/a", id="BASE wins"
        ),
    ],
)
def test_a_relative_iri_is_resolved_against_the_address_of_the_endpoint(
    client: FlaskClient, way: str, query: str, expected: str
) -> None:
    assert value(send(client, way, query)) == expected


def test_a_construct_of_relative_iris_is_a_graph_of_absolute_ones(client: FlaskClient) -> None:
    response = send(client, "direct", "CONSTRUCT { <a> <p> <b> } WHERE {}", format="nt")
    at = "http://data.example"
    assert response.text == f"<{at}/a> <{at}/p> <{at}/b> .\n"


def test_the_same_query_by_another_host_has_another_base(client: FlaskClient) -> None:
    for host in ("a.example", "b.example:81") * 2:
        assert value(send(client, "GET", "SELECT (<x> AS ?y) {}", host)) == f"http://{host}/x"


# Character sets


@WAYS
def test_a_byte_order_mark_is_no_part_of_a_query(client: FlaskClient, way: str) -> None:
    assert value(send(client, way, "\ufeffSELECT (1 AS ?x)\r\n{}\r\n")) == "1"
    marked, plain = (send(client, way, f"{mark}SELECT (1 AS ?x {{") for mark in ("\ufeff", ""))
    assert json.loads(marked.data)["detail"] == json.loads(plain.data)["detail"]


def test_a_form_may_begin_with_a_byte_order_mark(client: FlaskClient) -> None:
    body = "\ufeff" + urlencode({"query": "SELECT (1 AS ?x) {}"})
    assert value(client.post("/sparql", data=body.encode(), content_type=FORM)) == "1"


@pytest.mark.parametrize("content_type", [FORM, DIRECT])
@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        pytest.param("utf-16", "; charset=UTF-16", id="UTF-16 that says so"),
        pytest.param("utf-16-le", '; charset="utf-16le"', id="UTF-16 without a mark"),
        pytest.param("utf-16", "", id="UTF-16 that says nothing"),
        pytest.param("utf-16", "; charset=utf-8", id="UTF-16 that claims to be UTF-8"),
        pytest.param("latin-1", "; charset=ISO-8859-1", id="ISO 8859-1"),
        pytest.param("latin-1", "", id="ISO 8859-1 that says nothing"),
        pytest.param("utf-8", "; charset=ISO-8859-1", id="UTF-8 that claims to be another"),
    ],
)
def test_a_body_that_is_not_utf_8_is_refused(
    client: FlaskClient, content_type: str, encoding: str, charset: str
) -> None:
    query = 'SELECT ("é" AS ?x) {}'
    text = f"query={query}" if content_type == FORM else query
    response = client.post(
        "/sparql", data=text.encode(encoding), content_type=f"{content_type}{charset}"
    )
    assert response.status_code == 400, response.text
    assert "UTF-8" in json.loads(response.data)["detail"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"UTF-8"', "us-ascii"])
def test_utf_8_has_several_names(client: FlaskClient, charset: str) -> None:
    content_type = f"{DIRECT}; charset={charset}"
    response = client.post("/sparql", data=b"SELECT (1 AS ?x) {}", content_type=content_type)
    assert value(response) == "1"


# Names of formats


SELECT: Final = "SELECT (1 AS ?x) {}"
GRAPH: Final = "CONSTRUCT { <a> <p> <b> } WHERE {}"


@pytest.mark.parametrize("parameter", ["format", "output"])
@pytest.mark.parametrize(
    ("name", "solutions", "graph"),
    [
        ("json", "application/sparql-results+json", "application/ld+json"),
        ("xml", "application/sparql-results+xml", "application/rdf+xml"),
        ("csv", "text/csv", None),
        ("tsv", "text/tab-separated-values", None),
        ("turtle", None, "text/turtle"),
        ("ttl", None, "text/turtle"),
        ("n3", None, "text/turtle"),
        ("N3", None, "text/turtle"),
        ("text/n3", None, "text/turtle"),
        ("text/rdf+n3", None, "text/turtle"),
        ("rdf", None, "application/rdf+xml"),
        ("rdf+xml", None, "application/rdf+xml"),
        ("rdf xml", None, "application/rdf+xml"),
        ("json-ld", None, "application/ld+json"),
        ("nt", None, "application/n-triples"),
        ("text/plain", None, "application/n-triples"),
        ("trig", None, "application/trig"),
        ("nquads", None, "application/n-quads"),
        ("application/rdf+xml", None, "application/rdf+xml"),
        ("text/turtle; charset=utf-8", None, "text/turtle"),
        ("application/sparql-results+json", "application/sparql-results+json", None),
        ("application/json", "application/sparql-results+json", "application/ld+json"),
        ("html", "text/html", "text/html"),
        ("text/html", "text/html", "text/html"),
    ],
)
def test_a_format_is_known_by_each_name_that_clients_send(
    client: FlaskClient, parameter: str, name: str, solutions: str | None, graph: str | None
) -> None:
    for query, expected in ((SELECT, solutions), (GRAPH, graph)):
        response = send(client, "GET", query, **{parameter: name})
        assert response.status_code == (200 if expected else 406)
        assert expected is None or response.mimetype == expected


@WAYS
@pytest.mark.parametrize("name", ["auto", "nonsense", "application/x-unknown", "text/html+x", "0"])
def test_an_unknown_format_falls_back_on_accept(client: FlaskClient, way: str, name: str) -> None:
    address = f"/sparql?{urlencode({'query': GRAPH, 'format': name})}"
    for accept in ("text/turtle", "application/n-triples"):
        assert client.get(address, headers={"Accept": accept}).mimetype == accept
    assert send(client, way, SELECT, format=name).mimetype == "application/sparql-results+json"
    assert send(client, way, SELECT, format=name, output="csv").mimetype == "text/csv"


def test_the_service_description_falls_back_on_accept_too(client: FlaskClient) -> None:
    for name, expected in (("n3", "text/turtle"), ("csv", "text/turtle"), ("html", "text/html")):
        assert client.get(f"/sparql?format={name}").mimetype == expected


@pytest.mark.parametrize("accept", ["text/n3", "text/rdf+n3, */*;q=0.1", "application/turtle"])
def test_a_client_that_accepts_n3_gets_turtle(client: FlaskClient, accept: str) -> None:
    address = f"/sparql?{urlencode({'query': GRAPH})}"
    assert client.get(address, headers={"Accept": accept}).mimetype == "text/turtle"


# What XML cannot express


@WAYS
@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param(
            "CONSTRUCT { <a> <http://x.example/col/2024> 1 } WHERE {}",
            "<http://x.example/col/2024>",
            id="a property that ends in digits",
        ),
        pytest.param(
            "CONSTRUCT { <a> <http://x.example/col/> 1 } WHERE {}",
            "<http://x.example/col/>",
            id="a property that ends in a slash",
        ),
        pytest.param("CONSTRUCT { <a> <p> 'bell\\u0007' } WHERE {}", "U+0007", id="in a graph"),
        pytest.param("SELECT ('page\\u000Cbreak' AS ?x) {}", "U+000C", id="in solutions"),
        pytest.param("SELECT ('\\u0000' AS ?x) {}", "U+0000", id="null"),
        pytest.param("SELECT ('a\\uFFFEb' AS ?x) {}", "U+FFFE", id="a noncharacter"),
    ],
)
def test_what_xml_cannot_express_is_406_with_the_reason_and_the_formats(
    client: FlaskClient, way: str, query: str, words: str
) -> None:
    response = send(client, way, query, format="xml")
    assert response.status_code == 406, response.text
    problem = json.loads(response.data)
    assert problem["type"].endswith("/not-acceptable")
    assert words in problem["detail"]
    expected = "text/turtle" if query.startswith("C") else "application/sparql-results+json"
    assert expected in problem["available"]
    assert not any(offer.endswith("+xml") for offer in problem["available"])
    assert send(client, way, query, format="json").status_code == 200
