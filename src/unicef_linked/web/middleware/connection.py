"""What WSGI cannot express: the client disconnected, it stopped reading; abort an answer.

A response that fails after its first byte must look incomplete to the client. When the
application's iterator raises, Granian 2.5.0 and 2.8.7 still send the last chunk, so that half an
answer looks complete; 2.8.9 closes the connection without it. While older releases are allowed, the
connection is shut down here (RFC 9112, section 8: without its last chunk a message is incomplete).
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import struct
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import LinkedDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIEnvironment

    from unicef_linked.store import Answer

_LOG: Final = logging.getLogger(__name__)
_ON_THE_WAY: Final = 1 << 20
"""Bytes yielded that the kernel may not have yet: Granian's channel and its write buffer."""
_TCP_INFO_LENGTH: Final = 208
"""Length of struct tcp_info up to the last field read here (bytes; Linux 4.19 and newer)."""


def chunks(answer: Answer, environ: WSGIEnvironment) -> Iterator[bytes]:
    """Yield an answer's chunks; shut the connection down if evaluation fails."""
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
    """The client of a request that has just begun.

    WSGI tells the application neither when a client disconnects nor on which connection a request
    came. The kernel's socket statistics do: candidates are the peer's connections that last
    received data no later than this request, and have sent nothing since. A peer may have several
    (a proxy); then all must be closed: ending a query late is better than ending another client's.
    If there is none at the first look, the client may have left before it: it has, once no
    connection of the peer has sent or received anything since the request.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._peer = str(environ.get("REMOTE_ADDR", ""))
        self._since = time.monotonic()
        self._candidates: frozenset[str] | None = None
        # Of another server, or a test client, the connections may be elsewhere, or none.
        self._is_in_this_process = environ.get("SERVER_SOFTWARE") == "Granian"

    def has_left(self) -> bool:
        """Tell whether all candidates are closed, or nothing tells of a connection of the client.

        The first call chooses the candidates.
        """
        elapsed = (time.monotonic() - self._since) * 1000  # not more than what the kernel says next
        connections = dict(_connections(self._peer))
        if self._candidates is None:
            self._candidates = frozenset(
                identity
                for identity, connection in connections.items()
                if connection.received_ago >= elapsed - _SLACK
                and connection.sent_ago >= connection.received_ago
            )
        if self._candidates:
            return self._candidates.isdisjoint(connections)
        if not self._is_in_this_process:
            return False
        since = elapsed + _BEFORE
        is_active = any(min(c.sent_ago, c.received_ago) <= since for c in connections.values())
        return not is_active and _tells_of_connections()


@cache
def _tells_of_connections() -> bool:
    """Tell whether the kernel gives the statistics that are read here (not in every sandbox)."""
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.create_connection(server.getsockname()),
        ):
            return any(True for _ in _connections("127.0.0.1"))
    except OSError:
        return False


def close_slow(overdue: Callable[[float], list[tuple[str, float]]]) -> None:
    """Close connections of clients that send or read too slowly, until the process ends.

    ``overdue`` returns the address of each client whose body is overdue, and when its request began
    (s, monotonic clock). WSGI does not tell its connection: it is one that received data since
    then and has sent nothing. Another request of that address that began later, and whose answer
    has not begun, is broken off too.
    """
    progress = Progress()
    while True:
        time.sleep(_SWEEP_INTERVAL)
        for peer, began in overdue(time.monotonic()):
            elapsed = (time.monotonic() - began) * 1000
            for _, candidate in _connections(peer):
                if (
                    candidate.sent_ago >= elapsed - _BODY_SLACK
                    and candidate.received_ago <= elapsed + _BODY_SLACK
                ):
                    with suppress(OSError):
                        candidate.connection.shutdown(socket.SHUT_RDWR)
        for _, candidate in _connections():
            if progress.has_stalled(candidate, time.monotonic()):
                with suppress(OSError):
                    # What is in the send buffer is dropped when the server closes it (socket(7)).
                    linger = struct.pack("ii", 1, 0)
                    candidate.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    candidate.connection.shutdown(socket.SHUT_RDWR)


class Progress:
    """How far the peers of connections have read what was sent to them."""

    def __init__(self) -> None:
        self._acknowledged: dict[str, tuple[int, float]] = {}  # bytes, and when (s), by inode

    def has_stalled(self, candidate: _Tcp, now: float) -> bool:
        """Tell whether less than _LEAST_PROGRESS was read in _STALLED seconds, but more waits."""
        identity = candidate.identity
        acknowledged, since = self._acknowledged.get(identity, (-_LEAST_PROGRESS, now))
        if candidate.pending == 0:
            self._acknowledged.pop(identity, None)
        elif candidate.acknowledged - acknowledged >= _LEAST_PROGRESS:
            self._acknowledged[identity] = (candidate.acknowledged, now)
        elif now - since >= _STALLED:
            del self._acknowledged[identity]
            return True
        return False


_SWEEP_INTERVAL: Final = 2.0
"""Time between looks at all connections (s)."""
_STALLED: Final = 7.0
"""Time without progress after which a connection is closed (s); 10 at most with the interval."""
_LEAST_PROGRESS: Final = 4096
"""What counts as progress in that time (bytes)."""
_BODY_SLACK: Final = 500
"""Tolerance between the kernel's times and that of a request whose body is overdue (ms)."""
_BEFORE: Final = 1000
"""Longest time that a request may have waited before it began (ms)."""
_SLACK: Final = 20
"""Tolerance between the kernel's times and ours (ms)."""


@dataclass(frozen=True, slots=True)
class _Tcp:
    """Statistics of a connection (tcp(7), TCP_INFO; struct tcp_info in linux/tcp.h)."""

    connection: socket.socket
    identity: str  # its inode as ``socket:[…]``
    acknowledged: int  # bytes that the peer has received
    pending: int  # bytes in the send buffer, received by the peer or not sent yet
    sent_ago: int  # milliseconds since data was last sent
    received_ago: int  # milliseconds since data was last received
    written: int  # bytes, sent or still in the send buffer


def _connections(peer: str | None = None) -> Iterator[tuple[str, _Tcp]]:
    """Yield this process's connections with a peer, or all, each with its identity."""
    for name in Path("/proc/self/fd").iterdir():
        try:
            identity = str(name.readlink())
            if not identity.startswith("socket:"):
                continue
            connection = socket.socket(fileno=os.dup(int(name.name)))
        except OSError:
            continue  # closed in the meantime
        with connection:
            try:
                address = connection.getpeername()[0]
                if peer is not None and _bare(address) != _bare(peer):
                    continue
                pending = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
                information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            except (OSError, IndexError):
                continue  # not connected, or not an internet socket
            if len(information) < _TCP_INFO_LENGTH:
                continue
            sent_ago, received_ago = struct.unpack_from("=I4xI", information, 44)
            (unsent,) = struct.unpack_from("=I", information, 144)
            (sent,) = struct.unpack_from("=Q", information, 200)
            (acknowledged,) = struct.unpack_from("=Q", information, 120)
            tcp = _Tcp(
                connection,
                identity,
                acknowledged,
                int.from_bytes(pending, sys.byteorder),
                sent_ago,
                received_ago,
                sent + unsent,
            )
            yield identity, tcp


def _bare(address: str) -> str:
    """Return an address without the prefix of IPv4 addresses in IPv6."""
    return address.removeprefix("::ffff:")


def _break_off(peer: str, size: int) -> int:
    """Shut down the connections with ``peer`` that may have sent ``size`` bytes; return how many.

    Another large answer to the same peer may be aborted too: a client repeats an aborted transfer,
    but believes a truncated answer that looks complete.
    """
    broken = 0
    for _, candidate in _connections(peer):
        if candidate.written >= size - _ON_THE_WAY:
            with suppress(OSError):
                candidate.connection.shutdown(socket.SHUT_RDWR)
                broken += 1
    return broken
