"""How complete a dataset is: names and descriptions in each language, and the evidence of its statements."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.rdf.iris import DCTERMS, RDFS, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.terms import Solution


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many instances of a class have a text, by language."""

    iri: str
    number: int
    languages: Mapping[str, int]  # "" where a text does not say its language


DESCRIPTION_PROPERTIES: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")


def completeness(dataset: PublishedDataset, properties: Sequence[str]) -> list[Completeness]:
    """Return for each class how many of its instances have any of the properties in a language; the largest first.

    Of a release that we built the ontology's own classes, else all: there the classes are what the data is about.
    """
    terms = " ".join(f"<{iri}>" for iri in properties)
    rows = dataset.store.select(
        "SELECT ?class ?language (COUNT(DISTINCT ?s) AS ?number) {"
        f" VALUES ?property {{ {terms} }} ?s ?property ?text ; a ?class . BIND (LANG(?text) AS ?language) }}"
        " GROUP BY ?class ?language"
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if isinstance(row["class"], ox.NamedNode) and "language" in row:
            found[row["class"].value][_text(row, "language")] = int(_text(row, "number"))
    own = {
        iri: number
        for iri, number in dataset.partitions["class"]
        if iri.startswith(f"{dataset.names.ontology}#")
    }
    classes = own or dict(dataset.partitions["class"])
    ordered = sorted(classes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Completeness(iri, number, found.get(iri, {})) for iri, number in ordered]


def shares(
    dataset: PublishedDataset, properties: Sequence[str], classes: Iterable[str]
) -> dict[str, float]:
    """Return which share of all instances of the classes have a text, by language; a thing of two classes counts once."""
    kinds = " ".join(f"<{iri}>" for iri in classes)
    terms = " ".join(f"<{iri}>" for iri in properties)
    things = f"VALUES ?class {{ {kinds} }} ?s a ?class ."
    total = dataset.counted(f"SELECT DISTINCT ?s {{ {things} }}") if kinds else 0
    rows = dataset.store.select(
        f"SELECT ?language (COUNT(DISTINCT ?s) AS ?number) {{ {things} VALUES ?property {{ {terms} }} ?s ?property ?text ."
        " BIND (LANG(?text) AS ?language) } GROUP BY ?language ORDER BY ?language"
    )
    return (
        {
            _text(row, "language"): int(_text(row, "number")) / total
            for row in rows
            if "language" in row
        }
        if total
        else {}
    )


_LACKING: Final = """
# Instances of a class without a text in a language.
SELECT ?class ?language ?s {
  ?s a ?class .
  FILTER NOT EXISTS { ?s ?property ?text . FILTER (?property IN (%s) && LANG(?text) = ?language) }
}
ORDER BY STR(?s)
LIMIT %d
"""
FEW: Final = 5
"""Things that a page names one by one; where there are more it gives their number alone."""


def lacking(
    dataset: PublishedDataset, properties: Sequence[str], one: Completeness, tag: str
) -> list[str]:
    """Return the instances of a class that lack a text in a language, where they are few; else none."""
    if not 0 < one.number - one.languages.get(tag, 0) <= FEW:
        return []
    query = _LACKING % (", ".join(f"<{iri}>" for iri in properties), FEW + 1)
    rows = dataset.store.select(
        query, {"class": ox.NamedNode(one.iri), "language": ox.Literal(tag)}
    )
    return [term.value for row in rows if isinstance(term := row["s"], ox.NamedNode)]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of the statements with a property, or that things are of a class, how many have a claim."""

    iri: str
    number: int
    claimed: int


_EVIDENCE: Final = """
# Statements in the graphs that come from a text, of the kinds that claims are made of, and how many have a claim.
PREFIX rdf:     <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa:      <http://www.w3.org/ns/oa#>

SELECT ?what (COUNT(*) AS ?number) (SUM(?has) AS ?claimed) {
  SELECT DISTINCT ?s ?p ?o ?what ?has {
    { SELECT DISTINCT ?p ?what { ?some rdf:predicate ?p ; rdf:object ?v . BIND (IF(?p = rdf:type, ?v, ?p) AS ?what) } }
    { SELECT DISTINCT ?g { ?g dcterms:source ?source . ?passage oa:hasSource ?source } }
    GRAPH ?g { ?s ?p ?o }
    FILTER (?p != rdf:type || ?o = ?what)
    BIND (IF(EXISTS { ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }, 1, 0) AS ?has)
  }
}
GROUP BY ?what
"""

_BASES: Final = """
# How the claims follow from their sources.
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?basis ?value (COUNT(DISTINCT ?claim) AS ?number) { ?claim rdf:predicate ?p ; ?basis ?value } GROUP BY ?basis ?value
"""


def evidence(dataset: PublishedDataset) -> list[Evidence]:
    """Return how much of what was taken from texts rests on a claim, by property or class."""
    rows = dataset.store.select(_EVIDENCE)
    found = [
        Evidence(_text(row, "what"), int(_text(row, "number")), int(_text(row, "claimed")))
        for row in rows
        if isinstance(row.get("what"), ox.NamedNode)
    ]
    return sorted(found, key=lambda one: (-one.number, one.iri))


def bases(dataset: PublishedDataset) -> list[tuple[str, int]]:
    """Return how many claims follow from their source in which way, the most frequent first."""
    rows = dataset.store.select(_BASES, {"basis": ox.NamedNode(dataset.names.term("basis"))})
    return sorted(
        ((_text(row, "value"), int(_text(row, "number"))) for row in rows),
        key=lambda pair: (-pair[1], pair[0]),
    )


def _text(row: Solution, name: str) -> str:
    return str(getattr(row[name], "value", ""))
