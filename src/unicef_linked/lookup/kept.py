"""Where the index of a release is kept: made once, then opened by every process."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np
from pyoxigraph import RdfFormat, parse, serialize

from unicef_linked.dataset.past import Past, former_statements
from unicef_linked.dataset.profile import profile_of
from unicef_linked.lookup.index import Index, build
from unicef_linked.lookup.reading import Overview
from unicef_linked.lookup.spellings import open_array, open_arrays
from unicef_linked.lookup.tables import new_tables, open_tables
from unicef_linked.lookup.writing import IndexWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pyoxigraph import Quad

    from unicef_linked.lookup.index import Former
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Release

_LOG: Final = logging.getLogger(__name__)

FORMAT: Final = 1
"""Number of the layout of the files; another layout is another index."""

_DATABASE: Final = "tables.sqlite"
_ORDERS: Final = "orders.json"
"""The file with the languages that have an order of names, whose arrays are numbered."""


def open_index(past: Past) -> Index:
    """Return the index of the current release: mapped, once it is made, which may take a while.

    It is part of a large release; that of another is a cache. In it is what the earlier releases
    last said of things that were replaced. Without a place to write it is in memory.
    """
    release = past.current
    name = _name(past.published[:-1])
    if release.has(f"{name}/{_DATABASE}"):
        own = _opened(release.path / name, release.names)
        if own is not None:
            return own
    try:
        return _opened_or_made(release.cache / name, past)
    except OSError as error:
        _LOG.warning(
            "the index %s cannot be written: %s; it is kept in memory", release.cache, error
        )
    names, quads = release.names, list(release.quads())
    return build(quads, names, profile_of(quads, names), former_statements(past))


def add_index(
    release: Release,
    earlier: Sequence[Release],
    passing: Callable[[Iterable[Quad]], Iterable[Quad]] = iter,
) -> None:
    """Write the index of a release that is being built into its folder.

    Its statements are read twice; ``passing`` is given them, and returns them as they are taken.
    """
    past = Past((*earlier, release), release)
    folder = release.path / _name(past.published[:-1])
    folder.mkdir()
    names, former = release.names, former_statements(past)
    write_index(folder, names, lambda: passing(release.quads()), former)


def _name(earlier: Sequence[Release]) -> str:
    """Return the name of the folder: of the layout, and of the releases that are looked back to."""
    digest = hashlib.sha256("".join(r.manifest.sha256 for r in earlier).encode()).hexdigest()
    return f"index-names-{FORMAT}" + (f"-{digest[:12]}" if earlier else "")


def _opened_or_made(folder: Path, past: Past) -> Index:
    release = past.current
    index = _opened(folder, release.names)
    if index is None:
        shutil.rmtree(folder, ignore_errors=True)  # damaged
        with _making(folder) as partial:
            if partial:
                former = former_statements(past)
                write_index(partial, release.names, release.quads, former)
        index = _open(folder, release.names)
    return index


def _opened(folder: Path, names: Names) -> Index | None:
    """Return the index in a folder; None if there is none, or one that cannot be read."""
    if not folder.is_dir():
        return None
    try:
        return _open(folder, names)
    except (OSError, EOFError, ValueError, sqlite3.DatabaseError):
        _LOG.warning("the index %s is damaged; it is made again", folder)
        return None


def _open(folder: Path, names: Names) -> Index:
    languages = json.loads((folder / _ORDERS).read_text(encoding="utf-8"))
    tables = open_tables(folder / _DATABASE)
    profile = profile_of(parse(tables.fact("profile"), format=RdfFormat.N_QUADS), names)
    orders = {
        language: open_array(folder, f"order{number}") for number, language in enumerate(languages)
    }
    return Index(names, profile, tables, open_arrays(folder), orders)


@contextmanager
def _making(folder: Path) -> Iterator[Path | None]:
    """Give an empty folder that becomes ``folder``; None if another process has made that."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f"{folder.name}.partial")
    partial.mkdir(exist_ok=True)
    descriptor = os.open(partial, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # ends with the process, whatever befalls it
        if folder.is_dir():
            yield None
            return
        for path in partial.iterdir():
            path.unlink()
        yield partial
        partial.rename(folder)
    finally:
        os.close(descriptor)
        shutil.rmtree(partial, ignore_errors=True)


def write_index(
    folder: Path, names: Names, quads: Callable[[], Iterable[Quad]], former: Former
) -> None:
    """Write the index of statements into a folder; those of one subject follow each other.

    ``quads`` is called twice: some of them must be known before the others are read.
    """
    overview = Overview(names)
    for _ in overview.watching(quads()):
        pass
    profile = profile_of(overview.profile, names)
    tables = new_tables(folder / _DATABASE)
    writer = IndexWriter(tables, names, overview.ids, profile)
    arrays, orders = writer.write(quads(), overview.forms, former)
    text = serialize(overview.profile, format=RdfFormat.N_QUADS) or b""
    tables.write("INSERT INTO fact VALUES (?, ?)", [("profile", json.dumps(text.decode()))])
    tables.close()
    arrays.save(folder)
    for number, places in enumerate(orders.values()):
        np.save(folder / f"order{number}.npy", places)
    (folder / _ORDERS).write_text(json.dumps(list(orders)), encoding="utf-8")
