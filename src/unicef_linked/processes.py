"""A function that runs in a process of its own, beside the one that started it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

Item = TypeVar("Item")

Passing = Callable[[Iterable[Item]], Iterator[Item]]
"""What yields items as they are, and counts them."""

_INTERVAL: Final = 10_000
"""Items between two counts that the other process can see."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs a function."""

    process: SpawnProcess
    _connection: Connection  # by which it sends what the function returns or raises
    _count: Any  # in memory that both processes have

    @property
    def count(self) -> int:
        """How many items the function has counted, at least."""
        return int(self._count.value)

    def has_ended(self, patience: float) -> bool:
        """Tell whether the function has ended; wait so many seconds for it."""
        return self._connection.poll(patience)

    def result(self) -> Any:
        """Return what the function returns; raise what it raises."""
        try:
            result, error = self._connection.recv()
        except EOFError:
            result, error = None, RuntimeError("a process was ended before its work was done")
        self.process.join()
        if error is not None:
            raise error
        return result

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self._connection.close()


def start(function: Callable[..., object], *arguments: object) -> Running:
    """Run a function of a module in a process of its own, which ends with this one.

    It is given the arguments and, last, what counts items for ``Running.count``. What it is given
    and returns can be pickled.
    """
    context = get_context("spawn")  # a fork would have the locks of threads that it lacks
    ours, theirs = context.Pipe(duplex=False)
    count = context.Value("Q", lock=False)
    process = context.Process(target=_run, args=(theirs, count, function, arguments), daemon=True)
    process.start()
    theirs.close()
    return Running(process, ours, count)


def _run(
    connection: Connection,
    count: Any,
    function: Callable[..., object],
    arguments: tuple[object, ...],
) -> None:
    """Run a function in its process, and send what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it is told too, and ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def passing(items: Iterable[Item]) -> Iterator[Item]:
        for number, item in enumerate(items, start=count.value + 1):
            yield item
            if number % _INTERVAL == 0:
                count.value = number

    try:
        connection.send((function(*arguments, passing), None))
    except Exception as error:
        connection.send((None, error))


def _end_with_parent() -> None:
    """End this process when its parent ends, however that does."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
