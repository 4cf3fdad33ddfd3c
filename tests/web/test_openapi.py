"""/openapi.json is valid OpenAPI 3.1, has every public route, and each answers as it says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from unicef_linked.i18n import read_translations
from unicef_linked.web.operations import OPERATIONS, PARAMETERS, Body, Operation
from unicef_linked.web.routes.openapi import public_routes

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

TRIED = {"/resolve": ("external",)}
"""Parameters of which one must be given, by path; a schema does not say so."""

EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.identifier)


@pytest.fixture(scope="module")
def described(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    return found


def test_it_is_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


def test_every_public_route_is_in_the_table_and_nothing_else(app: Flask) -> None:
    assert {(operation.path, operation.method) for operation in OPERATIONS} == public_routes(app)


def test_every_parameter_of_the_table_is_used() -> None:
    assert {
        n for operation in OPERATIONS for n in (*operation.path_parameters, *operation.query)
    } == set(PARAMETERS)


def ask(
    client: FlaskClient, operation: Operation, accept: str, body: Body | None = None
) -> TestResponse:
    """Ask as the description says, with its examples."""
    path = operation.path
    for name in operation.path_parameters:
        path = path.replace(f"{{{name}}}", PARAMETERS[name].example)
    query = {
        PARAMETERS[name].public_name or name: PARAMETERS[name].example
        for name in operation.required or TRIED.get(operation.path.removesuffix(".{suffix}"), ())
    }
    sent = {"data": body.example, "content_type": body.media_type} if body else {}
    return client.open(
        path,
        method=operation.method.upper(),
        query_string=query,
        headers={"Accept": accept},
        buffered=True,
        **sent,
    )


@EVERY
def test_it_answers_as_documented(
    client: FlaskClient, described: dict[str, Any], operation: Operation
) -> None:
    answers = described["paths"][operation.path][operation.method]["responses"]
    for body in operation.body or [None]:
        response = ask(client, operation, "*/*", body)
        assert response.status_code == operation.status
        content = answers[str(response.status_code)].get("content")
        assert content is None or response.mimetype in content


@EVERY
def test_it_refuses_as_documented(
    client: FlaskClient, described: dict[str, Any], operation: Operation
) -> None:
    answers = described["paths"][operation.path][operation.method]["responses"]
    response = ask(client, operation, "image/png", operation.body[0] if operation.body else None)
    assert str(response.status_code) in answers
    if response.status_code >= 400:
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_names_every_route(client: FlaskClient, language: str) -> None:
    page = client.get("/docs", query_string={"lang": language}).text
    for operation in OPERATIONS:
        assert (
            f'{operation.method.upper()}</code> <code translate="no">{operation.path}</code>'
            in page
        )
        assert read_translations().of(language).gettext(operation.text) in page
    assert not re.search(r'src="(?!/static/)', page)


def test_json_is_what_it_says(client: FlaskClient) -> None:
    assert json.loads(client.get("/openapi.json").data)["servers"] == [{"url": "http://localhost"}]
