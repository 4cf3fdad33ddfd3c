"""What pages state of a whole dataset, counted once from its sorted statements. Pure.

The builder publishes the counts with the release, so that no page reads all statements. They are
what SPARQL would count over the default graph, but where a field says otherwise. Statements are the
lines of the release's N-Quads: those of one subject are together. Terms are compared as written.
"""

from __future__ import annotations

import re
from bisect import insort
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag, urlsplit

from pyoxigraph import RdfFormat, parse

from unicef_linked.rdf.iris import DCTERMS, PROV, RDF, RDFS, SHACL, SKOS
from unicef_linked.rdf.labels import LABEL_PROPERTIES
from unicef_linked.rdf.mappings import MAPPINGS, REPLACED_BY
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term

    Lines = Callable[[], Iterable[bytes]]

VERSION: Final = 1
"""Of the fields of ``Summaries``; a release with another version is counted again."""

DESCRIPTIONS: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")
"""Properties that hold descriptions."""

MAX_LISTED: Final = 5
"""Most instances without a text that are listed; if there are more, only their number is known."""

HUB: Final = 1000
"""Most statements that lead to a thing and that a page about it reads and sorts all."""

TARGETS: Final = {
    f"{SHACL}targetClass": "class",
    f"{SHACL}targetSubjectsOf": "subjects",
    f"{SHACL}targetObjectsOf": "objects",
    f"{SHACL}targetNode": "node",
}
"""The kinds of targets by their properties (SHACL, section 2.1.3)."""

_CANDIDATES: Final = 50
"""Claims that are tried as the example of the page about the dataset, before all are."""
_BUCKETS: Final = 1 << 20
"""Counters of the first pass; things that share one are told apart in the second."""


def _node(iri: str) -> bytes:
    return f"<{iri}>".encode()


_TYPE: Final = _node(f"{RDF}type")
_SUBCLASS: Final = _node(f"{RDFS}subClassOf")
_SOURCE: Final = _node(f"{DCTERMS}source")
_HAS_SOURCE: Final = _node("http://www.w3.org/ns/oa#hasSource")
_DERIVED: Final = _node(f"{PROV}wasDerivedFrom")
_REPLACED: Final = _node(REPLACED_BY)
_REIFIED: Final = tuple(_node(f"{RDF}{name}") for name in ("subject", "predicate", "object"))
_MAPPINGS: Final = frozenset(map(_node, MAPPINGS))
_LABELS: Final = frozenset(map(_node, LABEL_PROPERTIES))
_DESCRIPTIONS: Final = frozenset(map(_node, DESCRIPTIONS))
_LANGUAGE: Final = re.compile(rb'"@([A-Za-z0-9-]+?)(?:--\w+)?\Z')
_LAST_STEP: Final = re.compile(r"[^/#]+/?\Z")


@dataclass(frozen=True, slots=True)
class Texts:
    """How many things have a text in some properties, by language; "" for texts without one."""

    by_class: dict[str, dict[str, int]] = field(default_factory=dict)
    without: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Instances of a class without a text in a language that others have, if they are few."""
    things: int = 0  # instances of classes of the dataset's ontology, or of any if it has none
    by_language: dict[str, int] = field(default_factory=dict)  # of those things


@dataclass(frozen=True, slots=True)
class Summaries:
    """The counts of one dataset. IRIs and numbers only, so that they can be kept as JSON."""

    version: int = VERSION
    default_graph: int = 0  # triples
    types: dict[str, str] = field(default_factory=dict)
    """The type in ``/id/{type}/`` of all instances of a class of the ontology, where it is one."""
    languages: dict[str, int] = field(default_factory=dict)  # of labels, in all graphs
    links: list[tuple[str, str, int]] = field(default_factory=list)
    """Links to other datasets: beginning of their IRIs, property, triples."""
    hosts: dict[str, int] = field(default_factory=dict)  # of the outgoing URLs
    evidence: list[tuple[str, int, int]] = field(default_factory=list)
    """Statements of graphs with a text as source: property or class, all, those with a claim."""
    bases: list[tuple[str, int]] = field(default_factory=list)  # claims by ``ul:basis``
    names: Texts = Texts()
    descriptions: Texts = Texts()
    few: dict[str, list[str]] = field(default_factory=dict)  # all instances, of small classes
    focus_nodes: dict[str, int] = field(default_factory=dict)  # by shape
    instances: dict[str, str] = field(default_factory=dict)
    """The first instance by IRI of each class of the ontology."""
    statements: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The first subject by IRI of each property of the ontology, and its first object as
    written."""
    claims: list[str] = field(default_factory=list)  # the first that state a relation, by IRI
    hubs: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of things with more than HUB incoming statements, their number by property."""

    def to_json(self) -> dict[str, Any]:
        """Return the counts for a file of JSON."""
        return asdict(self)


def from_json(content: dict[str, Any]) -> Summaries | None:
    """Return what ``to_json`` returned; None of another version."""
    if content.get("version") != VERSION:
        return None
    fields = dict(content)
    for name in ("names", "descriptions"):
        fields[name] = Texts(**fields[name])
    for name in ("links", "evidence", "bases"):
        fields[name] = [tuple(row) for row in fields[name]]
    fields["statements"] = {iri: tuple(pair) for iri, pair in fields["statements"].items()}
    return Summaries(**fields)


def outgoing_url(iri: str, base: str) -> str | None:
    """Return the http(s) URL that an IRI outside ``base`` has without its fragment; else None.

    >>> outgoing_url("http://example.org/a#b", "https://example.com/")
    'http://example.org/a'
    """
    if iri.startswith(("http://", "https://")) and not iri.startswith(base):
        return urldefrag(iri).url
    return None


def host_of(url: str) -> str:
    """Return the host of a URL, with its port, in lower case."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def read_targets(shapes: Iterable[Quad]) -> dict[str, list[tuple[str, str]]]:
    """Return the kinds of targets and their IRIs, by shape; of shapes that are IRIs."""
    targets: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for quad in shapes:
        kind = TARGETS.get(quad.predicate.value)
        if kind:
            targets[value_of(quad.subject)].append((kind, value_of(quad.object)))
    return dict(targets)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The IRIs that have statements, each in the order of its code points."""

    described: list[bytes]  # not those that only name their successor
    members: list[bytes]  # entities of ours with a class


def read_subjects(lines: Iterable[bytes], names: Names, *, union: bool) -> Subjects:
    """Return the subjects of sorted lines."""
    described: list[bytes] = []
    members: list[bytes] = []
    entities = b"<" + names.entities.encode()
    for line in lines:
        if not line.startswith(b"<"):
            continue
        subject, predicate, rest = line.split(b" ", 2)
        if predicate != _REPLACED and (not described or described[-1] != subject):
            described.append(subject)
        if (
            predicate == _TYPE
            and subject.startswith(entities)
            and (not members or members[-1] != subject)
            and (union or not _object_and_graph(rest)[1])
        ):
            members.append(subject)
    own = [iri for iri in _bare(members) if names.type_and_key(iri.decode())]
    return Subjects(_bare(described), own)


def _bare(nodes: Iterable[bytes]) -> list[bytes]:
    """Return nodes without brackets, sorted: a bracket sorts between other characters."""
    return sorted(node[1:-1] for node in nodes)


def _object_and_graph(rest: bytes) -> tuple[bytes, bytes]:
    """Return the object and the graph, b"" for the default graph, at the end of a line.

    >>> _object_and_graph(b'"a <b>" <urn:g> .'), _object_and_graph(b'"a <b>"^^<urn:c> .')
    ((b'"a <b>"', b'<urn:g>'), (b'"a <b>"^^<urn:c>', b''))
    """
    body = rest.rstrip(b"\n")[:-2]
    term, space, last = body.rpartition(b" ")
    if space and last.startswith((b"<", b"_:")) and b'"' not in last:
        return term, last
    return body, b""


@dataclass(slots=True)
class _Context:
    """What the first pass collects for the second."""

    claimed: set[tuple[bytes, bytes, bytes]] = field(default_factory=set)
    kinds: set[bytes] = field(default_factory=set)  # properties that claims are about
    class_kinds: set[bytes] = field(default_factory=set)
    sources: dict[bytes, set[bytes]] = field(default_factory=dict)  # of subjects, by dcterms
    texts: set[bytes] = field(default_factory=set)  # sources of passages
    parents: dict[bytes, set[bytes]] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    _subject: bytes = b""
    _claim: dict[bytes, list[bytes]] = field(default_factory=dict)

    def read(self, lines: Iterable[bytes], *, union: bool) -> None:
        """Read all lines."""
        for line in lines:
            subject, predicate, rest = line.split(b" ", 2)
            term, graph = _object_and_graph(rest)
            if term.startswith(b"<"):
                self.buckets[hash(term) % _BUCKETS] += 1
            if predicate in _OF_CONTEXT and (union or not graph):
                self._add(subject, predicate, term)
        self._end_claim()

    def _add(self, subject: bytes, predicate: bytes, term: bytes) -> None:
        if predicate in _REIFIED:
            if subject != self._subject:
                self._end_claim()
                self._subject = subject
            self._claim.setdefault(predicate, []).append(term)
        elif predicate == _SOURCE:
            self.sources.setdefault(subject, set()).add(term)
        elif predicate == _HAS_SOURCE:
            self.texts.add(term)
        else:
            self.parents.setdefault(subject, set()).add(term)

    def _end_claim(self) -> None:
        subjects, predicates, values = (self._claim.get(name, []) for name in _REIFIED)
        for predicate in predicates:
            for value in values:
                if predicate == _TYPE:
                    self.class_kinds.add(value)
                else:
                    self.kinds.add(predicate)
                self.claimed.update((subject, predicate, value) for subject in subjects)
        self._claim = {}

    @property
    def graphs(self) -> set[bytes]:
        """The graphs that have a text as source."""
        return {graph for graph, sources in self.sources.items() if sources & self.texts}

    def above(self, kind: bytes) -> set[bytes]:
        """Return a class and all classes above it."""
        classes, pending = {kind}, [kind]
        while pending:
            further = self.parents.get(pending.pop(), set()) - classes
            classes |= further
            pending += further
        return classes


_OF_CONTEXT: Final = frozenset({*_REIFIED, _SOURCE, _HAS_SOURCE, _SUBCLASS})


class _TextCounter:
    """Counts the things with a text in one of some properties."""

    def __init__(self, properties: frozenset[bytes], ontology: bytes) -> None:
        self._properties, self._ontology = properties, ontology
        self._by_class: dict[bytes, Counter[bytes]] = defaultdict(Counter)
        self._without: dict[bytes, dict[bytes, list[bytes] | None]] = defaultdict(dict)
        self._things = {True: 0, False: 0}  # with a class of the ontology, with any class
        self._languages: dict[bool, Counter[bytes]] = {True: Counter(), False: Counter()}

    def add(
        self,
        subject: bytes,
        statements: Iterable[tuple[bytes, bytes]],
        classes: Sequence[bytes],
        earlier: Mapping[bytes, Sequence[bytes]],
    ) -> None:
        """Add one thing; ``earlier`` are the first instances of each class before it."""
        texts = (term for predicate, term in statements if predicate in self._properties)
        languages = {_language(term) for term in texts if term.startswith(b'"')}
        is_own = any(kind.startswith(self._ontology) for kind in classes)
        for own in {False, is_own}:
            self._things[own] += 1
            self._languages[own].update(languages)
        for kind in classes:
            without = self._without[kind]
            self._by_class[kind].update(languages)
            for language in languages - without.keys():
                before = earlier.get(kind, ())
                without[language] = list(before) if len(before) <= MAX_LISTED else None
            for language in without.keys() - languages:
                instances = without[language]
                if instances is not None:
                    instances.append(subject)
                    if len(instances) > MAX_LISTED:
                        without[language] = None

    def result(self) -> Texts:
        """Return the counts."""
        own = self._things[True] > 0
        without: dict[str, dict[str, list[str]]] = {}
        for kind, by_language in self._without.items():
            few = {
                language.decode(): _iris(instances)
                for language, instances in sorted(by_language.items())
                if instances
            }
            if few:
                without[_iri(kind)] = few
        return Texts(
            {_iri(kind): _decoded(counts) for kind, counts in self._by_class.items() if counts},
            without,
            self._things[own],
            _decoded(self._languages[own]),
        )


class _Counter:
    """The second pass: it reads the statements of one subject after the other."""

    def __init__(
        self,
        names: Names,
        context: _Context,
        targets: Mapping[str, Iterable[tuple[str, str]]],
    ) -> None:
        self._names, self._context = names, context
        self._ontology = f"<{names.ontology}#".encode()
        self._base = f"<{names.base}".encode()
        self._basis = _node(names.term("basis"))
        self._graphs = context.graphs
        self._triples = 0
        self._types: dict[bytes, set[str]] = defaultdict(set)
        self._languages: Counter[bytes] = Counter()
        self._links: Counter[tuple[str, str]] = Counter()
        self._leading_out: set[bytes] = set()
        self._evidence: dict[bytes, list[int]] = defaultdict(lambda: [0, 0])
        self._bases: Counter[bytes] = Counter()
        self._names_of = _TextCounter(_LABELS, self._ontology)
        self._descriptions = _TextCounter(_DESCRIPTIONS, self._ontology)
        self._first: dict[bytes, list[bytes]] = {}  # instances, one more than MAX_LISTED
        self._focus = _FocusCounter(targets, context)
        self._instances: dict[bytes, bytes] = {}
        self._statements: dict[bytes, tuple[bytes, list[bytes]]] = {}
        self._claims: list[bytes] = []
        self._hubs: dict[bytes, Counter[bytes]] = defaultdict(Counter)

    def read(self, lines: Iterable[bytes], *, union: bool) -> None:
        """Read all lines."""
        current, default, sourced = b"", dict[tuple[bytes, bytes], None](), set[Any]()
        for line in lines:
            subject, predicate, rest = line.split(b" ", 2)
            if subject != current:
                self._add(current, default, sourced)
                current, default, sourced = subject, {}, set()
            term, graph = _object_and_graph(rest)
            self._add_line(subject, predicate, term)
            if union or not graph:
                default[predicate, term] = None
            if graph in self._graphs:
                sourced.add((predicate, term))
        self._add(current, default, sourced)

    def _add_line(self, subject: bytes, predicate: bytes, term: bytes) -> None:
        """Add what is counted in every graph that states it."""
        if term.startswith(b"<"):
            if self._context.buckets[hash(term) % _BUCKETS] > HUB and subject != term:
                self._hubs[term][predicate] += 1
            if term.startswith(b"<http") and predicate != _TYPE and not term.startswith(self._base):
                self._leading_out.add(term)
        elif predicate in _LABELS and term.startswith(b'"') and (language := _language(term)):
            self._languages[language] += 1

    def _add(
        self,
        subject: bytes,
        default: Mapping[tuple[bytes, bytes], None],
        sourced: Iterable[tuple[bytes, bytes]],
    ) -> None:
        """Add a subject with its triples, and those of them that graphs with a text state."""
        self._add_evidence(subject, sourced)
        if not default:
            return
        self._triples += len(default)
        classes = [
            term for predicate, term in default if predicate == _TYPE and term.startswith(b"<")
        ]
        self._focus.add(subject, default)
        if classes:
            self._add_instance(subject, default, classes)
        predicates = {predicate for predicate, _ in default}
        if not predicates.isdisjoint(_MAPPINGS):
            self._add_links(subject, default)
        if _REIFIED[1] in predicates:
            self._add_claim(subject, default)
        if subject.startswith(b"<"):
            for predicate in predicates:
                if predicate.startswith(self._ontology):
                    self._add_example(subject, predicate, default)

    def _add_evidence(self, subject: bytes, sourced: Iterable[tuple[bytes, bytes]]) -> None:
        for predicate, term in sourced:
            if predicate == _TYPE:
                kind = term if term in self._context.class_kinds else None
            else:
                kind = predicate if predicate in self._context.kinds else None
            if kind is not None:
                counts = self._evidence[kind]
                counts[0] += 1
                counts[1] += (subject, predicate, term) in self._context.claimed

    def _add_instance(
        self, subject: bytes, default: Iterable[tuple[bytes, bytes]], classes: Sequence[bytes]
    ) -> None:
        self._names_of.add(subject, default, classes, self._first)
        self._descriptions.add(subject, default, classes, self._first)
        is_iri = subject.startswith(b"<")
        own = [kind for kind in classes if kind.startswith(self._ontology)]
        if own and is_iri:
            type_and_key = self._names.type_and_key(_iri(subject))
            entity_type = type_and_key[0] if type_and_key else ""
            for kind in own:
                self._types[kind].add(entity_type)
                if kind not in self._instances or subject[1:-1] < self._instances[kind]:
                    self._instances[kind] = subject[1:-1]
        for kind in classes:
            first = self._first.setdefault(kind, [])
            if len(first) <= MAX_LISTED:
                first.append(subject)

    def _add_links(self, subject: bytes, default: Iterable[tuple[bytes, bytes]]) -> None:
        if not subject.startswith(b"<"):
            return
        for predicate, term in default:
            if predicate in _MAPPINGS and term.startswith(b"<"):
                space = _LAST_STEP.sub("", _iri(term))
                if not _iri(subject).startswith(space):
                    self._links[space, _iri(predicate)] += 1

    def _add_claim(self, subject: bytes, default: Iterable[tuple[bytes, bytes]]) -> None:
        objects: dict[bytes, list[bytes]] = defaultdict(list)
        for predicate, term in default:
            objects[predicate].append(term)
        self._bases.update(objects.get(self._basis, ()))
        states = all(name in objects for name in (*_REIFIED, _DERIVED))
        relates = any(term.startswith(b"<") for term in objects.get(_REIFIED[2], ()))
        if subject.startswith(b"<") and states and relates and objects[_REIFIED[1]] != [_TYPE]:
            iri = subject[1:-1]
            if len(self._claims) < _CANDIDATES or iri < self._claims[-1]:
                insort(self._claims, iri)
                del self._claims[_CANDIDATES:]

    def _add_example(
        self, subject: bytes, predicate: bytes, default: Iterable[tuple[bytes, bytes]]
    ) -> None:
        earlier = self._statements.get(predicate)
        if earlier is None or subject[1:-1] < earlier[0]:
            terms = [term for name, term in default if name == predicate]
            self._statements[predicate] = subject[1:-1], terms

    def result(self) -> tuple[Summaries, list[bytes]]:
        """Return the counts, and the outgoing URLs sorted."""
        outgoing = (outgoing_url(_iri(node), self._names.base) for node in self._leading_out)
        urls = sorted({url for url in outgoing if url is not None})
        evidence = [(_iri(kind), counts[0], counts[1]) for kind, counts in self._evidence.items()]
        bases = [(value_of(read_term(term.decode())), n) for term, n in self._bases.items()]
        counts = Summaries(
            default_graph=self._triples,
            types=self._types_of_classes(),
            languages=_decoded(self._languages),
            links=self._links_out(),
            hosts=dict(sorted(Counter(map(host_of, urls)).items())),
            evidence=sorted(evidence, key=lambda row: (-row[1], row[0])),
            bases=sorted(bases, key=lambda pair: (-pair[1], pair[0])),
            names=self._names_of.result(),
            descriptions=self._descriptions.result(),
            few=self._instances_of_small_classes(),
            focus_nodes=self._focus.result(),
            instances={
                _iri(kind): instance.decode() for kind, instance in sorted(self._instances.items())
            },
            statements=dict(self._first_statements()),
            claims=[claim.decode() for claim in self._claims],
            hubs=self._hubs_by_iri(),
        )
        return counts, [url.encode() for url in urls]

    def _types_of_classes(self) -> dict[str, str]:
        """Return the type in the addresses of a class's instances, where it is one of all."""
        return {
            _iri(kind): next(iter(types))
            for kind, types in sorted(self._types.items())
            if len(types) == 1 and "" not in types
        }

    def _links_out(self) -> list[tuple[str, str, int]]:
        """Return how often a predicate leads into which namespace of others, sorted."""
        base = self._names.base
        links = []
        for (space, predicate), number in self._links.items():
            if space and not space.startswith(base) and not space.endswith("://"):
                links.append((space, predicate, number))
        return sorted(links)

    def _instances_of_small_classes(self) -> dict[str, list[str]]:
        return {
            _iri(kind): _iris(instances)
            for kind, instances in sorted(self._first.items())
            if len(instances) <= MAX_LISTED
        }

    def _hubs_by_iri(self) -> dict[str, dict[str, int]]:
        return {
            _iri(node): _decoded_iris(counts)
            for node, counts in sorted(self._hubs.items())
            if counts.total() > HUB
        }

    def _first_statements(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for predicate, (subject, written) in sorted(self._statements.items()):
            terms = [read_term(term.decode()) for term in written]
            first = min(terms, key=lambda term: (value_of(term), str(term)))
            yield _iri(predicate), (subject.decode(), str(first))


class _FocusCounter:
    """Counts the focus nodes of shapes."""

    def __init__(self, targets: Mapping[str, Iterable[tuple[str, str]]], context: _Context) -> None:
        self._by_class: dict[bytes, list[str]] = defaultdict(list)
        self._by_subject: dict[bytes, list[str]] = defaultdict(list)
        self._by_object: dict[bytes, list[str]] = defaultdict(list)
        self._context = context
        self._above: dict[bytes, tuple[str, ...]] = {}
        self._numbers: Counter[str] = Counter()
        self._nodes: dict[str, set[bytes]] = {}  # of shapes that objects can be focus nodes of
        by_kind = {
            "class": self._by_class,
            "subjects": self._by_subject,
            "objects": self._by_object,
        }
        for shape, kinds in targets.items():
            self._numbers[shape] = 0
            for kind, iri in kinds:
                if kind in by_kind:
                    by_kind[kind][_node(iri)].append(shape)
                if kind in {"objects", "node"}:
                    self._nodes.setdefault(shape, set())
                if kind == "node":
                    self._nodes[shape].add(_node(iri))

    def add(self, subject: bytes, default: Iterable[tuple[bytes, bytes]]) -> None:
        """Add the triples of one subject."""
        shapes: set[str] = set()
        for predicate, term in default:
            shapes.update(self._by_subject.get(predicate, ()))
            if predicate == _TYPE:
                shapes.update(self._of_class(term))
            for shape in self._by_object.get(predicate, ()):
                self._nodes[shape].add(term)
        for shape in shapes:
            if shape in self._nodes:
                self._nodes[shape].add(subject)
            else:
                self._numbers[shape] += 1

    def _of_class(self, kind: bytes) -> tuple[str, ...]:
        """Return the shapes whose target is a class or one above it."""
        if kind not in self._above:
            classes = self._context.above(kind)
            shapes = chain.from_iterable(self._by_class.get(each, ()) for each in classes)
            self._above[kind] = tuple(dict.fromkeys(shapes))
        return self._above[kind]

    def result(self) -> dict[str, int]:
        """Return the number of focus nodes, by shape."""
        numbers = {**self._numbers, **{shape: len(nodes) for shape, nodes in self._nodes.items()}}
        return dict(sorted(numbers.items()))


def summarize(
    lines: Lines,
    names: Names,
    *,
    union: bool,
    targets: Mapping[str, Iterable[tuple[str, str]]],
) -> tuple[Summaries, list[bytes]]:
    """Return the counts of a dataset, and the URLs that it leads to, sorted.

    ``lines`` gives its sorted lines, twice. ``targets`` are those of its shapes.
    """
    context = _Context()
    context.read(lines(), union=union)
    counter = _Counter(names, context, targets)
    counter.read(lines(), union=union)
    return counter.result()


def read_term(text: str) -> Term:
    """Return the term that a text in N-Triples is.

    >>> read_term('"a"@en').value
    'a'
    """
    [quad] = parse(f"<urn:s> <urn:p> {text} .", format=RdfFormat.N_QUADS)
    term: Term = quad.object
    return term


def _language(literal: bytes) -> bytes:
    match = _LANGUAGE.search(literal)
    return match[1] if match else b""


def _iri(node: bytes) -> str:
    return node[1:-1].decode()


def _iris(nodes: Iterable[bytes]) -> list[str]:
    """Return the IRIs of those of the nodes that are no blank nodes, sorted."""
    return sorted(_iri(node) for node in nodes if node.startswith(b"<"))


def _decoded(counts: Mapping[bytes, int]) -> dict[str, int]:
    return {key.decode(): number for key, number in sorted(counts.items())}


def _decoded_iris(counts: Mapping[bytes, int]) -> dict[str, int]:
    return {_iri(key): number for key, number in sorted(counts.items())}
