"""Names, codes and outside identifiers of every entity, for looking up.

An index is written once; then it is mapped and asked, and nothing of it is read before it is
needed. Its size does not matter to a process that uses it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, overload

import numpy as np

from unicef_linked.lookup.boundaries import Boundaries
from unicef_linked.lookup.entity import Identification, plain_iri
from unicef_linked.lookup.identifiers import Identifiers
from unicef_linked.lookup.normalization import Normalizer, fold, fold_code
from unicef_linked.lookup.reading import Overview
from unicef_linked.lookup.spellings import NOTHING, Scope, Spellings
from unicef_linked.lookup.tables import Table, entity_of_json, new_tables, table_of_json
from unicef_linked.lookup.territory import Extent, Period, Territory
from unicef_linked.lookup.writing import IndexWriter
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from pyoxigraph import Quad

    from unicef_linked.dataset.profile import Profile
    from unicef_linked.lookup.entity import Entity
    from unicef_linked.lookup.normalization import NormalizedName
    from unicef_linked.lookup.spellings import Likeness, NameArrays, Numbers
    from unicef_linked.lookup.tables import Row, Tables
    from unicef_linked.rdf.iris import Names

Former = Mapping[str, "Sequence[Quad]"]
"""What was last said of things that were replaced, by the IRI of what replaces them."""

_REMEMBERED: Final = 2048
"""Entities that are kept in memory."""

_AT_ONCE: Final = 500
"""Entities that are read by one question to the database."""


class Members(Sequence["Entity"]):
    """Entities by their numbers, each read when it is asked for."""

    def __init__(self, index: Index, numbers: Numbers) -> None:
        self._index, self.numbers = index, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def followed_by(self, numbers: Sequence[int]) -> Members:
        """Return these and, after them, those of some others that are not among them."""
        others = np.array([n for n in numbers if n not in self.numbers], np.int32)
        return Members(self._index, np.concatenate((self.numbers, others)))

    @overload
    def __getitem__(self, place: int) -> Entity: ...
    @overload
    def __getitem__(self, place: slice) -> list[Entity]: ...
    def __getitem__(self, place: int | slice) -> Entity | list[Entity]:
        if isinstance(place, slice):
            return self._index.read_entities(self.numbers[place].tolist())
        return self._index.entity(int(self.numbers[place]))

    def __iter__(self) -> Iterator[Entity]:
        for start in range(0, len(self.numbers), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]


class Entities(Mapping[str, "Entity"]):
    """All entities by their ids, in the order of these."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def __getitem__(self, entity_id: str) -> Entity:
        number = self._index.number(entity_id)
        if number is None:
            raise KeyError(entity_id)
        return self._index.entity(number)

    def __iter__(self) -> Iterator[str]:
        return (entity.id for entity in self._index.members())

    def __len__(self) -> int:
        return len(self._index.arrays.types)


@dataclass(frozen=True)
class Index:
    """Everything that is looked up, in tables and arrays.

    ``orders`` are, by language, the places of the entities by their names for its readers; ""
    is that of all other readers.
    """

    names: Names
    profile: Profile
    tables: Tables
    arrays: NameArrays
    orders: Mapping[str, NDArray[np.int32]]

    @cached_property
    def ids(self) -> Identifiers:
        """What entities and classes are called."""
        return Identifiers(self.names, are_iris=self.tables.fact("are_iris"))

    @cached_property
    def normalize(self) -> Normalizer:
        """Takes names apart."""
        return Normalizer(self.profile.name_words, self.profile.particles)

    @cached_property
    def entities(self) -> Entities:
        """All entities by their ids."""
        return Entities(self)

    @cached_property
    def terms(self) -> Mapping[str, Mapping[str, str]]:
        """The names of classes, properties and schemes, by IRI and language."""
        return table_of_json(self.tables, "term", dict)

    @cached_property
    def broader(self) -> Mapping[str, tuple[str, ...]]:
        """The superclasses of classes, both of this dataset."""
        return table_of_json(self.tables, "broader", tuple)

    @cached_property
    def territory(self) -> Territory:
        """What lies in what, and since when."""
        columns = "SELECT iri, division, first, last, content FROM extent"
        return Territory(
            containers=table_of_json(self.tables, "container", tuple),
            parts=Table(
                self.tables,
                "SELECT iri FROM part WHERE container = ?",
                "SELECT DISTINCT container FROM part",
                lambda rows: frozenset(iri for (iri,) in rows),
            ),
            extents=Table(
                self.tables,
                f"{columns} WHERE division = ? ORDER BY first, last, iri",
                "SELECT DISTINCT division FROM extent",
                _extents,
            ),
            by_iri=Table(
                self.tables,
                f"{columns} WHERE iri = ? ORDER BY division",
                "SELECT DISTINCT iri FROM extent",
                _extents,
            ),
            extents_with=Table(
                self.tables,
                f"{columns} JOIN extent_part USING (division, iri) WHERE part = ?"
                " ORDER BY division, first, last, iri",
                "SELECT DISTINCT part FROM extent_part",
                _extents,
            ),
            existence=Table(
                self.tables,
                "SELECT first FROM existence WHERE iri = ?",
                "SELECT iri FROM existence ORDER BY iri",
                lambda rows: Period(first=rows[0][0]),
            ),
        )

    @cached_property
    def boundaries(self) -> Boundaries:
        """Polygons of the divisions and of what they covered."""
        return Boundaries(self.tables, self.arrays.boxes, self.territory)

    def number(self, entity_id: str) -> int | None:
        """Return the number of the entity with an id."""
        rows = self.tables.rows("SELECT number FROM entity WHERE id = ?", entity_id)
        return int(rows[0][0]) if rows else None

    @cached_property
    def entity(self) -> Callable[[int], Entity]:
        """Return the entity with a number; recent ones are kept."""
        return lru_cache(maxsize=_REMEMBERED)(self._read_entity)

    def _read_entity(self, number: int) -> Entity:
        return self.read_entities([number])[0]

    def read_entities(self, numbers: Sequence[int]) -> list[Entity]:
        """Return the entities with some numbers, without keeping them."""
        rows: dict[int, Row] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            question = f"SELECT * FROM entity WHERE number IN ({marks})"  # noqa: S608 - marks alone
            rows |= {row[0]: row for row in self.tables.rows(question, *some)}
        types = self.arrays.types
        return [entity_of_json(rows[number], self.types[types[number]]) for number in numbers]

    @cached_property
    def types(self) -> tuple[frozenset[str], ...]:
        """The different sets of classes that entities have."""
        return tuple(map(frozenset, self.tables.fact("types")))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes that entities have, by IRI."""
        return tuple(sorted(frozenset().union(*self.types)))

    @cached_property
    def _kinds(self) -> tuple[frozenset[str], ...]:
        return tuple(map(frozenset, self.tables.fact("kinds")))

    def kinds(self, number: int) -> frozenset[str]:
        """Return the kinds of thing that an entity is: by its own labels, and by its classes."""
        return self._kinds[int(self.arrays.kinds[number])]

    def scope(self, accepts: Callable[[frozenset[str]], bool]) -> Scope:
        """Return the entities whose classes are accepted."""
        return Scope(self.arrays, np.array([accepts(types) for types in self.types], np.bool_))

    def members(self, scope: Scope | None = None) -> Members:
        """Return the entities of a scope, or all, by their ids."""
        numbers = (scope or self.scope(lambda _: True)).members()
        return Members(self, numbers[np.argsort(self.arrays.places[numbers])])

    def by_name(self, scope: Scope, language: str) -> Members:
        """Return the entities of a scope in the order of their names for a reader of a language."""
        places = self.orders[matching_tag(language, self.orders.keys() - {""}) or ""]
        numbers = scope.members()
        return Members(self, numbers[np.argsort(places[numbers])])

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self.arrays, self._spellings_with)

    def _spellings_with(self, word: str) -> Numbers:
        rows = self.tables.rows("SELECT spellings FROM word WHERE word = ?", word)
        return np.frombuffer(rows[0][0] if rows else b"", np.int32)

    def like(self, sought: NormalizedName, least: float, scope: Scope) -> tuple[Numbers, Likeness]:
        """Return the entities of a scope with a name that resembles the words, and how much."""
        return self._spellings.like(sought.words, least, scope)

    def beginning(self, prefix: str) -> NDArray[np.uint8]:
        """Return how each entity has a label that begins with a text, or has such a word."""
        return self._spellings.beginning(fold(prefix))

    def starting(self, prefix: str, scope: Scope) -> Members:
        """Return the entities of a scope with a label that has a word with this beginning.

        First those whose label is the text, then those whose label begins with it.
        """
        how = self.beginning(prefix)
        numbers = np.flatnonzero(how < NOTHING).astype(np.int32)
        numbers = scope.among(numbers)
        return Members(self, numbers[np.argsort(how[numbers], kind="stable")])

    def named(self, name: NormalizedName) -> list[tuple[int, bool]]:
        """Return the entities that have the same words in a label, and if it says a kind, too."""
        rows = self.tables.rows(
            "SELECT entity, says_kind FROM name WHERE key = ?", " ".join(name.key)
        )
        return [(number, bool(says_kind)) for number, says_kind in rows]

    @cached_property
    def names_country(self) -> Callable[[tuple[str, ...]], bool]:
        """Return whether the key of a normalized name is that of a country."""
        country = self.names.term("Country")
        countries = self.scope(lambda types: country in types)
        return lru_cache(maxsize=_REMEMBERED)(
            lambda key: any(
                countries.allows(number)
                for [number] in self.tables.rows(
                    "SELECT entity FROM name WHERE key = ?", " ".join(key)
                )
            )
        )

    def by_iri(
        self, text: str, among: Callable[[Entity], bool] = lambda _: True
    ) -> list[Identification]:
        """Return what an IRI means: one of ours, or one of another dataset.

        The latter as IRI, prefixed name or address of a page. Only identifications by the
        strongest relation that there is, ``among`` some entities. An identifier without a
        namespace is read as a code, also with its list: ``pcode2015:ML0101``.
        """
        for form in self._forms(text.strip()):
            identifications = [
                Identification(self.entity(number), None, relation, value)
                for number, relation, value in self._referring.get(plain_iri(form), ())
            ]
            identifications = [i for i in identifications if among(i.entity)]
            if identifications:
                return self._strongest(identifications)
        return [] if "/" in text else self.by_code(text, among=among)

    @cached_property
    def _referring(self) -> Table[list[Row]]:
        """What IRIs lead to, by the plain IRI."""
        return Table(
            self.tables,
            "SELECT entity, relation, value FROM reference WHERE key = ?"
            " ORDER BY former, entity, place",
            "SELECT DISTINCT key FROM reference",
            list,
        )

    @cached_property
    def _coded(self) -> Table[list[Row]]:
        """What codes mean, by the folded code."""
        return Table(
            self.tables,
            "SELECT entity, scheme, relation, value FROM code WHERE key = ?"
            " ORDER BY former, entity, place",
            "SELECT DISTINCT key FROM code",
            list,
        )

    def _forms(self, text: str) -> Iterator[str]:
        """Yield the IRIs that a text may be meant as, likeliest first."""
        yield text
        prefix, colon, local = text.partition(":")
        namespace = self._namespaces.get(prefix) or self._namespaces.get(prefix.lower())
        if colon and namespace and not local.startswith("//"):
            yield namespace + local
        plain = plain_iri(text)
        for form in self.profile.address_forms:
            iri = form.iri(plain)
            if iri:
                yield iri
        own = self._own_address.fullmatch(plain) if "/" in plain else None
        if own:
            yield self.names.entity(own[1], own[2])
        bare = re.split(r"[?#]", text, maxsplit=1)[0]
        if bare != text:
            yield bare

    @cached_property
    def _namespaces(self) -> dict[str, str]:
        """The namespaces of prefixes, those of this dataset before those that others use."""
        return {**self.profile.namespaces, **self.names.prefixes}

    @cached_property
    def _own_address(self) -> re.Pattern[str]:
        """An entity's IRI, the address of its document, or its id."""
        base = re.escape(plain_iri(self.names.base))
        return re.compile(rf"(?:{base}/(?:id|doc)/)?/?([a-z][a-z0-9-]*)/([a-z0-9-]+)(?:\.\w+)?")

    def entity_of(self, iri: str) -> Entity | None:
        """Return the entity that an IRI names."""
        return self._entity_of(iri)

    @cached_property
    def _entity_of(self) -> Callable[[str], Entity | None]:
        def find(iri: str) -> Entity | None:
            entity_id = self.ids.entity(iri)
            return self.entities.get(entity_id) if entity_id else None

        return lru_cache(maxsize=_REMEMBERED)(find)

    def by_code(
        self, code: str, scheme: str | None = None, among: Callable[[Entity], bool] = lambda _: True
    ) -> list[Identification]:
        """Return what a code means in a scheme (its IRI), or in any.

        As written, else without case and punctuation. An entity that is only matched with a code
        is identified by it where no entity has the code itself. A text may name the scheme:
        ``pcode2015:ML0101``.
        """
        name, colon, rest = code.strip().removeprefix("ul:").partition(":")
        if scheme is None and colon and self.scheme(name):
            scheme, code = self.scheme(name), rest
        identifications = [
            Identification(self.entity(number), of_scheme, relation, value)
            for number, of_scheme, relation, value in self._coded.get(fold_code(code), ())
            if scheme is None or of_scheme == scheme
        ]
        identifications = [i for i in identifications if among(i.entity)]
        written = code.strip().casefold()
        as_written = [i for i in identifications if i.value.casefold() == written]
        return self._strongest(as_written or identifications)

    def _strongest(self, identifications: Iterable[Identification]) -> list[Identification]:
        """Return those that nothing stronger is above, one for each entity, scheme and value."""
        unique = {
            (i.entity.number, i.scheme, i.value): i
            for i in sorted(identifications, key=lambda i: -i.strength)
        }
        best = min((i.strength for i in unique.values()), default=0)
        return sorted(
            (i for i in unique.values() if i.strength == best),
            key=lambda i: (i.scheme or "", i.entity.number),
        )

    def scheme(self, name: str) -> str | None:
        """Return the IRI of a scheme of codes, by local name, prefixed name, IRI or label."""
        return self._schemes_by_name.get(fold_code(name.removeprefix("ul:")))

    @cached_property
    def _schemes_by_name(self) -> dict[str, str]:
        schemes: dict[str, str] = {}
        for iri in self.schemes:
            for text in (iri, iri.rpartition("#")[2], *self.terms.get(iri, {}).values()):
                schemes.setdefault(fold_code(text), iri)
        return schemes

    @cached_property
    def schemes(self) -> list[str]:
        """The schemes that any code is in."""
        return list(self.tables.fact("schemes"))


def _extents(rows: list[Row]) -> tuple[Extent, ...]:
    return tuple(
        Extent(iri, division, Period(first, last), frozenset(json.loads(parts)))
        for iri, division, first, last, parts in rows
    )


def build(
    quads: Iterable[Quad], names: Names, profile: Profile, former: Former = MappingProxyType({})
) -> Index:
    """Return an index in memory of statements; those that it does not need are passed over.

    The names and identifiers of ``former`` things lead to what replaces them.
    """
    overview, tables = Overview(names), new_tables()
    ordered = sorted(overview.watching(quads), key=lambda quad: value_of(quad.subject))
    writer = IndexWriter(tables, names, overview.ids, profile)
    arrays, orders = writer.write(ordered, overview.forms, former)
    return Index(names, profile, tables, arrays, orders)
