"""Tables that SPARQL fills, written as CSV (RFC 4180), with HXL hashtags, and CSVW about them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import WELL_KNOWN_PREFIXES
from unicef_linked.rdf.terms import value_of
from unicef_linked.store import BATCH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Solution, Term
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

    ``pattern`` binds ``?value`` from the row's variables ``about``; where it also binds ``?by``,
    several values come in the order of that, so that lists of names run beside lists of things.
    Without a pattern the column is empty.
    """

    name: str
    about: tuple[str, ...]
    pattern: str = ""
    states: str = ""  # the IRI of the property that a cell is a statement of
    each: Each = Each.ONCE
    datatype: str = "string"  # as CSVW names it
    many: bool = False
    hashtag: str = ""  # HXL


@dataclass(frozen=True, slots=True)
class Table:
    """What makes a row, what is in it, and what both are called."""

    name: str  # of the CSV file
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
    prefixes = {"ul": f"{names.ontology}#", **WELL_KNOWN_PREFIXES}
    used = [
        f"PREFIX {name}: <{iri}>\n"
        for name, iri in prefixes.items()
        if re.search(rf"\b{name}:", query)
    ]
    return store.select("".join(used) + query)


def fill(columns: Iterable[Column], table: Table, store: Store, names: Names) -> list[Filled]:
    """Return the columns with a cell for each row of the table, in the order of the rows' IRIs."""
    variables = " ".join(f"?{name}" for name in table.about)
    solutions = ask(store, names, f"SELECT DISTINCT {variables} {{ {table.pattern} }}")
    terms = {
        tuple(value_of(row[name]) for name in table.about): tuple(row[name] for name in table.about)
        for row in solutions
    }
    rows = sorted(terms)
    filled = []
    for column in columns:
        places = [table.about.index(name) for name in column.about]
        things = dict.fromkeys(tuple(terms[row][n] for n in places) for row in rows)
        variants = _values(column, things, store, names) if rows else {}
        if column.each is Each.ONCE:
            variants = {"": variants.get("", {})}
        for variant in sorted(variants, key=lambda text: (_FIRST_LANGUAGES.get(text, 2), text)):
            values = variants[variant]
            cells = [tuple(values.get(tuple(row[n] for n in places), ())) for row in rows]
            if column.each is Each.ONCE or any(cells):
                filled.append(Filled(_name(column, variant, names), column, variant, cells))
    return filled


def _ask_for_values(
    column: Column, things: Collection[tuple[Term, ...]], store: Store, names: Names
) -> Iterator[Solution]:
    """Yield the solutions of a column's pattern for the things of the rows.

    The engine is asked for BATCH of them at a time: a pattern may fit far more than the table has.
    """
    by = " ?by" if "?by" in column.pattern else ""
    about = " ".join(f"?{name}" for name in column.about)
    select = f"SELECT DISTINCT {about}{by} ?value"
    is_bound = any(re.search(rf"\bAS\s+\?{name}\b", column.pattern) for name in column.about)
    if is_bound or not all(isinstance(term, NamedNode) for term in chain.from_iterable(things)):
        yield from ask(store, names, f"{select} {{ {column.pattern} }}")
        return
    remaining = iter(things)
    while batch := list(islice(remaining, BATCH)):
        keys = " ".join(f"({' '.join(map(str, key))})" for key in batch)
        values = f"VALUES ({about}) {{ {keys} }}"
        yield from ask(store, names, f"{select} {{ {values} {column.pattern} }}")


def _values(
    column: Column, things: Collection[tuple[Term, ...]], store: Store, names: Names
) -> dict[str, dict[tuple[str, ...], list[str]]]:
    """Return the values of a column, by variant and by what they are about, each list in order."""
    if not column.pattern:
        return {}
    by = "?by" in column.pattern
    solutions = _ask_for_values(column, things, store, names)
    by_variant: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for row in sorted(
        solutions, key=lambda row: (value_of(row.get("by")), value_of(row.get("value")))
    ):
        variant, text = _variant(column, row.get("value"), names), value_of(row.get("value"))
        keeps_place = by and column.many  # in a list beside another, also what is not known
        if (column.each is Each.ONCE or variant) and (text or keeps_place):
            of_variant = by_variant.setdefault(variant, {})
            subject = tuple(value_of(row.get(name)) for name in column.about)
            values = of_variant.setdefault(subject, [])
            if by or text not in values:
                values.append(text)
    return by_variant


def _variant(column: Column, term: object, names: Names) -> str:
    """Return the language or the code scheme of a value, "" if the column is not repeated."""
    if not isinstance(term, Literal):
        return ""
    if column.each is Each.LANGUAGE:
        return term.language or ""
    datatype = term.datatype.value
    if column.each is Each.SCHEME and datatype.startswith(f"{names.ontology}#"):
        return datatype
    return ""


def _name(column: Column, variant: str, names: Names) -> str:
    """Return a name that is a variable of a URI Template too, for CSVW (RFC 6570, section 2.3)."""
    parts = [
        column.name,
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", variant.removeprefix(f"{names.ontology}#")),
    ]
    return re.sub(r"\W", "_", "_".join(filter(None, parts))).lower()


def guard(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, with an apostrophe before what is one.

    >>> guard("=HYPERLINK(A1)"), guard("Gao")
    ("'=HYPERLINK(A1)", 'Gao')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(filled: Filled, row: int) -> str:
    """Return what a cell reads: numbers as they are, text guarded."""
    text = SEPARATOR.join(filled.cells[row])
    return text if filled.is_numeric and re.fullmatch(r"[+-]?[0-9.]+", text) else guard(text)


def write_csv(table: Table, store: Store, names: Names) -> bytes:
    """Return a table as CSV; HXL hashtags of columns are its second row (HXL 1.1, section 2)."""
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
    attribute = {Each.ONCE: "", Each.LANGUAGE: "+i_", Each.SCHEME: "+v_"}[filled.column.each]
    tag = filled.column.hashtag
    if not (tag and attribute):
        return tag
    variant = re.split("[#/]", filled.variant)[-1].lower()
    return tag + attribute + re.sub(r"\W", "_", variant)


def write_metadata(table: Table, store: Store, names: Names) -> bytes:
    """Return the CSVW description of a table (Metadata Vocabulary for Tabular Data, section 5).

    What a column means is what the ontology says of its property or code scheme, in each language.
    """
    columns = fill(table.columns, table, store, names)
    licences, rights = _terms_of_use(store, names)
    terms = _read_terms(filter(None, map(_meant, columns)), store, names)
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": table.name,
        "dc:license": [{"@id": licence} for licence in licences],
        "dc:rights": _by_language(rights),
        "dc:source": {"@id": names.dataset},
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ","},
        "tableSchema": {
            "columns": [_described(filled, table, terms) for filled in columns],
            "primaryKey": table.about[0],
            "aboutUrl": f"{{+{table.about[0]}}}",
        },
    }
    return (json.dumps(metadata, ensure_ascii=False, indent=1) + "\n").encode()


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the ontology says of properties and code schemes, by IRI."""

    definitions: Mapping[str, Mapping[str, str]]  # by language
    patterns: Mapping[str, str]


def _meant(filled: Filled) -> str:
    """Return the IRI of the code scheme or the property that a column is of."""
    return filled.variant if filled.column.each is Each.SCHEME else filled.column.states


def _terms_of_use(store: Store, names: Names) -> tuple[list[str], dict[str, str]]:
    """Return the licences of the dataset, and what it says of rights by language."""
    solutions = ask(
        store,
        names,
        f"""SELECT DISTINCT ?licence ?rights {{
          {{ <{names.dataset}> dcterms:license ?licence }}
          UNION {{ <{names.dataset}> dcterms:rights ?rights }}
        }}""",
    )
    licences = sorted(value_of(row["licence"]) for row in solutions if "licence" in row)
    rights = {
        term.language or "": term.value
        for row in solutions
        if isinstance(term := row.get("rights"), Literal)
    }
    return licences, rights


def _read_terms(iris: Iterable[str], store: Store, names: Names) -> _Terms:
    values = " ".join(f"<{iri}>" for iri in sorted(set(iris)))
    solutions = ask(
        store,
        names,
        f"""SELECT DISTINCT ?term ?text ?pattern {{ VALUES ?term {{ {values} }}
          {{ ?term skos:definition ?text }} UNION {{ ?term ul:codePattern ?pattern }} }}""",
    )
    definitions: dict[str, dict[str, str]] = {}
    patterns: dict[str, str] = {}
    for row in solutions:
        iri, text = value_of(row["term"]), row.get("text")
        if "pattern" in row:
            patterns[iri] = value_of(row["pattern"])
        if isinstance(text, Literal) and text.language:
            definitions.setdefault(iri, {})[text.language] = text.value
    return _Terms(definitions, patterns)


def _described(filled: Filled, table: Table, terms: _Terms) -> dict[str, object]:
    """Return the description of a column (section 5.6)."""
    column = filled.column
    datatype: object = column.datatype
    if column.each is Each.SCHEME:
        datatype = {"@id": filled.variant, "base": "string"}
        if filled.variant in terms.patterns and not filled.is_list:
            datatype |= {"format": terms.patterns[filled.variant]}
    description = {
        "name": filled.name,
        "titles": filled.name,
        "dc:description": _by_language(terms.definitions.get(_meant(filled), {})),
        "propertyUrl": column.states,
        "datatype": datatype,
        "lang": filled.variant if column.each is Each.LANGUAGE else "",
        "separator": SEPARATOR if filled.is_list else "",
        "required": column.name == table.about[0],
    }
    return {name: value for name, value in description.items() if value}


def _by_language(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"@value": text, "@language": language}
        for language, text in sorted(texts.items())
        if language
    ]
