"""Literals as a language writes them: dates and numbers in words of the page's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from unicef_linked.presentation.local_formats import format_area, format_date, format_number
from unicef_linked.rdf.iris import GEO, XSD

if TYPE_CHECKING:
    from pyoxigraph import Literal

_NUMBERS: Final = frozenset(
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
)

_DATES: Final = {
    f"{XSD}gYear": ("-01-01", 1),
    f"{XSD}gYearMonth": ("-01", 2),
    f"{XSD}date": ("", 3),
}
"""Datatypes of dates: the suffix that makes a day of a value, the number of parts that it has."""

_METRIC_AREA: Final = f"{GEO}hasMetricArea"
"""Areas in square metres (GeoSPARQL 1.1, section 8.3.2.7)."""

_STANDARD: Final = (XSD, "http://www.w3.org/", "http://www.opengis.net/")
"""Beginnings of datatypes of standards; other datatypes are schemes of codes."""


@dataclass(frozen=True, slots=True)
class FormattedLiteral:
    """A literal as a page shows it; ``kind`` is date, number, boolean, digest, code or text."""

    text: str
    kind: str
    lexical: str

    @property
    def is_true(self) -> bool:
        """Whether a boolean is true (XML Schema 1.1 part 2, section 3.3.2)."""
        return self.lexical in {"true", "1"}


def format_literal(literal: Literal, language: str) -> FormattedLiteral:
    """Return a literal as the language writes it; ill-typed ones keep their lexical form.

    >>> from pyoxigraph import Literal, NamedNode
    >>> format_literal(Literal("2016-01", datatype=NamedNode(f"{XSD}gYearMonth")), "fr").text
    'janvier 2016'
    >>> format_literal(Literal("4568", datatype=NamedNode(f"{XSD}integer")), "en").text
    '4,568'
    """
    datatype, text = literal.datatype.value, literal.value
    if datatype in _DATES:
        return FormattedLiteral(_date(text, datatype, language), "date", text)
    if datatype in _NUMBERS:
        return FormattedLiteral(_number(text, language), "number", text)
    if datatype == f"{XSD}boolean":
        return FormattedLiteral(text, "boolean", text)
    if datatype == f"{XSD}hexBinary":
        return FormattedLiteral(text, "digest", text)
    is_text = literal.language or datatype.startswith(_STANDARD)
    return FormattedLiteral(text, "text" if is_text else "code", text)


def format_value(literal: Literal, predicate: str, language: str) -> FormattedLiteral:
    """Return a literal as a value of a property: an area in square metres in square kilometres."""
    formatted = format_literal(literal, language)
    if predicate != _METRIC_AREA or formatted.kind != "number":
        return formatted
    try:
        text = format_area(Decimal(literal.value), language)
    except (InvalidOperation, ValueError, OverflowError):
        return formatted
    return FormattedLiteral(text, formatted.kind, formatted.lexical)


def _date(text: str, datatype: str, language: str) -> str:
    """Return a date of ISO 8601 in words; one with a zone or a negative year stays as it is."""
    suffix, parts = _DATES[datatype]
    try:
        day = date.fromisoformat(text + suffix)
    except ValueError:
        return text
    return format_date(language, *(day.year, day.month, day.day)[:parts])


def _number(text: str, language: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format_number(number, language) if number.is_finite() else text
