"""The files of a release that hold its statements."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, serialize

from unicef_linked.build.content import tool_versions
from unicef_linked.rdf.canonical import canonical_lines, sort_quads
from unicef_linked.rdf.formats import DUMPS, JSONLD, NQUADS, TURTLE, Format
from unicef_linked.rdf.iris import SHACL
from unicef_linked.rdf.jsonld import make_context
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import is_iri, is_of_rdf12, value_of
from unicef_linked.release import Draft, Manifest
from unicef_linked.release.manifest import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from unicef_linked.rdf.iris import Names

_PREFIX_NAME: Final = re.compile(r"(?!(?i:xml))[A-Za-z]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_PREFIX: Final = NamedNode(f"{SHACL}prefix")
_NAMESPACE: Final = NamedNode(f"{SHACL}namespace")


def write_dataset(
    draft: Draft,
    quads: Iterable[Quad],
    names: Names,
    *,
    issued: datetime,
    union: bool,
    conforms: bool | None,
    sources: Mapping[str, str],
) -> Manifest:
    """Write the dumps and the JSON-LD context of a dataset; return its manifest.

    ``names`` may have prefixes of the files; those that the statements declare go before them.
    There is no dump in JSON-LD of a dataset with terms of RDF 1.2.
    """
    ordered = sort_quads(quads)
    names = replace(names, declared={**names.declared, **declared_prefixes(ordered)})
    is_rdf12 = any(is_of_rdf12(quad.object) for quad in ordered)
    sums = {
        kind: draft.write_dump(name, partial(_write_dump, ordered, names, kind, union))
        for name, kind in DUMPS.items()
        if not (is_rdf12 and kind is JSONLD)
    }
    draft.write_json("context.jsonld", {"@context": make_context(ordered, names)})
    graphs = Counter(_graph_name(quad) for quad in ordered)
    return Manifest(
        sha256=sums[NQUADS],
        base_iri=names.base,
        issued=format_instant(issued),
        quads=len(ordered),
        graphs=dict(sorted(graphs.items())),
        union=union,
        conforms=conforms,
        sources=sources,
        tools=tool_versions(),
        prefixes=names.declared,
    )


def declared_prefixes(quads: Iterable[Quad]) -> dict[str, str]:
    """Return the namespaces that statements declare prefixes for (SHACL, section 5.2.1), sorted.

    What no file could use as a prefix is passed over.
    """
    prefixes: dict[str, str] = {}
    namespaces: dict[str, str] = {}
    for quad in quads:
        if quad.predicate == _PREFIX:
            prefixes[str(quad.subject)] = value_of(quad.object)
        elif quad.predicate == _NAMESPACE:
            namespaces[str(quad.subject)] = value_of(quad.object)
    return usable_prefixes(
        (name, namespaces.get(node, "")) for node, name in sorted(prefixes.items())
    )


def usable_prefixes(prefixes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return those of prefixes that every format can have, by name; the last of a name counts."""
    declared = {
        name: namespace
        for name, namespace in prefixes
        if _PREFIX_NAME.fullmatch(name) and is_iri(namespace)
    }
    return dict(sorted(declared.items()))


def _write_dump(
    ordered: Sequence[Quad], names: Names, kind: Format, union: bool, stream: BinaryIO
) -> None:
    """Write sorted quads in one of the formats of ``DUMPS``.

    Turtle has the triples of all graphs; with ``union`` each once, as in the default graph.
    """
    if kind is NQUADS:
        stream.writelines(canonical_lines(ordered))
    elif kind is TURTLE:
        triples = [quad.triple for quad in ordered]
        is_one_graph = all(isinstance(quad.graph_name, DefaultGraph) for quad in ordered)
        stream.write(
            write_rdf(
                set(triples) if union and not is_one_graph else triples,
                kind.rdf,
                names.prefixes,
                is_sorted=is_one_graph,
            )
        )
    else:
        serialize(ordered, stream, kind.rdf)


def _graph_name(quad: Quad) -> str:
    graph = quad.graph_name
    return "" if isinstance(graph, DefaultGraph) else str(graph.value)
