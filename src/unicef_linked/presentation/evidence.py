"""What a statement rests on: claims with their passages, and the sources of the graphs that state it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import DCTERMS, PROV, RDF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import Link, Reader
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import LoadedStatements

Described = dict[str, list["Term"]]
"""Property to values, of one node."""

OA: Final = "http://www.w3.org/ns/oa#"

_PART: Final = frozenset(
    {
        f"{PROV}wasDerivedFrom",
        f"{PROV}hadPrimarySource",
        f"{DCTERMS}source",
        f"{OA}hasSource",
        f"{OA}hasSelector",
    }
)
"""Properties that lead from a claim to its passages, their source and their ranges, and from a graph to its sources."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document, as far as the data has it: on which terms, of which date, with which digest."""

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
    """One statement about a statement: how it follows from its source, and from which passages."""

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
    """A named graph that states something: by a rule where it is ``derived``, else from its sources."""

    link: Link
    derived: bool
    sources: tuple[Source, ...]


def claims_about(statements: LoadedStatements, things: Iterable[NamedNode]) -> list[NamedNode]:
    """Return the claims about statements that have one of the things as subject or object."""
    parts = {f"{RDF}subject", f"{RDF}object"}
    claims = {
        quad.subject
        for thing in things
        for quad in statements.match(object=thing)
        if quad.predicate.value in parts and isinstance(quad.subject, NamedNode)
    }
    return sorted(claims, key=str)


def read_evidence(
    statements: LoadedStatements,
    names: Names,
    things: Collection[NamedNode],
    graphs: Iterable[str],
) -> Evidence:
    """Return the claims about the things, and whatever these claims and the graphs rest on."""
    statements.load(objects=things)
    claims = claims_about(statements, things)
    described: dict[Term, Described] = {}
    nodes: Sequence[Term] = [*claims, *(NamedNode(graph) for graph in sorted(graphs))]
    while nodes:
        statements.load(nodes)
        further: list[Term] = []
        for node in nodes:
            described[node] = _described(statements, node)
            for predicate in _PART:
                further += described[node].get(predicate, [])
        nodes = [node for node in dict.fromkeys(further) if node not in described]
    evidence = Evidence(names, described, {})
    for claim in claims:
        subject = evidence.one(claim, f"{RDF}subject")
        by = evidence.one(claim, f"{RDF}predicate")
        value = evidence.one(claim, f"{RDF}object")
        if isinstance(subject, NamedNode) and isinstance(by, NamedNode) and value is not None:
            key = subject.value, by.value, value
            evidence.claims_by_statement.setdefault(key, []).append(claim)
    return evidence


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
    """Claims about statements, and the passages, sources and graphs that they rest on."""

    names: Names
    described: Mapping[Term, Described]
    claims_by_statement: dict[tuple[str, str, Term], list[NamedNode]]

    def one(self, node: Term | None, predicate: str) -> Term | None:
        """Return the first value of a property of a claim, passage, source or graph."""
        return next(iter(self._values(node, predicate)), None)

    def _values(self, node: Term | None, predicate: str) -> Sequence[Term]:
        if node is None or node not in self.described:
            return ()
        return self.described[node].get(predicate, ())

    @property
    def iris(self) -> set[str]:
        """Every IRI that is told in it, for names to be looked up."""
        values = {
            value for said in self.described.values() for found in said.values() for value in found
        }
        return {term.value for term in {*self.described, *values} if isinstance(term, NamedNode)}

    def claims(self, quads: Iterable[Quad], reader: Reader) -> tuple[Claim, ...]:
        """Return the claims that one of the statements is true."""
        keys = (
            (getattr(quad.subject, "value", ""), quad.predicate.value, quad.object)
            for quad in quads
        )
        found = dict.fromkeys(
            claim for key in dict.fromkeys(keys) for claim in self.claims_by_statement.get(key, [])
        )
        return tuple(self._claim(claim, reader) for claim in sorted(found, key=str))

    def origins(self, graphs: Iterable[str], reader: Reader) -> tuple[Origin, ...]:
        """Return where graphs have their statements from."""
        return tuple(
            Origin(
                reader.link(graph),
                graph.startswith(self.names.graph("derived/")),
                tuple(
                    self._source(source, reader)
                    for source in self._values(NamedNode(graph), f"{DCTERMS}source")
                    if isinstance(source, NamedNode)
                ),
            )
            for graph in sorted(graphs)
        )

    def _claim(self, claim: NamedNode, reader: Reader) -> Claim:
        basis = self.one(claim, self.names.term("basis"))
        source = self.one(claim, f"{PROV}hadPrimarySource")
        passages = [
            node
            for node in self._values(claim, f"{PROV}wasDerivedFrom")
            if isinstance(node, NamedNode)
        ]
        return Claim(
            reader.link(claim.value),
            reader.link(basis.value) if isinstance(basis, NamedNode) else None,
            self._source(source, reader) if isinstance(source, NamedNode) else None,
            tuple(
                sorted(
                    (self._passage(node, reader) for node in passages),
                    key=lambda found: found.start.zfill(12),
                )
            ),
        )

    def _passage(self, passage: NamedNode, reader: Reader) -> Passage:
        source = self.one(passage, f"{OA}hasSource")
        selector = self.one(passage, f"{OA}hasSelector")
        return Passage(
            reader.link(passage.value),
            self._source(source, reader) if isinstance(source, NamedNode) else None,
            self._text(selector, f"{OA}start"),
            self._text(selector, f"{OA}end"),
        )

    def _source(self, source: NamedNode, reader: Reader) -> Source:
        licence = self.one(source, f"{DCTERMS}license")
        issued = self.one(source, f"{DCTERMS}issued") or self.one(source, f"{DCTERMS}modified")
        return Source(
            reader.link(source.value),
            reader.link(licence.value) if isinstance(licence, NamedNode) else None,
            issued if isinstance(issued, Literal) else None,
            self._text(source, self.names.term("sha256")),
        )

    def _text(self, node: Term | None, predicate: str) -> str:
        value = self.one(node, predicate)
        return value.value if isinstance(value, Literal) else ""
