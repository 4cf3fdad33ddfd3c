"""The page about the quality of a release: ``read_quality`` reads, ``arrange`` makes the values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.dataset.quality import (
    Completeness,
    Evidence,
    count_focus_nodes,
    read_bases,
    read_completeness,
    read_evidence,
    read_without_text,
    total_evidence,
)
from unicef_linked.dataset.vocabulary import labels_in, quads_by_subject, read_shapes
from unicef_linked.links import STATES, WRONG
from unicef_linked.rdf.iris import SHACL
from unicef_linked.validation.report import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver, Link, Resource, Text
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.metadata.dqv import LinkSummary
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.rdf import summaries
    from unicef_linked.release import Manifest, PreviousRelease
    from unicef_linked.validation.report import Report


@dataclass(frozen=True, slots=True)
class Cell:
    """How many instances of a class have a text in one language."""

    number: int
    total: int
    without: tuple[Link, ...]  # the instances without one, if they are few

    @property
    def percent(self) -> int:
        """The share in percent, rounded down."""
        return self.number * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """A class with its number of instances and a cell for each language."""

    link: Link
    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """The completeness of classes, by language."""

    tags: tuple[str, ...]  # "" for texts without a language
    rows: tuple[LanguageRow, ...]


@dataclass(frozen=True, slots=True)
class ResultRow:
    """The results of one shape with one severity."""

    severity: str  # IRI
    shape: Resource | None
    nodes: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """The validation of the release in numbers, and its results."""

    conforms: bool | None  # None if it was not validated
    shapes: int  # node shapes with a target
    rules: int  # property shapes
    checks: int  # pairs of a shape and a focus node
    violations: int
    warnings: int
    infos: int
    results: tuple[ResultRow, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """The evidence of one property or class."""

    link: Link
    number: int
    claimed: int


@dataclass(frozen=True, slots=True)
class GraphChange:
    """The statements of one named graph that a release added and removed."""

    link: Link | None  # None for the default graph
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """An earlier release, and what its successor changed."""

    release: PreviousRelease
    added: int
    removed: int
    graphs: tuple[GraphChange, ...]


@dataclass(frozen=True, slots=True)
class QualityPage:
    """The values of the page."""

    title: Text
    release: Manifest
    validation: Validation
    names: LanguageTable
    descriptions: LanguageTable
    evidence: tuple[EvidenceRow, ...]
    total_evidence: Evidence
    bases: tuple[tuple[Link, int], ...]
    links: LinkSummary
    history: tuple[HistoryStep, ...]
    states: tuple[str, ...] = STATES  # of links, in the order of the table
    wrong_states: tuple[str, ...] = WRONG


@dataclass(frozen=True, slots=True)
class Texts:
    """The completeness of classes in some properties, as it has been read."""

    completeness: tuple[Completeness, ...]
    tags: tuple[str, ...]
    without: Mapping[tuple[str, str], Sequence[str]]  # class and language to instances

    @property
    def iris(self) -> set[str]:
        """The IRIs that are shown."""
        instances = {iri for iris in self.without.values() for iri in iris}
        return instances | {measured.iri for measured in self.completeness}


@dataclass(frozen=True, slots=True)
class QualityReading:
    """What has been read for the page."""

    report: Report | None
    shapes_graph: Sequence[Quad]
    shapes: Mapping[str, Shape]
    checks: int
    names: Texts
    descriptions: Texts
    evidence: Sequence[Evidence]
    bases: Sequence[tuple[str, int]]
    links: LinkSummary
    labels: LabelResolver


def read_quality(
    context: PageContext, links: LinkSummary, languages: Sequence[str]
) -> QualityReading:
    """Read what the page needs; ``languages`` are those of the pages."""
    dataset, counts = context.dataset, context.dataset.summaries.counts
    shapes_graph = list(dataset.release.shapes())
    shapes = read_shapes(shapes_graph)
    names = _read_texts(context, counts.names, languages)
    descriptions = _read_texts(context, counts.descriptions, languages)
    evidence, bases = read_evidence(dataset), read_bases(dataset)
    report = dataset.report
    iris = {context.names.dataset, *names.iris, *descriptions.iris}
    iris |= {measured.iri for measured in evidence} | {iri for iri, _ in bases}
    iris |= {result.focus_node for result in report.results} if report else set()
    for past in dataset.release.manifest.history:
        iris |= {graph for graph in (*past.added, *past.removed) if graph}
    return QualityReading(
        report,
        shapes_graph,
        shapes,
        sum(count_focus_nodes(dataset, shape) for shape in shapes.values()),
        names,
        descriptions,
        evidence,
        bases,
        links,
        context.reader([], *iris),
    )


def _read_texts(context: PageContext, counted: summaries.Texts, languages: Sequence[str]) -> Texts:
    measured = [
        completeness
        for completeness in read_completeness(context.dataset, counted)
        if completeness.number and completeness.languages
    ]
    present = {tag for completeness in measured for tag in completeness.languages}
    others = sorted(present - {*languages, ""})
    tags = (*languages, *others, *({""} & present))
    without = {}
    for completeness in measured:
        for tag in {*completeness.languages, *languages} & {*tags}:
            instances = read_without_text(context.dataset, counted, completeness, tag)
            without[completeness.iri, tag] = instances
    return Texts(tuple(measured), tags, without)


def arrange(context: PageContext, reading: QualityReading) -> QualityPage:
    """Return the values of the page."""
    labels, manifest = reading.labels, context.dataset.release.manifest
    return QualityPage(
        labels.label(context.names.dataset),
        manifest,
        _validation(reading),
        _table(reading.names, labels),
        _table(reading.descriptions, labels),
        tuple(EvidenceRow(labels.link(e.iri), e.number, e.claimed) for e in reading.evidence),
        total_evidence(reading.evidence),
        tuple((labels.link(iri), number) for iri, number in reading.bases),
        reading.links,
        tuple(_step(past, labels) for past in manifest.history),
    )


def _validation(reading: QualityReading) -> Validation:
    report, shapes = reading.report, reading.shapes.values()
    counts = [report.count(severity) if report else 0 for severity in SEVERITIES]
    violations, warnings, infos = counts
    return Validation(
        report.conforms if report else None,
        sum(bool(shape.targets) for shape in shapes),
        sum(bool(shape.path) for shape in shapes),
        reading.checks,
        violations,
        warnings,
        infos,
        _results(reading, report) if report else (),
    )


_GRAVITY: Final = {name: position for position, name in enumerate(SEVERITIES)}


def _results(reading: QualityReading, report: Report) -> tuple[ResultRow, ...]:
    """Return the results by severity, the gravest first, and by shape."""
    nodes: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for result in report.results:
        nodes[result.severity, result.shape][result.focus_node] = None
    quads = quads_by_subject(reading.shapes_graph)
    labels = reading.labels.with_labels(labels_in(reading.shapes_graph))
    rows = []
    for severity, shape in sorted(nodes, key=lambda key: (_GRAVITY[key[0]], key[1])):
        resource = labels.resource(shape, quads[shape]) if shape in quads else None
        links = tuple(reading.labels.link(iri) for iri in nodes[severity, shape])
        rows.append(ResultRow(f"{SHACL}{severity}", resource, links))
    return tuple(rows)


def _table(texts: Texts, labels: LabelResolver) -> LanguageTable:
    rows = []
    for measured in texts.completeness:
        cells = []
        for tag in texts.tags:
            instances = texts.without.get((measured.iri, tag), ())
            without = tuple(labels.link(iri) for iri in instances)
            cells.append(Cell(measured.languages.get(tag, 0), measured.number, without))
        rows.append(LanguageRow(labels.link(measured.iri), measured.number, tuple(cells)))
    return LanguageTable(texts.tags, tuple(rows))


def _step(past: PreviousRelease, labels: LabelResolver) -> HistoryStep:
    changes = []
    for graph in sorted({*past.added, *past.removed}):
        link = labels.link(graph) if graph else None
        change = GraphChange(link, past.added.get(graph, 0), past.removed.get(graph, 0))
        changes.append(change)
    added, removed = sum(past.added.values()), sum(past.removed.values())
    return HistoryStep(past, added, removed, tuple(changes))
