"""What the processes of a service use, as Linux tells it: memory, processor time,
and who started whom.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one process (MiB): its part of what it shares, and what it alone has written to."""

    pss: float = 0.0
    private: float = 0.0

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.pss + other.pss, self.private + other.private)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    pids: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            pids += map(int, task.read_text().split())
    return pids


def tree(pid: int) -> list[int]:
    """Return a process and all that it and those below it have started."""
    pids = [pid]
    for each in pids:
        pids += children(each)
    return pids


def is_supervisor(pid: int) -> bool:
    """Tell whether a process is the parent of the query processes."""
    with suppress(OSError):
        return b"store.pool.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def memory(pid: int) -> Memory:
    """Return the memory of a process; none, once it has ended."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes = {name: int(kib) / 1024 for name, kib in re.findall(r"(\w+):\s+(\d+) kB", text)}
        return Memory(sizes.get("Pss", 0.0), sizes.get("Private_Dirty", 0.0))
    return Memory()


def processor_time(pid: int) -> float:
    """Return the processor time (s) that a process and all below it have taken, ended ones too."""
    seconds = 0.0
    for each in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            seconds += sum(map(int, fields[11:15])) / _TICKS
    return seconds
