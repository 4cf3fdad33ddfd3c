"""Where the engine differs from a standard, as docs/engine.md lists it:
a test here fails when a new version mends one.

When it does: take the work-around out, the row of docs/engine.md too,
and turn the test into one of the right answer.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

import pyoxigraph as ox
import pytest

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
THING: Final = ox.NamedNode("http://example.org/thing")


def kept(text: str, datatype: str) -> ox.Literal:
    """Return a literal as the store gives it back."""
    store = ox.Store()
    store.add(ox.Quad(THING, THING, ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))))
    (quad,) = store
    assert isinstance(quad.object, ox.Literal)
    return quad.object


@pytest.mark.parametrize(
    ("text", "datatype", "as_kept", "datatype_as_kept"),
    [
        ("182", "nonNegativeInteger", "182", "integer"),
        ("7", "byte", "7", "integer"),
        ("042", "integer", "42", "integer"),
        ("1.50", "decimal", "1.5", "decimal"),
        ("1.0E3", "double", "1000", "double"),
        ("1", "boolean", "true", "boolean"),
        ("2016-01-01+00:00", "date", "2016-01-01Z", "date"),
        ("2016-01-01T24:00:00Z", "dateTime", "2016-01-02T00:00:00Z", "dateTime"),
        ("2016-01-01T00:00:00Z", "dateTimeStamp", "2016-01-01T00:00:00Z", "dateTime"),
        ("P12M", "duration", "P1Y", "duration"),
    ],
)
def test_the_engine_keeps_a_value_not_its_spelling(
    text: str, datatype: str, as_kept: str, datatype_as_kept: str
) -> None:
    literal = kept(text, datatype)
    assert (literal.value, literal.datatype.value) == (as_kept, XSD + datatype_as_kept)


def test_the_engine_writes_language_tags_in_lower_case() -> None:
    assert ox.Literal("colour", language="en-GB").language == "en-gb"


@pytest.mark.parametrize("path", ["*", "?"])
def test_the_engine_finds_no_path_of_length_zero_from_what_is_not_in_the_data(path: str) -> None:
    query = f"SELECT ?x {{ <http://example.org/absent> <http://example.org/p>{path} ?x }}"
    assert list(ox.Store().query(query)) == []  # SPARQL 1.1 Query, 18.4: one row, the IRI itself


def test_the_engine_counts_a_triple_once_for_each_graph_that_has_it() -> None:
    store = ox.Store()
    graphs = [ox.NamedNode(f"http://example.org/graph/{name}") for name in "ab"]
    for graph in graphs:
        store.add(ox.Quad(THING, THING, THING, graph))
    answer = store.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graph=graphs)
    assert next(iter(answer))["n"].value == "2"  # SPARQL 1.1 Query, 13.2.1: a merge, so 1


def test_the_engine_counts_a_graph_twice_that_a_query_names_twice() -> None:
    store = ox.Store()
    store.add(ox.Quad(THING, THING, THING, THING))
    answer = store.query(f"SELECT (COUNT(*) AS ?n) FROM {THING} FROM {THING} {{ ?s ?p ?o }}")
    assert next(iter(answer))["n"].value == "2"  # SPARQL 1.1 Query, 13.2.1: a set, so 1


def test_the_engine_writes_a_property_that_is_no_name_as_broken_xml() -> None:
    triple = ox.Triple(THING, ox.NamedNode("http://example.org/2024"), THING)
    written = ox.serialize([triple], format=ox.RdfFormat.RDF_XML)
    assert written is not None
    with pytest.raises(ET.ParseError):
        ET.fromstring(written)


def test_the_engine_writes_control_characters_as_broken_xml() -> None:
    written = ox.serialize(
        [ox.Triple(THING, THING, ox.Literal("a\fb"))], format=ox.RdfFormat.RDF_XML
    )
    assert written is not None
    with pytest.raises(ET.ParseError):
        ET.fromstring(written)
    answer = ox.Store().query('SELECT ("a\\u0007b" AS ?x) {}')
    table = answer.serialize(format=ox.QueryResultsFormat.XML)  # type: ignore[union-attr]
    assert table is not None
    with pytest.raises(ET.ParseError):
        ET.fromstring(table)


def test_the_engine_refuses_a_function_that_it_does_not_know() -> None:
    with pytest.raises((RuntimeError, SyntaxError, ValueError)):
        list(ox.Store().query("SELECT (<http://example.org/f>(1) AS ?x) {}"))
