"""``unicef-linked reconcile``."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click

from unicef_linked.cli import options
from unicef_linked.cli.output import write
from unicef_linked.cli.progress import Progress
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import terminal_language

if TYPE_CHECKING:
    from pathlib import Path

_EVERY: Final = 10_000
"""Rows between two lines about the progress, where there is no terminal."""


@click.command("reconcile", cls=options.Command)
@click.argument("file", type=options.PATH, metavar="FILE.csv")
@click.option("--column", required=True, metavar="NAME", help="the column with the names or codes")
@click.option(
    "--type",
    "kind",
    metavar="TYPE",
    help="what the column names, such as region, office or sector",
)
@options.out
@options.release
def command(
    file: Path, column: str, kind: str | None, out: Path | None, release: Path | None
) -> int:
    """Add identifiers to a table, by the names in one of its columns.

    FILE.csv has ; , | or tabs between the cells, and is UTF-8, UTF-16 or Windows-1252.
    """
    from unicef_linked.dataset.profile import profile_of
    from unicef_linked.lookup import csv_file, csv_table
    from unicef_linked.lookup.index import build
    from unicef_linked.lookup.matching import Reconciler

    table = csv_file.read_table(file, column)
    table.column(column)  # before anything that takes time
    for notice in table.notices:
        print(notice, file=sys.stderr)
    chosen = chosen_release(release)
    quads, names = list(chosen.quads()), chosen.names
    reconciler = Reconciler(build(quads, names, profile_of(quads, names)))
    types = [csv_table.choose_type(kind, reconciler)] if kind else []
    with closing(Progress("reconciling")) as progress:

        def report(done: int, total: int) -> None:
            has_line = done == total or (done and done % _EVERY == 0)
            progress.show(done, total, f"{done:,} of {total:,} rows" if has_line else "")

        answer, summary = csv_table.reconcile(
            table, column, reconciler, types, (terminal_language(),), report
        )
    write(io.BytesIO(csv_file.write_table(answer, mark=out is not None)), out)
    print(csv_table.format_summary(summary), file=sys.stderr)
    return 0
