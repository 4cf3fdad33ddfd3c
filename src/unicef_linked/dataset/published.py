"""A release as read: what its statements, its manifest and its store say together. No settings, no addresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from unicef_linked.dataset.description import Description, write_description
from unicef_linked.dataset.labels import Text
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, RDFS, TYPES_WITH_PREFIX, Names
from unicef_linked.rdf.mappings import MAPPINGS
from unicef_linked.rdf.statistics import count as count_statistics
from unicef_linked.rdf.statistics import distinct_triples, read
from unicef_linked.store.statements import LoadedStatements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from unicef_linked.rdf.formats import Format
    from unicef_linked.rdf.jsonld import Context
    from unicef_linked.rdf.statistics import Statistics
    from unicef_linked.release import Release
    from unicef_linked.store import Labels, Store

INCOMING: Final = 1000
"""Statements about others that a document repeats; past that it says so and leaves the rest to SPARQL."""

_LINKS: Final = f"""
# Statements that lead to other datasets; a dataset is what the IRIs of its things begin with.
SELECT ?space ?link (COUNT(*) AS ?links) {{
  SELECT DISTINCT ?s ?link ?o ?space {{
    VALUES ?link {{ {" ".join(f"<{iri}>" for iri in MAPPINGS)} }}
    ?s ?link ?o .
    FILTER (ISIRI(?s) && ISIRI(?o))
    BIND (REPLACE(STR(?o), "[^/#]+/?$", "") AS ?space)
    FILTER (!STRSTARTS(STR(?s), ?space))
  }}
}}
GROUP BY ?space ?link
"""


@dataclass(frozen=True)
class PublishedDataset:
    """One release with the store that answers for it. What is computed from both is computed once."""

    release: Release
    store: Store

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.release.names

    @property
    def is_built(self) -> bool:
        """Whether ``build`` made the release, so that it has an ontology, shapes and exports of its own."""
        return self.release.manifest.kind == "built"

    @cached_property
    def context(self) -> Context:
        """The published JSON-LD context."""
        return self.release.context()

    @cached_property
    def statistics(self) -> Statistics:
        """The statistics of VoID: as the release publishes them, else counted over the default graph."""
        return self._published_statistics or count_statistics(self._default_graph())

    @cached_property
    def _published_statistics(self) -> Statistics | None:
        graph = self.names.graph("derived/statistics")
        if not self.is_built or graph not in self.release.manifest.graphs:
            return None
        return read(self.store.match(graph_name=NamedNode(graph)), self.names)

    @cached_property
    def default_graph_size(self) -> int:
        """The triples of the default graph. Published statistics leave their own graph out, so it is counted."""
        if self._published_statistics is None:
            return self.counts["triples"]
        return sum(1 for _ in self._default_graph())

    def _default_graph(self) -> Iterable[Triple]:
        """Return the triples of the default graph as published, each once."""
        if self.release.manifest.union:
            return distinct_triples(self.release.quads())
        return (
            quad.triple
            for quad in self.release.quads()
            if isinstance(quad.graph_name, DefaultGraph)
        )

    @property
    def named_graphs(self) -> dict[str, int]:
        """The graphs that an IRI names, with their statements; a blank node's name would mean nothing to others."""
        return {
            name: size for name, size in sorted(self.release.manifest.graphs.items()) if ":" in name
        }

    @property
    def counts(self) -> dict[str, int]:
        """The statistics of VoID, section 4.6."""
        return self.statistics.counts

    @property
    def partitions(self) -> dict[str, list[tuple[str, int]]]:
        """Classes with their instances and properties with their triples (VoID, section 4.5)."""
        return self.statistics.partitions

    @cached_property
    def links(self) -> list[tuple[str, str, int]]:
        """Where the dataset leads (the IRIs' common beginning), by which property of identity or likeness, how often."""
        rows = self.store.select(_LINKS)
        found = (
            tuple(str(getattr(row.get(name), "value", "")) for name in ("space", "link", "links"))
            for row in rows
        )
        outside = (
            row
            for row in found
            if row[0] and not row[0].startswith(self.names.base) and row[0][-3:] != "://"
        )
        return sorted((space, link, int(number)) for space, link, number in outside)

    @cached_property
    def checksums(self) -> dict[str, str]:
        """The SHA-256 of each dump, by name."""
        lines = (
            (self.release.path / "dumps" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        )
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}

    @cached_property
    def superclasses(self) -> Callable[[str], frozenset[str]]:
        """Return all classes above a class, as the data states them."""
        parents: dict[str, set[str]] = {}
        for quad in self.store.match(None, NamedNode(f"{RDFS}subClassOf")):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
                parents.setdefault(quad.subject.value, set()).add(quad.object.value)

        def above(class_iri: str) -> frozenset[str]:
            found: set[str] = set()
            waiting = [class_iri]
            while waiting:
                new = parents.get(waiting.pop(), set()) - found
                found |= new
                waiting += new
            return frozenset(found - {class_iri})

        return lru_cache(maxsize=10_000)(above)

    @cached_property
    def licences(self) -> dict[str, list[str]]:
        """The licences that the data states, by the IRI that has them."""
        found: dict[str, set[str]] = {}
        for quad in self.store.match(None, NamedNode(f"{DCTERMS}license")):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
                found.setdefault(quad.subject.value, set()).add(quad.object.value)
        return {iri: sorted(licences) for iri, licences in found.items()}

    @cached_property
    def common_labels(self) -> Labels:
        """Names that every page shows: of the dataset, its licences and publishers, the lists' classes."""
        dataset = self.names.dataset
        publishers = [
            quad.object.value for quad in self.own_statements if isinstance(quad.object, NamedNode)
        ]
        return self.store.labels([dataset, *publishers, *(iri for iri, _ in self.lists.values())])

    @cached_property
    def own_statements(self) -> list[Quad]:
        """What the dataset says of itself."""
        return self.store.match(NamedNode(self.names.dataset))

    @cached_property
    def plurals(self) -> dict[str, dict[str, str]]:
        """What several things of a class are called: class to language to text."""
        found: dict[str, dict[str, str]] = {}
        for quad in self.store.match(None, NamedNode(self.names.term("pluralLabel"))):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
                found.setdefault(quad.subject.value, {})[quad.object.language or ""] = (
                    quad.object.value
                )
        return found

    def type_of_members(self, class_iri: str) -> str | None:
        """Return the type in ``/id/{type}/`` that all instances of a class share, None where they share none."""
        rows = self.store.select(
            "SELECT DISTINCT ?class ?s { ?s a ?class }", {"class": NamedNode(class_iri)}
        )
        found = {
            self.names.type_and_key(term.value)
            for row in rows
            if isinstance(term := row["s"], NamedNode)
        }
        types = {pair[0] if pair else "" for pair in found}
        return types.pop() if len(types) == 1 and "" not in types else None

    @cached_property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and the number of its members, by type; what matters most first."""
        found: dict[str, tuple[str, int]] = {}
        for iri, number in sorted(self.partitions["class"], key=lambda pair: -pair[1]):
            if iri.startswith(f"{self.names.ontology}#") and (
                entity_type := self.type_of_members(iri)
            ):
                found.setdefault(entity_type, (iri, number))
        order = {name: number for number, name in enumerate(TYPES_WITH_PREFIX)}
        return dict(
            sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        )

    def plural(self, class_iri: str, language: str) -> Text | None:
        """Return what several things of a class are called in a language, else in English; None where nothing says it."""
        texts = self.plurals.get(class_iri, {})
        return next(
            (Text(texts[spoken], spoken) for spoken in (language, "en") if spoken in texts), None
        )

    @cached_property
    def counted(self) -> Callable[[str], int]:
        """Return how many solutions a graph pattern has; a release never changes, so that counting once is enough."""

        def counted(pattern: str) -> int:
            [row] = self.store.select(f"SELECT (COUNT(*) AS ?count) {{ {pattern} }}")
            return int(row["count"].value)  # type: ignore[union-attr]

        return lru_cache(maxsize=10_000)(counted)

    @cached_property
    def described(self) -> frozenset[str]:
        """Every IRI that a dataset of others describes."""
        rows = self.store.select("SELECT DISTINCT ?s { ?s ?p ?o FILTER(isIRI(?s)) }")
        return frozenset(term.value for row in rows if isinstance(term := row["s"], NamedNode))

    def write(self, description: Description, offer: Format) -> bytes:
        """Return a description in an RDF format, with the dataset's prefixes and JSON-LD context."""
        return write_description(description, offer, self.names, self.context)

    def about(self, iri: str, statements: LoadedStatements | None = None) -> list[Quad]:
        """Return the statements of an IRI, those that lead to it (at most INCOMING), and those of their blank nodes."""
        statements = statements or LoadedStatements(self.store)
        node = NamedNode(iri)
        statements.load([node], [node])
        incoming = [quad for quad in statements.match(object=node) if quad.subject != node]
        about = statements.match(node) + sorted(incoming, key=str)[:INCOMING]
        return [*about, *_blank_closure(statements, about)]

    def describe(
        self, iri: str, document: str | None = None, statements: LoadedStatements | None = None
    ) -> Description | None:
        """Return what is known of an IRI, None where nothing is: its statements, those that lead to it, names for both."""
        node = NamedNode(iri)
        statements = statements or LoadedStatements(self.store)
        about = self.about(iri, statements)
        incoming = [quad for quad in statements.match(object=node) if quad.subject != node]
        if not statements.match(node) and not (incoming and document is None):
            return None
        own: list[Triple] = []
        if document:
            page = NamedNode(document)
            own = [
                Triple(page, NamedNode(f"{RDF}type"), NamedNode(f"{FOAF}Document")),
                Triple(page, NamedNode(f"{FOAF}primaryTopic"), node),
                Triple(page, NamedNode(f"{DCTERMS}isPartOf"), NamedNode(self.names.dataset)),
            ]
            if len(incoming) > INCOMING:
                text = f"{len(incoming)} statements lead to this resource; {INCOMING} of them are repeated here"
                own.append(Triple(page, NamedNode(f"{RDFS}comment"), Literal(text, language="en")))
        direct = [quad for quad in about if node in (quad.subject, quad.object)]
        around = {
            term
            for quad in direct
            for term in (quad.subject, quad.object)
            if isinstance(term, NamedNode)
        }
        names = self.store.match_any(around - {node}, [NamedNode(f"{RDFS}label")])
        context = [quad.triple for quad in names if not isinstance(quad.object, BlankNode)]
        return Description(iri, about, context, own)


def _blank_closure(statements: LoadedStatements, quads: Iterable[Quad]) -> list[Quad]:
    """Return what blank nodes in the quads say, and those in them: a concise bounded description."""
    found: list[Quad] = []
    waiting = [quad.object for quad in quads if isinstance(quad.object, BlankNode)]
    seen: set[BlankNode] = set()
    while waiting:
        statements.load(waiting)
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            inside = statements.match(node)
            found += inside
            waiting += [quad.object for quad in inside if isinstance(quad.object, BlankNode)]
    return found
