"""What was measured, as a table: ours, the other's, the ratio, and whether a target is met."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, TypeVar

from prettytable import PrettyTable, TableStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: ``ratio`` is ours by theirs, ``target`` its least value,
    or its greatest where ``at_most``.
    """

    what: str
    ours: str
    peer: str
    theirs: str
    ratio: float | None = None
    target: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """Whether the target is met; nothing where there is none."""
        if self.target is None or self.ratio is None:
            return ""
        met = self.ratio <= self.target if self.at_most else self.ratio >= self.target
        return "met" if met else "MISSED"


@dataclass(slots=True)
class Report:
    """The lines of one section, and remarks for whoever reads them."""

    title: str
    lines: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        table = PrettyTable(["what", "ours", "beside", "theirs", "ours/theirs", "target", ""])
        table.set_style(TableStyle.MARKDOWN)
        table.align = "r"
        table.align["what"] = table.align["beside"] = table.align[""] = "l"
        for line in self.lines:
            ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
            target = (
                "" if line.target is None else f"{'≤' if line.at_most else '≥'} {line.target:g}"
            )
            table.add_row(
                [line.what, line.ours, line.peer, line.theirs, ratio, target, line.verdict]
            )
        parts = [
            f"## {self.title}",
            table.get_string() if self.lines else "",
            *(f"- {r}" for r in self.remarks),
        ]
        return "\n\n".join(parts[:2]) + "\n" + "".join(f"\n{part}" for part in parts[2:])


def interleave(rounds: int, measures: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Return what each measure gave, by name: A B C, C B A,
    … so that whatever else the machine does hits all alike.

    There and back, since who comes after a slow one finds the machine slower than who comes after a
    quick one.
    """
    results: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(rounds):
        for name in reversed(list(measures)) if number % 2 else measures:
            results[name].append(measures[name]())
    return results


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median over the rounds of ours by theirs, each pair taken one after the other."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def per_second(rates: Iterable[float]) -> str:
    """Return the median of rates, as printed."""
    return f"{median(rates):,.0f}/s"
