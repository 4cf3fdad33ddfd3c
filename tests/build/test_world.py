"""The made-up world that scaling is measured in: valid at its smallest, the same each time,
of the size asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import shapely
from bench.geography import NAMES_PER_COUNTRY, Land, Name
from bench.world import Damage, Plan, Size, plan, write
from pyoxigraph import Quad, parse

from unicef_linked.build import Content, build
from unicef_linked.rdf.iris import Names
from unicef_linked.validation.page import check_page

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

STATEMENTS = 15_000
"""About as few as there can be: most of them ontology, statistics and labels of terms."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the smallest world, with the text of its page beside it."""
    folder = tmp_path_factory.mktemp("world")
    write(plan(STATEMENTS), folder / "data", Damage(), folder / "pages")
    return folder


@pytest.fixture(scope="module")
def release(world: Path) -> Release:
    """A release of it: what its shapes refuse would have ended the build."""
    packaged = Content.packaged()
    content = Content((world / "data",), packaged.shapes, packaged.ontology, packaged.rules)
    return build(content, world / "release")


def test_a_world_conforms_and_has_the_size_asked_for(release: Release) -> None:
    assert release.manifest.conforms
    assert abs(release.manifest.quads / STATEMENTS - 1) < 0.1


def test_a_text_says_what_its_claims_say(release: Release, world: Path) -> None:
    for page in (world / "pages").iterdir():
        assert check_page(release.quads(), page.read_bytes(), Names()) == []


def test_the_same_options_give_the_same_bytes(world: Path, tmp_path: Path) -> None:
    write(plan(STATEMENTS), tmp_path / "again", Damage())
    assert contents(tmp_path / "again") == contents(world / "data")


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by their path in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_things_and_names_of_countries_are_their_own(tmp_path: Path) -> None:
    """A subject of a country’s folder has the country’s code in its key,
    and no other describes it.
    """
    write(Plan((Size.of(0.1),) * 3), tmp_path / "data", Damage())
    described: dict[str, str] = {}
    for folder in tmp_path.glob("data/[a-z][a-z][a-z]"):
        for path in folder.glob("*.ttl"):
            for quad in parse(path=path):
                iri = str(quad.subject)
                assert described.setdefault(iri, folder.name) == folder.name
                assert re.search(rf"[/-]{folder.name}\b", iri), iri
    assert len(set(described.values())) == 3


def test_names_are_given_once() -> None:
    numbers = (*range(500), NAMES_PER_COUNTRY - 1)
    names = [Name.numbered(c, n) for c in (0, 1, 2, 675) for n in numbers]
    for spelling in ("key", "english", "french"):
        assert len({getattr(name, spelling) for name in names}) == len(names)
    with pytest.raises(ValueError, match="names at most"):
        Name.numbered(0, NAMES_PER_COUNTRY)


@pytest.mark.parametrize("parts", [1, 2, 7, 53, 400])
def test_parts_cover_a_country_and_do_not_overlap(parts: int) -> None:
    land = Land(5, parts)
    blocks = list(land.whole.divided(parts))
    polygons = [shapely.Polygon(land.outline(block)) for block in blocks]
    whole = shapely.Polygon(land.outline(land.whole))
    assert len(blocks) == parts
    assert all(polygon.is_valid for polygon in polygons)
    assert sum(polygon.area for polygon in polygons) == pytest.approx(whole.area)
    assert shapely.union_all(polygons).area == pytest.approx(whole.area)
    for block, polygon in zip(blocks, polygons, strict=True):
        assert polygon.contains(shapely.Point(land.inside(block, 0, 1)))


def test_countries_do_not_overlap() -> None:
    outlines = [shapely.Polygon(Land(c, 1).outline(Land(c, 1).whole)) for c in range(676)]
    assert shapely.STRtree(outlines).query(outlines, "intersects").shape == (2, 676)


@pytest.mark.parametrize("statements", [15_000, 150_000, 1_500_000, 5_000_000, 50_000_000])
def test_a_plan_has_the_size_asked_for(statements: int) -> None:
    assert plan(statements).statements == pytest.approx(statements, rel=0.05)


def test_more_countries_than_there_are_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="1 to 676"):
        plan(50_000_000, 677)


def test_damage_is_a_share_and_the_same_for_the_same_seed(world: Path, tmp_path: Path) -> None:
    folders = {}
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        folders[name] = tmp_path / name
        write(plan(STATEMENTS), folders[name], Damage(0.02, seed))
    assert contents(folders["one"]) == contents(folders["same"])
    assert contents(folders["one"]) != contents(folders["other"])
    whole, damaged = statements(world / "data"), statements(folders["one"])
    lost = len(whole - damaged)
    assert lost == pytest.approx(0.02 * len(whole), rel=0.5)
    assert lost / 8 < len(damaged - whole) < lost / 2  # a quarter is made wrong, not left out


def statements(folder: Path) -> set[Quad]:
    """Return what the files below a folder state."""
    return {quad for path in folder.rglob("*.ttl") for quad in parse(path=path)}
