"""SIGHUP: a running server moves to the release that the link names, under load, without a gap."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest
import requests
from bench.processes import children, is_supervisor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Server

    from unicef_linked.release import Release

QUERY: Final = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
KILLS: Final = int(os.environ.get("KILLS", "3"))
"""Switches during which a process is killed; ``make soak`` has all 28."""


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


# Kills


class Service:
    """A server with two workers of each kind, started again where its main process is killed."""

    def __init__(self, serve: Callable[..., Server], folder: Path) -> None:
        self._serve, self.link, self._log = serve, folder / "link", folder / "log"
        self.server: Server

    def start(self, port: str = "0") -> None:
        """Start it, as a supervisor would."""
        arguments = ("--release", str(self.link), "--workers", "2", "--port", port)
        environment = {"UNICEF_LINKED_QUERY_WORKERS": "2", "UNICEF_LINKED_RESTARTS": "1000"}
        self.server = self._serve(*arguments, environment=environment, log=self._log)

    def of_kind(self, kind: str) -> list[int]:
        """Return the processes of a kind, the oldest first."""
        main = self.server.process.pid
        supervisors = [pid for pid in sorted(children(main)) if is_supervisor(pid)]
        if kind == "supervisor":
            return supervisors
        if kind == "query process":
            return [pid for parent in supervisors for pid in children(parent)]
        return sorted(set(children(main)) - set(supervisors)) if kind == "web worker" else [main]

    def kill(self, kind: str, place: int) -> None:
        """Kill a process during a switch, and return when the switch is over."""
        outcomes = self._outcomes()
        os.kill(self.of_kind(kind)[place], signal.SIGKILL)
        if kind == "main process":
            port = self.server.url.rpartition(":")[2]
            self.server.process.wait()
            wait_until(lambda: is_free(int(port)), "the port is held")
            self.start(port)
        else:
            wait_until(lambda: self._outcomes() > outcomes, "no outcome")

    def _outcomes(self) -> int:
        return self._log.read_text().count("reload: ")


STAGES: Final = {
    "the second supervisor starts": ("supervisor", 2),
    "its query processes start": ("query process", 4),
    "a new web worker starts": ("web worker", 3),
    "all new web workers start": ("web worker", 4),
}
"""What can be seen of a switch: so many processes of a kind."""
VICTIMS: Final = [
    *itertools.product(("web worker", "supervisor", "query process"), (0, -1)),
    ("main process", 0),
]
"""What is killed: the first of its kind is one of before the switch, the last one of after."""
MOMENTS: Final = random.Random(1).sample(list(itertools.product(STAGES, VICTIMS)), k=28)


def test_whatever_is_killed_during_a_switch_one_whole_release_is_answered(
    serve: Callable[..., Server], chain: tuple[Release, ...], tmp_path: Path
) -> None:
    service = Service(serve, tmp_path)
    point(service.link, chain[2])
    service.start()
    for stage, (kind, place) in itertools.islice(itertools.cycle(MOMENTS), KILLS):
        now = served(service.server)
        point(service.link, chain[3] if now == chain[2].manifest.name else chain[2])
        reload(service.server)
        of_kind, number = STAGES[stage]
        wait_until(lambda k=of_kind, n=number: len(service.of_kind(k)) >= n, stage)
        service.kill(kind, place)
        wait_until(lambda: is_one_release(service, chain[2:4]), (stage, kind, place))
        wait_until(lambda: len(service.of_kind("web worker")) == 2, "not as many web workers")
        assert len(service.of_kind("supervisor")) == 1


def is_one_release(service: Service, releases: tuple[Release, ...]) -> bool:
    """Tell whether all answers are from one release."""
    with suppress(requests.RequestException):  # the connection was of a process that was killed
        names = set(answered(service.server, releases))
        return len(names) == 1 and "" not in names
    return False


def answered(server: Server, releases: tuple[Release, ...]) -> list[str]:
    """Return the name of the release that each of several answers is from, "" for an error."""
    gamma = "<https://w3id.org/unicef-linked/id/region/gamma>"
    names = [served(server)]
    for number in range(4):
        query = f"SELECT ?o {{ {gamma} ?p ?o }} # {number}"
        for path in ("/doc/region/gamma.ttl", f"/sparql?format=csv&query={quote(query)}"):
            answer = requests.get(server.url + path, timeout=30)
            name = releases["Nova" in answer.text].manifest.name
            names.append(name if answer.status_code == 200 else "")
    return names


def wait_until(condition: Callable[[], bool], what: object) -> None:
    """Return when a condition holds."""
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def is_free(port: int) -> bool:
    """Tell whether a server can listen on a port."""
    with suppress(OSError), socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False
