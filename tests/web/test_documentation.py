"""The ontology, the shapes, the dataset and its quality as a reader sees them,
and as numbers that can be counted again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest
from playwright.sync_api import expect
from tests.web.conftest import Visit, release_of

from unicef_linked.build import Content, build
from unicef_linked.dataset.vocabulary import read_shapes
from unicef_linked.links import Finding, outgoing
from unicef_linked.rdf.iris import DQV, OWL, RDF, RDFS, SHACL, SKOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from playwright.sync_api import Browser, Page
    from tests.conftest import Server, Site

    from unicef_linked.release import Release

LANGUAGES: Final = ("fr", "en")
PAGES: Final = ("/ontology", "/shapes", "/dataset", "/quality")
ONTOLOGY: Final = "https://w3id.org/unicef-linked/ontology#"

ENTRIES: Final = """() => Object.fromEntries([...document.querySelectorAll("article[id]")].map(entry => {
  const all = (selector) => [...entry.querySelectorAll(selector)];
  return [entry.id, {
    title: all("h3").map(e => e.textContent).join(),
    picture: all("figure.around").map(e => e.getAttribute("aria-label")).join(),
    ends: all("figure.around a.thing").map(e => e.getAttribute("href")),
    numbers: all("dl.facts a[href^='/sparql']").map(e => e.parentElement.firstChild.textContent),
  }];
}))"""

in_both_languages = pytest.mark.parametrize("language", LANGUAGES)
on_every_page = pytest.mark.parametrize("path", PAGES)


def terms(store: ox.Store, *kinds: str) -> dict[str, str]:
    """Return the ontology's own terms of a kind: the end of the IRI, and the IRI."""
    found = {
        quad.subject.value
        for kind in kinds
        for quad in store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(kind))
        if isinstance(quad.subject, ox.NamedNode)
    }
    return {iri.removeprefix(ONTOLOGY): iri for iri in sorted(found) if iri.startswith(ONTOLOGY)}


def number(text: str | None) -> int:
    """Return a number as people write it, in either language."""
    return int(re.sub(r"\D", "", text or ""))


def label(store: ox.Store, iri: str, language: str) -> str:
    """Return a term's label."""
    quads = store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(f"{RDFS}label"), None, None)
    return next(
        q.object.value
        for q in quads
        if isinstance(q.object, ox.Literal) and q.object.language == language
    )


def count(store: ox.Store, pattern: str) -> int:
    """Return how many solutions a pattern has."""
    [row] = store.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")  # type: ignore[misc]
    return int(row["n"].value)  # type: ignore[index,union-attr]


# Every page


@on_every_page
@pytest.mark.parametrize("width", [390, 768])
def test_a_page_fits_its_window(browser: Browser, server: Server, path: str, width: int) -> None:
    visit = Visit(browser, server, viewport={"width": width, "height": 844})
    page = visit.open(f"{path}?lang=fr")
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.fixture
def without_scripts(browser: Browser, server: Server) -> Iterator[Page]:
    """A page where no script runs."""
    context = browser.new_context(java_script_enabled=False, base_url=server.url)
    yield context.new_page()
    context.close()


@in_both_languages
def test_the_pictures_are_there_without_scripts(without_scripts: Page, language: str) -> None:
    page = without_scripts
    page.goto(f"/ontology?lang={language}")
    assert page.locator("svg.graph a rect.class").count() > 10
    assert page.locator("figure.around").count() > 40
    expect(page.locator("button.copy").first).to_be_hidden()
    page.goto(f"/dataset?lang={language}#model")
    expect(page.locator("svg.graph")).to_be_visible()


@on_every_page
def test_no_page_has_an_attribute_that_the_policy_forbids(client: FlaskClient, path: str) -> None:
    content = client.get(f"{path}?lang=en", headers={"Accept": "text/html"}).text
    assert not re.findall(r"<[^>]+\s(?:style|on\w+)=", content)
    ids = re.findall(r'\sid="([^"]+)"', content)
    assert len(ids) == len(set(ids))


@on_every_page
def test_every_link_within_a_page_has_its_end(client: FlaskClient, path: str) -> None:
    content = client.get(path, headers={"Accept": "text/html"}).text
    ids = set(re.findall(r'\sid="([^"]+)"', content))
    wanted = set(re.findall(rf'href="(?:{path})?#([^"]+)"', content))
    assert wanted <= ids


# The ontology


@pytest.fixture(scope="module")
def entries(browser: Browser, server: Server) -> dict[str, dict[str, dict[str, Any]]]:
    """By language, what the page of the ontology has of each term: read at once."""
    found = {}
    for language in LANGUAGES:
        visit = Visit(browser, server)
        found[language] = visit.open(f"/ontology?lang={language}").evaluate(ENTRIES)
        visit.page.close()
    return found


def is_counted(entry: dict[str, Any], store: ox.Store, pattern: str) -> bool:
    """Return whether an entry has one number, which is true."""
    return [number(shown) for shown in entry["numbers"]] == [count(store, pattern)]


@in_both_languages
def test_every_class_has_its_entry_with_picture_table_and_true_numbers(
    entries: dict[str, dict[str, dict[str, Any]]], release_store: ox.Store, language: str
) -> None:
    classes = terms(release_store, f"{OWL}Class")
    assert len(classes) > 20
    for key, iri in classes.items():
        entry = entries[language][key]
        words = label(release_store, iri, language)
        assert words.casefold() in entry["title"].casefold()
        assert words in entry["picture"]
        assert is_counted(entry, release_store, f"?s a <{iri}>"), key


@in_both_languages
def test_every_property_has_its_entry_with_domain_range_and_true_numbers(
    entries: dict[str, dict[str, dict[str, Any]]], release_store: ox.Store, language: str
) -> None:
    properties = terms(release_store, f"{OWL}ObjectProperty", f"{OWL}DatatypeProperty")
    assert len(properties) > 20
    for key, iri in properties.items():
        entry = entries[language][key]
        assert label(release_store, iri, language).casefold() in entry["title"].casefold()
        for quad in release_store.quads_for_pattern(
            ox.NamedNode(iri), ox.NamedNode(f"{RDFS}domain"), None, None
        ):
            assert isinstance(quad.object, ox.NamedNode)
            assert any(quad.object.value.rpartition("#")[2] in end for end in entry["ends"]), key
        assert is_counted(entry, release_store, f"?s <{iri}> ?o"), key


@in_both_languages
def test_the_overview_names_its_boxes_and_leads_to_them(
    visit: Visit, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/ontology?lang={language}")
    picture = page.locator("svg.graph")
    assert picture.get_attribute("aria-label")
    described = picture.get_attribute("aria-describedby")
    expect(page.locator(f"#{described}")).to_be_visible()
    box = picture.locator("a", has=page.locator("rect.class")).filter(
        has_text=re.compile(rf"^\s*{label(release_store, f'{ONTOLOGY}Region', language)}\s*20")
    )
    box.click()
    assert page.url.endswith("#Region")
    assert f"lang={language}" in page.url


def test_the_neighbourhood_of_a_class_shows_who_leads_to_it_and_where_it_leads(
    visit: Visit, release_store: ox.Store
) -> None:
    page = visit.open("/ontology?lang=en")
    around = page.locator("#Office figure.around")
    name = around.page.get_by_text("covers region", exact=True)
    row = around.locator(".to > li").filter(has=name)
    assert row.locator("a.thing").get_attribute("href") == "/ontology?lang=en#Region"
    covered = count(release_store, f"?s a <{ONTOLOGY}Office> ; <{ONTOLOGY}coversRegion> ?o")
    assert number(row.locator(".count").text_content()) == covered
    expect(around.locator(".from > li", has_text="staff observation")).to_have_count(1)
    expect(around.locator(".self", has_text="opened on")).to_have_count(1)
    expect(
        page.locator("#Office table tr", has_text="ul:locatedIn").locator(
            "code", has_text=re.compile("^1$")
        )
    ).to_have_count(1)


@in_both_languages
def test_the_query_for_all_instances_finds_them(
    visit: Visit, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/ontology?lang={language}")
    href = page.locator("#ZoneOffice dl.facts a[href^='/sparql']").get_attribute("href")
    assert href
    assert f"lang={language}" in href
    [query] = parse_qs(urlsplit(href).query)["query"]
    rows = list(release_store.query(query))  # type: ignore[arg-type]
    assert len(rows) == 5
    assert all(row["name"] for row in rows)  # type: ignore[index]


def test_declarations_can_be_copied(browser: Browser, server: Server) -> None:
    context = browser.new_context(
        permissions=["clipboard-read", "clipboard-write"], base_url=server.url
    )
    page = context.new_page()
    page.goto("/ontology?lang=en")
    page.get_by_role("button", name="Copy the declaration for SPARQL").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"PREFIX ul: <{ONTOLOGY}>"
    context.close()


# The shapes


@in_both_languages
def test_every_shape_says_what_must_hold_and_for_how_many_it_does(
    visit: Visit, release: Release, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/shapes?lang={language}")
    shapes = read_shapes(release.shapes())
    ids = set(page.locator("[id]").evaluate_all("es => es.map(e => e.id)"))
    assert {iri.rpartition("#")[2] for iri in shapes} <= ids
    for shape in shapes.values():
        if [kind for kind, _ in shape.targets] == ["class"]:
            [(_, target)] = shape.targets
            told = page.locator(
                f"article[id='{shape.iri.rpartition('#')[2]}'] dd", has=page.locator("meter")
            ).text_content()
            numbers = [
                int(n)
                for n in re.findall(r"\d+", re.sub(r"[\u202f\u00a0,](?=\d{3})", "", told or ""))
            ]
            things = count(
                release_store, f"{{ SELECT DISTINCT ?s {{ ?s a/<{RDFS}subClassOf>* <{target}> }} }}"
            )
            assert numbers == [things, things], shape.iri


def test_a_rule_tells_how_many_of_what_kind_and_what_to_do(visit: Visit) -> None:
    page = visit.open("/shapes?lang=en")
    rule = page.locator("tr[id='OfficeShape-locatedIn']")
    expect(rule.locator("code.times")).to_have_text("1")
    assert rule.locator("td a").first.get_attribute("href") == "/ontology?lang=en#Place"
    expect(rule.locator("th a")).to_have_attribute("href", "/ontology?lang=en#locatedIn")
    rule.locator("summary").click()
    expect(rule.locator("details")).to_contain_text("Give the office exactly one town")


# The dataset


@in_both_languages
def test_the_dataset_page_counts_what_it_lists(
    visit: Visit, release: Release, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/dataset?lang={language}")
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    for graph, size in list(release.manifest.graphs.items())[::7]:
        row = page.locator(
            "tr", has=page.locator(f"th a[href^='/graph/{graph.partition('/graph/')[2]}?']")
        )
        assert number(row.locator("td.number").text_content()) == size
    row = page.locator(
        "tr", has=page.locator(f"th a[href='/ontology?lang={language}#Region']")
    ).last
    assert number(row.locator("td.number").text_content()) == count(
        release_store, f"?s a <{ONTOLOGY}Region>"
    )


@in_both_languages
def test_the_worked_example_is_a_fact_of_the_data(
    visit: Visit, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/dataset?lang={language}#model")
    hrefs = page.locator("svg.graph a").evaluate_all("es => es.map(e => e.getAttribute('href'))")
    claims = [href for href in hrefs if href.startswith("/doc/claim/")]
    assert len(claims) == 1
    claim = (
        f"https://w3id.org/unicef-linked/id/claim/{claims[0].partition('?')[0].rpartition('/')[2]}"
    )
    assert count(
        release_store,
        f"<{claim}> <{RDF}subject> ?s ; <{RDF}predicate> ?p ; <{RDF}object> ?o . ?s ?p ?o",
    )
    digest = page.locator("section", has=page.locator("#model")).locator("code.iri").text_content()
    assert re.fullmatch(r"[0-9a-f]{64}", digest or "")


# Quality


@in_both_languages
def test_the_quality_page_says_what_was_measured(
    visit: Visit, release: Release, release_store: ox.Store, language: str
) -> None:
    page = visit.open(f"/quality?lang={language}")
    row = page.locator("table.languages").first.locator(
        "tr", has=page.locator(f"a[href='/ontology?lang={language}#Region']")
    )
    cells = row.locator("td.share").all_text_contents()
    assert [number(re.split("%", cell)[0]) for cell in cells[:2]] == [100, 100]
    names = {
        q.object.language
        for q in release_store.quads_for_pattern(None, ox.NamedNode(f"{SKOS}prefLabel"), None)
        if isinstance(q.object, ox.Literal)
    }
    assert len(cells) == len(names)
    expect(page.locator("main")).to_contain_text(release.manifest.sha256)
    hosts = page.locator("section", has=page.locator("#links")).locator("tbody tr")
    found = outgoing(release.quads(), release.names.base)
    assert hosts.count() == len({link.host for link in found})
    assert sum(
        number(text) for text in hosts.locator("td:nth-child(2)").all_text_contents()
    ) == len(found)


def test_the_quality_is_data_by_the_data_quality_vocabulary(client: FlaskClient) -> None:
    triples = list(ox.parse(client.get("/quality.ttl").data, format=ox.RdfFormat.TURTLE))
    said = {
        (q.subject.value, q.predicate.value): q.object
        for q in triples
        if isinstance(q.subject, ox.NamedNode)
    }
    measurements = [
        q.subject
        for q in triples
        if q.predicate.value == f"{RDF}type"
        and q.object == ox.NamedNode(f"{DQV}QualityMeasurement")
    ]
    assert len(measurements) > 40
    for node in measurements:
        assert isinstance(node, ox.NamedNode)
        metric = said[node.value, f"{DQV}isMeasurementOf"]
        assert (
            said[metric.value, f"{DQV}expectedDataType"] == said[node.value, f"{DQV}value"].datatype
        )  # type: ignore[union-attr]
        assert (node.value, f"{DQV}computedOn") in said
    value = said["https://w3id.org/unicef-linked/quality#names-fr", f"{DQV}value"]
    assert value.value == "1.0000"  # type: ignore[union-attr]
    assert said["https://w3id.org/unicef-linked/report", f"{SHACL}conforms"].value == "true"  # type: ignore[union-attr]


def test_a_link_check_that_the_service_is_told_of_is_shown_by_host(
    host: Callable[..., Site], release: Release, browser: Browser, tmp_path: Path
) -> None:
    links = outgoing(release.quads(), release.names.base)
    dead, alive = links[0], next(link for link in links if link.host != links[0].host)
    findings = [
        Finding(dead.url, "dead", 404, asked="2026-01-02T00:00:00+00:00"),
        Finding(alive.url, "ok", 200, asked="2026-01-03T00:00:00+00:00"),
    ]
    state = tmp_path / "links.jsonl"
    state.write_text(
        "".join(
            json.dumps({name: getattr(f, name) for name in f.__slots__}) + "\n" for f in findings
        )
    )
    visit = Visit(browser, host(release, links_state=str(state)))
    page = visit.open("/quality?lang=en")
    section = page.locator("section", has=page.locator("#links"))
    expect(section).to_contain_text("between 2026-01-02 and 2026-01-03")
    row = section.locator(
        "tr", has=page.locator("th", has_text=re.compile(f"^{re.escape(dead.host)}$"))
    )
    assert [number(text) for text in row.locator("td").all_text_contents()][4] == 1
    assert [number(text) for text in section.locator("tfoot td").all_text_contents()] == [
        len(links),
        1,
        0,
        0,
        1,
        0,
        len(links) - 2,
    ]
    assert visit.violations() == []
    page.close()


def test_a_release_that_replaced_another_tells_what_changed(
    host: Callable[..., Site], browser: Browser, chain: tuple[Release, ...]
) -> None:
    older, newest = chain[-2:]
    visit = Visit(browser, host(newest))
    for language in LANGUAGES:
        page = visit.open(f"/quality?lang={language}#history")
        history = page.locator("ol.history")
        expect(history).to_contain_text(older.manifest.name)
        step = newest.manifest.history[0]
        assert number(history.locator(".more").first.text_content()) == sum(step.added.values())
        assert number(history.locator(".less").first.text_content()) == sum(step.removed.values())
        page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        graph = history.locator("tr", has=page.locator("a[href^='/graph/small']")).first
        expect(graph).to_contain_text(str(step.removed[newest.names.graph("small")]))
        assert visit.violations() == []
    visit.page.close()


PETS: Final = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX ex: <http://example.org/>
ex:a a ex:Cat ; rdfs:label "Mimi"@fr .
ex:b a ex:Cat ; rdfs:label "Tom"@en ; rdfs:seeAlso <http://example.com/tom> .
"""


def test_any_folder_of_rdf_has_what_can_be_told_of_it(
    host: Callable[..., Site], browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "pets.ttl").write_text(PETS, encoding="utf-8")
    server = host(release_of(tmp_path))
    visit = Visit(browser, server)
    for language in LANGUAGES:
        for path in ("/dataset", "/quality"):
            page = visit.open(f"{path}?lang={language}")
            expect(page.locator("h1")).to_have_count(1)
            assert visit.violations() == []
        shares = page.locator("table.languages").first.locator("td.share").all_text_contents()
        assert [number(share.partition("%")[0]) for share in shares] == [50, 50]
        expect(page.locator("#history")).to_have_count(0)
        expect(page.locator("main")).to_contain_text("example.com")
    assert server.get("/ontology").status_code == 404
    visit.page.close()


ZOO: Final = {
    "data/zoo.ttl": """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
<https://w3id.org/unicef-linked/id/animal/tom> a ul:Animal ; rdfs:label "Tom"@en ; ul:legs 4 .
""",
    "ontology/zoo.ttl": """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
ul:Animal a owl:Class .
ul:legs a owl:DatatypeProperty .
""",
    "shapes/zoo.ttl": """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX ulsh: <https://w3id.org/unicef-linked/shapes#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
ulsh:Animal a sh:NodeShape ; sh:targetClass ul:Animal ; sh:property ulsh:legs, ulsh:name, ulsh:note .
ulsh:name a sh:PropertyShape ; sh:path rdfs:label ; sh:minCount 1 ; sh:order 2 ; sh:group ulsh:people ; sh:name "name"@en, "nom"@fr .
ulsh:legs a sh:PropertyShape ; sh:path ul:legs ; sh:maxCount 1 ; sh:order 1 ; sh:group ulsh:body ; sh:description "How many it walks on."@en .
ulsh:note a sh:PropertyShape ; sh:path rdfs:comment ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "Tell more."@en ;
  sh:order 1 ; sh:group ulsh:people .
ulsh:people a sh:PropertyGroup ; rdfs:label "for people"@en, "pour les gens"@fr ; sh:order 1 .
ulsh:body a sh:PropertyGroup ; rdfs:label "body"@en, "corps"@fr ; sh:order 2 .
""",
    "rules/none.rq": "CONSTRUCT { } WHERE { }",
}


@pytest.fixture
def zoo(host: Callable[..., Site], tmp_path: Path) -> Site:
    """A dataset of others, with an ontology of few words and shapes in groups."""
    for name, text in ZOO.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    parts = ((tmp_path / part,) for part in ("data", "shapes", "ontology"))
    release = build(Content(*parts, tmp_path / "rules"), tmp_path / "zoo")
    return host(release)


def test_another_dataset_is_documented_from_its_own_turtle(zoo: Site, browser: Browser) -> None:
    visit = Visit(browser, zoo)
    page = visit.open("/ontology?lang=fr")
    expect(page.locator("#Animal figure.around .self")).to_contain_text("ul:legs")
    expect(page.locator("#legs")).to_have_count(1)
    page = visit.open("/shapes?lang=fr")
    assert page.locator("article[id='Animal'] tbody tr").evaluate_all(
        "es => es.map(e => e.id)"
    ) == [
        "",
        "note",
        "name",
        "",
        "legs",
    ]
    assert page.locator("th.group").all_text_contents() == ["pour les gens", "corps"]
    expect(page.locator("tr#name th .sentence")).to_have_text("nom")
    expect(page.locator("tr#legs th")).to_contain_text("How many it walks on.")
    expect(page.locator("article[id='Animal'] dd", has=page.locator("meter"))).to_contain_text(
        "1 sur 1 conformes"
    )
    page = visit.open("/quality?lang=fr")
    results = page.locator("section", has=page.locator("#validation")).locator("tbody tr")
    expect(results).to_have_count(1)
    expect(results).to_contain_text("avertissement")
    expect(results).to_contain_text("Tell more.")
    expect(results).to_contain_text("Tom")
    assert visit.violations() == []
    visit.page.close()


def test_a_file_that_is_no_link_check_is_told_at_the_start(
    tmp_path: Path, release: Release
) -> None:
    state = tmp_path / "links.jsonl"
    state.write_text("no finding\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "unicef_linked",
            "serve",
            "--port",
            "0",
            "--release",
            str(release.path),
        ],
        env={**os.environ, "UNICEF_LINKED_LINKS_STATE": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert str(state) in done.stderr
