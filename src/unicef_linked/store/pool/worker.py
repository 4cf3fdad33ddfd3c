"""A worker: a child of the supervisor that takes requests from the queue, one at a time.

The kernel's timer kills it at a request's deadline, because pyoxigraph's ``query`` takes no
timeout. When the engine exceeds the memory limit, the process aborts.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pyoxigraph as ox

from unicef_linked.errors import Unwritable
from unicef_linked.rdf.formats import RDFXML
from unicef_linked.rdf.serialization import checked_for_xml
from unicef_linked.store.evaluation import Dataset, query_dataset
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
    Failure,
    FailureKind,
    Options,
    decode_body,
    decode_header,
    first_body_part,
    worker_address,
)
from unicef_linked.store.query import QueryDataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

    from unicef_linked.rdf.formats import Format
    from unicef_linked.store.pool.slots import SlotTable

_STALE: Final = 0.05
"""Time in the queue (s) after which a worker first checks that the client's socket still exists."""
_LIBC: Final = ctypes.CDLL(None)
_PR_SET_PDEATHSIG: Final = 1
_FEDERATION_FILES: Final = 64
"""File descriptors that a federated query may open: its connections and name resolution."""
_PREFIXED: Final = frozenset([ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML])
"""Formats that are written with the prefixes of the dataset."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of the query processes."""

    workers: int
    memory: int  # bytes of address space, beyond what the process has at its start
    result: int  # bytes
    federation: bool = False  # whether a request may ask for connections of its own

    @property
    def processes(self) -> int:
        """Most processes at a time: as many with long queries as there are for new requests."""
        return 2 * self.workers


@dataclass(frozen=True, slots=True)
class Shared:
    """What a worker has from the supervisor by the fork."""

    dataset: Callable[[], Dataset]
    prefixes: dict[str, str]
    limits: Limits
    queue: socket.socket
    slots: SlotTable


class ClientLeft(Exception):
    """The client's socket no longer exists."""


class Client:
    """The client of a request: its address, and the socket to send to it from."""

    def __init__(self, own_socket: socket.socket, address: str | bytes) -> None:
        self._socket, self._address = own_socket, address

    def send(self, *parts: bytes, flags: int = 0) -> None:
        """Send a message. Raises ClientLeft."""
        try:
            self._socket.sendto(b"".join(parts), flags, self._address)
        except (ConnectionError, FileNotFoundError):  # closed; its name may be removed, too
            raise ClientLeft from None

    def ping(self) -> None:
        """Raise ClientLeft when the client's socket is gone; a full buffer means it exists."""
        with suppress(BlockingIOError):
            self.send(flags=socket.MSG_DONTWAIT)


class _ResultTooLarge(Exception):
    """The answer is longer than ``Limits.result``."""


class _AnswerWriter:
    """A writable binary file for the engine: sends what is written as messages."""

    def __init__(
        self, client: Client, media_type: str, ceiling: int, on_begin: Callable[[], None]
    ) -> None:
        self._client, self._remaining, self._on_begin = client, ceiling, on_begin
        self._head, self._has_begun = media_type.encode() + b"\n", False
        self._pending: list[bytes] = []
        self._room = self._capacity = MAX_MESSAGE - 1 - len(self._head)

    def write(self, content: bytes) -> int:
        self._remaining -= len(content)
        if self._remaining < 0:
            raise _ResultTooLarge
        if len(content) <= self._room:
            self._pending.append(content)
            self._room -= len(content)
        else:
            self.send()
            full = len(content) // self._capacity * self._capacity
            for start in range(0, full, self._capacity):
                self._send(PART, content[start : start + self._capacity])
            self._pending.append(content[full:])
            self._room -= len(content) - full
        return len(content)

    def flush(self) -> None:
        """Do nothing: the engine flushes once, at the end, and ``finish`` sends then."""

    def send(self) -> None:
        """Send the buffer, even when it is empty: the answer has then begun."""
        self._send(PART, *self._pending)
        self._pending, self._room = [], self._capacity

    def finish(self) -> None:
        """Send the last message of the answer."""
        self._send(LAST_PART, *self._pending)

    def _send(self, kind: bytes, *parts: bytes) -> None:
        if self._has_begun:
            self._client.send(kind, *parts)
            return
        self._has_begun = True
        if kind == LAST_PART:
            self._client.send(WHOLE_ANSWER, self._head, *parts)
        else:
            self._on_begin()
            self._client.send(FIRST_PART, self._head, *parts)


class _Worker:
    """One query process: its dataset, its socket and its slot."""

    def __init__(
        self, shared: Shared, dataset: Dataset, slot: int, own_socket: socket.socket
    ) -> None:
        self._shared, self._slots, self._slot = shared, shared.slots, slot
        self._dataset, self._socket = dataset, own_socket
        self._mark_answering = partial(shared.slots.mark_answering, slot)

    def answer(self, message: bytes, address: str) -> None:
        """Answer a request; ``message`` is all of it, or its first part."""
        self._slots.begin(self._slot, message[:STAMP_SIZE], address.encode())
        stamp, timeout, length = decode_header(message)
        client = Client(self._socket, address)
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            if time.monotonic() - stamp > _STALE:
                client.ping()
            self._evaluate(*decode_body(self._receive_body(message, length, client)), client)
        except ClientLeft:
            pass
        # Any other error ends this process with its slot filled: the supervisor tells the client.
        self._slots.end(self._slot)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._slots.is_retiring(self._slot):
            os._exit(0)

    def _receive_body(self, message: bytes, length: int, client: Client) -> bytes:
        body = first_body_part(message)
        if len(body) >= length:
            return body
        client.send(SEND_REST, self._socket.getsockname().encode())
        parts = bytearray(body)
        while len(parts) < length:
            parts += self._socket.recv(MAX_MESSAGE)
        return bytes(parts)

    def _evaluate(self, options: Options, query: str, client: Client) -> None:
        """Send the answer to a query, or the failure."""
        limits = self._shared.limits
        writer: _AnswerWriter | None = None

        def open_writer(chosen: Format) -> IO[bytes]:
            nonlocal writer
            writer = _AnswerWriter(client, chosen.media_type, limits.result, self._mark_answering)
            return cast("IO[bytes]", writer)

        try:
            with _allow_connections() if options.federated else nullcontext():
                evaluate(self._dataset, options, query, self._shared.prefixes, open_writer)
            assert writer is not None
            writer.finish()
        except LookupError:
            failure = Failure(FailureKind.NOT_ACCEPTABLE)
        except Unwritable as error:
            failure = Failure(FailureKind.UNWRITABLE, str(error))
        except _ResultTooLarge:
            ceiling = limits.result >> 20
            failure = Failure(
                FailureKind.RESULT_TOO_LARGE, f"the result has more than {ceiling} MiB"
            )
        except SyntaxError as error:
            failure = Failure(FailureKind.MALFORMED, str(error))
        except (ValueError, RuntimeError, OSError) as error:
            kind = FailureKind.ENGINE_ERROR
            if not options.federated and _is_of_storage(error):
                kind = FailureKind.STORAGE_ERROR
            failure = Failure(kind, str(error))
        else:
            return
        if writer is not None:
            writer.send()  # the answer begins before it fails: the client sees it broken off
        client.send(FAILURE, failure.encode())


def _is_of_storage(error: Exception) -> bool:
    """Tell whether the index on disk cannot be read, by the words of RocksDB."""
    return isinstance(error, OSError) or str(error).startswith(("Corruption:", "IO error:"))


def run_worker(shared: Shared, slot: int, parent: int) -> None:
    """Answer requests from the queue until the process ends: at the latest with its parent."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, also inside the engine
    _exit_with(parent)
    own_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    worker = _Worker(shared, shared.dataset(), slot, own_socket)
    address = worker_address(shared.queue.getsockname(), os.getpid())
    Path(address).unlink(missing_ok=True)  # left by an earlier process with this pid
    own_socket.bind(address)
    _limit_resources(shared.limits, last_file=own_socket.fileno())
    shared.slots.mark_started(slot, os.getpid())
    while True:
        message, client = shared.queue.recvfrom(MAX_MESSAGE)
        if client:
            worker.answer(message, client)


def _exit_with(parent: int) -> None:
    """End this process when its parent ends (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _limit_resources(limits: Limits, last_file: int) -> None:
    """Limit memory, and files to those open: the engine cannot open a file or a socket.

    It can open the tables of its index that it has not opened yet.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_AS)  # of the service: it cannot be raised
    ceiling = _address_space() + limits.memory
    ceiling = ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = last_file + 1 + unopened_tables()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most_files = min(hard, files + (_FEDERATION_FILES if limits.federation else 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most_files))


def unopened_tables() -> int:
    """Return how many tables of an index on disk this process has not opened.

    RocksDB opens sixteen tables with an index and the others when they are first read
    (``kInitialLoadLimit`` in https://github.com/facebook/rocksdb/blob/main/db/version_builder.cc).
    """
    tables = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the listing itself
            tables.add(descriptor.readlink())
    tables = {path for path in tables if path.suffix == ".sst"}
    folders = {path.parent for path in tables}
    return sum(len(list(folder.glob("*.sst"))) for folder in folders) - len(tables)


def _address_space() -> int:
    """Return the bytes of virtual memory that this process has (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


@contextmanager
def _allow_connections() -> Iterator[None]:
    """Raise the limit of file descriptors in the block: the engine may open connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def evaluate(
    dataset: Dataset,
    options: Options,
    query: str,
    prefixes: dict[str, str],
    open_file: Callable[[Format], IO[bytes]],
) -> None:
    """Evaluate a query; write its answer into the file that ``open_file`` returns for the format.

    Raises SyntaxError for what is not SPARQL 1.1 Query, LookupError when the form of the query
    needs a format that the request did not accept, Unwritable when RDF/XML cannot express a graph.
    """
    graphs = QueryDataset(options.default_graphs, options.named_graphs)
    answer = query_dataset(
        dataset, query, graphs if options.has_dataset else None, base=options.base
    )
    media_type = options.graph if isinstance(answer, ox.QueryTriples) else options.solutions
    if media_type is None:
        raise LookupError
    chosen = FORMATS_BY_MEDIA_TYPE[media_type]
    file = open_file(chosen)
    if not isinstance(answer, ox.QueryTriples):
        answer.serialize(file, format=chosen.results)
    elif chosen.rdf in _PREFIXED:
        triples = checked_for_xml(answer) if chosen is RDFXML else answer
        ox.serialize(triples, file, format=chosen.rdf, prefixes=prefixes)
    else:
        answer.serialize(file, format=chosen.rdf)
