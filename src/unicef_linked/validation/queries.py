"""sh:select queries (SHACL, section 5), each evaluated once for all focus nodes.

A query is joined with the focus nodes where that equals pre-binding $this (SHACL, appendix A), and
raises NotCovered elsewhere. The engine keeps numbers by value: it is given those that it would
change under another datatype, and a query that compares them asks for their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, Final

import rdflib
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store
from rdflib.paths import Path
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from unicef_linked.rdf.canonical import changed_literals
from unicef_linked.rdf.iris import XSD
from unicef_linked.validation.paths import NotCovered
from unicef_linked.validation.terms import from_rdflib

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.validation.columns import Columns

_SPACE: Final = "urn:x-unicef-linked:"
_FOCUS: Final = f"{_SPACE}focus:"
"""Start of the names of graphs of focus nodes; the number of a set of them follows."""
_WRITTEN: Final = f"{_SPACE}written:"
"""Start of the datatypes of literals that the engine would change; their datatype follows."""
_VALUE: Final = NamedNode(f"{_SPACE}value")
"""Function: the literal that the engine keeps for one as written."""
_DATATYPE: Final = NamedNode(f"{_SPACE}datatype")
"""Function: the datatype of a literal as written."""

_THIS: Final = Variable("this")
_PROBE: Final = rdflib.URIRef(f"{_SPACE}probe")

_BATCH: Final = 100_000
"""Literals that are settled at a time: a bound on memory."""

_TOKEN: Final = re.compile(
    r"""
      (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>'''.*?(?<!\\)'''|\"{3}.*?(?<!\\)\"{3}|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
    | (?P<comment>\#[^\n]*)
    | (?P<variable>[?$]\w+)
    | (?P<word>[\w:@](?:[\w:.%-]*[\w:%-])?)
    | (?P<sign>\S)
    """,
    re.VERBOSE | re.DOTALL,
)

_REFUSED: Final = frozenset(
    {
        *("Minus", "MinusGraphPattern", "SubSelect", "ToMultiSet", "ServiceGraphPattern"),
        *("InlineData", "values", "Slice", "GraphGraphPattern"),
        *("Aggregate_GroupConcat", "Aggregate_Sum", "Aggregate_Avg"),
        *("Builtin_RAND", "Builtin_UUID", "Builtin_STRUUID", "Builtin_BNODE"),
    }
)
"""What differs between a join and pre-binding, or between the engines (rdflib's names)."""

_AS_WRITTEN: Final = frozenset({"STR", "BOUND", "SAMETERM", "COUNT", "DISTINCT"})
"""Functions that read a term as written, or none of its value."""
_RETURNS_ARGUMENT: Final = frozenset(
    {"Builtin_IF", "Builtin_COALESCE", "Aggregate_Min", "Aggregate_Max"}
)
"""Functions whose value can be an argument: that would be the value, not the term as written."""
_REGEX_SYNTAX: Final = re.compile(r"\(\?|\\\\[0-9]")
"""What regular expressions of Python have, and those of XPath and of the engine do not."""


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT query, joined with focus nodes; ``source`` is pySHACL's."""

    source: Any
    text: str  # with the name _FOCUS of the graph of focus nodes
    algebra: CompValue


def read_query(source: Any) -> Query:
    """Return the query of a SPARQL-based constraint, of pySHACL; raises NotCovered."""
    bindings, text = source.pre_bind_variables(_PROBE)
    if not bindings.keys() <= {"this"}:
        raise NotCovered
    text = source.apply_prefixes(text)
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup != "comment"]
    opening = _opening_of_where(tokens)
    has_regex = any(token[0].upper() in {"REGEX", "REPLACE"} for token in tokens)
    strings = (token[0] for token in tokens if token.lastgroup == "string")
    if opening is None or (has_regex and any(map(_REGEX_SYNTAX.search, strings))):
        raise NotCovered
    joined = f" GRAPH <{_FOCUS}> {{ <{_FOCUS}> <{_FOCUS}> ?this }} "
    text = _without_comments(text[:opening] + joined + text[opening:])
    algebra = _parse(text)
    _check(algebra)
    return Query(source, _as_set_difference(text, algebra), algebra)


def _opening_of_where(tokens: list[re.Match[str]]) -> int | None:
    """Return where the outermost group begins; None where an expression has a group before."""
    for before, token in pairwise(tokens):
        if token[0] == "{":
            return None if before[0].upper() == "EXISTS" else token.end()
    return None


@lru_cache(maxsize=256)
def _parse(text: str) -> CompValue:
    try:
        return prepareQuery(text).algebra
    except Exception as error:  # rdflib raises errors of many classes, even Exception
        raise NotCovered from error  # pySHACL says what is wrong


def _without_comments(text: str) -> str:
    """Return a query without comments, so that what follows it stays in force."""
    return _edited(
        text, [(t.start(), t.end(), " ") for t in _TOKEN.finditer(text) if t.lastgroup == "comment"]
    )


def _edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return a text with parts, from a start to an end, replaced."""
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


# Whether a join equals pre-binding


def _check(algebra: CompValue) -> None:
    """Raise NotCovered unless joining focus nodes equals pre-binding $this."""
    if (
        algebra.name != "SelectQuery"
        or _THIS not in algebra.PV
        or Variable("failure") in algebra.PV
    ):
        raise NotCovered
    if algebra.datasetClause:
        raise NotCovered
    nodes = list(_nodes(algebra))
    names = [node.name for node in nodes]
    if _REFUSED & set(names) or names.count("Graph") > 1 or names.count("Project") > 1:
        raise NotCovered
    for node in nodes:
        if node.name == "Function" and not str(node.iri).startswith(XSD):
            raise NotCovered
        if node.name == "Group" and _THIS not in (node.expr or ()):
            raise NotCovered
        if node.name in {"Filter", "Extend", "LeftJoin"} and _reads(node.get("expr"), _THIS):
            inner = (node.p1, node.p2) if node.name == "LeftJoin" else (node.p,)
            if not any(_THIS in _certain(part) for part in inner):
                raise NotCovered
        if node.name == "LeftJoin" and _THIS not in _certain(node.p1) and _reads(node.p2, _THIS):
            raise NotCovered


def _nodes(value: object) -> Iterator[CompValue]:
    """Yield the nodes of a tree of rdflib, from the outermost in."""
    if isinstance(value, CompValue):
        yield value
        for key, part in value.items():
            if key != "_vars":
                yield from _nodes(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _nodes(part)


def _reads(value: object, variable: Variable) -> bool:
    """Return whether a part of a query has a variable."""
    if isinstance(value, CompValue):
        return any(_reads(part, variable) for key, part in value.items() if key != "_vars")
    if isinstance(value, list | tuple):
        return any(_reads(part, variable) for part in value)
    return value == variable


def _certain(node: CompValue) -> frozenset[Variable]:
    """Return the variables that a pattern binds in each solution."""
    if node.name == "BGP":
        terms = chain.from_iterable(node.triples)
        return frozenset(term for term in terms if isinstance(term, Variable))
    if node.name == "Join":
        return _certain(node.p1) | _certain(node.p2)
    if node.name == "Union":
        return _certain(node.p1) & _certain(node.p2)
    if node.name == "LeftJoin":
        return _certain(node.p1)
    if node.name in {"Filter", "Extend", "Graph", "Distinct", "Reduced", "OrderBy", "Project"}:
        return _certain(node.p)
    return frozenset()


# NOT EXISTS with a join in it, which the engine evaluates anew for each solution


def _as_set_difference(text: str, algebra: CompValue) -> str:
    """Return a query with MINUS for each FILTER NOT EXISTS of which it is the same.

    That is: a basic graph pattern of several triples, in the outermost group, whose variables are
    bound there in each solution or occur nowhere else, some of them bound there.
    """
    tokens = list(_TOKEN.finditer(text))
    words = [token[0] if token.lastgroup == "sign" else token[0].upper() for token in tokens]
    depth = 0
    edits: list[tuple[int, int, str]] = []
    removed: list[str] = []
    for place, word in enumerate(words):
        depth += (word == "{") - (word == "}")
        if word == "}" and depth == 0:
            last = tokens[place].start()
            edits.append((last, last, "".join(removed)))
            break
        if depth != 1 or words[place : place + 4] != ["FILTER", "NOT", "EXISTS", "{"]:
            continue
        end = words.index("}", place)
        inner, outer = tokens[place + 4 : end], [*tokens[:place], *tokens[end:]]
        if _is_plain_join(inner) and _is_bound(inner, outer, algebra):
            edits.append((tokens[place].start(), tokens[end].end(), ""))
            removed.append(f" MINUS {{ {text[inner[0].start() : inner[-1].end()]} }} ")
    return _edited(text, edits)


def _is_plain_join(tokens: list[re.Match[str]]) -> bool:
    """Return whether tokens are several triples, and nothing else."""
    signs = {token[0] for token in tokens if token.lastgroup == "sign"}
    keywords = {token[0].upper() for token in tokens if token.lastgroup == "word"}
    return (
        bool(tokens)
        and signs <= {".", ";"}
        and any(token[0] in ".;" for token in tokens[:-1])
        and not keywords & {"FILTER", "OPTIONAL", "BIND", "GRAPH", "MINUS", "VALUES", "SERVICE"}
    )


def _is_bound(inner: list[re.Match[str]], outer: list[re.Match[str]], algebra: CompValue) -> bool:
    """Return whether the variables that both have are bound by the outermost group."""
    shared = _variables(inner) & _variables(outer)
    node = algebra
    while node.name not in {"BGP", "Join", "LeftJoin", "Union", "Graph"}:
        node = node.p
    return bool(shared) and shared <= {str(variable) for variable in _certain(node)}


def _variables(tokens: list[re.Match[str]]) -> set[str]:
    return {token[0][1:] for token in tokens if token.lastgroup == "variable"}


# Literals as written


class Engine:
    """The statements of a data graph, asked by queries."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._kept: dict[Term, Literal] = {}  # by the literal as the engine is given it
        self._given: dict[int, Term] = {}  # what the engine is given in place of a term
        for number, kept in _changed(columns):
            literal = columns.terms[number]
            assert isinstance(literal, Literal)
            datatype = NamedNode(_WRITTEN + literal.datatype.value)
            given = Literal(literal.value, datatype=datatype)
            self._kept[given], self._given[number] = kept, given
        self._leading = columns.predicates_to(self._given.keys())
        self._store = Store()
        self._store.bulk_extend(columns.quads(self._given))
        self._focuses: dict[frozenset[int], str] = {}
        self._functions = {_VALUE: self._value, _DATATYPE: _datatype}

    def solutions(self, query: Query, focuses: frozenset[int]) -> Iterator[Solution]:
        """Yield the solutions of a query for all focus nodes; raises NotCovered."""
        text = self.rewrite(query).replace(f"<{_FOCUS}>", f"<{self._graph_of(focuses)}>")
        try:
            solutions = self._store.query(text, custom_functions=self._functions)
            assert isinstance(solutions, QuerySolutions)
            names = [variable.value for variable in solutions.variables]
            for solution in solutions:
                terms = ((name, solution[name]) for name in names)
                yield {name: _as_written(term) for name, term in terms if term is not None}
        except (SyntaxError, OSError, RuntimeError) as error:  # such as an unknown function
            raise NotCovered from error

    def _graph_of(self, focuses: frozenset[int]) -> str:
        """Return the name of the graph that holds some focus nodes."""
        name = self._focuses.get(focuses)
        if name is None:
            name = self._focuses[focuses] = f"{_FOCUS}{len(self._focuses)}"
            node, terms = NamedNode(name), self._columns.terms
            self._store.extend(
                Quad(node, node, self._given.get(number) or terms[number], node)
                for number in focuses
            )
        return name

    def rewrite(self, query: Query) -> str:
        """Return a query that asks for the values of literals which the engine would change."""
        variables = self._changed_variables(query.algebra)
        return _ask_for_values(query.text, variables) if variables else query.text

    def _changed_variables(self, algebra: CompValue) -> frozenset[str]:
        """Return the variables that such a literal may be bound to; raises NotCovered."""
        if not self._given:
            return frozenset()
        variables = {_THIS} if _THIS not in _subjects(algebra) else set()
        constants = []
        for subject, predicate, value in _triples(algebra):
            if isinstance(predicate, Path | CompValue):
                ends = {subject, value}
            elif isinstance(predicate, Variable) or from_rdflib(predicate) in self._leading:
                ends = {value}
            else:
                ends = set()
            variables |= {end for end in ends if isinstance(end, Variable)}
            constants += [e for e in (subject, value) if isinstance(e, rdflib.Literal)]
        literals = [term for term in map(from_rdflib, constants) if isinstance(term, Literal)]
        if changed_literals(literals):
            raise NotCovered
        for node in _nodes(algebra):
            is_copy = node.name == "Extend" and node.expr in list(variables)
            returns = node.name in _RETURNS_ARGUMENT
            if is_copy or (returns and any(_reads(node, variable) for variable in variables)):
                raise NotCovered
        return frozenset(map(str, variables))

    def _value(self, term: Term) -> Term:
        return self._kept.get(term, term)


def _changed(columns: Columns) -> Iterator[tuple[int, Literal]]:
    """Yield the literals that the engine would change, by number, with what it keeps."""
    typed = (
        (number, term)
        for number, term in enumerate(columns.terms)
        if isinstance(term, Literal) and term.datatype.value.startswith(XSD)
    )
    candidates = (item for item in typed if item[1].datatype.value != f"{XSD}string")
    while batch := list(islice(candidates, _BATCH)):
        kept = changed_literals([term for _, term in batch])
        yield from ((number, kept[term]) for number, term in batch if term in kept)


def _as_written(term: Term) -> Term:
    """Return a literal as the data has it."""
    if isinstance(term, Literal) and term.datatype.value.startswith(_WRITTEN):
        datatype = NamedNode(term.datatype.value.removeprefix(_WRITTEN))
        return Literal(term.value, datatype=datatype)
    return term


def _datatype(term: Term) -> Term | None:
    written = _as_written(term)
    return written.datatype if isinstance(written, Literal) else None


def _triples(algebra: CompValue) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the triple patterns of a query."""
    for node in _nodes(algebra):
        for terms in node.get("triples") or () if node.name in {"BGP", "TriplesBlock"} else ():
            for start in range(0, len(terms), 3):
                subject, predicate, value = terms[start : start + 3]
                yield subject, predicate, value


def _subjects(algebra: CompValue) -> Set[Variable]:
    return {triple[0] for triple in _triples(algebra)}


def _ask_for_values(text: str, variables: frozenset[str]) -> str:
    """Return a query that reads some variables in expressions by value; raises NotCovered.

    A variable is in an expression if the innermost bracket around it is round.
    """
    edits: list[tuple[int, int, str]] = []
    brackets: list[tuple[str, re.Match[str] | None]] = []  # with the name of a function
    previous: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text):
        before = previous[-1] if previous else None
        if token[0] in {"(", "{", "["}:
            brackets.append((token[0], before))
            if token[0] == "(" and not _opens_expression(brackets, previous):
                brackets[-1] = ("path", None)
        elif token[0] in {")", "}", "]"}:
            brackets.pop()
        elif token.lastgroup == "variable" and token[0][1:] in variables and brackets:
            bracket, function = brackets[-1]
            name = function[0].upper() if function else ""
            if bracket == "path":
                raise NotCovered
            if bracket == "(" and function and name == "DATATYPE":
                edits.append((function.start(), function.end(), f" {_DATATYPE} "))
            elif bracket == "(" and not _is_read_as_written(name, before):
                edits.append((token.start(), token.end(), f" {_VALUE}({token[0]}) "))
        previous.append(token)
    return _edited(text, set(edits))


def _is_read_as_written(function: str, before: re.Match[str] | None) -> bool:
    word = before[0].upper() if before else ""
    return function in _AS_WRITTEN or word in {"AS", "DISTINCT"}


def _opens_expression(
    brackets: list[tuple[str, re.Match[str] | None]], previous: list[re.Match[str]]
) -> bool:
    """Return whether a round bracket begins an expression, not a list or a path."""
    outer = brackets[-2][0] if len(brackets) > 1 else "("
    if outer == "(":
        return True
    words = [token[0].upper() for token in previous[-2:]]
    return words[-1:] in (["FILTER"], ["BIND"]) or words[:1] == ["FILTER"]
