"""Statements of a release found in its sorted dump, without loading it.

``dataset.nq`` is sorted, so that the lines of one subject are together and a binary search finds
them: some twenty reads, whatever the size. Lines with a term elsewhere are found by a scan. Memory
is that of the operating system's page cache, which it can take back.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat, parse

from unicef_linked.rdf.canonical import datatype_of, split_line
from unicef_linked.rdf.iris import RDF, XSD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pyoxigraph import Quad


_PLAIN: Final = re.compile(rb'" (?:<[^ "]*> |_:[^ "]* )?\.\n')
_TAGGED: Final = re.compile(rb'"@[A-Za-z0-9-]+ (?:<[^ "]*> |_:[^ "]* )?\.\n')
"""Where a line ends whose object is a literal without a stated datatype, or with a language."""


class SortedLines:
    """The lines of a file of sorted N-Quads, mapped into memory."""

    def __init__(self, content: mmap.mmap | bytes) -> None:
        self._content = content

    def close(self) -> None:
        """Unmap the file."""
        if isinstance(self._content, mmap.mmap):
            self._content.close()

    def __iter__(self) -> Iterator[bytes]:
        """Yield every line."""
        return self._from(0)

    def beginning(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the lines that begin with ``prefix``."""
        for line in self._from(self._position(prefix)):
            if not line.startswith(prefix):
                return
            yield line

    def since(self, subject: str) -> Iterator[bytes]:
        """Yield the lines from those of a subject (as in N-Quads) to the end; "" for all."""
        return self._from(self._position(f"{subject} ".encode() if subject else b""))

    def at(self, position: int) -> bytes:
        """Return the line that begins at a position (bytes)."""
        return self._content[position : self._end(position)]

    def of_subject(self, subject: str) -> Iterator[bytes]:
        """Yield the lines of a subject, written as in N-Quads: ``<iri>`` or ``_:label``."""
        return self.beginning(f"{subject} ".encode())

    def of_subjects(
        self, subjects: Iterable[str], predicates: Collection[str] | None = None
    ) -> Iterator[bytes]:
        """Yield the lines of several subjects, of certain predicates if so; some together."""
        allowed = None if predicates is None else {iri.encode() for iri in predicates}
        for subject in subjects:
            prefix = f"{subject} ".encode()
            start = self._position(prefix)
            block = self._content[start : self._after(prefix, start)]
            if allowed is None:
                yield block
                continue
            for line in block.splitlines(keepends=True):
                if line.split(b" ", 2)[1] in allowed:
                    yield line

    def has_subject(self, subject: str) -> bool:
        """Tell whether a subject has statements."""
        return next(self.of_subject(subject), None) is not None

    def containing(self, part: bytes) -> Iterator[bytes]:
        """Yield the lines that contain ``part`` after the subject, in one scan."""
        content, position = self._content, 0
        while (hit := content.find(part, position)) >= 0:
            start = content.rfind(b"\n", 0, hit) + 1
            position = self._end(hit)
            yield content[start:position]

    def uses(self, namespace: str) -> bool:
        """Tell whether an IRI of a triple, or a literal's datatype, begins with a namespace."""
        start = f"<{namespace}".encode()
        if next(self.beginning(start), None) is not None:
            return True
        for line in self.containing(start):
            _, predicate, value, _ = split_line(line)
            if predicate.startswith(start) or value.startswith(start):
                return True
            if value.startswith(b'"') and datatype_of(value).startswith(namespace):
                return True
        implied = {f"{XSD}string": _PLAIN, f"{RDF}langString": _TAGGED}
        return any(
            iri.startswith(namespace) and pattern.search(self._content)
            for iri, pattern in implied.items()
        )

    def differing(self, newer: SortedLines, since: str = "") -> Iterator[tuple[bool, bytes]]:
        """Yield the lines that only these or only the newer lines have, and whether the newer do.

        With ``since``, a subject, from its lines on. Equal parts are passed over in blocks, so that
        it takes about as long as reading both files.
        """
        mine, theirs = self._content, newer._content
        first = f"{since} ".encode() if since else b""
        old, new = self._position(first), newer._position(first)
        while old < len(mine) and new < len(theirs):
            equal = _common(mine, old, theirs, new)
            if equal:
                old, new = old + equal, new + equal
                continue
            old_end, new_end = self._end(old), newer._end(new)
            old_line, new_line = mine[old:old_end], theirs[new:new_end]
            if new_line < old_line:
                yield True, new_line
                new = new_end
            elif old_line < new_line:
                yield False, old_line
                old = old_end
            else:
                old, new = old_end, new_end
        for line in self._from(old):
            yield False, line
        for line in newer._from(new):
            yield True, line

    def _from(self, start: int) -> Iterator[bytes]:
        content = self._content
        while start < len(content):
            end = self._end(start)
            yield content[start:end]
            start = end

    def _end(self, position: int) -> int:
        """Return where the line with a position ends, its line feed included."""
        end = self._content.find(b"\n", position)
        return len(self._content) if end < 0 else end + 1

    def _position(self, prefix: bytes, low: int = 0, high: int | None = None) -> int:
        """Return where the first line begins that does not sort before ``prefix``.

        It is looked for from ``low`` on, where a line begins. A position of ``high`` or more says
        that no line does that begins before it.
        """
        content = self._content
        high = len(content) if high is None else high
        while low < high:
            middle = (low + high) // 2
            start = content.rfind(b"\n", low, middle) + 1 or low
            if content[start : start + len(prefix)] < prefix:
                low = self._end(middle)
            else:
                high = start
        return low

    def _after(self, prefix: bytes, start: int) -> int:
        """Return where the lines end that begin with ``prefix``; the first begins at ``start``."""
        size = _NEAR
        while True:
            limit = min(start + size, len(self._content))
            # No line has this byte, which sorts after all characters.
            end = self._position(prefix + b"\xff", start, limit)
            if end < limit or limit == len(self._content):
                return end
            size *= 8


def _common(a: mmap.mmap | bytes, start: int, b: mmap.mmap | bytes, other: int) -> int:
    """Return how many bytes of whole lines are equal from two positions on."""
    size, equal = _LEAST, 0
    while size >= _LEAST:
        block = a[start + equal : start + equal + size]
        if block and block == b[other + equal : other + equal + size]:
            equal += len(block)
            size = min(2 * size, _BLOCK)
        else:
            size //= 2
    end = a.rfind(b"\n", start, start + equal)
    return 0 if end < 0 else end + 1 - start


_LEAST: Final = 64
"""Shortest part (bytes) that is compared at once; what is shorter is compared line by line."""
_NEAR: Final = 1 << 13
"""Bytes after the beginning of a subject's lines in which their end is looked for first."""
_BLOCK: Final = 1 << 20
"""Longest part (bytes) that is compared at once."""


def open_lines(path: Path) -> SortedLines:
    """Return the lines of a file of sorted N-Quads; they stay readable if the file is removed."""
    with path.open("rb") as file:
        if not path.stat().st_size:  # an empty file cannot be mapped
            return SortedLines(b"")
        return SortedLines(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def parse_lines(lines: Iterable[bytes]) -> list[Quad]:
    """Return the statements of lines of N-Quads."""
    return list(parse(b"".join(lines), format=RdfFormat.N_QUADS))
