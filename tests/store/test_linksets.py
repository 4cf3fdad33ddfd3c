"""Every engine counts the same links to other datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.store.engines import open_store, run_engine

if TYPE_CHECKING:
    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded


@pytest.mark.parametrize("engine", ["disk", "oxigraph", "virtuoso"])
def test_every_engine_counts_the_same_links(
    engine: str,
    release: Release,
    store: Embedded,
    settings: Settings,
    request: pytest.FixtureRequest,
) -> None:
    with run_engine(
        engine if engine == "disk" else request.getfixturevalue(engine), release, settings
    ) as running:
        other = open_store(running, release, settings)
        try:
            assert PublishedDataset(release, other).links == PublishedDataset(release, store).links
        finally:
            other.close()
