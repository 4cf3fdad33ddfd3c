"""The entities of a dataset, by name, by code and by IRI of another dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from pyoxigraph import NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.lookup.index import Members
from unicef_linked.lookup.kept import open_index
from unicef_linked.lookup.matching import Reconciler, ReconciliationQuery
from unicef_linked.lookup.normalization import fold
from unicef_linked.lookup.spellings import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from unicef_linked.dataset.past import Past
    from unicef_linked.lookup.entity import Entity
    from unicef_linked.lookup.index import Index
    from unicef_linked.lookup.spellings import Scope
    from unicef_linked.lookup.territory import Extent
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

_SCORES: Final = np.array([1000, 850, 700, 0], np.int16)
"""Tenths of the scores of a label that equals the query, begins with it, has a word that does."""


@dataclass(frozen=True)
class Matches:
    """The entities that a search found, best first, with their scores (0 to 100)."""

    members: Members
    tenths: NDArray[np.int16]  # of the scores
    index: Index
    names_of: Callable[[Iterable[str]], list[str]]

    @property
    def total(self) -> int:
        """How many they are."""
        return len(self.members)

    def page(self, offset: int, limit: int) -> list[tuple[Entity, float]]:
        """Return some of them with their scores."""
        entities = self.members[offset : offset + limit]
        scores = (self.tenths[offset : offset + limit] / 10).tolist()
        return list(zip(entities, scores, strict=True))

    @cached_property
    def classes(self) -> tuple[frozenset[str], ...]:
        """The different sets of classes that they have, that of the best first."""
        return tuple(self._numbers_of_classes)

    @cached_property
    def _numbers_of_classes(self) -> dict[frozenset[str], int]:
        types = self.index.arrays.types[self.members.numbers]
        counts = np.bincount(types, minlength=len(self.index.types))
        first = np.zeros(len(counts), np.int64)
        first[types[::-1]] = np.arange(len(types))[::-1]  # of several, the last is kept
        there = np.flatnonzero(counts)
        ordered = there[np.argsort(first[there])].tolist()
        return {self.index.types[number]: int(counts[number]) for number in ordered}

    @cached_property
    def types(self) -> Counter[str]:
        """How many of them there are of each class of the ontology, by its id."""
        types: Counter[str] = Counter()
        for classes, count in self._numbers_of_classes.items():
            types.update(dict.fromkeys(self.names_of(classes), count))
        return types

    def of(self, scope: Scope) -> Matches:
        """Return those that are in a scope."""
        inside = scope.accepted[self.index.arrays.types[self.members.numbers]]
        members = Members(self.index, self.members.numbers[inside])
        return Matches(members, self.tenths[inside], self.index, self.names_of)


@dataclass(frozen=True)
class EntityLookup:
    """Finds the entities of a current release. Its index is opened, or made, when first needed."""

    past: Past
    store: Store

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.past.current.names

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity."""
        return open_index(self.past)

    def open(self) -> None:
        """Open the index, or make it, before it is needed."""
        _ = self.index

    @cached_property
    def reconciler(self) -> Reconciler:
        """Matches names with entities."""
        return Reconciler(self.index, lambda iri: self.store.match(NamedNode(iri)))

    def hierarchy(self, entity: Entity, languages: Sequence[str]) -> list[Text]:
        """Return the names of the divisions that a smaller one lies in, nearest first."""
        division, territory = self.names.term("Division"), self.index.territory
        if division not in entity.types:
            return []
        containers = filter(None, map(self.entity_of, territory.upwards(entity.iri)))
        return [c.name(languages) for c in containers if division in c.types]

    def entity_of(self, iri: str) -> Entity | None:
        """Return the entity that an IRI names."""
        return self.index.entity_of(iri)

    def extent_names(self, extents: Iterable[Extent], languages: Sequence[str]) -> list[Text]:
        """Return what extents are called: “Extent of Mopti Region since 2023”, or their periods."""
        names = []
        for extent in extents:
            entity = self.entity_of(extent.iri)
            names.append(entity.name(languages) if entity else Text(str(extent.period)))
        return names

    def search(self, text: str) -> Matches:
        """Return the entities that a text may name."""
        index = self.index
        how = index.beginning(text) if fold(text) else np.full(len(index.entities), NOTHING)
        tenths = _SCORES[how]
        query = ReconciliationQuery(text, index.classes)
        for number, score in self.reconciler.scores(query).items():
            tenths[number] = max(round(10 * score), tenths[number])
        numbers = np.flatnonzero(tenths).astype(np.int32)
        tenths = tenths[numbers]
        order = np.argsort(-tenths, kind="stable")
        members = Members(index, numbers[order])
        return Matches(members, tenths[order], index, self.reconciler.names_of)

    def members(self, type_name: str, language: str) -> Matches:
        """Return all entities of a type by name, each with the score of what is not compared: 0."""
        reconciler = self.reconciler
        iri = reconciler.type_iri(type_name) if type_name in reconciler.types else None
        members = self.index.by_name(self.index.scope(lambda types: iri in types), language)
        tenths = np.zeros(len(members), np.int16)
        return Matches(members, tenths, self.index, reconciler.names_of)
