"""How often an answer asks the store, once what every page needs of a release has been read: in sets, not one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from unicef_linked.web import create_app

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
    for path in ("/", "/doc/region/kayes"):
        client.get(path, headers={"Accept": "text/html"})
    return client


@pytest.mark.parametrize(
    ("path", "most"),
    [
        pytest.param("/", 25, id="the home page, with its charts"),
        pytest.param("/dataset", 25, id="the dataset, with every named graph and source"),
        pytest.param("/ontology", 25, id="the ontology, with an example of every term"),
        pytest.param("/shapes", 25, id="the shapes, with what each finds"),
        pytest.param("/quality", 25, id="the quality of the release"),
        pytest.param("/doc/region", 12, id="a list"),
        pytest.param("/doc/office/gao", 12, id="an office, with the evidence of each value"),
        pytest.param("/doc/sector/wash", 12, id="a sector, to which much leads"),
        pytest.param("/doc/question/active-country", 12, id="an example query"),
    ],
)
def test_a_page_asks_the_store_in_sets(
    counted: FlaskClient, counting: CountingStore, path: str, most: int
) -> None:
    counted.get(
        path, headers={"Accept": "text/html"}
    )  # its map and its queries' counts are kept for the release
    counting.requests = 0
    answer = counted.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert answer.status_code == 200
    assert 1 <= counting.requests <= most


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
