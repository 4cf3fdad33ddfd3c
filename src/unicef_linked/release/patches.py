"""Differences between releases, written for programs: RDF Patch, SPARQL 1.1 Update, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from unicef_linked.errors import Unwritable
from unicef_linked.release.lines import parse_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from unicef_linked.rdf.iris import Names
    from unicef_linked.release.differences import EntityDifference

_OPERATION: Final = 500
"""Most statements in one operation of an update: Virtuoso refuses operations of some thousands."""


def write_patch(
    differences: Iterable[EntityDifference], identifier: str, previous: str
) -> Iterator[bytes]:
    """Yield an RDF Patch (afs.github.io/rdf-delta/rdf-patch.html), one transaction.

    ``identifier`` and ``previous`` are the IRIs of the releases that it leads to and starts from.
    """
    yield f"H id <{identifier}> .\nH prev <{previous}> .\nTX .\n".encode()
    for difference in differences:
        for line in difference.removed:
            yield b"D " + line
        for line in difference.added:
            yield b"A " + line
    yield b"TC .\n"


def write_update(differences: Iterable[EntityDifference]) -> Iterator[bytes]:
    """Yield a SPARQL 1.1 Update that turns a store with the older release into the newer.

    Raises Unwritable for blank nodes, which no update can name (SPARQL 1.1 Update, section 3.1.2).
    """
    deletion = _Operations("DELETE DATA")
    insertion = _Operations("INSERT DATA")
    for difference in differences:
        yield from deletion.add(difference.removed)
        yield from insertion.add(difference.added)
    yield from deletion.finish()
    yield from insertion.finish()


class _Operations:
    """Statements of an update, handed out as operations of a limited size."""

    def __init__(self, keyword: str) -> None:
        self._keyword = keyword
        self._pending: list[bytes] = []

    def add(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        self._pending += lines
        while len(self._pending) >= _OPERATION:
            yield self._write(self._pending[:_OPERATION])
            del self._pending[:_OPERATION]

    def finish(self) -> Iterator[bytes]:
        if self._pending:
            yield self._write(self._pending)

    def _write(self, lines: Sequence[bytes]) -> bytes:
        by_graph: dict[str, list[str]] = {}
        for quad in parse_lines(lines):
            if "_:" in {str(quad.subject)[:2], str(quad.object)[:2], str(quad.graph_name)[:2]}:
                raise Unwritable(
                    f"an update cannot name the blank node of {quad}; ask for an RDF Patch"
                )
            graph = str(quad.graph_name)
            by_graph.setdefault("" if graph == "DEFAULT" else graph, []).append(f"{quad.triple} .")
        # One graph in each: of several, Virtuoso 7.2 leaves literals in place that are to be
        # deleted. No upstream issue is known.
        operations = []
        for graph, statements in by_graph.items():
            block = "\n".join(statements)
            content = f"GRAPH {graph} {{\n{block}\n}}" if graph else block
            operations.append(f"{self._keyword} {{\n{content}\n}} ;\n")
        return "".join(operations).encode()


def write_json(differences: Iterable[EntityDifference], names: Names) -> Iterator[bytes]:
    """Yield the differences as JSON: each entity with its quads as N-Quads, then the counts."""
    added = removed = 0
    separator = ""
    yield b'{"entities": ['
    for difference in differences:
        added += len(difference.added)
        removed += len(difference.removed)
        content = json.dumps(entity_to_json(difference, names), ensure_ascii=False)
        yield f"{separator}\n{content}".encode()
        separator = ","
    yield f'\n], "added": {added}, "removed": {removed}}}\n'.encode()


def entity_to_json(difference: EntityDifference, names: Names) -> dict[str, Any]:
    """Return one entity's differences as a JSON object; ``id`` is None but for our entities."""
    return {
        "id": difference.name(names),
        "iri": difference.iri or difference.subject,
        "change": difference.change,
        "added": [line.decode().rstrip("\n") for line in difference.added],
        "removed": [line.decode().rstrip("\n") for line in difference.removed],
    }
