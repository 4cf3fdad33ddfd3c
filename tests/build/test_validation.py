"""What SHACL says of data of others: of the file as it is written."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, build, validate
from unicef_linked.cli import main
from unicef_linked.rdf.iris import SHACL, XSD, Names
from unicef_linked.validation.report import Report, read_report
from unicef_linked.validation.shacl import check

if TYPE_CHECKING:
    from pathlib import Path

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


# Blank nodes


def content(folder: Path, data: str, shapes: str) -> Content:
    """Return content of one file of data and one of shapes."""
    for name, text in (("data", data), ("shapes", shapes), ("ontology", "ex:Own a rdf:Class .")):
        (folder / name).mkdir()
        (folder / name / f"{name}.ttl").write_text(PREFIXES + text, encoding="utf-8")
    parts = [(folder / name,) for name in ("data", "shapes", "ontology")]
    return Content(*parts, folder / "rules")


CLINIC: Final = """ex:Shape a sh:NodeShape ; sh:targetClass ex:Clinic ;
  sh:property [ sh:path ex:address ; sh:nodeKind {} ] ."""


@pytest.mark.parametrize(
    ("value", "kind", "conforms"),
    [
        ("[ ex:town 'Gao' ]", "sh:BlankNode", True),
        ("[ ex:town 'Gao' ]", "sh:BlankNodeOrIRI", True),
        ("[ ex:town 'Gao' ]", "sh:IRI", False),
        ("( 1 2 3 )", "sh:BlankNode", True),
        ("ex:gao", "sh:BlankNode", False),
    ],
)
def test_a_blank_node_is_one_to_the_shapes(
    value: str, kind: str, conforms: bool, tmp_path: Path
) -> None:
    report = validate(
        content(tmp_path, f"ex:clinic a ex:Clinic ; ex:address {value} .", CLINIC.format(kind))
    )
    assert report.conforms is conforms
    assert b"genid" not in report.turtle(Names())


def test_a_result_about_a_blank_node_has_the_place_of_what_leads_to_it(tmp_path: Path) -> None:
    data = """
ex:clinic a ex:Clinic ;
  ex:address [ ex:town [ a ex:Town ] ] .
[] a ex:Town ; ex:code "7" .
"""
    shapes = """ex:Shape a sh:NodeShape ; sh:targetClass ex:Town ;
      sh:property [ sh:path ex:name ; sh:minCount 1 ] ."""
    report = validate(content(tmp_path, data, shapes))
    assert all(result.focus_node.startswith("_:") for result in report.results)
    path = str(tmp_path / "data" / "data.ttl")
    line = (PREFIXES + data).splitlines().index("ex:clinic a ex:Clinic ;") + 1
    assert {(result.file, result.line) for result in report.results} == {(path, line), (path, 0)}


def test_results_about_blank_nodes_of_a_file_are_shown_in_the_context_of_others(
    tmp_path: Path,
) -> None:
    both = content(
        tmp_path,
        "ex:clinic ex:address [ a ex:Town ] .",
        CLINIC.replace("Clinic", "Town").format("sh:IRI"),
    )
    data = tmp_path / "data" / "data.ttl"
    data.write_text(PREFIXES + "ex:c ex:at [ a ex:Town ; ex:address 1 ] .", encoding="utf-8")
    other = tmp_path / "other.ttl"
    other.write_text(PREFIXES + "ex:d ex:at [ a ex:Town ; ex:address 2 ] .", encoding="utf-8")
    report = validate(both, [other])
    assert [result.value for result in report.results] == ["1"]


def test_a_release_names_the_blank_nodes_of_its_report_as_it_does_in_its_statements(
    tmp_path: Path,
) -> None:
    shapes = CLINIC.format("sh:IRI ; sh:severity sh:Info")
    data = "ex:clinic a ex:Clinic ; ex:address [ ex:town 'Gao' ] ."
    release = build(content(tmp_path, data, shapes), tmp_path / "out")
    report = ox.parse((release.path / "report.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    values = [quad.object for quad in report if quad.predicate.value == f"{SHACL}value"]
    assert values == [
        quad.object for quad in release.quads() if quad.predicate.value.endswith("/address")
    ]


def test_a_long_list_can_be_the_value_of_a_result(tmp_path: Path) -> None:
    members = " ".join(map(str, range(1500)))
    data = f"ex:clinic a ex:Clinic ; ex:address ( {members} ) ."
    report = validate(content(tmp_path, data, CLINIC.format("sh:IRI")))
    assert len(report.results) == 1


# Shapes in several files, and the ontology


def run(
    capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, pytest.CaptureResult[str]]:
    status = main(["validate", *map(str, arguments)])
    return status, capsys.readouterr()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Data that conforms, and shapes that import others."""
    texts = {
        "data.ttl": "ex:clinic a ex:Clinic ; ex:address ex:gao .",
        "clinic.ttl": CLINIC.format("sh:IRI"),
        "more.ttl": f"<http://example.org/more> a owl:Ontology . {CLINIC.format('sh:Literal')}",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(PREFIXES + text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("iri", "given", "is_told"),
    [
        pytest.param("more.ttl", (), True, id="a file beside it"),
        pytest.param("http://example.org/more", (), True, id="an ontology"),
        pytest.param("http://example.org/absent", ("more.ttl",), True, id="another ontology"),
        pytest.param("more.ttl", ("more.ttl",), False, id="a file beside it that is given"),
        pytest.param("http://example.org/more", ("more.ttl",), False, id="an ontology given"),
        pytest.param("http://example.org/more#", ("more.ttl",), False, id="with a hash"),
        pytest.param("http://other.example/more.ttl", ("more.ttl",), False, id="a name given"),
    ],
)
def test_an_import_of_shapes_that_was_not_read_is_told(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    iri: str,
    given: tuple[str, ...],
    is_told: bool,
) -> None:
    shapes = folder / "shapes.ttl"
    text = f"<http://example.org/own> a owl:Ontology ; owl:imports <{iri}> .\n"
    shapes.write_text(PREFIXES + text + CLINIC.format("sh:IRI"), encoding="utf-8")
    options = [option for name in given for option in ("--shapes", folder / name)]
    status, output = run(capsys, folder / "data.ttl", "--shapes", shapes, *options)
    line = PREFIXES.count("\n") + 1
    expected = (
        f"unicef-linked: {shapes}:{line}: imports <{iri}>, which was not read;"
        " give its file with --shapes\n"
    )
    assert output.err == (expected if is_told else "")
    assert status == (1 if given else 0)


def test_other_shapes_are_used_without_the_packaged_ontology(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes = folder / "classes.ttl"
    shapes.write_text(
        f"""{PREFIXES}
        ex:Class a sh:NodeShape ; sh:targetClass owl:Class, <http://www.w3.org/2000/01/rdf-schema#Class> ;
          sh:property [ sh:path ex:owner ; sh:minCount 1 ] .
        """,
        encoding="utf-8",
    )
    assert run(capsys, folder / "data.ttl", "--shapes", shapes)[0] == 0


def test_an_ontology_can_be_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ontology = folder / "ontology.ttl"
    ontology.write_text(
        f"{PREFIXES} ex:Hospital <http://www.w3.org/2000/01/rdf-schema#subClassOf> ex:Clinic .",
        encoding="utf-8",
    )
    data = folder / "hospital.ttl"
    data.write_text(f"{PREFIXES} ex:h a ex:Hospital ; ex:address 'Gao' .", encoding="utf-8")
    arguments = (data, "--shapes", folder / "clinic.ttl")
    assert run(capsys, *arguments)[0] == 0
    assert run(capsys, *arguments, "--ontology", ontology)[0] == 1


def test_shapes_that_refer_to_themselves_are_told_in_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes, data = folder / "loop.ttl", folder / "loop-data.ttl"
    shapes.write_text(
        f"""{PREFIXES} ex:Node a sh:NodeShape ; sh:targetClass ex:Node ;
        sh:property [ sh:path ex:next ; sh:node ex:Node ] .""",
        encoding="utf-8",
    )
    data.write_text(
        f"{PREFIXES} ex:a a ex:Node ; ex:next ex:b . ex:b a ex:Node ; ex:next ex:a .",
        encoding="utf-8",
    )
    status, output = run(capsys, data, "--shapes", shapes)
    assert status == 0
    assert output.err.count("\n") == 1
    assert "refer to themselves" in output.err
