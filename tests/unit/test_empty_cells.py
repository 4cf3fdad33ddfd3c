"""Cells that say nothing: they propose no candidate and count against none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest

from unicef_linked.dataset.profile import profile_of
from unicef_linked.lookup.index import build
from unicef_linked.lookup.matching import Reconciler, read_queries

if TYPE_CHECKING:
    from unicef_linked.release import Release


@pytest.fixture(scope="module")
def reconciler(release: Release) -> Reconciler:
    """A reconciler of the packaged dataset."""
    quads = list(release.quads())
    published = ox.Dataset(quads)
    return Reconciler(
        build(quads, release.names, profile_of(quads, release.names)),
        lambda iri: published.quads_for_subject(ox.NamedNode(iri)),
    )


def scores(reconciler: Reconciler, **query: Any) -> list[tuple[str, float, bool]]:
    """Return ids, scores and matches of the candidates for one query of a batch."""
    candidates = reconciler.candidates(read_queries(json.dumps({"q": query}))["q"])
    return [(c.entity.id, c.score, c.match) for c in candidates]


BLANK = [
    pytest.param("", id="nothing"),
    pytest.param("  \t\n", id="spaces"),
    pytest.param("\u00a0\u200b\ufeff", id="spaces of other kinds"),
    pytest.param("—", id="a dash"),
    pytest.param("...?!", id="punctuation"),
    pytest.param("de la", id="particles"),
    pytest.param("« de »", id="a particle in quotes"),
]


@pytest.mark.parametrize("text", BLANK)
@pytest.mark.parametrize("types", [[], ["Region"], ["Region", "Office"]])
def test_a_blank_query_has_no_candidates(
    reconciler: Reconciler, text: str, types: list[str]
) -> None:
    assert scores(reconciler, query=text, type=types) == []
    assert scores(reconciler, query=text, type=types, type_strict="should") == []
    assert scores(reconciler, query=text, type=types, properties=[{"pid": "pcode", "v": ""}]) == []


@pytest.mark.parametrize("text", BLANK)
def test_properties_alone_decide_for_a_blank_query(reconciler: Reconciler, text: str) -> None:
    properties = [{"pid": "pcode", "v": "ML07"}]
    expected = [("region/gao", 100.0, True)]
    assert scores(reconciler, query=text, type="Region", properties=properties) == expected
    assert scores(reconciler, type="Region", properties=properties) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="an empty text"),
        pytest.param("  ", id="spaces"),
        pytest.param("-", id="a dash"),
        pytest.param(None, id="null"),
        pytest.param([], id="an empty list"),
        pytest.param(["", None, " "], id="a list of nothing"),
        pytest.param({}, id="an empty object"),
        pytest.param({"id": ""}, id="an entity without an id"),
        pytest.param({"id": None, "name": ""}, id="an entity without a name"),
    ],
)
def test_an_empty_value_of_a_property_counts_for_nothing(
    reconciler: Reconciler, value: object
) -> None:
    without = scores(reconciler, query="Gao", type="Region")
    with_empty = [{"pid": "pcode", "v": value}]
    assert scores(reconciler, query="Gao", type="Region", properties=with_empty) == without
    with_another = [*with_empty, {"pid": "iso3166-2", "v": "ML-7"}]
    assert scores(reconciler, query="", type="Region", properties=with_another) == [
        ("region/gao", 100.0, True)
    ]


def test_an_empty_member_of_a_list_leaves_the_others(reconciler: Reconciler) -> None:
    properties = [{"pid": "pcode", "v": ["", "ML07", None]}]
    assert scores(reconciler, query="", type="Region", properties=properties) == [
        ("region/gao", 100.0, True)
    ]


def test_zero_and_false_are_values(reconciler: Reconciler) -> None:
    for value in (0, False, "0"):
        [query] = read_queries(
            json.dumps({"q": {"properties": [{"pid": "pcode", "v": value}]}})
        ).values()
        assert query.properties == (("pcode", (value,)),)
