"""Requests to other hosts: what their headers and errors mean, and a client that is polite to many.

May not: know what is asked for, or why.
Called by: ``links`` and ``store``.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ATTEMPTS: Final = 3
"""Attempts for each URL."""
_CONNECT_TIMEOUT: Final = 10.0
"""Longest time for a connection (s), where the timeout of a request is longer."""
_MAX_CONTENT: Final = 5 << 20
"""Most of a content that is read (bytes)."""
_READ_SIZE: Final = 64 << 10
"""Size of a read (bytes)."""
_BUSY: Final = frozenset([429, 503])
"""Statuses with which a host may say, by Retry-After, when it can be asked again."""
_GET_INSTEAD: Final = frozenset([400, 403, 404, 405, 410, 501])
"""Statuses that servers send to HEAD, but not to GET."""
_CAUSES: Final = (
    "connection refused",
    "name or service not known",
    "no address associated",
    "certificate verify failed",
    "timed out",
)
"""Parts of error messages that say a cause to a person."""


class RequestFailed(Exception):
    """A request has no response; the message says why."""


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a client spares the hosts that it asks; all values in seconds."""

    delay: float = 1.0  # pause between two requests to a host
    timeout: float = 20.0  # until an answer begins, and for reading its body
    longest_wait: float = 120.0  # longest Retry-After that is obeyed


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, and its content as far as it was read."""

    status: int
    reason: str
    headers: Mapping[str, str]  # names in any case
    content: bytes | None = None

    @property
    def busy_for(self) -> float | None:
        """How long a busy host asks not to be asked again (s), None if it does not."""
        return retry_after(self.headers) if self.status in _BUSY else None


def reason(error: BaseException) -> str:
    """Return the cause of a ``requests`` or ``urllib3`` error in words.

    >>> reason(requests.ConnectionError("[Errno 111] Connection refused"))
    'connection refused'
    """
    message = str(error).lower()
    for cause in _CAUSES:
        if cause in message:
            return cause
    if isinstance(error, requests.exceptions.SSLError):
        return "no TLS answer"
    if isinstance(error, requests.Timeout):
        return "timed out"
    name = type(error).__name__
    return "it closed the connection" if "connection" in (name + message).lower() else name


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, section 10.2.3), None if absent or invalid.

    >>> retry_after({"Retry-After": "7"})
    7
    """
    try:
        return Retry().parse_retry_after(headers.get("Retry-After", ""))
    except (InvalidHeader, ValueError, OverflowError):
        return None


def media_type_of(headers: Mapping[str, str]) -> str:
    """Return the media type of Content-Type in lower case, without parameters.

    >>> media_type_of({"Content-Type": "Text/Turtle; charset=utf-8"})
    'text/turtle'
    """
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


class PoliteClient:
    """Asks hosts, each one request at a time with a pause after it; for several threads.

    Once ``stop`` is set it waits no more, and requests fail.
    """

    def __init__(
        self, session: requests.Session, politeness: Politeness, stop: threading.Event
    ) -> None:
        self._session, self._politeness, self._stop = session, politeness, stop
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)  # by host
        self._turns_lock = threading.Lock()
        self._earliest: dict[str, float] = {}  # by host: the next request (s, monotonic clock)

    def fetch(self, url: str, is_wanted: Callable[[Mapping[str, str]], bool]) -> Reply:
        """Return the reply to HEAD, or to GET where HEAD fails or the content is wanted.

        ``is_wanted`` decides by the headers of a 200 whether the content is read: it is then None
        if it is too large or too slow. Redirects are not followed. Raises RequestFailed.
        """
        method, failure = "HEAD", RequestFailed("it does not answer")
        for attempt in range(_ATTEMPTS):
            backoff = self._politeness.delay * 2**attempt
            try:
                reply = self._request(method, url, is_wanted)
                wait = self._wait_before_retry(reply, backoff)
                if wait is not None and attempt < _ATTEMPTS - 1:
                    self._pause(url, wait)
                    method = method if reply.busy_for is not None else "GET"
                    continue
                if method == "HEAD" and _needs_get(reply, is_wanted):
                    reply = self._request("GET", url, is_wanted)
            except RequestFailed as error:
                failure, method = error, "GET"
                self._pause(url, backoff)
            else:
                return reply
        raise failure

    def _wait_before_retry(self, reply: Reply, backoff: float) -> float | None:
        """Return when to ask again (s), None if the reply stands."""
        wait = reply.busy_for
        if wait is not None:
            return wait if wait <= self._politeness.longest_wait else None
        return backoff if reply.status >= 500 else None

    def _request(
        self, method: str, url: str, is_wanted: Callable[[Mapping[str, str]], bool]
    ) -> Reply:
        timeout = self._politeness.timeout
        with self._turn(url):
            if self._stop.is_set():
                raise RequestFailed("the client was stopped")
            try:
                with self._session.request(
                    method,
                    url,
                    timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    status, headers = response.status_code, response.headers
                    is_read = method == "GET" and status == 200 and is_wanted(headers)
                    content = _read(response, timeout) if is_read else None
                    return Reply(status, response.reason or "", headers, content)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise RequestFailed(reason(error)) from None

    @contextmanager
    def _turn(self, url: str) -> Iterator[None]:
        """Wait until the host may be asked, and hold back other requests to it in the block."""
        host = urlsplit(url).netloc
        with self._turns_lock:
            turn = self._turns[host]
        with turn:
            self._stop.wait(max(0.0, self._earliest.get(host, 0.0) - time.monotonic()))
            try:
                yield
            finally:
                self._pause(url, self._politeness.delay)

    def _pause(self, url: str, seconds: float) -> None:
        """Make no request to the host of a URL for so long."""
        host = urlsplit(url).netloc
        self._earliest[host] = max(self._earliest.get(host, 0.0), time.monotonic() + seconds)


def _needs_get(reply: Reply, is_wanted: Callable[[Mapping[str, str]], bool]) -> bool:
    """Tell whether a reply to HEAD does not answer what GET would."""
    return reply.status in _GET_INSTEAD or (reply.status == 200 and is_wanted(reply.headers))


def _read(response: requests.Response, timeout: float) -> bytes | None:
    """Return the content, None if larger than ``_MAX_CONTENT`` or slower than ``timeout`` (s)."""
    content, end = bytearray(), time.monotonic() + timeout
    while piece := response.raw.read1(_READ_SIZE, decode_content=True):
        content += piece
        if len(content) > _MAX_CONTENT or time.monotonic() > end:
            return None
    return bytes(content)
