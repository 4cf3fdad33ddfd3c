"""The head of each page, for search engines and browsers;
and pages that do not move while they load.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from playwright.sync_api import Browser
    from tests.conftest import Server

PAGES = (
    "/",
    "/doc/office/gao",
    "/doc/claim/gao-staff-count",
    "/doc/region",
    "/graph/mali/offices",
    "/dataset",
    "/ontology",
    "/shapes",
    "/quality",
    "/pictures",
    "/search?q=gao",
    "/resolve?code=ML07",
    "/sparql",
    "/fragments",
    "/docs",
    "/dump/",
    "/export/",
    "/problem/not-found",
    "/reconcile/preview?id=region/gao",
    "/nowhere",
)


def page(client: FlaskClient, path: str, language: str = "en") -> str:
    """Return a page."""
    headers = {"Accept": "text/html", "Accept-Language": language}
    return client.get(path, headers=headers).text


def description(html: str) -> str:
    """Return what a page says it is about."""
    (content,) = re.findall(r'<meta name="description" content="([^"]*)">', html)
    return unescape(content)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_is_about_in_its_language(client: FlaskClient, path: str) -> None:
    english, french = (description(page(client, path, tag)) for tag in ("en", "fr"))
    assert 10 < len(english) < 700
    assert english == " ".join(english.split())
    assert english != french


def test_what_a_page_is_about_is_from_the_data(client: FlaskClient) -> None:
    office = description(page(client, "/doc/office/gao"))
    assert office.startswith("Gao zone office – zone office. Opened (2013), People (14)")
    assert "five zone offices" in description(page(client, "/"))
    assert "works from one place" in description(page(client, "/doc/office"))


def test_what_a_page_is_about_is_escaped(client: FlaskClient) -> None:
    html = page(client, "/search?q=%22%3E%3Cscript%3E")
    assert description(html).startswith('"><script> – ')
    assert '"><script> –' not in html


@pytest.mark.parametrize("path", [path for path in PAGES if "preview" not in path])
def test_the_addresses_in_other_languages_are_absolute(client: FlaskClient, path: str) -> None:
    links = re.findall(
        r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)">', page(client, path)
    )
    assert [tag for tag, _ in links] == ["fr", "en"]
    for tag, href in links:
        assert href.startswith("http://localhost/")
        assert href.endswith(f"lang={tag}")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_gives_nothing_to_other_hosts(client: FlaskClient, path: str) -> None:
    headers = client.get(path, headers={"Accept": "text/html"}).headers
    assert "form-action '" in headers["Content-Security-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]


SHIFT = """
window.shift = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
}).observe({type: "layout-shift", buffered: true})
"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["/", "/sparql", "/pictures", "/doc/office/gao"])
def test_nothing_moves_while_a_page_loads(
    browser: Browser, server: Server, path: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="fr-FR")
    visited = context.new_page()
    visited.add_init_script(SHIFT)
    visited.goto(server.url + path, wait_until="networkidle")
    visited.wait_for_timeout(300)
    assert visited.evaluate("window.shift") < 0.02
    context.close()
