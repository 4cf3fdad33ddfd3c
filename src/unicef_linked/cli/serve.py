"""``unicef-linked serve``."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unicef_linked import log
from unicef_linked.cli import options
from unicef_linked.cli.options import PATH, Command
from unicef_linked.cli.output import remarks, warn
from unicef_linked.cli.progress import staged
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings
from unicef_linked.errors import UnusableInput
from unicef_linked.memory import use_one_arena

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release


@click.command("serve", cls=Command)
@options.release
@click.option(
    "--data", type=PATH, metavar="PATH", help="any folder or file of RDF, served as it is"
)
@click.option(
    "--union", is_flag=True, help="with --data: the default graph is the union of all graphs"
)
@click.option("--skip-bad", is_flag=True, help="with --data: leave out files that cannot be read")
@click.option("--title", default="", help="with --data: the title; default: that of the data")
@click.option("--description", default="", help="with --data: the description, likewise")
@click.option(
    "--license", type=options.iri, default="", metavar="IRI", help="with --data: the licence"
)
@click.option(
    "--map",
    "maps",
    type=options.mapping,
    multiple=True,
    metavar="IRI=PATH",
    help="answer for IRIs of another host that a proxy sends here, such as https://example.org/=/;"
    " also several times",
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
    default="auto",
    metavar="auto|memory|disk|URL",
    help="where the data is asked: in memory, in an index on disk (auto: whichever suits the size"
    " of the release), or at the SPARQL endpoint of an engine that holds it",
)
def command(
    release: Path | None,
    data: Path | None,
    union: bool,
    skip_bad: bool,
    maps: tuple[str, ...],
    host: str,
    port: int,
    workers: int,
    engine: str,
    **stated: str,
) -> int:
    """Answer over HTTP."""
    _check(release, data, engine, union=union, others=skip_bad or any(stated.values()))
    from unicef_linked.store.engines import EngineStart

    settings = _settings(maps, of_others=data is not None)
    use_one_arena()
    with ExitStack() as stack:
        if data:
            base_iri = _address(settings, host, port)
            served = stack.enter_context(_snapshot(data, base_iri, stated, union, skip_bad))
        else:
            served = chosen_release(release)
        _warn_of_overlaps(served, settings)
        log.configure(settings.log_format)
        start = stack.enter_context(closing(EngineStart(engine, served, settings)))
        from unicef_linked.web.server import serve  # takes as long as the engine

        serve(
            served,
            settings,
            host=host,
            port=port,
            workers=workers,
            engine=engine,
            start=start,
            reopen=partial(chosen_release, release) if release else None,
        )
    return 0


def _check(
    release: Path | None, data: Path | None, engine: str, *, union: bool, others: bool
) -> None:
    """Raise what is wrong with the engine's name, and with options that do not go together."""
    from unicef_linked.store.engines import check_engine

    check_engine(engine)
    if release and data:
        raise click.UsageError("--data is not allowed with --release: give one of the two")
    if union and not data:
        raise UnusableInput(
            "--union goes with --data: a release has the union as its default graph already"
        )
    if others and not data:
        raise UnusableInput(
            "--skip-bad, --title, --description and --license go with --data: a release says of"
            " itself what its data states"
        )


def _warn_of_overlaps(release: Release, settings: Settings) -> None:
    """Warn of IRIs that lead to a page of the program."""
    from unicef_linked.dataset import overlaps

    for sentence in overlaps.warnings(release, settings.mappings(release.names.base)):
        warn(sentence)


def _settings(maps: tuple[str, ...], *, of_others: bool) -> Settings:
    """Return the settings of the environment, with the options that replace some of them."""
    # Pages about data of others are in English where nothing else is asked for.
    defaults = {"UNICEF_LINKED_LANGUAGES": "en,fr"} if of_others else {}
    settings = read_settings({**defaults, **os.environ})
    return replace(settings, maps=maps) if maps else settings


@contextmanager
def _snapshot(
    data: Path, base_iri: str, stated: dict[str, str], union: bool, skip_bad: bool
) -> Iterator[Release]:
    """Give a release of data as it is, which is there until the end of the block."""
    from unicef_linked.build import Statement, snapshot

    with tempfile.TemporaryDirectory(prefix="unicef-linked-", ignore_cleanup_errors=True) as folder:
        with remarks() as remark, staged("reading") as progress:
            release = snapshot(
                [data],
                Path(folder) / "data",
                union=union,
                base_iri=base_iri,
                stated=Statement(**stated),
                skip_bad=skip_bad,
                remark=remark,
                progress=progress,
            )
        yield release


def _address(settings: Settings, host: str, port: int) -> str:
    """Return the address that identifies what is served: the public one, else the local one."""
    from unicef_linked.build import LOCAL_BASE

    if settings.public_url:
        return settings.public_url.rstrip("/") + "/"
    if not port or host in {"127.0.0.1", "0.0.0.0", "::", ""}:  # noqa: S104 - compared only
        return LOCAL_BASE if port in {0, 8000} else LOCAL_BASE.replace("8000", str(port))
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
