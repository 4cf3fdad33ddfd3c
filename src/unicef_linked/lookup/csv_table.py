"""A user's table with the identifiers of what one column names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import UnusableInput
from unicef_linked.lookup.matching import ReconciliationQuery
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from unicef_linked.lookup.csv_file import Table
    from unicef_linked.lookup.matching import Candidate, Reconciler

PREFIX: Final = "ul_"
"""Start of the names of our columns; in a table that has them already they are replaced."""

_ADDED: Final = ("iri", "id", "label", "score", "match")
"""What our columns have, beside the codes."""

_CONTENT: Final = re.compile(r"name|label|text|alt|code|id|iri|uri|[iv]_.*")
"""HXL attributes that say what the cells of a column have, not what they are about."""

_SUGGESTIONS: Final = 3
"""Most candidates for one value that are named."""

_OTHERS: Final = "…"
"""What stands for the candidates that are not named."""

_ROWS_PER_REPORT: Final = 500
"""Rows between two reports of the progress."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a table: rows by outcome; ``empty`` are those without a value.

    ``unsure`` has each value that a person should check, with its rows and suggested ids.
    """

    rows: int
    matched: int
    empty: int
    unsure: dict[str, tuple[int, tuple[str, ...]]]


def choose_type(name: str, reconciler: Reconciler) -> str:
    """Return the class that a user means: ``region``, ``Region``, ``zone office``.

    Raises UnusableInput that lists the classes.
    """
    folded = fold(name).replace(" ", "")
    for type_name in reconciler.types:
        if type_name.lower() == folded:
            return type_name
    raise UnusableInput(
        f"there is no type {name!r}; there are: {', '.join(reconciler.types) or 'none'}"
    )


def reconcile(
    table: Table,
    column: str,
    reconciler: Reconciler,
    types: Sequence[str] = (),
    languages: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Table, Summary]:
    """Return the table with our columns added, hashtags where it has them, and a summary.

    A row with a certain match has the IRI and the codes of its entity; one without has only the
    likeliest id, label and score, so that nobody takes a suggestion for an answer.
    """
    place = table.column(column)
    values = [row[place].strip() if fold(row[place]) else "" for row in table.rows]
    answers = _candidates(values, reconciler, tuple(types), progress)
    schemes: set[str] = set()
    for candidates in answers.values():
        if candidates and candidates[0].match:
            schemes.update(code.scheme for code in candidates[0].entity.codes)
    ordered = sorted(schemes)
    kept = [
        number
        for number, title in enumerate(table.header)
        if number == place or not title.startswith(PREFIX)
    ]
    names = [scheme.rpartition("#")[2] for scheme in ordered]
    header = [table.header[number] for number in kept]
    header += [PREFIX + name for name in (*_ADDED, *names)]
    hashtags = []
    if table.hashtags:
        hashtags = [table.hashtags[number] for number in kept]
        hashtags += _hashtags(table.hashtags[place], names)
    rows = []
    for row, value in zip(table.rows, values, strict=True):
        cells = _cells(answers.get(value, []), ordered, languages)
        rows.append([row[number] for number in kept] + cells)
    answer = replace(table, header=header, rows=rows, hashtags=hashtags)
    return answer, _summary(values, answers)


def _hashtags(hashtag: str, schemes: Sequence[str]) -> list[str]:
    """Return the HXL hashtags of our columns, from that of the column that names the entities.

    Its attributes stay, but for those of its own kind of content. Without one, ours are ``#meta``.

    >>> _hashtags("#adm1 +origin +name +i_fr", ["pcode"])[::5]
    ['#adm1+origin+iri', '#adm1+origin+code+v_pcode']
    """
    tag, *attributes = "".join(hashtag.split()).lower().split("+")
    stem = "+".join(
        (tag or "#meta", *(name for name in attributes if not _CONTENT.fullmatch(name)))
    )
    codes = [re.sub(r"\W", "_", scheme.lower()) for scheme in schemes]
    return [f"{stem}+{name}" for name in _ADDED] + [f"{stem}+code+v_{code}" for code in codes]


def _candidates(
    values: Sequence[str],
    reconciler: Reconciler,
    types: tuple[str, ...],
    progress: Callable[[int, int], None],
) -> dict[str, list[Candidate]]:
    """Return the likeliest candidates for each value that is not empty."""
    answers: dict[str, list[Candidate]] = {}
    for number, value in enumerate(values):
        if value and value not in answers:
            query = ReconciliationQuery(value, types, limit=_SUGGESTIONS + 1)
            answers[value] = reconciler.candidates(query)
        if number % _ROWS_PER_REPORT == 0:
            progress(number, len(values))
    progress(len(values), len(values))
    return answers


def _summary(values: Sequence[str], answers: Mapping[str, list[Candidate]]) -> Summary:
    counts = Counter(values)
    unsure = {
        value: (counts[value], _named([c.entity.id for c in _best(candidates)]))
        for value, candidates in answers.items()
        if not (candidates and candidates[0].match)
    }
    matched = sum(counts[value] for value in answers if value not in unsure)
    return Summary(len(values), matched, counts[""], unsure)


def _cells(
    candidates: Sequence[Candidate], schemes: Sequence[str], languages: Sequence[str]
) -> list[str]:
    """Return our cells of one row; where several are as likely, ``|`` stands between them."""
    if not candidates:
        return ["", "", "", "", "false", *("" for _ in schemes)]
    best = _best(candidates)
    entity = best[0].entity if best[0].match else None
    codes = {code.scheme: code.value for code in entity.codes} if entity else {}
    return [
        entity.iri if entity else "",
        "|".join(_named([candidate.entity.id for candidate in best])),
        "|".join(_named([candidate.entity.name(languages).text for candidate in best])),
        f"{best[0].score:g}",
        "true" if entity else "false",
        *(codes.get(scheme, "") for scheme in schemes),
    ]


def _named(texts: Sequence[str]) -> tuple[str, ...]:
    """Return as many texts as there are suggestions, and a sign for those left out."""
    return (*texts[:_SUGGESTIONS], *([_OTHERS] if len(texts) > _SUGGESTIONS else []))


def _best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the match, else the candidates with the highest score."""
    return [
        candidate
        for candidate in candidates
        if candidate.score == candidates[0].score and candidate.match == candidates[0].match
    ]


def format_summary(summary: Summary, most: int = 20) -> str:
    """Return a summary for people: rows that matched, and the values that did not.

    The most frequent values come first, ``most`` of them.
    """
    lines = [f"{summary.matched:,} of {summary.rows:,} rows matched"]
    if summary.empty:
        lines[0] += f", {summary.empty:,} had no value"
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
