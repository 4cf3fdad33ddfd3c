"""Memory in which each query process says which request it works on, for its parent and for those who ask.

Messages cannot say that nobody works on a request any more: whoever ended cannot send one, and a silence may as well be a
busy machine. A process writes here before it begins and after it has ended, so that a request which was taken up and stands
nowhere here, and has no answer, is known to be lost, and may be asked again.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY: Final = 256
"""Bytes for each process: the length of the client's address (0: nothing is under way), the stamp, the address, two flags."""
_BEGUN, _LAST = 254, 255
"""Where the flags stand: bytes of the answer have left; what the process works on is the last that it does."""
STAMP: Final = 8
"""Bytes of a stamp."""
Work = tuple[bytes, bytes]
"""The stamp of a request, and the address of its client."""


class Board:
    """One entry for each query process. The file is shared; its mapping outlives its name."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    @classmethod
    def make(cls, path: Path, entries: int) -> Board:
        """Return a board with nothing on it. Who has the file open from before sees the same."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(entries * _ENTRY)
            file.write(bytes(entries * _ENTRY))
        return cls(path)

    def clear(self, entry: int) -> None:
        """Make an entry whose process has ended as good as new."""
        self._memory[entry * _ENTRY : (entry + 1) * _ENTRY] = bytes(_ENTRY)

    def begin(self, entry: int, stamp: bytes, client: bytes) -> None:
        """Say that a process works on a request, and to which address the answer goes."""
        start = entry * _ENTRY
        self._memory[start + _BEGUN] = 0
        self._memory[start + 1 : start + 1 + STAMP + len(client)] = stamp + client
        self._memory[start] = len(client)

    def answer(self, entry: int) -> None:
        """Say that bytes of the answer have left, and others are to follow."""
        self._memory[entry * _ENTRY + _BEGUN] = 1

    def answers(self, entry: int) -> bool:
        """Tell whether that was said of the request that a process works on."""
        return bool(self._memory[entry * _ENTRY + _BEGUN])

    def retire(self, entry: int) -> None:
        """Have a process take up no other request."""
        self._memory[entry * _ENTRY + _LAST] = 1

    def retires(self, entry: int) -> bool:
        """Tell whether a process takes up no other request."""
        return bool(self._memory[entry * _ENTRY + _LAST])

    def end(self, entry: int) -> None:
        """Say that a process works on nothing."""
        self._memory[entry * _ENTRY] = 0

    def read(self, entry: int) -> Work | None:
        """Return what a process works on, None when it waits."""
        start = entry * _ENTRY
        length = self._memory[start]
        note = self._memory[start + 1 : start + 1 + STAMP + length]
        return (note[:STAMP], note[STAMP:]) if length else None

    def shows(self, stamp: bytes) -> bool:
        """Tell whether a process works on the request with this stamp."""
        return any(
            self._memory[start] and self._memory[start + 1 : start + 1 + STAMP] == stamp
            for start in range(0, len(self._memory), _ENTRY)
        )
