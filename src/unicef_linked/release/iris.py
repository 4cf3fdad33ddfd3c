"""Sorted IRIs in a file that is mapped into memory: one a line, in the order of code points.

Whether one is there, those that begin alike and the n-th of them are found by binary search. What
is kept of a file is one number for each _BLOCK of it.
"""

from __future__ import annotations

import mmap
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

_BLOCK: Final = 1 << 16
"""Bytes between two places of the file of which the number of the line is kept."""


class SortedIris:
    """IRIs that are sorted, each once."""

    def __init__(self, content: mmap.mmap | bytes) -> None:
        self._content = content

    def __contains__(self, iri: object) -> bool:
        line = f"{iri}\n".encode()
        start = self._position(line)
        return self._content[start : start + len(line)] == line

    def __len__(self) -> int:
        return self._rank(len(self._content))

    def __getitem__(self, rank: int) -> str:
        """Return the IRI with a number, counted from 0; from the end where it is negative."""
        number = rank if rank >= 0 else len(self) + rank
        return next(self.since(number))

    def beginning(self, prefix: str, first: int = 0) -> Iterator[str]:
        """Yield the IRIs that begin with ``prefix``, from one of them on, counted from 0."""
        start = self._rank(self._position(prefix.encode()))
        for iri in self.since(start + first):
            if not iri.startswith(prefix):
                return
            yield iri

    def count(self, prefix: str) -> int:
        """Return how many IRIs begin with ``prefix``."""
        start = self._position(prefix.encode())
        # No IRI has this byte, which sorts after all characters.
        return self._rank(self._position(prefix.encode() + b"\xff")) - self._rank(start)

    def since(self, rank: int) -> Iterator[str]:
        """Yield the IRIs from one on, counted from 0."""
        content, position = self._content, self._place(rank)
        while position < len(content):
            end = content.find(b"\n", position)
            yield content[position:end].decode()
            position = end + 1

    def _position(self, prefix: bytes) -> int:
        """Return where the first line begins that does not sort before ``prefix``."""
        content, low, high = self._content, 0, len(self._content)
        while low < high:
            middle = (low + high) // 2
            start = content.rfind(b"\n", low, middle) + 1 or low
            if content[start : start + len(prefix)] < prefix:
                low = content.find(b"\n", middle) + 1
            else:
                high = start
        return low

    @cached_property
    def _ranks(self) -> list[int]:
        """How many lines end before each block."""
        ranks = [0]
        for start in range(0, len(self._content), _BLOCK):
            ranks.append(ranks[-1] + self._content[start : start + _BLOCK].count(b"\n"))
        return ranks

    def _rank(self, position: int) -> int:
        """Return how many lines end before a position."""
        block = position // _BLOCK
        return self._ranks[block] + self._content[block * _BLOCK : position].count(b"\n")

    def _place(self, rank: int) -> int:
        """Return where a line begins, by its number; the end of the file if there is none."""
        if rank <= 0:
            return 0
        block = max(bisect_right(self._ranks, rank - 1) - 1, 0)
        position, missing = block * _BLOCK, rank - self._ranks[block]
        while missing:
            end = self._content.find(b"\n", position)
            if end < 0:
                return len(self._content)
            position, missing = end + 1, missing - 1
        return position


def open_iris(path: Path) -> SortedIris:
    """Return the IRIs of a file; they stay readable if the file is removed."""
    with path.open("rb") as file:
        if not path.stat().st_size:  # an empty file cannot be mapped
            return SortedIris(b"")
        return SortedIris(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def write_iris(iris: Iterable[bytes], stream: BinaryIO) -> None:
    """Write sorted IRIs, each once."""
    stream.writelines(iri + b"\n" for iri in iris)
