"""What SHACL says of data of others: of the file as it is written."""

from __future__ import annotations

import logging
from typing import Final

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.iris import SHACL, XSD, Names
from unicef_linked.validation.report import Report, read_report
from unicef_linked.validation.shacl import check

PREFIXES: Final = """PREFIX ex: <http://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def quads(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE))


def report_on(value: str, constraint: str) -> Report:
    """Return the report on a thing with a value, of a shape with a constraint."""
    shape = f"ex:Shape a sh:NodeShape ; sh:targetNode ex:thing ; sh:property [ {constraint} ] ."
    return check(quads(f"ex:thing ex:value {value} ."), quads(shape))


def components(report: Report) -> list[str]:
    return [result.constraint.removeprefix(SHACL) for result in report.results]


@pytest.mark.parametrize(
    ("form", "datatype", "conforms"),
    [
        ("-0012-11-29", "date", True),
        ("24:00:00", "time", True),
        ("2024-01-01T24:00:00Z", "dateTime", True),
        ("0000", "gYear", True),
        ("1E400", "double", True),
        ("007", "integer", True),
        ("P1Y2M", "duration", True),
        ("20", "gYear", False),
        ("2016-13", "gYearMonth", False),
        ("2023-02-30", "date", False),
        ("yes", "boolean", False),
        ("abc", "integer", False),
        ("-1", "nonNegativeInteger", False),
        ("en_GB", "language", False),
    ],
)
def test_xsd_1_1_decides_what_has_a_datatype_and_the_report_holds_the_term_as_written(
    form: str,
    datatype: str,
    conforms: bool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    report = report_on(
        f'"{form}"^^xsd:{datatype}', f"sh:path ex:value ; sh:datatype xsd:{datatype}"
    )
    assert report.conforms is conforms
    expected = [] if conforms else [f'"{form}"^^<{XSD}{datatype}>']
    assert [result.term for result in report.results] == expected
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("value", "datatype", "conforms"),
    [
        ('"a"', "xsd:string", True),
        ('"a"@en', "rdf:langString", True),
        ('"a"@en', "xsd:string", False),
        ('"a"', "rdf:langString", False),
        ("1", "xsd:decimal", False),
        ('"1"^^xsd:int', "xsd:integer", False),
        ('"anything"^^ex:own', "ex:own", True),
        ("ex:thing", "xsd:string", False),
        ('" 1"^^xsd:integer', "xsd:integer", False),
    ],
)
def test_a_value_has_the_datatype_that_it_states(value: str, datatype: str, conforms: bool) -> None:
    assert report_on(value, f"sh:path ex:value ; sh:datatype {datatype}").conforms is conforms


@pytest.mark.parametrize(
    ("value", "constraint", "conforms"),
    [
        ("5", "sh:minInclusive 5.0", True),
        ("5", "sh:minExclusive 5", False),
        ("5", "sh:maxExclusive 5.5", True),
        ('"5"^^xsd:byte', "sh:maxInclusive 4", False),
        ('"-0012-11-29"^^xsd:date', 'sh:maxInclusive "1999-12-31"^^xsd:date', True),
        ('"-0012-11-29"^^xsd:date', 'sh:minInclusive "0001-01-01"^^xsd:date', False),
        ('"2016"^^xsd:gYear', 'sh:minInclusive "2000"^^xsd:gYear', True),
        ('"abc"^^xsd:integer', "sh:minInclusive 0", False),
        ('"5"', "sh:minInclusive 0", False),
        ("ex:thing", "sh:minInclusive 0", False),
        ("[]", "sh:minInclusive 0", False),
        ('"007"^^xsd:integer', "sh:in ( 7 )", False),
        ('"007"^^xsd:integer', 'sh:hasValue "007"^^xsd:integer', True),
        ('"007"^^xsd:integer', "sh:maxLength 3", True),
        ('"007"^^xsd:integer', "sh:minLength 4", False),
        ('"1.50"^^xsd:decimal', 'sh:pattern "^1[.]50$"', True),
    ],
)
def test_a_value_is_compared_by_value_and_matched_by_its_form(
    value: str, constraint: str, conforms: bool
) -> None:
    assert report_on(value, f"sh:path ex:value ; {constraint}").conforms is conforms


@pytest.mark.parametrize(
    ("first", "second", "constraint", "conforms"),
    [
        ("1", "2", "sh:lessThan", True),
        ("2", "2", "sh:lessThan", False),
        ("2", "2.0", "sh:lessThanOrEquals", True),
        ('"-0044"^^xsd:gYear', '"0000"^^xsd:gYear', "sh:lessThan", True),
        ('"1"', "2", "sh:lessThanOrEquals", False),
        ("[]", "2", "sh:lessThan", False),
    ],
)
def test_two_values_are_compared_by_value(
    first: str, second: str, constraint: str, conforms: bool
) -> None:
    shape = f"sh:path ex:value ; {constraint} ex:other"
    assert report_on(f"{first} ; ex:other {second}", shape).conforms is conforms


def test_a_report_is_read_back_as_it_was_written() -> None:
    report = report_on('"yes"^^xsd:boolean', "sh:path ex:value ; sh:datatype xsd:boolean")
    turtle = report.turtle(Names())
    read = read_report(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
    assert read is not None
    assert read.results[0].term == report.results[0].term
    assert b'"yes"^^' in turtle


def test_a_library_s_log_is_as_loud_after_a_check_as_before() -> None:
    report_on('"x"^^xsd:integer', "sh:path ex:value ; sh:minCount 1")
    assert logging.getLogger("rdflib").getEffectiveLevel() <= logging.WARNING
