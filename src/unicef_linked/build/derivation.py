"""From rules to derived named graphs: each ``rules/*.rq`` is one CONSTRUCT query and one graph.

The statistics are derived last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QueryTriples, Store, Triple

from unicef_linked.errors import MalformedData, UnusableInput
from unicef_linked.rdf.iris import CANONICAL_BASE, SHACL, Names
from unicef_linked.rdf.statistics import count, count_distinct, describe, describe_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_AFTER: Final = re.compile(r"^#\s*after\s*:\s*(.+?)\s*$", re.MULTILINE)
_REPEATS: Final = re.compile(r"^#\s*repeats\s*:", re.MULTILINE)
_BATCH: Final = 200_000
"""Constructed triples that are compared with the store at a time: a bound on memory."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One CONSTRUCT query, which describes its own graph too.

    A comment ``# after: name, name`` in its header names the rules that it builds on; one
    ``# repeats: what and why`` says that its graph states again what other graphs state.
    """

    path: Path
    text: str
    after: tuple[str, ...]
    repeats: bool  # its graph states again what other graphs state

    @property
    def name(self) -> str:
        """The file's name without its suffix; the derived graph is ``graph/derived/{name}``."""
        return self.path.stem


def read_rules(folder: Path, names: Names) -> list[Rule]:
    """Return the rules in ``folder``, each after those it builds on, else by name.

    Raises UnusableInput when a rule names one that does not exist, or rules form a circle.
    """
    rules = {}
    for path in sorted(folder.glob("*.rq")) if folder.is_dir() else ():
        text = path.read_text(encoding="utf-8").replace(CANONICAL_BASE, names.base)
        after = " ".join(_AFTER.findall(text)).replace(",", " ")
        repeats = bool(_REPEATS.search(text))
        rules[path.stem] = Rule(path, text, tuple(after.split()), repeats)
    for rule in rules.values():
        missing = [name for name in rule.after if name not in rules]
        if missing:
            raise UnusableInput(f"{rule.path}: runs after {missing[0]!r}, which is not a rule")
    try:
        order = TopologicalSorter({name: rule.after for name, rule in rules.items()})
        order.prepare()
        ordered: list[Rule] = []
        while order.is_active():
            ready = sorted(order.get_ready())
            ordered += [rules[name] for name in ready]
            order.done(*ready)
    except CycleError as error:
        raise UnusableInput(
            f"{folder}: rules wait for each other: {' → '.join(error.args[1])}"
        ) from None
    return ordered


def state_rules(rules: Iterable[Rule], names: Names) -> list[Quad]:
    """Return the text of each rule, stated of ``id/rule/{name}`` in the graph that it derives."""
    return [
        Quad(
            NamedNode(names.entity("rule", rule.name)),
            NamedNode(f"{SHACL}construct"),
            Literal(rule.text),
            NamedNode(names.graph(f"derived/{rule.name}")),
        )
        for rule in rules
    ]


def derive(store: Store, rules: Iterable[Rule], names: Names) -> Iterator[Quad]:
    """Yield what the rules derive, each statement in its rule's graph; ``store`` takes it too.

    Each rule reads what is in the store, with what the rules before it derived, as one default
    graph and by graph name. Statements that are already there are not derived again, but by a rule
    that repeats those of other graphs; what one rule constructs twice may come twice. Raises
    MalformedData for a rule that is not a CONSTRUCT query, or that makes blank nodes.
    """
    for rule in rules:
        graph = NamedNode(names.graph(f"derived/{rule.name}"))
        # A query reads the store as it was when it began.
        triples = _run(rule, store)
        stated: dict[NamedNode, bool] = {}  # whether any statement had a property before the rule
        while batch := set(islice(triples, _BATCH)):
            new = [
                Quad(t.subject, t.predicate, t.object, graph)
                for t in batch
                if rule.repeats or not _is_stated(t, store, stated)
            ]
            store.extend(new)
            yield from new


def _is_stated(triple: Triple, store: Store, stated: dict[NamedNode, bool]) -> bool:
    """Tell whether a triple is there; most that are derived have a property that nothing had."""
    predicate = triple.predicate
    if predicate not in stated:
        stated[predicate] = any(store.quads_for_pattern(None, predicate, None))
    return stated[predicate] and any(
        store.quads_for_pattern(triple.subject, predicate, triple.object)
    )


def _run(rule: Rule, store: Store) -> Iterator[Triple]:
    """Yield the triples that one rule constructs. Raises MalformedData."""
    try:
        answer = store.query(rule.text, use_default_graph_as_union=True)
    except SyntaxError as error:
        position = re.match(r"error at (\d+):(\d+): ", str(error))
        line, column = (int(position[1]), int(position[2])) if position else (None, None)
        raise MalformedData(
            rule.path, f"not a SPARQL query: {error}", line=line, column=column
        ) from None
    if not isinstance(answer, QueryTriples):
        raise MalformedData(rule.path, "a rule is a CONSTRUCT query")
    for triple in answer:
        if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode):
            raise MalformedData(rule.path, "makes blank nodes; build an IRI instead")
        yield triple


def count_published(
    lines: Callable[[], Iterable[bytes]],
    names: Names,
    distinct: Callable[[Iterable[bytes]], int] = count_distinct,
) -> list[Quad]:
    """Return the statistics of all graphs but their own, ``graph/derived/statistics``.

    ``lines`` returns the sorted lines of the dataset, ``distinct`` how many terms are distinct.
    """
    iri = names.graph("derived/statistics")
    statistics = count(lines, distinct, inside=f"{names.ontology}#", without=iri)
    triples = (*describe(statistics, names), *describe_classes(statistics, names))
    return [Quad(t.subject, t.predicate, t.object, NamedNode(iri)) for t in triples]
