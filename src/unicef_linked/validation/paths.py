"""Property paths (SHACL, section 2.3.1) over columns: from a node to its value nodes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import rdflib
from rdflib.namespace import RDF, SH

from unicef_linked.validation.terms import from_rdflib

if TYPE_CHECKING:
    from unicef_linked.rdf.terms import Term
    from unicef_linked.validation.columns import Columns

Follow = Callable[[int], Collection[int]]
"""From a node to the nodes that a path leads to, each once."""

_DEPTH: Final = 8
"""How deep paths may be nested here: pySHACL refuses more than ten levels."""


class NotCovered(Exception):
    """A shape has a part that is judged by pySHACL alone."""


@dataclass(frozen=True, slots=True)
class Path:
    """A property path; ``kind`` is that of a sh:…Path, "sequence", or "iri" with a ``term``."""

    kind: str
    parts: tuple[Path, ...] = ()
    term: Term | None = None


def read_path(graph: rdflib.Graph, node: rdflib.term.Node, depth: int = 0) -> Path:
    """Return the path that a node of the shapes graph is; raises NotCovered."""
    if isinstance(node, rdflib.URIRef):
        return Path("iri", term=from_rdflib(node))
    if not isinstance(node, rdflib.BNode) or depth > _DEPTH:
        raise NotCovered
    if (node, RDF.first, None) in graph:
        return Path("sequence", _members(graph, node, depth))
    statements = [(p, o) for p, o in graph.predicate_objects(node) if p in _KINDS]
    if len(statements) != 1:
        raise NotCovered
    predicate, value = statements[0]
    kind = _KINDS[predicate]
    if kind == "alternative":
        return Path(kind, _members(graph, value, depth))
    part = read_path(graph, value, depth + 1)
    if kind == "inverse" and part.kind != "iri":
        raise NotCovered  # pySHACL, at least up to 0.40.1, does not turn a sequence round
    return Path(kind, (part,))


_KINDS: Final[dict[rdflib.term.Node, str]] = {
    SH.inversePath: "inverse",
    SH.alternativePath: "alternative",
    SH.zeroOrMorePath: "zeroOrMore",
    SH.oneOrMorePath: "oneOrMore",
    SH.zeroOrOnePath: "zeroOrOne",
}


def _members(graph: rdflib.Graph, node: rdflib.term.Node, depth: int) -> tuple[Path, ...]:
    try:
        items = list(graph.items(node))
    except ValueError:  # a list that contains itself
        raise NotCovered from None
    if not 2 <= len(items) <= _DEPTH:
        raise NotCovered
    return tuple(read_path(graph, item, depth + 1) for item in items)


def follower(path: Path, columns: Columns) -> Follow:
    """Return how to follow a path in the data."""
    if path.term is not None:
        forward = columns.forward(columns.number(path.term))
        return lambda node: forward.get(node, ())
    if path.kind == "inverse":
        [part] = path.parts
        assert part.term is not None
        backward = columns.backward(columns.number(part.term))
        return lambda node: backward.get(node, ())
    parts = [follower(part, columns) for part in path.parts]
    if path.kind == "sequence":
        return lambda node: _in_sequence(node, parts)
    if path.kind == "alternative":
        return lambda node: {value for part in parts for value in part(node)}
    [step] = parts
    if path.kind == "zeroOrOne":
        return lambda node: {node, *step(node)}
    if path.kind == "zeroOrMore":
        return lambda node: _closure({node}, step)
    return lambda node: _closure(step(node), step)


def _in_sequence(node: int, steps: Collection[Follow]) -> Collection[int]:
    nodes: Collection[int] = (node,)
    for step in steps:
        nodes = {value for each in nodes for value in step(each)}
    return nodes


def _closure(start: Collection[int], step: Follow) -> Collection[int]:
    reached = set(start)
    queue = list(reached)
    for node in queue:
        further = [value for value in step(node) if value not in reached]
        reached.update(further)
        queue += further
    return reached
