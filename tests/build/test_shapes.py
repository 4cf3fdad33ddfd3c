"""Every shape can fail: beside each one a graph that passes and a graph that fails each of its
constraints.

The graphs are ``tests/graphs/shapes/{shape}.passes.ttl`` and ``.fails.ttl``; the shapes graph
itself is the table. Of the ontology they take only the class hierarchy. A shape without a target,
which others count values with, is tried on the objects of ``rdf:value``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.namespace import SH

ROOT = Path(__file__).resolve().parents[2]
GRAPHS = ROOT / "tests" / "graphs" / "shapes"
ULSH = "https://w3id.org/unicef-linked/shapes#"

LANGUAGES = {"en", "fr"}
TARGETS = (SH.targetClass, SH.targetNode, SH.targetObjectsOf, SH.targetSubjectsOf)
NOT_CONSTRAINTS = {
    RDF.type,
    RDFS.label,
    SH.description,
    SH.group,
    SH.message,
    SH.name,
    SH.order,
    SH.path,
    SH.property,
    SH.qualifiedValueShape,
    SH.severity,
    *TARGETS,
}


def read(*files: Path) -> Graph:
    graph = Graph(bind_namespaces="none")
    for file in files:
        graph.parse(file, format="turtle")
    return graph


SHAPES = read(*sorted((ROOT / "shapes").glob("*.ttl")))
HIERARCHY = Graph(bind_namespaces="none")
for triple in read(*sorted((ROOT / "ontology").glob("*.ttl"))).triples(
    (None, RDFS.subClassOf, None)
):
    HIERARCHY.add(triple)


def named(kind: URIRef) -> list[URIRef]:
    return sorted(node for node in SHAPES.subjects(RDF.type, kind) if isinstance(node, URIRef))


NODE_SHAPES, PROPERTY_SHAPES, QUERIES = (
    named(SH.NodeShape),
    named(SH.PropertyShape),
    named(SH.SPARQLConstraint),
)


def local(iri: object) -> str:
    return str(iri).removeprefix(ULSH).removeprefix(str(SH))


def has_target(shape: URIRef) -> bool:
    return any(SHAPES.value(shape, target) is not None for target in TARGETS)


WITHOUT_TARGET = [str(shape) for shape in PROPERTY_SHAPES + NODE_SHAPES if not has_target(shape)]


def constraints(shape: URIRef) -> set[tuple[str, str]]:
    """Return (shape, component) for each constraint of a node shape and of its property shapes;
    a query names itself.

    SHACL, section 4: a component is called after its parameter.
    """
    found = set()
    for part in (shape, *SHAPES.objects(shape, SH.property)):
        for parameter, value in SHAPES.predicate_objects(part):
            if parameter == SH.sparql:
                found.add((local(part), local(value)))
            elif parameter not in NOT_CONSTRAINTS:
                name = local(parameter)
                found.add((local(part), f"{name[0].upper()}{name[1:]}ConstraintComponent"))
    return found


@dataclass(frozen=True)
class Result:
    shape: str
    component: str
    severity: str
    messages: frozenset[str]


@cache
def results(shape: URIRef, outcome: str) -> tuple[Result, ...]:
    """Return what ``shape`` alone says of its graph that ``outcome``: passes or fails."""
    shapes = SHAPES
    if not has_target(shape):
        shapes = Graph(bind_namespaces="none") + SHAPES
        shapes.add((shape, SH.targetObjectsOf, RDF.value))
    answer: tuple[bool, Any, str] = pyshacl.validate(
        read(GRAPHS / f"{local(shape)}.{outcome}.ttl"),
        shacl_graph=shapes,
        ont_graph=HIERARCHY,
        inference="none",
        meta_shacl=False,
        use_shapes=[str(shape), *WITHOUT_TARGET],
    )
    report = answer[1]
    assert isinstance(report, Graph), answer[2]
    return tuple(
        Result(
            local(report.value(node, SH.sourceShape)),
            local(
                report.value(node, SH.sourceConstraint)
                or report.value(node, SH.sourceConstraintComponent)
            ),
            str(report.value(node, SH.resultSeverity)),
            frozenset(str(message) for message in report.objects(node, SH.resultMessage)),
        )
        for node in report.subjects(RDF.type, SH.ValidationResult)
    )


DEMANDING = [
    *NODE_SHAPES,
    *(
        shape
        for shape in PROPERTY_SHAPES
        if any(name == local(shape) for name, _ in constraints(shape))
    ),
]
"""The shapes that hold data to account;
a property shape without a constraint only says what a page tells."""

each_node_shape = pytest.mark.parametrize("shape", NODE_SHAPES, ids=local)
each_shape = pytest.mark.parametrize("shape", NODE_SHAPES + PROPERTY_SHAPES, ids=local)


def test_each_node_shape_has_a_graph_that_passes_and_one_that_fails_and_there_are_no_others() -> (
    None
):
    expected = {
        f"{local(shape)}.{outcome}.ttl" for shape in NODE_SHAPES for outcome in ("passes", "fails")
    }
    assert {file.name for file in GRAPHS.iterdir()} == expected


@each_node_shape
def test_the_graph_that_passes_gives_no_result_at_all(shape: URIRef) -> None:
    assert results(shape, "passes") == ()


@each_node_shape
def test_the_graph_that_passes_holds_something_the_shape_looks_at(shape: URIRef) -> None:
    graph = read(GRAPHS / f"{local(shape)}.passes.ttl") + HIERARCHY
    seen = {*graph.objects(predicate=RDF.value)} if not has_target(shape) else set()
    for target in SHAPES.objects(shape, SH.targetClass):
        for kind in graph.transitive_subjects(RDFS.subClassOf, target):
            seen |= set(graph.subjects(RDF.type, kind))
    for target in SHAPES.objects(shape, SH.targetSubjectsOf):
        seen |= set(graph.subjects(target))
    for target in SHAPES.objects(shape, SH.targetObjectsOf):
        seen |= set(graph.objects(predicate=target))
    assert seen


@each_node_shape
def test_the_graph_that_fails_breaks_every_constraint_of_the_shape(shape: URIRef) -> None:
    broken = {(result.shape, result.component) for result in results(shape, "fails")}
    assert constraints(shape) - broken == set()


@each_node_shape
def test_each_result_has_its_shape_s_severity_and_speaks_both_languages(shape: URIRef) -> None:
    for result in results(shape, "fails"):
        source = URIRef(ULSH + result.shape)
        assert result.severity == str(SHAPES.value(source, SH.severity))
        assert result.messages == {str(message) for message in SHAPES.objects(source, SH.message)}


@each_shape
def test_each_shape_has_a_label_and_if_it_demands_something_a_message_in_french_and_english(
    shape: URIRef,
) -> None:
    for said in (RDFS.label, SH.message) if shape in DEMANDING else (RDFS.label,):
        texts = [text for text in SHAPES.objects(shape, said) if isinstance(text, Literal)]
        assert sorted(text.language or "" for text in texts) == sorted(LANGUAGES)
        assert len({str(text) for text in texts}) == len(texts) or all(
            len(text.split()) == 1 for text in texts
        )


@pytest.mark.parametrize("shape", DEMANDING, ids=local)
def test_each_shape_is_a_violation_or_a_piece_of_advice(shape: URIRef) -> None:
    [severity] = SHAPES.objects(shape, SH.severity)
    assert severity in {SH.Violation, SH.Warning}


def test_a_message_belongs_to_one_shape() -> None:
    messages = Counter(SHAPES.objects(predicate=SH.message))
    assert [message for message, count in messages.items() if count > 1] == []


def test_each_property_shape_and_each_query_belongs_to_one_shape() -> None:
    assert Counter(SHAPES.objects(predicate=SH.property)) == Counter(PROPERTY_SHAPES)
    assert Counter(SHAPES.objects(predicate=SH.sparql)) == Counter(QUERIES)


def test_a_shape_with_a_query_says_nothing_else_so_that_its_message_is_the_query_s() -> None:
    for shape in SHAPES.subjects(SH.sparql):
        assert isinstance(shape, URIRef)
        assert [name for name, _ in constraints(shape)] == [local(shape)]


def test_a_shape_without_a_target_is_used_by_another() -> None:
    lists = SHAPES.objects(predicate=SH["or"])
    used = {*SHAPES.objects(predicate=SH.qualifiedValueShape)}
    used |= {member for head in lists for member in Collection(SHAPES, head)}
    assert {shape for shape in NODE_SHAPES if not has_target(shape)} == used


def test_what_is_demanded_is_of_single_predicates_and_blank_nodes_are_only_lists_and_inverse_paths() -> (
    None
):
    assert all(
        isinstance(SHAPES.value(shape, SH.path), URIRef)
        for shape in DEMANDING
        if shape in PROPERTY_SHAPES
    )
    named_by_shacl = {*SHAPES.subjects(RDF.first), *SHAPES.subjects(SH.inversePath)}
    assert {node for node in SHAPES.all_nodes() if isinstance(node, BNode)} <= named_by_shacl


def texts(node: URIRef, said: URIRef) -> list[str]:
    return sorted(
        text.language or "" for text in SHAPES.objects(node, said) if isinstance(text, Literal)
    )


ROWS = sorted({shape for shape in SHAPES.subjects(SH.group) if isinstance(shape, URIRef)})
GROUPS = sorted(
    {group for group in SHAPES.subjects(RDF.type, SH.PropertyGroup) if isinstance(group, URIRef)}
)


@pytest.mark.parametrize("shape", ROWS, ids=local)
def test_a_row_of_a_page_has_a_name_in_each_language_and_a_place_in_groups_that_are_declared(
    shape: URIRef,
) -> None:
    assert shape in PROPERTY_SHAPES
    assert texts(shape, SH.name) == sorted(LANGUAGES)
    assert texts(shape, SH.description) in ([], sorted(LANGUAGES))
    assert len(list(SHAPES.objects(shape, SH.order))) == 1
    assert set(SHAPES.objects(shape, SH.group)) <= set(GROUPS)


@pytest.mark.parametrize("group", GROUPS, ids=local)
def test_a_group_of_a_page_has_a_name_in_each_language_a_place_of_its_own_and_rows(
    group: URIRef,
) -> None:
    assert texts(group, RDFS.label) == sorted(LANGUAGES)
    [order] = SHAPES.objects(group, SH.order)
    assert [other for other in GROUPS if SHAPES.value(other, SH.order) == order] == [group]
    assert (None, SH.group, group) in SHAPES


@each_node_shape
def test_no_two_rows_of_a_shape_have_the_same_place(shape: URIRef) -> None:
    orders = [
        SHAPES.value(row, SH.order) for row in SHAPES.objects(shape, SH.property) if row in ROWS
    ]
    assert len(orders) == len(set(orders))


def test_a_property_shape_that_demands_nothing_is_a_row_of_a_page() -> None:
    assert set(PROPERTY_SHAPES) - set(DEMANDING) <= set(ROWS)


def test_the_shapes_are_well_formed_by_the_shapes_that_shacl_gives_for_shapes() -> None:
    conforms, _, text = pyshacl.validate(
        Graph(), shacl_graph=SHAPES, inference="none", meta_shacl=True
    )
    assert conforms, text
