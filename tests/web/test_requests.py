"""How often an answer asks the store, once what every page needs of a release has been read:
in sets, not one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from unicef_linked.web import PREPARATIONS, create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded


class CountingStore:
    """A store that counts what it is asked."""

    def __init__(self, store: Embedded) -> None:
        self._store, self.requests = store, 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def asked(*arguments: Any, **options: Any) -> Any:
            self.requests += 1
            return getattr(self._store, name)(*arguments, **options)

        return asked


@pytest.fixture(scope="module")
def counting(store: Embedded) -> CountingStore:
    """The packaged dataset, counted."""
    return CountingStore(store)


@pytest.fixture(scope="module")
def counted(release: Release, settings: Settings, counting: CountingStore) -> FlaskClient:
    """A client of an application that keeps no answers."""
    client = create_app(replace(settings, cache_size=0), release, counting).test_client()  # type: ignore[arg-type]
    for path in ("/", "/doc/region/kayes", "/doc/office/kayes"):
        client.get(path, headers={"Accept": "text/html"})
    return client


def requests_for(client: FlaskClient, store: CountingStore, path: str) -> int:
    """Return how often a page in French asks the store."""
    store.requests = 0
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    assert client.get(path, headers=headers).status_code == 200
    return store.requests


@pytest.mark.parametrize("path", ["/", "/dataset", "/ontology", "/shapes", "/quality"])
def test_a_page_about_the_whole_asks_the_store_in_sets(
    counted: FlaskClient, counting: CountingStore, path: str
) -> None:
    requests_for(counted, counting, path)  # what is counted once is kept for the release
    assert requests_for(counted, counting, path) <= 25


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/doc/office/gao", id="an office, with the evidence of each value"),
        pytest.param("/doc/region/gao", id="a region, with its neighbours on the map"),
        pytest.param("/doc/sector/wash", id="a sector, to which much leads"),
        pytest.param("/doc/country/mli", id="the country, to which all leads"),
        pytest.param("/doc/question/active-country", id="an example query"),
        pytest.param("/doc/region", id="a list"),
        pytest.param("/graph/mali/offices", id="a named graph"),
    ],
)
def test_a_page_about_a_thing_asks_the_store_in_sets(
    counted: FlaskClient, counting: CountingStore, path: str
) -> None:
    assert 1 <= requests_for(counted, counting, path) <= 13, "the first time, its map included"


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld", "trig", "nq"])
@pytest.mark.parametrize(
    "document", ["/doc/office/gao", "/doc/region/gao", "/doc/source/where-we-work-mali-fr"]
)
def test_a_document_in_rdf_asks_the_store_four_times(
    counted: FlaskClient, counting: CountingStore, document: str, suffix: str
) -> None:
    counting.requests = 0
    assert counted.get(f"{document}.{suffix}").status_code == 200
    assert 1 <= counting.requests <= 4


def test_no_page_waits_for_a_template_to_be_compiled(
    release: Release, settings: Settings, store: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings, release, store)
    for prepare in app.extensions[PREPARATIONS]:
        prepare()
    monkeypatch.setattr(app.jinja_env, "compile", None)
    for path in ("/", "/doc/office/gao", "/doc/office", "/dataset", "/search?q=gao"):
        assert app.test_client().get(path, headers={"Accept": "text/html"}).status_code == 200
