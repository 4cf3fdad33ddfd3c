"""Numbers and batches of a size that nobody means: refused in a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

NUMBERS = [
    pytest.param("9" * 4400, id="4,400 digits"),
    pytest.param("0" * 4400, id="4,400 zeros"),
    pytest.param("9" * 19, id="19 digits"),
    pytest.param("-1", id="negative"),
    pytest.param("+1", id="with a sign"),
    pytest.param("١٢", id="Arabic digits"),
    pytest.param("१", id="Devanagari digits"),
    pytest.param("１", id="full-width digits"),
    pytest.param("²", id="superscript"),
    pytest.param("1_000", id="with an underscore"),
    pytest.param("1.0", id="decimal"),
    pytest.param("1e2", id="exponent"),
    pytest.param("0x1", id="hexadecimal"),
    pytest.param("NaN", id="none"),
    pytest.param(" 1", id="with a space"),
    pytest.param("1\n", id="with a line break"),
]
PARAMETERS = [
    ("/search", "limit"),
    ("/search", "offset"),
    ("/reconcile/properties", "limit"),
    ("/reconcile/suggest/entity", "cursor"),
    ("/reconcile/suggest/type", "cursor"),
    ("/reconcile/suggest/property", "cursor"),
]


EXTEND = '{"ids": ["region/gao"], "properties": [{"id": "pcode", "settings": {"limit": LIMIT}}]}'


def problem(response: Any, status: int) -> str:
    """Return what a problem says."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    detail = str(response.json["detail"])
    assert len(detail) < 200
    return detail


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_a_parameter_that_is_no_number_is_named(
    client: FlaskClient, path: str, name: str, number: str
) -> None:
    response = client.get(path, query_string={"q": "gao", name: number})
    assert f"{name}=" in problem(response, 400)


@pytest.mark.parametrize("number", ["0", "00012", "9" * 18])
@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_any_other_whole_number_is_read(
    client: FlaskClient, path: str, name: str, number: str
) -> None:
    assert client.get(path, query_string={"q": "gao", name: number}).status_code == 200


@pytest.mark.parametrize(
    "limit", ["-1", '"-1"', '"١"', "1e300", '"1_0"', "1.5", "true", "[1]", "9" * 4400, "9" * 4000]
)
def test_a_limit_in_a_data_extension_is_a_number_too(client: FlaskClient, limit: str) -> None:
    extend = EXTEND.replace("LIMIT", limit)
    problem(client.post("/reconcile", data={"extend": extend}), 400)


@pytest.mark.parametrize("limit", ["0", "1", '"1"', "1.0", "null", '""'])
def test_a_limit_in_a_data_extension_may_be_empty_or_a_text(
    client: FlaskClient, limit: str
) -> None:
    extend = EXTEND.replace("LIMIT", limit)
    response: Any = client.post("/reconcile", data={"extend": extend})
    assert response.json["rows"]["region/gao"]["pcode"] == [{"str": "ML07"}]


@pytest.mark.parametrize(
    ("queries", "status"),
    [
        pytest.param('{"q": {"query": "Gao", "limit": -1}}', 400, id="a negative limit"),
        pytest.param('{"q": {"query": "Gao", "limit": "3"}}', 400, id="a text"),
        pytest.param('{"q": {"query": "Gao", "limit": %s}}' % ("9" * 4400), 400, id="4,400 digits"),
        pytest.param(json.dumps({f"q{n}": {"query": ""} for n in range(1001)}), 413, id="1,001"),
        pytest.param(json.dumps({f"q{n}": {} for n in range(30_000)}), 413, id="30,000"),
    ],
)
def test_a_batch_has_a_bound(client: FlaskClient, queries: str, status: int) -> None:
    problem(client.post("/reconcile", data={"queries": queries}), status)


def test_a_batch_within_its_bound_is_answered(client: FlaskClient) -> None:
    queries = json.dumps({f"q{n}": {"query": ""} for n in range(1000)})
    body: Any = client.post("/reconcile", data={"queries": queries}).json
    assert len(body) == 1000


def test_the_refusal_of_a_batch_says_how_many_may_be_sent(client: FlaskClient) -> None:
    queries = json.dumps({f"q{n}": {"query": ""} for n in range(1001)})
    detail = problem(client.post("/reconcile", data={"queries": queries}), 413)
    assert "1,001" in detail
    assert "1,000" in detail
    assert "10,000" in problem(client.post("/resolve", json=["x"] * 10_001), 413)


def test_a_number_as_the_value_of_a_property_may_be_large(client: FlaskClient) -> None:
    query = '{"q": {"query": "Gao", "properties": [{"pid": "staffCount", "v": %s}]}}' % ("9" * 4000)
    assert client.post("/reconcile", data={"queries": query}).status_code == 200


@pytest.mark.parametrize(
    "body",
    ["", "0", "null", "true", '""', "{}", "[0]", "[null]", '[""]', '["  "]', "[[]]", "[{}]",
     '[{"iri": ""}]', '[{"iri": null}]', '[{"code": " "}]', "[%s]" % ("9" * 4400), "[" * 9000],
)  # fmt: skip
def test_what_identifies_nothing_is_refused_by_resolve(client: FlaskClient, body: str) -> None:
    problem(client.post("/resolve", data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("query", ["", "iri=", "iri=%20", "code=%20%20", "iri=&code="])
def test_an_empty_identifier_in_an_address_is_refused(client: FlaskClient, query: str) -> None:
    problem(client.get(f"/resolve?{query}", headers={"Accept": "application/json"}), 400)
