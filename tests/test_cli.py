"""The command line: exit statuses, one clear sentence for each fault,
and answers in every format.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.cli import COMMANDS, main
from unicef_linked.cli.export import DUMPS
from unicef_linked.rdf.iris import CANONICAL_BASE, Names
from unicef_linked.release import open_release

if TYPE_CHECKING:
    from tests.conftest import Server

    from unicef_linked.release import Release

ROOT: Final = Path(__file__).resolve().parents[1]
OFFICES: Final = """PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?office ?label { ?office a ul:ZoneOffice ; skos:prefLabel ?label FILTER(LANG(?label) = "fr") } ORDER BY ?office"""


class Run:
    """What a command gave back."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    def sentence(self) -> str:
        """Return the one sentence on standard error;
        fail on anything that looks like a traceback.
        """
        assert "Traceback" not in self.err
        lines = self.err.strip().splitlines()
        assert lines
        return lines[-1]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], capfdbinary: None = None) -> object:
    """Run a command in this process."""

    def call(*arguments: str | Path) -> Run:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as error:
            status = int(str(error.code))
        done = capsys.readouterr()
        return Run(status, done.out, done.err)

    return call


def command(*arguments: str | Path, **environment: str) -> Run:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "unicef_linked", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the packaged data, to break; without the divisions, which are most of it."""
    divisions = shutil.ignore_patterns("divisions")
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=divisions)
    return tmp_path / "data"


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that stands in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


FAULTS: Final = [
    # a missing French label
    (
        "mali/offices.ttl",
        '"Bureau de zone de Gao"@fr',
        '"Gao office"@en-GB',
        r"offices\.ttl:\d+: .*office:gao · skos:prefLabel",
    ),
    # a code that its scheme does not have
    (
        "reference/iso-3166-2.ttl",
        '"ML-7"',
        '"ML-777X"',
        r"region:gao · skos:notation · value 'ML-777X'",
    ),
    # a date more exact than the page
    (
        "mali/offices.ttl",
        '"2013"^^xsd:gYear',
        '"2013-01-01"^^xsd:date',
        r"offices\.ttl:\d+: .*office:gao · ul:openedOn · value '2013-01-01'",
    ),
    # fewer than nobody
    (
        "mali/staff.ttl",
        "sosa:hasSimpleResult 14",
        "sosa:hasSimpleResult -14",
        r"staff\.ttl:\d+: .* · value '-14'",
    ),
    # a region that is not there
    (
        "mali/offices.ttl",
        "region:menaka",
        "region:nowhere",
        r"office:gao · ul:coversRegion · value '.*/region/nowhere'",
    ),
]


def test_every_fault_in_the_data_is_told_at_once_and_stops_the_build(
    broken: Path, tmp_path: Path, run: object
) -> None:
    for file, old, new, _ in FAULTS:
        replace(broken / file, old, new)
    done = run("build", "--data", broken, "--out", tmp_path / "out")  # type: ignore[operator]
    assert done.status == 1
    assert [told for _, _, _, told in FAULTS if not re.search(told, done.err)] == []
    assert re.search(r"\nunicef-linked: .* \d+ violations; nothing was written\n$", done.err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            "region:menaka",
            "reigon:menaka",
            'undeclared prefix "reigon:"; did you mean "region:"?',
            id="an unknown prefix",
        ),
        pytest.param(
            "a ul:ZoneOffice ;", "a ul:ZoneOffice", "offices.ttl:", id="Turtle that does not parse"
        ),
    ],
)
def test_data_that_cannot_be_read_stops_the_build(
    broken: Path, tmp_path: Path, run: object, old: str, new: str, words: str
) -> None:
    replace(broken / "mali" / "offices.ttl", old, new)
    done = run("build", "--data", broken, "--out", tmp_path / "out")  # type: ignore[operator]
    assert done.status == 2
    assert words in done.err
    assert done.sentence().startswith("unicef-linked: ")
    assert not (tmp_path / "out").exists()


def test_validate_tells_an_editor_where_and_what_in_both_languages(broken: Path) -> None:
    replace(broken / "mali" / "offices.ttl", '"Bureau de zone de Gao"@fr', '"Gao office"@en-GB')
    # The shapes of the fault are enough here.
    options = ("--shapes", ROOT / "shapes" / "labels.ttl", "--ontology", ROOT / "ontology")
    offices = broken / "mali" / "offices.ttl"
    english = command("validate", offices, *options, LC_ALL="C.UTF-8")
    french = command("validate", offices, *options, LC_ALL="fr_FR.UTF-8")
    assert english.status == french.status == 1
    assert re.search(r"mali/offices\.ttl:\d+: Violation: office:gao", english.out)
    assert "French label" in english.out
    assert "libellé français" in french.out
    assert "does not conform" in english.out


@pytest.mark.parametrize("style", ["text", "turtle", "json"])
def test_validate_reports_in_each_format(run: object, style: str) -> None:
    sectors, shapes = (
        ROOT / "data" / "mali" / "sectors.ttl",
        ROOT / "shapes" / "labels.ttl",
    )  # one is enough here
    done = run("validate", sectors, "--shapes", shapes, "--format", style)  # type: ignore[operator]
    assert done.status == 0
    if style == "json":
        assert json.loads(done.out)["conforms"] is True
    elif style == "turtle":
        conforms = [
            q
            for q in ox.parse(done.out, format=ox.RdfFormat.TURTLE)
            if q.predicate.value.endswith("conforms")
        ]
        assert conforms[0].object.value == "true"  # type: ignore[union-attr]
    else:
        assert done.out == "conforms: 0 violations\n"


def test_build_says_what_it_made_without_a_canonical_iri(tmp_path: Path, run: object) -> None:
    base = "https://data.example.org/mali/"
    done = run("build", "--out", tmp_path / "out", "--base-iri", base)  # type: ignore[operator]
    assert done.status == 0
    assert re.search(r"statements in \d+ graphs, sha256 [0-9a-f]{64}", done.out)
    release = open_release(tmp_path / "out")
    assert release.manifest.conforms
    for path in (*release.path.glob("*.*"), *(release.path / "dumps").glob("dataset.*")):
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        assert CANONICAL_BASE.encode() not in content, path.name
    office = ox.NamedNode(Names(base).entity("office", "gao"))
    assert any(quad.subject == office for quad in release.quads())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["validate", "EMPTY"], "holds no RDF"),
        (["validate", "NONE"], "does not exist"),
        (["validate", "--shapes", "EMPTY"], "holds no RDF"),
        (["build", "--data", "EMPTY", "--out", "OUT"], "holds no RDF"),
        (["build", "--out", "OUT", "--base-iri", "mali"], "is not an http(s) IRI that ends in /"),
        (["build", "--out", "OUT", "--base-iri", "https://example.org/x"], "ends in /"),
        (["build"], "--out"),
        (["serve", "--data", "EMPTY"], "holds no RDF"),
        (["serve", "--release", "EMPTY"], "is not a release"),
        (["serve", "--port", "70000"], "is not a port"),
        (["serve", "--workers", "0"], "above zero"),
        (["serve", "--union"], "--union goes with --data"),
        (["serve", "--host", "no.such.host.invalid"], "is not an address to listen on"),
        (["query"], "give the query"),
        (["query", "ASK {}", "--file", "x"], "one of the two"),
        (["query", "--file", "NONE"], "cannot be read"),
        (["query", "ASK {}", "--release", "EMPTY"], "is not a release"),
        (["query", "ASK {}", "--endpoint", "http://127.0.0.1:1/"], "cannot be asked"),
        (["query", "ASK {}", "--endpoint", "example.org"], "is not an http(s) address"),
        (["serve", "--engine", "nonsense"], "--engine nonsense is not known"),
        (
            ["serve", "--engine", "http://127.0.0.1:1/", "--release", "RELEASE"],
            "cannot be asked: connection refused",
        ),
        (
            ["load", "--to", "http://127.0.0.1:1/store", "--release", "RELEASE"],
            "cannot be reached: connection refused",
        ),
        (["load", "--to", "store", "--release", "RELEASE"], "is not an http(s) address"),
        (["query", "ASK {}", "--format", "nonsense"], "invalid choice"),
        (["export", "nonsense"], "invalid choice"),
        (["nonsense"], "invalid choice"),
        ([], "required"),
        (["--"], "required"),
        (["--nonsense"], "--nonsense"),
        (["query", "--nonsense"], "--nonsense"),
        (["query", "--form", "json"], "--format"),
        (["query", "--format"], "--format"),
        (["query", "ASK {}", "ASK {}"], "unexpected extra argument"),
        (["query", "--", "--file"], "line 1"),
        (["export"], "FORMAT"),
        (["reconcile", "x.csv"], "--column"),
        (["reconcile", "--column", "x"], "FILE.csv"),
        (["links"], "check"),
        (["links", "mend"], "invalid choice"),
        (["links", "check", "--delay", "soon"], "is not a number of seconds"),
        (["serve", "--port", "http"], "is not a port"),
        (["serve", "--port", "-1"], "is not a port"),
        (["serve", "--workers", "1.5"], "above zero"),
        (
            ["serve", "--release", "EMPTY", "--data", "EMPTY"],
            "--data is not allowed with --release",
        ),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_input_that_cannot_be_used_is_told_in_a_sentence(
    tmp_path: Path,
    run: object,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    release: Release,
) -> None:
    (tmp_path / "empty").mkdir()
    names = {
        "EMPTY": tmp_path / "empty",
        "NONE": tmp_path / "none",
        "OUT": tmp_path / "out",
        "RELEASE": release.path,
    }
    if "no.such.host.invalid" in arguments:
        arguments = [*arguments, "--release", str(release.path)]
    done = run(*(str(names.get(argument, argument)) for argument in arguments))  # type: ignore[operator]
    assert done.status == 2
    assert words in done.sentence()
    assert not (tmp_path / "out").exists()


def test_a_busy_port_is_told(run: object, release: Release) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--release", release.path, "--port", str(port))  # type: ignore[operator]
    assert done.status == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.sentence()


def test_a_setting_that_cannot_be_read_is_told(
    run: object, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNICEF_LINKED_QUERY_TIMEOUT", "soon")
    done = run("serve", "--release", release.path)  # type: ignore[operator]
    assert done.status == 2
    assert "UNICEF_LINKED_QUERY_TIMEOUT='soon' is not a number" in done.sentence()


def test_a_language_without_pages_is_told(
    run: object, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNICEF_LINKED_LANGUAGES", "fr,de")
    done = run("serve", "--release", release.path)  # type: ignore[operator]
    assert done.status == 2
    assert "UNICEF_LINKED_LANGUAGES: no pages in de; there are en, fr" in done.sentence()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * {\n  ?s ?p\n}", "line 3, column 2: unexpected end of the query"),
        ("SELECT * { ?s foaf:name ?o }", "PREFIX foaf: <http://xmlns.com/foaf/0.1/>"),
        ("DROP ALL", "read-only"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> {} }", "SERVICE is not allowed"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told(
    run: object, release: Release, query: str, words: str
) -> None:
    done = run("query", query, "--release", release.path)  # type: ignore[operator]
    assert done.status == 2
    assert words in done.sentence()


@pytest.mark.parametrize(
    ("style", "start"),
    [("json", '{"head"'), ("xml", "<?xml"), ("csv", "office,label"), ("tsv", "?office\t?label")],
)
def test_a_query_is_answered_in_each_format(release: Release, style: str, start: str) -> None:
    done = command("query", OFFICES, "--release", release.path, "--format", style)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(start)
    assert "Bureau de zone de Gao" in done.out


def test_a_table_is_aligned_with_its_accents(release: Release) -> None:
    query = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
        SELECT ?region ?name { ?region a ul:Region ; skos:prefLabel ?name FILTER(LANG(?name) IN ("fr", "ar")) } ORDER BY ?region ?name"""
    done = command("query", query, "--release", release.path)
    lines = done.out.splitlines()
    rows = [line for line in lines if line.startswith("│") and "@fr" in line]
    assert len(rows) == 20
    assert len({len(line) for line in rows}) == 1
    assert lines[-1].endswith("rows")


@pytest.mark.parametrize("style", ["turtle", "ntriples", "rdfxml", "jsonld", "trig", "nquads"])
def test_a_graph_is_answered_in_each_format(release: Release, style: str) -> None:
    done = command(
        "query",
        "DESCRIBE <https://w3id.org/unicef-linked/id/office/gao>",
        "--release",
        release.path,
        "--format",
        style,
    )
    assert done.status == 0
    assert "office/gao" in done.out or "office:gao" in done.out


def test_a_format_of_the_other_kind_is_told(run: object, release: Release) -> None:
    done = run("query", OFFICES, "--release", release.path, "--format", "turtle")  # type: ignore[operator]
    assert done.status == 2
    assert "use json, xml, csv, tsv" in done.sentence()


def test_a_query_comes_from_a_file_and_from_standard_input(
    release: Release, tmp_path: Path
) -> None:
    (tmp_path / "q.rq").write_text(OFFICES, encoding="utf-8")
    from_file = command(
        "query", "--file", tmp_path / "q.rq", "--release", release.path, "--format", "csv"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "unicef_linked",
            "query",
            "--file",
            "-",
            "--release",
            release.path,
            "--format",
            "csv",
        ],
        input=OFFICES,
        capture_output=True,
        text=True,
        check=True,
    )
    assert from_file.out == done.stdout
    assert len(done.stdout.splitlines()) == 6


@pytest.mark.parametrize("style", ["table", "json", "csv", "xml"])
def test_an_endpoint_is_asked_the_same_way(server: Server, release: Release, style: str) -> None:
    query = f"PREFIX o: <https://w3id.org/unicef-linked/id/office/>\n{OFFICES}"
    here = command("query", query, "--release", release.path, "--format", style)
    there = command("query", query, "--endpoint", f"{server.url}/sparql", "--format", style)
    assert ("o:gao" in there.out) is (style == "table")
    assert there.status == 0
    assert there.out == here.out


def test_a_query_file_may_begin_with_a_byte_order_mark(
    run: object, release: Release, tmp_path: Path
) -> None:
    (tmp_path / "bom.rq").write_bytes("\ufeffSELECT (1 AS ?n)\r\n{}\r\n".encode())
    for arguments in (("--file", tmp_path / "bom.rq"), ("\ufeffSELECT (1 AS ?n) {}",)):
        done = run("query", *arguments, "--release", release.path, "--format", "csv")  # type: ignore[operator]
        assert done.out.split() == ["n", "1"]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        pytest.param("utf-16", "it is UTF-16; save it as UTF-8", id="UTF-16"),
        pytest.param("latin-1", "byte 9 cannot be decoded; save it as UTF-8", id="ISO 8859-1"),
    ],
)
def test_a_query_file_that_is_not_utf_8_is_told_with_the_remedy(
    run: object, tmp_path: Path, encoding: str, words: str
) -> None:
    (tmp_path / "q.rq").write_bytes('SELECT ("é" AS ?n) {}'.encode(encoding))
    done = run("query", "--file", tmp_path / "q.rq")  # type: ignore[operator]
    assert done.status == 2
    assert f"q.rq is not UTF-8: {words}" in done.sentence()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("CONSTRUCT { <a> <http://x.example/2024> 1 } WHERE {}", "<http://x.example/2024>"),
        (r"SELECT ('a\u000Cb' AS ?x) {}", "U+000C"),
    ],
)
def test_an_answer_that_xml_cannot_express_is_told(
    run: object, release: Release, query: str, words: str
) -> None:
    done = run("query", query, "--release", release.path, "--format", "xml")  # type: ignore[operator]
    assert done.status == 2
    assert words in done.sentence()
    assert done.out == ""


def test_relative_iris_and_graphs_named_twice_are_read_as_by_the_service(
    run: object, release: Release
) -> None:
    query = """SELECT (SAMPLE(?iri) AS ?base) (COUNT(*) AS ?n)
        FROM <graph/mali/staff> FROM <https://w3id.org/unicef-linked/graph/mali/staff>
        { ?s a ?class BIND(<> AS ?iri) }"""
    once = query.replace("FROM <graph/mali/staff>", "", 1)
    done, expected = (
        run("query", text, "--release", release.path, "--format", "csv")  # type: ignore[operator]
        for text in (query, once)
    )
    assert done.out == expected.out
    [base, count] = done.out.split()[1].split(",")
    assert base == "https://w3id.org/unicef-linked/sparql"
    assert int(count) > 5


def test_what_an_endpoint_answers_to_a_bad_query_is_told(server: Server) -> None:
    done = command("query", "SELECT", "--endpoint", f"{server.url}/sparql")
    assert done.status == 2
    assert "line 1, column 7: unexpected end of the query" in done.sentence()


def test_a_format_of_the_other_kind_is_told_of_an_endpoint_too(server: Server) -> None:
    done = command("query", OFFICES, "--endpoint", f"{server.url}/sparql", "--format", "turtle")
    assert done.status == 2
    assert "use json, xml, csv, tsv" in done.sentence()


@pytest.mark.parametrize("name", sorted(DUMPS))
def test_the_dataset_is_exported_in_each_format(
    release: Release, tmp_path: Path, name: str
) -> None:
    done = command("export", name, "--release", release.path)
    to_file = command("export", name, "--release", release.path, "--out", tmp_path / "dump")
    assert done.status == to_file.status == 0
    assert (tmp_path / "dump").read_text(encoding="utf-8") == done.out
    kind = {
        "nquads": ox.RdfFormat.N_QUADS,
        "turtle": ox.RdfFormat.TURTLE,
        "jsonld": ox.RdfFormat.JSON_LD,
    }[name]
    assert len({q.triple for q in ox.parse(done.out, format=kind)}) == len(
        {q.triple for q in release.quads()}
    )


def test_an_export_to_where_nothing_can_be_written_is_told(
    run: object, release: Release, tmp_path: Path
) -> None:
    done = run("export", "turtle", "--release", release.path, "--out", tmp_path / "none" / "dump")  # type: ignore[operator]
    assert done.status == 2
    assert "cannot be written" in done.sentence()


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_command_explains_itself(run: object, name: str) -> None:
    done = run(*filter(None, [name, "--help"]))  # type: ignore[operator]
    assert done.status == 0
    assert "usage: unicef-linked" in done.out
