"""The pages in a real browser, in both languages, as a reader uses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visit

from unicef_linked.web import create_app
from unicef_linked.web.problems import TITLES

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser
    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Store

PAGES: Final = [
    ("/", "UNICEF in Mali", "L’UNICEF au Mali"),
    ("/doc/office/gao", "Gao zone office", "Bureau de zone de Gao"),
    ("/doc/region/tombouctou", "Timbuktu Region", "Région de Tombouctou"),
    ("/doc/priority/community-resilience", "Long-term resilience", "Résilience durable"),
    ("/doc/office", "office", "bureau"),
    ("/doc/question", "", ""),
    ("/ontology", "Where an organization works", "Où une organisation travaille"),
    ("/shapes", "", ""),
    ("/dataset", "dataset", "jeu de données"),
    ("/graph/mali/offices", "", ""),
    ("/dump/", "", ""),
    ("/sparql", "SPARQL", "SPARQL"),
    ("/search", "Search", "Recherche"),
    ("/resolve", "Resolve", "Retrouver"),
]


@pytest.mark.parametrize(("path", "english", "french"), PAGES, ids=[path for path, _, _ in PAGES])
def test_a_page_speaks_the_readers_language(
    visit: Visit, path: str, english: str, french: str
) -> None:
    for language, words in (("en", english), ("fr", french)):
        page = visit.open(f"{path}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("h1")).to_contain_text(words)
        expect(page.locator("main")).to_be_visible()


@pytest.mark.parametrize(
    ("preferred", "language"), [("fr-ML", "fr"), ("en-GB", "en"), ("de-DE", "fr")]
)
def test_the_browsers_language_is_answered_and_french_where_we_lack_it(
    browser: Browser, server: Server, preferred: str, language: str
) -> None:
    visit = Visit(browser, server, locale=preferred)
    assert visit.open("/doc/office/gao").locator("html").get_attribute("lang") == language
    visit.page.close()


def test_a_reader_gets_from_the_home_page_to_an_office_and_its_region(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    page.get_by_role("link", name=re.compile("^office", re.IGNORECASE)).first.click()
    page.get_by_role("link", name="Gao zone office").first.click()
    expect(page.locator("h1")).to_contain_text("Gao zone office")
    page.get_by_role("link", name="Ménaka Region").first.click()
    expect(page.locator("h1")).to_contain_text("Ménaka Region")
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize(
    ("language", "title", "row"),
    [
        (
            "en",
            "Offices",
            ["Timbuktu zone office", "January 2016", "6", "Timbuktu Region", "4", "6"],
        ),
        (
            "fr",
            "Bureaux",
            ["Bureau de zone de Tombouctou", "janvier 2016", "6", "Région de Tombouctou", "4", "6"],
        ),
    ],
)
def test_a_list_tells_the_key_facts_side_by_side(
    visit: Visit, language: str, title: str, row: list[str]
) -> None:
    page = visit.open(f"/doc/office?lang={language}")
    expect(page.locator("h1")).to_have_text(re.compile(title, re.IGNORECASE))
    cells = page.locator("main tbody tr", has_text=row[0]).locator("th, td")
    assert [text.strip() for text in cells.all_inner_texts()] == row


def test_each_value_of_an_office_leads_to_where_it_is_stated(visit: Visit) -> None:
    page = visit.open("/doc/office/gao?lang=en")
    sources = page.locator('main a[href^="/graph/mali/offices"]')
    assert sources.count() > 0
    assert page.locator("main sup a").count() > 10


@pytest.mark.parametrize("suffix", ["ttl", "jsonld", "nt", "rdf", "trig", "nq"])
def test_a_page_offers_each_format(visit: Visit, suffix: str) -> None:
    page = visit.open("/doc/office/gao?lang=en")
    assert page.locator(f'main a[href="/doc/office/gao.{suffix}"]').count() == 1


def test_labels_in_other_languages_and_scripts_say_which(visit: Visit) -> None:
    page = visit.open("/doc/region/gao?lang=en")
    assert page.locator('main [lang="ar"]').count() > 0
    assert page.locator('main [lang="fr"]').count() > 0
    assert (
        page.locator("main")
        .get_by_text("Région de Gao")
        .first.evaluate("e => e.closest('[lang]').lang")
        == "fr"
    )


@pytest.mark.parametrize(
    ("language", "advice"),
    [("en", "look for the name of what you want"), ("fr", "cherchez plutôt le nom")],
)
def test_an_unknown_page_says_what_to_do_in_the_readers_language(
    browser: Browser, server: Server, language: str, advice: str
) -> None:
    visit = Visit(browser, server)
    page = visit.open(f"/doc/office/nowhere?lang={language}")
    expect(page.locator("main")).to_contain_text("404")
    expect(page.locator("main")).to_contain_text(advice)
    assert page.locator("html").get_attribute("lang") == language
    page.locator("main input[name=q]").fill("Gao")
    page.locator("main input[name=q]").press("Enter")
    expect(page.locator(".results")).to_contain_text("Gao")
    page.close()


@pytest.mark.parametrize("name", TITLES)
def test_every_problem_type_is_explained_in_both_languages(client: FlaskClient, name: str) -> None:
    english, french = (
        client.get(f"/problem/{name}?lang={language}", headers={"Accept": "text/html"}).text
        for language in ("en", "fr")
    )
    lead = re.compile(r'<p class="lead">(.{20,}?)</p>')
    assert lead.search(english)[1] != lead.search(french)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    "path", ["/", "/dataset", "/quality", "/shapes", "/doc/office/gao", "/nowhere"]
)
def test_the_first_who_asks_for_a_page_does_not_choose_the_language_of_the_next(
    settings: Settings, release: Release, store: Store, path: str
) -> None:
    """The templates of a new application are compiled by the first request that needs them."""
    page = {"Accept": "text/html", "Accept-Language": "fr"}
    client = create_app(settings, release, store).test_client()
    in_english = client.get(f"{path}?lang=en", headers=page).text
    assert 'href="/sparql?lang=en"' in in_english
    unsaid = client.get(path, headers=page).text
    first = create_app(settings, release, store).test_client().get(path, headers=page).text
    request_id = re.compile(r"<code[^>]*>[0-9a-f]{16}</code>")  # in pages about problems
    assert request_id.sub("", first) == request_id.sub("", unsaid)
    assert 'href="/sparql"' in unsaid
    assert "lang=en" not in re.sub(r'<(link|a)[^>]* hreflang="en"[^>]*>', "", unsaid)
