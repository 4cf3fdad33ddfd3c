"""The kept releases of a dataset: which there are, what each said of a thing, when that changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.errors import NotFound
from unicef_linked.rdf.mappings import REPLACED_BY
from unicef_linked.rdf.terms import iris_in, objects_of, value_of
from unicef_linked.release.differences import compare_lines
from unicef_linked.release.kept import kept_releases
from unicef_linked.store.archived import Archived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.release import Release
    from unicef_linked.release.differences import EntityDifference

_OPEN: Final = 8
"""Earlier releases that stay open at a time. An open one costs a file mapping, no memory of
ours."""


@dataclass(frozen=True, slots=True)
class Event:
    """What one release changed of one thing."""

    release: Release
    difference: EntityDifference


class Past:
    """The releases of one dataset from the first to the last, and ``current`` among them."""

    def __init__(self, releases: Sequence[Release], current: Release) -> None:
        self.releases = tuple(releases)
        self.current = current
        self._stores: OrderedDict[str, Archived] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def of(release: Release) -> Past:
        """Return a release among those that are kept beside it."""
        return Past(kept_releases(release), release)

    @cached_property
    def _by_name(self) -> dict[str, Release]:
        return {release.manifest.name: release for release in self.releases}

    def find(self, name: str) -> Release:
        """Return a kept release by its short name; raises NotFound for another."""
        release = self._by_name.get(name)
        if release is None:
            raise NotFound(f"no release {name} is kept here; the list is at /releases")
        return release

    @property
    def published(self) -> tuple[Release, ...]:
        """The releases up to the current one; after it come those that were taken back."""
        return self.releases[: self.releases.index(self.current) + 1]

    def before(self, release: Release) -> tuple[Release, ...]:
        """Return the releases before one that are still there, newest first."""
        earlier = self.releases[: self.releases.index(release)]
        return tuple(r for r in reversed(earlier) if r.dataset.exists())

    def store(self, release: Release) -> Archived:
        """Return the store of a release; a few stay open. Raises NotFound if it was removed."""
        name = release.manifest.name
        with self._lock:
            store = self._stores.pop(name, None) or Archived(release)
            try:
                _ = store.lines
            except OSError:
                raise NotFound(f"release {name} is not kept here any more") from None
            self._stores[name] = store
            while len(self._stores) > _OPEN:
                # Not closed: another thread may read from it. It goes with its last reader.
                self._stores.popitem(last=False)
            return store

    def readable(self) -> Iterator[Release]:
        """Yield the releases that are still there, oldest first."""
        for release in self.releases:
            if release.dataset.exists():
                yield release

    def events(self, iri: str) -> list[Event]:
        """Return what each published release changed of an IRI, newest first; nothing of one alone.

        The first release that is kept is taken for the one that created what it has.
        """
        if len(self.published) == 1:
            return []
        subject = f"<{iri}>"
        events: list[Event] = []
        before: list[bytes] = []
        for release in self.published:
            if not release.dataset.exists():
                continue
            after = list(self.store(release).lines.of_subject(subject))
            events += [Event(release, d) for d in compare_lines(before, after)]
            before = after
        return events[::-1]

    def last_statements(self, iri: str) -> list[Quad]:
        """Return what the last release that described a thing said of it; none if none did.

        A release that only names its successor does not describe it.
        """
        for release in reversed(tuple(self.readable())):
            quads = self.store(release).match(NamedNode(iri))
            if quads and not is_withdrawn(quads):
                return quads
        return []


def former_statements(past: Past) -> dict[str, list[Quad]]:
    """Return what was last said of the things that others replace, by the IRI of the successor.

    A thing without a successor that the current release describes is left out.
    """
    replaced: dict[str, tuple[str, ...]] = {}
    for release in past.published:
        if release.dataset.exists():
            for quad in past.store(release).match(None, NamedNode(REPLACED_BY)):
                iri = value_of(quad.subject)
                replaced[iri] = tuple(
                    dict.fromkeys((value_of(quad.object), *replaced.get(iri, ())))
                )
    former: dict[str, list[Quad]] = {}
    current = past.store(past.current)
    for iri in sorted(replaced):
        if not is_withdrawn(current.match(NamedNode(iri)), or_absent=True):
            continue
        statements = past.last_statements(iri)
        for successor in _last_successors(current, replaced, iri):
            former.setdefault(successor, []).extend(statements)
    return former


def _last_successors(
    current: Archived, replaced: Mapping[str, tuple[str, ...]], iri: str
) -> Iterator[str]:
    """Yield the described things at the end of the chains of successors."""
    pending, seen = [iri], {iri}
    while pending:
        for successor in replaced.get(pending.pop(), ()):
            if successor in seen:
                continue
            seen.add(successor)
            if is_withdrawn(current.match(NamedNode(successor)), or_absent=True):
                pending.append(successor)
            else:
                yield successor


def is_withdrawn(about: Iterable[Quad], *, or_absent: bool = False) -> bool:
    """Tell whether the statements about a thing only name what replaces it; or are none."""
    predicates = {quad.predicate.value for quad in about}
    return predicates == {REPLACED_BY} or (or_absent and not predicates)


def successors(about: Iterable[Quad]) -> tuple[str, ...]:
    """Return the IRIs of what replaces a thing, by the statements about it."""
    return iris_in(objects_of(about, REPLACED_BY))
