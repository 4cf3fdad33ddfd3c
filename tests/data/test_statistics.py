"""The published statistics are true of all that is published but their own graph,
and clients find them where they look.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
from tests.names import NAMES, PREFIXES

from unicef_linked.rdf.iris import RDF, SHACL, VOID, VOID_EXT

if TYPE_CHECKING:
    from unicef_linked.release import Release

DATASET: Final = NAMES.dataset
GRAPH: Final = NAMES.graph("derived/statistics")
PUBLISHED: Final = (
    f"{{ SELECT DISTINCT ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} FILTER (?g != <{GRAPH}>) }} }}"
)
"""The union of all named graphs but that of the statistics:
a triple that stands in several of them once."""

Statements = set[tuple[str, str, ox.NamedNode | ox.Literal]]


@pytest.fixture(scope="module")
def statements(release: Release) -> Statements:
    """Every statement outside the statistics once: counted here without a query engine."""
    return {
        (q.subject.value, q.predicate.value, q.object)  # type: ignore[union-attr, misc]
        for q in release.quads()
        if q.graph_name != ox.NamedNode(GRAPH)
    }


@pytest.fixture(scope="module")
def types(statements: Statements) -> dict[str, set[str]]:
    """The classes of each thing."""
    found: dict[str, set[str]] = {}
    for subject, predicate, value in statements:
        if predicate == f"{RDF}type":
            found.setdefault(subject, set()).add(value.value)
    return found


def rows(store: ox.Store, pattern: str) -> list[tuple[str, ...]]:
    """Return what a pattern finds in the default graph, each term by its value."""
    answer = store.query(f"{PREFIXES} SELECT {pattern}")
    assert isinstance(answer, ox.QuerySolutions)
    return [tuple("" if term is None else term.value for term in row) for row in answer]  # type: ignore[union-attr]


def as_counter(found: list[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """Return rows that end in a number as that many of what stands before it, each once."""
    assert len({row[:-1] for row in found}) == len(found)
    return Counter({row[:-1]: int(row[-1]) for row in found})


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("triples", f"(COUNT(*) AS ?n) {{ {PUBLISHED} }}"),
        ("entities", f"(COUNT(DISTINCT ?s) AS ?n) {{ {PUBLISHED} FILTER (?p = rdf:type) }}"),
        ("classes", f"(COUNT(DISTINCT ?o) AS ?n) {{ {PUBLISHED} FILTER (?p = rdf:type) }}"),
        ("properties", f"(COUNT(DISTINCT ?p) AS ?n) {{ {PUBLISHED} }}"),
        ("distinctSubjects", f"(COUNT(DISTINCT ?s) AS ?n) {{ {PUBLISHED} }}"),
        # The engine keeps numbers by value: this holds as long as no two integers differ in their
        # datatype alone.
        ("distinctObjects", f"(COUNT(DISTINCT ?o) AS ?n) {{ {PUBLISHED} }}"),
    ],
)
def test_a_count_is_what_a_query_counts(release_store: ox.Store, name: str, counted: str) -> None:
    [stated] = rows(release_store, f"?n {{ <{DATASET}> void:{name} ?n }}")
    assert [stated] == rows(release_store, counted)
    assert int(stated[0]) > 0


@pytest.mark.parametrize(
    ("partition", "counted"),
    [
        (
            "void:classPartition [ void:class ?key ; void:entities ?n ]",
            f"?o (COUNT(*) AS ?n) {{ {PUBLISHED} FILTER (?p = rdf:type) }} GROUP BY ?o",
        ),
        (
            "void:propertyPartition [ void:property ?key ; void:triples ?n ]",
            f"?p (COUNT(*) AS ?n) {{ {PUBLISHED} }} GROUP BY ?p",
        ),
    ],
    ids=["entities of a class", "triples of a property"],
)
def test_each_partition_is_what_a_query_counts(
    release_store: ox.Store, partition: str, counted: str
) -> None:
    stated = as_counter(rows(release_store, f"?key ?n {{ <{DATASET}> {partition} }}"))
    assert stated == as_counter(rows(release_store, counted))
    assert stated


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_graph_says_what_it_counts(release_store: ox.Store, language: str) -> None:
    words = {
        "en": ("all other named graphs", "counts once"),
        "fr": ("tous les autres graphes nommés", "compte une fois"),
    }
    query = f'?text {{ <{GRAPH}> dcterms:description ?text FILTER (LANG(?text) = "{language}") }}'
    [[text]] = rows(release_store, query)
    assert all(word in text for word in words[language])


def test_what_the_instances_of_a_class_of_ours_have_is_counted(
    release_store: ox.Store, statements: Statements, types: dict[str, set[str]]
) -> None:
    def ours(classes: set[str]) -> set[str]:
        return {c for c in classes if c.startswith(f"{NAMES.ontology}#")}

    properties: Counter[tuple[str, ...]] = Counter()
    datatypes: Counter[tuple[str, ...]] = Counter()
    classes: Counter[tuple[str, ...]] = Counter()
    for subject, predicate, value in statements:
        for own in ours(types.get(subject, set())):
            properties[own, predicate] += 1
            if isinstance(value, ox.Literal):
                datatypes[own, predicate, value.datatype.value] += 1
            else:
                of_object = types.get(value.value, set())
                for other in ours(of_object) or of_object:
                    classes[own, predicate, other] += 1

    inside = f"<{DATASET}> void:classPartition [ void:class ?c ; void:propertyPartition ?pp ] . ?pp void:property ?p"
    assert (
        as_counter(rows(release_store, f"?c ?p ?n {{ {inside} ; void:triples ?n }}")) == properties
    )
    query = f"?c ?p ?k ?n {{ {inside} ; void:classPartition [ void:class ?k ; void:triples ?n ] }}"
    assert as_counter(rows(release_store, query)) == classes
    query = f"?c ?p ?d ?n {{ {inside} ; voidext:datatypePartition [ voidext:datatype ?d ; void:triples ?n ] }}"
    assert as_counter(rows(release_store, query)) == datatypes


def test_the_statistics_are_a_graph_of_their_own_and_small_beside_the_data(
    release: Release,
) -> None:
    vocabularies = (VOID, VOID_EXT)
    counted = [q for q in release.quads() if q.predicate.value.startswith(vocabularies)]
    assert {q.graph_name for q in counted} == {ox.NamedNode(GRAPH)}
    assert all(q.subject.value.partition("#")[0] == DATASET for q in counted)  # type: ignore[union-attr]
    assert len(counted) < 5000
    assert len(counted) < release.manifest.quads / 5


# What clients ask


def test_a_query_editor_completes_from_the_partitions(release_store: ox.Store) -> None:
    """The query that the SIB's sparql-editor configures itself by,
    in its words but for the links between datasets.
    """
    query = """DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype
      WHERE {
        {
          ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
          ?pp void:property ?prop .
          OPTIONAL {
            { ?pp void:classPartition [ void:class ?objectClass ] }
            UNION { ?pp <http://ldf.fi/void-ext#datatypePartition> [ <http://ldf.fi/void-ext#datatype> ?objectDatatype ] }
          }
        } UNION {
          ?ls void:subjectsTarget [ void:class ?subjectClass ] ;
              void:linkPredicate ?prop ;
              void:objectsTarget [ void:class ?objectClass ] .
        }
      }"""
    found = {tuple(map(NAMES.shorten, row)) for row in rows(release_store, query)}
    assert ("ul:Office", "ul:coversRegion", "ul:Region", "") in found
    assert ("ul:Office", "ul:locatedIn", "ul:Place", "") in found
    assert ("ul:Office", "ul:openedOn", "", "xsd:gYear") in found
    assert ("ul:Office", "ul:staffCount", "", "xsd:integer") in found
    assert ("ul:Office", "skos:prefLabel", "", "rdf:langString") in found
    assert not any(row[:3] == ("ul:Office", "ul:locatedIn", "schema:City") for row in found)


def test_every_prefix_that_we_write_with_is_declared_once(release_store: ox.Store) -> None:
    query = "?prefix ?namespace { [] sh:namespace ?namespace ; sh:prefix ?prefix }"
    assert sorted(rows(release_store, query)) == sorted(NAMES.prefixes.items())
    assert (
        rows(
            release_store,
            "?d { ?d a sh:PrefixDeclaration FILTER NOT EXISTS { ?o a owl:Ontology ; sh:declare ?d } }",
        )
        == []
    )


def test_an_example_query_leads_to_every_prefix_it_uses(release_store: ox.Store) -> None:
    found = rows(
        release_store,
        """?query (GROUP_CONCAT(CONCAT("PREFIX ", ?prefix, ": <", STR(?namespace), ">"); SEPARATOR="\\n") AS ?declared) {
          ?q a sh:SPARQLExecutable ; sh:select|sh:ask|sh:construct ?query ; sh:prefixes/sh:declare ?d .
          ?d sh:prefix ?prefix ; sh:namespace ?namespace
        } GROUP BY ?q ?query""",
    )
    assert len(found) >= 50
    for query, declared in found:
        body = "\n".join(line for line in query.splitlines() if not line.startswith("PREFIX "))
        ox.Store().query(f"{declared}\n{body}")  # parses


def test_a_prefix_declaration_has_the_form_that_shacl_asks_for(release_store: ox.Store) -> None:
    """SHACL, section 5.2.1."""
    for quad in release_store.quads_for_pattern(
        None, ox.NamedNode(f"{SHACL}namespace"), None, ox.DefaultGraph()
    ):
        assert isinstance(quad.object, ox.Literal)
        assert NAMES.shorten(quad.object.datatype.value) == "xsd:anyURI"
