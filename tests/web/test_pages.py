"""The pages in a real browser, in both languages, as a reader uses them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlparse

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from tests.conftest import Server

PAGES: Final = [
    ("/", "UNICEF in Mali", "L’UNICEF au Mali"),
    ("/doc/office/gao", "Gao zone office", "Bureau de zone de Gao"),
    ("/doc/region/tombouctou", "Timbuktu Region", "Région de Tombouctou"),
    ("/doc/priority/community-resilience", "Long-term resilience", "Résilience durable"),
    ("/doc/office", "office", "bureau"),
    ("/doc/question", "", ""),
    ("/ontology", "ontology", "ontologie"),
    ("/shapes", "", ""),
    ("/dataset", "dataset", "jeu de données"),
    ("/graph/mali/offices", "", ""),
    ("/dump/", "", ""),
    ("/sparql", "SPARQL", "SPARQL"),
    ("/search", "Search", "Recherche"),
    ("/resolve", "Resolve", "Retrouver"),
]


@pytest.mark.parametrize(("path", "english", "french"), PAGES, ids=[path for path, _, _ in PAGES])
def test_a_page_speaks_the_readers_language(visit: Visit, path: str, english: str, french: str) -> None:
    for language, words in (("en", english), ("fr", french)):
        page = visit.open(f"{path}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("h1")).to_contain_text(words)
        expect(page.locator("main")).to_be_visible()


@pytest.mark.parametrize(("preferred", "language"), [("fr-ML", "fr"), ("en-GB", "en"), ("de-DE", "fr")])
def test_the_browsers_language_is_answered_and_french_where_we_lack_it(
    browser: Browser, server: Server, preferred: str, language: str
) -> None:
    visit = Visit(browser, server, locale=preferred)
    assert visit.open("/doc/office/gao").locator("html").get_attribute("lang") == language
    visit.page.close()


@pytest.mark.parametrize("path", ["/doc/region/gao", "/sparql", "/doc/question?page=2", "/ontology"])
def test_the_language_switch_keeps_the_page(visit: Visit, path: str) -> None:
    page = visit.open(path + ("&" if "?" in path else "?") + "lang=fr")
    page.get_by_role("link", name="English").first.click()
    page.wait_for_url(re.compile("lang=en"))
    assert urlparse(page.url).path == urlparse(path).path
    assert page.locator("html").get_attribute("lang") == "en"
    if "page=2" in path:
        assert "page=2" in page.url


def test_a_reader_gets_from_the_home_page_to_an_office_and_its_region(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    page.get_by_role("link", name=re.compile("^office", re.IGNORECASE)).first.click()
    page.get_by_role("link", name="Gao zone office").first.click()
    expect(page.locator("h1")).to_contain_text("Gao zone office")
    page.get_by_role("link", name="Ménaka Region").first.click()
    expect(page.locator("h1")).to_contain_text("Ménaka Region")
    assert page.locator("html").get_attribute("lang") == "en"


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
    assert page.locator("main").get_by_text("Région de Gao").first.evaluate("e => e.closest('[lang]').lang") == "fr"


@pytest.mark.parametrize("path", ["/", "/doc/office/gao", "/sparql", "/ontology", "/dataset"])
def test_a_page_fits_a_phone(browser: Browser, server: Server, path: str) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 844})
    page = visit.open(f"{path}?lang=fr")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_an_unknown_page_says_so_in_the_readers_language(browser: Browser, server: Server) -> None:
    visit = Visit(browser, server)
    page = visit.open("/doc/office/nowhere?lang=fr")
    expect(page.locator("main")).to_contain_text("404")
    assert page.locator("html").get_attribute("lang") == "fr"
    page.close()
