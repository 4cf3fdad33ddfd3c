"""/sparql by the words of the SPARQL 1.1 Protocol, section 2.1, and as real clients speak it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib

from unicef_linked.errors import BadParameter
from unicef_linked.web.sparql_protocol import parse_form

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

BASE: Final = "https://w3id.org/unicef-linked/"
UL: Final = f"PREFIX ul: <{BASE}ontology#>\n"
OFFICES: Final = UL + "SELECT ?o { ?o a ul:ZoneOffice } ORDER BY ?o"
ASK: Final = UL + "ASK { ?o a ul:ZoneOffice }"
CONSTRUCT: Final = UL + "CONSTRUCT { ?o ul:openedOn ?y } WHERE { ?o ul:openedOn ?y }"
DESCRIBE: Final = f"DESCRIBE <{BASE}id/office/gao>"
FORM: Final = "application/x-www-form-urlencoded"
DIRECT: Final = "application/sparql-query"
JSON: Final = "application/sparql-results+json"


def get(
    client: FlaskClient, query: str, accept: str | None = None, **parameters: str
) -> TestResponse:
    """Ask by GET."""
    path = "/sparql?" + urlencode({"query": query, **parameters})
    return client.get(path, headers={"Accept": accept} if accept else {})


def values(response: TestResponse, name: str = "o") -> list[str]:
    """Return a column of a JSON answer."""
    assert response.status_code == 200, response.text
    return [row[name]["value"] for row in json.loads(response.data)["results"]["bindings"]]


def problem(response: TestResponse) -> dict[str, object]:
    """Return the problem details of an answer."""
    assert response.content_type == "application/problem+json", response.text
    found: dict[str, object] = json.loads(response.data)
    assert found["status"] == response.status_code
    assert str(found["type"]).startswith(f"{BASE}problem/")
    return found


# The three ways to ask (2.1.1 to 2.1.3)


def test_a_query_is_asked_by_get(client: FlaskClient) -> None:
    assert len(values(get(client, OFFICES))) == 5


def test_a_query_is_posted_as_a_form(client: FlaskClient) -> None:
    assert len(values(client.post("/sparql", data={"query": OFFICES}))) == 5


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8"])
def test_a_query_is_posted_as_it_is(client: FlaskClient, charset: str) -> None:
    assert (
        len(values(client.post("/sparql", data=OFFICES.encode(), content_type=DIRECT + charset)))
        == 5
    )


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        pytest.param("a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}, id="a name given twice"),
        pytest.param("a&b=", {"a": [""], "b": [""]}, id="an empty value is a value"),
        pytest.param("&&a=1&", {"a": ["1"]}, id="an empty field is no field"),
        pytest.param("a=b=c", {"a": ["b=c"]}, id="the first = ends the name"),
        pytest.param("a=1+%2B%201", {"a": ["1 + 1"]}, id="a plus sign is a space"),
        pytest.param("a=%c3%A9é", {"a": ["éé"]}, id="UTF-8, encoded or not"),
        pytest.param("a=100%&b=%zz", {"a": ["100%"], "b": ["%zz"]}, id="% that encodes nothing"),
    ],
)
def test_a_form_is_read_as_the_url_standard_has_it(
    text: str, parameters: dict[str, list[str]]
) -> None:
    assert parse_form(text, "the query string") == parameters


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a=%FF", "is not UTF-8", id="another character set"),
        pytest.param("a&" * 1000, "more than 1,000 fields", id="too many fields"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        parse_form(text, "the query string")


def test_parameters_of_a_posted_query_come_in_the_address(client: FlaskClient) -> None:
    path = "/sparql?" + urlencode({"default-graph-uri": f"{BASE}graph/mali/staff"})
    assert values(client.post(path, data=OFFICES.encode(), content_type=DIRECT)) == []


# What is refused, and how (2.1.6)


@pytest.mark.parametrize(
    ("query_string", "status"),
    [
        pytest.param("query=ASK%7B%7D&query=ASK%7B%7D", 400, id="query twice"),
        pytest.param("query=", 400, id="an empty query"),
        pytest.param("query=%20%0A", 400, id="a blank query"),
        pytest.param("query=%FF%FE", 400, id="bytes that are not UTF-8"),
        pytest.param("query=ASK%7B%7D&timeout=soon", 400, id="a timeout that is no number"),
        pytest.param("query=ASK%7B%7D&timeout=0", 400, id="a timeout of nothing"),
        pytest.param("query=ASK%7B%7D&timeout=-1", 400, id="a timeout below zero"),
        pytest.param(
            "query=ASK%7B%7D&timeout=nan", 400, id="a timeout that is not a number by name"
        ),
        pytest.param("query=ASK%7B%7D&timeout=1&timeout=2", 400, id="two timeouts"),
        pytest.param(
            "query=ASK%7B%7D&default-graph-uri=not%20an%20iri", 400, id="a graph that is no IRI"
        ),
        pytest.param("update=DROP%20ALL", 403, id="an update by GET"),
        pytest.param("query=DROP%20ALL", 403, id="an update as a query"),
    ],
)
def test_a_bad_request_is_refused_with_a_reason(
    client: FlaskClient, query_string: str, status: int
) -> None:
    response = client.get(f"/sparql?{query_string}")
    assert response.status_code == status
    assert len(str(problem(response)["detail"])) > 15


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        pytest.param(b"", FORM, 400, id="a form without query"),
        pytest.param(b"query=ASK%7B%7D&query=ASK%7B%7D", FORM, 400, id="query twice"),
        pytest.param(b"query=%C3", FORM, 400, id="a form that is not UTF-8"),
        pytest.param(b"\xff", DIRECT, 400, id="a body that is not UTF-8"),
        pytest.param(b"ASK {}", f"{DIRECT}; charset=klingon", 415, id="an unknown character set"),
        pytest.param(b"ASK {}", f"{DIRECT}; charset*=UTF-8''%00", 415, id="a null character"),
        pytest.param(b"ASK {}", "text/plain", 415, id="a media type that carries no query"),
        pytest.param(b'{"query": "ASK {}"}', "application/json", 415, id="JSON"),
        pytest.param(b"ASK {}", "", 415, id="no media type"),
        pytest.param(b"DROP ALL", "application/sparql-update", 403, id="an update posted as it is"),
        pytest.param(b"update=DROP+ALL", FORM, 403, id="an update as a form"),
        pytest.param(b"query=INSERT+DATA+%7B%7D", FORM, 403, id="an update called query"),
    ],
)
def test_a_bad_post_is_refused_with_a_reason(
    client: FlaskClient, body: bytes, content_type: str, status: int
) -> None:
    response = client.post("/sparql", data=body, content_type=content_type)
    assert response.status_code == status
    problem(response)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT * {\n  ?s ?p\n}", 3),
        ("SELECT * WHERE {\n\n ?s foaf:name ?n }", 3),
        ("SELECT ?x {", 1),
        ("SELECT * { ?s ?p 'no end }", 1),
        ("nonsense", 1),
    ],
)
def test_a_query_that_does_not_parse_is_told_where(
    client: FlaskClient, query: str, line: int
) -> None:
    found = problem(get(client, query))
    assert found["status"] == 400
    assert found["line"] == line
    assert isinstance(found["column"], int)
    assert str(found["type"]).endswith("/malformed-query")


def test_a_missing_prefix_is_told_with_its_namespace(client: FlaskClient) -> None:
    detail = str(problem(get(client, "SELECT * { ?s skos:prefLabel ?l }"))["detail"])
    assert "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>" in detail


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "ASK { SERVICE SILENT <http://127.0.0.1:1/> {} }",
    ],
)
def test_a_federated_query_is_refused(client: FlaskClient, query: str) -> None:
    response = get(client, query)
    assert response.status_code == 403
    assert str(problem(response)["type"]).endswith("/query-refused")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * " + "{" * 5000 + "}" * 5000,
        "ASK { FILTER(" + "!" * 50_000 + "true) }",
        "#" * 200_000,
    ],
)
def test_a_query_too_long_or_too_deep_is_refused(client: FlaskClient, query: str) -> None:
    response = client.post("/sparql", data={"query": query})
    assert response.status_code == 400
    problem(response)


def test_a_body_over_the_limit_is_refused(client: FlaskClient) -> None:
    response = client.post("/sparql", data=b"x" * 5_000_000, content_type=DIRECT)
    assert response.status_code == 413
    problem(response)


def test_a_query_over_its_deadline_is_stopped(client: FlaskClient) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    response = get(client, query, timeout="0.3")
    assert response.status_code == 503
    assert str(problem(response)["type"]).endswith("/query-timeout")
    assert len(values(get(client, OFFICES + " # after it"))) == 5


# Formats (RFC 9110, section 12; SPARQL 1.1 Results formats)


@pytest.mark.parametrize("query", [OFFICES, ASK], ids=["SELECT", "ASK"])
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        ("application/json", JSON),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("application/xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("text/csv;q=0.3, application/sparql-results+json;q=0.9", JSON),
        pytest.param(
            "text/turtle, application/sparql-results+json;q=0.1",
            JSON,
            id="never RDF, though it is listed first",
        ),
        pytest.param(
            "application/rdf+xml, text/turtle, */*;q=0.1", JSON, id="a wildcard after RDF types"
        ),
        pytest.param(
            "application/sparql-results+xml,application/sparql-results+json;q=0.9,text/turtle;q=0.8,*/*;q=0.5",
            "application/sparql-results+xml",
            id="Jena",
        ),
        pytest.param(
            "application/sparql-results+json,application/json,text/javascript,application/javascript",
            JSON,
            id="SPARQLWrapper",
        ),
        pytest.param(
            "application/sparql-results+xml, application/rdf+xml",
            "application/sparql-results+xml",
            id="rdflib",
        ),
        pytest.param("application/sparql-results+json,*/*;q=0.9", JSON, id="YASGUI"),
    ],
)
def test_solutions_are_answered_in_a_format_of_solutions(
    client: FlaskClient, query: str, accept: str | None, expected: str
) -> None:
    response = get(client, query, accept)
    assert response.status_code == 200
    assert response.mimetype == expected
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("query", "declared"),
    [
        (UL + "CONSTRUCT { <urn:x> ul:openedOn ?y } WHERE { ?o ul:openedOn ?y }", ["ul", "xsd"]),
        (UL + "CONSTRUCT { ?o a ul:Office } WHERE { ?o ul:openedOn ?y }", ["ul", "office"]),
        ("CONSTRUCT { <urn:x> <urn:y> 'z' } WHERE {}", []),
    ],
)
def test_a_graph_declares_only_the_prefixes_that_it_uses(
    client: FlaskClient, query: str, declared: list[str]
) -> None:
    lines = get(client, query, "text/turtle").text.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("@prefix")] == [
        f"{name}:" for name in declared
    ]


@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["CONSTRUCT", "DESCRIBE"])
@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "text/turtle"),
        ("*/*", "text/turtle"),
        ("application/n-triples", "application/n-triples"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/json", "application/ld+json"),
        ("application/trig", "application/trig"),
        ("application/n-quads", "application/n-quads"),
        pytest.param(
            "application/sparql-results+json, text/turtle;q=0.5",
            "text/turtle",
            id="never solutions, though listed first",
        ),
    ],
)
def test_a_graph_is_answered_in_a_format_of_graphs(
    client: FlaskClient, query: str, accept: str | None, expected: str
) -> None:
    response = get(client, query, accept)
    assert response.status_code == 200
    assert response.mimetype == expected
    quads = list(ox.parse(response.data, format=ox.RdfFormat.from_media_type(expected)))
    assert len(quads) >= 5


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (OFFICES, "text/turtle"),
        (ASK, "application/ld+json"),
        (CONSTRUCT, JSON),
        (OFFICES, "image/png"),
    ],
)
def test_a_form_that_no_accepted_format_can_hold_is_not_acceptable(
    client: FlaskClient, query: str, accept: str
) -> None:
    response = get(client, query, accept)
    assert response.status_code == 406
    assert problem(response)["available"]


@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("json", OFFICES, JSON),
        ("xml", OFFICES, "application/sparql-results+xml"),
        ("csv", OFFICES, "text/csv"),
        ("tsv", OFFICES, "text/tab-separated-values"),
        (JSON, OFFICES, JSON),
        ("turtle", CONSTRUCT, "text/turtle"),
        ("nt", CONSTRUCT, "application/n-triples"),
        ("json", CONSTRUCT, "application/ld+json"),
        ("xml", CONSTRUCT, "application/rdf+xml"),
    ],
)
@pytest.mark.parametrize("parameter", ["format", "output"])
def test_a_format_named_in_the_address_wins_over_accept(
    client: FlaskClient, parameter: str, name: str, query: str, expected: str
) -> None:
    response = get(client, query, "text/html", **{parameter: name})
    assert response.mimetype == expected


def test_each_format_of_solutions_says_the_same(client: FlaskClient) -> None:
    expected = [
        f"{BASE}id/office/{key}" for key in ("gao", "kayes", "mopti", "sikasso", "tombouctou")
    ]
    assert values(get(client, OFFICES)) == expected
    xml = ox.parse_query_results(
        get(client, OFFICES, format="xml").data, format=ox.QueryResultsFormat.XML
    )
    assert [row["o"].value for row in xml] == expected  # type: ignore[union-attr]
    assert get(client, OFFICES, format="csv").text.split() == ["o", *expected]
    assert get(client, OFFICES, format="tsv").text.split() == [
        "?o",
        *(f"<{iri}>" for iri in expected),
    ]


def test_a_truth_value_is_answered_in_each_format(client: FlaskClient) -> None:
    assert json.loads(get(client, ASK).data)["boolean"] is True
    assert "<boolean>true</boolean>" in get(client, ASK, format="xml").text


# The dataset (2.1.4)


@pytest.mark.parametrize(
    ("parameters", "number"),
    [
        pytest.param([], 5, id="the default graph is the union"),
        pytest.param([("default-graph-uri", f"{BASE}graph/mali/offices")], 5, id="one graph"),
        pytest.param([("default-graph-uri", f"{BASE}graph/mali/staff")], 0, id="another graph"),
        pytest.param(
            [
                ("default-graph-uri", f"{BASE}graph/mali/staff"),
                ("default-graph-uri", f"{BASE}graph/mali/offices"),
            ],
            5,
            id="two graphs, merged",
        ),
        pytest.param(
            [("default-graph-uri", "http://127.0.0.1:1/none")],
            0,
            id="a graph that is not there is empty",
        ),
        pytest.param(
            [("named-graph-uri", f"{BASE}graph/mali/offices")],
            0,
            id="only a named graph: the default graph is empty",
        ),
    ],
)
@pytest.mark.parametrize("way", ["GET", "form", "direct"])
def test_the_dataset_is_what_the_request_says(
    client: FlaskClient, parameters: list[tuple[str, str]], number: int, way: str
) -> None:
    query = UL + "SELECT ?o { ?o a ul:ZoneOffice }"
    if way == "GET":
        response = client.get("/sparql?" + urlencode([("query", query), *parameters]))
    elif way == "form":
        response = client.post(
            "/sparql", data=urlencode([("query", query), *parameters]), content_type=FORM
        )
    else:
        response = client.post(
            "/sparql?" + urlencode(parameters), data=query.encode(), content_type=DIRECT
        )
    assert len(values(response)) == number


def test_the_request_overrides_the_dataset_of_the_query(client: FlaskClient) -> None:
    query = UL + f"SELECT ?o FROM <{BASE}graph/mali/staff> {{ ?o a ul:ZoneOffice }}"
    assert values(get(client, query)) == []
    assert (
        len(values(get(client, query, **{"default-graph-uri": f"{BASE}graph/mali/offices"}))) == 5
    )


def test_a_statement_in_two_graphs_is_one_statement_of_their_merge(client: FlaskClient) -> None:
    covers = UL + f"SELECT ?o {{ <{BASE}id/office/gao> ul:coversRegion ?o }}"
    assert len(values(get(client, covers))) == 3
    types = "SELECT (COUNT(*) AS ?o) { ?s ?p ?x }"
    whole = int(values(get(client, types))[0])
    distinct = int(
        values(
            get(
                client,
                "SELECT (COUNT(*) AS ?o) { SELECT DISTINCT ?s ?p ?x { GRAPH ?g { ?s ?p ?x } } }",
            )
        )[0]
    )
    assert whole == distinct


def test_named_graphs_say_where_a_statement_is_from(client: FlaskClient) -> None:
    query = UL + f"SELECT ?o {{ GRAPH ?o {{ <{BASE}id/office/gao> ul:openedOn ?y }} }}"
    assert values(get(client, query)) == [f"{BASE}graph/mali/offices"]


# Caching


def test_an_answer_has_a_validator_and_may_be_kept(client: FlaskClient) -> None:
    first = get(client, OFFICES)
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get(
        "/sparql?" + urlencode({"query": OFFICES}), headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("expression", ["NOW()", "RAND()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_changes_by_itself_is_not_kept(client: FlaskClient, expression: str) -> None:
    response = get(client, f"SELECT ({expression} AS ?o) {{}}")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers


def test_a_posted_query_is_not_cacheable_by_a_tag(client: FlaskClient) -> None:
    assert "ETag" not in client.post("/sparql", data={"query": OFFICES}).headers


# Without a query


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "*/*",
        "text/turtle",
        "application/rdf+xml",
        "application/ld+json",
        "application/n-triples",
    ],
)
def test_without_a_query_the_service_describes_itself(
    client: FlaskClient, accept: str | None
) -> None:
    response = client.get(
        "/sparql", headers={"Host": "data.example.org"} | ({"Accept": accept} if accept else {})
    )
    assert response.status_code == 200
    graph = rdflib.Graph()
    graph.parse(
        data=response.data,
        format={"application/ld+json": "json-ld"}.get(response.mimetype, response.mimetype),
    )
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    service = graph.value(None, rdflib.RDF.type, sd.Service)
    assert graph.value(service, sd.endpoint) == rdflib.URIRef("http://data.example.org/sparql")
    assert graph.value(service, sd.supportedLanguage) == sd.SPARQL11Query
    assert (service, sd.feature, sd.UnionDefaultGraph) in graph
    names = {str(name) for name in graph.objects(None, sd.name)}
    assert f"{BASE}graph/mali/offices" in names
    assert not any(isinstance(term, rdflib.BNode) for triple in graph for term in triple)


@pytest.mark.parametrize("query", ["", OFFICES, "SELECT <b>&\"' {"])
def test_a_browser_gets_the_editor_with_the_query_in_it(client: FlaskClient, query: str) -> None:
    path = f"/sparql?lang=en{'&query=' + quote(query) if query else ''}"
    response = client.get(
        path, headers={"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    )
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    if query:
        assert (
            query.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace('"', "&#34;")
            .replace("'", "&#39;")
            in response.text
        )
