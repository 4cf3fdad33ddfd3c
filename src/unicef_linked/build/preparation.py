"""From the files to what is to be published: read, derived, counted and validated."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from pyoxigraph import Quad, RdfFormat, Store, parse

from unicef_linked.build.derivation import count_published, derive, read_rules, state_rules
from unicef_linked.build.dumps import declarations, declared_prefixes
from unicef_linked.build.imports import unread_imports
from unicef_linked.build.places import Places
from unicef_linked.build.sorting import read_lines
from unicef_linked.build.sources import (
    digest_of_sources,
    label_blanks,
    load,
    name_blanks,
    restore_blanks,
    set_blanks_apart,
    statements_of,
)
from unicef_linked.build.spatial import measure
from unicef_linked.build.stages import (
    COUNTING,
    DERIVING,
    LOADING,
    READING,
    SORTING,
    VALIDATING,
)
from unicef_linked.errors import UnusableInput, raise_all
from unicef_linked.rdf.canonical import as_kept, line_of, sort_lines, without_repeats
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.causes import explain, read_statements
from unicef_linked.validation.report import make_report
from unicef_linked.validation.shacl import check
from unicef_linked.validation.vocabulary import unknown_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unicef_linked.build.derivation import Rule
    from unicef_linked.build.files import Remark
    from unicef_linked.build.sorting import Scratch
    from unicef_linked.build.sources import SourceFile
    from unicef_linked.build.stages import Stages
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release.content import Content
    from unicef_linked.validation.report import Report
    from unicef_linked.validation.shacl import Place


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


@dataclass(frozen=True, slots=True)
class Dataset:
    """What is to be published, and the files that it is made from."""

    published: Path  # sorted lines, but for the statistics
    written: _Written
    ontology: list[SourceFile]
    data: list[SourceFile]
    shapes: list[SourceFile]
    digests: dict[str, str]  # SHA-256 of the sources, by role

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of all, sorted, each once."""
        statistics = sort_lines(self.written.statistics)
        return without_repeats(heapq.merge(read_lines(self.published), statistics))


def prepare(
    content: Content, names: Names, remark: Remark, scratch: Scratch, stages: Stages
) -> Dataset:
    """Read, derive, sort and count."""
    stages.begin(READING)
    ontology, data, shapes = _load(content, names, remark, stages)
    rules = read_rules(content.rules, names)
    written = _derive((*ontology, *data), rules, names, scratch, stages)
    stages.begin(SORTING, len(written))
    published = scratch.write(scratch.sort(as_kept(stages.passing(written.lines()), {})))
    stages.begin(COUNTING, 2 * len(written))  # read twice
    statistics = count_published(
        lambda: stages.passing(read_lines(published)), names, scratch.count_distinct
    )
    digests = {
        "data": digest_of_sources(data),
        "ontology": digest_of_sources(ontology),
        "shapes": digest_of_sources(shapes),
        "rules": hashlib.sha256("".join(rule.text for rule in rules).encode()).hexdigest(),
    }
    written = replace(written, statistics=statistics)
    return Dataset(published, written, ontology, data, shapes, digests)


def validated(dataset: Dataset, names: Names, remark: Remark, stages: Stages) -> Report:
    """Return the report on a dataset, its literals as written."""
    ontology, data, written = dataset.ontology, dataset.data, dataset.written
    stages.begin(LOADING, len(written))

    def each_shape(shapes: Sequence[object]) -> Iterator[object]:
        stages.begin(VALIDATING, len(shapes))
        return stages.passing(shapes)

    place = Places((*data, *ontology), written.labelled).find
    shapes = list(statements_of(dataset.shapes))
    report = check(written, shapes, place=place, passing=stages.passing, each_shape=each_shape)
    report = _explained(report, ontology, data, place, names)
    report = replace(report, prefixes=declared_prefixes(declarations(written.lines())))
    for sentence in (*unread_imports(dataset.shapes, (*ontology, *data)), *report.remarks):
        remark(sentence)
    return report


def _derive(
    sources: Sequence[SourceFile],
    rules: Sequence[Rule],
    names: Names,
    scratch: Scratch,
    stages: Stages,
) -> _Written:
    """Return what files assert and what follows from it."""
    with_blanks: list[Quad] = []
    asserted = statements_of(stages.each(sources))
    read = scratch.write(map(line_of, set_blanks_apart(asserted, with_blanks)))
    labelled = label_blanks(with_blanks)
    made = name_blanks(labelled, names) + state_rules(rules, names)
    size = sum(1 for _ in read_lines(read))
    stages.begin(DERIVING, len(rules))
    store = Store() if size <= _IN_MEMORY else Store(scratch.new_file())
    store.bulk_load(path=read, format=RdfFormat.N_QUADS)
    store.extend(made)
    measured = measure(store, names)
    store.extend(measured)
    made_lines = scratch.write(map(line_of, chain(made, measured)))
    derived = scratch.write(map(line_of, derive(store, stages.passing(rules), names)))
    files = (read, made_lines, derived)
    size += sum(1 for path in files[1:] for _ in read_lines(path))
    return _Written(files, [], labelled, names, size)


def _explained(
    report: Report,
    ontology: Sequence[SourceFile],
    data: Sequence[SourceFile],
    place: Place,
    names: Names,
) -> Report:
    """Return a report with the terms that no vocabulary has, and causes before what follows."""
    declared = {value_of(quad.subject) for quad in statements_of(ontology)}
    unknown = []
    for result in unknown_terms(statements_of(data), declared, names) if ontology else ():
        file, line = place(result.focus_node, result.path, None)
        unknown.append(replace(result, file=file, line=line))
    both = make_report((*report.results, *unknown), report.remarks)
    return explain(both, read_statements(statements_of(data)), names) if both.results else both


def _load(content: Content, names: Names, remark: Remark, stages: Stages) -> list[list[SourceFile]]:
    """Return the files of ontology, data and shapes; errors of all are raised together."""
    loaded, errors = [], []
    for paths, role in (
        (content.ontology, "ontology"),
        (content.data, ""),
        (content.shapes, "shapes"),
    ):
        try:
            loaded.append(load(paths, names, role=role, remark=remark, each=stages.each))
        except UnusableInput as error:
            errors.append(error)
    raise_all(errors)
    return loaded
