"""What a release knows of those before it: which they were, and what each step changed."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.canonical import name_of, split_line
from unicef_linked.release.lines import open_lines
from unicef_linked.release.manifest import PreviousRelease

if TYPE_CHECKING:
    from unicef_linked.release.directory import Release
    from unicef_linked.release.lines import SortedLines
    from unicef_linked.release.manifest import Manifest

MOST_STEPS: Final = 50
"""Most earlier releases in a manifest; older ones are dropped."""


def extend_history(
    older: Release | None, manifest: Manifest, dataset: SortedLines
) -> tuple[PreviousRelease, ...]:
    """Return the history of a release that will replace ``older``, newest first.

    ``dataset`` are the lines of the new release's ``dataset.nq``. The time of the build has no
    influence. A release of the same statements keeps the history of ``older``; one with another
    base IRI has none.
    """
    if older is None or older.manifest.base_iri != manifest.base_iri:
        return ()
    previous = older.manifest
    if previous.sha256 == manifest.sha256:
        return previous.history
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    with closing(open_lines(older.dataset)) as lines:
        for is_new, line in lines.differing(dataset):
            (added if is_new else removed)[_graph_name(line)] += 1
    step = PreviousRelease(
        previous.sha256,
        previous.issued,
        previous.quads,
        dict(sorted(added.items())),
        dict(sorted(removed.items())),
    )
    return (step, *previous.history)[:MOST_STEPS]


def _graph_name(line: bytes) -> str:
    """Return the graph name of a line of N-Quads; "" is the default graph."""
    return name_of(split_line(line)[3])
