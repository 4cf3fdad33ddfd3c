"""``unicef-linked validate``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options
from unicef_linked.cli.options import PATH, Command, OneOf
from unicef_linked.cli.output import remarks
from unicef_linked.cli.progress import staged
from unicef_linked.config import terminal_language
from unicef_linked.rdf.iris import Names

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from unicef_linked.validation.report import Report, Result


@click.command("validate", cls=Command)
@click.argument("paths", nargs=-1, type=PATH, metavar="[PATH]...")
@options.shapes
@click.option(
    "--ontology",
    type=PATH,
    metavar="PATH",
    help="ontology to use; default: the packaged one, but none for a PATH with --shapes",
)
@click.option(
    "--after",
    type=PATH,
    metavar="DIR",
    help="the release that the data follows: what it has and the data has not is named",
)
@click.option(
    "--source",
    "page",
    type=PATH,
    metavar="PAGE",
    help="text of a source: its digest, ranges, numbers and names are compared with the claims",
)
@click.option("--format", "style", type=OneOf(("text", "turtle", "json")), default="text")
@click.option("--all", "everything", is_flag=True, help="also results that follow from others")
def command(
    paths: tuple[Path, ...],
    shapes: tuple[Path, ...],
    ontology: Path | None,
    after: Path | None,
    page: Path | None,
    style: str,
    *,
    everything: bool,
) -> int:
    """Check data against the shapes (SHACL).

    PATH is a file or folder of RDF; default: the packaged dataset.
    """
    from dataclasses import replace

    from unicef_linked.build import Content, validate
    from unicef_linked.release import open_whole_release

    content = Content.packaged()
    context: tuple[Path, ...] = ()
    if paths:
        if not shapes and all(path.is_file() for path in paths):
            # A file of a dataset refers to the others; a folder is a dataset of its own.
            context = content.data
        content = replace(content, data=paths)
    if shapes:
        content = replace(content, shapes=shapes)
    if shapes and paths:
        content = replace(content, ontology=())
    if ontology:
        content = replace(content, ontology=(ontology,))
    with remarks() as remark, staged("validating") as progress:
        older = open_whole_release(after) if after else None
        report = validate(
            content, context, older=older, page=page, remark=remark, progress=progress
        )
    print_report(report, style, sys.stdout, everything=everything)
    return 0 if report.conforms else 1


def print_report(report: Report, style: str, out: TextIO, *, everything: bool = False) -> None:
    """Print a SHACL report: for people, as Turtle, or as JSON.

    For people, results that follow from others are only counted, unless ``everything`` is asked.
    """
    from dataclasses import asdict

    names = Names(declared=report.prefixes)
    if style == "turtle":
        print(report.turtle(names).decode(), file=out)
    elif style == "json":
        results = [
            asdict(result) | {"messages": dict(result.messages)} for result in report.results
        ]
        body = {"conforms": report.conforms, "results": results}
        print(json.dumps(body, ensure_ascii=False, indent=2), file=out)
    else:
        for result in report.results:
            if everything or not result.follows:
                print(_describe(result, names), file=out)
        following = 0 if everything else sum(result.follows for result in report.results)
        if following:
            print(
                f"{following} more follow{'s' if following == 1 else ''} from these: "
                "mend them first, or see all with --all",
                file=out,
            )
        print(_summarize(report), file=out)


def _describe(result: Result, names: Names) -> str:
    place = ":".join(str(part) for part in (result.file, result.line) if part)
    parts = [names.shorten(result.focus_node)]
    if result.path:
        parts.append(names.shorten(result.path))
    if result.value and result.value != result.focus_node:
        parts.append(f"value {result.value!r}")
    head = f"{place}: " if place else ""
    return (
        f"{head}{result.severity}: {' · '.join(parts)}\n    {result.message(terminal_language())}"
    )


def _summarize(report: Report) -> str:
    from unicef_linked.validation.report import SEVERITIES

    counts = []
    for severity in SEVERITIES:
        number = report.count(severity)
        if number or severity == "Violation":
            counts.append(f"{number} {severity.lower()}{'s' if number != 1 else ''}")
    return f"{'conforms' if report.conforms else 'does not conform'}: {', '.join(counts)}"
