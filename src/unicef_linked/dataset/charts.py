"""The charts that the data publishes (``ul:Picture``), with the rows of their queries."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.errors import (
    LinkedDataError,
    MalformedQuery,
    NotAcceptable,
    QueryError,
    QueryRefused,
)
from unicef_linked.rdf.formats import RESULTS_JSON
from unicef_linked.rdf.iris import RDF, RDFS, SKOS
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Collection

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.store import Store

MAX_ROWS: Final = 2000
"""Most rows of one chart. A chart whose query has more solutions is not drawn."""

_DEFINITIONS: Final = """
# The pictures that the data publishes.
PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT ?picture ?query ?way ?shows ?order {{
  ?picture a <{ontology}#Picture> ; sh:select ?query .
  OPTIONAL {{ ?picture <{ontology}#drawnAs> ?way }}
  OPTIONAL {{ ?picture <{ontology}#shows> ?shows }}
  OPTIONAL {{ ?picture sh:order ?order }}
}}
ORDER BY ?order STR(?picture) STR(?query)
"""

_DETAILS: Final = tuple(
    ox.NamedNode(iri) for iri in (f"{RDF}type", f"{RDFS}comment", f"{SKOS}note", f"{SKOS}broader")
)
"""Properties that a chart shows of the things in its rows."""


@dataclass(frozen=True, slots=True)
class ChartDefinition:
    """A chart as the data describes it."""

    iri: str
    query: str
    drawn_as: str  # local name of a term of the ontology, such as "Bars"; else its IRI, or ""
    shows: str  # IRI of a property, or ""


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The solutions of a chart's query, up to MAX_ROWS + 1."""

    variables: tuple[str, ...]
    rows: tuple[Solution, ...]

    @property
    def iris(self) -> set[str]:
        """The IRIs in its rows."""
        terms: set[Term] = set()
        for row in self.rows:
            terms.update(row.values())
        return {term.value for term in terms if isinstance(term, ox.NamedNode)}

    def values(self, variable: str) -> list[Term]:
        """Return the terms that a variable is bound to, row by row."""
        return [row[variable] for row in self.rows if variable in row]


@dataclass(frozen=True, slots=True)
class Details:
    """Statements of the things in a chart: subject and property to objects."""

    objects: dict[tuple[str, str], list[Term]]

    def iris(self, subject: str, predicate: str) -> set[str]:
        """Return the objects that are IRIs."""
        terms = self.objects.get((subject, predicate), [])
        return {term.value for term in terms if isinstance(term, ox.NamedNode)}

    def literals(self, subject: str, predicate: str) -> list[ox.Literal]:
        """Return the objects that are literals."""
        terms = self.objects.get((subject, predicate), [])
        return [term for term in terms if isinstance(term, ox.Literal)]

    @property
    def object_iris(self) -> set[str]:
        """All objects that are IRIs."""
        iris: set[str] = set()
        for subject, predicate in self.objects:
            iris |= self.iris(subject, predicate)
        return iris


def read_details(store: Store, iris: Collection[str]) -> Details:
    """Return the classes, comments, notes and broader concepts of things."""
    objects: dict[tuple[str, str], list[Term]] = {}
    for quad in store.match_any([ox.NamedNode(iri) for iri in sorted(iris)], _DETAILS):
        key = (str(getattr(quad.subject, "value", "")), quad.predicate.value)
        objects.setdefault(key, []).append(quad.object)
    return Details(objects)


class ChartCollection:
    """The charts of one release. Each query is answered once."""

    def __init__(self, store: Store, names: Names, timeout: float) -> None:
        self._store, self._names, self._timeout = store, names, timeout
        self._answers: dict[str, ChartTable | QueryError | NotAcceptable] = {}

    @cached_property
    def definitions(self) -> tuple[ChartDefinition, ...]:
        """The charts in the order of ``sh:order``; those without one come first."""
        definitions: dict[str, ChartDefinition] = {}
        for row in self._store.select(_DEFINITIONS.format(ontology=self._names.ontology)):
            iri, query = row["picture"], row["query"]
            if isinstance(iri, ox.NamedNode) and isinstance(query, ox.Literal):
                drawn_as = str(getattr(row.get("way"), "value", ""))
                definition = ChartDefinition(
                    iri.value,
                    query.value.strip() + "\n",
                    drawn_as.removeprefix(f"{self._names.ontology}#"),
                    str(getattr(row.get("shows"), "value", "")),
                )
                definitions.setdefault(iri.value, definition)
        return tuple(definitions.values())

    def find(self, iri: str) -> ChartDefinition | None:
        """Return the chart of an IRI."""
        matching = (definition for definition in self.definitions if definition.iri == iri)
        return next(matching, None)

    def solve(self, definition: ChartDefinition) -> ChartTable:
        """Return the rows of a chart; raises QueryError or NotAcceptable as a client's query does.

        A release never changes, so its rows are kept, and so are faults of the query itself. Other
        errors, such as a full queue, are not: the query is tried again at the next call.
        """
        answer = self._answers.get(definition.iri)
        if answer is None:
            try:
                answer = self._solve(definition.query)
            except (MalformedQuery, QueryRefused, NotAcceptable) as error:
                answer = error
            self._answers[definition.iri] = answer
        if isinstance(answer, ChartTable):
            return answer
        raise answer

    def solve_all(self) -> None:
        """Answer every query ahead of the first page that needs it."""
        for definition in self.definitions:
            with suppress(LinkedDataError):  # the page of the chart shows the error
                self.solve(definition)

    def _solve(self, query: str) -> ChartTable:
        answer = self._store.answer(
            Query(query), solutions=RESULTS_JSON, graph=None, timeout=self._timeout
        )
        try:
            content = answer.whole if answer.whole is not None else b"".join(answer.chunks)
        finally:
            answer.close()
        results = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
        if not isinstance(results, ox.QuerySolutions):
            return ChartTable((), ())
        variables = tuple(variable.value for variable in results.variables)
        rows = []
        for solution in islice(results, MAX_ROWS + 1):
            terms = ((name, solution[name]) for name in variables)
            rows.append({name: term for name, term in terms if term is not None})
        return ChartTable(variables, tuple(rows))
