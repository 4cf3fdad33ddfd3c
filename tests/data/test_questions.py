"""The example queries of ``data/questions`` give what the page and the reference files say,
and nothing else.

``answers.json`` was written by reading the page and the reference files. What these do not fix, it
takes from the data: keys, names of graphs, and how wide a passage is drawn (each was looked up in
the page). A key is a question's; its value says the answer: ``boolean`` (ASK), ``triples``
(CONSTRUCT, in any order), or ``columns`` and ``rows`` (SELECT, in order). An entity is written
``type/key``, another of our IRIs by its path, any other term by its prefixed name; null is unbound.
Variables that end in ``Label`` carry words of our own, so they are not among the columns: they only
have to be there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import rdflib
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
)
from rdflib.plugins.sparql import prepareQuery
from tests.names import NAMES

from unicef_linked.rdf.iris import SHACL, SKOS

HERE: Final = Path(__file__).parent
TOP: Final = HERE.parents[1]
ANSWERS: Final[dict[str, dict[str, Any]]] = json.loads(
    (HERE / "answers.json").read_text(encoding="utf-8")
)
NUMERIC: Final = {
    f"http://www.w3.org/2001/XMLSchema#{name}" for name in ("integer", "decimal", "double")
}
KINDS: Final = {
    "select": "SPARQLSelectExecutable",
    "ask": "SPARQLAskExecutable",
    "construct": "SPARQLConstructExecutable",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One example query as published."""

    iri: NamedNode
    form: str  # select, ask or construct
    text: str

    @property
    def key(self) -> str:
        return self.iri.value.rsplit("/", 1)[-1]


def read_questions() -> tuple[Store, list[Question]]:
    """Return the statements of ``data/questions`` and the questions in them, by key."""
    store = Store()
    for path in sorted((TOP / "data" / "questions").glob("*.ttl")):
        store.extend(Quad(*quad.triple) for quad in parse(path=path, format=RdfFormat.TURTLE))
    questions = [
        Question(quad.subject, form, quad.object.value)
        for form in KINDS
        for quad in store.quads_for_pattern(None, NamedNode(SHACL + form), None)
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal)
    ]
    return store, sorted(questions, key=lambda question: question.key)


STATEMENTS, QUESTIONS = read_questions()
every_question = pytest.mark.parametrize(
    "question", [pytest.param(question, id=question.key) for question in QUESTIONS]
)


def short(term: object) -> str | None:
    """Return a term the way ``answers.json`` writes it."""
    if term is None:
        return None
    value = str(term.value) if isinstance(term, NamedNode | Literal) else str(term)
    if isinstance(term, Literal | rdflib.Literal):
        datatype = str(term.datatype.value if isinstance(term, Literal) else term.datatype)
        return f"{Decimal(value).normalize():f}" if datatype in NUMERIC else value
    for root in (f"{NAMES.base}id/", f"{NAMES.base}graph/"):
        if value.startswith(root):
            return value.removeprefix(NAMES.base if root.endswith("graph/") else root)
    return NAMES.shorten(value)


def texts(subject: NamedNode, predicate: str) -> dict[str, list[str]]:
    """Return the texts of a question by language."""
    found: dict[str, list[str]] = {}
    for quad in STATEMENTS.quads_for_pattern(subject, NamedNode(predicate), None):
        assert isinstance(quad.object, Literal)
        found.setdefault(quad.object.language or "", []).append(quad.object.value)
    return found


def ask(store: Store, question: Question) -> dict[str, Any]:
    """Return a question's answer in the form of ``answers.json``, label columns apart."""
    answer = store.query(question.text)
    if isinstance(answer, QueryBoolean):
        return {"boolean": bool(answer)}
    if isinstance(answer, QueryTriples):
        return {"triples": sorted([short(term) for term in triple] for triple in answer)}
    assert isinstance(answer, QuerySolutions)
    variables = [variable.value for variable in answer.variables]
    columns = [name for name in variables if not name.endswith("Label")]
    labels = [name for name in variables if name.endswith("Label")]
    rows = []
    for solution in answer:
        assert all(solution[name] is not None and solution[name].value.strip() for name in labels)
        rows.append([short(solution[name]) for name in columns])
    return {"columns": columns, "rows": rows}


def test_there_are_at_least_fifty_questions() -> None:
    assert len(QUESTIONS) >= 50


def test_every_question_has_an_answer_and_every_answer_a_question() -> None:
    assert sorted(ANSWERS) == [question.key for question in QUESTIONS]


@every_question
def test_a_question_is_what_shacl_calls_an_executable_and_has_one_query(question: Question) -> None:
    types = {
        quad.object.value
        for quad in STATEMENTS.quads_for_pattern(
            question.iri, NamedNode(f"{NAMES.prefixes['rdf']}type"), None
        )
        if isinstance(quad.object, NamedNode)
    }
    assert types == {
        NAMES.term("Question"),
        f"{SHACL}SPARQLExecutable",
        SHACL + KINDS[question.form],
    }
    assert [other.form for other in QUESTIONS if other.iri == question.iri] == [question.form]
    prefixes = list(STATEMENTS.quads_for_pattern(question.iri, NamedNode(f"{SHACL}prefixes"), None))
    assert [quad.object for quad in prefixes] == [NamedNode(NAMES.ontology)]


@every_question
def test_a_question_is_asked_and_explained_in_french_and_english(question: Question) -> None:
    titles = texts(question.iri, f"{SKOS}prefLabel")
    comments = texts(question.iri, "http://www.w3.org/2000/01/rdf-schema#comment")
    tags = texts(question.iri, "http://schema.org/keywords")
    assert set(titles) == set(comments) == set(tags) == {"en", "fr"}
    assert all(len(title) == 1 for title in titles.values())
    assert all(len(comment) == 1 and comment[0].endswith(".") for comment in comments.values())
    assert titles["en"][0].endswith("?")
    assert titles["fr"][0].endswith("\u202f?"), (
        "French puts a narrow no-break space before a question mark"
    )
    assert len(tags["en"]) == len(tags["fr"]) > 0


def test_no_two_questions_have_the_same_title() -> None:
    for language in ("en", "fr"):
        titles = [texts(question.iri, f"{SKOS}prefLabel")[language][0] for question in QUESTIONS]
        assert len(titles) == len(set(titles))


@every_question
def test_a_query_declares_just_the_prefixes_it_uses_and_the_usual_ones(question: Question) -> None:
    declared = dict(re.findall(r"^PREFIX (\w+): +<([^>]*)>$", question.text, re.MULTILINE))
    assert declared == {name: NAMES.prefixes[name] for name in declared}
    body = re.sub(r'"[^"]*"|<[^>]*>|#.*', "", question.text.split("\n\n", 1)[1])
    assert set(declared) == set(re.findall(r"(?<![\w?-])([a-z]\w*):", body))
    Store().query(question.text)  # parses on its own
    prepareQuery(question.text)  # and for another reader of SPARQL 1.1


@every_question
def test_a_query_that_may_give_several_rows_says_in_which_order(question: Question) -> None:
    if question.form == "select" and len(ANSWERS[question.key]["rows"]) > 1:
        assert "\nORDER BY " in question.text


@every_question
def test_a_query_gives_what_the_page_says(question: Question, release_store: Store) -> None:
    assert ask(release_store, question) == ANSWERS[question.key]


@every_question
def test_the_answer_is_the_same_with_french_labels(
    question: Question, release_store: Store
) -> None:
    french = re.sub(r'(LANG\(\?\w*Label\) = )"en"', r'\1"fr"', question.text)
    answer = ask(release_store, Question(question.iri, question.form, french))
    assert answer == ANSWERS[question.key]


@pytest.fixture(scope="module")
def in_rdflib(release_store: Store) -> rdflib.Dataset:
    """The same dataset in another engine."""
    dataset = rdflib.Dataset(default_union=True)
    named = (quad for quad in release_store if not isinstance(quad.graph_name, DefaultGraph))
    for quad in named:
        subject, predicate, value, graph = (rdflib_term(term) for term in quad)
        dataset.add((subject, predicate, value, graph))  # type: ignore[arg-type]
    return dataset


def rdflib_term(term: object) -> rdflib.term.Node:
    if isinstance(term, Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        return rdflib.Literal(
            term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False
        )
    assert isinstance(term, NamedNode)
    return rdflib.URIRef(term.value)


@pytest.mark.filterwarnings(
    "ignore:Dataset[.]:DeprecationWarning"
)  # rdflib 7 calls what it has deprecated itself
@every_question
def test_another_engine_gives_the_same_answer(
    question: Question, in_rdflib: rdflib.Dataset
) -> None:
    if "geosparql/" in question.text:
        pytest.skip("rdflib has no functions of GeoSPARQL")
    expected = ANSWERS[question.key]
    result = in_rdflib.query(question.text)
    if question.form == "ask":
        assert result.askAnswer is expected["boolean"]
    elif question.form == "construct":
        assert result.graph is not None
        assert (
            sorted([short(term) for term in triple] for triple in result.graph)
            == expected["triples"]
        )
    else:
        assert [
            [short(row.get(name)) for name in expected["columns"]] for row in result.bindings
        ] == expected["rows"]
