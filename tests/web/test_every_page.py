"""What holds for every page: in both languages, in light and dark, on a phone and on paper,
with and without scripts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlparse

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visit
from tests.web.test_translations import messages_used

from unicef_linked.i18n import read_translations

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from tests.conftest import Server

PAGES: Final = [
    pytest.param(path, id=path)
    for path in (
        "/",
        "/doc/organization/unicef-mali",
        "/doc/office/gao",
        "/doc/office/bamako",
        "/doc/country/mli",
        "/doc/region/gao",
        "/doc/region/taoudenit",
        "/doc/place/tombouctou",
        "/doc/sector/wash",
        "/doc/priority/community-resilience",
        "/doc/group/nomadic-children",
        "/doc/source/where-we-work-mali-fr",
        "/doc/observation/staff-gao",
        "/doc/claim/gao-staff-count",
        "/doc/passage/where-we-work-mali-fr-2262-2287",
        "/doc/office",
        "/doc/question?page=2",
        "/graph/mali/offices",
        "/ontology",
        "/shapes",
        "/dataset",
        "/pictures",
        "/quality",
        "/dump/",
        "/export/",
        "/sparql",
        "/search",
        "/search?q=gao",
        "/resolve",
        "/resolve?scheme=pcode&code=ML07",
        "/fragments",
        "/docs",
        "/problem/query-timeout",
    )
]

AS_OTHERS: Final = (
    "/doc/organization/unicef-mali",
    "/doc/office/bamako",
    "/doc/observation/staff-gao",
    "/doc/passage/where-we-work-mali-fr-2262-2287",
)
"""Pages whose template and whose parts are those of other pages; axe takes seconds for each."""

ALIKE: Final = """() => {
  const kind = (e) => `${e.localName}.${e.getAttribute("class")}[${e.getAttributeNames()}]`;
  const markup = (e) => `${kind(e)}(${[...e.children].map(markup)})`;
  const path = (e) => (e ? path(e.parentElement) + kind(e) : "");
  const seen = new Map();
  document.querySelectorAll(":is(article, li, tr):nth-of-type(n + 5), li ~ li details.evidence").forEach((e) => e.remove());
  for (const entry of [...document.querySelectorAll(":is(article, section, details, li, tr, dl > div)")].reverse()) {
    const key = path(entry.parentElement) + markup(entry);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    if (seen.get(key) > 2) entry.remove();
  }
}"""
"""Removes entries that are made as others: those after the fourth of a list or table,
evidence after that of the first entry, and those whose markup, but for texts and addresses,
two others have at such a place (from the end, so that what is within an entry comes first).
"""

TEXTS_OF_THE_PAGE = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const parent = node.parentElement;
    if (parent.closest("[lang]").lang !== document.documentElement.lang || parent.closest("script, style, code, pre, [translate=no]")) continue;
    if (node.data.trim()) found.push(node.data.trim().replace(/\\s+/g, " "));
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    if (element.closest("[lang]").lang === document.documentElement.lang)
      for (const name of ["aria-label", "title", "placeholder"]) if (element.hasAttribute(name)) found.push(element.getAttribute(name));
  return found;
}"""


@cache
def english_texts() -> set[str]:
    """Return the messages of the interface that read otherwise in French."""
    french = read_translations().of("fr")
    messages = {message for forms in messages_used().values() for message in forms}
    return {message for message in messages if french.gettext(message) != message}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_french_throughout_fits_a_phone_and_is_accessible_in_light_and_dark(
    browser: Browser, server: Server, path: str
) -> None:
    """Axe looks at what is the same in both languages; /quality and the editor have it in each."""
    visit = Visit(browser, server, viewport={"width": 360, "height": 740})
    page = visit.open(f"{path}{'&' if '?' in path else '?'}lang=fr")
    assert page.locator("html").get_attribute("lang") == "fr"
    assert set(page.evaluate(TEXTS_OF_THE_PAGE)) & english_texts() == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("h1")).to_have_count(1)
    assert page.title().strip()
    if path not in AS_OTHERS:
        page.set_viewport_size({"width": 1280, "height": 720})
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        page.evaluate(ALIKE)
        assert visit.barriers() == []
    assert visit.messages == []
    assert visit.hosts <= {urlparse(server.url).netloc}
    page.close()


@pytest.mark.parametrize(
    "path", ["/", "/doc/office/gao", "/doc/region/gao", "/ontology", "/dataset"]
)
def test_a_page_says_all_without_scripts(browser: Browser, server: Server, path: str) -> None:
    texts = []
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto(f"{server.url}{path}?lang=en")
        texts.append(page.locator("main").inner_text())
        context.close()
    with_scripts, without = (set(re.findall(r"\w+", text)) for text in texts)
    assert len(without) > 20
    assert {word for word in without if word not in with_scripts} == set()


@pytest.mark.parametrize("path", ["/", "/doc/office/gao", "/ontology"])
def test_on_paper_there_is_no_menu_and_all_of_the_page(
    browser: Browser, server: Server, path: str
) -> None:
    visit = Visit(browser, server)
    page = visit.open(f"{path}?lang=fr")
    page.emulate_media(media="print")
    expect(page.locator("nav.main")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert (
        page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert page.pdf()[:5] == b"%PDF-"
    page.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_search_suggests_and_the_keyboard_takes_a_suggestion(visit: Visit, language: str) -> None:
    page = visit.open(f"/dataset?lang={language}")
    field = page.get_by_role("combobox")
    field.press_sequentially("tombou")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    assert visit.violations() == []
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    page.wait_for_url(re.compile("/doc/region/tombouctou"))
    assert page.locator("html").get_attribute("lang") == language


def test_escape_closes_the_suggestions_and_enter_without_one_searches(visit: Visit) -> None:
    page = visit.open("/dataset?lang=en")
    field = page.get_by_role("combobox")
    field.press_sequentially("kidal")
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.fill("kidal")
    field.press("Enter")
    page.wait_for_url(re.compile(r"/search\?.*q=kidal"))
    expect(page.locator(".results li").first).to_contain_text("Kidal Region")


def test_a_menu_opens_by_keyboard_and_escape_gives_the_focus_back(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    menu = page.locator("nav.main summary").first
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.locator("nav.main a[href^='/doc/office']")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("nav.main a[href^='/doc/office']")).to_be_hidden()
    expect(menu).to_be_focused()


@pytest.mark.parametrize("path", PAGES[::3])
def test_the_language_switch_keeps_the_page(browser: Browser, server: Server, path: str) -> None:
    visit = Visit(browser, server)
    page = visit.open(f"{path}{'&' if '?' in path else '?'}lang=fr")
    before = urlparse(page.url)
    page.locator("nav.languages a[hreflang=en]").click()
    after = urlparse(page.url)
    assert (after.path, after.query) == (before.path, before.query.replace("lang=fr", "lang=en"))
    assert page.locator("html").get_attribute("lang") == "en"
    page.close()
