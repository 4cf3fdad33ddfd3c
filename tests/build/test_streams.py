"""What is read is sorted, counted and written as streams:
the same bytes with however little memory.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
from tests.conftest import ROOT

from unicef_linked.build import Content, build, preparation, snapshot
from unicef_linked.build.sorting import Scratch
from unicef_linked.build.stages import OF_BUILD
from unicef_linked.cli import main
from unicef_linked.rdf.canonical import line_of, sort_lines, split_line
from unicef_linked.rdf.formats import JSONLD, TURTLE
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.release import dumps
from unicef_linked.release.dumps import find_dump, write_dump
from unicef_linked.validation.report import make_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from unicef_linked.build.stages import Reached
    from unicef_linked.release import Release
    from unicef_linked.validation.report import Report

PREFIXES: Final = {
    "ex": "http://example.org/",
    "exd": "http://example.org/data/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "no": "http://nowhere.example/",
    "said": "http://said.example/",
}

TEXTS: Final = {
    "nothing": "",
    "one statement": "<urn:a> <urn:b> <urn:c> .",
    "a prefix used": "<http://example.org/a> a <http://example.org/data/b> .",
    "a prefix in a literal alone": '<urn:a> <urn:b> "no:thing <http://nowhere.example/x>" .',
    "a prefix in a literal and a term": '<http://said.example/a> <urn:b> "said:a" .',
    "a datatype": '<urn:a> <urn:b> "1"^^<http://example.org/data/t> .',
    "the name of a datatype that is implied": '<urn:a> <urn:b> "xsd:string" .',
    "another one": '<urn:a> <urn:b> "rdf:langString"@en .',
    "neither": "<urn:a> <urn:b> 5 . <urn:a> <urn:c> <urn:rdf:type> .",
    "a triple in two graphs": "<urn:g> { <urn:a> <urn:b> 1 } <urn:h> { <urn:a> <urn:b> 1 }",
    "a triple in the default graph too": "<urn:a> <urn:b> 1 . <urn:h> { <urn:a> <urn:b> 1 }",
    "literals that begin with others": '<urn:a> <urn:b> "x", "x"@en, "x"@en-gb, "x y", "x"^^<urn:t> .',
    "blank nodes": "_:b1 <urn:b> _:b10 . _:b10 <urn:b> _:b1 .",
}


@pytest.mark.parametrize("union", [True, False], ids=["merged", "as they are"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_turtle_that_is_streamed_is_that_written_at_once(
    tmp_path: Path, text: str, union: bool
) -> None:
    lines = sort_lines(ox.parse(text, format=ox.RdfFormat.TRIG))
    (tmp_path / "dataset.nq").write_bytes(b"".join(lines))
    quads = list(ox.parse(b"".join(lines), format=ox.RdfFormat.N_QUADS))
    triples = [quad.triple for quad in quads]
    stream = BytesIO()
    write_dump(tmp_path / "dataset.nq", TURTLE, PREFIXES, union, stream)
    assert stream.getvalue() == write_rdf(
        set(triples) if union else triples, ox.RdfFormat.TURTLE, PREFIXES
    )
    stream = BytesIO()
    write_dump(tmp_path / "dataset.nq", JSONLD, PREFIXES, union, stream)
    assert stream.getvalue() == ox.serialize(quads, format=ox.RdfFormat.JSON_LD)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset.nq"]


@pytest.mark.parametrize(
    ("number", "run", "files"),
    [
        pytest.param(0, 3, 0, id="nothing"),
        pytest.param(3, 3, 0, id="one run"),
        pytest.param(4, 3, 1, id="a line more"),
        pytest.param(20, 3, 6, id="many runs"),
        pytest.param(5, 1, 4, id="runs of one line"),
    ],
)
def test_lines_are_sorted_with_a_run_of_them_in_memory(
    tmp_path: Path, number: int, run: int, files: int
) -> None:
    scratch = Scratch(tmp_path / "scratch", run)
    lines = [f"{7 * place % 13} é\n".encode() for place in range(number)]
    ordered = scratch.sort(lines)
    first = next(ordered, None)
    existing = list(scratch.folder.iterdir()) if scratch.folder.exists() else []
    assert len(existing) == files
    assert [*filter(None, [first]), *ordered] == sorted(set(lines))
    assert scratch.count_distinct(lines) == len(set(lines))
    assert not existing or not list(scratch.folder.iterdir())


@pytest.mark.parametrize(
    "value",
    [
        '"a"',
        '"a <urn:g>"',
        '"a <urn:g> ."@en',
        '"a _:b"^^<urn:t>',
        '"\\"  \\" \\n"',
        "<urn:o>",
        "_:b",
        '<<( <urn:a> <urn:b> "c d" )>>',
        '"a"@en--ltr',
    ],
)
@pytest.mark.parametrize("graph", ["", "<urn:g>", "_:g"])
def test_the_terms_of_a_line_are_those_that_a_parser_reads(value: str, graph: str) -> None:
    (quad,) = ox.parse(f"<urn:s> <urn:p> {value} {graph} .", format=ox.RdfFormat.N_QUADS)
    line = line_of(quad)
    terms = tuple(term.encode() for term in ("<urn:s>", "<urn:p>", value, graph))
    assert split_line(line) == terms
    assert b" ".join(filter(None, terms)) + b" .\n" == line


STAGES: Final = [
    "reading",
    "deriving",
    "sorting",
    "counting",
    "writing N-Quads",
    "loading for the shapes",
    "validating",
    "summarizing",
    "writing Turtle",
    "writing JSON-LD",
    "publishing",
]


def without_shapes(
    *_: object, each_shape: Callable[[Sequence[object]], object], **__: object
) -> Report:
    """Validate nothing."""
    each_shape(())
    return make_report([])


def files(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, by name."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_country_built_in_small_runs_is_the_same_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "check", without_shapes)
    monkeypatch.setattr("unicef_linked.build.derivation._BATCH", 50)
    monkeypatch.setattr("unicef_linked.rdf.canonical._BATCH", 70)
    packaged = Content.packaged()
    country = ROOT / "tests" / "countries" / "atlantis"
    content = Content((country,), packaged.shapes, packaged.ontology, packaged.rules)
    issued = datetime(2026, 1, 1, tzinfo=UTC)
    whole = build(content, tmp_path / "whole", issued=issued)
    monkeypatch.setattr(preparation, "_IN_MEMORY", 0)
    stages: list[Reached] = []
    small = build(content, tmp_path / "small", issued=issued, run=300, progress=stages.append)
    assert small.manifest.quads > 10 * 300
    assert files(small.path) == files(whole.path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *("whole", "small"),
        *(whole.path.name, small.path.name),
    }
    assert [name for name, _ in groupby(reached.name for reached in stages)] == STAGES
    last = {reached.name: reached for reached in stages}
    assert last["deriving"].done == last["deriving"].total
    assert all(0 <= reached.done <= reached.total or not reached.total for reached in stages)


@pytest.fixture
def served(tmp_path: Path) -> Release:
    """A folder that is served as it is."""
    (tmp_path / "a.trig").write_text(TEXTS["a triple in two graphs"] + '<urn:a> <urn:é> "b"@en .')
    return snapshot([tmp_path / "a.trig"], tmp_path / "out", union=True)


def test_no_dump_but_n_quads_is_written_before_it_is_asked_for(served: Release) -> None:
    assert {path.name for path in (served.path / "dumps").iterdir()} == {"dataset.nq", "SHA256SUMS"}
    for path in served.dumps():
        assert find_dump(served, path.name) == path
        assert path.is_file()
    statements = {quad.triple for quad in served.quads()}
    turtle = (served.path / "dumps" / "dataset.ttl").read_bytes()
    assert {q.triple for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE)} == statements
    assert find_dump(served, "dataset.rdf") is None


def test_a_dump_that_several_ask_for_is_made_once(
    served: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    make = dumps._make
    monkeypatch.setattr(dumps, "_make", lambda *given: (made.append(given[1].name), make(*given)))
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(lambda _: find_dump(served, "dataset.ttl.gz"), range(8)))
    assert paths == {served.path / "dumps" / "dataset.ttl.gz"}
    assert sorted(made) == ["dataset.ttl", "dataset.ttl.gz"]
    assert not [path for path in served.path.iterdir() if "partial" in path.name]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        pytest.param([], "", id="silent"),
        pytest.param(["--progress"], f"building: 1 of {len(OF_BUILD)}, reading", id="asked for"),
    ],
)
def test_stages_are_told_off_a_terminal_if_they_are_asked_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    first: str,
) -> None:
    monkeypatch.setattr(preparation, "check", without_shapes)
    inputs = []
    for name in ("data", "shapes", "ontology"):
        (tmp_path / f"{name}.ttl").write_text("<urn:a> <urn:b> 1 .")
        inputs.append(f"--{name}={tmp_path / name}.ttl")
    assert main(["build", *inputs, "--out", str(tmp_path / "out"), *options]) in {0, 1}
    lines = capsys.readouterr().err.splitlines()
    assert next((line for line in lines if line.startswith("building")), "") == first
    told = [line.partition(", ")[2].partition(", ")[0] for line in lines if "building" in line]
    assert told == (STAGES if options else [])
