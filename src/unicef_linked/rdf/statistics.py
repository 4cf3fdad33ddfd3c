"""The statistics of a dataset (VoID, section 4): counted, written as statements, read back.

The builder counts all statements outside the graph of the statistics and publishes the counts in
that graph. The publisher reads them there; for a dataset without them it counts the default graph
by the same function. A release has its literals as the engine keeps them, so that a query counts
the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import RDF, VOID, VOID_EXT
from unicef_linked.rdf.terms import integer, triple, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
_TYPE: Final = NamedNode(f"{RDF}type")


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts by VoID's names, and the partitions: entities by class, triples by property."""

    counts: dict[str, int]
    partitions: dict[str, list[tuple[str, int]]]  # "class" and "property", each by IRI
    properties_of: dict[tuple[str, str], int] = field(default_factory=dict)
    """Triples by class and property, of the classes that ``count`` was asked for."""
    values_of: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Triples by class, property, "class" or "datatype", and the IRI of that of the object."""


def distinct_triples(
    quads: Iterable[Quad], *, without: NamedNode | None = None
) -> Iterator[Triple]:
    """Yield each triple of the graphs other than ``without`` once.

    A triple that is in ``without`` and in another graph is yielded.
    """
    seen: set[Triple] = set()
    for quad in quads:
        if quad.graph_name != without and quad.triple not in seen:
            seen.add(quad.triple)
            yield quad.triple


def count(triples: Iterable[Triple], *, inside: str | None = None) -> Statistics:
    """Return the statistics of a graph, given as triples without duplicates.

    With ``inside`` also those inside the classes whose IRIs begin with it. For these the uses are
    kept until all triples are read, since the class of an object may be stated after its use.
    """
    subjects, objects = set(), set()
    properties: Counter[str] = Counter()
    types: defaultdict[object, list[object]] = defaultdict(list)
    usage: Counter[tuple[object, str, object]] = Counter()
    for subject, predicate, value in triples:
        subjects.add(subject)
        objects.add(value)
        properties[predicate.value] += 1
        if predicate == _TYPE:
            types[subject].append(value)
        if inside is not None:
            kind = value.datatype.value if isinstance(value, Literal) else value
            usage[subject, predicate.value, kind] += 1
    classes = Counter(chain.from_iterable(types.values()))
    named = [
        (term.value, number) for term, number in classes.items() if isinstance(term, NamedNode)
    ]
    return Statistics(
        {
            "entities": len(types),
            "distinctSubjects": len(subjects),
            "distinctObjects": len(objects),
            "properties": len(properties),
            "classes": len(classes),
            "triples": properties.total(),
        },
        {"class": sorted(named), "property": sorted(properties.items())},
        *_count_inside(usage, types, inside or ""),
    )


def _count_inside(
    usage: Counter[tuple[object, str, object]],
    types: Mapping[object, Sequence[object]],
    inside: str,
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str, str, str]]]:
    """Return ``properties_of`` and ``values_of`` for classes whose IRIs begin with ``inside``."""
    named = {}
    own = {}
    for term, classes in types.items():
        named[term] = [node.value for node in classes if isinstance(node, NamedNode)]
        own[term] = [iri for iri in named[term] if iri.startswith(inside)]
    properties: Counter[tuple[str, str]] = Counter()
    values: Counter[tuple[str, str, str, str]] = Counter()
    for (subject, predicate, kind), number in usage.items():
        if isinstance(kind, str):
            parts = [("datatype", kind)]
        else:
            parts = [("class", iri) for iri in own.get(kind) or named.get(kind) or ()]
        for class_iri in own.get(subject, ()):
            properties[class_iri, predicate] += number
            for part, iri in parts:
                values[class_iri, predicate, part, iri] += number
    return properties, values


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
