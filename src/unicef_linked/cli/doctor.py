"""``unicef-linked doctor``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options
from unicef_linked.cli.options import Command, OneOf
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command("doctor", cls=Command)
@options.release
@click.option("--url", metavar="URL", help="a running service, as the public asks it")
@click.option(
    "--workers",
    type=options.positive,
    default=lambda: str(len(os.sched_getaffinity(0))),
    metavar="N",
    help="web workers that serve runs; default: one per core",
)
@click.option("--engine", default="auto", metavar="auto|memory|disk|URL", help="as serve has it")
@click.option("--format", "form", type=OneOf(("text", "json")), default="text")
def command(release: Path | None, url: str | None, workers: int, engine: str, form: str) -> int:
    """Check a deployment, and say what to do.

    Run it on the machine of the service, as its user and with its settings. Exit status 1 means
    that something is wrong; warnings leave it at 0.
    """
    from unicef_linked import doctor
    from unicef_linked.store.engines import check_engine, chosen_engine

    settings = read_settings()
    check_engine(engine)
    chosen = chosen_release(release)
    engine = chosen_engine(engine, chosen)
    findings = [
        *doctor.check_release(chosen),
        *doctor.check_limits(),
        *doctor.check_disk(chosen),
        *doctor.check_memory(chosen, settings, workers),
        *doctor.check_processors(settings),
    ]
    if engine not in {"memory", "disk"}:
        findings += doctor.check_engine(engine, chosen, settings)
    if url or settings.public_url:
        findings += doctor.check_service(url or settings.public_url, settings)
    if form == "json":
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(finding)
    return 1 if doctor.worst(findings) == "fault" else 0
