"""The server's end of the supervisor: starts it, restarts it when it ends, and stops it."""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import LinkedDataError, UnusableInput
from unicef_linked.restarts import Restarts, ending
from unicef_linked.store.pool.messages import LONGEST_QUEUE, READY
from unicef_linked.store.pool.worker import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

_LOG: Final = logging.getLogger(__name__)
_GLIBC_TUNABLES: Final = ":".join(
    f"glibc.malloc.{name}={value}"
    for name, value in {
        "tcache_count": 2000,  # blocks per size: a query allocates more than the default 7
        "top_pad": 16 << 20,  # bytes: keep freed memory for the next query
        "trim_threshold": 64 << 20,
        "mmap_threshold": 4 << 20,
    }.items()
)
"""Tuning of glibc's allocator for queries, where oneTBB's is missing (docs/performance.md)."""


class Evaluators:
    """The query processes of one server: started again, with growing pauses, when they end.

    ``give_up`` is called when they have ended as often as they may.
    """

    def __init__(
        self,
        address: str,
        command: Callable[[], list[str]],
        restarts: int,
        give_up: Callable[[], object],
    ) -> None:
        self.address, self._command, self._give_up = address, command, give_up
        self._restarts = Restarts(restarts)
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._process: subprocess.Popen[bytes]
        self._ready_at = 0.0  # s, monotonic clock

    @property
    def pid(self) -> int:
        """The process ID of the supervisor."""
        return self._process.pid

    def start(self) -> None:
        """Start the supervisor and wait for its workers. Raises LinkedDataError."""
        self._launch()
        self._keeper.start()

    def close(self) -> None:
        """Stop the query processes."""
        self._closing.set()
        self._process.terminate()
        self._keeper.join(timeout=5)
        if self._process.poll() is None:  # started while this was called
            self._process.kill()
            self._process.wait()
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _launch(self) -> None:
        _make_private_folder(Path(self.address).parent)
        process = self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # a signal to the group of the service must not end running queries
            env=_allocator() | os.environ,
        )
        assert process.stdout is not None
        if process.stdout.readline() != f"{READY}\n".encode():
            process.kill()
            process.wait()
            self._close_pipes()
            raise LinkedDataError("the query processes did not start; see the message above")
        self._ready_at = time.monotonic()

    def _keep(self) -> None:
        while True:
            status = self._process.wait()
            if self._closing.is_set():
                return
            _LOG.error("the supervisor of the query processes ended: %s", ending(status))
            self._close_pipes()
            if not self._start_again(time.monotonic() - self._ready_at):
                return

    def _start_again(self, ran: float) -> bool:
        """Start the supervisor again; return False when the service is to end instead."""
        while (pause := self._restarts.pause(ran)) is not None:
            _LOG.info(
                "starting the query processes in %g s, attempt %d", pause, self._restarts.attempts
            )
            if self._closing.wait(pause):
                return False
            try:
                self._launch()
            except (LinkedDataError, OSError) as error:
                _LOG.error("%s", error)
                ran = 0.0
            else:
                return True
        _LOG.critical("the query processes ended too often; the service stops")
        self._give_up()
        return False


def _make_private_folder(folder: Path) -> None:
    """Make the folder of the sockets if it was removed; raises LinkedDataError if it is another's.

    Its name is known by then: another user of the machine could have taken it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise LinkedDataError(f"{folder} can be entered by others; remove it")


@contextmanager
def run_evaluators(
    release: Release,
    settings: Settings,
    index: Callable[[], Path] | None = None,
    *,
    give_up: Callable[[], object] = lambda: None,
) -> Iterator[Evaluators]:
    """Run the query processes of a server until the end of the block.

    They hold the release in memory, or open its on-disk index where ``index`` returns one: it is
    called at each start, since an index may have been removed. ``give_up`` is called, by another
    thread, when they cannot be kept running.
    """
    with tempfile.TemporaryDirectory(prefix="unicef-linked-", ignore_cleanup_errors=True) as folder:
        address = str(Path(folder) / "queries")
        if len(os.fsencode(address)) > LONGEST_QUEUE:
            raise UnusableInput(
                f"the folder for temporary files, {folder}, has too long a name for sockets; "
                "set TMPDIR to a shorter one"
            )
        command = partial(_command, release, settings, index, address)
        evaluators = Evaluators(address, command, settings.restarts, give_up)
        evaluators.start()
        try:
            yield evaluators
        finally:
            evaluators.close()


def _command(
    release: Release, settings: Settings, index: Callable[[], Path] | None, address: str
) -> list[str]:
    """Return the command that starts the supervisor; its arguments are those of its ``main``."""
    limits = Limits(
        settings.workers,
        settings.query_memory << 20,
        settings.query_result << 20,
        federation=bool(settings.query_services),
    )
    return [
        *(sys.executable, "-m", "unicef_linked.store.pool.supervisor"),
        str(release.path),
        str(index()) if index else "",
        address,
        json.dumps(asdict(limits)),
        settings.log_format,
    ]


def _allocator() -> dict[str, str]:
    """Return the environment variables that choose the allocator: oneTBB's where installed."""
    tbb = find_library("tbbmalloc_proxy")
    return {"LD_PRELOAD": tbb} if tbb else {"GLIBC_TUNABLES": _GLIBC_TUNABLES}
