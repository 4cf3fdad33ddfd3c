"""From a data graph and a shapes graph to a Report, by pySHACL."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

import pyshacl
import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode
from pyshacl.errors import ReportableRuntimeError, ShapeRecursionWarning
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.processor import SPARQLProcessor
from rdflib.query import Processor

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import XSD
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.components import AsWritten, adapted_pyshacl
from unicef_linked.validation.report import Report, Result, known_severity, make_report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Quad
    from rdflib.plugins.sparql.sparql import Query

    from unicef_linked.rdf.terms import Term

Place = Callable[[str, str, "Term | None"], tuple[str, int]]
"""From a focus node, an IRI or ``_:label``, the IRI of a path and a value to their file and line.

("", 0) if none is known.
"""

_RECURSION: Final = (
    "shapes that refer to themselves were followed along cycles of the data to a depth of 12 only;"
    " SHACL (section 3.4.3) does not define their result"
)


class PreparingProcessor(SPARQLProcessor):
    """rdflib's processor with a cache of parsed queries.

    pySHACL, at least up to 0.40.1, passes a query as text for each shape and focus node, and rdflib
    parses it every time: half the time of a validation. No upstream issue is known.
    """

    def query(  # type: ignore[override]  # as rdflib has it
        self,
        strOrQuery: str | Query,  # noqa: N803
        initBindings: Mapping[str, Any] | None = None,  # noqa: N803
        initNs: Mapping[str, Any] | None = None,  # noqa: N803
        base: str | None = None,
        DEBUG: bool = False,  # noqa: N803
    ) -> Mapping[str, Any]:
        """Return the result as rdflib does; raises UnusableInput for what is not a query."""
        if isinstance(strOrQuery, str):
            strOrQuery = _prepare(strOrQuery, base, tuple((initNs or {}).items()))  # noqa: N806
        return super().query(strOrQuery, initBindings, initNs, base, DEBUG)


@lru_cache(maxsize=256)
def _prepare(query: str, base: str | None, namespaces: tuple[tuple[str, Any], ...]) -> Query:
    try:
        return prepareQuery(query, dict(namespaces), base)
    except Exception as error:  # rdflib raises errors of many classes, even Exception
        reason, text = shorten(str(error), 300), shorten(query, 300)
        raise UnusableInput(f"the shapes cannot be used: {reason}, in the query {text}") from None


rdflib.plugin.register("sparql", Processor, __name__, PreparingProcessor.__name__)


def to_rdflib(quads: Iterable[Quad]) -> rdflib.Graph:
    """Return the statements of all graphs as one rdflib graph, each literal as written."""
    graph = rdflib.Graph(bind_namespaces="none")
    terms = _Terms()
    for quad in quads:
        subject, predicate, value = quad.triple
        graph.add((terms[subject], terms[predicate], terms[value]))
    return graph


class _Terms(dict["Term", rdflib.term.IdentifiedNode | rdflib.Literal]):
    """rdflib's terms by the engine's, each made once."""

    def __missing__(self, term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
        self[term] = _to_rdflib_term(term)
        return self[term]


def _to_rdflib_term(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    """Return a term of rdflib; raises UnusableInput for one of RDF 1.2, which SHACL lacks."""
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if not isinstance(term, Literal) or term.direction is not None:
        raise UnusableInput(f"{term} is a term of RDF 1.2; SHACL validates RDF 1.1")
    if term.language is not None:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == f"{XSD}string":
        return rdflib.Literal(term.value)
    return AsWritten(term.value, term.datatype.value)


def _from_rdflib(term: rdflib.term.Node) -> Term:
    if isinstance(term, rdflib.Literal):
        if term.language:
            return Literal(str(term), language=term.language)
        return Literal(str(term), datatype=NamedNode(term.datatype or f"{XSD}string"))
    return BlankNode(str(term)) if isinstance(term, rdflib.BNode) else NamedNode(str(term))


@contextmanager
def _without_log() -> Iterator[None]:
    """Keep rdflib from logging, with a traceback, each value that it has no Python type for."""
    logger = logging.getLogger("rdflib")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _no_place(_focus: str, _path: str, _value: Term | None) -> tuple[str, int]:
    return "", 0


def check(data: Collection[Quad], shapes: Sequence[Quad], *, place: Place = _no_place) -> Report:
    """Return the report on the data; ``place`` gives the file and line of a result.

    The data graph holds the class hierarchy too. Raises UnusableInput when the shapes themselves
    cannot be used (SHACL, section 3.4: failures).
    """
    with _without_log(), adapted_pyshacl(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = _check(to_rdflib(data), to_rdflib(shapes), place)
    if any(issubclass(warning.category, ShapeRecursionWarning) for warning in caught):
        return replace(report, remarks=(_RECURSION,))
    return report


def _check(data: rdflib.Graph, shapes_graph: rdflib.Graph, place: Place) -> Report:
    if not any(shapes_graph.subjects(rdflib.RDF.type, None)):
        raise UnusableInput("the shapes graph is empty: nothing would be checked")
    try:
        outcome: tuple[bool, Any, str] = pyshacl.validate(
            data,
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
    nodes = graph.subjects(rdflib.RDF.type, SH.ValidationResult)
    return make_report(_read_result(graph, node, shapes_graph, place) for node in nodes)


def _read_result(
    graph: rdflib.Graph, node: rdflib.term.Node, shapes: rdflib.Graph, place: Place
) -> Result:
    def first(predicate: rdflib.URIRef) -> str:
        value = graph.value(node, predicate)
        return "" if value is None or isinstance(value, rdflib.BNode) else str(value)

    def term(predicate: rdflib.URIRef) -> Term | None:
        value = graph.value(node, predicate)
        return None if value is None else _from_rdflib(value)

    focus, value, path = term(SH.focusNode), term(SH.value), first(SH.resultPath)
    # pySHACL, at least up to 0.40.1, drops the language of a SPARQL constraint's message (no
    # upstream issue is known): the shape's own messages are read first.
    shape = graph.value(node, SH.sourceShape)
    texts = list(shapes.objects(shape, SH.message)) or list(graph.objects(node, SH.resultMessage))
    messages = sorted(
        (text.language or "", str(text)) for text in texts if isinstance(text, rdflib.Literal)
    )
    file, line = place(_text(focus), path, value)
    return Result(
        known_severity(first(SH.resultSeverity)),
        _text(focus),
        path,
        _text(value),
        first(SH.sourceConstraintComponent),
        first(SH.sourceShape),
        tuple(messages),
        file,
        line,
        "" if value is None else str(value),
    )


def _text(term: Term | None) -> str:
    """Return an IRI, a lexical form, a blank node as ``_:label``, or "" for no term."""
    return str(term) if isinstance(term, BlankNode) else value_of(term)
