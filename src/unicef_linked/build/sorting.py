"""Lines in their order, each once, with no more of them in memory than was said.

What is more is sorted in runs, each in a file of a scratch folder, and the runs are merged.
"""

from __future__ import annotations

import heapq
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.canonical import without_repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RUN: Final = 500_000
"""Lines that are sorted at a time: some 150 MB."""


class Scratch:
    """A folder for what does not fit in memory, and how many lines that is."""

    def __init__(self, folder: Path, run: int = RUN) -> None:
        self.folder = folder
        self.run = run
        self._files = 0

    def new_file(self) -> Path:
        """Return a path at which nothing is yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._files += 1
        return self.folder / f"{self._files}.lines"

    def write(self, lines: Iterable[bytes]) -> Path:
        """Return a new file of lines."""
        path = self.new_file()
        with path.open("wb") as file:
            file.writelines(lines)
        return path

    def sort(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield lines in their order, each once. They are read when the first is asked for."""
        remaining = iter(lines)
        runs: list[Path] = []
        run = sorted(set(islice(remaining, self.run)))
        for line in remaining:
            runs.append(self.write(run))
            run.clear()
            run = sorted({line, *islice(remaining, self.run - 1)})
        if not runs:
            yield from run
            return
        try:
            with ExitStack() as files:
                streams = [files.enter_context(path.open("rb")) for path in runs]
                yield from without_repeats(heapq.merge(*streams, run))
        finally:
            for path in runs:
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def count_distinct(self, lines: Iterable[bytes]) -> int:
        """Return how many of some lines are distinct."""
        return sum(1 for _ in self.sort(lines))


@contextmanager
def scratch_of(folder: Path, run: int) -> Iterator[Scratch]:
    """Give a scratch folder within the folder of a draft, hence on the same disk.

    It goes with the draft if the build is killed.
    """
    scratch = Scratch(folder / "scratch", run)
    try:
        yield scratch
    finally:
        scratch.remove()


@contextmanager
def temporary_scratch(run: int) -> Iterator[Scratch]:
    """Give a scratch folder of a build that writes nothing else."""
    with tempfile.TemporaryDirectory(prefix="unicef-linked-") as folder:
        yield Scratch(Path(folder), run)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file."""
    with path.open("rb") as file:
        yield from file
