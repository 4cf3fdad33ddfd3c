"""What a dataset holds, in numbers, as VoID says it (VoID, section 4): counted, written as statements, read back.

The builder counts everything it publishes but the graph of the statistics, and publishes the counts in that graph; the
publisher reads them there. Of a dataset that publishes none it counts the default graph by the same function. No query
engine counts: ours keeps numbers by value, so that it takes ``"5"^^xsd:integer`` and ``"5"^^xsd:nonNegativeInteger`` for
one object, and what is published for two.
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
_COUNTED: Final = {"class": "entities", "property": "triples"}
_TYPE: Final = NamedNode(f"{RDF}type")


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts by VoID's own names, and the partitions: classes with their entities, properties with their triples."""

    counts: dict[str, int]
    partitions: dict[str, list[tuple[str, int]]]  # "class" and "property", each by IRI
    properties_of: dict[tuple[str, str], int] = field(default_factory=dict)
    """Triples by class and property, of the classes that ``count`` was asked for."""
    values_of: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Triples by class, property, "class" or "datatype", and the IRI of that class or datatype of the object."""


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

    With ``inside`` also those inside the classes whose IRIs begin with it. For these, what each subject has is kept
    until the end: the class of an object may come after it.
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
    """Return what instances of classes whose IRIs begin with ``inside`` have: ``properties_of`` and ``values_of``."""
    named = {
        term: [of.value for of in found if isinstance(of, NamedNode)]
        for term, found in types.items()
    }
    own = {
        term: [name for name in names if name.startswith(inside)] for term, names in named.items()
    }
    properties: Counter[tuple[str, str]] = Counter()
    values: Counter[tuple[str, str, str, str]] = Counter()
    for (subject, predicate, kind), number in usage.items():
        if isinstance(kind, str):
            parts = [("datatype", kind)]
        else:
            parts = [("class", name) for name in own.get(kind) or named.get(kind) or ()]
        for name in own.get(subject, ()):
            properties[name, predicate] += number
            for part, of in parts:
                values[name, predicate, part, of] += number
    return properties, values


def read(quads: Iterable[Quad], names: Names) -> Statistics | None:
    """Return the statistics that the quads of a graph state, None where they do not state every count."""
    stated: dict[str, dict[str, list[object]]] = {}
    for quad in quads:
        subject = stated.setdefault(str(getattr(quad.subject, "value", "")), {})
        subject.setdefault(quad.predicate.value, []).append(quad.object)
    about = stated.get(names.dataset, {})
    if not all(f"{VOID}{name}" in about for name in _COUNTS):
        return None
    partitions = {}
    for part, counted in _COUNTED.items():
        nodes = (stated[_iri(node)] for node in about.get(f"{VOID}{part}Partition", ()))
        partitions[part] = sorted(
            (_iri(n[f"{VOID}{part}"][0]), _number(n[f"{VOID}{counted}"][0])) for n in nodes
        )
    return Statistics({name: _number(about[f"{VOID}{name}"][0]) for name in _COUNTS}, partitions)


def describe(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield the statistics as statements about the dataset, each partition with an IRI of its own."""
    for name, number in statistics.counts.items():
        yield _say(names.dataset, f"{VOID}{name}", integer(number))
    for part, counted in _COUNTED.items():
        for key, number in statistics.partitions[part]:
            yield from _partition(names.dataset, part, key, number, names, counted=counted)


def describe_classes(statistics: Statistics, names: Names) -> Iterator[Triple]:
    """Yield what instances of the ontology's own classes have, as partitions inside the partitions of those classes.

    The form is that of void-generator, which query editors complete from: each property of the class with its triples;
    in it the classes of the objects (``void:classPartition``) and their datatypes (``void-ext:datatypePartition``). Classes
    of other vocabularies get none, and an object that has a class of ours counts under that alone: what is left out
    repeats the same statements under broader names, and would weigh half as much as the data.
    """
    for (name, key), number in statistics.properties_of.items():
        yield from _partition(
            _partition_iri(names.dataset, "class", name, names), "property", key, number, names
        )
    for (name, key, part, of), number in statistics.values_of.items():
        whole = _partition_iri(
            _partition_iri(names.dataset, "class", name, names), "property", key, names
        )
        yield from _partition(whole, part, of, number, names)


def _partition(
    whole: str, part: str, key: str, number: int, names: Names, *, counted: str = "triples"
) -> list[Triple]:
    """Return the statements that make one partition of ``whole``: the link to it, what it is of, how much it holds."""
    vocabulary = VOID_EXT if part == "datatype" else VOID
    node = _partition_iri(whole, part, key, names)
    return [
        _say(whole, f"{vocabulary}{part}Partition", NamedNode(node)),
        _say(node, f"{vocabulary}{part}", NamedNode(key)),
        _say(node, f"{VOID}{counted}", integer(number)),
    ]


def _partition_iri(whole: str, part: str, key: str, names: Names) -> str:
    """Return the name of a partition: a fragment of the dataset's IRI, with a step for each level.

    ``…/dataset#class-ul-Office/property-ul-openedOn``; a key without a prefix of ours stands whole, percent-encoded.
    """
    short = names.shorten(key)
    step = quote(key, safe="") if short == key else short.replace(":", "-", 1)
    return f"{whole}{'/' if '#' in whole else '#'}{part}-{step}"


def _say(subject: str, predicate: str, value: NamedNode | Literal) -> Triple:
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
