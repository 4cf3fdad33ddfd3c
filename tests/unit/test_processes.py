"""Functions that run in processes of their own."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from unicef_linked.processes import start

if TYPE_CHECKING:
    from unicef_linked.processes import Passing


def work(outcome: str, passing: Passing[int]) -> tuple[int, int]:
    """Return how many items passed and in which process, or end as it is said."""
    if outcome == "raises":
        raise OSError(28, "No space left on device")
    if outcome == "is killed":
        os._exit(9)
    if outcome == "never ends":
        time.sleep(3600)
    return sum(1 for _ in passing(range(20_000))), os.getpid()


def test_processes_whose_ends_are_told() -> None:
    endless, returning, raising, killed = (
        start(work, outcome) for outcome in ("never ends", "returns", "raises", "is killed")
    )
    number, process_id = returning.result()
    assert number == returning.count == 20_000
    assert process_id not in {os.getpid(), endless.process.pid}
    with pytest.raises(OSError, match="No space left on device"):
        raising.result()
    with pytest.raises(RuntimeError, match="ended before its work was done"):
        killed.result()
    assert not endless.has_ended(0)
    endless.stop()
    assert not endless.process.is_alive()
