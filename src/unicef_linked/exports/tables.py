"""Tables that SPARQL fills, and how they are written: CSV (RFC 4180) with or without HXL hashtags, and CSVW about it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked.rdf.iris import WELL_KNOWN_PREFIXES
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Solution
    from unicef_linked.store import Store

SEPARATOR: Final = "|"
"""Between several values of one cell: neither IRIs nor codes contain it."""

_NUMERIC: Final = frozenset({"integer", "decimal"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FIRST_LANGUAGES: Final = {"en": 0, "fr": 1}


class Each(Enum):
    """What a column is repeated for."""

    ONCE = auto()
    LANGUAGE = auto()  # name_en, name_fr …
    SCHEME = auto()  # one for each datatype of ours: iso3166_2, pcode …


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one for each language or scheme that the data has.

    ``pattern`` binds ``?value`` from the row's variable ``about``; where it also binds ``?by``, several values come in the
    order of that: so lists of names run beside lists of things. Without a pattern the column is empty.
    """

    name: str
    about: str
    pattern: str = ""
    states: str = ""  # the property, prefixed, that a cell is a statement of
    each: Each = Each.ONCE
    datatype: str = "string"  # as CSVW names it
    many: bool = False
    hashtag: str = ""  # HXL
    read: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Table:
    """What makes a row, what is in it, and what both are called."""

    name: str
    pattern: str
    about: tuple[str, ...]  # the variables of the pattern that make a row
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A column with its values, by row."""

    name: str
    column: Column
    variant: str  # a language, the IRI of a datatype, or ""
    cells: list[tuple[str, ...]]

    @property
    def is_numeric(self) -> bool:
        """Whether cells are numbers."""
        return self.column.datatype in _NUMERIC

    @property
    def is_list(self) -> bool:
        """Whether a cell may hold several values."""
        return self.column.many or any(len(cell) > 1 for cell in self.cells)


def ask(store: Store, names: Names, query: str) -> list[Solution]:
    """Return the solutions of a query that uses prefixes of ours without declaring them."""
    known = {"ul": f"{names.ontology}#", **WELL_KNOWN_PREFIXES}
    used = [
        f"PREFIX {name}: <{iri}>\n"
        for name, iri in known.items()
        if re.search(rf"\b{name}:", query)
    ]
    return store.select("".join(used) + query)


def fill(columns: Iterable[Column], table: Table, store: Store, names: Names) -> list[Filled]:
    """Return the columns with a cell for each row of the table; rows run by the IRIs that make them."""
    variables = " ".join(f"?{name}" for name in table.about)
    solutions = ask(store, names, f"SELECT DISTINCT {variables} {{ {table.pattern} }}")
    rows = sorted({tuple(value_of(row[name]) for name in table.about) for row in solutions})
    filled = []
    for column in columns:
        position = table.about.index(column.about)
        variants = _values(column, store, names) if rows else {}
        if column.each is Each.ONCE:
            variants = {"": variants.get("", {})}
        for variant in sorted(variants, key=lambda text: (_FIRST_LANGUAGES.get(text, 2), text)):
            cells = [tuple(variants[variant].get(row[position], ())) for row in rows]
            if column.each is Each.ONCE or any(cells):
                filled.append(Filled(_name(column, variant, names), column, variant, cells))
    return filled


def _values(column: Column, store: Store, names: Names) -> dict[str, dict[str, list[str]]]:
    """Return the values of a column, by variant and subject, each list in order."""
    if not column.pattern:
        return {}
    by = " ?by" if "?by" in column.pattern else ""
    solutions = ask(
        store, names, f"SELECT DISTINCT ?{column.about}{by} ?value {{ {column.pattern} }}"
    )
    found: dict[str, dict[str, list[str]]] = {}
    for row in sorted(
        solutions, key=lambda row: (value_of(row.get("by")), value_of(row.get("value")))
    ):
        term = row.get("value")
        variant = ""
        if column.each is Each.LANGUAGE:
            variant = (term.language or "") if isinstance(term, Literal) else ""
        elif column.each is Each.SCHEME:
            datatype = term.datatype.value if isinstance(term, Literal) else ""
            variant = datatype if datatype.startswith(f"{names.ontology}#") else ""
        text = column.read(value_of(term))
        holds_place = bool(by) and column.many  # in a list beside another, also what is not known
        if (column.each is Each.ONCE or variant) and (text or holds_place):
            values = found.setdefault(variant, {}).setdefault(value_of(row.get(column.about)), [])
            if by or text not in values:
                values.append(text)
    return found


def _name(column: Column, variant: str, names: Names) -> str:
    """Return a name that is also a variable of a URI Template, as CSVW has it (RFC 6570, section 2.3)."""
    parts = [
        column.name,
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", variant.removeprefix(f"{names.ontology}#")),
    ]
    return re.sub(r"\W", "_", "_".join(filter(None, parts))).lower()


def guard(text: str) -> str:
    """Return text that no spreadsheet takes for a formula: an apostrophe goes before one that would begin so.

    >>> guard("=HYPERLINK(A1)"), guard("Gao")
    ("'=HYPERLINK(A1)", 'Gao')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(filled: Filled, row: int) -> str:
    """Return what a cell reads: numbers as they are, text guarded."""
    text = SEPARATOR.join(filled.cells[row])
    return text if filled.is_numeric and re.fullmatch(r"[+-]?[0-9.]+", text) else guard(text)


def write_csv(table: Table, store: Store, names: Names) -> bytes:
    """Return a table as CSV; where its columns have HXL hashtags, these are the second row (HXL 1.1, section 2)."""
    columns = fill(table.columns, table, store, names)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(column.name for column in columns)
    if any(column.column.hashtag for column in columns):
        writer.writerow(_hashtag(column) for column in columns)
    for row in range(len(columns[0].cells)):
        writer.writerow(cell(column, row) for column in columns)
    return out.getvalue().encode()


def _hashtag(filled: Filled) -> str:
    """Return the hashtag of a column; a language is the attribute ``+i_…``, a scheme ``+v_…``."""
    kind = {Each.ONCE: "", Each.LANGUAGE: "+i_", Each.SCHEME: "+v_"}[filled.column.each]
    tag = filled.column.hashtag
    return (
        tag + kind + re.sub(r"\W", "_", re.split("[#/]", filled.variant)[-1].lower())
        if tag and kind
        else tag
    )


def write_metadata(table: Table, store: Store, names: Names) -> bytes:
    """Return the CSVW description of a table (Metadata Vocabulary for Tabular Data, section 5).

    What a column means is what the ontology says of its property or code scheme, in both languages.
    """
    columns = fill(table.columns, table, store, names)
    terms_of_use = ask(
        store,
        names,
        f"""SELECT DISTINCT ?licence ?rights {{
          {{ <{names.dataset}> dcterms:license ?licence }} UNION {{ <{names.dataset}> dcterms:rights ?rights }} }}""",
    )
    licences = sorted(value_of(row["licence"]) for row in terms_of_use if "licence" in row)
    rights = {
        term.language or "": term.value
        for row in terms_of_use
        if isinstance(term := row.get("rights"), Literal)
    }
    terms = {
        filled.variant
        if filled.column.each is Each.SCHEME
        else _expand(filled.column.states, names)
        for filled in columns
    }
    listed = " ".join(f"<{iri}>" for iri in sorted(filter(None, terms)))
    stated = ask(
        store,
        names,
        f"""SELECT DISTINCT ?term ?text ?pattern {{ VALUES ?term {{ {listed} }}
          {{ ?term skos:definition ?text }} UNION {{ ?term ul:codePattern ?pattern }} }}""",
    )
    patterns = {
        value_of(row["term"]): value_of(row["pattern"]) for row in stated if "pattern" in row
    }
    meanings: dict[str, dict[str, str]] = {}
    for row in stated:
        if isinstance(text := row.get("text"), Literal) and text.language:
            meanings.setdefault(value_of(row["term"]), {})[text.language] = text.value
    described = []
    for filled in columns:
        column = filled.column
        states = _expand(column.states, names)
        meaning = meanings.get(filled.variant if column.each is Each.SCHEME else states, {})
        datatype: object = column.datatype
        if column.each is Each.SCHEME:
            datatype = {"@id": filled.variant, "base": "string"}
            if filled.variant in patterns and not filled.is_list:
                datatype |= {"format": patterns[filled.variant]}
        values = {
            "name": filled.name,
            "titles": filled.name,
            "dc:description": _by_language(meaning),
            "propertyUrl": states,
            "datatype": datatype,
            "lang": filled.variant if column.each is Each.LANGUAGE else "",
            "separator": SEPARATOR if filled.is_list else "",
            "required": column.name == table.about[0],
        }
        described.append({name: value for name, value in values.items() if value})
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": f"{table.name}.csv",
        "dc:license": [{"@id": licence} for licence in licences],
        "dc:rights": _by_language(rights),
        "dc:source": {"@id": names.dataset},
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ","},
        "tableSchema": {
            "columns": described,
            "primaryKey": table.about[0],
            "aboutUrl": f"{{+{table.about[0]}}}",
        },
    }
    return (json.dumps(metadata, ensure_ascii=False, indent=1) + "\n").encode()


def _by_language(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"@value": text, "@language": language}
        for language, text in sorted(texts.items())
        if language
    ]


def _expand(name: str, names: Names) -> str:
    prefix, _, local = name.partition(":")
    return {"ul": f"{names.ontology}#", **WELL_KNOWN_PREFIXES}[prefix] + local if local else ""
