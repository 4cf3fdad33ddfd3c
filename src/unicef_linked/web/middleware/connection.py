"""What WSGI has no word for: that the client has left, and that an answer breaks off.

An answer that fails after its first byte must be seen to fail. Granian ends a chunked body in good order when the application's iterator raises, so a client would take half an answer
for a whole one, and WSGI has no word for "abort". What is left is the connection itself: it is shut down before the
body ends (RFC 9112, section 8: a chunked message without its last chunk is incomplete).
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import LinkedDataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIEnvironment

    from unicef_linked.store import Answer

_LOG: Final = logging.getLogger(__name__)
_ON_THE_WAY: Final = 1 << 20
"""Bytes that may lie between our iterator and the kernel: the server's channel and its write buffer."""
_KNOWN: Final = 208
"""Bytes of struct tcp_info that we read (Linux 4.19 and newer)."""


def chunks(answer: Answer, environ: WSGIEnvironment) -> Iterator[bytes]:
    """Yield an answer's chunks; break the connection off if the answer breaks off."""
    size = 0
    try:
        for chunk in answer.chunks:
            size += len(chunk)
            yield chunk
    except LinkedDataError as error:
        _LOG.warning("an answer broke off after %d bytes: %s", size, error)
        if _break_off(str(environ.get("REMOTE_ADDR", "")), size) == 0:
            raise
    finally:
        answer.close()


class Client:
    """Whoever waits for the answer to a request that has just begun.

    The server tells the application neither when a client leaves nor which connection it came by. The kernel knows
    both: ours is one of those that this peer has sent a request on, as long ago at least, and has had no answer on since.
    Where a peer has several such (a proxy), all must be gone: to end a query late is better than to end another's.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._peer = str(environ.get("REMOTE_ADDR", ""))
        self._since = time.monotonic()
        self._waiting: frozenset[str] | None = None

    def has_left(self) -> bool:
        """Tell whether every connection that may be ours is gone. First asked after a while, when the others are told apart."""
        if self._waiting is None:
            elapsed = (time.monotonic() - self._since) * 1000
            self._waiting = frozenset(
                identity
                for identity, connection in _connections(self._peer)
                if connection.received_ago >= elapsed - _SLACK and connection.sent_ago >= connection.received_ago
            )
            return False
        return bool(self._waiting) and self._waiting.isdisjoint(identity for identity, _ in _connections(self._peer))


_SLACK: Final = 20
"""Milliseconds by which two clocks may differ."""


@dataclass(frozen=True, slots=True)
class _Tcp:
    """What the kernel knows of a connection (tcp(7), TCP_INFO; struct tcp_info in linux/tcp.h)."""

    connection: socket.socket
    sent_ago: int  # milliseconds since data was last sent
    received_ago: int  # milliseconds since data was last received
    written: int  # bytes, whether sent yet or not


def _connections(peer: str) -> Iterator[tuple[str, _Tcp]]:
    """Yield this process's connections with a peer, each with a name that no later one will have."""
    for name in Path("/proc/self/fd").iterdir():
        try:
            identity = str(name.readlink())
            if not identity.startswith("socket:"):
                continue
            connection = socket.socket(fileno=os.dup(int(name.name)))
        except OSError:
            continue  # closed meanwhile
        with connection:
            try:
                if connection.getpeername()[0].removeprefix("::ffff:") != peer.removeprefix("::ffff:"):
                    continue
                information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            except (OSError, IndexError):
                continue  # not connected, or no internet address
            if len(information) < _KNOWN:
                continue
            sent_ago, received_ago = struct.unpack_from("=I4xI", information, 44)
            (unsent,) = struct.unpack_from("=I", information, 144)
            (sent,) = struct.unpack_from("=Q", information, 200)
            yield identity, _Tcp(connection, sent_ago, received_ago, sent + unsent)


def _break_off(peer: str, size: int) -> int:
    """Shut down the connections from ``peer`` that may have carried ``size`` bytes; return how many.

    Where a peer streams several large answers at once it may lose another of them too: a broken transfer is asked for
    again, a short answer that looks whole is believed.
    """
    broken = 0
    for _, found in _connections(peer):
        if found.written >= size - _ON_THE_WAY:
            with suppress(OSError):
                found.connection.shutdown(socket.SHUT_RDWR)
                broken += 1
    return broken
