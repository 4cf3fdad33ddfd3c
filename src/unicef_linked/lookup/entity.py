"""What is looked up: an entity with its names, codes and outside identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.dataset.labels import Text
from unicef_linked.rdf.iris import local_name
from unicef_linked.rdf.languages import matching_tag
from unicef_linked.rdf.mappings import REFERENCES, SAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SAME_THING: Final = frozenset((*SAME, REFERENCES[-1]))
"""Predicates that lead to the same thing, or to a page about it."""

_STRENGTH: Final = {
    relation: 0 if relation in SAME_THING else rank - 1 for rank, relation in enumerate(REFERENCES)
}
"""A concept has exactMatch where a thing has sameAs."""

_OF_FORMER: Final = len(REFERENCES)
"""The strength of what identified a thing that was replaced: all else goes before it."""


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
    """One thing; ``id`` is what follows ``{base}id/``: ``region/gao``, of data of others its IRI.

    ``number`` is its place among all: first those of the classes that are looked up most.
    """

    iri: str
    id: str
    labels: tuple[Label, ...]
    types: frozenset[str]
    codes: tuple[Code, ...]
    references: tuple[Reference, ...]
    number: int = -1

    def name(self, languages: Sequence[str]) -> Text:
        """Return its name for a reader of languages, best first; else its id.

        Else in English, else in any. In one language a preferred label goes before others.
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


def plain_iri(iri: str) -> str:
    """Return an IRI without what is typed in several ways: scheme, www, a slash at the end.

    >>> plain_iri("https://www.wikidata.org/entity/Q912/")
    'wikidata.org/entity/Q912'
    """
    host, slash, path = re.sub(
        r"\A(?:https?://)?(?:www\.)?", "", iri, count=1, flags=re.IGNORECASE
    ).partition("/")
    return f"{host.lower() if slash else host}{slash}{path}".rstrip("/")
