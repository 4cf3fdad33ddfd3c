"""A release of the packaged dataset, built once;
the same served by a test client and by a real server.
"""

from __future__ import annotations

import fcntl
import gc
import os
import re
import subprocess
import sys
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
import requests
from tests.chain import build_chain

from unicef_linked.cli.releases import packaged_release
from unicef_linked.config import Settings
from unicef_linked.exports.definitions import read_exports
from unicef_linked.rdf.iris import CANONICAL_BASE, Names
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.loading import load_release
from unicef_linked.store.pool.launcher import Evaluators, run_evaluators
from unicef_linked.validation import shacl
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from unicef_linked.exports.definitions import Export
    from unicef_linked.rdf.terms import Solution
    from unicef_linked.release import Release

ROOT = Path(__file__).resolve().parents[1]
GRAPHS = ROOT / "tests" / "graphs"
SHARED = ROOT.parent / "shared"
"""Reference material of the workplace; tests that use it are extra,
and say so by skipping where it is not there."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give each process whole files, and those that use engines elsewhere to the same one."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = super()._split_scope(nodeid)
            return "tests/store" if path.startswith("tests/store/") else path

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """Do not look for garbage among what was collected, and less often in the rest."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class Statements:
    """A store of a few statements, as far as exports need one."""

    def __init__(self, trig: str) -> None:
        self._store = ox.Store()
        self._store.load(trig, format=ox.RdfFormat.TRIG)

    def select(self, query: str, bindings: object = None) -> list[Solution]:
        """See Store."""
        found = self._store.query(query, use_default_graph_as_union=True)
        assert isinstance(found, ox.QuerySolutions)
        names = [variable.value for variable in found.variables]
        return [{name: row[name] for name in names if row[name] is not None} for row in found]

    def match(self, *pattern: Any) -> list[ox.Quad]:
        """See Store."""
        return list(self._store.quads_for_pattern(*pattern))

    def match_any(self, subjects: Collection[Any]) -> list[ox.Quad]:
        """See Store."""
        return [quad for subject in subjects for quad in self.match(subject, None, None)]


def defined_exports(base: str = CANONICAL_BASE) -> tuple[Export, ...]:
    """Return the exports of the packaged dataset, as if it had another base."""
    text = (ROOT / "data" / "exports" / "mali.ttl").read_text(encoding="utf-8")
    definitions = Statements(text.replace(CANONICAL_BASE, base))
    return read_exports(definitions, Names(base))  # type: ignore[arg-type]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of all that the tests start, in every process of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def judged_by_sets() -> Iterator[None]:
    """Validate by sets: the report of pySHACL (test_validation_by_sets), in a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shacl, "SETS_FROM", 5_000)
        yield


@pytest.fixture(scope="session")
def release(cache: Path) -> Release:
    """The packaged dataset: built by whoever needs it first, while the others wait."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return packaged_release()


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, ...]:
    """Five releases of a small dataset, the oldest first."""
    return build_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="session")
def release_store(release: Release) -> ox.Store:
    """The packaged dataset in memory; its default graph is the union."""
    return load_release(release)


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Small limits, so that a test of a limit is quick."""
    return Settings(
        query_workers=2,
        query_timeout=5.0,
        query_timeout_max=8.0,
        query_queue=8,
        query_patience=2.0,
        query_memory=512,
    )


@pytest.fixture(scope="session")
def evaluators(release: Release, settings: Settings) -> Iterator[Evaluators]:
    """The query processes."""
    with run_evaluators(release, settings) as processes:
        yield processes


@pytest.fixture(scope="session")
def store(release: Release, evaluators: Evaluators, settings: Settings) -> Iterator[Embedded]:
    """The store that the application reads."""
    with closing(Embedded(release, evaluators.address, settings)) as opened:
        yield opened


@pytest.fixture(scope="session")
def app(release: Release, store: Embedded, settings: Settings) -> Flask:
    """The application, with its cache in front."""
    return create_app(settings, release, store)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client in the same process."""
    return app.test_client()


@dataclass(frozen=True)
class Site:
    """What answers at an address."""

    url: str

    def get(self, path: str, **options: Any) -> requests.Response:
        """Ask it, without following redirects."""
        return requests.get(self.url + path, allow_redirects=False, timeout=30, **options)


@dataclass(frozen=True)
class Server(Site):
    """A server as users run it."""

    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., Server]]:
    """Start ``unicef-linked serve`` with arguments and wait until it says where it is."""
    started: list[Server] = []

    def start(
        *arguments: str, environment: dict[str, str] | None = None, log: Path | None = None
    ) -> Server:
        command = [sys.executable, "-m", "unicef_linked", "serve", "--port", "0", *arguments]
        with log.open("ab") if log else nullcontext() as errors:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **(environment or {})},
                cwd="/",
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+?(?=/?$)", line.strip())
        assert found, f"the server said {line!r}"
        started.append(Server(found[0], process))
        return started[-1]

    yield start
    for server in started:
        server.process.terminate()
    deadline = time.monotonic() + 20
    for server in started:
        server.process.wait(timeout=max(1.0, deadline - time.monotonic()))
        if server.process.stdout:
            server.process.stdout.close()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server], release: Release) -> Server:
    """The packaged dataset, served for real."""
    return serve("--release", str(release.path), "--workers", "2")
