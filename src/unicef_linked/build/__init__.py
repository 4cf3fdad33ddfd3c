"""The builder: from files to a release, as one page.

May not: know a store or HTTP.
Called by: ``cli``.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode, Quad, RdfFormat

from unicef_linked.build.content import Content
from unicef_linked.build.derivation import count_published, derive, read_rules, state_rules
from unicef_linked.build.dumps import declared_prefixes, usable_prefixes, write_dataset
from unicef_linked.build.files import Remark, keep_silent, stem_of
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
from unicef_linked.build.withdrawal import warn_of_vanished
from unicef_linked.errors import NotARelease, NotConforming, UnusableInput, raise_all
from unicef_linked.rdf.canonical import as_kept, canonical_lines, sort_quads
from unicef_linked.rdf.iris import CANONICAL_BASE, DCTERMS, WELL_KNOWN_PREFIXES, Names
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.terms import value_of
from unicef_linked.rdf.topic import describe_by_dcat, find_topic
from unicef_linked.release import Manifest, Release, draft_release, open_release
from unicef_linked.release.summaries import write_summaries
from unicef_linked.release.writer import FAST
from unicef_linked.validation.causes import explain, read_statements
from unicef_linked.validation.page import check_page
from unicef_linked.validation.report import make_report
from unicef_linked.validation.shacl import check
from unicef_linked.validation.vocabulary import unknown_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
) -> Release:
    """Write the release of ``content``, signed with ``key`` if there is one, and return it.

    Reads, derives, validates, writes; the same files give the same bytes, but for the date and time
    at which the release is ``issued``: now, unless one is given. Raises MalformedData or
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
    for sentence in warn_of_vanished(older, dataset.quads) if older else ():
        remark(sentence)
    with draft_release(out) as draft:
        manifest = write_dataset(
            draft,
            dataset.quads,
            names,
            issued=issued or datetime.now(UTC),
            union=True,
            conforms=True,
            sources=dataset.digests,
        )
        shapes = sort_quads(skolemize(dataset.shapes, names))
        draft.write_gzip("shapes.nq.gz", lambda file: file.writelines(canonical_lines(shapes)))
        report = _write_report(dataset.report, names)
        draft.write("report.ttl", lambda file: file.write(report))
        write_summaries(draft, names, shapes, union=True)
        return draft.publish(manifest, older, key)


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
) -> Release:
    """Write a release of any RDF as it is: nothing derived, nothing validated, blank nodes kept.

    Triples go to the default graph and quads where they say; with ``union`` the default graph is
    the union of all. ``base_iri`` is the address that the dataset is identified by; data with IRIs
    below our own base keeps that one. With ``skip_bad`` files that cannot be read are left out.
    """
    names = Names(base_iri)
    sources = load(paths, names, as_is=True, skip_bad=skip_bad, remark=remark)
    quads, changed = as_kept(quad for source in sources for quad in source.quads)
    if changed:
        written = min(changed, key=str)
        remark(
            f"literals are kept by value: {len(changed):,} are served in another form than that of"
            f" the files, such as {written} as {changed[written]}"
        )
    is_named = any(CANONICAL_BASE in source.text for source in sources)
    names = Names(
        CANONICAL_BASE if is_named and _is_below(CANONICAL_BASE, quads) else base_iri,
        usable_prefixes(_prefixes_of(sources)),
        has_terms=False,
    )
    topic = find_topic(quads) or ""
    digests = {"data": _digest(sources)}
    with draft_release(out, compression=FAST) as draft:
        manifest = write_dataset(
            draft,
            quads,
            names,
            issued=datetime.now(UTC),
            union=union,
            conforms=None,
            sources=digests,
        )
        manifest = replace(
            manifest,
            topic=topic,
            title=stated.title or ("" if topic else _name_of(paths)),
            description=stated.description,
            license=stated.license,
        )
        for sentence in _missing(manifest, quads):
            remark(sentence)
        return draft.publish(manifest)


def _is_below(base: str, quads: Sequence[Quad]) -> bool:
    """Return whether any subject is below a base."""
    return any(
        quad.subject.value.startswith(base) for quad in quads if isinstance(quad.subject, NamedNode)
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


def _missing(manifest: Manifest, quads: Sequence[Quad]) -> Iterator[str]:
    """Yield what a user should know of a snapshot: where its statements are, what it lacks."""
    in_default = manifest.graphs.get("", 0)
    named = {name: size for name, size in manifest.graphs.items() if name}
    if named and not manifest.union:
        graphs = "1 named graph" if len(named) == 1 else f"{len(named):,} named graphs"
        remark = f"{sum(named.values()):,} statements are in {graphs}, {in_default:,} in the"
        yield f"{remark} default graph; a query reads the former by GRAPH, or with --union by itself"
    topic = [q for q in quads if q.subject == NamedNode(manifest.topic)] if manifest.topic else []
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
) -> Report:
    """Return the SHACL report over what the data files state and what the rules derive from them.

    With ``older``, the release that the data follows, ``remark`` is called with what has vanished.

    ``context`` are files or folders that the data refers to and that are not to be validated: they
    complete the data graph, but for the named graphs that the data describes itself, and results
    about them alone are left out. ``page`` is a file with the text of a source, to be compared with
    the claims of it.
    """
    names = Names()
    if page:
        report = validate(content, context, older=older, remark=remark)
        both = make_report((*report.results, *_of_page(page, content, context)), report.remarks)
        return replace(both, prefixes=report.prefixes)
    if not context:
        dataset = _prepare(content, names, remark)
        for sentence in warn_of_vanished(older, dataset.quads) if older else ():
            remark(sentence)
        return dataset.report
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
    report = replace(report, prefixes=declared_prefixes(asserted))
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
