"""How two releases differ, by entity: their sorted dumps are merged line by line.

One entity's differences are held at a time, whatever the size of the releases. An entity is a
subject; the lines of one subject are together in both dumps.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.rdf.iris import Names
    from unicef_linked.release.directory import Release
    from unicef_linked.release.lines import SortedLines

Change = Literal["created", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class EntityDifference:
    """The statements that only one of two releases has about one subject, as lines of N-Quads."""

    subject: str  # as in N-Quads: <iri> or _:label
    change: Change
    added: tuple[bytes, ...]  # sorted, each with its line feed
    removed: tuple[bytes, ...]

    @property
    def iri(self) -> str | None:
        """The IRI of the subject; None for a blank node."""
        return self.subject[1:-1] if self.subject.startswith("<") else None

    def name(self, names: Names) -> str | None:
        """Return the ``type/key`` of the entity; None for any other subject."""
        type_and_key = names.type_and_key(self.iri or "")
        return "/".join(type_and_key) if type_and_key else None


def compare(
    older: Release | None, newer: Release, *, subject: str = "", since: str = ""
) -> Iterator[EntityDifference]:
    """Yield the differences from one release to another, by subject in the order of the dumps.

    Without ``older`` everything was created. ``subject`` and ``since`` are as N-Quads have them:
    with the first, only its differences, with the other, those from a subject on; neither reads
    what comes before.
    """
    with closing(open_lines(newer.dataset)) as after:
        if older is None:
            lines = after.of_subject(subject) if subject else after.since(since)
            yield from compare_lines((), lines)
            return
        with closing(open_lines(older.dataset)) as before:
            if subject:
                yield from compare_lines(before.of_subject(subject), after.of_subject(subject))
            else:
                yield from _compare_files(before, after, since)


def _compare_files(
    older: SortedLines, newer: SortedLines, since: str
) -> Iterator[EntityDifference]:
    """Yield the differences of two dumps by subject, without reading equal parts line by line."""
    differing = older.differing(newer, since)
    for subject, lines in groupby(differing, key=lambda pair: _subject(pair[1])):
        added: list[bytes] = []
        removed: list[bytes] = []
        for is_new, line in lines:
            (added if is_new else removed).append(line)
        change: Change = "changed"
        if not removed and not older.has_subject(subject):
            change = "created"
        elif not added and not newer.has_subject(subject):
            change = "deleted"
        yield EntityDifference(subject, change, tuple(added), tuple(removed))


def compare_lines(older: Iterable[bytes], newer: Iterable[bytes]) -> Iterator[EntityDifference]:
    """Yield the differences from some sorted lines to others, by subject."""
    merging = _Entity("")
    for line, is_old, is_new in _merge(older, newer):
        if not line.startswith(merging.prefix) or not merging.prefix:
            if merging.differs:
                yield merging.difference()
            merging = _Entity(_subject(line))
        merging.add(line, is_old, is_new)
    if merging.differs:
        yield merging.difference()


@dataclass(slots=True)
class _Entity:
    """A subject while its lines are read."""

    subject: str
    added: list[bytes] = field(default_factory=list)
    removed: list[bytes] = field(default_factory=list)
    was_there: bool = False
    is_there: bool = False
    prefix: bytes = b""

    def __post_init__(self) -> None:
        self.prefix = f"{self.subject} ".encode() if self.subject else b""

    @property
    def differs(self) -> bool:
        return bool(self.added or self.removed)

    def add(self, line: bytes, is_old: bool, is_new: bool) -> None:
        """Take a line that one of the releases has, or both."""
        self.was_there |= is_old
        self.is_there |= is_new
        if not is_old:
            self.added.append(line)
        elif not is_new:
            self.removed.append(line)

    def difference(self) -> EntityDifference:
        change: Change = "changed"
        if not self.was_there:
            change = "created"
        elif not self.is_there:
            change = "deleted"
        return EntityDifference(self.subject, change, tuple(self.added), tuple(self.removed))


def _merge(older: Iterable[bytes], newer: Iterable[bytes]) -> Iterator[tuple[bytes, bool, bool]]:
    """Yield each line of two sorted files once: whether the older has it, whether the newer has.

    One line of each is held at a time. UTF-8 sorts by bytes as by code points.
    """
    olds, news = iter(older), iter(newer)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if old == new:
            assert old is not None
            yield old, True, True
            old, new = next(olds, None), next(news, None)
        elif old is None or (new is not None and new < old):
            assert new is not None
            yield new, False, True
            new = next(news, None)
        else:
            yield old, True, False
            old = next(olds, None)


def _subject(line: bytes) -> str:
    """Return the subject of a line of N-Quads: it has no space in it.

    >>> _subject(b"<urn:a> <urn:p> <urn:o> .")
    '<urn:a>'
    """
    return line[: line.index(b" ")].decode()
