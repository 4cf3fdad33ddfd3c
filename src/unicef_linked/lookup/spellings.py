"""Names by how they begin and by how they are written: arrays, mapped from files.

Every process that looks names up maps the same files. What is found are numbers of entities.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from unicef_linked.lookup.normalization import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Numbers = NDArray[np.int32]
    Likeness = NDArray[np.float64]
    Mask = NDArray[np.bool_]

END: Final = b"\n"
"""Ends each text in a row of them; it comes before all that a folded text has."""

EQUAL, BEGINS, HAS_WORD, NOTHING = range(4)
"""How a text is the beginning of a label: all of it, its beginning, that of a word; or not at
all."""

_NEAREST: Final = 8
"""How many mistyped spellings are suggested for one text."""

_COMPARED: Final = 4096
"""Spellings that one text is compared with at most, those with the most letters in common."""

_BLOCK: Final = 256
"""Spellings that are compared at a time, before it is asked whether others may be nearer."""

_LONGEST: Final = 8191
"""Characters of the longest spelling: one character that is read may be folded to 18."""

_BUCKETS: Final = 32
"""Classes of letters in a signature: one bit for a letter that is there, one for its second."""


def signature(text: str) -> int:
    """Return which letters a text has, as a number of 64 bits.

    An edit changes at most one bit to 0 and one to 1, so that the bits that two signatures differ
    by are a lower bound of the distance of the texts.

    >>> bin(signature("a")), bin(signature("aa")), signature("ab") == signature("ba")
    ('0b10', '0b1000000000000000000000000000000010', True)
    """
    bits = 0
    for letter in text:
        bit = 1 << (ord(letter) % _BUCKETS)
        bits |= bit << _BUCKETS if bits & bit else bit
    return bits


@dataclass(frozen=True)
class NameArrays:
    """The arrays that names are found by; numbers are those of entities unless said otherwise.

    The folded labels stand in ``labels`` one after another; ``word_starts`` are the places where
    their words begin, in the order of what follows, ``word_entities`` whose they are, and
    ``word_firsts`` whether they are the first of a label. Spellings have numbers of their own, in
    the order of the alphabet; those of ``spelled_entities`` from ``spelled_starts[n]`` on have it.
    """

    types: NDArray[np.int32]  # of each entity, the number of its set of types
    kinds: NDArray[np.int32]  # of each entity, the number of its set of kinds
    places: NDArray[np.int32]  # of each entity, its place in the order of ids
    labels: NDArray[np.uint8]
    word_starts: NDArray[np.uint32]
    word_entities: NDArray[np.int32]
    word_firsts: NDArray[np.bool_]
    spellings: NDArray[np.uint8]
    spelling_starts: NDArray[np.uint32]
    lengths: NDArray[np.int16]
    word_counts: NDArray[np.int16]
    signatures: NDArray[np.uint64]
    spelled_starts: NDArray[np.uint32]
    spelled_entities: NDArray[np.int32]
    boxes: NDArray[np.float64]  # of each polygon: west, south, east, north

    def save(self, folder: Path) -> None:
        """Write a file for each array into a folder."""
        for each in fields(self):
            np.save(folder / f"{each.name}.npy", getattr(self, each.name))


def open_arrays(folder: Path) -> NameArrays:
    """Return the arrays that files in a folder hold, mapped, not read."""
    return NameArrays(**{each.name: open_array(folder, each.name) for each in fields(NameArrays)})


def open_array(folder: Path, name: str) -> NDArray[Any]:
    """Return one array of a folder, mapped; one without elements cannot be."""
    path = folder / f"{name}.npy"
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:  # mmap refuses to map nothing
        array = np.load(path, allow_pickle=False)
    return np.asarray(array)  # without the Python code of memmap in each operation


@dataclass(frozen=True)
class Scope:
    """The entities that a question is about: those whose set of types is ``accepted``."""

    arrays: NameArrays
    accepted: Mask  # by the number of a set of types
    _spelled: list[_Spelled] = field(default_factory=list, repr=False, compare=False)

    def allows(self, number: int) -> bool:
        """Return whether the entity with a number is among them."""
        return bool(self.accepted[self.arrays.types[number]])

    def members(self) -> Numbers:
        """Return the numbers of the entities."""
        return np.flatnonzero(self.accepted[self.arrays.types]).astype(np.int32)

    def among(self, numbers: Numbers) -> Numbers:
        """Return those of some numbers whose entities are in the scope."""
        return numbers[self.accepted[self.arrays.types[numbers]]]

    @property
    def spelled(self) -> _Spelled:
        """The spellings of their names."""
        if not self._spelled:
            self._spelled.append(_spelled_in(self))
        return self._spelled[0]


@dataclass(frozen=True)
class _Spelled:
    """The spellings that the names of some entities have."""

    mask: Mask | None  # None: every spelling
    numbers: Numbers
    lengths: NDArray[np.int16]
    signatures: NDArray[np.uint64]
    bits: NDArray[np.uint8]  # how many each signature has
    word_counts: NDArray[np.int16]

    def having(self, numbers: Numbers) -> Numbers:
        """Return those of some spellings that are among these."""
        return numbers if self.mask is None else numbers[self.mask[numbers]]


def _spelled_in(scope: Scope) -> _Spelled:
    arrays = scope.arrays
    numbers = np.arange(len(arrays.lengths), dtype=np.int32)
    mask = None
    if not scope.accepted.all():
        accepted = scope.accepted[arrays.types[arrays.spelled_entities]]
        mask = np.zeros(len(numbers), np.bool_)
        mask[np.repeat(numbers, np.diff(arrays.spelled_starts))[accepted]] = True
        numbers = np.flatnonzero(mask).astype(np.int32)
    signatures = arrays.signatures[numbers]
    return _Spelled(
        mask,
        numbers,
        arrays.lengths[numbers],
        signatures,
        np.bitwise_count(signatures),
        arrays.word_counts[numbers],
    )


@dataclass(frozen=True)
class Spellings:
    """Finds names in arrays; ``spellings_with`` returns the spellings that have a word."""

    arrays: NameArrays
    spellings_with: Callable[[str], Numbers]

    def beginning(self, folded: str) -> NDArray[np.uint8]:
        """Return how each entity has a label that begins with a text, or has such a word."""
        arrays, text = self.arrays, folded.encode()
        labels, starts = arrays.labels.data, arrays.word_starts

        def beginning(place: int) -> bytes:
            start = int(starts[place])
            return bytes(labels[start : start + len(text)])

        def ending(place: int) -> bytes:
            start = int(starts[place])
            return bytes(labels[start : start + len(text) + 1])

        places = range(len(starts))
        first = bisect_left(places, text, key=beginning)
        last = bisect_right(places, text, lo=first, key=beginning)
        equal = bisect_right(places, text + END, lo=first, hi=last, key=ending)
        entities, at_start = arrays.word_entities[first:last], arrays.word_firsts[first:last]
        best = np.full(len(arrays.types), NOTHING, np.uint8)
        best[entities] = HAS_WORD
        best[entities[at_start]] = BEGINS
        best[arrays.word_entities[first:equal][arrays.word_firsts[first:equal]]] = EQUAL
        return best

    def like(self, words: Sequence[str], least: float, scope: Scope) -> tuple[Numbers, Likeness]:
        """Return the entities of a scope with a name that resembles words, and how much.

        They may be mistyped, have words too many, or lack some. The entities are in their order.
        """
        distinct = dict.fromkeys(words)
        found = [
            self._sharing_words(list(distinct), scope),
            self._nearest(" ".join(words), least, scope.spelled, _NEAREST),
            *self._mistyped_words(list(distinct), least, scope),
        ]
        spellings = np.concatenate([numbers for numbers, _ in found])
        alike = np.concatenate([values for _, values in found])
        spellings, alike = spellings[alike >= least], alike[alike >= least]
        entities, repeats = self._entities_of(spellings)
        alike = np.repeat(alike, repeats)
        allowed = scope.accepted[self.arrays.types[entities]]
        return _largest(entities[allowed], alike[allowed])

    def _entities_of(self, spellings: Numbers) -> tuple[Numbers, NDArray[np.int64]]:
        """Return the entities with each of some spellings, and how many each has."""
        places, repeats = _places_of(spellings, self.arrays.spelled_starts)
        return self.arrays.spelled_entities[places], repeats

    def _sharing_words(self, words: Sequence[str], scope: Scope) -> tuple[Numbers, Likeness]:
        """Return the spellings that have a word in common, with how much they resemble."""
        lists = [self.spellings_with(word) for word in words]
        if len(lists) == 1:
            numbers, shared = lists[0], np.ones(len(lists[0]), np.int64)
        else:
            numbers, shared = np.unique(np.concatenate(lists), return_counts=True)
        if scope.spelled.mask is not None:
            inside = scope.spelled.mask[numbers]
            numbers, shared = numbers[inside], shared[inside]
        ours, theirs = len(words), self.arrays.word_counts[numbers].astype(np.int64)
        alike = np.where(
            shared == theirs,
            0.6 + 0.35 * theirs / ours,
            np.where(
                shared == ours,
                0.5 + 0.35 * ours / theirs,
                0.9 * shared / (ours + theirs - shared),
            ),
        )
        return numbers, alike

    def _mistyped_words(
        self, words: Sequence[str], least: float, scope: Scope
    ) -> Iterator[tuple[Numbers, Likeness]]:
        """Yield the spellings that are a mistyped word among words too many."""
        share = 0.6 + 0.35 / (len(words) or 1)
        for word in words if len(words) > 1 else ():
            if len(word) > 4 and not len(scope.spelled.having(self.spellings_with(word))):
                numbers, alike = self._nearest(
                    word, least / share - ROUNDING, scope.spelled, None, one_word=True
                )
                yield numbers, alike * share

    def _nearest(
        self,
        text: str,
        least: float,
        spelled: _Spelled,
        limit: int | None,
        *,
        one_word: bool = False,
    ) -> tuple[Numbers, Likeness]:
        """Return the spellings that resemble a text at least so much, with how much.

        Compared are those that may be nearest, by their letters, until no other can be nearer.
        """
        possible, bounds = _possible(text, least, spelled, one_word=one_word)
        numbers, alike = np.empty(0, np.int32), np.empty(0, np.float64)
        for start in range(0, len(possible), _BLOCK):
            if limit and len(alike) >= limit and bounds[start] < alike[limit - 1] - ROUNDING:
                break
            compared = self._compare(text, possible[start : start + _BLOCK], least)
            numbers = np.concatenate((numbers, compared[0]))
            alike = np.concatenate((alike, compared[1]))
            order = np.lexsort((numbers, -alike))[:limit]
            numbers, alike = numbers[order], alike[order]
        return numbers, alike

    def _compare(self, text: str, numbers: Numbers, least: float) -> tuple[Numbers, Likeness]:
        places, _ = _places_of(numbers, self.arrays.spelling_starts)
        texts = self.arrays.spellings[places].tobytes().decode().split(END.decode())[:-1]
        found = process.extract(
            text,
            texts,
            scorer=OSA.normalized_similarity,
            score_cutoff=least - ROUNDING,
            limit=None,
        )
        kept = [(place, alike) for _, alike, place in found if alike >= least]
        places = np.array([place for place, _ in kept], np.int64)
        return numbers[places], np.array([alike for _, alike in kept], np.float64)


def _possible(
    text: str, least: float, spelled: _Spelled, *, one_word: bool
) -> tuple[Numbers, Likeness]:
    """Return the spellings that may resemble a text so much, most alike first, and how much.

    How much is a bound: a spelling resembles the text at most so much. No more than are compared.
    """
    ours, length = signature(text), len(text)
    shared = np.bitwise_count(spelled.signatures & np.uint64(ours))
    distances = np.maximum(spelled.bits, np.uint8(ours.bit_count())) - shared
    longest = np.maximum(np.arange(_LONGEST + 1), length or 1)  # of the two, by length of theirs
    most = np.floor((1 - least + ROUNDING) * longest).astype(np.int16)
    most[np.abs(np.arange(_LONGEST + 1) - length) > most] = -1
    fits = distances <= most[spelled.lengths]
    if one_word:
        fits &= spelled.word_counts == 1
    places = np.flatnonzero(fits)
    lengths = spelled.lengths[places]
    apart = np.maximum(distances[places], np.abs(lengths - np.int16(length)))
    bounds = 1.0 - apart / longest[lengths]
    if len(places) > _COMPARED:
        kept = np.sort(np.argpartition(-bounds, _COMPARED)[:_COMPARED])
        places, bounds = places[kept], bounds[kept]
    order = np.argsort(-bounds, kind="stable")
    return spelled.numbers[places[order]], bounds[order]


def _places_of(
    numbers: Numbers, starts: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of what belongs to some numbers, and how many each has."""
    first = starts[numbers].astype(np.int64)
    repeats = starts[numbers + 1].astype(np.int64) - first
    before = np.cumsum(repeats) - repeats
    return np.repeat(first - before, repeats) + np.arange(repeats.sum()), repeats


def _largest(numbers: Numbers, values: Likeness) -> tuple[Numbers, Likeness]:
    """Return each number once, in order, with its largest value."""
    order = np.lexsort((-values, numbers))
    numbers, values = numbers[order], values[order]
    first = np.ones(len(numbers), np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    return numbers[first], values[first]
