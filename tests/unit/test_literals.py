"""Dates and numbers in the reader's language."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode

from unicef_linked.presentation.literals import FormattedLiteral, format_literal
from unicef_linked.rdf.iris import XSD


@pytest.mark.parametrize(
    ("datatype", "text", "english", "french", "kind"),
    [
        pytest.param(
            "gYear", "2013", "2013", "2013", "date", id="a year is no number: no separator"
        ),
        pytest.param(
            "gYearMonth",
            "2016-01",
            "January 2016",
            "janvier 2016",
            "date",
            id="no more exact than it is",
        ),
        pytest.param(
            "date", "2016-01-19", "19 January 2016", "19 janvier 2016", "date", id="a day"
        ),
        pytest.param(
            "gYear", "-0044", "-0044", "-0044", "date", id="a year before ours stays as it is"
        ),
        pytest.param(
            "date",
            "2016-01-19Z",
            "2016-01-19Z",
            "2016-01-19Z",
            "date",
            id="so does a day with a zone",
        ),
        pytest.param(
            "integer", "4568", "4,568", "4\u202f568", "number", id="thousands stand apart"
        ),
        pytest.param(
            "decimal", "16.27167", "16.27167", "16,27167", "number", id="no digit is lost"
        ),
        pytest.param("double", "INF", "INF", "INF", "number", id="what is no number in figures"),
        pytest.param("integer", "many", "many", "many", "number", id="what is not what it says"),
        pytest.param("boolean", "true", "true", "true", "boolean", id="the page says yes or no"),
        pytest.param("hexBinary", "9bbe", "9bbe", "9bbe", "digest", id="a digest"),
        pytest.param("string", "2013", "2013", "2013", "text", id="a text is left alone"),
    ],
)
def test_a_literal_is_formatted_as_the_language_writes_it(
    datatype: str, text: str, english: str, french: str, kind: str
) -> None:
    literal = Literal(text, datatype=NamedNode(XSD + datatype))
    assert format_literal(literal, "en") == FormattedLiteral(english, kind, text)
    assert format_literal(literal, "fr") == FormattedLiteral(french, kind, text)


def test_a_datatype_of_a_scheme_of_codes_makes_a_code() -> None:
    assert (
        format_literal(Literal("ML-7", datatype=NamedNode("http://example.org/iso")), "fr").kind
        == "code"
    )
    assert format_literal(Literal("ML-7", language="fr"), "fr").kind == "text"
