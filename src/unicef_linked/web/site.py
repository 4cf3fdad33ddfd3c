"""What one site serves: settings, release, store, and what is computed once from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

from unicef_linked.dataset.description import Description
from unicef_linked.dataset.labels import LABEL_PROPERTIES, Labels, Reader, Text
from unicef_linked.lookup.index import read as read_index
from unicef_linked.lookup.matching import Reconciler
from unicef_linked.presentation.charts import Pictures
from unicef_linked.presentation.layout import read as read_layout
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, RDFS, TYPES_WITH_PREFIX, Names
from unicef_linked.rdf.statistics import count as count_statistics
from unicef_linked.rdf.statistics import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from unicef_linked.config import Settings
    from unicef_linked.lookup.index import Index
    from unicef_linked.presentation.layout import Layout
    from unicef_linked.presentation.maps import Map
    from unicef_linked.rdf.jsonld import Context
    from unicef_linked.rdf.statistics import Statistics
    from unicef_linked.release import Release
    from unicef_linked.store import Store

INCOMING: Final = 1000
"""Statements about others that a document repeats; past that it says so and leaves the rest to SPARQL."""

_LINKS: Final = """
# Statements that lead to other datasets; a dataset is what the IRIs of its things begin with.
PREFIX owl:  <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?space ?link (COUNT(*) AS ?links) {
  SELECT DISTINCT ?s ?link ?o ?space {
    VALUES ?link { owl:sameAs skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch }
    ?s ?link ?o .
    FILTER (ISIRI(?s) && ISIRI(?o))
    BIND (REPLACE(STR(?o), "[^/#]+/?$", "") AS ?space)
    FILTER (!STRSTARTS(STR(?s), ?space))
  }
}
GROUP BY ?space ?link
"""


@dataclass(frozen=True)
class Site:
    """One release, served."""

    settings: Settings
    release: Release
    store: Store

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.release.names

    def public_url(self, request_url: str) -> str:
        """Return the address that the public uses, ending in ``/``: the setting, else the request's own."""
        return (self.settings.public_url or request_url).rstrip("/") + "/"

    @cached_property
    def context(self) -> Context:
        """The published JSON-LD context."""
        return self.release.context()

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity; made when it is first asked."""
        return read_index(self.store, self.names)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures that the data publishes, and what their queries find."""
        return Pictures(self.store, self.names, self.settings.query_timeout)

    @cached_property
    def extracts(self) -> dict[tuple[str, str], Map | None]:
        """The maps on pages about things, by IRI and language, as they have been drawn (``extract``)."""
        return {}

    @cached_property
    def reconciler(self) -> Reconciler:
        """What tells which entity a name means."""
        return Reconciler(self.index, lambda iri: self.store.match(NamedNode(iri)))

    @cached_property
    def statistics(self) -> Statistics:
        """The statistics of VoID: as the release publishes them, else counted over the default graph."""
        graph = self.names.graph("derived/statistics")
        built = self.release.manifest.conforms is not None and graph in self.release.manifest.graphs
        published = read(self.store.match(graph_name=NamedNode(graph)), self.names) if built else None
        return published or count_statistics(self._default_graph())

    def _default_graph(self) -> Iterable[Triple]:
        """Return the triples of the default graph as published."""
        if self.release.manifest.union:
            return {quad.triple for quad in self.release.quads()}
        return (quad.triple for quad in self.release.quads() if isinstance(quad.graph_name, DefaultGraph))

    @property
    def named_graphs(self) -> dict[str, int]:
        """The graphs that an IRI names, with their statements; a blank node's name would mean nothing to others."""
        return {name: size for name, size in sorted(self.release.manifest.graphs.items()) if ":" in name}

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
        found = (tuple(str(getattr(row.get(name), "value", "")) for name in ("space", "link", "links")) for row in rows)
        outside = (row for row in found if row[0] and not row[0].startswith(self.names.base) and row[0][-3:] != "://")
        return sorted((space, link, int(number)) for space, link, number in outside)

    @cached_property
    def checksums(self) -> dict[str, str]:
        """The SHA-256 of each dump, by name."""
        lines = (self.release.path / "dumps" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}

    @cached_property
    def layout(self) -> Layout:
        """How the shapes lay out a page about a thing."""
        return read_layout(self.release.shapes(), self.superclasses, self.names.term("KeyFacts"))

    @cached_property
    def superclasses(self) -> Callable[[str], frozenset[str]]:
        """Return all classes above a class, as the data states them; each is asked once."""

        def above(class_iri: str) -> frozenset[str]:
            found: set[str] = set()
            waiting = [class_iri]
            while waiting:
                quads = self.store.match(NamedNode(waiting.pop()), NamedNode(f"{RDFS}subClassOf"))
                new = {quad.object.value for quad in quads if isinstance(quad.object, NamedNode)} - found
                found |= new
                waiting += new
            return frozenset(found - {class_iri})

        return lru_cache(maxsize=10_000)(above)

    def locate(self, iri: str) -> str | None:
        """Return the address on this host of a page about an IRI, None where its own address is the better one."""
        local = self.names.local_address(iri)
        if local is None and self.release.manifest.conforms is None and iri in self.described:
            return f"/resource?iri={quote(iri, safe='')}"  # a dataset that is not ours: its IRIs lie elsewhere
        return local

    def list_address(self, class_iri: str) -> str | None:
        """Return the address of the list of a class's instances, None where they share no ``/id/{type}/``."""
        rows = self.store.select("SELECT DISTINCT ?class ?s { ?s a ?class }", {"class": NamedNode(class_iri)})
        found = {self.names.type_and_key(term.value) for row in rows if isinstance(term := row["s"], NamedNode)}
        types = {pair[0] if pair else "" for pair in found}
        return f"/doc/{types.pop()}" if len(types) == 1 and "" not in types else None

    @cached_property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and the number of its members, by the list's address; what matters most first."""
        found: dict[str, tuple[str, int]] = {}
        for iri, number in sorted(self.partitions["class"], key=lambda pair: -pair[1]):
            if iri.startswith(f"{self.names.ontology}#") and (address := self.list_address(iri)):
                found.setdefault(address, (iri, number))
        order = {f"/doc/{name}": number for number, name in enumerate(TYPES_WITH_PREFIX)}
        return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))

    def plural(self, class_iri: str, language: str) -> Text | None:
        """Return what several things of a class are called in a language, else in English; None where nothing says it."""
        quads = self.store.match(NamedNode(class_iri), NamedNode(self.names.term("pluralLabel")))
        texts = {quad.object.language: quad.object.value for quad in quads if isinstance(quad.object, Literal)}
        return next((Text(texts[spoken], spoken) for spoken in (language, "en") if spoken in texts), None)

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

    def labels(self, iris: Iterable[str]) -> Labels:
        """Return the names of IRIs, by IRI and language."""
        found: Labels = {}
        for iri in set(iris):
            best: dict[str, tuple[int, str]] = {}  # language to (rank of the property, text)
            for quad in self.store.match(NamedNode(iri)):
                if quad.predicate.value in LABEL_PROPERTIES and isinstance(quad.object, Literal):
                    candidate = (LABEL_PROPERTIES.index(quad.predicate.value), quad.object.value)
                    language = quad.object.language or ""
                    best[language] = min(candidate, best.get(language, candidate))
            if best:
                found[iri] = {language: text for language, (_, text) in best.items()}
        return found

    def reader(self, quads: Iterable[Quad], language: str, *more: str) -> Reader:
        """Return a reader that knows the name of every IRI in the quads."""
        iris = set(more)
        for quad in quads:
            for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
                if isinstance(term, NamedNode):
                    iris.add(term.value)
                elif isinstance(term, Literal):
                    iris.add(term.datatype.value)
        return Reader(self.names, self.labels(iris), language, self.locate)

    def describe(self, iri: str, document: str | None = None) -> Description | None:
        """Return what is known of an IRI, None where nothing is: its statements, those that lead to it, names for both."""
        node = NamedNode(iri)
        outgoing = self.store.match(node)
        incoming = [quad for quad in self.store.match(None, None, node) if quad.subject != node]
        if not outgoing and not (incoming and document is None):
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
        about = outgoing + sorted(incoming, key=str)[:INCOMING]
        around = {term for quad in about for term in (quad.subject, quad.object) if isinstance(term, NamedNode)} - {
            node
        }
        context = [
            quad.triple
            for other in around
            for quad in self.store.match(other, NamedNode(f"{RDFS}label"))
            if not isinstance(quad.object, BlankNode)
        ]
        return Description(iri, [*about, *self._blank_closure(about)], context, own)

    def _blank_closure(self, quads: Iterable[Quad]) -> list[Quad]:
        """Return what blank nodes in the quads say, and those in them: a concise bounded description."""
        found: list[Quad] = []
        waiting = [quad.object for quad in quads if isinstance(quad.object, BlankNode)]
        seen: set[BlankNode] = set()
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                inside = self.store.match(node)
                found += inside
                waiting += [quad.object for quad in inside if isinstance(quad.object, BlankNode)]
        return found
