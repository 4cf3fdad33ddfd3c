"""The tables of an index, in an SQLite database: what is looked up by a key, one row at a time."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from unicef_linked.lookup.entity import Code, Entity, Label, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Value = TypeVar("Value")

Row = tuple[Any, ...]

_MAPPED: Final = 1 << 31
"""Bytes of a database that are read from mapped memory, which all processes share."""

_PAGES: Final = 256
"""KiB of pages that each process keeps beside."""

_REMEMBERED: Final = 2048
"""Values of one table that are kept in memory."""

SCHEMA: Final = """
CREATE TABLE fact (key TEXT PRIMARY KEY, content TEXT);
CREATE TABLE entity (number INTEGER PRIMARY KEY, id TEXT, iri TEXT, content TEXT);
CREATE TABLE reference (
    key TEXT, former INT, entity INT, place INT, relation TEXT, value TEXT,
    PRIMARY KEY (key, former, entity, place)
) WITHOUT ROWID;
CREATE TABLE code (
    key TEXT, former INT, entity INT, place INT, scheme TEXT, relation TEXT, value TEXT,
    PRIMARY KEY (key, former, entity, place)
) WITHOUT ROWID;
CREATE TABLE name (
    key TEXT, entity INT, says_kind INT, PRIMARY KEY (key, entity, says_kind)
) WITHOUT ROWID;
CREATE TABLE word (word TEXT PRIMARY KEY, spellings BLOB);
CREATE TABLE term (iri TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID;
CREATE TABLE broader (iri TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID;
CREATE TABLE container (iri TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID;
CREATE TABLE part (container TEXT, iri TEXT, PRIMARY KEY (container, iri)) WITHOUT ROWID;
CREATE TABLE extent (
    division TEXT, first TEXT, last TEXT, iri TEXT, content TEXT,
    PRIMARY KEY (division, first, last, iri)
) WITHOUT ROWID;
CREATE INDEX extent_iri ON extent (iri);
CREATE TABLE extent_part (
    part TEXT, iri TEXT, division TEXT, PRIMARY KEY (part, iri, division)
) WITHOUT ROWID;
CREATE TABLE boundary (number INTEGER PRIMARY KEY, feature TEXT, geometry TEXT, shape BLOB);
CREATE INDEX boundary_feature ON boundary (feature);
CREATE TABLE existence (iri TEXT PRIMARY KEY, first TEXT) WITHOUT ROWID;
"""
"""``content`` is JSON. ``former`` is 1 for what names or identifies a thing that was replaced."""


class Tables:
    """A database, which any thread may read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()

    def rows(self, question: str, *parameters: object) -> list[Row]:
        """Return the rows that an SQL query selects."""
        with self._lock:
            try:
                return self._connection.execute(question, parameters).fetchall()
            except UnicodeEncodeError:  # half a surrogate pair, which is in no text of RDF
                return []

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute an SQL statement for each row."""
        self._connection.executemany(statement, rows)

    def fact(self, key: str) -> Any:
        """Return one of the few facts about all of the index."""
        [(content,)] = self.rows("SELECT content FROM fact WHERE key = ?", key)
        return json.loads(content)

    def close(self) -> None:
        """Commit what was written and close the database."""
        self._connection.commit()
        self._connection.close()


def new_tables(path: Path | None = None) -> Tables:
    """Return an empty database in a new file, or in memory."""
    connection = sqlite3.connect(path or ":memory:", check_same_thread=False)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
    return Tables(connection)


def open_tables(path: Path) -> Tables:
    """Return the database of a file that nobody changes."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
    connection.execute(f"PRAGMA cache_size = -{_PAGES}")
    return Tables(connection)


class Table(Mapping[str, Value]):
    """One table as a mapping: rows are read when they are asked for, some are kept in memory.

    ``question`` selects the rows of a key, ``keys`` all keys; ``decode`` makes one value of rows.
    """

    def __init__(
        self, tables: Tables, question: str, keys: str, decode: Callable[[list[Row]], Value]
    ) -> None:
        self._tables, self._keys = tables, keys

        def find(key: str) -> tuple[Value, ...]:
            rows = tables.rows(question, key)
            return (decode(rows),) if rows else ()

        self._find = lru_cache(maxsize=_REMEMBERED)(find)

    def __getitem__(self, key: str) -> Value:
        found = self._find(key)
        if not found:
            raise KeyError(key)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return (key for (key,) in self._tables.rows(self._keys))

    def __len__(self) -> int:
        return len(self._tables.rows(self._keys))


def table_of_json(tables: Tables, name: str, decode: Callable[[Any], Value]) -> Table[Value]:
    """Return a table with an ``iri`` and a JSON ``content``."""
    return Table(
        tables,
        f"SELECT content FROM {name} WHERE iri = ?",  # noqa: S608 - a name of ours
        f"SELECT iri FROM {name} ORDER BY iri",  # noqa: S608
        lambda rows: decode(json.loads(rows[0][0])),
    )


def entity_to_json(entity: Entity) -> str:
    """Return the names, codes and references of an entity as a table has them."""
    content = (
        [(label.text, label.language, label.preferred) for label in entity.labels],
        [(code.scheme, code.value) for code in entity.codes],
        [(reference.relation, reference.iri) for reference in entity.references],
    )
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def entity_of_json(row: Row, types: frozenset[str]) -> Entity:
    """Return the entity of a row: its number, id, IRI and content."""
    number, entity_id, iri, content = row
    labels, codes, references = json.loads(content)
    return Entity(
        iri,
        entity_id,
        tuple([Label(*label) for label in labels]),
        types,
        tuple([Code(*code) for code in codes]),
        tuple([Reference(*reference) for reference in references]),
        number,
    )


def labels_of_json(content: str) -> list[Label]:
    """Return the names in the content of an entity."""
    return [Label(*label) for label in json.loads(content)[0]]


def codes_of_json(content: str) -> list[Code]:
    """Return the codes in the content of an entity."""
    return [Code(*code) for code in json.loads(content)[1]]
