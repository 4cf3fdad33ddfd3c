"""The facts, as a table: what the page says, the codes of the eleven regions,
who is the same as whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE: Final = "https://w3id.org/unicef-linked/"
UL: Final = f"{BASE}ontology#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SAME: Final = "http://www.w3.org/2002/07/owl#sameAs"
CLOSE: Final = f"{SKOS}closeMatch"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"


def values(store: ox.Store, subject: str, predicate: str) -> set[str]:
    """Return what the default graph says, in N-Triples syntax."""
    node = ox.NamedNode(f"{BASE}id/{subject}")
    return {
        str(q.object)
        for q in store.quads_for_pattern(node, ox.NamedNode(predicate), None, ox.DefaultGraph())
    }


def entities(kind: str, keys: Iterable[str]) -> set[str]:
    """Return the IRIs of keys, in N-Triples syntax."""
    return {f"<{BASE}id/{kind}/{key}>" for key in keys}


OFFICES: Final = [
    (
        "mopti",
        '"2008"',
        "gYear",
        20,
        "health nutrition wash education child-protection c4d",
        "mopti",
    ),
    ("tombouctou", '"2016-01"', "gYearMonth", 6, "health nutrition education wash", "tombouctou"),
    (
        "gao",
        '"2013"',
        "gYear",
        14,
        "health nutrition wash education child-protection c4d",
        "gao menaka kidal",
    ),
    ("kayes", '"2013"', "gYear", 10, "health nutrition education child-protection c4d", "kayes"),
    (
        "sikasso",
        '"2013"',
        "gYear",
        16,
        "health nutrition water hygiene education child-protection",
        "sikasso",
    ),
]


@pytest.mark.parametrize(
    ("key", "opened", "datatype", "staff", "sectors", "regions"),
    OFFICES,
    ids=[o[0] for o in OFFICES],
)
def test_a_zone_office_is_as_the_page_describes_it(
    release_store: ox.Store,
    key: str,
    opened: str,
    datatype: str,
    staff: int,
    sectors: str,
    regions: str,
) -> None:
    office = f"office/{key}"
    assert f"<{UL}ZoneOffice>" in values(
        release_store, office, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    )
    assert values(release_store, office, f"{UL}openedOn") == {f"{opened}^^<{XSD}{datatype}>"}
    year = opened.strip('"')[:4]
    assert values(release_store, office, f"{UL}openedInYear") == {f'"{year}"^^<{XSD}gYear>'}
    assert values(release_store, office, f"{UL}staffCount") == {f'"{staff}"^^<{XSD}integer>'}
    assert values(release_store, office, f"{UL}worksInSector") == entities(
        "sector", sectors.split()
    )
    assert values(release_store, office, f"{UL}coversRegion") == entities("region", regions.split())
    assert values(release_store, office, f"{UL}locatedIn") == entities("place", [key])


@pytest.mark.parametrize(
    ("key", "stated", "inferred"),
    [
        pytest.param("gao", "gao kidal menaka", "gao", id="its own region is both"),
        pytest.param("kayes", "", "kayes", id="by its name only"),
        pytest.param("bamako", "", "", id="a main office covers no region"),
    ],
)
def test_coverage_is_told_apart_by_its_basis(
    release_store: ox.Store, key: str, stated: str, inferred: str
) -> None:
    office = f"office/{key}"
    assert values(release_store, office, f"{UL}coversRegionStated") == entities(
        "region", stated.split()
    )
    assert values(release_store, office, f"{UL}coversRegionInferred") == entities(
        "region", inferred.split()
    )


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_graph_of_labels_has_one_name_for_each_thing_that_has_any(
    release_store: ox.Store, language: str
) -> None:
    graph = ox.NamedNode(f"{BASE}graph/derived/labels-{language}")
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    named = [q.subject for q in release_store.quads_for_pattern(None, label, None, graph)]
    assert len(named) == len(set(named))
    everywhere = {
        q.subject
        for q in release_store.quads_for_pattern(None, label, None, ox.DefaultGraph())
        if isinstance(q.object, ox.Literal) and q.object.language == language
    }
    assert set(named) == everywhere


def test_a_derived_graph_and_its_claims_name_the_rule_they_follow_from(
    release_store: ox.Store,
) -> None:
    rule = f"<{BASE}id/rule/coverage-by-name>"
    query = f"""SELECT ?made ?text {{
      ?made <http://www.w3.org/ns/prov#wasGeneratedBy>/<http://www.w3.org/ns/prov#used> {rule} .
      {rule} <http://www.w3.org/ns/shacl#construct> ?text }}"""
    rows = list(release_store.query(query))  # type: ignore[arg-type]
    made = {row["made"].value.removeprefix(BASE) for row in rows}  # type: ignore[index]
    assert "graph/derived/coverage-by-name" in made
    assert "id/claim/kayes-covers-kayes-by-name" in made
    assert "CONSTRUCT" in rows[0]["text"].value  # type: ignore[index]


def test_the_main_office_has_a_town_and_nothing_that_the_page_does_not_give(
    release_store: ox.Store,
) -> None:
    assert f"<{UL}CountryOffice>" in values(
        release_store, "office/bamako", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    )
    assert values(release_store, "office/bamako", f"{UL}locatedIn") == entities("place", ["bamako"])
    for absent in ("openedOn", "staffCount", "worksInSector", "coversRegion", "hasPriority"):
        assert not values(release_store, "office/bamako", f"{UL}{absent}"), absent


def test_unicef_in_mali_is_active_since_1960_and_unicef_itself_has_no_such_date(
    release_store: ox.Store,
) -> None:
    assert values(release_store, "organization/unicef-mali", f"{UL}activeSince") == {
        f'"1960"^^<{XSD}gYear>'
    }
    assert not values(release_store, "organization/unicef", f"{UL}activeSince")


PRIORITIES: Final = {"mopti": 7, "tombouctou": 6, "gao": 4, "kayes": 4, "sikasso": 4}


@pytest.mark.parametrize(("key", "number"), PRIORITIES.items())
def test_an_office_has_each_priority_of_its_section(
    release_store: ox.Store, key: str, number: int
) -> None:
    assert len(values(release_store, f"office/{key}", f"{UL}hasPriority")) == number


def test_two_priorities_are_shared_because_two_sections_say_the_same(
    release_store: ox.Store,
) -> None:
    by_priority: dict[str, set[str]] = {}
    for office in PRIORITIES:
        for priority in values(release_store, f"office/{office}", f"{UL}hasPriority"):
            by_priority.setdefault(priority.rpartition("/")[2].strip(">"), set()).add(office)
    assert {key: offices for key, offices in by_priority.items() if len(offices) > 1} == {
        "community-resilience": {"tombouctou", "gao"},
        "reintegration-out-of-school-children": {"mopti", "sikasso"},
    }
    assert len(by_priority) == 23


def test_only_tombouctou_speaks_of_nomadic_children(release_store: ox.Store) -> None:
    query = f"""SELECT DISTINCT ?office {{ ?office <{UL}hasPriority> ?p . ?p <{UL}targetsGroup> <{BASE}id/group/nomadic-children> }}"""
    assert [str(row["office"]) for row in release_store.query(query)] == [
        f"<{BASE}id/office/tombouctou>"
    ]  # type: ignore[union-attr,index]


@pytest.mark.parametrize("part", ["water", "sanitation", "hygiene"])
def test_wash_has_three_parts(release_store: ox.Store, part: str) -> None:
    assert entities("sector", [part]) <= values(release_store, "sector/wash", f"{SKOS}narrower")
    assert entities("sector", ["wash"]) <= values(release_store, f"sector/{part}", f"{SKOS}broader")


REGIONS: Final = [
    # key, ISO 3166-2, P-code, FIPS 10-4: the same string names different regions in different
    # schemes
    ("kayes", "ML-1", "ML01", "ML03"),
    ("koulikoro", "ML-2", "ML02", "ML07"),
    ("sikasso", "ML-3", "ML03", "ML06"),
    ("segou", "ML-4", "ML04", "ML05"),
    ("mopti", "ML-5", "ML05", "ML04"),
    ("tombouctou", "ML-6", "ML06", "ML08"),
    ("gao", "ML-7", "ML07", "ML09"),
    ("kidal", "ML-8", "ML08", "ML10"),
    ("menaka", "ML-9", "ML10", None),
    ("taoudenit", "ML-10", None, None),
    ("bamako", "ML-BKO", "ML09", "ML01"),
]


@pytest.mark.parametrize(("key", "iso", "pcode", "fips"), REGIONS, ids=[r[0] for r in REGIONS])
def test_a_region_bears_the_code_of_each_scheme(
    release_store: ox.Store, key: str, iso: str, pcode: str | None, fips: str | None
) -> None:
    notations = values(release_store, f"region/{key}", f"{SKOS}notation")
    for scheme, code in (("iso3166-2", iso), ("pcode", pcode), ("fips10-4", fips)):
        found = {n for n in notations if n.endswith(f"<{UL}{scheme}>")}
        assert found == ({f'"{code}"^^<{UL}{scheme}>'} if code else set())


def test_exactly_the_eleven_regions_of_iso_3166_2_have_a_code_of_it(
    release_store: ox.Store,
) -> None:
    query = f"""SELECT ?r {{ ?r a <{UL}Region> ; <{SKOS}notation> ?code
      FILTER (DATATYPE(?code) = <{UL}iso3166-2>) }}"""
    found = {row["r"].value.rpartition("/")[2] for row in release_store.query(query)}  # type: ignore[union-attr,index]
    assert found == {region[0] for region in REGIONS}


LINKS: Final = [
    ("region/kayes", SAME, "http://www.wikidata.org/entity/Q332113", "one extent in every source"),
    (
        "region/gao",
        CLOSE,
        "https://spelunker.whosonfirst.org/id/85674521",
        "extent before 2016, with Ménaka",
    ),
    ("region/gao", SAME, "https://sws.geonames.org/2457161/", "GeoNames lists Ménaka apart"),
    (
        "region/gao",
        SAME,
        "http://www.wikidata.org/entity/Q332392",
        "tied to the region before and after 2016",
    ),
    ("organization/unicef", SAME, "http://www.wikidata.org/entity/Q740308", "in three files"),
    (
        "region/tombouctou",
        CLOSE,
        "https://spelunker.whosonfirst.org/id/85674511",
        "extent before 2016, with Taoudénit",
    ),
    (
        "region/tombouctou",
        CLOSE,
        "https://www.openstreetmap.org/relation/2096902",
        "still with Taoudénit",
    ),
    (
        "region/bamako",
        CLOSE,
        "http://www.wikidata.org/entity/Q3703",
        "used for city and district alike",
    ),
    (
        "place/bamako",
        CLOSE,
        "http://www.wikidata.org/entity/Q3703",
        "used for city and district alike",
    ),
    ("place/gao", SAME, "http://www.wikidata.org/entity/Q188904", "the city"),
]


@pytest.mark.parametrize(
    ("subject", "relation", "target", "why"), LINKS, ids=[f"{x[0]}: {x[3]}" for x in LINKS]
)
def test_sameness_is_claimed_only_between_things_that_are_one_through_all_changes(
    release_store: ox.Store, subject: str, relation: str, target: str, why: str
) -> None:
    other = CLOSE if relation == SAME else SAME
    assert f"<{target}>" in values(release_store, subject, relation)
    assert f"<{target}>" not in values(release_store, subject, other)


def test_nothing_is_the_same_as_a_web_page(release_store: ox.Store) -> None:
    same = release_store.quads_for_pattern(None, ox.NamedNode(SAME), None, ox.DefaultGraph())
    hosts = {quad.object.value.split("/")[2] for quad in same}
    assert hosts == {"www.wikidata.org", "sws.geonames.org"}
    pages = values(release_store, "region/gao", "http://schema.org/sameAs")
    assert "<https://www.openstreetmap.org/relation/2096895>" in pages
    notations = values(release_store, "region/gao", f"{SKOS}notation")
    assert f'"2096895"^^<{UL}osmRelation>' in notations


@pytest.mark.parametrize(
    ("scheme", "code"),
    [
        ("iatiOrganisation", "XM-DAC-41122"),
        ("dacChannel", "41122"),
        ("wikidataId", "Q740308"),
        ("hdxOrganization", "unicef-data"),
    ],
)
def test_unicef_has_the_identifiers_that_others_join_by(
    release_store: ox.Store, scheme: str, code: str
) -> None:
    notations = values(release_store, "organization/unicef", f"{SKOS}notation")
    assert f'"{code}"^^<{UL}{scheme}>' in notations


def test_a_client_of_org_walks_from_unicef_to_the_site_of_each_office(
    release_store: ox.Store,
) -> None:
    org = "http://www.w3.org/ns/org#"
    query = f"""SELECT ?office ?town {{
      <{BASE}id/organization/unicef> <{org}hasSubOrganization>+ ?office .
      ?office <{org}hasPrimarySite> ?site .
      ?site a <{org}Site> ; <{org}siteOf> ?office ; <http://schema.org/containedInPlace> ?town }}"""
    rows = release_store.query(query)
    towns = {row["office"].value.rpartition("/")[2]: row["town"].value for row in rows}  # type: ignore[union-attr,index]
    assert towns == {
        key: f"{BASE}id/place/{key}"
        for key in ("bamako", "mopti", "tombouctou", "gao", "kayes", "sikasso")
    }


TARGETS: Final = [
    ("child-marriage-prevention", "5.3"),
    ("child-marriage-reduction", "5.3"),
    ("fgm-reduction", "5.3"),
    ("open-defecation-end", "6.2"),
    ("chronic-malnutrition-reduction", "2.2"),
    ("early-childhood-development", "4.2"),
    ("vaccination-coverage", "3.8"),
]


@pytest.mark.parametrize(("priority", "target"), TARGETS)
def test_a_priority_is_matched_with_the_target_that_names_it(
    release_store: ox.Store, priority: str, target: str
) -> None:
    matches = values(release_store, f"priority/{priority}", f"{SKOS}relatedMatch")
    assert matches == {f"<http://metadata.un.org/sdg/{target}>"}


@pytest.mark.parametrize(
    ("typed", "entity"),
    [
        ("VBG", "group/children-gbv"),
        ("GBV", "priority/immediate-protection-needs"),
        ("MGF", "priority/fgm-reduction"),
        ("FGM", "priority/fgm-reduction"),
        ("MAS", "group/children-with-sam"),
        ("SAM", "priority/severe-acute-malnutrition-care"),
        ("ATPC", "priority/open-defecation-end"),
        ("CLTS", "priority/open-defecation-end"),
        ("DPE", "priority/early-childhood-development"),
        ("ECD", "priority/early-childhood-development"),
        ("PDI", "group/displaced-population"),
        ("IDP", "group/displaced-population"),
        ("C4D", "sector/c4d"),
        ("SBC", "sector/c4d"),
        ("Segou", "region/segou"),
        ("Menaka", "region/menaka"),
        ("Taoudenni", "region/taoudenit"),
        ("Timbuctoo", "place/tombouctou"),
    ],
)
def test_what_people_type_finds_the_thing(release_store: ox.Store, typed: str, entity: str) -> None:
    names = values(release_store, entity, f"{SKOS}hiddenLabel") | values(
        release_store, entity, f"{SKOS}altLabel"
    )
    assert any(name.startswith(f'"{typed}"@') for name in names)


@pytest.mark.parametrize("identifier", ["Q3455550", "Q2424657", "Q799794"])
def test_an_identifier_that_only_one_file_gives_is_not_published(
    release_store: ox.Store, identifier: str
) -> None:
    assert not bool(
        release_store.query(f'ASK {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), "{identifier}")) }}')
    )


@pytest.mark.parametrize(
    "predicate",
    ["http://www.w3.org/2000/01/rdf-schema#label", f"{SKOS}prefLabel", f"{SKOS}altLabel"],
)
def test_every_label_has_a_language(release_store: ox.Store, predicate: str) -> None:
    found = list(release_store.quads_for_pattern(None, ox.NamedNode(predicate), None, None))
    assert found
    assert [
        str(q) for q in found if not (isinstance(q.object, ox.Literal) and q.object.language)
    ] == []


def test_every_entity_has_a_name_in_french_and_in_english(release_store: ox.Store) -> None:
    for language in ("fr", "en"):
        query = f"""SELECT DISTINCT ?s {{ ?s a ?c FILTER(STRSTARTS(STR(?s), "{BASE}id/"))
          FILTER NOT EXISTS {{ ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l FILTER(LANG(?l) = "{language}") }} }}"""
        assert [str(row) for row in release_store.query(query)] == []  # type: ignore[union-attr]


def test_nothing_published_is_a_blank_node(release_store: ox.Store) -> None:
    assert not bool(
        release_store.query(
            "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } FILTER(isBlank(?s) || isBlank(?o)) }"
        )
    )


def test_every_property_and_class_in_use_has_a_name_in_french_and_in_english(
    release_store: ox.Store,
) -> None:
    for pattern in ("?s ?term ?o", "?s a ?term"):
        for language in ("fr", "en"):
            query = f"""SELECT DISTINCT ?term {{ {pattern}
              FILTER NOT EXISTS {{ ?term <http://www.w3.org/2000/01/rdf-schema#label> ?l FILTER(LANG(?l) = "{language}") }} }}"""
            assert [str(row["term"]) for row in release_store.query(query)] == []  # type: ignore[union-attr,index]
