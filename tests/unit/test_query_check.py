r"""A stranger's query is checked before an engine sees it:
by tokens of SPARQL 1.1 (section 19.8), not by words.

A keyword counts wherever *the engine* would read one.
Its grammar wants no white space around keywords, so neither do these rows.
"""

from __future__ import annotations

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unicef_linked.errors import MalformedQuery, QueryRefused
from unicef_linked.store.query import MAX_DEPTH, check, dataset_clauses, is_repeatable

LONG = 100_000
EX = "PREFIX ex: <http://example.org/> PREFIX : <http://example.org/> "


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT * { ?s ?p 'SERVICE <http://a/> {}' }", id="in a string"),
        pytest.param(
            'SELECT * { ?s ?p "SERVICE <http://a/> {}" }', id="in a string with double quotes"
        ),
        pytest.param(
            'SELECT * { ?s ?p """a "quoted"\nSERVICE <http://a/> {}""" }', id="in a long string"
        ),
        pytest.param(
            "SELECT * { ?s ?p '''it's\nSERVICE <http://a/> {}''' }",
            id="in a long string with single quotes",
        ),
        pytest.param(
            r'SELECT * { ?s ?p "a \" SERVICE <http://a/> {}" }',
            id="in a string after an escaped quote",
        ),
        pytest.param("SELECT * { ?s ?p ?o # SERVICE <http://a/> {}\n}", id="in a comment"),
        pytest.param(
            "SELECT * { ?s ?p ?o } # SERVICE <http://a/> {}", id="in a comment at the end"
        ),
        pytest.param("SELECT * { ?s <http://example.org/SERVICE> ?o }", id="in an IRI"),
        pytest.param(
            "SELECT * { ?s <http://example.org/#SERVICE> ?o }", id="in an IRI after a number sign"
        ),
        pytest.param("SELECT * { ?SERVICE ?p $service }", id="as a variable"),
        pytest.param(EX + "SELECT * { ?s a ex:SERVICE }", id="as a local name"),
        pytest.param(
            "PREFIX sd: <http://a/> SELECT * { ?s a sd:Service ; sd:x.Service ?o }",
            id="in local names",
        ),
        pytest.param(
            "PREFIX service: <http://a/> SELECT * { ?s a service:Thing }", id="as a prefix"
        ),
        pytest.param(
            "PREFIX service: <http://a/> SELECT * { GRAPH service:g { ?s ?p ?o } }",
            id="a prefix of a graph",
        ),
        pytest.param(
            "PREFIX service: <http://a/> SELECT * FROM service:g { ?s ?p ?o }",
            id="a prefix of the dataset",
        ),
        pytest.param(EX + "SELECT * { ?s a :SERVICE }", id="as a local name without prefix"),
        pytest.param("SELECT * { ?s ?p 'a'@en-SERVICE }", id="in a language tag"),
        pytest.param("SELECT * { _:SERVICE ?p ?o }", id="as a blank node's label"),
        pytest.param(
            r"SELECT * { ?s ?p 'SERVIC\u0045 <http://a/> {}' }", id="escaped inside a string"
        ),
    ],
)
def test_the_letters_of_service_are_no_call_where_they_are_no_keyword(text: str) -> None:
    check(text, max_length=LONG)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT * { SERVICE <http://a/> { ?s ?p ?o } }", id="plain"),
        pytest.param("SELECT * { service <http://a/> { ?s ?p ?o } }", id="keywords have no case"),
        pytest.param("SELECT * { SERVICE SILENT <http://a/> { ?s ?p ?o } }", id="silent"),
        pytest.param("SELECT * { SERVICE ?where { ?s ?p ?o } }", id="of a variable"),
        pytest.param("SELECT*{SERVICE<http://a/>{?s ?p ?o}}", id="without white space"),
        pytest.param("SELECT * { SERVICE\n#c\n<http://a/> { ?s ?p ?o } }", id="a comment after it"),
        pytest.param(
            "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <http://a/> {} } }", id="in EXISTS"
        ),
        pytest.param("SELECT * { { SELECT * { SERVICE <http://a/> {} } } }", id="in a subquery"),
        pytest.param("SELECT * { GRAPH ?g { SERVICE <http://a/> {} } }", id="in a graph"),
        pytest.param(
            "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://a/> { ?s ?p ?o } }", id="in CONSTRUCT"
        ),
        pytest.param("DESCRIBE ?s { SERVICE <http://a/> { ?s ?p ?o } }", id="in DESCRIBE"),
        pytest.param(
            "SELECT * { ?s ?p true.SERVICE <http://a/> {} }", id="after a dot that ends a triple"
        ),
        pytest.param(
            "SELECT * { ?s ?p trueSERVICE <http://a/> {} }", id="the engine parts true and SERVICE"
        ),
        pytest.param("SELECT * { ?s ?p 1SERVICE <http://a/> {} }", id="after a number"),
        pytest.param("SELECT * { ?s ?p 1e5SERVICE <http://a/> {} }", id="after a double"),
        pytest.param(
            "SELECT * { SERVICESILENT <http://a/> {} }", id="the engine parts SERVICE and SILENT"
        ),
        pytest.param(EX + "SELECT * { SERVICE ex:a {} }", id="of a prefixed name"),
        pytest.param(
            EX + "SELECT * { SERVICEex:a {} }", id="the engine parts SERVICE and a prefixed name"
        ),
        pytest.param(
            EX + "SELECT * { SERVICE:a {} }",
            id="the engine parts SERVICE and a name without prefix",
        ),
        pytest.param(EX + "SELECT * { SERVICESILENTex:a {} }", id="all three together"),
        pytest.param(EX + "SELECT * { SERVICE:a # c\n {} }", id="a comment before the brace"),
        pytest.param(EX + "SELECT * { ?s ?p true.SERVICEex:a {} }", id="both tricks at once"),
        pytest.param(
            EX + "SELECT * { GRAPH ?g { SERVICEex:a {} } }", id="a graph before it excuses nothing"
        ),
        pytest.param(
            EX + "SELECT * { ?s ?p ?GRAPH SERVICEex:a {} }", id="nor a variable of that name"
        ),
        pytest.param(EX + "SELECT * { ?s ?p 'a'@GRAPH SERVICEex:a {} }", id="nor a language"),
        pytest.param(
            r"SELECT * { SERVIC\u0045 <http://a/> { ?s ?p ?o } }",
            id="an escape in the keyword (19.2)",
        ),
        pytest.param(
            r"SELECT * { \U00000053ERVICE <http://a/> {} }", id="an escape of eight digits"
        ),
        pytest.param(
            r"SELECT * { ?s ?p 'a\u0027 SERVICE <http://a/> {} #' }",
            id="an escaped quote ends the string",
        ),
        pytest.param(
            "SELECT * { ?s ?p '''a'''' . SERVICE <http://a/> {} }",
            id="a long string with a quote left over",
        ),
        pytest.param(
            "SELECT * { ?s ?p ('''a' #\\q\n) SERVICE <http://a/> {} #'''\n }",
            id="what is no string for the engine, for its wrong escape, hides nothing",
        ),
    ],
)
def test_a_call_of_service_is_refused_however_it_is_written(text: str) -> None:
    with pytest.raises(QueryRefused, match="SERVICE"):
        check(text, max_length=LONG)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("INSERT DATA { <a:a> <a:b> <a:c> }", id="insert data"),
        pytest.param("DELETE WHERE { ?s ?p ?o }", id="delete where"),
        pytest.param(
            "PREFIX select: <http://a/> DELETE WHERE { ?s ?p ?o }", id="a prefix is no form"
        ),
        pytest.param("# SELECT\nDROP ALL", id="a comment is no form"),
        pytest.param("BASE <http://select.example/> CLEAR ALL", id="a base is no form"),
        pytest.param("LOAD <http://a/>", id="load"),
        pytest.param("CREATE GRAPH <http://a/>", id="create"),
        pytest.param("COPY <http://a/> TO <http://b/>", id="copy"),
        pytest.param("MOVE <http://a/> TO <http://b/>", id="move"),
        pytest.param("ADD <http://a/> TO <http://b/>", id="add"),
        pytest.param("WITH <http://a/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", id="with"),
        pytest.param("insert data {}", id="keywords have no case"),
        pytest.param(
            "PREFIX add: <http://a/> INSERT DATA { add:a add:b add:c }",
            id="a prefix named like an update",
        ),
    ],
)
def test_an_update_is_refused(text: str) -> None:
    with pytest.raises(QueryRefused, match="read-only"):
        check(text, max_length=LONG)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "SELECT ?insert { ?delete ?load 'DROP' }",
            id="words of an update as variables and strings",
        ),
        pytest.param(
            "PREFIX load: <http://a/> SELECT * { load:delete a load:insert }",
            id="as prefixed names",
        ),
        pytest.param("SELECT * {} # ; DROP ALL", id="in a comment"),
    ],
)
def test_the_letters_of_an_update_are_no_update_where_they_are_no_keyword(text: str) -> None:
    check(text, max_length=LONG)


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\n"])
def test_a_query_of_nothing_is_malformed_at_its_first_character(text: str) -> None:
    with pytest.raises(MalformedQuery) as caught:
        check(text, max_length=LONG)
    assert (caught.value.line, caught.value.column) == (1, 1)


def test_a_query_may_have_as_many_characters_as_the_setting_says_and_no_more() -> None:
    check("ASK {}".ljust(100), max_length=100)
    with pytest.raises(MalformedQuery, match="101 characters; at most 100"):
        check("ASK {}".ljust(101), max_length=100)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("ASK " + "{" * (MAX_DEPTH + 1), 1, 5 + MAX_DEPTH, id="braces"),
        pytest.param(
            "ASK\n{ FILTER" + "(" * (MAX_DEPTH + 1),
            2,
            8 + MAX_DEPTH,
            id="brackets, on a second line",
        ),
        pytest.param("ASK { ?s ?p " + "[" * (MAX_DEPTH + 1), 1, 12 + MAX_DEPTH, id="blank nodes"),
        pytest.param(
            "ASK { FILTER(" + "!" * (MAX_DEPTH + 1),
            1,
            14 + MAX_DEPTH,
            id="signs in a row recurse as well",
        ),
        pytest.param(
            "ASK { FILTER(" + "- " * MAX_DEPTH + "-",
            1,
            14 + 2 * MAX_DEPTH,
            id="signs with spaces between",
        ),
    ],
)
def test_a_query_too_deep_for_a_recursive_parser_is_malformed_where_it_gets_too_deep(
    text: str, line: int, column: int
) -> None:
    with pytest.raises(MalformedQuery, match="nests deeper") as caught:
        check(text, max_length=LONG)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ASK " + "{" * MAX_DEPTH + "}" * MAX_DEPTH, id="just deep enough"),
        pytest.param("ASK { FILTER(?x = '" + "{" * 999 + "') }", id="brackets in a string"),
        pytest.param("ASK {} #" + "{" * 999, id="brackets in a comment"),
        pytest.param("ASK {" + "{} " * 999 + "}", id="many beside each other"),
        pytest.param(
            "ASK { FILTER(" + " || ".join(["!?x"] * 999) + ") }", id="many signs, none in a row"
        ),
    ],
)
def test_breadth_is_not_depth(text: str) -> None:
    check(text, max_length=LONG)


@pytest.mark.parametrize(
    ("text", "default_graphs", "named_graphs"),
    [
        pytest.param("SELECT * {}", (), (), id="none"),
        pytest.param("SELECT * FROM <http://a/> {}", ("http://a/",), (), id="one"),
        pytest.param("SELECT*FROM<http://a/>{}", ("http://a/",), (), id="without white space"),
        pytest.param(
            "SELECT * FROM <http://a/> FROM <http://b/> {}",
            ("http://a/", "http://b/"),
            (),
            id="two",
        ),
        pytest.param(
            "SELECT * FROM <http://a/> FROM <http://a/> {}",
            ("http://a/",),
            (),
            id="twice the same is once",
        ),
        pytest.param(
            "ASK from named <http://a/> {}", (), ("http://a/",), id="keywords have no case"
        ),
        pytest.param(
            "ASK FROM NAMED <http://a/> FROM <http://b/> {}",
            ("http://b/",),
            ("http://a/",),
            id="both kinds",
        ),
        pytest.param(
            EX + "ASK FROM ex:g FROM NAMED :h {}",
            ("http://example.org/g",),
            ("http://example.org/h",),
            id="pn",
        ),
        pytest.param(
            "BASE <http://a/b/> ASK FROM <c> {}", ("http://a/b/c",), (), id="against the base"
        ),
        pytest.param(
            "BASE <http://a/b/> PREFIX p: <c/> ASK FROM p:d {}",
            ("http://a/b/c/d",),
            (),
            id="a relative prefix",
        ),
        pytest.param(
            "ASK FROM # <http://x/>\n <http://a/> {}", ("http://a/",), (), id="a comment between"
        ),
        pytest.param(
            r"ASK FROM <http://a/\u0062> FROM <http://c/> {}",
            ("http://a/b", "http://c/"),
            (),
            id="escapes",
        ),
        pytest.param(
            EX + r"ASK FROM ex:a\-b {}", ("http://example.org/a-b",), (), id="an escaped local name"
        ),
        pytest.param(
            EX + r"ASK FROM ex:g FROM <http://example.org/g> FROM : FROM ex: FROM NAMED :g {}",
            ("http://example.org/g", "http://example.org/"),
            ("http://example.org/g",),
            id="a graph counts once, however it is written",
        ),
        pytest.param(
            "BASE <http://a/b/?c> BASE <d/> ASK FROM <> FROM <http://a/b/d/> FROM <../x> {}",
            ("http://a/b/d/", "http://a/b/x"),
            (),
            id="a base relative to a base",
        ),
        pytest.param(
            "BASE <urn:a:b> ASK FROM <c> {}", ("urn:c",), (), id="a base without authority"
        ),
        pytest.param(EX + "ASK FROM ex:a FROMex:b {}", (), (), id="left to the engine: no space"),
        pytest.param("ASK FROM no:a {}", (), (), id="left to the engine: no such prefix"),
        pytest.param(
            "SELECT * { ?s ?p 'FROM <http://a/>' } # FROM <http://b/>",
            (),
            (),
            id="not in strings nor comments",
        ),
        pytest.param(
            "SELECT ?FROM { ?FROM <http://a/> ?o }", (), (), id="not after a variable of that name"
        ),
    ],
)
def test_the_dataset_of_a_query_is_read_from_its_clauses(
    text: str, default_graphs: tuple[str, ...], named_graphs: tuple[str, ...]
) -> None:
    assert (dataset_clauses(text) or ((), ())) == (default_graphs, named_graphs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("SELECT * { ?s ?p ?o }", True, id="plain"),
        pytest.param("SELECT (NOW() AS ?t) {}", False, id="the time"),
        pytest.param("SELECT (now() AS ?t) {}", False, id="function names have no case"),
        pytest.param("SELECT * { BIND(RAND() AS ?r) }", False, id="chance"),
        pytest.param("SELECT (UUID() AS ?u) {}", False, id="a new IRI each time"),
        pytest.param("SELECT (STRUUID() AS ?u) {}", False, id="a new string each time"),
        pytest.param("SELECT (BNODE() AS ?b) {}", False, id="a new blank node each time"),
        pytest.param(
            "SELECT ?now { ?now ?rand 'NOW()' } # RAND()",
            True,
            id="not in variables, strings or comments",
        ),
        pytest.param(
            "PREFIX ex: <http://a/> SELECT * { ?s ex:NOW ?o }", True, id="not in a prefixed name"
        ),
    ],
)
def test_an_answer_is_kept_only_where_asking_again_would_give_the_same(
    text: str, expected: bool
) -> None:
    assert is_repeatable(text) is expected


def test_a_long_prefix_used_often_takes_no_memory() -> None:
    prologue = f"PREFIX a: <http://{'x' * 50_000}/> SELECT * "
    clauses = "".join(f"FROM a:{number:x} " for number in range(4000))
    tracemalloc.start()
    try:
        assert dataset_clauses(f"{prologue}{clauses}{{}}") is None
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@given(st.text(alphabet="SERVICE{}()<>\"'\\#?:.\n au0042", max_size=300))
def test_any_text_at_all_is_let_through_refused_or_malformed(text: str) -> None:
    with suppress(MalformedQuery, QueryRefused):
        check(text, max_length=LONG)
    dataset_clauses(text)
    is_repeatable(text)
