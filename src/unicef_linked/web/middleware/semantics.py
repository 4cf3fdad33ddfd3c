"""HTTP semantics that are the same for every route: conditions and content codings (RFC 9110).

Pure functions from headers and bytes to headers and bytes; ``cache`` calls them.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

import brotli

from unicef_linked.web.negotiation import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from wsgiref.types import WSGIEnvironment

    from unicef_linked.web.negotiation import Codings

Headers = list[tuple[str, str]]

_CONDITIONS: Final = (
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_RANGE",
)
_REPEATED_ON_304: Final = frozenset(
    {"cache-control", "content-location", "content-language", "etag", "vary", "date", "expires"}
)
"""Headers of a 304 (RFC 9110, section 15.4.5), beside those of CORS."""
_WORTH_COMPRESSING: Final = 600
"""Bodies longer than this are compressed (bytes)."""
_GZIP_LEVEL: Final = 6
_BROTLI_QUALITY: Final = 5
"""6 to 8 % smaller than gzip at level 6, in twice its time; from 7 on it takes much longer for 1
%."""
_COMPRESSIBLE: Final = re.compile(r"text/|application/((.*\+)?(json|xml)|n-triples|n-quads|trig)")


def fields(headers: Headers) -> dict[str, str]:
    """Return the values of header fields by lower-case name; of a repeated one, the last."""
    return {name.lower(): value for name, value in headers}


# Conditional requests


def for_the_whole(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return a request for the whole representation: without conditions, GET instead of HEAD."""
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    if not is_head and environ.keys().isdisjoint(_CONDITIONS):
        return environ
    whole = {name: value for name, value in environ.items() if name not in _CONDITIONS}
    if is_head:
        whole["REQUEST_METHOD"] = "GET"
    return whole


def match_fails(if_match: str | None, etag: str) -> bool:
    """Tell whether ``If-Match`` lists other entity tags alone: then the answer is 412.

    Tags are compared strongly (RFC 9110, section 13.1.1).

    >>> match_fails('"b", W/"a"', '"a"'), match_fails('"b", "a"', '"a"'), match_fails("*", '"a"')
    (True, False, False)
    """
    if not if_match or if_match.strip() == "*":
        return False
    return etag not in re.findall(r'(?<!W/)"[^"]*"', if_match)


def none_match_fails(if_none_match: str | None, etag: str) -> bool:
    """Tell whether ``If-None-Match`` lists the entity tag: then the answer is 304.

    Tags are compared weakly (RFC 9110, section 13.1.2).

    >>> none_match_fails('W/"a", "b"', '"a"'), none_match_fails('"c"', '"a"')
    (True, False)
    """
    if not if_none_match:
        return False
    return if_none_match.strip() == "*" or etag in re.findall(r'"[^"]*"', if_none_match)


def not_modified_headers(headers: Headers) -> Headers:
    """Return the headers of a 304 in place of a response with these headers."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() in _REPEATED_ON_304 or name.lower().startswith("access-control-")
    ]


# Content codings


def encode(
    headers: Headers, values: Mapping[str, str], body: bytes, codings: Codings
) -> tuple[Headers, bytes]:
    """Return a response's headers and body in the coding that the client takes (section 8.4).

    What is short or packed already stays as it is, unless the client refuses that. All else varies
    by Accept-Encoding. ``values`` are the headers as ``fields`` returns them.
    """
    gains = len(body) > _WORTH_COMPRESSING and _COMPRESSIBLE.match(values.get("content-type", ""))
    coding = codings.preferred if gains else codings.otherwise
    if coding == IDENTITY or not body or "content-encoding" in values:
        return _varied(headers, values) if gains else headers, body
    body = b"".join(compressed([body], coding))
    headers = encoded_headers(headers, values, coding)
    return [*headers, ("Content-Length", str(len(body)))], body


def encoded_headers(headers: Headers, values: Mapping[str, str], coding: str) -> Headers:
    """Return the headers of a response in a coding, without the length of its body.

    It has another entity tag in each coding, since a strong tag stands for the bytes (section
    8.8.3).
    """
    headers = _without(_varied(headers, values), "content-length", "etag")
    headers.append(("Content-Encoding", coding))
    if etag := values.get("etag"):
        headers.append(("ETag", f'{etag[:-1]}-{coding}"'))
    return headers


def compressed(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield a body in a coding; equal bodies in one chunk give equal bytes."""
    if coding == "gzip":
        deflating = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: as gzip
        code, finish = deflating.compress, deflating.flush
    else:
        compressor = brotli.Compressor(quality=_BROTLI_QUALITY)
        code, finish = compressor.process, compressor.finish
    for chunk in chunks:
        yield code(chunk)
    yield finish()


def _varied(headers: Headers, values: Mapping[str, str]) -> Headers:
    """Return headers that say that the response varies by Accept-Encoding."""
    vary = values.get("vary", "")
    if "accept-encoding" in vary.lower():
        return headers
    names = ", ".join(filter(None, [vary, "Accept-Encoding"]))
    return [*_without(headers, "vary"), ("Vary", names)]


def _without(headers: Headers, *names: str) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in names]
