"""What a release knows of those before it: which they were, and what each step changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, RdfFormat, parse

from unicef_linked.release.manifest import PreviousRelease

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.release.directory import Release
    from unicef_linked.release.manifest import Manifest

MOST_STEPS: Final = 50
"""Most earlier releases in a manifest; older ones are dropped."""


def extend_history(
    older: Release | None, manifest: Manifest, dataset: Iterable[bytes]
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
    with older.dataset.open("rb") as lines:
        for is_new, line in _differences(lines, dataset):
            (added if is_new else removed)[_graph_name(line)] += 1
    step = PreviousRelease(
        previous.sha256, previous.quads, dict(sorted(added.items())), dict(sorted(removed.items()))
    )
    return (step, *previous.history)[:MOST_STEPS]


def _differences(older: Iterable[bytes], newer: Iterable[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Yield the lines that only one of two sorted files has, and whether that is the newer.

    One line of each is held at a time. UTF-8 sorts by bytes as by code points.

    >>> list(_differences([b"a", b"b"], [b"b", b"c"]))
    [(False, b'a'), (True, b'c')]
    """
    olds, news = iter(older), iter(newer)
    old, new = next(olds, None), next(news, None)
    while old is not None or new is not None:
        if old == new:
            old, new = next(olds, None), next(news, None)
        elif old is None or (new is not None and new < old):
            assert new is not None
            yield True, new
            new = next(news, None)
        else:
            yield False, old
            old = next(olds, None)


def _graph_name(line: bytes) -> str:
    """Return the graph name of a line of N-Quads; "" is the default graph."""
    quad = next(parse(line, format=RdfFormat.N_QUADS))
    graph = quad.graph_name
    return "" if isinstance(graph, DefaultGraph) else str(graph.value)
