"""What every engine does behind the Store protocol;
what one of them does otherwise stands in its row, with the reason.
"""

from __future__ import annotations

import csv
import io
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from tests.store.conftest import run_oxigraph

from unicef_linked.errors import (
    MalformedQuery,
    NotAcceptable,
    QueryOutOfResources,
    QueryRefused,
    QueryTimeout,
)
from unicef_linked.rdf.formats import (
    GRAPH_FORMATS,
    NTRIPLES,
    RDFXML,
    RESULTS_CSV,
    RESULTS_JSON,
    RESULTS_XML,
    SOLUTION_FORMATS,
    TURTLE,
    Carries,
    Format,
)
from unicef_linked.rdf.iris import XSD
from unicef_linked.store import BATCH
from unicef_linked.store.engines import open_store, run_engine
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Answer, Store

BASE: Final = "https://w3id.org/unicef-linked/"
GRAPH: Final = f"{BASE}graph"
GAO: Final = ox.NamedNode(f"{BASE}id/office/gao")
ENDLESS: Final = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a != ?f && ?c != ?h) }"
)
LARGE: Final = "SELECT ?a ?d { ?a a ?c . ?d ?e ?f } LIMIT 30000"
LARGE_GRAPH: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 30000"


@dataclass(frozen=True)
class Engine:
    """An engine, and where it departs from what the others do."""

    fixture: str | None = None  # that gives its address; None: its name is what --engine takes
    rewrites: frozenset[str] = frozenset()
    """Datatypes whose literals do not come back as they were published."""
    hides_named_graphs: bool = True
    """With default graphs alone in the dataset, GRAPH matches nothing (the same section)."""
    tells_column: bool = True
    """Of a malformed query."""
    ends_queries: bool = True
    """That nobody waits for."""


ENGINES: Final = {
    "memory": Engine(),
    "disk": Engine(),
    "oxigraph": Engine("oxigraph", ends_queries=False),  # nor does its limit end every query
    "virtuoso": Engine(
        "virtuoso",
        rewrites=frozenset(
            {
                f"{XSD}boolean",  # an SQL value: true comes back as 1
                f"{XSD}double",  # a number: 16 digits at most come back
                "http://www.opengis.net/ont/geosparql#wktLiteral",  # a geometry of its own type, written anew
            }
        ),
        hides_named_graphs=False,  # it restricts GRAPH only where named graphs are given
        tells_column=False,  # its parser counts lines
    ),
}


@pytest.fixture(scope="module", params=sorted(ENGINES))
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def engine(engine_name: str) -> Engine:
    """The row of that engine."""
    return ENGINES[engine_name]


@pytest.fixture(scope="module")
def address(engine_name: str, engine: Engine, request: pytest.FixtureRequest) -> str:
    """What ``--engine`` takes for it."""
    return str(request.getfixturevalue(engine.fixture)) if engine.fixture else engine_name


@pytest.fixture(scope="module")
def published(release: Release) -> frozenset[ox.Quad]:
    """What an engine is to hold."""
    return frozenset(release.quads())


@contextmanager
def opened(address: str, release: Release, settings: Settings) -> Iterator[Store]:
    """Open a store as a web worker does."""
    with run_engine(address, release, settings) as running:
        store = open_store(running, release, settings)
        try:
            yield store
        finally:
            store.close()


@pytest.fixture(scope="module")
def store(address: str, release: Release, settings: Settings) -> Iterator[Store]:
    """The store over the engine in turn."""
    with opened(address, release, settings) as found:
        yield found


def ask(
    store: Store,
    text: str,
    offer: Format = RESULTS_CSV,
    timeout: float = 60.0,
    **dataset: tuple[str, ...],
) -> bytes:
    """Return the whole answer in one format."""
    answer = answer_of(store, text, offer, timeout, **dataset)
    assert answer.format == offer
    assert answer.whole is not None
    return answer.whole


def answer_of(
    store: Store,
    text: str,
    offer: Format = RESULTS_CSV,
    timeout: float = 60.0,
    **dataset: tuple[str, ...],
) -> Answer:
    """Return an answer that may be long."""
    formats: dict[str, Format | None] = (
        {"solutions": offer, "graph": None}
        if offer.carries is Carries.SOLUTIONS
        else {"solutions": None, "graph": offer}
    )
    return store.answer(Query(text, **dataset), timeout=timeout, **formats)


def rows(store: Store, text: str, **dataset: tuple[str, ...]) -> list[str]:
    """Return the first column of an answer."""
    return [row[0] for row in csv.reader(io.StringIO(ask(store, text, **dataset).decode()))][1:]


def kept(quads: Iterable[ox.Quad], engine: Engine) -> set[ox.Quad]:
    """Return the statements that the engine gives back as they were."""
    return {
        q
        for q in quads
        if not isinstance(q.object, ox.Literal) or q.object.datatype.value not in engine.rewrites
    }


# What the publisher reads for itself


def test_select_binds_variables_to_the_terms_given(store: Store) -> None:
    found = store.select(
        "SELECT DISTINCT ?class ?prefix ?s { ?s a ?class FILTER(STRSTARTS(STR(?s), STR(?prefix))) } ORDER BY ?s",
        {
            "class": ox.NamedNode(f"{BASE}ontology#ZoneOffice"),
            "prefix": ox.Literal(f"{BASE}id/office/"),
        },
    )
    assert [row["s"].value.rpartition("/")[2] for row in found] == [
        "gao",
        "kayes",
        "mopti",
        "sikasso",
        "tombouctou",
    ]  # type: ignore[union-attr]
    assert {row["prefix"] for row in found} == {ox.Literal(f"{BASE}id/office/")}


def test_select_leaves_out_what_is_not_bound(store: Store) -> None:
    [row] = store.select(
        f"SELECT ?type ?nothing {{ <{GAO.value}> a ?type OPTIONAL {{ ?type <urn:none> ?nothing }} }} LIMIT 1"
    )
    assert row.keys() == {"type"}


def test_match_any_gives_what_each_match_gives(store: Store, engine: Engine) -> None:
    subjects = [GAO, ox.NamedNode(f"{BASE}id/office/kayes"), ox.NamedNode("urn:unknown"), GAO]
    expected = {quad for subject in subjects for quad in store.match(subject)}
    assert set(store.match_any(subjects)) == expected
    predicates = [
        ox.NamedNode(f"{BASE}ontology#coversRegion"),
        ox.NamedNode(f"{BASE}ontology#staffCount"),
    ]
    narrowed = store.match_any(subjects, predicates)
    assert set(narrowed) == {quad for quad in expected if quad.predicate in predicates}
    assert len(narrowed) == len(set(narrowed)), "a subject given twice is asked for once"


def test_match_any_reads_backwards(store: Store) -> None:
    regions = [ox.NamedNode(f"{BASE}id/region/{key}") for key in ("gao", "kidal")]
    covers = ox.NamedNode(f"{BASE}ontology#coversRegion")
    expected = {quad for region in regions for quad in store.match(None, covers, region)}
    assert expected
    assert set(store.match_any(None, [covers], regions)) == expected
    assert set(store.match_any([GAO], None, regions)) == {
        quad for quad in expected if quad.subject == GAO
    } | {quad for region in regions for quad in store.match(GAO, None, region)}


@pytest.mark.parametrize(
    ("subjects", "objects"),
    [
        pytest.param([], None, id="no subject"),
        pytest.param(None, [], id="no object"),
        pytest.param([ox.Literal("Gao")], None, id="a literal is the subject of nothing"),
        pytest.param([GAO], [], id="no object for a subject"),
    ],
)
def test_match_any_of_nothing_is_nothing(
    store: Store, subjects: list[ox.Literal] | None, objects: list[ox.Literal] | None
) -> None:
    assert store.match_any(subjects, None, objects) == []


def test_match_any_takes_more_terms_than_one_request_holds(store: Store) -> None:
    unknown = [ox.NamedNode(f"urn:unknown:{number}") for number in range(BATCH + 5)]
    assert set(store.match_any([*unknown, GAO])) == set(store.match(GAO))


def test_labels_are_those_of_every_language_best_property_first(store: Store) -> None:
    wash, unknown = f"{BASE}id/sector/wash", "urn:unknown"
    found = store.labels([wash, unknown, GAO.value])
    assert found.keys() == {wash, GAO.value}
    assert found[wash]["en"] == "Water, sanitation and hygiene"
    assert found[GAO.value].keys() >= {"en", "fr"}
    assert store.labels([]) == {}


def test_every_statement_is_read_where_it_is_published(
    store: Store, release: Release, published: frozenset[ox.Quad], engine: Engine
) -> None:
    found: set[ox.Quad] = set()
    for name in release.manifest.graphs:  # one by one: Virtuoso is slow with all of them
        found.update(store.match(graph_name=ox.NamedNode(name)))
    assert kept(published, engine) <= found
    assert len(found) == len(published)
    assert {
        q.object.datatype.value for q in published - found if isinstance(q.object, ox.Literal)
    } == engine.rewrites


TERMS: Final = {"s": "subject", "p": "predicate", "o": "object", "g": "graph_name"}


@pytest.mark.parametrize("given", ["s", "p", "o", "g", "sp", "po", "so", "spo", "pg", "spog"])
def test_statements_are_matched_by_any_of_their_terms(
    store: Store, published: frozenset[ox.Quad], engine: Engine, given: str
) -> None:
    example = ox.Quad(
        GAO,
        ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"),
        ox.Literal("Bureau de zone de Gao", language="fr"),
        ox.NamedNode(f"{GRAPH}/mali/offices"),
    )
    terms = dict(zip("spog", example, strict=True))
    wanted = {key: terms[key] for key in given}
    fields = {TERMS[key]: term for key, term in wanted.items()}
    expected = {q for q in published if all(getattr(q, f) == term for f, term in fields.items())}
    found = store.match(
        wanted.get("s"), wanted.get("p"), wanted.get("o"), graph_name=wanted.get("g")
    )  # type: ignore[arg-type]
    assert example in expected
    assert kept(set(found), engine) == kept(expected, engine)
    assert len(found) == len(expected)


def test_a_literal_is_never_a_subject(store: Store) -> None:
    assert store.match(ox.Literal("x")) == []


def test_what_is_not_there_is_not_found(store: Store) -> None:
    assert store.match(ox.NamedNode("urn:none")) == []
    assert store.match(graph_name=ox.NamedNode("urn:none")) == []


def test_the_parts_of_a_pattern_one_after_the_other_are_its_matches_each_once(
    store: Store, published: frozenset[ox.Quad]
) -> None:
    """What /fragments rests on: an engine keeps its order without being asked to,
    as long as the data is the same.
    """
    pattern = "{ ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?o }"
    [row] = store.select(f"SELECT (COUNT(*) AS ?count) {pattern}")
    found = [
        (part["s"], part["o"])
        for offset in range(0, int(row["count"].value), 100)  # type: ignore[union-attr]
        for part in store.select(f"SELECT * {pattern} OFFSET {offset} LIMIT 100")
    ]
    expected = {
        (q.subject, q.object) for q in published if q.predicate.value.endswith("#prefLabel")
    }
    assert set(found) == expected
    assert len(found) == len(expected)


# Answers, in every format

SOLUTIONS: Final = f"""PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX ul: <{BASE}ontology#>
SELECT ?s ?label ?code ?staff {{ ?s a ul:Office ; skos:prefLabel ?label
  OPTIONAL {{ ?s ul:staffCount ?staff }} OPTIONAL {{ ?s skos:notation ?code }} }} ORDER BY ?s LANG(?label)"""


@pytest.mark.parametrize("offer", SOLUTION_FORMATS, ids=lambda f: f.name)
def test_solutions_are_the_same_in_every_format(
    store: Store, release_store: ox.Store, offer: Format
) -> None:
    expected = release_store.query(SOLUTIONS)
    assert isinstance(expected, ox.QuerySolutions)
    names = [variable.value for variable in expected.variables]
    content = ask(store, SOLUTIONS, offer)
    if offer is RESULTS_CSV:  # has no datatypes to compare
        head, *table = csv.reader(io.StringIO(content.decode(), newline=""))
        assert head == names
        assert table == [[getattr(row[name], "value", "") for name in names] for row in expected]
        return
    found = ox.parse_query_results(content, format=offer.results)
    assert isinstance(found, ox.QuerySolutions)
    assert [[row[name] for name in names] for row in found] == [
        [row[name] for name in names] for row in expected
    ]


@pytest.mark.parametrize(("pattern", "truth"), [("?s ?p ?o", True), ("<urn:none> ?p ?o", False)])
@pytest.mark.parametrize("offer", SOLUTION_FORMATS, ids=lambda f: f.name)
def test_a_truth_is_the_same_in_every_format(
    store: Store, offer: Format, pattern: str, truth: bool
) -> None:
    content = ask(store, f"ASK {{ {pattern} }}", offer)
    if offer.name in {
        "csv",
        "tsv",
    }:  # the standard leaves ASK out here; this is what engines agree on
        assert content.decode().strip() == str(truth).lower()
    else:
        assert bool(ox.parse_query_results(content, format=offer.results)) is truth


@pytest.mark.parametrize("offer", GRAPH_FORMATS, ids=lambda f: f.name)
def test_a_graph_is_the_same_in_every_format(
    store: Store, release_store: ox.Store, offer: Format
) -> None:
    query = f"""PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX ul: <{BASE}ontology#>
        CONSTRUCT {{ ?s skos:altLabel ?label ; ul:staffCount ?n ; ul:quoted "a \\"quote\\", a \\\\ and a \\n line: é€😀" }}
        {{ ?s a ul:ZoneOffice ; skos:prefLabel ?label ; ul:staffCount ?n }}"""
    expected = set(release_store.query(query))  # type: ignore[arg-type]
    assert len(expected) == 20
    assert {q.triple for q in ox.parse(ask(store, query, offer), format=offer.rdf)} == expected


@pytest.mark.parametrize("offer", GRAPH_FORMATS, ids=lambda f: f.name)
def test_a_description_has_what_is_said_of_the_resource(
    store: Store, published: frozenset[ox.Quad], offer: Format
) -> None:
    """What else it has is for the engine to choose (SPARQL 1.1 Query, section 16.4)."""
    described = {q.triple for q in ox.parse(ask(store, f"DESCRIBE {GAO}", offer), format=offer.rdf)}
    assert described >= {q.triple for q in published if q.subject == GAO}


@pytest.mark.parametrize(
    ("query", "solutions", "graph"),
    [
        ("ASK {}", None, TURTLE),
        ("SELECT * {}", None, TURTLE),
        ("CONSTRUCT WHERE { ?s ?p ?o }", RESULTS_JSON, None),
    ],
)
def test_a_form_without_an_accepted_format_is_not_acceptable(
    store: Store, query: str, solutions: Format | None, graph: Format | None
) -> None:
    with pytest.raises(NotAcceptable):
        store.answer(Query(query), solutions=solutions, graph=graph, timeout=5)


# The dataset of a query

STAFF: Final = f"{GRAPH}/mali/staff"
OFFICES: Final = f"{GRAPH}/mali/offices"


def test_the_default_graph_shows_what_is_in_the_named_graphs(
    store: Store, published: frozenset[ox.Quad]
) -> None:
    subjects = {q.subject.value for q in published if q.graph_name.value == STAFF}
    assert subjects <= set(rows(store, "SELECT DISTINCT ?s { ?s ?p ?o }"))


@pytest.mark.parametrize("way", ["FROM", "default-graph-uri"])
def test_a_default_graph_is_chosen(
    store: Store, engine: Engine, published: frozenset[ox.Quad], way: str
) -> None:
    count = sum(q.graph_name.value == STAFF for q in published)
    clause, dataset = (
        (f"FROM <{STAFF}>", {}) if way == "FROM" else ("", {"default_graphs": (STAFF,)})
    )
    assert rows(store, f"SELECT (COUNT(*) AS ?n) {clause} {{ ?s ?p ?o }}", **dataset) == [
        str(count)
    ]
    visible = rows(store, f"SELECT DISTINCT ?g {clause} {{ GRAPH ?g {{ ?s ?p ?o }} }}", **dataset)
    assert (visible == []) is engine.hides_named_graphs


@pytest.mark.parametrize("way", ["FROM NAMED", "named-graph-uri"])
def test_named_graphs_are_chosen_and_leave_the_default_graph_empty(store: Store, way: str) -> None:
    clause, dataset = (
        (f"FROM NAMED <{STAFF}>", {}) if way == "FROM NAMED" else ("", {"named_graphs": (STAFF,)})
    )
    assert rows(store, f"SELECT DISTINCT ?g {clause} {{ GRAPH ?g {{ ?s ?p ?o }} }}", **dataset) == [
        STAFF
    ]
    assert rows(store, f"SELECT ?s {clause} {{ ?s ?p ?o }}", **dataset) == []


def test_several_default_graphs_are_merged(store: Store) -> None:
    query = "SELECT ?s { ?s ?p ?o }"
    staff, offices = (rows(store, query, default_graphs=(name,)) for name in (STAFF, OFFICES))
    assert sorted(rows(store, query, default_graphs=(STAFF, OFFICES))) == sorted([*staff, *offices])


@pytest.mark.parametrize(
    ("clauses", "dataset"),
    [
        pytest.param("FROM <{STAFF}> FROM <{STAFF}>", {}, id="FROM"),
        pytest.param("FROM mali:staff FROM <{STAFF}>", {}, id="FROM, as a prefixed name too"),
        pytest.param("FROM <mali/staff> FROM mali:staff", {}, id="FROM, relative too"),
        pytest.param("", {"default_graphs": (STAFF, STAFF)}, id="default-graph-uri"),
    ],
)
def test_a_default_graph_named_twice_counts_once(
    store: Store, clauses: str, dataset: dict[str, tuple[str, ...]]
) -> None:
    prologue = f"BASE <{GRAPH}/x> PREFIX mali: <mali/>"
    query = f"{prologue} SELECT ?s {clauses.replace('{STAFF}', STAFF)} {{ ?s ?p ?o }}"
    once = rows(store, "SELECT ?s { ?s ?p ?o }", default_graphs=(STAFF,))
    assert sorted(rows(store, query, **dataset)) == sorted(once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("SELECT (STR(<a>) AS ?x) {}", "http://host.example/a", id="a sibling"),
        pytest.param("SELECT (STR(<#a>) AS ?x) {}", "http://host.example/sparql#a", id="a part"),
        pytest.param(
            "PREFIX a: <b/> SELECT (STR(a:c) AS ?x) {}", "http://host.example/b/c", id="a prefix"
        ),
        pytest.param(
            "BASE <http://a.example/> SELECT (STR(<b>) AS ?x) {}", "http://a.example/b", id="BASE"
        ),
        pytest.param(
            f"SELECT (COUNT(*) AS ?x) FROM <{GRAPH}/mali/staff> {{ ?s <../p> ?o }}",
            "0",
            id="in a pattern",
        ),
        pytest.param(
            "SELECT (STR(<urn:a/../b>) AS ?x) {}", "urn:a/../b", id="none: an IRI stays as it is"
        ),
    ],
)
def test_relative_iris_are_resolved_against_the_base(
    store: Store, text: str, expected: str
) -> None:
    query = Query(text, base="http://host.example/sparql")
    answer = store.answer(query, solutions=RESULTS_CSV, graph=None, timeout=60)
    assert answer.whole is not None
    assert answer.whole.decode().split()[1].strip('"') == expected


def test_an_error_is_told_at_its_place_with_a_base_too(store: Store, engine: Engine) -> None:
    query = Query("ASK { <a> ?p }", base="http://host.example/sparql")
    with pytest.raises(MalformedQuery) as caught:
        store.answer(query, solutions=RESULTS_CSV, graph=None, timeout=60)
    assert caught.value.line == 1
    if engine.tells_column:
        assert caught.value.column == 15


@pytest.mark.parametrize("way", ["FROM NAMED", "named-graph-uri"])
def test_a_named_graph_named_twice_counts_once(store: Store, way: str) -> None:
    clauses, dataset = (
        (f"FROM NAMED <{STAFF}> FROM NAMED <{STAFF}>", {})
        if way == "FROM NAMED"
        else ("", {"named_graphs": (STAFF, STAFF)})
    )
    once = rows(store, "SELECT ?s { ?s ?p ?o }", default_graphs=(STAFF,))
    found = rows(store, f"SELECT ?s {clauses} {{ GRAPH ?g {{ ?s ?p ?o }} }}", **dataset)
    assert sorted(found) == sorted(once)


def test_a_graph_that_is_not_there_is_empty(store: Store) -> None:
    assert rows(store, "SELECT ?s FROM <urn:none> { ?s ?p ?o }") == []
    assert rows(store, "SELECT ?s { ?s ?p ?o }", default_graphs=("urn:none",)) == []
    assert rows(store, "SELECT ?s { GRAPH <urn:none> { ?s ?p ?o } }") == []


# What XML cannot express


@pytest.mark.parametrize(
    ("query", "offer", "words"),
    [
        pytest.param(
            "CONSTRUCT { <urn:s> <http://x.example/2024> 1 } WHERE {}",
            RDFXML,
            "<http://x.example/2024>",
            id="a property without a name",
        ),
        pytest.param(
            r'CONSTRUCT { <urn:s> <urn:p> "page\u000Cbreak" } WHERE {}',
            RDFXML,
            "U+000C",
            id="graph",
        ),
        pytest.param(r'SELECT ("a\u000Cb" AS ?x) {}', RESULTS_XML, "U+000C", id="a form feed"),
        pytest.param(r'SELECT ("a\uFFFEb" AS ?x) {}', RESULTS_XML, "U+FFFE", id="a noncharacter"),
    ],
)
def test_an_answer_that_xml_cannot_express_is_not_acceptable(
    store: Store, query: str, offer: Format, words: str
) -> None:
    with pytest.raises(NotAcceptable) as caught:
        answer_of(store, query, offer)
    assert words in str(caught.value)
    assert caught.value.offers
    assert offer.media_type not in caught.value.offers


@pytest.mark.parametrize(
    ("query", "offer"),
    [
        pytest.param(
            r'CONSTRUCT { <urn:s> a <urn:1> ; <urn:p> "a\r\nb" , "<&>\t" } WHERE {}',
            RDFXML,
            id="graph",
        ),
        pytest.param(r'SELECT ("a\r\nb\t<&>" AS ?x) {}', RESULTS_XML, id="solutions"),
    ],
)
def test_an_answer_in_xml_is_read_by_other_parsers_as_the_engine_has_it(
    store: Store, query: str, offer: Format
) -> None:
    text = "".join(ElementTree.fromstring(ask(store, query, offer)).itertext())
    assert "a\r\nb" in text
    assert "<&>" in text


def test_long_solutions_break_off_where_xml_cannot_express_them(store: Store) -> None:
    query = r"""SELECT ?a ?text {
        { SELECT ?a ?text (1 AS ?k) { ?a a ?c . ?d ?e ?text } LIMIT 30000 }
        UNION { BIND("a\u000cb" AS ?text) BIND(2 AS ?k) } } ORDER BY ?k"""
    answer = answer_of(store, query, RESULTS_XML)
    assert answer.whole is None
    with pytest.raises(NotAcceptable, match=r"U\+000C"):
        list(answer.chunks)


def test_a_long_graph_that_xml_cannot_express_is_never_whole(store: Store) -> None:
    """An engine gives a graph in an order of its own: it may be refused before its first byte."""
    query = LARGE_GRAPH.replace("{", "{ ?s <http://x.example/2024> ?o .", 1)
    with pytest.raises(NotAcceptable, match="2024"):
        list(answer_of(store, query, RDFXML).chunks)


# Errors in the field's own terms


def test_a_malformed_query_is_told_where(store: Store, engine: Engine) -> None:
    with pytest.raises(MalformedQuery) as caught:
        ask(store, "SELECT *\n{ ?s foo:bar ?o }")
    assert (caught.value.line, caught.value.column is not None) == (2, engine.tells_column)
    assert "foo" in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "DROP ALL",
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    ],
)
def test_what_writes_or_asks_elsewhere_is_refused(store: Store, query: str) -> None:
    with pytest.raises(QueryRefused):
        ask(store, query)


def test_a_query_too_long_or_too_deep_is_refused(store: Store, settings: Settings) -> None:
    with pytest.raises(MalformedQuery, match="characters"):
        ask(store, "ASK {}" + " " * settings.query_length)
    with pytest.raises(MalformedQuery, match="deeper"):
        ask(store, "ASK " + "{" * 200 + "}" * 200)


# Limits


@pytest.fixture
def ending(
    engine: Engine, store: Store, release: Release, settings: Settings, tmp_path: Path
) -> Iterator[Store]:
    """The store; over an engine of its own where queries would go on beside all other tests."""
    if engine.ends_queries:
        yield store
        return
    with (
        run_oxigraph(release, settings, tmp_path) as endpoint,
        opened(endpoint, release, settings) as found,
    ):
        yield found


def test_a_query_is_stopped_at_its_deadline_and_the_next_one_is_answered(ending: Store) -> None:
    for _ in range(2):
        with pytest.raises(QueryTimeout):
            ask(ending, ENDLESS, timeout=0.5)
    assert rows(ending, "SELECT ('x' AS ?y) {}") == ["x"]


@pytest.mark.parametrize("offer", SOLUTION_FORMATS, ids=lambda f: f.name)
def test_a_large_answer_comes_in_pieces_and_whole(store: Store, offer: Format) -> None:
    answer = answer_of(store, LARGE, offer)
    assert answer.whole is None
    pieces = list(answer.chunks)
    assert len(pieces) > 2
    content = b"".join(pieces)
    if offer is RESULTS_CSV:
        assert content.count(b"\n") == 30001
    else:
        found = ox.parse_query_results(content, format=offer.results)
        assert sum(1 for _ in found) == 30000  # type: ignore[arg-type]


@pytest.mark.parametrize("offer", [NTRIPLES, TURTLE], ids=lambda f: f.name)
def test_a_large_graph_comes_in_pieces_and_whole(store: Store, offer: Format) -> None:
    answer = answer_of(store, LARGE_GRAPH, offer)
    assert answer.whole is None
    pieces = list(answer.chunks)
    assert len(pieces) > 2
    assert sum(1 for _ in ox.parse(b"".join(pieces), format=offer.rdf)) > 10000


def test_a_result_over_its_ceiling_breaks_off_and_says_so(
    address: str, release: Release, settings: Settings
) -> None:
    with opened(address, release, replace(settings, query_result=2)) as store:
        answer = answer_of(store, LARGE)
        assert answer.whole is None
        with pytest.raises(QueryOutOfResources, match="2 MiB"):
            list(answer.chunks)


@pytest.mark.parametrize("offer", [RESULTS_CSV, RESULTS_JSON, TURTLE], ids=lambda f: f.name)
def test_an_answer_that_nobody_reads_on_is_given_up(
    address: str, release: Release, settings: Settings, offer: Format
) -> None:
    large = LARGE if offer.carries is Carries.SOLUTIONS else LARGE_GRAPH
    with opened(address, release, replace(settings, query_workers=1, query_queue=1)) as store:
        for begun in (True, False) * 2:
            answer = answer_of(store, large, offer)
            if begun:
                next(answer.chunks)
            answer.close()
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]
