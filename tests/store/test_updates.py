"""diff --format update, sent to real engines: each holds the second release then,
statement by statement.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
import requests
from requests.auth import HTTPDigestAuth
from tests.chain import DATES, EDITS, content

from unicef_linked.build import build
from unicef_linked.release.differences import compare
from unicef_linked.release.patches import write_update
from unicef_linked.store.transfer import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

BASE: Final = "http://chain.example/"
"""A base of its own, since other tests use the same engines."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release]:
    """The first and the last release of the chain."""
    folder = tmp_path_factory.mktemp("updates")
    first, last = (
        build(content(folder, EDITS[number]), folder / "out", BASE, issued=DATES[number])
        for number in (0, 4)
    )
    return first, last


def statements(ask: Callable[[str], bytes], release: Release) -> set[ox.Quad]:
    """Return what an engine holds of the graphs of a release."""
    held = set()
    for name in release.manifest.graphs:
        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
        for quad in ox.parse(ask(query), format=ox.RdfFormat.N_TRIPLES):
            held.add(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(name)))
    return held


@pytest.fixture(params=["oxigraph", "virtuoso"])
def engine(
    request: pytest.FixtureRequest, releases: tuple[Release, Release], settings: Settings
) -> Iterator[tuple[Callable[[str], bytes], Callable[[str], None]]]:
    """A way to ask an engine that holds the first release, and one to update it."""
    session = requests.Session()
    if request.param == "oxigraph":
        endpoint = request.getfixturevalue("oxigraph")
        update_endpoint = endpoint.removesuffix("/query") + "/update"
        store, parameter = endpoint.removesuffix("/query") + "/store", "update"
        load(releases[0], store, endpoint, settings, lambda _: None)
    else:
        endpoint = request.getfixturevalue("virtuoso")
        store = request.getfixturevalue("virtuoso_store")
        update_endpoint, parameter = f"{endpoint}-auth", "query"
        session.auth = HTTPDigestAuth("dba", "dba")
        writer = replace(settings, engine_user="dba", engine_password="dba")
        load(releases[0], store, endpoint, writer, lambda _: None)

    def ask(query: str) -> bytes:
        answer = requests.post(
            endpoint, {"query": query}, headers={"Accept": "application/n-triples"}, timeout=30
        )
        answer.raise_for_status()
        return answer.content

    def update(text: str) -> None:
        answer = session.post(update_endpoint, {parameter: text}, timeout=30)
        assert answer.ok, answer.text

    yield ask, update
    for name in {*releases[0].manifest.graphs, *releases[1].manifest.graphs}:
        update(f"DROP SILENT GRAPH <{name}>")
    session.close()


def test_an_update_turns_what_an_engine_holds_into_the_other_release(
    releases: tuple[Release, Release],
    engine: tuple[Callable[[str], bytes], Callable[[str], None]],
) -> None:
    first, last = releases
    ask, update = engine
    assert statements(ask, first) == set(first.quads())
    update(b"".join(write_update(compare(first, last))).decode())
    assert statements(ask, last) == set(last.quads())
    update(b"".join(write_update(compare(last, first))).decode())
    assert statements(ask, first) == set(first.quads())
