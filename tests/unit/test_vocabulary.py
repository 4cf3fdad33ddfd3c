"""What an ontology, its shapes and the statistics say together of a class."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
import pytest

from unicef_linked.dataset.vocabulary import Shape, Vocabulary, read_shapes, read_usage
from unicef_linked.rdf.canonical import sort_lines
from unicef_linked.rdf.iris import Names
from unicef_linked.rdf.statistics import count, count_distinct, describe, describe_classes

NAMES: Final = Names()
PREFIXES: Final = """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX ulsh: <https://w3id.org/unicef-linked/shapes#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX ex: <https://example.org/>
"""
ONTOLOGY: Final = """
ul:Office a owl:Class ; rdfs:subClassOf ex:Unit .
ul:ZoneOffice a owl:Class ; rdfs:subClassOf ul:Office .
ul:Region a owl:Class .
ul:Place a owl:Class .
ul:covers a owl:ObjectProperty ; rdfs:domain ul:Office ; rdfs:range ul:Region ; owl:inverseOf ul:coveredBy .
ul:coveredBy a owl:ObjectProperty ; rdfs:domain ul:Region ; rdfs:range ul:Office .
ul:in a owl:ObjectProperty ; schema:domainIncludes ul:Office, ul:Region ; rdfs:range ul:Place ; rdfs:subPropertyOf ex:near .
ul:right-in a owl:ObjectProperty ; rdfs:subPropertyOf ul:in .
ul:opened a owl:DatatypeProperty ; rdfs:domain ul:Office ; schema:rangeIncludes xsd:gYear, xsd:date .
"""
SHAPES: Final = """
ulsh:Office a sh:NodeShape ; sh:targetClass ul:Office ; sh:property ulsh:Office-covers, ulsh:Office-of, ulsh:Office-opened .
ulsh:Office-covers a sh:PropertyShape ; sh:path ul:covers ; sh:minCount 1 ; sh:class ul:Region .
ulsh:Office-of a sh:PropertyShape ; sh:path ex:of ; sh:maxCount 1 ; sh:nodeKind sh:IRI .
ulsh:Office-opened a sh:PropertyShape ; sh:path ul:opened ; sh:or ( ulsh:Year ulsh:Date ) .
ulsh:Zone a sh:NodeShape ; sh:targetClass ul:ZoneOffice ; sh:property ulsh:Zone-covers .
ulsh:Zone-covers a sh:PropertyShape ; sh:path ul:covers ; sh:maxCount 3 ; sh:severity sh:Warning .
ulsh:Year a sh:NodeShape ; sh:datatype xsd:gYear .
ulsh:Date a sh:NodeShape ; sh:datatype xsd:date .
ulsh:Kind a sh:NodeShape ; sh:targetSubjectsOf ul:covers ; sh:targetObjectsOf ul:in ; sh:property ulsh:Kind-type .
ulsh:Kind-type a sh:PropertyShape ; sh:path rdf:type ; sh:qualifiedValueShape ulsh:Year ; sh:qualifiedMinCount 1 .
"""
DATA: Final = """
ex:o a ul:Office, ul:ZoneOffice ; ul:covers ex:r, ex:q ; ex:of ex:p ; ul:opened "2013"^^xsd:gYear .
ex:r a ul:Region ; ul:in ex:p .
ex:q a ul:Region .
ex:p a ul:Place .
"""


def parse(text: str) -> list[ox.Quad]:
    """Return the quads of some Turtle."""
    return list(ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE))


def ul(name: str) -> str:
    """Return the IRI of a term."""
    return NAMES.term(name)


@pytest.fixture
def vocabulary() -> Vocabulary:
    """The three together."""
    lines = sort_lines(parse(DATA))
    statistics = count(lambda: lines, count_distinct, inside=f"{NAMES.ontology}#")
    described = [*describe(statistics, NAMES), *describe_classes(statistics, NAMES)]
    usage = read_usage(ox.Quad(*triple) for triple in described)
    return Vocabulary(
        tuple(parse(ONTOLOGY)), read_shapes(parse(SHAPES)), usage, f"{NAMES.ontology}#"
    )


@pytest.mark.parametrize(
    ("shape", "cardinality"),
    [
        pytest.param(Shape("urn:s"), "", id="not said"),
        pytest.param(Shape("urn:s", minimum=1), "1..*", id="at least one"),
        pytest.param(Shape("urn:s", maximum=1), "0..1", id="at most one"),
        pytest.param(Shape("urn:s", minimum=1, maximum=1), "1", id="exactly one"),
        pytest.param(Shape("urn:s", minimum=2, maximum=5), "2..5", id="from two to five"),
        pytest.param(Shape("urn:s", maximum=0), "0", id="none"),
    ],
)
def test_how_many_values_there_may_be(shape: Shape, cardinality: str) -> None:
    assert shape.cardinality == cardinality


def test_a_shape_is_read_with_targets_lists_and_qualified_counts() -> None:
    shapes = {
        iri.removeprefix(f"{NAMES.shapes}#"): shape
        for iri, shape in read_shapes(parse(SHAPES)).items()
    }
    assert shapes["Office"].targets == (("class", ul("Office")),)
    assert dict(shapes["Kind"].targets) == {"subjects": ul("covers"), "objects": ul("in")}
    assert {kind.rpartition("#")[2] for kind in shapes["Office-opened"].kinds} == {"Year", "Date"}
    assert (shapes["Kind-type"].qualified, shapes["Kind-type"].minimum) == (
        f"{NAMES.shapes}#Year",
        1,
    )
    assert [shapes[name].severity.rpartition("#")[2] for name in ("Office", "Zone-covers")] == [
        "Violation",
        "Warning",
    ]


def test_a_class_has_what_the_ontology_or_a_shape_says_and_what_classes_above_have(
    vocabulary: Vocabulary,
) -> None:
    found = {r.property: r for r in vocabulary.relations(ul("ZoneOffice"))}
    assert set(found) == {ul("covers"), ul("in"), ul("opened"), "https://example.org/of"}
    covers = found[ul("covers")]
    assert (covers.owner, covers.kinds, covers.cardinality, covers.number) == (
        ul("Office"),
        (ul("Region"),),
        "1..3",
        2,
    )
    assert {r.property: r for r in vocabulary.relations(ul("Office"))}[
        ul("covers")
    ].cardinality == "1..*"


def test_where_nothing_says_what_values_are_the_data_does(vocabulary: Vocabulary) -> None:
    found = {r.property: r for r in vocabulary.relations(ul("Office"))}
    assert found["https://example.org/of"].kinds == (ul("Place"),)
    assert found["https://example.org/of"].cardinality == "0..1"


def test_literals_are_told_from_things(vocabulary: Vocabulary) -> None:
    assert [r.property for r in vocabulary.relations(ul("Office")) if r.literal] == [ul("opened")]


def test_what_leads_to_a_class_is_told_once_with_its_number(vocabulary: Vocabulary) -> None:
    assert [(r.owner, r.property, r.number) for r in vocabulary.incoming(ul("Region"))] == [
        (ul("Office"), ul("covers"), 2)
    ]
    assert {
        (r.owner, r.number) for r in vocabulary.incoming(ul("Place")) if r.property == ul("in")
    } == {
        (ul("Office"), 0),
        (ul("Region"), 1),
    }


def test_hierarchies_and_inverses_are_known_from_either_side(vocabulary: Vocabulary) -> None:
    assert vocabulary.children(ul("Office")) == (ul("ZoneOffice"),)
    assert vocabulary.lineage(ul("ZoneOffice")) == (
        ul("ZoneOffice"),
        ul("Office"),
        "https://example.org/Unit",
    )
    assert vocabulary.narrower(ul("in")) == (ul("right-in"),)
    assert vocabulary.inverses(ul("covers")) == (ul("coveredBy"),)
    assert vocabulary.inverses(ul("coveredBy")) == (ul("covers"),)


def test_the_overview_has_each_link_between_own_classes_once(vocabulary: Vocabulary) -> None:
    links = vocabulary.links()
    assert (ul("Office"), ul("covers"), ul("Region"), 2) in links
    assert (ul("Office"), "https://example.org/of", ul("Place"), 1) in links
    assert not [link for link in links if link[0] == ul("ZoneOffice")]
    assert len(links) == len({link[:3] for link in links})
