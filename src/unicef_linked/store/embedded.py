"""Store over a release: our own questions in this process, strangers' queries in the query processes."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pyoxigraph as ox

from unicef_linked.errors import (
    LinkedDataError,
    NotAcceptable,
    Overloaded,
    QueryError,
    QueryOutOfResources,
    QueryTimeout,
)
from unicef_linked.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Carries, Format
from unicef_linked.store import WHOLE, Answer, Chunks, Solution, Term
from unicef_linked.store.evaluator import FORMATS_BY_MEDIA_TYPE, HEADER, Limits, arguments_for, frame
from unicef_linked.store.loading import load_release, open_index
from unicef_linked.store.query import Query, check, dataset_clauses, malformed
from unicef_linked.writing import settle_prefixes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

_ALLOCATOR: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=2000"}
"""Evaluation allocates many small pieces at a time, more than glibc keeps at hand by default (docs/performance.md)."""
_GRACE: Final = 2.0
"""Seconds after a deadline by which the kernel has surely ended the query process."""
_TICK: Final = 0.25
"""Seconds after which we look up from waiting."""
_PIECE: Final = 64 << 10


class Evaluators:
    """The query processes of one server: started once, restarted if they end, stopped on ``close``."""

    def __init__(self, release: Release, settings: Settings, index: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="unicef-linked-")
        self.address = str(Path(self._folder.name) / "queries")
        limits = Limits(
            settings.workers,
            settings.query_queue,
            settings.query_memory << 20,
            settings.query_result << 20,
            federation=bool(settings.query_services),
        )
        self._command = arguments_for(release.path, index, self.address, limits)
        self._closing = threading.Event()
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ALLOCATOR | os.environ
        )
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            process.kill()
            raise LinkedDataError("the query processes did not start; see the message above")
        return process

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._closing.wait(0.1):
                return
            self._process = self._start()

    def close(self) -> None:
        """Stop the query processes and remove their socket."""
        self._closing.set()
        self._process.terminate()
        self._keeper.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._folder.cleanup()


class Embedded:
    """A release in memory, or in an index on disk, and the address of the query processes that hold the same release.

    In memory the statements are kept twice: in a store, for our own queries, and as published, for documents. A store
    keeps numbers by value, and would say ``xsd:integer`` of an ``xsd:nonNegativeInteger``; from disk, documents say so.
    """

    def __init__(self, release: Release, address: str, settings: Settings, index: Path | None = None) -> None:
        self._store = open_index(index) if index else load_release(release)
        self._published = None if index else ox.Dataset(release.quads())
        self._union = release.manifest.union
        self._address, self._settings = address, settings
        self._prefixes = list(release.names.prefixes)
        self._waiting = threading.BoundedSemaphore(settings.workers + settings.query_queue)

    def match(
        self,
        subject: Term | None = None,
        predicate: ox.NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        if isinstance(subject, ox.Literal):
            return []
        if self._published is None:
            stored = self._store.quads_for_pattern(subject, predicate, object, graph_name)
            return [q for q in stored if not (self._union and isinstance(q.graph_name, ox.DefaultGraph))]
        if graph_name is not None:
            found = self._published.quads_for_graph_name(graph_name)
        elif subject is not None:
            found = self._published.quads_for_subject(subject)
        elif object is not None:
            found = self._published.quads_for_object(object)
        elif predicate is not None:
            found = self._published.quads_for_predicate(predicate)
        else:
            found = iter(self._published)
        return [
            quad
            for quad in found
            if (subject is None or quad.subject == subject)
            and (predicate is None or quad.predicate == predicate)
            and (object is None or quad.object == object)
        ]

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """See Store."""
        values = {ox.Variable(name): term for name, term in (bindings or {}).items()}
        solutions = self._store.query(query, substitutions=values)
        assert isinstance(solutions, ox.QuerySolutions)
        names = [variable.value for variable in solutions.variables]
        return [{name: term for name in names if (term := row[name]) is not None} for row in solutions]

    def answer(
        self,
        query: Query,
        *,
        solutions: Format | None,
        graph: Format | None,
        timeout: float,
        left: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """See Store."""
        federated = check(query.text, max_length=self._settings.query_length, services=self._settings.query_services)
        from_protocol = bool(query.default_graphs or query.named_graphs)
        default_graphs, named_graphs = (
            (query.default_graphs, query.named_graphs) if from_protocol else dataset_clauses(query.text)
        )
        request = {
            "text": query.text,
            "default_graphs": default_graphs,
            "named_graphs": named_graphs,
            "protocol_dataset": from_protocol,
            "federated": federated,
            "solutions": solutions.media_type if solutions else None,
            "graph": graph.media_type if graph else None,
            "timeout": timeout,
        }
        if not self._waiting.acquire(blocking=False):
            raise _overloaded(self._settings)
        conversation = _Conversation(query.text, timeout, left, self._prefixes, self._waiting)
        try:
            conversation.ask(frame(b"Q", json.dumps(request).encode()), self._address, self._settings)
            return conversation.answer(tuple(f for f in (solutions, graph) if f))
        except BaseException:
            conversation.close()
            raise

    def close(self) -> None:
        """See Store: the processes belong to Evaluators."""


def _timeval(seconds: float) -> bytes:
    """Return a struct timeval."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))


def _overloaded(settings: Settings) -> Overloaded:
    return Overloaded(
        "all query processes are busy and the queue is full; try again shortly",
        retry_after=max(1, round(settings.query_patience)),
    )


class _Conversation:
    """One query, and its answer as it arrives from a query process."""

    def __init__(
        self,
        text: str,
        timeout: float,
        left: Callable[[], bool],
        prefixes: list[str],
        place: threading.BoundedSemaphore,
    ) -> None:
        self._text, self._timeout, self._left, self._prefixes, self._place = text, timeout, left, prefixes, place
        self._deadline = time.monotonic() + timeout
        self._arrived, self._read = b"", 0
        self._connection: socket.socket | None = None
        self._accepted: tuple[Format, ...] = ()
        self._closed = False

    def ask(self, request: bytes, address: str, settings: Settings) -> None:
        """Send the request and wait for the first bytes of an answer, or for its end. Raises Overloaded."""
        patience = time.monotonic() + settings.query_patience
        while True:
            self._connection = connection = socket.socket(socket.AF_UNIX)
            try:
                # Time limits of the kernel's: those of Python's cost two system calls for one, and let go of the
                # interpreter for each, which another thread then takes.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(settings.query_patience))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(_TICK))
                connection.connect(address)
                connection.sendall(request)
                self._arrived = self._receive(patience)
            except (BrokenPipeError, ConnectionResetError):
                # The process that accepted ended before it read the request: nothing was begun, so ask again.
                connection.close()
                if time.monotonic() > patience:
                    raise _overloaded(settings) from None
            except OSError:  # the queue is full, nobody took the request up in time, or the processes are restarting
                raise _overloaded(settings) from None
            else:
                return

    def close(self) -> None:
        """Leave; the query process notices, and is free again."""
        if not self._closed:
            self._closed = True
            if self._connection:
                self._connection.close()
            self._place.release()

    def answer(self, accepted: tuple[Format, ...]) -> Answer:
        """Return the answer, whole where it is not long."""
        self._accepted = accepted
        media_type = self._next_payload() or b""
        chosen = FORMATS_BY_MEDIA_TYPE[media_type.decode()]
        head: list[bytes] = []
        size = 0
        while size < WHOLE:
            payload = self._next_payload()
            if payload is None:
                self.close()
                content = b"".join(head)
                if chosen.carries is not Carries.SOLUTIONS:
                    content = settle_prefixes(content, chosen.rdf, self._prefixes)
                return Answer(chosen, content, iter(()))
            head.append(payload)
            size += len(payload)
        return Answer(chosen, None, Chunks(self._rest(b"".join(head)), self.close))

    def _rest(self, head: bytes) -> Iterator[bytes]:
        yield head
        while (payload := self._next_payload()) is not None:
            yield payload

    def _next_payload(self) -> bytes | None:
        """Return what the next frame carries, None for the end; raises what the query process says went wrong."""
        kind, payload = self._frame()
        if kind == b"X":
            self._raise(json.loads(payload))
        return None if kind == b"E" else payload

    def _frame(self) -> tuple[bytes, bytes]:
        kind, length = HEADER.unpack(self._bytes(HEADER.size))
        return kind, self._bytes(length)

    def _bytes(self, count: int) -> bytes:
        while (end := self._read + count) > len(self._arrived):
            more = self._receive() if self._arrived else b""
            if not more:
                self._broken_off()
            self._arrived, self._read, end = self._arrived[self._read :] + more, 0, count
        found = self._arrived[self._read : end]
        self._read = end
        return found

    def _receive(self, patience: float | None = None) -> bytes:
        """Return what comes next, nothing when the answer breaks off; look meanwhile whether the client is still there."""
        assert self._connection
        while True:
            try:
                return self._connection.recv(_PIECE)
            except BlockingIOError:
                now = time.monotonic()
                if self._left():
                    raise QueryError("the client has left") from None
                if patience and now > patience and self._is_unread():
                    raise
                if now > max(self._deadline, (patience or 0) + self._timeout) + _GRACE:
                    return b""

    def _is_unread(self) -> bool:
        """Tell whether the request still lies where we put it (unix(7), SIOCOUTQ)."""
        assert self._connection
        return fcntl.ioctl(self._connection, termios.TIOCOUTQ, bytes(4)) != bytes(4)

    def _broken_off(self) -> NoReturn:
        if time.monotonic() >= self._deadline - 0.05:
            raise QueryTimeout(f"the query was stopped after {self._timeout:g} seconds; ask for less, or with a LIMIT")
        raise QueryOutOfResources("the query asked for more memory than it may have, or broke the engine; ask for less")

    def _raise(self, error: dict[str, Any]) -> NoReturn:
        match error["kind"]:
            case "malformed":
                raise malformed(error["message"], self._text)
            case "not-acceptable":
                solutions = any(f in SOLUTION_FORMATS for f in self._accepted)
                raise NotAcceptable([f.media_type for f in (GRAPH_FORMATS if solutions else SOLUTION_FORMATS)])
            case "result-too-large":
                raise QueryOutOfResources(f"{error['message']}; ask for less, or take the dump")
            case _:
                raise QueryError(error["message"])
