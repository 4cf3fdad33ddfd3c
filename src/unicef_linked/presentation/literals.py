"""Literals as people write them: dates and numbers in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from unicef_linked.presentation.local_formats import format_date, format_number
from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from pyoxigraph import Literal

_NUMBERS: Final = {
    f"{XSD}{name}"
    for name in (
        "integer",
        "decimal",
        "double",
        "float",
        "int",
        "long",
        "nonNegativeInteger",
        "short",
    )
}


@dataclass(frozen=True, slots=True)
class Told:
    """A literal for reading; ``kind`` is date, number, truth, digest, code or text."""

    text: str
    kind: str
    lexical: str


def tell(literal: Literal, language: str) -> Told:
    """Return a literal as the language writes it; what cannot be read as its datatype says stays as it is.

    >>> from pyoxigraph import Literal, NamedNode
    >>> tell(Literal("2016-01", datatype=NamedNode(f"{XSD}gYearMonth")), "fr").text
    'janvier 2016'
    >>> tell(Literal("4568", datatype=NamedNode(f"{XSD}integer")), "en").text
    '4,568'
    """
    datatype, text = literal.datatype.value, literal.value
    if datatype in _DATES:
        return Told(_date(text, datatype, language), "date", text)
    if datatype in _NUMBERS:
        return Told(_number(text, language), "number", text)
    if datatype == f"{XSD}boolean":
        return Told(text, "truth", text)
    if datatype == f"{XSD}hexBinary":
        return Told(text, "digest", text)
    known = literal.language or datatype.startswith(
        (XSD, "http://www.w3.org/", "http://www.opengis.net/")
    )
    return Told(text, "text" if known else "code", text)


_DATES: Final = {
    f"{XSD}gYear": ("-01-01", 1),
    f"{XSD}gYearMonth": ("-01", 2),
    f"{XSD}date": ("", 3),
}
"""What makes a date of the datatype a day, and how many of year, month and day it has."""


def _date(text: str, datatype: str, language: str) -> str:
    """Return a date of ISO 8601 in words; a zone, and years that have none, are left alone."""
    rest, parts = _DATES[datatype]
    try:
        when = date.fromisoformat(text + rest)
    except ValueError:
        return text
    return format_date(language, *(when.year, when.month, when.day)[:parts])


def _number(text: str, language: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format_number(number, language) if number.is_finite() else text
