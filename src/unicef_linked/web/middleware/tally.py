"""Counts of answers, in memory that outlives the process and that the other web workers read.

prometheus_client's own counters take some 2 µs for each of four that an answer counts in, most of
what is done for an answer from the cache. Here all series that there can be have a number in one
table: to count is to add to cells of it. Each process has its table in a file of its own.
"""

from __future__ import annotations

import mmap
import os
import threading
from array import array
from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from prometheus_client import Metric

METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS", "other")
OUTCOMES: Final = ("hit", "miss", "not_modified")
"""Of requests that are looked up in the response cache."""
_STATUSES: Final = range(100, 600)
_CLASSES: Final = range(1, 6)
_BUCKETS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0)
"""Upper bounds of the duration histogram (s): from an answer in the cache to the longest query."""
_OF_HISTOGRAM: Final = len(_BUCKETS) + 2
"""Cells of a histogram: one for each bucket, one for what is longer, and the sum (s)."""
_CELL: Final = 8
"""Size of a cell (bytes): a double."""


class Tally:
    """The counts of one process, and the sums of all; ``kinds`` are the kinds of path.

    Without a folder, the counts are of this process alone.
    """

    def __init__(self, kinds: Iterable[str], folder: Path | None) -> None:
        self._kinds = (*sorted(kinds), "other")
        self._folder, self._lock = folder, threading.Lock()
        self._durations = len(METHODS) * len(_STATUSES)
        self._outcomes = self._durations + len(self._kinds) * len(_CLASSES) * _OF_HISTOGRAM
        size = self._outcomes + len(OUTCOMES)
        self._cells = _map(folder / f"answers_{os.getpid()}", size) if folder else _empty(size)
        self._find = lru_cache(maxsize=4096)(self._series)

    def count(self, method: str, status: str, kind: str, outcome: str, seconds: float) -> None:
        """Count one answer; ``outcome`` is "" for a request that is not looked up."""
        answers, histogram, outcomes = self._find(method, status[:3], kind, outcome)
        bucket = histogram + bisect_left(_BUCKETS, seconds)
        total = histogram + _OF_HISTOGRAM - 1
        cells = self._cells
        with self._lock:
            cells[answers] += 1
            cells[bucket] += 1
            cells[total] += seconds
            if outcomes:
                cells[outcomes] += 1

    def _series(self, method: str, code: str, kind: str, outcome: str) -> tuple[int, int, int]:
        """Return the first cells of the series that an answer counts in; 0 for no outcome."""
        number = METHODS.index(method if method in METHODS else "other")
        answers = number * len(_STATUSES) + _STATUSES.index(int(code))
        number = self._kinds.index(kind if kind in self._kinds else "other")
        row = number * len(_CLASSES) + _CLASSES.index(int(code[0]))
        if not outcome:
            return answers, self._durations + row * _OF_HISTOGRAM, 0
        outcomes = OUTCOMES.index("not_modified" if code == "304" else outcome)
        return answers, self._durations + row * _OF_HISTOGRAM, self._outcomes + outcomes

    def families(self) -> Iterator[Metric]:
        """Yield the counts of all processes, those that have ended too."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        cells = self._sums()
        answers = CounterMetricFamily(
            "unicef_linked_answers", "Answers, by method and status.", labels=["method", "status"]
        )
        for row, method in enumerate(METHODS):
            for column, status in enumerate(_STATUSES):
                if number := cells[row * len(_STATUSES) + column]:
                    answers.add_metric([method, str(status)], number)
        yield answers
        durations = HistogramMetricFamily(
            "unicef_linked_request_duration_seconds",
            "Time until the answer begins, by the first segment of the path and the status class.",
            labels=["kind", "status"],
        )
        for row, kind in enumerate(self._kinds):
            for column, digit in enumerate(_CLASSES):
                start = self._durations + (row * len(_CLASSES) + column) * _OF_HISTOGRAM
                *numbers, total = cells[start : start + _OF_HISTOGRAM]
                if any(numbers):
                    bounds = [*map(str, _BUCKETS), "+Inf"]
                    buckets = list(zip(bounds, accumulate(numbers), strict=True))
                    durations.add_metric([kind, f"{digit}xx"], buckets, total)
        yield durations
        outcomes = CounterMetricFamily(
            "unicef_linked_cache_requests",
            "Requests that the response cache could answer, by outcome.",
            labels=["outcome"],
        )
        for name, number in zip(OUTCOMES, cells[self._outcomes :], strict=True):
            if number:
                outcomes.add_metric([name], number)
        yield outcomes

    def _sums(self) -> Sequence[float]:
        """Return the sums of the tables of all processes."""
        if self._folder is None:
            return self._cells.tolist()
        tables = []
        for path in self._folder.glob("answers_*"):
            table = array("d", path.read_bytes())
            if len(table) == len(self._cells):
                tables.append(table)
        return [sum(column) for column in zip(*tables, strict=True)]


def _empty(size: int) -> memoryview[float]:
    return memoryview(bytearray(size * _CELL)).cast("d")


def _map(path: Path, size: int) -> memoryview[float]:
    """Return a file of so many cells, mapped into memory; a new one has zeros."""
    with path.open("ab") as file:
        file.truncate(size * _CELL)
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), size * _CELL)).cast("d")
