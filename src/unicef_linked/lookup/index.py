"""Names, codes and outside identifiers of every entity, for looking up: built once from statements, then only read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode
from rapidfuzz import process
from rapidfuzz.distance import OSA

from unicef_linked.dataset.labels import Text
from unicef_linked.lookup.normalization import ROUNDING, fold, fold_code, read_phrase
from unicef_linked.rdf.iris import OWL, RDF, RDFS, SCHEMA, SKOS, TYPES_WITH_PREFIX, Names
from unicef_linked.store.labels import LABEL_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pyoxigraph import Quad

    from unicef_linked.lookup.normalization import Phrase
    from unicef_linked.store import Store

RELATIONS: Final = (
    f"{OWL}sameAs",
    f"{SKOS}exactMatch",
    f"{SKOS}closeMatch",
    f"{SKOS}broadMatch",
    f"{SKOS}narrowMatch",
    f"{SKOS}relatedMatch",
    f"{SCHEMA}sameAs",
)
"""How something elsewhere may relate to an entity, strongest first; last the pages about it."""

SAME: Final = frozenset((*RELATIONS[:2], f"{SCHEMA}sameAs"))
"""Relations that lead to the same thing, or to a page about it."""

_NAMING: Final = (*LABEL_PROPERTIES[:4], f"{SKOS}altLabel", f"{SKOS}hiddenLabel")
_READ: Final = (*_NAMING, *RELATIONS, f"{SKOS}notation", f"{RDF}type", f"{RDFS}subClassOf")

_STRENGTH: Final = {
    relation: 0 if relation in SAME else rank - 1 for rank, relation in enumerate(RELATIONS)
}
"""A concept has exactMatch where a thing has sameAs."""

_NEAREST: Final = 8
"""How many mistyped spellings are suggested for one text."""

_PAGES: Final = (
    (
        r"(?:m\.)?wikidata\.org/(?:entity|wiki)/(?:Special:EntityData/)?(Q\d+)\b.*",
        "http://www.wikidata.org/entity/{}",
    ),
    (r"(?:sws\.)?geonames\.org/(\d+)\b.*", "https://sws.geonames.org/{}/"),
    (
        r"(?:api\.)?(?:openstreetmap|osm)\.org/(?:api/0\.6/)?(?:browse/)?relation/(\d+)\b.*",
        "https://www.openstreetmap.org/relation/{}",
    ),
    (
        r"(?:spelunker\.|data\.|places\.)?whosonfirst\.org/(?:id/|data/)?(?:\d{1,3}/)*(\d+)\b.*",
        "https://spelunker.whosonfirst.org/id/{}",
    ),
)
"""Addresses of pages and files about a thing, with the IRI of the thing: what people copy from a browser."""

_PREFIXES: Final = {
    "wdt": "http://www.wikidata.org/entity/",
    "wikidata": "http://www.wikidata.org/entity/",
    "gn": "https://sws.geonames.org/",
    "geonames": "https://sws.geonames.org/",
    "osm": "https://www.openstreetmap.org/",
}
"""Prefixes that others use, beside our own."""


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
    """One thing under ``{base}id/``; ``id`` is what follows: ``region/gao``."""

    iri: str
    id: str
    labels: tuple[Label, ...]
    types: frozenset[str]
    codes: tuple[Code, ...]
    references: tuple[Reference, ...]

    def name(self, language: str) -> Text:
        """Return its name in a language, else in English, else any; else its id."""
        for wanted in (language, "en", ""):
            found = next((label for label in self.labels if label.language == wanted), None)
            if found:
                return Text(found.text, found.language)
        return Text(self.labels[0].text, self.labels[0].language) if self.labels else Text(self.id)


@dataclass(frozen=True, slots=True)
class Reading:
    """An entity that an identifier may mean, and why: a code in a scheme, or a relation to something elsewhere.

    ``scheme`` and ``relation`` are IRIs; neither is there when the identifier is the entity's own.
    """

    entity: Entity
    scheme: str | None = None
    relation: str | None = None
    value: str = ""

    @property
    def strength(self) -> int:
        """How sure it is: 0 is the same thing, a larger number is less."""
        return _STRENGTH[self.relation] if self.relation else 0


@dataclass(frozen=True, slots=True)
class Name:
    """A label, read, and whose it is."""

    entity: Entity
    label: Label
    phrase: Phrase
    spelled: str  # the words that name, one space apart


@dataclass(frozen=True)
class Index:
    """Everything that is looked up; ``terms`` are the names of classes, properties and schemes, by IRI and language."""

    names: Names
    entities: dict[str, Entity]
    terms: dict[str, dict[str, str]]
    broader: dict[str, tuple[str, ...]]  # classes of ours to their superclasses of ours
    _by_iri: dict[str, list[Reading]] = field(default_factory=dict)
    _by_code: dict[str, list[Reading]] = field(default_factory=dict)
    _by_key: dict[tuple[str, ...], list[Name]] = field(default_factory=dict)
    _all: list[Name] = field(default_factory=list)
    _kinds: dict[str, frozenset[str]] = field(default_factory=dict)

    def by_iri(self, text: str, among: Callable[[Entity], bool] = lambda _: True) -> list[Reading]:
        """Return whom an IRI means: one of ours, or of another dataset as IRI, prefixed name or page address.

        Only readings by the strongest relation that there is, of those ``among`` whom we look. An identifier without a
        namespace is read as a code.
        """
        for form in self._forms(text.strip()):
            found = [
                reading for reading in self._by_iri.get(_plain(form), ()) if among(reading.entity)
            ]
            if found:
                return _strongest(found)
        return [] if "/" in text else self.by_code(text, among=among)

    def _forms(self, text: str) -> Iterator[str]:
        """Yield the IRIs that a text may be meant as, likeliest first."""
        yield text
        prefix, _, local = text.partition(":")
        namespace = self.names.prefixes.get(prefix) or _PREFIXES.get(prefix.lower())
        if namespace and not local.startswith("//"):
            yield namespace + local
        plain = _plain(text)
        for pattern, iri in _PAGES:
            page = re.fullmatch(pattern, plain)
            if page:
                yield iri.format(page[1])
        ours = _plain(self.names.base)
        for start in (f"{ours}/id/", f"{ours}/doc/", ""):
            own = re.fullmatch(
                rf"{re.escape(start)}/?([a-z][a-z0-9-]*)/([a-z0-9-]+)(?:\.\w+)?", plain
            )
            if own:
                yield self.names.entity(own[1], own[2])
        bare = re.split(r"[?#]", text, maxsplit=1)[0]
        if bare != text:
            yield bare

    def by_code(
        self, code: str, scheme: str | None = None, among: Callable[[Entity], bool] = lambda _: True
    ) -> list[Reading]:
        """Return whom a code means in a scheme (its IRI), or in any: as written, else without case and punctuation.

        Of an entity that is only matched with a code there is a reading where no entity has the code itself.
        """
        readings = self._by_code.get(fold_code(code), [])
        found = [r for r in readings if (scheme is None or r.scheme == scheme) and among(r.entity)]
        wanted = code.strip().casefold()
        return _strongest([r for r in found if r.value.casefold() == wanted] or found)

    def scheme(self, name: str) -> str | None:
        """Return the IRI of a scheme of codes: by local name, prefixed name, IRI or label, however typed."""
        wanted = fold_code(name.removeprefix("ul:"))
        for iri in self.schemes:
            known = (iri, iri.rpartition("#")[2], *self.terms.get(iri, {}).values())
            if wanted in {fold_code(text) for text in known}:
                return iri
        return None

    @property
    def schemes(self) -> list[str]:
        """The schemes that any code is in."""
        return sorted({code.scheme for entity in self.entities.values() for code in entity.codes})

    def named(self, phrase: Phrase) -> list[Name]:
        """Return the labels that have the same words, whatever their kinds."""
        return self._by_key.get(phrase.key, [])

    def spellings(self, among: Callable[[Entity], bool] = lambda _: True) -> Spellings:
        """Return the labels of some entities, for finding those that resemble what somebody wrote."""
        return Spellings(name for name in self._all if among(name.entity))

    def kinds(self, entity: Entity) -> frozenset[str]:
        """Return the kinds of thing that an entity is said to be: in its own labels, and by its class."""
        return self._kinds[entity.id]

    def starting(
        self, prefix: str, ids: Collection[str] | None = None
    ) -> list[tuple[Entity, Label]]:
        """Return the entities with a label that has a word beginning so, those that begin with it first."""
        wanted = fold(prefix)
        found: dict[str, tuple[int, int, Entity, Label]] = {}
        for number, name in enumerate(self._all):
            if ids is not None and name.entity.id not in ids:
                continue
            place = f" {name.phrase.folded}".find(f" {wanted}")
            if place >= 0 or wanted == "":
                rank = 0 if name.phrase.folded == wanted else 1 if place <= 0 else 2
                offer = (rank, number, name.entity, name.label)
                found[name.entity.id] = min(
                    offer, found.get(name.entity.id, offer), key=lambda o: o[:2]
                )
        ordered = sorted(found.values(), key=lambda o: (o[0], type_rank(o[2]), o[2].id))
        return [(entity, label) for _, _, entity, label in ordered]


class Spellings:
    """Labels by how they are written. Of fewer entities it is quicker, and others do not push theirs out."""

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

    def like(self, phrase: Phrase, least: float) -> Iterator[tuple[float, Name]]:
        """Yield labels that resemble the words, with how much: mistyped, with words too many, or with some missing."""
        words = set(phrase.words)
        best: dict[str, float] = {}
        for candidate, alike in chain(
            self._sharing_words(words),
            _nearest(" ".join(phrase.words), self._spelled, least, limit=_NEAREST),
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
    found = process.extract(
        text,
        spellings,
        scorer=OSA.normalized_similarity,
        score_cutoff=least - ROUNDING,
        limit=limit,
    )
    for spelled, alike, _ in found:
        if alike >= least:
            yield spelled, alike


def type_rank(entity: Entity) -> int:
    """Return the place of an entity's type among those people ask for most."""
    kind = entity.id.partition("/")[0]
    order = ("region", "place", "office", *TYPES_WITH_PREFIX)
    return order.index(kind) if kind in order else len(order)


def read(store: Store, names: Names) -> Index:
    """Return the index of a store."""
    return build((quad for name in _READ for quad in store.match(None, NamedNode(name))), names)


def build(quads: Iterable[Quad], names: Names) -> Index:  # noqa: C901 - to be split
    """Return the index of statements; those that it does not need are passed over."""
    labels: dict[str, dict[tuple[str, str], bool]] = {}
    hidden: dict[str, set[tuple[str, str]]] = {}
    types: dict[str, set[str]] = {}
    codes: dict[str, set[Code]] = {}
    references: dict[str, set[Reference]] = {}
    broader: dict[str, set[str]] = {}
    wanted = frozenset(_READ)
    for quad in quads:
        predicate, value = quad.predicate.value, quad.object
        if predicate not in wanted or not isinstance(quad.subject, NamedNode):
            continue
        subject = quad.subject.value
        if not subject.startswith(names.base):
            continue
        if isinstance(value, Literal):
            if predicate == f"{SKOS}notation":
                codes.setdefault(subject, set()).add(Code(value.datatype.value, value.value))
            elif predicate in _NAMING:
                found = labels.setdefault(subject, {})
                key = (value.value, value.language or "")
                found[key] = found.get(key, False) or predicate == _NAMING[0]
                if predicate == f"{SKOS}hiddenLabel":
                    hidden.setdefault(subject, set()).add(key)
        elif isinstance(value, NamedNode):
            if predicate == f"{RDF}type":
                types.setdefault(subject, set()).add(value.value)
            elif predicate == f"{RDFS}subClassOf":
                broader.setdefault(subject, set()).add(value.value)
            elif predicate in RELATIONS:
                references.setdefault(subject, set()).add(Reference(predicate, value.value))
    entities: dict[str, Entity] = {}
    for iri, unseen in hidden.items():
        shown = {fold(text) for text, tag in labels[iri].keys() - unseen}
        for key in unseen:
            if fold(key[0]) in shown:  # a visible name is found by the same words
                del labels[iri][key]
    for iri in sorted(labels.keys() | types.keys() | codes.keys()):
        pair = names.type_and_key(iri)
        if pair:
            entities["/".join(pair)] = Entity(
                iri,
                "/".join(pair),
                tuple(
                    sorted(
                        (
                            Label(text, tag, best)
                            for (text, tag), best in labels.get(iri, {}).items()
                        ),
                        key=lambda label: (not label.preferred, label.language, label.text),
                    )
                ),
                frozenset(types.get(iri, ())),
                tuple(sorted(codes.get(iri, ()), key=lambda code: (code.scheme, code.value))),
                _each_once(references.get(iri, ())),
            )
    terms = {
        iri: {tag: text for (text, tag), _ in sorted(found.items(), key=lambda item: item[1])}
        for iri, found in labels.items()
        if iri.startswith(f"{names.ontology}#")
    }
    classes = {
        iri: tuple(sorted(b for b in found if b.startswith(names.base)))
        for iri, found in broader.items()
    }
    index = Index(names, entities, terms, classes)
    for entity in entities.values():
        _enter(index, entity)
    return index


_KINDS_OF_CLASSES: Final = {
    "Office": {"office"},
    "Place": {"city"},
    "Country": {"country"},
    "Sector": {"sector"},
}
"""What people call a thing of a class, where its own labels need not say it."""


def _each_once(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return each thing elsewhere once, by its strongest relation: a schema:sameAs repeats an owl:sameAs."""
    best: dict[str, Reference] = {}
    for reference in sorted(references, key=lambda r: (RELATIONS.index(r.relation), r.iri)):
        best.setdefault(reference.iri, reference)
    return tuple(best.values())


def _enter(index: Index, entity: Entity) -> None:
    """Put one entity where it will be looked for."""
    index._by_iri.setdefault(_plain(entity.iri), []).append(Reading(entity))
    for code in entity.codes:
        _add_code(index, code, entity)
    for reference in entity.references:
        reading = Reading(entity, None, reference.relation, reference.iri)
        index._by_iri.setdefault(_plain(reference.iri), []).append(reading)
        pair = index.names.type_and_key(reference.iri)
        other = index.entities.get("/".join(pair)) if pair else None
        for code in other.codes if other else ():
            _add_code(index, code, entity, reference.relation)
    kinds: set[str] = set()
    for local, words in _KINDS_OF_CLASSES.items():
        if index.names.term(local) in entity.types:
            kinds |= words
    for label in entity.labels:
        phrase = read_phrase(label.text)
        kinds |= phrase.kinds
        spelled = " ".join(phrase.words)
        name = Name(entity, label, phrase, spelled)
        index._by_key.setdefault(phrase.key, []).append(name)
        index._all.append(name)
    index._kinds[entity.id] = frozenset(kinds)


def _add_code(index: Index, code: Code, entity: Entity, relation: str | None = None) -> None:
    """Enter a code, by the relation of what it identifies elsewhere to the entity where that is not the same thing."""
    for reference in entity.references:
        if (
            relation is None
            and reference.relation not in SAME
            and _plain(reference.iri).endswith(f"/{code.value}")
        ):
            relation = reference.relation
    index._by_code.setdefault(fold_code(code.value), []).append(
        Reading(entity, code.scheme, relation, code.value)
    )


def _plain(iri: str) -> str:
    """Return an IRI without what is typed in several ways: the scheme of the web, www, a slash at the end.

    >>> _plain("https://www.wikidata.org/entity/Q912/")
    'wikidata.org/entity/Q912'
    """
    host, slash, path = re.sub(
        r"\A(?:https?://)?(?:www\.)?", "", iri, count=1, flags=re.IGNORECASE
    ).partition("/")
    return f"{host.lower() if slash else host}{slash}{path}".rstrip("/")


def _strongest(readings: Iterable[Reading]) -> list[Reading]:
    """Return the readings that nothing stronger stands above, one for each entity and scheme."""
    unique = {
        (r.entity.id, r.scheme, r.value): r for r in sorted(readings, key=lambda r: -r.strength)
    }
    best = min((r.strength for r in unique.values()), default=0)
    return sorted(
        (r for r in unique.values() if r.strength == best),
        key=lambda r: (r.scheme or "", type_rank(r.entity), r.entity.id),
    )
