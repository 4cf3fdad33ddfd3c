"""Data extension: a column is the property's own, whatever the entities of a request have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.testing import FlaskClient

BATCHES = [
    pytest.param([], id="no entity"),
    pytest.param(["region/nowhere"], id="an entity that is not there"),
    pytest.param(["sector/wash"], id="an entity without any of these"),
    pytest.param(["region/gao"], id="a region"),
    pytest.param(["region/menaka", "office/gao", "sector/water"], id="entities of several types"),
]


def columns(client: FlaskClient, ids: Sequence[str], *names: str) -> list[dict[str, Any]]:
    """Return what is said of the columns."""
    asked = {"ids": ids, "properties": [{"id": name} for name in names]}
    response = client.post(
        "/reconcile", data={"extend": json.dumps(asked)}, headers={"Accept-Language": "en"}
    )
    body: Any = response.json
    return list(body["meta"])


@pytest.mark.parametrize("ids", BATCHES)
@pytest.mark.parametrize(
    ("property_id", "name", "type_id"),
    [
        ("coversRegion", "covers region", "Region"),
        ("splitFrom", "split from", "Region"),
        ("ul:coversRegion", "covers region", "Region"),
        ("staffCount", "staff count", None),
        ("pcode", "OCHA P-code", None),
        ("prefLabel", "preferred label", None),
        ("nothingOfTheKind", "nothingOfTheKind", None),
    ],
)
def test_name_and_type_do_not_depend_on_the_batch(
    client: FlaskClient, ids: list[str], property_id: str, name: str, type_id: str | None
) -> None:
    [column] = columns(client, ids, property_id)
    assert column["id"] == property_id
    assert column["name"].casefold().startswith(name.casefold()), column
    assert column.get("type", {}).get("id") == type_id


def test_each_column_that_was_asked_for_is_described_in_order(client: FlaskClient) -> None:
    names = ["pcode", "coversRegion", "pcode"]
    assert [column["id"] for column in columns(client, ["region/gao"], *names)] == names
