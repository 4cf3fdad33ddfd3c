"""Two ways to validate: by sets, for large graphs, and by pySHACL. Both give the same report."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import GRAPHS, ROOT, SHARED

from unicef_linked.build import Content, validate
from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.datatypes import is_well_formed
from unicef_linked.rdf.iris import RDF, RDFS, SHACL, XSD
from unicef_linked.validation import shacl
from unicef_linked.validation.shacl import SETS_FROM, check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unicef_linked.validation.report import Report, Result

SUITE: Final = SHARED / "w3c" / "shacl"
ULSH: Final = "https://w3id.org/unicef-linked/shapes#"
PREFIXES: Final = """PREFIX ex: <http://example.org/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""


def quads(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE))


@cache
def read(path: Path) -> tuple[ox.Quad, ...]:
    base = path.as_uri()
    return tuple(
        ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE, base_iri=base, rename_blank_nodes=True)
    )


@cache
def folder(name: str) -> tuple[ox.Quad, ...]:
    return tuple(quad for path in sorted((ROOT / name).glob("*.ttl")) for quad in read(path))


@cache
def hierarchy() -> tuple[ox.Quad, ...]:
    return tuple(q for q in folder("ontology") if q.predicate.value == f"{RDFS}subClassOf")


def by_pyshacl(data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> Report:
    return check(data, shapes, sets_from=len(data) + 1)


def by_sets(data: Sequence[ox.Quad], shapes: Sequence[ox.Quad]) -> Report:
    return check(data, shapes, sets_from=0)


def only_by_sets(
    data: Sequence[ox.Quad], shapes: Sequence[ox.Quad], monkeypatch: pytest.MonkeyPatch
) -> Report:
    """Return the report by sets; fails where a shape is left to pySHACL."""
    with monkeypatch.context() as patch:
        patch.setattr(shacl.pyshacl, "validate", None)
        return by_sets(data, shapes)


def results(report: Report) -> Counter[Result]:
    return Counter(report.results)


# Each constraint, in words of its own where a shape has no message

DATA: Final = """
ex:Person rdfs:subClassOf ex:Agent .
ex:Pupil rdfs:subClassOf ex:Person .
ex:ada a ex:Person ; ex:name "Ada"@en, "Ada"@fr, "A."@en ; ex:age 36, "036"^^xsd:integer ; ex:knows ex:bob, [ ex:name "No one" ] ;
  ex:born "1815-12-10"^^xsd:date ; ex:died "1852-11-27"^^xsd:date ; ex:score "1.50"^^xsd:decimal .
ex:bob a ex:Pupil ; ex:name "Bob", 7 ; ex:age "seven", -3, 5.5 ; ex:knows ex:ada, ex:cy, "Ada" ; ex:mother ex:ada ;
  ex:born "1852-01-01"^^xsd:date, "1852"^^xsd:gYear ; ex:died "1815-01-01"^^xsd:date ; ex:nick "Bob" ; ex:score "1.5"^^xsd:decimal .
ex:cy a ex:Agent ; ex:knows ex:cy ; ex:age "x"^^xsd:integer ; ex:mother ex:bob ; ex:parts ( ex:ada "b" 3 ) .
[] a ex:Agent ; ex:name "Zoé"@fr-be ; ex:knows [ a ex:Agent ; ex:age 1, 2, 3, 36 ] .
"""

CONSTRAINTS: Final = (
    "sh:path ex:name ; sh:minCount 1 ; sh:maxCount 1",
    "sh:path ex:name ; sh:uniqueLang true",
    "sh:path ex:name ; sh:languageIn ( 'en' 'fr' )",
    "sh:path ex:name ; sh:datatype xsd:string",
    "sh:path ex:name ; sh:datatype rdf:langString",
    "sh:path ex:name ; sh:pattern '^a' ; sh:flags 'i' ; sh:minLength 3 ; sh:maxLength 5",
    "sh:path ex:knows ; sh:pattern 'o' ; sh:minLength 0 ; sh:maxLength 20",
    "sh:path ex:age ; sh:datatype xsd:integer",
    "sh:path ex:age ; sh:minInclusive 5 ; sh:maxExclusive 36",
    "sh:path ex:age ; sh:minExclusive 5.5 ; sh:maxInclusive 36.0",
    "sh:path ex:born ; sh:minInclusive '1830-01-01'^^xsd:date",
    "sh:path ex:age ; sh:in ( 36 -3 'seven' )",
    "sh:path ex:age ; sh:hasValue '036'^^xsd:integer, 5.5",
    "sh:path ex:knows ; sh:class ex:Person",
    "sh:path ex:knows ; sh:class ex:Agent, ex:Person",
    "sh:path ex:knows ; sh:nodeKind sh:IRI",
    "sh:path ex:knows ; sh:nodeKind sh:BlankNodeOrLiteral",
    "sh:path ex:name ; sh:equals ex:nick",
    "sh:path ex:name ; sh:disjoint ex:nick",
    "sh:path ex:born ; sh:lessThan ex:died",
    "sh:path ex:age ; sh:lessThanOrEquals ex:age",
    "sh:path ex:knows ; sh:node ex:Named",
    "sh:path ex:knows ; sh:not ex:Named",
    "sh:path ex:knows ; sh:and ( ex:Named ex:Aged )",
    "sh:path ex:knows ; sh:or ( ex:Named ex:Aged )",
    "sh:path ex:knows ; sh:xone ( ex:Named ex:Aged ex:Aged )",
    "sh:path ex:knows ; sh:qualifiedValueShape ex:Named ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 1",
    "sh:path ex:knows ; sh:property [ sh:path ex:name ; sh:minCount 2 ; sh:property [ sh:path ex:x ; sh:minCount 1 ] ]",
    "sh:path ( ex:knows ex:name ) ; sh:maxCount 1",
    "sh:path [ sh:inversePath ex:knows ] ; sh:minCount 2",
    "sh:path [ sh:alternativePath ( ex:mother ex:knows ) ] ; sh:maxCount 1",
    "sh:path [ sh:zeroOrMorePath ex:mother ] ; sh:maxCount 2 ; sh:class ex:Person",
    "sh:path [ sh:oneOrMorePath ex:knows ] ; sh:maxCount 2",
    "sh:path [ sh:zeroOrOnePath ex:mother ] ; sh:nodeKind sh:BlankNode",
    "sh:path ( ex:parts [ sh:zeroOrMorePath rdf:rest ] rdf:first ) ; sh:nodeKind sh:IRI",
    "sh:path ex:age ; sh:maxCount 1 ; sh:severity sh:Warning",
    "sh:path ex:age ; sh:maxCount 1 ; sh:severity ex:Bad ; sh:message 'Why so old?', 'Pourquoi ?'@fr",
    "sh:path ex:age ; sh:maxCount 1 ; sh:deactivated true",
)

NAMED: Final = """
ex:Named a sh:NodeShape ; sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:maxCount 2 ] .
ex:Aged a sh:NodeShape ; sh:property [ sh:path ex:age ; sh:maxCount 1 ; sh:severity sh:Info ], [ sh:path ex:age ; sh:minCount 1 ] .
"""


def assert_same(
    data: Sequence[ox.Quad], shapes: Sequence[ox.Quad], monkeypatch: pytest.MonkeyPatch
) -> Report:
    """Assert that both reports are the same, and that no shape is left to pySHACL."""
    expected = by_pyshacl(data, shapes)
    assert results(only_by_sets(data, shapes, monkeypatch)) == results(expected)
    return expected


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_constraint_refuses_the_same_in_the_same_words(
    constraint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = f"ex:Shape a sh:NodeShape ; sh:targetClass ex:Agent ; sh:property [ {constraint} ] ."
    report = assert_same(quads(DATA), quads(NAMED + shape), monkeypatch)
    assert bool(report.results) is ("deactivated" not in constraint)


@pytest.mark.parametrize(
    "shape",
    [
        "sh:targetNode ex:ada, ex:nobody, 'Ada', '036'^^xsd:integer ; sh:nodeKind sh:IRI ; sh:class ex:Person",
        "sh:targetSubjectsOf ex:mother ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:knows ]",
        "sh:targetObjectsOf ex:age ; sh:datatype xsd:integer ; sh:message 'A whole number.'@en",
        "sh:targetObjectsOf ex:knows ; sh:node ex:Aged, ex:Named",
        "a rdfs:Class ; sh:nodeKind sh:BlankNode",
        "sh:path ex:age ; sh:targetClass ex:Pupil ; sh:maxCount 1",
        """sh:targetClass ex:Agent ; sh:property [ sh:path ex:knows ; sh:qualifiedValueShape ex:Named ; sh:qualifiedMinCount 1 ;
          sh:qualifiedValueShapesDisjoint true ], [ sh:path ex:knows ; sh:qualifiedValueShape ex:Aged ; sh:qualifiedMinCount 1 ;
          sh:qualifiedValueShapesDisjoint true ]""",
    ],
)
def test_a_target_selects_the_same(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = quads(f"{DATA} ex:it a ex:Shape .")
    report = assert_same(
        data,
        quads(
            f"{NAMED} ex:Shape a sh:NodeShape ; {shape} .".replace(
                "a sh:NodeShape ; sh:path", "sh:path"
            )
        ),
        monkeypatch,
    )
    assert report.results


# Queries: what is compared by value, and what as written


QUERIES: Final = (
    "SELECT $this ?value WHERE { $this ex:age ?value FILTER (REGEX(STR(?value), '^[0-9]+$') && ?value > 30) }",
    "SELECT $this ?value WHERE { $this ex:age ?value . ?other ex:age ?value . FILTER (?other != $this) }",
    "SELECT $this ?value WHERE { $this ex:score ?value . FILTER (?value = 1.5 && STRLEN(STR(?value)) > 3) }",
    "SELECT $this ?value WHERE { $this ?path ?value . FILTER (DATATYPE(?value) = xsd:integer) }",
    "SELECT DISTINCT $this ?path ?value WHERE { $this ?path ?value . FILTER (ISNUMERIC(?value) && (?value = 36 || 1.5 = ?value)) }",
    "SELECT $this WHERE { FILTER NOT EXISTS { $this ex:mother ?mother } } # no mother",
    "SELECT $this ?value WHERE { $this $PATH ?value FILTER (LANG(?value) = 'en') }",
    "SELECT $this ?other WHERE { $this ex:knows ?other . OPTIONAL { ?other ex:age ?age } FILTER (!BOUND(?age)) }",
    "SELECT $this (COUNT(?value) AS ?n) WHERE { $this ex:age ?value } GROUP BY $this HAVING (COUNT(?value) > 1)",
    "SELECT $this ?value WHERE { $this a ex:Agent . $this ex:knows ?value . FILTER NOT EXISTS { ?value ex:knows ?x . ?x ex:mother $this } }",
    "SELECT $this ?value WHERE { { $this ex:knows ?value } UNION { $this ex:mother ?value FILTER ($this != ?value) } }",
    "SELECT $this ?value WHERE { $this ex:knows ?x . BIND (?x AS ?value) }",
)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("message", ["", "; sh:message 'not {?value}, {$this}', 'hm'@en"])
def test_a_query_is_asked_once_for_all_focus_nodes(
    query: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = f"""
    ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ], [ sh:prefix "xsd" ; sh:namespace "{XSD}"^^xsd:anyURI ] .
    ex:Shape a sh:PropertyShape ; sh:path ex:name ; sh:targetSubjectsOf ex:age ; sh:targetNode ex:nobody ;
      sh:sparql [ a sh:SPARQLConstraint ; sh:prefixes ex:prefixes ; sh:select \"\"\"{query}\"\"\" {message} ] .
    """
    assert assert_same(quads(DATA), quads(shapes), monkeypatch).results


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("SELECT $this { { SELECT $this { $this ex:age ?x } } }", id="sub-select"),
        pytest.param("SELECT (?a AS ?value) { $this ex:age ?a }", id="without this"),
        pytest.param("SELECT $this { ?x ex:age ?y { FILTER (BOUND($this)) } }", id="scope"),
        pytest.param("SELECT $this { OPTIONAL { $this ex:knows ?x } } LIMIT 1", id="limit"),
        pytest.param("SELECT (COUNT(?x) AS ?value) { $this ex:age ?x }", id="one group"),
        pytest.param(
            "SELECT $this ?value { $this ex:name ?value FILTER (REGEX(STR(?value), '(?i)bob')) }",
            id="regex",
        ),
    ],
)
def test_a_query_that_a_join_changes_is_left_to_pyshacl(query: str) -> None:
    shapes = quads(f"""
    ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
    ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:age ;
      sh:sparql [ sh:prefixes ex:prefixes ; sh:select \"\"\"{query}\"\"\" ] .
    ex:Other a sh:NodeShape ; sh:targetClass ex:Agent ; sh:property [ sh:path ex:name ; sh:maxCount 1 ] .
    """)
    data = quads(DATA)
    report = by_pyshacl(data, shapes)
    assert results(by_sets(data, shapes)) == results(report)
    assert any(result.shape == "http://example.org/Shape" for result in report.results)


@pytest.mark.parametrize(
    ("shapes", "is_usable"),
    [
        ("ex:S a sh:NodeShape ; sh:targetClass ex:Agent ; sh:property [ sh:minCount 1 ] .", False),
        (
            "ex:S sh:targetClass ex:Agent ; sh:property [ sh:path ex:name ; sh:minCount 'one' ] .",
            False,
        ),
        (
            "ex:S a sh:NodeShape ; sh:targetClass ex:Agent ; sh:sparql [ sh:select 'SELECT' ] .",
            False,
        ),
        (
            "ex:S a sh:NodeShape ; sh:targetClass ex:Agent ; sh:property [ sh:path ex:knows ; sh:node ex:S ] .",
            True,
        ),
    ],
)
def test_shapes_that_cannot_be_used_or_refer_to_themselves_are_told_alike(
    shapes: str, is_usable: bool
) -> None:
    outcomes: list[tuple[object, object]] = []
    data, shapes_graph = quads(DATA), quads(shapes)
    for report_by in (by_pyshacl, by_sets):
        try:
            report = report_by(data, shapes_graph)
            outcomes.append((results(report), report.remarks))
        except UnusableInput as error:
            outcomes.append((str(error), ()))
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0][0], Counter) is is_usable


# What rdflib decides otherwise than SPARQL 1.1; a row that fails was mended there: remove it


@pytest.mark.parametrize(
    ("query", "is_said_by_rdflib"),
    [
        pytest.param("FILTER ('broken' > 5)", True, id="a string is greater than a number"),
        pytest.param("FILTER (REGEX('a', 'a'@en))", True, id="a pattern has a language"),
        pytest.param("FILTER (01.0 IN (1))", False, id="IN compares terms, not values"),
        pytest.param("FILTER (STR(?blank) != '')", True, id="a blank node has a text"),
    ],
)
def test_rdflib_differs_from_sparql(query: str, is_said_by_rdflib: bool) -> None:
    shapes = quads(f"""ex:Shape a sh:NodeShape ; sh:targetNode ex:it ; sh:sparql [
      sh:select "SELECT $this {{ $this <http://example.org/p> ?blank {query} }}" ] .""")
    data = quads("ex:it ex:p [] .")
    assert bool(by_pyshacl(data, shapes).results) is is_said_by_rdflib
    assert bool(by_sets(data, shapes).results) is not is_said_by_rdflib


def test_rdflib_makes_strings_of_the_least_and_the_greatest_iri() -> None:
    shapes = quads("""ex:Shape a sh:NodeShape ; sh:targetNode ex:it ; sh:sparql [
      sh:select "SELECT $this (MIN(?x) AS ?value) { $this <http://example.org/p> ?x } GROUP BY $this" ] .""")
    data = quads("ex:it ex:p ex:a, ex:b .")
    terms = [by(data, shapes).results[0].term for by in (by_pyshacl, by_sets)]
    assert terms == ['"http://example.org/a"', "<http://example.org/a>"]


# The shapes of this package


GRAPHS_OF_SHAPES: Final = sorted((GRAPHS / "shapes").glob("*.ttl"))
TOGETHER: Final = 10
"""Graphs that are validated together, since most of the time goes into reading the shapes.

Those of CodedShape and DatatypeShape are not: see the row on patterns with a language above.
"""


@pytest.mark.parametrize("start", range(-(-len(GRAPHS_OF_SHAPES) // TOGETHER)))
def test_the_graphs_of_shapes_have_one_report(start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = list(folder("shapes"))
    data = list(hierarchy())
    for path in GRAPHS_OF_SHAPES[start :: -(-len(GRAPHS_OF_SHAPES) // TOGETHER)]:
        data += read(path)
        shape = ox.NamedNode(ULSH + path.name.split(".")[0])
        if not any(q.subject == shape and f"{SHACL}target" in q.predicate.value for q in shapes):
            target, value = ox.NamedNode(f"{SHACL}targetObjectsOf"), ox.NamedNode(f"{RDF}value")
            shapes.append(ox.Quad(shape, target, value))
    assert assert_same(data, shapes, monkeypatch).results


def test_the_packaged_dataset_conforms_by_pyshacl(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the judge of that for users; what else the tests build is judged by sets."""
    monkeypatch.setattr(shacl, "SETS_FROM", SETS_FROM)
    monkeypatch.setattr(shacl, "judge", None)
    assert validate(Content.packaged()).results == ()


def stated() -> Iterator[ox.Quad]:
    """Yield a part of the packaged data: every class but those of boundaries,
    names and evidence.
    """
    for name in (
        "country",
        "groups",
        "offices",
        "organizations",
        "priorities",
        "purposes",
        "sectors",
        "staff",
        "source",
    ):
        yield from read(ROOT / "data" / "mali" / f"{name}.ttl")


STATED: Final = tuple(dict.fromkeys(stated()))
FORMS: Final = st.sampled_from(["broken", "007", "1.50", "-5", "2026-13-01", "2016", ""])
DATATYPES: Final = st.sampled_from(["string", "integer", "decimal", "date", "gYear", "byte"])
VALUES: Final = st.one_of(
    st.builds(
        lambda form, name: ox.Literal(form, datatype=ox.NamedNode(XSD + name)), FORMS, DATATYPES
    ),
    st.builds(lambda form: ox.Literal(form, language="fr"), FORMS),
    st.sampled_from([quad.object for quad in STATED]),
    st.just(ox.NamedNode("http://example.org/nothing")),
)
DAMAGE: Final = st.dictionaries(
    st.integers(0, len(STATED) - 1), st.one_of(st.none(), VALUES), min_size=30, max_size=90
)


@given(DAMAGE)
@settings(max_examples=5, derandomize=True, deadline=None, database=None)
def test_damaged_data_has_one_report(damage: dict[int, ox.Literal | ox.NamedNode | None]) -> None:
    data = []
    for number, quad in enumerate(STATED):
        value = damage.get(number, quad.object)
        if value is not None:
            data.append(ox.Quad(quad.subject, quad.predicate, value))
    data += hierarchy()
    expected, actual = (results(way(data, folder("shapes"))) for way in (by_pyshacl, by_sets))
    assert actual - expected == Counter()
    assert all(compares_no_number(result, data) for result in expected - actual)


def compares_no_number(result: Result, data: Sequence[ox.Quad]) -> bool:
    """Return whether a result is one that rdflib alone gives: a text is "greater" than a number."""
    compared = {f"{ULSH}TextSourceShape-rangesFit": ("end", "codePoints")}.get(result.shape, ())
    return any(
        isinstance(quad.object, ox.Literal)
        and quad.predicate.value.endswith(compared)
        and not is_well_formed(quad.object.value, f"{XSD}decimal")
        for quad in data
    )


# The suites of the W3C


FILES: Final = sorted(path for path in SUITE.glob("*/*/*.ttl") if path.name != "manifest.ttl")


@pytest.mark.skipif(not FILES, reason="the suites are not beside this repository")
def test_a_test_of_the_w3c_has_one_report() -> None:
    different = []
    for path in FILES:
        outcomes: list[object] = []
        for report_by in (by_pyshacl, by_sets):
            try:
                outcomes.append(results(report_by(read(path), read(path))))
            except (UnusableInput, NotImplementedError) as error:
                outcomes.append(str(error))
        if outcomes[0] != outcomes[1]:
            different.append(path.name)
    assert different == []
