"""Evaluation of a query over the RDF dataset that it names, by the embedded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

if TYPE_CHECKING:
    from unicef_linked.store.query import QueryDataset


class Dataset(NamedTuple):
    """The dataset, and its default graph as a store of its own, in which patterns match faster."""

    whole: ox.Store
    default: ox.Store


def query_dataset(
    dataset: Dataset, text: str, graphs: QueryDataset | None, *, base: str = ""
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """Return the engine's answer over ``graphs``, or over the whole dataset if there are none.

    The graphs are given to the engine, which by itself would read one twice that ``FROM`` or
    ``FROM NAMED`` name twice: https://github.com/oxigraph/oxigraph/issues/1919
    """
    base_iri = base or None
    if graphs is None:
        store = dataset.whole if _may_name_graphs(text) else dataset.default
        return store.query(text, base_iri=base_iri)
    iris = graphs.default_graphs
    is_merge = len(iris) > 1
    return (_merged(dataset.whole, iris, text) if is_merge else dataset.whole).query(
        text,
        base_iri=base_iri,
        default_graph=[ox.DefaultGraph()] if is_merge else [ox.NamedNode(iri) for iri in iris],
        named_graphs=[ox.NamedNode(iri) for iri in graphs.named_graphs],
    )


def _may_name_graphs(query: str) -> bool:
    """Tell whether a query may contain ``GRAPH`` or ``FROM``, plainly or by codepoint escapes."""
    lower = query.lower()
    return "graph" in lower or "from" in lower or "\\" in query


def _merged(store: ox.Store, default_graphs: tuple[str, ...], query: str) -> ox.Store:
    """Return a store whose default graph is the RDF merge of the graphs; named graphs as before.

    Named graphs are left out for a query that cannot name one. A merge holds each triple once
    (SPARQL 1.1 Query, section 13.1). Oxigraph, at least up to 0.5.13, returns a triple once for
    each default graph that holds it: https://github.com/oxigraph/oxigraph/issues/1919
    """
    merged = ox.Store()
    if _may_name_graphs(query):
        merged.extend(quad for quad in store if not isinstance(quad.graph_name, ox.DefaultGraph))
    for name in default_graphs:
        quads = store.quads_for_pattern(None, None, None, ox.NamedNode(name))
        merged.extend(ox.Quad(*quad.triple) for quad in quads)
    return merged
