"""The index of the engine on disk (pyoxigraph's, in RocksDB): a folder of a large release.

It holds the statements, and where the default graph is the union, that too. It is not part of the
release's hash, and not the same bytes when it is made again, but its files have digests as all
others have. Its name has the version of the engine, since others might not read it.
"""

from __future__ import annotations

import io
import re
from contextlib import closing
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, Store, parse

from unicef_linked.rdf.canonical import split_line
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from _typeshed import WriteableBuffer

    from unicef_linked.release.directory import Release

LARGE: Final = 200_000
"""Statements from which on a release has this index and that of names, and is asked on disk.

In memory so many take some 700 MB, in two copies, and twelve seconds of a processor at each start;
on disk all processes of the service together take 160 MB and two seconds.
"""
INDEX: Final = "index-"
"""Start of the names of the folders of indexes."""
_BUFFER: Final = 1 << 20
"""Bytes of lines that are given to the engine at a time."""
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
    passing: Callable[[Iterable[bytes]], Iterable[bytes]] = iter,
) -> None:
    """Write the index of a file of sorted N-Quads into a new folder.

    With ``union`` its default graph is that of all graphs. ``passing`` is given the lines, and
    returns them as they are taken.
    """
    store = Store(folder)
    with closing(open_lines(dataset)) as lines:
        plain = (line for line in passing(lines) if b"_:" not in line)
        store.bulk_load(_stream(plain, union=union), format=RdfFormat.N_QUADS)
        # The loader of files gives blank nodes other labels.
        others = _stream((line for line in lines if b"_:" in line), union=union)
        store.bulk_extend(parse(others, format=RdfFormat.N_QUADS))
    store.optimize()  # without it, queries on bulk-loaded files take five times as long
    store.flush()
    del store  # closes it: a read-only store must have no writer beside it
    for path in folder.iterdir():
        if not _READ.fullmatch(path.name) or not path.stat().st_size:
            path.unlink()


def _stream(lines: Iterable[bytes], *, union: bool) -> BinaryIO:
    return io.BufferedReader(_Stream(_stored_lines(lines, union=union)), _BUFFER)


def _stored_lines(lines: Iterable[bytes], *, union: bool) -> Iterator[bytes]:
    """Yield the lines, and with ``union`` each triple once more, in the default graph.

    Oxigraph's own union returns a triple once for each graph that holds it
    (https://github.com/oxigraph/oxigraph/issues/1919), while an RDF merge holds it once (RDF 1.1
    Semantics, section 4.1).
    """
    last = None
    for line in lines:
        yield line
        if union:
            subject, predicate, value, graph = split_line(line)
            triple = b"%b %b %b .\n" % (subject, predicate, value)
            if graph and triple != last:
                last = triple
                yield triple


class _Stream(io.RawIOBase):
    """Lines as a stream that the engine reads."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        size, parts = len(self._rest), [self._rest]
        while size < len(view) and (line := next(self._lines, b"")):
            parts.append(line)
            size += len(line)
        content = b"".join(parts)
        taken = min(size, len(view))
        view[:taken] = content[:taken]
        self._rest = content[taken:]
        return taken


def open_index(folder: Path) -> Store:
    """Return an index, as any number of processes may open it: nothing in its folder changes."""
    return Store.read_only(str(folder))
