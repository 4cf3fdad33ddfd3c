"""Releases of any RDF as it is: nothing derived, nothing validated, blank nodes kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.build.dumps import usable_prefixes, write_dataset
from unicef_linked.build.files import Remark, keep_silent, stem_of
from unicef_linked.build.sorting import RUN, scratch_of
from unicef_linked.build.sources import digest_of_sources, load, statements_of
from unicef_linked.build.stages import (
    PUBLISHING,
    READING,
    SORTING,
    Progress,
    Stages,
    report_nothing,
)
from unicef_linked.rdf.canonical import as_kept, line_of
from unicef_linked.rdf.iris import CANONICAL_BASE, DCTERMS, WELL_KNOWN_PREFIXES, Names
from unicef_linked.rdf.topic import describe_by_dcat, find_topic
from unicef_linked.release import Manifest, Release, draft_release
from unicef_linked.release.lines import open_lines, parse_lines
from unicef_linked.release.writer import FAST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.build.sources import SourceFile
    from unicef_linked.release.lines import SortedLines


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
    the union of all. ``base_iri`` identifies the dataset; data with IRIs below our own base keeps
    that one. With ``skip_bad`` files that cannot be read are left out. Of the dumps N-Quads are
    written; the others are made when they are asked for.
    """
    stages = Stages(progress, (READING, SORTING, PUBLISHING))
    with draft_release(out, compression=FAST) as draft:
        stages.begin(READING)
        sources = load(paths, Names(base_iri), as_is=True, skip_bad=skip_bad, remark=remark)
        stages.begin(SORTING)
        with scratch_of(draft.folder, run) as scratch:
            manifest = write_dataset(
                draft,
                scratch.sort(_kept_lines(sources, remark)),
                _names_of(sources, base_iri),
                issued=datetime.now(UTC),
                union=union,
                conforms=None,
                sources={"data": digest_of_sources(sources)},
                on_demand=True,
            )
        stages.begin(PUBLISHING)
        with closing(open_lines(draft.folder / "dumps" / "dataset.nq")) as lines:
            manifest = _with_description(manifest, lines, stated, title=_title_of(paths))
            _remark_missing(manifest, lines, remark)
        return draft.publish(manifest)


def _names_of(sources: Sequence[SourceFile], base_iri: str) -> Names:
    """Return the names of a dataset, with the prefixes of its files."""
    base = CANONICAL_BASE if _is_below(CANONICAL_BASE, sources) else base_iri
    return Names(base, usable_prefixes(_prefixes_of(sources)), has_terms=False)


def _with_description(
    manifest: Manifest, lines: SortedLines, stated: Statement, title: str
) -> Manifest:
    """Return a manifest with what the dataset is about, and what the publisher states of it.

    ``title`` is for a dataset of which nobody states one.
    """
    topic = find_topic(lines) or ""
    return replace(
        manifest,
        topic=topic,
        title=stated.title or ("" if topic else title),
        description=stated.description,
        license=stated.license,
    )


def _kept_lines(sources: Sequence[SourceFile], remark: Remark) -> Iterator[bytes]:
    """Yield the statements as the engine keeps them; remark at the end what that has changed."""
    changed: dict[bytes, bytes] = {}
    yield from as_kept(map(line_of, statements_of(sources)), changed)
    if changed:
        written = min(changed)
        remark(
            f"literals are kept by value: {len(changed):,} are served in another form than that"
            f" of the files, such as {written.decode()} as {changed[written].decode()}"
        )


def _is_below(base: str, sources: Sequence[SourceFile]) -> bool:
    """Return whether any subject is below a base."""
    naming = [source for source in sources if base.encode() in source.content]
    return any(
        quad.subject.value.startswith(base)
        for quad in statements_of(naming)
        if isinstance(quad.subject, NamedNode)
    )


def _prefixes_of(sources: Sequence[SourceFile]) -> Iterator[tuple[str, str]]:
    """Yield the prefixes that files declare; the first file that has a name is the last here."""
    for source in reversed(sources):
        for name, namespace in source.prefixes.items():
            if WELL_KNOWN_PREFIXES.get(name) != namespace:
                yield name, namespace


def _title_of(paths: Sequence[Path]) -> str:
    """Return a title by the name of a folder or file."""
    path = paths[0].resolve()
    name = path.name if path.is_dir() else stem_of(Path(path.name))
    return name.replace("_", " ").strip() or "RDF"


def _remark_missing(manifest: Manifest, lines: SortedLines, remark: Remark) -> None:
    """Remark what a user should know of a snapshot: where its statements are, what it lacks."""
    in_default = manifest.graphs.get("", 0)
    named = {name: size for name, size in manifest.graphs.items() if name}
    if named and not manifest.union:
        graphs = "1 named graph" if len(named) == 1 else f"{len(named):,} named graphs"
        remark(
            f"{sum(named.values()):,} statements are in {graphs}, {in_default:,} in the default"
            " graph; a query reads the former by GRAPH, or with --union by itself"
        )
    topic = parse_lines(lines.of_subject(f"<{manifest.topic}>"))
    stated = {q.predicate.value for q in describe_by_dcat(topic, manifest.base_iri)}
    lacking = []
    if not manifest.description and f"{DCTERMS}description" not in stated:
        lacking.append("description (--description)")
    if not manifest.license and f"{DCTERMS}license" not in stated:
        lacking.append("licence (--license)")
    if lacking:
        remark(f"the data states of itself no {' and no '.join(lacking)}, which catalogues expect")
