"""Load a release into a store: named graphs as published, and the default graph for queries."""

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

    It is in the release's folder, or in a temporary one where the release is read-only. It is a
    cache: the release's hash does not cover it, and its name has the version of the engine.
    """
    name = f"index-{version('pyoxigraph')}"
    index = release.path / name
    if index.is_dir():
        return index
    folder = (
        release.path
        if os.access(release.path, os.W_OK)
        else Path(tempfile.mkdtemp(prefix="unicef-linked-"))
    )
    index, partial = folder / name, folder / f".{name}.partial-{os.getpid()}"
    try:
        store = Store(partial)
        store.bulk_extend(_statements(release, release.quads()))
        store.optimize()  # without it, queries on bulk-loaded files take five times as long
        store.flush()
        del store  # closes it: a read-only store must have no writer beside it
        if not index.is_dir():  # another server may have finished first
            partial.rename(index)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return index


def open_index(index: Path) -> Store:
    """Return an on-disk index, opened read-only, as any number of processes may."""
    return Store.read_only(str(index))


def _statements(release: Release, quads: Iterable[Quad]) -> Iterator[Quad]:
    for quad in quads:
        yield quad
        if release.manifest.union and not isinstance(quad.graph_name, DefaultGraph):
            yield Quad(quad.subject, quad.predicate, quad.object)
