"""`unicef-linked reconcile`: tables as found in the field, with what was added to them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.errors import UnusableInput
from unicef_linked.lookup.csv_file import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

ROWS: Final = [["Nom", "Région", "Note"], ["A", "Région de Ségou", "x"], ["B", "Ménaka", "y"]]


def written(delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return the rows as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quoting=quoting).writerows(ROWS)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(written().encode(), id="commas"),
        pytest.param(written(";").encode(), id="semicolons, as Excel writes in French"),
        pytest.param(written("\t").encode(), id="tabs"),
        pytest.param(written("|").encode(), id="bars"),
        pytest.param(b"\xef\xbb\xbf" + written(";").encode(), id="a byte order mark"),
        pytest.param(written(";").encode("latin-1"), id="Latin-1"),
        pytest.param(written("\t").encode("utf-16"), id="UTF-16, Excel's Unicode text"),
        pytest.param(written(";", csv.QUOTE_ALL).encode(), id="quotes"),
        pytest.param(written(";").replace("\r\n", "\n").encode(), id="lines as on Unix"),
        pytest.param(written(";").encode() + b";;\r\n\r\n", id="empty rows at the end"),
    ],
)
def test_a_table_is_read_however_it_was_saved(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    table = read_table(tmp_path / "t.csv")
    assert [table.header, *table.rows] == ROWS


def test_a_comma_within_cells_does_not_part_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Name;Place\nA, B;Gao\nC;Mopti, Mali, Africa\n")
    assert read_table(tmp_path / "t.csv").rows == [["A, B", "Gao"], ["C", "Mopti, Mali, Africa"]]


def test_short_rows_are_filled_up_and_long_ones_kept(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1\n1,2,3\n")
    table = read_table(tmp_path / "t.csv")
    assert (table.header, table.rows) == (["a", "b", ""], [["1", "", ""], ["1", "2", "3"]])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"a,b\x00\n1,2\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UnusableInput):
        read_table(tmp_path / "t.csv")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with every kind of row."""
    names = [
        "Région de Gao",
        "SEGOU",
        "Ouagadougou",
        "",
        "Tombuctu",
        "ML07",
        "Région de Gao",
        "=Kayes",
    ]
    path = tmp_path / "in.csv"
    path.write_bytes(
        "Région;n\r\n".encode("latin-1")
        + "".join(f"{name};1\r\n" for name in names).encode("latin-1")
    )
    return path


def run(release: Release, table: Path, *options: str) -> int:
    """Run the command."""
    return main(["reconcile", str(table), "--release", str(release.path), *options])


def test_identifiers_are_added_where_the_match_is_certain(
    release: Release, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    assert run(release, table, "--column", "Région", "--type", "region", "--out", str(out)) == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbf"), (
        "Excel takes UTF-8 for something else without it"
    )
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["ul_match"] for row in rows] == [
        "true",
        "true",
        "false",
        "false",
        "false",
        "false",
        "true",
        "true",
    ]
    gao = rows[0]
    assert (gao["ul_iri"], gao["ul_id"]) == (
        "https://w3id.org/unicef-linked/id/region/gao",
        "region/gao",
    )
    assert (gao["ul_pcode"], gao["ul_iso3166-2"], gao["ul_score"]) == ("ML07", "ML-7", "100")
    unknown, empty, typing, code = rows[2:6]
    assert (unknown["ul_id"], empty["ul_id"]) == ("", "")
    assert (typing["ul_id"], typing["ul_iri"], typing["ul_pcode"]) == ("region/tombouctou", "", "")
    assert (code["ul_id"], code["ul_iri"]) == ("region/gao|region/koulikoro", "")
    told = capsys.readouterr().err
    assert "8 of 8 rows" in told
    assert "4 of 8 rows matched, 1 had no value" in told
    assert "3 rows need a human eye" in told
    assert "'Tombuctu' (1 row): perhaps region/tombouctou" in told
    assert "'Ouagadougou' (1 row): nothing like it here" in told


def test_a_table_that_was_reconciled_before_gets_its_columns_anew(
    release: Release, table: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    assert run(release, table, "--column", "region", "--out", str(first)) == 0
    assert run(release, first, "--column", "region", "--out", str(second)) == 0
    assert first.read_bytes() == second.read_bytes()


def test_without_a_file_to_write_it_goes_to_standard_output(
    release: Release, table: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(release, table, "--column", "Région") == 0
    assert (
        capfdbinary.readouterr()
        .out.decode()
        .startswith("Région;n;ul_iri;ul_id;ul_label;ul_score;ul_match;")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--column", "Ville"], "there is no column 'Ville'; the columns are: Région, n"),
        (
            ["--column", "n", "--type", "planet"],
            "there is no type 'planet'; there are: Region, Place, Office",
        ),
        (
            ["--column", "n", "--out", "/nowhere/at/all.csv"],
            "/nowhere/at/all.csv cannot be written",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    release: Release,
    table: Path,
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(release, table, *options) == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(
    release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconcile", "no/such.csv", "--column", "x"]) == 2
    assert "no/such.csv cannot be read" in capsys.readouterr().err


def test_rows_without_a_value_are_counted(
    release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n;Région\n1;Gao\n2;\n3; \n4;—\n5;Gao\n", encoding="utf-8")
    assert run(release, path, "--column", "Région", "--type", "region") == 0
    assert "2 of 5 rows matched, 3 had no value\n" in capsys.readouterr().err


def test_candidates_that_are_left_out_leave_a_sign(
    release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = release.names
    regions = "".join(
        f"<{names.entity('region', f'r{n}')}> a <{names.term('Region')}> ; "
        f'<http://www.w3.org/2004/02/skos/core#prefLabel> "Twin"@en .\n'
        for n in range(5)
    )
    folder = tmp_path / "twins"
    folder.mkdir()
    (folder / "d.ttl").write_text(regions)
    twins = snapshot([folder / "d.ttl"], tmp_path / "release", union=False)
    path, out = tmp_path / "t.csv", tmp_path / "out.csv"
    path.write_text("name\nTwin\n")
    assert run(twins, path, "--column", "name", "--out", str(out)) == 0
    [row] = csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline=""))
    assert row["ul_id"] == "region/r0|region/r1|region/r2|…"
    assert row["ul_label"] == "Twin|Twin|Twin|…"
    assert "perhaps region/r0 or region/r1 or region/r2 or …" in capsys.readouterr().err


def linked(release: Release, tmp_path: Path, text: str, *options: str) -> list[dict[str, str]]:
    """Return the rows of a table after the command."""
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    out = tmp_path / "out.csv"
    assert run(release, tmp_path / "in.csv", *options, "--out", str(out)) == 0
    return list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline="")))


def test_columns_decide_between_namesakes(release: Release, tmp_path: Path) -> None:
    text = "Cercle,Commune\nDioïla,Benkadi\nKangaba,Benkadi\n,Benkadi\n"
    options = ("--column", "Commune", "--type", "commune", "--property", "partOf=Cercle")
    rows = linked(release, tmp_path, text, *options)
    assert [row["ul_id"] for row in rows][:2] == [
        "division/dioila-benkadi",
        "division/kangaba-benkadi",
    ]
    assert [row["ul_match"] for row in rows] == ["true", "true", "false"]
    text = "Region,Cercle,Commune\nKoulikoro,Kangaba,Benkadi\nKayes,Kangaba,Benkadi\n"
    options = (*options, "--property", "partOf=Region")
    rows = linked(release, tmp_path, text, *options)
    assert [row["ul_match"] for row in rows] == ["true", "false"]


def test_a_table_says_which_extents_a_region_has_had(release: Release, tmp_path: Path) -> None:
    text = "Region,When\nMopti,2020-05-01\nMopti,2026\nMopti,\nKidal,2026\n"
    options = ("--column", "Region", "--type", "region", "--property", "date=When")
    rows = linked(release, tmp_path, text, *options)
    assert [(row["ul_extent"], row["ul_extent_dates"]) for row in rows] == [
        ("extent/mopti-before-2023", "../2023-03-12"),
        ("extent/mopti-2023", "2023-03-13/.."),
        ("extent/mopti-before-2023|extent/mopti-2023", "../2023-03-12|2023-03-13/.."),
        ("", ""),
    ]
    rows = linked(release, tmp_path, text, *options[:4], "--date", "2016-03")
    assert {row["ul_extent"] for row in rows} == {"extent/mopti-before-2023", ""}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--date", "yesterday"), "is not a date such as 2024"),
        (("--property", "partOf"), "is not a property and a column"),
        (("--property", "partOf=Cercle"), "there is no column 'Cercle'"),
        (("--property", "parent=n"), "there is no property 'parent'"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    release: Release,
    table: Path,
    capsys: pytest.CaptureFixture[str],
    option: tuple[str, str],
    message: str,
) -> None:
    assert run(release, table, "--column", "Région", *option) == 2
    assert message in capsys.readouterr().err
