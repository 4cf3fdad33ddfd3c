"""The client's end of the pool: sends queries to the queue and reads their answers.

A client learns from the slots whether a worker evaluates its request, since the end of a worker may
go unannounced (``store.pool.slots``).
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import secrets
import socket
import struct
import termios
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from unicef_linked.errors import (
    EngineFailed,
    NoQueryProcess,
    NotAcceptable,
    Overloaded,
    QueryError,
    QueryOutOfResources,
    QueryTimeout,
)
from unicef_linked.rdf.formats import GRAPH_FORMATS, RDFXML, SOLUTION_FORMATS
from unicef_linked.store import WHOLE, Answer, Chunks
from unicef_linked.store.pool.messages import (
    FAILURE,
    FIRST_PART,
    FORMATS_BY_MEDIA_TYPE,
    LAST_PART,
    MAX_MESSAGE,
    PART,
    SEND_REST,
    STAMP_SIZE,
    WHOLE_ANSWER,
    WORKER_ENDED,
    WORKER_EVICTED,
    WORKER_KILLED,
    Failure,
    FailureKind,
    Options,
    client_address,
    encode_body,
    encode_request,
    slots_path,
)
from unicef_linked.store.pool.slots import SlotTable
from unicef_linked.store.query import malformed
from unicef_linked.store.xml_answers import not_acceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_RECEIVE_TIMEOUT: Final = 0.1
"""Receive timeout (s): how often a waiting client polls the slot table, and whether it is left.

Less than what makes a query long (``supervisor``): those that were left give up their places
before a query that came after them needs one.
"""
_LOST_POLLS: Final = 4
"""Consecutive polls that find no process on a request already taken from the queue.

Then it is considered lost. A lost request is sent again; an answer that has begun is broken off.
"""
_DEADLINE_TOLERANCE: Final = 0.05
"""An answer that breaks off less than this (s) before the deadline was stopped by it."""


class SocketPool:
    """Datagram sockets to the query processes, one for each query that may be under way.

    A socket is made when it is first needed and kept for later queries. Its name is a file beside
    the queue's.
    """

    def __init__(self, address: str, size: int, patience: float) -> None:
        self.address, self.patience = address, patience
        self._name, self._numbers = f"{os.getpid():x}-{secrets.token_hex(1)}", itertools.count()
        self._free: list[socket.socket | None] = [None] * size
        self._slots: SlotTable | None = None
        self._slots_path = slots_path(address)

    def slots(self) -> SlotTable:
        """Return the slots of the query processes. Raises NoQueryProcess.

        When the folder of the sockets was removed, a new one has other slots, and the sockets that
        had names in the old one are of no use.
        """
        try:
            inode = os.stat(self._slots_path).st_ino  # noqa: PTH116 - at each query: twice as fast
            if self._slots is None or self._slots.inode != inode:
                if self._slots:
                    self.close()
                self._slots = SlotTable.open(self._slots_path)
        except (OSError, ValueError):  # it is not there, or still empty
            raise NoQueryProcess from None
        return self._slots

    def take(self) -> socket.socket:
        """Return a free socket. Raises Overloaded when all are in use, NoQueryProcess."""
        self.slots()
        try:
            free_socket = self._free.pop()
        except IndexError:
            raise self.not_taken() from None
        return free_socket or self._open()

    def _open(self) -> socket.socket:
        new_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # The kernel's timeouts: ``settimeout`` would add a poll(2) to every call.
        new_socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(self.patience))
        new_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(_RECEIVE_TIMEOUT))
        while True:
            name = client_address(self.address, self._name, next(self._numbers))
            try:
                new_socket.bind(name)
            except FileNotFoundError:  # the pool was closed: sending will fail
                pass
            except OSError as error:
                if error.errno == errno.EADDRINUSE:  # of another pool with this name
                    continue
                new_socket.close()
                raise
            return new_socket

    def give_back(self, used_socket: socket.socket) -> None:
        """Return a socket to the pool, after the end of an answer."""
        self._free.append(used_socket)

    def discard(self, used_socket: socket.socket) -> None:
        """Close a socket before the end of its answer: the supervisor notices, and ends the query.

        The pool may make another in its place.
        """
        name = used_socket.getsockname()
        used_socket.close()
        if name:
            Path(name).unlink(missing_ok=True)
        self._free.append(None)

    def close(self) -> None:
        """Close the free sockets."""
        for free_socket in filter(None, list(self._free)):
            with suppress(ValueError):  # another thread has taken it
                self._free.remove(free_socket)
                self.discard(free_socket)

    def not_taken(self) -> Overloaded | NoQueryProcess:
        """Return the error for a request that no query process has taken in time."""
        return self.overloaded() if self.slots().running() else NoQueryProcess()

    def overloaded(
        self, why: str = "all query processes are busy and the queue is full; try again shortly"
    ) -> Overloaded:
        """Return the error for a request that the query processes do not take."""
        return Overloaded(why, retry_after=max(1, round(self.patience)))

    def interrupted(self) -> Overloaded:
        """Return the error for a request whose worker was ended for no fault of the query."""
        return self.overloaded("the query process was ended from outside; try again shortly")


def _timeval(seconds: float) -> bytes:
    """Return a struct timeval."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))


class Request:
    """One query, and its answer as a query process sends it."""

    def __init__(
        self,
        query: str,
        options: Options,
        timeout: float,
        left: Callable[[], bool],
        sockets: SocketPool,
        prefixes: Mapping[str, str],
        patience: float | None = None,
    ) -> None:
        self._query, self._options, self._timeout = query, options, timeout
        self._patience = sockets.patience if patience is None else patience
        self._left, self._sockets, self._prefixes = left, sockets, prefixes
        self._socket: socket.socket | None = None
        self._sent_at = 0.0  # s, monotonic clock
        self._message = b""
        self._first_reply = b""  # received by ``send``, and not read yet
        self._has_ended = False

    def send(self) -> None:
        """Send the query and wait for the first message of an answer.

        Raises Overloaded and NoQueryProcess.
        """
        body = encode_body(self._options, self._query)
        latest = time.monotonic() + self._patience
        while not self._first_reply:
            self.close()
            self._socket = self._sockets.take()
            self._sent_at = time.monotonic()
            self._message = encode_request(self._sent_at, self._timeout, body)
            try:
                self._socket.sendto(self._message[:MAX_MESSAGE], self._sockets.address)
            except (ConnectionError, FileNotFoundError):  # the pool is restarting
                raise NoQueryProcess from None
            except OSError:  # the queue stayed full for SO_SNDTIMEO
                raise self._sockets.not_taken() from None
            self._first_reply = self._receive(latest)
            # Empty: not taken in time, or lost. Send again: at worst two processes answer.
            if not self._first_reply and time.monotonic() > latest:
                raise self._sockets.not_taken()

    def close(self) -> None:
        """Give the socket back at the end of the answer, close it before."""
        used_socket, self._socket = self._socket, None
        if used_socket and self._has_ended:
            self._sockets.give_back(used_socket)
        elif used_socket:
            self._sockets.discard(used_socket)

    def read_answer(self) -> Answer:
        """Return the answer: whole up to ``WHOLE`` bytes, else as a stream."""
        media_type, _, content = self._next().partition(b"\n")
        chosen = FORMATS_BY_MEDIA_TYPE[media_type.decode()]
        parts = [content]
        size = len(content)
        while size < WHOLE and not self._has_ended:
            parts.append(content := self._next())
            size += len(content)
        content = b"".join(parts)
        if not self._has_ended:
            return Answer(chosen, None, Chunks(self._chunks(content), self.close))
        self.close()
        return Answer(chosen, content, iter(()))

    def _chunks(self, head: bytes) -> Iterator[bytes]:
        yield head
        while not self._has_ended:
            if content := self._next():
                yield content

    def _next(self) -> bytes:
        """Return the bytes of the answer's next message. Raises the error that it reports."""
        while True:
            message, self._first_reply = self._first_reply or self._receive(), b""
            if not message:  # lost: the worker ended with the supervisor
                self._raise_broken_off(interrupted=True)
            kind, content = message[:1], message[1:]
            if kind in (WHOLE_ANSWER, LAST_PART):
                self._has_ended = True
                return content
            if kind in (FIRST_PART, PART):
                return content
            self._react(kind, content)

    def _react(self, kind: bytes, content: bytes) -> None:
        """Do what a message without bytes of the answer asks, or raise what it reports."""
        if kind == FAILURE:
            self._has_ended = True
            self._raise(Failure.decode(content))
        elif kind == SEND_REST:
            self._send_rest(content.decode())
        elif not self._message.startswith(content):
            return  # of an earlier request by this socket
        elif kind in (WORKER_ENDED, WORKER_KILLED):
            self._raise_broken_off(interrupted=kind == WORKER_KILLED)
        elif kind == WORKER_EVICTED:
            raise self._sockets.overloaded(
                "the query takes longer than a moment, and as many such queries as may run do so "
                "already; ask for less, or try again shortly"
            )

    def _send_rest(self, address: str) -> None:
        assert self._socket
        try:
            for start in range(MAX_MESSAGE, len(self._message), MAX_MESSAGE):
                self._socket.sendto(self._message[start : start + MAX_MESSAGE], address)
        except OSError:  # the worker has ended, or reads no more
            raise self._sockets.interrupted() from None

    def _receive(self, latest: float | None = None) -> bytes:
        """Return the next message; empty if the request is lost, or still queued at ``latest``.

        ``latest`` is a time of the monotonic clock (s). Raises QueryError when the HTTP client
        has closed its connection, which is checked at every poll.
        """
        assert self._socket
        missed_polls = 0
        while True:
            try:
                if message := self._socket.recv(MAX_MESSAGE):
                    return message
            except BlockingIOError:  # SO_RCVTIMEO
                pass
            if self._left():
                raise QueryError("the client has left")
            if latest and self._is_unread():
                if time.monotonic() > latest:
                    return b""
            elif self._sockets.slots().holds(self._message[:STAMP_SIZE]):
                missed_polls = 0
            elif (missed_polls := missed_polls + 1) == _LOST_POLLS:
                return b""

    def _is_unread(self) -> bool:
        """Tell whether the request is still in the queue (unix(7), SIOCOUTQ)."""
        assert self._socket
        return fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4)) != bytes(4)

    def _raise_broken_off(self, *, interrupted: bool) -> NoReturn:
        if time.monotonic() >= self._sent_at + self._timeout - _DEADLINE_TOLERANCE:
            raise QueryTimeout(
                f"the query was stopped after {self._timeout:g} seconds; "
                "ask for less, or with a LIMIT"
            )
        if interrupted:
            raise self._sockets.interrupted()
        raise QueryOutOfResources(
            "the query asked for more memory than it may have, or broke the engine; ask for less"
        )

    def _raise(self, failure: Failure) -> NoReturn:
        match failure.kind:
            case FailureKind.MALFORMED:
                raise malformed(failure.message, self._query, self._prefixes)
            case FailureKind.NOT_ACCEPTABLE:
                offers = GRAPH_FORMATS if self._options.solutions else SOLUTION_FORMATS
                raise NotAcceptable([offer.media_type for offer in offers])
            case FailureKind.UNWRITABLE:
                raise not_acceptable(failure.message, RDFXML)
            case FailureKind.RESULT_TOO_LARGE:
                raise QueryOutOfResources(f"{failure.message}; ask for less, or take the dump")
            case FailureKind.STORAGE_ERROR:
                raise EngineFailed(
                    f"the index on disk cannot be read: {failure.message}; stop the service and "
                    "remove the folder index-… of the release: it is made again"
                )
            case FailureKind.ENGINE_ERROR:
                raise QueryError(failure.message)
