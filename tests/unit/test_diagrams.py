"""Pictures of graphs: what is drawn, that nothing lies on anything else,
and that the same graph looks the same.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.presentation.diagrams import Edge, Node, draw, wrap

if TYPE_CHECKING:
    from unicef_linked.presentation.diagrams import Drawing

NAMES: Final = [
    "office",
    "region of the north",
    "sector",
    "priority",
    "place",
    "country",
    "group",
    "organization",
]


def nodes(*names: str) -> list[Node]:
    """Return a node for each name."""
    return [Node(name, name, f"/ontology#{name}", "class", "7") for name in names]


def chain(*names: str) -> list[Edge]:
    """Return an edge from each name to the next."""
    return [Edge(a, b) for a, b in itertools.pairwise(names)]


GRAPHS: Final = {
    "one edge": chain("a", "b"),
    "a long edge that passes a column": [*chain("a", "b", "c", "d"), Edge("a", "d")],
    "a circle": chain("a", "b", "c", "a"),
    "two ways between the same two": chain("a", "b", "a"),
    "two parts, with long edges": [
        *chain("a", "b", "c", "d"),
        Edge("a", "d"),
        *chain("p", "q", "r"),
        Edge("p", "r"),
    ],
    "many edges": [
        Edge(NAMES[i], NAMES[j]) for i in range(8) for j in range(8) if (i * 3 + j) % 5 == 1
    ],
}
ALL: Final = nodes(*"abcdpqr", *NAMES)


def ends(
    drawing: Drawing,
) -> dict[tuple[str, str], tuple[tuple[float, float], tuple[float, float]]]:
    """Return where each line begins and ends."""
    found = {}
    for line in drawing.paths:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", line.d)]
        found[line.edge.source, line.edge.target] = (
            (numbers[0], numbers[1]),
            (numbers[-2], numbers[-1]),
        )
    return found


@pytest.mark.parametrize("edges", GRAPHS.values(), ids=GRAPHS)
def test_everything_is_drawn_within_the_picture(edges: list[Edge]) -> None:
    drawing = draw(ALL, edges)
    drawn = {(line.edge.source, line.edge.target) for line in drawing.paths}
    assert drawn == {(e.source, e.target) for e in edges if e.source != e.target}
    assert {box.node.key for box in drawing.boxes} == {key for pair in drawn for key in pair}
    for box in drawing.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawing.width
        assert 0 <= box.y <= box.y + box.height <= drawing.height
    for line in drawing.paths:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", line.d)]
        assert 0 <= min(numbers[::2]) <= max(numbers[::2]) <= drawing.width
        assert 0 <= min(numbers[1::2]) <= max(numbers[1::2]) <= drawing.height


@pytest.mark.parametrize("edges", GRAPHS.values(), ids=GRAPHS)
def test_no_box_lies_on_another(edges: list[Edge]) -> None:
    for a, b in itertools.combinations(draw(ALL, edges).boxes, 2):
        apart = (
            a.x + a.width < b.x
            or b.x + b.width < a.x
            or a.y + a.height < b.y
            or b.y + b.height < a.y
        )
        assert apart, (a.node.key, b.node.key)


@pytest.mark.parametrize("edges", GRAPHS.values(), ids=GRAPHS)
def test_a_line_runs_from_the_side_of_one_box_to_the_side_of_the_other(edges: list[Edge]) -> None:
    drawing = draw(ALL, edges)
    boxes = {box.node.key: box for box in drawing.boxes}
    for (source, target), (start, end) in ends(drawing).items():
        for name, (x, y) in ((source, start), (target, end)):
            box = boxes[name]
            assert min(abs(x - box.x), abs(x - box.x - box.width)) < 0.2
            assert abs(y - box.middle) < 0.2


def test_the_words_of_a_box_fit_in_it() -> None:
    [box, _] = draw(nodes("region of the north", "b"), [Edge("region of the north", "b")]).boxes
    assert box.lines == ("region of", "the north")
    baselines = [box.baseline(number) for number in range(3)]
    assert box.y < baselines[0] - 8
    assert baselines == sorted(baselines)
    assert baselines[-1] < box.y + box.height


def test_what_has_no_edge_and_what_is_not_known_is_left_out() -> None:
    drawing = draw(nodes("a", "b", "alone"), [Edge("a", "b"), Edge("a", "unknown"), Edge("b", "b")])
    assert [box.node.key for box in drawing.boxes] == ["a", "b"]
    assert draw(nodes("alone"), []).boxes == ()


def test_the_same_graph_gives_the_same_picture_in_another_process() -> None:
    code = (
        "from tests.unit.test_diagrams import ALL, GRAPHS; from unicef_linked.presentation.diagrams import draw;"
        "print(draw(ALL, GRAPHS['many edges']))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert found == {f"{draw(ALL, GRAPHS['many edges'])}\n"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("office", ("office",), id="one word"),
        pytest.param(
            "main office in a country",
            ("main office", "in a country"),
            id="lines of about equal length",
        ),
        pytest.param(
            "Donaudampfschifffahrt", ("Donaudampfschifffahrt",), id="a long word stays whole"
        ),
        pytest.param("", ("",), id="nothing"),
    ],
)
def test_words_are_wrapped_between_words(text: str, lines: tuple[str, ...]) -> None:
    assert wrap(text) == lines
