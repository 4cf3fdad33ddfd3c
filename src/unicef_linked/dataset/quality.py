"""Measures of a release: conformance to its shapes, completeness by language, evidence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import DCTERMS, RDFS, SKOS
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.rdf.terms import Term
    from unicef_linked.validation.report import Report

DESCRIPTIONS: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")
"""Properties that hold descriptions."""

MAX_LISTED: Final = 5
"""Most instances without a text that are listed; if there are more, only their number is known."""

_TARGETS: Final = {
    "class": f"?s a/<{RDFS}subClassOf>* {{node}}",
    "subjects": "?s {node} ?o",
    "objects": "?o {node} ?s",
    "node": "VALUES ?s {{ {node} }}",
}
"""The focus nodes of each kind of target (SHACL, section 2.1.3)."""

_LANGUAGES_OF_CLASSES: Final = """
SELECT ?class ?language (COUNT(DISTINCT ?s) AS ?number) {
  VALUES ?property { %s }
  ?s ?property ?text ; a ?class .
  BIND (LANG(?text) AS ?language)
}
GROUP BY ?class ?language
"""

_LANGUAGES: Final = """
SELECT ?language (COUNT(DISTINCT ?s) AS ?number) {
  VALUES ?class { %s }
  ?s a ?class .
  VALUES ?property { %s }
  ?s ?property ?text .
  BIND (LANG(?text) AS ?language)
}
GROUP BY ?language
ORDER BY ?language
"""

_WITHOUT_TEXT: Final = """
# Instances of a class without a text in a language.
SELECT ?class ?language ?s {
  ?s a ?class .
  FILTER NOT EXISTS { ?s ?property ?text . FILTER (?property IN (%s) && LANG(?text) = ?language) }
}
ORDER BY STR(?s)
LIMIT %d
"""

_EVIDENCE: Final = """
# Statements of the graphs that have a text as source, by the kinds that claims have: all, claimed.
PREFIX rdf:     <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa:      <http://www.w3.org/ns/oa#>

SELECT ?kind (COUNT(*) AS ?number) (SUM(?has) AS ?claimed) {
  SELECT DISTINCT ?s ?p ?o ?kind ?has {
    {
      SELECT DISTINCT ?p ?kind {
        ?some rdf:predicate ?p ; rdf:object ?v .
        BIND (IF(?p = rdf:type, ?v, ?p) AS ?kind)
      }
    }
    { SELECT DISTINCT ?g { ?g dcterms:source ?source . ?passage oa:hasSource ?source } }
    GRAPH ?g { ?s ?p ?o }
    FILTER (?p != rdf:type || ?o = ?kind)
    BIND (IF(EXISTS { ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }, 1, 0) AS ?has)
  }
}
GROUP BY ?kind
"""

_BASES: Final = """
# How claims follow from their sources.
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?basis ?value (COUNT(DISTINCT ?claim) AS ?number) {
  ?claim rdf:predicate ?p ; ?basis ?value
}
GROUP BY ?basis ?value
"""


def failing_nodes(report: Report, shapes: Mapping[str, Shape]) -> dict[str, set[str]]:
    """Return the nodes that do not conform, by node shape.

    A result of a property shape counts for the node shapes that have it. Only violations count.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for shape in shapes.values():
        for part in shape.parts:
            holders[part].append(shape.iri)
    nodes: dict[str, set[str]] = defaultdict(set)
    for result in report.results:
        if result.severity == "Violation":
            for iri in holders.get(result.shape) or [result.shape]:
                nodes[iri].add(result.focus_node)
    return dict(nodes)


def count_focus_nodes(dataset: PublishedDataset, shape: Shape) -> int:
    """Return how many focus nodes a shape has in the release (SHACL, section 2.1.3)."""
    patterns = [_TARGETS[kind].format(node=NamedNode(iri)) for kind, iri in shape.targets]
    if not patterns:
        return 0
    union = " UNION ".join(f"{{ {pattern} }}" for pattern in patterns)
    return dataset.counted(f"SELECT DISTINCT ?s {{ {union} }}")


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many instances of a class have a text, by language."""

    iri: str  # of the class
    number: int  # of instances
    languages: Mapping[str, int]  # by tag; "" for texts without one


def read_completeness(dataset: PublishedDataset, properties: Sequence[str]) -> list[Completeness]:
    """Return the completeness of each class in any of the properties, the largest class first.

    The classes are those of the release's own ontology; if it has none, all classes.
    """
    by_class: dict[str, dict[str, int]] = defaultdict(dict)
    for row in dataset.store.select(_LANGUAGES_OF_CLASSES % _nodes(properties)):
        if isinstance(row["class"], NamedNode) and "language" in row:
            by_class[row["class"].value][value_of(row["language"])] = _number(row["number"])
    partitions = dict(dataset.partitions["class"])
    own = {
        iri: number
        for iri, number in partitions.items()
        if iri.startswith(f"{dataset.names.ontology}#")
    }
    sizes = own or partitions
    classes = sorted(sizes, key=lambda iri: (-sizes[iri], iri))
    return [Completeness(iri, sizes[iri], by_class.get(iri, {})) for iri in classes]


def read_shares(
    dataset: PublishedDataset, properties: Sequence[str], classes: Iterable[str]
) -> dict[str, float]:
    """Return the share of the instances of the classes that have a text, by language.

    An instance of several classes counts once.
    """
    kinds = _nodes(classes)
    if not kinds:
        return {}
    things = f"VALUES ?class {{ {kinds} }} ?s a ?class ."
    total = dataset.counted(f"SELECT DISTINCT ?s {{ {things} }}")
    rows = dataset.store.select(_LANGUAGES % (kinds, _nodes(properties))) if total else []
    return {
        value_of(row["language"]): _number(row["number"]) / total
        for row in rows
        if "language" in row
    }


def read_without_text(
    dataset: PublishedDataset, properties: Sequence[str], measured: Completeness, tag: str
) -> list[str]:
    """Return the instances of a class without a text in a language; none if over MAX_LISTED."""
    missing = measured.number - measured.languages.get(tag, 0)
    if not 0 < missing <= MAX_LISTED:
        return []
    query = _WITHOUT_TEXT % (", ".join(f"<{iri}>" for iri in properties), MAX_LISTED + 1)
    bindings: dict[str, Term] = {"class": NamedNode(measured.iri), "language": Literal(tag)}
    instances = [row["s"] for row in dataset.store.select(query, bindings)]
    return [term.value for term in instances if isinstance(term, NamedNode)]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many statements with a property, or that type things by a class, have a claim."""

    iri: str  # of the property or class; "" for all together
    number: int
    claimed: int


def read_evidence(dataset: PublishedDataset) -> list[Evidence]:
    """Return the evidence of what was taken from texts, by property or class."""
    rows = dataset.store.select(_EVIDENCE)
    measured = [
        Evidence(value_of(row["kind"]), _number(row["number"]), _number(row["claimed"]))
        for row in rows
        if isinstance(row.get("kind"), NamedNode)
    ]
    return sorted(measured, key=lambda evidence: (-evidence.number, evidence.iri))


def total_evidence(measured: Iterable[Evidence]) -> Evidence:
    """Return the sum of all properties and classes."""
    parts = list(measured)
    return Evidence("", sum(e.number for e in parts), sum(e.claimed for e in parts))


def read_bases(dataset: PublishedDataset) -> list[tuple[str, int]]:
    """Return how many claims have each value of ``ul:basis``, the most frequent first."""
    rows = dataset.store.select(_BASES, {"basis": NamedNode(dataset.names.term("basis"))})
    bases = [(value_of(row["value"]), _number(row["number"])) for row in rows]
    return sorted(bases, key=lambda pair: (-pair[1], pair[0]))


def _nodes(iris: Iterable[str]) -> str:
    return " ".join(f"<{iri}>" for iri in iris)


def _number(term: object) -> int:
    return int(value_of(term))
