"""The map on the page about a thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from unicef_linked.web import create_app

if TYPE_CHECKING:
    import pytest
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded


def test_a_map_that_does_not_show_all_says_so(
    release: Release, store: Embedded, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unicef_linked.presentation.locator_map.MOST", 2)
    client = create_app(settings, release, store).test_client()
    page = client.get("/doc/region/sikasso?lang=fr", headers={"Accept": "text/html"}).text
    assert re.search(r"Les 2 premières choses sur \d+ sont montrées\.", page)


def test_what_is_of_several_rows_has_several_colours_and_a_legend(client: FlaskClient) -> None:
    page = client.get("/doc/division/bafoulabe?lang=en", headers={"Accept": "text/html"}).text
    legend = re.findall(r'<span class="key-([^"]+)"', page.partition("<figcaption>")[2])
    assert len(legend) == len(set(legend)) > 2, "no two entries look alike"
    for look in legend:
        form, _, kinds = look.partition(" ")
        assert f'class="{form} {kinds}"' in page
