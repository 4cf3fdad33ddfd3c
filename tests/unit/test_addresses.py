"""Where the server answers for an IRI."""

from __future__ import annotations

import pytest

from unicef_linked.addresses import of_iri
from unicef_linked.rdf.iris import Names

OURS = Names()
OTHER = Names("http://localhost:8000/")
each_base = pytest.mark.parametrize("names", [OURS, OTHER], ids=["canonical", "another base"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("", "/", id="the base itself is the home page"),
        pytest.param("id/region/gao", "/doc/region/gao", id="a thing: its document"),
        pytest.param("doc/region/gao", "/doc/region/gao", id="a document: itself"),
        pytest.param("ontology#Office", "/ontology#Office", id="a term keeps its fragment"),
        pytest.param("shapes#OfficeShape", "/shapes#OfficeShape", id="a shape"),
        pytest.param("dataset", "/dataset", id="the dataset"),
        pytest.param("graph/mali/offices", "/graph/mali/offices", id="a named graph"),
        pytest.param("id/Region/Gao", "/doc/Region/Gao", id="capitals"),
        pytest.param("id/site/ségou", "/doc/site/s%C3%A9gou", id="letters beyond ASCII"),
        pytest.param("id/site/s%c3%a9gou", "/doc/site/s%c3%a9gou", id="percent-encoded already"),
        pytest.param("id/site/a/b", "/doc/site/a/b", id="slashes"),
        pytest.param("graph/é.2024", "/graph/%C3%A9.2024", id="a graph with a dot"),
        pytest.param("id/region/gao#it", None, id="a fragment is no part of a key"),
        pytest.param("id/region/gao?x=1", None, id="nor is a query"),
        pytest.param("elsewhere/x", None, id="a path that nobody serves"),
        pytest.param("ontologyx", None, id="a longer word is another path"),
    ],
)
@each_base
def test_an_iri_of_ours_has_an_address_on_this_host(
    names: Names, path: str, expected: str | None
) -> None:
    assert of_iri(names, names.base + path) == expected


def test_an_iri_of_others_has_no_address_on_this_host() -> None:
    assert of_iri(OURS, "http://www.wikidata.org/entity/Q912") is None
    assert of_iri(OTHER, OURS.entity("region", "gao")) is None
