"""IRIs of a dataset that lead to a page of the program rather than to their own description.

The program's own paths go before those of the data, so that every dataset can be searched, queried
and downloaded at the same addresses. The start and the build name each IRI that this hides.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from unicef_linked import addresses
from unicef_linked.rdf.canonical import iri_of, split_line
from unicef_linked.rdf.formats import DOCUMENT_FORMATS
from unicef_linked.release.lines import open_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unicef_linked.release import Release
    from unicef_linked.release.lines import SortedLines

_WITH_SUFFIX: Final = (
    addresses.DATASET,
    addresses.QUALITY,
    addresses.RELEASES,
    addresses.RESOURCE,
    addresses.FRAGMENTS,
    addresses.RESOLVE,
)

OWN_PATHS: Final = (
    addresses.HOME,
    *_WITH_SUFFIX,
    *(f"{path}.{each.suffix}" for path in _WITH_SUFFIX for each in DOCUMENT_FORMATS),
    addresses.CONTEXT,
    addresses.DUMPS,
    addresses.DUMPS.rstrip("/"),
    addresses.EXPORTS,
    addresses.EXPORTS.rstrip("/"),
    addresses.CHANGES,
    addresses.FEED,
    addresses.SPARQL,
    addresses.QUERIES,
    addresses.SEARCH,
    addresses.RECONCILE,
    addresses.DOCS,
    addresses.OPENAPI,
    addresses.LLMS,
    addresses.LINKSET,
    addresses.VOID,
    addresses.ROBOTS,
    addresses.SITEMAP,
    addresses.HEALTH,
    addresses.READINESS,
    addresses.METRICS,
)
"""Paths at which the program answers whatever the data has; others are sought in the data too."""


def warnings(release: Release, mappings: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a sentence for each of our paths that hides an IRI of the dataset.

    ``mappings`` are beginnings of IRIs with the paths that answer for them: see ``Settings``.
    """
    with closing(open_lines(release.dataset)) as lines:
        for start, local in mappings:
            for path in OWN_PATHS:
                if not path.startswith(local):
                    continue
                hidden = _described(lines, start + path.removeprefix(local))
                if hidden and hidden not in _described_there(release, path):
                    yield (
                        f"<{hidden}> is answered by our {path}, not by its description, which is at"
                        f" {addresses.resource(hidden)}; to lead there, map the IRIs to a path of"
                        f" their own (--map {start}=/data/) and let the proxy add it"
                    )


def _described(lines: SortedLines, document: str) -> str:
    """Return the first IRI that is a document, or a part of it, and is described; "" if none is."""
    for ending in ("> ", "#", "?"):
        line = next(lines.beginning(f"<{document}{ending}".encode()), None)
        if line is not None:
            return iri_of(split_line(line)[0])
    return ""


def _described_there(release: Release, path: str) -> Sequence[str]:
    """Return the IRIs that a path of ours is about: the dataset, or what the data is about."""
    if path == addresses.HOME:
        return (release.manifest.topic, release.names.dataset)
    return (release.names.dataset,) if path == addresses.DATASET else ()
