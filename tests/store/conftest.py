"""Engines elsewhere, as real as they come: an Oxigraph server and a Virtuoso,
each holding the release by our own loader.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import requests
from bench.servers import free_port

from unicef_linked.store.graph_store import find_endpoint
from unicef_linked.store.transfer import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.transfer import Progress

VIRTUOSO_INI: Final = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
CaseMode = 2
ThreadsPerQuery = 1
VectorSize = 100
MaxVectorSize = 1000
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 10
[SPARQL]
ResultSetMaxRows = 100000
"""


@contextmanager
def running(command: list[str], folder: Path, url: str) -> Iterator[None]:
    """Run a server until the end of the block; it has begun when its address answers."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < deadline, f"{command[0]} does not answer at {url}"
            try:
                requests.get(url, timeout=5).close()
                break
            except requests.RequestException:
                time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


def program(name: str) -> str:
    """Return the path of a program that ``make test`` installs."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} is not installed; make test installs it"
    return found


@contextmanager
def run_oxigraph(release: Release, settings: Settings, folder: Path) -> Iterator[str]:
    """Run an Oxigraph server with the release; yield its SPARQL endpoint."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        program("oxigraph"),
        "serve",
        "--bind",
        url.removeprefix("http://"),
        "--timeout-s",
        "10",
    ]
    with running(command, folder, url):
        load(release, f"{url}/store", f"{url}/query", settings, lambda _: None)
        yield f"{url}/query"


@pytest.fixture(scope="module")
def oxigraph(
    release: Release, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The SPARQL endpoint of an Oxigraph server."""
    with run_oxigraph(release, settings, tmp_path_factory.mktemp("oxigraph")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def virtuoso_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The graph store of an empty Virtuoso, which asks for digest authentication."""
    folder, port = tmp_path_factory.mktemp("virtuoso"), free_port()
    (folder / "virtuoso.ini").write_text(VIRTUOSO_INI.format(sql=free_port(), http=port))
    command = [program("virtuoso-t"), "+foreground", "+configfile", "virtuoso.ini"]
    with running(command, folder, f"http://127.0.0.1:{port}/sparql"):
        yield f"http://127.0.0.1:{port}/sparql-graph-crud-auth"


@pytest.fixture(scope="session")
def virtuoso_told() -> list[Progress | str]:
    """What the loader told when it loaded the Virtuoso."""
    return []


@pytest.fixture(scope="session")
def virtuoso(
    release: Release,
    settings: Settings,
    virtuoso_store: str,
    virtuoso_told: list[Progress | str],
) -> str:
    """The SPARQL endpoint of a Virtuoso."""
    endpoint = find_endpoint(virtuoso_store)
    assert endpoint
    as_writer = replace(settings, engine_user="dba", engine_password="dba")
    load(release, virtuoso_store, endpoint, as_writer, virtuoso_told.append)
    return endpoint
