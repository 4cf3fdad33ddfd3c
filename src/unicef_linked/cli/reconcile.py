"""``unicef-linked reconcile``."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from unicef_linked.cli import options
from unicef_linked.cli.output import write
from unicef_linked.cli.progress import Progress
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import terminal_language

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.lookup.matching import Reconciler
    from unicef_linked.release import Release

_EVERY: Final = 10_000
"""Rows between two lines about the progress, where there is no terminal."""


@click.command("reconcile", cls=options.Command)
@click.argument("file", type=options.PATH, metavar="FILE.csv")
@click.option("--column", required=True, metavar="NAME", help="the column with the names or codes")
@click.option(
    "--type",
    "kind",
    metavar="TYPE",
    help="what the column names, such as region, cercle, commune, office or sector",
)
@click.option(
    "--property",
    "columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="a column that decides between namesakes: partOf=Region, date=Date, pcode2015=Code",
)
@click.option(
    "--date",
    metavar="DATE",
    help="when the table is of (2024, 2024-05 or 2024-05-01): names the extents of that time",
)
@options.out
@options.release
def command(
    file: Path,
    column: str,
    kind: str | None,
    columns: tuple[str, ...],
    date: str | None,
    out: Path | None,
    release: Path | None,
) -> int:
    """Add identifiers to a table, by the names in one of its columns.

    A name may have the levels above it: Mopti > Bandiagara. FILE.csv has ; , | or tabs between the
    cells, and is UTF-8, UTF-16 or Windows-1252.
    """
    from unicef_linked.lookup import csv_file, csv_table
    from unicef_linked.lookup.territory import parse_period

    table = csv_file.read_table(file, column)
    properties = _properties(columns)
    for title in (column, *(title for _, title in properties)):  # before anything that takes time
        table.column(title)
    if date is not None and parse_period(date) is None:
        raise click.BadParameter(f"{date!r} is not a date such as 2024, 2024-05 or 2024-05-01")
    for notice in table.notices:
        print(notice, file=sys.stderr)
    reconciler = _reconciler(chosen_release(release))
    types = (csv_table.choose_type(kind, reconciler),) if kind else ()
    question = csv_table.Question(column, types, properties, date or "")
    csv_table.check_properties((name for name, _ in properties), reconciler)
    with closing(Progress("reconciling")) as progress:
        answer, summary = csv_table.reconcile(
            table, question, reconciler, (terminal_language(),), partial(_report, progress)
        )
    write(io.BytesIO(csv_file.write_table(answer, mark=out is not None)), out)
    print(csv_table.format_summary(summary), file=sys.stderr)
    return 0


def _reconciler(release: Release) -> Reconciler:
    """Return what matches names with the entities of a release."""
    from pyoxigraph import NamedNode

    from unicef_linked.dataset.past import Past
    from unicef_linked.lookup.kept import open_index
    from unicef_linked.lookup.matching import Reconciler
    from unicef_linked.store.archived import Archived

    archived = Archived(release)
    return Reconciler(open_index(Past.of(release)), lambda iri: archived.match(NamedNode(iri)))


def _report(progress: Progress, done: int, total: int) -> None:
    """Show how many rows are done; off a terminal by a line now and then."""
    has_line = done == total or (done and done % _EVERY == 0)
    progress.show(done, total, f"{done:,} of {total:,} rows" if has_line else "")


def _properties(columns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the properties that options name, each with its column."""
    properties = []
    for text in columns:
        name, equals, title = text.partition("=")
        if not (name.strip() and equals and title.strip()):
            raise click.BadParameter(
                f"{text!r} is not a property and a column such as partOf=Region"
            )
        properties.append((name.strip(), title.strip()))
    return tuple(properties)
