"""What a dataset holds, in numbers, as VoID says it (VoID, section 4): counted by SPARQL, written as statements, read back.

The builder publishes the statements with the data and the publisher reads them there. Of a dataset that publishes none, the
publisher counts with the same queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from unicef_linked.iris import VOID, VOID_EXT, XSD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pyoxigraph import Quad

    from unicef_linked.iris import Names

    Select = Callable[[str], Iterable["Row"]]


class Row(Protocol):
    """One solution of a query: terms by the name of the variable."""

    def __getitem__(self, name: str, /) -> object:
        """Return the term."""
        ...


_COUNTS: Final = {
    "entities": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c }",
    "distinctSubjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
    "distinctObjects": "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
    "properties": "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }",
    "classes": "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }",
    "triples": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
}
_PARTITIONS: Final = {
    "class": "SELECT (?c AS ?key) (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c ORDER BY ?c",
    "property": "SELECT (?p AS ?key) (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p",
}
_COUNTED: Final = {"class": "entities", "property": "triples"}

# The statements of a class's instances: by property, by property and class of the object, by property and datatype.
_PROPERTIES_OF_CLASS: Final = "SELECT ?c (?p AS ?key) (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o FILTER(%s) } GROUP BY ?c ?p"
_CLASSES_OF_OBJECTS: Final = """SELECT ?c ?p (?k AS ?key) (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o . ?o a ?k
  FILTER(%s && isIRI(?k) && (%s || NOT EXISTS { ?o a ?own FILTER(%s) })) } GROUP BY ?c ?p ?k"""
_DATATYPES_OF_OBJECTS: Final = """SELECT ?c ?p (?d AS ?key) (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o
  BIND(DATATYPE(?o) AS ?d) FILTER(%s && BOUND(?d)) } GROUP BY ?c ?p ?d"""


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts by VoID's own names, and the partitions: classes with their entities, properties with their triples."""

    counts: dict[str, int]
    partitions: dict[str, list[tuple[str, int]]]  # "class" and "property", each by IRI


def count(select: Select) -> Statistics:
    """Return the statistics of the default graph that ``select`` asks."""
    return Statistics(
        {name: _number(row["n"]) for name, query in _COUNTS.items() for row in select(query)},
        {
            part: [(key.value, _number(row["n"])) for row in select(query) if isinstance(key := row["key"], NamedNode)]
            for part, query in _PARTITIONS.items()
        },
    )


def read(quads: Iterable[Quad], names: Names) -> Statistics | None:
    """Return the statistics that the quads of a graph state, None where it does not state every count."""
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
        partitions[part] = sorted((_iri(n[f"{VOID}{part}"][0]), _number(n[f"{VOID}{counted}"][0])) for n in nodes)
    return Statistics({name: _number(about[f"{VOID}{name}"][0]) for name in _COUNTS}, partitions)


def describe(statistics: Statistics, names: Names) -> list[Triple]:
    """Return the statistics as statements about the dataset, each partition with an IRI of its own."""
    triples = [_say(names.dataset, f"{VOID}{name}", _integer(n)) for name, n in statistics.counts.items()]
    for part, counted in _COUNTED.items():
        for iri, n in statistics.partitions[part]:
            triples += _partition(names.dataset, part, iri, n, names, counted=counted)
    return triples


def describe_classes(select: Select, names: Names) -> list[Triple]:
    """Return what instances of the ontology's own classes have, as partitions inside the partitions of those classes.

    The form is that of void-generator, which query editors complete from: each property of the class with its triples;
    in it the classes of the objects (``void:classPartition``) and their datatypes (``void-ext:datatypePartition``). Classes
    of other vocabularies get none, and an object that has a class of ours counts under that alone: what is left out
    repeats the same statements under broader names, and would weigh a third of the data.
    """
    namespace = Literal(f"{names.ontology}#")
    ours = {variable: f"STRSTARTS(STR(?{variable}), {namespace})" for variable in ("c", "k", "own")}
    triples = []
    for part, query in (
        ("property", _PROPERTIES_OF_CLASS % ours["c"]),
        ("class", _CLASSES_OF_OBJECTS % (ours["c"], ours["k"], ours["own"])),
        ("datatype", _DATATYPES_OF_OBJECTS % ours["c"]),
    ):
        for row in select(query):
            whole = _partition_iri(names.dataset, "class", _iri(row["c"]), names)
            if part != "property":
                whole = _partition_iri(whole, "property", _iri(row["p"]), names)
            triples += _partition(whole, part, _iri(row["key"]), _number(row["n"]), names)
    return triples


def _partition(whole: str, part: str, key: str, number: int, names: Names, *, counted: str = "triples") -> list[Triple]:
    """Return the statements that make one partition of ``whole``: the link to it, what it is of, how much it holds."""
    vocabulary = VOID_EXT if part == "datatype" else VOID
    node = _partition_iri(whole, part, key, names)
    return [
        _say(whole, f"{vocabulary}{part}Partition", NamedNode(node)),
        _say(node, f"{vocabulary}{part}", NamedNode(key)),
        _say(node, f"{VOID}{counted}", _integer(number)),
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


def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=NamedNode(f"{XSD}integer"))
