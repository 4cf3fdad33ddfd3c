"""A timeline: dates on one axis of years (``ul:Timeline``)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from typing import TYPE_CHECKING, Final

from unicef_linked.presentation.charts.data import ChartError, lexical
from unicef_linked.presentation.local_formats import format_date

if TYPE_CHECKING:
    from unicef_linked.dataset.labels import Link
    from unicef_linked.presentation.charts.data import ChartData

_TICKS: Final = 10
"""Most steps of the axis."""

_DATE: Final = re.compile(r"(-?\d{4,})(?:-(\d\d)(?:-(\d\d))?)?(?:T.*|Z|[+-]\d\d:\d\d)?")
"""Year, month and day of the lexical forms of xsd:gYear, gYearMonth, date and dateTime."""

_MONTH: Final = 1 / 12
_DAY: Final = 1 / 372
"""Lengths in years. Each month has 31 days, so that a day never reaches into the next month."""


@dataclass(frozen=True, slots=True)
class Event:
    """A date on the axis; ``start`` and ``length`` are parts of the length of the axis (%)."""

    item: Link
    text: str
    lexical: str
    start: float
    length: float
    evidence: Link | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dates on one axis; ``ticks`` are years with their place on it (%)."""

    events: tuple[Event, ...]
    ticks: tuple[tuple[int, float], ...]


def draw(data: ChartData) -> Timeline:
    """Return the timeline of the rows; raises ChartError for a date that is none."""
    spans = _read_spans(data)
    first = math.floor(min(start for start, _ in spans))
    last = math.ceil(max(start + length for start, length in spans))
    years = max(last - first, 1)
    events = []
    for row, (start, length) in zip(data.table.rows, spans, strict=True):
        written = lexical(row, "date")
        event = Event(
            data.required_link(row, "item"),
            _format(written, data.language),
            written,
            round((start - first) / years * 100, 3),
            round(length / years * 100, 3),
            data.link(row, "evidence"),
        )
        events.append(event)
    step = _step(last - first)
    ticks = range(-(-first // step) * step, last + 1, step)
    places = tuple((year, round((year - first) / years * 100, 3)) for year in ticks)
    return Timeline(tuple(events), places)


def _read_spans(data: ChartData) -> list[tuple[float, float]]:
    spans = []
    for row in data.table.rows:
        written = lexical(row, "date")
        span = _span(written)
        if span is None:
            _ = data.messages.gettext
            raise ChartError(
                _("The query of this picture gives a ?date that is no date: %(date)s")
                % {"date": written}
            )
        spans.append(span)
    return spans


def _step(years: int) -> int:
    """Return the years from one tick to the next: 1, 2 or 5 times a power of ten.

    >>> _step(9), _step(34), _step(2000)
    (1, 5, 200)
    """
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if years / step <= _TICKS:
                return step
        power *= 10


def _format(written: str, language: str) -> str:
    """Return a date as the language writes it, with the precision that it has."""
    match = _DATE.fullmatch(written)
    assert match is not None
    parts = [int(part) for part in match.groups() if part]
    return format_date(language, *parts) if MINYEAR <= parts[0] <= MAXYEAR else match[1]


def _span(written: str) -> tuple[float, float] | None:
    """Return when a date begins and how long it lasts, in years; None if it is no date.

    >>> _span("2013")
    (2013.0, 1.0)
    >>> _span("2016-07")
    (2016.5, 0.08333333333333333)
    """
    match = _DATE.fullmatch(written)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        date(min(max(year, MINYEAR), MAXYEAR), month, day)
    except ValueError:
        return None
    start = year + (month - 1) * _MONTH + (day - 1) * _DAY
    if match[3]:
        return start, _DAY
    return start, _MONTH if match[2] else 1.0
