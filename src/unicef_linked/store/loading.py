"""A release in memory: named graphs as published, the default graph as a consumer expects to query it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, Quad, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.release import Release


def load_release(release: Release) -> Store:
    """Return a release as an in-memory store.

    Where the release says that its default graph is the union, the union is stored: the engine's own union keeps a
    statement once for each graph that holds it, while an RDF merge holds it once (RDF 1.1 Semantics, section 4.1).
    """
    store = Store()
    store.bulk_extend(_statements(release))
    return store


def _statements(release: Release) -> Iterator[Quad]:
    for quad in release.quads():
        yield quad
        if release.manifest.union and not isinstance(quad.graph_name, DefaultGraph):
            yield Quad(quad.subject, quad.predicate, quad.object)
