"""The index of names in files: the same answers as in memory, made once, mapped by all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from unicef_linked.build import Content
from unicef_linked.build import build as build_release
from unicef_linked.dataset.past import Past
from unicef_linked.dataset.profile import profile_of
from unicef_linked.lookup.index import Index, build
from unicef_linked.lookup.kept import add_index, open_index, write_index
from unicef_linked.lookup.spellings import signature
from unicef_linked.rdf.iris import RDFS, Names
from unicef_linked.release import open_release
from unicef_linked.release.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

LETTERS = st.text(alphabet="abckor é1غ", max_size=12)


@pytest.fixture(scope="module")
def kept(release: Release) -> Index:
    """The index of the packaged dataset, in files."""
    return open_index(Past.of(release))


@pytest.fixture(scope="module")
def in_memory(release: Release) -> Index:
    """The same in memory, of statements in another order."""
    quads = sorted(release.quads(), key=lambda quad: quad.predicate.value)
    return build(quads, release.names, profile_of(quads, release.names))


@given(LETTERS, LETTERS)
def test_letters_that_differ_are_never_more_than_the_edits(a: str, b: str) -> None:
    ours, theirs = signature(a), signature(b)
    bound = max((ours & ~theirs).bit_count(), (theirs & ~ours).bit_count())
    assert bound <= OSA.distance(a, b)


def test_files_hold_what_memory_holds(kept: Index, in_memory: Index) -> None:
    assert list(kept.entities.values()) == list(in_memory.entities.values())
    assert (kept.schemes, set(kept.types)) == (in_memory.schemes, set(in_memory.types))
    assert dict(kept.territory.extents) == dict(in_memory.territory.extents)


@pytest.mark.parametrize("text", ["tombuktu", "ségou rgion", "menak", "bandiagra", "x", "qqqqqq"])
def test_the_nearest_spellings_are_those_of_a_full_comparison(kept: Index, text: str) -> None:
    spellings = bytes(kept.arrays.spellings).decode().split("\n")[:-1]
    sought = " ".join(kept.normalize(text).words)
    alike = [(OSA.normalized_similarity(sought, s), s) for s in spellings]
    nearest = sorted((pair for pair in alike if pair[0] >= 0.6), key=lambda p: (-p[0], p[1]))[:8]
    numbers, values = kept.like(kept.normalize(text), 0.6, kept.scope(lambda _: True))
    likeness = dict(zip(numbers.tolist(), values.tolist(), strict=True))
    for value, spelled in nearest:
        number = spellings.index(spelled)
        first, last = kept.arrays.spelled_starts[number : number + 2].tolist()
        for entity in kept.arrays.spelled_entities[first:last].tolist():
            assert likeness[entity] >= value


@pytest.mark.parametrize("prefix", ["g", "gao", "region de g", "ville", "mali", "é", "zzz", ""])
def test_what_begins_with_a_text_is_what_a_scan_finds(kept: Index, prefix: str) -> None:
    scope = kept.scope(lambda _: True)
    folded = kept.normalize(prefix).folded
    expected = {
        entity.id
        for entity in kept.entities.values()
        for label in entity.labels
        if f" {folded}" in f" {kept.normalize(label.text).folded}"
    }
    assert {entity.id for entity in kept.starting(prefix, scope)} == expected


def copy_of(release: Release, folder: Path) -> Release:
    """Return a copy of a release, without indexes."""
    shutil.copytree(release.path, folder, ignore=shutil.ignore_patterns("index-*"))
    return open_release(folder)


def test_an_index_is_made_once_and_again_when_it_is_damaged(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy = copy_of(release, tmp_path / "copy")
    made: list[Path] = []

    def counted(folder: Path, *arguments: object) -> None:
        made.append(folder)
        write_index(folder, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("unicef_linked.lookup.kept.write_index", counted)
    first, second = open_index(Past.of(copy)), open_index(Past.of(copy))
    assert len(made) == 1
    assert first.entities["region/gao"] == second.entities["region/gao"]
    [folder] = copy.cache.glob("index-names-*")
    (folder / "types.npy").write_bytes(b"")
    assert open_index(Past.of(copy)).entities["region/gao"] == first.entities["region/gao"]
    assert len(made) == 2
    assert list(copy.cache.glob("*.partial")) == []


def test_a_killed_process_leaves_nothing_that_is_taken_for_an_index(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy = copy_of(release, tmp_path / "copy")
    partial = copy.cache / "index-names-1.partial"
    partial.mkdir(parents=True)
    (partial / "types.npy").write_bytes(b"half")
    assert open_index(Past.of(copy)).entities["region/gao"].id == "region/gao"
    assert not partial.exists()


def test_a_large_release_has_an_index_that_is_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unicef_linked.build.LARGE", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = Names()
    for name, text in {
        "data.ttl": f"<{names.entity('place', 'a')}> <{RDFS}label> 'Aa'@en .",
        "shapes.ttl": "[] a <http://www.w3.org/ns/shacl#NodeShape> .",
        "ontology.ttl": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = {name: (tmp_path / f"{name}.ttl",) for name in ("data", "shapes", "ontology")}
    (tmp_path / "rules").mkdir()
    content = Content(**files, rules=tmp_path / "rules")
    release = build_release(content, tmp_path / "out", add=add_index)
    assert release.has("index-names-1/tables.sqlite")
    assert verify(release.path) == []
    assert open_index(Past.of(release)).entities["place/a"].name(["en"]).text == "Aa"
    assert not (tmp_path / "cache" / "unicef-linked" / "indexes").exists()
    (release.path / "index-names-1" / "types.npy").write_bytes(b"")
    assert open_index(Past.of(release)).entities["place/a"].name(["en"]).text == "Aa"
    assert {fault.part for fault in verify(release.path)} == {"index-names-1/types.npy"}
