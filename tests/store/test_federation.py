"""SPARQL 1.1 Federated Query: others may ask us; we ask nobody whom the operator has not named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
import rdflib
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

    from unicef_linked.release import Release

UL: Final = "PREFIX ul: <https://w3id.org/unicef-linked/ontology#> "
FIVE: Final = "{ ?office a ul:ZoneOffice }"


@pytest.fixture(scope="module")
def federating(serve: Callable[..., Server], release: Release, server: Server) -> Server:
    """A server whose operator allows it to ask another of ours, and one where nobody listens."""
    allowed = f"{server.url}/sparql,http://127.0.0.1:9/sparql"
    arguments = ("--release", str(release.path), "--workers", "1")
    return serve(*arguments, environment={"UNICEF_LINKED_QUERY_SERVICES": allowed})


def ask(endpoint: str, query: str) -> requests.Response:
    """Ask for JSON."""
    headers = {"Accept": "application/sparql-results+json"}
    return requests.post(endpoint, data={"query": UL + query}, headers=headers, timeout=60)


@pytest.mark.parametrize(
    "pattern",
    [
        "SERVICE <S> " + FIVE,
        "SERVICE SILENT <S> " + FIVE,
        "service<S>" + FIVE,
        "SERVICE # the other one\n<S> " + FIVE,
        "?office ul:openedOn ?date . SERVICE <S> " + FIVE,
        "{ SELECT ?office { SERVICE <S> { ?office a ul:ZoneOffice } } }",
    ],
)
def test_an_endpoint_that_the_operator_named_is_asked(
    federating: Server, server: Server, pattern: str
) -> None:
    answer = ask(
        f"{federating.url}/sparql",
        f"SELECT ?office {{ {pattern} }}".replace("<S>", f"<{server.url}/sparql>"),
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["results"]["bindings"]) == 5


@pytest.mark.parametrize(
    "pattern",
    [
        "SERVICE <http://127.0.0.1:9/other> " + FIVE,
        "SERVICE <S/> " + FIVE,
        "SERVICE <S?x=1> " + FIVE,
        "SERVICE ?any " + FIVE,
        "VALUES ?any { <http://127.0.0.1:9/other> } SERVICE SILENT ?any " + FIVE,
        "SERVICE s:parql " + FIVE,
        "SERVICE <sparql> " + FIVE,
        "SERVICE <S> { SERVICE <http://127.0.0.1:9/other> " + FIVE + " }",
        "SERVICE <S> " + FIVE + " SERVICE <http://127.0.0.1:9/other> " + FIVE,
        "?s ?p true.SERVICE <S> " + FIVE,
        "SERVICESILENT<S>" + FIVE,
        "\\u0053ERVICE <http://127.0.0.1:9/other> " + FIVE,
        "SERVICE <S",
    ],
)
def test_any_other_endpoint_is_refused_by_name(
    federating: Server, server: Server, pattern: str
) -> None:
    prologue = f"BASE <{server.url}/> PREFIX s: <{server.url}/s> "
    query = prologue + f"SELECT ?office {{ {pattern} }}"
    answer = ask(f"{federating.url}/sparql", query.replace("<S", f"<{server.url}/sparql"))
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert f"{server.url}/sparql" in answer.json()["detail"]


def test_an_endpoint_that_does_not_answer_fails_its_query_and_nothing_else(
    federating: Server,
) -> None:
    endpoint = f"{federating.url}/sparql"
    assert (
        ask(endpoint, f"SELECT * {{ SERVICE <http://127.0.0.1:9/sparql> {FIVE} }}").status_code
        == 400
    )
    silent = ask(endpoint, f"SELECT * {{ SERVICE SILENT <http://127.0.0.1:9/sparql> {FIVE} }}")
    assert silent.status_code == 200
    assert ask(endpoint, "SELECT * " + FIVE).status_code == 200


def test_a_query_that_federates_leaves_the_next_one_without_connections(
    federating: Server, server: Server
) -> None:
    """What lets one query open a connection is taken back after it:
    the lexer is not the only guard.
    """
    for _ in range(4):  # each query process
        assert ask(
            f"{federating.url}/sparql", f"ASK {{ SERVICE <{server.url}/sparql> {FIVE} }}"
        ).json()["boolean"]
    assert ask(f"{federating.url}/sparql", "SELECT * " + FIVE).status_code == 200


def test_oxigraph_federates_with_us(oxigraph: str, server: Server) -> None:
    answer = ask(
        oxigraph,
        f"SELECT ?office {{ SERVICE <{server.url}/sparql> {FIVE} ?office ul:openedOn ?date }}",
    )
    assert len(answer.json()["results"]["bindings"]) == 5


def test_rdflib_federates_with_us(server: Server) -> None:
    zone_office = "https://w3id.org/unicef-linked/ontology#ZoneOffice"  # its parser wants no prologue before SERVICE
    found = rdflib.Graph().query(
        f"SELECT ?s WHERE {{ SERVICE <{server.url}/sparql> {{ ?s a <{zone_office}> }} }}"
    )
    assert len(list(found)) == 5
