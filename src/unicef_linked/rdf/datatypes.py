"""XSD 1.1 datatypes (W3C XML Schema 1.1, part 2): which lexical forms are well-formed. Pure.

White space is not removed first: in RDF a lexical form is what is written (RDF 1.1 Concepts,
section 5).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from collections.abc import Callable

_YEAR: Final = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH: Final = r"(?P<month>0[1-9]|1[0-2])"
_DAY: Final = r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?|24:00:00(?:\.0+)?)"
_ZONE: Final = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_YEARS_MONTHS: Final = r"(?:[0-9]+Y(?:[0-9]+M)?|[0-9]+M)"
_DAYS: Final = r"[0-9]+D"
_CLOCK: Final = r"T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?"
_INTEGER: Final = r"[+-]?[0-9]+"
_DECIMAL: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_DOUBLE: Final = rf"(?:{_DECIMAL}(?:[Ee][+-]?[0-9]+)?|[+-]?INF|NaN)"
_COLLAPSED: Final = r"(?:[^\r\n\t ]+(?: [^\r\n\t ]+)*)?"
_NAME_START: Final = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME: Final = rf"{_NAME_START}\-.0-9\xb7\u0300-\u036f\u203f-\u2040"
_BASE64: Final = (
    r"(?:(?:[A-Za-z0-9+/] ?){4})*"
    r"(?:(?:[A-Za-z0-9+/] ?){3}[A-Za-z0-9+/]"
    r"|(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?="
    r"|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?"
)

_PATTERNS: Final = {
    "boolean": "true|false|1|0",
    "decimal": _DECIMAL,
    "integer": _INTEGER,
    "double": _DOUBLE,
    "float": _DOUBLE,
    "dateTime": f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}?",
    "dateTimeStamp": f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}",
    "date": f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}?",
    "time": f"{_TIME}{_ZONE}?",
    "gYear": f"{_YEAR}{_ZONE}?",
    "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}?",
    "gMonth": f"--{_MONTH}{_ZONE}?",
    "gMonthDay": f"--{_MONTH}-{_DAY}{_ZONE}?",
    "gDay": f"---{_DAY}{_ZONE}?",
    "duration": f"-?P(?=[0-9T]){_YEARS_MONTHS}?(?:{_DAYS})?(?:{_CLOCK})?",
    "yearMonthDuration": f"-?P{_YEARS_MONTHS}",
    "dayTimeDuration": f"-?P(?=[0-9T])(?:{_DAYS})?(?:{_CLOCK})?",
    "hexBinary": "(?:[0-9A-Fa-f]{2})*",
    "base64Binary": _BASE64,
    "anyURI": _COLLAPSED,
    "language": "[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*",
    "normalizedString": r"[^\r\n\t]*",
    "token": _COLLAPSED,
    "Name": f"[:{_NAME_START}][:{_NAME}]*",
    "NCName": f"[{_NAME_START}][{_NAME}]*",
    "NMTOKEN": f"[:{_NAME}]+",
}

_RANGES: Final[dict[str, tuple[int | None, int | None]]] = {
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "nonNegativeInteger": (0, None),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
    "positiveInteger": (1, None),
}
"""The types that are derived from xsd:integer: the least and the greatest value."""

DERIVED_INTEGERS: Final = frozenset(f"{XSD}{name}" for name in _RANGES)
"""The types that are derived from xsd:integer."""
DECIMALS: Final = frozenset({f"{XSD}integer", f"{XSD}decimal"}) | DERIVED_INTEGERS
"""The types whose values are exact numbers."""
DOUBLES: Final = frozenset({f"{XSD}double", f"{XSD}float"})
"""The types whose values are floating-point numbers."""

_DAYS_IN_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_well_formed(lexical_form: str, datatype: str) -> bool | None:
    """Return whether a lexical form belongs to a datatype; None for a type that is not of XSD.

    >>> is_well_formed("-0012-11-29", f"{XSD}date"), is_well_formed("20", f"{XSD}gYear")
    (True, False)
    """
    check = _CHECKS.get(datatype)
    return None if check is None else check(lexical_form)


def _matches(pattern: str) -> Callable[[str], bool]:
    """Return a check of a form against a pattern, and of a day against the month it has."""
    compiled = re.compile(pattern)

    def check(lexical_form: str) -> bool:
        match = compiled.fullmatch(lexical_form)
        return match is not None and _is_day(match.groupdict())

    return check


def _is_day(parts: dict[str, str | None]) -> bool:
    """Return whether the day is one of its month; without a year, February has 29 days."""
    month, day, year = parts.get("month"), parts.get("day"), parts.get("year")
    if month is None or day is None:
        return True
    if (month, day) == ("02", "29") and year is not None:
        century, rest = year.lstrip("-")[:-2], int(year[-2:])
        # The last two digits of the century decide: a long year is not converted.
        return int(century[-2:]) % 4 == 0 if rest == 0 else rest % 4 == 0
    return int(day) <= _DAYS_IN_MONTH[int(month) - 1]


def _in_range(least: int | None, greatest: int | None) -> Callable[[str], bool]:
    is_integer = _matches(_INTEGER)

    def check(lexical_form: str) -> bool:
        if not is_integer(lexical_form):
            return False
        number = Decimal(lexical_form)  # int() refuses long numbers
        return (least is None or number >= least) and (greatest is None or number <= greatest)

    return check


_CHECKS: Final = {
    **{f"{XSD}{name}": _matches(pattern) for name, pattern in _PATTERNS.items()},
    **{f"{XSD}{name}": _in_range(*bounds) for name, bounds in _RANGES.items()},
}
