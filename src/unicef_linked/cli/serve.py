"""``unicef-linked serve``."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click

from unicef_linked.cli import options
from unicef_linked.cli.options import PATH, Command
from unicef_linked.cli.output import warn
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings
from unicef_linked.errors import UnusableInput


@click.command("serve", cls=Command)
@options.release
@click.option(
    "--data", type=PATH, metavar="PATH", help="any folder or file of RDF, served as it is"
)
@click.option(
    "--union", is_flag=True, help="with --data: the default graph is the union of all graphs"
)
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=options.port, default="8000", metavar="PORT")
@click.option(
    "--workers",
    type=options.positive,
    default=lambda: str(len(os.sched_getaffinity(0))),
    metavar="N",
    help="web worker processes; default: one per core",
)
@click.option(
    "--engine",
    default="memory",
    metavar="memory|disk|URL",
    help="where the data is asked: in memory, in an index on disk, or at the SPARQL endpoint of an"
    " engine that holds the release",
)
def command(
    release: Path | None,
    data: Path | None,
    union: bool,
    host: str,
    port: int,
    workers: int,
    engine: str,
) -> int:
    """Answer over HTTP."""
    if release and data:
        raise click.UsageError("--data is not allowed with --release: give one of the two")

    from unicef_linked.store.engines import check_engine
    from unicef_linked.web.server import serve

    settings = read_settings()
    if union and not data:
        raise UnusableInput(
            "--union goes with --data: a release has the union as its default graph already"
        )
    check_engine(engine)
    with ExitStack() as stack:
        if data:
            from unicef_linked.build import snapshot

            temporary = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="unicef-linked-", ignore_cleanup_errors=True)
            )
            served = snapshot([data], Path(temporary) / "data", union=union, remark=warn)
        else:
            served = chosen_release(release)
        serve(
            served,
            settings,
            host=host,
            port=port,
            workers=workers,
            engine=engine,
            reopen=partial(chosen_release, release) if release else None,
        )
    return 0
