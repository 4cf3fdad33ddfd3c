"""A user's table with the identifiers of what one column names: read as found in the field, written for spreadsheets."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import UnusableInput
from unicef_linked.lookup.matching import Question
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from unicef_linked.lookup.matching import Candidate, Reconciler

PREFIX: Final = "ul_"
"""What the names of our columns begin with; a table that has them already gets them anew."""

_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header, each as long as it, and the delimiter they were found with."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str

    def column(self, name: str) -> int:
        """Return the place of a column, by its name as written, else folded. Raises UnusableInput with what there is."""
        if name in self.header:
            return self.header.index(name)
        alike = [place for place, title in enumerate(self.header) if fold(title) == fold(name)]
        if len(alike) == 1:
            return alike[0]
        raise UnusableInput(
            f"there is no column {name!r}; the columns are: {', '.join(self.header)}"
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a table: rows by outcome, and each value that needs a human eye with its rows and suggestions."""

    rows: int
    matched: int
    empty: int
    unsure: dict[str, tuple[int, tuple[str, ...]]]


def read_table(path: Path) -> Table:
    """Return the table in a CSV file: UTF-8, UTF-16 with its mark, or Latin-1; ``;``, ``,``, tabs or ``|`` between.

    Raises UnusableInput when there is none.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}") from None
    text = _decode(content)
    first = [line for line in text.splitlines() if line.strip()][:5]
    if not first:
        raise UnusableInput(
            f"{path} is empty; it should have a line of column names and rows below"
        )
    if "\0" in text:
        raise UnusableInput(f"{path} is not a text file; save the sheet as CSV")
    delimiter = max(
        _DELIMITERS,
        key=lambda mark: [f([_outside_quotes(x, mark) for x in first]) for f in (min, max)],
    )
    try:
        lines = [
            row
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            if any(row)
        ]
    except csv.Error as error:
        raise UnusableInput(f"{path} is not CSV: {error}") from None
    header = [title.strip() for title in lines[0]]
    width = max(map(len, lines))
    header += [""] * (width - len(header))
    return Table(header, [row + [""] * (width - len(row)) for row in lines[1:]], delimiter)


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # Latin-1 as Windows has it


def _outside_quotes(line: str, mark: str) -> int:
    """Return how often a mark stands in a line, quoted cells left out."""
    return "".join(line.split('"')[::2]).count(mark)


def choose_type(name: str, reconciler: Reconciler) -> str:
    """Return the class that a user means: ``region``, ``Region``, ``zone office``. Raises UnusableInput with what there is."""
    wanted = fold(name).replace(" ", "")
    found = next((known for known in reconciler.types if known.lower() == wanted), None)
    if found is None:
        raise UnusableInput(
            f"there is no type {name!r}; there are: {', '.join(reconciler.types) or 'none'}"
        )
    return found


def reconcile(
    table: Table,
    column: str,
    reconciler: Reconciler,
    types: Sequence[str] = (),
    language: str = "en",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Table, Summary]:
    """Return the table with our columns added, and what came of it.

    A row with a certain match has the IRI and the codes of its entity; one without has only the likeliest id, label and
    score, so that nobody takes a suggestion for an answer.
    """
    place = table.column(column)
    kept = [
        number
        for number, title in enumerate(table.header)
        if number == place or not title.startswith(PREFIX)
    ]
    answers: dict[str, list[Candidate]] = {}
    for number, row in enumerate(table.rows):
        value = row[place].strip()
        if value and value not in answers:
            answers[value] = reconciler.candidates(Question(value, tuple(types), limit=3))
        if number % 500 == 0:
            progress(number, len(table.rows))
    progress(len(table.rows), len(table.rows))
    matches = [found[0].entity for found in answers.values() if found and found[0].match]
    schemes = sorted({code.scheme for entity in matches for code in entity.codes})
    names = [
        "iri",
        "id",
        "label",
        "score",
        "match",
        *(scheme.rpartition("#")[2] for scheme in schemes),
    ]
    rows = []
    for row in table.rows:
        found = answers.get(row[place].strip(), [])
        rows.append([row[number] for number in kept] + _cells(found, schemes, language))
    counts = Counter(row[place].strip() for row in table.rows)
    unsure = {
        value: (counts[value], tuple(candidate.entity.id for candidate in _best(found)))
        for value, found in answers.items()
        if not (found and found[0].match)
    }
    matched = sum(counts[value] for value in answers if value not in unsure)
    header = [table.header[number] for number in kept] + [PREFIX + name for name in names]
    return Table(header, rows, table.delimiter), Summary(len(rows), matched, counts[""], unsure)


def _cells(found: Sequence[Candidate], schemes: Sequence[str], language: str) -> list[str]:
    """Return our cells of one row; where several are as likely, ``|`` stands between them."""
    if not found:
        return ["", "", "", "", "false", *("" for _ in schemes)]
    best = _best(found)
    entity = best[0].entity if best[0].match else None
    codes = {code.scheme: code.value for code in entity.codes} if entity else {}
    return [
        entity.iri if entity else "",
        "|".join(candidate.entity.id for candidate in best),
        "|".join(candidate.entity.name(language).text for candidate in best),
        f"{best[0].score:g}",
        "true" if entity else "false",
        *(codes.get(scheme, "") for scheme in schemes),
    ]


def _best(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the match, else the candidates with the highest score."""
    return [
        candidate
        for candidate in found
        if candidate.score == found[0].score and candidate.match == found[0].match
    ]


def write_table(table: Table, *, mark: bool) -> bytes:
    """Return a table as UTF-8, with the delimiter it came with; ``mark`` puts the BOM before it that Excel looks for."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter)
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return (codecs.BOM_UTF8 if mark else b"") + out.getvalue().encode()


def tell(summary: Summary, most: int = 20) -> str:
    """Return a summary for people: how many rows matched, and each value that did not, the most frequent first."""
    lines = [f"{summary.matched:,} of {summary.rows:,} rows matched"]
    if summary.empty:
        lines[0] += f", {summary.empty:,} empty"
    if summary.unsure:
        rows = sum(number for number, _ in summary.unsure.values())
        lines.append(f"{rows:,} rows need a human eye:")
        ordered = sorted(summary.unsure.items(), key=lambda item: (-item[1][0], item[0]))
        for value, (number, ids) in ordered[:most]:
            hint = f"perhaps {' or '.join(ids)}" if ids else "nothing like it here"
            lines.append(f"  {value!r} ({number:,} row{'s' if number > 1 else ''}): {hint}")
        if len(ordered) > most:
            lines.append(f"  and {len(ordered) - most:,} more values; they have ul_match = false")
    return "\n".join(lines)
