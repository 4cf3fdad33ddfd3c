"""The W3C's SPARQL 1.1 query suites, over HTTP,
against one server that holds the data of all tests as named graphs.

Each test names its data by the protocol's ``default-graph-uri`` and ``named-graph-uri``, so the
dataset parameters are exercised three hundred times as well. The suites are not part of this
repository: these tests run where they lie beside it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
import rdflib
import requests
from rdflib.collection import Collection
from rdflib.namespace import RDF
from tests.conftest import SHARED, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

SUITE: Final = SHARED / "w3c" / "sparql" / "sparql11"
BASE: Final = "http://w3c.example/"
MF: Final = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT: Final = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
RS: Final = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")

_ABSENT: Final = "a constant that stands nowhere in the graph is no match of a path of length zero"
KNOWN_GAPS: Final[dict[str, str]] = {
    "aggregates/agg-empty-group-count-graph": "a subquery that always has a row is not evaluated once per named graph",
    "aggregates/agg-groupconcat-04": "GROUP_CONCAT keeps a common language tag, as SPARQL 1.2 will have it",
    "aggregates/agg-groupconcat-06": "GROUP_CONCAT keeps a common language tag, as SPARQL 1.2 will have it",
    "bindings/graph": "GRAPH ?g around VALUES alone does not range over the named graphs",
    "csv-tsv-res/tsv03": "a number is kept by value: a derived integer type reads as xsd:integer",
    "functions/bnode01": "BNODE(str) gives one blank node per result set and string, not per solution and string",
    "negation/graph-minus": "the variable of an outer GRAPH counts as shared by both sides of MINUS",
    "property-path/zero_or_more_set_end": _ABSENT,
    "property-path/zero_or_more_set_start": _ABSENT,
    "property-path/zero_or_one_set_end": _ABSENT,
    "property-path/zero_or_one_set_start": _ABSENT,
    "syntax-query/test_4": "an extension function that the engine does not know is refused, not left unbound",
}
"""Tests that the engine is known to fail, with the reason. Each must fail:
a gap that closed is taken off."""


@dataclass(frozen=True)
class Case:
    """One test of a manifest."""

    name: str
    kind: str
    query: Path
    data: tuple[str, ...]
    graphs: tuple[str, ...]
    result: Path | None


def _path(iri: object) -> Path:
    return SUITE / str(iri).removeprefix(BASE)


def cases() -> list[Case]:
    """Return every test of the suites."""
    found = []
    for manifest in sorted(SUITE.glob("*/manifest.ttl")):
        graph = rdflib.Graph()
        graph.parse(
            manifest, publicID=BASE + manifest.relative_to(SUITE).as_posix(), format="turtle"
        )
        for entries in graph.objects(None, MF.entries):
            for test in Collection(graph, entries):
                kind = str(graph.value(test, RDF.type)).rpartition("#")[2]
                action = graph.value(test, MF.action)
                query = graph.value(action, QT.query)
                result = graph.value(test, MF.result)
                if str(result).endswith(".tsv"):
                    kind = "TSV"  # the suite calls these evaluation tests
                found.append(
                    Case(
                        f"{manifest.parent.name}/{str(test).rpartition('#')[2]}",
                        kind,
                        _path(query if query is not None else action),
                        tuple(map(str, graph.objects(action, QT.data))),
                        tuple(map(str, graph.objects(action, QT.graphData))),
                        _path(result) if result is not None else None,
                    )
                )
    return found


CASES: Final = cases() if SUITE.is_dir() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the W3C suites are not beside the repository")


@pytest.fixture(scope="module")
def endpoint(serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server that holds each data file as the named graph of its IRI."""
    quads = []
    for iri in sorted({iri for case in CASES for iri in (*case.data, *case.graphs)}):
        kind = ox.RdfFormat.RDF_XML if iri.endswith(".rdf") else ox.RdfFormat.TURTLE
        for quad in ox.parse(
            _path(iri).read_bytes(), format=kind, base_iri=iri, rename_blank_nodes=True
        ):
            quads.append(ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(iri)))
    folder = tmp_path_factory.mktemp("w3c")
    ox.serialize(quads, str(folder / "all.nq"), format=ox.RdfFormat.N_QUADS)
    return serve("--data", str(folder), "--workers", "1").url + "/sparql"


def ask(endpoint: str, case: Case, accept: str) -> requests.Response:
    """Send the query of a case with its dataset."""
    text = case.query.read_bytes().decode("utf-8")
    base = BASE + case.query.relative_to(SUITE).as_posix()
    parameters = [("query", f"BASE <{base}>\n{text}")]
    if "FROM" not in text:
        parameters += [("default-graph-uri", iri) for iri in case.data or (f"{BASE}empty",)]
        parameters += [("named-graph-uri", iri) for iri in case.graphs]
    return requests.post(endpoint, data=parameters, headers={"Accept": accept}, timeout=30)


def _number(term: ox.Literal) -> ox.Literal:
    """Return a number in one spelling, so that equal values compare equal."""
    kind = term.datatype.value.rpartition("#")[2]
    try:
        if kind in {"integer", "decimal"}:
            return ox.Literal(str(Decimal(term.value).normalize()), datatype=term.datatype)
        if kind in {"double", "float"}:
            return ox.Literal(repr(float(term.value)), datatype=term.datatype)
        if kind == "boolean":
            return ox.Literal(
                {"0": "false", "1": "true"}.get(term.value, term.value), datatype=term.datatype
            )
    except ArithmeticError:
        pass
    return term


def canonical_graph(triples: Iterable[ox.Triple]) -> list[str]:
    """Return triples up to isomorphism (RDFC-1.0)."""
    dataset = ox.Dataset(
        ox.Quad(
            t.subject,
            t.predicate,
            _number(t.object) if isinstance(t.object, ox.Literal) else t.object,
        )
        for t in triples
    )
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(map(str, dataset))


def solutions_as_graph(rows: Iterable[dict[str, object]]) -> list[str]:
    """Return solutions as a graph with a blank node for each:
    equal up to order and blank node labels.
    """
    triples = []
    for row in rows:
        node = ox.BlankNode()
        triples.append(ox.Triple(node, ox.NamedNode("urn:row"), ox.Literal("row")))
        triples += [
            ox.Triple(node, ox.NamedNode(f"urn:var:{name}"), term) for name, term in row.items()
        ]  # type: ignore[arg-type]
    return canonical_graph(triples)


def _rows(answer: object) -> list[dict[str, object]]:
    assert isinstance(answer, ox.QuerySolutions)
    names = [variable.value for variable in answer.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in answer]


def _expected_result_set(path: Path) -> tuple[bool | None, list[dict[str, object]]]:
    """Return what a result file of the suite says: a truth value, or solutions."""
    suffix = {".srx": ox.QueryResultsFormat.XML, ".srj": ox.QueryResultsFormat.JSON}.get(
        path.suffix
    )
    if suffix is not None:
        found = ox.parse_query_results(path.read_bytes(), format=suffix)
        return (bool(found), []) if isinstance(found, ox.QueryBoolean) else (None, _rows(found))
    graph = rdflib.Graph()
    base = BASE + path.relative_to(SUITE).as_posix()
    graph.parse(path, format="turtle" if path.suffix == ".ttl" else "xml", publicID=base)
    rows = []
    for solution in graph.objects(None, RS.solution):
        row = {}
        for binding in graph.objects(solution, RS.binding):
            row[str(graph.value(binding, RS.variable))] = _term(graph.value(binding, RS.value))
        rows.append(row)
    return None, rows


def _term(node: object) -> object:
    if isinstance(node, rdflib.URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, rdflib.BNode):
        return ox.BlankNode(str(node))
    assert isinstance(node, rdflib.Literal)
    if node.language:
        return ox.Literal(str(node), language=node.language)
    return ox.Literal(
        str(node), datatype=ox.NamedNode(str(node.datatype)) if node.datatype else None
    )


def _marked(kinds: set[str]) -> list[object]:
    return [
        pytest.param(
            case,
            id=case.name,
            marks=[pytest.mark.xfail(reason=KNOWN_GAPS[case.name], strict=True)]
            if case.name in KNOWN_GAPS
            else [],
        )
        for case in CASES
        if case.kind in kinds
    ]


@pytest.mark.parametrize("case", _marked({"QueryEvaluationTest"}))
def test_a_query_is_answered_as_the_suite_says(endpoint: str, case: Case) -> None:
    response = ask(endpoint, case, "application/sparql-results+json, application/n-triples")
    assert response.status_code == 200, response.text
    assert case.result is not None
    kind = response.headers["Content-Type"]
    if kind.startswith("application/n-triples"):
        expected = ox.parse(
            case.result.read_bytes(),
            format=ox.RdfFormat.RDF_XML if case.result.suffix == ".rdf" else ox.RdfFormat.TURTLE,
            base_iri=BASE + case.result.relative_to(SUITE).as_posix(),
        )
        found = ox.parse(response.content, format=ox.RdfFormat.N_TRIPLES)
        assert canonical_graph(q.triple for q in found) == canonical_graph(
            q.triple for q in expected
        )
        return
    truth, rows = _expected_result_set(case.result)
    if truth is not None:
        assert json.loads(response.content)["boolean"] is truth
        return
    found_rows = _rows(ox.parse_query_results(response.content, format=ox.QueryResultsFormat.JSON))
    assert solutions_as_graph(found_rows) == solutions_as_graph(rows)


def _cell(text: str) -> str:
    """Return a cell without its blank node's label, a number in one spelling."""
    try:
        return repr(float(text))
    except ValueError:
        return "_:" if re.fullmatch(r"_:\w+", text) else text


def _table(text: str, delimiter: str) -> list[dict[str, str]]:
    """Return rows by column, in any order."""
    quoting = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    return sorted(
        ({k: _cell(v) for k, v in row.items()} for row in rows), key=lambda row: sorted(row.items())
    )


@pytest.mark.parametrize("case", _marked({"CSVResultFormatTest", "TSV"}))
def test_tables_are_written_as_the_suite_says(endpoint: str, case: Case) -> None:
    assert case.result is not None
    kind = {".csv": "text/csv", ".tsv": "text/tab-separated-values"}[case.result.suffix]
    response = ask(endpoint, case, kind)
    assert response.headers["Content-Type"].startswith(kind)
    delimiter = {".csv": ",", ".tsv": "\t"}[case.result.suffix]
    found, expected = response.content.decode(), case.result.read_bytes().decode()
    assert _table(found, delimiter) == _table(expected, delimiter)


@pytest.mark.parametrize("case", _marked({"PositiveSyntaxTest11"}))
def test_good_syntax_is_taken(endpoint: str, case: Case) -> None:
    if "SERVICE" in case.query.read_text(encoding="utf-8"):
        assert ask(endpoint, case, "*/*").status_code == 403
        return
    assert ask(endpoint, case, "*/*").status_code == 200


@pytest.mark.parametrize("case", _marked({"NegativeSyntaxTest11"}))
def test_bad_syntax_is_refused(endpoint: str, case: Case) -> None:
    response = ask(endpoint, case, "*/*")
    assert response.status_code in {400, 403}
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", sorted(KNOWN_GAPS))
def test_each_known_gap_is_a_test_of_the_suites(name: str) -> None:
    assert name in {case.name for case in CASES}
