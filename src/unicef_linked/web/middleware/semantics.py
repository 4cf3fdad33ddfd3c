"""HTTP semantics that are the same for every route: conditions and content codings (RFC 9110).

Pure functions from headers and bytes to headers and bytes; ``cache`` calls them.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

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
    headers: Headers, values: Mapping[str, str], body: bytes, *, gzipped: bool
) -> tuple[Headers, bytes]:
    """Return a response's headers and body in the coding that the client takes (section 8.4).

    What is short or packed already stays as it is. All else varies by Accept-Encoding, and has
    another entity tag in another coding, since a strong tag stands for the bytes (section 8.8.3).
    ``values`` are the headers as ``fields`` returns them.
    """
    media_type = values.get("content-type", "")
    if len(body) <= _WORTH_COMPRESSING or not _COMPRESSIBLE.match(media_type):
        return headers, body
    vary = values.get("vary", "")
    if "accept-encoding" not in vary.lower():
        headers = _without(headers, "vary")
        headers.append(("Vary", ", ".join(filter(None, [vary, "Accept-Encoding"]))))
    if not gzipped:
        return headers, body
    body = gzip.compress(body, 6, mtime=0)
    headers = _without(headers, "content-length", "etag")
    headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    if etag := values.get("etag"):
        headers.append(("ETag", f'{etag[:-1]}-gzip"'))
    return headers, body


def _without(headers: Headers, *names: str) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in names]
