"""Load a release into a store: named graphs as published, and the default graph for queries."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, Quad, Store

from unicef_linked.errors import UnusableInput
from unicef_linked.release.engine_index import (
    has_index,
    index_name,
    open_index,
    stored_statements,
    write_index,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from unicef_linked.release import Release

_LOG: Final = logging.getLogger(__name__)


def load_release(release: Release, quads: Iterable[Quad] | None = None) -> Store:
    """Return a release as an in-memory store; ``quads`` are its statements if they are read.

    Where the release's default graph is the union, the union is stored.
    """
    return _loaded(stored_statements(release, release.quads() if quads is None else quads))


def default_graph(store: Store) -> Store:
    """Return a store with the default graph of ``store`` alone, which it gives in the same order.

    A store gives the statements last that were loaded first.
    """
    return _loaded(reversed(list(store.quads_for_pattern(None, None, None, DefaultGraph()))))


def _loaded(statements: Iterable[Quad]) -> Store:
    store = Store()
    # Triples loaded in sequence are adjacent in memory, and most patterns name a predicate.
    store.bulk_extend(sorted(statements, key=lambda quad: quad.predicate.value))
    return store


def index_release(release: Release) -> Path:
    """Return the folder of a release's on-disk index: its own, or one that is made now.

    What is made is a cache, and made again where it cannot be opened. Raises UnusableInput when it
    cannot be written.
    """
    own = release.path / index_name()
    if has_index(release) and _can_be_opened(own):
        return own
    folder = release.cache
    index = folder / index_name()
    if index.is_dir() and not _can_be_opened(index):
        _LOG.warning("the index %s is damaged; it is made again", index)
        shutil.rmtree(index, ignore_errors=True)
    if not index.is_dir():
        _LOG.info("the release has no index for this engine: making %s", index)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _make_index(release, index)
        except OSError as error:
            raise UnusableInput(f"the index {index} cannot be written: {error}") from None
    return index


def _can_be_opened(index: Path) -> bool:
    try:
        next(iter(open_index(index)), None)
    except (OSError, RuntimeError):
        return False
    return True


def _make_index(release: Release, index: Path) -> None:
    partial = index.with_name(f".{index.name}.partial-{os.getpid()}")
    try:
        write_index(release, partial)
        with suppress(OSError):  # another process may have finished first
            partial.rename(index)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
