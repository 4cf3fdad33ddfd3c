"""The builder: from files to a release, as one page.

May not: know a store or HTTP.
Called by: ``cli``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode, Quad, RdfFormat

from unicef_linked.build.dumps import write_dataset, write_other_dump
from unicef_linked.build.files import Remark, keep_silent
from unicef_linked.build.places import Places
from unicef_linked.build.preparation import prepare, validated
from unicef_linked.build.snapshots import LOCAL_BASE, Statement, snapshot
from unicef_linked.build.sorting import RUN, scratch_of, temporary_scratch
from unicef_linked.build.sources import load, name_blanks, skolemize, statements_of
from unicef_linked.build.stages import (
    INDEXING,
    INDEXING_NAMES,
    OF_BUILD,
    OF_VALIDATION,
    PUBLISHING,
    SUMMARIZING,
    WRITING_NQUADS,
    WRITING_OTHERS,
    Progress,
    Stages,
    report_nothing,
)
from unicef_linked.build.tasks import Task, Tasks
from unicef_linked.build.withdrawal import warn_of_vanished
from unicef_linked.errors import NotARelease, NotConforming, UnusableInput
from unicef_linked.processes import Passing
from unicef_linked.rdf.canonical import sort_lines
from unicef_linked.rdf.iris import CANONICAL_BASE, Names
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.release import Draft, Manifest, Release, draft_release, open_release
from unicef_linked.release.content import Content
from unicef_linked.release.engine_index import LARGE, index_name, write_index
from unicef_linked.release.kept import kept_releases
from unicef_linked.release.lines import open_lines
from unicef_linked.release.positions import POSITIONS, write_positions
from unicef_linked.release.summaries import write_summaries
from unicef_linked.validation.page import check_page
from unicef_linked.validation.report import make_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unicef_linked.build.preparation import Dataset
    from unicef_linked.build.sources import SourceFile
    from unicef_linked.rdf.terms import Term
    from unicef_linked.validation.report import Report, Result

Add = Callable[[Release, Sequence[Release], Passing[Quad]], object]
"""A function that adds an index to a release, of which the earlier ones are given, and what counts
the statements that it takes."""
AddExports = Callable[[Release], object]
"""A function that adds the exports to a release that has the engine's index."""

__all__ = ["LOCAL_BASE", "Content", "Statement", "build", "snapshot", "validate"]


def build(
    content: Content,
    out: Path,
    base_iri: str = CANONICAL_BASE,
    *,
    issued: datetime | None = None,
    key: Ed25519PrivateKey | None = None,
    remark: Remark = keep_silent,
    progress: Progress = report_nothing,
    add: Add | None = None,
    add_exports: AddExports | None = None,
    run: int = RUN,
) -> Release:
    """Write the release of ``content``, signed with ``key`` if there is one, and return it.

    Reads, derives, validates, writes; the same files give the same bytes, but for the date and time
    at which the release is ``issued``: now, unless one is given. Raises MalformedData or
    UnusableInput for what cannot be read and NotConforming, with the report in ``report``, for data
    that the shapes refuse; in each case an older release at ``out`` stays as it was. A release that
    is replaced is recorded in the history of the new one. ``progress`` is called with the stages,
    ``add`` and ``add_exports`` for a large release; ``run`` statements are sorted at a time.
    """
    names = Names(base_iri)
    stages = Stages(progress, OF_BUILD)
    with draft_release(out) as draft:
        older = _release_at(out)
        with scratch_of(draft.folder, run) as scratch:
            dataset = prepare(content, names, remark, scratch, stages)
            manifest = _write_nquads(draft, dataset, names, issued or datetime.now(UTC), stages)
            _write_shapes(draft, dataset, names)
            with Tasks(_other_tasks(draft, manifest, older, add, add_exports)) as tasks:
                report = _conforming_report(dataset, names, remark, stages)
                _remark_vanished(older, dataset, remark)
                turtle = _as_turtle(report, names)
                draft.write("report.ttl", lambda file: file.write(turtle))
                for sums in tasks.finish(stages):
                    draft.sums.update(sums or {})
        stages.begin(PUBLISHING)
        return draft.publish(manifest, older, key)


def _release_at(out: Path) -> Release | None:
    """Return the release that is to be replaced, if one is there."""
    try:
        return open_release(out)
    except NotARelease:
        return None


def _write_nquads(
    draft: Draft, dataset: Dataset, names: Names, issued: datetime, stages: Stages
) -> Manifest:
    """Write the dump that all others are made of."""
    stages.begin(WRITING_NQUADS, len(dataset.written))
    return write_dataset(
        draft,
        stages.passing(dataset.lines()),
        names,
        issued=issued,
        union=True,
        conforms=True,  # else it is not published
        sources=dataset.digests,
    )


def _write_shapes(draft: Draft, dataset: Dataset, names: Names) -> None:
    """Write the shapes of a dataset."""
    shapes = skolemize(statements_of(dataset.shapes), names)
    draft.write_gzip("shapes.nq.gz", lambda file: file.writelines(sort_lines(shapes)))


def _other_tasks(
    draft: Draft,
    manifest: Manifest,
    older: Release | None,
    add: Add | None,
    add_exports: AddExports | None,
) -> Iterator[Task]:
    """Yield what needs no report: counts, other dumps, and indexes if the statements are many."""
    release = Release(draft.folder, manifest)
    size, prefixes = manifest.quads, dict(release.names.prefixes)
    yield Task(SUMMARIZING, 3 * size, _write_summaries, (draft, release))
    for name, stage in WRITING_OTHERS.items():
        yield Task(stage, size, write_other_dump, (draft, name, manifest, prefixes))
    if size < LARGE:
        return
    yield Task(INDEXING, size, _write_index, (release, add_exports))
    if add is not None:
        kept = kept_releases(older) if older else ()
        earlier = [each for each in kept if each.manifest.name != manifest.name]
        yield Task(INDEXING_NAMES, 2 * size, add, (release, earlier))


def _write_summaries(draft: Draft, release: Release, passing: Passing[bytes]) -> None:
    """Write the counts that pages show."""
    union = release.manifest.union
    write_summaries(draft, release.names, release.shapes(), union=union, passing=passing)


def _write_index(release: Release, add_exports: AddExports | None, passing: Passing[Quad]) -> None:
    """Write the engine's index and positions into a release, and the exports that need both."""
    folder = release.path / index_name()
    write_index(release.dataset, folder, release.manifest.union, passing)
    write_positions(release.dataset, release.path / POSITIONS)
    if add_exports is not None:
        add_exports(release)


def _conforming_report(dataset: Dataset, names: Names, remark: Remark, stages: Stages) -> Report:
    """Return the report over a dataset; raises NotConforming if it has a violation."""
    report = validated(dataset, names, remark, stages)
    if not report.conforms:
        raise NotConforming(report.count("Violation"), report)
    return report


def validate(
    content: Content,
    context: Sequence[Path] = (),
    *,
    older: Release | None = None,
    page: Path | None = None,
    remark: Remark = keep_silent,
    progress: Progress = report_nothing,
    run: int = RUN,
) -> Report:
    """Return the SHACL report over what the data files state and what the rules derive from them.

    With ``older``, the release that the data follows, ``remark`` is called with what has vanished.

    ``context`` are files or folders that the data refers to and that are not to be validated: they
    complete the data graph, but for the named graphs that the data describes itself, and results
    about them alone are left out. ``page`` is a file with the text of a source, to be compared with
    the claims of it.
    """
    names = Names()
    stages = Stages(progress, OF_VALIDATION)
    own = load(content.data, names) if context else []
    described = {quad.subject for quad in statements_of(own)}
    others = [source for source in load(context, names) if source.graph not in described]
    content = replace(content, data=(*content.data, *(source.path for source in others)))
    with temporary_scratch(run) as scratch:
        dataset = prepare(content, names, remark, scratch, stages)
        report = validated(dataset, names, remark, stages)
        if not context:
            _remark_vanished(older, dataset, remark)
    if context:
        report = _about(report, own, described)
    if page:
        sources = (*own, *others) or load(content.data, names)
        results = (*report.results, *_of_page(page, sources, names))
        report = replace(make_report(results, report.remarks), prefixes=report.prefixes)
    return report


def _about(report: Report, sources: Sequence[SourceFile], described: Collection[Term]) -> Report:
    """Return a report without the results that are about none of some files."""
    stated = {term.value for term in described if isinstance(term, NamedNode)}
    files = {str(source.path) for source in sources}
    results = (
        result
        for result in report.results
        if result.focus_node in stated
        or result.value in stated
        or (result.focus_node.startswith("_:") and result.file in files)
    )
    return replace(report, results=tuple(results))


def _remark_vanished(older: Release | None, dataset: Dataset, remark: Remark) -> None:
    """Remark what a dataset lacks of the entities that the release before it has."""
    if older is not None:
        with closing(open_lines(dataset.published)) as lines:
            for sentence in warn_of_vanished(older, lines):
                remark(sentence)


def _of_page(page: Path, sources: Sequence[SourceFile], names: Names) -> Iterator[Result]:
    """Yield what the text of a source does not say that claims of it do, with their places."""
    try:
        text = page.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{page} cannot be read: {error.strerror}") from None
    place = Places(sources).find
    for result in check_page(statements_of(sources), text, names):
        file, line = place(result.focus_node, result.path)
        yield replace(result, file=file, line=line)


def _as_turtle(report: Report, names: Names) -> bytes:
    """Return a report as Turtle, with the names that the release has for blank nodes."""
    quads = name_blanks([Quad(*triple) for triple in report.triples(names)], names)
    return write_rdf([quad.triple for quad in quads], RdfFormat.TURTLE, names.prefixes)
