"""How a release conforms to its shapes: its report, and the nodes that each shape is about."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyoxigraph as ox

from unicef_linked.rdf.iris import RDFS
from unicef_linked.validation.report import Report, read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.dataset.vocabulary import Shape


def failing_nodes(report: Report, shapes: Mapping[str, Shape]) -> dict[str, set[str]]:
    """Return the nodes that do not conform, by node shape: a result of a property shape is one of what holds it.

    Advice does not count, as it does not for the release.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for shape in shapes.values():
        for part in shape.parts:
            holders[part].append(shape.iri)
    found: dict[str, set[str]] = defaultdict(set)
    for result in report.results:
        if result.severity != "Violation":
            continue
        for name in holders.get(result.shape) or [result.shape]:
            found[name].add(result.focus_node)
    return dict(found)


def report_of(dataset: PublishedDataset) -> Report | None:
    """Return the report of the release; None where nothing was validated."""
    path = dataset.release.path / "report.ttl"
    if not path.exists():
        return None
    return read_report(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))


def focus_nodes(dataset: PublishedDataset, shape: Shape) -> int:
    """Return how many things of the release a shape is about (SHACL, section 2.1.3)."""
    patterns = []
    for kind, iri in shape.targets:
        node = ox.NamedNode(iri)
        patterns.append(
            {
                "class": f"{{ ?s a/<{RDFS}subClassOf>* {node} }}",
                "subjects": f"{{ ?s {node} ?o }}",
                "objects": f"{{ ?o {node} ?s }}",
                "node": f"{{ VALUES ?s {{ {node} }} }}",
            }[kind]
        )
    return (
        dataset.counted(f"SELECT DISTINCT ?s {{ {' UNION '.join(patterns)} }}") if patterns else 0
    )
