"""Which stage a build has reached, and how much of that stage is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from unicef_linked.rdf.formats import DUMPS, NQUADS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

Item = TypeVar("Item")

READING: Final = "reading"
DERIVING: Final = "deriving"
SORTING: Final = "sorting"
COUNTING: Final = "counting"
LOADING: Final = "loading for the shapes"
VALIDATING: Final = "validating"
SUMMARIZING: Final = "summarizing"
INDEXING: Final = "making the index for queries, and exports"
INDEXING_NAMES: Final = "making the index of names"
PUBLISHING: Final = "publishing"
WRITING_NQUADS: Final = f"writing {NQUADS.title}"
WRITING_OTHERS: Final = {
    name: f"writing {kind.title}" for name, kind in DUMPS.items() if kind is not NQUADS
}
"""The stages in which the other dumps are written, by their names."""

OF_VALIDATION: Final = (READING, DERIVING, SORTING, COUNTING, LOADING, VALIDATING)
"""The stages of a validation."""

OF_BUILD: Final = (
    *(READING, DERIVING, SORTING, COUNTING, WRITING_NQUADS, LOADING, VALIDATING, SUMMARIZING),
    *WRITING_OTHERS.values(),
    *(INDEXING, INDEXING_NAMES, PUBLISHING),
)
"""The stages of a build; a small dataset has neither indexes nor exports that are files."""

_INTERVAL: Final = 10_000
"""Items between two reports."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage of a task, and what of it is done; ``total`` is 0 where it is not known."""

    name: str
    number: int  # from 1
    stages: int
    done: int
    total: int


Progress = Callable[[Reached], object]
"""What is called with each stage that begins, and with how far it is."""


def report_nothing(_reached: Reached) -> None:
    """Report nothing."""


class Stages:
    """The stages of a task, in their order."""

    def __init__(self, report: Progress, names: Sequence[str]) -> None:
        self._report = report
        self._names = names
        self._number = self._done = self._total = 0

    def begin(self, name: str, total: int = 0) -> None:
        """Begin a stage of so many items."""
        self._number, self._done, self._total = self._names.index(name) + 1, 0, total
        self._tell()

    def reach(self, done: int) -> None:
        """Report how many items of this stage are done."""
        self._done = done
        self._tell()

    def each(self, items: Collection[Item]) -> Iterator[Item]:
        """Yield further items of this stage, and report how many have passed."""
        self._total += len(items)
        return self.passing(items)

    def passing(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items of this stage, and report how many have passed."""
        for item in items:
            yield item
            self._done += 1
            if self._done % _INTERVAL == 0 or self._total < _INTERVAL:
                self._tell()

    def _tell(self) -> None:
        number = self._number
        name = self._names[number - 1]
        self._report(Reached(name, number, len(self._names), self._done, self._total))
