"""Things that more statements lead to than a page reads: a first part, how many, a way on."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import pytest
from pyoxigraph import NamedNode

from unicef_linked.dataset.hubs import PART, BoundedStatements
from unicef_linked.dataset.published import INCOMING
from unicef_linked.rdf.summaries import HUB, Summaries
from unicef_linked.release.summaries import ReleaseSummaries
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

SIKASSO: Final = NamedNode("https://w3id.org/unicef-linked/id/division/sikasso")


@pytest.fixture(scope="module")
def counts(release: Release, store: Embedded) -> Summaries:
    """The counts of the packaged dataset, as if a region were a hub."""
    numbers = Counter(quad.predicate.value for quad in store.match(object=SIKASSO))
    assert max(numbers.values()) > 1
    return replace(ReleaseSummaries(release).counts, hubs={SIKASSO.value: dict(numbers)})


def test_a_hub_is_where_a_document_would_have_several_pages() -> None:
    assert HUB == INCOMING


def test_of_each_property_a_part_is_read(
    store: Embedded, counts: Summaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = store.match(object=SIKASSO)
    for part in (1, PART * 100):
        monkeypatch.setattr("unicef_linked.dataset.hubs.PART", part)
        statements = BoundedStatements(store, counts.hubs, union=True)
        read = statements.match(object=SIKASSO)
        assert {*read} <= {*every}
        numbers = Counter(quad.predicate.value for quad in read)
        expected = counts.hubs[SIKASSO.value]
        assert numbers == {name: min(part, number) for name, number in expected.items()}


def test_the_parts_of_a_hub_are_all_of_it(store: Embedded, counts: Summaries) -> None:
    every = store.match(object=SIKASSO)
    statements = BoundedStatements(store, counts.hubs, union=True)
    parts = [statements.part(SIKASSO, first, 30) for first in range(0, len(every) + 30, 30)]
    together = [quad for part in parts for quad in part]
    assert sorted(together, key=str) == sorted(every, key=str)


def test_a_page_leads_to_the_rest(
    release: Release,
    store: Embedded,
    settings: Settings,
    counts: Summaries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unicef_linked.dataset.hubs.PART", 2)
    monkeypatch.setattr(ReleaseSummaries, "counts", counts)
    client = create_app(settings, release, store).test_client()
    page = client.get("/doc/division/sikasso?lang=en", headers={"Accept": "text/html"}).text
    links = re.findall(r'<a href="(/fragments\?[^"]*)">([\d,]+) more</a>', page)
    assert links
    for href, number in links:
        fragment = client.get(unescape(href), headers={"Accept": "text/html"}).text
        total = int(number.replace(",", "")) + 2
        assert f"{total:,}" in fragment, href


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ("unicef_linked.presentation.entity.MOST_IN_ROW", 2),
        ("unicef_linked.presentation.entity.MOST_VALUES", 3),
    ],
)
def test_of_many_values_a_page_shows_the_first_and_says_how_many_there_are(
    release: Release,
    store: Embedded,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    most: int,
) -> None:
    monkeypatch.setattr(limit, most)
    client = create_app(settings, release, store).test_client()
    page = client.get("/doc/division/sikasso?lang=en", headers={"Accept": "text/html"}).text
    links = re.findall(r'<a href="(/fragments\?[^"]*)">(\d+) more</a>', page)
    assert links
    for href, number in links:
        values = client.get(f"{unescape(href)}&n=1", headers={"Accept": "text/html"}).text
        assert f"{int(number) + most} " in values, href


def test_a_row_through_a_hub_leads_to_a_query_for_all_its_values(
    release: Release,
    store: Embedded,
    settings: Settings,
    counts: Summaries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sector = "https://w3id.org/unicef-linked/id/sector/health"
    numbers = Counter(quad.predicate.value for quad in store.match(object=NamedNode(sector)))
    monkeypatch.setattr(ReleaseSummaries, "counts", replace(counts, hubs={sector: dict(numbers)}))
    client = create_app(settings, release, store).test_client()
    page = client.get("/doc/sector/health?lang=en", headers={"Accept": "text/html"}).text
    row = page.partition('id="row-SectorShape-regions"')[2].partition('<div class="row')[0]
    [address] = re.findall(r'<a href="(/sparql\?query=SELECT[^"]*)">Open in SPARQL</a>', row)
    [query] = parse_qs(unescape(address).partition("?")[2])["query"]
    regions = {value.value for row in store.select(query) for value in row.values()}
    assert regions
    assert all(f'href="/doc/{iri.partition("/id/")[2]}?' in row for iri in regions)
