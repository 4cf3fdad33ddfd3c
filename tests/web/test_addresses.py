"""Addresses and routes are two tables of the same thing: each address made leads to a route."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from unicef_linked import addresses
from unicef_linked.rdf.formats import TURTLE

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

CONSTANTS: Final = {
    name: value
    for name, value in vars(addresses).items()
    if name.isupper() and isinstance(value, str) and value != addresses.STATIC
}
"""The addresses that have no parts; the folder of static files is not one."""
MADE: Final = {
    "entity": addresses.entity("region/gao"),
    "document": addresses.document("region", "gao"),
    "entity_of": addresses.entity_of(addresses.document("region", "gao")) or "",
    "list_of": addresses.list_of("region"),
    "graph": addresses.graph("mali/offices"),
    "release": addresses.release("94f3d8599fea"),
    "memento": addresses.memento("94f3d8599fea", addresses.document("region", "gao")),
    "timemap": addresses.timemap(addresses.document("region", "gao")),
    "difference": addresses.difference("94f3d8599fea", "0123456789ab"),
    "to_address": addresses.to_address("/doc/region/gao"),
    "dump": addresses.dump("dataset.nq"),
    "export": addresses.export("3w.csv"),
    "problem": addresses.problem("not-found"),
    "linkset": addresses.linkset(addresses.document("region", "gao")),
    "sitemap": addresses.sitemap(1),
    "static": addresses.static("icon.svg"),
    "resource": addresses.resource("http://example.org/a#b"),
    "query": addresses.query("ASK { ?s ?p <http://example.org/a?b=c#d> }", "csv"),
    "fragment": addresses.fragment({"subject": "http://example.org/a"}),
    "search": addresses.search("San Pedro & Gao", "Region"),
    "named_query": addresses.named_query("active-country"),
    "with_query": addresses.with_query(addresses.DATASET, {"lang": "fr"}),
    "in_format": addresses.in_format(addresses.DATASET, "ttl"),
    "part": addresses.part(addresses.ONTOLOGY, "Office"),
}
"""What each function makes, by its name."""
NOT_MADE: Final = {"absolute", "below_base", "of_iri"}
"""Functions that are given an address, or an IRI that may have any."""
ADVERTISED: Final = "/reconcile/"
"""Where the paths lie that clients of the Reconciliation API find in its manifest."""

MEMENTOS: Final = {
    f"memento of {path}": addresses.memento("94f3d8599fea", path)
    for path in (
        addresses.DATASET,
        addresses.ONTOLOGY,
        MADE["list_of"],
        MADE["document"],
        MADE["dump"],
    )
}
"""What is kept in each release."""
EVERY: Final = {**CONSTANTS, **MADE, **MEMENTOS}
WITH_SUFFIX: Final = [
    addresses.in_format(path, TURTLE.suffix)
    for path in (
        addresses.DATASET,
        addresses.ONTOLOGY,
        addresses.SHAPES,
        addresses.QUALITY,
        addresses.RESOURCE,
        addresses.FRAGMENTS,
        addresses.RESOLVE,
        MADE["document"],
        MADE["list_of"],
        addresses.RELEASES,
        MADE["release"],
        MADE["difference"],
        MADE["named_query"],
        *(path for name, path in MEMENTOS.items() if not name.endswith("dataset.nq")),
    )
]
"""The documents that have an address for each format."""


def route(app: Flask, address: str) -> Rule:
    """Return the route that answers an address, itself and not by a redirection."""
    parts = urlsplit(address)
    adapter = app.url_map.bind("localhost", query_args=parts.query)
    rule, _ = adapter.match(parts.path, return_rule=True)
    return rule


@pytest.mark.parametrize("address", EVERY.values(), ids=EVERY)
def test_each_address_leads_to_a_route(app: Flask, address: str) -> None:
    assert route(app, address).methods is not None


def test_each_function_that_makes_an_address_is_tried() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(addresses, inspect.isfunction)
        if function.__module__ == addresses.__name__
    }
    assert functions == MADE.keys() | NOT_MADE


def test_each_route_has_an_address(app: Flask) -> None:
    reached = {route(app, address).rule for address in (*EVERY.values(), *WITH_SUFFIX)}
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert {rule for rule in rules - reached if not rule.startswith(ADVERTISED)} == set()


def test_what_stands_in_a_query_comes_back_as_it_was(app: Flask) -> None:
    text = 'ASK { ?s ?p "a+b&c=d/é#100%" }'
    with app.test_request_context(addresses.query(text)) as context:
        assert context.request.args["query"] == text
    with app.test_request_context(addresses.search(text)) as context:
        assert context.request.args["q"] == text
    with app.test_request_context(addresses.resource("urn:é&/#")) as context:
        assert context.request.args["iri"] == "urn:é&/#"
