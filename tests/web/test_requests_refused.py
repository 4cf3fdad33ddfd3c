"""Requests that no operation of /openapi.json has: refused in a sentence, whatever the route."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

GAO = "https://w3id.org/unicef-linked/id/region/gao"
FORM = "application/x-www-form-urlencoded"


def detail(response: TestResponse, status: int = 400) -> str:
    """Return what a problem says."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    return str(response.json["detail"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        pytest.param("/resource", "iri", GAO, id="an IRI to describe"),
        pytest.param("/resource.ttl", "iri", GAO, id="in one format"),
        pytest.param("/doc/region", "page", "1", id="a page of a list"),
        pytest.param("/doc/region/gao", "lang", "fr", id="a language"),
        pytest.param("/search", "q", "gao", id="a name"),
        pytest.param("/search", "limit", "", id="an empty number"),
        pytest.param("/resolve", "code", "ML07", id="a code"),
        pytest.param("/reconcile/suggest/entity", "prefix", "g", id="what was typed"),
        pytest.param("/reconcile/preview", "id", "region/gao", id="an id"),
    ],
)
def test_a_parameter_with_two_values(client: FlaskClient, path: str, name: str, value: str) -> None:
    address = f"{path}?{name}={quote(value)}&{name}="
    assert client.head(f"{address}2").status_code == 400
    assert detail(client.get(f"{address}2")) == f"{name} has 2 values; give it once"
    assert client.get(address + quote(value)).status_code == 200


@pytest.mark.parametrize("path", ["/sparql?timeout=5&timeout=5", "/fragments?page=1&page=1"])
def test_a_parameter_of_a_protocol_that_is_given_twice(client: FlaskClient, path: str) -> None:
    assert "is given 2 times; give it once" in detail(client.get(path))


def test_what_may_be_given_twice(client: FlaskClient) -> None:
    graph = quote("https://w3id.org/unicef-linked/graph/mali/offices")
    query = f"/sparql?query=ASK%7B%7D&default-graph-uri={graph}&default-graph-uri={graph}"
    assert client.get(f"{query}&format=json&format=json").status_code == 200


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "null"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_timeout_in_the_address(client: FlaskClient, method: str, text: str) -> None:
    form = {"query": "ASK {}"} if method == "POST" else None
    response = client.open(f"/sparql?timeout={text}", method=method, data=form)
    assert "timeout=" in detail(response)


def test_a_graph_that_is_no_iri_without_a_query(client: FlaskClient) -> None:
    assert "not an absolute IRI" in detail(client.get("/sparql?default-graph-uri=nowhere"))


def test_a_form_takes_what_it_does_not_have_from_the_address(client: FlaskClient) -> None:
    response = client.post("/sparql?format=xml&query=ASK", data={"query": "ASK {}"})
    assert response.mimetype == "application/sparql-results+xml"


@pytest.mark.parametrize("page", ["+1", " 1", "1_0", "१", "1.0", "-1", "x"])
def test_a_page_of_a_list_that_is_no_whole_number(client: FlaskClient, page: str) -> None:
    assert "page=" in detail(client.get(f"/doc/region?page={quote(page)}"))


def test_an_empty_page_is_the_first(client: FlaskClient) -> None:
    first = client.get("/doc/region.ttl").data
    assert client.get("/doc/region.ttl?page=").data == first
    assert client.get("/doc/region?page=0").status_code == 404


@pytest.mark.parametrize("path", ["/robots.txt", "/ontology", "/search?q=gao", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_method_that_an_address_does_not_have(
    client: FlaskClient, method: str, path: str
) -> None:
    for _ in range(3):  # so that an answer to GET may be cached
        assert client.get(path).status_code == 200
    response = client.open(path, method=method, headers={"Content-Length": "0"})
    assert method in detail(response, 405)
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        pytest.param({"iri": GAO, "kode": "ML07"}, "item 1 has 'kode'", id="a member unknown"),
        pytest.param({"iri": ""}, "neither an iri nor a code", id="an empty IRI"),
        pytest.param("", "neither an iri nor a code", id="an empty text"),
        pytest.param(0, "neither a text nor an object", id="a number"),
    ],
)
def test_an_identifier_of_a_batch(client: FlaskClient, item: object, problem: str) -> None:
    assert problem in detail(client.post("/resolve", json=[item]))


@pytest.mark.parametrize("tag", ["fr", "en", "xx", "AAA", ""])
def test_any_language_is_taken(client: FlaskClient, tag: str) -> None:
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    response = client.get(f"/doc/region/gao?lang={tag}", headers=headers)
    assert response.headers["Content-Language"] == ("fr" if tag == "fr" else "en")
