"""Bars: numbers side by side (``ul:Bars``)."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from pyoxigraph import Literal

from unicef_linked.presentation.charts.data import ChartError
from unicef_linked.rdf.iris import SKOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.dataset.labels import Link, Text
    from unicef_linked.presentation.charts.data import ChartData
    from unicef_linked.rdf.terms import Term


@dataclass(frozen=True, slots=True)
class Bar:
    """One number; ``share`` is its part of the largest (%)."""

    item: Link
    text: str
    share: float
    evidence: Link | None
    when: Link | None


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers one below the other, with the times that they are of and the notes on each time."""

    bars: tuple[Bar, ...]
    total: str  # "" if the numbers do not add up
    times: tuple[tuple[Link, tuple[Text, ...]], ...]


def draw(data: ChartData) -> Bars:
    """Return the bars of the rows; raises ChartError for a value that is no number."""
    numbers = _read_numbers(data)
    largest = max([*numbers, 0]) or 1
    bars = []
    for row, number in zip(data.table.rows, numbers, strict=True):
        bar = Bar(
            data.required_link(row, "item"),
            data.number(number),
            round(max(number, 0) / largest * 100, 2),
            data.link(row, "evidence"),
            data.link(row, "when"),
        )
        bars.append(bar)
    times = tuple(dict.fromkeys(bar.when for bar in bars if bar.when))
    total = data.number(sum(numbers)) if _add_up(bars, numbers, times) else ""
    notes = tuple((when, data.texts(when.iri, f"{SKOS}note")) for when in times)
    return Bars(tuple(bars), total, notes)


def _read_numbers(data: ChartData) -> list[int | float]:
    numbers = []
    for row in data.table.rows:
        number = _number(row.get("value"))
        if number is None:
            _ = data.messages.gettext
            raise ChartError(_("The query of this picture gives a ?value that is no number."))
        numbers.append(number)
    return numbers


def _number(term: Term | None) -> int | float | None:
    """Return the number of a literal, None if it is no finite number."""
    try:
        number = float(term.value) if isinstance(term, Literal) else None
    except ValueError:
        return None
    if number is None or not isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def _add_up(bars: Sequence[Bar], numbers: Sequence[float], times: Sequence[Link]) -> bool:
    """Return whether a total means something: one whole number for each item, all of one time."""
    items = {bar.item.iri for bar in bars}
    is_one_each = len(items) == len(bars) > 1
    return is_one_each and len(times) < 2 and all(isinstance(number, int) for number in numbers)
