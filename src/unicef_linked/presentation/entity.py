"""The facts of one IRI in the rows that the shapes lay out, each with what it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.presentation.evidence import Evidence, claims_about, read_evidence
from unicef_linked.presentation.layout import Group, Row, Step
from unicef_linked.presentation.literals import Told, tell
from unicef_linked.rdf.iris import DCTERMS, RDF, RDFS, SKOS
from unicef_linked.store.statements import LoadedStatements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.labels import LabelResolver, Link, Value
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.evidence import Claim, Origin
    from unicef_linked.presentation.layout import Layout
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import Statements

MEANING: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")
"""What says in a sentence what a thing is, best first; it stands under the name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, with what leads to it and what it rests on."""

    value: Value
    told: Told | None  # of a literal
    kinds: tuple[Link, ...]  # of a thing
    through: tuple[Link, ...]  # what stands between, on a path of several steps
    claims: tuple[Claim, ...]
    origins: tuple[Origin, ...]
    pages: tuple[Link, ...] = ()  # of a code: where others describe what it means

    @property
    def bases(self) -> tuple[Link, ...]:
        """The ways in which its claims follow from their source."""
        return tuple(dict.fromkeys(claim.basis for claim in self.claims if claim.basis))


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A row with its values; things, outside matches, codes and other literals apart, since each is told in its own way."""

    key: str
    heading: Text
    description: Text | None
    facts: tuple[Fact, ...]

    @property
    def things(self) -> tuple[Fact, ...]:
        """The values that have a page here."""
        return tuple(
            fact for fact in self.facts if fact.value.link and not fact.value.link.external
        )

    @property
    def outside(self) -> tuple[Fact, ...]:
        """The values that others describe."""
        return tuple(fact for fact in self.facts if fact.value.link and fact.value.link.external)

    @property
    def codes(self) -> tuple[Fact, ...]:
        """The codes of identifier schemes."""
        return tuple(fact for fact in self.facts if fact.told and fact.told.kind == "code")

    @property
    def literals(self) -> tuple[Fact, ...]:
        """The literals that are no codes."""
        return tuple(
            fact
            for fact in self.facts
            if not fact.value.link and not (fact.told and fact.told.kind == "code")
        )

    @property
    def is_mixed(self) -> bool:
        """Whether its things are of several kinds, so that each says its own."""
        return len({fact.kinds for fact in self.things}) > 1


@dataclass(frozen=True, slots=True)
class Section:
    """A group of rows that have values."""

    key: str
    heading: Text
    is_key_facts: bool
    rows: tuple[PropertyRow, ...]


@dataclass(frozen=True, slots=True)
class EntityPage:
    """What a page tells of one thing before it lists all statements."""

    kinds: tuple[Link, ...]
    meaning: tuple[Fact, ...]
    key_facts: tuple[Section, ...]
    sections: tuple[Section, ...]

    @property
    def detailed_rows(self) -> frozenset[str]:
        """Keys of rows that also appear in full below the key facts."""
        return frozenset(row.key for section in self.sections for row in section.rows)


Ways = dict["Term", list[tuple["Quad", ...]]]
"""Value to the statements that lead to it, one tuple for each way."""


def follow(statements: Statements, start: NamedNode, path: Sequence[Step]) -> Ways:
    """Return each value at the end of a path, except the start itself, with the ways that lead there."""
    ends: list[tuple[Term, tuple[Quad, ...]]] = [(start, ())]
    for step in path:
        predicate = NamedNode(step.predicate)
        further: list[tuple[Term, tuple[Quad, ...]]] = []
        for term, way in ends:
            if step.back:
                further += [
                    (quad.subject, (*way, quad)) for quad in statements.match(None, predicate, term)
                ]
            elif not isinstance(term, Literal):
                further += [
                    (quad.object, (*way, quad)) for quad in statements.match(term, predicate)
                ]
        ends = further
    found: Ways = {}
    for term, way in ends:
        if term != start:
            found.setdefault(term, []).append(way)
    return found


def load_paths(
    statements: LoadedStatements, starts: Iterable[Term], paths: Iterable[Sequence[Step]]
) -> None:
    """Read what the paths from some things need: each step of all of them together."""
    ends: list[tuple[Sequence[Step], set[Term]]] = [(path, set(starts)) for path in paths]
    for number in range(max((len(path) for path, _ in ends), default=0)):
        open_paths = [(path, terms) for path, terms in ends if len(path) > number]
        statements.load(
            set().union(*(terms for path, terms in open_paths if not path[number].back)),
            set().union(*(terms for path, terms in open_paths if path[number].back)),
        )
        ends = [(path, _further(statements, terms, path[number])) for path, terms in open_paths]


def _further(statements: LoadedStatements, terms: Iterable[Term], step: Step) -> set[Term]:
    """Return where one step from the terms leads."""
    predicate = NamedNode(step.predicate)
    if step.back:
        return {quad.subject for term in terms for quad in statements.match(None, predicate, term)}
    return {
        quad.object
        for term in terms
        if not isinstance(term, Literal)
        for quad in statements.match(term, predicate)
    }


def arrange(context: PageContext, reading: EntityReading) -> EntityPage:
    """Return what a page shows of a thing that has been read."""
    return _EntityPageBuilder(reading, context).page()


@dataclass(frozen=True, slots=True)
class Overview:
    """The key facts of several things side by side: headings, and for each thing, by its IRI, a cell for each heading."""

    headings: tuple[Text, ...] = ()
    cells: Mapping[str, tuple[tuple[Fact, ...], ...]] = field(default_factory=dict)


def overview(context: PageContext, layout: Layout, iris: Sequence[str]) -> Overview:
    """Return the key facts of things that stand in one list; a heading that fits none of them is left out."""
    rows: dict[tuple[Step, ...], Row] = {}
    found: dict[str, dict[tuple[Step, ...], Ways]] = {}
    statements = LoadedStatements(context.store)
    statements.load([NamedNode(iri) for iri in iris])
    rows_of = {iri: _key_rows(layout, statements, NamedNode(iri)) for iri in iris}
    for path in {row.path for found_rows in rows_of.values() for row in found_rows}:
        having = [NamedNode(iri) for iri in iris if any(row.path == path for row in rows_of[iri])]
        load_paths(statements, having, [path])
    for iri in iris:
        for row in rows_of[iri]:
            if ways := follow(statements, NamedNode(iri), row.path):
                rows.setdefault(row.path, row)
                found.setdefault(iri, {})[row.path] = ways
    quads = [
        quad
        for ways in found.values()
        for way in ways.values()
        for one in way.values()
        for q in one
        for quad in q
    ]
    reader = context.reader(quads)

    def cell(ways: Ways) -> tuple[Fact, ...]:
        facts = (
            Fact(
                reader.value(term),
                tell(term, context.language) if isinstance(term, Literal) else None,
                (),
                (),
                (),
                (),
            )
            for term in ways
        )
        return tuple(sorted(facts, key=lambda fact: reader.order(fact.value)))

    columns = sorted(rows.values(), key=lambda row: (row.order, row.shape))
    return Overview(
        tuple(reader.choose(row.names) or reader.label(row.path[-1].predicate) for row in columns),
        {iri: tuple(cell(found.get(iri, {}).get(row.path, {})) for row in columns) for iri in iris},
    )


def _key_rows(layout: Layout, statements: LoadedStatements, node: NamedNode) -> list[Row]:
    """Return the rows of a thing's key facts."""
    own = statements.match(node)
    types = [
        quad.object.value
        for quad in own
        if quad.predicate.value == f"{RDF}type" and isinstance(quad.object, NamedNode)
    ]
    groups = layout.groups(types, {quad.predicate.value for quad in own}, ())
    return [row for group in groups if group.key_facts for row in group.rows]


@dataclass(frozen=True)
class EntityReading:
    """What has been read of one thing, before it is arranged: rows with values, evidence, names."""

    start: NamedNode
    own: tuple[Quad, ...]  # the statements of the thing itself
    types: tuple[str, ...]  # its own classes of the dataset, the most specific
    meaning: Ways
    groups: tuple[tuple[Group, tuple[tuple[Row, Ways], ...]], ...]
    kinds: Mapping[Term, tuple[str, ...]]  # of each value that is a thing, as ``types``
    evidence: Evidence
    reader: LabelResolver


def read_entity(
    context: PageContext,
    layout: Layout,
    statements: LoadedStatements,
    description: Description,
) -> EntityReading:
    """Read what a page about a description's thing needs, each step of all rows together."""
    start, about = NamedNode(description.iri), description.about
    own = tuple(quad for quad in about if quad.subject == start)
    incoming = {quad.predicate.value for quad in about if quad.object == start}
    classes = _classes(statements, start)
    groups = layout.groups(classes, {quad.predicate.value for quad in own}, incoming)
    load_paths(statements, [start], [row.path for group in groups for row in group.rows])
    meanings = (follow(statements, start, (Step(name),)) for name in MEANING)
    meaning = next((ways for ways in meanings if ways), {})
    found = []
    for group in groups:
        rows = [(row, follow(statements, start, row.path)) for row in group.rows]
        having = tuple((row, ways) for row, ways in rows if ways)
        if having:
            found.append((group, having))
    every = [meaning, *(ways for _, rows in found for _, ways in rows)]
    values = {term for ways in every for term in ways if isinstance(term, NamedNode)}
    paths = [path for ways in every for paths in ways.values() for path in paths]
    quads = list(chain.from_iterable(paths))
    between = {start}.union(*(_between(start, path) for path in paths))
    graphs = {graph for quad in quads for graph in _graph(quad)}
    ahead = claims_about(statements, [start])  # at hand: what leads to the thing has been read
    statements.load([*values, *map(NamedNode, graphs), *ahead], between)
    evidence = read_evidence(statements, context.names, between, graphs)
    kinds: dict[Term, tuple[str, ...]] = {
        term: _specific(context, _classes(statements, term)) for term in values
    }
    named = {kind for of_value in kinds.values() for kind in of_value}
    reader = context.reader([*about, *quads], *evidence.iris, *named, *classes, start.value)
    types = _specific(context, classes)
    return EntityReading(start, own, types, meaning, tuple(found), kinds, evidence, reader)


def _classes(statements: LoadedStatements, term: NamedNode) -> list[str]:
    quads = statements.match(term, NamedNode(f"{RDF}type"))
    classes = (quad.object.value for quad in quads if isinstance(quad.object, NamedNode))
    return list(dict.fromkeys(classes))


def _specific(context: PageContext, classes: Iterable[str]) -> tuple[str, ...]:
    """Return the dataset's own classes that are above no other one of them."""
    own = [kind for kind in classes if kind.startswith(f"{context.names.ontology}#")]
    above = {kind for one in own for kind in context.dataset.superclasses(one)}
    return tuple(sorted(kind for kind in own if kind not in above))


@dataclass(frozen=True, slots=True)
class _EntityPageBuilder:
    """Arranges a reading for a page; asks nothing."""

    reading: EntityReading
    context: PageContext

    def page(self) -> EntityPage:
        """Return the finished page."""
        reader = self.reading.reader
        sections = [self._section(group, rows) for group, rows in self.reading.groups]
        return EntityPage(
            tuple(reader.link(kind) for kind in self.reading.types),
            self._facts(self.reading.meaning),
            tuple(section for section in sections if section.is_key_facts),
            tuple(section for section in sections if not section.is_key_facts),
        )

    def _section(self, group: Group, rows: Iterable[tuple[Row, Ways]]) -> Section:
        heading = self.reading.reader.choose(group.names)
        return Section(
            _key(group.iri),
            heading or Text(self.context.names.shorten(group.iri)),
            group.key_facts,
            tuple(self._row(row, ways) for row, ways in rows),
        )

    def _row(self, row: Row, ways: Ways) -> PropertyRow:
        reader = self.reading.reader
        heading = reader.choose(row.names) or reader.label(row.path[-1].predicate)
        return PropertyRow(
            _key(row.shape), heading, reader.choose(row.descriptions), self._facts(ways)
        )

    def _facts(self, ways: Ways) -> tuple[Fact, ...]:
        facts = [self._fact(term, paths) for term, paths in ways.items()]
        return tuple(sorted(facts, key=lambda fact: self.reading.reader.order(fact.value)))

    def _fact(self, term: Term, paths: Sequence[tuple[Quad, ...]]) -> Fact:
        reading, reader = self.reading, self.reading.reader
        quads = list(chain.from_iterable(paths))
        last = {graph for path in paths for graph in _graph(path[-1])}
        graphs = {graph for quad in quads for graph in _graph(quad)}
        through = {node.value for path in paths for node in _between(reading.start, path)}
        literal = tell(term, self.context.language) if isinstance(term, Literal) else None
        links = [reader.link(iri) for iri in sorted(through)]
        return Fact(
            reader.value(term, last),
            literal,
            tuple(reader.link(kind) for kind in reading.kinds.get(term, ())),
            tuple(sorted(links, key=lambda link: link.label.text)),
            reading.evidence.claims(quads, reader),
            reading.evidence.origins(graphs, reader),
            self._pages(literal.lexical) if literal and literal.kind == "code" else (),
        )

    def _pages(self, code: str) -> tuple[Link, ...]:
        """Return the outside IRIs of the thing that have a code as one of their parts."""
        objects = {q.object.value for q in self.reading.own if isinstance(q.object, NamedNode)}
        matching = [iri for iri in sorted(objects) if code in re.split(r"[/#?=]", iri)]
        links = [self.reading.reader.link(iri) for iri in matching]
        return tuple(link for link in links if link.external)


def _graph(quad: Quad) -> list[str]:
    return [quad.graph_name.value] if isinstance(quad.graph_name, NamedNode) else []


def _between(start: NamedNode, way: Sequence[Quad]) -> list[NamedNode]:
    """Return the things that a way passes through on its way from the start, without its ends."""
    found, here = [], start
    for quad in way[:-1]:
        other = quad.subject if quad.object == here else quad.object
        if not isinstance(other, NamedNode):
            break
        here = other
        found.append(here)
    return found


def _key(iri: str) -> str:
    """Return what an address within a page calls a row or group.

    >>> _key("https://w3id.org/unicef-linked/shapes#OfficeShape-openedOn")
    'OfficeShape-openedOn'
    """
    return re.sub(r"[^A-Za-z0-9-]", "-", iri.rpartition("#")[2])
