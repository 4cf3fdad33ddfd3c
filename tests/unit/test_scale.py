"""How growth is told: the exponent of a figure over sizes, and the tables it stands in."""

from __future__ import annotations

import pytest
from bench.scale import Table, exponent
from bench.world import statements_of


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, 5), (100, 50), (1000, 500)], 1.0),
        ([(10, 5), (100, 5), (1000, 5)], 0.0),
        ([(10, 1), (100, 100)], 2.0),
        ([(10, 0), (100, 50)], None),
        ([(10, 5)], None),
    ],
)
def test_an_exponent_is_the_slope_of_the_logarithms(
    points: list[tuple[float, float]], expected: float | None
) -> None:
    assert exponent(points) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("15k", 15_000), ("1.46M", 1_460_000), ("700", 700)]
)
def test_sizes_are_written_with_k_or_m(text: str, expected: int) -> None:
    assert statements_of(text) == expected


def test_a_row_without_a_figure_at_a_size_has_the_exponent_of_the_others() -> None:
    rows = {"read": [("1.0", 1.0), ("none", None), ("100.0", 100.0)]}
    text = str(Table("Build", (10, 50, 1000), rows))
    assert text.startswith("### Build\n")
    assert text.splitlines()[-1].split("|")[1:-1][-1].strip() == "1.0"
