"""Whatever the data holds, each format of its document is right, or is refused with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, RDFXML, Format
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings

EX = "http://x.example/"
DATA = f"""
PREFIX : <{EX}>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
:office <{EX}col/2024> "a property named by a year" .
:room <{EX}col/> "a property that ends in a slash" .
:scan :note "page\\u000Cbreak and bell\\u0007" .
:null :note "a\\uFFFEb" .
:route :stops ({" ".join(map(str, range(320)))}) .
:ring :points ({" ".join(f'"{n}"' for n in range(5000))}) .
:chain :next _:n0 . {" ".join(f"_:n{n} :next _:n{n + 1} ." for n in range(1200))}
:place :at <geo:48.2,16.4> ; :when <time:now> ; :on "2024"^^<xsd:date> .
:typed a <{EX}2024>, <{EX}> ; :note "carriage\\r\\nreturn" ; :of _:1 . _:1 :note "label" .
"""
WRITABLE = ["route", "ring", "chain", "place", "typed"]
NOT_IN_XML = ["office", "room", "scan", "null"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> FlaskClient:
    """A client of data that is hard to write."""
    folder = tmp_path_factory.mktemp("formats")
    (folder / "d.ttl").write_text(DATA, encoding="utf-8")
    release = snapshot([folder / "d.ttl"], folder / "release")
    return create_app(settings, release, Embedded(release, "", settings)).test_client()


def canonical(content: bytes, offer: Format) -> set[ox.Triple]:
    quads = ox.Dataset(ox.parse(content, format=offer.rdf))
    quads.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {quad.triple for quad in quads}


@pytest.mark.parametrize("name", [*WRITABLE, *NOT_IN_XML])
def test_each_format_says_the_same(client: FlaskClient, name: str) -> None:
    written = {}
    for offer in GRAPH_FORMATS:
        response = client.get(f"/resource.{offer.suffix}?iri={EX}{name}")
        if name in NOT_IN_XML and offer is RDFXML:
            assert response.status_code == 406
            continue
        assert response.status_code == 200, offer.name
        written[offer.name] = response.data
        if offer is RDFXML:
            ET.fromstring(response.data)
    formats = {offer.name: offer for offer in GRAPH_FORMATS}
    if name in {"ring", "chain"}:  # canonicalization is slow for so many blank nodes
        sizes = {len(list(ox.parse(text, format=formats[f].rdf))) for f, text in written.items()}
        assert len(sizes) == 1
        return
    turtle = canonical(written["turtle"], formats["turtle"])
    for format_name, content in written.items():
        assert canonical(content, formats[format_name]) == turtle, format_name


@pytest.mark.parametrize("name", [*WRITABLE, *NOT_IN_XML])
def test_each_has_a_page(client: FlaskClient, name: str) -> None:
    assert client.get(f"/resource.{HTML.suffix}?iri={EX}{name}").status_code == 200


@pytest.mark.parametrize("name", NOT_IN_XML)
@pytest.mark.parametrize("accept", ["application/rdf+xml", "application/xml"])
def test_a_refusal_says_why_and_what_else_there_is(
    client: FlaskClient, name: str, accept: str
) -> None:
    response = client.get(f"/resource?iri={EX}{name}", headers={"Accept": accept})
    assert response.status_code == 406
    assert "Accept" in response.headers["Vary"]
    problem = response.get_json()
    assert problem["type"].endswith("/problem/not-acceptable")
    assert problem["detail"].startswith("RDF/XML cannot express")
    others = [offer.media_type for offer in DOCUMENT_FORMATS if offer is not RDFXML]
    assert problem["available"] == others


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/rdf+xml, text/turtle;q=0.5", "text/turtle"),
        ("application/rdf+xml, */*;q=0.1", "text/turtle"),
        (
            "application/rdf+xml, application/n-triples;q=0.4, text/turtle;q=0.3",
            "application/n-triples",
        ),
    ],
)
def test_a_client_gets_what_it_prefers_next(
    client: FlaskClient, accept: str, media_type: str
) -> None:
    response = client.get(f"/resource?iri={EX}office", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.mimetype == media_type
    suffix = "nt" if media_type.endswith("n-triples") else "ttl"
    assert response.headers["Content-Location"].startswith(f"/resource.{suffix}?")
