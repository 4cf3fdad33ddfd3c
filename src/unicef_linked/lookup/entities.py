"""The entities of a dataset, by name, by code and by IRI of another dataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from unicef_linked.dataset.labels import Text, collation
from unicef_linked.lookup.boundaries import Boundaries, read_boundaries
from unicef_linked.lookup.index import Index
from unicef_linked.lookup.index import read as read_index
from unicef_linked.lookup.matching import Reconciler, ReconciliationQuery
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from unicef_linked.lookup.index import Entity, Former
    from unicef_linked.lookup.territory import Extent
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

_EQUAL, _PREFIX, _WORD_PREFIX = 100.0, 85.0, 70.0
"""Scores of a label that equals the query, begins with it, has a word that begins with it."""


@dataclass(frozen=True)
class EntityLookup:
    """Finds the entities of one dataset. The index is read from the store when first needed.

    ``former`` returns what was last said of things that were replaced, by their successors.
    """

    store: Store
    names: Names
    former: Callable[[], Former] = dict

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity."""
        return read_index(self.store, self.names, self.former())

    @cached_property
    def reconciler(self) -> Reconciler:
        """Matches names with entities."""
        return Reconciler(self.index, lambda iri: self.store.match(NamedNode(iri)))

    @cached_property
    def boundaries(self) -> Boundaries:
        """Polygons of the divisions and of what they covered."""
        division = self.names.term("Division")
        divisions = (e.iri for e in self.index.entities.values() if division in e.types)
        return read_boundaries(self.store, self.index.territory, divisions)

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

    def search(self, text: str) -> list[tuple[Entity, float]]:
        """Return the entities that a text may name, with their scores (0 to 100), best first."""
        types: set[str] = set()
        for entity in self.index.entities.values():
            types |= entity.types
        query = ReconciliationQuery(text, tuple(sorted(types)), limit=len(self.index.entities))
        scores = {
            candidate.entity.id: candidate.score for candidate in self.reconciler.candidates(query)
        }
        folded = fold(text)
        for entity, label in self.index.starting(text) if folded else ():
            score = _prefix_score(fold(label.text), folded)
            scores[entity.id] = max(score, scores.get(entity.id, 0.0))
        entities = [(self.index.entities[key], score) for key, score in scores.items()]
        return sorted(entities, key=lambda pair: (-pair[1], self.index.rank(pair[0]), pair[0].id))

    def members(self, type_name: str, languages: Sequence[str]) -> list[tuple[Entity, float]]:
        """Return all entities of a type by name, each with the score of what is not compared: 0."""
        entities = self.reconciler.types.get(type_name, [])
        return [
            (entity, 0.0)
            for entity in sorted(entities, key=lambda each: collation(each.name(languages).text))
        ]


def _prefix_score(label: str, query: str) -> float:
    if label == query:
        return _EQUAL
    return _PREFIX if label.startswith(query) else _WORD_PREFIX
