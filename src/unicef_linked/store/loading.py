"""A release as a store: named graphs as published, the default graph as a consumer expects to query it."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, Quad, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.release import Release


def load_release(release: Release) -> Store:
    """Return a release as an in-memory store.

    Where the release says that its default graph is the union, the union is stored: the engine's own union keeps a
    statement once for each graph that holds it, while an RDF merge holds it once (RDF 1.1 Semantics, section 4.1).
    """
    return _loaded(_statements(release))


def default_graph(store: Store) -> Store:
    """Return the default graph of a store as another."""
    return _loaded(store.quads_for_pattern(None, None, None, DefaultGraph()))


def _loaded(statements: Iterable[Quad]) -> Store:
    store = Store()
    # What is loaded one after the other lies side by side in memory, and most patterns of a query name their predicate.
    store.bulk_extend(sorted(statements, key=lambda quad: quad.predicate.value))
    return store


def index_release(release: Release) -> Path:
    """Return the folder of a release's on-disk index, made when it is not there yet.

    It lies beside the dumps, or, where the release cannot be written to, in a temporary folder. It is a cache: not part
    of what the release's hash covers, and named by the version of the engine that can read it.
    """
    name = f"index-{version('pyoxigraph')}"
    index = release.path / name
    if index.is_dir():
        return index
    folder = release.path if os.access(release.path, os.W_OK) else Path(tempfile.mkdtemp(prefix="unicef-linked-"))
    index, partial = folder / name, folder / f".{name}.partial-{os.getpid()}"
    try:
        store = Store(partial)
        store.bulk_extend(_statements(release))
        store.optimize()  # bulk-loaded files answer five times as slowly
        store.flush()
        del store  # closes it: nothing may write beside those who read
        if not index.is_dir():  # another server may have been quicker
            partial.rename(index)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return index


def open_index(index: Path) -> Store:
    """Return an on-disk index, opened read-only: any number of processes may."""
    return Store.read_only(str(index))


def _statements(release: Release) -> Iterator[Quad]:
    for quad in release.quads():
        yield quad
        if release.manifest.union and not isinstance(quad.graph_name, DefaultGraph):
            yield Quad(quad.subject, quad.predicate, quad.object)
