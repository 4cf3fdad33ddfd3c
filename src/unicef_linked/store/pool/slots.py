"""Shared memory: one slot per query process, holding the request it is evaluating.

Read by the supervisor and by clients. A process that was killed sends no message, and a missing
message may also mean a busy machine. So a process fills its slot before it evaluates a request and
clears it afterwards: a request that left the queue, is in no slot and has no answer is lost, and is
sent again.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final, NamedTuple

from unicef_linked.store.pool.messages import STAMP_SIZE

if TYPE_CHECKING:
    from pathlib import Path

_SLOT: Final = 256
"""Size of a slot (bytes): the length of the address (0: idle), stamp, address, two flags."""
_ANSWERING, _RETIRING = 254, 255
"""Offsets of the flags (bytes): the answer has begun; the process exits after this request."""


class Work(NamedTuple):
    """What identifies a request."""

    stamp: bytes
    client: bytes  # the socket address that its answer goes to


class SlotTable:
    """The slots of all query processes, in a shared mapping that outlives the name of its file."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    @classmethod
    def open(cls, path: Path) -> SlotTable:
        """Return the slots in a file."""
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), 0))

    @classmethod
    def create(cls, path: Path, count: int) -> SlotTable:
        """Return empty slots. An existing file is cleared in place: its mappings stay valid."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(count * _SLOT)
            file.write(bytes(count * _SLOT))
        return cls.open(path)

    def clear(self, slot: int) -> None:
        """Empty a slot whose process has ended, flags included."""
        self._memory[slot * _SLOT : (slot + 1) * _SLOT] = bytes(_SLOT)

    def begin(self, slot: int, stamp: bytes, client: bytes) -> None:
        """Record that a process evaluates a request, and the address that its answer goes to."""
        start = slot * _SLOT
        self._memory[start + _ANSWERING] = 0
        self._memory[start + 1 : start + 1 + STAMP_SIZE + len(client)] = stamp + client
        self._memory[start] = len(client)

    def end(self, slot: int) -> None:
        """Record that a process is idle."""
        self._memory[slot * _SLOT] = 0

    def read(self, slot: int) -> Work | None:
        """Return the request that a process evaluates, None when it is idle."""
        start = slot * _SLOT
        length = self._memory[start]
        content = self._memory[start + 1 : start + 1 + STAMP_SIZE + length]
        return Work(content[:STAMP_SIZE], content[STAMP_SIZE:]) if length else None

    def holds(self, stamp: bytes) -> bool:
        """Tell whether any process evaluates the request with this stamp."""
        return any(
            self._memory[start] and self._memory[start + 1 : start + 1 + STAMP_SIZE] == stamp
            for start in range(0, len(self._memory), _SLOT)
        )

    def mark_answering(self, slot: int) -> None:
        """Record that the first message of an answer is about to be sent, and is not the last."""
        self._memory[slot * _SLOT + _ANSWERING] = 1

    def is_answering(self, slot: int) -> bool:
        """Tell whether the answer to the current request has begun."""
        return bool(self._memory[slot * _SLOT + _ANSWERING])

    def retire(self, slot: int) -> None:
        """Make a process exit after its current request."""
        self._memory[slot * _SLOT + _RETIRING] = 1

    def is_retiring(self, slot: int) -> bool:
        """Tell whether a process exits after its current request."""
        return bool(self._memory[slot * _SLOT + _RETIRING])
