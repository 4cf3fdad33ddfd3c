"""Entities that a release had and the data to be published no longer has."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.rdf.mappings import REPLACED_BY
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Release

_NAMED: Final = 10
"""Most entities that are named, each in a sentence; the others are counted."""


def warn_of_vanished(older: Release, quads: Iterable[Quad]) -> Iterator[str]:
    """Yield a sentence for each entity that vanishes without a successor.

    Entities of derived graphs alone are left out: rules make them, and no editor removed them.
    """
    names = older.names
    subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    vanished = [iri for iri in _entities(older, names) if iri not in subjects]
    for iri in vanished[:_NAMED]:
        short = names.shorten(iri)
        yield (
            f"{short} vanishes: release {older.manifest.name} has it; if something replaces it,"
            f" say so: {short} {names.shorten(REPLACED_BY)} …"
        )
    if len(vanished) > _NAMED:
        yield f"{len(vanished) - _NAMED:,} more entities vanish"


def _entities(release: Release, names: Names) -> Iterator[str]:
    """Yield the IRIs of a release's entities that a file states, in their order."""
    beginning = f"<{names.entities}".encode()
    derived = f" <{names.graph('derived/')}".encode()
    replaced = f"> <{REPLACED_BY}> ".encode()
    last = b""
    with closing(open_lines(release.dataset)) as lines:
        for line in lines.beginning(beginning):
            subject = line[1 : line.index(b">")]
            if subject == last or derived in line or replaced in line:
                continue
            last = subject
            if names.type_and_key(subject.decode()):
                yield subject.decode()
