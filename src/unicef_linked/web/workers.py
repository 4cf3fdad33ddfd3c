"""The web workers: processes of Granian's, started again when they end, and ended with the service."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from granian.server.mp import MPServer

from unicef_linked.restarts import Restarts, ending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

_LOG: Final = logging.getLogger(__name__)
_PARENT_INTERVAL: Final = 0.5
"""Time between looks whether the main process still runs (s)."""
_IGNORED: Final = (signal.SIGUSR1, signal.SIGUSR2)
"""Signals that some operators send for reopening log files; they would end the process."""


class WebWorkers(MPServer):
    """Granian's server; a worker that ends is started again, with growing pauses.

    ``on_restart`` is called before that, with the number of restarts.

    Granian itself stops the service when a worker ends twice within 5.5 s, and says nothing of why
    it ended (``_serve_loop`` in Granian 2.8.9; no upstream issue is known).
    """

    def __init__(
        self, target: str, *, restarts: int, on_restart: Callable[[int], object], **options: Any
    ) -> None:
        self._on_restart = on_restart
        super().__init__(target, respawn_failed_workers=True, **options)
        self._restarts = [Restarts(restarts) for _ in range(self.workers)]
        self.restarted = 0  # workers, since the service was started
        self.gave_up = False

    def stop(self) -> None:
        """Stop the service as a signal does."""
        self.interrupt_signal = True
        self.main_loop_interrupt.set()

    def give_up(self) -> None:
        """Stop the service, because one of its processes cannot be kept running."""
        self.gave_up = True
        self.stop()

    def _respawn_workers(
        self, workers: Sequence[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        ended = [index for index in workers if self.wrks[index].inner.exitcode is not None]
        if not all([self._may_start_again(index) for index in ended]):  # noqa: C419 - log each
            return
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        self.respawned_wrks.clear()  # of Granian's own rule

    def _may_start_again(self, index: int) -> bool:
        """Wait before a worker is started again; return False if the service is to stop."""
        worker = self.wrks[index]
        reason = ending(worker.inner.exitcode)
        pause = self._restarts[index].pause(time.monotonic() - worker.birth)
        if pause is None:
            _LOG.critical("web worker %d ended too often (%s); the service stops", index, reason)
            self.give_up()
            return False
        _LOG.error("web worker %d ended (%s); it is started again in %g s", index, reason, pause)
        deadline = time.monotonic() + pause
        while (left := deadline - time.monotonic()) > 0 and not self.interrupt_signal:
            time.sleep(min(left, _PARENT_INTERVAL))
        self.restarted += 1
        self._on_restart(self.restarted)
        return not self.interrupt_signal


def end_with(parent: int, grace: float) -> None:
    """End this web worker when its main process has ended: it would hold the port for ever.

    It finishes running requests, for at most ``grace`` seconds.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_INTERVAL)
        _LOG.error("the main process has ended without a stop; this web worker stops")
        deadline = time.monotonic() + grace
        os.kill(os.getpid(), signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(1)
            os.kill(os.getpid(), signal.SIGUSR1)  # see insist_on_stopping
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def ignore_other_signals() -> None:
    """Ignore the signals that mean nothing to the main process."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)


def insist_on_stopping() -> None:
    """Signal the web workers every second after a stop, until each has ended.

    A SIGTERM that arrives just before a worker's main thread begins to wait runs its Python handler
    only when another signal interrupts the wait. SIGUSR1 does that; a second SIGTERM would stall
    responses under way. No Granian issue is known.
    """
    stopping = threading.Event()

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
            if not stopping.is_set():
                stopping.set()
                threading.Thread(target=insist, daemon=True).start()

        signal.signal(stop, handle)


def stop_while_starting() -> None:
    """Restore default signal handlers in a forked web worker.

    Until Granian installs a worker's own handlers (``set_sync_signals``), those inherited from the
    main process ignore SIGTERM there (so in Granian 2.8.9). No upstream issue is known.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; the main process sends SIGTERM
    signal.signal(signal.SIGUSR1, lambda *_: None)
