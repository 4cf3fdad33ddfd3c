"""What /reconcile answers holds against the JSON schemas of the Entity Reconciliation API 0.2."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from tests.conftest import SHARED

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SCHEMAS: Final = SHARED / "standards" / "reconciliation-0.2" / "schemas"
EXAMPLES: Final = SCHEMAS.parent / "examples"
HOME: Final = "https://reconciliation-api.github.io/specs/0.2/schemas/"

pytestmark = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"the JSON schemas are not at {SCHEMAS}"
)


@cache
def _registry() -> Registry[Any]:
    found = {
        f"{HOME}{path.name}": json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")
    }
    # the manifest's optional authentication refers to a schema that is no longer published
    found["http://swagger.io/v2/schema.json"] = {
        "definitions": {"securityDefinitions": {"additionalProperties": {}}}
    }
    return Registry().with_resources(
        (iri, Resource.from_contents(schema, default_specification=DRAFT7))
        for iri, schema in found.items()
    )


def check(name: str, value: object) -> None:
    """Hold a value against a schema."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")) | {
        "$id": f"{HOME}{name}.json"
    }
    schema.pop("$schema", None)
    errors = [
        error.message for error in Draft7Validator(schema, registry=_registry()).iter_errors(value)
    ]
    assert not errors


QUERIES: Final = {
    "q0": {"query": "Région de Gao", "type": "Region"},
    "q1": {"query": "nowhere at all"},
    "q2": {
        "query": "Mopti",
        "limit": 2,
        "properties": [{"pid": "inCountry", "v": {"id": "country/mli"}}],
    },
    "q3": {"properties": [{"pid": "pcode", "v": "ML07"}]},
    "q4": {"query": "ML10", "type": ["Region", "Place"], "type_strict": "should"},
}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    ("schema", "address"),
    [
        ("manifest", "/reconcile"),
        ("reconciliation-result-batch", f"/reconcile?queries={json.dumps(QUERIES)}"),
        ("suggest-entities-response", "/reconcile/suggest/entity?prefix=ga"),
        ("suggest-entities-response", "/reconcile/suggest/entity?prefix="),
        ("suggest-types-response", "/reconcile/suggest/type?prefix="),
        ("suggest-properties-response", "/reconcile/suggest/property?prefix=c"),
        ("data-extension-property-proposal", "/reconcile/properties?type=Office"),
        ("data-extension-property-proposal", "/reconcile/properties?type=Region&limit=3"),
        ("data-extension-property-proposal", "/reconcile/properties"),
    ],
)
def test_an_answer_conforms(client: FlaskClient, schema: str, address: str, language: str) -> None:
    response = client.get(address, headers={"Accept-Language": language})
    assert response.status_code == 200
    assert response.content_type == "application/json"
    check(schema, response.json)


@pytest.mark.parametrize(
    "kind", ["Region", "Office", "Place", "Sector", "Priority", "Country", "Claim"]
)
def test_the_extension_with_every_proposed_property_conforms(
    client: FlaskClient, kind: str
) -> None:
    proposed: Any = client.get(f"/reconcile/properties?type={kind}").json
    key = {
        "Region": "region/gao",
        "Office": "office/mopti",
        "Place": "place/gao",
        "Sector": "sector/wash",
    }
    asked = {
        "ids": [key.get(kind, "country/mli"), "region/nowhere"],
        "properties": [{"id": found["id"], "settings": {}} for found in proposed["properties"]],
    }
    check("data-extension-query", asked)
    answer: Any = client.post("/reconcile", data={"extend": json.dumps(asked)}).json
    check("data-extension-response", answer)
    assert [column["id"] for column in answer["meta"]] == [
        found["id"] for found in proposed["properties"]
    ]


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("reconciliation-query-batch/valid/*.json")), ids=lambda p: p.stem
)
def test_a_valid_batch_is_answered(client: FlaskClient, path: Any) -> None:
    asked = json.loads(path.read_text("utf-8"))
    asked = asked.get("queries", asked)
    answer: Any = client.post("/reconcile", data={"queries": json.dumps(asked)}).json
    assert answer.keys() == asked.keys()
    check("reconciliation-result-batch", answer)


@pytest.mark.parametrize(
    "path", sorted(EXAMPLES.glob("reconciliation-query-batch/invalid/*.json")), ids=lambda p: p.stem
)
def test_an_invalid_batch_is_refused(client: FlaskClient, path: Any) -> None:
    response = client.post("/reconcile", data={"queries": path.read_text("utf-8")})
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
