"""A bounded response cache in front of the application.

A release is immutable, so a response stays valid as long as this process serves the release.
Conditions, HEAD and content codings are handled here for all routes, by the rules in ``semantics``.
It is WSGI middleware because a lookup here is five times as fast as in a Flask view.
"""

from __future__ import annotations

import contextlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from unicef_linked.web.middleware.semantics import (
    Headers,
    compressed,
    encode,
    encoded_headers,
    fields,
    for_the_whole,
    match_fails,
    none_match_fails,
    not_modified_headers,
)
from unicef_linked.web.negotiation import IDENTITY, Codings, choose_codings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_Key = tuple[str | bytes | Codings, ...]

OUTCOME: Final = "unicef_linked.cache"
"""Key of the WSGI environment: ``hit`` or ``miss``; not set for requests that are not looked up."""
_STORED_STATUS: Final = frozenset({"200 OK", "303 SEE OTHER"})
_LARGEST_RESPONSE: Final = 1 << 20
"""Largest response that is cached (bytes); larger ones stream through."""
_LARGEST_REQUEST: Final = 64 << 10
"""Longest request body that is looked up in the cache (bytes)."""
_OVERHEAD: Final = 2048
"""What a cached response takes beside its body (bytes): its key and its headers."""
_MOST_REMEMBERED: Final = 20_000
"""Most requests with a query string or body whose keys are remembered; then all are forgotten."""
_PLAIN: Final = Codings(IDENTITY, IDENTITY)
"""The codings for a client that accepts none; ``Guard`` refuses it before."""


@dataclass
class _Whole:
    """A complete response, as it is sent. Not slotted: the headers of its 304 are cached."""

    status: str
    headers: Headers
    body: bytes
    etag: str | None  # of a response that has conditions

    @cached_property
    def not_modified(self) -> Headers:
        """The headers of a 304."""
        return not_modified_headers(self.headers)

    @property
    def chunks(self) -> Iterable[bytes]:
        return [self.body]

    @property
    def size(self) -> int:
        return len(self.body) + _OVERHEAD

    def close(self) -> None:
        """Do nothing: the application's iterable is closed already."""


class _Stream:
    """A response that the application has begun."""

    def __init__(self, status: str, headers: Headers, chunks: Iterable[bytes]) -> None:
        self.status, self.headers, self._chunks = status, headers, chunks
        self.fields = fields(headers)
        self.etag = self.fields.get("etag") if status == "200 OK" else None
        self._coding = IDENTITY

    @property
    def not_modified(self) -> Headers:
        """The headers of a 304."""
        return not_modified_headers(self.headers)

    @property
    def chunks(self) -> Iterable[bytes]:
        return self

    @property
    def is_short(self) -> bool:
        """Whether it may be read whole."""
        length = self.fields.get("content-length")
        return length is not None and int(length) <= _LARGEST_RESPONSE

    @property
    def may_be_stored(self) -> bool:
        """Whether it may be cached: Cache-Control must allow it expressly."""
        return self.status in _STORED_STATUS and "no-store" not in self.fields.get(
            "cache-control", "no-store"
        )

    def read(self, codings: Codings) -> _Whole:
        """Return the complete response, in a coding that the client takes."""
        try:
            body = b"".join(self._chunks)
        finally:
            self.close()
        headers, body = encode(self.headers, self.fields, body, codings)
        etag = self.etag
        if etag and headers is not self.headers:
            etag = fields(headers)["etag"]
        return _Whole(self.status, headers, body, etag)

    def code(self, coding: str) -> None:
        """Have the chunks compressed as they come: the client refuses them as they are."""
        self.headers = encoded_headers(self.headers, self.fields, coding)
        self.etag = fields(self.headers).get("etag") if self.etag else None
        self._coding = coding

    def __iter__(self) -> Iterator[bytes]:
        plain = self._coding == IDENTITY
        return iter(self._chunks) if plain else compressed(self._chunks, self._coding)

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close:
            close()


class ResponseCache:
    """WSGI middleware; ``budget`` is in bytes."""

    def __init__(self, application: WSGIApplication, budget: int) -> None:
        self._application, self._budget = application, budget
        self._responses: OrderedDict[_Key, _Whole] = OrderedDict()
        self._asked: set[int] = set()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the cache, or call the application and cache its response if allowed."""
        method = environ["REQUEST_METHOD"]
        body = _request_body(environ, method)
        if body is None:
            return self._application(environ, start_response)
        codings = choose_codings(environ.get("HTTP_ACCEPT_ENCODING")) or _PLAIN
        key = _key_of(environ, codings, body)
        response: _Whole | _Stream | None = self._responses.get(key)
        if response is None:
            environ[OUTCOME] = "miss"
            response = self._ask(environ, key, codings)
        else:
            environ[OUTCOME] = "hit"
            with contextlib.suppress(KeyError):  # another thread may have evicted it
                self._responses.move_to_end(key)
        if method == "POST":  # has no conditions (RFC 9110, section 13.1.2)
            start_response(response.status, response.headers)
            return response.chunks
        if response.etag and match_fails(environ.get("HTTP_IF_MATCH"), response.etag):
            headers = [*response.not_modified, ("Content-Length", "0")]
            start_response("412 PRECONDITION FAILED", headers)
        elif response.etag and none_match_fails(environ.get("HTTP_IF_NONE_MATCH"), response.etag):
            start_response("304 NOT MODIFIED", response.not_modified)
        else:
            start_response(response.status, response.headers)
            if method == "GET":
                return response.chunks
        response.close()
        return []

    def _ask(self, environ: WSGIEnvironment, key: _Key, codings: Codings) -> _Whole | _Stream:
        """Return the application's response, cached if allowed; a long one as a stream."""
        is_question = bool(environ.get("QUERY_STRING") or key[-1])
        stream = _call(self._application, for_the_whole(environ))
        if not stream.is_short:
            if codings.otherwise != IDENTITY and "content-encoding" not in stream.fields:
                stream.code(codings.otherwise)
            return stream
        response = stream.read(codings)
        if stream.may_be_stored and (not is_question or self._was_asked_before(key)):
            self._store(key, response)
        return response

    def _was_asked_before(self, key: _Key) -> bool:
        """Tell whether this request, with a query string or a body, was made before.

        Most such requests are made once: caching each response would evict those that are repeated.
        """
        digest = hash(key)
        if digest in self._asked:
            return True
        if len(self._asked) >= _MOST_REMEMBERED:
            self._asked.clear()
        self._asked.add(digest)
        return False

    def _store(self, key: _Key, response: _Whole) -> None:
        if response.size > self._budget:
            return
        with self._lock:
            replaced = self._responses.get(key)
            self._size += response.size - (replaced.size if replaced else 0)
            self._responses[key] = response
            while self._size > self._budget:
                _, oldest = self._responses.popitem(last=False)
                self._size -= oldest.size


def _key_of(environ: WSGIEnvironment, codings: Codings, body: bytes) -> _Key:
    """Return what tells one representation from others; the body is the last part."""
    is_posted = environ["REQUEST_METHOD"] == "POST"
    return (
        environ["PATH_INFO"],
        environ.get("RAW_URI", ""),  # an IRI may differ by what is percent-encoded
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT", ""),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        environ.get("HTTP_ACCEPT_DATETIME", ""),
        environ.get("HTTP_HOST", ""),
        codings,
        f"POST {environ.get('CONTENT_TYPE', '')}" if is_posted else "",
        body,
    )


def _request_body(environ: WSGIEnvironment, method: str) -> bytes | None:
    """Return the body that tells a request from others, None for one that is not looked up.

    Every POST route is a safe query whose parameters are in the body, so it is cached like GET.
    The application can read the body again.
    """
    if method in {"GET", "HEAD"}:
        return b""
    length = environ.get("CONTENT_LENGTH") or ""
    if method != "POST" or not length.isdecimal() or int(length) > _LARGEST_REQUEST:
        return None
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _call(application: WSGIApplication, environ: WSGIEnvironment) -> _Stream:
    """Return the response that the application begins."""
    started: list[tuple[str, Headers]] = []

    def start(status: str, headers: Headers, _error: object = None) -> object:
        started[:] = [(status, headers)]
        return None

    chunks = application(environ, start)  # type: ignore[arg-type]
    return _Stream(*started[0], chunks)
