"""``unicef-linked load``."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click

from unicef_linked.cli import options, progress
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.store.transfer import Progress

_INTERVAL: Final = 10.0
"""Interval (s) between two lines where standard error is no terminal."""


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
@click.option("--again", is_flag=True, help="send everything, whatever was loaded before")
@options.release
def command(to: str, endpoint: str | None, again: bool, release: Path | None) -> int:
    """Put a release into an engine elsewhere, for serve --engine URL; go on where a load ended."""
    from unicef_linked.store.graph_store import find_endpoint
    from unicef_linked.store.transfer import load

    chosen = chosen_release(release)
    endpoint = endpoint or find_endpoint(to)
    with closing(_Display()) as display:
        is_new = load(chosen, to, endpoint, read_settings(), display.show, again=again)
    manifest = chosen.manifest
    counted = "not counted: give --endpoint to have the engine count them"
    if endpoint:
        counted = f"counted at {endpoint}"
    before = "" if is_new else "nothing to do, it was loaded before: "
    print(
        f"{to}: {before}{manifest.quads:,} statements in {len(manifest.graphs)} graphs, {counted}"
    )
    return 0


class _Display:
    """What of a load is done and what remains: a bar, or lines."""

    def __init__(self) -> None:
        self._progress = progress.Progress("loading")
        self._start = time.monotonic()
        self._next_line = self._start

    def show(self, reached: Progress | str) -> None:
        """Show a message, or progress: on a terminal that of this run alone."""
        if isinstance(reached, str):
            self._progress.tell(f"unicef-linked: {reached}")
            return
        now, line = time.monotonic(), ""
        sent, left = reached.done - reached.earlier, reached.total - reached.done
        if now >= self._next_line or not left:
            self._next_line = now + _INTERVAL
            line = f"loading: {reached.done:,} of {reached.total:,} statements, {left:,} left"
            if sent and left:
                line += f", some {(now - self._start) * left / sent:,.0f} s"
        self._progress.show(sent, sent + left, line, f"{left:,} statements left")

    def close(self) -> None:
        """End the bar's line."""
        self._progress.close()
