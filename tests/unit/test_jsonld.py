"""JSON-LD reads like plain JSON and says exactly the triples it was made from (JSON-LD 1.1)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
import pytest
import rdflib
from pyld import jsonld as pyld
from rdflib.compare import isomorphic

from unicef_linked.errors import Unwritable
from unicef_linked.rdf.canonical import sort_lines, split_line
from unicef_linked.rdf.iris import Names
from unicef_linked.rdf.jsonld import Context, Usage, make_context, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.release import Release

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:rdflib"
)  # it calls what it has deprecated itself

NAMES = Names()
PREFIXES = """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX office: <https://w3id.org/unicef-linked/id/office/>
PREFIX region: <https://w3id.org/unicef-linked/id/region/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX schema: <http://schema.org/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX ex: <http://example.org/>
"""
SMALL = """
office:gao a ul:ZoneOffice ;
    skos:prefLabel "Gao zone office"@en, "Bureau de zone de Gao"@fr ;
    skos:altLabel "UNICEF Gao"@en, "Gao office"@en, "UNICEF Gao"@fr ;
    ul:coversRegion region:gao, region:kidal ;
    ul:locatedIn ex:gao ;
    ul:openedOn "2013"^^xsd:gYear ;
    ul:staffCount 14 .
office:kayes a ul:ZoneOffice ;
    skos:prefLabel "Kayes zone office"@en ;
    ul:coversRegion region:kayes .
region:gao a ul:Region ; skos:prefLabel "Gao"@fr .
"""


def triples(turtle: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE)]


def context_of(statements: Iterable[ox.Triple]) -> Context:
    """Return the context of a dataset of some triples."""
    usage = Usage()
    for line in sort_lines(ox.Quad(*triple) for triple in statements):
        usage.add(*split_line(line)[:3])
    return make_context(usage, NAMES)


def in_rdflib(content: bytes, format: str) -> rdflib.Graph:  # noqa: A002 - rdflib's word
    graph = rdflib.Graph(bind_namespaces="none")
    graph.parse(data=content, format=format)
    return graph


def document(
    statements: Iterable[ox.Triple], root: str, dataset: Iterable[ox.Triple] | None = None
) -> dict[str, Any]:
    """Return a document as a reader of JSON gets it,
    once it has been proved to say what it was made from.
    """
    statements = list(statements)
    context = context_of(dataset or statements)
    content = write(statements, context, root=root)
    expected = ox.serialize(statements, format=ox.RdfFormat.N_TRIPLES)
    assert isomorphic(in_rdflib(content, "json-ld"), in_rdflib(expected, "nt"))
    by_pyld = pyld.to_rdf(json.loads(content), {"format": "application/n-quads"}).encode()
    assert isomorphic(in_rdflib(by_pyld, "nt"), in_rdflib(expected, "nt"))
    found: dict[str, Any] = json.loads(content)
    return found


GAO = NAMES.entity("office", "gao")


def test_a_document_is_one_object_about_its_resource_under_plain_names() -> None:
    found = document(triples(SMALL), GAO)
    assert list(found) == ["@context", *(key for key in found if key != "@context")]
    assert found["id"] == GAO
    assert found["type"] == "ZoneOffice"
    assert not [key for key in found if ":" in key]


def test_what_hangs_on_nothing_is_included_at_the_end() -> None:
    found = document(triples(SMALL), GAO)
    assert list(found)[-1] == "included"
    assert [node["id"] for node in found["included"]] == [NAMES.entity("office", "kayes")]


def test_a_type_is_a_word_even_where_the_document_describes_the_class() -> None:
    found = document(triples(SMALL + 'ul:ZoneOffice rdfs:label "Zone office"@en .'), GAO)
    assert found["type"] == "ZoneOffice"
    assert found["included"][-1]["label"] == {"en": "Zone office"}


def test_numbers_are_numbers_and_years_are_strings() -> None:
    found = document(triples(SMALL), GAO)
    assert found["staffCount"] == 14
    assert found["openedOn"] == "2013"


def test_labels_read_by_language() -> None:
    found = document(triples(SMALL), GAO)
    assert found["prefLabel"] == {"en": "Gao zone office", "fr": "Bureau de zone de Gao"}
    assert found["altLabel"] == {"en": ["Gao office", "UNICEF Gao"], "fr": ["UNICEF Gao"]}


def test_a_property_that_anybody_has_twice_is_a_list_for_everybody() -> None:
    dataset = triples(SMALL)
    gao, kayes = (document(dataset, NAMES.entity("office", key)) for key in ("gao", "kayes"))
    assert len(gao["coversRegion"]) == 2
    assert kayes["coversRegion"] == [NAMES.entity("region", "kayes")]


def test_a_link_to_what_the_document_describes_is_nested_and_any_other_is_a_string() -> None:
    found = document(triples(SMALL), GAO)
    assert found["locatedIn"] == "http://example.org/gao"
    nested = next(region for region in found["coversRegion"] if isinstance(region, dict))
    assert nested == {
        "id": NAMES.entity("region", "gao"),
        "type": "Region",
        "prefLabel": {"fr": "Gao"},
    }


def test_what_leads_to_the_resource_hangs_on_it_in_reverse() -> None:
    found = document(triples(SMALL), NAMES.entity("region", "gao"))
    assert found["id"] == NAMES.entity("region", "gao")
    [office] = found["@reverse"]["coversRegion"]
    assert office["id"] == GAO


def test_the_same_statements_give_the_same_bytes_in_any_order() -> None:
    statements = triples(SMALL)
    context = context_of(statements)
    assert write(statements, context, root=GAO) == write(reversed(statements), context, root=GAO)


@pytest.mark.parametrize(
    "turtle",
    [
        pytest.param(
            'ex:a ex:p 1, 1.0, 1e0, true, "x", "x"@en .', id="one property, values of every kind"
        ),
        pytest.param(
            'ex:a ex:p "x"@en, "y"@EN-GB, "z" .', id="a string without language among others"
        ),
        pytest.param(
            'ex:a ex:p "2013"^^xsd:gYear, "2016-01"^^xsd:gYearMonth .', id="two datatypes"
        ),
        pytest.param(
            'ex:a ex:p "01"^^xsd:integer, "+1"^^xsd:integer .',
            id="an integer that JSON would write otherwise",
        ),
        pytest.param(
            'ex:a ex:p "1"^^xsd:boolean .', id="a truth value that JSON would write otherwise"
        ),
        pytest.param(
            "ex:a ex:p 123456789012345678901234567890 .",
            id="an integer past what JSON readers keep",
        ),
        pytest.param("ex:a ex:p ex:a .", id="a thing that leads to itself"),
        pytest.param("ex:a ex:p ex:b . ex:b ex:p ex:a .", id="two that lead to each other"),
        pytest.param(
            "ex:a ex:p ex:c . ex:b ex:p ex:c . ex:c ex:q 1 .", id="two that lead to a third"
        ),
        pytest.param("ex:x ex:p ex:y .", id="nothing about the resource"),
        pytest.param('ex:a ex:p [ ex:q "x" ], [ ex:q "y" ] .', id="blank nodes"),
        pytest.param('ex:a ex:p ("x" 1 ex:b) .', id="a list"),
        pytest.param("ex:a ex:p () .", id="an empty list"),
        pytest.param("ex:a ex:p (1 2), (3) ; ex:q ((1 (2)) () ex:b) .", id="lists of lists"),
        pytest.param("ex:a ex:p ([ ex:q 1 ] [ ex:q (2) ]) .", id="a list of blank nodes"),
        pytest.param(
            "ex:a ex:p _:l ; ex:q _:l . _:l rdf:first 1 ; rdf:rest () .", id="a list used twice"
        ),
        pytest.param(
            "ex:a ex:p _:l ; ex:q _:m . _:l rdf:first 1 ; rdf:rest _:m . "
            "_:m rdf:first 2 ; rdf:rest () .",
            id="a list with a part used twice",
        ),
        pytest.param(
            "ex:a ex:p _:l . _:l rdf:first 1 ; rdf:rest _:l .", id="a list that never ends"
        ),
        pytest.param("_:l rdf:first _:l ; rdf:rest () . ex:a ex:p 1 .", id="a list in itself"),
        pytest.param(
            "_:l rdf:first _:m ; rdf:rest () . _:m rdf:first _:l ; rdf:rest () . ex:a ex:p 1 .",
            id="two lists in each other",
        ),
        pytest.param(
            "ex:a ex:p [ rdf:first 1, 2 ; rdf:rest () ], [ rdf:first 1 ], [ rdf:rest () ] .",
            id="nodes that are nearly lists",
        ),
        pytest.param(
            "ex:a ex:p [ a rdf:List ; rdf:first 1 ; rdf:rest () ] .", id="a list with a type"
        ),
        pytest.param("[] rdf:first 1 ; rdf:rest (2) . ex:a ex:p 1 .", id="a list of nobody"),
        pytest.param("ex:a a (1) .", id="a list as a class"),
        pytest.param(
            "ex:a ex:p <geo:48.2,16.4>, <time:x>, <org:y>, <schema:z>, <rdfs:w> .",
            id="IRIs whose schemes are prefixes",
        ),
        pytest.param(
            'ex:a <geo:lat> 1 ; a <org:T> ; ex:p "x"^^<xsd:date>, "2024-01-01"^^xsd:date .',
            id="a property, a class and a datatype whose schemes are prefixes",
        ),
        pytest.param(
            "<geo:1> ex:p ex:a . ex:a <http://www.opengis.net/ont/geosparql#p> 1 .",
            id="a prefix that is needed and a scheme",
        ),
        pytest.param("ex:a <id:x> <type:y>, <included:z> .", id="schemes that are keywords"),
        pytest.param(
            'ex:a ex:p "{}"^^rdf:JSON, "no JSON"^^rdf:JSON, "<b/>"^^rdf:HTML .', id="JSON and HTML"
        ),
        pytest.param(
            'ex:a schema:name "a"@en ; ul:name "b"@en .', id="one local name in two vocabularies"
        ),
        pytest.param(
            'ex:a rdfs:label "a"@en ; skos:label "b"@en ; ex:label "c"@en .', id="three labels"
        ),
        pytest.param(
            'ex:a ex:id "1" ; ex:type "2" ; ex:context "3" ; ex:graph "4" .',
            id="words that JSON-LD keeps",
        ),
        pytest.param(
            '<http://example.org/x:y> <urn:p> <urn:o> . ex:a <urn:q:r> "x" .',
            id="IRIs that look like prefixes",
        ),
        pytest.param(
            'ex:a ex:p "ul:Office", "http://example.org/", "_:b", "@id" .',
            id="strings that look like IRIs",
        ),
        pytest.param(
            'ex:a a ex:T, ul:Office ; ex:T "x" .', id="a class and a property of one name"
        ),
        pytest.param('ex:a ex:p "" , ""@fr .', id="empty strings"),
        pytest.param('ex:a ex:p "a\\nb\\"c\\\\" .', id="characters that JSON escapes"),
    ],
)
def test_no_triple_is_lost_or_made_up(turtle: str) -> None:
    document(triples(turtle), "http://example.org/a")


def chain(length: int) -> str:
    nodes = (f"_:n{n} ex:next _:n{n + 1} ." for n in range(length))
    return f"ex:a ex:p _:n0 . {' '.join(nodes)}"


@pytest.mark.parametrize(
    "turtle",
    [
        pytest.param(f"ex:a ex:p ({'7 ' * 320}) .", id="a list of 320"),
        pytest.param(f"ex:a ex:p ({'7 ' * 5000}) .", id="a list of 5,000"),
        pytest.param(f"ex:a ex:p {'(' * 300}{')' * 300} .", id="300 lists in each other"),
        pytest.param(f"ex:a ex:p {'[ ex:p ' * 200}1{']' * 200} .", id="200 nodes in each other"),
        pytest.param(chain(5000), id="a chain of 5,000 blank nodes"),
        pytest.param(chain(5000).replace("_:n", "ex:n"), id="a chain of 5,000 things"),
    ],
)
def test_length_is_no_depth(turtle: str) -> None:
    statements = triples(turtle)
    context = context_of(statements)
    content = write(statements, context, root="http://example.org/a")
    depth = deepest = 0
    for character in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", content).decode():
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    assert deepest < 150
    read_back = list(ox.parse(content, format=ox.RdfFormat.JSON_LD))
    assert len(read_back) == len(statements)
    by_pyld = pyld.to_rdf(json.loads(content), {"format": "application/n-quads"})
    assert len(by_pyld.splitlines()) == len(statements)


def test_a_list_is_a_list() -> None:
    found = document(triples('ex:a ex:p ("x" "y" "z") .'), "http://example.org/a")
    assert found["http://example.org/p"] == {"@list": ["x", "y", "z"]}


def test_a_prefix_stays_in_documents_where_it_is_no_scheme() -> None:
    dataset = triples("ex:a dcterms:title 1, 2 ; ul:title 3 . ex:b ex:p <dcterms:x> .")
    found = document([t for t in dataset if "x>" not in str(t)], "http://example.org/a", dataset)
    assert found["dcterms:title"] == [1, 2]


def test_an_alias_of_a_keyword_is_nothing_more() -> None:
    found = document(triples(SMALL), GAO)
    assert found["@context"]["included"] == "@included"


@pytest.mark.parametrize(
    "turtle",
    [
        pytest.param('ex:a ex:p "x"@ar--rtl .', id="a direction"),
        pytest.param("ex:a ex:p <<( ex:b ex:p ex:c )>> .", id="a triple term"),
    ],
)
def test_what_json_ld_cannot_express_is_told(turtle: str) -> None:
    with pytest.raises(Unwritable, match="JSON-LD cannot"):
        write(triples(turtle), {}, root="http://example.org/a")


def test_a_statement_of_a_kind_that_the_context_did_not_foresee_is_kept() -> None:
    dataset = triples('ex:b ex:p "x"@en ; ex:q ex:c ; ex:r "2013"^^xsd:gYear .')
    document(
        triples('ex:a ex:p ex:b, 1 ; ex:q "plain" ; ex:r "2016-01"^^xsd:gYearMonth .'),
        "http://example.org/a",
        dataset,
    )


@pytest.mark.parametrize(
    "path",
    [
        "id/organization/unicef-mali",
        "id/office/gao",
        "id/office/bamako",
        "id/country/mli",
        "id/region/taoudenit",
        "id/place/bamako",
        "id/sector/wash",
        "id/priority/community-resilience",
        "id/group/children",
        "id/source/where-we-work-mali-fr",
        "id/observation/staff-gao",
        "id/claim/gao-type",
        "ontology",
    ],
)
def test_each_kind_of_entity_survives_the_published_context(
    path: str, release: Release, release_store: ox.Store
) -> None:
    node = ox.NamedNode(NAMES.base + path)
    statements = {quad.triple for quad in release_store.quads_for_pattern(node, None, None)}
    statements |= {quad.triple for quad in release_store.quads_for_pattern(None, None, node)}
    assert statements
    content = write(statements, release.context(), root=node.value)
    expected = ox.serialize(statements, format=ox.RdfFormat.N_TRIPLES)
    assert set(in_rdflib(content, "json-ld")) == set(in_rdflib(expected, "nt"))
    assert json.loads(content)["id"] == node.value


def test_the_published_context_reads_every_statement_of_ours_by_a_plain_name(
    release: Release,
) -> None:
    context = release.context()
    terms = {d["@id"] if isinstance(d, dict) else d: term for term, d in context.items()}
    for name in (
        "coversRegion",
        "locatedIn",
        "worksInSector",
        "hasPriority",
        "openedOn",
        "staffCount",
        "activeSince",
    ):
        assert terms[NAMES.term(name)] == name
    assert terms["http://www.w3.org/2004/02/skos/core#prefLabel"] == "prefLabel"


@pytest.mark.parametrize("scheme", ["geo", "time", "org", "schema", "xsd"])
def test_an_iri_whose_scheme_is_a_prefix_of_the_context_is_written_whole(scheme: str) -> None:
    iri, subject = ox.NamedNode(f"{scheme}:48.2,16.4"), ox.NamedNode("urn:example:thing")
    triples = [
        ox.Triple(subject, ox.NamedNode("urn:example:at"), iri),
        ox.Triple(subject, ox.NamedNode("urn:example:at"), ox.Literal("a", datatype=iri)),
    ]
    context = {"id": "@id", scheme: f"http://example.org/{scheme}#"}
    written = write(triples, context, root=subject.value)
    assert {quad.triple for quad in ox.parse(written, ox.RdfFormat.JSON_LD)} == set(triples)


def test_included_is_a_plain_alias_which_clients_in_javascript_can_read() -> None:
    assert context_of([])["included"] == "@included"
