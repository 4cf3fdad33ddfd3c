"""Example queries as published, and the values that their parameters take.

A question (``sh:SPARQLExecutable``) declares each parameter with ``sh:parameter``, as SHACL-AF has
it (section 5.1): the local name of its ``sh:path`` is a variable of the query. The query gives it
its default by ``VALUES ?name { … }``, which the values of a request replace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.errors import BadParameter
from unicef_linked.rdf.datatypes import is_well_formed
from unicef_linked.rdf.iris import RDF, SHACL, XSD
from unicef_linked.rdf.terms import objects_of, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Store

FORMS: Final = ("select", "ask", "construct")
"""Properties that hold queries: the local names of SHACL's."""

MOST_VALUES: Final = 50
"""Values that one parameter may have in a request."""

_LONGEST: Final = 200
"""Characters of a value that is read; no name and no code here is longer."""


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """A variable of a query that a request may give values."""

    iri: str
    name: str  # of the variable, without the question mark
    datatype: str = f"{XSD}string"  # of its values, where class_iri is empty
    class_iri: str = ""  # what its values are instances of
    pattern: str = ""  # that a literal matches
    least: float | None = None
    greatest: float | None = None
    defaults: tuple[str, ...] = ()  # IRIs or lexical forms

    def literal(self, text: str) -> Literal:
        """Return a text of a request as a value; raises BadParameter for another type."""
        kind = self.datatype.rpartition("#")[2]
        if is_well_formed(text, self.datatype) is False:
            raise BadParameter(f"{self.name}={text!r} is not of the type {kind}{self._for_example}")
        if self.pattern and not re.search(self.pattern, text):
            raise BadParameter(
                f"{self.name}={text!r} does not match {self.pattern}{self._for_example}"
            )
        if self.least is not None and float(text) < self.least:
            raise BadParameter(f"{self.name}={text!r} is less than {self.least:g}")
        if self.greatest is not None and float(text) > self.greatest:
            raise BadParameter(f"{self.name}={text!r} is more than {self.greatest:g}")
        return Literal(text, datatype=NamedNode(self.datatype))

    @property
    def _for_example(self) -> str:
        return f", such as {self.defaults[0]}" if self.defaults else ""


@dataclass(frozen=True, slots=True)
class PublishedQuestion:
    """An example query under its key, with its parameters in the order of their names."""

    key: str
    iri: str
    form: str  # one of FORMS
    text: str
    parameters: tuple[QueryParameter, ...] = ()

    def with_values(self, values: Mapping[str, Sequence[Term]]) -> str:
        """Return the query with values of its parameters, by their names.

        >>> question = PublishedQuestion("k", "", "select", 'SELECT * { VALUES ?n { "a" } }')
        >>> question.with_values({"n": [Literal("b"), Literal("}")]})
        'SELECT * { VALUES ?n { "b" "}" } }'
        """
        text = self.text
        for name, terms in values.items():
            given = _values_of(name).search(text)
            if given:
                written = " ".join(str(term) for term in terms)
                block = f"VALUES ?{name} {{ {written} }}"
                text = f"{text[: given.start()]}{block}{text[given.end() :]}"
        return text


def _values_of(name: str) -> re.Pattern[str]:
    """Return what gives a variable its default in a query."""
    return re.compile(rf"\bVALUES\s+\?{re.escape(name)}\s*\{{[^{{}}]*\}}")


@dataclass(frozen=True)
class QuestionCatalogue:
    """The example queries of one dataset, read from the store when first needed."""

    store: Store
    names: Names

    @cached_property
    def by_key(self) -> dict[str, PublishedQuestion]:
        """The queries by their keys."""
        return read_questions(self.store, self.names)


def read_questions(store: Store, names: Names) -> dict[str, PublishedQuestion]:
    """Return the example queries of a release by their keys."""
    queries = [quad for form in FORMS for quad in store.match(None, NamedNode(f"{SHACL}{form}"))]
    stated = store.match(None, NamedNode(f"{SHACL}parameter"))
    parameters_of: dict[str, set[str]] = {}
    for quad in stated:
        parameters_of.setdefault(value_of(quad.subject), set()).add(value_of(quad.object))
    described: dict[str, list[Quad]] = {}
    for quad in store.match_any({quad.object for quad in stated}) if stated else ():
        described.setdefault(value_of(quad.subject), []).append(quad)
    questions = {}
    for quad in queries:
        iri = value_of(quad.subject)
        pair = names.type_and_key(iri)
        if pair and pair[0] == "question":
            parameters = (
                _parameter(parameter, described.get(parameter, []))
                for parameter in parameters_of.get(iri, ())
            )
            questions[pair[1]] = PublishedQuestion(
                pair[1],
                iri,
                quad.predicate.value.removeprefix(SHACL),
                value_of(quad.object),
                tuple(sorted(parameters, key=lambda parameter: parameter.name)),
            )
    return dict(sorted(questions.items()))


def _parameter(iri: str, quads: list[Quad]) -> QueryParameter:
    def first(name: str) -> str:
        return next((value_of(term) for term in objects_of(quads, f"{SHACL}{name}")), "")

    def number(name: str) -> float | None:
        text = first(name)
        return float(text) if text else None

    defaults = {value_of(term) for term in objects_of(quads, f"{SHACL}defaultValue")}
    return QueryParameter(
        iri,
        re.split(r"[#/]", first("path"))[-1],
        first("datatype") or f"{XSD}string",
        first("class"),
        first("pattern"),
        number("minInclusive"),
        number("maxInclusive"),
        tuple(sorted(defaults)),
    )


def read_values(
    store: Store, names: Names, question: PublishedQuestion, texts: Mapping[str, Sequence[str]]
) -> dict[str, list[Term]]:
    """Return the values that a request gives to parameters; empty texts leave the default.

    Raises BadParameter for a parameter that the question has not, and for values of another type.
    """
    parameters = {parameter.name: parameter for parameter in question.parameters}
    unknown = sorted(texts.keys() - parameters.keys())
    if unknown:
        there = f"it has {', '.join(parameters)}" if parameters else "it has none"
        raise BadParameter(f"the query {question.key} has no parameter {unknown[0]!r}; {there}")
    values: dict[str, list[Term]] = {}
    for name, given in texts.items():
        accepted = [text.strip() for text in given if text.strip()]
        if len(accepted) > MOST_VALUES:
            raise BadParameter(f"{name} has {len(accepted)} values and may have {MOST_VALUES}")
        if any(len(text) > _LONGEST for text in accepted):
            raise BadParameter(f"{name} has a value of more than {_LONGEST} characters")
        parameter = parameters[name]
        if accepted and parameter.class_iri:
            values[name] = [_instance(store, names, parameter, text) for text in accepted]
        elif accepted:
            values[name] = [parameter.literal(text) for text in accepted]
    return values


def _instance(store: Store, names: Names, parameter: QueryParameter, text: str) -> NamedNode:
    """Return the entity that a text names: by IRI, id (``region/gao``) or key alone (``gao``)."""
    default = names.type_and_key(parameter.defaults[0]) if parameter.defaults else None
    if re.match(r"https?://", text):
        iri = text
    elif "/" in text:
        iri = names.entities + text
    else:
        iri = names.entity(default[0], text) if default else names.entities + text
    try:
        node = NamedNode(iri)
        is_instance = store.match(node, NamedNode(f"{RDF}type"), NamedNode(parameter.class_iri))
    except ValueError:
        is_instance = []
    if not is_instance:
        kind = re.split(r"[#/]", parameter.class_iri)[-1]
        example = f" such as {'/'.join(default)}" if default else ""
        raise BadParameter(f"{parameter.name}={text!r} is no {kind} here; give an id{example}")
    return node
