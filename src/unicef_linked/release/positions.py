"""Where the statements of an object, a property or a named graph are in the sorted dump.

The dump itself finds a subject. A large release has for each of the other three terms two arrays
of 64-bit numbers (files of NumPy, ``.npy``): the digests of the terms, sorted, each with the place
in the second where its statements begin; and the positions of these statements in the dump, in its
order. Any number of processes map the files, and looking up a term reads some pages of them.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from unicef_linked.rdf.canonical import split_line
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unicef_linked.release.directory import Release
    from unicef_linked.release.lines import SortedLines

POSITIONS: Final = "positions"
"""The folder of a release, or of what is made from one, with these files."""

_PLACES: Final = {"predicates": 1, "objects": 2, "graphs": 3}
"""Which of the parts of a line each pair of files is about."""
_DIGEST: Final = 8
"""Bytes of a digest. Terms that share one are told apart by their lines."""


def has_positions(release: Release) -> bool:
    """Tell whether positions are part of a release, as ``SUMS`` lists it."""
    return release.has(f"{POSITIONS}/graphs-lines.npy")


def write_positions(
    dataset: Path, folder: Path, passing: Callable[[Iterable[bytes]], Iterable[bytes]] = iter
) -> None:
    """Write the positions of a file of sorted N-Quads into a new folder.

    ``passing`` is given the lines, and returns them as they are taken. A statement takes 64 bytes
    of memory.
    """
    starts = array("Q")
    digests = {name: array("Q") for name in _PLACES}
    remembered = lru_cache(maxsize=4096)(_digest)  # most objects come once
    position = 0
    with dataset.open("rb") as file:
        for line in passing(file):
            starts.append(position)
            position += len(line)
            _, predicate, value, graph = split_line(line)
            digests["predicates"].append(remembered(predicate))
            digests["objects"].append(_digest(value))
            digests["graphs"].append(remembered(graph))
    folder.mkdir(parents=True)
    for name, found in digests.items():
        _write(folder, name, np.asarray(found), np.asarray(starts))


def _write(
    folder: Path, name: str, digests: NDArray[np.uint64], starts: NDArray[np.uint64]
) -> None:
    order = np.argsort(digests, kind="stable")
    terms, firsts = np.unique(digests[order], return_index=True)
    np.save(folder / f"{name}-terms.npy", np.stack([terms, firsts.astype(np.uint64)]))
    np.save(folder / f"{name}-lines.npy", starts[order])


def _digest(term: bytes) -> int:
    return int.from_bytes(blake2b(term, digest_size=_DIGEST).digest(), "little")


class _Column:
    """The positions by one of the terms of a statement."""

    def __init__(self, folder: Path, name: str) -> None:
        self._terms = _mapped(folder / f"{name}-terms.npy")
        self._lines = _mapped(folder / f"{name}-lines.npy")

    def of(self, term: bytes) -> list[int]:
        """Return the positions of the statements with a term, and with those of its digest."""
        digests, firsts = self._terms
        digest = np.uint64(_digest(term))
        index = int(np.searchsorted(digests, digest))
        if index == len(digests) or digests[index] != digest:
            return []
        end = int(firsts[index + 1]) if index + 1 < len(firsts) else len(self._lines)
        positions: list[int] = self._lines[int(firsts[index]) : end].tolist()
        return positions


def _mapped(path: Path) -> NDArray[np.uint64]:
    """Return an array of a file; an empty one cannot be mapped."""
    try:
        array: NDArray[np.uint64] = np.load(path, mmap_mode="r")
    except ValueError:
        array = np.load(path)
    return array


class LinesByTerm(Protocol):
    """The lines of a dump by any one of their terms."""

    @property
    def lines(self) -> SortedLines:
        """All lines, which find a subject."""
        ...

    def with_term(self, column: str, term: str) -> Iterator[bytes]:
        """Yield at least the lines with a term, written as in N-Quads, in the order of the dump.

        ``column`` is ``predicates``, ``objects`` or ``graphs``.
        """
        ...


class Scan:
    """The lines of a dump without positions: a term is looked for in all of them.

    It takes some milliseconds a megabyte.
    """

    def __init__(self, dataset: Path) -> None:
        self.lines = open_lines(dataset)

    def with_term(self, column: str, term: str) -> Iterator[bytes]:
        """See LinesByTerm."""
        end = " .\n" if column == "graphs" else " "
        return self.lines.containing(f" {term}{end}".encode())


class Positions:
    """The lines of a dump by any one of their terms, found by the positions in a folder."""

    def __init__(self, dataset: Path, folder: Path) -> None:
        self.lines = open_lines(dataset)
        self._columns = {name: _Column(folder, name) for name in _PLACES}

    def with_term(self, column: str, term: str) -> Iterator[bytes]:
        """See LinesByTerm."""
        wanted, place = term.encode(), _PLACES[column]
        for position in self._columns[column].of(wanted):
            line = self.lines.at(position)
            if split_line(line)[place] == wanted:
                yield line
