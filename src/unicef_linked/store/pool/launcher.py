"""The server's end of the supervisor: starts it, restarts it when it ends, and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import LinkedDataError
from unicef_linked.store.pool.messages import READY
from unicef_linked.store.pool.worker import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

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
    """The query processes of one server: restarted if they end."""

    def __init__(self, address: str, command: list[str]) -> None:
        self.address, self._command = address, command
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """The process ID of the supervisor."""
        return self._process.pid

    def start(self) -> None:
        """Start the supervisor and wait for its workers. Raises LinkedDataError."""
        self._process = self._launch()
        self._keeper.start()

    def close(self) -> None:
        """Stop the query processes."""
        self._closing.set()
        self._process.terminate()
        self._keeper.join(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def _launch(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_allocator() | os.environ,
        )
        assert process.stdout is not None
        if process.stdout.readline() != f"{READY}\n".encode():
            process.kill()
            raise LinkedDataError("the query processes did not start; see the message above")
        return process

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._closing.wait(0.1):
                return
            self._process = self._launch()


@contextmanager
def run_evaluators(
    release: Release, settings: Settings, index: Path | None = None
) -> Iterator[Evaluators]:
    """Run the query processes of a server until the end of the block.

    They hold the release in memory, or open its on-disk index where one is given.
    """
    limits = Limits(
        settings.workers,
        settings.query_memory << 20,
        settings.query_result << 20,
        federation=bool(settings.query_services),
    )
    with tempfile.TemporaryDirectory(prefix="unicef-linked-") as folder:
        address = str(Path(folder) / "queries")
        program = [sys.executable, "-m", "unicef_linked.store.pool.supervisor"]
        arguments = [str(release.path), str(index or ""), address, json.dumps(asdict(limits))]
        evaluators = Evaluators(address, [*program, *arguments])
        evaluators.start()
        try:
            yield evaluators
        finally:
            evaluators.close()


def _allocator() -> dict[str, str]:
    """Return the environment variables that choose the allocator: oneTBB's where installed."""
    tbb = find_library("tbbmalloc_proxy")
    return {"LD_PRELOAD": tbb} if tbb else {"GLIBC_TUNABLES": _GLIBC_TUNABLES}
