"""Shared memory: one slot per query process, holding the request it is evaluating.

Read by the supervisor and by web workers. A process that was killed sends no message, and a missing
message may also mean a busy machine. So a process fills its slot before it evaluates a request and
clears it afterwards: a request that left the queue, is in no slot and has no answer is lost, and is
sent again.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY: Final = 256
"""Size of a slot (bytes): the length of the address (0: idle), stamp, address, two flags."""
_BEGUN, _LAST = 254, 255
"""Offsets of the flags (bytes): the answer has begun; the process exits after this request."""
STAMP: Final = 8
"""Size of a request's stamp (bytes): the time it was sent at, a double of the monotonic clock."""
Work = tuple[bytes, bytes]
"""The stamp of a request and the socket address of its client."""


class Board:
    """The slots of all query processes, in a shared mapping that outlives the name of its file."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    @classmethod
    def make(cls, path: Path, entries: int) -> Board:
        """Return empty slots. An existing file is cleared in place: its mappings stay valid."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(entries * _ENTRY)
            file.write(bytes(entries * _ENTRY))
        return cls(path)

    def clear(self, entry: int) -> None:
        """Empty a slot whose process has ended, flags included."""
        self._memory[entry * _ENTRY : (entry + 1) * _ENTRY] = bytes(_ENTRY)

    def begin(self, entry: int, stamp: bytes, client: bytes) -> None:
        """Record that a process evaluates a request, and the address that its answer goes to."""
        start = entry * _ENTRY
        self._memory[start + _BEGUN] = 0
        self._memory[start + 1 : start + 1 + STAMP + len(client)] = stamp + client
        self._memory[start] = len(client)

    def answer(self, entry: int) -> None:
        """Record that the first message of an answer is about to be sent, and is not the last."""
        self._memory[entry * _ENTRY + _BEGUN] = 1

    def answers(self, entry: int) -> bool:
        """Tell whether the answer to the current request has begun."""
        return bool(self._memory[entry * _ENTRY + _BEGUN])

    def retire(self, entry: int) -> None:
        """Make a process exit after its current request."""
        self._memory[entry * _ENTRY + _LAST] = 1

    def retires(self, entry: int) -> bool:
        """Tell whether a process exits after its current request."""
        return bool(self._memory[entry * _ENTRY + _LAST])

    def end(self, entry: int) -> None:
        """Record that a process is idle."""
        self._memory[entry * _ENTRY] = 0

    def read(self, entry: int) -> Work | None:
        """Return the request that a process evaluates, None when it is idle."""
        start = entry * _ENTRY
        length = self._memory[start]
        note = self._memory[start + 1 : start + 1 + STAMP + length]
        return (note[:STAMP], note[STAMP:]) if length else None

    def shows(self, stamp: bytes) -> bool:
        """Tell whether any process evaluates the request with this stamp."""
        return any(
            self._memory[start] and self._memory[start + 1 : start + 1 + STAMP] == stamp
            for start in range(0, len(self._memory), _ENTRY)
        )
