"""Each server of a comparison, on a free loopback port with files of its own;
only what was started here is stopped.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.release import open_release
from unicef_linked.release.engine_index import LARGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OURS: Final = "unicef-linked"
WORKERS: Final = 2
"""Web workers of ours and of nginx: the two cores that the targets are set for."""


class NotRunning(Exception):
    """A server is not installed, or did not come up; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """Something that answers HTTP on the loopback interface."""

    name: str
    port: int
    sparql: str = "/sparql"  # the path of its query operation
    pid: int = 0  # its main process, once it runs

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, timeout: float = 60.0
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers by lower-case name, and body."""
        return self.request("GET", path, headers=headers, timeout=timeout)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers by lower-case name, and body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            return (
                response.status,
                {k.lower(): v for k, v in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()


def find(command: str, remedy: str) -> str:
    """Return the path of a command, beside this Python first; raises NotRunning with the remedy."""
    places = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"]
    )
    path = shutil.which(command, path=places)
    if path is None:
        raise NotRunning(f"{command} is not installed ({remedy})")
    return path


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    server: Server,
    command: Sequence[str | Path],
    folder: Path,
    *,
    ready: str = "/",
    environment: Mapping[str, str] | None = None,
    patience: float = 60.0,
) -> Iterator[Server]:
    """Start a server, wait so long (s) until ``ready`` is answered, and stop it at the end."""
    log = folder / f"{server.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            env=environment,
        )
    try:
        deadline = time.monotonic() + patience
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                lines = log.read_text(errors="replace").strip().splitlines()[-3:]
                raise NotRunning(
                    f"{server.name} did not come up: {' / '.join(lines) or 'it said nothing'}"
                )
            try:
                if server.get(ready, timeout=5)[0] < 500:
                    break
            except (OSError, HTTPException):
                time.sleep(0.1)
        yield replace(server, pid=process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def ours(
    release: Path,
    folder: Path,
    *,
    workers: int = WORKERS,
    engine: str = "",
    environment: Mapping[str, str] | None = None,
    patience: float = 60.0,
) -> Iterator[Server]:
    """Our server over a release,
    with the settings that a user gets unless an environment says otherwise.
    """
    server = Server(OURS, free_port())
    command = [sys.executable, "-m", "unicef_linked", "serve", "--release", str(release)]
    command += ["--port", str(server.port), "--workers", str(workers)]
    command += ["--engine", engine] if engine else []
    with _running(
        server, command, folder, ready="/readyz", environment=environment, patience=patience
    ) as running:
        yield running


def merged(release: Path) -> bytes:
    """Return the dataset as N-Quads, and once more without graph names:
    a default graph that is the merge of all.

    For servers whose default graph is what was loaded there. One statement a line,
    each with the IRI of its graph last.
    """
    quads = (release / "dumps" / "dataset.nq").read_bytes()
    triples = sorted({line.rsplit(b" ", 2)[0] + b" .\n" for line in quads.splitlines()})
    return quads + b"".join(triples)


@contextmanager
def oxigraph(release: Path, folder: Path) -> Iterator[Server]:
    """Oxigraph server: on disk from the size on from which ours is, else in memory."""
    command = find("oxigraph", "pip install oxigraph")
    server = Server("Oxigraph server", free_port(), "/query")
    address = ["--bind", f"127.0.0.1:{server.port}"]
    if open_release(release).manifest.quads >= LARGE:
        where = ["--location", str(folder / "database")]
        (folder / "merged.nq").write_bytes(merged(release))
        for step in (["load", *where, "--file", "merged.nq"], ["optimize", *where]):
            subprocess.run([command, *step], cwd=folder, check=True, capture_output=True)
        with _running(server, [command, "serve-read-only", *where, *address], folder) as running:
            yield running
        return
    with _running(server, [command, "serve", *address], folder) as running:
        head = {"Content-Type": "application/n-quads"}
        status, _, body = server.request("POST", "/store", body=merged(release), headers=head)
        if status not in {200, 201, 204}:
            raise NotRunning(f"{server.name} did not load the dataset: {status} {body[:200]!r}")
        yield running


@contextmanager
def rdflib_endpoint(release: Path, folder: Path) -> Iterator[Server]:
    """rdflib-endpoint, as its own command serves a file: one process,
    the default graph is the union.
    """
    command = find("rdflib-endpoint", "pip install 'rdflib-endpoint[cli]'")
    server = Server("rdflib-endpoint", free_port(), "/")
    file = release / "dumps" / "dataset.nq"
    with _running(
        server, [command, "serve", "--host", "127.0.0.1", "--port", str(server.port), file], folder
    ):
        yield server


VIRTUOSO_INI: Final = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso-errors.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 64
ServerThreads = 64
CheckpointInterval = 0
DirsAllowed = {folder}, {data}
ThreadsPerQuery = 1
VectorSize = 100
MaxVectorSize = 1000
NumberOfBuffers = 40000
MaxDirtyBuffers = 30000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
ServerThreads = 64
MaxKeepAlives = 64
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 100000
MaxQueryExecutionTime = 60
"""
"""Enough threads for every connection, all data in memory, no checkpoint while measuring.

Its vectors are sized for millions of rows as delivered;
small ones answer our queries three to four times as fast.
"""


@contextmanager
def virtuoso(release: Path, folder: Path) -> Iterator[Server]:
    """Virtuoso with a database of its own; without FROM it asks all graphs."""
    remedy = "apt-get install virtuoso-opensource"
    command, client = find("virtuoso-t", remedy), find("isql-vt", remedy)
    server, sql = Server("Virtuoso", free_port()), free_port()
    data = (release / "dumps").resolve()
    ini = folder / "virtuoso.ini"
    ini.write_text(
        VIRTUOSO_INI.format(folder=folder, data=data, sql=sql, http=server.port), encoding="utf-8"
    )
    load = f"DB.DBA.TTLP_MT(file_to_string_output('{data / 'dataset.nq'}'), '', 'urn:default', 512); checkpoint;"
    with _running(server, [command, "-f", "-c", ini], folder, ready="/sparql"):
        loaded = subprocess.run(
            [client, f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if loaded.returncode or "Error" in loaded.stdout + loaded.stderr:
            raise NotRunning(
                f"{server.name} did not load the dataset: {(loaded.stdout + loaded.stderr)[-300:]}"
            )
        yield server


NGINX_CONF: Final = """
{user}
daemon off;
pid {folder}/nginx.pid;
worker_processes {workers};
events {{ worker_connections 512; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 100000000;
  open_file_cache max=100 inactive=1h;
  open_file_cache_valid 1h;
  types {{ text/turtle ttl; application/ld+json jsonld; text/html html; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


@contextmanager
def nginx(root: Path, folder: Path) -> Iterator[Server]:
    """Nginx with a folder of static files, tuned as its documentation has it;
    as many workers as ours.
    """
    command = find("nginx", "apt-get install nginx")
    server = Server("nginx", free_port())
    user = (
        f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    )  # else its workers could not read our folder
    conf = folder / "nginx.conf"
    text = NGINX_CONF.format(user=user, folder=folder, workers=WORKERS, port=server.port, root=root)
    conf.write_text(text, encoding="utf-8")
    with _running(
        server, [command, "-p", folder, "-c", conf, "-e", folder / "nginx-errors.log"], folder
    ):
        yield server
