"""From a data graph and a shapes graph to a Report, by pySHACL, or by sets for large graphs."""

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
from pyshacl.errors import ReportableRuntimeError, ShapeRecursionWarning
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.processor import SPARQLProcessor
from rdflib.query import Processor

from unicef_linked.errors import UnusableInput
from unicef_linked.validation.columns import Columns
from unicef_linked.validation.components import adapted_pyshacl
from unicef_linked.validation.constraints import sort_messages
from unicef_linked.validation.report import Report, Result, known_severity, make_report
from unicef_linked.validation.sets import Wording, judge
from unicef_linked.validation.terms import from_rdflib, text_of, to_rdflib

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Quad
    from rdflib.plugins.sparql.sparql import Query

    from unicef_linked.rdf.terms import Term

Place = Callable[[str, str, "Term | None"], tuple[str, int]]
"""From a focus node, an IRI or ``_:label``, the IRI of a path and a value to their file and line.

("", 0) if none is known.
"""

SETS_FROM = 100_000
"""Statements from which on constraints are evaluated by sets.

pySHACL takes some 50 s of processor time for so many, sets 4 s. The packaged dataset is smaller.
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


def check(
    data: Collection[Quad],
    shapes: Sequence[Quad],
    *,
    place: Place = _no_place,
    sets_from: int | None = None,
    passing: Callable[[Iterable[Quad]], Iterable[Quad]] = iter,
    each_shape: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> Report:
    """Return the report on the data; ``place`` gives the file and line of a result.

    The data graph holds the class hierarchy too. With ``sets_from`` statements or more (None: with
    SETS_FROM), what sets do not cover alone is judged by pySHACL. ``passing`` is given the
    statements that are read first, and ``each_shape`` the shapes that are evaluated next, to return
    them as they are taken.
    Raises UnusableInput when the shapes themselves cannot be used (SHACL, section 3.4: failures).
    """
    with _without_log(), adapted_pyshacl(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shapes_graph = to_rdflib(shapes)
        if not any(shapes_graph.subjects(rdflib.RDF.type, None)):
            raise UnusableInput("the shapes graph is empty: nothing would be checked")
        if len(data) >= (SETS_FROM if sets_from is None else sets_from):
            columns = Columns(passing(data))
            results = _check_by_sets(columns, data, shapes_graph, place, each_shape)
        else:
            graph = to_rdflib(passing(data))
            each_shape(())
            results = _check(graph, shapes_graph, place)
        report = make_report(results)
    if any(issubclass(warning.category, ShapeRecursionWarning) for warning in caught):
        return replace(report, remarks=(_RECURSION,))
    return report


def _check_by_sets(
    columns: Columns,
    data: Collection[Quad],
    shapes_graph: rdflib.Graph,
    place: Place,
    each_shape: Callable[[Sequence[Any]], Iterable[Any]],
) -> Iterator[Result]:
    try:
        outcome = judge(columns, shapes_graph, each_shape)
    except ReportableRuntimeError as error:
        raise _unusable(error) from None
    wording = Wording(data)
    yield from (wording.result(finding, place) for finding in outcome.findings)
    if outcome.rest is not None:
        yield from _check(to_rdflib(data), outcome.rest, place)


def _check(data: rdflib.Graph, shapes_graph: rdflib.Graph, place: Place) -> Iterator[Result]:
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
        raise _unusable(error) from None
    _, graph, text = outcome
    if not isinstance(graph, rdflib.Graph):
        raise UnusableInput(f"the shapes cannot be used: {graph or text}")
    for node in graph.subjects(rdflib.RDF.type, SH.ValidationResult):
        yield _read_result(graph, node, shapes_graph, place)


def _unusable(error: ReportableRuntimeError) -> UnusableInput:
    return UnusableInput(f"the shapes cannot be used: {shorten(str(error), 600)}")


def _read_result(
    graph: rdflib.Graph, node: rdflib.term.Node, shapes: rdflib.Graph, place: Place
) -> Result:
    def first(predicate: rdflib.URIRef) -> str:
        value = graph.value(node, predicate)
        return "" if value is None or isinstance(value, rdflib.BNode) else str(value)

    def term(predicate: rdflib.URIRef) -> Term | None:
        value = graph.value(node, predicate)
        return None if value is None else from_rdflib(value)

    focus, value, path = term(SH.focusNode), term(SH.value), first(SH.resultPath)
    # pySHACL, at least up to 0.40.1, drops the language of a SPARQL constraint's message (no
    # upstream issue is known): the shape's own messages are read first.
    shape = graph.value(node, SH.sourceShape)
    texts = list(shapes.objects(shape, SH.message)) or list(graph.objects(node, SH.resultMessage))
    file, line = place(text_of(focus), path, value)
    return Result(
        known_severity(first(SH.resultSeverity)),
        text_of(focus),
        path,
        text_of(value),
        first(SH.sourceConstraintComponent),
        first(SH.sourceShape),
        sort_messages(texts),
        file,
        line,
        "" if value is None else str(value),
    )
