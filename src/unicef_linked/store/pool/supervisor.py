"""The query processes: a small single-threaded parent holds the dataset and forks the children that evaluate.

``python -m unicef_linked.store.pool.supervisor RELEASE INDEX SOCKET LIMITS`` reads messages from a Unix socket, the queue. Every
child reads from that one socket, so the kernel hands a waiting query to whichever child is free. A child that meets its
deadline is ended by the kernel's timer, wherever it is (the engine has no time-out of its own); one that asks for too much
memory aborts; either way the parent tells the client, and forks another within milliseconds, and the waiting queries
notice nothing. Where INDEX is given, each child opens that folder read-only instead of sharing its parent's memory.

Messages (datagrams) rather than connections: neither side opens or accepts anything for a query, which cost more than a
small query does, and a client keeps its socket for the next one. A request is ``REQUEST`` (a stamp that tells it from
others, the seconds it may take, its length), then a line of JSON, then the query. An answer goes to the socket that the
request came from. Its messages begin with a byte of kind: ``H`` (the media type, a line end, bytes), ``D`` (bytes) …, then
``E`` (the last bytes); ``W`` is ``H`` and ``E`` in one. Besides there are ``X`` (JSON: an error), ``B`` or ``O`` and the
stamp (the process has ended, or was ended to make room for others), ``M`` and an address (the request is longer than a
message: send the rest there), and, several times a second, an empty message, by which a process finds out whether its
client still is there. Whether the process is, the client sees on the board that all share (``store.pool.slots``).
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
"""Bytes of the longest message: the kernel takes three times as many by default (net.core.wmem_default)."""
_TICK: Final = 0.2
"""Seconds between two looks at what the children work on; a query that is seen for so long takes long."""
_NICE: Final = 10
"""By how much nicer a query becomes that takes long (nice(2))."""
_STALE: Final = 0.05
"""Seconds after which it is worth asking whether who sent a request still waits for it."""
_LIBC: Final = ctypes.CDLL(None)
_PR_SET_PDEATHSIG: Final = 1
_FEDERATION_FILES: Final = 64
"""Descriptors that a federated query may have at once: connections, and what looks a host's name up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query process may use."""

    workers: int
    memory: int  # bytes, beyond what the dataset itself takes
    result: int  # bytes
    federation: bool = False  # whether a request may ask for connections of its own

    @property
    def processes(self) -> int:
        """The most there are at a time: those that take up what comes, and as many that go on with what takes long."""
        return 2 * self.workers


class _ResultTooLarge(Exception):
    """The answer grew over its ceiling."""


class _ClientLeft(Exception):
    """Nobody waits for the answer."""


class _Line:
    """The way to one client: its address, and the socket that we send from."""

    def __init__(self, socket_: socket.socket, client: str | bytes) -> None:
        self._socket, self._client = socket_, client

    def send(self, *parts: bytes, flags: int = 0) -> None:
        try:
            self._socket.sendto(b"".join(parts), flags, self._client)
        except (ConnectionError, FileNotFoundError):  # it is closed; its name is gone, too
            raise _ClientLeft from None

    def ping(self) -> None:
        """Raise _ClientLeft when nobody is there. Where it has more than it reads, it is."""
        with suppress(BlockingIOError):
            self.send(flags=socket.MSG_DONTWAIT)


class _Messages:
    """A binary file that the engine writes an answer into; it leaves as messages."""

    def __init__(self, line: _Line, media_type: str, ceiling: int, begin: Callable[[], None]) -> None:
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
        """Send what there is, even if that is nothing: then the answer has begun."""
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
    """The dataset as a store, and its default graph alone as another: a pattern has half as much to walk over there."""

    whole: ox.Store
    default: ox.Store


def evaluate(
    dataset: Dataset, request: Mapping[str, Any], prefixes: dict[str, str], write: Callable[[Format], IO[bytes]]
) -> None:
    """Evaluate one request and write its answer into the file that ``write`` opens for the format chosen.

    Raises SyntaxError for what is not SPARQL 1.1 Query, LookupError when the form of the query needs a format that the
    request did not accept.
    """
    text, default_graphs, named_graphs = request["text"], request["default_graphs"], request["named_graphs"]
    if not request["protocol_dataset"] and len(default_graphs) < 2:
        # The engine reads FROM by itself.
        answer = (dataset.whole if _may_name_graphs(text) else dataset.default).query(text)
    else:
        store = _merged(dataset.whole, default_graphs, text) if len(default_graphs) > 1 else dataset.whole
        answer = store.query(
            text,
            default_graph=[ox.DefaultGraph()] if len(default_graphs) > 1 else [ox.NamedNode(g) for g in default_graphs],
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
    """Tell whether a query holds what may be ``GRAPH`` or ``FROM``, or an escape that may hide them."""
    lower = text.lower()
    return "graph" in lower or "from" in lower or "\\" in text


def _merged(store: ox.Store, default_graphs: list[str], text: str) -> ox.Store:
    """Return a store whose default graph is the RDF merge of the graphs named, its named graphs those of ``store``.

    Named graphs are left out for a query that cannot ask for any.

    The engine's own answer over two default graphs repeats a statement that stands in both (SPARQL 1.1, section 13.1).
    """
    merged = ox.Store()
    if _may_name_graphs(text):
        merged.extend(quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    for name in default_graphs:
        merged.extend(ox.Quad(*q.triple) for q in store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
    return merged


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the parent has, and each child inherits."""

    dataset: Callable[[], Dataset]
    prefixes: dict[str, str]
    limits: Limits
    queue: socket.socket
    board: Board


class _Child:
    """What one query process works with."""

    def __init__(self, shared: _Shared, entry: int, socket_: socket.socket) -> None:
        self._shared, self._entry, self._socket = shared, entry, socket_
        self._dataset = shared.dataset()
        self._begin = partial(shared.board.answer, entry)

    def answer(self, message: bytes, client: str) -> None:
        """Answer the request that a message is, or begins."""
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
        # After any other error this process ends with its entry on the board, and its parent tells the client.
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
            out.send()  # what was made before it broke, so that the break is seen as one
        line.send(b"X", json.dumps(error).encode())


@lru_cache(maxsize=32)
def _read(options: bytes) -> dict[str, Any]:
    """Return what a request's line of JSON says; it is the same for most."""
    read: dict[str, Any] = json.loads(options)
    return read


@contextmanager
def _sockets() -> Iterator[None]:
    """Let the engine open connections of its own meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _child(shared: _Shared, entry: int, parent: int) -> None:
    """Answer one query after another, for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends the process, whatever it is doing
    _end_with(parent)
    own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = _Child(shared, entry, own)
    address = _own_address(shared.queue, os.getpid())
    Path(address).unlink(missing_ok=True)  # of a process that had this number before
    own.bind(address)
    limits = shared.limits
    ceiling = _address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # No descriptor is left: what evaluates a query cannot open a file or a socket of its own.
    opened = own.fileno() + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened, opened + (_FEDERATION_FILES if limits.federation else 0)))
    while True:
        message, client = shared.queue.recvfrom(PIECE)
        if client:
            child.answer(message, client)


def _address_space() -> int:
    """Return the bytes of virtual memory that this process has (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def board_of(path: str) -> Path:
    """Return where the board of the query processes lies that are asked at an address."""
    return Path(f"{path}.board")


def _own_address(queue: socket.socket, pid: int) -> str:
    """Return the address of a child's own socket."""
    return f"{queue.getsockname()}.{pid}"


def _fork(shared: _Shared, entry: int) -> int:
    parent = os.getpid()  # read before the fork: it may end at any time after
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
    """Hold the dataset, keep the children at their number, end them with this process."""
    release, index, path = open_release(Path(arguments[0])), arguments[1], arguments[2]
    limits = Limits(**json.loads(arguments[3]))
    loaded = None if index else load_release(release)
    default = default_graph(loaded) if loaded is not None and release.manifest.union else None

    def dataset() -> Dataset:
        whole = open_index(Path(index)) if loaded is None else loaded  # an empty store is false
        return Dataset(whole, whole if default is None else default)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as queue:
        Path(path).unlink(missing_ok=True)
        queue.bind(path)
        board = Board.make(board_of(path), limits.processes)
        _Parent(_Shared(dataset, release.names.prefixes, limits, queue, board)).keep()


class _Parent:
    """Keeps ``workers`` children ready for what comes, and lets as many others go on with what takes long."""

    def __init__(self, shared: _Shared) -> None:
        self._shared, self._board, self._queue = shared, shared.board, shared.queue
        self._most = shared.limits.workers
        self._entries = list(range(shared.limits.processes))  # those that no child has
        self._children: dict[int, int] = {}  # pid and entry
        # What each child worked on at the last look, and when it was first seen at that.
        self._seen: dict[int, tuple[Work, float]] = {}
        self._long: set[int] = set()  # those that go on with what takes long
        self._ended: set[int] = set()  # those that were ended to make room

    def keep(self) -> None:
        """Keep the children at their number, for ever."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # we wait for it
        self._fill()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; our parent sends SIGTERM when it has drained
        _die_with_parent(self._stop)
        print("ready", flush=True)  # noqa: T201 - our parent waits for this line
        look = time.monotonic()
        while True:
            tick = _TICK / 4 if self._is_full() else _TICK
            signal.sigtimedwait({signal.SIGCHLD}, tick)
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                self._bury(pid)
                self._fill()  # there always is one to wait for
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
            with suppress(OSError):  # it has left; or it is slow, and will look at the board
                self._queue.sendto(kind + stamp, socket.MSG_DONTWAIT, client)
        self._entries.append(entry)
        self._long.discard(pid)
        self._ended.discard(pid)
        Path(_own_address(self._queue, pid)).unlink(missing_ok=True)

    def _watch(self) -> None:
        """Look at what each child works on.

        A query whose client has left is ended with its process: the engine stops for nobody. One that takes long gives way
        to all else: it has lower priority, and another child takes its place. Where as many as may do so already, what is
        found at work has lower priority at once, and is ended when it takes long, unless its answer has begun: whoever asks
        for a document, or for a little, meanwhile is answered.
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
            with suppress(OSError):  # a sandbox may forbid it
                os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICE)

    def _is_full(self) -> bool:
        return len(self._long) == self._most

    def _end(self, pid: int, work: Work) -> None:
        entry = self._children[pid]
        self._board.retire(entry)  # so that it cannot have begun with something else when it is killed
        if self._board.read(entry) == work:
            os.kill(pid, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """End this process when its parent ends (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _die_with_parent(stop: Callable[[int, FrameType | None], None]) -> None:
    """Stop when standard input ends: the parent holds its other end, and cannot forget to close it by dying."""
    signal.signal(signal.SIGIO, stop)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


def arguments_for(release: Path, index: Path | None, path: str, limits: Limits) -> list[str]:
    """Return the command that starts this program."""
    program = [sys.executable, "-m", "unicef_linked.store.pool.supervisor"]
    return [*program, str(release), str(index or ""), path, json.dumps(asdict(limits))]


if __name__ == "__main__":
    main(sys.argv[1:])
