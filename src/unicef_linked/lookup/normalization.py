"""What people write for one name, made comparable. Pure.

``fold`` removes case, accents, punctuation. A ``Normalizer`` separates what is named from what
kind of thing it is said to be: “Région de Gao”, “GAO (region)” and “Gao” have the same words,
while “Cercle de Gao” keeps another kind. The words for kinds come from the data.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_LETTERS: Final = str.maketrans(
    {
        "ɔ": "o",
        "ɛ": "e",
        "ɲ": "ny",
        "ŋ": "n",
        "ø": "o",
        "œ": "oe",
        "æ": "ae",
        "ł": "l",
        "ى": "ي",
        "ة": "ه",
        "ـ": "",
    }
)
"""Letters that Unicode does not decompose, and Arabic ones that are typed for each other."""

_WORDS: Final = re.compile(r"[^\W_]+")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")

LONGEST: Final = 400
"""Characters of a name that are read; the rest is ignored."""

ROUNDING: Final = 0.001
"""Subtracted from a cut-off (similarity, 0 to 1): rapidfuzz may drop a score equal to its cut-off.

https://github.com/rapidfuzz/RapidFuzz/issues/210
"""

_SHORTEST_TYPO: Final = 5
"""Letters from which on a word may be a mistyped word for a kind, which must be longer itself."""

_REMEMBERED: Final = 8192
"""Names, and words, whose normalization is kept in memory."""


@dataclass(frozen=True, slots=True)
class NormalizedName:
    """A name, taken apart: the words that name, in order, and the kinds that the others say.

    ``sure`` is False where a kind was recognised in spite of a typing error; ``blank`` is True
    where there are particles and punctuation alone, or nothing.
    """

    folded: str
    words: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    sure: bool = True
    blank: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """The words whatever their order."""
        return tuple(sorted(self.words))


def fold(text: str) -> str:
    """Return text without case, accents and punctuation, words one space apart.

    >>> fold("  L’ÉDUCATION,  à Taoudénit "), fold("Bamakɔ")
    ('l education a taoudenit', 'bamako')
    """
    if text.isascii():  # has no accents, and is most of what is read
        return " ".join(_WORDS.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = _NOT_ASCII.sub(_without_accent, plain).translate(_LETTERS)
    return " ".join(_WORDS.findall(letters))


def _without_accent(match: re.Match[str]) -> str:
    return "" if unicodedata.combining(match[0]) else match[0]


def fold_code(text: str) -> str:
    """Return a code without case and punctuation: what is left when a table was typed by hand.

    >>> fold_code("ml-7"), fold_code("ML.10")
    ('ML7', 'ML10')
    """
    return "".join(_WORDS.findall(unicodedata.normalize("NFKC", text).upper()))


class Normalizer:
    """Takes names apart by words for kinds of thing and by words that carry no meaning.

    >>> normalize = Normalizer({"office": ["bureau de zone"], "region": ["région"]}, ["de", "of"])
    >>> normalize("Bureau de zone de Gao").words, normalize("Bureau de zone de Gao").kinds
    (('gao',), frozenset({'office'}))
    >>> normalize("Regoin of GAO").kinds, normalize("Regoin of GAO").sure
    (frozenset({'region'}), False)
    """

    def __init__(
        self, name_words: Mapping[str, Collection[str]], particles: Collection[str]
    ) -> None:
        """``name_words``: words and phrases by the kind that they say."""
        self._kinds: dict[tuple[str, ...], str] = {}
        for kind, phrases in name_words.items():
            for phrase in sorted(phrases):
                self._kinds[tuple(fold(phrase).split())] = kind
        self._beginning: dict[str, list[tuple[int, str, str]]] = {}
        self._ending: dict[str, list[tuple[int, str, str]]] = {}
        for place, (words, kind) in enumerate(self._kinds.items()):
            if len(words) == 1 and len(words[0]) > _SHORTEST_TYPO:
                entry = (place, words[0], kind)
                self._beginning.setdefault(words[0][0], []).append(entry)
                self._ending.setdefault(words[0][-1], []).append(entry)
        self._lengths = sorted({len(words) for words in self._kinds}, reverse=True)
        self._particles = frozenset(map(fold, particles))
        self._normalize = lru_cache(maxsize=_REMEMBERED)(self._take_apart)
        self._mistyped_kind = lru_cache(maxsize=_REMEMBERED)(self._find_mistyped_kind)

    def __call__(self, text: str) -> NormalizedName:
        """Return a name with its words for a kind of thing set apart; the longest phrases first."""
        return self._normalize(text[:LONGEST])

    def _take_apart(self, text: str) -> NormalizedName:
        folded = fold(text)
        rest, words, kinds, sure = folded.split(), [], set(), True
        while rest:
            length = next((n for n in self._lengths if tuple(rest[:n]) in self._kinds), 0)
            if length:
                kinds.add(self._kinds[tuple(rest[:length])])
            elif rest[0] not in self._particles:
                kind = self._mistyped_kind(rest[0])
                if kind:
                    kinds.add(kind)
                    sure = False
                else:
                    words.append(rest[0])
            rest = rest[length or 1 :]
        if not words:  # “Région”, “Le Bureau”: the kind is all there is
            return NormalizedName(folded, tuple(folded.split()), blank=not kinds)
        return NormalizedName(folded, tuple(words), frozenset(kinds), sure)

    def _find_mistyped_kind(self, word: str) -> str | None:
        """Return the kind that a word with one typing error means."""
        if len(word) < _SHORTEST_TYPO:
            return None
        alike = dict.fromkeys(self._beginning.get(word[0], ()))
        alike |= dict.fromkeys(self._ending.get(word[-1], ()))
        for _, meant, kind in sorted(alike):
            if OSA.distance(word, meant, score_cutoff=1) <= 1:
                return kind
        return None


def trigrams(text: str) -> frozenset[str]:
    """Return the sequences of three characters, the ends marked by spaces.

    >>> sorted(trigrams("gao"))
    ['  g', ' ga', 'ao ', 'gao']
    """
    padded = f"  {text} "
    return frozenset(padded[n : n + 3] for n in range(len(padded) - 2))


def similarity(a: str, b: str, least: float = 0.5) -> float:
    """Return how alike two folded names are: 1.0 is equal; 0.0 is less than ``least``.

    1 - distance / length of the longer one. The optimal string alignment distance counts
    insertions, deletions, changes and swaps of neighbours.

    >>> similarity("tombouctou", "tombouctu"), similarity("ouagadougou", "segou")
    (0.9, 0.0)
    """
    if not a and not b:
        return 0.0
    alike = OSA.normalized_similarity(a, b, score_cutoff=least - ROUNDING)
    return alike if alike >= least else 0.0
