"""The builder: from files to a release, as one page."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.resources
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyoxigraph import DefaultGraph, Quad

from unicef_linked.build.derivation import count_published, derive, read_rules
from unicef_linked.build.sources import SourceFile, find_place, load, skolemize
from unicef_linked.build.spatial import measure
from unicef_linked.errors import NotConforming, UnusableInput
from unicef_linked.rdf.formats import DUMPS, JSONLD, NQUADS, TURTLE
from unicef_linked.rdf.iris import CANONICAL_BASE, Names
from unicef_linked.rdf.jsonld import make_context
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.release import (
    Manifest,
    Release,
    canonical,
    compress,
    history,
    json_bytes,
    open_release,
    write_release,
)
from unicef_linked.validation.report import Report
from unicef_linked.validation.shacl import check

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLS: Final = ("unicef-linked", "pyoxigraph", "pyshacl", "rdflib")


@dataclass(frozen=True, slots=True)
class Content:
    """Where the parts of what is published lie; ``packaged()`` gives our own."""

    data: tuple[Path, ...]
    shapes: tuple[Path, ...]
    ontology: tuple[Path, ...]
    rules: Path

    @staticmethod
    def packaged() -> Content:
        """Return the content that this package ships: inside an installed wheel, at the top of a source tree."""
        installed = Path(str(importlib.resources.files("unicef_linked"))) / "content"
        root = installed if installed.is_dir() else Path(__file__).resolve().parents[3]
        return Content((root / "data",), (root / "shapes",), (root / "ontology",), root / "rules")

    def fingerprint(self) -> str:
        """Return a digest of every file that a build of this content reads, and of the tools that read it."""
        digest = hashlib.sha256()
        for tool in TOOLS:
            digest.update(f"{tool} {_version(tool)}\n".encode())
        for root in (*self.data, *self.shapes, *self.ontology, self.rules):
            for path in (
                sorted(path for path in root.rglob("*") if path.is_file())
                if root.is_dir()
                else [root]
            ):
                digest.update(f"{path.relative_to(root)}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def _version(tool: str) -> str:
    try:
        return version(tool)
    except importlib.metadata.PackageNotFoundError:  # our own source tree, not installed
        return "0+unknown"


def validate(content: Content, context: Sequence[Path] = ()) -> Report:
    """Return the SHACL report over what the data files state and what the rules derive from them.

    ``context`` are files or folders that the data leans on and that are not what is asked about: they complete the
    data graph, but for the named graphs that the data describes itself, and results about them alone are left out.
    """
    names = Names()
    if not context:
        return _prepare(content, names).report
    own = load(content.data, names)
    described = {quad.subject for source in own for quad in source.quads}
    beside = tuple(source.path for source in load(context, names) if source.graph not in described)
    report = _prepare(replace(content, data=(*content.data, *beside)), names).report
    stated = {str(getattr(term, "value", "")) for term in described}
    return Report(tuple(r for r in report.results if r.focus_node in stated or r.value in stated))


def build(content: Content, out: Path, base_iri: str = CANONICAL_BASE) -> Release:
    """Write the release of ``content`` and return it.

    Reads, derives, validates, writes; the same files give the same bytes. Raises MalformedData or UnusableInput for
    what cannot be read and NotConforming, with the report in ``report``, for data that the shapes refuse; in each case
    an older release at ``out`` stays as it was. One that is replaced goes down in the history of the new one.
    """
    names = Names(base_iri)
    parts = _prepare(content, names)
    if not parts.report.conforms:
        raise NotConforming(parts.report.count("Violation"), parts.report)
    manifest, files = _package(parts.quads, names, union=True, conforms=True, sources=parts.digests)
    files["shapes.nq.gz"] = compress(canonical(skolemize(parts.shapes, names)))
    files["report.ttl"] = parts.report.turtle(names)
    older = None
    with contextlib.suppress(UnusableInput):
        older = open_release(out)
    past = history(older, manifest, files["dumps/dataset.nq"])
    return write_release(out, replace(manifest, history=past), files)


def snapshot(
    paths: Sequence[Path], out: Path, *, union: bool = False, base_iri: str = CANONICAL_BASE
) -> Release:
    """Write a release of any RDF as it is: nothing derived, nothing validated, blank nodes kept.

    Triples go to the default graph and quads where they say; with ``union`` the default graph is the union of all.
    """
    sources = load(paths, Names(base_iri), default_graph=True)
    quads = [quad for source in sources for quad in source.quads]
    manifest, files = _package(
        quads, Names(base_iri), union=union, conforms=None, sources={"data": _digest(sources)}
    )
    return write_release(out, manifest, files)


@dataclass(frozen=True, slots=True)
class _Parts:
    quads: list[Quad]
    shapes: list[Quad]
    report: Report
    digests: dict[str, str]


def _prepare(content: Content, names: Names) -> _Parts:
    ontology = load(content.ontology, names, role="ontology")
    data = load(content.data, names)
    shapes_files = load(content.shapes, names, role="shapes")
    rules = read_rules(content.rules, names)

    asserted = skolemize((quad for source in (*ontology, *data) for quad in source.quads), names)
    asserted += measure(asserted, names)
    quads = asserted + derive(asserted, rules, names)
    quads += count_published(quads, names)
    shapes = [quad for source in shapes_files for quad in source.quads]
    report = check(quads, shapes, place=partial(find_place, (*data, *ontology)))
    digests = {
        "data": _digest(data),
        "ontology": _digest(ontology),
        "shapes": _digest(shapes_files),
    }
    digests["rules"] = hashlib.sha256("".join(rule.text for rule in rules).encode()).hexdigest()
    return _Parts(quads, shapes, report, digests)


def _digest(sources: Sequence[SourceFile]) -> str:
    return hashlib.sha256("".join(source.sha256 for source in sources).encode()).hexdigest()


def _package(
    quads: Sequence[Quad],
    names: Names,
    *,
    union: bool,
    conforms: bool | None,
    sources: dict[str, str],
) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and the files that hold the statements."""
    nquads = canonical(quads)
    graphs: dict[str, int] = {}
    for quad in set(quads):
        name = "" if isinstance(quad.graph_name, DefaultGraph) else str(quad.graph_name.value)
        graphs[name] = graphs.get(name, 0) + 1
    manifest = Manifest(
        sha256=hashlib.sha256(nquads).hexdigest(),
        base_iri=names.base,
        quads=sum(graphs.values()),
        graphs=dict(sorted(graphs.items())),
        union=union,
        conforms=conforms,
        sources=sources,
        tools={tool: _version(tool) for tool in TOOLS},
    )
    ordered = sorted(set(quads), key=str)
    triples = sorted({quad.triple for quad in quads}, key=str)
    written = {
        NQUADS: nquads,
        TURTLE: write_rdf(
            triples if union else [q.triple for q in ordered], TURTLE.rdf, names.prefixes
        ),
        JSONLD: write_rdf(ordered, JSONLD.rdf, names.prefixes),
    }
    dumps = {name: written[kind] for name, kind in DUMPS.items()}
    dumps |= {f"{name}.gz": compress(content) for name, content in dumps.items()}
    sums = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(dumps.items())
    )
    files = {f"dumps/{name}": content for name, content in dumps.items()}
    files["dumps/SHA256SUMS"] = sums.encode()
    files["context.jsonld"] = json_bytes({"@context": make_context(ordered, names)})
    return manifest, files
