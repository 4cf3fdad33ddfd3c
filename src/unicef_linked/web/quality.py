"""/quality: what is known of how good a release is, as the Data Quality Vocabulary and as a page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyoxigraph as ox

from unicef_linked.iris import SHACL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unicef_linked.web.site import Site
    from unicef_linked.web.vocabulary import Shape


@dataclass(frozen=True, slots=True)
class Result:
    """One sh:ValidationResult: what a shape found wrong, or would have otherwise."""

    severity: str
    focus_node: str
    path: str
    shape: str


@dataclass(frozen=True, slots=True)
class Report:
    """One sh:ValidationReport; ``conforms`` is None where nothing was validated."""

    conforms: bool | None = None
    results: tuple[Result, ...] = ()

    def failing(self, shapes: Mapping[str, Shape]) -> dict[str, set[str]]:
        """Return the nodes that do not conform by node shape: a result of a property shape is one of what holds it."""
        holders: dict[str, list[str]] = defaultdict(list)
        for shape in shapes.values():
            for part in shape.parts:
                holders[part].append(shape.iri)
        found: dict[str, set[str]] = defaultdict(set)
        for result in self.results:
            for name in holders.get(result.shape) or [result.shape]:
                found[name].add(result.focus_node)
        return dict(found)


def read_report(quads: Iterable[ox.Quad]) -> Report:
    """Return the validation report that a graph holds (SHACL, section 3.6)."""
    said: dict[object, dict[str, object]] = defaultdict(dict)
    conforms = None
    for quad in quads:
        said[quad.subject][quad.predicate.value] = quad.object
        if quad.predicate.value == f"{SHACL}conforms" and isinstance(quad.object, ox.Literal):
            conforms = quad.object.value in {"true", "1"}

    def one(node: object, name: str) -> str:
        return str(getattr(said[node].get(f"{SHACL}{name}"), "value", ""))

    results = (
        Result(one(node, "resultSeverity"), one(node, "focusNode"), one(node, "resultPath"), one(node, "sourceShape"))
        for node in list(said)
        if f"{SHACL}resultSeverity" in said[node]
    )
    return Report(conforms, tuple(sorted(results, key=lambda r: (r.severity, r.shape, r.focus_node, r.path))))


def report_of(here: Site) -> Report:
    """Return the report of a site's release."""
    path = here.release.path / "report.ttl"
    if not path.exists():
        return Report()
    return read_report(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))
