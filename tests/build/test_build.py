"""From files to a release: what is read, derived, refused and written, and that it is the same every time."""

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
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, build, snapshot, validate
from unicef_linked.build.derivation import count_published, derive, read_rules, state_rules
from unicef_linked.build.sources import SUFFIXES, load, skolemize
from unicef_linked.errors import MalformedData, NotARelease, NotConforming, UnusableInput
from unicef_linked.rdf.iris import CANONICAL_BASE, RDF, SHACL, VOID, Names
from unicef_linked.release import HISTORY, Past, Release, history, open_release

if TYPE_CHECKING:
    from collections.abc import Callable

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
            "thing:a ul:p reg:b .",
            ":7:",
            'undeclared prefix "reg:"; did you mean "region:"?',
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
    (as_is,) = load([tmp_path], NAMES, default_graph=True)
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


def test_rules_run_in_the_order_they_ask_for_and_derive_nothing_twice(
    tiny: Callable[..., Content],
) -> None:
    first = "# after: z\nCONSTRUCT { ?s <urn:twice> ?l } WHERE { ?s <urn:seen> ?l }"
    content = tiny({"a.ttl": GOOD}, {"a": first, "z": RULE})
    rules = read_rules(content.rules, NAMES)
    assert [rule.name for rule in rules] == ["z", "a"]
    quads = [q for s in load(content.data, NAMES) for q in s.quads]
    derived = derive(quads, rules, NAMES)
    assert [(q.predicate.value, q.graph_name.value) for q in derived] == [  # type: ignore[union-attr]
        ("urn:seen", f"{CANONICAL_BASE}graph/derived/z"),
        ("urn:twice", f"{CANONICAL_BASE}graph/derived/a"),
    ]
    assert derive(quads + derived, rules, NAMES) == []


def test_a_rule_may_repeat_what_another_graph_states(tiny: Callable[..., Content]) -> None:
    again = "# repeats: all of it\nCONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    content = tiny({"a.ttl": GOOD}, {"again": again})
    quads = [q for s in load(content.data, NAMES) for q in s.quads]
    derived = derive(quads, read_rules(content.rules, NAMES), NAMES)
    assert {q.triple for q in derived} == {q.triple for q in quads}
    assert derive(quads + derived, read_rules(content.rules, NAMES), NAMES) == []


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
        derive(quads, read_rules(content.rules, NAMES), NAMES)
    assert words in str(caught.value)


# Counting


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
    published = count_published(quads, NAMES)
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
    published = count_published(quads, NAMES)
    assert count_published([*published, *quads], NAMES) == published


def test_a_class_that_is_stated_after_what_it_counts_is_counted() -> None:
    """The quads come in any order, and are read once."""
    text = f"""<urn:a> <urn:to> <urn:b> ; <urn:name> "a" . <urn:b> a <{NAMES.term("Region")}> .
      <urn:a> a <{NAMES.term("Office")}> ."""
    quads = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    statistics = set(count_published(iter(quads), NAMES))
    assert statistics == set(count_published(reversed(quads), NAMES))
    assert any(q.subject.value.endswith("/property-urn%3Ato/class-ul-Region") for q in statistics)  # type: ignore[union-attr]


def test_what_has_no_prefix_of_ours_is_counted_under_a_name_of_its_own() -> None:
    text = (
        "<urn:s> a <http://example.org/a#b>, <http://example.org/a/b>, <http://example.org/a-b> ."
    )
    published = count_published(list(ox.parse(text, format=ox.RdfFormat.TURTLE)), NAMES)
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
    again = build(Content.packaged(), tmp_path / "again")
    assert tree(again.path) == tree(release.path)
    assert again.manifest.sha256 == release.manifest.sha256


def test_a_release_is_what_its_manifest_says(release: Release) -> None:
    release.verify()
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
    with pytest.raises(NotARelease, match="SHA-256"):
        release.verify()


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
        open_release(out).verify()
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
    opened.verify()
    build(tiny({"a.ttl": GOOD}), out)
    assert replace(open_release(out).manifest, history=()) == older.manifest


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
    assert replace(later, history=()) == alone


def test_a_release_of_another_dataset_is_not_its_past(
    tiny: Callable[..., Content], tmp_path: Path
) -> None:
    build(tiny({"a.ttl": GOOD}), tmp_path / "out", "https://data.example.org/")
    assert build(tiny({"a.ttl": GOOD}), tmp_path / "out").manifest.history == ()


def test_a_history_has_an_end(tiny: Callable[..., Content], tmp_path: Path) -> None:
    older = build(tiny({"a.ttl": GOOD}), tmp_path / "out")
    many = tuple(Past(f"{number:064x}", 1, {}, {}) for number in range(HISTORY))
    long = Release(older.path, replace(older.manifest, history=many))
    newer = replace(older.manifest, sha256="f" * 64)
    found = history(long, newer, b"")
    assert len(found) == HISTORY
    assert (found[0].sha256, found[1:]) == (older.manifest.sha256, many[:-1])


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
    open_release(tmp_path / "out").verify()


def test_another_base_leaves_no_canonical_iri(tmp_path: Path) -> None:
    release = build(Content.packaged(), tmp_path / "out", "https://data.example.org/mali/")
    assert release.manifest.conforms
    for path in (*release.path.glob("*.*"), *(release.path / "dumps").glob("dataset.*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert CANONICAL_BASE.encode() not in content, path.name
    names = Names("https://data.example.org/mali/")
    assert any(q.subject == ox.NamedNode(names.entity("office", "gao")) for q in release.quads())


def test_a_snapshot_holds_any_rdf_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ttl").write_text("<urn:a> <urn:b> [ <urn:c> 1 ] .")
    (tmp_path / "in" / "b.nq").write_text("<urn:a> <urn:b> <urn:c> <urn:g> .\n")
    release = snapshot([tmp_path / "in"], tmp_path / "out")
    assert release.manifest.graphs == {"": 2, "urn:g": 1}
    assert (release.manifest.union, release.manifest.conforms) == (False, None)


@pytest.mark.parametrize("damage", ["no manifest", "broken manifest", "another layout", "no dump"])
def test_a_folder_that_is_no_release_is_told(
    tiny: Callable[..., Content], tmp_path: Path, damage: str
) -> None:
    path = build(tiny({"a.ttl": GOOD}), tmp_path / "out").path
    manifest = path / "manifest.json"
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "broken manifest":
        manifest.write_text("{")
    elif damage == "another layout":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"layout": 99}))
    else:
        shutil.rmtree(path / "dumps")
    with pytest.raises(NotARelease, match=r"build"):
        open_release(tmp_path / "out")
