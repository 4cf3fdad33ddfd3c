"""Releases side by side: when each was issued, in which order they are, which are removed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.chain import DATES, EDITS, content

from unicef_linked.build import build
from unicef_linked.cli import main
from unicef_linked.errors import UnusableInput
from unicef_linked.release import open_release, verify
from unicef_linked.release.kept import in_use, kept_releases, prune, release_at

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release


@pytest.fixture
def copied(chain: tuple[Release, ...], tmp_path: Path) -> tuple[Release, ...]:
    """The five releases, in a folder that the test may change."""
    for release in chain:
        shutil.copytree(release.path, tmp_path / release.path.name)
    (tmp_path / "out").symlink_to(chain[-1].path.name)
    return tuple(open_release(tmp_path / release.path.name) for release in chain)


def names(releases: tuple[Release, ...]) -> list[str]:
    """Return the names of releases."""
    return [release.manifest.name for release in releases]


def test_releases_lie_side_by_side_in_the_order_of_time(chain: tuple[Release, ...]) -> None:
    for release in chain:
        assert names(kept_releases(release)) == names(chain)
    assert [release.manifest.instant for release in chain] == list(DATES)
    assert [step.issued for step in chain[4].manifest.history] == [
        release.manifest.issued for release in reversed(chain[:4])
    ]


def test_a_release_was_current_from_its_date_to_the_next(chain: tuple[Release, ...]) -> None:
    second = timedelta(seconds=1)
    assert release_at(chain, DATES[0] - second) is chain[0]
    for release, date in zip(chain, DATES, strict=True):
        assert release_at(chain, date) is release
        assert release_at(chain, date + second) is release


def test_the_same_statements_keep_their_first_date_and_touch_nothing(
    copied: tuple[Release, ...], tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    made = content(tmp_path / "content", EDITS[4])
    again = build(made, tmp_path / "out", issued=DATES[4] + timedelta(days=1))
    assert again.manifest == copied[4].manifest
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert {path: time for path, time in after.items() if path in before} == before


def test_a_release_is_not_dated_before_the_one_that_it_follows(
    copied: tuple[Release, ...], tmp_path: Path
) -> None:
    with pytest.raises(UnusableInput, match="give a later one with --issued"):
        build(content(tmp_path / "content", EDITS[0]), tmp_path / "out", issued=DATES[0])
    assert (tmp_path / "out").resolve() == copied[4].path


def test_the_date_is_given_or_that_of_the_source_or_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content(tmp_path, EDITS[0])
    inputs = [f"--{name}={tmp_path / name}" for name in ("data", "shapes", "ontology")]

    def issued(name: str, *arguments: str) -> str:
        out = tmp_path / name
        assert main(["build", *inputs, "--out", str(out), *arguments]) == 0
        return open_release(out).manifest.issued

    assert issued("given", "--issued", "2024-02-01T01:00:00+01:00") == "2024-02-01T00:00:00Z"
    now = datetime.now(UTC).replace(microsecond=0)
    assert now <= datetime.fromisoformat(issued("now")) <= datetime.now(UTC)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert issued("source") == "1970-01-02T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert main(["build", *inputs, "--out", str(tmp_path / "bad")]) == 2
    assert main(["build", "--issued", "2024-02-01", "--out", str(tmp_path / "bad")]) == 2
    assert "such as 2026-01-31T12:00:00Z" in capsys.readouterr().err


def test_the_oldest_are_removed_but_none_in_use(copied: tuple[Release, ...]) -> None:
    with in_use(copied[0]), in_use(copied[0]):
        assert prune(copied[4], 2) == names(copied)[1:3]
        assert names(kept_releases(copied[4])) == names((copied[0], *copied[3:]))
    assert prune(copied[4], 1) == [copied[0].manifest.name, copied[3].manifest.name]
    assert names(kept_releases(copied[4])) == [copied[4].manifest.name]
    assert prune(copied[4], 1) == []
    assert verify(copied[4].path) == []
    assert sorted(path.name for path in copied[4].path.parent.iterdir()) == [
        "out",
        copied[4].path.name,
    ]


def test_an_editor_is_told_of_what_vanishes_without_a_successor(
    chain: tuple[Release, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = content(tmp_path, EDITS[4])
    arguments = [f"--{name}={tmp_path / name}" for name in ("shapes", "ontology")]
    after = ["--after", str(chain[3].path)]
    assert main(["validate", str(made.data[0]), *arguments, *after]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "vanish" in line]
    assert len(told) == 1
    assert "place/old vanishes" in told[0]
    assert "place/old dcterms:isReplacedBy …" in told[0]
    assert main(["validate", str(made.data[0]), *arguments, "--after", str(chain[4].path)]) == 0
    assert "vanish" not in capsys.readouterr().err


def test_what_is_no_release_of_this_dataset_is_left_alone(
    copied: tuple[Release, ...], tmp_path: Path
) -> None:
    (tmp_path / "out.0123456789ab").mkdir()
    (tmp_path / "other.0123456789ab").mkdir()
    elsewhere = build(
        content(tmp_path / "content", EDITS[0]), tmp_path / "alone" / "out", "http://example.org/"
    )
    shutil.copytree(elsewhere.path, tmp_path / elsewhere.path.name)
    (copied[1].path / "manifest.json").write_text("{}", encoding="utf-8")
    assert names(kept_releases(copied[4])) == names((copied[0], *copied[2:]))


def test_a_release_outside_a_folder_of_releases_is_alone(
    copied: tuple[Release, ...], tmp_path: Path
) -> None:
    alone = copied[4].path.rename(tmp_path / "moved")
    assert kept_releases(open_release(alone)) == (open_release(alone),)
