"""What a release has beside its statements so that no page reads all of them: counts, sorted IRIs.

``build`` writes it. For a release without it, everything is counted from the sorted dump.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import RLock
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.summaries import (
    Subjects,
    Summaries,
    from_json,
    read_subjects,
    read_targets,
    summarize,
)
from unicef_linked.release.iris import SortedIris, open_iris, write_iris
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Draft, Release

COUNTS: Final = "summaries/counts.json"
DESCRIBED: Final = "summaries/described.txt"
MEMBERS: Final = "summaries/members.txt"
OUTGOING: Final = "summaries/outgoing.txt"


def write_summaries(
    draft: Draft,
    names: Names,
    shapes: Iterable[Quad],
    *,
    union: bool,
    passing: Callable[[Iterable[bytes]], Iterable[bytes]] = iter,
) -> None:
    """Write the summaries of a draft whose dump in N-Quads is written.

    Its lines are read three times; ``passing`` is given them, and returns them as they are taken.
    """
    lines = open_lines(draft.folder / "dumps" / "dataset.nq")
    counts, urls = summarize(
        lambda: passing(lines), names, union=union, targets=read_targets(shapes)
    )
    subjects = read_subjects(passing(lines), names, union=union)
    draft.write_json(COUNTS, counts.to_json())
    for name, iris in (
        (DESCRIBED, subjects.described),
        (MEMBERS, subjects.members),
        (OUTGOING, urls),
    ):
        draft.write(name, partial(write_iris, iris))


@dataclass(frozen=True)
class ReleaseSummaries:
    """The summaries of one release: as published, else counted when first used, once."""

    release: Release
    _lock: RLock = field(default_factory=RLock, init=False, repr=False, compare=False)

    @property
    def are_published(self) -> bool:
        """Whether the release has them, so that nothing need be counted."""
        return (self.release.path / COUNTS).is_file()

    @property
    def counts(self) -> Summaries:
        """The counts."""
        with self._lock:
            return self._counts[0]

    @property
    def described(self) -> SortedIris:
        """Every IRI that is the subject of a statement; not one that only names its successor."""
        with self._lock:
            return self._described

    @property
    def members(self) -> SortedIris:
        """The entities of ours that have a class in the default graph."""
        with self._lock:
            return self._members

    @property
    def outgoing(self) -> SortedIris:
        """The URLs outside the dataset that it leads to, without fragments."""
        with self._lock:
            return self._outgoing

    @cached_property
    def _counts(self) -> tuple[Summaries, list[bytes]]:
        """The counts; and the outgoing URLs, where they were counted too."""
        path = self.release.path / COUNTS
        if path.is_file():
            counts = from_json(json.loads(path.read_text(encoding="utf-8")))
            if counts is not None:
                return counts, []
        lines = open_lines(self.release.dataset)
        try:
            return summarize(
                lines.__iter__,
                self.release.names,
                union=self.release.manifest.union,
                targets=read_targets(self.release.shapes()),
            )
        finally:
            lines.close()

    @cached_property
    def _subjects(self) -> Subjects:
        lines = open_lines(self.release.dataset)
        try:
            union = self.release.manifest.union
            return read_subjects(lines, self.release.names, union=union)
        finally:
            lines.close()

    @cached_property
    def _described(self) -> SortedIris:
        published = self._open(DESCRIBED)
        return _in_memory(self._subjects.described) if published is None else published

    @cached_property
    def _members(self) -> SortedIris:
        published = self._open(MEMBERS)
        return _in_memory(self._subjects.members) if published is None else published

    @cached_property
    def _outgoing(self) -> SortedIris:
        published = self._open(OUTGOING)
        return _in_memory(self._counts[1]) if published is None else published

    def _open(self, name: str) -> SortedIris | None:
        path: Path = self.release.path / name
        return open_iris(path) if path.is_file() else None


def _in_memory(iris: Iterable[bytes]) -> SortedIris:
    return SortedIris(b"".join(iri + b"\n" for iri in iris))
