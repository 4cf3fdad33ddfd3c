"""The index of the engine on disk (pyoxigraph's, in RocksDB): a folder of a large release.

It holds the statements, and where the default graph is the union, that too. It is not part of the
release's hash, and not the same bytes when it is made again, but its files have digests as all
others have. Its name has the version of the engine, since others might not read it.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, Store, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from unicef_linked.release.directory import Release

LARGE: Final = 200_000
"""Statements from which on a release has this index and that of names, and is asked on disk.

In memory so many take some 700 MB, in two copies, and twelve seconds of a processor at each start;
on disk all processes of the service together take 160 MB and two seconds.
"""
INDEX: Final = "index-"
"""Start of the names of the folders of indexes."""
_READ: Final = re.compile(r"CURRENT|MANIFEST-\d+|\d+\.(?:sst|log)")
"""The files that are needed to open an index that nobody writes to; others name this machine."""


def index_name() -> str:
    """Return the name of the index's folder, by the version of the engine that is installed."""
    return f"{INDEX}{version('pyoxigraph')}"


def has_index(release: Release) -> bool:
    """Tell whether an index for the installed engine is part of a release, as ``SUMS`` lists it."""
    return release.has(f"{index_name()}/CURRENT")


def write_index(
    dataset: Path,
    folder: Path,
    union: bool,
    passing: Callable[[Iterable[Quad]], Iterable[Quad]] = iter,
) -> None:
    """Write the index of a file of sorted N-Quads into a new folder.

    With ``union`` its default graph is that of all graphs. ``passing`` is given the statements, and
    returns them as they are taken.
    """
    store = Store(folder)
    with dataset.open("rb") as file:
        quads = passing(parse(file, format=RdfFormat.N_QUADS))
        store.bulk_extend(_with_union(quads) if union else quads)
    store.optimize()  # without it, queries on bulk-loaded files take five times as long
    store.flush()
    del store  # closes it: a read-only store must have no writer beside it
    for path in folder.iterdir():
        if not _READ.fullmatch(path.name) or not path.stat().st_size:
            path.unlink()


def _with_union(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Yield sorted statements, and those of named graphs in the default graph too, each once.

    Oxigraph's own union returns a triple once for each graph that holds it
    (https://github.com/oxigraph/oxigraph/issues/1919), while an RDF merge holds it once (RDF 1.1
    Semantics, section 4.1).
    """
    last = None
    for quad in quads:
        yield quad
        triple = quad.triple
        if triple != last and not isinstance(quad.graph_name, DefaultGraph):
            last = triple
            yield Quad(*triple)


def open_index(folder: Path) -> Store:
    """Return an index, as any number of processes may open it: nothing in its folder changes."""
    return Store.read_only(str(folder))
