"""The dumps of a release in other formats than N-Quads, written from the sorted lines.

Those of a folder that is served as it is are written when they are first asked for.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import shutil
import tempfile
from contextlib import closing
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, parse, serialize

from unicef_linked.rdf.formats import DUMPS, TURTLE
from unicef_linked.rdf.serialization import settled_prefixes
from unicef_linked.release.lines import open_lines
from unicef_linked.release.writer import FAST, compressing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pyoxigraph import Quad, Triple

    from unicef_linked.rdf.formats import Format
    from unicef_linked.release.directory import Release

_BLOCK: Final = 1 << 20
"""Bytes that are copied at a time."""


def find_dump(release: Release, name: str) -> Path | None:
    """Return a whole-dataset file of a release, None if it has none of that name.

    One that is made on demand is made once, by whichever process comes first; the others wait.
    """
    path = next((path for path in release.dumps() if path.name == name), None)
    if path is not None and name in release.manifest.on_demand and not path.exists():
        if path.suffix == ".gz":
            find_dump(release, path.stem)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not path.exists():
                _make(release, path)
        finally:
            os.close(folder)  # and unlocks it
    return path


def _make(release: Release, path: Path) -> None:
    partial = release.path / f".{path.name}.partial-{os.getpid()}"
    manifest = release.manifest
    try:
        with partial.open("wb") as file:
            if path.suffix == ".gz":
                plain = path.with_suffix("")
                with plain.open("rb") as source, compressing(file, FAST) as stream:
                    shutil.copyfileobj(source, stream, _BLOCK)
            else:
                merged = is_merged(manifest.union, manifest.graphs)
                prefixes = release.names.prefixes
                write_dump(release.dataset, DUMPS[path.name], prefixes, merged, file)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def is_merged(union: bool, graphs: Collection[str]) -> bool:
    """Tell whether Turtle has each triple once: whether a default graph is a union of others."""
    return union and any(graphs)


def write_dump(
    dataset: Path,
    kind: Format,
    prefixes: Mapping[str, str],
    merged: bool,
    stream: BinaryIO,
    passing: Callable[[Iterable[Quad]], Iterable[Quad]] = iter,
) -> None:
    """Write the statements of a file of sorted N-Quads in Turtle or JSON-LD.

    Turtle has the triples of all graphs; if ``merged`` each once, as in the union of the graphs.
    ``passing`` is given the statements, and returns them as they are taken.
    """
    with dataset.open("rb") as file:
        quads = passing(parse(file, format=RdfFormat.N_QUADS))
        if kind is not TURTLE:
            serialize(quads, stream, kind.rdf)
            return
        with tempfile.TemporaryFile(dir=dataset.parent) as written:
            triples = _triples(quads, merged=merged)
            serialize(triples, written, kind.rdf, prefixes=dict(prefixes))
            written.flush()
            if not written.tell():
                return
            with closing(mmap.mmap(written.fileno(), 0, access=mmap.ACCESS_READ)) as content:
                _copy_turtle(content, dataset, prefixes, stream)


def _copy_turtle(
    content: mmap.mmap, dataset: Path, prefixes: Mapping[str, str], stream: BinaryIO
) -> None:
    """Write Turtle of the engine, which declares all prefixes, with those that are used."""
    lines, position = settled_prefixes(content, list(prefixes))
    with closing(open_lines(dataset)) as statements:
        for line in lines.splitlines(keepends=True):
            name = line[len("@prefix ") : line.index(b":")].decode()
            if statements.uses(prefixes[name]):
                stream.write(line)
    while block := content[position : position + _BLOCK]:
        stream.write(block)
        position += len(block)


def _triples(quads: Iterable[Quad], *, merged: bool) -> Iterator[Triple]:
    last = None
    for quad in quads:
        triple = quad.triple
        if not merged or triple != last:
            yield triple
            last = triple
