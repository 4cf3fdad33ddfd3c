"""The statistics of a dataset (VoID, section 4): counted, written as statements, read back.

The builder counts all statements outside the graph of the statistics and publishes the counts in
that graph. The publisher reads them there; for a dataset without them it counts the default graph
by the same function. A release has its literals as the engine keeps them, so that a query counts
the same. Lines are counted in their order, so that what is held is what has a class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from unicef_linked.rdf.canonical import iri_of, split_line
from unicef_linked.rdf.iris import RDF, VOID, VOID_EXT, XSD
from unicef_linked.rdf.terms import integer, triple, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyoxigraph import Quad, Triple

    from unicef_linked.rdf.iris import Names

_COUNTS: Final = (
    "entities",
    "distinctSubjects",
    "distinctObjects",
    "properties",
    "classes",
    "triples",
)
_COUNTED: Final = {"class": "entities", "property": "triples"}
_TYPE: Final = f"<{RDF}type>".encode()


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts by VoID's names, and the partitions: entities by class, triples by property."""

    counts: dict[str, int]
    partitions: dict[str, list[tuple[str, int]]]  # "class" and "property", each by IRI
    properties_of: dict[tuple[str, str], int] = field(default_factory=dict)
    """Triples by class and property, of the classes that ``count`` was asked for."""
    values_of: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Triples by class, property, "class" or "datatype", and the IRI of that of the object."""


def count(
    lines: Callable[[], Iterable[bytes]],
    distinct: Callable[[Iterable[bytes]], int],
    *,
    inside: str | None = None,
    without: str = "",
) -> Statistics:
    """Return the statistics of all graphs of a dataset together, but for that named ``without``.

    ``lines`` returns its sorted lines, the same each time; ``distinct`` returns how many of some
    terms, each with a line feed, are distinct. With ``inside`` the triples inside the classes whose
    IRIs begin with it are counted too. They are read once more then, since the class of an object
    may be stated after its use.
    """
    counting = _Counting("" if inside is None else inside)
    objects = distinct(counting.read(_distinct(lines(), without)))
    counts = {
        "entities": counting.entities,
        "distinctSubjects": counting.subjects,
        "distinctObjects": objects,
        "properties": len(counting.properties),
        "classes": len(counting.classes),
        "triples": counting.properties.total(),
    }
    partitions = {
        "class": sorted(
            (iri_of(term), number)
            for term, number in counting.classes.items()
            if term.startswith(b"<") and not term.startswith(b"<<")
        ),
        "property": sorted((iri_of(term), n) for term, n in counting.properties.items()),
    }
    if inside is None:
        return Statistics(counts, partitions)
    return Statistics(counts, partitions, *_count_inside(_distinct(lines(), without), counting))


def count_distinct(terms: Iterable[bytes]) -> int:
    """Return how many of some terms are distinct; they are held in memory."""
    return len(set(terms))


def _distinct(lines: Iterable[bytes], without: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield each triple of sorted lines once, but for those that only the graph ``without`` has.

    The lines of one triple are together: no character in a term sorts before the space after it.
    """
    left_out = f"<{without}>".encode() if without else None
    last: tuple[bytes, bytes, bytes] | None = None
    for line in lines:
        subject, predicate, value, graph = split_line(line)
        triple_ = (subject, predicate, value)
        if triple_ != last and graph != left_out:
            yield triple_
            last = triple_


class _Counting:
    """What is counted in one reading, and the classes of each subject that has any."""

    def __init__(self, inside: str) -> None:
        self.entities = self.subjects = 0
        self.properties: Counter[bytes] = Counter()
        self.classes: Counter[bytes] = Counter()
        self.own: dict[bytes, tuple[bytes, ...]] = {}
        """The classes of a subject whose IRIs begin with ``inside``."""
        self.others: dict[bytes, tuple[bytes, ...]] = {}
        """The classes of a subject that has none of these."""
        self._inside = f"<{inside}".encode()
        self._shared: dict[tuple[bytes, ...], tuple[bytes, ...]] = {}

    def read(self, triples: Iterable[tuple[bytes, bytes, bytes]]) -> Iterator[bytes]:
        """Count triples in the order of their subjects; yield each object with a line feed."""
        subject = b""
        types: list[bytes] = []
        for term, predicate, value in triples:
            if term != subject:
                self._close(subject, types)
                subject, types = term, []
                self.subjects += 1
            self.properties[predicate] += 1
            if predicate == _TYPE:
                types.append(value)
            yield value + b"\n"
        self._close(subject, types)

    def _close(self, subject: bytes, types: list[bytes]) -> None:
        """Take the classes of a subject whose triples are read."""
        if not types:
            return
        self.entities += 1
        self.classes.update(types)
        named = tuple(term for term in types if term.startswith(b"<") and term[1:2] != b"<")
        own = tuple(term for term in named if term.startswith(self._inside))
        kept, classes = (self.own, own) if own else (self.others, named)
        if classes:
            kept[subject] = self._shared.setdefault(classes, classes)


def _count_inside(
    triples: Iterable[tuple[bytes, bytes, bytes]], counting: _Counting
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str, str, str], int]]:
    """Return ``properties_of`` and ``values_of`` for the classes that ``counting`` has as own."""
    own, others = counting.own, counting.others
    uses: Counter[tuple[tuple[bytes, ...], bytes, bytes | tuple[bytes, ...]]] = Counter()
    subject, classes = b"", None
    for term, predicate, value in triples:
        if term != subject:
            subject, classes = term, own.get(term)
        if classes is None:
            continue
        kind: bytes | tuple[bytes, ...]
        if value.startswith(b'"'):
            kind = value[value.rindex(b'"') + 1 :]
        else:
            kind = own.get(value) or others.get(value) or ()
        uses[classes, predicate, kind] += 1
    properties: Counter[tuple[str, str]] = Counter()
    values: Counter[tuple[str, str, str, str]] = Counter()
    for (classes, predicate, kind), number in uses.items():
        key = iri_of(predicate)
        parts = _parts_of(kind)
        for class_iri in map(iri_of, classes):
            properties[class_iri, key] += number
            for part, iri in parts:
                values[class_iri, key, part, iri] += number
    return properties, values


def _parts_of(kind: bytes | tuple[bytes, ...]) -> list[tuple[str, str]]:
    """Return what an object counts as: its datatype by the end of a literal, or its classes."""
    if isinstance(kind, tuple):
        return [("class", iri_of(term)) for term in kind]
    if kind.startswith(b"^^"):
        return [("datatype", iri_of(kind[2:]))]
    if b"--" in kind:
        return [("datatype", f"{RDF}dirLangString")]
    return [("datatype", f"{RDF}langString" if kind else f"{XSD}string")]


def read(quads: Iterable[Quad], names: Names) -> Statistics | None:
    """Return the statistics that the quads of a graph state; None if they lack any count."""
    statements: dict[str, dict[str, list[str]]] = {}
    for quad in quads:
        properties = statements.setdefault(value_of(quad.subject), {})
        properties.setdefault(quad.predicate.value, []).append(value_of(quad.object))
    about = statements.get(names.dataset, {})
    if not all(f"{VOID}{name}" in about for name in _COUNTS):
        return None
    counts = {name: int(about[f"{VOID}{name}"][0]) for name in _COUNTS}
    partitions = {}
    for part, counted in _COUNTED.items():
        nodes = [statements[node] for node in about.get(f"{VOID}{part}Partition", ())]
        partitions[part] = sorted(
            (node[f"{VOID}{part}"][0], int(node[f"{VOID}{counted}"][0])) for node in nodes
        )
    return Statistics(counts, partitions)


def describe(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield the statistics as statements about the dataset and its partitions."""
    for name, number in statistics.counts.items():
        yield triple(names.dataset, f"{VOID}{name}", integer(number))
    for part, counted in _COUNTED.items():
        for key, number in statistics.partitions[part]:
            yield from _partition(names.dataset, part, key, number, names, counted=counted)


def describe_classes(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield partitions inside the partitions of the ontology's own classes.

    The form is that of void-generator, which query editors use for completion: each property of the
    class with its triples; in it the classes (``void:classPartition``) and the datatypes
    (``void-ext:datatypePartition``) of the objects. Classes of other vocabularies get none, and an
    object with a class of ours counts under that alone: the rest would repeat the same counts under
    broader classes and be half as large as the data.
    """
    for (name, key), number in statistics.properties_of.items():
        yield from _partition(
            _partition_iri(names.dataset, "class", name, names), "property", key, number, names
        )
    for (name, key, part, kind), number in statistics.values_of.items():
        whole = _partition_iri(
            _partition_iri(names.dataset, "class", name, names), "property", key, names
        )
        yield from _partition(whole, part, kind, number, names)


def _partition(
    whole: str, part: str, key: str, number: int, names: Names, *, counted: str = "triples"
) -> list[Triple]:
    """Return the statements of one partition of ``whole``: the link to it, its key, its size."""
    vocabulary = VOID_EXT if part == "datatype" else VOID
    node = _partition_iri(whole, part, key, names)
    return [
        triple(whole, f"{vocabulary}{part}Partition", node),
        triple(node, f"{vocabulary}{part}", key),
        triple(node, f"{VOID}{counted}", integer(number)),
    ]


def _partition_iri(whole: str, part: str, key: str, names: Names) -> str:
    """Return the name of a partition: a fragment of the dataset's IRI, with a step for each level.

    ``…/dataset#class-ul-Office/property-ul-openedOn``; a key without a known prefix is
    percent-encoded whole.
    """
    short = names.shorten(key)
    step = quote(key, safe="") if short == key else short.replace(":", "-", 1)
    return f"{whole}{'/' if '#' in whole else '#'}{part}-{step}"
