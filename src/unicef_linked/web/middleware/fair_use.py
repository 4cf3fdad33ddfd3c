"""Limits of how often one client may ask (RFC 6585, section 4; RateLimit header fields).

Counted are an IPv4 address or the first 64 bits of an IPv6 address, which one site has. Addresses
of this machine and of private networks are not limited: they are whoever runs the service, or a
proxy that is not named in ``trusted_proxies``, behind which all clients would share one limit.

A request that asks for as much as several, a batch, counts for several (``charge``).
"""

from __future__ import annotations

import logging
import threading
import time
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final

from limits import parse_many
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from unicef_linked import addresses
from unicef_linked.errors import TooManyRequests
from unicef_linked.web.middleware.access import CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from limits import RateLimitItem

    from unicef_linked.config import Settings
    from unicef_linked.web.problems import Problem

_LOG: Final = logging.getLogger(__name__)
_FREE: Final = frozenset({"healthz", "readyz", "metrics"})
"""First segments of the addresses that are not limited."""
_COMPUTED: Final = frozenset(
    address.strip("/")
    for address in (
        addresses.SPARQL,
        addresses.FRAGMENTS,
        addresses.SEARCH,
        addresses.RESOLVE,
        addresses.RECONCILE,
    )
)
"""First segments of the addresses whose answers are computed."""
_COMPUTED_POLICY: Final = "queries"
"""Name of their limits, in header fields."""
_ACCOUNT: Final = "unicef_linked.account"
"""Key of the WSGI environment: the ``_Account`` of a request."""
_WITHOUT_STORAGE: Final = 10.0
"""How long nothing is counted after the storage failed (s), so that requests do not wait for it."""
_STORAGE_TIMEOUT: Final = 0.3
"""Timeout of a request to Redis (s)."""


class FairUse:
    """WSGI middleware that refuses requests of a client over its limits, with 429."""

    def __init__(
        self,
        application: WSGIApplication,
        settings: Settings,
        *,
        render_problem: Callable[[WSGIEnvironment, Problem], WSGIApplication],
    ) -> None:
        self._application, self._render_problem = application, render_problem
        self._all = _Policy("all", settings.rate_limit)
        self._computed = _Policy(_COMPUTED_POLICY, settings.rate_limit_queries)
        self._counts = _Counts(settings.rate_limit_storage)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application, or with 429."""
        client = _key(environ[CLIENT])
        limits = self._limits(environ["PATH_INFO"]) if client else []
        if not limits:
            return self._application(environ, start_response)
        account = _Account(self._counts, limits, client)
        environ[_ACCOUNT] = account

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *account.fields], *error)

        try:
            account.charge(1)
        except TooManyRequests as refused:
            return self._render_problem(environ, refused)(environ, start)
        return self._application(environ, start)

    def _limits(self, path: str) -> list[tuple[_Policy, RateLimitItem]]:
        """Return the limits that hold for a path."""
        segment = path.lstrip("/").partition("/")[0].partition(".")[0]
        if segment in _FREE:
            return []
        policies = [self._all, self._computed] if segment in _COMPUTED else [self._all]
        return [(policy, limit) for policy in policies for limit in policy.limits]


def charge(environ: WSGIEnvironment, requests: int) -> None:
    """Count a request that computes as this many, before it is answered. Raises TooManyRequests."""
    account: _Account | None = environ.get(_ACCOUNT)
    if account and requests > 1:
        account.charge(requests - 1, _COMPUTED_POLICY)


class _Policy:
    """The limits of one group of addresses."""

    def __init__(self, name: str, limits: str) -> None:
        self.name = name
        self.limits = parse_many(limits) if limits else []


class _Account:
    """What one request takes of the limits that hold for it."""

    def __init__(
        self, counts: _Counts, limits: list[tuple[_Policy, RateLimitItem]], client: str
    ) -> None:
        self._counts, self._limits, self._client = counts, limits, client
        self.fields: list[tuple[str, str]] = []
        """The header fields that tell the client how much is left."""

    def charge(self, requests: int, policy: str = "") -> None:
        """Count requests against the limits, or those of one policy. Raises TooManyRequests."""
        limits = [each for each in self._limits if policy in {"", each[0].name}]
        counted = self._counts.count(limits, self._client, requests) if limits else None
        if counted is None:
            return
        nearest, limit, left, seconds = counted
        self.fields = [
            ("RateLimit-Policy", f'"{nearest.name}";q={limit.amount};w={limit.get_expiry()}'),
            ("RateLimit", f'"{nearest.name}";r={max(0, left)};t={seconds}'),
        ]
        if left < 0:
            raise TooManyRequests(
                f"more than {limit.amount} requests in {limit.get_expiry()} seconds; "
                f"try again in {seconds} seconds",
                retry_after=seconds,
            )


_Counted = tuple[_Policy, "RateLimitItem", int, int]
"""A policy, its nearest limit, what is left of that (-1: over), seconds to its reset."""


class _Counts:
    """Counts requests in fixed windows, in this process or in Redis."""

    def __init__(self, storage: str) -> None:
        options: dict[str, Any] = {"wrap_exceptions": True}
        if storage.startswith("redis"):
            options |= {"socket_timeout": _STORAGE_TIMEOUT}
            options |= {"socket_connect_timeout": _STORAGE_TIMEOUT}
        self._limiter = FixedWindowRateLimiter(storage_from_string(storage, **options))
        self._paused_until = 0.0  # s, monotonic clock
        self._is_failing = False
        self._lock = threading.Lock()

    def count(
        self, limits: list[tuple[_Policy, RateLimitItem]], client: str, requests: int
    ) -> _Counted | None:
        """Count requests against each limit; return the one with the least left.

        None if the storage does not answer: requests are not refused for that.
        """
        if time.monotonic() < self._paused_until:
            return None
        try:
            counted = [self._count(*each, client, requests) for each in limits]
        except StorageError as error:
            self._paused_until = time.monotonic() + _WITHOUT_STORAGE
            self._tell(error)
            return None
        if self._is_failing:
            self._tell(None)
        return min(counted, key=lambda each: each[2] / each[1].amount)

    def _tell(self, error: StorageError | None) -> None:
        """Log that the storage began to fail, or that it answers again: one line for each."""
        with self._lock:
            if self._is_failing == (error is not None):
                return
            self._is_failing = error is not None
        if error:
            _LOG.error("requests of clients are not counted: %s", error)
        else:
            _LOG.info("requests of clients are counted again")

    def _count(self, policy: _Policy, limit: RateLimitItem, client: str, requests: int) -> _Counted:
        # A batch that alone is over a limit takes all of it, so that it can be answered at all.
        cost = min(requests, max(1, limit.amount - 1))
        is_allowed = self._limiter.hit(limit, policy.name, client, cost=cost)
        reset, left = self._limiter.get_window_stats(limit, policy.name, client)
        seconds = max(1, round(reset - time.time()))
        return policy, limit, left if is_allowed else -1, seconds


@lru_cache(maxsize=4096)
def _key(client: str) -> str:
    """Return under what the requests of an address are counted, "" for one that is not limited.

    >>> _key("9.9.9.9"), _key("2620:fe::1:2:3:4"), _key("10.0.0.1"), _key("")
    ('9.9.9.9', '2620:fe:0:0', '', '')
    """
    try:
        address = ip_address(client.removeprefix("::ffff:"))
    except ValueError:
        return ""
    if address.is_private or address.is_loopback:
        return ""
    if isinstance(address, IPv6Address):
        return ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":")[:4])
    return str(address)
