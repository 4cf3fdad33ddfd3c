"""Made-up geography: names, codes and outlines of countries that are not. Pure,
and the same on each machine.

A country has a number from 0 to 675, which decides its codes, its place on the globe and which
names it may take: so the names of two countries never meet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNTRIES: Final = 26 * 26
"""As many countries as there are codes of two letters: no two may share one."""

_ONSETS: Final = [
    "b",
    "d",
    "f",
    "g",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "z",
    "j",
    "w",
    "y",
    "nd",
    "mb",
    "sh",
]
_VOWELS: Final = "aeiou"
_SYLLABLES: Final = [onset + vowel for onset in _ONSETS for vowel in _VOWELS]
_LENGTH: Final = 4
"""Syllables of a name."""

_NAMES: Final = len(_SYLLABLES) ** _LENGTH
_STRIDE: Final = 61_803_399
"""Coprime to the number of names: numbers that follow each other have names that look unlike."""

_SHIFT: Final = 12_345
"""Keeps the first name from being one syllable four times."""

NAMES_PER_COUNTRY: Final = _NAMES // COUNTRIES

_FRENCH: Final = str.maketrans({"u": "ou", "e": "é", "j": "dj"})


@dataclass(frozen=True, slots=True)
class Name:
    """A name as its key has it, in English and in French.

    >>> Name.numbered(0, 1)
    Name(key='wuyodapi', english='Wuyodapi', french='Wouyodapi')
    """

    key: str
    english: str
    french: str

    @staticmethod
    def numbered(country: int, number: int) -> Name:
        """Return one of the names of a country; no other number, of any country, has it."""
        if number >= NAMES_PER_COUNTRY:
            raise ValueError(f"a country has {NAMES_PER_COUNTRY:,} names at most")
        rest = (number * COUNTRIES + country + _SHIFT) * _STRIDE % _NAMES
        syllables = []
        for _ in range(_LENGTH):
            rest, syllable = divmod(rest, len(_SYLLABLES))
            syllables.append(_SYLLABLES[syllable])
        key = "".join(syllables)
        french = key.replace("sh", "ch").translate(_FRENCH)
        return Name(key, key.capitalize(), french.capitalize())


def letters(number: int, length: int) -> str:
    """Return a number as so many capital letters.

    >>> letters(27, 2)
    'BB'
    """
    text = ""
    for _ in range(length):
        number, letter = divmod(number, 26)
        text = chr(65 + letter) + text
    return text


def base36(number: int) -> str:
    """Return a number in digits and capital letters.

    >>> base36(36)
    '10'
    """
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text


def alpha2(country: int) -> str:
    """Return the made-up code of two letters of a country."""
    return letters(country, 2)


def alpha3(country: int) -> str:
    """Return the made-up code of three letters of a country, which begins with that of two."""
    return letters(country, 2) + chr(65 + country * 7 % 26)


Point = tuple[float, float]
"""Longitude and latitude, in degrees."""


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of the cells of a lattice:
    from ``west`` and ``south`` up to ``east`` and ``north``.
    """

    west: int
    south: int
    east: int
    north: int

    def divided(self, parts: int) -> Iterator[Block]:
        """Yield so many blocks that together are this one, in rows from the south.

        >>> [b.west for b in Block(0, 0, 4, 2).divided(2)]
        [0, 2]
        """
        width, height = self.east - self.west, self.north - self.south
        rows = min(parts, height, max(1, round(math.sqrt(parts * height / width))))
        for row in range(rows):
            south = self.south + row * height // rows
            north = self.south + (row + 1) * height // rows
            inside = (row + 1) * parts // rows - row * parts // rows
            if inside > width:
                raise ValueError(f"{self} is too small for {parts} parts")
            for column in range(inside):
                west = self.west + column * width // inside
                east = self.west + (column + 1) * width // inside
                yield Block(west, south, east, north)

    def corners(self) -> Iterator[tuple[int, int]]:
        """Yield the points of the lattice along the border, counter-clockwise,
        the first again last.
        """
        yield from ((x, self.south) for x in range(self.west, self.east))
        yield from ((self.east, y) for y in range(self.south, self.north))
        yield from ((x, self.north) for x in range(self.east, self.west, -1))
        yield from ((self.west, y) for y in range(self.north, self.south, -1))
        yield (self.west, self.south)


_COLUMNS: Final = 26
"""Columns and rows of countries on the globe; the first countries lie on the equator."""

_CELL: Final = (13.0, 6.0)
"""Width and height (degrees) of the part of the globe in which a country lies alone."""

_SIZE: Final = (12.0, 5.0)
"""Width and height (degrees) of a country, so that a sea lies between two."""

_LATTICE: Final = (48, 20)
"""Cells of the lattice of a country, across and up, at least."""

_CELLS_PER_PART: Final = 16
"""Cells of the lattice for each smallest part of a country, at least on average."""

_WANDER: Final = 0.25
"""How far a point of the lattice may be from its place, in cells: less than 0.5,
so borders never cross."""

_DECIMALS: Final = 4


@dataclass(frozen=True)
class Land:
    """Where a country lies: a lattice whose points have moved a little, so that borders look drawn.

    Parts are blocks of the lattice. Two that touch share the points of their border;
    there is no gap.
    """

    country: int
    parts: int  # the smallest, for which there must be room

    @cached_property
    def whole(self) -> Block:
        """The block of the whole country."""
        across, up = _LATTICE
        factor = max(1.0, math.sqrt(self.parts * _CELLS_PER_PART / (across * up)))
        return Block(0, 0, math.ceil(across * factor), math.ceil(up * factor))

    @cached_property
    def _origin(self) -> Point:
        row, column = divmod(self.country, _COLUMNS)
        east, north = ((place + _COLUMNS // 2) % _COLUMNS for place in (column, row))
        return (
            (east - _COLUMNS / 2) * _CELL[0] + (_CELL[0] - _SIZE[0]) / 2,
            (north - _COLUMNS / 2) * _CELL[1] + (_CELL[1] - _SIZE[1]) / 2,
        )

    @cached_property
    def _step(self) -> Point:
        return (_SIZE[0] / self.whole.east, _SIZE[1] / self.whole.north)

    def outline(self, block: Block) -> list[Point]:
        """Return the border of a block, a closed ring, counter-clockwise."""
        return [self._moved(x, y) for x, y in block.corners()]

    def inside(self, block: Block, number: int, of: int) -> Point:
        """Return one of so many points that lie within a block, well away from its border."""
        side = math.ceil(math.sqrt(of))
        row, column = divmod(number, side)
        margin = 0.5
        width = block.east - block.west - 2 * margin
        height = block.north - block.south - 2 * margin
        return self._position(
            block.west + margin + (column + 0.5) / side * width,
            block.south + margin + (row + 0.5) / side * height,
        )

    def square_metres(self, block: Block) -> float:
        """Return about how large a block is."""
        degree = 111_320.0
        latitude = math.radians(self._position(block.west, (block.south + block.north) / 2)[1])
        width = (block.east - block.west) * self._step[0] * degree * math.cos(latitude)
        return width * (block.north - block.south) * self._step[1] * degree

    def _moved(self, x: int, y: int) -> Point:
        """Return where a point of the lattice lies."""
        mixed = (self.country * 73_856_093) ^ (x * 19_349_663) ^ (y * 83_492_791)
        mixed = (mixed ^ (mixed >> 13)) * 1_274_126_177 & 0xFFFFFFFF
        east, north = (mixed >> 16) / 0xFFFF - 0.5, (mixed & 0xFFFF) / 0xFFFF - 0.5
        return self._position(x + 2 * _WANDER * east, y + 2 * _WANDER * north)

    def _position(self, x: float, y: float) -> Point:
        west, south = self._origin
        return (_rounded(west + x * self._step[0]), _rounded(south + y * self._step[1]))


def _rounded(degrees: float) -> float:
    """Return degrees that are no whole number:
    an engine that keeps numbers by value writes 7.0 as 7.
    """
    rounded = round(degrees, _DECIMALS)
    return round(rounded + 10**-_DECIMALS, _DECIMALS) if rounded.is_integer() else rounded


def well_known_text(kind: str, points: list[Point]) -> str:
    """Return a point or polygon as well-known text.

    >>> well_known_text("Point", [(1.5, 2.5)])
    'POINT (1.5 2.5)'
    """
    inner = ", ".join(f"{x} {y}" for x, y in points)
    return f"POINT ({inner})" if kind == "Point" else f"POLYGON (({inner}))"


def geojson(kind: str, points: list[Point]) -> str:
    """Return a point or polygon as GeoJSON.

    >>> geojson("Point", [(1.5, 2.5)])
    '{"type":"Point","coordinates":[1.5,2.5]}'
    """
    inner = ",".join(f"[{x},{y}]" for x, y in points)
    coordinates = inner if kind == "Point" else f"[[{inner}]]"
    return f'{{"type":"{kind}","coordinates":{coordinates}}}'
