"""A graph of boxes and arrows as geometry, for templates to write as SVG. Pure.

fast-sugiyama computes the positions. Layers run from left to right. The label of an arrow is a box
of its own between two others, so that no words overlap. Lengths are in pixels, unscaled.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from fast_sugiyama import from_edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_CHARACTER: Final = {"class": 8.3}
_ANY: Final = 7.4
"""Widths of a character, by the kind of its node: the names of classes are bold."""
_LINE: Final = 17
_PADDING: Final = 8
_APART: Final = 12
"""Least distance of one box and the next below it."""
_LEAST: Final = 36
"""Least height of a row, for lines too."""
_BETWEEN: Final = 24
_MARGIN: Final = 6


@dataclass(frozen=True, slots=True)
class Node:
    """Something to draw: words with a link, of a kind that the style sheet knows."""

    key: str
    text: str
    href: str = ""
    kind: str = "thing"
    note: str = ""  # a second, smaller line, never wrapped


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one node to another, with or without an arrow at its end."""

    source: str
    target: str
    kind: str = "plain"
    arrow: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """A drawn node: its upper left corner, its size, the lines of its text."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]

    @property
    def middle(self) -> float:
        """How far down its middle is."""
        return self.y + self.height / 2

    def baseline(self, number: int) -> float:
        """Return how far down the line of text of that number stands, the note's being the last."""
        lines = len(self.lines) + bool(self.node.note)
        return round(self.middle + (number - (lines - 1) / 2) * _LINE + 4.5, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """The line of an edge, as the ``d`` of an SVG path."""

    edge: Edge
    d: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and paths within a picture of this size."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    paths: tuple[Line, ...]


def wrap(text: str, width: int = 13) -> tuple[str, ...]:
    """Return words in lines of about equal length, as few as the width allows.

    >>> wrap("collaborates locally with")
    ('collaborates', 'locally with')
    """
    lines = textwrap.wrap(text, width, break_long_words=False) or [""]
    for narrower in range(max(map(len, text.split()), default=1), width):
        balanced = textwrap.wrap(text, narrower, break_long_words=False)
        if len(balanced) == len(lines):
            return tuple(balanced)
    return tuple(lines)


def draw(nodes: Iterable[Node], edges: Iterable[Edge]) -> Drawing:
    """Return the drawing of a graph, without isolated nodes and without loops.

    It is deterministic. Connected components stand one below the other, the largest first.
    """
    nodes_by_key = {node.key: node for node in nodes}
    lines: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        has_ends = edge.source in nodes_by_key and edge.target in nodes_by_key
        if has_ends and edge.source != edge.target:
            lines[edge.source, edge.target] = edge
    boxes: list[Box] = []
    paths: list[Line] = []
    width, top = 0.0, float(_MARGIN)
    for keys in _components(lines):
        # fast-sugiyama takes numbers, whose order is fixed, unlike that of a set of strings.
        number = {key: position for position, key in enumerate(keys)}
        steps = [(number[s], number[t]) for s, t in sorted(lines) if s in number]
        part = _Component(steps, keys, nodes_by_key)
        boxes_by_number = part.boxes(top)
        boxes += boxes_by_number.values()
        chains = ((lines[keys[chain[0]], keys[chain[-1]]], chain) for chain in part.chains())
        paths += [Line(edge, part.path(chain, top, boxes_by_number)) for edge, chain in chains]
        width, top = max(width, part.width), top + part.height + _BETWEEN
    if not boxes:
        return Drawing(0, 0, (), ())
    return Drawing(
        round(width + 2 * _MARGIN, 1),
        round(top - _BETWEEN + _MARGIN, 1),
        tuple(sorted(boxes, key=lambda box: (box.x, box.y))),
        tuple(sorted(paths, key=lambda path: (path.edge.source, path.edge.target))),
    )


def _components(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the keys of each connected component, sorted, the largest component first.

    fast-sugiyama lays out connected components by itself, but 0.5.3 may give dummy vertices of two
    components the same number. No upstream issue known. So each component is laid out alone.
    """
    component_of: dict[str, set[str]] = {}
    for source, target in edges:
        merged = component_of.get(source, {source}) | component_of.get(target, {target})
        component_of.update(dict.fromkeys(merged, merged))
    components = {min(keys): sorted(keys) for keys in component_of.values()}
    return sorted(components.values(), key=lambda keys: (-len(keys), keys))


def _size(node: Node, lines: Sequence[str]) -> tuple[float, float]:
    width = max(len(line) for line in lines) * _CHARACTER.get(node.kind, _ANY)
    return max(width, len(node.note) * _ANY * 0.85) + 2 * _PADDING, (
        len(lines) + bool(node.note)
    ) * _LINE + _PADDING


class _Component:
    """A connected component: columns of boxes, and of the bends of lines that pass a column."""

    def __init__(
        self, edges: Sequence[tuple[int, int]], keys: Sequence[str], nodes: Mapping[str, Node]
    ) -> None:
        [(positions, _, _, steps)] = from_edges(edges, vertex_spacing=1, dummy_vertices=True)
        places = {int(n): place for n, place in positions}
        self._keys, self._nodes = keys, nodes
        last = max(layer for _, layer in places.values())
        self._column = {n: round(last - layer) for n, (_, layer) in places.items()}
        self._following: dict[int, list[int]] = defaultdict(list)
        for source, target in steps or ():
            self._following[int(source)].append(int(target))
        self._lines = {n: wrap(nodes[keys[n]].text) for n in places if n < len(keys)}
        self._sizes = {n: _size(nodes[keys[n]], words) for n, words in self._lines.items()}
        widths = [0.0] * (round(last) + 1)
        for n, (width, _) in self._sizes.items():
            widths[self._column[n]] = max(widths[self._column[n]], width)
        self._left, self._widths, x = [], widths, float(_MARGIN)
        for width in widths:
            self._left.append(x)
            x += width + _BETWEEN
        self.width = x - _BETWEEN - _MARGIN
        pitch = self._pitch({n: row for n, (row, _) in places.items()})
        self._row = {n: row * pitch for n, (row, _) in places.items()}
        half = {n: self._sizes.get(n, (0, 0))[1] / 2 for n in places}
        self._above = max(half[n] - self._row[n] for n in places)
        self.height = self._above + max(self._row[n] + half[n] for n in places)

    def _pitch(self, rows: Mapping[int, float]) -> float:
        """Return how many pixels a row takes, so that no two boxes of a column touch."""
        pitch = float(_LEAST)
        columns: dict[int, list[int]] = defaultdict(list)
        for n in self._sizes:
            columns[self._column[n]].append(n)
        for column in columns.values():
            for upper, lower in pairwise(sorted(column, key=lambda n: rows[n])):
                needed = (self._sizes[upper][1] + self._sizes[lower][1]) / 2 + _APART
                pitch = max(pitch, needed / max(rows[lower] - rows[upper], 0.01))
        return pitch

    def _middle(self, n: int, top: float) -> float:
        return top + self._above + self._row[n]

    def boxes(self, top: float) -> dict[int, Box]:
        """Return the boxes, each in the middle of its column."""
        boxes = {}
        for n, (width, height) in self._sizes.items():
            column = self._column[n]
            x = self._left[column] + (self._widths[column] - width) / 2
            y = self._middle(n, top) - height / 2
            node = self._nodes[self._keys[n]]
            boxes[n] = Box(
                node, round(x, 1), round(y, 1), round(width, 1), round(height, 1), self._lines[n]
            )
        return boxes

    def chains(self) -> Iterable[list[int]]:
        """Yield each edge as the numbers that it runs through, from box to box."""
        for start in self._sizes:
            for following in self._following[start]:
                chain = [start, following]
                while chain[-1] not in self._sizes:
                    chain += self._following[chain[-1]]
                yield chain

    def path(self, chain: Sequence[int], top: float, boxes: Mapping[int, Box]) -> str:
        """Return a smooth line from the first box to the last, horizontal within each column."""
        forward = self._column[chain[-1]] > self._column[chain[0]]
        points: list[tuple[float, float]] = []
        for n in chain:
            y = round(self._middle(n, top), 1)
            if n in boxes:
                near, far = boxes[n].x, boxes[n].x + boxes[n].width
            else:
                near, far = (
                    self._left[self._column[n]],
                    self._left[self._column[n]] + self._widths[self._column[n]],
                )
            points += [(round(x, 1), y) for x in ((near, far) if forward else (far, near))]
        points = points[1:-1]
        d = f"M{points[0][0]:g} {points[0][1]:g}"
        for position, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
            if position % 2 or y0 == y1:
                d += f"L{x1:g} {y1:g}"
            else:
                half = round((x0 + x1) / 2, 1)
                d += f"C{half:g} {y0:g} {half:g} {y1:g} {x1:g} {y1:g}"
        return d
