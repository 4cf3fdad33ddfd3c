"""A SHACL validation report (SHACL, section 3.6) as a value: counted, written as RDF, read back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from unicef_linked.rdf.iris import RDF, SHACL, XSD, Names
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import Quad

SEVERITIES: Final = ("Violation", "Warning", "Info")
"""Local names of the severities, the most severe first."""
_TYPE: Final = NamedNode(f"{RDF}type")


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """One sh:ValidationResult, with its place in the source files."""

    severity: str  # "Violation", "Warning" or "Info"
    focus_node: str  # an IRI, or _:label
    path: str  # the property path's IRI; "" for a node, or a path that is no IRI
    value: str
    constraint: str  # IRI of the constraint component
    shape: str
    messages: tuple[tuple[str, str], ...]  # (language, text)
    file: str = ""
    line: int = 0
    term: str = ""  # the value as a term, in the syntax of N-Triples
    suggestion: str = ""  # IRI of the term that a misspelt one is likely meant to be
    follows: bool = False  # whether it follows from another result: mend that one first

    def message(self, language: str) -> str:
        """Return the message in ``language``, else in English, else any."""
        texts = dict(self.messages)
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class Report:
    """One sh:ValidationReport; it conforms if no result is a violation."""

    results: tuple[Result, ...]
    remarks: tuple[str, ...] = ()  # what the validation left undecided
    prefixes: Mapping[str, str] = field(default_factory=dict)  # declared by the data, for readers

    @property
    def conforms(self) -> bool:
        """Whether no result is a violation."""
        return not any(result.severity == "Violation" for result in self.results)

    def count(self, severity: str) -> int:
        """Return how many results have that severity."""
        return sum(result.severity == severity for result in self.results)

    def triples(self, names: Names) -> list[Triple]:
        """Return the report as a graph (SHACL, section 3.6), in a fixed order.

        Its own nodes have names; blank nodes of the data graph are blank nodes here.
        """
        report = NamedNode(f"{names.base}report")
        conforms = Literal(str(self.conforms).lower(), datatype=NamedNode(f"{XSD}boolean"))
        triples = [
            Triple(report, _TYPE, NamedNode(f"{SHACL}ValidationReport")),
            Triple(report, NamedNode(f"{SHACL}conforms"), conforms),
        ]
        for number, result in enumerate(self.results, start=1):
            node = NamedNode(f"{report.value}#{number}")
            triples.append(Triple(report, NamedNode(f"{SHACL}result"), node))
            triples += _result_triples(node, result)
        return triples

    def turtle(self, names: Names) -> bytes:
        """Return the report as Turtle."""
        return write_rdf(self.triples(names), RdfFormat.TURTLE, names.prefixes)


def make_report(results: Iterable[Result], remarks: Iterable[str] = ()) -> Report:
    """Return the report of results, in a fixed order: the most severe first, then the causes."""
    ordered = sorted(results, key=lambda r: (SEVERITIES.index(r.severity), r.follows, r))
    return Report(tuple(ordered), tuple(remarks))


def _result_triples(node: NamedNode, result: Result) -> Iterator[Triple]:
    yield Triple(node, _TYPE, NamedNode(f"{SHACL}ValidationResult"))
    severity = NamedNode(f"{SHACL}{result.severity}")
    yield Triple(node, NamedNode(f"{SHACL}resultSeverity"), severity)
    for name, value in (
        ("focusNode", result.focus_node),
        ("resultPath", result.path),
        ("sourceConstraintComponent", result.constraint),
        ("sourceShape", result.shape),
    ):
        if value.startswith("_:"):
            yield Triple(node, NamedNode(f"{SHACL}{name}"), BlankNode(value[2:]))
        elif ":" in value:
            yield Triple(node, NamedNode(f"{SHACL}{name}"), NamedNode(value))
    if result.term:
        (statement,) = parse(f"<urn:s> <urn:p> {result.term} .", format=RdfFormat.N_TRIPLES)
        yield Triple(node, NamedNode(f"{SHACL}value"), statement.object)
    for language, text in result.messages:
        message = Literal(text, language=language) if language else Literal(text)
        yield Triple(node, NamedNode(f"{SHACL}resultMessage"), message)


def read_report(quads: Iterable[Quad]) -> Report | None:
    """Return the validation report that a graph holds; None if it holds none."""
    values: dict[object, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        values[quad.subject][quad.predicate.value].append(quad.object)
    if not any(f"{SHACL}conforms" in predicates for predicates in values.values()):
        return None
    nodes = [node for node in values.values() if f"{SHACL}resultSeverity" in node]
    return make_report(_read_result(node) for node in nodes)


def _read_result(node: dict[str, list[object]]) -> Result:
    """Return a result from the values of a node, by predicate."""

    def first(name: str) -> str:
        values = node.get(f"{SHACL}{name}", [])
        if values and isinstance(values[0], BlankNode):
            return str(values[0])
        return value_of(values[0]) if values else ""

    messages = [
        (text.language or "", text.value)
        for text in node.get(f"{SHACL}resultMessage", [])
        if isinstance(text, Literal)
    ]
    return Result(
        known_severity(first("resultSeverity")),
        first("focusNode"),
        first("resultPath"),
        first("value"),
        first("sourceConstraintComponent"),
        first("sourceShape"),
        tuple(sorted(messages)),
        term=str(next(iter(node.get(f"{SHACL}value", [])), "")),
    )


def known_severity(iri: str) -> str:
    """Return the local name of a severity; one of another vocabulary counts as a violation."""
    severity = iri.removeprefix(SHACL)
    return severity if severity in SEVERITIES else "Violation"
