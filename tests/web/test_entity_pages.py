"""The page about one thing in a real browser: what it tells first, what each fact rests on,
and what one takes from it.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visit, release_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from tests.conftest import Server, Site

KINDS: Final = [
    # path, what it is told to be, sections, something linked from it; in English, then in French
    (
        "office/gao",
        ("Zone office", "Bureau de zone"),
        (["Where", "On what", "For whom"], ["Où", "Sur quoi", "Pour qui"]),
        ("Kidal Region", "Région de Kidal"),
    ),
    (
        "region/menaka",
        ("Region", "Région"),
        (
            ["Who", "Where", "On what", "History", "Identifiers"],
            ["Qui", "Où", "Sur quoi", "Histoire", "Identifiants"],
        ),
        ("Gao zone office", "Bureau de zone de Gao"),
    ),
    (
        "sector/wash",
        ("Sector", "Secteur"),
        (["Who", "Where", "Among the concepts"], ["Qui", "Où", "Parmi les concepts"]),
        ("Mopti zone office", "Bureau de zone de Mopti"),
    ),
    (
        "priority/community-resilience",
        ("Priority", "Priorité"),
        (["Who", "Where", "For whom"], ["Qui", "Où", "Pour qui"]),
        ("Gao zone office", "Bureau de zone de Gao"),
    ),
    (
        "group/children",
        ("Population group", "Groupe de population"),
        (["Who", "On what"], ["Qui", "Sur quoi"]),
        ("Education", "Éducation"),
    ),
    (
        "place/gao",
        ("Place", "Localité"),
        (["Who", "Where"], ["Qui", "Où"]),
        ("Gao zone office", "Bureau de zone de Gao"),
    ),
]
each_kind = pytest.mark.parametrize(
    ("path", "kind", "sections", "linked"),
    KINDS,
    ids=[path.partition("/")[0] for path, *_ in KINDS],
)
each_path = pytest.mark.parametrize("path", [path for path, *_ in KINDS])
each_language = pytest.mark.parametrize("language", ["en", "fr"])


def headings(page: Page) -> list[str]:
    """Return the sections that a reader sees without opening anything."""
    return [found.inner_text() for found in page.locator(".body > section > h2").all()]


@each_kind
def test_each_kind_is_laid_out_in_its_own_sections(
    visit: Visit,
    path: str,
    kind: tuple[str, str],
    sections: tuple[list[str], list[str]],
    linked: tuple[str, str],
) -> None:
    for number, language in enumerate(("en", "fr")):
        page = visit.open(f"/doc/{path}?lang={language}")
        assert (
            page.locator("header .types").inner_text().strip().casefold() == kind[number].casefold()
        )
        assert [found for found in headings(page) if found in sections[number]] == sections[number]
        expect(
            page.locator(".row").get_by_role("link", name=linked[number], exact=True).first
        ).to_be_visible()


@each_path
@each_language
def test_a_page_fits_a_phone_whatever_is_open(
    browser: Browser, server: Server, path: str, language: str
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 844})
    page = visit.open(f"/doc/{path}?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate(
        "document.querySelectorAll('main details').forEach(found => { found.open = true; })"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.mark.parametrize(
    ("language", "opened", "people"),
    [("en", "January 2016", "People"), ("fr", "janvier 2016", "Personnes")],
)
def test_an_office_tells_first_when_it_opened_and_how_many_people_it_has(
    visit: Visit, language: str, opened: str, people: str
) -> None:
    page = visit.open(f"/doc/office/tombouctou?lang={language}")
    figures = page.locator(".key-facts")
    expect(figures.locator("time[datetime='2016-01']")).to_have_text(opened)
    expect(figures.locator("div", has_text=people).locator("data").first).to_have_attribute(
        "value", "6"
    )


OFFICES: Final = ["bamako", "gao", "kayes", "mopti", "sikasso", "tombouctou"]


@pytest.mark.parametrize("office", OFFICES)
def test_every_number_on_an_office_page_has_evidence(visit: Visit, office: str) -> None:
    """A figure has its own, or leads to a row in which each value has some."""
    page = visit.open(f"/doc/office/{office}?lang=en")
    for figure in page.locator(".key-facts > div").all():
        below = figure.locator("a.value, .value > a").first
        target = below.get_attribute("href") if below.count() else None
        if target and target.startswith("#"):
            row = page.locator(f"[id='{target[1:]}']")
            values = row.locator(".things > li")
            assert str(values.count()) == below.inner_text()
            assert row.locator(".things > li > .evidence").count() == values.count()
        elif not target:
            assert figure.locator(".evidence").count() == 1
    for value in page.locator(".row :is(.things, .texts, .outside) > li").all():
        assert value.locator("> .evidence").count() == 1


@each_language
def test_evidence_says_where_in_the_page_of_which_date_and_which_bytes(
    visit: Visit, language: str
) -> None:
    page = visit.open(f"/doc/office/gao?lang={language}")
    people = page.locator(".key-facts > div").nth(1)
    people.locator("summary").click()
    panel = people.locator(".evidence > div")
    expect(panel).to_contain_text(
        {"en": "characters 2262 to 2287", "fr": "caractères 2262 à 2287"}[language]
    )
    expect(panel).to_contain_text(
        {"en": "it bears no date", "fr": "il ne porte pas de date"}[language]
    )
    digest = panel.locator("code[title]").get_attribute("title")
    assert digest
    assert re.fullmatch("[0-9a-f]{64}", digest)
    expect(panel.locator("button.copy").first).to_have_attribute("data-copy", digest)
    panel.get_by_role("link", name=re.compile("2262")).click()
    expect(page.locator("h1")).to_be_visible()
    assert "/doc/passage/" in page.url


def test_a_claim_and_its_passage_have_pages_that_lead_to_each_other(visit: Visit) -> None:
    page = visit.open("/doc/claim/gao-opened-on?lang=en")
    expect(page.locator("#group-statement")).to_be_visible()
    expect(page.locator(".row time")).to_have_text("2013")
    page.locator(".row").get_by_role("link", name=re.compile("haracters|assage")).first.click()
    expect(page.locator(".key-facts")).to_contain_text("First character")
    expect(
        page.get_by_role("link", name=re.compile("Gao zone office · opened on")).first
    ).to_be_visible()


@each_language
def test_what_others_say_the_evidence_of_a_reference_fact_names_its_sources(
    visit: Visit, language: str
) -> None:
    page = visit.open(f"/doc/region/gao?lang={language}")
    row = page.locator(".codes tr", has_text="ISO 3166-2")
    row.locator("summary").click()
    expect(row.locator('.evidence a[href^="/doc/source/"]').first).to_be_visible()


def test_the_raw_list_is_one_click_away_and_has_each_statement(visit: Visit) -> None:
    page = visit.open("/doc/office/gao?lang=en")
    expect(page.locator(".statements").first).to_be_hidden()
    page.locator("#all-statements > summary").click()
    expect(page.locator(".statements").first).to_be_visible()
    expect(page.locator("#statements")).to_be_visible()
    expect(page.locator("#incoming")).to_be_visible()
    expect(page.locator("#graphs")).to_be_visible()


@pytest.mark.parametrize("path", ["office/gao", "region/gao"])
def test_without_scripts_everything_is_there_but_the_buttons_that_copy(
    browser: Browser, server: Server, path: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/doc/{path}?lang=fr")
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator("figure.map svg").first).to_be_visible()
    page.locator(".row .evidence > summary").first.click()
    expect(page.locator(".row .evidence > div").first).to_be_visible()
    assert page.locator("button.copy:visible").count() == 0
    context.close()


def test_a_button_copies_a_code_and_says_so(browser: Browser, server: Server) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.url}/doc/region/gao?lang=en")
    row = page.locator(".codes tr", has_text="ISO 3166-2")
    row.locator("button.copy").click()
    expect(row.locator("button.copy")).to_contain_text("Copied")
    expect(page.locator("#copied")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ML-7"
    context.close()


@pytest.mark.parametrize(
    ("language", "quoted", "version"),
    [
        ("en", "“Gao zone office”, UNICEF in Mali", "release"),
        ("fr", "«\u00a0Bureau de zone de Gao\u00a0», L’UNICEF", "version"),
    ],
    ids=["en", "fr"],
)
def test_a_page_says_how_to_cite_it_with_the_release(
    visit: Visit, language: str, quoted: str, version: str
) -> None:
    page = visit.open(f"/doc/office/gao?lang={language}")
    name = page.locator("footer code").inner_text()
    cite = page.locator(".cite cite")
    expect(cite).to_contain_text(quoted)
    expect(cite).to_contain_text(f"{version} {name}")
    expect(cite).to_contain_text("https://w3id.org/unicef-linked/id/office/gao")
    copied = page.locator("aside button.copy", has_text="CSL-JSON").get_attribute("data-copy")
    assert copied
    assert json.loads(copied)[0]["version"] == name


def test_names_in_arabic_and_n_ko_run_from_right_to_left_and_say_their_language(
    visit: Visit,
) -> None:
    page = visit.open("/doc/region/gao?lang=fr")
    for tag, name in (("ar", "arabe"), ("bm-nkoo", "bambara (n’ko)")):
        label = page.locator(f".names bdi[lang='{tag}']")
        assert label.evaluate("found => getComputedStyle(found).direction") == "rtl"
        expect(label.locator("xpath=..")).to_contain_text(name, ignore_case=True)


def test_a_close_match_says_that_it_is_not_the_same_and_in_which_dataset(visit: Visit) -> None:
    page = visit.open("/doc/region/gao?lang=en")
    row = page.locator(".row", has_text="Close matches")
    expect(row).to_contain_text("meaning or extent may differ")
    expect(row).to_contain_text("whosonfirst.org")
    assert (
        row.locator("button.copy").first.get_attribute("data-copy")
        == "https://spelunker.whosonfirst.org/id/85674521"
    )


def test_a_region_shows_where_it_lies_among_its_neighbours_and_who_covers_it(visit: Visit) -> None:
    page = visit.open("/doc/region/menaka?lang=en")
    drawn = page.locator("figure.map svg").first
    expect(drawn).to_have_attribute("aria-label", "Map: Ménaka Region")
    assert drawn.locator(".area.subject path").count() == 1
    assert drawn.locator(".area.context path, .area.related path").count() >= 8
    drawn.get_by_role("link", name=re.compile("Gao zone office")).click()
    expect(page.locator("h1")).to_have_text("Gao zone office")


def test_an_office_shows_the_regions_that_it_covers(visit: Visit) -> None:
    drawn = visit.open("/doc/office/gao?lang=fr").locator("figure.map svg").first
    assert drawn.locator(".area.subject path").count() == 3
    assert drawn.locator("a.point").count() == 1


def test_a_question_shows_its_query_and_opens_it_in_the_editor(visit: Visit) -> None:
    page = visit.open("/doc/question/active-country?lang=fr")
    expect(page.locator(".row pre")).to_contain_text("SELECT ?country")
    href = page.locator(".body a.button").get_attribute("href")
    assert href
    assert href.startswith("/sparql?query=PREFIX")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory, host: Callable[..., Site]) -> Site:
    """A server of somebody else's data: no shapes, no claims, none of our classes."""
    folder: Path = tmp_path_factory.mktemp("foreign")
    (folder / "people.ttl").write_text(
        """
        PREFIX ex: <http://example.org/>
        PREFIX dcterms: <http://purl.org/dc/terms/>
        PREFIX foaf: <http://xmlns.com/foaf/0.1/>
        PREFIX geo: <http://www.opengis.net/ont/geosparql#>
        ex:alice a foaf:Person ; foaf:name "Alice" ; foaf:knows ex:bob ; dcterms:description "A person."@en .
        ex:bob a foaf:Person ; foaf:name "Bob" ; geo:hasGeometry [ geo:asWKT "POINT (3 4)"^^geo:wktLiteral ] .
        """,
        encoding="utf-8",
    )
    return host(release_of(folder))


@pytest.mark.parametrize("person", ["alice", "bob"])
def test_data_without_shapes_has_the_plain_list_at_once(
    browser: Browser, foreign: Site, person: str
) -> None:
    visit = Visit(browser, foreign)
    page = visit.open(f"/resource?iri=http%3A%2F%2Fexample.org%2F{person}&lang=en")
    expect(page.locator("h1")).to_have_text(person.title())
    expect(page.locator(".statements").first).to_be_visible()
    assert page.locator("#all-statements").count() == 0
    expect(page.locator(".cite cite")).to_contain_text(f"http://example.org/{person}")
    assert visit.violations() == []
    assert visit.messages == []
    page.close()


def test_the_digest_shown_is_the_digest_of_the_source(visit: Visit) -> None:
    page = visit.open("/doc/source/where-we-work-mali-fr?lang=en")
    digest = page.locator(".row code.digest").inner_text()
    assert len(bytes.fromhex(digest)) == hashlib.sha256().digest_size
    assert (
        page.locator(".row", has_text="SHA-256").locator("button.copy").get_attribute("data-copy")
        == digest
    )
