"""Numbers and dates as a language writes them (CLDR, by Babel), the same on every page."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from babel import dates, numbers, units

from unicef_linked.i18n import locale_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from babel import Locale

_LOCALES: Final = {"en": "en-GB"}
"""Locale of a language whose countries differ: en-GB has the day before the month."""


def load_formats(languages: Iterable[str]) -> None:
    """Read how languages write, some MB each: web workers that are forked later share it."""
    for language in languages:
        format_number(0, language)
        format_date(language, 2000, 1, 1)


@lru_cache(maxsize=4096, typed=True)
def format_number(value: float | Decimal, language: str) -> str:
    """Return a number with all its digits.

    >>> format_number(16.27167, "fr"), format_number(4568, "en")
    ('16,27167', '4,568')
    """
    return str(numbers.format_decimal(value, locale=_locale(language), decimal_quantization=False))


def format_area(square_metres: float | Decimal, language: str) -> str:
    """Return an area in square kilometres, whole from 10 on.

    >>> format_area(2.3194e10, "en"), format_area(1.5e6, "en")
    ('23,194 km²', '1.5 km²')
    """
    kilometres = float(square_metres) / 1e6
    shown = round(kilometres, 1) if kilometres < 10 else round(kilometres)
    return str(units.format_unit(shown, "area-square-kilometer", "short", locale=_locale(language)))


def format_date(language: str, year: int, month: int | None = None, day: int | None = None) -> str:
    """Return a date in words with the precision given; raises ValueError if there is no such day.

    >>> format_date("en", 2016, 1, 19), format_date("fr", 2016, 1), format_date("fr", 2016)
    ('19 January 2016', 'janvier 2016', '2016')
    """
    when = date(year, month or 1, day or 1)
    if day:
        return str(dates.format_date(when, "long", locale=_locale(language)))
    if month:
        return str(dates.format_skeleton("yMMMM", when, locale=_locale(language)))
    return str(when.year)


def _locale(language: str) -> Locale:
    return locale_of(_LOCALES.get(language, language))
