"""The supervisor: a single-threaded process that holds the dataset and forks the workers.

``python -m unicef_linked.store.pool.supervisor RELEASE INDEX SOCKET LIMITS`` binds a Unix datagram
socket, the queue. All workers read from it, so the kernel gives a waiting request to an idle
worker. When a worker ends, at a deadline or for want of memory, the supervisor tells the client and
forks another within milliseconds; requests in the queue are not affected. Where INDEX is given,
each worker opens that folder read-only instead of sharing the supervisor's memory.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.release import open_release
from unicef_linked.store.evaluation import Dataset
from unicef_linked.store.loading import default_graph, load_release, open_index
from unicef_linked.store.pool.messages import (
    READY,
    WORKER_ENDED,
    WORKER_EVICTED,
    WORKER_KILLED,
    slots_path,
    worker_address,
)
from unicef_linked.store.pool.slots import SlotTable, Work
from unicef_linked.store.pool.worker import (
    Client,
    ClientLeft,
    Limits,
    Shared,
    run_worker,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_POLL_INTERVAL: Final = 0.2
"""Time between polls of the slots (s). A query still running after one interval counts as long."""
_SIGNALS_OF_OTHERS: Final = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP})
"""Signals by which an operator or the kernel's OOM killer ends a worker."""
_NICE: Final = 10
"""Niceness added to a long query (nice(2))."""


def main(arguments: list[str]) -> None:
    """Load the dataset, fork workers and replace those that end; they end with this process."""
    release, index, address = open_release(Path(arguments[0])), arguments[1], arguments[2]
    limits = Limits(**json.loads(arguments[3]))
    loaded = None if index else load_release(release)
    default = default_graph(loaded) if loaded is not None and release.manifest.union else None

    def dataset() -> Dataset:
        whole = open_index(Path(index)) if loaded is None else loaded  # empty is falsy
        return Dataset(whole, whole if default is None else default)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as queue:
        Path(address).unlink(missing_ok=True)
        queue.bind(address)
        slots = SlotTable.create(slots_path(address), limits.processes)
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

    def run(self) -> None:
        """Replace workers that end and poll the slots, until a signal stops this process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # it is waited for below
        self._fill()
        signal.signal(signal.SIGTERM, self._stop)
        # The terminal sends it to all processes; SIGTERM comes after draining.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _when_parent_ends(self._stop)
        print(READY, flush=True)  # noqa: T201 - ``Evaluators`` waits for this line
        next_poll = time.monotonic()
        while True:
            interval = _POLL_INTERVAL / 4 if self._is_full() else _POLL_INTERVAL
            signal.sigtimedwait({signal.SIGCHLD}, interval)
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._reap(*ended)
                self._fill()  # there is always a child to wait for
            if (now := time.monotonic()) >= next_poll:
                self._poll()
                self._fill()
                next_poll = now + interval

    def _stop(self, _signal: int, _stack: FrameType | None) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _fill(self) -> None:
        """Fork workers until enough are free of long queries."""
        while len(self._children) - len(self._long) < self._workers:
            slot = self._free_slots.pop()
            self._children[_fork(self._shared, slot)] = slot

    def _reap(self, pid: int, status: int) -> None:
        """Tell the client of a worker that has ended, and free its slot."""
        slot = self._children.pop(pid)
        work = self._slots.read(slot)
        self._slots.clear(slot)
        if work:
            if pid in self._evicted:
                kind = WORKER_EVICTED
            else:  # the timer and the memory limit end a worker by other signals
                is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) in _SIGNALS_OF_OTHERS
                kind = WORKER_KILLED if is_killed else WORKER_ENDED
            with suppress(OSError):  # it is closed, or its buffer is full: then it polls the slots
                self._queue.sendto(kind + work.stamp, socket.MSG_DONTWAIT, work.client)
        self._free_slots.append(slot)
        self._long.discard(pid)
        self._evicted.discard(pid)
        Path(worker_address(self._queue.getsockname(), pid)).unlink(missing_ok=True)

    def _poll(self) -> None:
        """Look at the request of each worker, and note how long it has run."""
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


def _fork(shared: Shared, slot: int) -> int:
    """Fork a worker; return its pid."""
    parent = os.getpid()  # read before the fork: the parent may end right after it
    pid = os.fork()
    if pid == 0:
        try:
            run_worker(shared, slot, parent)
        except MemoryError:
            os._exit(2)
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
