"""The query processes: a single-threaded supervisor holds the dataset and forks the workers.

``python -m unicef_linked.store.pool.supervisor RELEASE INDEX SOCKET LIMITS`` binds a Unix datagram
socket, the queue. All workers read from it, so the kernel gives a waiting request to an idle
worker. The kernel's timer kills a worker at the deadline, because pyoxigraph's ``query`` takes no
timeout. A worker that exceeds its memory limit aborts. In both cases the supervisor
tells the client and forks another worker within milliseconds; requests in the queue are not
affected. Where INDEX is given, each worker opens that folder read-only instead of sharing the
supervisor's memory.

Datagrams, not connections: opening one for each query cost more than a small query does (decision
2). A client keeps its socket for the next query. A request is ``REQUEST`` (a stamp that identifies
it, its timeout in seconds, its length in bytes), a line of JSON, and the query. The answer goes to
the socket that sent the request. The first byte of each of its messages says what it carries:

    H  the media type, a line feed, the first bytes
    D  more bytes
    E  the last bytes
    W  H and E in one message
    X  an error, as JSON
    B  the stamp: the worker has ended
    O  the stamp: the worker was ended to make room for other requests
    M  an address: the request is longer than one message, send the rest there

An empty message, sent when a request has waited long and at every poll, finds out whether the
client's socket still exists. A client finds out by the slots whether a worker evaluates its request
(``store.pool.slots``).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

import pyoxigraph as ox

from unicef_linked.rdf.formats import FORMATS, Format
from unicef_linked.release import open_release
from unicef_linked.store.loading import default_graph, load_release, open_index
from unicef_linked.store.pool.slots import STAMP, Board, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import IO

REQUEST: Final = struct.Struct("=ddI")
PIECE: Final = 64 << 10
"""Longest message (bytes): about a third of a send buffer (net.core.wmem_default)."""
_TICK: Final = 0.2
"""Supervisor poll interval (s). A query still running after one interval counts as long."""
_NICE: Final = 10
"""Niceness added to a long query (nice(2))."""
_STALE: Final = 0.05
"""Time in the queue (s) after which a worker first checks that the client's socket still exists."""
_LIBC: Final = ctypes.CDLL(None)
_PR_SET_PDEATHSIG: Final = 1
_FEDERATION_FILES: Final = 64
"""File descriptors that a federated query may open: its connections and name resolution."""


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


class _ResultTooLarge(Exception):
    """The answer is longer than ``Limits.result``."""


class _ClientLeft(Exception):
    """The client's socket no longer exists."""


class _Line:
    """A client's address and the socket to send to it from."""

    def __init__(self, socket_: socket.socket, client: str | bytes) -> None:
        self._socket, self._client = socket_, client

    def send(self, *parts: bytes, flags: int = 0) -> None:
        try:
            self._socket.sendto(b"".join(parts), flags, self._client)
        except (ConnectionError, FileNotFoundError):  # closed; its name may be removed, too
            raise _ClientLeft from None

    def ping(self) -> None:
        """Raise _ClientLeft when the client's socket is gone; a full buffer means it exists."""
        with suppress(BlockingIOError):
            self.send(flags=socket.MSG_DONTWAIT)


class _Messages:
    """A writable binary file for the engine: sends what is written as messages."""

    def __init__(
        self, line: _Line, media_type: str, ceiling: int, begin: Callable[[], None]
    ) -> None:
        self._line, self._left, self._begin = line, ceiling, begin
        self._head, self._begun = media_type.encode() + b"\n", False
        self._pending: list[bytes] = []
        self._room = self._most = PIECE - 1 - len(self._head)

    def write(self, content: bytes) -> int:
        self._left -= len(content)
        if self._left < 0:
            raise _ResultTooLarge
        if len(content) <= self._room:
            self._pending.append(content)
            self._room -= len(content)
        else:
            self.send()
            whole = len(content) // self._most * self._most
            for start in range(0, whole, self._most):
                self._send(b"D", content[start : start + self._most])
            self._pending.append(content[whole:])
            self._room -= len(content) - whole
        return len(content)

    def flush(self) -> None:
        """Do nothing: the engine flushes once, at the end, and ``finish`` sends then."""

    def send(self) -> None:
        """Send the buffer, even when it is empty: the answer has then begun."""
        self._send(b"D", *self._pending)
        self._pending, self._room = [], self._most

    def finish(self) -> None:
        self._send(b"E", *self._pending)

    def _send(self, kind: bytes, *parts: bytes) -> None:
        if self._begun:
            self._line.send(kind, *parts)
            return
        self._begun = True
        if kind == b"E":
            self._line.send(b"W", self._head, *parts)
        else:
            self._begin()
            self._line.send(b"H", self._head, *parts)


class Dataset(NamedTuple):
    """The dataset, and its default graph as a store of its own, in which patterns match faster."""

    whole: ox.Store
    default: ox.Store


def evaluate(
    dataset: Dataset,
    request: Mapping[str, Any],
    prefixes: dict[str, str],
    write: Callable[[Format], IO[bytes]],
) -> None:
    """Evaluate one request and write its answer into the file that ``write`` opens for the format chosen.

    Raises SyntaxError for what is not SPARQL 1.1 Query, LookupError when the form of the query needs a format that the
    request did not accept.
    """
    text, default_graphs, named_graphs = (
        request["text"],
        request["default_graphs"],
        request["named_graphs"],
    )
    if not request["protocol_dataset"] and len(default_graphs) < 2:
        # The engine reads FROM by itself.
        answer = (dataset.whole if _may_name_graphs(text) else dataset.default).query(text)
    else:
        store = (
            _merged(dataset.whole, default_graphs, text)
            if len(default_graphs) > 1
            else dataset.whole
        )
        answer = store.query(
            text,
            default_graph=[ox.DefaultGraph()]
            if len(default_graphs) > 1
            else [ox.NamedNode(g) for g in default_graphs],
            named_graphs=[ox.NamedNode(g) for g in named_graphs],
        )
    wanted = request["graph" if isinstance(answer, ox.QueryTriples) else "solutions"]
    if wanted is None:
        raise LookupError
    chosen = FORMATS_BY_MEDIA_TYPE[wanted]
    if isinstance(answer, ox.QueryTriples):
        if chosen.rdf in {ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML}:
            ox.serialize(answer, write(chosen), format=chosen.rdf, prefixes=prefixes)
        else:
            answer.serialize(write(chosen), format=chosen.rdf)
    else:
        answer.serialize(write(chosen), format=chosen.results)


FORMATS_BY_MEDIA_TYPE: Final = {f.media_type: f for f in FORMATS}


def _may_name_graphs(text: str) -> bool:
    """Tell whether a query may contain ``GRAPH`` or ``FROM``, plainly or by codepoint escapes."""
    lower = text.lower()
    return "graph" in lower or "from" in lower or "\\" in text


def _merged(store: ox.Store, default_graphs: list[str], text: str) -> ox.Store:
    """Return a store whose default graph is the RDF merge of the graphs; named graphs as before.

    Named graphs are left out for a query that cannot name one. A merge holds each triple once
    (SPARQL 1.1 Query, section 13.1). Oxigraph, at least up to 0.5.13, returns a triple once for
    each default graph that holds it: https://github.com/oxigraph/oxigraph/issues/1919
    """
    merged = ox.Store()
    if _may_name_graphs(text):
        merged.extend(quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    for name in default_graphs:
        merged.extend(
            ox.Quad(*q.triple)
            for q in store.quads_for_pattern(None, None, None, ox.NamedNode(name))
        )
    return merged


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the supervisor passes to each worker by the fork."""

    dataset: Callable[[], Dataset]
    prefixes: dict[str, str]
    limits: Limits
    queue: socket.socket
    board: Board


class _Child:
    """One query process: its dataset, its socket and its slot."""

    def __init__(self, shared: _Shared, entry: int, socket_: socket.socket) -> None:
        self._shared, self._entry, self._socket = shared, entry, socket_
        self._dataset = shared.dataset()
        self._begin = partial(shared.board.answer, entry)

    def answer(self, message: bytes, client: str) -> None:
        """Answer a request; ``message`` is all of it, or its first part."""
        self._shared.board.begin(self._entry, message[:STAMP], client.encode())
        stamp, timeout, length = REQUEST.unpack_from(message)
        line = _Line(self._socket, client)
        signal.setitimer(signal.ITIMER_REAL, timeout)
        try:
            if time.monotonic() - stamp > _STALE:
                line.ping()
            self._evaluate(self._request(message, length, line), line)
        except _ClientLeft:
            pass
        # Any other error ends this process with its slot filled: the supervisor tells the client.
        self._shared.board.end(self._entry)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self._shared.board.retires(self._entry):
            os._exit(0)

    def _request(self, message: bytes, length: int, line: _Line) -> dict[str, Any]:
        body = message[REQUEST.size :]
        if len(body) < length:
            line.send(b"M", self._socket.getsockname().encode())
            pieces = bytearray(body)
            while len(pieces) < length:
                pieces += self._socket.recv(PIECE)
            body = bytes(pieces)
        options, _, text = body.partition(b"\n")
        return _read(options) | {"text": text.decode(errors="surrogatepass")}

    def _evaluate(self, request: dict[str, Any], line: _Line) -> None:
        out: _Messages | None = None

        def write(chosen: Format) -> IO[bytes]:
            nonlocal out
            out = _Messages(line, chosen.media_type, self._shared.limits.result, self._begin)
            return cast("IO[bytes]", out)

        error: dict[str, object]
        try:
            with _sockets() if request["federated"] else nullcontext():
                evaluate(self._dataset, request, self._shared.prefixes, write)
            assert out is not None
            out.finish()
        except LookupError:
            error = {"kind": "not-acceptable"}
        except _ResultTooLarge:
            most = self._shared.limits.result >> 20
            error = {"kind": "result-too-large", "message": f"the result has more than {most} MiB"}
        except SyntaxError as problem:
            error = {"kind": "malformed", "message": str(problem)}
        except (ValueError, RuntimeError, OSError) as problem:
            error = {"kind": "failed", "message": str(problem)}
        else:
            return
        if out is not None and "message" in error:
            out.send()  # the answer begins before it fails, so that the client sees it broken off
        line.send(b"X", json.dumps(error).encode())


@lru_cache(maxsize=32)
def _read(options: bytes) -> dict[str, Any]:
    """Return the options of a request; cached, since most requests have the same ones."""
    read: dict[str, Any] = json.loads(options)
    return read


@contextmanager
def _sockets() -> Iterator[None]:
    """Raise the limit of file descriptors in the block: the engine may open connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _child(shared: _Shared, entry: int, parent: int) -> None:
    """Run a worker: answer requests from the queue until the process ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, also inside the engine
    _end_with(parent)
    own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = _Child(shared, entry, own)
    address = _own_address(shared.queue, os.getpid())
    Path(address).unlink(missing_ok=True)  # left by an earlier process with this pid
    own.bind(address)
    limits = shared.limits
    ceiling = _address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # No file descriptor is left: the engine cannot open a file or a socket.
    opened = own.fileno() + 1
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (opened, opened + (_FEDERATION_FILES if limits.federation else 0))
    )
    while True:
        message, client = shared.queue.recvfrom(PIECE)
        if client:
            child.answer(message, client)


def _address_space() -> int:
    """Return the bytes of virtual memory that this process has (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def board_of(path: str) -> Path:
    """Return the path of the file of slots, given the path of the queue."""
    return Path(f"{path}.board")


def _own_address(queue: socket.socket, pid: int) -> str:
    """Return the address of a worker's own socket, by which it gets the rest of long requests."""
    return f"{queue.getsockname()}.{pid}"


def _fork(shared: _Shared, entry: int) -> int:
    parent = os.getpid()  # read before the fork: the parent may end right after it
    pid = os.fork()
    if pid == 0:
        try:
            _child(shared, entry, parent)
        except MemoryError:
            os._exit(2)
        finally:
            os._exit(1)
    return pid


def main(arguments: list[str]) -> None:
    """Load the dataset, fork workers and replace those that end; they end with this process."""
    release, index, path = open_release(Path(arguments[0])), arguments[1], arguments[2]
    limits = Limits(**json.loads(arguments[3]))
    loaded = None if index else load_release(release)
    default = default_graph(loaded) if loaded is not None and release.manifest.union else None

    def dataset() -> Dataset:
        whole = open_index(Path(index)) if loaded is None else loaded  # empty is falsy
        return Dataset(whole, whole if default is None else default)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as queue:
        Path(path).unlink(missing_ok=True)
        queue.bind(path)
        board = Board.make(board_of(path), limits.processes)
        _Parent(_Shared(dataset, release.names.prefixes, limits, queue, board)).keep()


class _Parent:
    """The supervisor: keeps ``workers`` processes free of long queries for new requests."""

    def __init__(self, shared: _Shared) -> None:
        self._shared, self._board, self._queue = shared, shared.board, shared.queue
        self._most = shared.limits.workers
        self._entries = list(range(shared.limits.processes))  # free slots
        self._children: dict[int, int] = {}  # pid to slot
        # By pid: the request at the last poll, and when it was first seen (s, monotonic clock).
        self._seen: dict[int, tuple[Work, float]] = {}
        self._long: set[int] = set()  # pids of workers with a long query
        self._ended: set[int] = set()  # pids of workers killed to make room for other requests

    def keep(self) -> None:
        """Replace workers that end and poll the slots, until a signal stops this process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # it is waited for below
        self._fill()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # by the terminal; SIGTERM comes after draining
        _die_with_parent(self._stop)
        print("ready", flush=True)  # noqa: T201 - ``Evaluators`` waits for this line
        look = time.monotonic()
        while True:
            tick = _TICK / 4 if self._is_full() else _TICK
            signal.sigtimedwait({signal.SIGCHLD}, tick)
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                self._bury(pid)
                self._fill()  # there is always a child to wait for
            if (now := time.monotonic()) >= look:
                self._watch()
                self._fill()
                look = now + tick

    def _stop(self, _signal: int, _stack: FrameType | None) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _fill(self) -> None:
        while len(self._children) - len(self._long) < self._most:
            entry = self._entries.pop()
            self._children[_fork(self._shared, entry)] = entry

    def _bury(self, pid: int) -> None:
        entry = self._children.pop(pid)
        work = self._board.read(entry)
        self._board.clear(entry)
        if work:
            stamp, client = work
            kind = b"O" if pid in self._ended else b"B"
            with suppress(OSError):  # it is closed, or its buffer is full: then it polls the slots
                self._queue.sendto(kind + stamp, socket.MSG_DONTWAIT, client)
        self._entries.append(entry)
        self._long.discard(pid)
        self._ended.discard(pid)
        Path(_own_address(self._queue, pid)).unlink(missing_ok=True)

    def _watch(self) -> None:
        """Poll the slots: end queries without a client, give long queries less priority.

        A query whose client has closed its socket is ended with its process, since the engine
        cannot be interrupted. A long query goes on with lower priority, and another worker is
        forked for new requests. When as many long queries run as may, each query found running
        gets the lower priority at once, and is ended when it becomes long, unless its answer has
        begun.
        """
        now, before = time.monotonic(), self._seen
        self._seen = {}
        for pid, entry in self._children.items():
            work = self._board.read(entry)
            if not work:
                continue
            known = before.get(pid)
            since = known[1] if known and known[0] == work else now
            self._seen[pid] = work, since
            try:
                _Line(self._queue, work[1]).ping()
            except (_ClientLeft, OSError):
                self._end(pid, work)
                continue
            if pid in self._long:
                continue
            takes_long, full = now - since >= _TICK, self._is_full()
            if takes_long and not full:
                self._long.add(pid)
            elif takes_long and not self._board.answers(entry):
                self._ended.add(pid)
                self._end(pid, work)
                continue
            elif not full:
                continue
            self._board.retire(entry)
            with suppress(OSError):  # not permitted in some sandboxes
                os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICE)

    def _is_full(self) -> bool:
        return len(self._long) == self._most

    def _end(self, pid: int, work: Work) -> None:
        entry = self._children[pid]
        self._board.retire(entry)  # it cannot take another request before the signal arrives
        if self._board.read(entry) == work:
            os.kill(pid, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """End this process when its parent ends (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _die_with_parent(stop: Callable[[int, FrameType | None], None]) -> None:
    """Call ``stop`` when standard input ends: the kernel closes it when the parent dies."""
    signal.signal(signal.SIGIO, stop)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


def arguments_for(release: Path, index: Path | None, path: str, limits: Limits) -> list[str]:
    """Return the command line that starts the supervisor."""
    program = [sys.executable, "-m", "unicef_linked.store.pool.supervisor"]
    return [*program, str(release), str(index or ""), path, json.dumps(asdict(limits))]


if __name__ == "__main__":
    main(sys.argv[1:])
