"""The functions that the service description announces are those that the engine has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.store.geosparql import GEOF, GEOSPARQL_FUNCTIONS

if TYPE_CHECKING:
    from flask.testing import FlaskClient

SQUARE: Final = '"POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"^^geo:wktLiteral'
POINT: Final = '"POINT (1 1)"^^geo:wktLiteral'
METRE: Final = "<http://www.opengis.net/def/uom/OGC/1.0/metre>"

ARGUMENTS: Final = {
    "distance": (POINT, POINT, METRE),
    "length": (SQUARE, METRE),
    "relate": (SQUARE, SQUARE, '"T*F**F***"'),
} | dict.fromkeys(("difference", "intersection", "symDifference", "union"), (SQUARE, SQUARE))
"""Arguments of the functions that do not take one geometry, or two to relate."""


def value(function: str) -> ox.Term | None:
    """Return what a function gives."""
    name = function.removeprefix(GEOF)
    one = name.startswith(("as", "c", "d", "e", "get", "is", "s")) and not name.startswith(
        ("sf", "eh")
    )
    arguments = ARGUMENTS.get(name, (SQUARE,) if one else (SQUARE, POINT))
    answer = ox.Store().query(
        "PREFIX geo: <http://www.opengis.net/ont/geosparql#> "
        f"SELECT ?x {{ BIND (<{function}>({', '.join(arguments)}) AS ?x) }}"
    )
    assert isinstance(answer, ox.QuerySolutions)
    return next(answer)["x"]


@pytest.mark.parametrize("function", GEOSPARQL_FUNCTIONS, ids=lambda f: f.removeprefix(GEOF))
def test_each_function_has_a_value(function: str) -> None:
    assert value(function) is not None


def test_the_service_description_lists_them(client: FlaskClient) -> None:
    text = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    announced = [line for line in text.splitlines() if "#extensionFunction>" in line]
    assert len(announced) == len(GEOSPARQL_FUNCTIONS)
    assert all(f"<{function}>" in text for function in GEOSPARQL_FUNCTIONS)
