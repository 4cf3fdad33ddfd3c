"""From files to a release: what is read, derived, refused and written,
and that it is the same every time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, build, snapshot, validate
from unicef_linked.build.derivation import count_published, derive, read_rules, state_rules
from unicef_linked.build.sources import SUFFIXES, load, skolemize
from unicef_linked.errors import MalformedData, NotARelease, NotConforming, UnusableInput
from unicef_linked.rdf.canonical import sort_lines
from unicef_linked.rdf.iris import CANONICAL_BASE, RDF, SHACL, VOID, Names
from unicef_linked.release import (
    PreviousRelease,
    Release,
    open_release,
    open_whole_release,
    verify,
)
from unicef_linked.release.dumps import find_dump
from unicef_linked.release.history import MOST_STEPS, extend_history
from unicef_linked.release.lines import SortedLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAMES: Final = Names()
PREFIXES: Final = """PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX thing: <https://w3id.org/unicef-linked/id/thing/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX ulsh: <https://w3id.org/unicef-linked/shapes#>
"""
SHAPES: Final = (
    PREFIXES
    + """
ulsh:ThingShape a sh:NodeShape ; sh:targetClass ul:Thing ; sh:property ulsh:ThingShape-label, ulsh:ThingShape-note .
ulsh:ThingShape-label sh:path rdfs:label ; sh:minCount 1 ; sh:severity sh:Violation ;
  sh:message "Add a label."@en, "Ajoutez un libellé."@fr .
ulsh:ThingShape-note sh:path rdfs:comment ; sh:minCount 1 ; sh:severity sh:Warning ;
  sh:message "Consider a comment."@en, "Pensez à un commentaire."@fr .
"""
)
GOOD: Final = PREFIXES + '\nthing:a\n    a ul:Thing ;\n    rdfs:label "a"@en ;\n.\n'
BAD: Final = PREFIXES + "\n# no label\nthing:b\n    a ul:Thing ;\n.\n"
RULE: Final = (
    "CONSTRUCT { ?s <urn:seen> ?l } WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l }"
)


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Content]:
    """Return content made of small texts: data by file name, rules by name."""

    def make(
        data: dict[str, str], rules: dict[str, str] | None = None, shapes: str = SHAPES
    ) -> Content:
        root = tmp_path / f"content-{len(list(tmp_path.iterdir()))}"
        for name, text in {
            **{f"data/{name}": text for name, text in data.items()},
            **{f"rules/{name}.rq": text for name, text in (rules or {}).items()},
            "shapes/shapes.ttl": shapes,
            "ontology/ontology.ttl": PREFIXES + "ul:Thing a rdfs:Class .",
        }.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Content((root / "data",), (root / "shapes",), (root / "ontology",), root / "rules")

    return make


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


# Reading


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("thing:a a ul:Thing\n\nthing:b ul:x", ":8:", "", id="a missing point"),
        pytest.param(
            "thing:a ul:p tihng:b .",
            ":7:",
            'undeclared prefix "tihng:"; did you mean "thing:"?',
            id="a prefix misspelt",
        ),
        pytest.param(
            "thing:a ul:p skos:b .",
            ":7:",
            "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>",
            id="a prefix forgotten",
        ),
        pytest.param("thing:a ul:p zzzzz:b .", ":7:", "declare it", id="a prefix nobody knows"),
    ],
)
def test_turtle_that_does_not_parse_is_told_by_file_line_and_remedy(
    tmp_path: Path, text: str, place: str, words: str
) -> None:
    path = tmp_path / "bad.ttl"
    path.write_text(
        PREFIXES.replace("PREFIX rdfs", "\nPREFIX rdfs", 1) + text
        if place == ":8:"
        else PREFIXES + "\n" + text
    )
    with pytest.raises(MalformedData) as caught:
        load([path], NAMES)
    assert str(caught.value).startswith(str(path))
    assert caught.value.line is not None
    assert words in str(caught.value)


def test_a_file_that_is_not_utf_8_is_told_by_line(tmp_path: Path) -> None:
    (tmp_path / "latin.ttl").write_bytes(
        '<urn:a> <urn:b> "x" .\n<urn:a> <urn:b> "é" .'.encode("latin-1")
    )
    with pytest.raises(MalformedData, match=r"latin\.ttl:2: .*UTF-8"):
        load([tmp_path], NAMES)


def test_a_folder_without_rdf_and_a_path_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing")
    with pytest.raises(UnusableInput, match="holds no RDF"):
        load([tmp_path], NAMES)
    with pytest.raises(UnusableInput, match="does not exist"):
        load([tmp_path / "none"], NAMES)
    with pytest.raises(UnusableInput, match="not a file of RDF"):
        load([tmp_path / "readme.txt"], NAMES)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_told(tmp_path: Path, what: str) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    path = tmp_path / "secret.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> .")
    (path if what == "file" else tmp_path).chmod(0)
    script = f"""import os; os.setuid(65534)
import pathlib
from unicef_linked.build.sources import load
from unicef_linked.rdf.iris import Names
try: load([pathlib.Path({str(tmp_path)!r})], Names())
except Exception as error: print(type(error).__name__, error)"""
    # The source tree may lie where that user cannot look: everything is imported before.
    code = f"import unicef_linked.build\n{script}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    tmp_path.chmod(0o755)
    assert done.stdout.startswith("UnusableInput"), done
    assert "permission denied" in done.stdout.lower()


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_suffix_is_read(tmp_path: Path, suffix: str) -> None:
    quad = ox.Quad(
        ox.NamedNode("urn:a"), ox.NamedNode("http://example.org/b"), ox.Literal("é", language="fr")
    )
    path = tmp_path / f"file{suffix}"
    content = ox.serialize([quad], format=SUFFIXES[suffix])
    assert content is not None
    path.write_bytes(content)
    (source,) = load([tmp_path], NAMES)
    assert [q.triple for q in source.quads] == [quad.triple]
    assert source.quads[0].graph_name == ox.NamedNode(f"{CANONICAL_BASE}graph/file")
    (as_is,) = load([tmp_path], NAMES, as_is=True)
    assert as_is.quads == (quad,)


def test_each_file_is_a_named_graph_and_quads_stay_where_they_say(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.trig").write_text(
        "<urn:a> <urn:b> <urn:c> . GRAPH <urn:g> { <urn:d> <urn:e> <urn:f> }"
    )
    (source,) = load([tmp_path], NAMES)
    assert {q.graph_name.value for q in source.quads} == {f"{CANONICAL_BASE}graph/sub/a", "urn:g"}  # type: ignore[union-attr]


def test_the_line_of_a_subject_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(GOOD)
    (source,) = load([tmp_path], NAMES)
    assert source.line_of(f"{CANONICAL_BASE}id/thing/a") == GOOD.splitlines().index("thing:a") + 1
    assert source.line_of("urn:none") is None


def test_blank_nodes_get_the_same_names_every_time_and_files_keep_theirs_apart(
    tmp_path: Path,
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.ttl").write_text(
            f"<urn:{name}> <urn:p> [ <urn:q> 1 ] . _:x <urn:name> '{name}' ."
        )
    runs = [
        skolemize([q for s in load([tmp_path], NAMES) for q in s.quads], NAMES) for _ in range(2)
    ]
    assert sorted(map(str, runs[0])) == sorted(map(str, runs[1]))
    nodes = {q.subject for q in runs[0] if q.predicate.value == "urn:name"}
    assert len(nodes) == 2
    assert all(str(node).startswith(f"<{CANONICAL_BASE}.well-known/genid/") for node in nodes)


# Deriving


def stored(quads: Iterable[ox.Quad]) -> ox.Store:
    """Return a store that holds some quads."""
    store = ox.Store()
    store.extend(quads)
    return store


def test_rules_run_in_the_order_they_ask_for_and_derive_nothing_twice(
    tiny: Callable[..., Content],
) -> None:
    first = "# after: z\nCONSTRUCT { ?s <urn:twice> ?l } WHERE { ?s <urn:seen> ?l }"
    content = tiny({"a.ttl": GOOD}, {"a": first, "z": RULE})
    rules = read_rules(content.rules, NAMES)
    assert [rule.name for rule in rules] == ["z", "a"]
    quads = [q for s in load(content.data, NAMES) for q in s.quads]
    store = stored(quads)
    derived = list(derive(store, rules, NAMES))
    assert [(q.predicate.value, q.graph_name.value) for q in derived] == [  # type: ignore[union-attr]
        ("urn:seen", f"{CANONICAL_BASE}graph/derived/z"),
        ("urn:twice", f"{CANONICAL_BASE}graph/derived/a"),
    ]
    assert set(store) == {*quads, *derived}
    assert list(derive(store, rules, NAMES)) == []


def test_a_rule_may_repeat_what_another_graph_states(tiny: Callable[..., Content]) -> None:
    again = "# repeats: all of it\nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    content = tiny({"a.ttl": GOOD}, {"again": again})
    quads = [q for s in load(content.data, NAMES) for q in s.quads]
    store, rules = stored(quads), read_rules(content.rules, NAMES)
    derived = derive(store, rules, NAMES)
    assert {q.triple for q in derived} == {q.triple for q in quads}


def test_the_text_of_a_rule_stands_in_the_graph_that_it_derives(
    tiny: Callable[..., Content],
) -> None:
    rules = read_rules(tiny({"a.ttl": GOOD}, {"z": RULE}).rules, NAMES)
    [quad] = state_rules(rules, NAMES)
    assert quad.subject.value == f"{CANONICAL_BASE}id/rule/z"  # type: ignore[union-attr]
    assert (quad.object.value, quad.graph_name.value) == (  # type: ignore[union-attr]
        RULE,
        f"{CANONICAL_BASE}graph/derived/z",
    )


@pytest.mark.parametrize(
    ("rules", "error", "words"),
    [
        ({"a": "# after: none\n" + RULE}, UnusableInput, "'none', which is not a rule"),
        (
            {"a": "# after: b\n" + RULE, "b": "# after: a\n" + RULE},
            UnusableInput,
            "wait for each other",
        ),
        ({"a": "SELECT * { ?s ?p ?o }"}, MalformedData, "is a CONSTRUCT query"),
        ({"a": "CONSTRUCT {\n ?s ?p } WHERE {}"}, MalformedData, "a.rq:2:"),
        ({"a": "CONSTRUCT { [] ?p ?o } WHERE { ?s ?p ?o }"}, MalformedData, "blank nodes"),
    ],
    ids=["after nothing", "in a circle", "not a CONSTRUCT", "does not parse", "makes blank nodes"],
)
def test_a_rule_that_cannot_be_used_is_told(
    tiny: Callable[..., Content], rules: dict[str, str], error: type[Exception], words: str
) -> None:
    content = tiny({"a.ttl": GOOD}, rules)
    quads = [q for s in load(content.data, NAMES) for q in s.quads]
    with pytest.raises(error) as caught:
        list(derive(stored(quads), read_rules(content.rules, NAMES), NAMES))
    assert words in str(caught.value)


# Counting


def counted(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Return the statistics of some quads."""
    lines = sort_lines(quads)
    return count_published(lambda: lines, NAMES)


@pytest.mark.parametrize(
    ("graphs", "stated"),
    [
        pytest.param(["a"], 1, id="in one graph"),
        pytest.param(["a", "b"], 1, id="in two graphs"),
        pytest.param(
            ["a", "derived/statistics"], 1, id="in another graph and in that of the statistics"
        ),
        pytest.param(["derived/statistics"], 0, id="in the graph of the statistics alone"),
        pytest.param([], 0, id="nowhere"),
    ],
)
def test_a_triple_counts_once_and_not_in_the_graph_of_the_statistics(
    graphs: list[str], stated: int
) -> None:
    subject, predicate, value = (
        ox.NamedNode("urn:s"),
        ox.NamedNode(f"{RDF}type"),
        ox.NamedNode("urn:o"),
    )
    quads = (ox.Quad(subject, predicate, value, ox.NamedNode(NAMES.graph(name))) for name in graphs)
    published = counted(quads)
    counts = {
        q.predicate.value: q.object.value for q in published if q.subject.value == NAMES.dataset
    }  # type: ignore[union-attr]
    for name in (
        "triples",
        "entities",
        "classes",
        "properties",
        "distinctSubjects",
        "distinctObjects",
    ):
        assert counts[f"{VOID}{name}"] == str(stated), name
    assert len([q for q in published if q.predicate.value == f"{VOID}class"]) == stated


def test_the_statistics_that_a_graph_already_holds_change_nothing() -> None:
    text = "<urn:a> a <urn:Thing> ; <urn:b> 5 ."
    quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    published = counted(quads)
    assert counted([*published, *quads]) == published


def test_a_class_that_is_stated_after_what_it_counts_is_counted() -> None:
    text = f"""<urn:a> <urn:to> <urn:b> ; <urn:name> "a" . <urn:b> a <{NAMES.term("Region")}> .
      <urn:a> a <{NAMES.term("Office")}> ."""
    quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    statistics = set(counted(quads))
    assert any(q.subject.value.endswith("/property-urn%3Ato/class-ul-Region") for q in statistics)  # type: ignore[union-attr]


def test_what_has_no_prefix_of_ours_is_counted_under_a_name_of_its_own() -> None:
    text = (
        "<urn:s> a <http://example.org/a#b>, <http://example.org/a/b>, <http://example.org/a-b> ."
    )
    published = counted(list(ox.parse(text, format=ox.RdfFormat.TURTLE)))
    partitions = {q.subject for q in published if str(q.object).startswith("<http://example.org/a")}
    assert len(partitions) == 3


# Validating


def test_a_report_names_file_line_and_what_to_do_in_both_languages(
    tiny: Callable[..., Content],
) -> None:
    report = validate(tiny({"good.ttl": GOOD, "sub/bad.ttl": BAD}))
    violation = report.results[0]
    assert not report.conforms
    assert violation.severity == "Violation"
    assert violation.focus_node == f"{CANONICAL_BASE}id/thing/b"
    assert violation.file.endswith("sub/bad.ttl")
    assert violation.line == BAD.splitlines().index("thing:b") + 1
    assert (violation.message("en"), violation.message("fr")) == (
        "Add a label.",
        "Ajoutez un libellé.",
    )


def test_advice_does_not_stop_a_build(tiny: Callable[..., Content], tmp_path: Path) -> None:
    report = validate(tiny({"good.ttl": GOOD}))
    assert report.conforms
    assert (report.count("Violation"), report.count("Warning")) == (0, 1)


def test_a_report_is_a_graph_without_blank_nodes(tiny: Callable[..., Content]) -> None:
    report = validate(tiny({"bad.ttl": BAD}))
    quads = list(ox.parse(report.turtle(NAMES), format=ox.RdfFormat.TURTLE))
    assert not any(isinstance(term, ox.BlankNode) for q in quads for term in (q.subject, q.object))
    assert sum(q.predicate.value.endswith("shacl#result") for q in quads) == len(report.results)


def test_shapes_that_say_nothing_are_not_taken_for_success(tiny: Callable[..., Content]) -> None:
    with pytest.raises(UnusableInput, match="shapes graph is empty"):
        validate(tiny({"a.ttl": GOOD}, shapes="# nothing"))


UNUSABLE: Final = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX ex: <http://example.org/>
ex:Shape a sh:NodeShape ; sh:targetSubjectsOf rdfs:label ; """


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("sh:property [ sh:path ex:a, ex:b ; sh:minCount 1 ] .", "more than one 'sh:path'"),
        (
            'sh:sparql [ sh:select "SELECT $this { $this ex:p ?o }" ] .',
            "Unknown namespace prefix : ex, in the query",
        ),
        ('sh:sparql [ sh:select "SELECT $this { $this }" ] .', "Expected SelectQuery"),
        ("sh:minLength 1, 2 .", "sh:minLength"),
    ],
    ids=["two paths", "undeclared prefix", "no query", "two lengths"],
)
def test_shapes_that_break_the_rules_are_told_by_what_they_say(
    tiny: Callable[..., Content], rest: str, words: str
) -> None:
    """SHACL, section 3.4: failures; no report may come of them."""
    with pytest.raises(UnusableInput, match=f"the shapes cannot be used: .*{re.escape(words)}"):
        validate(tiny({"a.ttl": GOOD}, shapes=UNUSABLE + rest))


def test_a_file_is_checked_in_the_context_of_the_packaged_dataset(tmp_path: Path) -> None:
    packaged = Content.packaged()
    original = (packaged.data[0] / "mali" / "staff.ttl").read_text(encoding="utf-8")
    changed = tmp_path / "staff.ttl"
    changed.write_text(
        original.replace("sosa:hasSimpleResult 14", "sosa:hasSimpleResult 15"), encoding="utf-8"
    )
    report = validate(
        Content((changed,), packaged.shapes, packaged.ontology, packaged.rules), packaged.data
    )
    assert not report.conforms
    assert {r.file for r in report.results if r.severity == "Violation"} <= {str(changed), ""}
    assert any("staff-gao" in r.focus_node for r in report.results)


# Writing


def test_two_builds_give_the_same_bytes(release: Release, tmp_path: Path) -> None:
    again = build(Content.packaged(), tmp_path / "again", issued=release.manifest.instant)
    assert tree(again.path) == tree(release.path)
    assert again.manifest.sha256 == release.manifest.sha256


def test_a_release_is_what_its_manifest_says(release: Release) -> None:
    assert verify(release.path) == []
    content = (release.path / "dumps" / "dataset.nq").read_bytes()
    assert hashlib.sha256(content).hexdigest() == release.manifest.sha256
    lines = content.decode().splitlines(keepends=True)
    assert lines == sorted(set(lines))
    assert len(lines) == release.manifest.quads == sum(release.manifest.graphs.values())
    assert release.manifest.conforms is True


def test_the_sums_of_the_dumps_hold(release: Release) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=release.path / "dumps", check=False
    )
    assert done.returncode == 0
    for path in release.dumps():
        if path.suffix == ".gz":
            assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def test_nothing_published_is_a_blank_node_but_the_paths_and_lists_of_the_shapes(
    release: Release,
) -> None:
    report = ox.parse((release.path / "report.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    for quad in (*release.quads(), *report):
        assert not isinstance(quad.subject, ox.BlankNode)
        assert not isinstance(quad.object, ox.BlankNode)
    parts = {f"{SHACL}inversePath", f"{RDF}first", f"{RDF}rest"}
    assert {
        q.predicate.value for q in release.shapes() if isinstance(q.subject, ox.BlankNode)
    } <= parts


def test_a_changed_byte_is_noticed(tiny: Callable[..., Content], tmp_path: Path) -> None:
    release = build(tiny({"a.ttl": GOOD}), tmp_path / "out")
    dump = release.path / "dumps" / "dataset.nq"
    dump.write_bytes(dump.read_bytes().replace(b'"a"', b'"b"'))
    with pytest.raises(NotARelease, match=r"dumps/dataset\.nq: has SHA-256"):
        open_whole_release(tmp_path / "out")


def test_data_that_does_not_conform_leaves_the_older_release_as_it_was(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    build(tiny({"a.ttl": GOOD}), out)
    before = tree(out)
    for worse in ({"a.ttl": BAD}, {"a.ttl": GOOD + "oops"}):
        with pytest.raises((NotConforming, MalformedData)):
            build(tiny(worse), out)
        assert tree(out) == before
        assert verify(out) == []
    assert sorted(p.name for p in tmp_path.glob(".*")) == []


def test_a_newer_release_takes_the_place_of_the_older_which_stays_beside_it(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    older = build(tiny({"a.ttl": GOOD}), out)
    opened = open_release(out)
    newer = build(tiny({"a.ttl": GOOD.replace('"a"', '"aa"')}), out)
    assert out.is_symlink()
    assert open_release(out).path == newer.path != older.path
    assert verify(opened.path) == []
    build(tiny({"a.ttl": GOOD}), out)
    assert replace(open_release(out).manifest, history=()) == older.manifest


# Building again, and being killed


def moments(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the inode and time of change of each file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in (folder, *folder.rglob("*"))
    }


def test_the_same_release_built_again_is_not_touched(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    older = build(tiny({"a.ttl": GOOD}), out)
    before = moments(older.path)
    build(tiny({"a.ttl": GOOD.replace('"a"', '"b"')}), out)
    again = build(tiny({"a.ttl": GOOD}), out)
    assert open_release(out).path == again.path == older.path
    assert moments(older.path) == before
    assert again.manifest == older.manifest


@pytest.mark.parametrize("name", ["dumps/dataset.nq", "dumps/dataset.ttl.gz", "context.jsonld"])
@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_damaged_release_is_built_again_beside_it(
    tiny: Callable[..., Content], tmp_path: Path, name: str, damage: str
) -> None:
    out = tmp_path / "out"
    older = build(tiny({"a.ttl": GOOD}), out)
    content = tree(older.path)
    path = older.path / name
    if damage == "changed":
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    else:
        path.unlink()
    newer = build(tiny({"a.ttl": GOOD}), out, issued=older.manifest.instant)
    assert newer.path.name == f"{older.path.name}-2"
    assert tree(open_release(out).path) == content
    assert build(tiny({"a.ttl": GOOD}), out).path == newer.path


def test_the_same_statements_with_other_shapes_are_another_release(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    """A server may have opened the older one, whose pages are laid out by its shapes."""
    out = tmp_path / "out"
    older = build(tiny({"a.ttl": GOOD}), out)
    before = moments(older.path)
    newer = build(tiny({"a.ttl": GOOD}, shapes=SHAPES.replace("Add", "Give")), out)
    assert older.manifest.sha256 == newer.manifest.sha256
    assert open_release(out).path == newer.path != older.path
    assert moments(older.path) == before
    assert b"Give a label." in gzip.decompress((newer.path / "shapes.nq.gz").read_bytes())


class Killed(BaseException):
    """The end of the process."""


@pytest.mark.parametrize("newer", ["the same", "other statements", "damaged"])
def test_a_build_that_is_killed_at_any_step_leaves_a_whole_release(
    tiny: Callable[..., Content], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer: str
) -> None:
    out = tmp_path / "out"
    older = build(tiny({"a.ttl": GOOD}), out)
    expected = tree(older.path)
    if newer == "damaged":
        (older.path / "context.jsonld").unlink()
    content = tiny({"a.ttl": GOOD if newer != "other statements" else GOOD.replace('"a"', '"b"')})
    steps, last = 0, 0

    def counting(step: Callable[..., object]) -> Callable[..., object]:
        def stand_in(*arguments: object, **options: object) -> object:
            nonlocal steps
            steps += 1
            if steps >= last:  # what is killed runs nothing more
                raise Killed
            return step(*arguments, **options)

        return stand_in

    with monkeypatch.context() as patched:
        for name in ("rename", "replace", "symlink", "unlink", "rmdir", "fsync"):
            patched.setattr(os, name, counting(getattr(os, name)))
        patched.setattr(shutil, "rmtree", counting(shutil.rmtree))
        while True:
            steps, last = 0, last + 1
            try:
                build(content, out)
            except Killed:
                killed_at, last = last, sys.maxsize  # what looks at the outcome goes on
                release = open_release(out)
                if newer == "damaged":  # until the new one is there, that one is what there is
                    assert {fault.part for fault in verify(release.path)} <= {"context.jsonld"}
                else:
                    assert verify(release.path) == []
                last = killed_at
                continue
            break
    assert last > 8
    assert tree(open_release(out).path) == expected or newer == "other statements"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_what_killed_builds_left_behind_is_removed_and_that_of_running_ones_is_not(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        for process in (ended.pid, os.getpid(), running.pid):
            for name in (".out", ".out.0123456789ab", ".out.other", ".another"):
                (tmp_path / f"{name}.partial-{process}" / "dumps").mkdir(parents=True)
            (tmp_path / f".out.0123456789ab.partial-{process}.old").mkdir()
            (tmp_path / f".out.partial-{process}.link").symlink_to("nowhere")
        build(tiny({"a.ttl": GOOD}), tmp_path / "out")
        running.communicate(b"\n")
    left = {path.name for path in tmp_path.glob(".*")}
    assert left == {
        *(f".out.other.partial-{process}" for process in (ended.pid, os.getpid(), running.pid)),
        *(f".another.partial-{process}" for process in (ended.pid, os.getpid(), running.pid)),
        f".out.partial-{running.pid}",
        f".out.partial-{running.pid}.link",
        f".out.0123456789ab.partial-{running.pid}",
        f".out.0123456789ab.partial-{running.pid}.old",
    }


# What came before


def test_a_release_tells_what_came_before_it_and_what_each_step_changed(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    out, graph = tmp_path / "out", NAMES.graph("a")
    first = build(tiny({"a.ttl": GOOD}), out).manifest
    second = build(tiny({"a.ttl": GOOD + 'thing:a rdfs:comment "1"@en, "2"@en .'}), out).manifest
    third = build(tiny({"a.ttl": GOOD.replace('"a"', '"b"')}), out).manifest
    assert first.history == ()
    assert [past.sha256 for past in third.history] == [second.sha256, first.sha256]
    assert third.history[1] == second.history[0]
    assert (second.history[0].name, second.history[0].quads) == (first.name, first.quads)
    assert (second.history[0].added[graph], second.history[0].removed.get(graph)) == (2, None)
    assert (third.history[0].added[graph], third.history[0].removed[graph]) == (1, 3)
    for older, newer in ((first, second), (second, third)):
        step = newer.history[0]
        assert older.quads + sum(step.added.values()) - sum(step.removed.values()) == newer.quads
    assert open_release(out).manifest == third


def test_an_unchanged_release_is_no_step_and_keeps_its_history(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    build(tiny({"a.ttl": GOOD}), out)
    newer = build(tiny({"a.ttl": GOOD.replace('"a"', '"b"')}), out)
    before = tree(newer.path)
    again = build(tiny({"a.ttl": GOOD.replace('"a"', '"b"')}), out)
    assert len(again.manifest.history) == 1
    assert tree(again.path) == before


def test_the_hash_of_a_release_does_not_depend_on_what_came_before(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    build(tiny({"a.ttl": GOOD.replace('"a"', '"b"')}), tmp_path / "out")
    later, alone = (
        build(tiny({"a.ttl": GOOD}), tmp_path / name).manifest for name in ("out", "alone")
    )
    assert later.sha256 == alone.sha256
    assert len(later.history) == 1
    assert replace(later, history=(), issued=alone.issued) == alone


def test_a_release_of_another_dataset_is_not_its_past(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    build(tiny({"a.ttl": GOOD}), tmp_path / "out", "https://data.example.org/")
    assert build(tiny({"a.ttl": GOOD}), tmp_path / "out").manifest.history == ()


def test_a_history_has_an_end(tiny: Callable[..., Content], tmp_path: Path) -> None:
    older = build(tiny({"a.ttl": GOOD}), tmp_path / "out")
    many = tuple(
        PreviousRelease(f"{number:064x}", "2024-01-01T00:00:00Z", 1, {}, {})
        for number in range(MOST_STEPS)
    )
    long = Release(older.path, replace(older.manifest, history=many))
    newer = replace(older.manifest, sha256="f" * 64)
    steps = extend_history(long, newer, SortedLines(b""))
    assert len(steps) == MOST_STEPS
    assert (steps[0].sha256, steps[1:]) == (older.manifest.sha256, many[:-1])


def test_a_step_of_the_history_counts_what_each_graph_gained_and_lost(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    older = build(tiny({"a.ttl": GOOD}), tmp_path / "out")
    lines = older.dataset.read_bytes().splitlines(keepends=True)
    newer = replace(older.manifest, sha256="f" * 64)
    changed = sorted([*lines[1:], b"<urn:z> <urn:p> <urn:g> .\n"])
    (step,) = extend_history(older, newer, SortedLines(b"".join(changed)))
    assert (step.added, sum(step.removed.values())) == ({"": 1}, 1)
    (step,) = extend_history(older, newer, SortedLines(b""))
    assert step.removed == older.manifest.graphs


@pytest.mark.parametrize("what", ["a file", "a folder with other things"])
def test_what_is_not_ours_is_not_overwritten(
    tiny: Callable[..., Content], tmp_path: Path, what: str
) -> None:
    out = tmp_path / "out"
    mine = out if what == "a file" else out / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(UnusableInput, match="out"):
        build(tiny({"a.ttl": GOOD}), out)
    assert mine.read_text() == "mine"


def test_an_empty_folder_may_become_a_release(tiny: Callable[..., Content], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    build(tiny({"a.ttl": GOOD}), tmp_path / "out")
    assert verify(tmp_path / "out") == []


def test_a_snapshot_holds_any_rdf_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ttl").write_text("<urn:a> <urn:b> [ <urn:c> 1 ] .")
    (tmp_path / "in" / "b.nq").write_text("<urn:a> <urn:b> <urn:c> <urn:g> .\n")
    release = snapshot([tmp_path / "in"], tmp_path / "out")
    assert release.manifest.graphs == {"": 2, "urn:g": 1}
    assert (release.manifest.union, release.manifest.conforms) == (False, None)


def test_prefixes_that_the_data_declares_are_those_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "in.ttl").write_text("""
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        <urn:o> sh:declare [ sh:prefix "isle" ; sh:namespace "https://isles.example/" ] ,
            [ sh:prefix "no prefix" ; sh:namespace "https://a.example/" ] ,
            [ sh:prefix "relative" ; sh:namespace "isles/" ] ,
            [ sh:prefix "without" ] .
        <https://isles.example/skye> a <https://isles.example/Isle> .
    """)
    release = snapshot([tmp_path / "in.ttl"], tmp_path / "out")
    assert release.manifest.prefixes == {"isle": "https://isles.example/"}
    assert release.names.shorten("https://isles.example/skye") == "isle:skye"
    turtle = find_dump(release, "dataset.ttl")
    assert turtle is not None
    assert "isle:skye a isle:Isle" in turtle.read_text()


DAMAGED_MANIFESTS: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "not JSON": lambda _: "{",
    "an array": lambda _: [],
    "another layout": lambda manifest: manifest | {"layout": 99},
    "no layout": lambda manifest: {k: v for k, v in manifest.items() if k != "layout"},
    "a key missing": lambda manifest: {k: v for k, v in manifest.items() if k != "quads"},
    "a key too many": lambda manifest: manifest | {"colour": "blue"},
    "a value of another type": lambda manifest: manifest | {"graphs": 5},
    "a history that is not a list": lambda manifest: manifest | {"history": 5},
    "a step that is not an object": lambda manifest: manifest | {"history": [5]},
    "a step with a key missing": lambda manifest: manifest | {"history": [{"sha256": "0"}]},
}


@pytest.mark.parametrize("damage", DAMAGED_MANIFESTS)
def test_a_manifest_that_cannot_be_read_is_refused_with_the_reason(
    tiny: Callable[..., Content], tmp_path: Path, damage: str
) -> None:
    path = build(tiny({"a.ttl": GOOD}), tmp_path / "out").path / "manifest.json"
    changed = DAMAGED_MANIFESTS[damage](json.loads(path.read_text()))
    path.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(NotARelease, match=r"out is not a release: .*manifest\.json .*build"):
        open_release(tmp_path / "out")


@pytest.mark.parametrize("missing", ["manifest.json", "dumps"])
def test_a_folder_that_is_no_release_is_told(
    tiny: Callable[..., Content], tmp_path: Path, missing: str
) -> None:
    path = build(tiny({"a.ttl": GOOD}), tmp_path / "out").path / missing
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(NotARelease, match=r"build"):
        open_release(tmp_path / "out")
