"""Which lexical forms XSD 1.1 has, and how SHACL compares literals: by SPARQL's operators."""

from __future__ import annotations

import pytest
import rdflib

from unicef_linked.rdf.datatypes import is_well_formed
from unicef_linked.rdf.iris import RDF, XSD
from unicef_linked.validation.components import AsWritten, holds


@pytest.mark.parametrize(
    ("datatype", "well_formed", "ill_formed"),
    [
        ("boolean", "true false 1 0", "yes True TRUE 2 01"),
        ("decimal", "1 -1.50 +.5 1. 0042", "1e3 . INF 1,5 ٣"),
        ("integer", "042 +7 -0 " + "9" * 5000, "1.0 abc - 1e3 ٣"),
        ("nonNegativeInteger", "0 -0 +12", "-1 1.0"),
        ("positiveInteger", "1 007", "0 -1"),
        ("nonPositiveInteger", "0 -5", "1"),
        ("negativeInteger", "-1", "0 -0 1"),
        ("byte", "127 -128 +0", "128 -129"),
        ("short", "32767 -32768", "32768"),
        ("int", "2147483647 -2147483648", "2147483648"),
        ("long", "9223372036854775807", "9223372036854775808 " + "9" * 5000),
        ("unsignedByte", "255 0", "256 -1"),
        ("unsignedShort", "65535", "65536"),
        ("unsignedInt", "4294967295", "4294967296"),
        ("unsignedLong", "18446744073709551615", "18446744073709551616"),
        ("double", "1E400 -1.5e-3 INF +INF -INF NaN .5 5.", "nan inf Infinity 1e 0x1"),
        ("float", "1.0 INF NaN", "-NaN 1f"),
        (
            "date",
            "2024-02-29 -0012-11-29 0000-02-29 -0004-02-29 2000-02-29 12024-01-01Z"
            " 2024-01-01+14:00 2024-01-01-13:59",
            "2023-02-29 1900-02-29 2023-02-30 2023-04-31 2023-13-01 2023-00-10 23-01-01 2023-1-1"
            " 02024-01-01 +2024-01-01 2024-01-01+14:01 2024-01-01T00:00:00 2024/01/01",
        ),
        (
            "dateTime",
            "2024-01-01T24:00:00Z 2024-01-01T00:00:00.123456789 -0044-03-15T12:00:00",
            "2024-01-01T24:00:01Z 2024-01-01T25:00:00 2024-01-01T00:60:00 2024-01-01T00:00:60"
            " 2024-01-01 2024-01-01T00:00 2023-02-30T00:00:00 2024-01-01T00:00:00.",
        ),
        ("dateTimeStamp", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
        ("time", "24:00:00 24:00:00.00 23:59:59.9+01:00", "24:00:01 1:00:00 12:00 24:01:00"),
        ("gYear", "2024 -0044 0000 12024 2024Z", "20 024 02024 2024-01 +2024"),
        ("gYearMonth", "2016-01 -0044-12Z", "2016-13 2016-00 2016-1 2016"),
        ("gMonth", "--01 --12+01:00", "--13 --1 01"),
        ("gMonthDay", "--02-29 --12-31", "--02-30 --04-31 --1-1"),
        ("gDay", "---01 ---31Z", "---32 ---0 01"),
        ("duration", "P1Y2M P12M PT0S -P1DT1.5S P1Y1D PT1H", "P PT P1S P1YT 1Y P-1Y PT1.5H P1M1Y"),
        ("yearMonthDuration", "P1Y -P2M P1Y2M", "P1D P PT1S"),
        ("dayTimeDuration", "P1D PT1H1M1.1S -P1DT1H", "P1Y PT P P1M"),
        ("hexBinary", "0aFF 00", "0 0G"),
        ("base64Binary", "YQ== YWI= YWJj", "Y YQ= YR== YW=="),
        ("language", "en fr-ML zh-Hant-TW x-klingon", "123 en_GB e$ toolongword en-"),
        ("anyURI", "http://example.org/é relative#part ../a", "a\tb a\nb"),
        ("NCName", "a _b é.1-2", "1a a:b -a"),
        ("Name", "a:b :c", "1a"),
        ("NMTOKEN", "1a -b a:b", "a/b"),
    ],
)
def test_a_form_is_well_formed_if_xsd_1_1_says_so(
    datatype: str, well_formed: str, ill_formed: str
) -> None:
    accepted = {form for form in well_formed.split(" ") if is_well_formed(form, XSD + datatype)}
    assert accepted == set(well_formed.split(" "))
    refused = {form for form in ill_formed.split(" ") if not is_well_formed(form, XSD + datatype)}
    assert refused == set(ill_formed.split(" "))


@pytest.mark.parametrize(
    ("datatype", "form", "answer"),
    [
        pytest.param("integer", " 1", False, id="white space is part of a form"),
        pytest.param("integer", "1\n", False, id="a line end is part of a form"),
        pytest.param("integer", "", False, id="nothing is no integer"),
        pytest.param("hexBinary", "", True, id="nothing is binary data"),
        pytest.param("base64Binary", "YW Jj", True, id="spaces inside binary data"),
        pytest.param("anyURI", "", True, id="nothing is an anyURI"),
        pytest.param("token", "a b", True, id="a token with a space"),
        pytest.param("token", "a  b", False, id="a token with two spaces"),
        pytest.param("normalizedString", "a  b ", True, id="spaces in a normalized string"),
        pytest.param("normalizedString", "a\nb", False, id="a line end in a normalized string"),
        pytest.param("string", "a\n", None, id="any text is a string"),
    ],
)
def test_white_space_counts(datatype: str, form: str, answer: bool | None) -> None:
    assert is_well_formed(form, XSD + datatype) is answer


def test_of_other_datatypes_nothing_is_said() -> None:
    assert is_well_formed("<a", f"{RDF}XMLLiteral") is None
    assert is_well_formed("x", "http://example.org/own") is None


@pytest.mark.parametrize(
    ("left", "operator", "right", "answer"),
    [
        ("1^integer", "<", "2.5^decimal", True),
        ("007^integer", "<=", "7^byte", True),
        ("10^integer", "<", "9^integer", False),
        ("9" * 30 + "^integer", "<", "9" * 31 + "^integer", True),
        ("1^integer", "<", "1.5^double", True),
        ("1^integer", "<=", "NaN^double", False),
        ("NaN^double", "<=", "NaN^double", False),
        ("5^double", "<", "INF^float", True),
        ("false^boolean", "<", "1^boolean", True),
        ("a^string", "<", "b^string", True),
        ("a^string", "<", "2^integer", False),
        ("-0012-11-29^date", "<", "1999-12-31^date", True),
        ("2024-01-01T24:00:00Z^dateTime", "<=", "2024-01-02T00:00:00Z^dateTime", True),
        ("2024-01-01T00:00:00+01:00^dateTime", "<", "2024-01-01T00:00:00Z^dateTime", True),
        ("2024-01-01^date", "<", "2024-01-02T00:00:00^dateTime", False),
        ("-0044^gYear", "<", "0000^gYear", True),
        ("2016-01^gYearMonth", "<", "2016-02^gYearMonth", True),
        ("PT1H^dayTimeDuration", "<", "PT2H^dayTimeDuration", True),
        ("abc^integer", "<=", "abc^integer", False),
        ("2023-02-30^date", "<", "2024-01-01^date", False),
    ],
)
def test_literals_are_compared_as_sparql_does(
    left: str, operator: str, right: str, answer: bool
) -> None:
    terms = [AsWritten(form, XSD + name) for form, name in (t.split("^") for t in (left, right))]
    assert holds(terms[0], operator, terms[1]) is answer


@pytest.mark.parametrize(
    "term", [rdflib.URIRef("urn:a"), rdflib.BNode("b"), rdflib.Literal("a", "en")]
)
def test_what_is_no_value_is_not_compared(term: rdflib.term.Node) -> None:
    assert not holds(term, "<=", term)


def test_a_literal_keeps_its_form() -> None:
    for form, name in (("042", "integer"), ("yes", "boolean"), (" a  b ", "token")):
        assert str(AsWritten(form, XSD + name)) == form
