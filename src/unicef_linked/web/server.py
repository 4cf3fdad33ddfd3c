"""Serving under Granian: several web workers, one set of query processes, a graceful stop."""

from __future__ import annotations

import logging
import os
import resource
import socket
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels

from unicef_linked import log
from unicef_linked.config import trace_exporter
from unicef_linked.errors import AddressInUse, LinkedDataError, ServiceEnded, UnusableInput
from unicef_linked.i18n import read_translations
from unicef_linked.links import read_state
from unicef_linked.memory import return_memory, share_objects
from unicef_linked.presentation.local_formats import load_formats
from unicef_linked.release.kept import in_use
from unicef_linked.store.engines import EngineStart, open_store
from unicef_linked.web import BODIES, PREPARATIONS, check_languages, create_app
from unicef_linked.web.middleware.connection import close_slow
from unicef_linked.web.middleware.metrics import shared_by_workers
from unicef_linked.web.workers import (
    WebWorkers,
    end_with,
    ignore_other_signals,
    insist_on_stopping,
    stop_while_starting,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication

    from opentelemetry.trace import Tracer

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.engines import Engine

_LOG: Final = logging.getLogger(__name__)
_CONNECTIONS: Final = 4096
"""Most connections of a web worker; further ones wait in the kernel until one is closed."""


def application(server: WebWorkers, served: _Served) -> WSGIApplication:
    """Return the application of one web worker, a process that is forked from the main process."""
    settings, release = served.settings, served.release
    end_with(served.main, grace=settings.query_timeout_max)
    try:
        store = open_store(served.engine, release, settings)
    except LinkedDataError as error:
        _LOG.error("%s", error)
        sys.exit(1)
    app = create_app(settings, release, store, restarts=server.restarted, tracer=_open_tracer())
    overdue = app.extensions[BODIES].overdue
    threading.Thread(target=close_slow, args=(overdue,), daemon=True).start()
    for task in (*app.extensions[PREPARATIONS], return_memory):
        threading.Thread(target=task, daemon=True).start()
    current = server.generation
    current.follow()
    current.say_ready()
    # The outermost layer is the middleware: a cached response never enters Flask.
    return current.wrap(app.wsgi_app)


def _open_tracer() -> Tracer | None:
    """Return what makes spans, None where no traces are wanted or the extra is not installed."""
    exporter = trace_exporter()
    if not exporter:
        return None
    try:
        from unicef_linked.web.middleware.tracing import open_tracer
    except ImportError:
        _LOG.warning("traces are wanted and not sent: the extra otel is not installed")
        return None
    return open_tracer(exporter)


def serve(
    release: Release,
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    engine: str,
    start: EngineStart | None = None,
    reopen: Callable[[], Release] | None = None,
) -> None:
    """Serve a release until SIGTERM or SIGINT; running requests are finished first.

    ``start`` is of the engine for this release, where that was begun. On SIGHUP the release that
    ``reopen`` returns is served, without a gap; if it raises NotARelease, nothing changes. Raises
    AddressInUse or UnusableInput when the address cannot be listened on, UnusableInput when the
    results of a check of links cannot be read or a language has no translations, ServiceEnded when
    a process could not be kept running, and what ``run_engine`` raises.
    """
    check_languages(settings, read_translations())
    load_formats(settings.languages)
    port = _check_address(host, port)
    if settings.links_state:
        read_state(Path(settings.links_state))
    _allow_connections()
    server = _server(host, port, workers, settings)
    served = _Served(engine, settings, server.give_up)
    served.start(release, start)
    if reopen:
        server.prepare = lambda: served.switch(reopen())
    try:
        with shared_by_workers():
            threading.Thread(target=_announce, args=(host, port, server), daemon=True).start()
            load = partial(application, server, served)
            share_objects()
            server.serve(target_loader=load, wrap_loader=False)
    finally:
        served.close()
    if server.gave_up:
        raise ServiceEnded("a process ended again and again; see the log above")


class _Served:
    """The release that is served and its engine, as web workers have it when they are forked."""

    release: Release
    engine: Engine

    def __init__(self, name: str, settings: Settings, give_up: Callable[[], object]) -> None:
        self.settings, self.main = settings, os.getpid()
        self._name, self._give_up = name, give_up
        self._running = ExitStack()

    def start(self, release: Release, start: EngineStart | None = None) -> None:
        """Run what the release needs, and have web workers that start from now on serve it."""
        with ExitStack() as stack:
            stack.enter_context(in_use(release))
            start = start or EngineStart(self._name, release, self.settings)
            self.engine = stack.enter_context(start.running(self._give_up))
            self._running, self.release = stack.pop_all(), release

    def switch(self, release: Release) -> _Switch | None:
        """Run what another release needs, beside the current one; None if that is the same."""
        if release.path == self.release.path:
            _LOG.info("reload: release %s is served already", release.manifest.name)
            return None
        switch = _Switch(self, self.release, self.engine, self._running)
        self.start(release)
        return switch

    def restore(self, release: Release, engine: Engine, running: ExitStack) -> None:
        """End what the release needs, and have web workers serve another, which runs already."""
        self.close()
        self.release, self.engine, self._running = release, engine, running

    def close(self) -> None:
        """End what the release needs."""
        self._running.close()


@dataclass(frozen=True, slots=True)
class _Switch:
    """A change of the release that is served; see ``workers.Switch``."""

    served: _Served
    release: Release  # that was served before
    engine: Engine
    running: ExitStack

    def commit(self) -> None:
        """End what the release before needed."""
        self.running.close()
        _LOG.info(
            "reload: release %s is served in place of %s",
            self.served.release.manifest.name,
            self.release.manifest.name,
        )

    def roll_back(self) -> None:
        """Serve the release before."""
        self.served.restore(self.release, self.engine, self.running)


def _allow_connections() -> None:
    """Allow as many open files as the connections of a web worker need, as far as one may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 2 * _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * _CONNECTIONS)
    if soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _server(host: str, port: int, workers: int, settings: Settings) -> WebWorkers:
    server = WebWorkers(
        "unicef_linked.web.server:application",  # ``serve`` is given the function itself
        restarts=settings.restarts,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # One I/O thread is enough: with several, queries are a thirtieth slower.
        runtime_mode=RuntimeModes.st,
        http=HTTPModes.http1,  # "auto" waits for the first bytes of a connection without a limit
        blocking_threads=settings.threads,
        backpressure=_CONNECTIONS,
        workers_kill_timeout=round(settings.query_timeout_max) + 5,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=log.configuration(settings.log_format),
    )
    os.register_at_fork(after_in_child=stop_while_starting)
    server.on_startup(insist_on_stopping)
    server.on_startup(ignore_other_signals)
    return server


def _announce(host: str, port: int, server: WebWorkers) -> None:
    """Print the address once ``/readyz`` answers 200.

    It is asked when all web workers run: one that is forked meanwhile would inherit the connection.
    """
    server.wait_until_ready()
    shown = f"[{host}]" if ":" in host else host
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
    reachable = loopback.get(host, host)
    while True:
        try:
            with socket.create_connection((reachable, port), timeout=5) as connection:
                connection.sendall(
                    b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                )
                if b" 200 " in connection.recv(64):
                    print(f"Serving on http://{shown}:{port}/", flush=True)  # noqa: T201
                    return
        except OSError:
            pass
        time.sleep(0.05)


def _check_address(host: str, port: int) -> int:
    """Return the port to listen on (a free one for 0); raise if the address cannot be listened on.

    Web workers share the port by SO_REUSEPORT, which would silently share it with another server of
    ours too.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, OverflowError):
        raise UnusableInput(
            f"{host}:{port} is not an address to listen on; give --host and --port of this machine"
        ) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise AddressInUse(
                f"cannot listen on {host}:{port}: {error.strerror}; "
                "stop what uses it, or give another --port"
            ) from None
        return int(probe.getsockname()[1])
