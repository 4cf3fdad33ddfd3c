"""SIGHUP: a running server moves to the release that the link names, under load, without a gap."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Server

    from unicef_linked.release import Release

QUERY: Final = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def point(link: Path, release: Release) -> None:
    """Point a link at a release, in one step."""
    new = link.with_name("new")
    new.symlink_to(release.path)
    new.replace(link)


def reload(server: Server) -> None:
    """Send what ``systemctl reload`` sends."""
    os.kill(server.process.pid, signal.SIGHUP)


def served(server: Server) -> str:
    """Return the name of the release that answers."""
    body: dict[str, str] = requests.get(f"{server.url}/dump/", timeout=10).json()
    return body["release"]


def wait_for(server: Server, release: Release) -> None:
    """Wait until a release answers."""
    deadline = time.monotonic() + 30
    while served(server) != release.manifest.name:
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Load:
    """Clients that ask all the time; what they were answered is checked at the end."""

    def __init__(self, server: Server, releases: tuple[Release, ...]) -> None:
        self._url, self._ends = server.url, threading.Event()
        self.by_count = {str(r.manifest.quads): r.manifest.name for r in releases}
        self.answers, self.faults = 0, list[str]()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(4)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        session = requests.Session() if number % 2 else None
        paths = ("/doc/region/alpha.ttl", "/sparql", "/dataset.ttl", "/doc/region/gamma")
        while not self._ends.is_set():
            for path in paths:
                self._check(session, path)
                time.sleep(0.005)

    def _check(self, session: requests.Session | None, path: str) -> None:
        parameters = {"query": QUERY, "format": "csv"} if path == "/sparql" else {}
        try:
            get = session.get if session else requests.get
            answer = get(self._url + path, params=parameters, timeout=30)
        except requests.RequestException as error:
            self.faults.append(f"{path}: {error}")
            return
        self.answers += 1
        if answer.status_code != 200:
            self.faults.append(f"{path}: {answer.status_code} {answer.text[:200]}")
        elif path == "/sparql" and answer.text.split()[1] not in self.by_count:
            self.faults.append(f"{path}: {answer.text!r} is the count of no release")


@pytest.mark.parametrize("engine", ["memory", "disk"])
def test_a_running_server_moves_to_the_release_that_the_link_names_and_back(
    serve: Callable[..., Server], chain: tuple[Release, ...], tmp_path: Path, engine: str
) -> None:
    link = tmp_path / "link"
    point(link, chain[2])
    server = serve("--release", str(link), "--workers", "2", "--engine", engine)
    tags = {}
    with Load(server, chain[2:4]) as load:
        for release in (chain[3], chain[2]):
            point(link, release)
            reload(server)
            wait_for(server, release)
            time.sleep(1.5)  # until the older workers have ended
            answer = requests.get(f"{server.url}/doc/region/gamma.ttl", timeout=10)
            tags.setdefault(release.manifest.name, set()).add(answer.headers["ETag"])
            assert ("Nova" in answer.text) == (release is chain[3])
    assert load.faults == []
    assert load.answers > 50
    assert [len(of_release) for of_release in tags.values()] == [1, 1]
    assert len(set.union(*tags.values())) == 2


def test_a_release_that_is_not_whole_changes_nothing(
    serve: Callable[..., Server], chain: tuple[Release, ...], tmp_path: Path
) -> None:
    link, broken = tmp_path / "link", tmp_path / "broken"
    point(link, chain[2])
    server = serve("--release", str(link), "--workers", "1")
    broken.mkdir()
    (broken / "manifest.json").write_bytes((chain[3].path / "manifest.json").read_bytes())
    (tmp_path / "new").symlink_to(broken)
    (tmp_path / "new").replace(link)
    for _ in range(2):
        reload(server)
        time.sleep(0.5)
        assert served(server) == chain[2].manifest.name
    point(link, chain[3])
    reload(server)
    wait_for(server, chain[3])
