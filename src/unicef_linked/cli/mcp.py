"""``unicef-linked mcp``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command("mcp", cls=options.Command)
@options.release
def command(release: Path | None) -> int:
    """Offer the dataset as tools to a language model (Model Context Protocol)."""
    from unicef_linked.mcp import running

    with running(chosen_release(release), read_settings()) as server:
        server.run("stdio")
    return 0
