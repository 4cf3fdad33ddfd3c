"""The statements of a release in parts for the Graph Store Protocol, by one pass over its dump.

Equal dumps give equal parts in an equal order, so that a transfer can go on where it ended. A part
of a graph without blank nodes can be sent again: the graph is a set. A request names its blank
nodes anew, so that a graph that has some is one part, whatever its size.
"""

from __future__ import annotations

import io
from contextlib import ExitStack, closing
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.canonical import name_of, split_line
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from unicef_linked.release import Release

PART: Final = 8 << 20
"""Size (bytes of N-Triples) from which on a part is sent: what is repeated if a request fails."""
_PENDING: Final = 64 << 20
"""Most bytes of statements held in memory for the parts of all graphs."""


@dataclass(frozen=True, slots=True)
class Part:
    """Statements of one graph in N-Triples; the first part of a graph replaces it."""

    graph: str  # "": the default graph
    is_first: bool
    statements: int
    body: bytes | IO[bytes]


def cut(release: Release, *, union: bool, size: int = PART) -> Generator[Part]:
    """Yield all statements in parts; with ``union`` the default graph has those of all graphs.

    Raises UnusableInput for a graph named by a blank node: the protocol cannot address it.
    """
    whole = _with_blank_nodes(release, union=union)
    graphs: dict[bytes, _Pending] = {}
    in_memory = 0  # bytes
    with ExitStack() as stack:
        for graph, triple in _statements(release, union=union):
            if graph not in graphs:
                graphs[graph] = stack.enter_context(closing(_Pending(graph, graph in whole)))
            pending = graphs[graph]
            pending.add(triple)
            if pending.is_whole:
                continue
            in_memory += len(triple)
            if in_memory > _PENDING:
                pending = max(graphs.values(), key=_size_in_memory)
            if pending.size >= size or in_memory > _PENDING:
                in_memory -= pending.size
                yield pending.take()
        for pending in graphs.values():
            if pending.statements:
                yield pending.take()


class _Pending:
    """The statements of a graph that are in no part yet; those of a whole graph are on disk."""

    def __init__(self, graph: bytes, is_whole: bool) -> None:
        self.is_whole = is_whole
        self.statements = self.size = 0  # size in bytes
        self._graph, self._is_first = name_of(graph), True
        self._file: IO[bytes] = io.BytesIO()
        if is_whole:
            self._file = SpooledTemporaryFile(PART)  # noqa: SIM115 - close() does

    def add(self, triple: bytes) -> None:
        """Add a line of N-Triples."""
        self.size += self._file.write(triple)
        self.statements += 1

    def take(self) -> Part:
        """Return them as a part; that of a whole graph is read from its file."""
        self._file.seek(0)
        body = self._file if self.is_whole else self._file.read()
        part = Part(self._graph, self._is_first, self.statements, body)
        if not self.is_whole:
            self._file.seek(0)
            self._file.truncate()
        self._is_first, self.statements, self.size = False, 0, 0
        return part

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def _size_in_memory(pending: _Pending) -> int:
    return 0 if pending.is_whole else pending.size


def _statements(release: Release, *, union: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield each graph name with a line of N-Triples; with ``union``, b"" has each triple once."""
    last = b""
    for line in release.lines():
        subject, predicate, value, graph = split_line(line)
        triple = b"%b %b %b .\n" % (subject, predicate, value)
        if graph or not union:
            yield graph, triple
        # Lines are sorted: equal triples follow each other.
        if union and triple != last:
            yield b"", triple
            last = triple


def _with_blank_nodes(release: Release, *, union: bool) -> set[bytes]:
    """Return the names of the graphs that have blank nodes."""
    names = set()
    lines = open_lines(release.dataset)
    for line in lines.containing(b"_:"):
        subject, _, value, graph = split_line(line)
        if graph.startswith(b"_:"):
            raise UnusableInput(
                f"the graph {graph.decode()} is named by a blank node, which the Graph Store "
                "Protocol cannot address; name it by an IRI"
            )
        if subject.startswith(b"_:") or (b"_:" in value and not value.startswith(b'"')):
            names.add(graph)
    lines.close()
    return names | {b""} if names and union else names
