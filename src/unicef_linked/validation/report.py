"""A SHACL validation report (section 3.6) as a value: counted, written as RDF, read back from RDF."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from unicef_linked.rdf.iris import RDF, SHACL, XSD, Names
from unicef_linked.rdf.serialization import write_rdf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

SEVERITIES: Final = ("Violation", "Warning", "Info")
"""Local names of the severities, gravest first."""


@dataclass(frozen=True, slots=True, order=True)
class Result:
    """One sh:ValidationResult, with the place in the files that it speaks of."""

    severity: str  # "Violation", "Warning" or "Info"
    focus_node: str
    path: str  # the property path's IRI; "" for a node, or a path that is no IRI
    value: str
    constraint: str  # IRI of the constraint component
    shape: str
    messages: tuple[tuple[str, str], ...]  # (language, text)
    file: str = ""
    line: int = 0

    def message(self, language: str) -> str:
        """Return the message in ``language``, else in English, else whichever there is."""
        texts = dict(self.messages)
        return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


@dataclass(frozen=True, slots=True)
class Report:
    """One sh:ValidationReport. ``conforms`` is false when there is any violation; advice does not count."""

    results: tuple[Result, ...]

    @property
    def conforms(self) -> bool:
        """Whether no result is a violation."""
        return not any(result.severity == "Violation" for result in self.results)

    def count(self, severity: str) -> int:
        """Return how many results have that severity."""
        return sum(result.severity == severity for result in self.results)

    def triples(self, names: Names) -> list[Triple]:
        """Return the report as a graph of SHACL, section 3.6, its nodes named and in a fixed order."""
        report = NamedNode(f"{names.base}report")
        kind = NamedNode(f"{RDF}type")
        conforms = Literal(str(self.conforms).lower(), datatype=NamedNode(f"{XSD}boolean"))
        triples = [
            Triple(report, kind, NamedNode(f"{SHACL}ValidationReport")),
            Triple(report, NamedNode(f"{SHACL}conforms"), conforms),
        ]
        for number, result in enumerate(self.results, start=1):
            node = NamedNode(f"{report.value}#{number}")
            triples += [
                Triple(report, NamedNode(f"{SHACL}result"), node),
                Triple(node, kind, NamedNode(f"{SHACL}ValidationResult")),
                Triple(
                    node,
                    NamedNode(f"{SHACL}resultSeverity"),
                    NamedNode(f"{SHACL}{result.severity}"),
                ),
            ]
            for name, value in (
                ("focusNode", result.focus_node),
                ("resultPath", result.path),
                ("sourceConstraintComponent", result.constraint),
                ("sourceShape", result.shape),
            ):
                if ":" in value:
                    triples.append(Triple(node, NamedNode(f"{SHACL}{name}"), NamedNode(value)))
            if result.value:
                triples.append(Triple(node, NamedNode(f"{SHACL}value"), Literal(result.value)))
            for language, text in result.messages:
                literal = Literal(text, language=language) if language else Literal(text)
                triples.append(Triple(node, NamedNode(f"{SHACL}resultMessage"), literal))
        return triples

    def turtle(self, names: Names) -> bytes:
        """Return the report as Turtle."""
        return write_rdf(self.triples(names), RdfFormat.TURTLE, names.prefixes)


def read_report(quads: Iterable[Quad]) -> Report | None:
    """Return the validation report that a graph holds; None where it holds none."""
    values: dict[object, dict[str, list[object]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        values[quad.subject][quad.predicate.value].append(quad.object)
    if not any(f"{SHACL}conforms" in predicates for predicates in values.values()):
        return None
    nodes = [predicates for predicates in values.values() if f"{SHACL}resultSeverity" in predicates]
    results = [_read_result(predicates) for predicates in nodes]
    return Report(tuple(sorted(results, key=lambda r: (SEVERITIES.index(r.severity), r))))


def _read_result(predicates: dict[str, list[object]]) -> Result:
    def one(name: str) -> str:
        return str(getattr(next(iter(predicates.get(f"{SHACL}{name}", [])), None), "value", ""))

    texts = [
        text for text in predicates.get(f"{SHACL}resultMessage", []) if isinstance(text, Literal)
    ]
    severity = one("resultSeverity").removeprefix(SHACL)
    return Result(
        severity if severity in SEVERITIES else "Violation",
        one("focusNode"),
        one("resultPath"),
        one("value"),
        one("sourceConstraintComponent"),
        one("sourceShape"),
        tuple(sorted((text.language or "", text.value) for text in texts)),
    )
