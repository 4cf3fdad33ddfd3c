"""Writing an index: the tables and arrays that names, codes and identifiers are found by.

Statements are read subject by subject. What grows with them waits in temporary tables of the
database, not in memory, until all entities have their numbers.
"""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from functools import lru_cache
from itertools import chain, count, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from unicef_linked.dataset.labels import collation
from unicef_linked.lookup.boundaries import AS_WKT, HAS_DEFAULT, read_shape
from unicef_linked.lookup.entity import SAME_THING, plain_iri
from unicef_linked.lookup.normalization import Normalizer, fold_code
from unicef_linked.lookup.reading import read_subjects
from unicef_linked.lookup.spellings import END, NameArrays, signature
from unicef_linked.lookup.tables import (
    codes_of_json,
    entity_of_json,
    entity_to_json,
    labels_of_json,
)
from unicef_linked.lookup.territory import containers_of, existence_of, extents_of
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.mappings import REPLACED_BY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from pyoxigraph import Literal, Quad

    from unicef_linked.dataset.profile import Profile
    from unicef_linked.lookup.entity import Code, Entity, Label
    from unicef_linked.lookup.identifiers import Identifiers
    from unicef_linked.lookup.reading import Subject
    from unicef_linked.lookup.tables import Tables
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term

_CODES: Final = 10_000
"""Places of the codes of one entity, before those of the first that it is related to."""

_ROWS: Final = 1000
"""Rows of a table that are written together, in half the time."""

_SPACE: Final = ord(" ")

_ORDERED: Final = 12
"""Languages, those of most labels, whose order of names is kept."""

_TEMPORARY: Final = (
    "CREATE TEMP TABLE draft (rank INT, id TEXT, iri TEXT, types INT, content TEXT)",
    "CREATE TEMP TABLE link (target TEXT, entity INT, place INT, relation TEXT)",
    "CREATE TEMP TABLE described (iri TEXT PRIMARY KEY)",
    "CREATE TEMP TABLE outline"
    " (feature TEXT, geometry TEXT, is_default INT, PRIMARY KEY (feature, is_default, geometry))",
    "CREATE TEMP TABLE shape (geometry TEXT PRIMARY KEY, wkt TEXT)",
    "CREATE TEMP TABLE label (folded TEXT, entity INT)",
    "CREATE TEMP TABLE spelling (spelled TEXT, entity INT)",
)


class _Sets:
    """Different sets of IRIs, each with a number."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[str], int] = {}

    def number(self, iris: frozenset[str]) -> int:
        """Return the number of a set."""
        return self._numbers.setdefault(iris, len(self._numbers))

    def __iter__(self) -> Iterator[frozenset[str]]:
        return iter(self._numbers)


class IndexWriter:
    """Writes the index of one dataset into empty tables."""

    def __init__(self, tables: Tables, names: Names, ids: Identifiers, profile: Profile) -> None:
        self._tables, self._names, self._ids, self._profile = tables, names, ids, profile
        self._normalize = Normalizer(profile.name_words, profile.particles)
        self._types, self._kinds = _Sets(), _Sets()
        self._schemes: set[str] = set()
        self._places = count()
        self._pending: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)

    def write(
        self,
        quads: Iterable[Quad],
        forms: Mapping[Term, Iterable[Literal]],
        former: Mapping[str, Sequence[Quad]],
    ) -> tuple[NameArrays, dict[str, NDArray[np.int32]]]:
        """Write what statements say; those of one subject follow each other.

        Returns the arrays, and the places of the entities by their names, by language.
        """
        for statement in _TEMPORARY:
            self._tables.rows(statement)
        self._tables.write(
            "INSERT INTO draft VALUES (?, ?, ?, ?, ?)",
            self._drafts(read_subjects(quads, self._names, self._ids, forms)),
        )
        kinds, types = array("i"), array("i")
        languages: dict[str, int] = {}
        for entity in self._numbered(types):
            kinds.append(self._kinds.number(self._add_names(entity)))
            self._add_identifiers(entity)
            for label in entity.labels:
                languages[label.language] = languages.get(label.language, 0) + 1
        self._flush()
        self._add_codes_of_others()
        for successor, about in sorted(former.items()):
            self._add_former(successor, about)
        self._write_terms()
        self._write_facts()
        self._flush()
        languages.pop("", None)
        ordered = sorted(languages, key=lambda tag: (-languages[tag], tag))[:_ORDERED]
        return self._arrays(types, kinds), self._orders(ordered)

    def _drafts(self, subjects: Iterable[Subject]) -> Iterator[tuple[object, ...]]:
        """Yield the entities among subjects, and write what is not about entities alone."""
        own = f"{self._names.ontology}#"
        for subject in subjects:
            self._write_territory(subject)
            self._write_geometry(subject)
            if subject.broader:
                self._write_superclasses(subject)
            if subject.iri.startswith(own) and subject.labels:
                self._write_term(subject.iri, subject.texts())
            entity = subject.entity(self._ids)
            if entity:
                yield (
                    self._rank(entity.types),
                    entity.id,
                    entity.iri,
                    self._types.number(entity.types),
                    entity_to_json(entity),
                )

    def _rank(self, types: frozenset[str]) -> int:
        """Return the place of an entity's class among those that are looked up most."""
        order = (*self._profile.default_classes, *self._profile.menu_order)
        return next((place for place, iri in enumerate(order) if iri in types), len(order))

    def _numbered(self, numbers_of_types: array[int]) -> Iterator[Entity]:
        """Yield the entities with their numbers, and write them."""
        types = list(self._types)
        drafts = self._tables.rows("SELECT iri, types, rowid, id FROM draft ORDER BY rank, id")
        for number, (iri, type_number, row, entity_id) in enumerate(drafts):
            [(content,)] = self._tables.rows("SELECT content FROM draft WHERE rowid = ?", row)
            self._insert("entity", number, entity_id, iri, content)
            numbers_of_types.append(type_number)
            yield entity_of_json((number, entity_id, iri, content), types[type_number])
        self._tables.rows("CREATE UNIQUE INDEX entity_id ON entity (id)")
        self._tables.rows("DROP TABLE draft")

    def _insert(self, table: str, *values: object) -> None:
        """Write a row, together with others of its table: it can be read after ``_flush``."""
        rows = self._pending[table]
        rows.append(values)
        if len(rows) >= _ROWS:
            self._flush(table)

    def _flush(self, *tables: str) -> None:
        """Write the rows that wait, of some tables or of all."""
        for table in tables or tuple(self._pending):
            rows = self._pending.pop(table, [])
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            statement = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608 - ours
            if rows:
                self._tables.write(statement, rows)

    def _add_names(self, entity: Entity) -> frozenset[str]:
        """Write the names of an entity; return the kinds of thing that it is."""
        kinds: set[str] = set()
        for iri in entity.types:
            kinds |= self._profile.kinds_of_classes.get(iri, frozenset())
        for label in entity.labels:
            kinds |= self._add_name(entity.number, label)
        return frozenset(kinds)

    def _add_name(self, number: int, label: Label) -> frozenset[str]:
        name = self._normalize(label.text)
        self._insert("name", " ".join(name.key), number, bool(name.kinds))
        self._insert("label", name.folded, number)
        self._insert("spelling", " ".join(name.words), number)
        return name.kinds

    def _add_identifiers(self, entity: Entity) -> None:
        number = entity.number
        self._insert("reference", plain_iri(entity.iri), 0, number, 0, None, "")
        for place, reference in enumerate(entity.references, start=1):
            relation, iri = reference.relation, reference.iri
            self._insert("reference", plain_iri(iri), 0, number, place, relation, iri)
            target = self._ids.entity(iri)
            if target:
                self._insert("link", target, number, place, relation)
        for place, code in enumerate(entity.codes):
            self._schemes.add(code.scheme)
            self._add_code(code, 0, number, place, _relation_of_code(code, entity))

    def _add_code(
        self, code: Code, former: int, number: int, place: int, relation: str | None
    ) -> None:
        key = fold_code(code.value)
        self._insert("code", key, former, number, place, code.scheme, relation, code.value)

    def _add_codes_of_others(self) -> None:
        """Write the codes of entities that another one is related to as codes of that one too."""
        links = self._tables.rows(
            "SELECT link.entity, link.place, link.relation, entity.content FROM link"
            " JOIN entity ON entity.id = link.target"
        )
        for number, place, relation, content in links:
            for offset, code in enumerate(codes_of_json(content)):
                self._add_code(code, 0, number, _CODES * place + offset, relation)

    def _add_former(self, successor: str, about: Sequence[Quad]) -> None:
        """Write what named and identified those that an entity replaces."""
        rows = self._tables.rows(
            "SELECT number FROM entity WHERE id = ?", self._ids.entity(successor)
        )
        subjects = read_subjects(
            sorted(about, key=lambda quad: str(quad.subject)), self._names, self._ids, {}
        )
        for [number] in rows:
            for entity in filter(None, (subject.entity(self._ids) for subject in subjects)):
                same = (r.iri for r in entity.references if r.relation in SAME_THING)
                for iri in (entity.iri, *same):
                    place = next(self._places)
                    key = plain_iri(iri)
                    self._insert("reference", key, 1, number, place, REPLACED_BY, iri)
                for code in entity.codes:
                    self._add_code(code, 1, number, next(self._places), REPLACED_BY)
                for label in entity.labels:
                    self._add_name(number, label)

    def _write_territory(self, subject: Subject) -> None:
        values = subject.territory
        if not values:
            return
        containers = containers_of(values)
        if containers:
            self._insert("container", subject.iri, json.dumps(containers))
        for container in containers:
            self._insert("part", container, subject.iri)
        for extent in extents_of(subject.iri, values):
            period, parts = extent.period, sorted(extent.parts)
            key = (extent.division, period.first, period.last, extent.iri)
            self._insert("extent", *key, json.dumps(parts))
            for part in parts:
                self._insert("extent_part", part, extent.iri, extent.division)
        existence = existence_of(values)
        if existence:
            self._insert("existence", subject.iri, existence.first)

    def _write_geometry(self, subject: Subject) -> None:
        """Keep what is stated of polygons until it is known which are those of divisions."""
        for predicate, values in subject.geometry.items():
            for value in sorted(values):
                if predicate == AS_WKT:
                    self._insert("shape", subject.iri, value)
                else:
                    self._insert("outline", subject.iri, value, predicate == HAS_DEFAULT)
        if "extentOf" in subject.territory or self._names.term("Division") in subject.types:
            self._insert("described", subject.iri)

    def _write_superclasses(self, subject: Subject) -> None:
        """Write the superclasses of a class that are of this dataset."""
        start = "" if self._ids.are_iris else self._names.base
        own = sorted(iri for iri in subject.broader if iri.startswith(start))
        self._insert("broader", subject.iri, json.dumps(own))

    def _write_term(self, iri: str, texts: Mapping[str, str]) -> None:
        self._insert("term", iri, json.dumps(texts, ensure_ascii=False))

    def _write_terms(self) -> None:
        """Write the names of the classes in use and the schemes of codes, in data of others."""
        used = self._schemes.union(*self._types) if self._ids.are_iris else ()
        for iri in sorted(used):
            for [content] in self._tables.rows("SELECT content FROM entity WHERE id = ?", iri):
                labels = sorted(labels_of_json(content), key=lambda label: label.preferred)
                self._write_term(iri, {label.language: label.text for label in labels})

    def _write_facts(self) -> None:
        facts = {
            "are_iris": self._ids.are_iris,
            "types": [sorted(iris) for iris in self._types],
            "kinds": [sorted(iris) for iris in self._kinds],
            "schemes": sorted(self._schemes),
        }
        for key, content in facts.items():
            self._insert("fact", key, json.dumps(content))

    def _orders(self, languages: Sequence[str]) -> dict[str, NDArray[np.int32]]:
        """Return the place of each entity by its name, for readers of each language and others."""
        keys: dict[str, list[str]] = {language: [] for language in ("", *languages)}
        rows = self._tables.rows("SELECT number FROM entity ORDER BY id")
        numbers = [number for [number] in rows]
        matching = lru_cache(
            lambda tags: {language for language in languages if matching_tag(language, tags)}
        )
        for number in numbers:
            [row] = self._tables.rows("SELECT * FROM entity WHERE number = ?", number)
            entity = entity_of_json(row, frozenset())
            otherwise = collation(entity.name([]).text)
            own = matching(frozenset(label.language for label in entity.labels))
            for language, of_language in keys.items():
                text = collation(entity.name([language]).text) if language in own else otherwise
                of_language.append(text)
        orders = {}
        for language in list(keys):
            orders[language] = places = np.empty(len(numbers), np.int32)
            places[numbers] = _places(keys.pop(language))
        return orders

    def _arrays(self, types: array[int], kinds: array[int]) -> NameArrays:
        ids = [
            entity_id for [entity_id] in self._tables.rows("SELECT id FROM entity ORDER BY number")
        ]
        return NameArrays(
            types=np.array(types, np.int32),
            kinds=np.array(kinds, np.int32),
            places=_places(ids),
            boxes=self._boundaries(),
            **self._labels(),
            **self._spellings(),
        )

    def _boundaries(self) -> NDArray[np.float64]:
        """Write the polygons of divisions and extents: the default ones, else all; return boxes."""
        rows = self._tables.rows(
            "SELECT DISTINCT feature, geometry FROM outline AS one WHERE feature IN described"
            " AND (is_default OR NOT EXISTS (SELECT 1 FROM outline AS other"
            " WHERE other.feature = one.feature AND other.is_default)) ORDER BY 1, 2"
        )
        boxes: list[tuple[float, ...]] = []
        for feature, geometry in rows:
            texts = self._tables.rows("SELECT wkt FROM shape WHERE geometry = ?", geometry)
            shape = read_shape(texts[0][0]) if texts else None
            if shape is not None:
                self._insert("boundary", len(boxes), feature, geometry, shapely.to_wkb(shape))
                boxes.append(shape.bounds)
        self._flush()
        return np.array(boxes, np.float64).reshape(-1, 4)

    def _labels(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the labels and of their words."""
        blob = bytearray()
        words: list[tuple[bytes, int, bool, array[int]]] = []
        for folded, entities in self._grouped("label", "folded"):
            text, start = folded.encode(), len(blob)
            blob += text + END
            places = [0, *(place + 1 for place, byte in enumerate(text) if byte == _SPACE)]
            words += ((text[place:], start + place, not place, entities) for place in places)
        words.sort(key=itemgetter(0))
        repeats = np.array([len(entities) for *_, entities in words], np.int64)
        starts = np.array([start for _, start, _, _ in words], np.uint32)
        firsts = np.array([first for _, _, first, _ in words], np.bool_)
        owners = array("i", chain.from_iterable(entities for *_, entities in words))
        return {
            "labels": np.frombuffer(bytes(blob), np.uint8),
            "word_starts": np.repeat(starts, repeats),
            "word_entities": np.array(owners, np.int32),
            "word_firsts": np.repeat(firsts, repeats),
        }

    def _spellings(self) -> dict[str, NDArray[Any]]:
        """Return the arrays of the spellings; write which of them have a word."""
        blob = bytearray()
        starts, owned, owners = array("L", [0]), array("L", [0]), array("i")
        lengths, counts, signatures = array("h"), array("h"), array("Q")
        having: dict[str, array[int]] = {}
        for number, (spelled, entities) in enumerate(self._grouped("spelling", "spelled")):
            blob += spelled.encode() + END
            starts.append(len(blob))
            owners += entities
            owned.append(len(owners))
            words = dict.fromkeys(spelled.split())
            for word in words:
                having.setdefault(word, array("i")).append(number)
            lengths.append(len(spelled))
            counts.append(len(words))
            signatures.append(signature(spelled))
        self._tables.write(
            "INSERT INTO word VALUES (?, ?)",
            ((word, numbers.tobytes()) for word, numbers in sorted(having.items())),
        )
        return {
            "spellings": np.frombuffer(bytes(blob), np.uint8),
            "spelling_starts": np.array(starts, np.uint32),
            "lengths": np.array(lengths, np.int16),
            "word_counts": np.array(counts, np.int16),
            "signatures": np.array(signatures, np.uint64),
            "spelled_starts": np.array(owned, np.uint32),
            "spelled_entities": np.array(owners, np.int32),
        }

    def _grouped(self, table: str, column: str) -> Iterator[tuple[str, array[int]]]:
        """Yield each text of a temporary table with the entities that have it, in order."""
        question = f"SELECT DISTINCT {column}, entity FROM {table} ORDER BY 1, 2"  # noqa: S608 - ours
        for text, group in groupby(self._tables.rows(question), key=itemgetter(0)):
            yield text, array("i", [number for _, number in group])


def _places(keys: Sequence[str]) -> NDArray[np.int32]:
    """Return the place of each key in their order; equal ones stay in theirs."""
    places = np.empty(len(keys), np.int32)
    places[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys), dtype=np.int32)
    return places


def _relation_of_code(code: Code, entity: Entity) -> str | None:
    """Return the relation to what a code identifies elsewhere, None if that is the entity."""
    for reference in entity.references:
        if reference.relation not in SAME_THING and plain_iri(reference.iri).endswith(
            f"/{code.value}"
        ):
            return reference.relation
    return None
