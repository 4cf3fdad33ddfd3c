"""The service below a path of its host: ``PUBLIC_URL=https://example.org/data``.

Inside, addresses begin at the root, as ``addresses`` makes them. Here the path is taken off each
request, and put before each address of this server in the headers and pages of answers. Addresses
in data need nothing: they are made from the public address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Response

_IN_PAGES: Final = re.compile(rb"""(?<=\s)((?:xlink:)?href|src|action|formaction)="/(?!/)""")
_IN_LINK: Final = re.compile(r"<(?=/(?!/))")
_LOCATIONS: Final = ("Location", "Content-Location")


class Mount:
    """WSGI middleware that takes the path off requests, unless the proxy has done so."""

    def __init__(self, application: WSGIApplication, root: str) -> None:
        self._application, self._root = application, root

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application."""
        for key in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
            if key in environ:
                environ[key] = self._without_root(environ[key])
        return self._application(environ, start_response)

    def _without_root(self, target: str) -> str:
        rest = target.removeprefix(self._root)
        if rest == target or rest[:1] not in {"", "/", "?"}:
            return target
        return rest if rest.startswith("/") else f"/{rest}"


def below(root: str, response: Response) -> Response:
    """Put a path before the addresses of this server in an answer.

    >>> from flask import Response
    >>> answer = Response('<a href="/doc/region/gao">', headers={"Location": "/doc"})
    >>> below("/data", answer).get_data(), answer.headers["Location"]
    (b'<a href="/data/doc/region/gao">', '/data/doc')
    """
    if not root:
        return response
    for name in _LOCATIONS:
        value = response.headers.get(name, "")
        if value.startswith("/") and not value.startswith("//"):
            response.headers[name] = root + value
    if links := response.headers.get("Link"):
        response.headers["Link"] = _IN_LINK.sub(f"<{root}", links)
    if response.mimetype == "text/html" and not response.is_streamed:
        content = _IN_PAGES.sub(rb'\1="' + root.encode() + b"/", response.get_data())
        response.set_data(content)
    return response
