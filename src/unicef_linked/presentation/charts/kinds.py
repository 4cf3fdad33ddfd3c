"""The ways of drawing a chart: a table with one row for each term of ``ul:Drawing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.presentation.charts import bars, matrix, timeline
from unicef_linked.presentation.charts import map as area_map

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from unicef_linked.presentation.charts.bars import Bars
    from unicef_linked.presentation.charts.data import ChartData
    from unicef_linked.presentation.charts.map import MapChart
    from unicef_linked.presentation.charts.matrix import Matrix
    from unicef_linked.presentation.charts.timeline import Timeline

    Drawing = Bars | MapChart | Matrix | Timeline


@dataclass(frozen=True, slots=True)
class ChartKind:
    """One way of drawing."""

    term: str  # local name of its term in the ontology
    name: str  # in templates and style sheets
    variables: tuple[str, ...]  # that a query must have, as ontology/pictures.ttl states them
    draw: Callable[[ChartData], Drawing]  # raises ChartError


CHART_KINDS: Final[Mapping[str, ChartKind]] = {
    kind.term: kind
    for kind in (
        ChartKind("Bars", "bars", ("item", "value"), bars.draw),
        ChartKind("Map", "map", ("area", "boundary", "coordinates", "point"), area_map.draw),
        ChartKind("Matrix", "matrix", ("column", "row"), matrix.draw),
        ChartKind("Timeline", "timeline", ("date", "item"), timeline.draw),
    )
}
"""The ways of drawing by their terms. The template ``charts.html`` has a macro for each."""
