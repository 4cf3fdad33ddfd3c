"""Tables in CSV files, as spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import UnusableInput
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_DELIMITERS: Final = ",;\t|"

_NOWHERE: Final = "\x1f"
"""A delimiter for a table of one column."""

_SAMPLE: Final = 1000
"""Records by which the delimiter is chosen."""

_SPACED: Final = 0.25
"""Factor of a delimiter that a space follows in most cells: it is punctuation rather."""

_STATED_DELIMITER: Final = re.compile(
    r'\A"?sep=([^"\r\n])"?[ ,;\t|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE
)
"""The line with which Excel is told the delimiter."""

_OTHER_FILES: Final = {
    b"PK\x03\x04": "a workbook or an archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "compressed by gzip",
}
"""Files that are taken for tables, by their first bytes."""

_HIGH: Final = 0.25
"""Share of NUL among every second byte from which on a file without a mark is UTF-16."""

_HASHTAG: Final = re.compile(r"\s*#[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*\s*", re.IGNORECASE)
"""A hashtag with its attributes (HXL 1.1, section 2)."""

_END: Final = "\ue000end of the table\ue000"
"""The last record of a text to be parsed: where it is missing, a quotation mark is not closed."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header, each as long as it, and their delimiter.

    ``hashtags`` is the row of HXL hashtags, empty where there is none; a table may have these
    alone, and no titles. ``place`` is where the header stands, for messages: the file and the line.
    ``notices`` are what a reader should know of how the file was read.
    """

    header: list[str]
    rows: list[list[str]]
    delimiter: str
    hashtags: list[str] = field(default_factory=list)
    place: str = ""
    notices: tuple[str, ...] = ()

    def column(self, name: str) -> int:
        """Return the place of a column, by its name as written, else folded, else by its hashtag.

        Raises UnusableInput that lists the columns.
        """
        places = _places_of_title(name, self.header)
        if not places:
            hashtags = [_compact(hashtag) for hashtag in self.hashtags]
            places = _places(_compact(name), hashtags)
        if len(places) == 1:
            return places[0]
        if places:
            numbers = ", ".join(str(place + 1) for place in places)
            raise UnusableInput(
                f"{self.place}: the columns {numbers} have the name {name!r}; "
                "give each a name of its own"
            )
        titles = self.header if any(self.header) else self.hashtags
        titles = [" ".join(title.split()) for title in titles if title]
        raise UnusableInput(
            f"{self.place}: there is no column {name!r}; the columns are: {', '.join(titles)}"
        )


def _places(name: str, titles: Sequence[str]) -> list[int]:
    """Return where a name is among titles; an empty one is nowhere."""
    return [place for place, title in enumerate(titles) if title and title == name]


def _places_of_title(name: str, titles: Sequence[str]) -> list[int]:
    places = _places(name.strip(), titles)
    return places or _places(fold(name), [fold(title) for title in titles])


def _compact(hashtag: str) -> str:
    """Return a hashtag without the spaces and capitals that it may have."""
    return "".join(hashtag.split()).lower()


def read_table(path: Path, column: str = "") -> Table:
    """Return the table in a CSV file with ``;``, ``,``, tabs or ``|`` between cells.

    UTF-8, UTF-16, or Windows-1252. A row of HXL hashtags stands below the titles, or above them if
    the row below it has the title ``column``. Raises UnusableInput when there is no table.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}") from None
    text, notices = _decode(content, path)
    text, first_line, delimiter = _without_stated_delimiter(text)
    with _cells_of_any_size(len(text)):
        delimiter = delimiter or _choose_delimiter(text)
        records = list(_records(text, delimiter or _NOWHERE, first_line, path))
    if not records:
        raise UnusableInput(
            f"{path} is empty; it should have a line of column names and rows below"
        )
    titles, hashtags, data = _heading(records, column)
    rows = [cells for _, cells in data]
    width = max(len(_trimmed(cells)) for cells in (titles, hashtags, *rows))
    return Table(
        _of_width([title.strip() for title in titles], width),
        [_of_width(cells, width) for cells in rows],
        delimiter or _DELIMITERS[0],
        _of_width(hashtags, width) if hashtags else [],
        f"{path}:{records[0][0]}",
        notices,
    )


_Record = tuple[int, list[str]]
"""The line on which a record begins, and its cells."""


def _heading(
    records: Sequence[_Record], column: str
) -> tuple[list[str], list[str], Sequence[_Record]]:
    """Return the titles, the hashtags, and the records below both."""
    (_, first), second = records[0], records[1][1] if len(records) > 1 else []
    if _are_hashtags(second) and not _are_hashtags(first):
        return first, second, records[2:]
    if not _are_hashtags(first):
        return first, [], records[1:]
    if _places_of_title(column, [title.strip() for title in second]):
        return second, first, records[2:]
    return [], first, records[1:]


def _are_hashtags(cells: Sequence[str]) -> bool:
    """Return whether a row is one of HXL hashtags: each cell has one, or nothing."""
    texts = [cell for cell in cells if cell.strip()]
    return bool(texts) and all(_HASHTAG.fullmatch(text) for text in texts)


def _decode(content: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and what should be said of how it was read."""
    for start, kind in _OTHER_FILES.items():
        if content.startswith(start):
            raise UnusableInput(f"{path} is {kind}, not CSV; save the sheet as CSV")
    notices: tuple[str, ...] = ()
    encoding = _unicode_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", content[: error.start])) + 1
        if encoding != "utf-8-sig":
            raise UnusableInput(
                f"{path}:{line}: is not {encoding} to its end; save the sheet again, as UTF-8"
            ) from None
        text = content.decode("cp1252", errors="replace")
        notices = (
            f"{path}:{line}: is not UTF-8, read as Windows-1252; if letters with accents come out "
            "wrong, save the sheet as UTF-8",
        )
    if "\0" in text:
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        raise UnusableInput(f"{path}:{line}: is not a text file; save the sheet as CSV")
    return text.removeprefix("\ufeff"), notices


def _unicode_encoding(content: bytes) -> str:
    """Return the Unicode encoding that a file is in, if it is in one: by its mark, else NULs."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = len(content) / 2
    if content[1::2].count(0) > half * _HIGH and not content[::2].count(0):
        return "utf-16-le"
    if content[::2].count(0) > half * _HIGH and not content[1::2].count(0):
        return "utf-16-be"
    return "utf-8-sig"


def _without_stated_delimiter(text: str) -> tuple[str, int, str]:
    """Return text without a first line ``sep=;``, the line it begins on, and that delimiter."""
    stated = _STATED_DELIMITER.match(text)
    if not stated:
        return text, 1, ""
    return text[stated.end() :], 2, stated[1]


@contextmanager
def _cells_of_any_size(size: int) -> Iterator[None]:
    """Let cells have ``size`` characters until the end of the block; the module allows 131,072."""
    limit = csv.field_size_limit(max(size + len(_END), csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _choose_delimiter(text: str) -> str:
    """Return the delimiter that parts the text into the most even and widest records.

    Whole records are parsed, so that nothing within quotes counts. "" where none parts the header:
    the table has one column.
    """
    regularities = {delimiter: _regularity(text, delimiter) for delimiter in _DELIMITERS}
    best = max(_DELIMITERS, key=regularities.__getitem__)
    return best if regularities[best] else ""


def _regularity(text: str, delimiter: str) -> float:
    """Return how well a delimiter parts a text: 0 if it does not part the header."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = [cells for cells in islice(reader, _SAMPLE) if _trimmed(cells)]
    width = len(_trimmed(records[0])) if records else 0
    if width < 2:
        return 0.0
    fitting = sum(len(_trimmed(cells)) <= width <= len(cells) for cells in records)
    later = list(filter(None, chain.from_iterable(cells[1:] for cells in records)))
    spaced = sum(cell.startswith(" ") for cell in later)
    evenness = fitting / len(records)
    return evenness**2 * (width - 1) * (_SPACED if 2 * spaced > len(later) else 1)


def _records(text: str, delimiter: str, first_line: int, path: Path) -> Iterator[_Record]:
    """Yield the records that have any cell."""
    line_end = "" if text.endswith(("\n", "\r")) else "\n"
    reader = csv.reader(io.StringIO(f"{text}{line_end}{_END}\n", newline=""), delimiter=delimiter)
    line = first_line
    while True:
        try:
            cells = next(reader)
        except csv.Error as error:
            raise UnusableInput(
                f"{path}:{line}: is not CSV: {error}; save the sheet as CSV"
            ) from None
        if cells == [_END]:
            return
        if any(_END in cell for cell in cells):
            raise UnusableInput(
                f"{path}:{line}: a quotation mark opens a cell and none closes it; "
                'close it, or write "" for a mark within a quoted cell'
            )
        if _trimmed(cells):
            yield line, cells
        line = first_line + reader.line_num


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """Return cells without the empty ones at their end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return cells[:width]


def _of_width(cells: list[str], width: int) -> list[str]:
    return cells[:width] + [""] * (width - len(cells))


def write_table(table: Table, *, mark: bool) -> bytes:
    """Return a table as UTF-8, with its delimiter; ``mark`` adds the BOM that Excel looks for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter)
    if any(table.header):
        writer.writerow(table.header)
    if table.hashtags:
        writer.writerow(table.hashtags)
    writer.writerows(table.rows)
    return (codecs.BOM_UTF8 if mark else b"") + out.getvalue().encode()
