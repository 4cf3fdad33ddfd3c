"""A chart as a page shows it: the drawing or the reason why there is none, its table, its query."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.charts import MAX_ROWS, ChartTable, read_details
from unicef_linked.errors import MalformedQuery, NotAcceptable, QueryError, QueryRefused
from unicef_linked.presentation.charts.data import ChartData, ChartError
from unicef_linked.presentation.charts.kinds import CHART_KINDS
from unicef_linked.rdf.formats import RESULTS_CSV
from unicef_linked.rdf.iris import GEO, RDF, RDFS

if TYPE_CHECKING:
    from unicef_linked.dataset.charts import ChartCollection, ChartDefinition
    from unicef_linked.dataset.labels import Link, Text, Value
    from unicef_linked.presentation.charts.kinds import ChartKind, Drawing
    from unicef_linked.presentation.context import PageContext

_GEOMETRY_DATATYPES: Final = (f"{GEO}geoJSONLiteral", f"{GEO}wktLiteral")
"""Datatypes of coordinates, which the table on a page leaves out."""


_MAX_DRAWN: Final = 200
"""Charts in the cache; it is emptied when it has as many. Clients choose the languages."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart (``ul:Picture``) in one language."""

    iri: str
    title: Text
    notes: tuple[Text, ...]
    href: str  # of its own page
    query: str
    shows: Link | None = None
    kind: str = ""  # name of the ChartKind; "" if there is no drawing
    drawing: Drawing | None = None
    problem: str = ""  # why there is no drawing
    passing: bool = False  # the problem may be gone when the query is tried again
    columns: tuple[tuple[str, Text | None], ...] = ()  # variables with their headings
    rows: tuple[tuple[Value | None, ...], ...] = field(default=(), repr=False)
    left_out: bool = False  # the table lacks the columns of coordinates

    @property
    def key(self) -> str:
        """The anchor on a page: the end of its IRI."""
        end = re.split(r"[/#]", self.iri.rstrip("/#"))[-1]
        return "picture-" + re.sub(r"[^A-Za-z0-9-]", "-", end)

    @property
    def editor(self) -> str:
        """The address at which the query editor opens with its query."""
        return addresses.query(self.query)

    @property
    def csv(self) -> str:
        """The address of its rows as CSV."""
        return addresses.query(self.query, RESULTS_CSV.name)


class DrawnCharts:
    """The charts of one release, each drawn once for a language and what its readers prefer."""

    def __init__(self, charts: ChartCollection) -> None:
        self.collection = charts
        self._drawn: dict[tuple[str, str, tuple[str, ...]], Chart] = {}

    def all(self, context: PageContext, most: int | None = None) -> list[Chart]:
        """Return the charts of the dataset for a page: all, or the first ones."""
        definitions = self.collection.definitions[:most]
        return [self._draw(context, definition) for definition in definitions]

    def find(self, context: PageContext, iri: str) -> Chart | None:
        """Return the chart of an IRI for a page, None if the IRI is of no chart."""
        definition = self.collection.find(iri)
        return self._draw(context, definition) if definition else None

    def _draw(self, context: PageContext, definition: ChartDefinition) -> Chart:
        key = definition.iri, context.language, context.preferred
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = _build(self.collection, context, definition)
            if drawn.passing:
                return drawn
            if len(self._drawn) >= _MAX_DRAWN:
                self._drawn.clear()
            self._drawn[key] = drawn
        return drawn


def _build(charts: ChartCollection, context: PageContext, definition: ChartDefinition) -> Chart:
    _ = context.messages.gettext
    table, problem, passing = ChartTable((), ()), "", False
    try:
        table = charts.solve(definition)
    except NotAcceptable:
        problem = _("The query of this picture gives no table: write it as a SELECT.")
    except QueryError as error:
        problem = _("The query of this picture is not answered: %(reason)s") % {
            "reason": error.public
        }
        passing = not isinstance(error, MalformedQuery | QueryRefused)
    data = _read_data(context, definition, table)
    kind, drawing = None, None
    if not problem:
        try:
            kind = _choose_kind(data, definition)
            drawing = kind.draw(data)
        except ChartError as error:
            problem = str(error)
    shown = [name for name in table.variables if not _holds_geometry(table, name)]
    return Chart(
        definition.iri,
        data.reader.label(definition.iri),
        data.texts(definition.iri, f"{RDFS}comment"),
        context.locate(definition.iri) or definition.iri,
        definition.query,
        data.reader.link(definition.shows) if definition.shows else None,
        kind.name if kind and drawing else "",
        drawing,
        problem,
        passing,
        tuple((name, _heading(context, data, definition, name)) for name in shown),
        tuple(_cells(data, shown)),
        len(shown) < len(table.variables),
    )


def _read_data(context: PageContext, definition: ChartDefinition, table: ChartTable) -> ChartData:
    iris = {definition.iri, *table.iris}
    details = read_details(context.store, iris)
    more = {definition.shows} if definition.shows else set()
    reader = context.reader([], *iris, *details.object_iris, *more)
    return ChartData(table, details, reader, context.language, context.messages)


def _choose_kind(data: ChartData, definition: ChartDefinition) -> ChartKind:
    """Return the way of drawing; raises ChartError if the rows are not fit for it."""
    _ = data.messages.gettext
    kind, table = CHART_KINDS.get(definition.drawn_as), data.table
    if kind is None:
        terms = ", ".join(f"ul:{term}" for term in sorted(CHART_KINDS))
        raise ChartError(
            _("This picture does not say how it is drawn: ul:drawnAs is one of %(ways)s.")
            % {"ways": terms}
        )
    missing = ", ".join(f"?{name}" for name in kind.variables if name not in table.variables)
    if missing:
        raise ChartError(
            _("A picture drawn as %(way)s needs in its query what is missing: %(names)s.")
            % {"way": f"ul:{kind.term}", "names": missing}
        )
    if not table.rows:
        raise ChartError(_("The query of this picture finds nothing."))
    if len(table.rows) > MAX_ROWS:
        raise ChartError(
            _("The query of this picture finds more than %(rows)s rows.")
            % {"rows": data.number(MAX_ROWS)}
        )
    return kind


def _holds_geometry(table: ChartTable, variable: str) -> bool:
    literals = (term for term in table.values(variable) if isinstance(term, Literal))
    return any(literal.datatype.value in _GEOMETRY_DATATYPES for literal in literals)


def _heading(
    context: PageContext, data: ChartData, definition: ChartDefinition, variable: str
) -> Text | None:
    """Return the heading of a column: the property that the chart shows, or a class of all values.

    Of several classes the smallest, preferably one of the dataset's ontology.
    """
    if variable in {"value", "date"} and definition.shows:
        return data.reader.label(definition.shows)
    classes = _shared_classes(data, variable)
    if not classes:
        return None
    sizes = dict(context.dataset.partitions["class"])
    own = {iri for iri in classes if iri.startswith(context.names.ontology)}
    smallest = min(own or classes, key=lambda iri: (sizes.get(iri, 0), iri))
    label = data.reader.label(smallest)
    return label if label.language else None


def _shared_classes(data: ChartData, variable: str) -> set[str]:
    """Return the classes that all values of a variable have."""
    classes = []
    for term in set(data.table.values(variable)):
        if not isinstance(term, NamedNode):
            return set()
        classes.append(data.details.iris(term.value, f"{RDF}type"))
    return set.intersection(*classes) if classes else set()


def _cells(data: ChartData, variables: list[str]) -> list[tuple[Value | None, ...]]:
    rows = []
    for row in data.table.rows:
        cells = [data.reader.value(row[name]) if name in row else None for name in variables]
        rows.append(tuple(cells))
    return rows
