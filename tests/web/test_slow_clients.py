"""Clients that send or read slowly, without a proxy in front: they are refused or closed,
and others are unharmed.
"""

from __future__ import annotations

import gc
import io
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pytest
import requests
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Response

from unicef_linked.web.middleware import intake
from unicef_linked.web.middleware.access import CLIENT
from unicef_linked.web.middleware.connection import Progress, _Tcp
from unicef_linked.web.middleware.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from flask.testing import FlaskClient
    from tests.conftest import Server

    from unicef_linked.release import Release

HALF_A_BODY: Final = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    b"Content-Length: 100\r\n\r\nASK"
)
UNREAD_DUMP: Final = b"GET /dump/dataset.nq HTTP/1.1\r\nHost: x\r\n\r\n"
SILENT: Final = b""
PART_OF_A_HEADER: Final = b"GET / HTTP/1.1\r\nHo"
HTTP2: Final = b"PRI * HTTP/2.0\r\n"


def connect(server: Server, sent: bytes) -> socket.socket:
    """Return a connection on which something was sent; its receive buffer is small."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((host, int(port)))
    connection.sendall(sent)
    return connection


def is_established(connection: socket.socket) -> bool:
    """Tell whether the server has not closed its end (proc(5), /proc/net/tcp)."""
    own_port = f":{connection.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[2].endswith(own_port) and row[3] == "01" for row in rows)


def read_to_the_end(connection: socket.socket) -> bytes:
    """Return everything that is received until the server closes the connection."""
    connection.settimeout(60)
    content = bytearray()
    with suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            content += piece
    return bytes(content)


def test_slow_clients_by_the_hundred_are_closed_and_others_are_answered(
    serve: Callable[..., Server], release: Release
) -> None:
    server = serve("--release", str(release.path), "--workers", "1")
    kinds = (HALF_A_BODY, UNREAD_DUMP, SILENT, PART_OF_A_HEADER, HTTP2)
    connections = {kind: [connect(server, kind) for _ in range(40)] for kind in kinds}
    with requests.Session() as session:
        for path in ("/doc/office/gao", "/healthz", "/sparql?query=ASK%7B%7D") * 5:
            assert session.get(server.url + path, timeout=20).status_code == 200
    for connection in connections.pop(UNREAD_DUMP):
        deadline = time.monotonic() + 60
        while is_established(connection):
            assert time.monotonic() < deadline, "nothing is read, and the connection stays open"
            time.sleep(0.1)
        connection.close()
    for kind, others in connections.items():
        for connection in others:
            answer = read_to_the_end(connection)
            assert kind is not HALF_A_BODY or not answer or answer.split()[1] in {b"408", b"503"}
            connection.close()


# Bodies


class Slow(io.RawIOBase):
    """A body of which only the beginning arrives."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning, self.over = beginning, threading.Event()

    def read(self, size: int = -1) -> bytes:
        """Return the beginning, then wait."""
        if self._beginning:
            piece, self._beginning = self._beginning[:size], self._beginning[size:]
            return piece
        self.over.wait(30)
        return b""


@pytest.fixture
def middleware() -> Intake:
    """The middleware before an application that gives the body back, or an answer in pieces."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        if environ["PATH_INFO"] == "/stream":
            return iter([b"a", b"b"])
        return [environ["wsgi.input"].read()]

    def render(_: object, error: Any) -> Any:
        return Response(str(error), getattr(error, "code", 503))

    return Intake(application, threads=8, body_limit=100_000, render_problem=render)


def post(middleware: Intake, body: Any, length: int | None, client: str = "") -> Response:
    """Post a body to the middleware."""
    builder = EnvironBuilder(
        method="POST", environ_overrides={CLIENT: client, "REMOTE_ADDR": client}
    )
    made = builder.get_environ()
    made["wsgi.input"] = body
    made["CONTENT_LENGTH"] = "" if length is None else str(length)
    if length is None:
        made["HTTP_TRANSFER_ENCODING"] = "chunked"
    return Response.from_app(middleware, made)


@pytest.mark.parametrize(
    ("size", "declared"),
    [
        pytest.param(3, 3, id="short"),
        pytest.param(90_000, 90_000, id="of several pieces"),
        pytest.param(90_000, None, id="in chunks"),
        pytest.param(3, 9, id="shorter than declared"),
    ],
)
def test_a_body_arrives_whole(middleware: Intake, size: int, declared: int | None) -> None:
    content = b"x" * size
    assert post(middleware, io.BytesIO(content), declared).data == content


@pytest.mark.parametrize("beginning", [b"", b"x" * (16 << 10)], ids=["nothing", "a piece"])
def test_a_body_that_does_not_arrive_is_overdue(
    middleware: Intake, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(intake, "_FIRST_PIECE", 0.1)
    monkeypatch.setattr(intake, "_NEXT_PIECE", 0.1)
    body, statuses = Slow(beginning), list[int]()

    def ask() -> None:
        statuses.append(post(middleware, body, 50_000, client="::1").status_code)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while not middleware.bodies.overdue(time.monotonic()):
        time.sleep(0.01)
    assert [client for client, _ in middleware.bodies.overdue(time.monotonic())] == ["::1"]
    body.over.set()  # as the server does when it closes the connection
    waiting.join()
    assert statuses == [408]
    assert middleware.bodies.overdue(time.monotonic()) == []


def test_one_client_does_not_take_every_place_for_bodies(
    middleware: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_FIRST_PIECE", 20)
    body, statuses = Slow(b""), list[int]()
    waiting = threading.Thread(
        target=lambda: statuses.append(post(middleware, body, 5, client="::1").status_code)
    )
    waiting.start()
    while not middleware.bodies.overdue(float("inf")):
        time.sleep(0.01)
    assert post(middleware, io.BytesIO(b"hello"), 5, client="::1").status_code == 503
    assert post(middleware, io.BytesIO(b"hello"), 5, client="::2").data == b"hello"
    body.over.set()
    waiting.join()
    assert post(middleware, io.BytesIO(b"hello"), 5, client="::1").data == b"hello"


# Answers in pieces


def test_answers_in_pieces_leave_threads_for_others(middleware: Intake) -> None:
    def ask() -> tuple[Iterator[bytes] | Iterable[bytes], str]:
        status: list[str] = []
        environ = EnvironBuilder(path="/stream").get_environ()
        return middleware(environ, lambda s, _: status.append(s)), status[-1]  # type: ignore[arg-type,return-value]

    begun = [ask() for _ in range(4)]
    assert [status for _, status in begun] == ["200 OK"] * 4
    assert ask()[1].startswith("503")
    assert Client(middleware).get("/").status_code == 200
    begun.pop()[0].close()  # type: ignore[union-attr]
    assert ask()[1] == "200 OK", "at its end or not: the place of what is dropped is free"
    begun.clear()
    gc.collect()
    assert [ask()[1] for _ in range(8)] == ["200 OK"] * 8


def stand(acknowledged: int, pending: int) -> _Tcp:
    """Return the state of a connection."""
    return _Tcp(None, "socket:[1]", acknowledged, pending, 0, 0, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("later", "stalled"),
    [
        pytest.param([(0, 5000), (0, 5000)], True, id="reads nothing"),
        pytest.param([(10, 5000), (20, 5000)], True, id="reads next to nothing"),
        pytest.param([(5000, 5000), (10_000, 5000)], False, id="reads on"),
        pytest.param([(0, 0), (0, 5000)], False, id="had read everything in between"),
    ],
)
def test_who_does_not_read_is_told_from_who_does(
    later: list[tuple[int, int]], stalled: bool
) -> None:
    progress = Progress()
    assert not progress.has_stalled(stand(0, 5000), 0.0)
    outcomes = [
        progress.has_stalled(stand(*state), 8.0 * number) for number, state in enumerate(later, 1)
    ]
    assert any(outcomes) == stalled


# Sizes


@pytest.mark.parametrize("name", ["Accept", "Accept-Language", "Accept-Encoding", "If-None-Match"])
def test_a_header_field_that_is_parsed_has_a_longest_length(client: FlaskClient, name: str) -> None:
    answer = client.get("/doc/office/gao", headers={name: "a" * 9000})
    assert answer.status_code == 431
    assert answer.get_json(force=True)["type"].endswith("/header-too-large")
    assert client.get("/doc/office/gao.ttl", headers={name: "a" * 8000}).status_code == 200


def test_headers_stay_short_however_long_the_address(client: FlaskClient) -> None:
    long = quote('"' + "a0" * 900 + '"')
    for path in (f"/fragments?object={long}", f"/resource?iri=urn:{'x' * 1800}"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert len(answer.headers.get("Link", "")) <= 4000
        assert sum(len(name) + len(value) for name, value in answer.headers) < 8192
