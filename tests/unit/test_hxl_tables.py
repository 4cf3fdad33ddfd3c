"""Tables with HXL hashtags: no row of data, and the new columns have hashtags as well."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from unicef_linked.cli import main
from unicef_linked.lookup.csv_file import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release


def reconciled(release: Release, path: Path, column: str) -> list[list[str]]:
    """Return the rows of a table of regions once it is reconciled."""
    out = path.with_suffix(".out.csv")
    options = ["--column", column, "--type", "region", "--out", str(out)]
    assert main(["reconcile", str(path), "--release", str(release.path), *options]) == 0
    return list(csv.reader(io.StringIO(out.read_text("utf-8-sig"), newline="")))


TITLES = ["Région,Partenaire"]
TAGS = ["#adm1+name,#org"]
DATA = ["Gao,X", "Mopti,Y"]
ADDED = ["ul_iri", "ul_id", "ul_label", "ul_score", "ul_match"]


@pytest.mark.parametrize(
    ("lines", "column", "titles"),
    [
        pytest.param([*TITLES, *TAGS, *DATA], "Région", ["Région", "Partenaire"], id="below"),
        pytest.param([*TAGS, *TITLES, *DATA], "Région", ["Région", "Partenaire"], id="above"),
        pytest.param([*TITLES, *TAGS, *DATA], "#adm1+name", ["Région", "Partenaire"], id="by tag"),
        pytest.param([*TAGS, *DATA], "#adm1+name", ["", ""], id="alone"),
    ],
)
def test_a_row_of_hashtags_is_no_data(
    release: Release,
    tmp_path: Path,
    lines: list[str],
    column: str,
    titles: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    header, tags, *rows = reconciled(release, tmp_path / "t.csv", column)
    assert "2 of 2 rows matched" in capsys.readouterr().err
    assert header[:7] == titles + ADDED
    assert tags[:7] == [
        "#adm1+name",
        "#org",
        "#adm1+iri",
        "#adm1+id",
        "#adm1+label",
        "#adm1+score",
        "#adm1+match",
    ]
    assert tags[header.index("ul_pcode")] == "#adm1+code+v_pcode"
    assert tags[header.index("ul_iso3166-2")] == "#adm1+code+v_iso3166_2"
    assert [row[3] for row in rows] == ["region/gao", "region/mopti"]


def test_a_table_with_hashtags_may_be_reconciled_again(release: Release, tmp_path: Path) -> None:
    for name, lines in (("a", [*TITLES, *TAGS, *DATA]), ("b", [*TAGS, *DATA])):
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        first = reconciled(release, path, "#adm1+name")
        again = reconciled(release, path.with_suffix(".out.csv"), "#adm1+name")
        assert first == again


def test_our_own_export_matches_in_every_row(
    release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "3w.csv"
    assert main(["export", "hxl", "--release", str(release.path), "--out", str(path)]) == 0
    _, tags, *rows = reconciled(release, path, "admin1_name")
    assert "#adm1+iri" in tags
    assert f"{len(rows)} of {len(rows)} rows matched" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "are_hashtags"),
    [
        ("#adm1+name,", True),
        ("#adm1 +name +i_fr, #org ", True),
        ("#adm1+name,Gao", False),
        ("#1,#2", False),
        (",#", False),
    ],
)
def test_a_row_is_one_of_hashtags_if_each_cell_is(
    tmp_path: Path, row: str, are_hashtags: bool
) -> None:
    (tmp_path / "t.csv").write_text(f"a,b\n{row}\nGao,1\n")
    assert len(read_table(tmp_path / "t.csv").rows) == (1 if are_hashtags else 2)
