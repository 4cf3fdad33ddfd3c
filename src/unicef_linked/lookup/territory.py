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

from pyoxigraph import Literal, NamedNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term

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
    extents: Mapping[str, tuple[Extent, ...]]  # of a division, earliest first
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
            for extents in self.extents.values()
            for extent in extents
            if iri in extent.parts and extent.period.overlaps(period)
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
        parts = self._parts.get(iri, frozenset())
        for extents in self.extents.values():
            for extent in extents:
                covers_most = 2 * len(parts & extent.parts) > len(parts)
                if iri in extent.parts or covers_most or not chain.isdisjoint(extent.parts):
                    yield extent

    @cached_property
    def _parts(self) -> dict[str, frozenset[str]]:
        """The divisions that are directly in each."""
        parts: dict[str, set[str]] = {}
        for iri, containers in self.containers.items():
            for container in containers:
                parts.setdefault(container, set()).add(iri)
        return {iri: frozenset(members) for iri, members in parts.items()}


def territory_of(statements: Iterable[tuple[str, str, Term]], names: Names) -> Territory:
    """Return the territory that statements make; those that it does not need are passed over."""
    values: dict[str, dict[str, set[str]]] = {names.term(term): {} for term in TERMS}
    for subject, predicate, value in statements:
        subjects = values.get(predicate)
        if subjects is not None and isinstance(value, NamedNode | Literal):
            subjects.setdefault(subject, set()).add(value.value)
    containers: dict[str, tuple[str, ...]] = {}
    for term in CONTAINERS:
        for subject, iris in values[names.term(term)].items():
            others = (iri for iri in sorted(iris) if iri not in containers.get(subject, ()))
            containers[subject] = (*containers.get(subject, ()), *others)
    since, until = values[names.term("validFrom")], values[names.term("validUntil")]
    extents: dict[str, list[Extent]] = {}
    for iri, divisions in values[names.term("extentOf")].items():
        period = Period(_first_day(since.get(iri)), _last_day(until.get(iri)))
        parts = frozenset(values[names.term("composedOf")].get(iri, ()))
        for division in divisions:
            extents.setdefault(division, []).append(Extent(iri, division, period, parts))
    existence = {
        iri: Period(first=_first_day(days))
        for term in ("validFrom", "effectiveFrom")
        for iri, days in values[names.term(term)].items()
    }
    ordered = {
        division: tuple(sorted(members, key=lambda extent: (extent.period, extent.iri)))
        for division, members in extents.items()
    }
    return Territory(containers, ordered, existence)


def _first_day(texts: Iterable[str] | None) -> str:
    periods = [period for text in texts or () if (period := parse_period(text))]
    return min((period.first for period in periods), default=_EARLIEST)


def _last_day(texts: Iterable[str] | None) -> str:
    periods = [period for text in texts or () if (period := parse_period(text))]
    return max((period.last for period in periods), default=_LATEST)
