"""Shapes graph × data graph to a Report; the only module that knows the SHACL engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

import pyshacl
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize
from pyshacl.errors import ReportableRuntimeError
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.processor import SPARQLProcessor
from rdflib.query import Processor

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import RDF, SHACL, XSD, Names
from unicef_linked.rdf.serialization import write_rdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rdflib.plugins.sparql.sparql import Query

    from unicef_linked.build.sources import SourceFile

SEVERITIES: Final = ("Violation", "Warning", "Info")


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
                Triple(node, NamedNode(f"{SHACL}resultSeverity"), NamedNode(f"{SHACL}{result.severity}")),
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


class PreparingProcessor(SPARQLProcessor):
    """rdflib's own, but that it parses a query once: pySHACL asks some thirty for hundreds of shapes and nodes.

    Parsing took half of a validation.
    """

    def query(  # type: ignore[override]  # as rdflib has it
        self,
        strOrQuery: str | Query,  # noqa: N803
        initBindings: Mapping[str, Any] | None = None,  # noqa: N803
        initNs: Mapping[str, Any] | None = None,  # noqa: N803
        base: str | None = None,
        DEBUG: bool = False,  # noqa: N803
    ) -> Mapping[str, Any]:
        """Return the result, as rdflib's own does; raises what it raises, and UnusableInput for what is no query."""
        if isinstance(strOrQuery, str):
            strOrQuery = _prepare(strOrQuery, base, tuple((initNs or {}).items()))  # noqa: N806
        return super().query(strOrQuery, initBindings, initNs, base, DEBUG)


@lru_cache(maxsize=256)
def _prepare(query: str, base: str | None, namespaces: tuple[tuple[str, Any], ...]) -> Query:
    try:
        return prepareQuery(query, dict(namespaces), base)
    except Exception as error:  # rdflib raises what it likes, even Exception itself
        shown = shorten(query, 300)
        raise UnusableInput(f"the shapes cannot be used: {shorten(str(error), 300)}, in the query {shown}") from None


rdflib.plugin.register("sparql", Processor, __name__, PreparingProcessor.__name__)


def to_rdflib(quads: Iterable[Quad]) -> rdflib.Graph:
    """Return the statements, whichever graph they are in, as one rdflib graph."""
    content = serialize({quad.triple for quad in quads}, format=RdfFormat.N_TRIPLES)
    graph = rdflib.Graph(bind_namespaces="none")
    graph.parse(data=content, format="nt")
    return graph


def check(data: Sequence[Quad], shapes: Sequence[Quad], *, sources: Sequence[SourceFile] = ()) -> Report:
    """Return what the shapes say of the data, sorted by severity and node; ``sources`` tell file and line.

    The data graph holds the class hierarchy too. Raises UnusableInput when the shapes themselves cannot be used
    (SHACL, section 3.4: failures).
    """
    shapes_graph = to_rdflib(shapes)
    if not any(shapes_graph.subjects(rdflib.RDF.type, None)):
        raise UnusableInput("the shapes graph is empty: nothing would be checked")
    try:
        outcome: tuple[bool, Any, str] = pyshacl.validate(
            to_rdflib(data),
            shacl_graph=shapes_graph,
            inference="none",
            allow_warnings=True,
            allow_infos=True,
            do_owl_imports=False,
        )
    except ReportableRuntimeError as error:
        raise UnusableInput(f"the shapes cannot be used: {shorten(str(error), 600)}") from None
    _, graph, text = outcome
    if not isinstance(graph, rdflib.Graph):
        raise UnusableInput(f"the shapes cannot be used: {graph or text}")
    results = [
        _result(graph, node, shapes_graph, sources) for node in graph.subjects(rdflib.RDF.type, SH.ValidationResult)
    ]
    return Report(tuple(sorted(results, key=lambda r: (SEVERITIES.index(r.severity), r))))


def _result(graph: rdflib.Graph, node: rdflib.term.Node, shapes: rdflib.Graph, sources: Sequence[SourceFile]) -> Result:
    def one(predicate: rdflib.URIRef) -> str:
        value = graph.value(node, predicate)
        return "" if value is None or isinstance(value, rdflib.BNode) else str(value)

    focus, path = one(SH.focusNode), one(SH.resultPath)
    # pySHACL drops the language of a SPARQL constraint's message, so those of the shape are asked first.
    shape = graph.value(node, SH.sourceShape)
    texts = list(shapes.objects(shape, SH.message)) or list(graph.objects(node, SH.resultMessage))
    messages = sorted((text.language or "", str(text)) for text in texts if isinstance(text, rdflib.Literal))
    severity = one(SH.resultSeverity).removeprefix(SHACL)
    file, line = _place(focus, path, sources)
    return Result(
        severity if severity in SEVERITIES else "Violation",
        focus,
        path,
        one(SH.value),
        one(SH.sourceConstraintComponent),
        one(SH.sourceShape),
        tuple(messages),
        file,
        line,
    )


def _place(focus: str, path: str, sources: Sequence[SourceFile]) -> tuple[str, int]:
    """Return the file that states ``path`` of ``focus`` (else anything of it) and the line where the subject stands."""
    stating: tuple[int, Path, int | None] | None = None
    for source in sources:
        about = [
            quad
            for quad in source.quads
            if not isinstance(quad.subject, BlankNode | Triple) and quad.subject.value == focus
        ]
        if about:
            relevance = 1 + any(quad.predicate.value == path for quad in about)
            if stating is None or relevance > stating[0]:
                stating = (relevance, source.path, source.line_of(focus))
    return (str(stating[1]), stating[2] or 0) if stating else ("", 0)
