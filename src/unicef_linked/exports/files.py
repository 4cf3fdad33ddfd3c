"""The exports of a large release as files of it, made once: none waits for its rows."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

from unicef_linked.config import Settings
from unicef_linked.exports.definitions import read_exports
from unicef_linked.release.engine_index import index_name, open_index
from unicef_linked.release.positions import POSITIONS, Positions
from unicef_linked.store.embedded import Embedded

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release
    from unicef_linked.store import Store

_FOLDER: Final = "exports"


def add_exports(release: Release) -> None:
    """Write the exports of a release into its folder, by the engine's index and positions in it."""
    positions = Positions(release.dataset, release.path / POSITIONS)
    open_engine = partial(open_index, release.path / index_name())
    with closing(Embedded(release, "", Settings(), positions, open_engine)) as store:
        write_exports(release, store)


def write_exports(release: Release, store: Store) -> None:
    """Write the exports of a release into its folder."""
    folder = release.path / _FOLDER
    for export in read_exports(store, release.names):
        folder.mkdir(exist_ok=True)
        (folder / export.name).write_bytes(export.write(store, release.names))


def find_file(release: Release, name: str) -> Path | None:
    """Return the file of an export, None if it is made when it is asked for."""
    return release.path / _FOLDER / name if release.has(f"{_FOLDER}/{name}") else None
