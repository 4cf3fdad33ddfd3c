"""The builder: from files to a release, as one page.

May not: know a store or HTTP.
Called by: ``cli``.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from unicef_linked.build.derivation import (
    Rule,
    count_published,
    derive,
    read_rules,
    state_rules,
)
from unicef_linked.build.dumps import (
    declarations,
    declared_prefixes,
    usable_prefixes,
    write_dataset,
)
from unicef_linked.build.files import Remark, keep_silent, stem_of
from unicef_linked.build.imports import unread_imports
from unicef_linked.build.places import Places
from unicef_linked.build.sorting import RUN, Scratch, read_lines
from unicef_linked.build.sources import (
    SourceFile,
    label_blanks,
    load,
    name_blanks,
    restore_blanks,
    set_blanks_apart,
    skolemize,
)
from unicef_linked.build.spatial import measure
from unicef_linked.build.stages import Progress, Stages, report_nothing
from unicef_linked.build.withdrawal import warn_of_vanished
from unicef_linked.errors import NotARelease, NotConforming, UnusableInput, raise_all
from unicef_linked.rdf.canonical import as_kept, line_of, sort_lines, without_repeats
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import CANONICAL_BASE, DCTERMS, WELL_KNOWN_PREFIXES, Names
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import value_of
from unicef_linked.rdf.topic import describe_by_dcat, find_topic
from unicef_linked.release import Draft, Manifest, Release, draft_release, open_release
from unicef_linked.release.content import Content
from unicef_linked.release.lines import open_lines, parse_lines
from unicef_linked.release.summaries import write_summaries
from unicef_linked.release.writer import FAST, add_nothing
from unicef_linked.validation.causes import explain, read_statements
from unicef_linked.validation.page import check_page
from unicef_linked.validation.report import make_report
from unicef_linked.validation.shacl import check
from unicef_linked.validation.vocabulary import unknown_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unicef_linked.release.lines import SortedLines
    from unicef_linked.release.writer import Add
    from unicef_linked.validation.report import Report, Result
    from unicef_linked.validation.shacl import Place

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
    add: Add = add_nothing,
    run: int = RUN,
) -> Release:
    """Write the release of ``content``, signed with ``key`` if there is one, and return it.

    Reads, derives, validates, writes; the same files give the same bytes, but for the date and time
    at which the release is ``issued``: now, unless one is given. Raises MalformedData or
    UnusableInput for what cannot be read and NotConforming, with the report in ``report``, for data
    that the shapes refuse; in each case an older release at ``out`` stays as it was. A release that
    is replaced is recorded in the history of the new one. ``progress`` is called with the stages,
    ``add`` adds files of others to the release; ``run`` is how many statements are sorted at a time.
    """
    names = Names(base_iri)
    stages = Stages(progress, (*_PREPARING, *_WRITING.values(), _PUBLISHING))
    with draft_release(out) as draft, _scratch_of(draft, run) as scratch:
        dataset = _prepare(content, names, remark, scratch, stages)
        if not dataset.report.conforms:
            raise NotConforming(dataset.report.count("Violation"), dataset.report)
        older = None
        with contextlib.suppress(NotARelease):
            older = open_release(out)
        for sentence in _vanished(older, dataset.published):
            remark(sentence)
        manifest = write_dataset(
            draft,
            dataset.lines(),
            names,
            issued=issued or datetime.now(UTC),
            union=True,
            conforms=True,
            sources=dataset.digests,
            begin=lambda name: stages.begin(_WRITING[name]),
        )
        stages.begin(_PUBLISHING)
        shapes = skolemize(dataset.shapes, names)
        draft.write_gzip("shapes.nq.gz", lambda file: file.writelines(sort_lines(shapes)))
        report = _write_report(dataset.report, names)
        draft.write("report.ttl", lambda file: file.write(report))
        write_summaries(draft, names, shapes, union=True)
        scratch.remove()
        return draft.publish(manifest, older, key, add)


@contextmanager
def _scratch_of(draft: Draft, run: int) -> Iterator[Scratch]:
    """Give a folder within a draft, on the same disk, that goes with it if the build is killed."""
    scratch = Scratch(draft.folder / "scratch", run)
    try:
        yield scratch
    finally:
        scratch.remove()


_READING, _DERIVING, _SORTING, _COUNTING, _VALIDATING, _PUBLISHING = (
    "reading",
    "deriving",
    "sorting",
    "counting",
    "validating",
    "publishing",
)
_PREPARING: Final = (_READING, _DERIVING, _SORTING, _COUNTING, _VALIDATING)
_WRITING: Final = {name: f"writing {kind.title}" for name, kind in DUMPS.items()}


LOCAL_BASE: Final = "http://127.0.0.1:8000/"
"""Base of what a server says of data of others if it is given no address: where it listens."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a publisher says of data of others, in place of what the data says of itself."""

    title: str = ""
    description: str = ""
    license: str = ""  # an IRI


def snapshot(
    paths: Sequence[Path],
    out: Path,
    *,
    union: bool = False,
    base_iri: str = LOCAL_BASE,
    stated: Statement = Statement(),
    skip_bad: bool = False,
    remark: Remark = keep_silent,
    progress: Progress = report_nothing,
    run: int = RUN,
) -> Release:
    """Write a release of any RDF as it is: nothing derived, nothing validated, blank nodes kept.

    Triples go to the default graph and quads where they say; with ``union`` the default graph is
    the union of all. ``base_iri`` is the address that the dataset is identified by; data with IRIs
    below our own base keeps that one. With ``skip_bad`` files that cannot be read are left out.
    N-Quads are written; other dumps are made when they are asked for.
    """
    stages = Stages(progress, (_READING, _SORTING, _PUBLISHING))
    with draft_release(out, compression=FAST) as draft, _scratch_of(draft, run) as scratch:
        stages.begin(_READING)
        sources = load(paths, Names(base_iri), as_is=True, skip_bad=skip_bad, remark=remark)
        names = Names(
            CANONICAL_BASE if _is_below(CANONICAL_BASE, sources) else base_iri,
            usable_prefixes(_prefixes_of(sources)),
            has_terms=False,
        )
        changed: dict[bytes, bytes] = {}
        manifest = write_dataset(
            draft,
            scratch.sort(as_kept(map(line_of, _statements(sources)), changed)),
            names,
            issued=datetime.now(UTC),
            union=union,
            conforms=None,
            sources={"data": _digest(sources)},
            on_demand=True,
            begin=lambda _: stages.begin(_SORTING),
        )
        stages.begin(_PUBLISHING)
        if changed:
            written = min(changed)
            remark(
                f"literals are kept by value: {len(changed):,} are served in another form than that"
                f" of the files, such as {written.decode()} as {changed[written].decode()}"
            )
        with closing(open_lines(draft.folder / "dumps" / "dataset.nq")) as lines:
            topic = find_topic(lines) or ""
            manifest = replace(
                manifest,
                topic=topic,
                title=stated.title or ("" if topic else _name_of(paths)),
                description=stated.description,
                license=stated.license,
            )
            for sentence in _missing(manifest, lines):
                remark(sentence)
        scratch.remove()
        return draft.publish(manifest)


def _statements(sources: Iterable[SourceFile]) -> Iterator[Quad]:
    return chain.from_iterable(source.statements() for source in sources)


def _is_below(base: str, sources: Sequence[SourceFile]) -> bool:
    """Return whether any subject is below a base."""
    naming = [source for source in sources if base.encode() in source.content]
    return any(
        quad.subject.value.startswith(base)
        for quad in _statements(naming)
        if isinstance(quad.subject, NamedNode)
    )


def _prefixes_of(sources: Sequence[SourceFile]) -> Iterator[tuple[str, str]]:
    """Yield the prefixes that files declare; the first file that has a name is the last here."""
    for source in reversed(sources):
        for name, namespace in source.prefixes.items():
            if WELL_KNOWN_PREFIXES.get(name) != namespace:
                yield name, namespace


def _name_of(paths: Sequence[Path]) -> str:
    """Return a title by the name of a folder or file."""
    path = paths[0].resolve()
    name = path.name if path.is_dir() else stem_of(Path(path.name))
    return name.replace("_", " ").strip() or "RDF"


def _missing(manifest: Manifest, lines: SortedLines) -> Iterator[str]:
    """Yield what a user should know of a snapshot: where its statements are, what it lacks."""
    in_default = manifest.graphs.get("", 0)
    named = {name: size for name, size in manifest.graphs.items() if name}
    if named and not manifest.union:
        graphs = "1 named graph" if len(named) == 1 else f"{len(named):,} named graphs"
        remark = f"{sum(named.values()):,} statements are in {graphs}, {in_default:,} in the"
        yield f"{remark} default graph; a query reads the former by GRAPH, or with --union by itself"
    topic = parse_lines(lines.of_subject(f"<{manifest.topic}>"))
    stated = {q.predicate.value for q in describe_by_dcat(topic, manifest.base_iri)}
    lacking = []
    if not manifest.description and f"{DCTERMS}description" not in stated:
        lacking.append("description (--description)")
    if not manifest.license and f"{DCTERMS}license" not in stated:
        lacking.append("licence (--license)")
    if lacking:
        yield f"the data states of itself no {' and no '.join(lacking)}, which catalogues expect"


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
    stages = Stages(progress, _PREPARING)
    if page:
        report = validate(content, context, older=older, remark=remark, progress=progress)
        both = make_report((*report.results, *_of_page(page, content, context)), report.remarks)
        return replace(both, prefixes=report.prefixes)
    if not context:
        with _temporary(run) as scratch:
            dataset = _prepare(content, names, remark, scratch, stages)
            for sentence in _vanished(older, dataset.published):
                remark(sentence)
            return dataset.report
    own = load(content.data, names)
    described = {quad.subject for quad in _statements(own)}
    others = tuple(source.path for source in load(context, names) if source.graph not in described)
    content = replace(content, data=(*content.data, *others))
    with _temporary(run) as scratch:
        report = _prepare(content, names, remark, scratch, stages).report
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


@contextmanager
def _temporary(run: int) -> Iterator[Scratch]:
    with tempfile.TemporaryDirectory(prefix="unicef-linked-") as folder:
        yield Scratch(Path(folder), run)


def _vanished(older: Release | None, published: Path) -> Iterator[str]:
    """Yield what is to be said of entities that ``older`` has and the published lines lack."""
    if older is not None:
        with closing(open_lines(published)) as lines:
            yield from warn_of_vanished(older, lines)


def _of_page(page: Path, content: Content, context: Sequence[Path]) -> list[Result]:
    """Return what the text of a source does not say that claims of it do, with their places."""
    names = Names()
    try:
        text = page.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{page} cannot be read: {error.strerror}") from None
    own = load(content.data, names)
    described = {quad.subject for quad in _statements(own)}
    others = (source for source in load(context, names) if source.graph not in described)
    sources = (*own, *others) if context else tuple(own)
    place = Places(sources).find
    located = []
    for result in check_page(_statements(sources), text, names):
        file, line = place(result.focus_node, result.path)
        located.append(replace(result, file=file, line=line))
    return located


@dataclass(frozen=True, slots=True)
class _Dataset:
    """What is to be published, with the report about it."""

    published: Path  # sorted lines, but for the statistics
    statistics: list[bytes]  # sorted lines
    shapes: list[Quad]
    report: Report
    digests: dict[str, str]  # SHA-256 of the sources, by role

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all, sorted, each once."""
        return without_repeats(heapq.merge(read_lines(self.published), self.statistics))


@dataclass(frozen=True, slots=True)
class _Written(Collection[Quad]):
    """Statements as written, read from files each time: the data graph that the shapes see."""

    files: tuple[Path, ...]
    statistics: list[Quad]
    labelled: list[Quad]  # see restore_blanks
    names: Names
    size: int

    def lines(self) -> Iterator[bytes]:
        """Yield the lines, but for the statistics."""
        return chain.from_iterable(map(read_lines, self.files))

    def __iter__(self) -> Iterator[Quad]:
        quads = chain.from_iterable(map(_read_quads, self.files))
        return restore_blanks(chain(quads, self.statistics), self.labelled, self.names)

    def __len__(self) -> int:
        return self.size + len(self.statistics)

    def __contains__(self, quad: object) -> bool:
        return any(quad == other for other in self)


def _read_quads(path: Path) -> Iterator[Quad]:
    with path.open("rb") as file:
        yield from parse(file, format=RdfFormat.N_QUADS)


_IN_MEMORY: Final = 4_000_000
"""Most asserted statements that rules are run over in memory, where each takes some 400 bytes, as
does each that follows; on disk rules take twice as long."""


def _prepare(
    content: Content, names: Names, remark: Remark, scratch: Scratch, stages: Stages
) -> _Dataset:
    """Read, derive and validate."""
    stages.begin(_READING)
    ontology, data, shapes_files = _load(content, names, remark)
    rules = read_rules(content.rules, names)
    labelled, written = _derive((*ontology, *data), rules, names, scratch, stages)
    stages.begin(_SORTING, len(written))
    published = scratch.write(scratch.sort(as_kept(stages.passing(written.lines()), {})))
    stages.begin(_COUNTING, 2 * len(written))  # read twice
    statistics = count_published(
        lambda: stages.passing(read_lines(published)), names, scratch.count_distinct
    )
    written = replace(written, statistics=statistics)
    shapes = [quad for source in shapes_files for quad in source.quads]
    place = Places((*data, *ontology), labelled).find
    stages.begin(_VALIDATING)
    # Literals are validated as written, and published as the engine keeps them.
    report = check(written, shapes, place=place)
    report = _explained(report, ontology, data, place, names)
    report = replace(report, prefixes=declared_prefixes(declarations(written.lines())))
    for sentence in (*unread_imports(shapes_files, (*ontology, *data)), *report.remarks):
        remark(sentence)
    digests = {
        "data": _digest(data),
        "ontology": _digest(ontology),
        "shapes": _digest(shapes_files),
        "rules": hashlib.sha256("".join(rule.text for rule in rules).encode()).hexdigest(),
    }
    return _Dataset(published, sort_lines(statistics), shapes, report, digests)


def _derive(
    sources: Sequence[SourceFile],
    rules: Sequence[Rule],
    names: Names,
    scratch: Scratch,
    stages: Stages,
) -> tuple[list[Quad], _Written]:
    """Return what files assert and what follows from it, as files of lines.

    With it those statements that have blank nodes.
    """
    with_blanks: list[Quad] = []
    read = scratch.write(map(line_of, set_blanks_apart(_statements(sources), with_blanks)))
    labelled = label_blanks(with_blanks)
    made = name_blanks(labelled, names) + state_rules(rules, names)
    size = sum(1 for _ in read_lines(read))
    stages.begin(_DERIVING, len(rules))
    store = Store() if size <= _IN_MEMORY else Store(scratch.new_file())
    store.bulk_load(path=read, format=RdfFormat.N_QUADS)
    store.extend(made)
    measured = measure(store, names)
    store.extend(measured)
    made_lines = scratch.write(map(line_of, chain(made, measured)))
    derived = scratch.write(map(line_of, derive(store, stages.passing(rules), names)))
    files = (read, made_lines, derived)
    size += sum(1 for path in files[1:] for _ in read_lines(path))
    return labelled, _Written(files, [], labelled, names, size)


def _explained(
    report: Report,
    ontology: Sequence[SourceFile],
    data: Sequence[SourceFile],
    place: Place,
    names: Names,
) -> Report:
    """Return a report with the terms that no vocabulary has, and causes before what follows."""
    declared = {value_of(quad.subject) for quad in _statements(ontology)}
    unknown = []
    for result in unknown_terms(_statements(data), declared, names) if ontology else ():
        file, line = place(result.focus_node, result.path, None)
        unknown.append(replace(result, file=file, line=line))
    both = make_report((*report.results, *unknown), report.remarks)
    return explain(both, read_statements(_statements(data)), names) if both.results else both


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
