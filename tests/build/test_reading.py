"""Any folder of RDF: which files are read, what is said of the others,
and of those that are bad.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.build import Content, files, snapshot, validate
from unicef_linked.build.sources import load
from unicef_linked.cli import main
from unicef_linked.errors import MalformedData, SeveralErrors, UnusableInput
from unicef_linked.rdf.entities import ExpandingEntities, check_entities
from unicef_linked.rdf.iris import Names
from unicef_linked.release.folders import walk

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = Names()
TURTLE: Final = "<http://example.org/{}> <http://example.org/p> 'x' ."
XML: Final = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:v="http://example.org/">
<rdf:Description rdf:about="http://example.org/{}" v:p="x"/>
</rdf:RDF>"""
JSON: Final = '{{"@id": "http://example.org/{}", "http://example.org/p": "x"}}'


def write(folder: Path, texts: dict[str, str | bytes]) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def subjects(folder: Path) -> tuple[list[str], list[str]]:
    """Return the local names of the subjects in a folder, and the remarks."""
    remarks: list[str] = []
    sources = load([folder], NAMES, remark=remarks.append)
    found = [str(q.subject).rpartition("/")[2].rstrip(">") for s in sources for q in s.quads]
    return found, [remark.replace(str(folder), "FOLDER") for remark in remarks]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.TTL", TURTLE),
        ("a.n3", TURTLE),
        ("a.Nt", TURTLE.replace("'", '"')),
        ("a.json", JSON),
        ("a.json-ld", JSON),
        ("a.JSONLD", JSON),
        ("a.xml", XML),
        ("a.rdf", XML),
        ("a.OWL", XML),
        ("a.b.ttl", TURTLE),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_is_read_by_the_end_of_its_name(
    tmp_path: Path, name: str, text: str, packed: bool
) -> None:
    content = text.format("a").encode()
    write(
        tmp_path, {f"{name}.gz" if packed else name: gzip.compress(content) if packed else content}
    )
    (source,) = load([tmp_path], NAMES)
    assert len(source.quads) == 1
    assert source.graph.value == NAMES.graph(name.rpartition(".")[0])  # type: ignore[union-attr]


def test_what_is_left_out_is_named_with_the_reason(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.ttl": TURTLE.format("a"),
            "notes.md": "",
            "sub/table.csv": "",
            "pom.xml": "<project/>",
            "package.json": '{"name": "x"}',
            ".git/config": "",
            "archive.tar.gz": gzip.compress(b""),
        },
    )
    (tmp_path / "gone.ttl").symlink_to(tmp_path / "nowhere.ttl")
    os.mkfifo(tmp_path / "pipe.ttl")
    assert subjects(tmp_path) == (
        ["a"],
        [
            "left out of FOLDER: package.json (JSON without a JSON-LD keyword)",
            "left out of FOLDER: pom.xml (XML without rdf:RDF)",
            "left out of FOLDER: gone.ttl (a link that leads nowhere)",
            "left out of FOLDER: archive.tar.gz, notes.md, sub/table.csv (not RDF by name)",
            "left out of FOLDER: pipe.ttl (not a file)",
        ],
    )


def test_many_files_left_out_are_counted(tmp_path: Path) -> None:
    write(
        tmp_path, {"a.ttl": TURTLE.format("a")} | {f"{number:02}.txt": "" for number in range(15)}
    )
    (remark,) = subjects(tmp_path)[1]
    assert remark.endswith("08.txt, 09.txt and 5 more (not RDF by name)")


def test_a_folder_without_rdf_says_what_it_has(tmp_path: Path) -> None:
    write(tmp_path, {"pom.xml": "<project/>"})
    with pytest.raises(UnusableInput, match=r"holds no RDF: .*pom\.xml \(XML without rdf:RDF\)"):
        load([tmp_path], NAMES)


def packed(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize("name", ["a.ttl.gz", "a.zip"])
def test_what_would_fill_the_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(files, "_UNPACKED", 1000)
    path, content = tmp_path / name, b"#" * 1_000_000
    path.write_bytes(gzip.compress(content))
    if name == "a.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.ttl", content)
    with pytest.raises(MalformedData, match=f"{name}: is more than 200 times as large unpacked"):
        files.read_bytes(files.list_files([path]).files[0][1])


def test_a_zip_is_read_as_the_folder_that_it_holds(tmp_path: Path) -> None:
    members = {
        "sub/a.ttl": TURTLE.format("a"),
        "b.nt.gz": gzip.compress(TURTLE.format("b").replace("'", '"').encode()),
        "notes.md": "",
        "inner.zip": packed({"c.ttl": TURTLE.format("c")}),
        "__MACOSX/sub/._a.ttl": "",
    }
    write(tmp_path, {"data.ZIP": packed(members), "d.ttl": TURTLE.format("d")})
    assert subjects(tmp_path) == (
        ["d", "b", "a"],
        [
            "left out of FOLDER: data.ZIP/inner.zip (a zip within a zip)",
            "left out of FOLDER: data.ZIP/notes.md (not RDF by name)",
        ],
    )
    (b, a) = load([tmp_path / "data.ZIP"], NAMES)
    assert a.graph.value == NAMES.graph("sub/a")  # type: ignore[union-attr]
    assert b.graph.value == NAMES.graph("b")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(
            "a.rdf",
            XML.replace("1.0", '1.0" encoding="ISO-8859-1').format("\xe9").encode("latin-1"),
            id="declared by XML",
        ),
        pytest.param("a.ttl", TURTLE.format("\xe9").encode("utf-16"), id="marked as UTF-16"),
        pytest.param("a.ttl", TURTLE.format("\xe9").encode("utf-8-sig"), id="marked as UTF-8"),
        pytest.param("a.rdf", XML.format("\xe9").encode("utf-16"), id="XML in UTF-16"),
    ],
)
def test_an_encoding_is_read_as_the_file_states_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    assert subjects(write(tmp_path, {name: content})) == (["\xe9"], [])


def test_bad_files_are_skipped_on_demand_each_with_its_reason(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        {"a.ttl": "<urn:a>", "b.ttl": TURTLE.format("b"), "c.zip": packed({"c.nt": "x"})},
    )
    remarks: list[str] = []
    release = snapshot([folder], tmp_path / "out", skip_bad=True, remark=remarks.append)
    assert release.manifest.quads == 1
    assert [remark.partition(": ")[2].partition(": ")[0] for remark in remarks[:2]] == [
        f"{folder}/a.ttl:1:8",
        f"{folder}/c.zip/c.nt:1:1",
    ]
    (folder / "b.ttl").unlink()
    with pytest.raises(SeveralErrors):
        snapshot([folder], tmp_path / "other", skip_bad=True)


# Links


def test_linked_folders_and_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, {"real/x.ttl": TURTLE.format("x"), "y.ttl": TURTLE.format("y")})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "linked").symlink_to("../real")
    (tmp_path / "data" / "file.ttl").symlink_to("../y.ttl")
    assert subjects(tmp_path / "data") == (["y", "x"], [])
    graphs = {source.graph.value for source in load([tmp_path / "data"], NAMES)}  # type: ignore[union-attr]
    assert graphs == {NAMES.graph("linked/x"), NAMES.graph("file")}


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, {"a/x.ttl": TURTLE.format("x"), "b/y.ttl": TURTLE.format("y")})
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "b" / "other").symlink_to("../a")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "here").symlink_to(".")
    found, remarks = subjects(tmp_path)
    assert found == ["x", "y"]
    assert remarks == ["left out of FOLDER: self (a link that leads nowhere)"]


def test_a_mounted_volume_is_read_once(tmp_path: Path) -> None:
    """Kubernetes mounts a hidden folder, a hidden link to it, and a link for each file."""
    write(tmp_path, {"..2026_11_28/x.ttl": TURTLE.format("x")})
    (tmp_path / "..data").symlink_to("..2026_11_28")
    (tmp_path / "x.ttl").symlink_to("..data/x.ttl")
    (source,) = load([tmp_path], NAMES)
    assert source.path == tmp_path / "x.ttl"


def test_the_fingerprint_of_content_sees_through_links(tmp_path: Path) -> None:
    write(
        tmp_path, {"real/x.ttl": "# 1", "shapes/s.ttl": "", "ontology/o.ttl": "", "rules/r.rq": ""}
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "linked").symlink_to("../real")
    parts = [(tmp_path / name,) for name in ("data", "shapes", "ontology")]
    content = Content(*parts, tmp_path / "rules")
    before = content.fingerprint()
    write(tmp_path, {"real/x.ttl": "# 2"})
    assert content.fingerprint() != before
    assert [path.name for path in walk(tmp_path / "data")] == ["x.ttl"]


# Bad files

NESTED: Final = XML.replace(
    "<rdf:RDF", '<!DOCTYPE rdf:RDF [\n<!ENTITY a "aaaa">\n<!ENTITY b "&a;&a;">]>\n<rdf:RDF', 1
)


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        pytest.param("a.ttl", "<urn:a> <urn:b>\n\n<urn:c .", "3:", "", id="Turtle"),
        pytest.param("a.n3", "{ <urn:a> <urn:b> 1 } => {} .", "1:", "", id="N3 beyond Turtle"),
        pytest.param(
            "a.rdf", XML.format("a").replace("</rdf:RDF>", "</RDF>"), "4:", "</RDF>", id="RDF/XML"
        ),
        pytest.param(
            "a.rdf",
            XML.format("a").replace("about", "aboutEach"),
            "3:",
            "aboutEach",
            id="its terms",
        ),
        pytest.param("a.jsonld", '{\n"@id": "urn:a",\n,}', "3:", "must be strings", id="JSON-LD"),
        pytest.param(
            "a.jsonld", '{"http://e.example/p":' * 5000, "1:", "more than 1,000", id="deep JSON-LD"
        ),
        pytest.param(
            "a.nt",
            "# it's\n<urn:a> <urn:b> '<<' .\n<urn:a> <urn:b> " + "<<( <urn:a> <urn:b> " * 9000,
            "3:",
            "more than 1,000",
            id="deep triple terms",
        ),
        pytest.param(
            "a.ttl", "version https://git-lfs.github.com/spec/v1", "1:", "git lfs pull", id="LFS"
        ),
        pytest.param("a.rdf", "<!DOCTYPE html>\n<p>404", "1:", "a web page", id="a web page"),
        pytest.param(
            "a.ttl", "<urn:a>".encode("utf-16-le"), "1:", "null characters", id="UTF-16, unmarked"
        ),
        pytest.param("a.zip", b"no zip", "", "not a whole zip", id="zip"),
        pytest.param("a.ttl.gz", b"no gzip", "", "not a whole file of gzip", id="gzip"),
        pytest.param("a.ttl.gz", gzip.compress(b"<a>")[:-4], "", "gzip", id="half of gzip"),
        pytest.param(
            "a.ttl", "<urn:a> <urn:b> '\xe9'".encode("latin-1"), "1:", "UTF-8", id="bytes"
        ),
        pytest.param(
            "a.jsonld",
            '{\n"@context": "https://schema.org/", "name": "x"}',
            "2:",
            "@context https://schema.org/ is not fetched; write the context into the file",
            id="a context elsewhere",
        ),
        pytest.param(
            "a.json",
            '{"@context": [{"t": "http://example.org/t"},\n"other.jsonld"], "t": "x"}',
            "2:",
            "@context other.jsonld is not fetched",
            id="a context beside it",
        ),
        pytest.param(
            "a.jsonld",
            '{"@context": {"@import": "https://example.org/c"}, "t": "x"}',
            "1:",
            "@context https://example.org/c is not fetched",
            id="an imported context",
        ),
        pytest.param(
            "a.jsonld",
            '{"@context": {"t": {"@id": "http://example.org/t",\n"@context": "http://c.example"}},'
            '\n"t": {"a": "x"}}',
            "2:",
            "@context http://c.example is not fetched",
            id="a context of a term",
        ),
        pytest.param(
            "a.ttl",
            "<urn:s> <urn:p> 1 .\n<urn:s> <urn:says> <<( <urn:a> <urn:b> 1 )>> .",
            "2:",
            "a triple term is of RDF 1.2",
            id="a triple term",
        ),
        pytest.param(
            "a.ttl",
            "\n<< <urn:a> <urn:b> 1 >> <urn:p> 2 .",
            "2:",
            "of RDF 1.2",
            id="a reified triple",
        ),
        pytest.param(
            "a.nt",
            '<urn:a> <urn:b> "x" .\n<urn:a> <urn:b> "\u0646\u0635"@ar--rtl .\n',
            "2:",
            "a literal with a direction, @ar--rtl, is of RDF 1.2",
            id="a direction",
        ),
        pytest.param(
            "a.rdf", NESTED, "4:", "the entity 'b' refers to other entities", id="entities"
        ),
    ],
)
def test_a_bad_file_is_named_with_line_and_reason_by_every_door(
    tmp_path: Path,
    name: str,
    text: str | bytes,
    place: str,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path, {name: text}) / name
    with pytest.raises(MalformedData) as caught:
        load([path], NAMES)
    assert str(caught.value).startswith(f"{path}:{place}")
    assert words in str(caught.value)
    if "RDF 1.2" not in words:
        with pytest.raises(MalformedData):
            snapshot([path], tmp_path / "out")
    for command in (["validate", path], ["build", "--data", path, "--out", tmp_path / "out"]):
        assert main(list(map(str, command))) == 2
        assert capsys.readouterr().err == f"unicef-linked: {caught.value}\n"


def test_all_bad_files_are_named_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "data/a.ttl": "<urn:a>",
            "data/b.ttl": TURTLE.format("b"),
            "data/c.ttl": "\n<urn:c>",
            "shapes/s.ttl": "<urn:s>",
            "ontology/o.ttl": TURTLE.format("o"),
        },
    )
    with pytest.raises(SeveralErrors, match="2 files cannot be read") as caught:
        load([tmp_path / "data"], NAMES)
    assert [error.path.name for error in caught.value.errors] == ["a.ttl", "c.ttl"]  # type: ignore[attr-defined]
    parts = [(tmp_path / name,) for name in ("data", "shapes", "ontology")]
    with pytest.raises(SeveralErrors, match="3 files cannot be read"):
        validate(Content(*parts, tmp_path / "rules"))


# Entities


@pytest.mark.parametrize(
    ("declarations", "body", "line"),
    [
        pytest.param('<!ENTITY a "x"><!ENTITY b "&a;">', "", 2, id="nested"),
        pytest.param("<!ENTITY a 'x'><!ENTITY b '&a;'>", "", 2, id="nested, in apostrophes"),
        pytest.param(
            '<!ENTITY x "]>">\n<!ENTITY b "&x;">', "", 3, id="after what looks like an end"
        ),
        pytest.param('<!ENTITY e SYSTEM "file:///etc/passwd">', "&e;", 2, id="external"),
        pytest.param('<!ENTITY e PUBLIC "x" "http://a.example/">', "", 2, id="public"),
        pytest.param('<!ENTITY % p "x">', "", 2, id="of a parameter"),
        pytest.param(f'<!ENTITY a "{"x" * 50_000}">', "&a;" * 50_000, 2, id="long and often used"),
    ],
)
def test_entities_that_would_expand_are_refused(declarations: str, body: str, line: int) -> None:
    document = f'<?xml version="1.0"?>\n<!DOCTYPE rdf:RDF [{declarations}]>\n{body}'
    with pytest.raises(ExpandingEntities) as caught:
        check_entities(document)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "declarations",
    ['<!ENTITY ex "http://example.org/" >', '<!ENTITY a "x &amp; y &#233; &lt;">', ""],
    ids=["an abbreviation", "characters", "none"],
)
def test_plain_entities_stay(tmp_path: Path, declarations: str) -> None:
    text = XML.replace("<rdf:RDF", f"<!DOCTYPE rdf:RDF [{declarations}]>\n<rdf:RDF", 1)
    if "ex" in declarations:
        text = text.replace("http://example.org/{}", "&ex;{}")
    write(tmp_path, {"a.owl": text.format("a")})
    assert subjects(tmp_path)[0] == ["a"]
