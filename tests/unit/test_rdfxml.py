"""RDF/XML: what it cannot express is told, the rest is XML that means the same graph."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)
from rdflib import Graph
from rdflib.compare import isomorphic

from unicef_linked.errors import Unwritable
from unicef_linked.rdf.iris import RDF
from unicef_linked.rdf.serialization import unwritable_in_xml, write_rdf

EX = "http://x.example/"
TYPE = f"{RDF}type"


def statement(predicate: str = f"{EX}p", value: object = None, subject: object = None) -> Triple:
    return Triple(
        subject or NamedNode(f"{EX}s"),  # type: ignore[arg-type]
        NamedNode(predicate),
        value or Literal("v"),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("triple", "word"),
    [
        pytest.param(statement(f"{EX}col/2024"), "2024", id="a property that ends in digits"),
        pytest.param(statement(f"{EX}col/"), "col/", id="a property that ends in a slash"),
        pytest.param(statement(f"{EX}col#"), "col#", id="a property that ends in a number sign"),
        pytest.param(statement(f"{EX}a%20"), "a%20", id="a property that ends in %20"),
        pytest.param(statement(f"{EX}a(b)"), "a(b)", id="a property that ends in a bracket"),
        pytest.param(statement("urn:isbn:1"), "urn:isbn:1", id="a property that is a URN"),
        pytest.param(statement(f"{EX}\U0001f600"), "property", id="a name that expat refuses"),
        pytest.param(statement(f"{RDF}li"), "reserved", id="rdf:li numbers members"),
        pytest.param(statement(f"{RDF}about"), "reserved", id="rdf:about is syntax"),
        pytest.param(
            statement("http://www.w3.org/2000/xmlns/a"), "property", id="the namespace of xmlns"
        ),
        pytest.param(statement(value=Literal("page\x0cbreak")), "U+000C", id="a form feed"),
        pytest.param(statement(value=Literal("\x07", language="en")), "U+0007", id="a bell"),
        pytest.param(statement(value=Literal("a\x00")), "U+0000", id="a null"),
        pytest.param(statement(value=Literal("a\ufffeb")), "U+FFFE", id="a noncharacter"),
        pytest.param(
            statement(value=Triple(NamedNode(EX), NamedNode(f"{EX}1"), Literal("v"))),
            "property",
            id="a property of a triple term",
        ),
    ],
)
def test_a_graph_that_rdf_xml_cannot_express_is_refused(triple: Triple, word: str) -> None:
    reason = unwritable_in_xml([statement(), triple])
    assert reason is not None
    assert word in reason
    with pytest.raises(Unwritable, match="RDF/XML cannot"):
        write_rdf([statement(), triple], RdfFormat.RDF_XML, {"ex": EX})


@pytest.mark.parametrize(
    "triple",
    [
        pytest.param(statement(f"{EX}2024/col"), id="digits before the name"),
        pytest.param(statement(f"{EX}2col"), id="digits at the beginning of the name"),
        pytest.param(statement(f"{EX}été"), id="letters beyond ASCII"),
        pytest.param(statement(f"{EX}年"), id="ideographs"),
        pytest.param(statement(f"{EX}a.b-1"), id="full stop and hyphen"),
        pytest.param(statement(f"{EX}a:b"), id="a colon"),
        pytest.param(statement(f"{EX}caf%C3%A9"), id="a name after a percent sign"),
        pytest.param(statement(f"{EX}?a=1&b"), id="an ampersand"),
        pytest.param(statement("urn:a"), id="a URN"),
        pytest.param(statement(f"{RDF}_1"), id="a member of a container"),
        pytest.param(statement(TYPE, NamedNode(f"{EX}2024")), id="a class that ends in digits"),
        pytest.param(statement(TYPE, NamedNode(EX)), id="a class that is a namespace"),
        pytest.param(statement(TYPE, NamedNode(f"{RDF}li")), id="a class that is syntax"),
        pytest.param(statement(subject=BlankNode("1")), id="a label of digits"),
        pytest.param(statement(value=BlankNode("1")), id="a label of digits, as object"),
        pytest.param(statement(value=Literal("a\r\nb\rc")), id="carriage returns"),
        pytest.param(statement(value=Literal("a\tb\n ")), id="white space"),
        pytest.param(statement(value=Literal("]]> <a> &amp; \x85 \u2028")), id="markup"),
        pytest.param(statement(value=NamedNode(f"{EX}a?b&c='d'")), id="quotes"),
    ],
)
def test_rdf_xml_is_read_as_the_same_graph_by_other_parsers(triple: Triple) -> None:
    graph = [triple, statement(f"{EX}other"), statement(value=BlankNode("b0"))]
    written = write_rdf(graph, RdfFormat.RDF_XML, {"ex": EX})
    ET.fromstring(written)
    turtle = write_rdf(graph, RdfFormat.N_TRIPLES, {}).decode()
    expected = Graph().parse(data=turtle, format="nt")
    assert isomorphic(Graph().parse(data=written, format="xml"), expected)
    assert _canonical(parse(written, format=RdfFormat.RDF_XML)) == _canonical(map(_quad, graph))


def _quad(triple: Triple) -> Quad:
    return Quad(*triple)


def _canonical(quads: object) -> Dataset:
    dataset = Dataset(quads)  # type: ignore[arg-type]
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def test_a_blank_node_keeps_apart_from_those_that_are_renamed() -> None:
    graph = [statement(value=BlankNode(label)) for label in ("1", "b0", "2")]
    written = write_rdf(graph, RdfFormat.RDF_XML, {})
    assert len({quad.object for quad in parse(written, format=RdfFormat.RDF_XML)}) == 3


@pytest.mark.parametrize("text", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_that_xml_forbids_are_found(text: str) -> None:
    reason = unwritable_in_xml([statement(value=Literal(f"a{text}b"))])
    assert reason is not None
    assert reason.endswith(f"XML 1.0 has no character U+{ord(text):04X}")


@pytest.mark.parametrize("text", ["", "\t\n\r", "\x7f\x85", "\ud7ff\ue000\ufffd", "\U0010ffff"])
def test_characters_that_xml_allows_are_not_found(text: str) -> None:
    assert unwritable_in_xml([statement(value=Literal(text))]) is None
