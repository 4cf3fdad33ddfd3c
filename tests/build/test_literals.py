"""One literal by every door: a release has its literals as the engine keeps them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, build, snapshot
from unicef_linked.rdf import canonical
from unicef_linked.rdf.canonical import as_kept, line_of
from unicef_linked.rdf.iris import VOID, XSD
from unicef_linked.release.dumps import find_dump
from unicef_linked.store.loading import load_release

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

THING: Final = ox.NamedNode("http://example.org/thing")


def typed(form: str, datatype: str) -> ox.Literal:
    return ox.Literal(form, datatype=ox.NamedNode(XSD + datatype))


def encoded(literal: ox.Literal) -> bytes:
    return str(literal).encode()


@pytest.mark.parametrize(
    ("form", "datatype", "kept", "datatype_kept"),
    [
        ("182", "nonNegativeInteger", "182", "integer"),
        ("042", "integer", "42", "integer"),
        ("+7", "byte", "7", "integer"),
        ("1.50", "decimal", "1.5", "decimal"),
        ("1", "boolean", "true", "boolean"),
        ("2016-01-01+00:00", "date", "2016-01-01Z", "date"),
        ("2016-01-01T24:00:00Z", "dateTime", "2016-01-02T00:00:00Z", "dateTime"),
        ("P12M", "duration", "P1Y", "duration"),
        ("42", "integer", "42", "integer"),
        ("abc", "integer", "abc", "integer"),
        ("9" * 30, "integer", "9" * 30, "integer"),
        ("042", "string", "042", "string"),
    ],
)
def test_a_literal_is_published_as_the_engine_keeps_it(
    form: str, datatype: str, kept: str, datatype_kept: str
) -> None:
    literal, expected = typed(form, datatype), typed(kept, datatype_kept)
    changed: dict[bytes, bytes] = {}
    lines = list(as_kept([line_of(ox.Quad(THING, THING, literal, THING))], changed))
    assert lines == [line_of(ox.Quad(THING, THING, expected, THING))]
    assert changed == ({} if literal == expected else {encoded(literal): encoded(expected)})
    assert (list(as_kept(lines, again := {})), again) == (lines, {})


def test_literals_are_settled_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canonical, "_BATCH", 3)
    quads = [ox.Quad(THING, THING, typed(f"0{number}", "byte")) for number in range(10)]
    assert list(as_kept(map(line_of, quads), {})) == [
        line_of(ox.Quad(THING, THING, typed(str(number), "integer"))) for number in range(10)
    ]


DATA: Final = """PREFIX ex: <http://example.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
ex:a ex:p "007"^^xsd:byte, "7"^^xsd:integer, "1.50"^^xsd:decimal ; ex:q "Colour"@en-GB ."""


def objects(release: Release, name: str, kind: ox.RdfFormat) -> set[object]:
    path = find_dump(release, name)
    assert path is not None
    content = path.read_bytes()
    return {q.object for q in ox.parse(content, format=kind) if "example.org" in str(q.predicate)}


def test_all_files_of_a_snapshot_have_one_form_and_the_first_change_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.ttl").write_text(DATA, encoding="utf-8")
    remarks: list[str] = []
    release = snapshot([tmp_path / "a.ttl"], tmp_path / "out", remark=remarks.append)
    expected = {
        typed("7", "integer"),
        typed("1.5", "decimal"),
        ox.Literal("Colour", language="en-gb"),
    }
    assert {quad.object for quad in release.quads()} == expected
    assert {quad.object for quad in load_release(release)} == expected
    assert objects(release, "dataset.ttl", ox.RdfFormat.TURTLE) == expected
    assert objects(release, "dataset.jsonld", ox.RdfFormat.JSON_LD) == expected
    assert release.manifest.quads == len(expected)
    assert remarks[:1] == [
        "literals are kept by value: 2 are served in another form than that of the files, such as"
        f' "007"^^<{XSD}byte> as "7"^^<{XSD}integer>'
    ]


def test_nothing_is_told_where_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:b> 1, 1.5, true, 'x'@en .", encoding="utf-8")
    remarks: list[str] = []
    snapshot([tmp_path], tmp_path / "out", remark=remarks.append)
    assert not any("literals" in remark for remark in remarks)


def test_shapes_see_what_is_written_and_the_release_counts_what_it_publishes(
    tmp_path: Path,
) -> None:
    texts = {
        "data": DATA,
        "ontology": "<urn:x> a <urn:y> .",
        "shapes": """PREFIX ex: <http://example.org/> PREFIX sh: <http://www.w3.org/ns/shacl#>
          ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 3 ] .""",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.ttl").write_text(text, encoding="utf-8")
    parts = [(tmp_path / f"{name}.ttl",) for name in ("data", "shapes", "ontology")]
    release = build(Content(*parts, tmp_path / "rules"), tmp_path / "out")
    values = {q.predicate.value: q.object for q in release.quads() if "dataset" in str(q.subject)}
    assert values[f"{VOID}distinctObjects"] == typed("4", "integer")
    context = json.loads((release.path / "context.jsonld").read_text(encoding="utf-8"))
    assert "byte" not in json.dumps(context)


def test_the_packaged_dataset_is_the_same_in_its_files_and_in_the_engine(release: Release) -> None:
    changed: dict[bytes, bytes] = {}
    assert list(as_kept(release.lines(), changed)) == list(release.lines())
    assert changed == {}
