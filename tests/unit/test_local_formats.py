"""Numbers and dates as each language writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from unicef_linked.presentation.local_formats import format_date, format_number


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        pytest.param(4568, "en", "4,568", id="English"),
        pytest.param(4568, "fr", "4\u202f568", id="French"),
        pytest.param(4568.5, "pt-BR", "4.568,5", id="a language with a country"),
        pytest.param(
            Decimal("16.271670"), "en", "16.27167", id="no digit is lost, no nought is kept"
        ),
        pytest.param(1.0, "en", "1", id="a whole number of a division"),
    ],
)
def test_a_number_is_written_whole(value: float | Decimal, language: str, expected: str) -> None:
    assert format_number(value, language) == expected


@pytest.mark.parametrize(
    ("language", "parts", "expected"),
    [
        pytest.param(
            "en", (2016, 1, 19), "19 January 2016", id="the day before the month in English"
        ),
        pytest.param("fr", (2016, 1, 19), "19 janvier 2016", id="French"),
        pytest.param("pt", (2016, 1, 19), "19 de janeiro de 2016", id="Portuguese"),
        pytest.param("ar", (2016, 1, 19), "19 يناير 2016", id="Arabic"),
        pytest.param("en", (2016, 1), "January 2016", id="a month has no day"),
        pytest.param("fr", (2016,), "2016", id="a year has no month"),
    ],
)
def test_a_date_is_no_more_exact_than_it_is_given(
    language: str, parts: tuple[int, ...], expected: str
) -> None:
    assert format_date(language, *parts) == expected


def test_a_day_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        format_date("en", 2016, 2, 30)
