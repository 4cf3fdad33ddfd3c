"""Serving under Granian: several web workers, one set of query processes, a graceful stop."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from unicef_linked.config import Settings
from unicef_linked.errors import AddressInUse, UnusableInput
from unicef_linked.i18n import read_translations
from unicef_linked.links import read_state
from unicef_linked.release import Release, open_release
from unicef_linked.store.engines import open_store, run_engine
from unicef_linked.web import CHARTS, check_languages, create_app
from unicef_linked.web.middleware.metrics import shared_by_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType


_HANDOVER: Final = "UNICEF_LINKED_WORKER"
"""Environment variable by which a web worker, a process of Granian's, gets its configuration."""


def application() -> Callable[[Any, Any], Iterable[bytes]]:
    """Return the application of one web worker, configured by ``serve`` through ``_HANDOVER``."""
    configuration = json.loads(os.environ[_HANDOVER])
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in configuration["settings"].items()
    }
    settings = Settings(**values)
    release = open_release(Path(configuration["release"]))
    app = create_app(settings, release, open_store(configuration["engine"], release, settings))
    threading.Thread(target=app.extensions[CHARTS].solve_all, daemon=True).start()
    # The outermost layer is the middleware: a cached response never enters Flask.
    return app.wsgi_app


def serve(
    release: Release, settings: Settings, *, host: str, port: int, workers: int, engine: str
) -> None:
    """Serve a release until SIGTERM or SIGINT; running requests are finished first.

    Raises AddressInUse or UnusableInput when the address cannot be listened on, UnusableInput when
    the results of a check of links cannot be read or a language has no translations, and what
    ``run_engine`` raises.
    """
    check_languages(settings, read_translations())
    port = _check_address(host, port)
    if settings.links_state:
        read_state(Path(settings.links_state))
    with run_engine(engine, release, settings) as running:
        os.environ[_HANDOVER] = json.dumps(
            {"settings": asdict(settings), "release": str(release.path), "engine": running}
        )
        with shared_by_workers():
            _run(host, port, workers, settings)


def _run(host: str, port: int, workers: int, settings: Settings) -> None:
    from granian.constants import Interfaces, RuntimeModes
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    waiting = settings.workers + settings.query_queue
    server = Server(
        "unicef_linked.web.server:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # One I/O thread is enough: with several, queries are a thirtieth slower.
        runtime_mode=RuntimeModes.st,
        # A waiting query holds a thread; as many threads again are for other requests.
        blocking_threads=min(256, 2 * waiting),
        backpressure=max(512, 4 * waiting),
        workers_kill_timeout=round(settings.query_timeout_max) + 5,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
    )
    threading.Thread(target=_announce, args=(host, port), daemon=True).start()
    os.register_at_fork(after_in_child=_stop_while_starting)
    server.on_startup(_insist_on_stopping)
    server.serve()


def _insist_on_stopping() -> None:
    """Signal the web workers every second after a stop, until each has ended.

    A SIGTERM that arrives just before a worker's main thread begins to wait runs its Python handler
    only when another signal interrupts the wait. SIGUSR1 does that; a second SIGTERM would stall
    responses under way. No Granian issue is known.
    """

    def insist() -> None:
        while True:
            time.sleep(1)
            for pid in filter(None, (worker.pid for worker in multiprocessing.active_children())):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGUSR1)

    for stop in (signal.SIGTERM, signal.SIGINT):
        granian = signal.getsignal(stop)

        def handle(number: int, frame: FrameType | None, granian: Any = granian) -> None:
            granian(number, frame)
            threading.Thread(target=insist, daemon=True).start()

        signal.signal(stop, handle)


def _stop_while_starting() -> None:
    """Restore default signal handlers in a forked web worker.

    Until Granian installs a worker's own handlers (``set_sync_signals``), those inherited from the
    main process ignore SIGTERM there (so in Granian 2.8.9). No upstream issue is known.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the main process sends SIGTERM
    signal.signal(signal.SIGUSR1, lambda *_: None)


def _announce(host: str, port: int) -> None:
    """Print the address once ``/readyz`` answers 200."""
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
