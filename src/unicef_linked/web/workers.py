"""The web workers: processes of Granian's, started again when they end, and ended with the service.

On SIGHUP all of them are replaced: the new ones answer before the old ones stop.
"""

from __future__ import annotations

import logging
import mmap
import multiprocessing
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from granian.server.mp import MPServer

from unicef_linked.errors import LinkedDataError
from unicef_linked.restarts import Restarts, ending
from unicef_linked.web.listeners import Listeners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    Headers = list[tuple[str, str]]

_LOG: Final = logging.getLogger(__name__)
_PARENT_INTERVAL: Final = 0.5
"""Time between looks whether the main process still runs (s)."""
_READY_INTERVAL: Final = 0.05
"""Time between looks whether new workers are ready (s)."""
_RETIREMENT: Final = 1.0
"""Time that old workers have to answer on the connections that they have, and to close them (s)."""
_IGNORED: Final = (signal.SIGUSR1, signal.SIGUSR2)
"""Signals that some operators send for reopening log files; they would end the process."""


class Generation:
    """What the main process and the web workers that it starts together share.

    It is made before they are forked: a byte of memory that tells them to retire, and a pipe by
    which each tells that it is ready.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 1)
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)

    @property
    def retires(self) -> bool:
        """Whether newer workers answer already."""
        return self._shared[0] != 0

    def retire(self) -> None:
        """Have its workers close each connection after the next answer."""
        self._shared[0] = 1

    def say_ready(self) -> None:
        """Tell the main process that one more worker is ready."""
        os.write(self._writing, b".")

    def count_ready(self) -> int:
        """Return how many workers have become ready since the last call."""
        try:
            return len(os.read(self._reading, 4096))
        except BlockingIOError:
            return 0

    def become_ready(self, workers: int, goes_on: Callable[[], bool]) -> bool:
        """Wait until so many workers have become ready; return False if it does not go on."""
        ready = 0
        while ready < workers:
            ready += self.count_ready()
            if not goes_on():
                return False
            time.sleep(_READY_INTERVAL)
        return True

    def follow(self) -> None:
        """Have this worker take no further connections once it retires."""

        def watch() -> None:
            while not self.retires:
                time.sleep(_READY_INTERVAL)
            stop_accepting()

        threading.Thread(target=watch, daemon=True).start()

    def close(self) -> None:
        """Close the pipe, in the main process."""
        os.close(self._reading)
        os.close(self._writing)

    def wrap(self, application: WSGIApplication) -> WSGIApplication:
        """Return an application whose answers close their connections once it retires.

        A client that waits for its next request would otherwise send it just when the worker closes
        the connection.
        """

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if not self.retires:
                return application(environ, start_response)

            def start(status: str, headers: Headers, *error: Any) -> Any:
                return start_response(status, [*headers, ("Connection", "close")], *error)

            return application(environ, start)

        return answer


def stop_accepting() -> None:
    """Take no further connections from the sockets that this process listens on.

    Others listen on the same ones. Granian takes connections until it stops, and then closes those
    that it has taken and not read from; so an idle socket is put in the place of each.
    """
    with socket.socket(socket.AF_UNIX) as idle:
        idle.bind("")  # an address that the kernel chooses (unix(7), autobind)
        idle.listen(1)
        idle.setblocking(False)
        for path in Path("/proc/self/fd").iterdir():
            descriptor = int(path.name)
            if descriptor != idle.fileno() and _is_listening(descriptor):
                os.dup2(idle.fileno(), descriptor)


def _is_listening(descriptor: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            return copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    except OSError:  # closed since, or no socket
        return False


class Switch(Protocol):
    """What a reload prepares: one of the two is called, once."""

    def commit(self) -> None:
        """End what only the old workers needed; they have ended."""
        ...

    def roll_back(self) -> None:
        """Undo it: the new workers could not be started."""
        ...


class WebWorkers(MPServer):
    """Granian's server; a worker that ends is started again, with growing pauses.

    Granian itself stops the service when a worker ends twice within 5.5 s, and says nothing of why
    it ended (``_serve_loop`` in Granian 2.8.9; no upstream issue is known). On SIGHUP it calls
    ``prepare``, which returns None if there is nothing to change.
    """

    prepare: Callable[[], Switch | None] = staticmethod(lambda: None)

    def __init__(self, target: str, *, restarts: int, **options: Any) -> None:
        super().__init__(target, respawn_failed_workers=True, **options)
        self._restarts = [Restarts(restarts) for _ in range(self.workers)]
        self.restarted = 0  # workers, since the service was started
        self.gave_up = False
        self.generation = Generation()

    def stop(self) -> None:
        """Stop the service as a signal does."""
        self.interrupt_signal = True
        self.main_loop_interrupt.set()

    def wait_until_ready(self) -> None:
        """Return when all web workers have become ready, or are being replaced."""
        first = self.generation
        first.become_ready(self.workers, lambda: self.generation is first)

    def give_up(self) -> None:
        """Stop the service, because one of its processes cannot be kept running."""
        self.gave_up = True
        self.stop()

    def _init_shared_socket(self) -> None:
        """Listen on a socket for each worker.

        Granian has each worker listen on a socket of its own, too; but what waits there when the
        worker stops is reset, unless the kernel moves it (``net.ipv4.tcp_migrate_req``).
        """
        self._listeners = Listeners(self.bind_addr, self.bind_port, self.backlog, self.workers)

    def _drop_shared_socket(self) -> None:
        self._listeners.close()

    def _spawn_worker(self, idx: int, *arguments: Any, **named: Any) -> Any:
        own: Any = self._listeners[idx]
        self._shd, self._sso = own
        return super()._spawn_worker(idx, *arguments, **named)

    def _reload(self, spawn_target: Any, target_loader: Any) -> None:
        self.reload_signal = False
        self.main_loop_interrupt.clear()
        self._replace_all(spawn_target, target_loader)
        if self.interrupt_children:  # a worker ended meanwhile
            self.main_loop_interrupt.set()

    def _replace_all(self, spawn_target: Any, target_loader: Any) -> None:
        """Replace all workers by others that serve what ``prepare`` made ready."""
        try:
            switch = self.prepare()
        except (LinkedDataError, OSError) as error:
            _LOG.error("reload: %s; the service goes on as it was", error)
            return
        if switch is None:
            return
        older, self.generation = self.generation, Generation()
        workers: list[Any] = []
        for index in range(self.workers):
            worker = self._spawn_worker(index, spawn_target, target_loader)
            workers.append(worker)
            workers[-1].start()
        if not self.generation.become_ready(
            len(workers),
            lambda: not self.interrupt_signal and all(worker.is_alive() for worker in workers),
        ):
            for worker in workers:
                worker.kill()
                worker.join()
            self.generation.close()
            self.generation = older
            switch.roll_back()
            _LOG.error("reload: the new web workers did not start; the service goes on as it was")
            return
        older.retire()
        time.sleep(_RETIREMENT)
        retired, self.wrks[:] = list(self.wrks), workers
        self._stop(retired)
        older.close()
        switch.commit()

    def _stop(self, workers: Sequence[Any]) -> None:
        """Have workers finish their requests and end."""
        for worker in workers:
            worker.terminate()
        deadline = time.monotonic() + (self.workers_kill_timeout or 0)
        for worker in workers:
            while worker.is_alive() and time.monotonic() < deadline:
                worker.join(1)
                if worker.is_alive() and worker.inner.pid:
                    with suppress(ProcessLookupError):
                        os.kill(worker.inner.pid, signal.SIGUSR1)  # see insist_on_stopping
            if worker.is_alive():
                worker.kill()
                worker.join()

    def _respawn_workers(
        self, workers: Sequence[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        # One that ended during a reload may have been replaced already.
        ended = [i for i in sorted(set(workers)) if self.wrks[i].inner.exitcode is not None]
        self._listeners.prefer([i for i in range(self.workers) if i not in ended])
        if not all([self._may_start_again(index) for index in ended]):  # noqa: C419 - log each
            return
        super()._respawn_workers(ended, spawn_target, target_loader, delay)
        self._listeners.prefer(range(self.workers))
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
        return not self.interrupt_signal


def end_with(parent: int, grace: float) -> None:
    """End this web worker when its main process has ended: it would hold the port for ever.

    It gives the port up at once, and finishes running requests, for at most ``grace`` seconds.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_INTERVAL)
        _LOG.error("the main process has ended without a stop; this web worker stops")
        stop_accepting()
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
