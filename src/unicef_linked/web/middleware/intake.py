"""Slow clients: those that send their body slowly, and those that read their answer slowly.

Both hold a thread of the web worker. So bodies are read here, under a deadline, before the
application is called; and of the threads only some may wait for bodies, and only some may send
answers of more than one piece, so that clients who do neither are answered.
"""

from __future__ import annotations

import io
import threading
import time
import weakref
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from werkzeug.exceptions import RequestTimeout

from unicef_linked.errors import LinkedDataError, Overloaded
from unicef_linked.web.middleware.access import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from unicef_linked.web.problems import Problem


_FIRST_PIECE: Final = 8.0
"""Deadline of the first piece of a body (s)."""
_NEXT_PIECE: Final = 4.0
"""Deadline of each further piece (s)."""
_PIECE: Final = 16 << 10
"""Size of a piece (bytes)."""
_RETRY_AFTER: Final = 5
"""Retry-After (s) when too many clients send or read slowly."""


class Intake:
    """WSGI middleware; ``threads`` are those of the web worker, ``body_limit`` is in bytes."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        threads: int,
        body_limit: int,
        render_problem: Callable[[WSGIEnvironment, Problem], WSGIApplication],
    ) -> None:
        self._application, self._body_limit = application, body_limit
        self._render_problem = render_problem
        self.bodies = Bodies(threads // 4)
        self._streams = threading.BoundedSemaphore(max(1, threads // 2))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application, once the body is here."""
        length = self._length(environ)
        if length:
            try:
                with self.bodies.reading(
                    environ.get("REMOTE_ADDR", ""), environ.get(CLIENT, "")
                ) as body:
                    content = _read(body, environ["wsgi.input"], length)
            except (RequestTimeout, LinkedDataError) as fault:
                return self._render_problem(environ, fault)(environ, start_response)
            environ["wsgi.input"] = io.BytesIO(content)
        answer = self._application(environ, start_response)
        if isinstance(answer, list):
            return answer
        if not self._streams.acquire(blocking=False):
            _close(answer)
            full = _overloaded("read their answers")
            return self._render_problem(environ, full)(environ, start_response)
        return _Stream(answer, self._streams.release)

    def _length(self, environ: WSGIEnvironment) -> int:
        """Return how many bytes of the body are to be read; 0 where it is refused, or ignored."""
        if environ["REQUEST_METHOD"] != "POST":
            return 0
        declared = environ.get("CONTENT_LENGTH") or ""
        if not declared:  # in chunks, or none: one byte more than allowed tells that it is too long
            return self._body_limit + 1 if environ.get("HTTP_TRANSFER_ENCODING") else 0
        is_allowed = declared.isdecimal() and int(declared) <= self._body_limit
        return int(declared) if is_allowed else 0


@dataclass
class _Body:
    """A body that is being read."""

    peer: str
    began: float  # s, monotonic clock
    deadline: float  # s, monotonic clock: of the next piece


class Bodies:
    """The bodies that are being read; one address may have half of the places."""

    def __init__(self, places: int) -> None:
        self._places, self._of_one = max(2, places), max(1, places // 2)
        self._bodies: dict[int, _Body] = {}
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def reading(self, peer: str, client: str) -> Iterator[_Body]:
        """Take a place in the block; ``peer`` is a proxy, or the client. Raises Overloaded."""
        now = time.monotonic()
        body = _Body(peer, now, now + _FIRST_PIECE)
        with self._lock:
            if self._taken[client] >= self._of_one or len(self._bodies) >= self._places:
                raise _overloaded("send their requests")
            self._taken[client] += 1
            self._bodies[id(body)] = body
        try:
            yield body
        finally:
            with self._lock:
                del self._bodies[id(body)]
                self._taken[client] -= 1
                if not self._taken[client]:
                    del self._taken[client]

    def overdue(self, now: float) -> list[tuple[str, float]]:
        """Return the peer of each body that has not arrived in time, and when it began (s)."""
        with self._lock:
            bodies = list(self._bodies.values())
        return [(body.peer, body.began) for body in bodies if now >= body.deadline]


def _overloaded(what: str) -> Overloaded:
    return Overloaded(
        f"too many clients {what} slowly; try again shortly", retry_after=_RETRY_AFTER
    )


def _read(body: _Body, source: IO[bytes], length: int) -> bytes:
    """Return the body, at most ``length`` bytes. Raises RequestTimeout.

    The server's ``read`` has no deadline: the connection of an overdue body is closed by
    ``connection.close_slow``. It must not be read by another thread, which could be left behind:
    to answer while a body is read blocks all threads (so in Granian 2.8.9; no issue is known).
    """
    content = bytearray()
    while len(content) < length:
        try:
            piece = source.read(min(length - len(content), _PIECE))
        except OSError:  # the connection was closed
            piece = b""
        if not piece:
            break
        content += piece
        body.deadline = time.monotonic() + _NEXT_PIECE
    if len(content) < length and time.monotonic() >= body.deadline:
        raise RequestTimeout("the body of the request did not arrive in time")
    return bytes(content)


class _Stream:
    """An answer in pieces, and the place that it takes until it is closed."""

    def __init__(self, chunks: Iterable[bytes], release: Callable[[], object]) -> None:
        self._chunks = chunks
        self._release = weakref.finalize(self, release)  # also when the server forgets to close it

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Close the answer and free its place."""
        self._release()
        _close(self._chunks)


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close:
        close()
