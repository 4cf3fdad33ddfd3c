"""A streamed answer that fails after its first byte must be seen to fail.

Granian ends a chunked body in good order when the application's iterator raises, so a client would take half an answer
for a whole one, and WSGI has no word for "abort". What is left is the connection itself: it is shut down before the
body ends (RFC 9112, section 8: a chunked message without its last chunk is incomplete).
"""

from __future__ import annotations

import logging
import os
import socket
import struct
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
_BYTES_SENT: Final = 200
"""Offset of tcpi_bytes_sent in struct tcp_info (linux/tcp.h)."""


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


def _break_off(peer: str, size: int) -> int:
    """Shut down the connections from ``peer`` that may have carried ``size`` bytes; return how many.

    The server does not say which connection is ours. Where a peer streams several large answers at once it may lose
    another of them too: a broken transfer is asked for again, a short answer that looks whole is believed.
    """
    broken = 0
    for name in Path("/proc/self/fd").iterdir():
        try:
            connection = socket.socket(fileno=os.dup(int(name.name)))
        except OSError:
            continue  # not a socket
        with connection:
            try:
                if connection.getpeername()[0] != peer or _sent(connection) < size - _ON_THE_WAY:
                    continue
                connection.shutdown(socket.SHUT_RDWR)
                broken += 1
            except (OSError, IndexError):
                continue  # not connected, or no internet address
    return broken


def _sent(connection: socket.socket) -> int:
    """Return the bytes that the kernel has sent on a TCP connection."""
    information = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_SENT + 8)
    sent: int = (
        struct.unpack_from("=Q", information, _BYTES_SENT)[0] if len(information) >= _BYTES_SENT + 8 else 1 << 62
    )
    return sent
