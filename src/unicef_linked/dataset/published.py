"""A release as read: its statements, its manifest and its store. No settings, no addresses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from unicef_linked.dataset.description import Description, partial_view, write_description
from unicef_linked.dataset.hubs import BoundedStatements
from unicef_linked.dataset.labels import Text
from unicef_linked.dataset.profile import profile_of
from unicef_linked.dataset.thesaurus import Thesaurus, read_thesaurus
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, RDFS, SKOS, VOID, VOID_EXT, Names
from unicef_linked.rdf.labels import LABEL_PROPERTIES
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.statistics import count as count_statistics
from unicef_linked.rdf.statistics import count_distinct, read
from unicef_linked.rdf.terms import is_iri, triple, value_of
from unicef_linked.rdf.topic import describe_by_dcat
from unicef_linked.release.summaries import ReleaseSummaries
from unicef_linked.store.statements import LoadedStatements
from unicef_linked.validation.report import read_report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from unicef_linked.rdf.formats import Format
    from unicef_linked.rdf.jsonld import Context
    from unicef_linked.rdf.statistics import Statistics
    from unicef_linked.rdf.terms import Term
    from unicef_linked.release import Release
    from unicef_linked.release.iris import SortedIris
    from unicef_linked.store import Labels, Store
    from unicef_linked.validation.report import Report

COUNTS: Final = 10_000
"""Most counts of graph patterns that are kept; clients choose the patterns of fragments."""

INCOMING: Final = 1000
"""Most statements about other things that a document repeats. With more of them it has pages."""

PAGE: Final = 200
"""Statements about other things on each of several pages."""

_REIFIES: Final = NamedNode(f"{RDF}reifies")

_ANNOTATED: Final = 3
"""Most annotations of annotations within each other that a document repeats."""


@dataclass(frozen=True)
class PublishedDataset:
    """One release with its store. What is computed from both is computed once, when first used."""

    release: Release
    store: Store
    _superclasses: dict[str, frozenset[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _thesauri: dict[str, Thesaurus] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _licences: dict[str, list[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _counts: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.release.names

    @property
    def is_built(self) -> bool:
        """Whether ``build`` made the release, so that it has an ontology, shapes and exports."""
        return self.release.manifest.kind == "built"

    @cached_property
    def is_of_others(self) -> bool:
        """Whether none of its things has an IRI of the form that we mint.

        Every IRI that such a dataset describes has a page, and can be searched for.
        """
        return not self.is_built or not self.lists

    @cached_property
    def summaries(self) -> ReleaseSummaries:
        """What is counted of all statements, once a release."""
        return ReleaseSummaries(self.release)

    @cached_property
    def context(self) -> Context:
        """The published JSON-LD context."""
        return self.release.context()

    @cached_property
    def statistics(self) -> Statistics:
        """The statistics of VoID: as published, else counted over all graphs."""
        return self._published_statistics or count_statistics(self.release.lines, count_distinct)

    @cached_property
    def _published_statistics(self) -> Statistics | None:
        graph = self.names.graph("derived/statistics")
        if not self.is_built or graph not in self.release.manifest.graphs:
            return None
        return read(self.store.match(graph_name=NamedNode(graph)), self.names)

    @property
    def default_graph_size(self) -> int:
        """The triples of the default graph, those of the published statistics included."""
        return self.summaries.counts.default_graph

    @cached_property
    def named_graphs(self) -> dict[str, int]:
        """The graphs that are named by an IRI, with the number of their statements."""
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

    def members(self, iri: str) -> int:
        """Return how many things of others have a class; 0 of ours, which have lists."""
        return dict(self.partitions["class"]).get(iri, 0) if self.is_of_others else 0

    def thesaurus(self, iri: str) -> Thesaurus | None:
        """Return a concept scheme of others as a whole; None of anything else."""
        if not self.is_of_others or iri not in self.schemes:
            return None
        if iri not in self._thesauri:
            self._thesauri[iri] = read_thesaurus(self.store, iri)
        return self._thesauri[iri]

    @cached_property
    def schemes(self) -> frozenset[str]:
        """The concept schemes (SKOS)."""
        scheme = NamedNode(f"{SKOS}ConceptScheme")
        quads = self.store.match(None, NamedNode(f"{RDF}type"), scheme)
        return frozenset(value_of(quad.subject) for quad in quads)

    @cached_property
    def label_languages(self) -> dict[str, int]:
        """The languages of the labels, with how many there are; the most used first.

        Every page needs them: without summaries, the labels alone are counted.
        """
        tags: Counter[str] = Counter()
        if self.summaries.are_published:
            tags.update(self.summaries.counts.languages)
        else:
            quads = (self.store.match(None, NamedNode(iri)) for iri in LABEL_PROPERTIES)
            for quad in chain.from_iterable(quads):
                if isinstance(quad.object, Literal) and quad.object.language:
                    tags[quad.object.language] += 1
        return dict(sorted(tags.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def links(self) -> list[tuple[str, str, int]]:
        """Links to other datasets: the beginning of their IRIs, the property, the statements."""
        return self.summaries.counts.links

    @cached_property
    def report_triples(self) -> tuple[Triple, ...]:
        """The validation report of the release as RDF; empty if it was not validated."""
        path = self.release.path / "report.ttl"
        if not path.exists():
            return ()
        return tuple(q.triple for q in parse(path.read_bytes(), format=RdfFormat.TURTLE))

    @cached_property
    def report(self) -> Report | None:
        """The validation report of the release; None if it was not validated."""
        return read_report(Quad(*statement) for statement in self.report_triples)

    @cached_property
    def checksums(self) -> dict[str, str]:
        """The SHA-256 of each dump, by name."""
        lines = (
            (self.release.path / "dumps" / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
        )
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}

    def superclasses(self, class_iri: str) -> frozenset[str]:
        """Return all classes above a class, as the data states them."""
        if class_iri not in self._superclasses:
            classes: set[str] = set()
            pending = [class_iri]
            while pending:
                parents = self._parents.get(pending.pop(), set()) - classes
                classes |= parents
                pending += parents
            self._superclasses[class_iri] = frozenset(classes - {class_iri})
        return self._superclasses[class_iri]

    @cached_property
    def _parents(self) -> Mapping[str, set[str]]:
        return self._iris_by_subject(f"{RDFS}subClassOf")

    def kinds_of(self, class_iri: str) -> dict[str, int]:
        """Return the classes below one that have instances, with how many."""
        counts = self.partitions["class"]
        return {iri: number for iri, number in counts if class_iri in self.superclasses(iri)}

    def _with_broader(self, order: Collection[str]) -> list[str]:
        """Return classes in order, each followed by those above it that have no place."""
        placed = set(order)
        classes: list[str] = []
        for iri in order:
            classes += [iri, *sorted(self.superclasses(iri) - placed)]
        return list(dict.fromkeys(classes))

    def licences(self, iris: Iterable[str]) -> list[str]:
        """Return the licences that the data states of any of some IRIs; COUNTS are kept."""
        kept = {iri: self._licences.get(iri) for iri in iris}
        missing = [iri for iri, licences in kept.items() if licences is None]
        if missing:
            stated = self._read_licences(missing)
            kept |= stated
            if len(self._licences) + len(stated) > COUNTS:
                self._licences.clear()
            self._licences.update(stated)
        return sorted({licence for licences in kept.values() for licence in licences or ()})

    def _read_licences(self, iris: Collection[str]) -> dict[str, list[str]]:
        predicate = NamedNode(f"{DCTERMS}license")
        licences: dict[str, list[str]] = {iri: [] for iri in iris}
        quads = self.store.match_any([NamedNode(iri) for iri in iris], [predicate])
        if self.names.dataset in licences:
            quads += [quad for quad in self.own_statements if quad.predicate == predicate]
        for quad in quads:
            if isinstance(quad.object, NamedNode):
                licences[value_of(quad.subject)].append(quad.object.value)
        return licences

    def _iris_by_subject(self, predicate: str) -> dict[str, set[str]]:
        """Return the IRIs that a property has, by the IRI of the subject."""
        iris: dict[str, set[str]] = {}
        for quad in self.store.match(None, NamedNode(predicate)):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
                iris.setdefault(quad.subject.value, set()).add(quad.object.value)
        return iris

    @cached_property
    def common_labels(self) -> Labels:
        """The labels that every page shows: dataset, licence, publisher, classes with lists."""
        dataset = self.names.dataset
        publishers = [
            quad.object.value for quad in self.own_statements if isinstance(quad.object, NamedNode)
        ]
        return self.labels([dataset, *publishers, *(iri for iri, _ in self.lists.values())])

    def labels(self, iris: Collection[str]) -> Labels:
        """Return the labels of IRIs: see Store. That of the dataset is as it states."""
        labels = self.store.labels(iris)
        if not self.is_built and self.names.dataset in iris and self._titles:
            return {**labels, self.names.dataset: self._titles}
        return labels

    @cached_property
    def _titles(self) -> dict[str, str]:
        """The titles of the dataset that its statements about itself have, by language."""
        titles: dict[str, str] = {}
        for quad in sorted(self.own_statements, key=str):
            if quad.predicate.value == f"{DCTERMS}title" and isinstance(quad.object, Literal):
                titles.setdefault(quad.object.language or "", quad.object.value)
        return titles

    @cached_property
    def own_statements(self) -> list[Quad]:
        """What the dataset says of itself.

        Data of others says it of the thing that the dataset is about, or its publisher does when
        it is served.
        """
        manifest, node = self.release.manifest, NamedNode(self.names.dataset)
        own = self.store.match(node)
        if self.is_built:
            return own
        if manifest.topic and manifest.topic != node.value:
            own += describe_by_dcat(self.store.match(NamedNode(manifest.topic)), node.value)
            own.append(Quad(node, NamedNode(f"{DCTERMS}source"), NamedNode(manifest.topic)))
        stated = {
            f"{DCTERMS}title": Literal(manifest.title) if manifest.title else None,
            f"{DCTERMS}description": Literal(manifest.description)
            if manifest.description
            else None,
            f"{DCTERMS}license": NamedNode(manifest.license) if manifest.license else None,
        }
        for predicate, term in stated.items():
            if term is not None:
                own = [quad for quad in own if quad.predicate.value != predicate]
                own.append(Quad(node, NamedNode(predicate), term))
        return own

    @cached_property
    def uri_space(self) -> str:
        """What the IRIs of all things begin with: as we mint them, else as the data has them.

        "" where those of the data have no more in common than a scheme or host.
        """
        described = self.described
        if any(map(self.names.type_and_key, described.beginning(self.names.entities))):
            return self.names.entities
        if not described:
            return ""
        first, last = described[0], described[-1]
        length = next(
            (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
        )
        start = first[: max(first.rfind("/", 0, length), first.rfind("#", 0, length)) + 1]
        return start if start.count("/") > 2 or "#" in start else ""

    @cached_property
    def vocabularies(self) -> list[str]:
        """The vocabularies that the statements use, by what the IRIs of their terms begin with."""
        if not self.is_of_others:
            return [self.names.ontology]
        used = [iri for terms in self.partitions.values() for iri, _ in terms]
        starts = {iri[: max(iri.rfind("/"), iri.rfind("#")) + 1] for iri in used}
        return sorted(start for start in starts if is_iri(start))

    def has_parts(self, document: str) -> bool:
        """Tell whether there are things under the IRI of a document and a fragment."""
        return any(self.described.beginning(f"{document}#"))

    def parts(self, document: str) -> list[str]:
        """Return the things that are described under the IRI of a document and a fragment."""
        return list(self.described.beginning(f"{document}#"))

    @cached_property
    def plurals(self) -> dict[str, dict[str, str]]:
        """The plural labels (``ul:pluralLabel``): class to language to text."""
        labels: dict[str, dict[str, str]] = {}
        for quad in self.store.match(None, NamedNode(self.names.term("pluralLabel"))):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal):
                by_language = labels.setdefault(quad.subject.value, {})
                by_language[quad.object.language or ""] = quad.object.value
        return labels

    @cached_property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and its number of members, by type, in menu order."""
        lists: dict[str, tuple[str, int]] = {}
        types = self.summaries.counts.types
        for iri, number in sorted(self.partitions["class"], key=lambda pair: -pair[1]):
            if iri in types:
                lists.setdefault(types[iri], (iri, number))
        stated = self.store.match(None, NamedNode(self.names.term("menuOrder")))
        order = self._with_broader(profile_of(stated, self.names).menu_order)
        places = {iri: place for place, iri in enumerate(order)}
        ordered = sorted(lists, key=lambda name: (places.get(lists[name][0], len(places)), name))
        return {name: lists[name] for name in ordered}

    def plural(self, class_iri: str, language: str) -> Text | None:
        """Return the plural label of a class in a language, else in English."""
        texts = self.plurals.get(class_iri, {})
        tag = matching_tag(language, texts) or matching_tag("en", texts)
        return Text(texts[tag], tag) if tag else None

    def number_of_statements(self, predicate: str, value: Term | None) -> int | None:
        """Return how many triples have a property, and a class if it is rdf:type, as published.

        None where the statistics do not tell: they do not count themselves.
        """
        if self._published_statistics is None or predicate.startswith((VOID, VOID_EXT)):
            return None
        if value is None:
            return dict(self.partitions["property"]).get(predicate, 0)
        if predicate == f"{RDF}type" and isinstance(value, NamedNode):
            return dict(self.partitions["class"]).get(value.value, 0)
        return None

    def counted(self, pattern: str) -> int:
        """Return how many solutions a graph pattern has; at most COUNTS of them are kept."""
        if pattern not in self._counts:
            [row] = self.store.select(f"SELECT (COUNT(*) AS ?count) {{ {pattern} }}")
            if len(self._counts) >= COUNTS:
                self._counts.clear()
            self._counts[pattern] = int(value_of(row["count"]))
        return self._counts[pattern]

    def number_of_members(self, entity_type: str) -> int:
        """Return how many of our entities are of a type in ``/id/{type}/`` and have a class."""
        start = self.names.entity(entity_type, "")
        return 0 if "/" in entity_type else self.summaries.members.count(start)

    def members_of(self, entity_type: str, first: int, most: int) -> list[str]:
        """Return IRIs of those entities in their order, from one of them on, counted from 0."""
        start = self.names.entity(entity_type, "")
        return list(islice(self.summaries.members.beginning(start, first), most))

    @property
    def described(self) -> SortedIris:
        """Every IRI that is the subject of a statement; not one that only names its successor."""
        return self.summaries.described

    def describe_ontology(self) -> Description | None:
        """Return the graphs of the ontology; None if the dataset has none."""
        ontology = self.names.graph("ontology")
        quads: list[Quad] = []
        for name in self.release.manifest.graphs:
            if name == ontology or name.startswith(f"{ontology}/"):
                quads += self.store.match(graph_name=NamedNode(name))
        return Description(self.names.ontology, quads) if quads else None

    def describe_shapes(self) -> Description | None:
        """Return the shapes graph; None if the release has none."""
        quads = list(self.release.shapes())
        return Description(self.names.shapes, quads) if quads else None

    def write(self, description: Description, offer: Format) -> bytes:
        """Return a description in an RDF format, with the prefixes and JSON-LD context of all."""
        return write_description(description, offer, self.names, self.context)

    def statements(self) -> BoundedStatements:
        """Return what reads the statements for one answer; of hubs, as the release counts them."""
        published = self.summaries.are_published
        hubs = self.summaries.counts.hubs if published else {}
        return BoundedStatements(self.store, hubs, union=self.release.manifest.union)

    def about(
        self, iri: str, statements: BoundedStatements | None = None, page: int = 1
    ) -> list[Quad]:
        """Return the statements of an IRI, a page of those with it as object, and blank nodes.

        Of more than INCOMING, a page has PAGE; pages are counted from 1.
        """
        statements = statements or self.statements()
        node = NamedNode(iri)
        statements.load([node], [node])
        first = (page - 1) * PAGE
        if statements.numbers(iri):
            incoming = statements.part(node, first, PAGE)
        else:
            incoming = sorted(self._incoming(statements, node), key=str)
            if len(incoming) > INCOMING:
                incoming = incoming[first : first + PAGE]
        about = statements.match(node) + incoming
        about += _blank_owners(statements, about, self.names.skolems)
        about += _blank_closure(statements, about, self.names.skolems)
        return [*about, *self._annotations(statements, about)]

    @cached_property
    def has_annotations(self) -> bool:
        """Whether any statement is annotated (RDF 1.2 Concepts, section 1.5)."""
        pattern = f"?reifier <{RDF}reifies> ?statement"
        query = (
            f"SELECT ?reifier {{ {{ {pattern} }} UNION {{ GRAPH ?g {{ {pattern} }} }} }} LIMIT 1"
        )
        return bool(self.store.select(query))

    def _annotations(self, statements: LoadedStatements, quads: Iterable[Quad]) -> list[Quad]:
        """Return what is stated of the statements, and of that in turn (CBD, section 2)."""
        annotations: list[Quad] = []
        annotated = {quad.triple for quad in quads} if self.has_annotations else set()
        for _ in range(_ANNOTATED):
            statements.load((), annotated)
            leading = chain.from_iterable(statements.match(object=each) for each in annotated)
            reifiers = {quad.subject for quad in leading if quad.predicate == _REIFIES}
            if not reifiers:
                break
            statements.load(reifiers)
            about = [quad for node in reifiers for quad in statements.match(node)]
            about += _blank_closure(statements, about, self.names.skolems)
            annotations += about
            annotated = {quad.triple for quad in about}
        return list(dict.fromkeys(annotations))

    def pages(self, iri: str, statements: BoundedStatements) -> int:
        """Return how many pages the document about an IRI has: see ``about``."""
        return _pages(self._number_to(statements, NamedNode(iri)))

    def _number_to(self, statements: BoundedStatements, node: NamedNode) -> int:
        """Return how many statements about other things lead to one."""
        numbers = statements.numbers(node.value)
        return sum(numbers.values()) if numbers else len(self._incoming(statements, node))

    def _incoming(self, statements: LoadedStatements, node: NamedNode) -> list[Quad]:
        return [quad for quad in statements.match(object=node) if quad.subject != node]

    def describe(
        self,
        iri: str,
        document: str | None = None,
        statements: BoundedStatements | None = None,
        page: int = 1,
    ) -> Description | None:
        """Return the description of an IRI: see ``about``, with labels; None if there is none.

        ``document`` is the IRI of the document that contains it.
        """
        node = NamedNode(iri)
        statements = statements or self.statements()
        about = self.about(iri, statements, page)
        incoming = self._number_to(statements, node)
        if not statements.match(node) and not incoming:
            return None
        own = self._describe_document(document, iri, incoming, page) if document else []
        direct = [quad for quad in about if node in (quad.subject, quad.object)]
        neighbours = {quad.subject for quad in direct} | {quad.object for quad in direct}
        iris = {term for term in neighbours if isinstance(term, NamedNode)} - {node}
        labels = self.store.match_any(iris, [NamedNode(f"{RDFS}label")])
        context = [quad.triple for quad in labels if not isinstance(quad.object, BlankNode)]
        return Description(iri, about, context, own)

    def describe_parts(self, document: str) -> Description | None:
        """Return all that is stated of a document and of the things whose IRIs it begins."""
        iris = [document, *self.parts(document)]
        statements = LoadedStatements(self.store)
        nodes = [NamedNode(iri) for iri in iris]
        statements.load(nodes)
        about = [quad for node in nodes for quad in statements.match(node)]
        about += _blank_closure(statements, about, self.names.skolems)
        about += self._annotations(statements, about)
        return Description(document, about) if about else None

    def _describe_document(
        self, document: str, topic: str, incoming: int, page: int
    ) -> list[Triple]:
        """Return the statements about a document itself."""
        triples = [
            triple(document, f"{RDF}type", f"{FOAF}Document"),
            triple(document, f"{FOAF}primaryTopic", topic),
            triple(document, f"{DCTERMS}isPartOf", self.names.dataset),
        ]
        if incoming > INCOMING:
            text = f"{incoming} statements lead to this resource; {PAGE} of them are repeated here"
            triples.append(triple(document, f"{RDFS}comment", Literal(text, language="en")))
            triples += partial_view(document, page, _pages(incoming))
        return triples


def _pages(incoming: int) -> int:
    """Return how many pages a document has, by the statements about other things."""
    return -(-incoming // PAGE) if incoming > INCOMING else 1


def _blank_closure(statements: LoadedStatements, quads: Iterable[Quad], skolems: str) -> list[Quad]:
    """Return the statements of blank nodes that are objects, recursively.

    Together with the quads they are a concise bounded description (W3C Submission CBD, section 2).
    An IRI that begins with ``skolems`` is in place of a blank node.
    """
    closure: list[Quad] = []
    visited: set[Term] = set()
    terms = chain.from_iterable(quad.triple for quad in quads)
    level = dict.fromkeys(node for term in terms for node in _blanks_in(term, skolems))
    while level:
        statements.load(level)
        visited.update(level)
        inside = [quad for node in level for quad in statements.match(node)]
        closure += inside
        nodes = (node for quad in inside for node in _blanks_in(quad.object, skolems))
        level = dict.fromkeys(node for node in nodes if node not in visited)
    return closure


_CLIMB: Final = 1000
"""Most blank nodes above those that lead to a thing, such as the members of a list before it."""


def _blank_owners(statements: LoadedStatements, quads: Iterable[Quad], skolems: str) -> list[Quad]:
    """Return the statements by which the blank nodes that are subjects belong to other things."""
    owners: list[Quad] = []
    visited: set[Term] = set()
    level = dict.fromkeys(node for quad in quads for node in _blanks_in(quad.subject, skolems))
    while level and len(visited) < _CLIMB:
        statements.load((), level)
        visited.update(level)
        above = [quad for node in level for quad in statements.match(object=node)]
        owners += above
        nodes = (node for quad in above for node in _blanks_in(quad.subject, skolems))
        level = dict.fromkeys(node for node in nodes if node not in visited)
    return owners


def _blanks_in(term: Term, skolems: str) -> list[Term]:
    """Return the blank nodes that a term is or, as a triple term, has."""
    if isinstance(term, Triple):
        return _blanks_in(term.subject, skolems) + _blanks_in(term.object, skolems)
    is_skolem = isinstance(term, NamedNode) and term.value.startswith(skolems)
    return [term] if is_skolem or isinstance(term, BlankNode) else []
