"""Why each statement about a thing is published: claims, passages, rules, files. Values only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Triple

from unicef_linked.presentation.evidence import PARTS, read_evidence
from unicef_linked.rdf.iris import SHACL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver, Value
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.evidence import Claim, Evidence, Origin
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store.statements import LoadedStatements


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement with the claims that it is true and the graphs that state it."""

    predicate: NamedNode
    object: Term
    value: Value
    claims: tuple[Claim, ...]
    origins: tuple[Origin, ...]

    @property
    def how(self) -> tuple[str, ...]:
        """How it is known: by the claims' bases, else by where it is stated, in lower case."""
        bases = {claim.basis.iri.rpartition("#")[2] for claim in self.claims if claim.basis}
        if bases:
            return tuple(sorted(base[:1].lower() + base[1:] for base in bases))
        if all(origin.derived for origin in self.origins):
            return ("derived",)
        return ("reference",) if any(origin.sources for origin in self.origins) else ("stated",)


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of the statements about one thing."""

    iri: str
    reader: LabelResolver
    reasons: tuple[Reason, ...]
    evidence: Evidence

    def rule_text(self, origin: Origin) -> str:
        """Return the query of the rule that made a graph; "" if none did."""
        rule = NamedNode(origin.rule.iri) if origin.rule else None
        text = self.evidence.first(rule, f"{SHACL}construct")
        return text.value if isinstance(text, Literal) else ""

    def triples(self) -> list[Triple]:
        """Return the statements, and what the data says of their claims, passages and sources."""
        subject = NamedNode(self.iri)
        triples = {Triple(subject, reason.predicate, reason.object) for reason in self.reasons}
        pending: list[Term] = []
        for reason in self.reasons:
            pending += [NamedNode(claim.link.iri) for claim in reason.claims]
            pending += [NamedNode(origin.link.iri) for origin in reason.origins]
        described: set[Term] = set()
        while pending:
            node = pending.pop()
            if node in described or not isinstance(node, NamedNode):
                continue
            described.add(node)
            for predicate, objects in self.evidence.described.get(node, {}).items():
                triples |= {Triple(node, NamedNode(predicate), term) for term in objects}
                pending += objects if predicate in PARTS else []
        return sorted(triples, key=str)


def read_reasons(
    context: PageContext, statements: LoadedStatements, iri: str, predicates: Iterable[str] = ()
) -> Reasons:
    """Return why each statement about an IRI is published; only those of some ``predicates``.

    Without ``predicates``, those of all. There are none if nothing is stated.
    """
    chosen = frozenset(predicates)
    quads = [
        quad
        for quad in statements.match(NamedNode(iri))
        if not chosen or quad.predicate.value in chosen
    ]
    evidence = read_evidence(statements, context.names, [NamedNode(iri)], quads)
    reader = context.reader(quads, iri, *evidence.iris)
    by_statement: dict[tuple[NamedNode, Term], list[Quad]] = defaultdict(list)
    for quad in sorted(quads, key=str):
        by_statement[quad.predicate, quad.object].append(quad)
    reasons = []
    for (predicate, value), stated in by_statement.items():
        names = [q.graph_name.value for q in stated if isinstance(q.graph_name, NamedNode)]
        reason = Reason(
            predicate,
            value,
            reader.value(value),
            evidence.claims(stated, reader),
            evidence.origins(names, reader),
        )
        reasons.append(reason)
    return Reasons(iri, reader, tuple(reasons), evidence)
