"""Tables as spreadsheets write them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.cli import main
from unicef_linked.errors import UnusableInput
from unicef_linked.lookup.csv_file import Table, read_table, write_table

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, content: str | bytes) -> Table:
    """Return the table in a file of this content."""
    path = folder / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path)


@pytest.mark.parametrize(
    ("content", "delimiter", "header", "rows"),
    [
        pytest.param(
            'code;remarque;Région\n1;"une note, longue,\nbeaucoup, de, virgules, et, encore, des, '
            'virgules, ici";Gao\n2;x;Mopti\n',
            ";",
            ["code", "remarque", "Région"],
            [
                [
                    "1",
                    "une note, longue,\nbeaucoup, de, virgules, et, encore, des, virgules, ici",
                    "Gao",
                ],
                ["2", "x", "Mopti"],
            ],
            id="commas within a cell of several lines",
        ),
        pytest.param(
            'a,b\r\n"x; y; z\r\n1; 2; 3",Gao\r\n"u; v; w",Kayes\r\n',
            ",",
            ["a", "b"],
            [["x; y; z\r\n1; 2; 3", "Gao"], ["u; v; w", "Kayes"]],
            id="semicolons within cells",
        ),
        pytest.param(
            'a\tb\n"x, ""y"", z\n;;;;\n,,,,"\tGao\n',
            "\t",
            ["a", "b"],
            [['x, "y", z\n;;;;\n,,,,', "Gao"]],
            id="doubled quotes",
        ),
        pytest.param(
            "nom;part;part 2\nGao;1,5;2,5\nMopti;2,5;\nKayes;3,5\n",
            ";",
            ["nom", "part", "part 2"],
            [["Gao", "1,5", "2,5"], ["Mopti", "2,5", ""], ["Kayes", "3,5", ""]],
            id="decimal commas",
        ),
        pytest.param(
            "Nom;Lieu, cercle, région\nA;Gao, Gao, Gao\nB;Djenné, Djenné, Mopti\n",
            ";",
            ["Nom", "Lieu, cercle, région"],
            [["A", "Gao, Gao, Gao"], ["B", "Djenné, Djenné, Mopti"]],
            id="as many commas in each row, as punctuation",
        ),
        pytest.param(
            "nom|secteurs\nGao|wash;health;education\nKayes|wash;health;education\n",
            "|",
            ["nom", "secteurs"],
            [["Gao", "wash;health;education"], ["Kayes", "wash;health;education"]],
            id="lists within cells",
        ),
        pytest.param(
            "Région\nGao, Mali\nMopti, Mali\n",
            ",",
            ["Région"],
            [["Gao, Mali"], ["Mopti, Mali"]],
            id="one column, with commas",
        ),
        pytest.param(
            "sep=;\r\nRégion;a,b\r\nGao;1\r\n",
            ";",
            ["Région", "a,b"],
            [["Gao", "1"]],
            id="the delimiter is stated",
        ),
        pytest.param(
            '"sep=^"\r\nRégion^n\r\nGao^1\r\n',
            "^",
            ["Région", "n"],
            [["Gao", "1"]],
            id="a delimiter of another kind is stated",
        ),
        pytest.param(
            b"\xef\xbb\xbfSEP=,\nR\xc3\xa9gion,n\nGao,1\n",
            ",",
            ["Région", "n"],
            [["Gao", "1"]],
            id="the delimiter is stated behind a byte order mark",
        ),
        pytest.param("a;b\rGao;1\r", ";", ["a", "b"], [["Gao", "1"]], id="carriage returns alone"),
        pytest.param(
            "a;b;;;\nGao;1;;;\n;;;;\nKayes;2;;;\n",
            ";",
            ["a", "b"],
            [["Gao", "1"], ["Kayes", "2"]],
            id="empty columns at the end, an empty row",
        ),
        pytest.param(
            ";;\na;b;\nGao;1;x\n", ";", ["a", "b", ""], [["Gao", "1", "x"]], id="rows before"
        ),
        pytest.param(
            "a,,a\n1,Gao,3\n", ",", ["a", "", "a"], [["1", "Gao", "3"]], id="titles twice, or none"
        ),
        pytest.param(
            "a\tb\r\nÉ\t1\r\n".encode("utf-16-le"),
            "\t",
            ["a", "b"],
            [["É", "1"]],
            id="UTF-16 without its mark",
        ),
        pytest.param(
            "a\tb\r\nÉ\t1\r\n".encode("utf-16-be"),
            "\t",
            ["a", "b"],
            [["É", "1"]],
            id="UTF-16 of the other order",
        ),
        pytest.param(
            "a;b\nœuvre – 5 €;1\n".encode("cp1252"),
            ";",
            ["a", "b"],
            [["œuvre – 5 €", "1"]],
            id="Windows-1252",
        ),
    ],
)
def test_a_table_has_the_cells_that_its_author_sees(
    tmp_path: Path, content: str | bytes, delimiter: str, header: list[str], rows: list[list[str]]
) -> None:
    table = read(tmp_path, content)
    assert (table.delimiter, table.header, table.rows) == (delimiter, header, rows)


def test_a_cell_may_be_large_and_the_limit_of_others_stays(tmp_path: Path) -> None:
    limit = csv.field_size_limit()
    text = "long " * 100_000
    assert read(tmp_path, f'a;b\n"{text}";Gao\n').rows == [[text, "Gao"]]
    assert csv.field_size_limit() == limit


def test_a_table_is_written_as_it_was_read(tmp_path: Path) -> None:
    content = 'a;b;a\r\n"x;\ny";Gao;"say ""yes"""\r\n'
    assert write_table(read(tmp_path, content), mark=False).decode() == content


def test_a_guess_of_the_encoding_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, "a;b\nGao;é\n").notices == ()
    [notice] = read(tmp_path, "a;b\nGao;1\nSégou;2\n".encode("latin-1")).notices
    assert notice.startswith(f"{tmp_path / 't.csv'}:3: is not UTF-8, read as Windows-1252")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "t.csv is empty", id="nothing"),
        pytest.param(b"PK\x03\x04...", "t.csv is a workbook", id="xlsx"),
        pytest.param(b"%PDF-1.7", "t.csv is a PDF", id="PDF"),
        pytest.param(b"a,b\n1,\x00\n", "t.csv:2: is not a text file", id="NUL"),
        pytest.param(b"\xff\xfea\x00,\x00b\x00\n\x00x", "t.csv:", id="half a character"),
        pytest.param(
            b'a;b\nGao;1\n"Mopti;2\nKayes;3\n', "t.csv:3: a quotation mark", id="an open quote"
        ),
        pytest.param(
            b'sep=;\na;b\nGao;1\n"Mopti;2\n', "t.csv:4: a quotation mark", id="below sep="
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(UnusableInput) as raised:
        read(tmp_path, content)
    assert message in str(raised.value)


TITLES: Final = "Région;;région;Nom\nGao;x;y;z\n"


@pytest.mark.parametrize(
    ("name", "place"),
    [("Région", 0), ("région", 2), (" Nom ", 3), ("NOM", 3)],
)
def test_a_column_is_chosen_by_its_title(tmp_path: Path, name: str, place: int) -> None:
    assert read(tmp_path, TITLES).column(name) == place


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        (TITLES, "REGION", "t.csv:1: the columns 1, 3 have the name 'REGION'"),
        ("a;a\n1;2\n", "a", "t.csv:1: the columns 1, 2 have the name 'a'"),
        ("\n\na;b\n1;2\n", "c", "t.csv:3: there is no column 'c'; the columns are: a, b"),
        (TITLES, "", "t.csv:1: there is no column ''; the columns are: Région, région, Nom"),
    ],
)
def test_a_column_that_cannot_be_chosen_is_told_with_those_there_are(
    tmp_path: Path, content: str, column: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text(content)
    assert main(["reconcile", str(tmp_path / "t.csv"), "--column", column]) == 2
    assert message in capsys.readouterr().err
