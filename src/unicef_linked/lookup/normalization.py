"""What people write for one name, made comparable: case, accents, articles, words for a kind of thing, typing errors. Pure.

``fold`` forgives how a name is typed. ``read_phrase`` tells what is named from what kind of thing it is said to be, so
that “Région de Gao”, “GAO (region)” and “Gao” meet, while “Cercle de Gao” keeps saying that it is something else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from rapidfuzz.distance import OSA

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

_SMALL_WORDS: Final = frozenset(
    {
        *(
            "a",
            "au",
            "aux",
            "d",
            "de",
            "des",
            "du",
            "en",
            "et",
            "l",
            "la",
            "le",
            "les",
            "par",
            "pour",
        ),
        *("and", "at", "by", "for", "in", "of", "on", "the", "to"),
    }
)
"""Articles and prepositions of French and English, folded: they never tell one name from another here."""

_KINDS: Final = {
    "region": (
        "region",
        "regions",
        "reg",
        "wilaya",
        "منطقه",
        "منطقة",
        "ߘߌߣߋߖߊ",
        "𞤁𞤭𞥅𞤱𞤢𞤤",
        "diiwal",
        "yankin",
    ),
    "district": ("district",),
    "zone office": ("bureau de zone", "bureau zone", "zone office", "zonal office"),
    "main office": (
        "bureau principal",
        "main office",
        "country office",
        "bureau pays",
        "bureau central",
        "head office",
    ),
    "office": ("bureau", "office"),
    "other office": (
        "sous bureau",
        "sub office",
        "suboffice",
        "field office",
        "regional office",
        "bureau de terrain",
    ),
    "city": ("ville", "city", "town"),
    "country": ("republique", "republic", "pays", "country"),
    "sector": ("secteur", "sector", "sectors", "secteurs"),
    "cluster": ("cluster", "groupe sectoriel", "clusters"),
    "other division": (
        "cercle",
        "commune",
        "arrondissement",
        "prefecture",
        "village",
        "quartier",
        "gouvernorat",
    ),
    "place of its own": (
        "aeroport",
        "airport",
        "hopital",
        "hospital",
        "universite",
        "university",
        "lycee",
        "ecole",
    ),
}
"""Words that say what kind of thing a name is of. The last rows are of things that have the name of another."""


LONGEST: Final = 400

ROUNDING: Final = 0.001
"""Subtracted from a cut-off (similarity, 0 to 1): rapidfuzz may drop a score equal to its cut-off.

https://github.com/rapidfuzz/RapidFuzz/issues/210
"""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A name, read: the words that name, in order, and the kinds that the others say; ``sure`` of them as typed."""

    folded: str
    words: tuple[str, ...]
    kinds: frozenset[str] = frozenset()
    sure: bool = True

    @property
    def key(self) -> tuple[str, ...]:
        """The words whatever their order."""
        return tuple(sorted(self.words))


def fold(text: str) -> str:
    """Return text without case, accents and punctuation, words one space apart.

    >>> fold("  L’ÉDUCATION,  à Taoudénit "), fold("Bamakɔ")
    ('l education a taoudenit', 'bamako')
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)
    return " ".join(_WORDS.findall(letters))


def fold_code(text: str) -> str:
    """Return a code without case and punctuation: what is left when a table was typed by hand.

    >>> fold_code("ml-7"), fold_code("ML.10")
    ('ML7', 'ML10')
    """
    return "".join(_WORDS.findall(unicodedata.normalize("NFKC", text).upper()))


@cache
def _kind_phrases() -> dict[tuple[str, ...], str]:
    return {
        tuple(fold(words).split()): kind for kind, phrases in _KINDS.items() for words in phrases
    }


def read_phrase(text: str) -> Phrase:
    """Return a name with its words for a kind of thing set apart; longer ones are looked for first.

    No name is longer than ``LONGEST`` characters; what comes after them is not read.

    >>> read_phrase("Bureau de zone de Gao")
    Phrase(folded='bureau de zone de gao', words=('gao',), kinds=frozenset({'zone office'}), sure=True)
    >>> read_phrase("Regoin of GAO").kinds, read_phrase("Regoin of GAO").sure
    (frozenset({'region'}), False)
    """
    return _read(text[:LONGEST])


@lru_cache(maxsize=8192)
def _read(text: str) -> Phrase:
    folded = fold(text)
    left, words, kinds, sure = folded.split(), [], set(), True
    known = _kind_phrases()
    while left:
        length = next((n for n in (3, 2, 1) if tuple(left[:n]) in known), 0)
        if length:
            kinds.add(known[tuple(left[:length])])
        elif left[0] not in _SMALL_WORDS:
            meant = _meant_kind(left[0])
            if meant:
                kinds.add(meant)
                sure = False
            else:
                words.append(left[0])
        left = left[length or 1 :]
    if not words:  # “Région”, “Le Bureau”: the kind is all there is
        return Phrase(folded, tuple(folded.split()))
    return Phrase(folded, tuple(words), frozenset(kinds), sure)


@lru_cache(maxsize=8192)
def _meant_kind(word: str) -> str | None:
    """Return the kind that a word with one typing error means."""
    if len(word) < 5:
        return None
    return next(
        (
            kind
            for phrase, kind in _kind_phrases().items()
            if len(phrase) == 1
            and len(phrase[0]) > 5
            and (word[0] == phrase[0][0] or word[-1] == phrase[0][-1])
            and OSA.distance(word, phrase[0], score_cutoff=1) <= 1
        ),
        None,
    )


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
