"""Every engine exports the same bytes: rows and values come by SPARQL alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conftest import defined_exports

from unicef_linked.store.engines import open_store, run_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.config import Settings
    from unicef_linked.exports.definitions import Export
    from unicef_linked.release import Release
    from unicef_linked.store import Store
    from unicef_linked.store.embedded import Embedded


@pytest.fixture(scope="module", params=["disk", "oxigraph", "virtuoso"])
def other(request: pytest.FixtureRequest, release: Release, settings: Settings) -> Iterator[Store]:
    """An engine that is not the one in memory."""
    name = request.param if request.param == "disk" else request.getfixturevalue(request.param)
    with run_engine(name, release, settings) as running:
        opened = open_store(running, release, settings)
        yield opened
        opened.close()


@pytest.mark.parametrize("export", defined_exports(), ids=lambda export: export.name)
def test_every_engine_exports_the_same_bytes(
    export: Export, other: Store, store: Embedded, release: Release
) -> None:
    assert (
        export.write(other, release.names).decode() == export.write(store, release.names).decode()
    )
