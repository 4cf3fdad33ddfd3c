"""ldes-client: it replicates the dataset, and after another release it reads only what is new."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import requests
from tests.web.test_switch import point, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.clients.conftest import Clients
    from tests.conftest import Server

    from unicef_linked.release import Release

DCTERMS: Final = "http://purl.org/dc/terms/"
DELETED: Final = ox.NamedNode("https://www.w3.org/ns/activitystreams#Delete")


class Copy:
    """What a client has replicated: the newest state of each thing."""

    def __init__(self) -> None:
        self.states: dict[str, tuple[str, set[ox.Triple]]] = {}

    def read(self, output: str) -> set[str]:
        """Take the members that the client printed; return the releases that they are of."""
        members: dict[str, list[ox.Triple]] = defaultdict(list)
        for quad in ox.parse(output.encode(), format=ox.RdfFormat.TRIG):
            if isinstance(quad.subject, ox.NamedNode):
                members[quad.subject.value].append(quad.triple)
        releases = set()
        for member, about in members.items():
            values = {t.predicate.value: t.object for t in about}
            if f"{DCTERMS}isVersionOf" not in values:
                continue
            releases.add(member.partition("/release/")[2].partition("/")[0])
            thing, created = values[f"{DCTERMS}isVersionOf"], values[f"{DCTERMS}created"].value
            state = {
                ox.Triple(thing, t.predicate, t.object)
                for t in about
                if t.predicate.value not in {f"{DCTERMS}isVersionOf", f"{DCTERMS}created"}
                and t.object != DELETED
            }
            if created >= self.states.get(thing.value, ("", set()))[0]:
                self.states[thing.value] = (created, state)
        return releases

    @property
    def triples(self) -> set[ox.Triple]:
        """All statements of it."""
        return {triple for _, state in self.states.values() for triple in state}


def test_ldes_client_replicates_the_dataset_and_then_reads_only_what_is_new(
    serve: Callable[..., Server], clients: Clients, chain: tuple[Release, ...], tmp_path: Path
) -> None:
    link = tmp_path / "link"
    point(link, chain[3])
    server = serve("--release", str(link), "--workers", "1")
    command = ("ldes-client", f"{server.url}/changes", "--save", str(tmp_path / "state"))
    copy = Copy()
    assert len(copy.read(clients.javascript(*command))) == 4
    assert copy.triples == {quad.triple for quad in chain[3].quads()}
    point(link, chain[4])
    os.kill(server.process.pid, signal.SIGHUP)
    wait_for(server, chain[4])
    time.sleep(1)
    assert copy.read(clients.javascript(*command)) == {chain[4].manifest.name}
    assert copy.triples == {quad.triple for quad in chain[4].quads()}
    assert requests.get(f"{server.url}/changes", timeout=10).headers["ETag"]
