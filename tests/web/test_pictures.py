"""The pictures in a real browser: every fact in them is the data's,
and a reader gets from each to its table and query.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote, urlparse

import pytest
from playwright.sync_api import expect
from tests.names import NAMES, PREFIXES
from tests.web.conftest import Visit, release_of

from unicef_linked.presentation.charts.kinds import CHART_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyoxigraph as ox
    from playwright.sync_api import Browser, Locator, Page
    from tests.conftest import Server, Site

LANGUAGES: Final = ["fr", "en"]
PICTURES: Final = ["coverage", "sectors", "openings", "staff"]
each_language = pytest.mark.parametrize("language", LANGUAGES)


def ask(server: Server, pattern: str) -> list[tuple[str, ...]]:
    """Return what a pattern finds, by the endpoint, each entity as the address of its page."""
    answer = server.get(
        f"/sparql?query={quote(f'{PREFIXES} SELECT {pattern}')}", headers={"Accept": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    _, *rows = csv.reader(io.StringIO(answer.text))
    return [tuple(page_of(cell) for cell in row) for row in rows]


def page_of(iri: str) -> str:
    return iri.replace(f"{NAMES.base}id/", "/doc/") if iri.startswith(f"{NAMES.base}id/") else iri


def paths(links: Locator) -> list[str]:
    """Return where links lead, without the language."""
    return [urlparse(link.get_attribute("href") or "").path for link in links.all()]


# Each fact in a picture is one of the data, and each of the data is in the picture


@each_language
def test_the_map_colours_what_is_covered_and_hatches_what_is_not(
    visit: Visit, server: Server, language: str
) -> None:
    page = visit.open(f"/?lang={language}")
    covered = {
        region for (region,) in ask(server, "DISTINCT ?region { ?office ul:coversRegion ?region }")
    }
    located = "?region { ?region a ul:Region ; geo:hasDefaultGeometry ?geometry }"
    regions = {region for (region,) in ask(server, located)}
    hatched = set(paths(page.locator("figure.map .moves > a.hatched")))
    areas = set(paths(page.locator("figure.map .moves > a.area, figure.map .moves > a.unbounded")))
    assert areas == regions
    assert hatched == regions - covered
    assert len(hatched) == 4


def test_areas_of_one_office_share_its_colour_and_those_of_others_differ(
    visit: Visit, server: Server
) -> None:
    page = visit.open("/?lang=en")
    colours: dict[str, str] = {}
    for area in page.locator("figure.map .moves > a.area:not(.hatched)").all():
        [colour] = [
            name
            for name in (area.get_attribute("class") or "").split()
            if re.fullmatch(r"c\d", name)
        ]
        colours[urlparse(area.get_attribute("href") or "").path] = colour
    for office, region in ask(server, "?office ?region { ?office ul:coversRegion ?region }"):
        point = page.locator(f'figure.map .moves > a.point[href^="{office}"]')
        assert colours[region] in (point.get_attribute("class") or "").split()
    assert len(set(colours.values())) == 5


def test_an_area_is_muted_where_the_coverage_is_only_inferred(visit: Visit, server: Server) -> None:
    page = visit.open("/?lang=en")
    stated = (
        "?region { ?c rdf:predicate ul:coversRegion ; rdf:object ?region ; ul:basis ul:Stated }"
    )
    covered = set(ask(server, "?region { ?office ul:coversRegion ?region }"))
    muted = {(path,) for path in paths(page.locator("figure.map .moves > a.area.inferred"))}
    assert muted == covered - set(ask(server, stated))


@each_language
def test_an_office_is_joined_to_the_regions_it_covers_and_is_not_in(
    visit: Visit, server: Server, language: str
) -> None:
    page = visit.open(f"/?lang={language}")
    elsewhere = (
        f"?o ?r {{ ?office ul:coversRegion ?region ; ul:locatedIn/ul:inRegion ?own FILTER(?own != ?region) "
        f'?office skos:prefLabel ?o . ?region skos:prefLabel ?r FILTER(LANG(?o) = "{language}" && LANG(?r) = "{language}") }}'
    )
    titles = page.locator("figure.map .connection.stated title").all_text_contents()
    assert sorted(titles) == sorted(
        f"{office} – {region}" for office, region in ask(server, elsewhere)
    )
    assert len(titles) == 2


def test_the_main_office_has_a_form_of_its_own_and_the_notes_tell_of_doubtful_boundaries(
    visit: Visit,
) -> None:
    page = visit.open("/?lang=en")
    assert paths(page.locator("figure.map a.point:has(rect)")) == ["/doc/office/bamako"]
    assert page.locator("figure.map a.point.unbounded").count() == 0
    assert page.locator("figure.map a.area.outdated").count() == 0
    expect(page.locator("figure.map figcaption")).to_contain_text("main office in a country")
    notes = page.locator("figure.map .notes").text_content() or ""
    assert "taken for the whole of Taoudénit: a reading, stated in no file" in notes


@each_language
def test_the_matrix_marks_what_the_source_lists_and_leads_to_the_claim(
    visit: Visit, server: Server, language: str
) -> None:
    page = visit.open(f"/pictures?lang={language}")
    marks = paths(page.locator(".matrix tbody td a"))
    claims = ask(server, "?claim { ?claim a ul:Claim ; rdf:predicate ul:worksInSector }")
    assert sorted(marks) == sorted(claim for (claim,) in claims)
    pattern = (
        f"?o ?s {{ ?office ul:worksInSector/skos:prefLabel ?s ; skos:prefLabel ?o "
        f'FILTER(LANG(?o) = "{language}" && LANG(?s) = "{language}") }}'
    )
    titles = [mark.get_attribute("title") for mark in page.locator(".matrix tbody td a").all()]
    assert sorted(str(title) for title in titles) == sorted(
        f"{o} – {s}" for o, s in ask(server, pattern)
    )


def test_a_mark_stands_below_its_own_column(visit: Visit) -> None:
    page = visit.open("/pictures?lang=en")
    places: dict[str, float] = {}
    for head in page.locator(".matrix thead th[scope=col]").all():
        box = head.bounding_box()
        assert box is not None
        words = " ".join(head.inner_text().split())
        places["Water, sanitation and hygiene" if words == "as a whole" else words] = (
            box["x"] + box["width"] / 2
        )
    for mark in page.locator(".matrix tbody td a").all():
        box = mark.bounding_box()
        assert box is not None
        column = (mark.get_attribute("title") or "").split(" – ")[1]
        assert places[column] == pytest.approx(box["x"] + box["width"] / 2, abs=3)


def test_sub_sectors_stand_under_their_broader_sector(visit: Visit) -> None:
    page = visit.open("/pictures?lang=en")
    assert page.locator(".matrix th.group").all_inner_texts() == ["Water, sanitation and hygiene"]
    assert sorted(page.locator(".matrix th.part").all_inner_texts()) == [
        "Hygiene",
        "Water",
        "as a whole",
    ]


def test_a_date_is_as_wide_as_it_is_precise(visit: Visit, server: Server) -> None:
    page = visit.open("/pictures?lang=en")
    year = 1 / 9  # from 2008 to the end of 2016
    expected = {"2008": (0, year), "2013": (5 * year, year), "2016-01": (8 * year, year / 12)}
    dates = ask(
        server,
        "?office ?date ?claim { ?office ul:openedOn ?date . ?claim rdf:subject ?office ; rdf:object ?date }",
    )
    assert len(dates) == 5
    for office, date, claim in dates:
        row = page.locator(f'.timeline tr:has(th a[href^="{office}"])')
        [(start, width)] = [
            tuple(
                float((bar.get_attribute(name) or "").rstrip("%")) / 100 for name in ("x", "width")
            )
            for bar in row.locator(".extent").all()
        ]
        assert (start, width) == pytest.approx(expected[date], abs=1e-4)
        assert paths(row.locator(".figure a")) == [claim]


@pytest.mark.parametrize(("language", "month"), [("en", "January 2016"), ("fr", "janvier 2016")])
def test_a_month_is_written_in_the_readers_language(
    visit: Visit, language: str, month: str
) -> None:
    row = visit.open(f"/pictures?lang={language}").locator(
        '.timeline tr:has(a[href^="/doc/office/tombouctou"])'
    )
    expect(row.locator(".figure")).to_have_text(month)


def test_a_bar_is_as_long_as_its_number_and_says_it(visit: Visit, server: Server) -> None:
    page = visit.open("/pictures?lang=en")
    counts = ask(server, "?office ?count { ?office ul:staffCount ?count }")
    most = max(int(count) for _, count in counts)
    rows = page.locator(".measures tbody tr")
    assert rows.count() == len(counts)
    for office, count in counts:
        row = page.locator(f'.measures tbody tr:has(th a[href^="{office}"])')
        assert row.locator(".figure").inner_text() == count
        width = float((row.locator(".extent").get_attribute("width") or "").rstrip("%"))
        assert width == pytest.approx(int(count) / most * 100, abs=0.01)
    assert page.locator(".measures tfoot .figure").inner_text() == str(
        sum(int(count) for _, count in counts)
    )
    expect(page.locator(".asof")).to_contain_text("bears no date")


@each_language
@pytest.mark.parametrize("key", PICTURES)
def test_a_picture_has_its_rows_as_a_table_and_as_csv(
    visit: Visit, server: Server, release_store: ox.Store, key: str, language: str
) -> None:
    page = visit.open(f"/pictures?lang={language}")
    picture = page.locator(f"section#picture-{key}")
    link = picture.locator('a[type="text/csv"]').get_attribute("href") or ""
    answer = server.get(link)
    assert answer.headers["Content-Type"].startswith("text/csv")
    header, *rows = csv.reader(io.StringIO(answer.text))
    shown = [
        name.removeprefix("?") for name in picture.locator("details th code").all_text_contents()
    ]
    assert set(shown) <= set(header)
    terms = {"coverage": "Map", "sectors": "Matrix", "openings": "Timeline", "staff": "Bars"}
    assert set(CHART_KINDS[terms[key]].variables) <= set(header)
    table = picture.locator("details tbody tr")
    assert table.count() == len(rows)
    for row, cells in zip(rows, table.all(), strict=True):
        linked = [page_of(row[header.index(name)]) for name in shown]
        assert paths(cells.locator("a[href^='/doc/']")) == [
            value for value in linked if value.startswith("/doc/")
        ]


@each_language
@pytest.mark.parametrize("key", PICTURES)
def test_how_it_was_made_opens_its_very_query(
    visit: Visit, server: Server, key: str, language: str
) -> None:
    page = visit.open(f"/pictures?lang={language}")
    made = page.locator(f"section#picture-{key} details").last
    made.locator("summary").click()
    href = made.locator("a.button").get_attribute("href") or ""
    [query] = parse_qs(urlparse(href).query)["query"]
    published = server.get(f"/doc/picture/{key}.nt").text
    assert made.locator("pre").text_content() == query
    assert re.sub(r"\W+", "", query) in re.sub(r"\W+", "", published.replace("\\n", "\n"))
    assert urlparse(href).path == "/sparql"
    made.locator("a.button").click()
    page.wait_for_url(re.compile("/sparql"))
    assert page.locator("html").get_attribute("lang") == language


# What a reader does


@each_language
def test_a_reader_gets_from_the_map_to_a_region_and_back_to_the_pictures(
    visit: Visit, language: str
) -> None:
    page = visit.open(f"/?lang={language}")
    page.locator('figure.map a.area[href^="/doc/region/menaka"]').click(position={"x": 60, "y": 60})
    page.wait_for_url(re.compile("/doc/region/menaka"))
    assert page.locator("html").get_attribute("lang") == language
    page.go_back()
    page.locator('#pictures a, a[href^="/pictures"]').first.click()
    page.wait_for_url(re.compile("/pictures"))
    expect(page.locator("section.drawing")).to_have_count(4)


@each_language
def test_the_first_screen_says_what_this_is_shows_the_map_and_searches(
    browser: Browser, server: Server, language: str
) -> None:
    visit = Visit(browser, server, viewport={"width": 1280, "height": 900})
    page = visit.open(f"/?lang={language}")
    for part in (
        "h1",
        ".lead p >> nth=0",
        ".lead p >> nth=1",
        "form.search input[name=q]",
        "figure.map > svg",
        ".ways",
    ):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900, part
    page.fill("form.search input[name=q]", "gao")
    page.press("form.search input[name=q]", "Enter")
    page.wait_for_url(re.compile(r"/search\?.*q=gao"))
    assert page.locator("html").get_attribute("lang") == language
    page.close()


def test_the_home_page_counts_what_it_is_about(visit: Visit, server: Server) -> None:
    page = visit.open("/?lang=en")
    for name in ("Office", "Region", "Sector", "Priority"):
        [(count,)] = ask(server, f"(COUNT(DISTINCT ?it) AS ?n) {{ ?it a ul:{name} }}")
        entry = page.locator(f'.counts a[href^="/doc/{name.lower()}"]')
        assert entry.locator("strong").inner_text() == count
    for name in ("Cercle", "Commune"):
        [(count,)] = ask(server, f"(COUNT(DISTINCT ?it) AS ?n) {{ ?it a ul:{name} }}")
        link = page.locator(f'.cards a[href^="/search?q=&type={name}"]')
        assert link.inner_text().split()[0] == count
    assert not page.locator(".questions a", has_text="Rule").count(), "rules are no questions"
    [(people,)] = ask(server, "(SUM(?n) AS ?sum) { ?office ul:staffCount ?n }")
    assert page.locator('.counts a[href*="#picture-staff"] strong').inner_text() == people


def test_the_home_page_is_light(browser: Browser, server: Server) -> None:
    visit = Visit(browser, server)
    finished: list[Any] = []
    visit.page.on("requestfinished", lambda request: finished.append(request))
    page = visit.open("/?lang=fr")
    page.wait_for_load_state("networkidle")
    assert len(finished) >= 4
    sizes = [request.sizes() for request in finished]
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < 150_000
    page.close()


@each_language
@pytest.mark.parametrize(
    ("key", "drawn"), [("coverage", "figure.map"), ("sectors", ".matrix"), ("staff", ".measures")]
)
def test_the_page_about_a_picture_shows_it(
    visit: Visit, key: str, drawn: str, language: str
) -> None:
    page = visit.open(f"/doc/picture/{key}?lang={language}")
    expect(page.locator(f"section.drawing {drawn}")).to_be_visible()
    expect(page.locator('section.drawing a[type="text/csv"]')).to_have_count(1)
    assert visit.violations() == []


# Zoom


def scale(page: Page) -> float:
    return float(
        page.locator("figure.map > svg").evaluate("svg => svg.style.getPropertyValue('--zoom')")
    )


@each_language
def test_the_map_zooms_by_button_and_by_key_and_back(visit: Visit, language: str) -> None:
    page = visit.open(f"/pictures?lang={language}")
    button = page.locator(".zoom button[data-zoom=in]")
    expect(button).to_be_visible()
    assert button.inner_text() == {"en": "Zoom in", "fr": "Agrandir"}[language]
    assert scale(page) == 1
    expect(page.locator(".zoom button[data-zoom=out]")).to_be_disabled()
    button.click()
    assert scale(page) > 1
    page.keyboard.press("+")
    assert scale(page) > 2
    before = page.locator("figure.map .moves").get_attribute("transform")
    page.keyboard.press("ArrowLeft")
    assert page.locator("figure.map .moves").get_attribute("transform") != before
    page.keyboard.press("0")
    assert scale(page) == 1


def test_a_drag_moves_an_enlarged_map_and_follows_no_link(visit: Visit) -> None:
    page = visit.open("/pictures?lang=en")
    page.locator(".zoom button[data-zoom=in]").click()
    before = page.locator("figure.map .moves").get_attribute("transform")
    page.locator("figure.map > svg").scroll_into_view_if_needed()
    box = page.locator("figure.map > svg").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.up()
    assert page.locator("figure.map .moves").get_attribute("transform") != before
    assert urlparse(page.url).path == "/pictures"


@each_language
def test_without_scripts_the_pictures_are_pictures(
    browser: Browser, server: Server, language: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in ("/", "/pictures"):
        page.goto(f"{server.url}{path}?lang={language}")
        expect(page.locator("figure.map > svg")).to_be_visible()
        expect(page.locator(".zoom")).to_be_hidden()
        expect(page.locator(".measures .extent")).to_have_count(5)
    page.locator('figure.map a.point[href^="/doc/office/gao"]').click()
    page.wait_for_url(re.compile("/doc/office/gao"))
    context.close()


# For everyone


@each_language
@pytest.mark.parametrize("path", ["/", "/pictures"])
def test_a_phone_scrolls_down_only(
    browser: Browser, server: Server, path: str, language: str
) -> None:
    visit = Visit(browser, server, viewport={"width": 390, "height": 844})
    page = visit.open(f"{path}?lang={language}")
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_everything_on_the_map_is_reached_and_named_by_keyboard(visit: Visit) -> None:
    page = visit.open("/?lang=en")
    links = page.locator("figure.map .moves > a")
    assert links.count() == 17  # eleven regions with a boundary, six offices
    assert all(link.get_attribute("aria-label") for link in links.all())
    links.first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('figure.map') !== null")


# Any folder of RDF may publish its own

OTHERS: Final = """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX ex: <http://example.org/>

ex:a rdfs:label "Alpha" ; ex:size 2.5 ; ex:since "1998-05-04"^^<http://www.w3.org/2001/XMLSchema#date> ;
  geo:asWKT "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"^^geo:wktLiteral .
ex:b rdfs:label "Beta" ; ex:size 5 ; ex:since "2001"^^<http://www.w3.org/2001/XMLSchema#gYear> ;
  geo:asWKT "POINT (1 1)"^^geo:wktLiteral .

ex:map a ul:Picture ; rdfs:label "A map of mine"@en ; ul:drawnAs ul:Map ; sh:order 1 ; sh:select '''
  PREFIX geo: <http://www.opengis.net/ont/geosparql#>
  SELECT ?area ?boundary ?point ?coordinates {
    { ?area geo:asWKT ?boundary FILTER(CONTAINS(STR(?boundary), "POLYGON")) }
    UNION { ?point geo:asWKT ?coordinates FILTER(CONTAINS(STR(?coordinates), "POINT")) } }''' .
ex:bars a ul:Picture ; rdfs:label "Bars of mine"@en ; ul:drawnAs ul:Bars ; sh:order 2 ;
  sh:select "SELECT ?item ?value { ?item <http://example.org/size> ?value } ORDER BY ?value" .
ex:dates a ul:Picture ; rdfs:label "Dates of mine"@en ; ul:drawnAs ul:Timeline ; sh:order 3 ;
  sh:select "SELECT ?item ?date { ?item <http://example.org/since> ?date } ORDER BY ?date" .
ex:matrix a ul:Picture ; rdfs:label "A matrix of mine"@en ; ul:drawnAs ul:Matrix ; sh:order 4 ;
  sh:select "SELECT ?row ?column { ?row a ?column }" .
"""

BROKEN: Final = {
    "syntax": ('ul:drawnAs ul:Bars ; sh:select "SELECT ?item {"', "is not answered"),
    "lacking": (
        'ul:drawnAs ul:Bars ; sh:select "SELECT ?item { ?item ?p ?o }"',
        "needs in its query what is missing: ?value",
    ),
    "graph": (
        'ul:drawnAs ul:Bars ; sh:select "CONSTRUCT WHERE { ?s ?p ?o }"',
        "write it as a SELECT",
    ),
    "undrawn": ('sh:select "SELECT ?item { ?item ?p ?o }"', "does not say how it is drawn"),
    "pie": (
        'ul:drawnAs ul:Pie ; sh:select "SELECT ?item { ?item ?p ?o }"',
        "does not say how it is drawn",
    ),
    "empty": (
        'ul:drawnAs ul:Bars ; sh:select "SELECT ?item ?value { ?item a ?value . FILTER(false) }"',
        "finds nothing",
    ),
    "words": (
        "ul:drawnAs ul:Bars ; sh:select \"SELECT ?item ?value { BIND(<x:y> AS ?item) BIND('much' AS ?value) }\"",
        "no number",
    ),
    "literal": (
        'ul:drawnAs ul:Bars ; sh:select "SELECT ?item ?value { BIND(1 AS ?item) BIND(1 AS ?value) }"',
        "without an IRI",
    ),
    "late": (
        "ul:drawnAs ul:Timeline ; sh:select \"SELECT ?item ?date { BIND(<x:y> AS ?item) BIND('2001-02-31' AS ?date) }\"",
        "no date: 2001-02-31",
    ),
    "nowhere": (
        'ul:drawnAs ul:Map ; sh:select "SELECT ?area ?boundary ?point ?coordinates { BIND(<x:y> AS ?area) BIND(1 AS ?boundary) }"',
        "no geometry",
    ),
    "update": ('ul:drawnAs ul:Bars ; sh:select "DELETE WHERE { ?s ?p ?o }"', "is not answered"),
}


@pytest.fixture(scope="module")
def others(serve: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Somebody else's data with pictures, some of which cannot be drawn."""
    folder: Path = tmp_path_factory.mktemp("others")
    head, _, _ = OTHERS.partition("ex:a ")
    (folder / "pictures.ttl").write_text(OTHERS, encoding="utf-8")
    broken = "".join(
        f'ex:{key} a ul:Picture ; rdfs:label "{key}"@en ; sh:order 9 ; {rest} .\n'
        for key, (rest, _) in BROKEN.items()
    )
    (folder / "broken.ttl").write_text(head + broken, encoding="utf-8")
    return serve("--data", str(folder), "--workers", "1")


def test_a_folder_of_others_has_its_own_pictures(browser: Browser, others: Server) -> None:
    visit = Visit(browser, others)
    page = visit.open("/pictures?lang=en")
    expect(page.locator("section#picture-map figure.map a.area")).to_have_count(1)
    expect(page.locator("section#picture-map figure.map a.point")).to_have_count(1)
    assert page.locator("section#picture-bars .figure").all_inner_texts() == ["2.5", "5"]
    assert page.locator("section#picture-dates .figure").all_inner_texts() == ["4 May 1998", "2001"]
    expect(page.locator("section#picture-matrix .matrix")).to_be_visible()
    assert visit.violations() == []
    home = visit.open("/?lang=en")
    expect(home.locator("figure.map > svg").first).to_be_visible()
    assert visit.messages == []
    page.close()


@pytest.mark.parametrize("key", BROKEN)
def test_a_picture_that_cannot_be_drawn_says_why(
    browser: Browser, others: Server, key: str
) -> None:
    page = re.sub(r"\s+", " ", others.get("/pictures?lang=en").text)
    assert BROKEN[key][1].replace("'", "&#39;") in page
    home = others.get("/?lang=en", headers={"Accept": "text/html"})  # it has some of them
    assert home.status_code == 200
    assert any(reason.replace("'", "&#39;") in home.text for _, reason in BROKEN.values())
    french = others.get("/pictures?lang=fr").text
    assert "Cette figure ne peut pas être dessinée." in french


def test_a_folder_without_pictures_has_the_plain_home_page_and_no_page_of_pictures(
    browser: Browser, host: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "things.ttl").write_text(
        "<http://example.org/a> a <http://example.org/Thing> .", encoding="utf-8"
    )
    server = host(release_of(tmp_path))
    visit = Visit(browser, server)
    page = visit.open("/?lang=en")
    expect(page.locator("figure.map")).to_have_count(0)
    expect(page.locator("form.search input[name=q]")).to_be_visible()
    expect(page.locator("h1")).to_be_visible()
    assert visit.violations() == []
    assert visit.messages == []
    assert server.get("/pictures", headers={"Accept": "text/html"}).status_code == 404
    page.close()


# The table of the ways of drawing


def test_the_ontology_names_the_variables_that_the_drawings_read(release_store: ox.Store) -> None:
    rows = release_store.query(
        f"{PREFIXES} SELECT ?way ?name {{ ?way a ul:Drawing ; ul:readsVariable ?name }} ORDER BY ?way ?name"
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:  # type: ignore[union-attr]
        way = row["way"].value.removeprefix(f"{NAMES.ontology}#")
        found[way] = (*found.get(way, ()), row["name"].value)
    assert found == {kind.term: kind.variables for kind in CHART_KINDS.values()}


def test_the_page_of_pictures_is_small_once_packed(server: Server) -> None:
    assert len(gzip.compress(server.get("/pictures?lang=fr").content)) < 40_000
