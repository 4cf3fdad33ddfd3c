"""Comunica, and rdf-dereference, which reads documents for it: they read what the Turtle says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
import requests
from bench.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.clients.conftest import Clients
    from tests.conftest import Server

BASE: Final = "https://w3id.org/unicef-linked/"
PARTS: Final = ("subject", "predicate", "object")
COUNT: Final = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
JOIN: Final = f"""
PREFIX ul: <{BASE}ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?office ?region ?name {{
  ?office ul:coversRegion ?region . ?region skos:prefLabel ?name
  FILTER(LANG(?name) = "fr")
}}"""
REGIONS: Final = f"SELECT ?region {{ <{BASE}id/office/gao> <{BASE}ontology#coversRegion> ?region }}"


def solutions(clients: Clients, program: str, *arguments: str) -> set[tuple[str, ...]]:
    """Return the rows of a query that a client of Comunica's family answers."""
    output = clients.javascript(
        program, *arguments, "--outputType", "application/sparql-results+json"
    )
    bindings = json.loads(output)["results"]["bindings"]
    rows = [tuple(term["value"] for _name, term in sorted(row.items())) for row in bindings]
    assert len(rows) == len(set(rows))
    return set(rows)


def turtle(server: Server, path: str) -> set[ox.Triple]:
    """Return what a document says in Turtle."""
    document = path.rpartition(".")[0] or path
    answer = requests.get(server.url + document, headers={"Accept": "text/turtle"}, timeout=30)
    assert answer.status_code == 200
    return {quad.triple for quad in ox.parse(answer.content, ox.RdfFormat.TURTLE)}


@pytest.mark.parametrize("source", ["fragments", "sparql"])
def test_comunica_answers_a_join(
    server: Server, release_store: ox.Store, clients: Clients, source: str
) -> None:
    expected = {tuple(term.value for term in sorted_row(row)) for row in release_store.query(JOIN)}  # type: ignore[union-attr]
    assert solutions(clients, "comunica-sparql", f"{server.url}/{source}", JOIN) == expected
    assert len(expected) == 7


def sorted_row(row: ox.QuerySolution) -> list[ox.Literal]:
    """Return the terms of a row by the names of their variables."""
    return [row[name] for name in ("name", "office", "region")]  # type: ignore[misc]


@pytest.mark.parametrize(
    "path",
    [
        "/doc/office/gao",
        "/graph/mali/offices",
        "/doc/region",
        "/shapes",
    ],
)
def test_comunica_reads_of_a_document_what_its_turtle_says(
    server: Server, clients: Clients, path: str
) -> None:
    expected = len(turtle(server, path))
    assert solutions(clients, "comunica-sparql", server.url + path, COUNT) == {(str(expected),)}


def test_comunica_finds_the_regions_of_an_office_in_its_document(
    server: Server, clients: Clients
) -> None:
    rows = solutions(clients, "comunica-sparql", f"{server.url}/doc/office/gao", REGIONS)
    assert rows == {(f"{BASE}id/region/{key}",) for key in ("gao", "kidal", "menaka")}


@pytest.mark.parametrize(
    "path",
    [
        "/id/office/gao",
        "/ontology",
        "/dataset",
        "/doc/office/gao.jsonld",
        "/doc/office/gao.nq",
        "/doc/office/gao.nt",
        "/doc/office/gao.rdf",
        "/doc/office/gao.trig",
        "/doc/office/gao.ttl",
    ],
)
def test_rdf_dereference_reads_what_the_turtle_says(
    server: Server, clients: Clients, path: str
) -> None:
    quads = json.loads(clients.javascript("rdf-dereference", server.url + path))
    default = {tuple(quad[part] for part in PARTS) for quad in quads if not quad["graph"]}
    assert len(default) == len(turtle(server, path))
    gao, covers = f"{BASE}id/office/gao", f"{BASE}ontology#coversRegion"
    if "office" in path:
        assert (gao, covers, f"{BASE}id/region/menaka") in default


def test_comunica_follows_links_from_document_to_document(
    serve: Callable[..., Server], release_store: ox.Store, clients: Clients, tmp_path: Path
) -> None:
    """What covers the region is in its document; how many work there, and where else, is not.

    The IRIs of the release lead to another host,
    so the same facts are served under IRIs of this one.
    """
    url = f"http://127.0.0.1:{free_port()}"
    facts = f"""CONSTRUCT {{ ?s ?p ?o }} {{ ?s ?p ?o
        FILTER(STRSTARTS(STR(?p), "{BASE}ontology#") && REGEX(STR(?s), "/id/(office|region)/[^/]+$"))
        FILTER(isLITERAL(?o) || REGEX(STR(?o), "/id/(office|region)/[^/]+$")) }}"""
    triples = release_store.query(facts, use_default_graph_as_union=True)
    lines = "".join(f"{triple} .\n" for triple in triples)  # type: ignore[union-attr]
    (tmp_path / "facts.nt").write_text(lines.replace(BASE, f"{url}/"), encoding="utf-8")
    port = url.rpartition(":")[2]
    public = {"UNICEF_LINKED_PUBLIC_URL": url}
    serve("--data", str(tmp_path), "--workers", "1", "--port", port, environment=public)
    query = f"""PREFIX ul: <{BASE}ontology#> SELECT DISTINCT ?office ?other ?people {{
        ?office ul:coversRegion <{BASE}id/region/gao>, ?other ; ul:staffCount ?people }}"""
    expected = {
        tuple(row[name].value.replace(BASE, f"{url}/") for name in ("office", "other", "people"))
        for row in release_store.query(query, use_default_graph_as_union=True)  # type: ignore[union-attr]
    }
    rows = solutions(
        clients,
        "comunica-sparql-link-traversal",
        "--lenient",
        f"{url}/doc/region/gao",
        query.replace(BASE, f"{url}/"),
    )
    assert rows == expected
    assert len(rows) == 3
