"""The pages about releases and of the past, in a real browser: accessible, bilingual,
on a phone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.web.conftest import Visit
from tests.web.test_every_page import ALIKE, TEXTS_OF_THE_PAGE, english_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser
    from tests.conftest import Site

    from unicef_linked.release import Release


@pytest.fixture(scope="module")
def past_server(host: Callable[..., Site], chain: tuple[Release, ...]) -> Site:
    """The five releases, served."""
    return host(chain[-1])


@pytest.mark.parametrize(
    "path",
    [
        "/releases",
        "/release/{4}",
        "/release/{0}",
        "/diff/{0}..{4}",
        "/doc/region/gamma",
        "/doc/region/beta",
        "/release/{1}/doc/region/beta",
        "/release/{1}/dataset",
        "/release/{1}/ontology",
        "/release/{1}/doc/region",
    ],
)
def test_a_page_of_the_past_is_accessible_french_and_fits_a_phone(
    browser: Browser, past_server: Site, chain: tuple[Release, ...], path: str
) -> None:
    path = path.format(*(release.manifest.name for release in chain))
    visit = Visit(browser, past_server, viewport={"width": 360, "height": 740})
    page = visit.open(f"{path}?lang=fr")
    page.evaluate("document.querySelectorAll('main details').forEach(e => e.open = true)")
    assert page.locator("html").get_attribute("lang") == "fr"
    assert set(page.evaluate(TEXTS_OF_THE_PAGE)) & english_texts() == set()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate(ALIKE)
    assert visit.barriers() == []
    assert [m for m in visit.messages if "410" not in m] == []
    page.close()
