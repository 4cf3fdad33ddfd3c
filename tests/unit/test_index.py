"""Folding, reading and looking up: what counts as the same name, code or address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unicef_linked.dataset.profile import Profile, profile_of
from unicef_linked.lookup.index import Index, build
from unicef_linked.lookup.normalization import fold, fold_code, similarity
from unicef_linked.rdf.iris import Names

if TYPE_CHECKING:
    from unicef_linked.release import Release

UL = "https://w3id.org/unicef-linked/ontology#"


@pytest.fixture(scope="module")
def index(release: Release) -> Index:
    """The names, codes and identifiers of the packaged dataset."""
    return build(release.quads(), release.names, profile_of(release.quads(), release.names))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("SÉGOU", "segou", id="case and accents"),
        pytest.param("Se\u0301gou", "segou", id="accents typed apart"),
        pytest.param("L’éducation", "l education", id="a typographic apostrophe"),
        pytest.param("L'éducation", "l education", id="a typewriter's apostrophe"),
        pytest.param("Tombouctou-ville", "tombouctou ville", id="hyphens"),
        pytest.param("Gao\u00a0 (ville)", "gao ville", id="no-break spaces and brackets"),
        pytest.param("Bamakɔ", "bamako", id="Bambara letters"),
        pytest.param("Ｇａｏ", "gao", id="wide letters"),
        pytest.param("مَالِي", "مالي", id="Arabic vowel signs"),
        pytest.param("ߓߡߊ߬ߞߐ߬", "ߓߡߊߞߐ", id="N’Ko tone marks"),
        pytest.param("_-–!", "", id="nothing is left of punctuation"),
    ],
)
def test_fold_forgives_how_a_name_is_typed(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("written", "words", "kinds"),
    [
        ("Région de Gao", ("gao",), {"RegionElement"}),
        ("Gao Region", ("gao",), {"RegionElement"}),
        ("the Region of Gao", ("gao",), {"RegionElement"}),
        ("منطقة غاو", ("غاو",), {"RegionElement"}),
        ("District de Bamako", ("bamako",), {"DistrictElement"}),
        ("Bureau de zone de Gao", ("gao",), {"ZoneOfficeElement"}),
        ("Bureau principal de Bamako", ("bamako",), {"MainOfficeElement"}),
        ("Bureau UNICEF de Gao", ("unicef", "gao"), {"OfficeElement"}),
        ("Cercle de Gao", ("gao",), {"CercleElement"}),
        ("Commune rurale de Gao", ("gao",), {"CommuneElement"}),
        ("Arrondissement de Gao", ("gao",), {"OtherDivisionElement"}),
        ("Région", ("region",), set()),
        ("", (), set()),
    ],
)
def test_a_name_is_taken_apart_into_what_is_named_and_the_kind_it_is_said_to_be(
    index: Index, written: str, words: tuple[str, ...], kinds: set[str]
) -> None:
    name = index.normalize(written)
    assert (name.words, set(name.kinds), name.sure) == (words, {UL + k for k in kinds}, True)


def test_a_kind_with_a_typing_error_is_read_but_not_for_sure(index: Index) -> None:
    name = index.normalize("Regoin de Gao")
    assert (name.words, name.kinds, name.sure) == (("gao",), {f"{UL}RegionElement"}, False)


@pytest.mark.parametrize(
    ("a", "b", "steps"),
    [
        ("gao", "gao", 0),
        ("gao", "goa", 1),
        ("kidal", "kidaal", 1),
        ("kidal", "kdal", 1),
        ("mopti", "nopti", 1),
    ],
)
def test_similarity_counts_typing_errors(a: str, b: str, steps: int) -> None:
    assert similarity(a, b) == similarity(b, a) == 1 - steps / max(len(a), len(b))


def test_codes_fold_to_letters_and_digits() -> None:
    assert {fold_code(text) for text in ("ML-10", "ml 10", "ML.10", "ML10")} == {"ML10"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://www.wikidata.org/entity/Q214155", ["region/mopti"]),
        ("https://www.wikidata.org/entity/Q214155", ["region/mopti"]),
        ("https://www.wikidata.org/wiki/Q214155", ["region/mopti"]),
        ("https://www.wikidata.org/wiki/Special:EntityData/Q214155.json", ["region/mopti"]),
        ("https://m.wikidata.org/wiki/Q214155#sitelinks", ["region/mopti"]),
        ("wikidata.org/wiki/Q214155/", ["region/mopti"]),
        ("wd:Q214155", ["region/mopti"]),
        ("wdt:Q214155", ["region/mopti"]),
        ("Q214155", ["region/mopti"]),
        ("https://sws.geonames.org/2457161/", ["region/gao"]),
        ("http://sws.geonames.org/2457161", ["region/gao"]),
        ("https://www.geonames.org/2457161/gao.html", ["region/gao"]),
        ("https://sws.geonames.org/2457161/about.rdf", ["region/gao"]),
        ("geonames:2457161", ["region/gao"]),
        ("https://www.openstreetmap.org/relation/2096895", ["region/gao"]),
        ("https://www.openstreetmap.org/relation/2096895#map=6/16.9/0.1", ["region/gao"]),
        ("https://osm.org/relation/2096895", ["region/gao"]),
        ("https://spelunker.whosonfirst.org/id/85674521/", ["region/gao"]),
        ("https://data.whosonfirst.org/856/745/21/85674521.geojson", ["region/gao"]),
        ("http://eurovoc.europa.eu/1268", ["sector/nutrition"]),
        ("eurovoc:1268", ["sector/nutrition"]),
        ("https://w3id.org/unicef-linked/id/region/gao", ["region/gao"]),
        ("https://w3id.org/unicef-linked/doc/region/gao.ttl", ["region/gao"]),
        ("region:gao", ["region/gao"]),
        ("region/gao", ["region/gao"]),
        pytest.param(
            "wd:Q3703",
            ["region/bamako", "place/bamako"],
            id="one item for the district and the city",
        ),
        pytest.param("http://example.org/Q214155", [], id="the end of an IRI says nothing"),
        pytest.param("https://www.wikidata.org/wiki/Q1", [], id="an item that nothing of ours is"),
        pytest.param("", [], id="nothing"),
        pytest.param("not an IRI", [], id="words"),
    ],
)
def test_an_identifier_is_known_in_the_forms_that_people_copy(
    index: Index, written: str, expected: list[str]
) -> None:
    assert [found.entity.id for found in index.by_iri(written)] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(
            "ML07",
            {"pcode": "region/gao", "pcode2015": "region/gao", "fips10-4": "region/koulikoro"},
            id="two schemes, two regions, and two lists of one",
        ),
        pytest.param(
            "ML10",
            {"pcode": "region/menaka", "fips10-4": "region/kidal"},
            id="not Taoudénit, ML-10",
        ),
        pytest.param(
            "ml10", {"pcode": "region/menaka", "fips10-4": "region/kidal"}, id="case is forgiven"
        ),
        pytest.param(
            "ML-10", {"iso3166-2": "region/taoudenit"}, id="a hyphen that is there counts"
        ),
        pytest.param("ML-7", {"iso3166-2": "region/gao"}, id="one scheme"),
        pytest.param(
            "ML7", {"iso3166-2": "region/gao"}, id="a hyphen left out, where nothing else is meant"
        ),
        pytest.param("ML.GO", {"hasc": "region/gao"}, id="HASC"),
        pytest.param("ML99", {}, id="no such code"),
    ],
)
def test_a_code_without_a_scheme_has_a_reading_in_each(
    index: Index, code: str, expected: dict[str, str]
) -> None:
    found = {(r.scheme or "").removeprefix(UL): r.entity.id for r in index.by_code(code)}
    assert found == expected


@pytest.mark.parametrize("name", ["pcode", "P-code", "ul:pcode", f"{UL}pcode", "PCODE"])
def test_a_scheme_is_known_by_its_names(index: Index, name: str) -> None:
    assert index.scheme(name) == f"{UL}pcode"


def test_a_code_in_a_scheme_has_one_reading(index: Index) -> None:
    assert [r.entity.id for r in index.by_code("ML10", f"{UL}pcode")] == ["region/menaka"]


def test_an_index_of_data_of_others_has_every_named_thing_by_its_iri(release: Release) -> None:
    foreign = build(release.quads(), Names("https://example.org/"), Profile())
    iri = f"{Names().entities}region/gao"
    assert foreign.entities[iri].id == iri
    assert [i.entity.id for i in foreign.by_iri("http://www.wikidata.org/entity/Q912")] != []
    assert foreign.ids.term(f"{UL}Region") == f"{UL}Region"
