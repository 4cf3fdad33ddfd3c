"""``unicef-linked load``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options, progress
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.store.graph_store import Progress


@click.command("load", cls=options.Command)
@click.option(
    "--to",
    required=True,
    metavar="URL",
    help="its graph store (SPARQL 1.1 Graph Store HTTP Protocol)",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="its SPARQL endpoint, to count what arrived; default: beside it",
)
@options.release
def command(to: str, endpoint: str | None, release: Path | None) -> int:
    """Put a release into an engine elsewhere, for serve --engine URL."""
    from unicef_linked.store.graph_store import find_endpoint, load

    chosen = chosen_release(release)
    endpoint = endpoint or find_endpoint(to)
    last = ""
    with closing(progress.Progress("loading")) as shown:

        def report(reached: Progress | str) -> None:
            """Tell each graph once."""
            nonlocal last
            if isinstance(reached, str):
                shown.tell(f"unicef-linked: {reached}")
                return
            share = 100 * reached.done // max(1, reached.total)
            line = f"graph {reached.number} of {reached.graphs}, {share} %: {reached.graph}"
            new = reached.graph != last
            shown.show(reached.done, reached.total, line if new else "", reached.graph)
            last = reached.graph

        load(chosen, to, endpoint, read_settings(), report)
    manifest = chosen.manifest
    counted = "not counted: give --endpoint to have the engine count them"
    if endpoint:
        counted = f"counted at {endpoint}"
    print(f"{to}: {manifest.quads:,} statements in {len(manifest.graphs)} graphs, {counted}")
    return 0
