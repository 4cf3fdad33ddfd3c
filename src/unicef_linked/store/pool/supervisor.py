"""The supervisor: a single-threaded process that holds the dataset and forks the workers.

``python -m unicef_linked.store.pool.supervisor RELEASE INDEX SOCKET LIMITS LOG`` binds a Unix
datagram socket, the queue. All workers read from it, so the kernel gives a waiting request to an
idle worker. When a worker ends, at a deadline or for want of memory, the supervisor tells the
client and forks another within milliseconds; requests in the queue are not affected. Where INDEX is
given, each worker opens that folder read-only instead of sharing the supervisor's memory.

A worker that cannot start is tried again with growing pauses. When none runs, after some tries, or
when the socket is removed, this process ends with status 1; ``store.pool.launcher`` starts another.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked import log
from unicef_linked.errors import LinkedDataError
from unicef_linked.release import open_release
from unicef_linked.release.engine_index import open_index
from unicef_linked.restarts import Restarts, ending
from unicef_linked.store.evaluation import Dataset
from unicef_linked.store.loading import load_dataset
from unicef_linked.store.pool.messages import (
    READY,
    WORKER_ENDED,
    WORKER_EVICTED,
    WORKER_KILLED,
    slots_path,
    worker_address,
)
from unicef_linked.store.pool.slots import Event, SlotTable, Work
from unicef_linked.store.pool.worker import (
    Client,
    ClientLeft,
    Limits,
    Shared,
    run_worker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_LOG: Final = logging.getLogger("unicef_linked.store.pool.supervisor")  # not "__main__"

_POLL_INTERVAL: Final = 0.2
"""Time between polls of the slots (s). A query still running after one interval counts as long."""
_SIGNALS_OF_OTHERS: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP})
"""Signals by which an operator or the kernel's OOM killer ends a worker."""
_NICE: Final = 10
"""Niceness added to a long query (nice(2))."""
_STARTING_INTERVAL: Final = 0.01
"""Time between polls (s) until the first worker takes requests."""
_FAILED_STARTS: Final = 4
"""Consecutive workers that may fail to start while no other runs; then this process ends."""
_SWEEP_INTERVAL: Final = 60.0
"""Time between removals of the sockets of clients that have ended (s)."""


def main(arguments: list[str]) -> None:
    """Load the dataset, fork workers and replace those that end; they end with this process."""
    # In the background it, and what it forks, may log to the terminal in spite of ``stty tostop``.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    log.configure(arguments[4])
    try:
        release = open_release(Path(arguments[0]))
    except LinkedDataError as error:
        _LOG.error("%s", error)
        sys.exit(1)
    index, address = arguments[1], arguments[2]
    limits = Limits(**json.loads(arguments[3]))
    loaded = None if index else load_dataset(release)

    def dataset() -> Dataset:
        if loaded is not None:
            return loaded
        whole = open_index(Path(index))
        return Dataset(whole, whole)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as queue:
        Path(address).unlink(missing_ok=True)
        queue.bind(address)
        slots = SlotTable.create(slots_path(address), limits.processes)
        slots.count(Event.SUPERVISOR_STARTED)
        _Supervisor(Shared(dataset, release.names.prefixes, limits, queue, slots)).run()


class _Supervisor:
    """Keeps ``Limits.workers`` processes free of long queries for new requests."""

    def __init__(self, shared: Shared) -> None:
        self._shared, self._slots, self._queue = shared, shared.slots, shared.queue
        self._workers = shared.limits.workers
        self._free_slots = list(range(shared.limits.processes))
        self._children: dict[int, int] = {}  # pid to slot
        # By pid: the request at the last poll, and when it was first seen (s, monotonic clock).
        self._seen: dict[int, tuple[Work, float]] = {}
        self._long: set[int] = set()  # pids of workers with a long query
        self._evicted: set[int] = set()  # pids of workers killed to make room for other requests
        self._left: set[int] = set()  # pids of workers killed because their client disconnected
        self._starting: set[int] = set()  # pids of workers that do not take requests yet
        self._failed_starts = Restarts(most=_FAILED_STARTS)
        self._next_fork = self._next_sweep = 0.0  # s, monotonic clock
        self._names = {path: path.stat().st_ino for path in self._files()}

    def _files(self) -> tuple[Path, Path]:
        """Return the files by which clients reach this process."""
        address = self._queue.getsockname()
        return Path(address), slots_path(address)

    def run(self) -> None:
        """Replace workers that end and poll the slots, until a signal stops this process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # it is waited for below
        self._fill()
        signal.signal(signal.SIGTERM, self._stop)
        # The terminal sends it to all processes; SIGTERM comes after draining.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _when_parent_ends(self._stop)
        self._wait_for_first()
        try:
            print(READY, flush=True)  # noqa: T201 - ``Evaluators`` waits for this line
        except BrokenPipeError:  # the main process has ended meanwhile
            self._end(1)
        next_poll = time.monotonic()
        while True:
            interval = _POLL_INTERVAL / 4 if self._is_full() else _POLL_INTERVAL
            self._replace_ended(interval)
            if (now := time.monotonic()) >= next_poll:
                self._poll()
                self._fill()
                next_poll = now + interval

    def _wait_for_first(self) -> None:
        """Return when a worker takes requests."""
        while not self._slots.running():
            self._replace_ended(_STARTING_INTERVAL)
            self._fill()

    def _replace_ended(self, interval: float) -> None:
        """Replace the workers that have ended; wait for the next one for at most so long (s)."""
        signal.sigtimedwait({signal.SIGCHLD}, interval)
        for pid, status in _ended_children():
            self._reap(pid, status)
            self._fill()

    def _stop(self, _signal: int, _stack: FrameType | None) -> None:
        self._end(0)

    def _end(self, status: int) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        os._exit(status)

    def _fill(self) -> None:
        """Fork workers until enough are free of long queries, unless one failed to start lately."""
        while (
            len(self._children) - len(self._long) < self._workers
            and time.monotonic() >= self._next_fork
        ):
            slot = self._free_slots.pop()
            pid = _fork(self._shared, slot)
            self._children[pid] = slot
            self._starting.add(pid)

    def _reap(self, pid: int, status: int) -> None:
        """Tell the client of a worker that has ended, and free its slot."""
        slot = self._children.pop(pid)
        work, is_started = self._slots.read(slot), self._slots.is_started(slot)
        self._slots.clear(slot)
        event = self._event(pid, status)
        if work:
            kind = WORKER_ENDED if event is None else _MESSAGES.get(event, WORKER_ENDED)
            with suppress(OSError):  # it is closed, or its buffer is full: then it polls the slots
                self._queue.sendto(kind + work.stamp, socket.MSG_DONTWAIT, work.client)
        self._free_slots.append(slot)
        for pids in (self._long, self._evicted, self._left, self._starting):
            pids.discard(pid)
        Path(worker_address(self._queue.getsockname(), pid)).unlink(missing_ok=True)
        if not is_started:
            self._fail_to_start(status)
        elif event is not None:
            self._slots.count(event)
            if event is Event.KILLED:
                reason = ending(os.waitstatus_to_exitcode(status))
                _LOG.warning("query process %d was %s; another takes its place", pid, reason)

    def _event(self, pid: int, status: int) -> Event | None:
        """Return why a worker ended; None for one that was to end after its request."""
        if pid in self._evicted:
            return Event.EVICTED
        if pid in self._left:
            return Event.LEFT
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGALRM:
                return Event.TIMED_OUT
            return Event.KILLED if number in _SIGNALS_OF_OTHERS else Event.BROKEN
        return Event.BROKEN if os.WEXITSTATUS(status) else None

    def _fail_to_start(self, status: int) -> None:
        """Delay the next fork. Ends this process if no worker runs, after some tries."""
        self._slots.count(Event.NOT_STARTED)
        reason = ending(os.waitstatus_to_exitcode(status))
        pause = self._failed_starts.pause(0.0)
        if pause is None and not self._slots.running():
            _LOG.error("no query process could start (the last: %s)", reason)
            self._end(1)
        pause = _LONGEST_FORK_PAUSE if pause is None else pause
        self._next_fork = time.monotonic() + pause
        _LOG.error("a query process could not start (%s); trying again in %g s", reason, pause)

    def _poll(self) -> None:
        """Look at the request of each worker, and note how long it has run."""
        self._check_files()
        self._note_started()
        now, before = time.monotonic(), self._seen
        self._seen = {}
        for pid, slot in self._children.items():
            work = self._slots.read(slot)
            if not work:
                continue
            last_work, since = before.get(pid, (None, now))
            if last_work != work:
                since = now
            self._seen[pid] = work, since
            self._check(pid, work, running=now - since)

    def _note_started(self) -> None:
        started = {pid for pid in self._starting if self._slots.is_started(self._children[pid])}
        if started:
            self._starting -= started
            self._failed_starts.attempts = 0

    def _check_files(self) -> None:
        """End this process if clients cannot reach it; now and then remove sockets left behind."""
        for path, inode in self._names.items():
            try:
                is_own = path.stat().st_ino == inode
            except OSError:
                is_own = False
            if not is_own:
                _LOG.error("%s was removed; the query processes are started again", path)
                self._end(1)
        if (now := time.monotonic()) >= self._next_sweep:
            self._next_sweep = now + _SWEEP_INTERVAL
            remove_sockets_of_ended_clients(self._queue.getsockname())

    def _check(self, pid: int, work: Work, running: float) -> None:
        """End a query without a client, give a long query less priority.

        A query whose client has closed its socket is ended with its process, since the engine
        cannot be interrupted. A long query goes on with lower priority, and another worker is
        forked for new requests. When as many long queries run as may, each query that a poll finds
        gets the lower priority at once, and is ended when it becomes long, unless its answer has
        begun.
        """
        try:
            Client(self._queue, work.client).ping()
        except (ClientLeft, OSError):
            self._left.add(pid)
            self._long.discard(pid)  # its place is free for those polled after it
            self._kill(pid, work)
            return
        if pid in self._long:
            return
        is_long, is_full = running >= _POLL_INTERVAL, self._is_full()
        if is_long and not is_full:
            self._long.add(pid)
        elif is_long and not self._slots.is_answering(self._children[pid]):
            self._evicted.add(pid)
            self._kill(pid, work)
            return
        if is_long or is_full:
            self._lower_priority(pid)

    def _is_full(self) -> bool:
        """Tell whether as many long queries run as may."""
        return len(self._long) == self._workers

    def _lower_priority(self, pid: int) -> None:
        """Lower a worker's priority until its end: only root could raise it again."""
        self._slots.retire(self._children[pid])
        with suppress(OSError):  # not permitted in some sandboxes
            os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + _NICE)

    def _kill(self, pid: int, work: Work) -> None:
        """Kill a worker, unless it has ended this request."""
        slot = self._children[pid]
        self._slots.retire(slot)  # it cannot take another request before the signal arrives
        if self._slots.read(slot) == work:
            os.kill(pid, signal.SIGKILL)


_MESSAGES: Final = {Event.EVICTED: WORKER_EVICTED, Event.KILLED: WORKER_KILLED}
"""What clients are told, by the event; of all others that the worker has ended."""
_LONGEST_FORK_PAUSE: Final = 10.0
"""Pause (s) after a failed start when all tries were made, and other workers run."""


def _ended_children() -> Iterator[tuple[int, int]]:
    """Yield the pid and the wait status of each child that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, status


def remove_sockets_of_ended_clients(queue: str) -> None:
    """Remove the sockets that web workers left behind when they were killed."""
    for path in Path(queue).parent.glob(f"{Path(queue).name}.*-*"):
        pid = path.name.split(".")[1].partition("-")[0]
        with suppress(ValueError):  # it is another's
            if not Path(f"/proc/{int(pid, 16)}").exists():
                path.unlink(missing_ok=True)


def _fork(shared: Shared, slot: int) -> int:
    """Fork a worker; return its pid."""
    parent = os.getpid()  # read before the fork: the parent may end right after it
    pid = os.fork()
    if pid == 0:
        try:
            run_worker(shared, slot, parent)
        except MemoryError:
            os._exit(2)
        except Exception as error:  # a file, a limit or a bug: the supervisor goes on
            trace = None if isinstance(error, OSError) else error
            _LOG.error("query process: %s", error or repr(error), exc_info=trace)
        finally:
            os._exit(1)
    return pid


def _when_parent_ends(stop: Callable[[int, FrameType | None], None]) -> None:
    """Call ``stop`` when standard input ends: the kernel closes it when the parent dies."""
    signal.signal(signal.SIGIO, stop)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


if __name__ == "__main__":
    main(sys.argv[1:])
