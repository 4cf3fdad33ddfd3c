"""Requests that are odd or no HTTP: each has the status that HTTP gives it,
with problem details, and never a 500.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from unicef_linked import errors
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

ASK: Final = "query=ASK+%7B%7D"
DIGITS: Final = "9" * 4400


def send(client: FlaskClient, path: str, method: str = "GET", **environ: Any) -> TestResponse:
    """Send a request as a server hands it over."""
    path, _, query = path.partition("?")
    overrides = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method, **environ}
    return client.open("/", environ_overrides=overrides)


def status(response: TestResponse) -> int:
    """Return the status; an error has problem details."""
    if response.status_code >= 400:
        assert response.mimetype == "application/problem+json"
        assert json.loads(response.data)["status"] == response.status_code
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    return response.status_code


@pytest.mark.parametrize("method", ["get", "Get", "post", "head", "options", "FOO", "get2", "!"])
@pytest.mark.parametrize("path", [f"/sparql?{ASK}", "/", "/doc/region/gao", "/healthz"])
def test_a_method_is_known_as_it_is_written_alone(
    client: FlaskClient, path: str, method: str
) -> None:
    response = send(client, path, method)
    assert status(response) == 405
    assert "GET" in response.headers["Allow"]
    assert method in json.loads(response.data)["detail"]


def test_an_unknown_method_of_nothing_is_not_found(client: FlaskClient) -> None:
    assert status(send(client, "/nothing", "get")) == 404


@pytest.mark.parametrize(
    "path", [f"/sparql?{ASK}", f"/sparql/?{ASK}", f"//sparql/?{ASK}", f"//sparql?{ASK}"]
)
def test_the_endpoint_answers_with_further_slashes(client: FlaskClient, path: str) -> None:
    response = send(client, path)
    assert status(response) == 200
    assert response.mimetype == "application/sparql-results+json"


@pytest.mark.parametrize("path", [f"/sparql?{ASK}", "/dataset", "/healthz", "/nothing"])
@pytest.mark.parametrize(
    "host",
    [
        pytest.param("", id="none"),
        pytest.param("a.example,b.example", id="two"),
        pytest.param("a.example,a.example", id="the same twice"),
        pytest.param("a.example/x?y", id="a path"),
        pytest.param("user@a.example", id="a user"),
        pytest.param('"><script>', id="markup"),
        pytest.param("a b", id="a space"),
        pytest.param("a.example:port", id="a port that is no number"),
        pytest.param(f"a.example:{DIGITS}", id="a port without end"),
    ],
)
def test_a_request_without_a_valid_host_is_refused(
    client: FlaskClient, path: str, host: str
) -> None:
    response = send(client, path, HTTP_HOST=host)
    assert status(response) == 400
    assert "Host" in json.loads(response.data)["detail"]


@pytest.mark.parametrize("host", ["localhost", "a.example:81", "127.0.0.1:8000", "[::1]:80", "a_b"])
def test_a_valid_host_is_taken(client: FlaskClient, host: str) -> None:
    assert status(send(client, "/healthz", HTTP_HOST=host)) == 200


@pytest.mark.parametrize("protocol", ["HTTP/1", "HTTP/1.0"])
def test_http_1_0_needs_no_host(client: FlaskClient, protocol: str) -> None:
    response = send(client, "/dataset", HTTP_HOST="", SERVER_PROTOCOL=protocol)
    assert status(response) == 200


def test_options_of_the_server_are_answered(client: FlaskClient) -> None:
    assert status(send(client, "*", "OPTIONS")) == 200
    assert status(send(client, "*", "GET")) == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/search?q=gao&limit={DIGITS}",
        f"/search?q=gao&offset={DIGITS}",
        f"/reconcile/suggest/entity?prefix=gao&cursor={DIGITS}",
        f"/reconcile/suggest/type?prefix=gao&cursor={DIGITS}",
        f"/reconcile/suggest/property?prefix=gao&cursor={DIGITS}",
        f"/fragments?page={DIGITS}",
        f"/doc/region?page={DIGITS}",
        f"/sparql?{ASK}&timeout={DIGITS}",
    ],
)
def test_a_number_of_thousands_of_digits_is_refused(client: FlaskClient, path: str) -> None:
    assert status(send(client, path)) == 400


@pytest.mark.parametrize("path", ["/doc/" + "a/" * 5000, "/" + "x" * 9000], ids=["deep", "wide"])
def test_a_path_has_a_longest_length(client: FlaskClient, path: str) -> None:
    assert status(send(client, path)) == 414
    assert status(send(client, path[:8000])) == 404


class Failing:
    """A store whose queries fail."""

    def __init__(self, store: Any, error: Exception) -> None:
        self._store, self._error = store, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def answer(self, *arguments: Any, **options: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        pytest.param(errors.Overloaded("busy", retry_after=7), "7", id="overloaded"),
        pytest.param(errors.EngineUnavailable("gone"), "10", id="engine-unavailable"),
        pytest.param(errors.QueryTimeout("long"), None, id="query-timeout"),
        pytest.param(errors.QueryOutOfResources("large"), None, id="query-out-of-resources"),
    ],
)
def test_a_503_says_when_to_try_again_where_that_may_help(
    settings: Settings, release: Release, store: Any, error: Exception, wait: str | None
) -> None:
    client = create_app(settings, release, Failing(store, error)).test_client()  # type: ignore[arg-type]
    response = send(client, f"/sparql?{ASK}")
    assert status(response) == 503
    assert response.headers.get("Retry-After") == wait


def test_an_error_in_front_of_the_routes_is_a_problem_too(
    settings: Settings, release: Release, store: Any
) -> None:
    broken = Failing(store, FileNotFoundError("a bug"))
    client = create_app(settings, release, broken).test_client()  # type: ignore[arg-type]
    response = send(client, f"/sparql?{ASK}")
    assert status(response) == 500
    assert "a bug" not in response.text
