"""The query processes: a small single-threaded parent holds the dataset and forks the children that evaluate.

``python -m unicef_linked.store.evaluator RELEASE INDEX SOCKET LIMITS`` listens on a Unix socket. Every child accepts from
that one socket, so the kernel hands a waiting query to whichever child is free. A child that meets its deadline is ended by
the kernel's timer, wherever it is (the engine has no time-out of its own); one that asks for too much memory aborts;
either way the parent forks another within milliseconds, and the waiting queries notice nothing. Where INDEX is given, each
child opens that folder read-only instead of sharing its parent's memory.

One connection carries one query; opening it costs less than keeping it would. Frames: one byte of kind, four of length
(big-endian), then the payload. Request: ``Q`` with JSON. Answer: ``H`` (the media type chosen), ``D`` (bytes) …, then ``E``
(whole) or ``X`` (JSON: an error). A connection that ends without ``E`` or ``X`` is an answer that broke off.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pyoxigraph as ox

from unicef_linked.formats import FORMATS, Format
from unicef_linked.release import open_release
from unicef_linked.store.loading import load_release, open_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import IO

HEADER: Final = struct.Struct("!cI")
MAX_REQUEST: Final = 8 << 20
_BUFFER: Final = 64 << 10
_TICK: Final = 0.1
"""Seconds between two looks at whether the client is still there."""
_FEDERATION_FILES: Final = 64
"""Descriptors that a federated query may have at once: connections, and what looks a host's name up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query process may use."""

    workers: int
    queue: int
    memory: int  # bytes, beyond what the dataset itself takes
    result: int  # bytes
    federation: bool = False  # whether a request may ask for connections of its own


class _ResultTooLarge(Exception):
    """The answer grew over its ceiling."""


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Return one frame as bytes."""
    return HEADER.pack(kind, len(payload)) + payload


class _Frames:
    """A binary file that the engine writes an answer into; it leaves as frames, a first one as soon as there is any."""

    def __init__(self, connection: socket.socket, head: bytes, ceiling: int) -> None:
        self._connection, self._pending, self._left = connection, [head], ceiling
        self._size = 0

    def write(self, content: bytes) -> int:
        self._left -= len(content)
        if self._left < 0:
            raise _ResultTooLarge
        self._pending.append(frame(b"D", content))
        self._size += len(content)
        if self._size >= _BUFFER:
            self.send()
        return len(content)

    def flush(self) -> None:
        """Do nothing: the engine flushes once, at the end, and ``finish`` sends then."""

    def send(self) -> None:
        self._connection.sendall(b"".join(self._pending))
        self._pending, self._size = [], 0

    def finish(self) -> None:
        self._pending.append(frame(b"E"))
        self.send()


def evaluate(
    store: ox.Store, request: Mapping[str, Any], prefixes: dict[str, str], write: Callable[[Format], IO[bytes]]
) -> None:
    """Evaluate one request and write its answer into the file that ``write`` opens for the format chosen.

    Raises SyntaxError for what is not SPARQL 1.1 Query, LookupError when the form of the query needs a format that the
    request did not accept.
    """
    text, default_graphs, named_graphs = request["text"], request["default_graphs"], request["named_graphs"]
    if not request["protocol_dataset"] and len(default_graphs) < 2:
        answer = store.query(text)  # the engine reads FROM by itself
    else:
        store = _merged(store, default_graphs, text) if len(default_graphs) > 1 else store
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


def _merged(store: ox.Store, default_graphs: list[str], text: str) -> ox.Store:
    """Return a store whose default graph is the RDF merge of the graphs named, its named graphs those of ``store``.

    Named graphs are left out for a query that cannot ask for any.

    The engine's own answer over two default graphs repeats a statement that stands in both (SPARQL 1.1, section 13.1).
    """
    merged = ox.Store()
    if "graph" in text.lower() or "\\" in text:
        merged.extend(quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    for name in default_graphs:
        merged.extend(ox.Quad(*q.triple) for q in store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
    return merged


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    """Return the request on a connection, None when its client has left meanwhile."""
    content = connection.recv(_BUFFER)
    if len(content) < HEADER.size:
        return None
    kind, length = HEADER.unpack_from(content)
    if kind != b"Q" or length > MAX_REQUEST:
        return None
    missing = HEADER.size + length - len(content)
    if missing > 0:
        content += connection.recv(missing, socket.MSG_WAITALL)
    if len(content) < HEADER.size + length:
        return None
    connection.send(b"")  # fails where the client has left: it need not be answered
    request: dict[str, Any] = json.loads(content[HEADER.size :])
    return request


def _answer(
    store: ox.Store, connection: socket.socket, prefixes: dict[str, str], limits: Limits, watch: _Watch
) -> None:
    request = _receive(connection)
    if request is None:
        return
    watch.connection = connection
    signal.setitimer(signal.ITIMER_REAL, request["timeout"])
    out: _Frames | None = None

    def write(chosen: Format) -> IO[bytes]:
        nonlocal out
        out = _Frames(connection, frame(b"H", chosen.media_type.encode()), limits.result)
        return cast("IO[bytes]", out)

    error: dict[str, object]
    try:
        with _sockets() if request["federated"] else nullcontext():
            evaluate(store, request, prefixes, write)
        watch.connection = None  # who has the end of the answer may leave
        assert out is not None
        out.finish()
    except (BrokenPipeError, ConnectionResetError):
        return
    except LookupError:
        error = {"kind": "not-acceptable"}
    except _ResultTooLarge:
        error = {"kind": "result-too-large", "message": f"the result has more than {limits.result >> 20} MiB"}
    except SyntaxError as problem:
        error = {"kind": "malformed", "message": str(problem)}
    except (ValueError, RuntimeError, OSError) as problem:
        error = {"kind": "failed", "message": str(problem)}
    else:
        return
    finally:
        watch.connection = None
        signal.setitimer(signal.ITIMER_REAL, 0)
    if out is not None and "message" in error:
        out.send()  # what was made before it broke, so that the break is seen as one
    connection.sendall(frame(b"X", json.dumps(error).encode()))


@contextmanager
def _sockets() -> Iterator[None]:
    """Let the engine open connections of its own meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _child(
    dataset: Callable[[], ox.Store], listener: socket.socket, prefixes: dict[str, str], limits: Limits, parent: int
) -> None:
    """Answer one query after another, for ever."""
    store = dataset()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends the process, whatever it is doing
    os.nice(5)  # a storm of queries does not slow the web workers down
    ceiling = _address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # One descriptor is left, for the connection: what evaluates a query cannot open a file or a socket of its own.
    with socket.socket(socket.AF_UNIX) as probe:
        opened = probe.fileno() + 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened, opened + (_FEDERATION_FILES if limits.federation else 0)))
    watch = _Watch(parent)
    while True:
        connection, _ = listener.accept()
        with connection, suppress(BrokenPipeError, ConnectionResetError):  # the client left
            _answer(store, connection, prefixes, limits, watch)


class _Watch:
    """A thread that ends this process when the client of a query leaves, or our parent: the engine stops for nobody.

    It looks a few times a second, which costs a query nothing; the engine lets go of the interpreter while it evaluates.
    """

    def __init__(self, parent: int) -> None:
        self.connection: socket.socket | None = None
        self._parent = parent
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            time.sleep(_TICK)
            if os.getppid() != self._parent:
                os._exit(0)
            connection = self.connection
            try:
                if connection and connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    os._exit(0)
            except OSError:
                continue  # nothing to read: the client waits; or the query has ended meanwhile


def _address_space() -> int:
    """Return the bytes of virtual memory that this process has (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _fork(dataset: Callable[[], ox.Store], listener: socket.socket, prefixes: dict[str, str], limits: Limits) -> int:
    parent = os.getpid()  # read before the fork: it may end at any time after
    pid = os.fork()
    if pid == 0:
        try:
            _child(dataset, listener, prefixes, limits, parent)
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
    prefixes = release.names.prefixes

    def dataset() -> ox.Store:
        return loaded or open_index(Path(index))

    with socket.socket(socket.AF_UNIX) as listener:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        listener.listen(limits.queue)
        children = {_fork(dataset, listener, prefixes, limits) for _ in range(limits.workers)}

        def stop(_signal: int, _stack: FrameType | None) -> None:
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            os._exit(0)

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; our parent sends SIGTERM when it has drained
        _die_with_parent(stop)
        print("ready", flush=True)  # noqa: T201 - our parent waits for this line
        while True:
            pid, _ = os.wait()
            children.discard(pid)
            children.add(_fork(dataset, listener, prefixes, limits))


def _die_with_parent(stop: Callable[[int, FrameType | None], None]) -> None:
    """Stop when standard input ends: the parent holds its other end, and cannot forget to close it by dying."""
    signal.signal(signal.SIGIO, stop)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


def arguments_for(release: Path, index: Path | None, path: str, limits: Limits) -> list[str]:
    """Return the command that starts this program."""
    program = [sys.executable, "-m", "unicef_linked.store.evaluator"]
    return [*program, str(release), str(index or ""), path, json.dumps(asdict(limits))]


if __name__ == "__main__":
    main(sys.argv[1:])
