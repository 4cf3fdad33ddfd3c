"""A document says the same in every format: its default graph is what its Turtle says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from unicef_linked.dataset import graph_stream
from unicef_linked.rdf.formats import GRAPH_FORMATS, NQUADS, TRIG, Format
from unicef_linked.rdf.iris import CANONICAL_BASE as BASE

if TYPE_CHECKING:
    from flask.testing import FlaskClient

DOCUMENTS = [
    pytest.param("/doc/office/gao", "", id="an entity"),
    pytest.param("/doc/region", "", id="a list"),
    pytest.param("/doc/claim", "?page=2", id="a page of a list"),
    pytest.param("/ontology", "", id="the ontology"),
    pytest.param("/shapes", "", id="the shapes"),
    pytest.param("/dataset", "", id="the dataset"),
    pytest.param("/quality", "", id="the quality report"),
    pytest.param("/graph/mali/offices", "", id="a named graph"),
    pytest.param("/resource", f"?iri={BASE}id/region/gao", id="any resource"),
    pytest.param("/resolve", "?iri=http://www.wikidata.org/entity/Q912", id="a resolution"),
]


def dataset(client: FlaskClient, path: str, query: str, offer: Format) -> set[ox.Quad]:
    response = client.get(f"{path}.{offer.suffix}{query}")
    assert response.status_code == 200
    return set(ox.parse(response.data, format=offer.rdf, base_iri=BASE))


def default_graph(quads: set[ox.Quad]) -> set[ox.Triple]:
    """Return the triples of the default graph, with canonical labels of blank nodes."""
    default = ox.Dataset(quad for quad in quads if quad.graph_name == ox.DefaultGraph())
    default.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in default}


@pytest.mark.parametrize(("path", "query"), DOCUMENTS)
def test_the_default_graph_is_the_same_in_every_format(
    client: FlaskClient, path: str, query: str
) -> None:
    turtle, *others = GRAPH_FORMATS
    expected = default_graph(dataset(client, path, query, turtle))
    assert len(expected) > 2
    for offer in others:
        assert default_graph(dataset(client, path, query, offer)) == expected, offer.name


@pytest.mark.parametrize("offer", [NQUADS, TRIG], ids=lambda offer: offer.name)
@pytest.mark.parametrize("path", ["/doc/office/gao", "/ontology", "/graph/mali/offices"])
def test_named_graphs_repeat_what_they_state_as_published(
    client: FlaskClient, path: str, offer: Format, release_store: ox.Store
) -> None:
    quads = dataset(client, path, "", offer)
    named = {quad for quad in quads if quad.graph_name != ox.DefaultGraph()}
    assert named
    assert {ox.Quad(*quad.triple) for quad in named} <= quads
    published = {str(quad.graph_name) for quad in named}
    assert published <= {str(name) for name in release_store.named_graphs()}


@pytest.mark.parametrize("offer", [NQUADS, TRIG], ids=lambda offer: offer.name)
def test_the_controls_of_a_fragment_are_in_their_own_graph_alone(
    client: FlaskClient, offer: Format
) -> None:
    quads = dataset(client, "/fragments", f"?subject={BASE}id/office/gao", offer)
    assert {triple.subject.value for triple in default_graph(quads)} == {f"{BASE}id/office/gao"}  # type: ignore[union-attr]
    assert any(quad.graph_name != ox.DefaultGraph() for quad in quads)


@pytest.mark.parametrize("suffix", ["nt", "nq", "ttl"])
@pytest.mark.parametrize("part", [1, 7, 10_000])
def test_a_large_graph_is_streamed_with_the_same_bytes(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, suffix: str, part: int
) -> None:
    address = f"/graph/mali/offices.{suffix}"
    whole = client.get(address)
    monkeypatch.setattr(graph_stream, "LARGE", 10)
    monkeypatch.setattr(graph_stream, "_PART", part)
    streamed = client.get(f"{address}?part={part}")  # the query keeps the cache out
    assert streamed.status_code == 200
    headers = [
        {**response.headers, "ETag": "", "Content-Length": ""} for response in (whole, streamed)
    ]
    for answer in headers:
        answer.pop("X-Request-Id", None)
    assert headers[0] == headers[1]
    contents = [
        [line for line in response.data.splitlines() if not line.startswith(b"@prefix ")]
        for response in (whole, streamed)
    ]
    assert contents[0] == contents[1]
