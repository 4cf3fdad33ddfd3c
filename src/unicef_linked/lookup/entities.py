"""The entities of a dataset by what people and programs call them: by name, by code, by outside IRI."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from unicef_linked.lookup.index import Index, type_rank
from unicef_linked.lookup.index import read as read_index
from unicef_linked.lookup.matching import DEFAULT_TYPES, Question, Reconciler
from unicef_linked.lookup.normalization import fold

if TYPE_CHECKING:
    from unicef_linked.lookup.index import Entity
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store

_CANDIDATES = 1000
"""How many entities a search considers at most."""

_EQUAL, _PREFIX, _WORD_PREFIX = 100.0, 85.0, 70.0
"""Scores of a label that is the query, that begins with it, that has a word which begins with it."""


@dataclass(frozen=True)
class EntityLookup:
    """Finds the entities of one dataset. The index is read from the store when it is first needed."""

    store: Store
    names: Names

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity."""
        return read_index(self.store, self.names)

    @cached_property
    def reconciler(self) -> Reconciler:
        """What tells which entity a name means."""
        return Reconciler(self.index, lambda iri: self.store.match(NamedNode(iri)))

    def search(self, query: str) -> list[tuple[Entity, float]]:
        """Return the entities that a query may name, with their scores (0 to 100), best first."""
        types = {iri for entity in self.index.entities.values() for iri in entity.types}
        question = Question(query, tuple(sorted(types)), limit=_CANDIDATES)
        scores = {
            candidate.entity.id: candidate.score
            for candidate in self.reconciler.candidates(question)
        }
        wanted = fold(query)
        for entity, label in self.index.starting(query) if wanted else ():
            score = _prefix_score(fold(label.text), wanted)
            scores[entity.id] = max(score, scores.get(entity.id, 0.0))
        entities = [(self.index.entities[key], score) for key, score in scores.items()]
        return sorted(entities, key=lambda pair: (-pair[1], type_rank(pair[0]), pair[0].id))

    def types_of(self, entity: Entity) -> list[str]:
        """Return the dataset's own classes of an entity, by local name; the default types first."""
        own = f"{self.names.ontology}#"
        found = (iri.removeprefix(own) for iri in entity.types if iri.startswith(own))
        return sorted(found, key=lambda name: (name not in DEFAULT_TYPES, name))


def _prefix_score(label: str, query: str) -> float:
    if label == query:
        return _EQUAL
    return _PREFIX if label.startswith(query) else _WORD_PREFIX
