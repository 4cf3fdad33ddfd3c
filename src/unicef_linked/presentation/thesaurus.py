"""A concept scheme on a page: its hierarchy, its alphabet, its collections."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.dataset.labels import collation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from unicef_linked.dataset.labels import LabelResolver, Link
    from unicef_linked.dataset.thesaurus import Thesaurus

SHOWN: Final = 500
"""Most concepts of a hierarchy on one page; what lies below is on the pages of the concepts."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept with those below it; ``more`` of them are not shown."""

    link: Link
    branches: tuple[Branch, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ThesaurusPage:
    """What a page shows of a concept scheme."""

    total: int
    branches: tuple[Branch, ...]
    more: int  # top concepts that are not shown
    letters: tuple[tuple[str, int], ...]  # with the number of concepts
    letter: str  # that is chosen; "" for none
    entries: tuple[Link, ...]  # that begin with it
    collections: tuple[Link, ...]


def arrange(thesaurus: Thesaurus, reader: LabelResolver, letter: str = "") -> ThesaurusPage:
    """Return the page of a scheme; ``reader`` has its labels."""
    links = _sorted(map(reader.link, thesaurus.concepts))
    letters = [initial(link.label.text) for link in links]
    return ThesaurusPage(
        len(links),
        _Tree(thesaurus, reader).grow(),
        max(0, len(thesaurus.tops) - SHOWN),
        tuple(sorted(Counter(letters).items(), key=lambda pair: (collation(pair[0]), pair[0]))),
        letter,
        tuple(link for link, first in zip(links, letters, strict=True) if first == letter),
        _sorted(map(reader.link, thesaurus.collections)),
    )


def initial(text: str) -> str:
    """Return the letter under which an alphabet has a text: upper case, without accents.

    >>> initial("école"), initial("«Gao»"), initial("3W"), initial("東京")
    ('E', 'G', '0–9', '東')
    """
    for character in unicodedata.normalize("NFKD", text):
        if character.isdigit():
            return "0–9"
        if character.isalpha():
            return character.upper()
    return "…"


def _sorted(links: Iterable[Link]) -> tuple[Link, ...]:
    return tuple(sorted(links, key=lambda link: (collation(link.label.text), link.iri)))


class _Tree:
    """Grows a hierarchy level by level, until the page is full."""

    def __init__(self, thesaurus: Thesaurus, reader: LabelResolver) -> None:
        self._narrower, self._reader = thesaurus.narrower, reader
        links = _sorted(map(reader.link, thesaurus.tops))
        self._tops = [link.iri for link in links][:SHOWN]
        self._open: set[str] = set()  # concepts whose narrower ones are shown

    def grow(self) -> tuple[Branch, ...]:
        """Return the branches of the top concepts."""
        level, shown = list(self._tops), len(self._tops)
        while level:
            following: list[str] = []
            for concept in level:
                below = self._narrower.get(concept, ())
                if concept not in self._open and shown + len(below) <= SHOWN:
                    shown += len(below)
                    self._open.add(concept)
                    following += below
            level = following
        return self._branches(self._tops, ())

    def _branches(self, concepts: Sequence[str], above: tuple[str, ...]) -> tuple[Branch, ...]:
        branches = []
        for concept in concepts:
            below = self._narrower.get(concept, ())
            is_open = concept in self._open and concept not in above
            inner = self._branches(below, (*above, concept)) if is_open else ()
            branches.append(Branch(self._reader.link(concept), inner, len(below) - len(inner)))
        branches.sort(key=lambda branch: (collation(branch.link.label.text), branch.link.iri))
        return tuple(branches)
