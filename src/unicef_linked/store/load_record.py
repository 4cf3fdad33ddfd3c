"""Which parts of a release a graph store has accepted: a file in the cache folder for each store.

It has a line of JSON for each part, after a line that says what the parts are of. A line that was
not written to its end is none: the part is sent again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from unicef_linked.config import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

_END: Final = "counted by the engine"
"""In place of a graph name, in the last line of a complete transfer; no graph has this name."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is sent."""

    release: str  # its SHA-256
    part: int  # the size of parts (bytes)
    union: bool  # whether the default graph is sent as the union of all graphs


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a store has accepted: the graph and the statements of each part, in their order."""

    transfer: Transfer
    parts: tuple[tuple[str, int], ...] = ()
    is_complete: bool = False

    def by_graph(self) -> dict[str, int]:
        """Return the number of statements of each graph."""
        counts: dict[str, int] = {}
        for graph, statements in self.parts:
            counts[graph] = counts.get(graph, 0) + statements
        return counts


class LoadRecord:
    """The record of a graph store. Where the cache folder cannot be written, nothing is kept."""

    def __init__(self, store: str) -> None:
        digest = hashlib.sha256(store.encode()).hexdigest()
        self._path: Path = cache_folder() / "loads" / f"{digest[:32]}.jsonl"

    def read(self) -> Accepted | None:
        """Return what was accepted; None if nothing is known."""
        try:
            first, *lines = self._path.read_text(encoding="utf-8").split("\n")[:-1]
            transfer = Transfer(**json.loads(first))
            parts = [(graph, count) for graph, count in map(json.loads, lines) if graph != _END]
        except (OSError, ValueError, TypeError):  # none, or of another version
            return None
        return Accepted(transfer, tuple(parts), is_complete=len(parts) < len(lines))

    def begin(self, accepted: Accepted) -> None:
        """Write what was accepted, in place of all that was kept."""
        lines = [json.dumps(line) for line in (asdict(accepted.transfer), *accepted.parts)]
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def add(self, graph: str, statements: int) -> None:
        """Add an accepted part."""
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps([graph, statements])}\n")

    def end(self) -> None:
        """Add that the engine has counted what was sent."""
        self.add(_END, 0)
