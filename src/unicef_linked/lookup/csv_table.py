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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from unicef_linked.lookup.csv_file import Table
    from unicef_linked.lookup.matching import Candidate, Reconciler

PREFIX: Final = "ul_"
"""Start of the names of our columns; in a table that has them already they are replaced."""

_ADDED: Final = ("iri", "id", "label", "score", "match")
"""What our columns have, beside extents and codes."""

_EXTENTS: Final = ("extent", "extent_dates")
"""What our columns have of divisions that changed: the extents, and the days of each."""

_Key = tuple[str, tuple[tuple[str, str], ...]]
"""What is asked of a row: the name, and properties with their values. Equal ones are asked once."""

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


def check_properties(names: Iterable[str], reconciler: Reconciler) -> None:
    """Raise UnusableInput for a property that nothing has; the message lists those there are."""
    for name in names:
        if name not in reconciler.query_properties and reconciler.property_iri(name) is None:
            there = ", ".join(reconciler.query_properties)
            raise UnusableInput(f"there is no property {name!r}; there are: {there}")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each row: the column of names, their types, what decides between namesakes.

    ``columns`` are ids of properties, each with a column that has its values; one may come several
    times. ``date`` is one of all rows.
    """

    column: str
    types: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    date: str = ""


def reconcile(
    table: Table,
    question: Question,
    reconciler: Reconciler,
    languages: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Table, Summary]:
    """Return the table with our columns added, hashtags where it has them, and a summary.

    A row with a certain match has the IRI and the codes of its entity; one without has only the
    likeliest id, label and score, so that nobody takes a suggestion for an answer.
    """
    place = table.column(question.column)
    keys = _keys(table, question)
    answers = _candidates(keys, reconciler, question.types, progress)
    schemes, with_extents = _added_columns(answers.values())
    kept = [
        number
        for number, title in enumerate(table.header)
        if number == place or not title.startswith(PREFIX)
    ]
    added = (*_ADDED, *(_EXTENTS if with_extents else ()))
    names = [scheme.rpartition("#")[2] for scheme in schemes]
    header = [table.header[number] for number in kept]
    header += [PREFIX + name for name in (*added, *names)]
    hashtags = []
    if table.hashtags:
        hashtags = [table.hashtags[number] for number in kept]
        hashtags += _hashtags(table.hashtags[place], names, added)
    rows = []
    for row, key in zip(table.rows, keys, strict=True):
        candidates = answers.get(key, [])
        cells = _cells(candidates, languages)
        cells += _extents(candidates) if with_extents else []
        rows.append([row[number] for number in kept] + cells + _codes(candidates, schemes))
    answer = replace(table, header=header, rows=rows, hashtags=hashtags)
    return answer, _summary(keys, answers)


def _added_columns(answers: Iterable[Sequence[Candidate]]) -> tuple[list[str], bool]:
    """Return the schemes that certain matches have codes of, and whether one names extents."""
    schemes: set[str] = set()
    with_extents = False
    for candidates in answers:
        if candidates and candidates[0].match:
            schemes.update(code.scheme for code in candidates[0].entity.codes)
            with_extents = with_extents or bool(candidates[0].extents)
    return sorted(schemes), with_extents


def _keys(table: Table, question: Question) -> list[_Key]:
    """Return what is asked of each row; empty cells decide nothing."""
    place = table.column(question.column)
    places = [(name, table.column(title)) for name, title in question.columns]
    keys = []
    for row in table.rows:
        properties = [(name, row[number].strip()) for name, number in places]
        if question.date:
            properties.append(("date", question.date))
        stated = tuple((name, text) for name, text in properties if fold(text))
        keys.append((row[place].strip() if fold(row[place]) else "", stated))
    return keys


def _hashtags(hashtag: str, schemes: Sequence[str], added: Sequence[str] = _ADDED) -> list[str]:
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
    return [f"{stem}+{name}" for name in added] + [f"{stem}+code+v_{code}" for code in codes]


def _candidates(
    keys: Sequence[_Key],
    reconciler: Reconciler,
    types: tuple[str, ...],
    progress: Callable[[int, int], None],
) -> dict[_Key, list[Candidate]]:
    """Return the likeliest candidates for each row that has a name."""
    answers: dict[_Key, list[Candidate]] = {}
    for number, key in enumerate(keys):
        name, properties = key
        if name and key not in answers:
            accepted = tuple((pid, (text,)) for pid, text in properties)
            query = ReconciliationQuery(name, types, properties=accepted, limit=_SUGGESTIONS + 1)
            answers[key] = reconciler.candidates(query)
        if number % _ROWS_PER_REPORT == 0:
            progress(number, len(keys))
    progress(len(keys), len(keys))
    return answers


def _summary(keys: Sequence[_Key], answers: Mapping[_Key, list[Candidate]]) -> Summary:
    counts = Counter(keys)
    unsure = {
        _spelled(key): (counts[key], _named([c.entity.id for c in _best(candidates)]))
        for key, candidates in answers.items()
        if not (candidates and candidates[0].match)
    }
    matched = sum(counts[key] for key, best in answers.items() if best and best[0].match)
    empty = sum(number for (name, _), number in counts.items() if not name)
    return Summary(len(keys), matched, empty, unsure)


def _spelled(key: _Key) -> str:
    """Return what is asked of a row, for people; a date is mostly one of all rows.

    >>> _spelled(("Gao", (("partOf", "Ansongo"),)))
    'Gao (partOf Ansongo)'
    """
    name, properties = key
    shown = ", ".join(f"{pid} {text}" for pid, text in properties if pid != "date")
    return f"{name} ({shown})" if shown else name


def _cells(candidates: Sequence[Candidate], languages: Sequence[str]) -> list[str]:
    """Return our first cells of a row; where several are as likely, ``|`` stands between them."""
    if not candidates:
        return ["", "", "", "", "false"]
    best = _best(candidates)
    return [
        best[0].entity.iri if best[0].match else "",
        "|".join(_named([candidate.entity.id for candidate in best])),
        "|".join(_named([candidate.entity.name(languages).text for candidate in best])),
        f"{best[0].score:g}",
        "true" if best[0].match else "false",
    ]


def _extents(candidates: Sequence[Candidate]) -> list[str]:
    """Return the extents of the match, with ``|`` between them, and the days of each."""
    extents = candidates[0].extents if candidates and candidates[0].match else ()
    ids = ["/".join(extent.iri.rsplit("/", 2)[1:]) for extent in extents]
    return ["|".join(ids), "|".join(str(extent.period) for extent in extents)]


def _codes(candidates: Sequence[Candidate], schemes: Sequence[str]) -> list[str]:
    """Return the code of the match in each scheme."""
    entity = candidates[0].entity if candidates and candidates[0].match else None
    codes = {code.scheme: code.value for code in entity.codes} if entity else {}
    return [codes.get(scheme, "") for scheme in schemes]


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
