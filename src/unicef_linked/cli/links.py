"""``unicef-linked links check``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options
from unicef_linked.cli.progress import Progress
from unicef_linked.cli.releases import chosen_release
from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.links import Finding


@click.command("links", cls=options.Command)
@click.argument("action", type=options.OneOf(("check",)), metavar="check", expose_value=False)
@options.release
@click.option(
    "--state",
    type=options.PATH,
    metavar="FILE",
    help="write down what was found, and go on from there",
)
@click.option("--host", metavar="HOST", help="only links to this host and those below it")
@click.option(
    "--delay",
    type=options.seconds,
    default="1.0",
    metavar="SECONDS",
    help="between two requests to a host",
)
@click.option("--format", "style", type=options.OneOf(("text", "json")), default="text")
def command(
    release: Path | None, state: Path | None, host: str | None, delay: float, style: str
) -> int:
    """Ask each outgoing link over HTTP; report what has moved or died."""
    from unicef_linked.http_client import Politeness
    from unicef_linked.links import WRONG, checking, outgoing

    chosen = chosen_release(release)
    found = outgoing(chosen.quads(), chosen.manifest.base_iri, host)
    if not found:
        raise UnusableInput(
            f"no link of the release leads to {host or 'another site'}; nothing was asked"
        )
    number = 0
    with closing(Progress("checking")) as progress:

        def report(finding: Finding) -> None:
            nonlocal number
            number += 1
            line = f"{number} of at most {len(found)}: {finding.state} {finding.url}"
            progress.show(number, len(found), line, finding.url)

        findings = checking.check(found, Politeness(delay=delay), state, report)
    several = len({link.host for link in found}) > 1
    if several and all(finding.status is None for finding in findings):
        raise UnusableInput("not one host answered; see that this machine reaches the network")
    print(checking.write(findings, found, style))
    return 1 if any(finding.state in WRONG for finding in findings) else 0
