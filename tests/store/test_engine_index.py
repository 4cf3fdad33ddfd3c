"""The index of the engine on disk: part of a large release, digested as all of it,
and never written to.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, build
from unicef_linked.config import cache_folder
from unicef_linked.release import verify
from unicef_linked.release.engine_index import LARGE, index_name, open_index
from unicef_linked.release.positions import POSITIONS
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.engines import chosen_engine
from unicef_linked.store.loading import index_release, open_positions
from unicef_linked.store.pool.worker import unopened_tables
from unicef_linked.store.statements import match_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

FILES = {
    "data.ttl": '<http://example.org/a> <http://example.org/p> "one", "two" .',
    "shapes.ttl": "[] a <http://www.w3.org/ns/shacl#NodeShape> .",
    "ontology.ttl": "",
}


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Release]:
    """Build a release that counts as large."""
    monkeypatch.setattr("unicef_linked.build.LARGE", 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "rules").mkdir()
    content = Content(
        data=(tmp_path / "data.ttl",),
        ontology=(tmp_path / "ontology.ttl",),
        shapes=(tmp_path / "shapes.ttl",),
        rules=tmp_path / "rules",
    )
    return lambda: build(content, tmp_path / "out")


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_large_release_has_an_index_that_is_digested_and_never_changed(
    make: Callable[[], Release], settings: Settings
) -> None:
    release = make()
    before = digests(release.path)
    assert {f"{index_name()}/CURRENT", f"{POSITIONS}/objects-terms.npy"} <= before.keys()
    assert not [name for name in before if name.endswith(("LOG", "LOCK"))]
    assert verify(release.path) == []
    index = index_release(release)
    assert index == release.path / index_name()
    published = set(release.quads())
    for _ in range(2):
        positions = open_positions(release)
        engine = partial(open_index, index)
        with closing(Embedded(release, "", settings, positions, engine)) as store:
            assert set(store.match()) == published
            assert len(store.select("SELECT * { ?s <http://example.org/p> ?o }")) == 2
    assert digests(release.path) == before


def test_the_same_statements_built_again_touch_nothing(make: Callable[[], Release]) -> None:
    first = make()
    before = digests(first.path)
    assert make().path == first.path
    assert digests(first.path) == before


@pytest.mark.parametrize("damage", ["changed", "added", "gone"])
def test_an_index_that_is_not_as_it_was_built_is_named(
    make: Callable[[], Release], damage: str
) -> None:
    index = make().path / index_name()
    if damage == "changed":
        (index / "CURRENT").write_text("MANIFEST-999999\n", encoding="utf-8")
    elif damage == "added":
        (index / "LOG").write_text("", encoding="utf-8")
    else:
        (index / "CURRENT").unlink()
    [fault] = verify(index.parent)
    assert fault.part.startswith(f"{index_name()}/")


def test_an_index_that_is_damaged_later_is_made_anew_elsewhere(
    make: Callable[[], Release],
) -> None:
    release = make()
    (release.path / index_name() / "CURRENT").write_text("?", encoding="utf-8")
    before = digests(release.path)
    assert index_release(release).is_relative_to(cache_folder())
    assert digests(release.path) == before


def test_positions_are_made_anew_elsewhere_if_they_are_damaged_or_gone(
    make: Callable[[], Release], caplog: pytest.LogCaptureFixture
) -> None:
    release = make()
    (release.path / POSITIONS / "graphs-terms.npy").write_text("?", encoding="utf-8")
    before = digests(release.path)
    published = set(release.quads())
    [predicate] = {quad.predicate for quad in published if quad.predicate.value.endswith("/p")}
    made = release.cache / POSITIONS
    for damage in ("of the release", "of the cache"):
        if damage == "of the cache":
            (made / "graphs-terms.npy").unlink()
        found = match_lines(open_positions(release), None, predicate, None, None)
        assert set(found) == {quad for quad in published if quad.predicate == predicate}
    assert "are damaged; they are made again" in caplog.text
    assert digests(release.path) == before


@pytest.mark.parametrize(
    ("name", "statements", "expected"),
    [
        ("auto", LARGE - 1, "memory"),
        ("auto", LARGE, "disk"),
        ("memory", LARGE, "memory"),
        ("disk", 1, "disk"),
        ("https://example.org/sparql", LARGE, "https://example.org/sparql"),
    ],
)
def test_the_engine_is_chosen_by_size_unless_it_is_said(
    release: Release, name: str, statements: int, expected: str
) -> None:
    sized = replace(release, manifest=replace(release.manifest, quads=statements))
    assert chosen_engine(name, sized) == expected


def test_a_query_process_may_open_the_tables_that_its_index_opens_later(tmp_path: Path) -> None:
    made = ox.Store(tmp_path)
    for number in range(3):
        quad = f"<urn:{number}> <urn:p> <urn:o> <urn:g> .\n".encode()
        made.bulk_load(quad, format=ox.RdfFormat.N_QUADS)
    del made
    before = unopened_tables()  # of indexes that other tests have open
    index = ox.Store.read_only(str(tmp_path))
    tables = len(list(tmp_path.glob("*.sst")))
    assert 0 < unopened_tables() - before == tables - 16
    assert len(list(index)) == 3
