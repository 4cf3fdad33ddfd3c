"""What a statement rests on: claims with their passages, and the sources of the graphs that state it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import DCTERMS, PROV, RDF

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import Link, Reader
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import LoadedStatements

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


@dataclass(frozen=True, slots=True)
class Origin:
    """A named graph that states something: by a rule where it is ``derived``, else from its sources."""

    link: Link
    derived: bool
    sources: tuple[Source, ...]


class Evidence:
    """The claims about the statements that the given things are subjects or objects of, and whatever these rest on."""

    def __init__(
        self,
        statements: LoadedStatements,
        names: Names,
        things: Collection[NamedNode],
        graphs: Iterable[str],
    ) -> None:
        self._statements, self._names = statements, names
        self._known: dict[Term, dict[str, list[Term]]] = {}
        self._claims: dict[tuple[str, str, Term], list[NamedNode]] = {}
        statements.load(objects=things)
        claims = sorted({claim for thing in things for claim in self._about(thing)}, key=str)
        graph_nodes = [NamedNode(graph) for graph in sorted(graphs)]
        self._read([*claims, *graph_nodes])
        for claim in claims:
            subject, predicate, thing = (
                self._one(claim, f"{RDF}{part}") for part in ("subject", "predicate", "object")
            )
            if (
                isinstance(subject, NamedNode)
                and isinstance(predicate, NamedNode)
                and thing is not None
            ):
                self._claims.setdefault((subject.value, predicate.value, thing), []).append(claim)

    def _about(self, thing: NamedNode) -> Iterable[NamedNode]:
        for quad in self._statements.match(None, None, thing):
            if quad.predicate.value in {f"{RDF}subject", f"{RDF}object"} and isinstance(
                quad.subject, NamedNode
            ):
                yield quad.subject

    def _read(self, starts: Sequence[NamedNode]) -> None:
        """Read what claims and graphs lead to: all that is one step away together."""
        nodes: Sequence[Term] = starts
        while nodes:
            self._statements.load(nodes)
            further = [
                value
                for node in nodes
                for predicate, values in self._said(node).items()
                if predicate in _PART
                for value in values
            ]
            nodes = [node for node in dict.fromkeys(further) if node not in self._known]

    def _said(self, node: Term) -> dict[str, list[Term]]:
        if node not in self._known:
            said = self._known[node] = {}
            for quad in sorted(
                self._statements.match(node), key=str
            ):  # the same page from each web worker
                if quad.object not in said.setdefault(quad.predicate.value, []):
                    said[quad.predicate.value].append(quad.object)
        return self._known[node]

    def _one(self, node: Term | None, predicate: str) -> Term | None:
        return next(iter(self._said(node).get(predicate, [])), None) if node is not None else None

    @property
    def iris(self) -> set[str]:
        """Every IRI that is told in it, for names to be looked up."""
        values = {
            value for said in self._known.values() for found in said.values() for value in found
        }
        return {term.value for term in {*self._known, *values} if isinstance(term, NamedNode)}

    def claims(self, quads: Iterable[Quad], reader: Reader) -> tuple[Claim, ...]:
        """Return the claims that one of the statements is true."""
        keys = (
            (getattr(quad.subject, "value", ""), quad.predicate.value, quad.object)
            for quad in quads
        )
        found = dict.fromkeys(
            claim for key in dict.fromkeys(keys) for claim in self._claims.get(key, [])
        )
        return tuple(self._claim(claim, reader) for claim in sorted(found, key=str))

    def origins(self, graphs: Iterable[str], reader: Reader) -> tuple[Origin, ...]:
        """Return where graphs have their statements from."""
        return tuple(
            Origin(
                reader.link(graph),
                graph.startswith(self._names.graph("derived/")),
                tuple(
                    self._source(source, reader)
                    for source in self._said(NamedNode(graph)).get(f"{DCTERMS}source", [])
                    if isinstance(source, NamedNode)
                ),
            )
            for graph in sorted(graphs)
        )

    def _claim(self, claim: NamedNode, reader: Reader) -> Claim:
        basis = self._one(claim, self._names.term("basis"))
        source = self._one(claim, f"{PROV}hadPrimarySource")
        passages = [
            node
            for node in self._said(claim).get(f"{PROV}wasDerivedFrom", [])
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
        source = self._one(passage, f"{OA}hasSource")
        selector = self._one(passage, f"{OA}hasSelector")
        return Passage(
            reader.link(passage.value),
            self._source(source, reader) if isinstance(source, NamedNode) else None,
            self._text(selector, f"{OA}start"),
            self._text(selector, f"{OA}end"),
        )

    def _source(self, source: NamedNode, reader: Reader) -> Source:
        licence = self._one(source, f"{DCTERMS}license")
        issued = self._one(source, f"{DCTERMS}issued") or self._one(source, f"{DCTERMS}modified")
        return Source(
            reader.link(source.value),
            reader.link(licence.value) if isinstance(licence, NamedNode) else None,
            issued if isinstance(issued, Literal) else None,
            self._text(source, self._names.term("sha256")),
        )

    def _text(self, node: Term | None, predicate: str) -> str:
        value = self._one(node, predicate)
        return value.value if isinstance(value, Literal) else ""
