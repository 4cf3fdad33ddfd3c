"""The query editor in a real browser, in both languages: write, complete, run, look at,
take away.
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, urlparse

import pytest
import requests
from playwright.sync_api import expect
from tests.web.conftest import Visit

from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.i18n import read_translations
from unicef_linked.presentation.context import PageContext
from unicef_linked.presentation.editor import editor_terms, read_examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route
    from tests.conftest import Server, Site

    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

LANGUAGES: Final = ["en", "fr"]
PREFIXES: Final = """PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX wgs84: <http://www.w3.org/2003/01/geo/wgs84_pos#>
"""
OFFICES: Final = f"{PREFIXES}SELECT ?o {{ ?o a ul:ZoneOffice }} ORDER BY ?o"
STAFF: Final = f"""{PREFIXES}SELECT ?office ?officeLabel ?staff {{
  ?office a ul:ZoneOffice ; ul:staffCount ?staff ; skos:prefLabel ?officeLabel
  FILTER (LANG(?officeLabel) = "fr")
}} ORDER BY DESC(?staff)"""
AREAS: Final = f"""{PREFIXES}SELECT ?region ?name ?shape {{
  ?region a ul:Region ; skos:prefLabel ?name ; geo:hasGeometry/geo:asWKT ?shape FILTER (LANG(?name) = "en")
}}"""
POINTS: Final = f"{PREFIXES}SELECT ?place ?lat ?long {{ ?place a ul:Place ; wgs84:lat ?lat ; wgs84:long ?long }}"
OPENED: Final = f"{PREFIXES}SELECT ?year (COUNT(?o) AS ?offices) {{ ?o a ul:Office ; ul:openedOn ?year }} GROUP BY ?year"
NAMES: Final = (
    f"{PREFIXES}SELECT ?region ?name {{ ?region a ul:Region ; skos:prefLabel|skos:altLabel ?name }}"
)

PASTE: Final = """(box, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def editor(page: Page) -> Locator:
    """Return what one writes in."""
    return page.locator(".CodeMirror [role=textbox]")


def text(page: Page) -> str:
    """Return the query in the editor."""
    return str(page.locator("textarea[name=query]").input_value())


def write(page: Page, query: str) -> None:
    """Empty the editor and paste a query, as a reader does; ``|`` is where the cursor stays."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    before, _, after = query.partition("|")
    editor(page).evaluate(PASTE, before + after)
    for _ in after:
        page.keyboard.press("ArrowLeft")


def hints(page: Page) -> Locator:
    """Return the list of completions."""
    return page.locator(".CodeMirror-hints li")


def opened(server: Server, language: str, query: str) -> str:
    """Return the address of the editor with a query."""
    return f"/sparql?lang={language}&query={quote(query, safe='')}"


@pytest.fixture
def pages(release: Release, store: Embedded) -> Callable[[str], PageContext]:
    """What a page is made from, by language."""
    dataset, translations = PublishedDataset(release, store), read_translations()
    return lambda language: PageContext(
        dataset, language, lambda _: None, translations.of(language)
    )


# Examples


def test_there_are_enough_examples_and_each_has_a_title_in_each_language(
    pages: Callable[[str], PageContext],
) -> None:
    found = {
        language: [e for _, group in read_examples(pages(language)) for e in group]
        for language in LANGUAGES
    }
    for language, every in found.items():
        assert len(every) >= 20
        assert {example.title.language for example in every} == {language}
    assert len(found["en"]) == len(found["fr"])


def test_an_example_that_asks_for_labels_asks_for_them_in_the_readers_language(
    pages: Callable[[str], PageContext],
) -> None:
    def queries(language: str) -> dict[str, str]:
        asked = 'LANG(?officeLabel) = "'
        every = [example.query for _, group in read_examples(pages(language)) for example in group]
        return {re.sub(r'= "(en|fr)"', "", query): query for query in every if asked in query}

    english, french = queries("en"), queries("fr")
    assert len(english) > 10
    assert english.keys() == french.keys()
    for key, query in english.items():
        assert (
            len(pages("en").store.select(query)) == len(pages("en").store.select(french[key])) > 0
        ), query


@pytest.mark.parametrize(("language", "words"), [("en", "staff profile"), ("fr", "profil bureau")])
def test_an_example_is_found_by_its_words_and_runs_when_chosen(
    visit: Visit, language: str, words: str
) -> None:
    page = visit.open(f"/sparql?lang={language}")
    every = page.locator("[data-example]")
    assert every.count() >= 20
    page.locator("#find-example").fill(words.split()[-1])
    shown = page.locator("#examples [data-example]:visible")
    expect(shown.first).to_be_visible()
    assert 0 < shown.count() < every.count()
    query = parse_qs(urlparse(shown.first.get_attribute("href") or "").query)["query"][0]
    shown.first.click()
    expect(page.locator("#result h2")).to_contain_text(re.compile(r"\d"))
    assert text(page) == query
    assert parse_qs(urlparse(page.url).query)["query"] == [query]
    page.locator("#find-example").fill("zzzzz")
    expect(page.locator("#no-example")).to_be_visible()


# Completion


def test_the_vocabulary_is_what_the_dataset_uses_most_first_and_named_for_the_reader(
    pages: Callable[[str], PageContext],
) -> None:
    found = editor_terms(pages("fr"))
    classes = {iri: (label, language, uses) for iri, label, language, uses in found["classes"]}
    assert classes[pages("fr").names.term("Region")] == ("région", "fr", 20)
    uses = [number for *_, number in found["properties"]]
    assert uses == sorted(uses, reverse=True)
    assert {iri for iri, *_ in found["properties"]} == {
        iri for iri, _ in pages("fr").dataset.partitions["property"]
    }


@pytest.mark.parametrize(
    ("language", "query", "typed", "chosen", "expected"),
    [
        pytest.param(
            "en",
            "SELECT * { ?x a | }",
            "ul:Reg",
            "ul:Region",
            "a ul:Region",
            id="a class by its IRI",
        ),
        pytest.param(
            "fr",
            "SELECT * { ?x a | }",
            "regio",
            "ul:Region",
            "a ul:Region",
            id="a class by its French name",
        ),
        pytest.param(
            "en",
            "SELECT * { ?x | }",
            "ul:coversR",
            "ul:coversRegion",
            "?x ul:coversRegion",
            id="a property by its IRI",
        ),
        pytest.param(
            "en",
            "SELECT * { ?x | }",
            "staff",
            "ul:staffCount",
            "?x ul:staffCount",
            id="a property by its English name",
        ),
        pytest.param(
            "en",
            "SELECT * { ?x ?p | }",
            "office:ga",
            "office:gao",
            "?p office:gao",
            id="a thing by its key",
        ),
        pytest.param(
            "en",
            "|\nSELECT * { ?s ?p ?o }",
            "PREFIX geo",
            "geo: <http://www.opengis.net/ont/geosparql#>",
            "PREFIX geo: <http://www.opengis.net/ont/geosparql#>",
            id="a prefix in its declaration",
        ),
        pytest.param(
            "en",
            "SELECT ?office { ?o a ?c FILTER(|) }",
            "?off",
            "?office",
            "FILTER(?office",
            id="a variable",
        ),
    ],
)
def test_what_one_types_is_completed_from_our_own_data(
    visit: Visit, language: str, query: str, typed: str, chosen: str, expected: str
) -> None:
    page = visit.open(f"/sparql?lang={language}")
    write(page, query)
    page.keyboard.type(typed)
    expect(
        hints(page).locator("code", has_text=re.compile(rf"^{re.escape(chosen)}$"))
    ).to_be_visible()
    hints(page).locator("code", has_text=re.compile(rf"^{re.escape(chosen)}$")).click()
    assert expected in text(page)
    if chosen.startswith("ul:"):
        assert "PREFIX ul: <https://w3id.org/unicef-linked/ontology#>" in text(page)


@pytest.mark.parametrize(("language", "label"), [("en", "region"), ("fr", "région")])
def test_a_completion_says_its_name_in_the_readers_language(
    visit: Visit, language: str, label: str
) -> None:
    page = visit.open(f"/sparql?lang={language}")
    write(page, "SELECT * { ?x a | }")
    page.keyboard.type("ul:Regio")
    expect(hints(page).filter(has_text="ul:Region").first.locator(".said")).to_have_text(label)


@pytest.mark.parametrize("typed", ["région", "RÉGION", "regio"])
def test_a_word_is_completed_on_demand_whatever_its_accents_and_case(
    visit: Visit, typed: str
) -> None:
    page = visit.open("/sparql?lang=fr")
    write(page, f"SELECT * {{ ?x a {typed}| }}")
    page.keyboard.press("Control+Space")
    expect(hints(page).filter(has_text="ul:Region").first).to_be_visible()


def test_a_prefix_of_ours_is_declared_when_it_is_typed(visit: Visit) -> None:
    page = visit.open("/sparql?lang=en")
    write(page, "PREFIX ul: <https://w3id.org/unicef-linked/ontology#>\nSELECT * { ?x | }")
    page.keyboard.type("skos:")
    expect(page.locator("textarea[name=query]")).to_have_value(
        re.compile(r"^PREFIX ul: .*\nPREFIX skos: <http://www.w3.org/2004/02/skos/core#>\nSELECT")
    )


def test_a_thing_is_found_by_its_name_when_one_asks(visit: Visit) -> None:
    page = visit.open("/sparql?lang=fr")
    write(page, "SELECT * { ?x ?p | }")
    page.keyboard.type("tombouctou")
    page.keyboard.press("Control+Space")
    hints(page).filter(has_text="region:tombouctou").click()
    assert "?p region:tombouctou" in text(page)
    assert "PREFIX region: <https://w3id.org/unicef-linked/id/region/>" in text(page)


# Keys


def test_the_keyboard_alone_writes_runs_and_leaves_the_editor(visit: Visit) -> None:
    page = visit.open("/sparql?lang=en")
    write(page, OFFICES)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result tbody tr")).to_have_count(5)
    editor(page).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "textbox"
    page.locator("[role=tab][aria-selected=true]").last.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="As sent")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#view pre")).to_contain_text("bindings")


@pytest.mark.parametrize(("language", "name"), [("en", "Query"), ("fr", "Requête")])
def test_the_editor_has_a_name_and_a_help_text(visit: Visit, language: str, name: str) -> None:
    page = visit.open(f"/sparql?lang={language}")
    box = page.get_by_role("textbox", name=name)
    expect(box).to_be_visible()
    assert page.locator(f"#{box.get_attribute('aria-describedby')}").is_visible()


def test_laying_out_changes_nothing_but_space(visit: Visit) -> None:
    page = visit.open("/sparql?lang=en")
    query = 'SELECT ?o { ?o a <http://a.example/B> ; <http://a.example/c> "x  y" . # why\n FILTER(1 < 2) }'
    write(page, query)
    page.locator("#tidy").click()
    assert text(page).count("\n") > 4
    assert re.sub(r"\s", "", text(page)) == re.sub(r"\s", "", query)


# Answers


def test_an_example_query_runs_in_the_page(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "en", OFFICES))
    assert text(page) == OFFICES
    expect(page.locator("table tbody tr")).to_have_count(5)
    expect(page.locator("#status")).to_contain_text("5 results")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_thing_of_ours_leads_to_its_page_here(
    visit: Visit, server: Server, language: str
) -> None:
    page = visit.open(opened(server, language, OFFICES))
    link = page.locator("#result tbody a", has_text="office:gao")
    expect(link).to_have_attribute("title", "https://w3id.org/unicef-linked/id/office/gao")
    link.click()
    page.wait_for_url(f"**/doc/office/gao?lang={language}")
    expect(page.locator("h1")).to_contain_text("Gao")


def test_a_long_table_is_filtered_sorted_and_leafed_through(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "en", NAMES))
    rows = page.locator("#result tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator(".pager")).to_contain_text("1 to 50 of")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51 to")
    head = page.locator("#result th", has_text="region")
    for order in ("ascending", "descending"):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", order)
        found = rows.locator("td:first-child a").all_inner_texts()
        assert found == sorted(found, reverse=order == "descending")
    page.locator("#filter-rows").fill("segou")
    expect(rows.first).to_contain_text("region:segou")
    assert all("segou" in row.lower() or "ségou" in row.lower() for row in rows.all_inner_texts())


def test_numbers_stand_to_the_right_and_text_says_its_language(
    visit: Visit, server: Server
) -> None:
    page = visit.open(opened(server, "en", STAFF))
    page.get_by_role("tab", name="Table").click()
    expect(page.locator("#result td.number").first).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator('#result td bdi[lang="fr"]').first).to_be_visible()


@pytest.mark.parametrize(("language", "name"), [("en", "Chart"), ("fr", "Graphique")])
def test_numbers_with_labels_open_as_a_chart(
    visit: Visit, server: Server, language: str, name: str
) -> None:
    page = visit.open(opened(server, language, STAFF))
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".bars tbody tr")).to_have_count(5)
    widths = [
        float((bar.get_attribute("width") or "").rstrip("%"))
        for bar in page.locator(".bars rect").all()
    ]
    numbers = [int(number) for number in page.locator(".bars .number").all_inner_texts()]
    assert widths == pytest.approx([100 * number / max(numbers) for number in numbers])
    expect(page.locator(".bars tbody th").first).to_contain_text("Bureau")
    page.locator("#chart-label").select_option("office")
    expect(page.locator(".bars tbody th a").first).to_contain_text("office:")


def test_numbers_over_time_open_as_a_line(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "en", OPENED))
    expect(page.locator("svg.line path.stroke")).to_have_count(1)
    assert page.locator("svg.line circle").count() > 1
    page.locator("#chart-kind").select_option("Bars")
    assert page.locator(".bars rect").count() > 1


def test_a_chart_that_leaves_rows_out_says_so(visit: Visit, server: Server) -> None:
    query = "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s ORDER BY ?s LIMIT 250"
    page = visit.open(opened(server, "en", query))
    page.get_by_role("tab", name="Chart").click()
    expect(page.locator(".bars tbody tr")).to_have_count(200)
    expect(page.locator(".cut")).to_have_text("The first 200 of 250; the table has them all.")


def test_the_whole_dataset_is_an_answer_that_a_page_can_bear(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "fr", "SELECT * { ?s ?p ?o }"))
    expect(page.locator("#result tbody tr")).to_have_count(50, timeout=30_000)
    page.get_by_role("tab", name="Réponse brute").click()
    expect(page.locator(".cut")).to_contain_text("Ceci est le début")
    page.get_by_role("tab", name="Carte").click()
    expect(page.locator(".map path").first).to_be_visible()


@pytest.mark.parametrize(("language", "name"), [("en", "Map"), ("fr", "Carte")])
def test_geometries_open_as_a_map_whose_shapes_lead_to_their_pages(
    visit: Visit, server: Server, language: str, name: str
) -> None:
    page = visit.open(opened(server, language, AREAS))
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    shapes = page.locator(".map path.area")
    assert shapes.count() >= 9
    gao = page.locator('.map path[aria-label*="Gao"]')
    gao.focus()
    page.keyboard.press("Enter")
    link = page.locator(".leaflet-popup a", has_text="region:gao")
    expect(link).to_be_visible()
    assert urlparse(link.get_attribute("href") or "").path == "/doc/region/gao"
    zoom = page.locator(".leaflet-control-zoom-in")
    expect(zoom).to_have_attribute("title", "Zoom in" if language == "en" else "Agrandir")


def test_pairs_of_coordinates_open_as_a_map(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "en", POINTS))
    expect(page.locator(".map path.spot")).to_have_count(6)


@pytest.mark.parametrize(
    ("query", "language", "words"),
    [
        ("ASK { ?s ?p ?o }", "en", "Yes"),
        ("ASK { <x:y> ?p ?o }", "fr", "Non"),
        ("SELECT * { <http://x.example/> ?p ?o }", "fr", "Rien dans le jeu de données"),
        (f"{PREFIXES}CONSTRUCT WHERE {{ ?o ul:staffCount ?n }}", "en", "ul:staffCount"),
    ],
)
def test_each_form_of_query_has_its_answer(
    visit: Visit, server: Server, query: str, language: str, words: str
) -> None:
    page = visit.open(opened(server, language, query))
    expect(page.locator("#result")).to_contain_text(words)


@pytest.mark.parametrize(
    ("query", "types"),
    [
        (
            OFFICES,
            [
                "application/sparql-results+json",
                "application/sparql-results+xml",
                "text/csv",
                "text/tab-separated-values",
            ],
        ),
        (
            f"{PREFIXES}DESCRIBE ul:Office",
            ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"],
        ),
    ],
    ids=["solutions", "graph"],
)
def test_an_answer_is_downloaded_in_every_format(
    visit: Visit, server: Server, query: str, types: list[str]
) -> None:
    page = visit.open(opened(server, "en", query))
    expect(page.locator(".downloads a").first).to_be_visible()
    links = {
        a.get_attribute("type"): a.get_attribute("href") for a in page.locator(".downloads a").all()
    }
    assert set(types) <= set(links)
    for media_type, href in links.items():
        answer = requests.get(f"{server.url}{href}", timeout=10)
        assert answer.headers["Content-Type"].split(";")[0] == media_type
        assert answer.status_code == 200


def test_a_query_too_long_for_an_address_is_downloaded_all_the_same(
    visit: Visit, server: Server
) -> None:
    page = visit.open("/sparql?lang=en")
    write(page, f"# {'x' * 7500}\n{OFFICES}")
    page.keyboard.press("Control+Enter")
    button = page.locator(".downloads button", has_text="CSV")
    with page.expect_download() as download:
        button.click()
    content = download.value.path().read_text(encoding="utf-8")
    assert len(content.splitlines()) == 6


# What is remembered


def test_the_address_follows_and_going_back_asks_again(visit: Visit, server: Server) -> None:
    page = visit.open(opened(server, "en", OFFICES))
    expect(page.locator("#result tbody tr")).to_have_count(5)
    write(page, "ASK { ?s ?p ?o }")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result .answer")).to_have_text("Yes")
    page.go_back()
    expect(page.locator("#result tbody tr")).to_have_count(5)
    assert text(page) == OFFICES


def test_what_one_wrote_is_there_on_the_next_visit(visit: Visit, server: Server) -> None:
    page = visit.open("/sparql?lang=en")
    write(page, "ASK { ?s ?p 42 }")
    visit.open("/sparql?lang=fr")
    assert text(page) == "ASK { ?s ?p 42 }"
    visit.open(opened(server, "fr", OFFICES))
    assert text(page) == OFFICES
    page.get_by_role("button", name="Revenir à ma dernière requête").click()
    assert text(page) == "ASK { ?s ?p 42 }"


def test_a_browser_without_memory_does_without(browser: Browser, server: Server) -> None:
    visit = Visit(browser, server)
    visit.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    )
    page = visit.open(opened(server, "en", OFFICES))
    expect(page.locator("#result tbody tr")).to_have_count(5)
    write(page, "ASK {}")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result .answer")).to_have_text("Yes")
    assert visit.messages == []
    page.close()


# Problems


@pytest.mark.parametrize(
    ("language", "where", "title"),
    [("en", "Line 3", "Malformed query"), ("fr", "Ligne 3", "Requête mal formée")],
)
def test_a_query_error_points_at_the_spot(
    browser: Browser, server: Server, language: str, where: str, title: str
) -> None:
    visit = Visit(browser, server)  # the browser itself notes a 400 on its console
    page = visit.open(opened(server, language, "SELECT * {\n  ?s ?p\n}"))
    expect(page.get_by_role("alert")).to_contain_text(title)
    expect(page.get_by_role("alert")).to_contain_text(where)
    expect(page.locator(".CodeMirror-code .wrong .CodeMirror-line")).to_have_text("}")
    expect(page.locator(".wrong-token")).to_have_text("}")
    expect(page.locator(".wrong-here")).to_have_count(1)
    page.get_by_role("alert").get_by_role("link").click()
    expect(editor(page)).to_be_focused()
    page.keyboard.type("?o } LIMIT 3 #")
    expect(page.locator(".wrong, .wrong-token, .wrong-here")).to_have_count(0)
    assert text(page).split() == ["SELECT", "*", "{", "?s", "?p", "?o", "}", "LIMIT", "3", "#}"]
    page.keyboard.press("Control+Enter")
    expect(page.locator("#result table")).to_be_visible()
    page.close()


def soon_over(route: Route) -> None:
    """Let a query have one second, not the ten that the server gives."""
    assert route.request.method == "POST"
    route.continue_(url=f"{route.request.url}?timeout=1")


@pytest.mark.parametrize(
    ("query", "language", "title", "advice"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "en", "Query refused", "only answers questions"),
        ("DELETE WHERE { ?s ?p ?o }", "fr", "Requête refusée", "ne fait que répondre"),
        (
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
            "fr",
            "Délai",
            "LIMIT",
        ),
    ],
    ids=["update", "update in French", "timeout"],
)
def test_a_problem_says_what_to_do(
    browser: Browser, server: Server, query: str, language: str, title: str, advice: str
) -> None:
    visit = Visit(browser, server)
    visit.page.route("**/sparql", soon_over)
    page = visit.open(opened(server, language, query))
    expect(page.get_by_role("alert")).to_contain_text(title, timeout=20_000)
    expect(page.get_by_role("alert")).to_contain_text(advice)
    page.close()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "cannot be reached"), ("fr", "injoignable")]
)
def test_a_lost_network_is_said(
    browser: Browser, server: Server, language: str, words: str
) -> None:
    visit = Visit(browser, server)
    page = visit.open(f"/sparql?lang={language}")
    page.route("**/sparql", lambda route: route.abort())
    page.locator("#query-form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.close()


# Programs

ODD: Final = f"""{PREFIXES}# it's "odd": $HOME `id` \\ %s {{}} '''
SELECT ?office ?text {{
  ?office a ul:ZoneOffice ; skos:prefLabel ?name
  FILTER (LANG(?name) = "fr" && STR(?name) != "no\\tsuch" && STR(?name) != 'l\\'x')
  BIND (CONCAT(\"\"\"a "quoted" 'name' \\\\ $x )-" \"\"\", ?name) AS ?text)
}} ORDER BY ?office # the end is "quoted\""""


@pytest.fixture
def programs(visit: Visit, server: Server) -> Callable[[str], dict[str, str]]:
    """Return the programs that the page shows for a query."""

    def programs(query: str) -> dict[str, str]:
        page = visit.open(opened(server, "fr", query))
        page.locator("#programs summary").click()
        expect(page.locator("#code-curl")).not_to_be_empty()
        return {
            name: page.locator(f"#code-{name}").text_content() or ""
            for name in ("curl", "python", "r")
        }

    return programs


def _rows(content: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content)))


@pytest.mark.parametrize("query", [STAFF, ODD], ids=["plain", "odd characters"])
def test_the_curl_command_gives_the_same_rows(
    server: Server, programs: Callable[[str], dict[str, str]], query: str
) -> None:
    direct = requests.post(
        f"{server.url}/sparql", data={"query": query}, headers={"Accept": "text/csv"}, timeout=10
    )
    assert direct.status_code == 200, direct.text
    done = subprocess.run(
        ["sh", "-c", programs(query)["curl"]], capture_output=True, text=True, check=True
    )
    assert _rows(done.stdout) == _rows(direct.text)
    assert len(_rows(direct.text)) == 6


@pytest.mark.parametrize("query", [STAFF, ODD], ids=["plain", "odd characters"])
def test_the_python_program_gives_the_same_rows(
    server: Server, programs: Callable[[str], dict[str, str]], query: str, tmp_path: Path
) -> None:
    direct = requests.post(
        f"{server.url}/sparql", data={"query": query}, headers={"Accept": "text/csv"}, timeout=10
    )
    file = tmp_path / "program.py"
    table = 'import sys\ntable.to_csv(sys.stderr, index=False, lineterminator="\\n")\n'
    file.write_text(programs(query)["python"] + table, encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert _rows(done.stderr) == _rows(direct.text)
    assert "office/gao" in done.stdout


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("ASK { ?s ?p ?o }", "True"),
        (f"{PREFIXES}CONSTRUCT WHERE {{ ?o ul:staffCount ?n }}", "staffCount"),
    ],
    ids=["ask", "construct"],
)
def test_the_programs_fit_the_form_of_the_query(
    programs: Callable[[str], dict[str, str]], query: str, words: str, tmp_path: Path
) -> None:
    found = programs(query)
    file = tmp_path / "program.py"
    file.write_text(found["python"], encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert words in done.stdout
    assert "pandas" not in found["python"]
    assert "read_csv" not in found["r"]


@pytest.mark.parametrize("query", [STAFF, ODD], ids=["plain", "odd characters"])
def test_the_r_program_has_the_query_as_a_raw_string(
    programs: Callable[[str], dict[str, str]], query: str
) -> None:
    program = programs(query)["r"]
    found = re.search(
        r'query <- r"(-*)\((.*?)\)\1"\n', program, re.DOTALL
    )  # R: the first such end closes it
    assert found
    assert found[2] == query
    outside = program.replace(found[0], "")
    assert outside.count("(") == outside.count(")")
    assert outside.count('"') % 2 == 0
    assert [line for line in outside.splitlines() if line.startswith("library")] == [
        "library(httr2)",
        "library(readr)",
    ]


def test_the_programs_name_the_public_address(
    browser: Browser, host: Callable[..., Site], release: Release
) -> None:
    visit = Visit(browser, host(release, public_url="https://data.example.org/"))
    page = visit.open("/sparql?lang=en")
    page.locator("#programs summary").click()
    expect(page.locator("#code-curl")).not_to_be_empty()
    curl = page.locator("#code-curl").text_content() or ""
    assert shlex.split(curl)[1] == "https://data.example.org/sparql"
    page.close()


def test_the_link_and_the_programs_are_copied(browser: Browser, server: Server) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(server.url + opened(server, "en", OFFICES))
    page.locator("#copy-link").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlparse(link).query)["query"] == [OFFICES]
    page.locator("#programs summary").click()
    page.get_by_role("tab", name="Python").click()
    page.get_by_role("button", name="Copy the program").click()
    assert "requests.post" in page.evaluate("navigator.clipboard.readText()")
    context.close()


# Everywhere


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_editor_and_an_answer_have_no_barrier(
    browser: Browser, server: Server, language: str
) -> None:
    visit = Visit(browser, server)
    page = visit.open(opened(server, language, STAFF))
    page.locator("#programs summary").click()
    expect(page.locator("#result h2")).to_be_visible()
    assert visit.barriers() == []
    assert visit.messages == []
    page.close()


@pytest.mark.parametrize(
    "query",
    [STAFF, AREAS, NAMES, OPENED, "ASK {}", f"{PREFIXES}DESCRIBE ul:Office"],
    ids=["bars", "map", "table", "line", "yes or no", "graph"],
)
def test_an_answer_of_each_kind_fits_a_phone_and_has_no_barrier(
    browser: Browser, server: Server, query: str
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 844})
    page = visit.open(opened(server, "fr", query))
    expect(page.locator("#result h2")).to_be_visible()
    page.locator("#programs summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 720})
    assert visit.barriers("#result") == []
    assert visit.messages == []
    page.close()


def test_an_error_and_open_completions_have_no_barrier(browser: Browser, server: Server) -> None:
    visit = Visit(browser, server)
    page = visit.open(opened(server, "fr", "SELECT * {\n  ?s ?p\n}"))
    expect(page.get_by_role("alert")).to_be_visible()
    assert visit.barriers() == []
    write(page, "SELECT * { ?x a | }")
    page.keyboard.type("ul:O")
    expect(hints(page).first).to_be_visible()
    assert visit.barriers() == []
    page.close()


def test_the_query_page_works_without_scripts(browser: Browser, server: Server) -> None:
    context = browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = context.new_page()
    page.goto(server.url + "/sparql?lang=en")
    expect(page.locator("form textarea[name=query]")).to_have_count(1)
    assert page.locator("#query-form").get_attribute("action") == "/sparql"
    expect(page.locator("select[name=format]")).to_have_count(1)
    expect(page.locator("#tidy, #programs, #copy-link, #find-example").first).to_be_hidden()
    page.locator("textarea").fill(OFFICES)
    with page.expect_download() as download:
        page.get_by_role("button", name="Run").click()
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) == 6
    context.close()


def test_a_dataset_of_others_has_its_own_words_and_no_examples(
    browser: Browser, serve: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "data.ttl").write_text(
        """PREFIX ex: <http://shop.example/ns#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        <http://shop.example/1> a ex:Bicycle ; ex:wheels 2 ; rdfs:label "Blue bicycle"@en .
        <http://shop.example/2> a ex:Bicycle ; ex:wheels 3 ; rdfs:label "Red </script> one"@en .
        ex:Bicycle rdfs:label "bicycle </script><b>"@en ."""
    )
    server = serve("--data", str(tmp_path), "--workers", "1")
    visit = Visit(browser, server)
    page = visit.open("/sparql?lang=en")
    expect(page.locator("#examples")).to_have_count(0)
    page.locator("#query-form button[type=submit]").click()
    expect(page.locator("#result tbody tr").first).to_be_visible()
    write(page, "SELECT * { ?x a | }")
    page.keyboard.type("bicy")
    hints(page).filter(has_text="bicycle </script><b>").click()
    assert text(page).startswith("PREFIX ex: <http://shop.example/ns#>\n")
    assert "a ex:Bicycle" in text(page)
    page.keyboard.press("Control+Enter")
    link = page.locator("#result tbody a").first
    expect(link).to_be_visible()
    assert "/resource?iri=" in (link.get_attribute("href") or "")
    assert visit.messages == []
    assert visit.violations() == []
    page.close()
