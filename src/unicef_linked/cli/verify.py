"""``unicef-linked verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unicef_linked.cli.options import PATH, Command
from unicef_linked.cli.progress import waiting

if TYPE_CHECKING:
    from pathlib import Path


@click.command("verify", cls=Command)
@click.argument("folder", type=PATH, metavar="DIR")
@click.option(
    "--key", type=PATH, metavar="PUBLIC.pem", help="the Ed25519 key that must have signed it"
)
def command(folder: Path, key: Path | None) -> int:
    """Check every part of a release against its digests, its counts and its signature."""
    from unicef_linked.release import open_release
    from unicef_linked.release.signature import read_public_key
    from unicef_linked.release.verification import verify

    public_key = read_public_key(key) if key else None
    with waiting("verifying"):
        faults = verify(folder, public_key)
    for fault in faults:
        print(fault)
    if faults:
        return 1
    manifest = open_release(folder).manifest
    signed = ", signed by this key" if key else ""
    print(f"{folder}: whole, {manifest.quads:,} statements, sha256 {manifest.sha256}{signed}")
    return 0
