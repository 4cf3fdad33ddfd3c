"""What the page about the quality of a release shows: conformance, languages, evidence, links, history."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked import links
from unicef_linked.dataset.conformance import focus_nodes, report_of
from unicef_linked.dataset.measures import (
    DESCRIPTION_PROPERTIES,
    Evidence,
    bases,
    completeness,
    evidence,
    lacking,
)
from unicef_linked.dataset.vocabulary import read_shapes
from unicef_linked.rdf.iris import RDFS, SHACL
from unicef_linked.store.labels import LABEL_PROPERTIES
from unicef_linked.validation.report import SEVERITIES, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.dataset.labels import LabelResolver, Link, Resource
    from unicef_linked.metadata.dqv import LinkHealth
    from unicef_linked.presentation.context import PageContext


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of a class have a text in one language, and which have not, where these are few."""

    tag: str
    number: int
    total: int
    without: tuple[Link, ...]

    @property
    def percent(self) -> int:
        """The share in percent, never rounded up to all."""
        return self.number * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Languages:
    """A table of classes by languages."""

    tags: tuple[str, ...]
    rows: tuple[tuple[Link, int, tuple[Cell, ...]], ...]


def _languages(
    context: PageContext, languages: Sequence[str], properties: Sequence[str]
) -> Languages:
    measured = [
        one for one in completeness(context.dataset, properties) if one.number and one.languages
    ]
    ours = languages
    others = sorted({tag for one in measured for tag in one.languages} - {*ours, ""})
    plain = ("",) if any("" in one.languages for one in measured) else ()
    tags = (*ours, *others, *plain)
    missing = {
        (one.iri, tag): lacking(context.dataset, properties, one, tag)
        for one in measured
        for tag in tags
        if tag in one.languages or tag in ours
    }
    reader = context.reader(
        [], *(one.iri for one in measured), *(iri for iris in missing.values() for iri in iris)
    )
    rows = [
        (
            reader.link(one.iri),
            one.number,
            tuple(
                Cell(
                    tag,
                    one.languages.get(tag, 0),
                    one.number,
                    tuple(map(reader.link, missing.get((one.iri, tag), ()))),
                )
                for tag in tags
            ),
        )
        for one in measured
    ]
    return Languages(tags, tuple(rows))


def _results(
    context: PageContext, report: Report, shapes: Mapping[str, Resource]
) -> list[tuple[str, Resource | None, list[Link]]]:
    """Return the results of a validation by shape: how grave, the shape with its message, the things that it is about."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in report.results:
        grouped[f"{SHACL}{result.severity}", result.shape].append(result.focus_node)
    reader = context.reader([], *(result.focus_node for result in report.results))
    return [
        (severity, shapes.get(shape), [reader.link(iri) for iri in dict.fromkeys(nodes)])
        for (severity, shape), nodes in sorted(
            grouped.items(), key=lambda item: (_GRAVITY.index(item[0][0]), item[0][1])
        )
    ]


_GRAVITY: Final = tuple(f"{SHACL}{name}" for name in SEVERITIES)


def _shapes_by_iri(
    reader: LabelResolver, quads: Iterable[ox.Quad], wanted: set[str]
) -> dict[str, Resource]:
    by_subject: dict[str, list[ox.Quad]] = defaultdict(list)
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value in wanted:
            by_subject[quad.subject.value].append(quad)
            if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, ox.Literal):
                labels[quad.subject.value][quad.object.language or ""] = quad.object.value
    named = reader.with_labels(labels)
    return {iri: named.resource(iri, found) for iri, found in by_subject.items()}


def quality_page(
    context: PageContext, languages: Sequence[str], health: LinkHealth
) -> dict[str, object]:
    """Return the values of the page; ``languages`` are those of pages, whose columns come first."""
    manifest = context.dataset.release.manifest
    report = report_of(context.dataset)
    quads = list(context.dataset.release.shapes())
    shapes = read_shapes(quads)
    targeted = [shape for shape in shapes.values() if shape.targets]
    claims, ways = evidence(context.dataset), bases(context.dataset)
    changed = {
        graph for past in manifest.history for graph in (*past.added, *past.removed) if graph
    }
    reader = context.reader(
        [],
        context.names.dataset,
        *changed,
        *(one.iri for one in claims),
        *(iri for iri, _ in ways),
    )
    steps = [
        (
            past,
            [
                (
                    reader.link(graph) if graph else None,
                    past.added.get(graph, 0),
                    past.removed.get(graph, 0),
                )
                for graph in sorted({*past.added, *past.removed})
            ],
        )
        for past in manifest.history
    ]
    return {
        "release": manifest,
        "conforms": report.conforms if report else None,
        "counts": {
            name: report.count(severity) if report else 0
            for name, severity in zip(("violations", "warnings", "infos"), SEVERITIES, strict=True)
        },
        "results": _results(
            context, report, _shapes_by_iri(reader, quads, {r.shape for r in report.results})
        )
        if report
        else [],
        "shapes": len(targeted),
        "rules": sum(bool(shape.path) for shape in shapes.values()),
        "checks": sum(focus_nodes(context.dataset, shape) for shape in targeted),
        "names": _languages(context, languages, LABEL_PROPERTIES),
        "descriptions": _languages(context, languages, DESCRIPTION_PROPERTIES),
        "evidence": [(reader.link(one.iri), one) for one in claims],
        "total": Evidence(
            "", sum(one.number for one in claims), sum(one.claimed for one in claims)
        ),
        "bases": [(reader.link(iri), number) for iri, number in ways],
        "checked": health,
        "states": links.STATES,
        "steps": steps,
        "title": reader.label(context.names.dataset),
    }
