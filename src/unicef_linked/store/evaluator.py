"""The query processes: a small single-threaded parent holds the dataset and forks the children that evaluate.

``python -m unicef_linked.store.evaluator RELEASE SOCKET LIMITS`` listens on a Unix socket. Every child accepts from that
one socket, so the kernel hands a waiting query to whichever child is free. A child that meets its deadline is ended by
the kernel's timer, wherever it is (the engine has no time-out of its own); one that asks for too much memory aborts;
either way the parent forks another within milliseconds, and the waiting queries notice nothing.

Frames on the connection: one byte of kind, four of length (big-endian), then the payload.
Request: ``Q`` with JSON. Answer: ``S`` (started), ``H`` (JSON: the format chosen), ``D`` (bytes) …, then ``E`` (whole) or
``X`` (JSON: an error). A connection that ends without ``E`` or ``X`` is an answer that broke off.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pyoxigraph as ox

from unicef_linked.formats import FORMATS, Format
from unicef_linked.release import open_release
from unicef_linked.store.loading import load_release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import IO

HEADER: Final = struct.Struct("!cI")
MAX_REQUEST: Final = 8 << 20
_BUFFER: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query process may use."""

    workers: int
    queue: int
    memory: int  # bytes, beyond what the dataset itself takes
    result: int  # bytes


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


def evaluate(store: ox.Store, request: Mapping[str, Any], write: Callable[[Format], IO[bytes]]) -> None:
    """Evaluate one request and write its answer into the file that ``write`` opens for the format chosen.

    Raises SyntaxError for what is not SPARQL 1.1 Query, LookupError when the form of the query needs a format that the
    request did not accept.
    """
    default_graphs, named_graphs = request["default_graphs"], request["named_graphs"]
    if not request["protocol_dataset"] and len(default_graphs) < 2:
        answer = store.query(request["text"])  # the engine reads FROM by itself
    else:
        store = _merged(store, default_graphs) if len(default_graphs) > 1 else store
        answer = store.query(
            request["text"],
            default_graph=[ox.DefaultGraph()] if len(default_graphs) > 1 else [ox.NamedNode(g) for g in default_graphs],
            named_graphs=[ox.NamedNode(g) for g in named_graphs],
        )
    wanted = request["graph" if isinstance(answer, ox.QueryTriples) else "solutions"]
    if wanted is None:
        raise LookupError
    chosen = _FORMATS[wanted]
    if isinstance(answer, ox.QueryTriples):
        if chosen.rdf in {ox.RdfFormat.TURTLE, ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML}:
            ox.serialize(answer, write(chosen), format=chosen.rdf, prefixes=request["prefixes"])
        else:
            answer.serialize(write(chosen), format=chosen.rdf)
    else:
        answer.serialize(write(chosen), format=chosen.results)


_FORMATS: Final = {f.media_type: f for f in FORMATS}


def _merged(store: ox.Store, default_graphs: list[str]) -> ox.Store:
    """Return a store whose default graph is the RDF merge of the graphs named, its named graphs those of ``store``.

    The engine's own answer over two default graphs repeats a statement that stands in both (SPARQL 1.1, section 13.1).
    """
    merged = ox.Store()
    merged.extend(quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    for name in default_graphs:
        merged.extend(ox.Quad(*q.triple) for q in store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
    return merged


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    """Return the request on a connection, None when its client has left meanwhile."""
    with connection.makefile("rb") as file:
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        kind, length = HEADER.unpack(head)
        if kind != b"Q" or length > MAX_REQUEST:
            return None
        content = file.read(length)
    return json.loads(content) if len(content) == length else None


def _answer(store: ox.Store, connection: socket.socket, limits: Limits) -> None:
    request = _receive(connection)
    if request is None:
        return
    connection.sendall(frame(b"S"))
    signal.setitimer(signal.ITIMER_REAL, request["timeout"])
    out: _Frames | None = None

    def write(chosen: Format) -> IO[bytes]:
        nonlocal out
        out = _Frames(connection, frame(b"H", chosen.media_type.encode()), limits.result)
        return cast("IO[bytes]", out)

    error: dict[str, object]
    try:
        evaluate(store, request, write)
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
        signal.setitimer(signal.ITIMER_REAL, 0)
    if out is not None and "message" in error:
        out.send()  # what was made before it broke, so that the break is seen as one
    connection.sendall(frame(b"X", json.dumps(error).encode()))


def _child(store: ox.Store, listener: socket.socket, limits: Limits) -> None:
    """Answer one query after another, for ever."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends the process, whatever it is doing
    os.nice(5)  # a storm of queries does not slow the web workers down
    ceiling = _address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # One descriptor is left, for the connection: what evaluates a query cannot open a file or a socket of its own.
    with socket.socket(socket.AF_UNIX) as probe:
        resource.setrlimit(resource.RLIMIT_NOFILE, (probe.fileno() + 1, probe.fileno() + 1))
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                _answer(store, connection, limits)
            except (BrokenPipeError, ConnectionResetError):
                continue  # the client left


def _address_space() -> int:
    """Return the bytes of virtual memory that this process has (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _fork(store: ox.Store, listener: socket.socket, limits: Limits) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _child(store, listener, limits)
        except MemoryError:
            os._exit(2)
        finally:
            os._exit(1)
    return pid


def main(arguments: list[str]) -> None:
    """Hold the dataset, keep the children at their number, end them with this process."""
    release, path, limits = open_release(Path(arguments[0])), arguments[1], Limits(**json.loads(arguments[2]))
    store = load_release(release)
    with socket.socket(socket.AF_UNIX) as listener:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        listener.listen(limits.queue)
        children = {_fork(store, listener, limits) for _ in range(limits.workers)}

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
            children.add(_fork(store, listener, limits))


def _die_with_parent(stop: Callable[[int, FrameType | None], None]) -> None:
    """Stop when standard input ends: the parent holds its other end, and cannot forget to close it by dying."""
    signal.signal(signal.SIGIO, stop)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


def arguments_for(release: Path, path: str, limits: Limits) -> list[str]:
    """Return the command that starts this program."""
    return [sys.executable, "-m", "unicef_linked.store.evaluator", str(release), path, json.dumps(asdict(limits))]


if __name__ == "__main__":
    main(sys.argv[1:])
