"""The builder: from files to a release, as one page.

May not: know a store or HTTP.
Called by: ``cli``.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad, RdfFormat

from unicef_linked.build.content import Content
from unicef_linked.build.derivation import count_published, derive, read_rules, state_rules
from unicef_linked.build.dumps import write_dataset
from unicef_linked.build.files import Remark, keep_silent
from unicef_linked.build.imports import unread_imports
from unicef_linked.build.places import Places
from unicef_linked.build.sources import (
    SourceFile,
    label_blanks,
    load,
    name_blanks,
    restore_blanks,
    skolemize,
)
from unicef_linked.build.spatial import measure
from unicef_linked.errors import NotARelease, NotConforming, UnusableInput, raise_all
from unicef_linked.rdf.canonical import as_kept, canonical_lines, sort_quads
from unicef_linked.rdf.iris import CANONICAL_BASE, Names
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import value_of
from unicef_linked.release import Release, draft_release, open_release
from unicef_linked.validation.causes import explain, read_statements
from unicef_linked.validation.page import check_page
from unicef_linked.validation.report import make_report
from unicef_linked.validation.shacl import check
from unicef_linked.validation.vocabulary import unknown_terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unicef_linked.validation.report import Report, Result
    from unicef_linked.validation.shacl import Place

__all__ = ["Content", "build", "snapshot", "validate"]


def build(
    content: Content,
    out: Path,
    base_iri: str = CANONICAL_BASE,
    *,
    key: Ed25519PrivateKey | None = None,
    remark: Remark = keep_silent,
) -> Release:
    """Write the release of ``content``, signed with ``key`` if there is one, and return it.

    Reads, derives, validates, writes; the same files give the same bytes. Raises MalformedData or
    UnusableInput for what cannot be read and NotConforming, with the report in ``report``, for data
    that the shapes refuse; in each case an older release at ``out`` stays as it was. A release that
    is replaced is recorded in the history of the new one.
    """
    names = Names(base_iri)
    dataset = _prepare(content, names, remark)
    if not dataset.report.conforms:
        raise NotConforming(dataset.report.count("Violation"), dataset.report)
    older = None
    with contextlib.suppress(NotARelease):
        older = open_release(out)
    with draft_release(out) as draft:
        manifest = write_dataset(
            draft, dataset.quads, names, union=True, conforms=True, sources=dataset.digests
        )
        shapes = sort_quads(skolemize(dataset.shapes, names))
        draft.write_gzip("shapes.nq.gz", lambda file: file.writelines(canonical_lines(shapes)))
        report = _write_report(dataset.report, names)
        draft.write("report.ttl", lambda file: file.write(report))
        return draft.publish(manifest, older, key)


def snapshot(
    paths: Sequence[Path],
    out: Path,
    *,
    union: bool = False,
    base_iri: str = CANONICAL_BASE,
    remark: Remark = keep_silent,
) -> Release:
    """Write a release of any RDF as it is: nothing derived, nothing validated, blank nodes kept.

    Triples go to the default graph and quads where they say; with ``union`` the default graph is
    the union of all.
    """
    names = Names(base_iri)
    sources = load(paths, names, default_graph=True, remark=remark)
    quads, changed = as_kept(quad for source in sources for quad in source.quads)
    if changed:
        written = min(changed, key=str)
        remark(
            f"literals are kept by value: {len(changed):,} are served in another form than that of"
            f" the files, such as {written} as {changed[written]}"
        )
    digests = {"data": _digest(sources)}
    with draft_release(out) as draft:
        manifest = write_dataset(draft, quads, names, union=union, conforms=None, sources=digests)
        return draft.publish(manifest)


def validate(
    content: Content,
    context: Sequence[Path] = (),
    *,
    page: Path | None = None,
    remark: Remark = keep_silent,
) -> Report:
    """Return the SHACL report over what the data files state and what the rules derive from them.

    ``context`` are files or folders that the data refers to and that are not to be validated: they
    complete the data graph, but for the named graphs that the data describes itself, and results
    about them alone are left out. ``page`` is a file with the text of a source, to be compared with
    the claims of it.
    """
    names = Names()
    if page:
        report = validate(content, context, remark=remark)
        return make_report((*report.results, *_of_page(page, content, context)), report.remarks)
    if not context:
        return _prepare(content, names, remark).report
    own = load(content.data, names)
    described = {quad.subject for source in own for quad in source.quads}
    others = tuple(source.path for source in load(context, names) if source.graph not in described)
    report = _prepare(replace(content, data=(*content.data, *others)), names, remark).report
    stated = {term.value for term in described if isinstance(term, NamedNode)}
    files = {str(source.path) for source in own}
    results = (
        result
        for result in report.results
        if result.focus_node in stated
        or result.value in stated
        or (result.focus_node.startswith("_:") and result.file in files)
    )
    return replace(report, results=tuple(results))


def _of_page(page: Path, content: Content, context: Sequence[Path]) -> list[Result]:
    """Return what the text of a source does not say that claims of it do, with their places."""
    names = Names()
    try:
        text = page.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{page} cannot be read: {error.strerror}") from None
    own = load(content.data, names)
    described = {quad.subject for source in own for quad in source.quads}
    others = (source for source in load(context, names) if source.graph not in described)
    sources = (*own, *others) if context else tuple(own)
    place = Places(sources).find
    located = []
    for result in check_page((quad for source in sources for quad in source.quads), text, names):
        file, line = place(result.focus_node, result.path)
        located.append(replace(result, file=file, line=line))
    return located


@dataclass(frozen=True, slots=True)
class _Dataset:
    """What is to be published, with the report about it."""

    quads: list[Quad]
    shapes: list[Quad]
    report: Report
    digests: dict[str, str]  # SHA-256 of the sources, by role


def _prepare(content: Content, names: Names, remark: Remark) -> _Dataset:
    """Read, derive and validate."""
    ontology, data, shapes_files = _load(content, names, remark)
    rules = read_rules(content.rules, names)

    labelled = label_blanks(quad for source in (*ontology, *data) for quad in source.quads)
    asserted = name_blanks(labelled, names)
    asserted += state_rules(rules, names)
    asserted += measure(asserted, names)
    written = asserted + derive(asserted, rules, names)
    quads, _ = as_kept(written)
    statistics = count_published(quads, names)
    shapes = [quad for source in shapes_files for quad in source.quads]
    place = Places((*data, *ontology), labelled).find
    # Literals are validated as written, and published as the engine keeps them.
    report = check(restore_blanks(written + statistics, labelled, names), shapes, place=place)
    report = _explained(report, ontology, data, place, names)
    for sentence in (*unread_imports(shapes_files, (*ontology, *data)), *report.remarks):
        remark(sentence)
    digests = {
        "data": _digest(data),
        "ontology": _digest(ontology),
        "shapes": _digest(shapes_files),
        "rules": hashlib.sha256("".join(rule.text for rule in rules).encode()).hexdigest(),
    }
    return _Dataset(quads + statistics, shapes, report, digests)


def _explained(
    report: Report,
    ontology: Sequence[SourceFile],
    data: Sequence[SourceFile],
    place: Place,
    names: Names,
) -> Report:
    """Return a report with the terms that no vocabulary has, and causes before what follows."""
    quads = [quad for source in data for quad in source.quads]
    declared = {value_of(quad.subject) for source in ontology for quad in source.quads}
    unknown = []
    for result in unknown_terms(quads, declared, names) if ontology else ():
        file, line = place(result.focus_node, result.path, None)
        unknown.append(replace(result, file=file, line=line))
    both = make_report((*report.results, *unknown), report.remarks)
    return explain(both, read_statements(quads), names) if both.results else both


def _load(content: Content, names: Names, remark: Remark) -> list[list[SourceFile]]:
    """Return the files of ontology, data and shapes; errors of all are raised together."""
    loaded, errors = [], []
    for paths, role in (
        (content.ontology, "ontology"),
        (content.data, ""),
        (content.shapes, "shapes"),
    ):
        try:
            loaded.append(load(paths, names, role=role, remark=remark))
        except UnusableInput as error:
            errors.append(error)
    raise_all(errors)
    return loaded


def _write_report(report: Report, names: Names) -> bytes:
    """Return a report as Turtle, with the names that the release has for blank nodes."""
    quads = name_blanks([Quad(*triple) for triple in report.triples(names)], names)
    return write_rdf([quad.triple for quad in quads], RdfFormat.TURTLE, names.prefixes)


def _digest(sources: Sequence[SourceFile]) -> str:
    return hashlib.sha256("".join(source.sha256 for source in sources).encode()).hexdigest()
