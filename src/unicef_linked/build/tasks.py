"""Work on a release that goes on beside other work: functions in processes of their own.

What is written of a large dataset depends on its sorted statements alone, so that it is written
while these are validated.
"""

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
    from types import TracebackType

    from unicef_linked.build.stages import Stages

Item = TypeVar("Item")

Passing = Callable[[Iterable[Item]], Iterator[Item]]
"""What yields items as they are, and counts them."""

APART: Final = 200_000
"""Items from which on a task has a process of its own, which takes a second to start."""

_INTERVAL: Final = 10_000
"""Items between two counts that another process can see."""

_PATIENCE: Final = 1.0
"""Interval (s) between two looks at the count of a process."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A function of a module, its arguments, and the stage that it is.

    The function is given, last, what is to count the ``total`` items that it works on. What it is
    given and returns can be pickled.
    """

    stage: str
    total: int
    function: Callable[..., object]
    arguments: tuple[object, ...]


class Tasks:
    """Tasks of which long ones begin at once, each in a process of its own.

    Short ones are done when they are waited for. Processes that have not ended at the end of the
    context are ended.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = tuple(tasks)
        self._running: dict[Task, _Running] = {}

    def __enter__(self) -> Tasks:
        self._running = {task: _start(task) for task in self._tasks if task.total >= APART}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for running in self._running.values():
            running.stop()

    def finish(self, stages: Stages) -> list[Any]:
        """Return what the tasks return, once all have ended; raises what one of them raises."""
        results = []
        for task in self._tasks:
            stages.begin(task.stage, task.total)
            running = self._running.get(task)
            if running is None:
                results.append(task.function(*task.arguments, stages.passing))
            else:
                results.append(running.result(stages))
        return results


@dataclass(frozen=True, slots=True)
class _Running:
    """A process that runs a task."""

    process: SpawnProcess
    connection: Connection  # by which it sends what it returns or raises
    count: Any  # of items, in memory that both processes have

    def result(self, stages: Stages) -> object:
        """Wait for the end of the process; return what its function returned."""
        while not self.connection.poll(_PATIENCE):
            stages.reach(self.count.value)
        try:
            result, error = self.connection.recv()
        except EOFError:
            result, error = None, RuntimeError("a process of the build was ended")
        self.process.join()
        if error is not None:
            raise error
        return result

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _start(task: Task) -> _Running:
    context = get_context("spawn")  # a fork would have the locks of threads that it lacks
    ours, theirs = context.Pipe(duplex=False)
    count = context.Value("Q", lock=False)
    process = context.Process(
        target=_run, args=(theirs, count, task.function, task.arguments), daemon=True
    )
    process.start()
    theirs.close()
    return _Running(process, ours, count)


def _run(
    connection: Connection,
    count: Any,
    function: Callable[..., object],
    arguments: tuple[object, ...],
) -> None:
    """Run a task in its process, and send what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the builder is told too, and ends this process
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
