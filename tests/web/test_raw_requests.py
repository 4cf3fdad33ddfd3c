"""Bytes on a connection that are no request, or hardly one."""

from __future__ import annotations

import random
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

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


def test_bytes_that_are_no_request_harm_nobody(server: Server) -> None:
    """They are sent at once, so that those which the server waits for are waited for together."""
    connections = [send(server, broken(seed)) for seed in range(200)]
    assert statuses(send(server, REQUEST)) == [200]
    answered = [statuses(connection) for connection in connections]
    assert {status for each in answered for status in each} & {200, 400} == {200, 400}
    assert [seed for seed, each in enumerate(answered) if 500 in each] == []
    assert server.get("/readyz").status_code == 200
