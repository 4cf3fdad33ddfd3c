"""Bytes on a connection that are no request, or hardly one."""

from __future__ import annotations

import random
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.conftest import Server

REQUEST: Final = (
    b"POST /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: localhost\r\nAccept: text/html;q=0.5, */*\r\n"
    b"Content-Type: application/sparql-query\r\nContent-Length: 6\r\nConnection: close\r\n\r\nASK {}"
)
PIECES: Final = (
    *(b"\r\n", b"\n", b"\0", b"\xff", b":", b" ", b"%", b"%00", b"%zz", b"..", b"//", b"\t"),
    *(b"HTTP/9.9", b"Host: b\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: -1\r\n"),
    *(b"A" * 9000, b"9" * 5000, b"{", b'"', b"get", b"*", b"http://[::1"),
)


def send(server: Server, sent: bytes) -> socket.socket:
    """Return a connection on which something was sent."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    with suppress(OSError):  # closed before everything was sent
        connection.sendall(sent)
    return connection


def statuses(connection: socket.socket) -> list[int]:
    """Return the status of each answer, once the server has closed the connection."""
    content = bytearray()
    with connection, suppress(ConnectionError):
        while piece := connection.recv(1 << 16):
            content += piece
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", content)]


def broken(seed: int) -> bytes:
    """Return the request with some of its bytes replaced, left out, doubled or added."""
    choice = random.Random(seed)
    content = bytearray(REQUEST)
    for _ in range(choice.randint(1, 4)):
        start = choice.randrange(len(content))
        end = start + choice.choice((0, 1, 8))
        content[start:end] = choice.choice((b"", content[start:end] * 2, choice.choice(PIECES)))
    return bytes(content)


POST: Final = b"POST /sparql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/sparql-query"
CHUNKED: Final = POST + b"\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(CHUNKED + b"6\r\nASK {}\r\n0\r\n\r\n", 200, id="in chunks"),
        pytest.param(CHUNKED + b"6;" + b"x" * 100_000, 400, id="a long extension of a chunk"),
        pytest.param(CHUNKED + b"x\r\n", 400, id="a chunk without a length"),
        pytest.param(
            POST + b"\r\nContent-Length: " + b"9" * 25 + b"\r\n\r\n", 400, id="a length beyond all"
        ),
        pytest.param(
            POST + b"\r\nContent-Length: 9999999999\r\n\r\nASK {}", 413, id="a length of 10 GB"
        ),
        pytest.param(
            POST + b"; charset*=UTF-8''%00\r\nContent-Length: 6\r\n\r\nASK {}", 415, id="a null"
        ),
        pytest.param(
            b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, id="a long target"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431, id="many fields"
        ),
        pytest.param(b"GET ? HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="no path"),
        pytest.param(b"GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="a byte beyond ASCII"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
    ],
)
def test_a_request_at_the_edge_of_http_has_its_status(
    server: Server, sent: bytes, expected: int
) -> None:
    assert statuses(send(server, sent)) == [expected]


def test_bytes_that_are_no_request_harm_nobody(server: Server) -> None:
    """They are sent at once, so that those which the server waits for are waited for together."""
    connections = [send(server, broken(seed)) for seed in range(200)]
    assert statuses(send(server, REQUEST)) == [200]
    answered = [statuses(connection) for connection in connections]
    assert {status for each in answered for status in each} & {200, 400} == {200, 400}
    assert [seed for seed, each in enumerate(answered) if 500 in each] == []
    assert server.get("/readyz").status_code == 200
