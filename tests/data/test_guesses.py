"""What analysts ask first, in the words that the ontology page suggests, and what they must get.

Each row is a first guess at a query. Some gave nothing, or a wrong number in silence, before the
data had a property, a graph or a name for what was asked.
"""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
import pytest
from tests.names import NAMES, PREFIXES

ENGLISH: Final = f"GRAPH <{NAMES.graph('derived/labels-en')}>"
FRENCH: Final = f"GRAPH <{NAMES.graph('derived/labels-fr')}>"

GUESSES: Final = [
    # one row for each value that is expected, in any order
    pytest.param(
        "?office { ?office ul:coversRegion region:gao }", ["office:gao"], id="who covers Gao"
    ),
    pytest.param(
        "(SUM(?n) AS ?sum) { ?office ul:staffCount ?n }", ["66"], id="how many people in all"
    ),
    pytest.param(
        f"(SUM(?n) AS ?sum) {{ ?office ul:staffCount ?n . {ENGLISH} {{ ?office rdfs:label ?l }} }}",
        ["66"],
        id="how many people in all, joined with names",
    ),
    pytest.param(
        "?office { ?office ul:openedInYear ?y } ORDER BY STR(?y) LIMIT 1",
        ["office:mopti"],
        id="the oldest office",
    ),
    pytest.param(
        "?office { ?office ul:openedInYear ?y } ORDER BY DESC(STR(?y)) LIMIT 1",
        ["office:tombouctou"],
        id="the newest office",
    ),
    pytest.param(
        '?office { ?office ul:openedInYear ?y FILTER (STR(?y) > "2014") }',
        ["office:tombouctou"],
        id="opened after 2014",
    ),
    pytest.param(
        '?office { ?office ul:openedInYear "2016"^^xsd:gYear }',
        ["office:tombouctou"],
        id="opened in 2016, though the page gives the month",
    ),
    pytest.param(
        "(COUNT(?office) AS ?n) { ?office ul:openedInYear ?y } GROUP BY ?y",
        ["1", "1", "3"],
        id="offices by year of opening",
    ),
    pytest.param(
        "?year { organization:unicef-mali ul:activeSince ?year }", ["1960"], id="active since"
    ),
    pytest.param(
        "?country { organization:unicef-mali ul:activeThroughout ?country }",
        ["country:mli"],
        id="everywhere in Mali",
    ),
    pytest.param("?office { ?office a ul:CountryOffice }", ["office:bamako"], id="the main office"),
    pytest.param(
        "(COUNT(?p) AS ?n) { office:kayes ul:hasPriority ?p }", ["4"], id="priorities of Kayes"
    ),
    pytest.param(
        """(COUNT(?p) AS ?n) { office:tombouctou ul:hasPriority ?p
          FILTER NOT EXISTS { ?p skos:broader ?whole . office:tombouctou ul:hasPriority ?whole } }""",
        ["3"],
        id="sentences on priorities of Tombouctou",
    ),
    pytest.param(
        """DISTINCT ?office { ?office ul:hasPriority/ul:targetsGroup ?g .
          ?g skos:broader* group:displaced-population }""",
        ["office:mopti", "office:tombouctou"],
        id="who works for the displaced, children included",
    ),
    pytest.param(
        "(COUNT(?o) AS ?n) { ?o ul:worksInSector sector:nutrition }", ["5"], id="nutrition"
    ),
    pytest.param(
        "?office { ?office ul:worksInSector/skos:broader* sector:wash } GROUP BY ?office",
        ["office:gao", "office:mopti", "office:sikasso", "office:tombouctou"],
        id="water, sanitation and hygiene, Sikasso with two of the three",
    ),
    pytest.param(
        "?office { ?office ul:worksInSector ?s . sector:sanitation skos:broader* ?s }",
        ["office:gao", "office:mopti", "office:tombouctou"],
        id="sanitation, as a part of the whole",
    ),
    pytest.param(
        "?region { office:gao ul:coversRegionStated ?region }",
        ["region:gao", "region:kidal", "region:menaka"],
        id="stated coverage",
    ),
    pytest.param(
        """?office { ?office ul:coversRegionInferred ?region
          FILTER NOT EXISTS { ?office ul:coversRegionStated ?region } }""",
        ["office:kayes", "office:mopti", "office:sikasso", "office:tombouctou"],
        id="coverage that the page does not state",
    ),
    pytest.param(
        "DISTINCT ?partner { ?office ul:collaboratesLocallyWith ?partner }",
        ["organization:government-of-mali"],
        id="partners",
    ),
    pytest.param('?region { ?region skos:notation "ML07"^^ul:pcode }', ["region:gao"], id="P-code"),
    pytest.param('?r { ?r skos:notation "ML-7"^^ul:iso3166-2 }', ["region:gao"], id="ISO code"),
    pytest.param("?r { ?r owl:sameAs wd:Q332392 }", ["region:gao"], id="by Wikidata item"),
    pytest.param(
        '?o { ?o skos:notation "XM-DAC-41122"^^ul:iatiOrganisation }',
        ["organization:unicef"],
        id="by IATI identifier",
    ),
    pytest.param(
        f"?fr {{ {ENGLISH} {{ office:tombouctou rdfs:label ?en }} {FRENCH} {{ office:tombouctou rdfs:label ?fr }} }}",
        ["Bureau de zone de Tombouctou"],
        id="English and French in one row",
    ),
    pytest.param(
        """?start { ?c rdf:subject office:tombouctou ; rdf:predicate ul:openedOn ;
          prov:wasDerivedFrom/oa:hasSelector/oa:start ?start }""",
        ["1271"],
        id="where the page says it",
    ),
    pytest.param(
        'DISTINCT ?office { ?office ul:hasPriority/skos:relatedMatch ?t . ?t skos:notation "5.3"^^ul:sdg }',
        ["office:kayes", "office:mopti"],
        id="SDG target 5.3, by its number",
    ),
    pytest.param(
        'DISTINCT ?o { ?o ul:hasPriority ?p . ?p skos:prefLabel ?l FILTER (CONTAINS(?l, "child marriage")) }',
        ["office:kayes", "office:mopti"],
        id="against child marriage, which targets no group",
    ),
    pytest.param(
        """DISTINCT ?thing { ?thing skos:prefLabel|skos:altLabel|skos:hiddenLabel ?l
          FILTER (LCASE(STR(?l)) = "gbv") }""",
        ["group:children-gbv", "priority:immediate-protection-needs"],
        id="by an acronym",
    ),
    pytest.param(
        """DISTINCT ?r { ?r a ul:Region ; skos:altLabel|skos:hiddenLabel ?l
          FILTER (LCASE(STR(?l)) IN ("menaka", "segou")) }""",
        ["region:menaka", "region:segou"],
        id="without accents",
    ),
    pytest.param(
        "(COUNT(?site) AS ?n) { ?o a ul:Office ; org:hasSite ?site }", ["6"], id="sites of ORG"
    ),
    pytest.param(
        "?date { <https://w3id.org/unicef-linked/dataset> dcterms:issued ?date }",
        ["2026-11-24"],
        id="the date of the dataset",
    ),
    pytest.param(
        """?month { observation:staff-gao sosa:phenomenonTime/time:hasBeginning/time:inXSDgYearMonth ?month }""",
        ["2016-01"],
        id="since when a head count may hold",
    ),
]


@pytest.mark.parametrize(("guess", "expected"), GUESSES)
def test_a_first_guess_gives_the_right_answer(
    release_store: ox.Store, guess: str, expected: list[str]
) -> None:
    answer = release_store.query(f"{PREFIXES}SELECT {guess}")
    assert isinstance(answer, ox.QuerySolutions)
    values = [NAMES.shorten(row[0].value) for row in answer]
    assert sorted(values) == sorted(expected)
