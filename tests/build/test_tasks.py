"""What is written beside the validation: short tasks after it, long ones in other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unicef_linked.build import tasks
from unicef_linked.build.stages import Reached, Stages
from unicef_linked.build.tasks import APART, Task, Tasks

if TYPE_CHECKING:
    import pytest

    from unicef_linked.processes import Passing


def work(name: str, passing: Passing[int]) -> tuple[str, int]:
    """Return a name and how many items passed."""
    return name, sum(1 for _ in passing(range(3)))


class Ended:
    """A process whose work is done at the second look."""

    count = APART

    def __init__(self, *task: Any) -> None:
        self.task = task
        self.looks = self.stops = 0

    def has_ended(self, _patience: float) -> bool:
        self.looks += 1
        return self.looks > 1

    def result(self) -> object:
        return self.task

    def stop(self) -> None:
        self.stops += 1


def test_tasks_give_their_results_in_their_order_and_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Ended] = []
    monkeypatch.setattr(tasks, "start", lambda *task: started.append(Ended(*task)) or started[-1])
    reached: list[Reached] = []
    stages = Stages(reached.append, ["short", "long"])
    with Tasks([Task("short", 3, work, ("a",)), Task("long", APART, work, ("b",))]) as both:
        assert len(started) == 1
        assert both.finish(stages) == [("a", 3), (work, "b")]
    assert [(each.name, each.done) for each in reached] == [
        *(("short", done) for done in range(4)),
        *(("long", done) for done in (0, APART)),
    ]
    assert started[0].stops == 1
