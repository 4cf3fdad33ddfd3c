"""Names, codes and outside identifiers of every entity, for looking up.

An index is built once from statements, then only read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad
from rapidfuzz import process
from rapidfuzz.distance import OSA

from unicef_linked.dataset.labels import Text
from unicef_linked.dataset.profile import Profile, read_profile
from unicef_linked.lookup.identifiers import Identifiers, choose_identifiers
from unicef_linked.lookup.normalization import ROUNDING, Normalizer, fold, fold_code
from unicef_linked.lookup.territory import TERMS, Territory, territory_of
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, RDFS, SCHEMA, SKOS, SKOSXL, Names, local_name
from unicef_linked.rdf.labels import LABEL_PROPERTIES, LABELS_AS_THINGS, LITERAL_FORM
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.mappings import REFERENCES, REPLACED_BY, SAME
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from unicef_linked.lookup.normalization import NormalizedName
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Store

_NAMING: Final = (
    *LABEL_PROPERTIES,
    f"{SKOS}altLabel",
    f"{SKOS}hiddenLabel",
    f"{DCTERMS}alternative",
    f"{FOAF}nick",
    f"{SCHEMA}alternateName",
    "https://schema.org/alternateName",
)
_READ: Final = (
    *_NAMING,
    *LABELS_AS_THINGS,
    *REFERENCES,
    f"{SKOS}notation",
    f"{RDF}type",
    f"{RDFS}subClassOf",
)

_SAME: Final = frozenset((*SAME, REFERENCES[-1]))
"""Predicates that lead to the same thing, or to a page about it."""

_STRENGTH: Final = {
    relation: 0 if relation in _SAME else rank - 1 for rank, relation in enumerate(REFERENCES)
}
"""A concept has exactMatch where a thing has sameAs."""

_OF_FORMER: Final = len(REFERENCES)
"""The strength of what identified a thing that was replaced: all else goes before it."""

Former = Mapping[str, "Sequence[Quad]"]
"""What was last said of things that were replaced, by the IRI of what replaces them."""

_NEAREST: Final = 8
"""How many mistyped spellings are suggested for one text."""


@dataclass(frozen=True, slots=True)
class Label:
    """One name of an entity in one language; ``preferred`` where it is a prefLabel."""

    text: str
    language: str
    preferred: bool


@dataclass(frozen=True, slots=True)
class Code:
    """A code in the scheme that the datatype of its notation names."""

    scheme: str  # the IRI of the datatype
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Something elsewhere and how it relates to the entity."""

    relation: str
    iri: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing; ``id`` is what follows ``{base}id/``: ``region/gao``, of data of others its IRI."""

    iri: str
    id: str
    labels: tuple[Label, ...]
    types: frozenset[str]
    codes: tuple[Code, ...]
    references: tuple[Reference, ...]

    def name(self, languages: Sequence[str]) -> Text:
        """Return its name for a reader of languages, best first; else its id.

        Else in English, else any. In one language a preferred label goes before others.
        """
        preferred = [label for label in self.labels if label.preferred]
        for language in (*languages, "en"):
            for labels in (preferred, self.labels):
                tag = matching_tag(language, {label.language for label in labels})
                if tag is not None:
                    return _first(labels, tag)
        tags = {label.language for label in self.labels}
        if "" in tags:
            return _first(self.labels, "")
        return _first(self.labels, self.labels[0].language) if tags else Text(local_name(self.id))


def _first(labels: Iterable[Label], tag: str) -> Text:
    """Return the first label with a language tag."""
    return next(Text(label.text, tag) for label in labels if label.language == tag)


@dataclass(frozen=True, slots=True)
class Identification:
    """An entity that an identifier may mean, and why.

    ``scheme`` is the IRI of the scheme that has the code, ``relation`` that of the relation to
    something elsewhere. Neither is there when the identifier is the entity's own.
    """

    entity: Entity
    scheme: str | None = None
    relation: str | None = None
    value: str = ""

    @property
    def strength(self) -> int:
        """How sure it is: 0 is the same thing, a larger number is less."""
        return _STRENGTH.get(self.relation, _OF_FORMER) if self.relation else 0


@dataclass(frozen=True, slots=True)
class Name:
    """A label, normalized, and whose it is."""

    entity: Entity
    label: Label
    normalized: NormalizedName
    spelled: str  # the words that name, one space apart


@dataclass(frozen=True)
class Index:
    """Everything that is looked up.

    ``terms`` are the names of classes, properties and schemes, by IRI and language; ``broader``
    the superclasses of a class, both of this dataset; ``territory`` what lies in what, and since
    when.
    """

    names: Names
    ids: Identifiers
    profile: Profile
    normalize: Normalizer
    entities: Mapping[str, Entity]
    terms: Mapping[str, Mapping[str, str]]
    broader: Mapping[str, tuple[str, ...]]
    territory: Territory
    _by_iri: Mapping[str, list[Identification]]
    _by_code: Mapping[str, list[Identification]]
    _by_key: Mapping[tuple[str, ...], list[Name]]
    _all_names: list[Name]
    _kinds: Mapping[str, frozenset[str]]

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
                identification
                for identification in self._by_iri.get(_plain(form), ())
                if among(identification.entity)
            ]
            if identifications:
                return self._strongest(identifications)
        return [] if "/" in text else self.by_code(text, among=among)

    def _forms(self, text: str) -> Iterator[str]:
        """Yield the IRIs that a text may be meant as, likeliest first."""
        yield text
        prefix, colon, local = text.partition(":")
        namespace = self._namespaces.get(prefix) or self._namespaces.get(prefix.lower())
        if colon and namespace and not local.startswith("//"):
            yield namespace + local
        plain = _plain(text)
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
        base = re.escape(_plain(self.names.base))
        return re.compile(rf"(?:{base}/(?:id|doc)/)?/?([a-z][a-z0-9-]*)/([a-z0-9-]+)(?:\.\w+)?")

    def entity_of(self, iri: str) -> Entity | None:
        """Return the entity that an IRI names."""
        entity_id = self.ids.entity(iri)
        return self.entities.get(entity_id) if entity_id else None

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
            identification
            for identification in self._by_code.get(fold_code(code), [])
            if (scheme is None or identification.scheme == scheme) and among(identification.entity)
        ]
        written = code.strip().casefold()
        as_written = [i for i in identifications if i.value.casefold() == written]
        return self._strongest(as_written or identifications)

    def _strongest(self, identifications: Iterable[Identification]) -> list[Identification]:
        """Return those that nothing stronger stands above, one for each entity, scheme and value."""
        unique = {
            (i.entity.id, i.scheme, i.value): i
            for i in sorted(identifications, key=lambda i: -i.strength)
        }
        best = min((i.strength for i in unique.values()), default=0)
        return sorted(
            (i for i in unique.values() if i.strength == best),
            key=lambda i: (i.scheme or "", self.rank(i.entity), i.entity.id),
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
        return sorted({code.scheme for entity in self.entities.values() for code in entity.codes})

    def named(self, name: NormalizedName) -> list[Name]:
        """Return the labels that have the same words, whatever their kinds."""
        return self._by_key.get(name.key, [])

    def spellings(self, among: Callable[[Entity], bool] = lambda _: True) -> Spellings:
        """Return the labels of some entities, to find those that resemble a text."""
        return Spellings(name for name in self._all_names if among(name.entity))

    @cached_property
    def countries(self) -> frozenset[tuple[str, ...]]:
        """The names of countries, as the keys of normalized names."""
        country = self.names.term("Country")
        return frozenset(
            name.normalized.key for name in self._all_names if country in name.entity.types
        )

    def kinds(self, entity: Entity) -> frozenset[str]:
        """Return the kinds of thing that an entity is: by its own labels, and by its classes."""
        return self._kinds[entity.id]

    def rank(self, entity: Entity) -> int:
        """Return the place of an entity's class among those that are looked up most."""
        return self._ranks[entity.id]

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {key: self._find_rank(entity) for key, entity in self.entities.items()}

    def _find_rank(self, entity: Entity) -> int:
        order = (*self.profile.default_classes, *self.profile.menu_order)
        places = (place for place, iri in enumerate(order) if iri in entity.types)
        return next(places, len(order))

    def starting(
        self, prefix: str, ids: Collection[str] | None = None
    ) -> list[tuple[Entity, Label]]:
        """Return the entities with a label that has a word with this beginning.

        First those whose label is the text, then those whose label begins with it.
        """
        folded = fold(prefix)
        best: dict[str, tuple[int, int, Name]] = {}
        for number, name in enumerate(self._all_names):
            if ids is not None and name.entity.id not in ids:
                continue
            label = name.normalized.folded
            place = f" {label}".find(f" {folded}")
            if place < 0:
                continue
            rank = 0 if label == folded else 1 if place == 0 else 2
            candidate = (rank, number, name)
            best[name.entity.id] = min(
                candidate, best.get(name.entity.id, candidate), key=lambda c: c[:2]
            )
        ordered = sorted(
            best.values(), key=lambda c: (c[0], self.rank(c[2].entity), c[2].entity.id)
        )
        return [(name.entity, name.label) for _, _, name in ordered]


class Spellings:
    """Labels by how they are written.

    Of fewer entities a search is quicker, and labels of others do not displace theirs.
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self._by_word: dict[str, set[str]] = {}
        self._by_spelling: dict[str, list[Name]] = {}
        for name in names:
            self._by_spelling.setdefault(name.spelled, []).append(name)
        for spelled in self._by_spelling:
            for word in spelled.split():
                self._by_word.setdefault(word, set()).add(spelled)
        self._spelled = sorted(self._by_spelling)
        self._one_word = [spelled for spelled in self._spelled if " " not in spelled]

    def like(self, sought: NormalizedName, least: float) -> Iterator[tuple[float, Name]]:
        """Yield labels that resemble the words, with how much.

        They may be mistyped, have words too many, or lack some.
        """
        words = set(sought.words)
        best: dict[str, float] = {}
        for candidate, alike in chain(
            self._sharing_words(words),
            _nearest(" ".join(sought.words), self._spelled, least, limit=_NEAREST),
            self._mistyped_words(words, least),
        ):
            best[candidate] = max(alike, best.get(candidate, 0.0))
        for candidate, alike in best.items():
            if alike >= least:
                for name in self._by_spelling[candidate]:
                    yield alike, name

    def _sharing_words(self, words: set[str]) -> Iterator[tuple[str, float]]:
        """Yield the spellings that have a word in common, with how much they resemble."""
        for candidate in {c for word in words for c in self._by_word.get(word, ())}:
            theirs = set(candidate.split())
            if theirs <= words:
                yield candidate, 0.6 + 0.35 * len(theirs) / len(words)
            elif words <= theirs:
                yield candidate, 0.5 + 0.35 * len(words) / len(theirs)
            else:
                yield candidate, 0.9 * len(words & theirs) / len(words | theirs)

    def _mistyped_words(self, words: set[str], least: float) -> Iterator[tuple[str, float]]:
        """Yield the spellings that are a mistyped word among words too many."""
        if len(words) > 1:
            for word in words:
                if len(word) > 4 and word not in self._by_word:
                    for candidate, alike in _nearest(word, self._one_word, least):
                        yield candidate, alike * (0.6 + 0.35 / len(words))


def _nearest(
    text: str,
    spellings: list[str],
    least: float,
    *,
    limit: int | None = None,
) -> Iterator[tuple[str, float]]:
    """Yield the spellings that resemble a text at least so much, with how much; nearest first."""
    for spelled, alike, _ in process.extract(
        text,
        spellings,
        scorer=OSA.normalized_similarity,
        score_cutoff=least - ROUNDING,
        limit=limit,
    ):
        if alike >= least:
            yield spelled, alike


def read(store: Store, names: Names, former: Former = MappingProxyType({})) -> Index:
    """Return the index of a store."""
    predicates = (*_READ, *map(names.term, TERMS))
    statements = (quad for iri in predicates for quad in store.match(None, NamedNode(iri)))
    return build(statements, names, read_profile(store, names), former)


def build(
    quads: Iterable[Quad], names: Names, profile: Profile, former: Former = MappingProxyType({})
) -> Index:
    """Return the index of statements; those that it does not need are passed over.

    The names and identifiers of ``former`` things lead to what replaces them.
    """
    named = [quad for quad in quads if isinstance(quad.subject, NamedNode | BlankNode)]
    ids = choose_identifiers(names, {value_of(quad.subject) for quad in named})
    statements = _Statements(names, ids)
    of_territory = frozenset(map(names.term, TERMS))
    territorial: list[tuple[str, str, Term]] = []
    for quad in _with_plain_labels(named):
        subject, predicate = value_of(quad.subject), quad.predicate.value
        is_named = isinstance(quad.subject, NamedNode)
        if is_named and (ids.are_iris or subject.startswith(names.base)):
            statements.add(subject, predicate, quad.object)
            if predicate in of_territory:
                territorial.append((subject, predicate, quad.object))
    entries = _Entries(ids, statements.entities(), profile)
    for entity in entries.entities.values():
        entries.add(entity)
    for iri, about in sorted(former.items()):
        successor = entries.entities.get(ids.entity(iri) or "")
        if successor:
            entries.add_former(successor, _former_entities(about, ids))
    return Index(
        names,
        ids,
        profile,
        entries.normalize,
        entries.entities,
        statements.terms(),
        statements.classes(),
        territory_of(territorial, names),
        entries.by_iri,
        entries.by_code,
        entries.by_key,
        entries.all_names,
        entries.kinds,
    )


def _former_entities(quads: Iterable[Quad], ids: Identifiers) -> Iterable[Entity]:
    """Return the entities that statements of earlier releases describe."""
    statements = _Statements(ids.names, ids)
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            statements.add(quad.subject.value, quad.predicate.value, quad.object)
    return statements.entities().values()


def _with_plain_labels(quads: Sequence[Quad]) -> Iterator[Quad]:
    """Yield statements; one about a label that is a thing with the text of that (SKOS-XL, B.3.4)."""
    forms: dict[Term, list[Term]] = {}
    for quad in quads:
        if quad.predicate.value == LITERAL_FORM:
            forms.setdefault(quad.subject, []).append(quad.object)
    for quad in quads:
        plain = LABELS_AS_THINGS.get(quad.predicate.value)
        if plain is None:
            yield quad
            continue
        for text in forms.get(quad.object, ()):
            yield Quad(quad.subject, NamedNode(plain), text)


@dataclass(frozen=True)
class _Statements:
    """What statements say, by subject."""

    names: Names
    ids: Identifiers
    labels: dict[str, dict[tuple[str, str], bool]] = field(default_factory=dict)
    hidden: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    codes: dict[str, set[Code]] = field(default_factory=dict)
    references: dict[str, set[Reference]] = field(default_factory=dict)
    broader: dict[str, set[str]] = field(default_factory=dict)

    def add(self, subject: str, predicate: str, value: Term) -> None:
        """Keep one statement, if it says something that is looked up."""
        if isinstance(value, Literal):
            if predicate == f"{SKOS}notation":
                self.codes.setdefault(subject, set()).add(Code(value.datatype.value, value.value))
            elif predicate in _NAMING and value.value.strip():
                labels = self.labels.setdefault(subject, {})
                key = (value.value, value.language or "")
                labels[key] = labels.get(key, False) or predicate == _NAMING[0]
                if predicate == f"{SKOS}hiddenLabel":
                    self.hidden.setdefault(subject, set()).add(key)
        elif isinstance(value, NamedNode):
            if predicate == f"{RDF}type":
                self.types.setdefault(subject, set()).add(value.value)
            elif predicate == f"{RDFS}subClassOf":
                self.broader.setdefault(subject, set()).add(value.value)
            elif predicate in REFERENCES:
                self.references.setdefault(subject, set()).add(Reference(predicate, value.value))

    def entities(self) -> dict[str, Entity]:
        """Return the entities by their ids, in the order of their IRIs."""
        self._leave_out_hidden()
        entities = {}
        for iri in sorted(self.labels.keys() | self.types.keys() | self.codes.keys()):
            entity_id = self.ids.entity(iri)
            if entity_id and f"{SKOSXL}Label" not in self.types.get(iri, ()):
                entities[entity_id] = self._entity(iri, entity_id)
        return entities

    def _leave_out_hidden(self) -> None:
        """Remove the hidden names that are found by the words of a visible one."""
        for iri, hidden in self.hidden.items():
            visible = {fold(text) for text, _ in self.labels[iri].keys() - hidden}
            for key in hidden:
                if fold(key[0]) in visible:
                    del self.labels[iri][key]

    def _entity(self, iri: str, entity_id: str) -> Entity:
        labels = [
            Label(text, language, preferred)
            for (text, language), preferred in self.labels.get(iri, {}).items()
        ]
        labels.sort(key=lambda label: (not label.preferred, label.language, label.text))
        codes = sorted(self.codes.get(iri, ()), key=lambda code: (code.scheme, code.value))
        references = _each_once(self.references.get(iri, ()))
        types = frozenset(self.types.get(iri, ()))
        return Entity(iri, entity_id, tuple(labels), types, tuple(codes), references)

    def terms(self) -> dict[str, dict[str, str]]:
        """Return the names of the ontology's terms, by IRI and language; preferred ones win.

        Those of others are the classes in use and the schemes of codes.
        """
        used = set(chain.from_iterable(self.types.values()))
        used.update(code.scheme for codes in self.codes.values() for code in codes)
        terms = {}
        for iri, labels in self.labels.items():
            is_own = iri.startswith(f"{self.names.ontology}#")
            if is_own or (self.ids.are_iris and iri in used):
                ordered = sorted(labels.items(), key=lambda item: item[1])
                terms[iri] = {language: text for (text, language), _ in ordered}
        return terms

    def classes(self) -> dict[str, tuple[str, ...]]:
        """Return the superclasses of each class that are of this dataset."""
        classes = {}
        for iri, superclasses in self.broader.items():
            start = "" if self.ids.are_iris else self.names.base
            own = (other for other in superclasses if other.startswith(start))
            classes[iri] = tuple(sorted(own))
        return classes


def _each_once(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return each thing elsewhere once, by its strongest predicate, strongest first."""
    ordered = sorted(references, key=lambda r: (REFERENCES.index(r.relation), r.iri))
    best: dict[str, Reference] = {}
    for reference in ordered:
        best.setdefault(reference.iri, reference)
    return tuple(best.values())


class _Entries:
    """Entities, filed by what they will be looked up by."""

    def __init__(self, ids: Identifiers, entities: dict[str, Entity], profile: Profile) -> None:
        self.ids = ids
        self.entities = entities
        self.normalize = Normalizer(profile.name_words, profile.particles)
        self.by_iri: dict[str, list[Identification]] = {}
        self.by_code: dict[str, list[Identification]] = {}
        self.by_key: dict[tuple[str, ...], list[Name]] = {}
        self.all_names: list[Name] = []
        self.kinds: dict[str, frozenset[str]] = {}
        self._kinds_of_classes = profile.kinds_of_classes

    def add(self, entity: Entity) -> None:
        """File one entity."""
        self.by_iri.setdefault(_plain(entity.iri), []).append(Identification(entity))
        for code in entity.codes:
            self._add_code(code, entity)
        for reference in entity.references:
            identification = Identification(entity, None, reference.relation, reference.iri)
            self.by_iri.setdefault(_plain(reference.iri), []).append(identification)
            other = self.entities.get(self.ids.entity(reference.iri) or "")
            for code in other.codes if other else ():
                self._add_code(code, entity, reference.relation)
        self._add_names(entity)

    def add_former(self, successor: Entity, former: Iterable[Entity]) -> None:
        """File an entity under what named and identified those that it replaces."""
        for entity in former:
            iris = [entity.iri, *(r.iri for r in entity.references if r.relation in _SAME)]
            for iri in iris:
                identification = Identification(successor, None, REPLACED_BY, iri)
                self.by_iri.setdefault(_plain(iri), []).append(identification)
            for code in entity.codes:
                self.by_code.setdefault(fold_code(code.value), []).append(
                    Identification(successor, code.scheme, REPLACED_BY, code.value)
                )
            for label in entity.labels:
                self._add_name(successor, replace(label, preferred=False))

    def _add_name(self, entity: Entity, label: Label) -> NormalizedName:
        normalized = self.normalize(label.text)
        name = Name(entity, label, normalized, " ".join(normalized.words))
        self.by_key.setdefault(normalized.key, []).append(name)
        self.all_names.append(name)
        return normalized

    def _add_names(self, entity: Entity) -> None:
        kinds: set[str] = set()
        for iri in entity.types:
            kinds |= self._kinds_of_classes.get(iri, frozenset())
        for label in entity.labels:
            kinds |= self._add_name(entity, label).kinds
        self.kinds[entity.id] = frozenset(kinds)

    def _add_code(self, code: Code, entity: Entity, relation: str | None = None) -> None:
        """File a code.

        ``relation``: of what the code identifies elsewhere to the entity, if it is not the same.
        """
        for reference in entity.references:
            if (
                relation is None
                and reference.relation not in _SAME
                and _plain(reference.iri).endswith(f"/{code.value}")
            ):
                relation = reference.relation
        self.by_code.setdefault(fold_code(code.value), []).append(
            Identification(entity, code.scheme, relation, code.value)
        )


def _plain(iri: str) -> str:
    """Return an IRI without what is typed in several ways: scheme, www, a slash at the end.

    >>> _plain("https://www.wikidata.org/entity/Q912/")
    'wikidata.org/entity/Q912'
    """
    host, slash, path = re.sub(
        r"\A(?:https?://)?(?:www\.)?", "", iri, count=1, flags=re.IGNORECASE
    ).partition("/")
    return f"{host.lower() if slash else host}{slash}{path}".rstrip("/")
