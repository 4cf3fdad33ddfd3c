"""Load a release into a store: named graphs as published, and the default graph for queries."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, Store, parse

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.canonical import split_line
from unicef_linked.release.engine_index import has_index, index_name, open_index, write_index
from unicef_linked.release.positions import (
    POSITIONS,
    Positions,
    has_positions,
    write_positions,
)
from unicef_linked.store.evaluation import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unicef_linked.release import Release

_LOG: Final = logging.getLogger(__name__)


def load_release(release: Release) -> Store:
    """Return a release as an in-memory store.

    Where the release's default graph is the union, the union is stored.
    """
    return _loaded(*_statements(release))


def load_dataset(release: Release) -> Dataset:
    """Return a release in memory, as a query process has it."""
    quads, union = _statements(release)
    whole = _loaded(quads, union)
    return Dataset(whole, _loaded(union) if release.manifest.union else whole)


def _statements(release: Release) -> tuple[bytes, bytes]:
    """Return the lines of a release, and those of the union if that is its default graph.

    Triples loaded in sequence are adjacent in memory, and most patterns name a predicate: they are
    in the order of these.
    """
    lines = sorted(release.lines(), key=_predicate)
    if not release.manifest.union:
        return b"".join(lines), b""
    return b"".join(lines), b"".join(dict.fromkeys(map(_in_default_graph, lines)))


def _predicate(line: bytes) -> bytes:
    return line.split(b" ", 2)[1]


def _in_default_graph(line: bytes) -> bytes:
    subject, predicate, value, _ = split_line(line)
    return b"%s %s %s .\n" % (subject, predicate, value)


def _loaded(*parts: bytes) -> Store:
    """Return a store with the statements of parts, which were checked when the release was made."""
    store = Store()
    for part in parts:
        if b"_:" in part:  # bulk_load would rename blank nodes
            store.bulk_extend(parse(part, format=RdfFormat.N_QUADS, lenient=True))
        else:
            store.bulk_load(part, format=RdfFormat.N_QUADS, lenient=True)
    return store


def index_release(release: Release) -> Path:
    """Return the folder of a release's on-disk index: its own, or one that is made now.

    What is made is a cache, and made again where it cannot be opened. Raises UnusableInput when it
    cannot be written.
    """
    own = release.path / index_name()
    if has_index(release) and _can_be_opened(own):
        return own
    index = release.cache / index_name()
    if index.is_dir() and not _can_be_opened(index):
        _LOG.warning("the index %s is damaged; it is made again", index)
        shutil.rmtree(index, ignore_errors=True)
    if not index.is_dir():
        _LOG.info("the release has no index for this engine: making %s", index)
        union = release.manifest.union
        _make(index, lambda folder: write_index(release.dataset, folder, union))
    return index


def open_positions(release: Release) -> Positions:
    """Return the positions of a release's statements: its own, or those that are made now.

    As of ``index_release``, what is made is a cache.
    """
    if has_positions(release):
        with suppress(OSError, ValueError):
            return Positions(release.dataset, release.path / POSITIONS)
    folder = release.cache / POSITIONS
    if folder.is_dir():
        try:
            return Positions(release.dataset, folder)
        except (OSError, ValueError):
            _LOG.warning("the positions %s are damaged; they are made again", folder)
            shutil.rmtree(folder, ignore_errors=True)
    _make(folder, lambda partial: write_positions(release.dataset, partial))
    return Positions(release.dataset, folder)


def _can_be_opened(index: Path) -> bool:
    try:
        next(iter(open_index(index)), None)
    except (OSError, RuntimeError):
        return False
    return True


def _make(folder: Path, write: Callable[[Path], object]) -> None:
    """Make a folder of a cache, whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        with suppress(OSError):  # another process may have finished first
            partial.rename(folder)
    except OSError as error:
        raise UnusableInput(f"the index {folder} cannot be written: {error}") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
