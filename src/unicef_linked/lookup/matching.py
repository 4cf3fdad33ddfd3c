"""Which entity a name, a code or a row of a table means, how surely, and why: matching and scoring. Pure.

The ideas are those of the Entity Reconciliation API 0.2, section 4. A **match** is certain: the same name or code once
case, accents, articles and words for the kind of thing are set apart, no other candidate as good, and nothing in the
question against it. Everything else is a suggestion with a score up to 100, for somebody to look at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.lookup.index import type_rank
from unicef_linked.lookup.normalization import LONGEST, fold, read_phrase, similarity
from unicef_linked.rdf.iris import RDF, SKOS, XSD
from unicef_linked.rdf.mappings import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyoxigraph import Quad

    from unicef_linked.lookup.index import Entity, Index, Name, Reading, Spellings
    from unicef_linked.lookup.normalization import Phrase
    from unicef_linked.rdf.terms import Term

DEFAULT_TYPES: Final = (
    "Region",
    "Place",
    "Office",
    "Country",
    "Organization",
    "Sector",
    "PopulationGroup",
    "Priority",
)
"""What a question without a type may mean: the things that the dataset is about, not what they rest on."""

LIMIT: Final = 10
"""Candidates for a question that does not say how many."""

BATCH: Final = 5000
"""Queries, and values of properties, that one batch may have."""

_LEAST: Final = 0.6
"""How alike a label must be to be suggested."""

_COUNTABLE: Final = frozenset(
    {
        f"{XSD}{name}"
        for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger")
    }
)
_MEASURED: Final = frozenset({f"{XSD}decimal", f"{XSD}double", f"{XSD}float"})

Value = str | float | bool | dict[str, Any]
"""A value in a question: a text, a number, or an object with the id of an entity."""


@dataclass(frozen=True, slots=True)
class Question:
    """One query of a batch: what to look for, of which types (local names), with which properties."""

    query: str = ""
    types: tuple[str, ...] = ()
    strict: str = "any"  # any · all: of the types; should: better of the types
    properties: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    limit: int = LIMIT


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that may be meant; ``features`` say what the score is made of."""

    entity: Entity
    score: float
    match: bool
    features: dict[str, bool | float]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for an entity; ``exact`` where nothing is left to doubt but others."""

    score: float
    exact: bool = False
    features: dict[str, bool | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Scope:
    """The entities that a question may mean, and their labels."""

    ids: frozenset[str]
    spellings: Spellings


@dataclass(frozen=True)
class Reconciler:
    """Answers over an index; ``statements`` returns what is stated of an IRI, for questions with properties."""

    index: Index
    statements: Callable[[str], Iterable[Quad]] = lambda _: ()

    def type_iri(self, name: str) -> str:
        """Return the IRI of a type by its local name, prefixed name or IRI."""
        return name if "/" in name else self.index.names.term(name.removeprefix("ul:"))

    @cached_property
    def types(self) -> dict[str, list[Entity]]:
        """The entities of each class of ours, by its local name; those people ask for most first."""
        found: dict[str, list[Entity]] = {}
        for entity in self.index.entities.values():
            for iri in entity.types:
                if iri.startswith(f"{self.index.names.ontology}#"):
                    found.setdefault(iri.rpartition("#")[2], []).append(entity)
        order = {name: number for number, name in enumerate(DEFAULT_TYPES)}
        return dict(
            sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
        )

    def candidates(self, question: Question) -> list[Candidate]:
        """Return who may be meant, best first."""
        wanted = frozenset(self.type_iri(name) for name in question.types)
        scope = self._scope(wanted, question.strict)
        if question.query.strip():
            found = self._by_name(question.query, scope, typed=bool(wanted))
        else:
            found = {key: _Evidence(100.0, True) for key in scope.ids}
        if question.properties:
            found = {
                key: self._weighed(self.index.entities[key], e, question)
                for key, e in found.items()
            }
        if wanted:
            for key, evidence in found.items():
                fits = not wanted.isdisjoint(self.index.entities[key].types)
                features = {**evidence.features, "type": fits}
                found[key] = replace(
                    evidence,
                    features=features,
                    exact=evidence.exact and fits,
                    score=evidence.score * (1 if fits else 0.8),
                )
        ranked = sorted(
            (
                (self.index.entities[key], evidence)
                for key, evidence in found.items()
                if evidence.score > 0
            ),
            key=lambda pair: (-pair[1].score, not pair[1].exact, type_rank(pair[0]), pair[0].id),
        )
        alone = sum(evidence.exact for _, evidence in ranked) == 1
        return [
            Candidate(
                entity,
                round(e.score, 1),
                e.exact and alone,
                {**e.features, "alone": e.exact and alone},
            )
            for entity, e in ranked[: max(0, question.limit)]
        ]

    @cached_property
    def _scope(self) -> Callable[[frozenset[str], str], _Scope]:
        """Return whom a question of these types is about; the last ones asked for are kept."""
        of_default = frozenset(self.type_iri(name) for name in DEFAULT_TYPES)

        def scope(wanted: frozenset[str], strict: str) -> _Scope:
            def allowed(entity: Entity) -> bool:
                if not wanted or strict == "should":
                    return not entity.types.isdisjoint(of_default | wanted)
                return (
                    wanted <= entity.types
                    if strict == "all"
                    else not entity.types.isdisjoint(wanted)
                )

            ids = frozenset(entity.id for entity in self.index.entities.values() if allowed(entity))
            return _Scope(ids, self.index.spellings(allowed))

        return lru_cache(maxsize=64)(scope)

    def _by_name(self, text: str, scope: _Scope, *, typed: bool) -> dict[str, _Evidence]:
        """Return the evidence that a text gives for each entity, by id: as an identifier, as a name, as nearly one."""
        found: dict[str, _Evidence] = {}

        def add(entity: Entity, evidence: _Evidence) -> None:
            known = found.get(entity.id)
            if entity.id in scope.ids and (
                known is None or (evidence.exact, evidence.score) > (known.exact, known.score)
            ):
                found[entity.id] = evidence

        for reading in self._readings(text, lambda entity: entity.id in scope.ids):
            add(reading.entity, _identified(reading, text))
        phrase = read_phrase(text)
        for name in self.index.named(phrase):
            add(name.entity, self._spelled(phrase, name, typed=typed))
        within = self._without_country(phrase)
        if within and not any(evidence.exact for evidence in found.values()):
            for name in self.index.named(within):
                add(name.entity, self._spelled(within, name, typed=typed))
        if not any(evidence.exact for evidence in found.values()):
            for alike, name in scope.spellings.like(phrase, _LEAST):
                agrees = phrase.kinds <= self.index.kinds(name.entity)
                features: dict[str, bool | float] = {
                    "name": round(100 * alike, 1),
                    "exact": False,
                    "kind": agrees,
                }
                add(name.entity, _Evidence(90 * alike * (1 if agrees else 0.8), features=features))
        return found

    def _readings(self, text: str, allowed: Callable[[Entity], bool]) -> Iterable[Reading]:
        """Return whom a text identifies, if it may be an identifier at all: one word, or with digits."""
        if len(text) <= LONGEST and re.search(r"\d|\A\s*\S+\s*\Z", text):
            return self.index.by_iri(text, allowed)
        return []

    def _spelled(self, phrase: Phrase, name: Name, *, typed: bool) -> _Evidence:
        """Return the evidence of a label that has the same words.

        A label such as “Bureau de zone de Gao” is not yet named by “Gao”, unless the question is of offices.
        """
        agrees = phrase.kinds <= self.index.kinds(name.entity)
        complete = bool(not name.phrase.kinds or phrase.kinds or typed)
        exact = phrase.sure and agrees and complete and bool(phrase.words)
        features: dict[str, bool | float] = {"name": 100.0, "exact": exact, "kind": agrees}
        return _Evidence(100.0 if exact else 92.0 if agrees else 72.0, exact, features)

    def _without_country(self, phrase: Phrase) -> Phrase | None:
        """Return a phrase without the country that a place is said to be in: “Gao, Mali”."""
        country = self.index.names.term("Country")
        for size in (1, 2):
            words = phrase.words[:-size]
            last = replace(phrase, words=phrase.words[-size:])
            if words and any(country in name.entity.types for name in self.index.named(last)):
                return replace(phrase, words=words)
        return None

    def _weighed(self, entity: Entity, evidence: _Evidence, question: Question) -> _Evidence:
        """Return evidence with the properties of the question counted: the name twice, each property once.

        What is not stated of the entity counts half: it may still be true.
        """
        shares = []
        features = dict(evidence.features)
        for name, wanted in question.properties:
            values = self.values(entity, name)
            share = (
                max((self._agreement(v, w) for v in values for w in wanted), default=0.0)
                if values
                else 0.5
            )
            shares.append(share)
            features[f"property:{name}"] = round(100 * share, 1)
        exact = evidence.exact and all(share == 1.0 for share in shares)
        weight = 2 if question.query.strip() else 0
        score = (weight * evidence.score + 100 * sum(shares)) / (weight + len(shares))
        if not weight and not any(share == 1.0 for share in shares):
            score = 0.0  # nothing of what is known speaks for it
        return _Evidence(score, exact, features)

    def _agreement(self, term: Term, wanted: Value) -> float:
        """Return how well a stated value agrees with one in a question, from 0 to 1."""
        if isinstance(wanted, dict):
            wanted = str(wanted.get("id") or wanted.get("name") or "")
        text = (str(wanted).lower() if isinstance(wanted, bool) else f"{wanted}")[:LONGEST]
        if isinstance(term, NamedNode):
            entity = self._entity(term)
            if term.value == text or (entity and entity.id == text):
                return 1.0
            texts = [label.text for label in entity.labels] if entity else [term.value]
            phrase = read_phrase(text)
            if entity and any(read_phrase(t).key == phrase.key for t in texts):
                return 1.0
        elif isinstance(term, Literal):
            texts = [term.value]
            if isinstance(wanted, float | int) and not isinstance(wanted, bool):
                try:
                    return float(float(term.value) == float(wanted))
                except ValueError:
                    return 0.0
            if re.search(r"\d", term.value):  # a code or a number: nearly is another one
                return float(term.value.casefold() == text.strip().casefold())
        else:
            return 0.0
        best = max(similarity(fold(text), fold(t)) for t in texts)
        return best if best >= 0.8 else 0.0

    def _entity(self, term: Term) -> Entity | None:
        """Return the entity that a term is."""
        pair = self.index.names.type_and_key(term.value) if isinstance(term, NamedNode) else None
        return self.index.entities.get("/".join(pair)) if pair else None

    @cached_property
    def _stated(self) -> dict[str, dict[str, tuple[str, list[Term]]]]:
        return {}

    def properties(self, entity: Entity) -> dict[str, tuple[str, list[Term]]]:
        """Return what is stated of an entity: the id of each property, with its IRI and its values.

        Ids are local names. A code is a property of the name of its scheme, ``pcode``; what rules only repeat in terms
        of other vocabularies is left out.
        """
        if entity.id not in self._stated:
            found: dict[str, tuple[str, list[Term]]] = {}
            names = self.index.names
            for quad in sorted(self.statements(entity.iri), key=str):
                iri, value = quad.predicate.value, quad.object
                graph = getattr(quad.graph_name, "value", "")
                if iri == f"{RDF}type" or (
                    graph.startswith(names.graph("derived/")) and not iri.startswith(names.ontology)
                ):
                    continue
                if iri == f"{SKOS}notation" and isinstance(value, Literal):
                    iri = value.datatype.value
                local = re.search(r"[#/]([A-Za-z][\w.-]*)$", iri)
                name = local[1] if local else iri
                if found.get(name, (iri, []))[0] != iri:
                    name = names.shorten(iri)
                values = found.setdefault(name, (iri, []))[1]
                if value not in values:
                    values.append(value)
            self._stated[entity.id] = found
        return self._stated[entity.id]

    def values(self, entity: Entity, name: str) -> list[Term]:
        """Return the values of one property, by its id."""
        return self.properties(entity).get(name.removeprefix("ul:"), ("", []))[1]

    def properties_of(self, type_name: str | None) -> dict[str, str]:
        """Return the properties that entities of a type have, by id, with their IRIs; of all that are asked for."""
        known = self.types
        wanted = [type_name.removeprefix("ul:").rpartition("#")[2]] if type_name else DEFAULT_TYPES
        found: dict[str, str] = {}
        for name in wanted:
            for entity in known.get(name, [])[:25]:  # one of a kind is much like another
                found |= {pid: iri for pid, (iri, _) in self.properties(entity).items()}
        own = self.index.names.ontology
        return dict(
            sorted(found.items(), key=lambda item: (not item[1].startswith(own), item[0].lower()))
        )

    def extension(
        self, entity: Entity, name: str, language: str, limit: int = 0
    ) -> list[dict[str, object]]:
        """Return the values of a property as data extension has them (section 7); texts in one language if they can be."""
        terms = self.values(entity, name)
        spoken = {term.language for term in terms if isinstance(term, Literal) and term.language}
        wanted = next((tag for tag in (language, "en") if tag in spoken), None)
        shown = [
            t
            for t in terms
            if not isinstance(t, Literal) or not t.language or wanted in {None, t.language}
        ]
        return [self._cell(term, language) for term in (shown[:limit] if limit > 0 else shown)]

    def _cell(self, term: Term, language: str) -> dict[str, object]:
        entity = self._entity(term)
        if entity:
            return {"id": entity.id, "name": entity.name(language).text}
        if isinstance(term, Literal):
            kind = term.datatype.value
            if kind in _COUNTABLE:
                return {"int": int(term.value)}
            if kind in _MEASURED:
                return {"float": float(term.value)}
            if kind == f"{XSD}date" and re.fullmatch(r"\d{4}-\d\d-\d\d", term.value):
                return {"date": f"{term.value}T00:00:00Z"}
        return {"str": str(getattr(term, "value", term))}


def _identified(reading: Reading, text: str) -> _Evidence:
    """Return the evidence of an identifier. Digits alone may be anything: they are never certain by themselves."""
    same = reading.strength == 0
    exact = same and not text.strip().isdecimal()
    score = 100.0 if same else 90.0 - 5 * MAPPINGS.index(reading.relation or MAPPINGS[0])
    return _Evidence(score, exact, {"identifier": True, "exact": exact})


def read_questions(text: str) -> dict[str, Question]:
    """Return the questions of a batch (section 4.1), by their keys. Raises ValueError that says what is wrong with which."""
    try:
        batch = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the queries are not JSON: {error}") from None
    if not isinstance(batch, dict):
        raise ValueError('the queries are not a JSON object such as {"q0": {"query": "Gao"}}')
    questions = {key: _question(key, value) for key, value in batch.items()}
    values = sum(
        len(wanted) for question in questions.values() for _, wanted in question.properties
    )
    if len(questions) > BATCH or values > BATCH:
        raise ValueError(
            f"a batch has at most {BATCH:,} queries and {BATCH:,} values of properties; send several"
        )
    return questions


def _question(key: str, asked: object) -> Question:
    def wrong(what: str) -> ValueError:
        return ValueError(f"query {key!r}: {what}")

    if not isinstance(asked, dict):
        raise wrong("is not an object")
    unknown = sorted(asked.keys() - {"query", "type", "type_strict", "limit", "properties"})
    if unknown:
        raise wrong(
            f"has {', '.join(map(repr, unknown))}; there are query, type, type_strict, limit and properties"
        )
    query, types, strict = (
        asked.get("query", ""),
        asked.get("type", []),
        asked.get("type_strict", "any"),
    )
    limit, properties = asked.get("limit", LIMIT), asked.get("properties", [])
    types = [types] if isinstance(types, str) else types
    if not isinstance(query, str):
        raise wrong("query is not a text")
    if not isinstance(types, list) or not all(isinstance(name, str) for name in types):
        raise wrong("type is neither a text nor a list of texts")
    if strict not in {"any", "should", "all"}:
        raise wrong("type_strict is none of any, should, all")
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        raise wrong("limit is not a number")
    if not isinstance(properties, list):
        raise wrong("properties is not a list")
    if "query" not in asked and not properties:
        raise wrong("has neither query nor properties")
    return Question(
        query,
        tuple(filter(None, types)),
        strict,
        tuple(_properties(properties, wrong)),
        int(min(100, max(0, limit))),
    )


def _properties(
    properties: list[Any], wrong: Callable[[str], ValueError]
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    for item in properties:
        if not isinstance(item, dict) or not isinstance(item.get("pid"), str) or "v" not in item:
            raise wrong("a property is not an object with pid and v")
        values = item["v"] if isinstance(item["v"], list) else [item["v"]]
        if not all(isinstance(value, str | int | float | bool | dict) for value in values):
            raise wrong(
                f"a value of {item['pid']!r} is neither text, number, truth value nor entity"
            )
        if values:
            yield item["pid"], tuple(values)
