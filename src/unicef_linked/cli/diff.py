"""``unicef-linked diff``: how two releases differ, for people and for programs."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from unicef_linked.cli.options import PATH, Command, OneOf
from unicef_linked.config import terminal_language
from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from unicef_linked.release import Release
    from unicef_linked.release.differences import EntityDifference


@click.command("diff", cls=Command)
@click.argument("older", type=PATH, metavar="A")
@click.argument("newer", type=PATH, metavar="B")
@click.option("--entity", metavar="TYPE/KEY", help="the differences of one entity, or of an IRI")
@click.option("--format", "style", type=OneOf(("text", "patch", "update", "json")), default="text")
def command(older: Path, newer: Path, entity: str | None, style: str) -> int:
    """Show what release B has and A has not, and the reverse, by entity.

    The formats patch (RDF Patch) and update (SPARQL 1.1 Update) turn A into B.
    """
    from unicef_linked.release import open_whole_release
    from unicef_linked.release.differences import compare

    a, b = open_whole_release(older), open_whole_release(newer)
    subject = _subject(b, entity) if entity else ""
    differences = _Counted(compare(a, b, subject=subject))
    for chunk in _write(differences, a, b, style):
        sys.stdout.buffer.write(chunk)
    return 1 if differences.number else 0


class _Counted:
    """Differences, counted as they are read."""

    def __init__(self, differences: Iterable[EntityDifference]) -> None:
        self._differences = differences
        self.number = 0

    def __iter__(self) -> Iterator[EntityDifference]:
        for difference in self._differences:
            self.number += 1
            yield difference


def _subject(release: Release, entity: str) -> str:
    """Return the subject, as in N-Quads, that ``--entity`` names."""
    from pyoxigraph import NamedNode

    iri = entity if ":" in entity else f"{release.names.entities}{entity}"
    try:
        return str(NamedNode(iri))
    except ValueError:
        raise UnusableInput(f"--entity {entity} is no TYPE/KEY, such as region/gao") from None


def _write(
    differences: Iterable[EntityDifference], older: Release, newer: Release, style: str
) -> Iterator[bytes]:
    from unicef_linked.release.patches import write_json, write_patch, write_update

    if style == "patch":
        names = newer.names
        yield from write_patch(
            differences, names.release(newer.manifest.name), names.release(older.manifest.name)
        )
    elif style == "update":
        yield from write_update(differences)
    elif style == "json":
        yield from write_json(differences, newer.names)
    else:
        yield from _write_text(differences, older, newer)


def _write_text(
    differences: Iterable[EntityDifference], older: Release, newer: Release
) -> Iterator[bytes]:
    """Yield the differences for people: names of things, then the statements of each."""
    from unicef_linked.dataset.labels import LabelResolver
    from unicef_linked.release.lines import parse_lines
    from unicef_linked.store.archived import Archived

    added = removed = 0
    with closing(Archived(older)) as before, closing(Archived(newer)) as after:
        for difference in differences:
            quads = [
                *((quad, "-") for quad in parse_lines(difference.removed)),
                *((quad, "+") for quad in parse_lines(difference.added)),
            ]
            iris = _iris(quad for quad, _ in quads)
            labels = before.labels(iris) | after.labels(iris)
            reader = LabelResolver(newer.names, labels, terminal_language())
            name = difference.name(newer.names) or difference.iri or difference.subject
            title = reader.label(difference.iri).text if difference.iri else name
            added += len(difference.added)
            removed += len(difference.removed)
            yield f"{name} ({title}): {difference.change}\n".encode()
            for quad, sign in sorted(
                quads, key=lambda pair: (pair[0].predicate.value, pair[1] == "+")
            ):
                value = reader.value(quad.object)
                shown = value.link.label.text if value.link else str(quad.object)
                if value.link and shown != newer.names.shorten(value.link.iri):
                    shown = f"{shown} ({newer.names.shorten(value.link.iri)})"
                yield f"  {sign} {newer.names.shorten(quad.predicate.value)}: {shown}\n".encode()
    yield f"{added:,} statements added, {removed:,} removed\n".encode()


def _iris(quads: Iterable[object]) -> set[str]:
    """Return the IRIs of statements whose names are shown."""
    from pyoxigraph import NamedNode, Quad

    iris = set()
    for quad in quads:
        assert isinstance(quad, Quad)
        iris |= {term.value for term in (quad.subject, quad.object) if isinstance(term, NamedNode)}
    return iris
