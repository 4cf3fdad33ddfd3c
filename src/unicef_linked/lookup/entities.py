"""The entities of a dataset, by name, by code and by IRI of another dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from pyoxigraph import NamedNode

from unicef_linked.dataset.labels import Text
from unicef_linked.lookup.boundaries import Boundaries, read_boundaries
from unicef_linked.lookup.index import Members
from unicef_linked.lookup.kept import open_index
from unicef_linked.lookup.matching import Reconciler, ReconciliationQuery
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from unicef_linked.lookup.entity import Entity
    from unicef_linked.lookup.index import Former, Index
    from unicef_linked.lookup.spellings import Scope
    from unicef_linked.lookup.territory import Extent
    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Release
    from unicef_linked.store import Store

_SCORES: Final = np.array([100.0, 85.0, 70.0, 0.0])
"""Scores of a label that equals the query, begins with it, has a word that begins with it."""


@dataclass(frozen=True)
class Matches:
    """The entities that a search found, best first, with their scores (0 to 100)."""

    members: Members
    scores: NDArray[np.float64]
    index: Index
    names_of: Callable[[Iterable[str]], list[str]]

    @property
    def total(self) -> int:
        """How many they are."""
        return len(self.members)

    def page(self, offset: int, limit: int) -> list[tuple[Entity, float]]:
        """Return some of them with their scores."""
        entities = self.members[offset : offset + limit]
        return list(zip(entities, self.scores[offset : offset + limit].tolist(), strict=True))

    @cached_property
    def classes(self) -> tuple[frozenset[str], ...]:
        """The different sets of classes that they have, that of the best first."""
        return tuple(self._numbers_of_classes)

    @cached_property
    def _numbers_of_classes(self) -> dict[frozenset[str], int]:
        types = self.index.arrays.types[self.members.numbers]
        numbers, first, counts = np.unique(types, return_index=True, return_counts=True)
        ordered = sorted(zip(first.tolist(), numbers.tolist(), counts.tolist(), strict=True))
        return {self.index.types[number]: count for _, number, count in ordered}

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
        return Matches(members, self.scores[inside], self.index, self.names_of)


@dataclass(frozen=True)
class EntityLookup:
    """Finds the entities of one release. Its index is opened, or made, when it is first needed.

    ``former`` returns what was last said of things that were replaced, by their successors;
    ``earlier`` are the releases that say so.
    """

    release: Release
    store: Store
    former: Callable[[], Former] = dict
    earlier: Sequence[Release] = ()

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.release.names

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity."""
        return open_index(self.release, self.former, self.earlier)

    @cached_property
    def reconciler(self) -> Reconciler:
        """Matches names with entities."""
        return Reconciler(self.index, lambda iri: self.store.match(NamedNode(iri)))

    @cached_property
    def boundaries(self) -> Boundaries:
        """Polygons of the divisions and of what they covered."""
        division = self.names.term("Division")
        divisions = self.index.members(self.index.scope(lambda types: division in types))
        return read_boundaries(self.store, self.index.territory, (e.iri for e in divisions))

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
        scores = np.zeros(len(index.arrays.types))
        if fold(text):
            how = index.beginning(text)
            scores = _SCORES[how]
        query = ReconciliationQuery(text, index.classes)
        for number, score in self.reconciler.scores(query).items():
            scores[number] = max(score, scores[number])
        numbers = np.flatnonzero(scores).astype(np.int32)
        numbers = numbers[np.argsort(-scores[numbers], kind="stable")]
        members = Members(index, numbers)
        return Matches(members, scores[numbers], index, self.reconciler.names_of)

    def members(self, type_name: str, language: str) -> Matches:
        """Return all entities of a type by name, each with the score of what is not compared: 0."""
        reconciler = self.reconciler
        iri = reconciler.type_iri(type_name) if type_name in reconciler.types else None
        members = self.index.by_name(self.index.scope(lambda types: iri in types), language)
        return Matches(members, np.zeros(len(members)), self.index, reconciler.names_of)
