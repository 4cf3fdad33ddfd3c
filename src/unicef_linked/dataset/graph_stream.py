"""A large named graph as it is written: from the sorted dump, a part at a time."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, serialize

from unicef_linked.rdf.formats import NQUADS, NTRIPLES, TURTLE
from unicef_linked.release.lines import open_lines, parse_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.rdf.formats import Format
    from unicef_linked.release import Release

LARGE: Final = 20_000
"""Statements of a named graph; the document of a larger one is streamed."""

_PART: Final = 5000
"""Statements that are written at a time, and those of the same subject after them."""


def stream_graph(release: Release, graph: str, offer: Format) -> Iterator[bytes] | None:
    """Return a named graph in a format, None in one that cannot be written in parts.

    The bytes are those of the whole, but that Turtle declares every prefix.
    """
    if offer is NTRIPLES:
        return _lines(release, graph, in_graph=False)
    if offer is NQUADS:
        return _lines(release, graph, in_graph=True)
    return _turtle(release, graph) if offer is TURTLE else None


def _lines(release: Release, graph: str, *, in_graph: bool) -> Iterator[bytes]:
    """Yield the lines of the triples, which are the default graph, after each that of the quad."""
    for part in _parts(release, graph):
        lines = []
        for line in part:
            lines.append(line.removesuffix(f" <{graph}> .\n".encode()) + b" .\n")
            if in_graph:
                lines.append(line)
        yield b"".join(lines)


def _turtle(release: Release, graph: str) -> Iterator[bytes]:
    prefixes = release.names.prefixes
    yield "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in prefixes.items()).encode()
    for part in _parts(release, graph):
        triples = [quad.triple for quad in parse_lines(part)]
        content = serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes)
        assert content is not None
        # The prefixes are declared already, each in a line.
        yield content.split(b"\n", len(prefixes))[-1]


def _parts(release: Release, graph: str) -> Iterator[list[bytes]]:
    """Yield the lines of a graph, those of one subject together."""
    with closing(open_lines(release.dataset)) as lines:
        yield from _cut(lines.containing(f" <{graph}> .\n".encode()))


def _cut(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    subject = b""
    for line in lines:
        following = line.split(b" ", 1)[0]
        if len(part) >= _PART and following != subject:
            yield part
            part = []
        subject = following
        part.append(line)
    if part:
        yield part
