"""/sparql by the words of SPARQL 1.1 Protocol (2.1), Service Description (2), RFC 9110, RFC 9457 and the Fetch standard."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
import rdflib

from unicef_linked.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format
from unicef_linked.iris import Names

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

NAMES = Names()
PREFIXES = (
    "PREFIX ul: <https://w3id.org/unicef-linked/ontology#> PREFIX office: <https://w3id.org/unicef-linked/id/office/>\n"
)
SELECT = PREFIXES + "SELECT ?staff { office:gao ul:staffCount ?staff }"
ASK = PREFIXES + "ASK { office:gao ul:staffCount 14 }"
CONSTRUCT = PREFIXES + "CONSTRUCT WHERE { office:gao ul:coversRegion ?region }"
DESCRIBE = PREFIXES + "DESCRIBE office:gao"
CARTESIAN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JENA_SELECT = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.7, "
    "text/csv;q=0.5, application/json;q=0.2, application/xml;q=0.2, */*;q=0.1"
)
JENA_GRAPH = (
    "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
    "application/n-quads;q=0.6,application/trig;q=0.5,*/*;q=0.1"
)
RDF4J_SELECT = (
    "application/sparql-results+xml;q=0.8, application/x-binary-rdf-results-table;q=0.8, "
    "application/sparql-results+json;q=0.8, application/json;q=0.8, text/csv;q=0.8, text/tab-separated-values;q=0.8"
)
WRAPPER_ALL = (
    "application/sparql-results+xml,application/sparql-results+json,application/json,text/javascript,"
    "application/javascript,text/csv,text/tab-separated-values,text/turtle,application/turtle,text/rdf+n3,"
    "application/rdf+n3,text/n3,application/n-triples,application/rdf+xml,application/ld+json,application/x-json+ld"
)
YASGUI_SELECT = "application/sparql-results+json,*/*;q=0.9"
YASGUI_GRAPH = "application/n-quads,*/*;q=0.9"
COMUNICA = (
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
    "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/xml;q=0.3,image/svg+xml;q=0.3,"
    "text/html;q=0.2,application/xhtml+xml;q=0.18,application/json;q=0.135"
)


def ask(client: FlaskClient, query: str, accept: str | None = None, **parameters: Any) -> TestResponse:
    headers = {} if accept is None else {"Accept": accept}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def problem(answer: TestResponse) -> dict[str, Any]:
    """Return the problem details of an answer, once they are what RFC 9457 says."""
    assert answer.content_type == "application/problem+json"
    body: dict[str, Any] = answer.json
    assert body["status"] == answer.status_code
    assert body["type"].startswith(f"{NAMES.base}problem/")
    assert body["title"]
    assert body["detail"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    body["name"] = body["type"].rpartition("/")[2]
    return body


def rows(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json.loads(answer.data)["results"]["bindings"]
    return found


# The three ways to ask (2.1.1 to 2.1.3) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"method": "GET", "query_string": {"query": SELECT}}, id="GET"),
        pytest.param({"method": "POST", "data": {"query": SELECT}}, id="POST form"),
        pytest.param(
            {"method": "POST", "data": urlencode({"query": SELECT}), "content_type": f"{FORM}; charset=UTF-8"},
            id="POST form with a charset",
        ),
        pytest.param({"method": "POST", "data": SELECT, "content_type": DIRECT}, id="POST direct"),
        pytest.param(
            {"method": "POST", "data": SELECT, "content_type": f"{DIRECT}; charset=utf-8"}, id="POST direct, charset"
        ),
        pytest.param({"method": "POST", "data": SELECT, "content_type": "Application/SPARQL-Query"}, id="types: no case"),
        pytest.param(
            {"method": "POST", "data": SELECT.encode("utf-16"), "content_type": f"{DIRECT}; charset=utf-16"},
            id="POST direct in another charset",
        ),
        pytest.param({"method": "GET", "path": "/sparql/", "query_string": {"query": SELECT}}, id="a slash at the end"),
    ],
)
def test_a_query_may_be_sent_in_each_of_three_ways(client: FlaskClient, sent: dict[str, Any]) -> None:
    answer = client.open(**{"path": "/sparql", **sent})
    [row] = rows(answer)
    assert row["staff"] == {"type": "literal", "datatype": "http://www.w3.org/2001/XMLSchema#integer", "value": "14"}


def test_text_outside_ascii_arrives_the_same_in_each_way(client: FlaskClient) -> None:
    query = 'SELECT ?x { VALUES ?x { "Ménaka – ߡߊߟߌ 𞤥𞤢𞥄𞤤𞤭" } }'
    sent: list[dict[str, Any]] = [
        {"method": "GET", "query_string": {"query": query}},
        {"method": "POST", "data": {"query": query}},
        {"method": "POST", "data": query.encode(), "content_type": DIRECT},
        {"method": "POST", "data": query.encode("utf-16"), "content_type": f"{DIRECT};charset=utf-16"},
        {"method": "GET", "environ_overrides": {"QUERY_STRING": f"query={quote(query, safe='é')}".encode().decode("latin-1")}},
    ]
    for one in sent:
        [row] = rows(client.open("/sparql", **one))
        assert row["x"]["value"] == "Ménaka – ߡߊߟߌ 𞤥𞤢𞥄𞤤𞤭"


def test_a_plus_sign_in_a_form_is_a_space_and_a_percent_encoded_one_a_plus(client: FlaskClient) -> None:
    answer = client.post("/sparql", data="query=SELECT+(1%2B1+AS+?two)+{}", content_type=FORM)
    assert rows(answer)[0]["two"]["value"] == "2"


@pytest.mark.parametrize(
    ("sent", "status", "name"),
    [
        pytest.param({"method": "GET", "query_string": "query=ASK{}&query=ASK{}"}, 400, "bad-parameter", id="two in URL"),
        pytest.param({"method": "POST", "data": "query=ASK{}&query=ASK{}"}, 400, "bad-parameter", id="two in a form"),
        pytest.param({"method": "POST", "data": ""}, 400, "bad-parameter", id="a form without query"),
        pytest.param({"method": "POST", "data": "default-graph-uri=a:b"}, 400, "bad-parameter", id="a dataset, no query"),
        pytest.param(
            {"method": "POST", "query_string": "query=ASK{}", "data": ""}, 400, "bad-parameter", id="a form: none in the URL"
        ),
        pytest.param({"method": "GET", "query_string": "query="}, 400, "malformed-query", id="an empty query"),
        pytest.param({"method": "POST", "data": "", "content_type": DIRECT}, 400, "malformed-query", id="an empty body"),
        pytest.param(
            {"method": "POST", "data": "ASK {}", "content_type": "text/plain"}, 415, "unsupported-media-type", id="text"
        ),
        pytest.param(
            {"method": "POST", "data": '{"query": "ASK {}"}', "content_type": "application/json"},
            415,
            "unsupported-media-type",
            id="JSON, as for GraphQL",
        ),
        pytest.param(
            {"method": "POST", "data": {"query": "ASK {}"}, "content_type": "multipart/form-data"},
            415,
            "unsupported-media-type",
            id="a multipart form, which the protocol does not have",
        ),
        pytest.param(
            {"method": "POST", "data": b"ASK {}", "content_type": ""}, 415, "unsupported-media-type", id="no media type"
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {}", "content_type": f"{DIRECT}; charset=klingon"},
            415,
            "unsupported-media-type",
            id="a charset that nobody knows",
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {}", "content_type": f"{DIRECT}; charset=base64"},
            415,
            "unsupported-media-type",
            id="a codec that is no charset",
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {}", "content_type": f"{DIRECT}; charset=undefined"},
            415,
            "unsupported-media-type",
            id="a codec that refuses everything",
        ),
        pytest.param({"method": "POST", "data": b"ASK { '\xff' }", "content_type": DIRECT}, 400, "bad-parameter", id="UTF-8"),
        pytest.param({"method": "POST", "data": "query=ASK+%FF", "content_type": FORM}, 400, "bad-parameter", id="%FF"),
        pytest.param({"method": "GET", "query_string": "query=ASK+%FF"}, 400, "bad-parameter", id="%FF in the URL"),
        pytest.param(
            {"method": "GET", "environ_overrides": {"QUERY_STRING": "query=ASK{'\xe9'}"}}, 400, "bad-parameter", id="Latin-1"
        ),
        pytest.param(
            {"method": "POST", "data": "query=" + "x" * 2_000_000, "content_type": FORM}, 413, "too-large", id="a huge form"
        ),
        pytest.param(
            {"method": "POST", "data": "#" * 2_000_000, "content_type": DIRECT}, 413, "too-large", id="a huge body"
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {} #".ljust(100_001, "x"), "content_type": DIRECT},
            400,
            "malformed-query",
            id="a long query",
        ),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&timeout=soon"}, 400, "bad-parameter", id="timeout=soon"),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&timeout=0"}, 400, "bad-parameter", id="timeout=0"),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&timeout=-1"}, 400, "bad-parameter", id="timeout=-1"),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&timeout=nan"}, 400, "bad-parameter", id="timeout=nan"),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&timeout=1e999"}, 400, "bad-parameter", id="infinite"),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK{}&timeout=1&timeout=2"}, 400, "bad-parameter", id="two timeouts"
        ),
        pytest.param({"method": "GET", "query_string": "query=ASK{}&format=nope"}, 400, "bad-parameter", id="format=nope"),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK{}&default-graph-uri=no+iri"},
            400,
            "bad-parameter",
            id="a default graph that is no IRI",
        ),
        pytest.param(
            {"method": "GET", "query_string": "query=ASK{}&named-graph-uri=relative"},
            400,
            "bad-parameter",
            id="a named graph that is a relative reference",
        ),
        pytest.param({"method": "PUT"}, 405, "method-not-allowed", id="PUT"),
        pytest.param({"method": "DELETE"}, 405, "method-not-allowed", id="DELETE"),
        pytest.param({"method": "PATCH"}, 405, "method-not-allowed", id="PATCH"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(client: FlaskClient, sent: dict[str, Any], status: int, name: str) -> None:
    if sent["method"] == "POST":
        sent = {"content_type": FORM, **sent}
    answer = client.open("/sparql", **sent)
    assert answer.status_code == status, answer.text
    assert problem(answer)["name"] == name


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(client: FlaskClient) -> None:
    answer = client.put("/sparql")
    assert {"GET", "HEAD", "OPTIONS", "POST"} == {word.strip() for word in answer.headers["Allow"].split(",")}


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        pytest.param("SELEC * {}", 1, 1, id="at once"),
        pytest.param("SELECT * {\n  ?s ?p\n}", 3, 1, id="on the third line"),
        pytest.param("SELECT * { ?s nope:x ?o }", 1, None, id="an undeclared prefix"),
        pytest.param("SELECT * { ?s ?p 'é' é }", 1, 22, id="columns count characters, not bytes"),
        pytest.param("SELECT (1 AS ?x) (2 AS ?x) {}", 1, None, id="a variable twice"),
        pytest.param("SELECT * {} LIMIT -1", 1, None, id="below zero"),
        pytest.param("SELECT * { ?s ?p ?o } GROUP BY ?s", None, None, id="SELECT * with GROUP BY (18.2.4.1)"),
        pytest.param("INVENT DATA {}", 1, 1, id="no such operation"),
        pytest.param("{" * 101, 1, 101, id="too deep"),
    ],
)
def test_a_malformed_query_is_answered_with_its_place(
    client: FlaskClient, query: str, line: int | None, column: int | None
) -> None:
    answer = ask(client, query)
    assert answer.status_code == 400, answer.text
    body = problem(answer)
    assert body["name"] == "malformed-query"
    if line:
        assert body["line"] == line
        assert body["column"] >= 1
    if column:
        assert body["column"] == column
    assert len(body["detail"]) < 400


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"query_string": {"query": "INSERT DATA { <a:a> <a:b> <a:c> }"}}, id="as a query by GET"),
        pytest.param({"query_string": {"update": "CLEAR ALL"}}, id="as update by GET"),
        pytest.param({"method": "POST", "data": {"update": "CLEAR ALL"}}, id="as update in a form (2.2.1)"),
        pytest.param({"method": "POST", "data": {"query": "ASK {}", "update": "CLEAR ALL"}}, id="beside a query"),
        pytest.param({"method": "POST", "data": "CLEAR ALL", "content_type": DIRECT}, id="as a query, direct"),
        pytest.param(
            {"method": "POST", "data": "CLEAR ALL", "content_type": "application/sparql-update"}, id="direct (2.2.2)"
        ),
        pytest.param(
            {"method": "POST", "data": "ASK {}", "content_type": DIRECT, "query_string": {"update": "CLEAR ALL"}},
            id="in the URL of a direct query",
        ),
        pytest.param({"method": "POST", "data": {"query": "ASK {}", "using-graph-uri": "a:b"}}, id="its dataset (2.2.3)"),
        pytest.param({"query_string": {"query": "LOAD <http://127.0.0.1:1/>"}}, id="LOAD"),
    ],
)
def test_an_update_is_refused_whichever_way_it_comes(client: FlaskClient, sent: dict[str, Any]) -> None:
    answer = client.open("/sparql", **sent)
    assert answer.status_code == 403, answer.text
    assert problem(answer)["name"] == "query-refused"


def test_a_call_of_another_endpoint_is_refused(client: FlaskClient) -> None:
    answer = ask(client, "SELECT * { SERVICE SILENT <http://127.0.0.1:1/> { ?s ?p ?o } }")
    assert answer.status_code == 403
    assert problem(answer)["name"] == "query-refused"


# Formats -----------------------------------------------------------------------------------------------------------


def _values(answer: TestResponse) -> list[list[str]]:
    """Return the lexical values of an answer in any format of solutions."""
    match answer.mimetype:
        case "application/sparql-results+json":
            body = json.loads(answer.data)
            return [[row[name]["value"] for name in body["head"]["vars"]] for row in body["results"]["bindings"]]
        case "application/sparql-results+xml":
            space = "{http://www.w3.org/2005/sparql-results#}"
            root = ElementTree.fromstring(answer.data)  # noqa: S314 - our own server wrote it
            return [[b[0].text or "" for b in result] for result in root.iter(f"{space}result")]
        case "text/csv":
            return list(csv.reader(io.StringIO(answer.text)))[1:]
        case "text/tab-separated-values":
            return [line.split("\t") for line in answer.text.strip().split("\n")[1:]]
    raise AssertionError(answer.mimetype)


each_solution_format = pytest.mark.parametrize("offer", [pytest.param(f, id=f.name) for f in SOLUTION_FORMATS])
each_graph_format = pytest.mark.parametrize("offer", [pytest.param(f, id=f.name) for f in GRAPH_FORMATS])


@each_solution_format
@pytest.mark.parametrize("by", ["Accept", "format", "output"])
def test_select_is_answered_in_each_format_of_solutions(client: FlaskClient, offer: Format, by: str) -> None:
    answer = ask(client, SELECT, offer.media_type) if by == "Accept" else ask(client, SELECT, **{by: offer.name})
    assert answer.status_code == 200
    assert answer.content_type == offer.content_type
    assert _values(answer) == [["14"]]


@each_solution_format
def test_ask_is_answered_in_each_format_of_solutions(client: FlaskClient, offer: Format) -> None:
    answer = ask(client, ASK, offer.media_type)
    assert answer.status_code == 200
    assert answer.content_type == offer.content_type
    if offer.name == "json":
        assert json.loads(answer.data)["boolean"] is True
    else:
        assert "true" in answer.text


@each_graph_format
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE], ids=["CONSTRUCT", "DESCRIBE"])
@pytest.mark.parametrize("by", ["Accept", "format"])
def test_a_graph_is_answered_in_each_format_of_graphs(client: FlaskClient, offer: Format, query: str, by: str) -> None:
    answer = ask(client, query, offer.media_type) if by == "Accept" else ask(client, query, format=offer.name)
    assert answer.status_code == 200
    assert answer.content_type == offer.content_type
    triples = {quad.triple for quad in ox.parse(answer.data, format=offer.rdf)}
    reference = ask(client, query, "application/n-triples").data
    assert triples == {quad.triple for quad in ox.parse(reference, format=ox.RdfFormat.N_TRIPLES)}
    assert len(triples) >= 3


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        pytest.param(SELECT, None, "application/sparql-results+json", id="curl without options, SELECT"),
        pytest.param(CONSTRUCT, None, "text/turtle", id="curl without options, CONSTRUCT"),
        pytest.param(SELECT, "*/*", "application/sparql-results+json", id="curl, SELECT"),
        pytest.param(CONSTRUCT, "*/*", "text/turtle", id="curl, CONSTRUCT"),
        pytest.param(SELECT, JENA_SELECT, "application/sparql-results+json", id="Jena, SELECT"),
        pytest.param(CONSTRUCT, JENA_GRAPH, "text/turtle", id="Jena, CONSTRUCT"),
        pytest.param(
            SELECT,
            "application/rdf+xml, application/sparql-results+xml",
            "application/sparql-results+xml",
            id="rdflib's old SPARQLStore: RDF first",
        ),
        pytest.param(
            SELECT, "application/sparql-results+xml, application/rdf+xml", "application/sparql-results+xml", id="rdflib"
        ),
        pytest.param(
            CONSTRUCT, "application/sparql-results+xml, application/rdf+xml", "application/rdf+xml", id="rdflib, CONSTRUCT"
        ),
        pytest.param(SELECT, f"{JENA_GRAPH},{JENA_SELECT}", "application/sparql-results+json", id="RDF types listed first"),
        pytest.param(SELECT, "text/turtle, text/csv;q=0.1", "text/csv", id="an RDF type liked best does not count"),
        pytest.param(SELECT, "text/turtle;q=1, */*;q=0.1", "application/sparql-results+json", id="RDF, else anything"),
        pytest.param(SELECT, RDF4J_SELECT, "application/sparql-results+json", id="RDF4J, SELECT: equals, our order"),
        pytest.param(SELECT, WRAPPER_ALL, "application/sparql-results+json", id="SPARQLWrapper, SELECT"),
        pytest.param(CONSTRUCT, WRAPPER_ALL, "text/turtle", id="SPARQLWrapper, CONSTRUCT"),
        pytest.param(
            SELECT,
            "application/sparql-results+json,application/json,text/javascript,application/javascript",
            "application/sparql-results+json",
            id="SPARQLWrapper with JSON",
        ),
        pytest.param(SELECT, YASGUI_SELECT, "application/sparql-results+json", id="YASGUI, SELECT"),
        pytest.param(CONSTRUCT, YASGUI_GRAPH, "application/n-quads", id="YASGUI, CONSTRUCT"),
        pytest.param(SELECT, "application/sparql-results+json;q=1.0,application/ld+json;q=1.0", None, id="Comunica"),
        pytest.param(CONSTRUCT, COMUNICA, "application/n-quads", id="Comunica, CONSTRUCT"),
        pytest.param(SELECT, "application/json", "application/sparql-results+json", id="fetch() for JSON"),
        pytest.param(CONSTRUCT, "application/json", "application/ld+json", id="fetch() for JSON, CONSTRUCT"),
        pytest.param(SELECT, "application/xml", "application/sparql-results+xml", id="XML means the results' XML"),
        pytest.param(SELECT, "text/csv; charset=utf-8", "text/csv", id="a charset does not hide a match"),
        pytest.param(SELECT, BROWSER, "text/html", id="a browser gets the editor"),
        pytest.param(CONSTRUCT, BROWSER, "text/html", id="a browser gets the editor, CONSTRUCT"),
        pytest.param(ASK, "text/html;q=0.1, text/csv", "text/csv", id="HTML only as a last resort"),
    ],
)
def test_accept_is_understood_as_clients_send_it(
    client: FlaskClient, query: str, accept: str | None, expected: str | None
) -> None:
    answer = ask(client, query, accept)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == (expected or "application/sparql-results+json")
    assert "Accept" in [name.strip() for name in answer.headers["Vary"].split(",")]


@pytest.mark.parametrize("media_type", [f.media_type for f in GRAPH_FORMATS])
def test_select_is_never_answered_in_an_rdf_type(client: FlaskClient, media_type: str) -> None:
    for accept in (f"{media_type}, application/sparql-results+json;q=0.1", f"{media_type}, */*;q=0.1"):
        assert ask(client, SELECT, accept).mimetype in {f.media_type for f in SOLUTION_FORMATS}


@pytest.mark.parametrize(
    ("query", "accept", "offers"),
    [
        pytest.param(SELECT, "text/turtle", SOLUTION_FORMATS, id="solutions as RDF"),
        pytest.param(ASK, "application/ld+json", SOLUTION_FORMATS, id="a truth value as RDF"),
        pytest.param(CONSTRUCT, "text/csv", GRAPH_FORMATS, id="a graph as a table"),
        pytest.param(SELECT, "image/png", (*SOLUTION_FORMATS, *GRAPH_FORMATS), id="a picture"),
        pytest.param(SELECT, "*/*;q=0", (*SOLUTION_FORMATS, *GRAPH_FORMATS), id="nothing"),
    ],
)
def test_what_cannot_be_written_as_asked_is_not_acceptable(
    client: FlaskClient, query: str, accept: str, offers: tuple[Format, ...]
) -> None:
    answer = ask(client, query, accept)
    assert answer.status_code == 406
    assert problem(answer)["available"] == [f.media_type for f in offers]


def test_the_format_parameter_beats_accept(client: FlaskClient) -> None:
    assert ask(client, SELECT, "text/html", format="csv").mimetype == "text/csv"
    assert ask(client, SELECT, BROWSER, output="json").mimetype == "application/sparql-results+json"
    assert ask(client, SELECT, format="application/sparql-results+xml").mimetype == "application/sparql-results+xml"


# The dataset of a query (2.1.4) -------------------------------------------------------------------------------------

OFFICES, STAFF = NAMES.graph("mali/offices"), NAMES.graph("mali/staff")
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
COUNT_NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def _count(client: FlaskClient, query: str, *pairs: tuple[str, str], by: str = "get") -> int:
    values = [("query", query), *pairs]
    if by == "get":
        answer = client.get(f"/sparql?{urlencode(values)}")
    elif by == "form":
        answer = client.post("/sparql", data=urlencode(values), content_type=FORM)
    else:
        answer = client.post(f"/sparql?{urlencode(pairs)}", data=query, content_type=DIRECT)
    return int(rows(answer)[0]["n"]["value"])


each_way = pytest.mark.parametrize("by", ["get", "form", "direct"])


@each_way
def test_the_dataset_parameters_work_in_each_way(client: FlaskClient, release_store: ox.Store, by: str) -> None:
    sizes = {iri: sum(1 for _ in release_store.quads_for_pattern(None, None, None, ox.NamedNode(iri))) for iri in (OFFICES, STAFF)}
    assert _count(client, COUNT, ("default-graph-uri", OFFICES), by=by) == sizes[OFFICES]
    both = ("default-graph-uri", OFFICES), ("default-graph-uri", STAFF)
    assert _count(client, COUNT, *both, by=by) == sum(sizes.values())
    assert _count(client, COUNT_NAMED, ("named-graph-uri", OFFICES), by=by) == sizes[OFFICES]
    named = ("named-graph-uri", OFFICES), ("named-graph-uri", STAFF)
    assert _count(client, COUNT_NAMED, *named, by=by) == sum(sizes.values())


@each_way
@pytest.mark.parametrize(
    ("query", "parameters", "expected"),
    [
        pytest.param(COUNT, [("default-graph-uri", "http://example.org/none")], 0, id="an unknown graph is empty"),
        pytest.param(COUNT_NAMED, [("named-graph-uri", "http://example.org/none")], 0, id="an unknown named graph too"),
        pytest.param(COUNT, [("named-graph-uri", OFFICES)], 0, id="named graphs alone: the default graph is empty"),
        pytest.param(COUNT_NAMED, [("default-graph-uri", OFFICES)], 0, id="a default graph alone: no named graphs"),
        pytest.param(
            f"SELECT (COUNT(*) AS ?n) FROM <{OFFICES}> {{ ?s ?p ?o }}",
            [("default-graph-uri", "http://example.org/none")],
            0,
            id="the parameters override FROM",
        ),
        pytest.param(
            f"SELECT (COUNT(*) AS ?n) FROM NAMED <{OFFICES}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
            [("default-graph-uri", OFFICES)],
            0,
            id="the parameters override FROM NAMED, wholly",
        ),
        pytest.param("SELECT (COUNT(*) AS ?n) FROM <http://example.org/none> { ?s ?p ?o }", [], 0, id="FROM what is not there"),
    ],
)
def test_the_dataset_is_the_one_that_was_asked_for(
    client: FlaskClient, query: str, parameters: list[tuple[str, str]], expected: int, by: str
) -> None:
    assert _count(client, query, *parameters, by=by) == expected


def test_the_default_graph_is_all_that_is_published_each_statement_once(
    client: FlaskClient, release_store: ox.Store
) -> None:
    triples = {quad.triple for quad in release_store}
    assert _count(client, COUNT) == len(triples)
    assert _count(client, COUNT_NAMED) >= len(triples)


# Deadlines, caching, editors -----------------------------------------------------------------------------------------


def test_a_query_past_its_deadline_is_answered_with_503(client: FlaskClient) -> None:
    answer = ask(client, CARTESIAN, timeout="0.2")
    assert answer.status_code == 503
    assert problem(answer)["name"] == "query-timeout"
    assert ask(client, ASK).status_code == 200


@pytest.mark.parametrize("timeout", ["1", "2.5", "1e1", "99999", ""])
def test_a_deadline_is_any_number_above_zero_and_the_operator_s_most_at_most(client: FlaskClient, timeout: str) -> None:
    assert ask(client, ASK, timeout=timeout).status_code == 200


def test_an_answer_has_a_strong_tag_that_differs_by_format_and_by_coding(client: FlaskClient) -> None:
    query = PREFIXES + "SELECT * { ?s ul:coversRegion ?o } ORDER BY ?s ?o"
    tags = [ask(client, query, f.media_type).headers["ETag"] for f in SOLUTION_FORMATS]
    packed = client.get("/sparql", query_string={"query": query}, headers={"Accept-Encoding": "gzip"})
    tags.append(packed.headers["ETag"])
    assert len(set(tags)) == len(tags)
    assert not any(tag.startswith("W/") for tag in tags)


def test_who_has_an_answer_already_is_told_so(client: FlaskClient) -> None:
    first = ask(client, SELECT)
    again = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    for name in ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"):
        assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("function", ["NOW()", "RAND()", "UUID()", "STRUUID()"])
def test_an_answer_that_changes_each_time_is_not_kept(client: FlaskClient, function: str) -> None:
    query = f"SELECT ({function} AS ?x) {{}}"
    answers = [ask(client, query) for _ in range(2)]
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "ETag" not in answers[0].headers
    assert answers[0].data != answers[1].data


def test_an_answer_to_post_has_no_tag(client: FlaskClient) -> None:
    assert "ETag" not in client.post("/sparql", data={"query": SELECT}).headers


def test_head_has_the_headers_of_get_and_no_body(client: FlaskClient) -> None:
    get = ask(client, SELECT)
    head = client.head("/sparql", query_string={"query": SELECT})
    assert head.data == b""
    assert dict(head.headers) == dict(get.headers)


def test_a_preflight_is_allowed_what_a_page_of_another_origin_needs(client: FlaskClient) -> None:
    answer = client.options(
        "/sparql",
        headers={
            "Origin": "https://yasgui.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code in {200, 204}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = [word.strip().lower() for word in answer.headers["Access-Control-Allow-Headers"].split(",")]
    assert {"content-type", "accept"} <= set(allowed)
    assert {"GET", "HEAD", "OPTIONS", "POST"} == {word.strip() for word in answer.headers["Allow"].split(",")}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_browser_gets_the_editor_with_the_query_in_it(client: FlaskClient, method: str) -> None:
    query = 'SELECT * { ?s ?p "<b>&amp; é" }'
    sent: dict[str, Any] = {"query_string": {"query": query}} if method == "GET" else {"data": {"query": query}}
    answer = client.open("/sparql", method=method, headers={"Accept": BROWSER}, **sent)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert "&lt;b&gt;&amp;amp; é" in answer.text
    assert "<b>&amp; é" not in answer.text


def test_the_editor_says_nothing_about_a_malformed_query_before_it_is_run(client: FlaskClient) -> None:
    assert ask(client, "SELEC", BROWSER).status_code == 200


def test_an_error_is_a_page_for_a_browser(client: FlaskClient) -> None:
    answer = client.get("/sparql?query=ASK{}&query=ASK{}", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# The service description ----------------------------------------------------------------------------------------------

SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")


@each_graph_format
def test_without_a_query_the_service_describes_itself(client: FlaskClient, offer: Format) -> None:
    answer = client.get("/sparql", headers={"Accept": offer.media_type})
    assert (answer.status_code, answer.content_type) == (200, offer.content_type)
    reference = client.get("/sparql", headers={"Accept": "application/n-triples"})
    triples = {quad.triple for quad in ox.parse(answer.data, format=offer.rdf)}
    assert triples == {quad.triple for quad in ox.parse(reference.data, format=ox.RdfFormat.N_TRIPLES)}


def test_the_service_description_says_what_the_standard_wants(client: FlaskClient) -> None:
    graph = rdflib.Graph().parse(data=client.get("/sparql", headers={"Accept": "text/turtle"}).data, format="turtle")
    [service] = graph.subjects(rdflib.RDF.type, SD.Service)
    assert list(graph.objects(service, SD.endpoint)) == [rdflib.URIRef("http://localhost/sparql")]
    assert list(graph.objects(service, SD.supportedLanguage)) == [SD.SPARQL11Query]
    assert SD.UnionDefaultGraph in set(graph.objects(service, SD.feature))
    assert SD.BasicFederatedQuery not in set(graph.objects(service, SD.feature))
    formats = {str(iri).rpartition("/")[2] for iri in graph.objects(service, SD.resultFormat)}
    assert {"SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV", "Turtle"} <= formats
    [dataset] = graph.objects(service, SD.defaultDataset)
    names = {str(name) for node in graph.objects(dataset, SD.namedGraph) for name in graph.objects(node, SD.name)}
    assert {OFFICES, STAFF} <= names
    assert not [node for node in graph.all_nodes() if isinstance(node, rdflib.BNode)]


def test_the_service_describes_the_sizes_that_its_queries_count(client: FlaskClient) -> None:
    graph = rdflib.Graph().parse(data=client.get("/sparql", headers={"Accept": "text/turtle"}).data, format="turtle")
    void = rdflib.Namespace("http://rdfs.org/ns/void#")
    [default] = graph.objects(None, SD.defaultGraph)
    assert int(str(graph.value(default, void.triples))) == _count(client, COUNT)
    [node] = graph.subjects(SD.name, rdflib.URIRef(OFFICES))
    size = graph.value(graph.value(node, SD.graph), void.triples)
    assert int(str(size)) == _count(client, COUNT, ("default-graph-uri", OFFICES))


def test_the_service_description_may_be_asked_for_by_the_format_parameter(client: FlaskClient) -> None:
    assert client.get("/sparql?format=jsonld").mimetype == "application/ld+json"
    assert client.get("/sparql?format=csv").status_code == 400


def test_without_a_query_a_browser_gets_the_editor(client: FlaskClient) -> None:
    answer = client.get("/sparql", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
