"""Store over a local release: own queries run in this process, clients' queries in the pool."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import secrets
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
from contextlib import suppress
from ctypes.util import find_library
from functools import cached_property, lru_cache
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
from unicef_linked.rdf.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Carries, Format
from unicef_linked.rdf.serialization import settle_prefixes
from unicef_linked.store import WHOLE, Answer, Chunks, Labels
from unicef_linked.store.labels import LABEL_NODES, choose_labels
from unicef_linked.store.loading import load_release, open_index
from unicef_linked.store.pool.slots import STAMP, Board
from unicef_linked.store.pool.supervisor import (
    FORMATS_BY_MEDIA_TYPE,
    PIECE,
    REQUEST,
    Limits,
    arguments_for,
    board_of,
)
from unicef_linked.store.query import Query, check, dataset_clauses, malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from unicef_linked.config import Settings
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.release import Release

_GLIBC_TUNABLES: Final = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in {
        "tcache_count": 2000,  # blocks per size: a query allocates more than the default 7
        "top_pad": 16 << 20,  # bytes: keep freed memory for the next query
        "trim_threshold": 64 << 20,
        "mmap_threshold": 4 << 20,
    }.items()
)
"""Tuning of glibc's allocator for queries, where oneTBB's is missing (docs/performance.md)."""
_TICK: Final = 0.2
"""Receive timeout (s): how often a waiting client polls the slot table."""
_LOST: Final = 2
"""Consecutive polls that find no process on a request already taken from the queue.

Then it is considered lost. A lost request is sent again; an answer that has begun is broken off.
"""


class Evaluators:
    """The query processes of one server: restarted if they end, stopped on ``close``."""

    def __init__(self, release: Release, settings: Settings, index: Path | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="unicef-linked-")
        self.address = str(Path(self._folder.name) / "queries")
        limits = Limits(
            settings.workers,
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
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_allocator() | os.environ,
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


def _allocator() -> dict[str, str]:
    """Return the environment variables that choose the allocator: oneTBB's where installed."""
    tbb = find_library("tbbmalloc_proxy")
    return {"LD_PRELOAD": tbb} if tbb else {"GLIBC_TUNABLES": _GLIBC_TUNABLES}


class Embedded:
    """A release in memory or in an on-disk index, and the address of its query processes.

    In memory the statements are kept twice: in a store for own queries, and as published for
    documents. A store normalises numbers, so that ``xsd:nonNegativeInteger`` comes back as
    ``xsd:integer`` (https://github.com/oxigraph/oxigraph/issues/526). Documents read from disk have
    the normalised form.
    """

    def __init__(
        self, release: Release, address: str, settings: Settings, index: Path | None = None
    ) -> None:
        self._store = open_index(index) if index else load_release(release)
        self._published = None if index else ox.Dataset(release.quads())
        self._union = release.manifest.union
        self._settings = settings
        self._lines = _Lines(address, settings)
        self._prefixes = list(release.names.prefixes)

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
            return [
                q for q in stored if not (self._union and isinstance(q.graph_name, ox.DefaultGraph))
            ]
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

    def match_any(
        self,
        subjects: Collection[Term] | None = None,
        predicates: Collection[ox.NamedNode] | None = None,
        objects: Collection[Term] | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        if subjects is not None:
            found = itertools.chain.from_iterable(
                self.match(subject) for subject in dict.fromkeys(subjects)
            )
        else:
            assert objects is not None, "subjects or objects must be given"
            found = itertools.chain.from_iterable(
                self.match(object=term) for term in dict.fromkeys(objects)
            )
        allowed_predicates = None if predicates is None else frozenset(predicates)
        allowed_objects = None if subjects is None or objects is None else frozenset(objects)
        return [
            quad
            for quad in found
            if (allowed_predicates is None or quad.predicate in allowed_predicates)
            and (allowed_objects is None or quad.object in allowed_objects)
        ]

    def labels(self, iris: Collection[str]) -> Labels:
        """See Store."""
        return choose_labels(self.match_any([ox.NamedNode(iri) for iri in iris], LABEL_NODES))

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """See Store."""
        values = {ox.Variable(name): term for name, term in (bindings or {}).items()}
        solutions = self._store.query(query, substitutions=values)
        assert isinstance(solutions, ox.QuerySolutions)
        names = [variable.value for variable in solutions.variables]
        return [
            {name: term for name in names if (term := row[name]) is not None} for row in solutions
        ]

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
        federated = check(
            query.text,
            max_length=self._settings.query_length,
            services=self._settings.query_services,
        )
        from_protocol = bool(query.default_graphs or query.named_graphs)
        default_graphs, named_graphs = (
            (query.default_graphs, query.named_graphs)
            if from_protocol
            else dataset_clauses(query.text)
        )
        options = _options(
            default_graphs,
            named_graphs,
            from_protocol,
            federated,
            solutions.media_type if solutions else None,
            graph.media_type if graph else None,
        )
        conversation = _Conversation(query.text, timeout, left, self._prefixes, self._lines)
        try:
            conversation.ask(options + query.text.encode(errors="surrogatepass"))
            return conversation.answer(tuple(f for f in (solutions, graph) if f))
        except BaseException:
            conversation.close()
            raise

    def close(self) -> None:
        """See Store. The query processes are stopped by Evaluators."""
        self._lines.close()


@lru_cache(maxsize=32)
def _options(
    default_graphs: tuple[str, ...],
    named_graphs: tuple[str, ...],
    protocol_dataset: bool,
    federated: bool,
    solutions: str | None,
    graph: str | None,
) -> bytes:
    """Return a request's options as a line of JSON; cached, since most requests share them."""
    return json.dumps(locals()).encode() + b"\n"


def _timeval(seconds: float) -> bytes:
    """Return a struct timeval."""
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))


class _Lines:
    """A pool of datagram sockets to the query processes, one for each query that may be under way.

    A socket is made when it is first needed and kept for later queries. Its name is a file beside
    the queue's.
    """

    def __init__(self, address: str, settings: Settings) -> None:
        self.address, self.patience = address, settings.query_patience
        self._ours, self._numbers = secrets.token_hex(4), itertools.count()
        self._free: list[socket.socket | None] = [None] * (
            2 * settings.workers + settings.query_queue
        )

    def take(self) -> socket.socket:
        """Return a free socket. Raises Overloaded when all are in use."""
        try:
            line = self._free.pop()
        except IndexError:
            raise self.overloaded() from None
        if line is None:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            # The kernel's timeouts: ``settimeout`` would add a poll(2) to every call.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(self.patience))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(_TICK))
            with suppress(FileNotFoundError):  # the pool was closed: sending will fail
                line.bind(f"{self.address}.{self._ours}.{next(self._numbers)}")
        return line

    @cached_property
    def board(self) -> Board:
        """The slots of the query processes."""
        return Board(board_of(self.address))

    def give_back(self, line: socket.socket) -> None:
        """Return a socket to the pool, after the end of an answer."""
        self._free.append(line)

    def overloaded(
        self, why: str = "all query processes are busy and the queue is full; try again shortly"
    ) -> Overloaded:
        return Overloaded(why, retry_after=max(1, round(self.patience)))

    def hang_up(self, line: socket.socket) -> None:
        """Close a socket before the end of its answer: the query process notices and is freed."""
        name = line.getsockname()
        line.close()
        if name:
            Path(name).unlink(missing_ok=True)
        self._free.append(None)

    def close(self) -> None:
        """Close the free sockets."""
        for line in filter(None, list(self._free)):
            self._free.remove(line)
            self.hang_up(line)


class _Conversation:
    """One query, and its answer as a query process sends it."""

    def __init__(
        self,
        text: str,
        timeout: float,
        left: Callable[[], bool],
        prefixes: list[str],
        lines: _Lines,
    ) -> None:
        self._text, self._timeout, self._left, self._prefixes, self._lines = (
            text,
            timeout,
            left,
            prefixes,
            lines,
        )
        self._line: socket.socket | None = None
        self._asked = 0.0
        self._request = self._first = b""
        self._accepted: tuple[Format, ...] = ()
        self._ended = False

    def ask(self, body: bytes) -> None:
        """Send the request and wait for the first message of an answer. Raises Overloaded."""
        patience = time.monotonic() + self._lines.patience
        while not self._first:
            self.close()
            self._line = self._lines.take()
            self._asked = time.monotonic()
            self._request = REQUEST.pack(self._asked, self._timeout, len(body)) + body
            try:
                self._line.sendto(self._request[:PIECE], self._lines.address)
            except OSError:  # the queue stayed full for SO_SNDTIMEO, or the pool is restarting
                raise self._lines.overloaded() from None
            self._first = self._receive(patience)
            # Empty: not taken in time, or lost. Send again: at worst two processes answer.
            if not self._first and time.monotonic() > patience:
                raise self._lines.overloaded()

    def close(self) -> None:
        """Give the socket back at the end of the answer, close it before."""
        line, self._line = self._line, None
        if line and self._ended:
            self._lines.give_back(line)
        elif line:
            self._lines.hang_up(line)

    def answer(self, accepted: tuple[Format, ...]) -> Answer:
        """Return the answer: whole up to ``WHOLE`` bytes, else as a stream."""
        self._accepted = accepted
        media_type, _, content = self._next().partition(b"\n")
        chosen = FORMATS_BY_MEDIA_TYPE[media_type.decode()]
        head = [content]
        size = len(content)
        while size < WHOLE and not self._ended:
            head.append(content := self._next())
            size += len(content)
        content = b"".join(head)
        if not self._ended:
            return Answer(chosen, None, Chunks(self._rest(content), self.close))
        self.close()
        if chosen.carries is not Carries.SOLUTIONS:
            content = settle_prefixes(content, chosen.rdf, self._prefixes)
        return Answer(chosen, content, iter(()))

    def _rest(self, head: bytes) -> Iterator[bytes]:
        yield head
        while not self._ended:
            if content := self._next():
                yield content

    def _next(self) -> bytes:
        """Return the bytes of the answer's next message. Raises the error that it reports."""
        assert self._line
        while True:
            message, self._first = self._first or self._receive(), b""
            kind, content = message[:1], message[1:]
            if kind in b"WE":  # also true of an empty message, which means lost
                if not message:
                    self._broken_off()
                self._ended = True
                return content
            if kind in b"HD":
                return content
            if kind == b"X":
                self._ended = True
                self._raise(json.loads(content))
            if kind == b"B" and self._request.startswith(content):
                self._broken_off()
            if kind == b"O" and self._request.startswith(content):
                raise self._lines.overloaded(
                    "the query takes longer than a moment, and as many such queries as may run do so already; "
                    "ask for less, or try again shortly"
                )
            if kind == b"M":
                for start in range(PIECE, len(self._request), PIECE):
                    self._line.sendto(self._request[start : start + PIECE], content.decode())

    def _receive(self, patience: float | None = None) -> bytes:
        """Return the next message; empty if the request is lost, or still queued at ``patience``.

        ``patience`` is a time of the monotonic clock (s). Raises QueryError when the HTTP client
        has closed its connection, which is checked at every poll.
        """
        assert self._line
        missed = 0
        while True:
            with suppress(BlockingIOError):
                if message := self._line.recv(PIECE):
                    return message
            if self._left():
                raise QueryError("the client has left")
            if patience and self._is_unread():
                if time.monotonic() > patience:
                    return b""
            elif self._lines.board.shows(self._request[:STAMP]):
                missed = 0
            elif (missed := missed + 1) == _LOST:
                return b""

    def _is_unread(self) -> bool:
        """Tell whether the request is still in the queue (unix(7), SIOCOUTQ)."""
        assert self._line
        return fcntl.ioctl(self._line, termios.TIOCOUTQ, bytes(4)) != bytes(4)

    def _broken_off(self) -> NoReturn:
        if time.monotonic() >= self._asked + self._timeout - 0.05:
            raise QueryTimeout(
                f"the query was stopped after {self._timeout:g} seconds; ask for less, or with a LIMIT"
            )
        raise QueryOutOfResources(
            "the query asked for more memory than it may have, or broke the engine; ask for less"
        )

    def _raise(self, error: dict[str, Any]) -> NoReturn:
        match error["kind"]:
            case "malformed":
                raise malformed(error["message"], self._text)
            case "not-acceptable":
                solutions = any(f in SOLUTION_FORMATS for f in self._accepted)
                raise NotAcceptable(
                    [f.media_type for f in (GRAPH_FORMATS if solutions else SOLUTION_FORMATS)]
                )
            case "result-too-large":
                raise QueryOutOfResources(f"{error['message']}; ask for less, or take the dump")
            case _:
                raise QueryError(error["message"])
