"""The facts of one IRI in the rows that the shapes lay out, each with its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import Text
from unicef_linked.presentation.evidence import Evidence, claims_about, read_evidence
from unicef_linked.presentation.layout import Group, Row, Step
from unicef_linked.presentation.literals import FormattedLiteral, format_literal, format_value
from unicef_linked.rdf.iris import DCTERMS, RDF, RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.description import Description
    from unicef_linked.dataset.hubs import BoundedStatements
    from unicef_linked.dataset.labels import LabelResolver, Link, Nested, Value
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.evidence import Claim, Origin
    from unicef_linked.presentation.layout import Layout
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import LoadedStatements, Statements

MEANING: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")
"""Properties whose values define a thing, the preferred one first; shown below its name."""

MOST_IN_ROW: Final = 30
"""Most values of a row, and most chains of statements that lead to one of them."""

MOST_VALUES: Final = 200
"""Most values of one property that the list of all statements of a thing has."""

NAMED_IN_CELL: Final = 3
"""Most things that a cell of a list names; of more it has the number."""

_LONG_LIST: Final = 12
_BEGINNING: Final = 8
"""A row with more than _LONG_LIST things shows the first _BEGINNING, and folds the rest."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value, with the things on the path to it and its evidence."""

    value: Value
    literal: FormattedLiteral | None  # None of a thing
    kinds: tuple[Link, ...]  # classes of a thing
    through: tuple[Link, ...]  # things between, on a path of several steps
    claims: tuple[Claim, ...]
    origins: tuple[Origin, ...]
    pages: tuple[Link, ...] = ()  # of a code: outside descriptions of its meaning

    @property
    def format(self) -> str:
        """The kind of a literal, which decides its markup; "text" of everything else."""
        return self.literal.kind if self.literal else "text"

    @property
    def is_wordy(self) -> bool:
        """Whether it is words rather than a figure."""
        if self.literal is None:
            return self.value.link is not None
        return self.literal.kind == "text"

    @property
    def bases(self) -> tuple[Link, ...]:
        """The bases of its claims: how they follow from their sources."""
        return tuple(dict.fromkeys(claim.basis for claim in self.claims if claim.basis))

    @property
    def is_derived(self) -> bool:
        """Whether rules alone state it."""
        return all(origin.derived for origin in self.origins)

    @property
    def shown_origins(self) -> tuple[Origin, ...]:
        """The graphs that state it; beside claims, only those without sources of their own."""
        if not self.claims:
            return self.origins
        return tuple(origin for origin in self.origins if not origin.sources)


@dataclass(frozen=True, slots=True)
class Rest:
    """The values of a row that are not among its facts."""

    number: int = 0
    is_uncounted: bool = False  # whether there are more than ``number``
    address: str = ""  # of all values, or of the statements with them


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A row with its values. A page shows things, outside matches, codes and literals apart."""

    key: str
    heading: Text
    description: Text | None
    facts: tuple[Fact, ...]
    language: str  # of the page
    rest: Rest

    @property
    def things(self) -> tuple[Fact, ...]:
        """The values with a page on this host."""
        facts = (fact for fact in self.facts if fact.value.link)
        return tuple(fact for fact in facts if fact.value.link and not fact.value.link.external)

    @property
    def first_things(self) -> tuple[Fact, ...]:
        """The things that are shown at once."""
        things = self.things
        return things if len(things) <= _LONG_LIST else things[:_BEGINNING]

    @property
    def more_things(self) -> tuple[Fact, ...]:
        """The things that are folded."""
        return self.things[len(self.first_things) :]

    @property
    def outside(self) -> tuple[Fact, ...]:
        """The values that other datasets describe."""
        return tuple(fact for fact in self.facts if fact.value.link and fact.value.link.external)

    @property
    def codes(self) -> tuple[Fact, ...]:
        """The codes, by the names of their schemes."""
        codes = [fact for fact in self.facts if fact.format == "code"]
        return tuple(sorted(codes, key=_scheme))

    @property
    def literals(self) -> tuple[Fact, ...]:
        """The literals other than codes."""
        facts = (fact for fact in self.facts if not fact.value.link)
        return tuple(fact for fact in facts if fact.format != "code")

    @property
    def first_literals(self) -> tuple[Fact, ...]:
        """The literals in the language of the page or without one; all if there are none."""
        own, others = _by_language(self.literals, self.language)
        return own or others

    @property
    def more_literals(self) -> tuple[Fact, ...]:
        """The literals in other languages, if there are any in the language of the page."""
        own, others = _by_language(self.literals, self.language)
        return others if own else ()

    @property
    def is_mixed(self) -> bool:
        """Whether its things are of several kinds, so that each is shown with its own."""
        return len({fact.kinds for fact in self.things}) > 1


def _scheme(fact: Fact) -> str:
    return fact.value.datatype.label.text.lower() if fact.value.datatype else ""


def _by_language(facts: Iterable[Fact], language: str) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Return the facts whose text is in a language or in none, and the others."""
    own: list[Fact] = []
    others: list[Fact] = []
    for fact in facts:
        text = fact.value.text
        (own if text and text.language in {language, ""} else others).append(fact)
    return tuple(own), tuple(others)


@dataclass(frozen=True, slots=True)
class Section:
    """A group of rows that have values."""

    key: str
    heading: Text
    is_key_facts: bool
    rows: tuple[PropertyRow, ...]

    @property
    def is_single(self) -> bool:
        """Whether its one row needs no heading beside that of the section."""
        if len(self.rows) != 1:
            return False
        row = self.rows[0]
        return bool(row.codes) or row.heading.text == self.heading.text


@dataclass(frozen=True, slots=True)
class EntityPage:
    """The part of a page about one thing that comes before the list of all statements."""

    kinds: tuple[Link, ...]
    meaning: tuple[Fact, ...]
    key_facts: tuple[Section, ...]
    sections: tuple[Section, ...]

    @property
    def is_laid_out(self) -> bool:
        """Whether the shapes lay out any row of it."""
        return bool(self.key_facts or self.sections)

    @property
    def detailed_rows(self) -> frozenset[str]:
        """Keys of rows that also appear in full below the key facts."""
        return frozenset(row.key for section in self.sections for row in section.rows)


Chains = dict["Term", list[tuple["Quad", ...]]]
"""Value to the chains of statements that lead to it."""


def follow(statements: Statements, start: NamedNode, path: Sequence[Step]) -> Chains:
    """Return each value at the end of a path, except the start itself, with its chains."""
    ends: list[tuple[Term, tuple[Quad, ...]]] = [(start, ())]
    for step in path:
        further: list[tuple[Term, tuple[Quad, ...]]] = []
        for term, quads in ends:
            following = _statements_of(statements, term, step)
            further += [(_end(quad, step), (*quads, quad)) for quad in following]
        ends = further
    chains: Chains = {}
    for term, quads in ends:
        if term != start:
            chains.setdefault(term, []).append(quads)
    return chains


def _statements_of(statements: Statements, term: Term, step: Step) -> list[Quad]:
    """Return the statements of one step from a term."""
    predicate = NamedNode(step.predicate)
    if step.back:
        return statements.match(None, predicate, term)
    return [] if isinstance(term, Literal) else statements.match(term, predicate)


def _end(quad: Quad, step: Step) -> Term:
    return quad.subject if step.back else quad.object


def load_paths(
    statements: LoadedStatements, starts: Iterable[Term], paths: Iterable[Sequence[Step]]
) -> None:
    """Load the statements on the paths from some things: each step of all paths together."""
    ends: list[tuple[Sequence[Step], set[Term]]] = [(path, set(starts)) for path in paths]
    for number in range(max((len(path) for path, _ in ends), default=0)):
        open_paths = [(path, terms) for path, terms in ends if len(path) > number]
        subjects: set[Term] = set()
        objects: set[Term] = set()
        for path, terms in open_paths:
            (objects if path[number].back else subjects).update(terms)
        statements.load(subjects, objects)
        ends = [(path, _further(statements, terms, path[number])) for path, terms in open_paths]


def _further(statements: LoadedStatements, terms: Iterable[Term], step: Step) -> set[Term]:
    """Return the ends of one step from the terms."""
    quads = chain.from_iterable(_statements_of(statements, term, step) for term in terms)
    return {_end(quad, step) for quad in quads}


def arrange(context: PageContext, reading: EntityReading) -> EntityPage:
    """Return the page of a thing that has been read."""
    nested = reading.reader.nested(reading.about)
    return _EntityPageBuilder(reading, context, nested).page()


@dataclass(frozen=True, slots=True)
class Overview:
    """The key facts of several things: headings, and a cell for each heading by the thing's IRI."""

    headings: tuple[Text, ...] = ()
    cells: Mapping[str, tuple[tuple[Fact, ...], ...]] = field(default_factory=dict)
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The values of each cell, those that are left out included."""
    named: int = NAMED_IN_CELL


def overview(context: PageContext, layout: Layout, iris: Sequence[str]) -> Overview:
    """Return the key facts of the things of a list, without headings that fit none of them."""
    statements = context.dataset.statements()
    nodes = {iri: NamedNode(iri) for iri in iris}
    statements.load(nodes.values())
    rows_of = _key_rows(layout, statements, nodes)
    _load_rows(statements, nodes, rows_of)
    rows: dict[tuple[Step, ...], Row] = {}
    chains: dict[tuple[str, tuple[Step, ...]], Chains] = {}
    counts: dict[tuple[str, tuple[Step, ...]], int] = {}
    for iri, node in nodes.items():
        for row in rows_of[iri]:
            values = follow(statements, node, row.path)
            if values:
                rows.setdefault(row.path, row)
                chains[iri, row.path] = _shown_in_cell(values)
                left_out = _left_out(statements, iri, row.path, values)
                counts[iri, row.path] = len(values) + left_out
    columns = sorted(rows.values(), key=lambda row: (row.order, row.shape))
    reader = context.reader(_quads_of(chains.values()))
    cells: dict[str, tuple[tuple[Fact, ...], ...]] = {}
    numbers: dict[str, tuple[int, ...]] = {}
    for iri in iris:
        values_of_columns = [chains.get((iri, row.path), {}) for row in columns]
        cells[iri] = tuple(_cell(context, reader, values) for values in values_of_columns)
        numbers[iri] = tuple(counts.get((iri, row.path), 0) for row in columns)
    return Overview(tuple(_heading(reader, row) for row in columns), cells, numbers)


def _shown_in_cell(values: Chains) -> Chains:
    """Return the values that a cell needs: of more things than it names, it has their number."""
    are_things = all(isinstance(term, NamedNode) for term in values)
    most = 1 if are_things and len(values) > NAMED_IN_CELL else MOST_IN_ROW
    return dict(islice(values.items(), most))


def _left_out(statements: BoundedStatements, iri: str, path: Sequence[Step], values: Chains) -> int:
    """Return how many values a path of one step has that are not read: they lead to a hub."""
    if len(path) != 1 or not path[0].back:
        return 0
    return max(
        0, statements.numbers(iri).get(path[0].predicate, 0) - sum(map(len, values.values()))
    )


def _load_rows(
    statements: LoadedStatements,
    nodes: Mapping[str, NamedNode],
    rows_of: Mapping[str, Sequence[Row]],
) -> None:
    starts: dict[tuple[Step, ...], list[NamedNode]] = {}
    for iri, rows in rows_of.items():
        for path in {row.path for row in rows}:
            starts.setdefault(path, []).append(nodes[iri])
    for path, having in starts.items():
        load_paths(statements, having, [path])


def _quads_of(chains: Iterable[Chains]) -> list[Quad]:
    """Return all statements of some chains."""
    by_value = chain.from_iterable(each.values() for each in chains)
    return list(chain.from_iterable(chain.from_iterable(by_value)))


def _cell(context: PageContext, reader: LabelResolver, terms: Iterable[Term]) -> tuple[Fact, ...]:
    facts = []
    for term in terms:
        literal = format_literal(term, context.language) if isinstance(term, Literal) else None
        facts.append(Fact(reader.value(term), literal, (), (), (), ()))
    return tuple(sorted(facts, key=lambda fact: reader.order(fact.value)))


def _heading(reader: LabelResolver, row: Row) -> Text:
    return reader.choose(row.names) or reader.label(row.path[-1].predicate)


def _key_rows(
    layout: Layout, statements: LoadedStatements, nodes: Mapping[str, NamedNode]
) -> dict[str, list[Row]]:
    """Return the rows of the key facts of each thing; those with the same properties share them."""
    rows_by_properties: dict[tuple[frozenset[str], frozenset[str]], list[Row]] = {}
    rows_of: dict[str, list[Row]] = {}
    for iri, node in nodes.items():
        classes = frozenset(_classes(statements, node))
        predicates = frozenset(quad.predicate.value for quad in statements.match(node))
        if (classes, predicates) not in rows_by_properties:
            groups = layout.groups(classes, predicates, ())
            key_facts = (group.rows for group in groups if group.key_facts)
            rows_by_properties[classes, predicates] = list(chain.from_iterable(key_facts))
        rows_of[iri] = rows_by_properties[classes, predicates]
    return rows_of


FilledGroups = tuple[tuple[Group, tuple[tuple[Row, Chains], ...]], ...]
"""Groups with those of their rows that have values."""


@dataclass(frozen=True)
class EntityReading:
    """The statements about a thing before they are arranged: rows with values, evidence, labels."""

    start: NamedNode
    about: tuple[Quad, ...]  # the statements of the description
    own: tuple[Quad, ...]  # those of them about the thing itself
    types: tuple[str, ...]  # its most specific classes of the dataset
    meaning: Chains
    groups: FilledGroups
    kinds: Mapping[Term, tuple[str, ...]]  # ``types`` of each value that is a thing
    evidence: Evidence
    rests: Mapping[str, Rest]  # by the shape of the row
    reader: LabelResolver


def read_entity(
    context: PageContext,
    layout: Layout,
    statements: BoundedStatements,
    description: Description,
) -> EntityReading:
    """Read the statements for a page about a thing, each step of all rows together."""
    start, about = NamedNode(description.iri), description.about
    own = tuple(quad for quad in about if quad.subject == start)
    incoming = {quad.predicate.value for quad in statements.match(object=start)}
    classes = _classes(statements, start)
    groups = layout.groups(classes, {quad.predicate.value for quad in own}, incoming)
    load_paths(statements, [start], [row.path for group in groups for row in group.rows])
    meanings = (follow(statements, start, (Step(name),)) for name in MEANING)
    meaning = next((chains for chains in meanings if chains), {})
    filled, rests = _filled_groups(statements, start, groups)
    every = [meaning, *(chains for _, rows in filled for _, chains in rows)]
    terms = chain.from_iterable(every)
    values = {term for term in terms if isinstance(term, NamedNode)}
    quads = _quads_of(every)
    between = _nodes_between(start, every)
    graphs = {graph for quad in quads for graph in _graph(quad)}
    claims = claims_about(statements, [start])  # loaded already, with all that leads to the thing
    if statements.numbers(start.value):  # the claims about it that were read are a part
        between |= values
    statements.load([*values, *map(NamedNode, graphs), *claims], between)
    evidence = read_evidence(statements, context.names, between, quads)
    kinds: dict[Term, tuple[str, ...]] = {
        term: _specific(context, _classes(statements, term)) for term in values
    }
    named = {kind for of_value in kinds.values() for kind in of_value}
    reader = context.reader([*about, *quads], *evidence.iris, *named, *classes, start.value)
    types = _specific(context, classes)
    return EntityReading(
        start, tuple(about), own, types, meaning, filled, kinds, evidence, rests, reader
    )


def _nodes_between(start: NamedNode, paths: Iterable[Chains]) -> set[NamedNode]:
    """Return a thing, and the nodes on the ways from it to the values."""
    nodes = {start}
    for chains in paths:
        for each in chain.from_iterable(chains.values()):
            nodes.update(_between(start, each))
    return nodes


def _filled_groups(
    statements: BoundedStatements, start: NamedNode, groups: Iterable[Group]
) -> tuple[FilledGroups, dict[str, Rest]]:
    """Return the groups with those of their rows that have values, and what these leave out."""
    filled = []
    rests = {}
    for group in groups:
        having = []
        for row in group.rows:
            chains = follow(statements, start, row.path)
            if chains:
                rests[row.shape] = _rest(statements, start, row.path, chains)
                having.append((row, _first_values(chains)))
        if having:
            filled.append((group, tuple(having)))
    return tuple(filled), rests


def _first_values(chains: Chains) -> Chains:
    """Return the first MOST_IN_ROW values by their IRIs or texts, each with as many chains."""
    terms = sorted(chains, key=str)[:MOST_IN_ROW] if len(chains) > MOST_IN_ROW else chains
    return {term: chains[term][:MOST_IN_ROW] for term in terms}


def _rest(
    statements: BoundedStatements, start: NamedNode, path: Sequence[Step], chains: Chains
) -> Rest:
    """Return what a page does not show of the values at the end of a path."""
    number = max(0, len(chains) - MOST_IN_ROW) + _left_out(statements, start.value, path, chains)
    is_uncounted = len(path) > 1 and any(
        len(several) > MOST_IN_ROW
        or any(_passes_hub(statements, start, path, each) for each in several)
        for several in chains.values()
    )
    if not number and not is_uncounted:
        return Rest()
    if len(path) > 1:
        steps = "/".join(f"{'^' if step.back else ''}<{step.predicate}>" for step in path)
        address = addresses.query(f"SELECT DISTINCT ?value {{\n  {start} {steps} ?value\n}}\n")
    else:
        end = "object" if path[0].back else "subject"
        address = addresses.fragment({"predicate": path[0].predicate, end: start.value})
    return Rest(number, is_uncounted, address)


def _passes_hub(
    statements: BoundedStatements, start: NamedNode, path: Sequence[Step], quads: Sequence[Quad]
) -> bool:
    """Tell whether a chain goes back from a hub: then not all like it have been read."""
    nodes = zip((start, *_between(start, quads)), path, strict=False)
    return any(step.back and statements.numbers(node.value) for node, step in nodes)


def _classes(statements: LoadedStatements, term: NamedNode) -> list[str]:
    quads = statements.match(term, NamedNode(f"{RDF}type"))
    classes = (quad.object.value for quad in quads if isinstance(quad.object, NamedNode))
    return list(dict.fromkeys(classes))


def _specific(context: PageContext, classes: Iterable[str]) -> tuple[str, ...]:
    """Return the dataset's own classes that are superclasses of no other one of them."""
    own = [iri for iri in classes if iri.startswith(f"{context.names.ontology}#")]
    above = set(chain.from_iterable(context.dataset.superclasses(iri) for iri in own))
    return tuple(sorted(iri for iri in own if iri not in above))


@dataclass(frozen=True, slots=True)
class _EntityPageBuilder:
    """Arranges a reading for a page; reads nothing from the store."""

    reading: EntityReading
    context: PageContext
    nested: Nested

    def page(self) -> EntityPage:
        """Return the finished page."""
        reader = self.reading.reader
        sections = [self._section(group, rows) for group, rows in self.reading.groups]
        return EntityPage(
            tuple(reader.link(kind) for kind in self.reading.types),
            self._meaning(),
            tuple(section for section in sections if section.is_key_facts),
            tuple(section for section in sections if not section.is_key_facts),
        )

    def _meaning(self) -> tuple[Fact, ...]:
        facts = self._facts(self.reading.meaning)
        own, _ = _by_language(facts, self.context.language)
        return own or facts

    def _section(self, group: Group, rows: Iterable[tuple[Row, Chains]]) -> Section:
        heading = self.reading.reader.choose(group.names)
        return Section(
            _key(group.iri),
            heading or Text(self.context.names.shorten(group.iri)),
            group.key_facts,
            tuple(self._row(row, chains) for row, chains in rows),
        )

    def _row(self, row: Row, chains: Chains) -> PropertyRow:
        reader = self.reading.reader
        return PropertyRow(
            _key(row.shape),
            _heading(reader, row),
            reader.choose(row.descriptions),
            self._facts(chains),
            self.context.language,
            self.reading.rests[row.shape],
        )

    def _facts(self, chains: Chains) -> tuple[Fact, ...]:
        facts = [self._fact(term, each) for term, each in chains.items()]
        return tuple(sorted(facts, key=lambda fact: self.reading.reader.order(fact.value)))

    def _fact(self, term: Term, chains: Sequence[tuple[Quad, ...]]) -> Fact:
        reading, reader = self.reading, self.reading.reader
        quads = list(chain.from_iterable(chains))
        last = {graph for each in chains for graph in _graph(each[-1])}
        graphs = {graph for quad in quads for graph in _graph(quad)}
        through = {node.value for each in chains for node in _between(reading.start, each)}
        language = self.context.language
        predicate = chains[0][-1].predicate.value if chains and chains[0] else ""
        literal = format_value(term, predicate, language) if isinstance(term, Literal) else None
        links = [reader.link(iri) for iri in sorted(through)]
        return Fact(
            self._value(term, last, chains),
            literal,
            tuple(reader.link(kind) for kind in reading.kinds.get(term, ())),
            tuple(sorted(links, key=lambda link: link.label.text)),
            reading.evidence.claims(quads, reader),
            reading.evidence.origins(graphs, reader),
            self._pages(literal.lexical) if literal and literal.kind == "code" else (),
        )

    def _value(
        self, term: Term, graphs: Iterable[str], chains: Sequence[tuple[Quad, ...]]
    ) -> Value:
        """Return the end of some chains, with what is stated of the statement that leads to it."""
        last = chains[0][-1]
        if last.object == term:
            return self.nested.object_of(last.subject, last.predicate.value, term, graphs)
        return self.nested.value(term, graphs)

    def _pages(self, code: str) -> tuple[Link, ...]:
        """Return the outside IRIs of the thing that have a code as one of their parts."""
        objects = {q.object.value for q in self.reading.own if isinstance(q.object, NamedNode)}
        matching = [iri for iri in sorted(objects) if code in re.split(r"[/#?=]", iri)]
        links = [self.reading.reader.link(iri) for iri in matching]
        return tuple(link for link in links if link.external)


def first_statements(iri: str, quads: Collection[Quad]) -> tuple[list[Quad], dict[str, int]]:
    """Return the statements that a page about a thing lists, and how many values it leaves out.

    It lists the first MOST_VALUES values of each property of the thing; what it leaves out is by
    property.
    """
    node = NamedNode(iri)
    values: dict[str, set[Term]] = {}
    for quad in quads:
        if quad.subject == node:
            values.setdefault(quad.predicate.value, set()).add(quad.object)
    left_out = {
        predicate: len(terms) - MOST_VALUES
        for predicate, terms in values.items()
        if len(terms) > MOST_VALUES
    }
    hidden = {
        (predicate, term)
        for predicate in left_out
        for term in sorted(values[predicate], key=str)[MOST_VALUES:]
    }
    shown = [
        quad
        for quad in quads
        if quad.subject != node or (quad.predicate.value, quad.object) not in hidden
    ]
    return shown, left_out


def _graph(quad: Quad) -> list[str]:
    return [quad.graph_name.value] if isinstance(quad.graph_name, NamedNode) else []


def _between(start: NamedNode, quads: Sequence[Quad]) -> list[NamedNode]:
    """Return the things that a chain of statements passes through, without its ends."""
    between, node = [], start
    for quad in quads[:-1]:
        other = quad.subject if quad.object == node else quad.object
        if not isinstance(other, NamedNode):
            break
        node = other
        between.append(node)
    return between


def _key(iri: str) -> str:
    """Return the anchor of a row or group within a page.

    >>> _key("https://w3id.org/unicef-linked/shapes#OfficeShape-openedOn")
    'OfficeShape-openedOn'
    """
    return re.sub(r"[^A-Za-z0-9-]", "-", iri.rpartition("#")[2])
