"""Literals as people write them: dates and numbers in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal

from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from pyoxigraph import Literal

_NUMBERS: Final = {
    f"{XSD}{name}" for name in ("integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger", "short")
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
    known = literal.language or datatype.startswith((XSD, "http://www.w3.org/", "http://www.opengis.net/"))
    return Told(text, "text" if known else "code", text)


_DAYS: Final = {"en": "en_GB"}
"""Whose way of writing a day a language takes where its countries differ: the day first, as most of the world has it."""

_DATES: Final = (f"{XSD}gYear", f"{XSD}gYearMonth", f"{XSD}date")


def _date(text: str, datatype: str, language: str) -> str:
    """Return a date of ISO 8601 in words, no more exact than it is; a zone, and years that have none, are left alone."""
    try:
        if datatype == f"{XSD}gYear":
            return str(date.fromisoformat(f"{text}-01-01").year)
        if datatype == f"{XSD}gYearMonth":
            return str(format_skeleton("yMMMM", date.fromisoformat(f"{text}-01"), locale=language))
        return str(format_date(date.fromisoformat(text), format="long", locale=_DAYS.get(language, language)))
    except ValueError:
        return text


def _number(text: str, language: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(format_decimal(number, locale=language, decimal_quantization=False)) if number.is_finite() else text
