"""pySHACL's constraint components, where they judge literals by rdflib's values, replaced.

rdflib keeps dates as Python does: without years before 1, without 24:00:00, and it knows no
xsd:gYear (https://github.com/RDFLib/rdflib/issues/3116). Here XSD 1.1 decides which literals are
well-formed, and SPARQL's operators (SPARQL 1.1 Query, section 17.3) compare them.
"""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, Any, Final

import rdflib
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store, Variable
from pyshacl import validator
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core import property_pair_constraints as pairs
from pyshacl.constraints.core import value_constraints as values
from pyshacl.constraints.core import value_range_constraints as ranges
from pyshacl.rdfutil.stringify import stringify_blank_node
from rdflib.namespace import SH

from unicef_linked.rdf.datatypes import DECIMALS, DOUBLES, is_well_formed
from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Outcome = tuple[bool, list[Any]]
"""A flag of pySHACL's, and its reports."""

_ENGINE: Final = Store()
"""Without statements: it compares two values."""


class AsWritten(rdflib.Literal):
    """A literal with its lexical form as written; ``ill_typed`` is by XSD 1.1."""

    __slots__ = ()

    def __new__(cls, lexical_form: str, datatype: str) -> AsWritten:
        """Return the literal; its Python value is None if it is ill-formed or rdflib has none."""
        literal = str.__new__(cls, lexical_form)
        well_formed = is_well_formed(lexical_form, datatype)
        literal._language = None
        literal._datatype = rdflib.URIRef(datatype)
        literal._ill_typed = None if well_formed is None else not well_formed
        literal._value = None
        if well_formed:
            converted = rdflib.Literal(lexical_form, datatype=datatype, normalize=False)
            literal._value = converted.value
        return literal


def holds(left: object, operator: str, right: object) -> bool:
    """Return whether ``left operator right`` is true; not if the two cannot be compared."""
    first, second = _value(left), _value(right)
    if isinstance(first, Literal) and isinstance(second, Literal):
        return _engine_holds(first, operator, second)
    if not _are_comparable(first, second):
        return False
    if operator == "<":
        return bool(first < second)
    return bool(first <= second)


def _value(term: object) -> Any:
    """Return the Python value of a number, a boolean or a string, else the engine's literal.

    None for what SPARQL does not compare.
    """
    if not isinstance(term, rdflib.Literal) or term.language:
        return None
    datatype, text = str(term.datatype or f"{XSD}string"), str(term)
    if datatype == f"{XSD}string":
        return text
    if not is_well_formed(text, datatype):
        return None
    if datatype in DECIMALS:
        return Decimal(text)
    if datatype in DOUBLES:
        return float(text)
    if datatype == f"{XSD}boolean":
        return text in {"true", "1"}
    return Literal(text, datatype=NamedNode(datatype))


def _are_comparable(first: Any, second: Any) -> bool:
    numbers = (Decimal, float)
    if isinstance(first, numbers) and isinstance(second, numbers):
        return not isnan(first) and not isnan(second)
    return type(first) is type(second) and isinstance(first, str | bool)


def _engine_holds(left: Literal, operator: str, right: Literal) -> bool:
    query = f"SELECT ?left ?right {{ FILTER(?left {operator} ?right) }}"
    bindings = {Variable("left"): left, Variable("right"): right}
    solutions = _ENGINE.query(query, substitutions=bindings)  # type: ignore[arg-type]
    assert isinstance(solutions, QuerySolutions)
    return any(True for _ in solutions)


class _Datatype(values.DatatypeConstraintComponent):
    def _assert_actual_datatype(self, _value: rdflib.Literal, _datatype: rdflib.URIRef) -> bool:
        return True  # ``ill_typed`` has decided


class _MinExclusive(ranges.MinExclusiveConstraintComponent):
    def _evaluate_min_rule(self, bound: Any, graph: Any, values: Mapping[Any, Any]) -> Outcome:
        return _outside(self, graph, values, lambda value: holds(bound, "<", value))


class _MinInclusive(ranges.MinInclusiveConstraintComponent):
    def _evaluate_min_rule(self, bound: Any, graph: Any, values: Mapping[Any, Any]) -> Outcome:
        return _outside(self, graph, values, lambda value: holds(bound, "<=", value))


class _MaxExclusive(ranges.MaxExclusiveConstraintComponent):
    def _evaluate_max_rule(self, bound: Any, graph: Any, values: Mapping[Any, Any]) -> Outcome:
        return _outside(self, graph, values, lambda value: holds(value, "<", bound))


class _MaxInclusive(ranges.MaxInclusiveConstraintComponent):
    def _evaluate_max_rule(self, bound: Any, graph: Any, values: Mapping[Any, Any]) -> Outcome:
        return _outside(self, graph, values, lambda value: holds(value, "<=", bound))


class _LessThan(pairs.LessThanConstraintComponent):
    def _compare_lt(
        self, nodes: Iterable[Any], others: Iterable[Any], graph: Any, focus: Any
    ) -> Outcome:
        return _unordered(self, graph, focus, [(n, o) for n in nodes for o in others], "<")


class _LessThanOrEquals(pairs.LessThanOrEqualsConstraintComponent):
    def _compare_ltoe(
        self, nodes: Iterable[Any], others: Iterable[Any], graph: Any, focus: Any
    ) -> Outcome:
        return _unordered(self, graph, focus, [(n, o) for n in nodes for o in others], "<=")


def _outside(component: Any, graph: Any, values: Mapping[Any, Any], is_inside: Any) -> Outcome:
    """Return whether there are values outside a range, and a report of each."""
    reports: list[Any] = []
    for focus, nodes in values.items():
        outside = (node for node in nodes if not is_inside(node))
        reports += (component.make_v_result(graph, focus, value_node=node) for node in outside)
    return bool(reports), reports


def _unordered(
    component: Any, graph: Any, focus: Any, nodes: Iterable[tuple[Any, Any]], operator: str
) -> Outcome:
    """Return whether there are pairs that are not in order, and a report of each."""
    lefts = [left for left, right in nodes if not holds(left, operator, right)]
    reports = [component.make_v_result(graph, focus, value_node=left) for left in lefts]
    return bool(reports), reports


_COMPONENTS: Final = {
    SH.datatype: _Datatype,
    SH.minExclusive: _MinExclusive,
    SH.minInclusive: _MinInclusive,
    SH.maxExclusive: _MaxExclusive,
    SH.maxInclusive: _MaxInclusive,
    SH.lessThan: _LessThan,
    SH.lessThanOrEquals: _LessThanOrEquals,
}


@contextmanager
def adapted_pyshacl() -> Iterator[None]:
    """Have pySHACL use the components of this module inside the block, and its own after it.

    It copies neither into its report what a blank node leads to, which takes, for a list, the
    square of its length, nor uses texts about blank nodes of an earlier graph.
    """
    replaced = {parameter: CONSTRAINT_PARAMETERS_MAP[parameter] for parameter in _COMPONENTS}
    functions = vars(validator)
    clone = functions["clone_blank_node"]
    CONSTRAINT_PARAMETERS_MAP.update(_COMPONENTS)
    functions["clone_blank_node"] = _same_node
    stringify_blank_node.dict_cache.clear()
    try:
        yield
    finally:
        CONSTRAINT_PARAMETERS_MAP.update(replaced)
        functions["clone_blank_node"] = clone


def _same_node(_graph: Any, node: Any, *_: Any, **__: Any) -> Any:
    return node
