"""Measures of a release: conformance to its shapes, completeness by language, evidence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unicef_linked.rdf.summaries import MAX_LISTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.rdf.summaries import Texts
    from unicef_linked.validation.report import Report


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
    return dataset.summaries.counts.focus_nodes.get(shape.iri, 0)


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many instances of a class have a text, by language."""

    iri: str  # of the class
    number: int  # of instances
    languages: Mapping[str, int]  # by tag; "" for texts without one


def read_completeness(dataset: PublishedDataset, texts: Texts) -> list[Completeness]:
    """Return the completeness of each class, the largest class first.

    The classes are those of the release's own ontology; if it has none, all classes.
    """
    partitions = dict(dataset.partitions["class"])
    own = {
        iri: number
        for iri, number in partitions.items()
        if iri.startswith(f"{dataset.names.ontology}#")
    }
    sizes = own or partitions
    classes = sorted(sizes, key=lambda iri: (-sizes[iri], iri))
    return [Completeness(iri, sizes[iri], texts.by_class.get(iri, {})) for iri in classes]


def read_shares(texts: Texts) -> dict[str, float]:
    """Return the share of the things that have a text, by language.

    An instance of several classes counts once.
    """
    return {
        language: number / texts.things for language, number in sorted(texts.by_language.items())
    }


def read_without_text(
    dataset: PublishedDataset, texts: Texts, measured: Completeness, tag: str
) -> list[str]:
    """Return the instances of a class without a text in a language; none if over MAX_LISTED."""
    missing = measured.number - measured.languages.get(tag, 0)
    if not 0 < missing <= MAX_LISTED:
        return []
    if tag in measured.languages:
        return texts.without.get(measured.iri, {}).get(tag, [])
    return dataset.summaries.counts.few.get(measured.iri, [])


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many statements with a property, or that type things by a class, have a claim."""

    iri: str  # of the property or class; "" for all together
    number: int
    claimed: int


def read_evidence(dataset: PublishedDataset) -> list[Evidence]:
    """Return the evidence of what was taken from texts, by property or class."""
    return [Evidence(*row) for row in dataset.summaries.counts.evidence]


def total_evidence(measured: Iterable[Evidence]) -> Evidence:
    """Return the sum of all properties and classes."""
    parts = list(measured)
    return Evidence("", sum(e.number for e in parts), sum(e.claimed for e in parts))


def read_bases(dataset: PublishedDataset) -> list[tuple[str, int]]:
    """Return how many claims have each value of ``ul:basis``, the most frequent first."""
    return dataset.summaries.counts.bases
