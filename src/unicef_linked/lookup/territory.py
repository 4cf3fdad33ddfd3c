"""How divisions lie in one another, what each covered when, and which list of codes was in force.

A division stays one thing when its territory changes; an extent (``ul:Extent``) says what it
covered in a time. Read once from statements, then only asked.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

CONTAINERS: Final = ("partOf", "inRegion", "locatedIn", "inCountry")
"""Properties from a thing to the next larger one that it lies in."""

TERMS: Final = (
    *CONTAINERS,
    "composedOf",
    "extentOf",
    "validFrom",
    "validUntil",
    "effectiveFrom",
)
"""Properties of the ontology that a territory is made from."""

_EARLIEST: Final = "0000-00-00"
_LATEST: Final = "9999-99-99"
"""Days before and after all others, in the order of texts."""

_DATE: Final = re.compile(
    r"\s*(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(?:[T ]\S*)?)?)?\s*"
)
"""A year, a month or a day as ISO 8601 writes them; a time of the day is ignored."""

_REMEMBERED: Final = 4096
"""Divisions, each at a time, whose parents are kept in memory."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from the first to the last, as ISO 8601 writes them; without bounds: always."""

    first: str = _EARLIEST
    last: str = _LATEST

    def overlaps(self, other: Period) -> bool:
        """Return whether both have a day in common."""
        return self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        """Return the period as an interval of ISO 8601-2: ``../2023-03-12``, open ends as dots."""
        first = ".." if self.first == _EARLIEST else self.first
        last = ".." if self.last == _LATEST else self.last
        return f"{first}/{last}"


ALWAYS: Final = Period()


def parse_period(text: str) -> Period | None:
    """Return the days that a year, a month or a day of ISO 8601 has; None for another text.

    >>> str(parse_period("2024")), str(parse_period("2024-02")), parse_period("1/2/24")
    ('2024-01-01/2024-12-31', '2024-02-01/2024-02-29', None)
    """
    parts = _DATE.fullmatch(text)
    if not parts or parts[1] == "0000":
        return None
    year, month, day = parts[1], parts[2], parts[3]
    if day:
        exists = int(day) <= monthrange(int(year), int(month))[1]
        return Period(f"{year}-{month}-{day}", f"{year}-{month}-{day}") if exists else None
    if month:
        last = monthrange(int(year), int(month))[1]
        return Period(f"{year}-{month}-01", f"{year}-{month}-{last}")
    return Period(f"{year}-01-01", f"{year}-12-31")


@dataclass(frozen=True, slots=True)
class Extent:
    """What a division covered in a time, told by the smaller divisions in it."""

    iri: str
    division: str
    period: Period
    parts: frozenset[str]


@dataclass(frozen=True)
class Territory:
    """What lies in what, and since when. Everything is named by its IRI."""

    containers: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, frozenset[str]]  # what is directly in each
    extents: Mapping[str, tuple[Extent, ...]]  # of a division, earliest first
    by_iri: Mapping[str, tuple[Extent, ...]]  # what one extent says, of each division
    extents_with: Mapping[str, tuple[Extent, ...]]  # those that a division is a part of
    existence: Mapping[str, Period]  # of what came about, or into force, on a known day

    def exists(self, iri: str, period: Period) -> bool:
        """Return whether a division, or a list of codes, may have been there at the time."""
        return self.existence.get(iri, ALWAYS).first <= period.last

    def extents_at(self, iri: str, period: Period = ALWAYS) -> tuple[Extent, ...]:
        """Return what a division covered at the time; at any time, if none is given."""
        return tuple(e for e in self.extents.get(iri, ()) if e.period.overlaps(period))

    def nearest(self, iri: str, period: Period = ALWAYS) -> frozenset[str]:
        """Return what a thing lies in directly, as stated or by an extent that names it."""
        by_extent = (
            extent.division
            for extent in self.extents_with.get(iri, ())
            if extent.period.overlaps(period)
        )
        return frozenset((*self.containers.get(iri, ())[:1], *by_extent))

    def surrounding(self, iri: str, period: Period = ALWAYS) -> frozenset[str]:
        """Return all that a thing lies in: divisions, countries, the place of an office.

        At a time, a division with an extent of that time counts only if this contains the thing.
        """
        return self._surrounding(iri, period)

    @cached_property
    def _surrounding(self) -> Callable[[str, Period], frozenset[str]]:
        return lru_cache(maxsize=_REMEMBERED)(self._find_surrounding)

    def _find_surrounding(self, iri: str, period: Period) -> frozenset[str]:
        chain = set(self.upwards(iri))
        containing = {
            extent.division
            for extent in self._containing(iri, chain)
            if extent.period.overlaps(period)
        }
        divisions = {
            division
            for division in chain
            if period == ALWAYS
            or division in containing
            or not self.extents_at(division, period)
            or iri in self.extents
        }
        for division in containing:
            divisions.update(self.upwards(division), [division])
        return frozenset(divisions - {iri})

    def upwards(self, iri: str) -> Iterator[str]:
        """Yield what a thing is stated to lie in, the nearest first."""
        pending, seen = list(self.containers.get(iri, ())), {iri}
        while pending:
            container = pending.pop(0)
            if container not in seen:
                seen.add(container)
                yield container
                pending += self.containers.get(container, ())

    def _containing(self, iri: str, chain: set[str]) -> Iterator[Extent]:
        """Yield the extents that contain a thing, or the most of its parts.

        A division that has extents of its own is not contained in one of its level.
        """
        if iri in self.extents:
            return
        parts = self.parts.get(iri, frozenset())
        extents = {
            (extent.iri, extent.division): extent
            for part in (iri, *parts, *chain)
            for extent in self.extents_with.get(part, ())
        }
        for extent in extents.values():
            covers_most = 2 * len(parts & extent.parts) > len(parts)
            if iri in extent.parts or covers_most or not chain.isdisjoint(extent.parts):
                yield extent


def containers_of(values: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return what a thing lies in, from the values of the terms; the nearest first."""
    iris: dict[str, None] = {}
    for term in CONTAINERS:
        iris |= dict.fromkeys(sorted(values.get(term, ())))
    return tuple(iris)


def extents_of(iri: str, values: Mapping[str, set[str]]) -> Iterator[Extent]:
    """Yield what an extent says of each division that it is of, from the values of the terms."""
    period = Period(_first_day(values.get("validFrom")), _last_day(values.get("validUntil")))
    parts = frozenset(values.get("composedOf", ()))
    for division in values.get("extentOf", ()):
        yield Extent(iri, division, period, parts)


def existence_of(values: Mapping[str, set[str]]) -> Period | None:
    """Return since when a thing is there, from the values of the terms; None if none says it."""
    days = values.get("effectiveFrom") or values.get("validFrom")
    return Period(first=_first_day(days)) if days else None


def _first_day(texts: Iterable[str] | None) -> str:
    periods = [period for text in texts or () if (period := parse_period(text))]
    return min((period.first for period in periods), default=_EARLIEST)


def _last_day(texts: Iterable[str] | None) -> str:
    periods = [period for text in texts or () if (period := parse_period(text))]
    return max((period.last for period in periods), default=_LATEST)
