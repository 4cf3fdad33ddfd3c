"""From a shapes graph to constraints that are evaluated over all focus nodes at a time.

pySHACL reads the shapes and their parameters, so that both ways have the same of them; what it
judges alone raises NotCovered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.errors import ReportableRuntimeError
from rdflib.namespace import RDF, RDFS, SH

from unicef_linked.rdf.datatypes import is_well_formed
from unicef_linked.rdf.iris import RDF as RDF_SPACE
from unicef_linked.rdf.iris import RDFS as RDFS_SPACE
from unicef_linked.rdf.iris import SHACL, XSD
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.components import holds
from unicef_linked.validation.paths import NotCovered, Path, read_path
from unicef_linked.validation.queries import Query, read_query
from unicef_linked.validation.terms import from_rdflib, to_rdflib_term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyshacl.shapes_graph import ShapesGraph

    from unicef_linked.rdf.terms import Term
    from unicef_linked.validation.columns import Columns

_DEPTH: Final = 5
"""How deep shapes may refer to others here: pySHACL refuses more than 15."""

_MALFORMED: Final = (
    ReportableRuntimeError,
    RuntimeWarning,
    NotImplementedError,
    AssertionError,
    AttributeError,
    TypeError,
    ValueError,
    re.error,
)
"""What pySHACL raises where it reads the parameters of a constraint."""

TOLERATED: Final = frozenset({SH.Info, SH.Warning})
"""Severities of results that a node may have and conform."""


@dataclass(slots=True)
class Breach:
    """What a constraint refuses: a focus node, perhaps a value of it."""

    focus: int
    value: int | None = None
    path: Term | None = None  # instead of the path of the shape
    component: str = ""  # instead of the component of the constraint


Rows = Mapping[int, Collection[int]]
"""The value nodes of each focus node."""


class Sets(Protocol):
    """What a constraint asks of the evaluation."""

    columns: Columns

    def conforming(self, shape: Shape, rows: Rows) -> set[int]:
        """Return the value nodes that conform to a shape."""


Check = Callable[[Sets, Rows], Iterator[Breach]]
"""What a constraint refuses of focus nodes and their value nodes."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of a shape; ``source`` is pySHACL's, which words its results."""

    source: Any
    check: Check


@dataclass(frozen=True, slots=True)
class PropertyConstraint:
    """sh:property: the results are those of the shapes."""

    source: Any
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class NodeConstraint:
    """sh:node: a result, and those of the shapes as its details."""

    source: Any
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class QueryConstraint:
    """sh:sparql."""

    source: Any
    queries: tuple[Query, ...]


@dataclass(eq=False, slots=True)
class Shape:
    """A shape whose constraints are all covered."""

    source: Any  # pySHACL's
    path: Path | None
    messages: tuple[tuple[str, str], ...] | None  # its own, (language, text); None if it has none
    constraints: list[Constraint | PropertyConstraint | NodeConstraint | QueryConstraint] = field(
        default_factory=list
    )

    @property
    def is_tolerant(self) -> bool:
        """Whether a node that it has results on conforms."""
        return self.source.severity in TOLERATED


class Compiler:
    """Compiles the shapes of a shapes graph, each once."""

    def __init__(self, shapes: ShapesGraph) -> None:
        self._graph: rdflib.Graph = shapes.graph
        self._sources: dict[rdflib.term.Node, Any] = {s.node: s for s in shapes.shapes}
        self._shapes: dict[rdflib.term.Node, Shape] = {}

    def compile(self, source: Any, above: tuple[rdflib.term.Node, ...] = ()) -> Shape:
        """Return pySHACL's shape with its constraints compiled; raises NotCovered."""
        node = source.node
        if node in above or len(above) > _DEPTH:
            raise NotCovered  # a shape that refers to itself, or goes deep
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = self._read(source)
            if not source.deactivated:
                try:
                    self._add_constraints(shape, (*above, node))
                except NotCovered:
                    del self._shapes[node]
                    raise
        return shape

    def _read(self, source: Any) -> Shape:
        path = read_path(self._graph, source.path()) if source.is_property_shape else None
        texts = list(self._graph.objects(source.node, SH.message))
        return Shape(source, path, sort_messages(texts) if texts else None)

    def _add_constraints(self, shape: Shape, above: tuple[rdflib.term.Node, ...]) -> None:
        source = shape.source
        parameters = {p for p, _ in self._graph.predicate_objects(source.node)}
        components = {
            CONSTRAINT_PARAMETERS_MAP[p] for p in parameters if p in CONSTRAINT_PARAMETERS_MAP
        }
        try:
            if source.find_custom_constraints():
                raise NotCovered
            for component in components:
                self._add_constraint(shape, component(source), above)
        except _MALFORMED as error:
            raise NotCovered from error  # pySHACL says what is wrong

    def _add_constraint(
        self, shape: Shape, source: Any, above: tuple[rdflib.term.Node, ...]
    ) -> None:
        name = source.constraint_name()
        refer = partial(self._shape_of, above=above)
        if name == "PropertyConstraintComponent":
            parts = tuple(refer(node, of_property=True) for node in source.property_shapes)
            shape.constraints.append(PropertyConstraint(source, parts))
        elif name == "NodeConstraintComponent":
            parts = tuple(refer(node, of_property=False) for node in source.node_shapes)
            shape.constraints.append(NodeConstraint(source, parts))
        elif name == "SPARQLConstraintComponent":
            queries = tuple(read_query(h) for h in source.sparql_constraints if not h.deactivated)
            shape.constraints.append(QueryConstraint(source, queries))
        else:
            make = _LOGICAL.get(name)
            check = make(self._graph, source, refer) if make else _CHECKS[name](source)
            shape.constraints.append(Constraint(source, check))

    def _shape_of(
        self,
        node: rdflib.term.Node,
        above: tuple[rdflib.term.Node, ...],
        of_property: bool | None = None,
    ) -> Shape:
        source = self._sources.get(node)
        if source is None or of_property not in {None, source.is_property_shape}:
            raise NotCovered  # pySHACL says what is wrong
        return self.compile(source, above)


def sort_messages(texts: Iterable[rdflib.term.Node]) -> tuple[tuple[str, str], ...]:
    """Return the language and the text of messages."""
    return tuple(sorted((t.language or "", str(t)) for t in texts if isinstance(t, rdflib.Literal)))


# Constraints on each value node


def _each_value(*accepts: Callable[[Term], bool]) -> Check:
    """Return a check of value nodes; what it says of a term is kept."""

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        terms = sets.columns.terms
        for accept in accepts:
            verdicts: dict[int, bool] = {}
            for focus, values in rows.items():
                for value in values:
                    verdict = verdicts.get(value)
                    if verdict is None:
                        verdict = verdicts[value] = accept(terms[value])
                    if not verdict:
                        yield Breach(focus, value)

    return check


def _each_in(sets_of_numbers: Callable[[Sets], Iterable[Collection[int]]]) -> Check:
    """Return a check that each value node is among each of some sets."""

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        for allowed in sets_of_numbers(sets):
            for focus, values in rows.items():
                for value in values:
                    if value not in allowed:
                        yield Breach(focus, value)

    return check


def _class(source: Any) -> Check:
    classes = [from_rdflib(node) for node in source.class_rules]
    return _each_in(lambda sets: [sets.columns.instances(sets.columns.number(c)) for c in classes])


def _in(source: Any) -> Check:
    allowed = [from_rdflib(node) for node in source.in_vals]
    return _each_in(lambda sets: [frozenset(map(sets.columns.number, allowed))])


def _datatype(source: Any) -> Check:
    if not isinstance(source.datatype_rule, rdflib.URIRef):
        raise NotCovered
    return _each_value(partial(_has_datatype, expected=str(source.datatype_rule)))


def _has_datatype(term: Term, expected: str) -> bool:
    if not isinstance(term, Literal):
        return False
    datatype = term.datatype.value
    if datatype == expected:
        return is_well_formed(term.value, datatype) is not False
    if expected == f"{RDFS_SPACE}Datatype":
        return datatype not in _PLAIN
    return expected == f"{RDFS_SPACE}Literal"


_PLAIN: Final = frozenset({f"{XSD}string", f"{RDF_SPACE}langString"})
"""Datatypes that rdflib does not state."""


def _node_kind(source: Any) -> Check:
    kinds = _KINDS.get(source.nodekind_rule, ())
    return _each_value(lambda term: isinstance(term, kinds))


_KINDS: Final[Mapping[Any, tuple[type, ...]]] = {
    SH.IRI: (NamedNode,),
    SH.BlankNode: (BlankNode,),
    SH.Literal: (Literal,),
    SH.BlankNodeOrIRI: (BlankNode, NamedNode),
    SH.BlankNodeOrLiteral: (BlankNode, Literal),
    SH.IRIOrLiteral: (NamedNode, Literal),
}


def _pattern(source: Any) -> Check:
    matchers = [source.compiled_cache[pattern] for pattern in source.string_rules]
    return _each_value(*(partial(_matches, search=matcher.search) for matcher in matchers))


def _matches(term: Term, search: Callable[[str], object]) -> bool:
    return not isinstance(term, BlankNode) and search(value_of(term)) is not None


def _min_length(source: Any) -> Check:
    least = _length(source)
    return _each_value(lambda term: not least or len(_form(term) or "") >= least)


def _max_length(source: Any) -> Check:
    most = _length(source)
    return _each_value(lambda term: (form := _form(term)) is not None and len(form) <= most)


def _length(source: Any) -> int:
    [literal] = source.string_rules
    if not isinstance(literal.value, int):
        raise NotCovered
    return literal.value


def _form(term: Term) -> str | None:
    return None if isinstance(term, BlankNode) else value_of(term)


def _language_in(source: Any) -> Check:
    graph = source.shape.sg.graph
    try:
        items = list(graph.items(source.string_rules[0]))
    except ValueError:
        raise NotCovered from None
    if any(not isinstance(i, rdflib.Literal) or not isinstance(i.value, str) for i in items):
        raise NotCovered
    ranges = frozenset(str(item.value).lower() for item in items)
    return _each_value(partial(_has_language, ranges=ranges))


def _has_language(term: Term, ranges: frozenset[str]) -> bool:
    if not isinstance(term, Literal) or not term.language:
        return False
    language = term.language.lower()
    return bool(ranges & {"*", language, language.split("-")[0]})


def _range(bounds: Iterable[Any], operator: str, *, bound_first: bool) -> Check:
    """Return a check that ``bound operator value``, or ``value operator bound``, is true."""
    return _each_value(
        *(partial(_is_inside, bound=b, operator=operator, bound_first=bound_first) for b in bounds)
    )


def _is_inside(term: Term, bound: Any, operator: str, *, bound_first: bool) -> bool:
    value = to_rdflib_term(term)
    return holds(bound, operator, value) if bound_first else holds(value, operator, bound)


# Constraints on the value nodes of a focus node together


def _min_count(source: Any) -> Check:
    least = int(source.min_count.value)

    def check(_sets: Sets, rows: Rows) -> Iterator[Breach]:
        return (Breach(focus) for focus, values in rows.items() if len(values) < least)

    return check


def _max_count(source: Any) -> Check:
    most = int(source.max_count.value)

    def check(_sets: Sets, rows: Rows) -> Iterator[Breach]:
        return (Breach(focus) for focus, values in rows.items() if len(values) > most)

    return check


def _unique_lang(source: Any) -> Check:
    [is_on] = source.string_rules

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        terms = sets.columns.terms
        for focus, values in rows.items() if is_on else ():
            literals = (terms[value] for value in values)
            tags = [t.language.lower() for t in literals if isinstance(t, Literal) and t.language]
            for tag in set(tags):
                if tags.count(tag) > 1:
                    yield Breach(focus)

    return check


def _has_value(source: Any) -> Check:
    required = [from_rdflib(node) for node in source.has_value_set]

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        for number in map(sets.columns.number, required):
            for focus, values in rows.items():
                if number not in values:
                    yield Breach(focus)

    return check


def _equals(source: Any) -> Check:
    return _compared(source, lambda values, others: values ^ others)


def _disjoint(source: Any) -> Check:
    return _compared(source, lambda values, others: values & others)


def _compared(source: Any, wrong: Callable[[set[int], set[int]], set[int]]) -> Check:
    """Return a check of value nodes against those of other properties."""
    properties = [from_rdflib(node) for node in source.property_compare_set]

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        for index in (sets.columns.forward(sets.columns.number(p)) for p in properties):
            for focus, values in rows.items():
                for value in wrong(set(values), set(index.get(focus, ()))):
                    yield Breach(focus, value)

    return check


def _less_than(source: Any, operator: str) -> Check:
    if any(not isinstance(node, rdflib.URIRef) for node in source.property_compare_set):
        raise NotCovered
    properties = [from_rdflib(node) for node in source.property_compare_set]

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        terms = sets.columns.terms
        for index in (sets.columns.forward(sets.columns.number(p)) for p in properties):
            for focus, values in rows.items():
                for value in values:
                    left = to_rdflib_term(terms[value])
                    for other in index.get(focus, ()):
                        if not holds(left, operator, to_rdflib_term(terms[other])):
                            yield Breach(focus, value)

    return check


def _closed(source: Any) -> Check:
    graph = source.shape.sg.graph
    paths = {path for node in source.property_shapes for path in graph.objects(node, SH.path)}
    allowed = {from_rdflib(node) for node in {*paths, *source.ignored_props}}
    is_closed, shapes = source.is_closed, source.property_shapes
    others = [source.shape.get_other_shape(node) for node in shapes]
    if any(other is None or not other.is_property_shape for other in others):
        raise NotCovered

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        terms = sets.columns.terms
        ignored = sets.columns.number(from_rdflib(RDFS.Resource))
        for predicate in sets.columns.predicates if is_closed else ():
            name = terms[predicate]
            if name in allowed:
                continue
            index = sets.columns.forward(predicate)
            for focus, values in rows.items():
                for value in (each for node in values for each in index.get(node, ())):
                    if value != ignored or value_of(name) != str(RDF.type):
                        yield Breach(focus, value, name)

    return check


# Constraints that refer to other shapes


Refer = Callable[[rdflib.term.Node], Shape]


def _not(_graph: rdflib.Graph, source: Any, refer: Refer) -> Check:
    shapes = [refer(node) for node in source.not_list]

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        for shape in shapes:
            conforming = sets.conforming(shape, rows)
            for focus, values in rows.items():
                yield from (Breach(focus, value) for value in values if value in conforming)

    return check


def _by_count(
    parameter: str, is_enough: Callable[[int, int], bool], *, each_once: bool
) -> Callable[[rdflib.Graph, Any, Refer], Check]:
    """Return how to make a check of how many shapes of a list a value node conforms to."""

    def make(graph: rdflib.Graph, source: Any, refer: Refer) -> Check:
        lists = []
        for head in getattr(source, parameter):
            members = list(graph.items(head))
            lists.append([refer(node) for node in (set(members) if each_once else members)])
        if not all(lists):
            raise NotCovered

        def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
            for shapes in lists:
                conforming = [sets.conforming(shape, rows) for shape in shapes]
                for focus, values in rows.items():
                    for value in values:
                        count = sum(value in nodes for nodes in conforming)
                        if not is_enough(count, len(shapes)):
                            yield Breach(focus, value)

        return check

    return make


def _qualified(graph: rdflib.Graph, source: Any, refer: Refer) -> Check:
    qualified = [
        (refer(node), _siblings(graph, source, node, refer)) for node in source.value_shapes
    ]
    least, most = source.min_count, source.max_count

    def check(sets: Sets, rows: Rows) -> Iterator[Breach]:
        if not source.is_disjoint and not any(rows.values()) and not least:
            return
        for shape, siblings in qualified:
            conforming = sets.conforming(shape, rows)
            for sibling in siblings:
                conforming -= sets.conforming(sibling, rows)
            for focus, values in rows.items():
                count = sum(value in conforming for value in values)
                if most is not None and count > most:
                    yield Breach(focus, component=f"{SHACL}QualifiedMaxCountConstraintComponent")
                if least is not None and count < least:
                    yield Breach(focus, component=f"{SHACL}QualifiedMinCountConstraintComponent")

    return check


def _siblings(
    graph: rdflib.Graph, source: Any, node: rdflib.term.Node, refer: Refer
) -> list[Shape]:
    """Return the sibling shapes of a qualified value shape (SHACL, section 4.7.3)."""
    if not source.is_disjoint:
        return []
    siblings: set[rdflib.term.Node] = set()
    for parent in graph.subjects(SH.property, source.shape.node):
        for part in graph.objects(parent, SH.property):
            siblings.update(graph.objects(part, SH.qualifiedValueShape))
    return [refer(sibling) for sibling in siblings - {node}]


_CHECKS: Final[Mapping[str, Callable[[Any], Check]]] = {
    "ClassConstraintComponent": _class,
    "DatatypeConstraintComponent": _datatype,
    "NodeKindConstraintComponent": _node_kind,
    "MinCountConstraintComponent": _min_count,
    "MaxCountConstraintComponent": _max_count,
    "MinExclusiveConstraintComponent": lambda s: _range(s.min_vals, "<", bound_first=True),
    "MinInclusiveConstraintComponent": lambda s: _range(s.min_vals, "<=", bound_first=True),
    "MaxExclusiveConstraintComponent": lambda s: _range(s.max_vals, "<", bound_first=False),
    "MaxInclusiveConstraintComponent": lambda s: _range(s.max_vals, "<=", bound_first=False),
    "MinLengthConstraintComponent": _min_length,
    "MaxLengthConstraintComponent": _max_length,
    "PatternConstraintComponent": _pattern,
    "LanguageInConstraintComponent": _language_in,
    "UniqueLangConstraintComponent": _unique_lang,
    "EqualsConstraintComponent": _equals,
    "DisjointConstraintComponent": _disjoint,
    "LessThanConstraintComponent": lambda source: _less_than(source, "<"),
    "LessThanOrEqualsConstraintComponent": lambda source: _less_than(source, "<="),
    "ClosedConstraintComponent": _closed,
    "HasValueConstraintComponent": _has_value,
    "InConstraintComponent": _in,
}

_LOGICAL: Final[Mapping[str, Callable[[rdflib.Graph, Any, Any], Check]]] = {
    "NotConstraintComponent": _not,
    "AndConstraintComponent": _by_count("and_list", lambda count, of: count == of, each_once=True),
    "OrConstraintComponent": _by_count("or_list", lambda count, _: count > 0, each_once=True),
    "XoneConstraintComponent": _by_count(
        "xone_nodes", lambda count, _: count == 1, each_once=False
    ),
    "QualifiedValueShapeConstraintComponent": _qualified,
}
