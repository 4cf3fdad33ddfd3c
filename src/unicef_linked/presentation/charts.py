"""The pictures that the data publishes (``ul:Picture``): their rows, asked once a release, arranged for a reader.

The ontology says which variables each way of drawing reads. What cannot be drawn says why, in the picture's place.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked import addresses
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.errors import (
    LinkedDataError,
    MalformedQuery,
    NotAcceptable,
    QueryError,
    QueryRefused,
)
from unicef_linked.presentation.local_formats import format_date, format_number
from unicef_linked.presentation.maps import Connection, Feature, Map, contains, draw, read_place
from unicef_linked.rdf.formats import RESULTS_CSV, RESULTS_JSON
from unicef_linked.rdf.iris import GEO, RDF, RDFS, SKOS
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from unicef_linked.dataset.labels import Link, Reader, Value
    from unicef_linked.exports.geojson import Geometry
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.store import Store

ROWS: Final = 2000
"""Rows that a picture is drawn from; more are a table to query, and nothing to look at."""

COLOURS: Final = 8
"""How many colours tell areas apart (browser/styles/pictures.css); past that they begin anew."""

READS: Final[Mapping[str, tuple[str, ...]]] = {
    "Bars": ("item", "value"),
    "Map": ("area", "boundary", "coordinates", "point"),
    "Matrix": ("column", "row"),
    "Timeline": ("date", "item"),
}
"""The ways of drawing and the variables that each reads, as ontology/pictures.ttl states them."""

_FORMS: Final = ("circle", "square", "diamond", "triangle")
_WORDS_OF_GEOMETRY: Final = (f"{GEO}geoJSONLiteral", f"{GEO}wktLiteral")
_TICKS: Final = 10
_TOLD: Final = tuple(
    ox.NamedNode(iri) for iri in (f"{RDF}type", f"{RDFS}comment", f"{SKOS}note", f"{SKOS}broader")
)
_DATE: Final = re.compile(r"(-?\d{4,})(?:-(\d\d)(?:-(\d\d))?)?(?:T.*|Z|[+-]\d\d:\d\d)?")

_PICTURES: Final = """
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


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the data describes it."""

    iri: str
    query: str
    way: str  # the local name of a term such as ul:Bars, else the IRI; "" where nothing says it
    shows: str  # a property; "" where nothing says it


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a picture's query."""

    variables: tuple[str, ...]
    rows: tuple[Solution, ...]


class Pictures:
    """The pictures of one release with their answers, each asked once."""

    def __init__(self, store: Store, names: Names, timeout: float) -> None:
        self._store, self._names, self._timeout = store, names, timeout
        self._answers: dict[str, Table | QueryError | NotAcceptable] = {}

    @cached_property
    def published(self) -> tuple[Picture, ...]:
        """What the data describes, in its order (``sh:order``); those without come first."""
        found: dict[str, Picture] = {}
        for row in self._store.select(_PICTURES.format(ontology=self._names.ontology)):
            iri, query = row["picture"], row["query"]
            if isinstance(iri, ox.NamedNode) and isinstance(query, ox.Literal):
                way = str(getattr(row.get("way"), "value", "")).removeprefix(
                    f"{self._names.ontology}#"
                )
                shows = str(getattr(row.get("shows"), "value", ""))
                found.setdefault(
                    iri.value, Picture(iri.value, query.value.strip() + "\n", way, shows)
                )
        return tuple(found.values())

    def ask(self, picture: Picture) -> Table:
        """Return a picture's rows; raises QueryError or NotAcceptable as a stranger's query does.

        A release never changes, and neither does what is wrong with a query; what went wrong around it may pass.
        """
        found = self._answers.get(picture.iri)
        if found is None:
            try:
                found = self._ask(picture.query)
            except (MalformedQuery, QueryRefused, NotAcceptable) as error:
                found = error
            self._answers[picture.iri] = found
        if isinstance(found, Table):
            return found
        raise found

    def ask_all(self) -> None:
        """Ask for what has not been asked yet, so that no reader waits for it, or comes when the queue is full."""
        for picture in self.published:
            with suppress(LinkedDataError):  # whoever opens the page is told
                self.ask(picture)

    def _ask(self, query: str) -> Table:
        answer = self._store.answer(
            Query(query), solutions=RESULTS_JSON, graph=None, timeout=self._timeout
        )
        try:
            content = answer.whole if answer.whole is not None else b"".join(answer.chunks)
        finally:
            answer.close()
        results = ox.parse_query_results(content, ox.QueryResultsFormat.JSON)
        if not isinstance(results, ox.QuerySolutions):
            return Table((), ())
        names = tuple(variable.value for variable in results.variables)
        rows = (
            {name: term for name in names if (term := row[name]) is not None} for row in results
        )
        return Table(names, tuple(row for row, _ in zip(rows, range(ROWS + 1), strict=False)))


# What a template prints


@dataclass(frozen=True, slots=True)
class Mark:
    """A filled cell of a matrix: where it leads, and what it says."""

    href: str
    title: str


@dataclass(frozen=True, slots=True)
class Group:
    """Columns of a matrix under their broader concept; ``whole`` where the first is that concept itself."""

    link: Link
    columns: tuple[Link, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by columns: a mark where a row has a column."""

    groups: tuple[Group, ...]
    rows: tuple[tuple[Link, tuple[Mark | None, ...]], ...]

    @property
    def nested(self) -> bool:
        """Whether any group holds more than itself."""
        return any(len(group.columns) > 1 or not group.whole for group in self.groups)


@dataclass(frozen=True, slots=True)
class Bar:
    """One number as a part of the largest, in hundredths."""

    item: Link
    text: str
    share: float
    evidence: Link | None
    when: Link | None


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers, one after the other; ``times`` are those they are of, with what the data notes of each."""

    bars: tuple[Bar, ...]
    total: str
    times: tuple[tuple[Link, tuple[Text, ...]], ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A date on the axis, from where to how far, in hundredths of its length."""

    item: Link
    text: str
    written: str  # as the data writes it
    start: float
    length: float
    evidence: Link | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Dates on one axis of years; ``ticks`` are years with their place in hundredths."""

    events: tuple[Event, ...]
    ticks: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """What the marks of a map mean: owners by colour, kinds of points by form, and which special marks occur."""

    owners: tuple[tuple[Link, str], ...]
    kinds: tuple[tuple[Text, str], ...]
    marks: frozenset[str]
    notes: tuple[tuple[Link, tuple[Text, ...]], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn map with its legend."""

    map: Map
    legend: Legend


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture arranged for one language: one of the four drawings, or the problem in its place."""

    iri: str
    title: Text
    notes: tuple[Text, ...]
    href: str
    query: str
    shows: Link | None = None
    drawn: Chart | Matrix | Timeline | Bars | None = None
    problem: str = ""
    passing: bool = False  # the problem may be gone when it is asked again
    columns: tuple[tuple[str, Text | None], ...] = ()  # variable, and what it holds
    rows: tuple[tuple[Value | None, ...], ...] = field(default=(), repr=False)
    left_out: bool = False  # coordinates are not in the table

    @property
    def key(self) -> str:
        """An anchor for it: the end of its IRI."""
        return "picture-" + re.sub(
            r"[^A-Za-z0-9-]", "-", re.split(r"[/#]", self.iri.rstrip("/#"))[-1]
        )

    @property
    def way(self) -> str:
        """Which of the drawings it is: ``map``, ``matrix``, ``timeline``, ``bars``; "" for none."""
        return {Chart: "map", Matrix: "matrix", Timeline: "timeline", Bars: "bars"}.get(
            type(self.drawn), ""
        )

    @property
    def editor(self) -> str:
        """Where the editor opens with exactly its query."""
        return addresses.query(self.query)

    @property
    def csv(self) -> str:
        """Where its rows are a CSV file."""
        return addresses.query(self.query, RESULTS_CSV.name)


def drawings(pictures: Pictures, context: PageContext) -> list[Drawing]:
    """Return every picture, arranged for a page."""
    return [_arrange(pictures, context, picture) for picture in pictures.published]


def of(pictures: Pictures, context: PageContext, iri: str) -> Drawing | None:
    """Return the picture that an IRI names, arranged for a page; None where it names none."""
    found = next((picture for picture in pictures.published if picture.iri == iri), None)
    return _arrange(pictures, context, found) if found else None


class _Undrawable(Exception):
    """What stands in the picture's place."""


def _arrange(pictures: Pictures, context: PageContext, picture: Picture) -> Drawing:
    _ = context.messages.gettext
    table, problem, passing = Table((), ()), "", False
    try:
        table = pictures.ask(picture)
    except NotAcceptable:
        problem = _("The query of this picture gives no table: write it as a SELECT.")
    except QueryError as error:
        problem = _("The query of this picture is not answered: %(reason)s") % {"reason": error}
        passing = not isinstance(error, MalformedQuery | QueryRefused)
    iris = {
        term.value for row in table.rows for term in row.values() if isinstance(term, ox.NamedNode)
    }
    quads = context.store.match_any(
        [ox.NamedNode(iri) for iri in sorted({picture.iri, *iris})], _TOLD
    )
    beside = {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}
    reader = context.reader([], picture.iri, *filter(None, [picture.shows]), *iris, *beside)
    desk = _Desk(context, picture, table, reader, quads)
    drawn: Chart | Matrix | Timeline | Bars | None = None
    if not problem:
        try:
            drawn = desk.draw()
        except _Undrawable as undrawable:
            problem = str(undrawable)
    shown = [name for name in table.variables if not desk.holds_geometry(name)]
    return Drawing(
        picture.iri,
        reader.label(picture.iri),
        desk.words(picture.iri, f"{RDFS}comment"),
        context.locate(picture.iri) or picture.iri,
        picture.query,
        reader.link(picture.shows) if picture.shows else None,
        drawn,
        problem,
        passing,
        tuple((name, desk.heading(name)) for name in shown),
        tuple(
            tuple(reader.value(row[name]) if name in row else None for name in shown)
            for row in table.rows[: ROWS + 1]
        ),
        len(shown) < len(table.variables),
    )


class _Desk:
    """Where one picture is arranged."""

    def __init__(
        self,
        context: PageContext,
        picture: Picture,
        table: Table,
        reader: Reader,
        quads: Iterable[ox.Quad],
    ) -> None:
        self._context, self._picture, self._table, self._reader = context, picture, table, reader
        self._language, self.gettext = context.language, context.messages.gettext
        self._objects: dict[tuple[str, str], list[Term]] = {}
        for quad in quads:
            key = (str(getattr(quad.subject, "value", "")), quad.predicate.value)
            self._objects.setdefault(key, []).append(quad.object)

    def draw(self) -> Chart | Matrix | Timeline | Bars:
        """Return the drawing; raises _Undrawable with a sentence for the reader."""
        _ = self.gettext
        way, table = self._picture.way, self._table
        if way not in READS:
            known = ", ".join(f"ul:{name}" for name in sorted(READS))
            raise _Undrawable(
                _("This picture does not say how it is drawn: ul:drawnAs is one of %(ways)s.")
                % {"ways": known}
            )
        missing = [f"?{name}" for name in READS[way] if name not in table.variables]
        if missing:
            said = {"way": f"ul:{way}", "names": ", ".join(missing)}
            raise _Undrawable(
                _("A picture drawn as %(way)s needs in its query what is missing: %(names)s.")
                % said
            )
        if not table.rows:
            raise _Undrawable(_("The query of this picture finds nothing."))
        if len(table.rows) > ROWS:
            raise _Undrawable(
                _("The query of this picture finds more than %(rows)s rows.")
                % {"rows": self._number(ROWS)}
            )
        ways: Mapping[str, Callable[[], Chart | Matrix | Timeline | Bars]] = {
            "Bars": self._bars,
            "Map": self._map,
            "Matrix": self._matrix,
            "Timeline": self._timeline,
        }
        return ways[way]()

    def words(self, iri: str, predicate: str) -> tuple[Text, ...]:
        """Return what a property says of an IRI in the reader's language, else in all."""
        values = self._objects.get((iri, predicate), [])
        found = {
            Text(value.value, value.language or "")
            for value in values
            if isinstance(value, ox.Literal)
        }
        texts = sorted(found, key=lambda text: (text.language, text.text))
        mine = tuple(text for text in texts if text.language in {"", self._language})
        return mine or tuple(texts)

    def holds_geometry(self, name: str) -> bool:
        """Tell whether a variable holds coordinates, which nobody reads in a table."""
        terms = (row[name] for row in self._table.rows if name in row)
        return any(
            isinstance(term, ox.Literal) and term.datatype.value in _WORDS_OF_GEOMETRY
            for term in terms
        )

    def heading(self, name: str) -> Text | None:
        """Return what a variable holds: the smallest class of all its values, or the property that the picture shows."""
        terms = {row[name] for row in self._table.rows if name in row}
        if name in {"value", "date"} and self._picture.shows:
            return self._reader.label(self._picture.shows)
        shared: set[str] | None = None
        for term in terms:
            if not isinstance(term, ox.NamedNode):
                return None
            values = self._objects.get((term.value, f"{RDF}type"), [])
            classes = {value.value for value in values if isinstance(value, ox.NamedNode)}
            shared = classes if shared is None else shared & classes
        if not shared:
            return None
        sizes = dict(self._context.dataset.partitions["class"])
        ours = {iri for iri in shared if iri.startswith(self._context.names.ontology)} or shared
        best = min(ours, key=lambda iri: (sizes.get(iri, 0), iri))
        label = self._reader.label(best)
        return label if label.language else None

    def _number(self, value: float) -> str:
        return format_number(value, self._language)

    def _link(self, row: Solution, name: str) -> Link | None:
        term = row.get(name)
        return self._reader.link(term.value) if isinstance(term, ox.NamedNode) else None

    def _named(self, row: Solution, name: str) -> Link:
        """Return the IRI that a variable has to hold."""
        found = self._link(row, name)
        if found is None:
            raise _Undrawable(
                self.gettext(
                    "The query of this picture leaves %(name)s without an IRI in some row."
                )
                % {"name": f"?{name}"}
            )
        return found

    def _bars(self) -> Bars:
        _ = self.gettext
        rows = [(row, _value(row.get("value"))) for row in self._table.rows]
        numbers = [number for _row, number in rows if number is not None]
        if len(numbers) < len(rows):
            raise _Undrawable(_("The query of this picture gives a ?value that is no number."))
        most = max([*numbers, 0]) or 1
        bars = tuple(
            Bar(
                self._named(row, "item"),
                self._number(number),
                round(max(number, 0) / most * 100, 2),
                self._link(row, "evidence"),
                self._link(row, "when"),
            )
            for row, number in rows
            if number is not None
        )
        times = tuple(dict.fromkeys(bar.when for bar in bars if bar.when))
        alone = (
            len({bar.item.iri for bar in bars}) == len(bars) > 1
        )  # a number of one time for each item adds up
        total = (
            self._number(sum(numbers))
            if alone and len(times) < 2 and all(isinstance(n, int) for n in numbers)
            else ""
        )
        return Bars(
            bars, total, tuple((when, self.words(when.iri, f"{SKOS}note")) for when in times)
        )

    def _timeline(self) -> Timeline:
        spans = []
        for row in self._table.rows:
            written = str(getattr(row.get("date"), "value", ""))
            span = _span(written)
            if span is None:
                raise _Undrawable(
                    self.gettext(
                        "The query of this picture gives a ?date that is no date: %(date)s"
                    )
                    % {"date": written}
                )
            spans.append((row, written, *span))
        first, last = (
            int(min(start for _, _, start, _ in spans) // 1),
            max(start + length for _, _, start, length in spans),
        )
        last = int(last) + (last > int(last))
        step = next(
            step
            for power in range(9)
            for step in (10**power, 2 * 10**power, 5 * 10**power)
            if (last - first) / step <= _TICKS
        )
        wide = max(last - first, 1)
        return Timeline(
            tuple(
                Event(
                    self._named(row, "item"),
                    self._date(written),
                    written,
                    round((start - first) / wide * 100, 3),
                    round(length / wide * 100, 3),
                    self._link(row, "evidence"),
                )
                for row, written, start, length in spans
            ),
            tuple(
                (year, round((year - first) / wide * 100, 3))
                for year in range(-(-first // step) * step, last + 1, step)
            ),
        )

    def _date(self, written: str) -> str:
        """Return a date as the reader's language writes it, no more exact than it is."""
        found = _DATE.fullmatch(written)
        assert found is not None
        parts = [int(part) for part in found.groups() if part]
        return format_date(self._language, *parts) if MINYEAR <= parts[0] <= MAXYEAR else found[1]

    def _matrix(self) -> Matrix:
        rows: dict[str, tuple[Link, dict[str, Mark]]] = {}
        columns: dict[str, Link] = {}
        for row in self._table.rows:
            head, column, evidence = (
                self._named(row, "row"),
                self._named(row, "column"),
                self._link(row, "evidence"),
            )
            columns[column.iri] = column
            title = f"{head.label.text} – {column.label.text}"
            rows.setdefault(head.iri, (head, {}))[1].setdefault(
                column.iri, Mark((evidence or head).href, title)
            )
        had = {iri: sum(iri in marks for _, marks in rows.values()) for iri in columns}
        broader = {iri: self._broader(iri, columns) for iri in columns}
        heads: dict[str, list[str]] = {}
        for iri in sorted(columns, key=lambda iri: (-had[iri], collation(columns[iri].label.text))):
            heads.setdefault(broader[iri] or iri, []).append(iri)
        groups = []
        for head_iri, members in heads.items():
            ordered = sorted(
                members, key=lambda iri: iri != head_iri
            )  # the whole first; else as they are
            groups.append(
                Group(
                    self._reader.link(head_iri),
                    tuple(columns[iri] for iri in ordered),
                    ordered[0] == head_iri,
                )
            )
        order = [column.iri for group in groups for column in group.columns]
        return Matrix(
            tuple(groups),
            tuple((head, tuple(map(marks.get, order))) for head, marks in rows.values()),
        )

    def _broader(self, iri: str, columns: Mapping[str, Link]) -> str | None:
        """Return the concept under which a column stands: a broader one that is a column too, or that others share."""
        values = self._objects.get((iri, f"{SKOS}broader"), [])
        found = sorted({value.value for value in values if isinstance(value, ox.NamedNode)})
        return next((other for other in found if other in columns), found[0] if found else None)

    def _map(self) -> Chart:
        areas: dict[str, _Area] = {}
        points: dict[str, _Point] = {}
        for row in self._table.rows:
            area, point = self._link(row, "area"), self._link(row, "point")
            if area:
                known = areas.setdefault(area.iri, _Area(area))
                known.geometry = known.geometry or _geometry(row.get("boundary"))
                known.outline = known.outline or self._link(row, "outline")
                known.outdated = known.outdated or _is_true(row.get("outdated"))
                if point:
                    known.covered.setdefault(point.iri, (point, _is_true(row.get("inferred"))))
            if point:
                known_point = points.setdefault(point.iri, _Point(point))
                known_point.geometry = known_point.geometry or _geometry(row.get("coordinates"))
                known_point.town = known_point.town or self._link(row, "town")
                known_point.kind = known_point.kind or str(getattr(row.get("kind"), "value", ""))
        owners = dict.fromkeys(iri for area in areas.values() for iri in area.covered)
        colours = {
            iri: f"c{number % COLOURS + 1}"
            for number, iri in enumerate(sorted(owners, key=lambda iri: _west(points[iri])))
        }
        kinds = sorted(
            {point.kind for point in points.values() if point.kind},
            key=lambda kind: -sum(p.kind == kind for p in points.values()),
        )
        forms = {kind: _FORMS[min(number, len(_FORMS) - 1)] for number, kind in enumerate(kinds)}
        features = [self._area_feature(area, colours) for area in areas.values() if area.geometry]
        features += [
            self._point_feature(point, colours, forms)
            for point in points.values()
            if point.geometry
        ]
        drawn = draw(features, connections=self._connections(areas, points, colours))
        if drawn is None:
            raise _Undrawable(
                self.gettext("The query of this picture gives no geometry that can be read.")
            )
        outlines = [area.outline for area in areas.values() if area.outline]
        notes = ((outline, self.words(outline.iri, f"{SKOS}note")) for outline in outlines)
        legend = Legend(
            tuple(
                (points[iri].link, _shade(iri, colour, areas.values()))
                for iri, colour in colours.items()
            ),
            tuple((self._reader.label(kind), form) for kind, form in forms.items()),
            _marks(areas.values(), drawn),
            tuple((outline, texts) for outline, texts in notes if texts),
        )
        return Chart(drawn, legend)

    def _area_feature(self, area: _Area, colours: Mapping[str, str]) -> Feature:
        _ = self.gettext
        assert area.geometry is not None
        said = [
            (_("covered by %(name)s, as inferred") if inferred else _("covered by %(name)s"))
            % {"name": point.label.text}
            for point, inferred in area.covered.values()
        ]
        kinds = [colours[next(iter(area.covered))] if area.covered else "hatched"]
        kinds += ["outdated"] if area.outdated else []
        kinds += (
            ["inferred"]
            if area.covered and all(inferred for _point, inferred in area.covered.values())
            else []
        )
        kinds += ["unbounded"] if area.geometry["type"] in {"Point", "MultiPoint"} else []
        note = "; ".join(said) or _("not covered, as far as the data says")
        return Feature(
            area.link.iri, area.geometry, area.link.label, area.link.href, " ".join(kinds), note
        )

    def _point_feature(
        self, point: _Point, colours: Mapping[str, str], forms: Mapping[str, str]
    ) -> Feature:
        assert point.geometry is not None
        kind = f"{colours.get(point.link.iri, 'c0')} {forms.get(point.kind, _FORMS[0])}"
        label, note = point.link.label, ""
        if point.town:
            label, note = point.town.label, point.link.label.text
        return Feature(point.link.iri, point.geometry, label, point.link.href, kind, note)

    def _connections(
        self, areas: Mapping[str, _Area], points: Mapping[str, _Point], colours: Mapping[str, str]
    ) -> list[Connection]:
        """Return a line from each point to the areas that it covers and does not lie in."""
        found = []
        for area in areas.values():
            for iri, (link, inferred) in area.covered.items():
                geometry = points[iri].geometry
                inside = (
                    geometry is not None
                    and area.geometry is not None
                    and geometry["type"] == "Point"
                    and contains(area.geometry, geometry["coordinates"])
                )
                if not inside:
                    kind = f"{colours[iri]} {'inferred' if inferred else 'stated'}"
                    title = f"{link.label.text} – {area.link.label.text}"
                    found.append(Connection(iri, area.link.iri, kind, title))
        return found


@dataclass(slots=True)
class _Area:
    link: Link
    geometry: Geometry | None = None
    outline: Link | None = None
    outdated: bool = False
    covered: dict[str, tuple[Link, bool]] = field(
        default_factory=dict
    )  # by whom, and whether that is inferred


@dataclass(slots=True)
class _Point:
    link: Link
    geometry: Geometry | None = None
    town: Link | None = None
    kind: str = ""


def _marks(areas: Iterable[_Area], drawn: Map) -> frozenset[str]:
    """Return which special marks occur on a map."""
    kinds = {kind for shape in drawn.shapes for kind in shape.feature.kind.split()}
    lines = {kind for line in drawn.lines for kind in line.connection.kind.split()}
    bases = {
        "inferred" if inferred else "stated"
        for area in areas
        for _, inferred in area.covered.values()
    }
    found = kinds & {"hatched", "outdated", "unbounded"}
    return frozenset(found | bases | {f"{kind}-line" for kind in lines & {"stated", "inferred"}})


def _shade(owner: str, colour: str, areas: Iterable[_Area]) -> str:
    """Return the colour of an owner as its areas have it: pale where all that it covers is inferred."""
    return (
        colour
        if any(not area.covered[owner][1] for area in areas if owner in area.covered)
        else f"{colour} inferred"
    )


def _west(point: _Point) -> float:
    """Return how far west a point lies, so that neighbours take their colours in a row."""
    coordinates = (
        point.geometry["coordinates"]
        if point.geometry and point.geometry["type"] == "Point"
        else [180.0]
    )
    return float(coordinates[0])


def _geometry(term: Term | None) -> Geometry | None:
    return read_place(term.value) if isinstance(term, ox.Literal) else None


def _is_true(term: Term | None) -> bool:
    return isinstance(term, ox.Literal) and term.value in {"true", "1"}


def _value(term: Term | None) -> int | float | None:
    """Return the number that a term is, None where it is none."""
    try:
        number = float(term.value) if isinstance(term, ox.Literal) else None
    except ValueError:
        return None
    if number is None or number != number or number in {float("inf"), float("-inf")}:
        return None
    return int(number) if number.is_integer() else number


def _span(text: str) -> tuple[float, float] | None:
    """Return when a date begins and how long it lasts, in years; None where it is none.

    >>> _span("2013")
    (2013.0, 1.0)
    >>> _span("2016-07")
    (2016.5, 0.08333333333333333)
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        date(min(max(year, 1), 9999), month, day)
    except ValueError:
        return None
    start = year + (month - 1) / 12 + (day - 1) / 372
    return start, 1 / 372 if found[3] else 1 / 12 if found[2] else 1.0
