"""What is written of a dataset from its sorted statements alone, while these are validated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unicef_linked.processes import start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from unicef_linked.build.stages import Stages
    from unicef_linked.processes import Running

APART: Final = 200_000
"""Items from which on a task has a process of its own, which takes a second to start."""

_PATIENCE: Final = 1.0
"""Interval (s) between two looks at how far a process is."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A function, its arguments, and the stage of the build that it is.

    Last, it is given what counts the ``total`` items that it works on.
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
        self._running: dict[Task, Running] = {}

    def __enter__(self) -> Tasks:
        for task in self._tasks:
            if task.total >= APART:
                self._running[task] = start(task.function, *task.arguments)
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
                continue
            while not running.has_ended(_PATIENCE):
                stages.reach(running.count)
            results.append(running.result())
        return results
