"""Who asks, under which ID, and the log of requests.

The outermost middleware: what it puts into the environment holds for all others. The ID of a
request is in the header ``X-Request-Id`` of its answer, in problem details and in every line of the
log that the request causes.
"""

from __future__ import annotations

import logging
import random
import re
import time
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from unicef_linked.log import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CLIENT: Final = "unicef_linked.client"
"""Key of the WSGI environment: the address of the client, as far as it can be trusted."""
_LOG: Final = logging.getLogger("unicef_linked.access")
_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""IDs of requests that a trusted proxy may give."""


class Access:
    """WSGI middleware.

    ``trusted_proxies`` are networks; ``share`` of the requests is logged, and where that is not 0,
    each one whose answer is a fault of the server.
    """

    def __init__(
        self, application: WSGIApplication, *, trusted_proxies: Sequence[str], share: float
    ) -> None:
        self._application, self._share = application, share
        self._networks = [ip_network(network) for network in trusted_proxies]
        self._is_trusted = lru_cache(maxsize=4096)(self._is_in_networks)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application."""
        peer = environ.get("REMOTE_ADDR", "")
        given = ""
        if self._networks and self._is_trusted(peer):
            given = environ.get("HTTP_X_REQUEST_ID", "")
            peer = self._forwarded(environ.get("HTTP_X_FORWARDED_FOR", ""), peer)
        environ[CLIENT] = peer
        is_id = given and _ID.fullmatch(given)
        request_id = given if is_id else f"{random.getrandbits(64):016x}"
        REQUEST_ID.set(request_id)
        began = time.perf_counter()

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            if self._share:
                self._log(environ, status, headers, time.perf_counter() - began)
            return start_response(status, [*headers, ("X-Request-Id", request_id)], *error)

        return self._application(environ, start)

    def _forwarded(self, value: str, peer: str) -> str:
        """Return the last address of X-Forwarded-For that is no trusted proxy.

        What stands before it was written by the client, who may write anything.
        """
        for part in reversed(value.split(",")):
            address = part.strip()
            if not _is_address(address):
                return peer
            peer = address
            if not self._is_trusted(address):
                break
        return peer

    def _is_in_networks(self, address: str) -> bool:
        if not _is_address(address):
            return False
        parsed = ip_address(address.removeprefix("::ffff:"))
        return any(parsed in network for network in self._networks)

    def _log(
        self,
        environ: WSGIEnvironment,
        status: str,
        headers: list[tuple[str, str]],
        seconds: float,
    ) -> None:
        code = int(status[:3])
        if code < 500 and random.random() >= self._share:  # noqa: S311 - a sample
            return
        path = environ.get("RAW_URI") or environ["PATH_INFO"]
        fields = {
            "client": environ[CLIENT],
            "method": environ["REQUEST_METHOD"],
            "path": path,
            "status": code,
            "seconds": round(seconds, 4),
            "bytes": next((int(v) for n, v in headers if n.lower() == "content-length"), None),
            "agent": environ.get("HTTP_USER_AGENT", ""),
        }
        text = '%s "%s %s" %d %.4f s'
        values = (environ[CLIENT], environ["REQUEST_METHOD"], path, code, seconds)
        _LOG.info(text, *values, extra={"fields": fields})


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
