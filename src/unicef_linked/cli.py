"""validate · build · serve · load · query · export: each a few lines over a function of the layers below."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from unicef_linked import __version__
from unicef_linked.config import read_settings
from unicef_linked.errors import LinkedDataError, NotConforming, UnusableInput
from unicef_linked.rdf.iris import CANONICAL_BASE, Names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.build.validation import Report
    from unicef_linked.release import Release

EXPORTS: Final = {"nquads": "dataset.nq", "turtle": "dataset.ttl", "jsonld": "dataset.jsonld"}
OTHER_EXPORTS: Final = {"hxl": "3w.csv", "csv": "offices.csv", "geojson": "offices.geojson"}
QUERY_FORMATS: Final = (
    "table",
    "json",
    "xml",
    "csv",
    "tsv",
    "turtle",
    "ntriples",
    "rdfxml",
    "jsonld",
    "trig",
    "nquads",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 the data does not conform, 2 unusable input."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except NotConforming as error:
        _print_report(error.report, "text", Names(), sys.stderr)
        print(f"unicef-linked: {error}; nothing was written", file=sys.stderr)
        return 1
    except LinkedDataError as error:
        print(f"unicef-linked: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unicef-linked", description="Publish a folder of RDF as linked data.")
    parser.add_argument("--version", action="version", version=f"unicef-linked {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    validate = commands.add_parser("validate", help="check data against the shapes (SHACL)")
    validate.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files or folders of RDF; default: the packaged dataset"
    )
    validate.add_argument(
        "--shapes", type=Path, metavar="PATH", help="shapes to check against; default: the packaged ones"
    )
    validate.add_argument("--format", choices=("text", "turtle", "json"), default="text")
    validate.set_defaults(run=_validate)

    build = commands.add_parser("build", help="validate, derive, and write an immutable release")
    for name in ("data", "shapes", "ontology"):
        build.add_argument(f"--{name}", type=Path, metavar="PATH", help=f"{name} to use; default: the packaged {name}")
    build.add_argument(
        "--base-iri", type=_base_iri, default=CANONICAL_BASE, metavar="IRI", help="mint IRIs below this one"
    )
    build.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the release goes")
    build.set_defaults(run=_build)

    serve = commands.add_parser("serve", help="answer over HTTP")
    source = serve.add_mutually_exclusive_group()
    source.add_argument(
        "--release", type=Path, metavar="DIR", help="a release; default: the packaged dataset, built once"
    )
    source.add_argument("--data", type=Path, metavar="PATH", help="any folder or file of RDF, served as it is")
    serve.add_argument("--union", action="store_true", help="with --data: the default graph is the union of all graphs")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=8000)
    serve.add_argument("--workers", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N")
    serve.add_argument(
        "--engine",
        default="memory",
        metavar="memory|URL",
        help="where the data is asked: in memory, or the SPARQL endpoint of an engine that holds the release",
    )
    serve.set_defaults(run=_serve)

    load = commands.add_parser("load", help="put a release into an engine elsewhere, for serve --engine URL")
    load.add_argument(
        "--to", required=True, metavar="URL", help="its graph store (SPARQL 1.1 Graph Store HTTP Protocol)"
    )
    load.add_argument(
        "--endpoint", metavar="URL", help="its SPARQL endpoint, to count what arrived; default: beside it"
    )
    load.add_argument("--release", type=Path, metavar="DIR")
    load.set_defaults(run=_load)

    query = commands.add_parser("query", help="ask the packaged dataset, a release or an endpoint")
    query.add_argument("text", nargs="?", metavar="TEXT", help="a SPARQL query")
    query.add_argument("--file", type=Path, metavar="F", help="read the query from a file (- for standard input)")
    query.add_argument("--release", type=Path, metavar="DIR")
    query.add_argument("--endpoint", metavar="URL", help="ask this SPARQL endpoint instead")
    query.add_argument("--format", choices=QUERY_FORMATS, default="table")
    query.set_defaults(run=_query)

    export = commands.add_parser("export", help="write the dataset in one format, or one of its tables and maps")
    export.add_argument(
        "format",
        type=_export_format,
        metavar="FORMAT",
        help=f"{', '.join(EXPORTS)}; {', '.join(OTHER_EXPORTS)}; or a name below /export/, such as regions.csv",
    )
    export.add_argument("--out", type=Path, metavar="F", help="default: standard output")
    export.add_argument("--release", type=Path, metavar="DIR")
    export.set_defaults(run=_export)

    links = commands.add_parser("links", help="ask each outgoing link over HTTP; report what has moved or died")
    links.add_argument("action", choices=("check",))
    links.add_argument("--release", type=Path, metavar="DIR")
    links.add_argument("--state", type=Path, metavar="FILE", help="write down what was found, and go on from there")
    links.add_argument("--host", help="only links to this host and those below it")
    links.add_argument("--delay", type=_seconds, default=1.0, metavar="SECONDS", help="between two requests to a host")
    links.add_argument("--format", choices=("text", "json"), default="text")
    links.set_defaults(run=_links)

    mcp = commands.add_parser("mcp", help="offer the dataset as tools to a language model (Model Context Protocol)")
    mcp.add_argument("--release", type=Path, metavar="DIR")
    mcp.set_defaults(run=_mcp)

    table = commands.add_parser("reconcile", help="add identifiers to a table, by the names in one of its columns")
    table.add_argument("file", type=Path, metavar="FILE.csv", help="with ; , or tabs, in UTF-8 or Latin-1")
    table.add_argument("--column", required=True, metavar="NAME", help="the column with the names or codes")
    table.add_argument("--type", metavar="TYPE", help="what the column names, such as region, office or sector")
    table.add_argument("--out", type=Path, metavar="F", help="default: standard output")
    table.add_argument("--release", type=Path, metavar="DIR")
    table.set_defaults(run=_reconcile)
    return parser


def _base_iri(text: str) -> str:
    if not text.startswith(("http://", "https://")) or text[-1] != "/" or set(text) & set(' <>"{}|^`\\'):
        raise argparse.ArgumentTypeError(f"{text!r} is not an http(s) IRI that ends in /")
    return text


def _export_format(text: str) -> str:
    from unicef_linked import exports

    known = (*EXPORTS, *OTHER_EXPORTS, *(export.name for export in exports.EXPORTS))
    if text not in known:
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r} (choose from {', '.join(known)})")
    return OTHER_EXPORTS.get(text, text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _validate(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from unicef_linked.build import Content, validate

    content = Content.packaged()
    context: tuple[Path, ...] = ()
    if options.paths:
        if not options.shapes and all(path.is_file() for path in options.paths):
            context = content.data  # a file of a dataset leans on the others; a folder stands for itself
        content = replace(content, data=tuple(options.paths))
    if options.shapes:
        content = replace(content, shapes=(options.shapes,))
    report = validate(content, context)
    _print_report(report, options.format, Names(), sys.stdout)
    return 0 if report.conforms else 1


def _print_report(report: Report, style: str, names: Names, out: object) -> None:
    """Print a SHACL report: for people, as Turtle, or as JSON."""
    from dataclasses import asdict

    def show(text: str) -> None:
        print(text, file=out)  # type: ignore[call-overload]

    if style == "turtle":
        show(report.turtle(names).decode())
    elif style == "json":
        results = [asdict(result) | {"messages": dict(result.messages)} for result in report.results]
        show(json.dumps({"conforms": report.conforms, "results": results}, ensure_ascii=False, indent=2))
    else:
        language = "fr" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("fr") else "en"
        for result in report.results:
            place = ":".join(str(part) for part in (result.file, result.line) if part)
            parts = [names.shorten(result.focus_node)]
            parts += [names.shorten(result.path)] if result.path else []
            parts += [f"value {result.value!r}"] if result.value and result.value != result.focus_node else []
            show(
                f"{place + ': ' if place else ''}{result.severity}: {' · '.join(parts)}\n    {result.message(language)}"
            )
        counts = ", ".join(
            f"{number} {severity.lower()}{'s' if number != 1 else ''}"
            for severity in ("Violation", "Warning", "Info")
            if (number := report.count(severity)) or severity == "Violation"
        )
        show(f"{'conforms' if report.conforms else 'does not conform'}: {counts}")


def _build(options: argparse.Namespace) -> int:
    from unicef_linked.build import Content, build

    packaged = Content.packaged()
    content = Content(
        (options.data,) if options.data else packaged.data,
        (options.shapes,) if options.shapes else packaged.shapes,
        (options.ontology,) if options.ontology else packaged.ontology,
        packaged.rules,
    )
    release = build(content, options.out, options.base_iri)
    manifest = release.manifest
    print(f"{options.out}: {manifest.quads:,} statements in {len(manifest.graphs)} graphs, sha256 {manifest.sha256}")
    return 0


def packaged_release() -> Release:
    """Return the release of the packaged dataset, built when this content was not built here before.

    Kept under ``$XDG_CACHE_HOME/unicef-linked``, by the digest of everything that went into it.
    """
    from unicef_linked.build import Content, build
    from unicef_linked.release import open_release

    content = Content.packaged()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "unicef-linked"
    path = home / content.fingerprint()[:16]
    try:
        return open_release(path)
    except UnusableInput:
        pass
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="unicef-linked-")) / "release"
    print("unicef-linked: building the packaged dataset (once) …", file=sys.stderr, flush=True)
    return build(content, path)


def _chosen_release(options: argparse.Namespace) -> Release:
    from unicef_linked.release import open_release

    return open_release(options.release) if options.release else packaged_release()


def _serve(options: argparse.Namespace) -> int:
    from unicef_linked.store.engines import check_engine
    from unicef_linked.web.server import serve

    settings = read_settings(os.environ)
    if options.union and not options.data:
        raise UnusableInput("--union goes with --data: a release has the union as its default graph already")
    check_engine(options.engine)
    temporary = tempfile.mkdtemp(prefix="unicef-linked-") if options.data else None
    try:
        if temporary:
            from unicef_linked.build import snapshot

            release = snapshot([options.data], Path(temporary) / "data", union=options.union)
        else:
            release = _chosen_release(options)
        serve(
            release,
            settings,
            host=options.host,
            port=options.port,
            workers=options.workers,
            engine=options.engine,
        )
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
    return 0


def _load(options: argparse.Namespace) -> int:
    from unicef_linked.store.graph_store import Progress, find_endpoint, load

    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else 0
    last = ""

    def report(progress: Progress | str) -> None:
        """On a terminal one line that grows; elsewhere a line for each graph."""
        nonlocal last
        if isinstance(progress, str):
            print(f"\nunicef-linked: {progress}" if width and last else f"unicef-linked: {progress}", file=sys.stderr)
            return
        share = 100 * progress.done // max(1, progress.total)
        line = f"graph {progress.number} of {progress.graphs}, {share} %: {progress.graph}"
        if width:
            print(f"\r{line[: width - 1]:<{width - 1}}", end="", file=sys.stderr, flush=True)
        elif progress.graph != last:
            print(line, file=sys.stderr, flush=True)
        last = progress.graph

    release = _chosen_release(options)
    endpoint = options.endpoint or find_endpoint(options.to)
    try:
        load(release, options.to, endpoint, read_settings(os.environ), report)
    finally:
        if width and last:
            print(file=sys.stderr)
    manifest = release.manifest
    counted = f"counted at {endpoint}" if endpoint else "not counted: give --endpoint to have the engine count them"
    print(f"{options.to}: {manifest.quads:,} statements in {len(manifest.graphs)} graphs, {counted}")
    return 0


def _query(options: argparse.Namespace) -> int:
    from unicef_linked import asking

    if (options.text is None) == (options.file is None):
        raise UnusableInput("give the query as TEXT or with --file F, one of the two")
    text = options.text
    if options.file:
        try:
            text = sys.stdin.read() if str(options.file) == "-" else options.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableInput(f"{options.file} cannot be read: {error}") from None
    if options.endpoint:
        chunks = asking.ask_endpoint(options.endpoint, text, options.format, read_settings(os.environ))
    else:
        chunks = iter([asking.ask_release(_chosen_release(options), text, options.format)])
    last = b""
    for last in filter(None, chunks):
        sys.stdout.buffer.write(last)
    if not last.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    return 0


def _export(options: argparse.Namespace) -> int:
    release = _chosen_release(options)
    dump = EXPORTS.get(options.format)
    source = (release.path / "dumps" / dump).open("rb") if dump else io.BytesIO(_written(options.format, release))
    with source:
        if options.out is None:
            shutil.copyfileobj(source, sys.stdout.buffer)
            return 0
        partial = options.out.with_name(f".{options.out.name}.partial")
        try:
            with partial.open("wb") as file:
                shutil.copyfileobj(source, file)
            partial.replace(options.out)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise UnusableInput(f"{options.out} cannot be written: {error.strerror}") from None
    return 0


def _written(name: str, release: Release) -> bytes:
    from unicef_linked import exports
    from unicef_linked.store.embedded import Embedded

    export = exports.by_name(name)
    assert export is not None
    return export.write(Embedded(release, "", read_settings(os.environ)), release.names)  # asks nothing of a stranger's


def _reconcile(options: argparse.Namespace) -> int:
    from unicef_linked.lookup import csv_table as tables
    from unicef_linked.lookup.index import build
    from unicef_linked.lookup.matching import Reconciler

    table = tables.read_table(options.file)
    table.column(options.column)  # before anything that takes time
    release = _chosen_release(options)
    reconciler = Reconciler(build(release.quads(), release.names))
    types = [tables.choose_type(options.type, reconciler)] if options.type else []

    def report(done: int, total: int) -> None:
        """On a terminal one line that grows; elsewhere one now and then."""
        line = f"{done:,} of {total:,} rows"
        if sys.stderr.isatty():
            print(f"\r{line}", end="\n" if done == total else "", file=sys.stderr, flush=True)
        elif done == total or (done and done % 10_000 == 0):
            print(line, file=sys.stderr, flush=True)

    answer, summary = tables.reconcile(table, options.column, reconciler, types, _language(), report)
    content = tables.write_table(answer, mark=options.out is not None)
    if options.out is None:
        sys.stdout.buffer.write(content)
    else:
        partial = options.out.with_name(f".{options.out.name}.partial")
        try:
            partial.write_bytes(content)
            partial.replace(options.out)
        except OSError as error:
            raise UnusableInput(f"{options.out} cannot be written: {error.strerror}") from None
    print(tables.tell(summary), file=sys.stderr)
    return 0


def _language() -> str:
    """Return the language of whoever sits at the terminal."""
    return "fr" if os.environ.get("LC_ALL", os.environ.get("LANG", "")).startswith("fr") else "en"


def _links(options: argparse.Namespace) -> int:
    from unicef_linked import links

    release = _chosen_release(options)
    found = links.outgoing(release.quads(), release.manifest.base_iri, options.host)
    if not found:
        raise UnusableInput(f"no link of the release leads to {options.host or 'another site'}; nothing was asked")
    number, width = 0, shutil.get_terminal_size().columns if sys.stderr.isatty() else 0

    def report(finding: links.Finding) -> None:
        """On a terminal one line that changes, elsewhere a line for each finding."""
        nonlocal number
        number += 1
        line = f"{number} of at most {len(found)}: {finding.state} {finding.url}"
        if width:
            print(f"\r{line[: width - 1]:<{width - 1}}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    try:
        findings = links.check(found, links.Manners(delay=options.delay), options.state, report)
    finally:
        if width and number:
            print(file=sys.stderr)
    if len({link.host for link in found}) > 1 and all(finding.status is None for finding in findings):
        raise UnusableInput("not one host answered; see that this machine reaches the network")
    print(links.write(findings, found, options.format))
    return 1 if any(finding.state in links.WRONG for finding in findings) else 0


def _mcp(options: argparse.Namespace) -> int:
    from unicef_linked.mcp import running

    with running(_chosen_release(options), read_settings(os.environ)) as server:
        server.run("stdio")
    return 0
