"""Statements about one IRI, arranged for reading in one language."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from unicef_linked.addresses import of_iri
from unicef_linked.dataset.labels import LabelResolver, Text
from unicef_linked.rdf.iris import SKOS, Names

NAMES = Names()
GAO, KIDAL = NAMES.entity("office", "gao"), NAMES.entity("region", "kidal")
WIKIDATA = "http://www.wikidata.org/entity/Q912"
LABELS = {
    GAO: {"en": "Gao zone office", "fr": "Bureau de zone de Gao"},
    KIDAL: {"fr": "Région de Kidal", "en": "Kidal Region", "ar": "كيدال"},
    WIKIDATA: {"bm": "Mali"},
    NAMES.term("coversRegion"): {"en": "covers region", "fr": "couvre la région"},
    NAMES.term("staffCount"): {"en": "staff", "fr": "effectif"},
}
QUADS = list(
    ox.parse(
        f"""
        PREFIX ul: <{NAMES.ontology}#> PREFIX skos: <{SKOS}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        GRAPH <{NAMES.graph("a")}> {{
            <{GAO}> a ul:ZoneOffice ; skos:prefLabel "Gao zone office"@en, "Bureau de zone de Gao"@fr ;
                ul:coversRegion <{KIDAL}> ; ul:staffCount 14 ; ul:openedOn "2013"^^xsd:gYear ;
                skos:note "plain" ; skos:closeMatch <{WIKIDATA}> .
            <{KIDAL}> ul:coveredBy <{GAO}> .
        }}
        GRAPH <{NAMES.graph("b")}> {{ <{GAO}> ul:staffCount 14 ; a <http://www.w3.org/ns/org#OrganizationalUnit> . }}
        """,
        format=ox.RdfFormat.TRIG,
    )
)


def reader(language: str) -> LabelResolver:
    return LabelResolver(NAMES, LABELS, language, lambda iri: of_iri(NAMES, iri))


@pytest.mark.parametrize(
    ("iri", "language", "expected"),
    [
        pytest.param(GAO, "fr", Text("Bureau de zone de Gao", "fr"), id="in the reader's language"),
        pytest.param(GAO, "en", Text("Gao zone office", "en"), id="in the other"),
        pytest.param(KIDAL, "bm", Text("Kidal Region", "en"), id="else in English"),
        pytest.param(WIKIDATA, "fr", Text("Mali", "bm"), id="else in any, and the page says which"),
        pytest.param(
            f"{SKOS}note", "fr", Text("note", "en"), id="else that of a well-known vocabulary"
        ),
        pytest.param(
            "https://schema.org/name", "en", Text("name", ""), id="whose IRIs have two forms"
        ),
        pytest.param(f"{SKOS}none", "fr", Text("skos:none", ""), id="else the prefixed name"),
        pytest.param(
            "http://example.org/x", "fr", Text("http://example.org/x", ""), id="else the IRI"
        ),
    ],
)
def test_a_thing_is_called_by_the_best_name_there_is(
    iri: str, language: str, expected: Text
) -> None:
    assert reader(language).label(iri) == expected


def test_a_link_leads_to_this_host_where_we_describe_the_thing_and_away_where_we_do_not() -> None:
    ours, theirs = reader("fr").link(KIDAL), reader("fr").link(WIKIDATA)
    assert (ours.href, ours.external) == ("/doc/region/kidal", False)
    assert (theirs.href, theirs.external) == (WIKIDATA, True)


def test_a_resource_has_its_types_statements_and_what_leads_to_it() -> None:
    found = reader("en").resource(GAO, QUADS)
    assert found.label.text == "Gao zone office"
    assert found.other_labels == (Text("Bureau de zone de Gao", "fr"),)
    assert [kind.iri for kind in found.types] == [
        NAMES.term("ZoneOffice"),
        "http://www.w3.org/ns/org#OrganizationalUnit",
    ], "our own type comes first"
    assert [prop.link.iri for prop in found.incoming] == [NAMES.term("coveredBy")]
    said = {prop.link.iri for prop in found.properties}
    assert said == {
        f"{SKOS}note",
        f"{SKOS}closeMatch",
        *(NAMES.term(name) for name in ("coversRegion", "staffCount", "openedOn")),
    }


def test_our_own_terms_come_before_those_of_others() -> None:
    order = [
        prop.link.iri.startswith(NAMES.ontology)
        for prop in reader("en").resource(GAO, QUADS).properties
    ]
    assert order == sorted(order, reverse=True)


def test_names_that_the_title_shows_already_are_not_repeated() -> None:
    found = reader("en").resource(GAO, QUADS)
    assert found.values(f"{SKOS}prefLabel") == ()
    more = [
        *QUADS,
        ox.Quad(
            ox.NamedNode(GAO),
            ox.NamedNode(f"{SKOS}prefLabel"),
            ox.Literal("another", language="en"),
        ),
    ]
    assert reader("en").resource(GAO, more).values(f"{SKOS}prefLabel") != ()


def test_a_statement_made_in_two_graphs_is_shown_once_with_both() -> None:
    properties = {prop.link.iri: prop for prop in reader("en").resource(GAO, QUADS).properties}
    [value] = properties[NAMES.term("staffCount")].values
    assert [graph.iri for graph in value.graphs] == [NAMES.graph("a"), NAMES.graph("b")]


def test_a_literal_says_its_language_or_its_datatype() -> None:
    read = reader("en")
    year = read.value(
        ox.Literal("2013", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#gYear"))
    )
    assert year.text == Text("2013")
    assert year.datatype
    assert year.datatype.label.text == "xsd:gYear"
    assert read.value(ox.Literal("x", language="fr")).text == Text("x", "fr")
    assert read.value(ox.Literal("x")).datatype is None


@pytest.mark.parametrize("language", ["en", "fr"])
def test_texts_in_the_readers_language_come_first(language: str) -> None:
    note = ox.NamedNode(f"{SKOS}scopeNote")
    notes = [
        ox.Quad(ox.NamedNode(GAO), note, ox.Literal(f"note {tag}", language=tag))
        for tag in ("en", "fr", "ar")
    ]
    values = reader(language).resource(GAO, notes).values(note.value)
    assert values[0].text == Text(f"note {language}", language)


def test_an_iri_that_nothing_is_said_of_is_a_resource_without_statements() -> None:
    found = reader("fr").resource("http://example.org/x", QUADS)
    assert (found.types, found.properties, found.incoming) == ((), (), ())
