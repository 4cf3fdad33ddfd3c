"""Shared memory: one slot per query process, holding the request it is evaluating, and counts.

Read by the supervisor and by clients. A process that was killed sends no message, and a missing
message may also mean a busy machine. So a process fills its slot before it evaluates a request and
clears it afterwards: a request that left the queue, is in no slot and has no answer is lost, and is
sent again. The file begins with the counts of ``Event``, which only the supervisor changes.
"""

from __future__ import annotations

import mmap
import os
import struct
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from unicef_linked.store.pool.messages import STAMP_SIZE

if TYPE_CHECKING:
    from pathlib import Path

_SLOT: Final = 256
"""Size of a slot (bytes): the length of the address (0: idle), stamp, address, pid, two flags."""
_PID: Final = 248
"""Offset of the process ID (bytes); 0 until the process takes requests."""
_ANSWERING, _RETIRING = 254, 255
"""Offsets of the flags (bytes): the answer has begun; the process exits after this request."""
_COUNTS: Final = 256
"""Size of the counts (bytes), before the first slot."""
_COUNT, _PID_FORMAT = struct.Struct("=Q"), struct.Struct("=I")


class Event(IntEnum):
    """What is counted: starts of the supervisor, and why query processes ended."""

    SUPERVISOR_STARTED = 0
    TIMED_OUT = 1  # at the deadline of its query
    BROKEN = 2  # the query asked for too much memory, or broke the engine
    KILLED = 3  # by another process, or by the kernel
    EVICTED = 4  # to make room for other requests
    LEFT = 5  # its client disconnected
    NOT_STARTED = 6  # before it took requests


class Work(NamedTuple):
    """What identifies a request."""

    stamp: bytes
    client: bytes  # the socket address that its answer goes to


class SlotTable:
    """The slots of all query processes, in a shared mapping that outlives the name of its file."""

    def __init__(self, memory: mmap.mmap, inode: int) -> None:
        self._memory, self.inode = memory, inode

    @classmethod
    def open(cls, path: Path) -> SlotTable:
        """Return the slots in a file."""
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), 0), os.fstat(file.fileno()).st_ino)

    @classmethod
    def create(cls, path: Path, count: int) -> SlotTable:
        """Return empty slots. An existing file is cleared in place: its mappings stay valid.

        Its counts go on.
        """
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(_COUNTS + count * _SLOT)
            file.seek(_COUNTS)
            file.write(bytes(count * _SLOT))
        return cls.open(path)

    def count(self, event: Event) -> None:
        """Count one event."""
        (number,) = _COUNT.unpack_from(self._memory, event * _COUNT.size)
        _COUNT.pack_into(self._memory, event * _COUNT.size, number + 1)

    def counts(self) -> dict[Event, int]:
        """Return the number of each event since the service was started."""
        return {event: _COUNT.unpack_from(self._memory, event * _COUNT.size)[0] for event in Event}

    def mark_started(self, slot: int, pid: int) -> None:
        """Record that a process takes requests."""
        _PID_FORMAT.pack_into(self._memory, _start(slot) + _PID, pid)

    def is_started(self, slot: int) -> bool:
        """Tell whether the process of a slot takes requests."""
        return bool(self._pid(_start(slot)))

    def running(self) -> list[bool]:
        """Return, for each process that takes requests and exists, whether it is busy."""
        return [
            bool(self._memory[start])
            for start in range(_COUNTS, len(self._memory), _SLOT)
            if (pid := self._pid(start)) and _exists(pid)
        ]

    def _pid(self, start: int) -> int:
        pid: int = _PID_FORMAT.unpack_from(self._memory, start + _PID)[0]
        return pid

    def clear(self, slot: int) -> None:
        """Empty a slot whose process has ended, flags included."""
        self._memory[_start(slot) : _start(slot + 1)] = bytes(_SLOT)

    def begin(self, slot: int, stamp: bytes, client: bytes) -> None:
        """Record that a process evaluates a request, and the address that its answer goes to."""
        start = _start(slot)
        self._memory[start + _ANSWERING] = 0
        self._memory[start + 1 : start + 1 + STAMP_SIZE + len(client)] = stamp + client
        self._memory[start] = len(client)

    def end(self, slot: int) -> None:
        """Record that a process is idle."""
        self._memory[_start(slot)] = 0

    def read(self, slot: int) -> Work | None:
        """Return the request that a process evaluates, None when it is idle."""
        start = _start(slot)
        length = self._memory[start]
        content = self._memory[start + 1 : start + 1 + STAMP_SIZE + length]
        return Work(content[:STAMP_SIZE], content[STAMP_SIZE:]) if length else None

    def holds(self, stamp: bytes) -> bool:
        """Tell whether any process evaluates the request with this stamp."""
        return any(
            self._memory[start] and self._memory[start + 1 : start + 1 + STAMP_SIZE] == stamp
            for start in range(_COUNTS, len(self._memory), _SLOT)
        )

    def mark_answering(self, slot: int) -> None:
        """Record that the first message of an answer is about to be sent, and is not the last."""
        self._memory[_start(slot) + _ANSWERING] = 1

    def is_answering(self, slot: int) -> bool:
        """Tell whether the answer to the current request has begun."""
        return bool(self._memory[_start(slot) + _ANSWERING])

    def retire(self, slot: int) -> None:
        """Make a process exit after its current request."""
        self._memory[_start(slot) + _RETIRING] = 1

    def is_retiring(self, slot: int) -> bool:
        """Tell whether a process exits after its current request."""
        return bool(self._memory[_start(slot) + _RETIRING])


def _start(slot: int) -> int:
    """Return the offset of a slot (bytes)."""
    return _COUNTS + slot * _SLOT


def _exists(pid: int) -> bool:
    """Tell whether a process exists (kill(2))."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
