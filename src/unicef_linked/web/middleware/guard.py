"""What must hold of every request and every answer, whichever route it is for.

The host is valid (RFC 9112, section 3.2), the method is one of HTTP's as it is written (RFC 9110,
section 9.1), no header field that is parsed is very long, and an error that nothing else handles is answered with problem details. The host of a
target in absolute form is not known here: Granian hands over its path alone.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import (
    BadRequest,
    InternalServerError,
    MethodNotAllowed,
    RequestHeaderFieldsTooLarge,
)

from unicef_linked.errors import NotAcceptable
from unicef_linked.web.negotiation import CODINGS, IDENTITY, choose_codings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from unicef_linked.web.problems import Problem

_LOG: Final = logging.getLogger(__name__)
_WITHOUT_HOST: Final = frozenset({"HTTP/1", "HTTP/1.0", "HTTP/0.9"})
"""Protocols, as servers call them, whose requests need no Host."""
_LONGEST_FIELD: Final = 8192
"""Longest header field (bytes) of those that are parsed."""
_READ_FIELDS: Final = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_IF_NONE_MATCH",
    "CONTENT_TYPE",
)
_HOST: Final = re.compile(
    r"(?: \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9._~!$&'()*+;=-]+ ) (?: :[0-9]{0,5} )?", re.VERBOSE
)
"""A host and a port (RFC 3986, section 3.2.2), without escapes. A server joins two by a comma."""


class Guard:
    """WSGI middleware that refuses what is not HTTP, and answers errors of the application.

    ``allowed_methods`` returns those of a path, none if there is nothing at it.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        allowed_methods: Callable[[str], Iterable[str]],
        render_problem: Callable[[WSGIEnvironment, Problem], WSGIApplication],
    ) -> None:
        self._application, self._allowed_methods = application, allowed_methods
        self._render_problem = render_problem

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application, or with the fault of the request."""
        host = environ.get("HTTP_HOST", "")
        if not _is_host(host):
            environ.pop("HTTP_HOST", None)  # a problem is written with the server's name instead
            if host or environ["SERVER_PROTOCOL"] not in _WITHOUT_HOST:
                fault = BadRequest("a request names one host, in one header field Host")
                return self._answer(fault, environ, start_response)
        for name in _READ_FIELDS:
            if name in environ and len(environ[name]) > _LONGEST_FIELD:
                reason = f"a header field has over {_LONGEST_FIELD} bytes"
                return self._answer(RequestHeaderFieldsTooLarge(reason), environ, start_response)
        if choose_codings(environ.get("HTTP_ACCEPT_ENCODING")) is None:
            refused = NotAcceptable(
                (*CODINGS, IDENTITY), "none of the acceptable codings is available"
            )
            return self._answer(refused, environ, start_response)
        if environ["PATH_INFO"] == "*" and environ["REQUEST_METHOD"] == "OPTIONS":
            environ["PATH_INFO"] = "/"  # of the server as a whole (RFC 9110, section 9.3.7)
        if not environ["REQUEST_METHOD"].isupper():
            methods = list(self._allowed_methods(environ["PATH_INFO"]))
            if methods:
                return self._answer(MethodNotAllowed(methods), environ, start_response)
        try:
            return self._application(environ, start_response)
        except Exception as error:  # a bug: it is logged whole
            _LOG.error("%s: %s", environ["PATH_INFO"], error, exc_info=error)
            return self._answer(InternalServerError(), environ, start_response)

    def _answer(
        self, fault: Problem, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self._render_problem(environ, fault)(environ, start_response)


@lru_cache(maxsize=256)
def _is_host(value: str) -> bool:
    """Tell whether a value of Host is one."""
    return _HOST.fullmatch(value) is not None
