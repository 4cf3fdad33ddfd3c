"""Python programs of others: rdflib, SPARQLWrapper, pandas, and those of scripts/."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyoxigraph as ox
import pytest
import rdflib
import requests
import SPARQLWrapper
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore

if TYPE_CHECKING:
    from tests.clients.conftest import Clients
    from tests.conftest import Server

    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/"
UL: Final = f"PREFIX ul: <{BASE}ontology#> "
STAFF: Final = UL + "SELECT ?office ?n { ?office a ul:ZoneOffice ; ul:staffCount ?n } ORDER BY ?n"
DESCRIBED: Final = f"CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?s {{ <{BASE}id/office/gao> }} ?s ?p ?o }}"
MEMBERS: Final = {"kayes": 10, "gao": 14, "sikasso": 16, "mopti": 20, "tombouctou": 6}


def ask(server: Server, query: str, wanted: str, method: str, *, negotiated: bool) -> Any:
    """Ask with SPARQLWrapper and return what it makes of the answer."""
    client = SPARQLWrapper.SPARQLWrapper(f"{server.url}/sparql")
    client.setQuery(query)
    client.setMethod(method)
    client.setReturnFormat(wanted)
    client.setOnlyConneg(negotiated)
    return client.query().convert()


def rows_of(answer: Any, wanted: str) -> dict[str, int]:
    """Return office key to number, whatever SPARQLWrapper gave back for a format."""
    if wanted == SPARQLWrapper.JSON:
        bindings = answer["results"]["bindings"]
        pairs = [(row["office"]["value"], row["n"]["value"]) for row in bindings]
    elif wanted == SPARQLWrapper.XML:
        texts = [
            node.firstChild.data
            for name in ("uri", "literal")
            for node in answer.getElementsByTagName(name)
        ]
        half = len(texts) // 2
        pairs = list(zip(texts[:half], texts[half:], strict=True))
    else:
        text = answer.decode()
        table = pd.read_csv(io.StringIO(text), sep="\t" if wanted == SPARQLWrapper.TSV else ",")
        pairs = [(str(row[0]), str(row[1])) for row in table.itertuples(index=False)]
    return {iri.strip("<>").rpartition("/")[2]: int(number) for iri, number in pairs}


@pytest.mark.parametrize("negotiated", [False, True], ids=["format=", "Accept"])
@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize(
    "wanted", [SPARQLWrapper.JSON, SPARQLWrapper.XML, SPARQLWrapper.CSV, SPARQLWrapper.TSV]
)
def test_sparqlwrapper_reads_a_table(
    server: Server, wanted: str, method: str, negotiated: bool
) -> None:
    assert rows_of(ask(server, STAFF, wanted, method, negotiated=negotiated), wanted) == MEMBERS


@pytest.mark.parametrize("negotiated", [False, True], ids=["format=", "Accept"])
@pytest.mark.parametrize(
    "wanted",
    [
        SPARQLWrapper.TURTLE,
        SPARQLWrapper.N3,
        SPARQLWrapper.RDFXML,
        SPARQLWrapper.XML,
        SPARQLWrapper.JSONLD,
    ],
)
def test_sparqlwrapper_reads_a_graph(
    server: Server, release_store: ox.Store, wanted: str, negotiated: bool
) -> None:
    answer = ask(server, DESCRIBED, wanted, SPARQLWrapper.GET, negotiated=negotiated)
    if isinstance(answer, bytes):
        answer = rdflib.Graph().parse(data=answer, format="turtle")
    expected = rdflib.Graph()
    serialized = release_store.query(DESCRIBED).serialize(format=ox.RdfFormat.TURTLE)  # type: ignore[union-attr]
    expected.parse(data=serialized, format="turtle")
    assert isomorphic(graph_of(answer), expected)


def graph_of(answer: Any) -> rdflib.Graph:
    """Return one graph of what rdflib parsed, dataset or graph."""
    graph = rdflib.Graph()
    for subject, predicate, value, *_graph in (
        answer.quads() if hasattr(answer, "quads") else answer.triples((None, None, None))
    ):
        graph.add((subject, predicate, value))
    return graph


@pytest.mark.parametrize("path", ["/id/office/gao", "/doc/office/gao", "/dataset", "/ontology"])
def test_rdflib_parses_an_address(server: Server, path: str) -> None:
    read = rdflib.Graph().parse(server.url + path)
    turtle = requests.get(server.url + path, headers={"Accept": "text/turtle"}, timeout=30)
    expected = rdflib.Graph().parse(data=turtle.text, format="turtle")
    assert len(read) > 50
    assert isomorphic(read, expected)


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld"])
def test_rdflib_parses_each_format_of_a_document(server: Server, suffix: str) -> None:
    document = rdflib.Graph().parse(f"{server.url}/doc/office/gao.{suffix}")
    expected = rdflib.Graph().parse(f"{server.url}/doc/office/gao.ttl", format="turtle")
    assert isomorphic(document, expected)


def test_rdflib_uses_the_endpoint_as_its_store(server: Server) -> None:
    graph = rdflib.Graph(store=SPARQLStore(f"{server.url}/sparql"))
    numbers = {
        str(office).rpartition("/")[2]: int(str(number))
        for office, number in graph.query(STAFF)  # type: ignore[misc]
    }
    assert numbers == MEMBERS
    gao = rdflib.URIRef(f"{BASE}id/office/gao")
    regions = set(graph.objects(gao, rdflib.URIRef(f"{BASE}ontology#coversRegion")))
    assert {str(region).rpartition("/")[2] for region in regions} == {"gao", "kidal", "menaka"}


def test_pandas_reads_answers_and_exports(server: Server) -> None:
    query = requests.Request(
        "GET", f"{server.url}/sparql", params={"query": STAFF, "format": "csv"}
    )
    answer = pd.read_csv(str(query.prepare().url))
    assert answer["n"].sum() == sum(MEMBERS.values())
    offices = pd.read_csv(f"{server.url}/export/offices.csv")
    assert len(offices) == 6


def test_reconciler_matches_a_column(server: Server, clients: Clients) -> None:
    names = ["Gao", "Région de Ségou", "Tombouktou", "Nowhere at all", "", "MENAKA"]
    answer = clients.python("reconcile.py", f"{server.url}/reconcile", json.dumps(names))
    assert answer == {
        "Gao": "region/gao",
        "Région de Ségou": "region/segou",
        "Tombouktou": "region/tombouctou",
        "Nowhere at all": None,
        "": None,
        "MENAKA": "region/menaka",
    }


@pytest.mark.parametrize("path", ["/doc/office/gao", "/ontology", "/dataset"])
def test_signposting_leads_from_a_page_to_its_data(
    server: Server, clients: Clients, path: str
) -> None:
    answer = clients.python("signposts.py", server.url + path)
    links, linksets = answer["links"], answer["linksets"]
    assert {"type", "describedby", "license", "linkset"} <= set(links)
    for target in links["describedby"]:
        assert len(rdflib.Graph().parse(target)) > 20
    assert set(linksets) == {"application/linkset", "application/linkset+json"}
    stated = {f"{relation} {target}" for relation in links for target in links[relation]}
    for links_of_set in linksets.values():
        assert {link for link in links_of_set if link.startswith("describedby")} <= stated


def test_extruct_finds_the_office_in_its_page(server: Server, clients: Clients) -> None:
    answer = clients.python("embedded.py", f"{server.url}/doc/office/gao")
    (node,) = answer["json-ld"]
    assert node["@id"] == f"{BASE}id/office/gao"
    assert node["@type"] == ["Organization"]
    areas = {area["@id"].rpartition("/")[2] for area in node["areaServed"]}
    assert areas == {"gao", "kidal", "menaka"}


def test_ckan_harvests_the_catalogue(server: Server, clients: Clients, release: Release) -> None:
    (dataset,) = clients.python("catalogue.py", f"{server.url}/dataset.ttl")
    assert dataset["title"] == "UNICEF in Mali"
    assert dataset["notes"]
    assert dataset["version"] == release.manifest.name
    sizes = {entry["url"].rpartition("/")[2]: entry.get("size") for entry in dataset["resources"]}
    assert sizes["dataset.nq"] == (release.path / "dumps" / "dataset.nq").stat().st_size
    for entry in dataset["resources"]:
        head = requests.head(entry["url"], timeout=30)
        assert head.status_code == 200, entry["url"]


def test_sssom_reads_the_mappings(
    server: Server, clients: Clients, release_store: ox.Store
) -> None:
    rows = clients.python("mappings.py", f"{server.url}/export/mappings.sssom.tsv")
    assert len(rows) > 100
    for subject, predicate, value in rows:
        triple = [ox.NamedNode(term) for term in (subject, predicate, value)]
        assert any(release_store.quads_for_pattern(*triple, None)), rows
