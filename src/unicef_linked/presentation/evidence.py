"""The evidence of statements: claims with their passages, and the sources of named graphs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Triple

from unicef_linked.rdf.iris import DCTERMS, PROV, RDF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver, Link
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import LoadedStatements

Described = dict[str, list["Term"]]
"""Property to values, of one node."""

OA: Final = "http://www.w3.org/ns/oa#"

PARTS: Final = frozenset(
    {
        f"{PROV}wasDerivedFrom",
        f"{PROV}hadPrimarySource",
        f"{DCTERMS}source",
        f"{OA}hasSource",
        f"{OA}hasSelector",
        f"{PROV}wasGeneratedBy",
        f"{PROV}used",
    }
)
"""Properties from a claim to its passages, their source and range, and from a graph to its sources
or to the rule that made it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document with its licence, date and digest, as far as the data states them."""

    link: Link
    licence: Link | None
    issued: Literal | None
    digest: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A range of the characters of a source."""

    link: Link
    source: Source | None
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that a statement is true: its basis, its source, the passages that say so."""

    link: Link
    basis: Link | None
    source: Source | None
    passages: tuple[Passage, ...]

    @property
    def document(self) -> Source | None:
        """Its source, else that of its first passage."""
        return self.source or (self.passages[0].source if self.passages else None)


@dataclass(frozen=True, slots=True)
class Origin:
    """A named graph that states something; ``derived``: a rule made it, and it has no sources."""

    link: Link
    derived: bool
    rule: Link | None  # that made it, if the data says which
    licence: Link | None
    sources: tuple[Source, ...]


def claims_about(statements: LoadedStatements, things: Iterable[NamedNode]) -> list[NamedNode]:
    """Return the claims about statements that have one of the things as subject or object."""
    parts = {f"{RDF}subject", f"{RDF}object"}
    claims: set[NamedNode] = set()
    for thing in things:
        for quad in statements.match(object=thing):
            if quad.predicate.value in parts and isinstance(quad.subject, NamedNode):
                claims.add(quad.subject)
    return sorted(claims, key=str)


def read_evidence(
    statements: LoadedStatements,
    names: Names,
    things: Collection[NamedNode],
    quads: Collection[Quad],
) -> Evidence:
    """Return the claims that some statements are true, and the sources of these claims and graphs.

    The statements lead to or from the things.
    """
    statements.load(objects=things)
    about = claims_about(statements, things)
    statements.load(about)
    claims_by_statement = _claims_that_state(statements, about, quads)
    graphs = {quad.graph_name for quad in quads if isinstance(quad.graph_name, NamedNode)}
    claims = dict.fromkeys(chain.from_iterable(claims_by_statement.values()))
    described: dict[Term, Described] = {}
    nodes: Sequence[Term] = [*claims, *sorted(graphs, key=str)]
    while nodes:
        statements.load(nodes)
        further: list[Term] = []
        for node in nodes:
            described[node] = _described(statements, node)
            for name in PARTS:
                further += described[node].get(name, [])
        nodes = [node for node in dict.fromkeys(further) if node not in described]
    return Evidence(names, described, claims_by_statement)


def _claims_that_state(
    statements: LoadedStatements, claims: Iterable[NamedNode], quads: Iterable[Quad]
) -> dict[Triple, list[NamedNode]]:
    """Return those of the claims that are about one of the statements, by what they state."""
    shown = {quad.triple for quad in quads}
    by_statement: dict[Triple, list[NamedNode]] = {}
    for claim in claims:
        subject, predicate, value = (_first(statements, claim, name) for name in _REIFIED)
        if (
            isinstance(subject, NamedNode)
            and isinstance(predicate, NamedNode)
            and value is not None
        ):
            stated = Triple(subject, predicate, value)
            if stated in shown:
                by_statement.setdefault(stated, []).append(claim)
    return by_statement


_REIFIED: Final = tuple(NamedNode(f"{RDF}{name}") for name in ("subject", "predicate", "object"))


def _first(statements: LoadedStatements, claim: NamedNode, predicate: NamedNode) -> Term | None:
    objects = (quad.object for quad in statements.match(claim, predicate))
    return min(objects, key=str, default=None)


def _described(statements: LoadedStatements, node: Term) -> Described:
    values: Described = {}
    # In one order, so that every web worker makes the same page.
    for quad in sorted(statements.match(node), key=str):
        of_predicate = values.setdefault(quad.predicate.value, [])
        if quad.object not in of_predicate:
            of_predicate.append(quad.object)
    return values


@dataclass(frozen=True)
class Evidence:
    """Claims about statements, with their passages and sources, and named graphs with theirs."""

    names: Names
    described: Mapping[Term, Described]
    claims_by_statement: Mapping[Triple, Sequence[NamedNode]]

    def first(self, node: Term | None, predicate: str) -> Term | None:
        """Return the first value of a property of a claim, passage, source or graph."""
        return next(iter(self._values(node, predicate)), None)

    def _values(self, node: Term | None, predicate: str) -> Sequence[Term]:
        if node is None or node not in self.described:
            return ()
        return self.described[node].get(predicate, ())

    @property
    def iris(self) -> set[str]:
        """Every IRI in it, for their labels to be read."""
        terms = set(self.described)
        for properties in self.described.values():
            terms.update(chain.from_iterable(properties.values()))
        return {term.value for term in terms if isinstance(term, NamedNode)}

    def claims(self, quads: Iterable[Quad], reader: LabelResolver) -> tuple[Claim, ...]:
        """Return the claims that one of the statements is true."""
        claims: set[NamedNode] = set()
        for quad in quads:
            claims.update(self.claims_by_statement.get(quad.triple, ()))
        return tuple(self._claim(claim, reader) for claim in sorted(claims, key=str))

    def origins(self, graphs: Iterable[str], reader: LabelResolver) -> tuple[Origin, ...]:
        """Return graphs with the sources of their statements."""
        origins = []
        for graph in sorted(graphs):
            terms = self._values(NamedNode(graph), f"{DCTERMS}source")
            sources = (self._source(term, reader) for term in terms if isinstance(term, NamedNode))
            is_derived = graph.startswith(self.names.graph("derived/"))
            origin = Origin(
                reader.link(graph),
                is_derived,
                self._rule(graph, reader),
                self._licence(NamedNode(graph), reader),
                tuple(sources),
            )
            origins.append(origin)
        return tuple(origins)

    def _rule(self, graph: str, reader: LabelResolver) -> Link | None:
        """Return the rule that made a graph: what its derivation used (PROV-O, section 3.1)."""
        derivation = self.first(NamedNode(graph), f"{PROV}wasGeneratedBy")
        rule = self.first(derivation, f"{PROV}used")
        return reader.link(rule.value) if isinstance(rule, NamedNode) else None

    def _licence(self, node: NamedNode, reader: LabelResolver) -> Link | None:
        licence = self.first(node, f"{DCTERMS}license")
        return reader.link(licence.value) if isinstance(licence, NamedNode) else None

    def _claim(self, claim: NamedNode, reader: LabelResolver) -> Claim:
        basis = self.first(claim, self.names.term("basis"))
        source = self.first(claim, f"{PROV}hadPrimarySource")
        nodes = self._values(claim, f"{PROV}wasDerivedFrom")
        passages = [self._passage(node, reader) for node in nodes if isinstance(node, NamedNode)]
        return Claim(
            reader.link(claim.value),
            reader.link(basis.value) if isinstance(basis, NamedNode) else None,
            self._source(source, reader) if isinstance(source, NamedNode) else None,
            tuple(sorted(passages, key=lambda passage: passage.start.zfill(12))),
        )

    def _passage(self, passage: NamedNode, reader: LabelResolver) -> Passage:
        source = self.first(passage, f"{OA}hasSource")
        selector = self.first(passage, f"{OA}hasSelector")
        return Passage(
            reader.link(passage.value),
            self._source(source, reader) if isinstance(source, NamedNode) else None,
            self._text(selector, f"{OA}start"),
            self._text(selector, f"{OA}end"),
        )

    def _source(self, source: NamedNode, reader: LabelResolver) -> Source:
        issued = self.first(source, f"{DCTERMS}issued") or self.first(source, f"{DCTERMS}modified")
        return Source(
            reader.link(source.value),
            self._licence(source, reader),
            issued if isinstance(issued, Literal) else None,
            self._text(source, self.names.term("sha256")),
        )

    def _text(self, node: Term | None, predicate: str) -> str:
        value = self.first(node, predicate)
        return value.value if isinstance(value, Literal) else ""
