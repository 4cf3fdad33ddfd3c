"""Validation by sets: each constraint once, over all its focus nodes.

What it does not cover is left to pySHACL; both give the same results.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import rdflib
from pyoxigraph import BlankNode
from pyshacl.shapes_graph import ShapesGraph
from rdflib.namespace import RDF, RDFS, SH

from unicef_linked.rdf.iris import SHACL
from unicef_linked.validation.constraints import (
    Compiler,
    NodeConstraint,
    PropertyConstraint,
    QueryConstraint,
    Shape,
    sort_messages,
)
from unicef_linked.validation.paths import NotCovered, follower
from unicef_linked.validation.queries import Engine
from unicef_linked.validation.report import Result, known_severity
from unicef_linked.validation.terms import from_rdflib, text_of, to_rdflib, to_rdflib_term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyoxigraph import Quad

    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.validation.columns import Columns
    from unicef_linked.validation.constraints import Breach, Rows
    from unicef_linked.validation.queries import Query

_TARGETS: Final = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)


@dataclass(frozen=True, slots=True)
class Finding:
    """A result before it is worded."""

    shape: Shape
    source: Any  # pySHACL's constraint
    focus: Term
    value: Term | None
    path: str
    component: str
    messages: tuple[tuple[str, str], ...] | None = None  # None: those of the shape, or generic


@dataclass(slots=True)
class Verdict:
    """What a shape says of nodes."""

    findings: defaultdict[int, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    failing: set[int] = field(default_factory=set)  # nodes that do not conform


@dataclass(frozen=True, slots=True)
class Outcome:
    """What sets say of a data graph, and the shapes that are left to pySHACL."""

    findings: list[Finding]
    rest: rdflib.Graph | None  # the shapes graph, with targets for the rest alone


def judge(
    columns: Columns,
    shapes_graph: rdflib.Graph,
    each: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Outcome:
    """Evaluate the shapes that are covered; raises ReportableRuntimeError for malformed ones.

    ``each`` is given the shapes, and returns them as they are taken.
    """
    shapes = ShapesGraph(shapes_graph)
    compiler = Compiler(shapes)
    sets = Sets(columns)
    findings: list[Finding] = []
    targeted = [source for source in shapes.shapes if any(source.target())]
    covered = []
    is_complete = True
    for source in each(targeted):
        focuses = frozenset(sets.targets(source))
        if focuses:
            try:
                verdict = sets.evaluate(compiler.compile(source), focuses)
            except NotCovered:
                is_complete = False
                continue
            findings += (each for found in verdict.findings.values() for each in found)
        covered.append(source.node)
    return Outcome(findings, None if is_complete else _without_targets(shapes_graph, covered))


def _without_targets(graph: rdflib.Graph, shapes: Iterable[rdflib.term.Node]) -> rdflib.Graph:
    """Return a copy of a shapes graph in which some shapes have no targets."""
    copy = rdflib.Graph(bind_namespaces="none")
    copy += graph
    classes = {RDFS.Class, *graph.subjects(RDFS.subClassOf, RDFS.Class)}
    for shape in shapes:
        for predicate in _TARGETS:
            copy.remove((shape, predicate, None))
        for cls in classes:
            copy.remove((shape, RDF.type, cls))
    return copy


class Sets:
    """The evaluation of shapes over the columns of a data graph."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self.columns)

    def targets(self, source: Any) -> set[int]:
        """Return the focus nodes of a shape (SHACL, section 2.1.3)."""
        number = self.columns.number
        nodes, classes, implicit, objects_of, subjects_of = source.target()
        focuses = {number(from_rdflib(node)) for node in nodes}
        for cls in {*classes, *implicit}:
            focuses |= self.columns.instances(number(from_rdflib(cls)))
        for predicate in subjects_of:
            focuses |= self.columns.forward(number(from_rdflib(predicate))).keys()
        for predicate in objects_of:
            focuses |= self.columns.backward(number(from_rdflib(predicate))).keys()
        return focuses

    def conforming(self, shape: Shape, rows: Rows) -> set[int]:
        """Return the value nodes that conform to a shape."""
        nodes = frozenset(value for values in rows.values() for value in values)
        return set(nodes - self.evaluate(shape, nodes).failing)

    def evaluate(self, shape: Shape, nodes: frozenset[int]) -> Verdict:
        """Return what a shape says of each node; raises NotCovered."""
        verdict = Verdict()
        if not nodes or not shape.constraints:
            return verdict
        rows: Rows
        if shape.path is None:
            rows = {node: (node,) for node in nodes}
        else:
            follow = follower(shape.path, self.columns)
            rows = {node: follow(node) for node in nodes}
        for constraint in shape.constraints:
            if isinstance(constraint, PropertyConstraint):
                self._add_parts(verdict, constraint, rows)
            elif isinstance(constraint, NodeConstraint):
                self._add_details(verdict, constraint, shape, rows)
            elif isinstance(constraint, QueryConstraint):
                for query in constraint.queries:
                    self._add_solutions(verdict, query, constraint, shape, nodes)
            else:
                for breach in constraint.check(self, rows):
                    finding = self._finding(shape, constraint.source, breach)
                    verdict.findings[breach.focus].append(finding)
                    verdict.failing.add(breach.focus)
        if shape.is_tolerant:
            verdict.failing.clear()
        return verdict

    def _add_parts(self, verdict: Verdict, constraint: PropertyConstraint, rows: Rows) -> None:
        nodes = frozenset(value for values in rows.values() for value in values)
        for part in constraint.shapes:
            inner = self.evaluate(part, nodes)
            for focus, value in _pairs(rows, inner):
                verdict.findings[focus] += inner.findings.get(value, ())
                if value in inner.failing:
                    verdict.failing.add(focus)

    def _add_details(
        self, verdict: Verdict, constraint: NodeConstraint, shape: Shape, rows: Rows
    ) -> None:
        nodes = frozenset(value for values in rows.values() for value in values)
        terms = self.columns.terms
        for part in constraint.shapes:
            inner = self.evaluate(part, nodes)
            for focus, value in _pairs(rows, inner):
                component = str(constraint.source.shacl_constraint_component)
                path = _path_of(shape)
                finding = Finding(
                    shape, constraint.source, terms[focus], terms[value], path, component
                )
                verdict.findings[focus] += (finding, *inner.findings.get(value, ()))
                verdict.failing.add(focus)

    def _add_solutions(
        self,
        verdict: Verdict,
        query: Query,
        constraint: QueryConstraint,
        shape: Shape,
        nodes: frozenset[int],
    ) -> None:
        seen = set()
        for solution in self._engine.solutions(query, nodes):
            key = frozenset(solution.items())
            if key not in seen:
                seen.add(key)
                focus = self.columns.number(solution["this"])
                finding = _finding_of(solution, query, constraint, shape)
                verdict.findings[focus].append(finding)
                verdict.failing.add(focus)

    def _finding(self, shape: Shape, source: Any, breach: Breach) -> Finding:
        terms = self.columns.terms
        value = None if breach.value is None else terms[breach.value]
        path = text_of(breach.path) if breach.path else _path_of(shape)
        component = breach.component or str(source.shacl_constraint_component)
        return Finding(shape, source, terms[breach.focus], value, path, component)


def _pairs(rows: Rows, inner: Verdict) -> Iterator[tuple[int, int]]:
    """Yield the focus nodes and value nodes that another shape has a say on."""
    judged = inner.findings.keys() | inner.failing
    if judged:
        for focus, values in rows.items():
            yield from ((focus, value) for value in values if value in judged)


def _path_of(shape: Shape) -> str:
    path = shape.source.path()
    return str(path) if isinstance(path, rdflib.URIRef) else ""


def _finding_of(
    solution: Solution, query: Query, constraint: QueryConstraint, shape: Shape
) -> Finding:
    """Return the finding of a solution of a query (SHACL, section 5.3.2)."""
    this = solution["this"]
    value = solution.get("value", this if shape.path is None else None)
    path = solution.get("path")
    messages = None
    if shape.messages is None:
        bound = {name: to_rdflib_term(term) for name, term in solution.items()}
        others = {name: bound[name] for name in bound if name not in {"this", "path", "value"}}
        shown = None if value is None else to_rdflib_term(value)
        variables = (bound["this"], bound.get("path"), shown, others)
        word = constraint.source._format_sparql_based_result_message
        texts = {word(str(text.value), variables) for text in query.source.messages or ()}
        messages = tuple(sorted(("", text) for text in texts))
    return Finding(
        shape,
        constraint.source,
        this,
        value,
        ("" if isinstance(path, BlankNode) else text_of(path)) if path else _path_of(shape),
        f"{SHACL}SPARQLConstraintComponent",
        messages,
    )


class Wording:
    """The results of findings; ``data`` is read where blank nodes are written out."""

    def __init__(self, data: Iterable[Quad]) -> None:
        self._data = data
        self._empty = rdflib.Graph(bind_namespaces="none")

    def result(
        self, finding: Finding, place: Callable[[str, str, Term | None], tuple[str, int]]
    ) -> Result:
        """Return a result, with the file and line that ``place`` gives."""
        source = finding.shape.source
        focus = text_of(finding.focus)
        messages = finding.messages
        if messages is None:
            messages = finding.shape.messages
        if messages is None:
            messages = self._generic(finding)
        return Result(
            known_severity(str(source.severity)),
            focus,
            finding.path,
            text_of(finding.value),
            finding.component,
            "" if isinstance(source.node, rdflib.BNode) else str(source.node),
            messages,
            *place(focus, finding.path, finding.value),
            "" if finding.value is None else str(finding.value),
        )

    def _generic(self, finding: Finding) -> tuple[tuple[str, str], ...]:
        """Return pySHACL's messages of a constraint, for a shape without any."""
        value = None if finding.value is None else to_rdflib_term(finding.value)
        focus = to_rdflib_term(finding.focus)
        has_blanks = any(isinstance(node, rdflib.BNode) for node in (focus, value))
        graph = self._blanks if has_blanks else self._empty
        return sort_messages(finding.source.make_generic_messages(graph, focus, value))

    @cached_property
    def _blanks(self) -> rdflib.Graph:
        """What is stated of blank nodes, which pySHACL writes out in its messages."""
        return to_rdflib(quad for quad in self._data if isinstance(quad.subject, BlankNode))
