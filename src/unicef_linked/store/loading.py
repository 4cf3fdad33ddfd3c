"""Load a release into a store: named graphs as published, and the default graph for queries."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, Quad, Store

from unicef_linked.config import cache_folder
from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from unicef_linked.release import Release

_LOG: Final = logging.getLogger(__name__)


def load_release(release: Release, quads: Iterable[Quad] | None = None) -> Store:
    """Return a release as an in-memory store; ``quads`` are its statements if they are read.

    Where the release's default graph is the union, the union is stored. Oxigraph's own union
    returns a triple once for each graph that holds it
    (https://github.com/oxigraph/oxigraph/issues/1919), while an RDF merge holds it once (RDF 1.1
    Semantics, section 4.1).
    """
    return _loaded(_statements(release, release.quads() if quads is None else quads))


def default_graph(store: Store) -> Store:
    """Return a store with the default graph of ``store`` alone."""
    return _loaded(store.quads_for_pattern(None, None, None, DefaultGraph()))


def _loaded(statements: Iterable[Quad]) -> Store:
    store = Store()
    # Triples loaded in sequence are adjacent in memory, and most patterns name a predicate.
    store.bulk_extend(sorted(statements, key=lambda quad: quad.predicate.value))
    return store


def index_release(release: Release) -> Path:
    """Return the folder of a release's on-disk index, made when it is not there yet.

    It is in the release's folder, or in the cache folder where the release is read-only. It is a
    cache: the release's hash does not cover it, and its name has the version of the engine. One
    that cannot be opened is made again. Raises UnusableInput when it cannot be written.
    """
    name = f"index-{version('pyoxigraph')}"
    folder = release.path
    if not (folder / name).is_dir() and not os.access(folder, os.W_OK):
        folder = cache_folder() / "indexes" / release.manifest.sha256
    index = folder / name
    if index.is_dir() and not _can_be_opened(index):
        _LOG.warning("the index %s is damaged; it is made again", index)
        shutil.rmtree(index, ignore_errors=True)
    if not index.is_dir():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_index(release, index)
        except OSError as error:
            raise UnusableInput(f"the index {index} cannot be written: {error}") from None
    return index


def _can_be_opened(index: Path) -> bool:
    try:
        next(iter(open_index(index)), None)
    except (OSError, RuntimeError):
        return False
    return True


def _write_index(release: Release, index: Path) -> None:
    partial = index.with_name(f".{index.name}.partial-{os.getpid()}")
    try:
        store = Store(partial)
        store.bulk_extend(_statements(release, release.quads()))
        store.optimize()  # without it, queries on bulk-loaded files take five times as long
        store.flush()
        del store  # closes it: a read-only store must have no writer beside it
        with suppress(OSError):  # another process may have finished first
            partial.rename(index)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def open_index(index: Path) -> Store:
    """Return an on-disk index, opened read-only, as any number of processes may."""
    return Store.read_only(str(index))


def _statements(release: Release, quads: Iterable[Quad]) -> Iterator[Quad]:
    for quad in quads:
        yield quad
        if release.manifest.union and not isinstance(quad.graph_name, DefaultGraph):
            yield Quad(quad.subject, quad.predicate, quad.object)
