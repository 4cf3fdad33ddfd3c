"""Entities that a release had and the data to be published no longer has."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.mappings import REPLACED_BY
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.release import Release
    from unicef_linked.release.lines import SortedLines

_NAMED: Final = 10
"""Most entities that are named, each in a sentence; the others are counted."""


def warn_of_vanished(older: Release, lines: SortedLines) -> Iterator[str]:
    """Yield a sentence for each entity that vanishes without a successor.

    Entities of derived graphs alone are left out: rules make them, and no editor removed them.
    """
    names = older.names
    number = 0
    for iri in _vanished(older, lines):
        number += 1
        if number <= _NAMED:
            short = names.shorten(iri)
            yield (
                f"{short} vanishes: release {older.manifest.name} has it; if something replaces it,"
                f" say so: {short} {names.shorten(REPLACED_BY)} …"
            )
    if number > _NAMED:
        yield f"{number - _NAMED:,} more entities vanish"


def _vanished(release: Release, lines: SortedLines) -> Iterator[str]:
    """Yield the IRIs of a release's entities that a file states and the lines lack, in order."""
    names = release.names
    beginning = f"<{names.entities}".encode()
    derived = f" <{names.graph('derived/')}".encode()
    replaced = f"> <{REPLACED_BY}> ".encode()
    last = b""
    with closing(open_lines(release.dataset)) as older:
        for is_new, line in older.differing(lines):
            if is_new or not line.startswith(beginning) or derived in line or replaced in line:
                continue
            subject = line[1 : line.index(b">")]
            if subject == last:
                continue
            last = subject
            iri = subject.decode()
            if names.type_and_key(iri) and not lines.has_subject(f"<{iri}>"):
                yield iri
