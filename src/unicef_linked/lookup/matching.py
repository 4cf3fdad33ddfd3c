"""Which entity a name, a code or a row of a table means, how surely, and why. Pure.

The ideas are those of the Entity Reconciliation API 0.2, section 4. A **match** is certain: the
same name or code once case, accents, articles and words for the kind of thing are set apart, no
other candidate as good, and nothing in the query against it. Everything else is a suggestion with
a score up to 100, for a person to check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pyoxigraph import Literal, NamedNode

from unicef_linked.errors import TooLarge
from unicef_linked.lookup.normalization import LONGEST, fold, fold_code, similarity
from unicef_linked.lookup.territory import ALWAYS, parse_period
from unicef_linked.rdf.iris import DCTERMS, RDF, RDFS, SCHEMA, SKOS, XSD
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.mappings import REFERENCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pyoxigraph import Quad

    from unicef_linked.lookup.entity import Entity, Identification
    from unicef_linked.lookup.index import Index, Members
    from unicef_linked.lookup.normalization import NormalizedName
    from unicef_linked.lookup.spellings import Scope
    from unicef_linked.lookup.territory import Extent, Period
    from unicef_linked.rdf.terms import Term

LIMIT: Final = 10
"""Candidates for a query that does not say how many."""

BATCH: Final = 1000
"""Queries that one batch may have."""

CHARACTERS: Final = 200_000
"""Characters that the names in the queries of one batch may have together."""

VALUES: Final = 5000
"""Values of properties that the queries of one batch may have."""

_LEAST: Final = 0.6
"""How alike a label must be to be suggested."""

_LEAST_OF_VALUES: Final = 0.8
"""How alike a stated value must be to one in a query to count."""

_NAME_WEIGHT: Final = 2
"""Weight of the name in a score, where each property has the weight 1."""

_SAMPLE: Final = 25
"""Entities of a type whose properties are proposed: those of one type have much the same."""

_SUGGESTED: Final = 500
"""Entities that a mistyped name may mean; of more, those with the names most alike."""

_UNNAMED: Final = 1000
"""Entities whose properties are compared with those of a query without a name."""

_SCOPES: Final = 6
"""Scopes whose names are kept in memory, of 100,000 names 2 MB each."""

_REMEMBERED: Final = 2048
"""Entities whose properties are kept in memory."""

_RANGES: Final = frozenset({f"{RDFS}range", f"{SCHEMA}rangeIncludes"})

_COUNTABLE: Final = frozenset(
    {
        f"{XSD}{name}"
        for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger")
    }
)
_MEASURED: Final = frozenset({f"{XSD}decimal", f"{XSD}double", f"{XSD}float"})

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,300}")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{0,300}\.?[0-9]{1,300}(?:[eE][+-]?[0-9]{1,2})?")
"""Numbers that JSON can carry; of any other only the text is given."""

_PART_OF: Final = "partOf"
"""Property whose values are what an entity lies in, at whatever level."""

_DATE: Final = "date"
"""Property whose value is a time: what came about later is not meant."""

_LEVELS: Final = 6
"""Parts of a name with the levels above it that are read, from its end."""

_HIERARCHY: Final = re.compile(r"\s*[>→]\s*")
"""What stands between the levels of a name that has those above it: “Mopti > Bandiagara”."""

Value = str | float | bool | dict[str, Any]
"""A value in a query: a text, a number, or an object with the id of an entity."""


@dataclass(frozen=True, slots=True)
class ReconciliationQuery:
    """One query of a batch: text, types (local names), properties."""

    query: str = ""
    types: tuple[str, ...] = ()
    strict: str = "any"  # any · all: of the types; should: better of the types
    properties: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    limit: int = LIMIT


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be meant; ``features`` say what the score is made of.

    ``extents`` are what a division covered at the time of the query, or ever if it has none; empty
    if nothing is known of their dates.
    """

    entity: Entity
    score: float
    match: bool
    features: dict[str, bool | float]
    extents: tuple[Extent, ...] = ()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What supports an entity; ``exact`` if only other candidates could make it uncertain."""

    score: float
    exact: bool = False
    features: dict[str, bool | float] = field(default_factory=dict)


class _Types(Mapping[str, "Members"]):
    """The entities of each class of the ontology, by its id; default types first."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._index, term = reconciler.index, reconciler.index.ids.term
        default = reconciler.index.profile.default_classes
        order = {term(iri): place for place, iri in enumerate(default)}
        iris = {name: iri for iri in self._index.classes if (name := term(iri))}
        names = sorted(iris, key=lambda name: (order.get(name, len(order)), name))
        self._iris = {name: iris[name] for name in names}

    def __getitem__(self, name: str) -> Members:
        iri = self._iris[name]
        return self._index.members(self._index.scope(lambda classes: iri in classes))

    def __contains__(self, name: object) -> bool:
        return name in self._iris

    def __iter__(self) -> Iterator[str]:
        return iter(self._iris)

    def __len__(self) -> int:
        return len(self._iris)


@dataclass(frozen=True)
class Reconciler:
    """Answers over an index.

    ``statements`` returns what is stated of an IRI, for queries with properties.
    """

    index: Index
    statements: Callable[[str], Iterable[Quad]] = lambda _: ()

    def type_iri(self, name: str) -> str:
        """Return the IRI of a type by its local name, prefixed name or IRI."""
        return self.index.ids.term_iri(name)

    @cached_property
    def types(self) -> Mapping[str, Members]:
        """The entities of each class of the ontology, by its id; default types first."""
        return _Types(self)

    @property
    def _default_classes(self) -> tuple[str, ...]:
        return self.index.profile.default_classes

    @cached_property
    def default_types(self) -> tuple[str, ...]:
        """Types that a query without a type may mean: all, where the data names none."""
        stated = {self.index.ids.term(iri) for iri in self._default_classes}
        return tuple(name for name in self.types if name in stated or not stated)

    def types_in_order(self, names: Iterable[str]) -> list[str]:
        """Return types by name, the default types first."""
        default = self._default_names
        return sorted(names, key=lambda name: (name not in default, name))

    @cached_property
    def _default_names(self) -> frozenset[str]:
        return frozenset(self.default_types)

    def types_of(self, entity: Entity) -> list[str]:
        """Return the classes of the ontology that an entity has, by their ids, in order."""
        return self.names_of(entity.types)

    def names_of(self, classes: Iterable[str]) -> list[str]:
        """Return classes of the ontology by their ids, in order."""
        return self.types_in_order(filter(None, map(self.index.ids.term, classes)))

    def candidates(self, query: ReconciliationQuery) -> list[Candidate]:
        """Return the entities that may be meant, best first.

        A name with the levels above it, “Mopti > Bandiagara”, is looked for within them.
        """
        evidence, period = self._weigh(query)
        ranked = sorted(
            evidence,
            key=lambda number: (-evidence[number].score, not evidence[number].exact, number),
        )
        alone = sum(each.exact for each in evidence.values()) == 1
        chosen = ranked[: max(0, query.limit)]
        return [self._candidate(number, evidence[number], period, alone=alone) for number in chosen]

    def scores(self, query: ReconciliationQuery) -> dict[int, float]:
        """Return the scores of all entities that may be meant, by number."""
        evidence, _period = self._weigh(query)
        return {number: _rounded(each.score) for number, each in evidence.items()}

    def _weigh(self, query: ReconciliationQuery) -> tuple[dict[int, _Evidence], Period]:
        """Return what a query says for each entity that it may mean, and the time it states."""
        above: list[str] = []
        if _HIERARCHY.search(query.query):
            levels = [text for text in _HIERARCHY.split(query.query) if fold(text)] or [""]
            *above, name = levels[-_LEVELS:]
            parents = tuple((_PART_OF, (parent,)) for parent in above)
            query = replace(query, query=name, properties=(*query.properties, *parents))
        period = _period(query.properties) or ALWAYS if query.properties else ALWAYS
        types = frozenset(self.type_iri(name) for name in query.types)
        evidence = self._evidence(query, self.scope(types, query.strict), period)
        if types:
            fitting = self.scope(types, "any")
            for number in evidence:
                evidence[number] = _typed(evidence[number], fits=fitting.allows(number))
        if above:
            self._prefer_nearest(evidence, above, period)
        return {number: each for number, each in evidence.items() if each.score > 0}, period

    def _candidate(
        self, number: int, evidence: _Evidence, period: Period, *, alone: bool
    ) -> Candidate:
        """Return a candidate; ``alone``: no other one is exact."""
        entity = self.index.entity(number)
        match = evidence.exact and alone
        features = {**evidence.features, "alone": match}
        extents = self.extents(entity, period)
        return Candidate(entity, _rounded(evidence.score), match, features, extents)

    def extents(self, entity: Entity, period: Period = ALWAYS) -> tuple[Extent, ...]:
        """Return what an entity covered at a time, or ever; none if no dates are known of it."""
        territory = self.index.territory
        extents = territory.extents.get(entity.iri, ())
        if all(extent.period == ALWAYS for extent in extents):
            return ()
        return territory.extents_at(entity.iri, period)

    def _evidence(
        self, query: ReconciliationQuery, scope: Scope, period: Period
    ) -> dict[int, _Evidence]:
        """Return what the text and the properties of a query say for each entity, by number."""
        evidence = self._by_name(query.query, scope, period, typed=bool(query.types))
        name_weight = _NAME_WEIGHT
        if not evidence and self.is_unnamed(query):
            numbers = self._with_codes(query.properties, scope) or self._unnamed(query, scope)
            evidence = {number: _Evidence(100.0, True) for number in numbers}
            name_weight = 0
        if query.properties:
            for number in evidence:
                entity = self.index.entity(number)
                evidence[number] = self._weighed(
                    entity, evidence[number], query.properties, name_weight
                )
        return evidence

    def is_unnamed(self, query: ReconciliationQuery) -> bool:
        """Tell whether the properties of a query alone decide, which takes long."""
        return bool(query.properties) and self.index.normalize(query.query).blank

    def _with_codes(
        self, properties: Sequence[tuple[str, tuple[Value, ...]]], scope: Scope
    ) -> frozenset[int]:
        """Return the numbers of the entities with a code that the properties of a query state."""
        numbers: set[int] = set()
        for name, accepted in properties:
            scheme = self.index.scheme(name)
            for value in accepted if scheme else ():
                numbers.update(i.entity.number for i in self.index.by_code(_text(value), scheme))
        return frozenset(filter(scope.allows, numbers))

    def _unnamed(self, query: ReconciliationQuery, scope: Scope) -> Iterable[int]:
        """Return the numbers of the entities that a query without a name may mean.

        All of its scope; of a large one those that lie in what the query names, as far as that is
        stated of them and of what they lie in.
        """
        numbers: list[int] = scope.members().tolist()
        if len(numbers) <= _UNNAMED:
            return numbers
        texts: list[str] = []
        for name, accepted in query.properties:
            if name == _PART_OF:
                texts += map(_text, accepted)
        pending = [i.entity.iri for text in texts for i in self.index.by_iri(text)]
        for text in texts:
            named = self.index.named(self.index.normalize(text))
            pending += [self.index.entity(number).iri for number, _ in named]
        within: dict[str, None] = {}
        while pending and len(within) < _UNNAMED:
            iri = pending.pop(0)
            within[iri] = None
            parts = self.index.territory.parts.get(iri, frozenset())
            pending += sorted(parts - within.keys())
        entities = filter(None, map(self.index.entity_of, within))
        return [entity.number for entity in entities if scope.allows(entity.number)]

    def _prefer_nearest(
        self, evidence: dict[int, _Evidence], above: Sequence[str], period: Period
    ) -> None:
        """Leave exact, of several, what has the levels of a name directly above it, one by one."""
        exact = [number for number in evidence if evidence[number].exact]
        direct = {
            number for number in exact if self._climbs(self.index.entity(number).iri, above, period)
        }
        for number in exact if direct else ():
            if number not in direct:
                other = evidence[number]
                evidence[number] = _Evidence(0.95 * other.score, features=other.features)

    def _climbs(self, iri: str, above: Sequence[str], period: Period) -> bool:
        """Return whether the names are those of the levels above a thing; the nearest is last."""
        if not above:
            return True
        containers = self.index.territory.nearest(iri, period)
        return any(
            self._names_one(frozenset([container]), above[-1]) == 1.0
            and self._climbs(container, above[:-1], period)
            for container in containers
        )

    @cached_property
    def scope(self) -> Callable[[frozenset[str], str], Scope]:
        """Return what a query of these types is about; recent results are kept."""
        default = frozenset(self._default_classes)

        def scope(types: frozenset[str], strict: str) -> Scope:
            def accepts(classes: frozenset[str]) -> bool:
                if not types or strict == "should":
                    return not default or not classes.isdisjoint(default | types)
                if strict == "all":
                    return types <= classes
                return not classes.isdisjoint(types)

            return self.index.scope(accepts)

        return lru_cache(maxsize=_SCOPES)(scope)

    def scope_of(self, *names: str) -> Scope:
        """Return the entities that have any of some types, by their ids."""
        return self.scope(frozenset(map(self.type_iri, names)), "any")

    def _by_name(
        self, text: str, scope: Scope, period: Period, *, typed: bool
    ) -> dict[int, _Evidence]:
        """Return the evidence that a text gives for each entity, by number.

        As an identifier, as a name, and, if neither is exact, as nearly a name. A blank text is
        nearly no name.
        """
        best: dict[int, _Evidence] = {}

        def add(number: int, evidence: _Evidence) -> None:
            other = best.get(number)
            if scope.allows(number) and (
                other is None or (evidence.exact, evidence.score) > (other.exact, other.score)
            ):
                best[number] = evidence

        def is_exact() -> bool:
            return any(evidence.exact for evidence in best.values())

        for identification in self._identifications(text, scope, period):
            add(identification.entity.number, _identified(identification, text))
        sought = self.index.normalize(text)
        for number, says_kind in self.index.named(sought) if sought.words else ():
            add(number, self._spelled(sought, number, says_kind=says_kind, typed=typed))
        within = self._without_country(sought)
        if within and not is_exact():
            for number, says_kind in self.index.named(within):
                add(number, self._spelled(within, number, says_kind=says_kind, typed=typed))
        if not (sought.blank or is_exact()):
            for number, alike in self._nearly(sought, scope):
                add(number, self._resembling(sought, number, alike))
        return best

    def _nearly(self, sought: NormalizedName, scope: Scope) -> Iterable[tuple[int, float]]:
        """Return the entities whose names resemble the words most, and how much."""
        numbers, alike = self.index.like(sought, _LEAST, scope)
        if len(numbers) > _SUGGESTED:
            most = np.argsort(-alike, kind="stable")[:_SUGGESTED]
            numbers, alike = numbers[most], alike[most]
        return zip(numbers.tolist(), alike.tolist(), strict=True)

    def _identifications(self, text: str, scope: Scope, period: Period) -> Iterable[Identification]:
        """Return what a text identifies, if it may be an identifier: one word, or with digits.

        Not by a list of codes that came into force later.
        """
        if len(text) > LONGEST or not re.search(r"\d|\A\s*\S+\s*\Z", text):
            return ()
        territory = self.index.territory
        identifications = self.index.by_iri(text, lambda entity: scope.allows(entity.number))
        return [i for i in identifications if territory.exists(i.scheme or "", period)]

    def _spelled(
        self, sought: NormalizedName, number: int, *, says_kind: bool, typed: bool
    ) -> _Evidence:
        """Return the evidence of a label that has the same words.

        A label such as “Bureau de zone de Gao” is not yet named by “Gao”, unless the query is of
        offices.
        """
        agrees = sought.kinds <= self.index.kinds(number)
        complete = bool(not says_kind or sought.kinds or typed)
        exact = sought.sure and agrees and complete and bool(sought.words)
        features: dict[str, bool | float] = {"name": 100.0, "exact": exact, "kind": agrees}
        return _Evidence(100.0 if exact else 92.0 if agrees else 72.0, exact, features)

    def _resembling(self, sought: NormalizedName, number: int, alike: float) -> _Evidence:
        """Return the evidence of a label that resembles the words."""
        agrees = sought.kinds <= self.index.kinds(number)
        features: dict[str, bool | float] = {
            "name": round(100 * alike, 1),
            "exact": False,
            "kind": agrees,
        }
        return _Evidence(90 * alike * (1 if agrees else 0.8), features=features)

    def _without_country(self, sought: NormalizedName) -> NormalizedName | None:
        """Return a name without the country at its end: “Gao, Mali”."""
        for size in (1, 2):
            words, last = sought.words[:-size], sought.words[-size:]
            if words and self.index.names_country(tuple(sorted(last))):
                return replace(sought, words=words)
        return None

    def _weighed(
        self,
        entity: Entity,
        evidence: _Evidence,
        properties: Sequence[tuple[str, tuple[Value, ...]]],
        name_weight: int,
    ) -> _Evidence:
        """Return evidence with the properties of a query, each of which has the weight 1.

        What is not stated of the entity counts half: it may still be true. A date only speaks
        against what was not there yet.
        """
        shares = []
        features = dict(evidence.features)
        exact = evidence.exact
        period = _period(properties)
        for name, accepted in properties:
            if self._is_time(entity, name):
                possible = self.index.territory.exists(entity.iri, period or ALWAYS)
                exact = exact and possible and period is not None
                features[f"property:{name}"] = 100.0 if possible else 0.0
                if possible:
                    continue
                share = 0.0
            elif name == _PART_OF:
                share = self._containment(entity, accepted, period or ALWAYS)
            else:
                share = self._share(self.values(entity, name), accepted)
            shares.append(share)
            features[f"property:{name}"] = round(100 * share, 1)
        exact = exact and all(share == 1.0 for share in shares)
        score = (name_weight * evidence.score + 100 * sum(shares)) / (
            (name_weight + len(shares)) or 1
        )
        if not name_weight and not any(share == 1.0 for share in shares):
            score = 0.0  # no stated value supports it
        return _Evidence(score, exact, features)

    def _is_time(self, entity: Entity, name: str) -> bool:
        """Return whether a property asks for what was there at a time, not for a stated date."""
        return name == _DATE and not self.values(entity, name)

    def _containment(self, entity: Entity, accepted: Sequence[Value], period: Period) -> float:
        """Return how well one of the values names something that the entity lies in.

        Half where what it lies in is not stated at every level.
        """
        around = self.index.territory.surrounding(entity.iri, period)
        share = max((self._names_one(around, _text(value)) for value in accepted), default=0.0)
        complete = around and self.index.names.term("Division") in entity.types
        return share if share or complete else 0.5

    def _names_one(self, iris: frozenset[str], text: str) -> float:
        """Return how well a text names one of some entities: by id, code, IRI or name, 0 to 1."""
        identified = self.index.by_iri(text, lambda entity: entity.iri in iris)
        if any(identification.strength == 0 for identification in identified):
            return 1.0
        sought, likest = self.index.normalize(text), 0.0
        for iri in iris:
            entity = self._entity(NamedNode(iri))
            if entity is None or not sought.kinds <= self.index.kinds(entity.number):
                continue
            texts = [label.text for label in entity.labels]
            if sought.sure and any(self.index.normalize(t).key == sought.key for t in texts):
                return 1.0
            likest = max(likest, min(0.95, _likeness(text, texts)))
        return likest

    def _share(self, stated: Sequence[Term], accepted: Sequence[Value]) -> float:
        """Return how well the stated values of a property agree with those of a query."""
        if not stated:
            return 0.5
        return max((self._agreement(s, a) for s in stated for a in accepted), default=0.0)

    def _agreement(self, term: Term, accepted: Value) -> float:
        """Return how well a stated value agrees with one in a query, from 0 to 1."""
        text = _text(accepted)
        if isinstance(term, NamedNode):
            return self._agreement_of_iri(term, text)
        if not isinstance(term, Literal):
            return 0.0
        if isinstance(accepted, float | int) and not isinstance(accepted, bool):
            try:
                return float(float(term.value) == float(accepted))
            except (ValueError, OverflowError):
                return 0.0
        if self.index.scheme(term.datatype.value):
            return float(fold_code(term.value) == fold_code(text))
        if re.search(r"\d", term.value):  # of a code or a number, a similar one is another one
            return float(term.value.casefold() == text.strip().casefold())
        return _likeness(text, [term.value])

    def _agreement_of_iri(self, term: NamedNode, text: str) -> float:
        entity = self._entity(term)
        if term.value == text:
            return 1.0
        if entity is None:
            return _likeness(text, [term.value])
        texts = [label.text for label in entity.labels]
        key = self.index.normalize(text).key
        if entity.id == text or any(self.index.normalize(t).key == key for t in texts):
            return 1.0
        return _likeness(text, texts)

    def _entity(self, term: Term) -> Entity | None:
        """Return the entity that a term is."""
        return self.index.entity_of(term.value) if isinstance(term, NamedNode) else None

    def properties(self, entity: Entity) -> dict[str, tuple[str, list[Term]]]:
        """Return what is stated of an entity: the id of each property, with IRI and values.

        Ids are local names. A code is a property of the name of its scheme, ``pcode``; what rules
        only repeat in terms of other vocabularies is left out.
        """
        return self._properties(entity.iri)

    @cached_property
    def _properties(self) -> Callable[[str], dict[str, tuple[str, list[Term]]]]:
        return lru_cache(maxsize=_REMEMBERED)(self._read_properties)

    def _read_properties(self, subject: str) -> dict[str, tuple[str, list[Term]]]:
        properties: dict[str, tuple[str, list[Term]]] = {}
        names = self.index.names
        derived = names.graph("derived/")
        for quad in sorted(self.statements(subject), key=str):
            iri, value = quad.predicate.value, quad.object
            graph = getattr(quad.graph_name, "value", "")
            is_repetition = graph.startswith(derived) and not iri.startswith(names.ontology)
            if iri == f"{RDF}type" or is_repetition:
                continue
            if iri == f"{SKOS}notation" and isinstance(value, Literal):
                iri = value.datatype.value
            local = re.search(r"[#/]([A-Za-z][\w.-]*)$", iri)
            name = local[1] if local else iri
            if self.index.ids.are_iris or properties.get(name, (iri, []))[0] != iri:
                name = names.shorten(iri)
            values = properties.setdefault(name, (iri, []))[1]
            if value not in values:
                values.append(value)
        return properties

    def values(self, entity: Entity, name: str) -> list[Term]:
        """Return the values of one property, by its id."""
        property_id, sought = name.removeprefix("ul:"), self.property_iri(name)
        properties = self.properties(entity)
        iri, values = properties.get(property_id, ("", []))
        if sought in {None, iri}:
            return values
        return next((values for iri, values in properties.values() if iri == sought), [])

    def property_iri(self, name: str) -> str | None:
        """Return the IRI of a property by its id, whichever entities have it; None if none has.

        A term of the ontology goes before one of the same name in another vocabulary.
        """
        property_id = name.removeprefix("ul:")
        own = self.index.names.term(property_id)
        if own in self.index.terms:
            return own
        if property_id in self._properties_of_default_types:
            return self._properties_of_default_types[property_id]
        return self._properties_of_all_types.get(property_id)

    @cached_property
    def _properties_of_default_types(self) -> dict[str, str]:
        return self.properties_of(None)

    @cached_property
    def _properties_of_all_types(self) -> dict[str, str]:
        """The properties of entities of every type, by id, with their IRIs."""
        properties: dict[str, str] = {}
        for type_name in self.types:
            properties = self.properties_of(type_name) | properties
        return properties

    def range_of(self, iri: str) -> str | None:
        """Return the class of the ontology, by local name, that all values of a property have.

        None where it has values of another kind, or where the ontology names several.
        """
        classes = {
            quad.object.value
            for quad in self.statements(iri)
            if quad.predicate.value in _RANGES and isinstance(quad.object, NamedNode)
        }
        if len(classes) != 1:
            return None
        [class_iri] = classes
        name = self.index.ids.term(class_iri)
        return name if name in self.types or not self.index.ids.are_iris else None

    def properties_of(self, type_name: str | None) -> dict[str, str]:
        """Return the properties of entities of a type (None: of the default types).

        By id, with their IRIs, those of the ontology first.
        """
        types: Sequence[str] = self.default_types
        if type_name:
            types = [self.index.ids.term(self.type_iri(type_name)) or ""]
        properties: dict[str, str] = {}
        for name in types:
            for entity in self.types[name][:_SAMPLE] if name in self.types else ():
                properties |= {pid: iri for pid, (iri, _) in self.properties(entity).items()}
        own = self.index.names.ontology
        return dict(
            sorted(
                properties.items(), key=lambda item: (not item[1].startswith(own), item[0].lower())
            )
        )

    @cached_property
    def query_properties(self) -> dict[str, str]:
        """The properties that a query may state, by id: those of default types, and the time."""
        return self.properties_of(None) | {_DATE: f"{DCTERMS}date"}

    def extension(
        self, entity: Entity, name: str, languages: Sequence[str], limit: int = 0
    ) -> list[dict[str, object]]:
        """Return the values of a property as data extension has them (section 7).

        Texts are in the best of the languages, else in English, else in all that there are.
        """
        terms = self.values(entity, name)
        tags = {term.language for term in terms if isinstance(term, Literal) and term.language}
        matches = (matching_tag(language, tags) for language in (*languages, "en"))
        chosen = next((tag for tag in matches if tag), None)
        shown = [
            term
            for term in terms
            if not isinstance(term, Literal) or not term.language or chosen in {None, term.language}
        ]
        return [self._cell(term, languages) for term in (shown[:limit] if limit > 0 else shown)]

    def _cell(self, term: Term, languages: Sequence[str]) -> dict[str, object]:
        entity = self._entity(term)
        if entity:
            return {"id": entity.id, "name": entity.name(languages).text}
        if isinstance(term, Literal):
            kind = term.datatype.value
            if kind in _COUNTABLE and _INTEGER.fullmatch(term.value):
                return {"int": int(term.value)}
            if kind in _MEASURED and _DECIMAL.fullmatch(term.value):
                return {"float": float(term.value)}
            if kind == f"{XSD}date" and re.fullmatch(r"\d{4}-\d\d-\d\d", term.value):
                return {"date": f"{term.value}T00:00:00Z"}
        return {"str": str(getattr(term, "value", term))}


def _identified(identification: Identification, text: str) -> _Evidence:
    """Return the evidence of an identifier. Digits alone are never certain by themselves."""
    same = identification.strength == 0
    exact = same and not text.strip().isdecimal()
    relation = identification.relation or REFERENCES[0]
    score = 100.0 if same else 90.0 - 5 * REFERENCES.index(relation)
    return _Evidence(score, exact, {"identifier": True, "exact": exact})


def _typed(evidence: _Evidence, *, fits: bool) -> _Evidence:
    """Return evidence with the types of the query counted: whether the entity has one."""
    return _Evidence(
        evidence.score * (1 if fits else 0.8),
        evidence.exact and fits,
        {**evidence.features, "type": fits},
    )


def _rounded(score: float) -> float:
    return round(score, 1)


def _text(value: Value) -> str:
    """Return a value in a query as text: of an object, the id or the name of the entity."""
    if isinstance(value, dict):
        return str(value.get("id") or value.get("name") or "")[:LONGEST]
    return (str(value).lower() if isinstance(value, bool) else f"{value}")[:LONGEST]


def _period(properties: Sequence[tuple[str, tuple[Value, ...]]]) -> Period | None:
    """Return the time that a query states; None if it states none that can be read, or several."""
    dates: list[Value] = []
    for name, accepted in properties:
        if name == _DATE:
            dates += accepted
    return parse_period(_text(dates[0])) if len(dates) == 1 else None


def _likeness(text: str, labels: Sequence[str]) -> float:
    """Return how alike a text and the nearest of labels are, 0 below a threshold."""
    best = max((similarity(fold(text), fold(label)) for label in labels), default=0.0)
    return best if best >= _LEAST_OF_VALUES else 0.0


def read_queries(text: str) -> dict[str, ReconciliationQuery]:
    """Return the queries of a batch (section 4.1), by their keys.

    Raises ValueError that says what is wrong with which, TooLarge if there are too many.
    """
    try:
        batch = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the queries are not JSON: {error}") from None
    except ValueError:
        raise ValueError("the queries have a number with too many digits") from None
    except RecursionError:
        raise ValueError("the queries are nested too deeply") from None
    if not isinstance(batch, dict):
        raise ValueError('the queries are not a JSON object such as {"q0": {"query": "Gao"}}')
    if len(batch) > BATCH:
        raise TooLarge(
            f"the batch has {len(batch):,} queries and may have {BATCH:,}; send several batches"
        )
    queries = {key: _query(key, value) for key, value in batch.items()}
    characters = sum(len(query.query) for query in queries.values())
    if characters > CHARACTERS:
        raise TooLarge(
            f"the names in the queries have {characters:,} characters and may have {CHARACTERS:,}: "
            "send several batches"
        )
    values = 0
    for query in queries.values():
        values += sum(len(accepted) for _, accepted in query.properties)
    if values > VALUES:
        raise TooLarge(
            f"the queries have {values:,} values of properties; a batch may have {VALUES:,}: "
            "send several batches"
        )
    return queries


_MEMBERS: Final = ("query", "type", "type_strict", "limit", "properties")
_STRICT: Final = ("any", "should", "all")


def _query(key: str, content: object) -> ReconciliationQuery:
    def wrong(what: str) -> ValueError:
        return ValueError(f"query {key!r}: {what}")

    if not isinstance(content, dict):
        raise wrong("is not an object")
    unknown = sorted(content.keys() - set(_MEMBERS))
    if unknown:
        raise wrong(
            f"has {', '.join(map(repr, unknown))}; "
            "there are query, type, type_strict, limit and properties"
        )
    query, strict = content.get("query", ""), content.get("type_strict", "any")
    if not isinstance(query, str):
        raise wrong("query is not a text")
    if strict not in _STRICT:
        raise wrong("type_strict is none of any, should, all")
    types = _types(content.get("type", []), wrong)
    limit, properties = content.get("limit", LIMIT), content.get("properties", [])
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise wrong("limit is not a number")
    if limit < 0:
        raise wrong("limit is below zero")
    if not isinstance(properties, list):
        raise wrong("properties is not a list")
    if "query" not in content and not properties:
        raise wrong("has neither query nor properties")
    return ReconciliationQuery(
        query,
        types,
        strict,
        tuple(_properties(properties, wrong)),
        int(min(100, max(0, limit))),
    )


def _types(types: object, wrong: Callable[[str], ValueError]) -> tuple[str, ...]:
    types = [types] if isinstance(types, str) else types
    if not isinstance(types, list) or not all(isinstance(name, str) for name in types):
        raise wrong("type is neither a text nor a list of texts")
    return tuple(filter(None, types))


def _properties(
    properties: list[Any], wrong: Callable[[str], ValueError]
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    for item in properties:
        if not isinstance(item, dict) or not isinstance(item.get("pid"), str) or "v" not in item:
            raise wrong("a property is not an object with pid and v")
        values = item["v"] if isinstance(item["v"], list) else [item["v"]]
        accepted = tuple(value for value in values if not _is_empty(value))
        if not all(isinstance(value, str | int | float | bool | dict) for value in accepted):
            raise wrong(
                f"a value of {item['pid']!r} is neither text, number, truth value nor entity"
            )
        if accepted:
            yield item["pid"], accepted


def _is_empty(value: object) -> bool:
    """Return whether a value of a property comes from an empty cell: it decides nothing."""
    parts = (value.get("id"), value.get("name")) if isinstance(value, dict) else (value,)
    return all(part in (None, [], {}) or not fold(f"{part}") for part in parts)
