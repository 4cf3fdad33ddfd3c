"""The counts of a dataset in terms of VoID (section 4): counted, written as RDF, read back.

The builder counts everything that it publishes but the graph of the statistics, and publishes the
counts in that graph; the publisher reads them there. Of a dataset that publishes none it counts the
default graph by the same function. No query engine counts, since ours keeps numbers by value: it
takes ``"5"^^xsd:integer`` and ``"5"^^xsd:nonNegativeInteger`` for one object; as published they are
two.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from unicef_linked.rdf.iris import RDF, VOID, VOID_EXT, XSD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names

_COUNTS: Final = (
    "entities",
    "distinctSubjects",
    "distinctObjects",
    "properties",
    "classes",
    "triples",
)
"""The counts of a dataset, by their names in VoID."""
_COUNTED: Final = {"class": "entities", "property": "triples"}
"""What is counted in the partitions of each kind."""
_TYPE: Final = NamedNode(f"{RDF}type")


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts, by their names in VoID, and the partitions by class and by property."""

    counts: dict[str, int]
    partitions: dict[str, list[tuple[str, int]]]  # entities by class, triples by property
    properties_of: dict[tuple[str, str], int] = field(default_factory=dict)
    """Triples by class and property, of the classes that ``count`` was asked for."""
    values_of: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Triples by class, property, "class" or "datatype", and the IRI of that of the object."""


def distinct_triples(
    quads: Iterable[Quad], *, without: NamedNode | None = None
) -> Iterator[Triple]:
    """Yield each triple of the graphs but ``without`` once, in however many of them it stands.

    A triple that stands in ``without`` and in another graph is yielded.
    """
    seen: set[Triple] = set()
    for quad in quads:
        triple = quad.triple
        if quad.graph_name != without and triple not in seen:
            seen.add(triple)
            yield triple


def count(triples: Iterable[Triple], *, inside: str | None = None) -> Statistics:
    """Return the statistics of a graph, whose triples come each once and are read once.

    With ``inside`` also those inside the classes whose IRIs begin with it. For these, what each
    subject has is kept until the end: the class of an object may come after it.
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
            target = value.datatype.value if isinstance(value, Literal) else value
            usage[subject, predicate.value, target] += 1
    classes = Counter(chain.from_iterable(types.values()))
    entities = [
        (term.value, number) for term, number in classes.items() if isinstance(term, NamedNode)
    ]
    counts = {
        "entities": len(types),
        "distinctSubjects": len(subjects),
        "distinctObjects": len(objects),
        "properties": len(properties),
        "classes": len(classes),
        "triples": properties.total(),
    }
    partitions = {"class": sorted(entities), "property": sorted(properties.items())}
    return Statistics(counts, partitions, *_count_inside(usage, types, inside or ""))


def _count_inside(
    usage: Counter[tuple[object, str, object]],
    types: Mapping[object, Sequence[object]],
    inside: str,
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str, str, str]]]:
    """Return ``properties_of`` and ``values_of`` of the classes whose IRIs begin with ``inside``.

    ``usage`` counts triples by subject, property and what the object is: the IRI of a datatype, or
    the term itself.
    """
    all_classes: dict[object, list[str]] = {}
    own_classes: dict[object, list[str]] = {}
    for term, terms in types.items():
        classes = [of.value for of in terms if isinstance(of, NamedNode)]
        all_classes[term] = classes
        own_classes[term] = [name for name in classes if name.startswith(inside)]
    properties: Counter[tuple[str, str]] = Counter()
    values: Counter[tuple[str, str, str, str]] = Counter()
    for (subject, predicate, target), number in usage.items():
        if isinstance(target, str):
            parts = [("datatype", target)]
        else:
            classes = own_classes.get(target) or all_classes.get(target, [])
            parts = [("class", name) for name in classes]
        for name in own_classes.get(subject, ()):
            properties[name, predicate] += number
            for part, of in parts:
                values[name, predicate, part, of] += number
    return properties, values


def read(quads: Iterable[Quad], names: Names) -> Statistics | None:
    """Return the statistics that the quads of a graph state, None unless they state every count."""
    stated: dict[str, dict[str, list[object]]] = {}
    for quad in quads:
        values = stated.setdefault(str(getattr(quad.subject, "value", "")), {})
        values.setdefault(quad.predicate.value, []).append(quad.object)
    dataset = stated.get(names.dataset, {})
    if not all(f"{VOID}{name}" in dataset for name in _COUNTS):
        return None
    counts = {name: _number(dataset[f"{VOID}{name}"][0]) for name in _COUNTS}
    partitions: dict[str, list[tuple[str, int]]] = {}
    for part, counted in _COUNTED.items():
        partitions[part] = []
        for node in dataset.get(f"{VOID}{part}Partition", ()):
            values = stated[_iri(node)]
            key, number = values[f"{VOID}{part}"][0], values[f"{VOID}{counted}"][0]
            partitions[part].append((_iri(key), _number(number)))
        partitions[part].sort()
    return Statistics(counts, partitions)


def describe(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield the statistics as statements about the dataset; each partition has an IRI."""
    for name, number in statistics.counts.items():
        yield _triple(names.dataset, f"{VOID}{name}", integer(number))
    for part, counted in _COUNTED.items():
        for key, number in statistics.partitions[part]:
            yield from _partition(names.dataset, part, key, number, names, counted=counted)


def describe_classes(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield what instances of the ontology's own classes have, as partitions of those classes.

    The form is that of void-generator, which query editors complete from: each property of the
    class with its triples; in it the classes of the objects (``void:classPartition``) and their
    datatypes (``void-ext:datatypePartition``). Classes of other vocabularies get none, and an
    object that has a class of ours counts under that alone: the rest would repeat the same
    statements under broader names, and be half as large as the data.
    """
    for (name, key), number in statistics.properties_of.items():
        class_partition = _partition_iri(names.dataset, "class", name, names)
        yield from _partition(class_partition, "property", key, number, names)
    for (name, key, part, of), number in statistics.values_of.items():
        class_partition = _partition_iri(names.dataset, "class", name, names)
        property_partition = _partition_iri(class_partition, "property", key, names)
        yield from _partition(property_partition, part, of, number, names)


def _partition(
    whole: str, part: str, key: str, number: int, names: Names, *, counted: str = "triples"
) -> list[Triple]:
    """Return the statements of one partition of ``whole``: the link to it, its key, its size."""
    vocabulary = VOID_EXT if part == "datatype" else VOID
    node = _partition_iri(whole, part, key, names)
    return [
        _triple(whole, f"{vocabulary}{part}Partition", NamedNode(node)),
        _triple(node, f"{vocabulary}{part}", NamedNode(key)),
        _triple(node, f"{VOID}{counted}", integer(number)),
    ]


def _partition_iri(whole: str, part: str, key: str, names: Names) -> str:
    """Return the name of a partition: a fragment of the dataset's IRI, with a step for each level.

    ``…/dataset#class-ul-Office/property-ul-openedOn``; a key without a prefix of ours is written in
    full, percent-encoded.
    """
    short = names.shorten(key)
    step = quote(key, safe="") if short == key else short.replace(":", "-", 1)
    return f"{whole}{'/' if '#' in whole else '#'}{part}-{step}"


def _triple(subject: str, predicate: str, value: NamedNode | Literal) -> Triple:
    return Triple(NamedNode(subject), NamedNode(predicate), value)


def _iri(term: object) -> str:
    assert isinstance(term, NamedNode)
    return term.value


def _number(term: object) -> int:
    assert isinstance(term, Literal)
    return int(term.value)


def integer(number: int) -> Literal:
    """Return a number as xsd:integer."""
    return Literal(str(number), datatype=NamedNode(f"{XSD}integer"))
