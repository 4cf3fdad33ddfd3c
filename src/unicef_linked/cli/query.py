"""``unicef-linked query``: a query of a release or an endpoint, as a table or a standard format."""

from __future__ import annotations

import codecs
import json
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click
import prettytable
import pyoxigraph as ox

from unicef_linked import addresses
from unicef_linked.cli import options
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings
from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format, by_name
from unicef_linked.rdf.iris import Names, declared_prefixes
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.store import Answer
from unicef_linked.store.evaluation import Dataset, query_dataset
from unicef_linked.store.loading import load_release
from unicef_linked.store.query import (
    BYTE_ORDER_MARK,
    GRAPH_FORMS,
    Query,
    check,
    dataset_clauses,
    form_of,
    malformed,
)
from unicef_linked.store.remote import Endpoint, shown
from unicef_linked.store.xml_answers import check_xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

FORMATS: Final = ("table", *(offer.name for offer in (*SOLUTION_FORMATS, *GRAPH_FORMATS)))
_TOO_LONG: Final = 10_000_000
"""Most characters of a query; a longer one is refused."""
_MOST_OF_A_TABLE: Final = 64 << 20
"""Most bytes of an endpoint's answer that is shown as a table: it is held in memory whole."""
_PATIENCE: Final = 600.0
"""Deadline (s) for the answer of an endpoint: long, since the user can stop the command."""


@click.command("query", cls=options.Command)
@click.argument("text", required=False, metavar="[TEXT]")
@click.option(
    "--file",
    type=options.PATH,
    metavar="F",
    help="read the query from a file (- for standard input)",
)
@options.release
@click.option("--endpoint", metavar="URL", help="ask this SPARQL endpoint instead")
@click.option("--format", "style", type=options.OneOf(FORMATS), default="table")
def command(
    text: str | None, file: Path | None, release: Path | None, endpoint: str | None, style: str
) -> int:
    """Ask the packaged dataset, a release or an endpoint.

    TEXT is a SPARQL query.
    """
    query = _read_query(text, file)
    if endpoint:
        chunks = ask_endpoint(endpoint, query, style, read_settings())
    else:
        chunks = iter([ask_release(chosen_release(release), query, style)])
    last = b""
    for last in filter(None, chunks):
        sys.stdout.buffer.write(last)
    if not last.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    return 0


def _read_query(text: str | None, file: Path | None) -> str:
    """Return the query without a byte order mark."""
    if text is None and file is not None:
        try:
            content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            raise UnusableInput(f"{file} cannot be read: {error}") from None
        text = _decode(content, "standard input" if str(file) == "-" else str(file))
    elif text is None or file is not None:
        raise UnusableInput("give the query as TEXT or with --file F, one of the two")
    return text.removeprefix(BYTE_ORDER_MARK)


def _decode(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        fault = "it is UTF-16" if is_utf_16 else f"byte {error.start} cannot be decoded"
        raise UnusableInput(f"{name} is not UTF-8: {fault}; save it as UTF-8") from None


def _result_formats(name: str) -> tuple[Format | None, Format | None]:
    """Return the formats of solutions and of a graph that ``--format`` means.

    A table is made from JSON; a graph is shown as Turtle then.
    """
    if name == "table":
        return by_name("json", SOLUTION_FORMATS), by_name("turtle", GRAPH_FORMATS)
    return by_name(name, SOLUTION_FORMATS), by_name(name, GRAPH_FORMATS)


def ask_release(release: Release, text: str, style: str) -> bytes:
    """Return the answer of a release.

    Raises MalformedQuery, QueryRefused, UnusableInput for a format of the other kind, Unwritable or
    NotAcceptable for one that cannot express the answer.
    """
    check(text, max_length=_TOO_LONG)
    names = _names(text, release.names)
    base = addresses.absolute(release.names.base, addresses.SPARQL)
    try:
        store = load_release(release)
        answer = query_dataset(Dataset(store, store), text, dataset_clauses(text, base), base=base)
    except SyntaxError as error:
        raise malformed(str(error), text, names.prefixes) from None
    solutions, graph = _result_formats(style)
    is_graph = isinstance(answer, ox.QueryTriples)
    chosen = graph if is_graph else solutions
    if chosen is None:
        raise _misfit(style, GRAPH_FORMATS if is_graph else SOLUTION_FORMATS)
    if isinstance(answer, ox.QueryTriples):
        return write_rdf(list(answer), chosen.rdf, names.prefixes)
    content = check_xml(Answer(chosen, answer.serialize(format=chosen.results), iter(()))).whole
    assert content is not None
    return table(json.loads(content), names) if style == "table" else content


def _names(text: str, names: Names) -> Names:
    """Return names that are shortened by a query's own prefixes, then by those of ``names``."""
    own = declared_prefixes(text)
    others = {name: iri for name, iri in names.declared.items() if name not in own}
    return replace(names, declared=own | others)


def _misfit(style: str, formats: Sequence[Format]) -> UnusableInput:
    kind = "a graph" if formats == GRAPH_FORMATS else "solutions"
    names = ", ".join(offer.name for offer in formats)
    return UnusableInput(
        f"--format {style} does not fit: this query answers with {kind}; use {names}"
    )


def ask_endpoint(url: str, text: str, style: str, settings: Settings) -> Iterator[bytes]:
    """Yield the answer of a SPARQL 1.1 Protocol endpoint as it comes; a table when it is whole.

    Raises the QueryErrors, or UnusableInput for a format of the other kind.
    """
    solutions, graph = _result_formats(style)
    is_graph = form_of(text) in GRAPH_FORMS
    if (graph if is_graph else solutions) is None:
        raise _misfit(style, GRAPH_FORMATS if is_graph else SOLUTION_FORMATS)
    names = _names(text, Names())
    with closing(Endpoint(url, settings, names.prefixes)) as endpoint:
        answer = endpoint.answer(
            Query(text, base=shown(url)),
            solutions=solutions,
            graph=graph,
            timeout=_PATIENCE,
            ceiling=_MOST_OF_A_TABLE if style == "table" else sys.maxsize,
        )
        chunks = answer.chunks if answer.whole is None else iter([answer.whole])
        if style == "table" and answer.format == solutions:
            chunks = iter([table(json.loads(b"".join(chunks)), names)])
        yield from chunks


def table(results: dict[str, Any], names: Names) -> bytes:
    """Return SPARQL Results JSON as a text table, at most as wide as the terminal.

    IRIs are shortened by our prefixes.
    """
    if "boolean" in results:
        return str(results["boolean"]).lower().encode()
    variables: list[str] = results["head"]["vars"]
    shown = prettytable.PrettyTable(variables or ["(no variables)"])
    shown.set_style(prettytable.TableStyle.SINGLE_BORDER)
    shown.align = "l"
    shown.max_table_width = max(60, shutil.get_terminal_size((200, 24)).columns)
    for row in results["results"]["bindings"]:
        shown.add_row([_cell(row.get(name), names) for name in variables] or [""])
    count = len(results["results"]["bindings"])
    return f"{shown.get_string()}\n{count} row{'s' if count != 1 else ''}".encode()


def _cell(term: dict[str, str] | None, names: Names) -> str:
    if term is None:
        return ""
    if term["type"] == "uri":
        return names.shorten(term["value"])
    if term["type"] == "bnode":
        return f"_:{term['value']}"
    return term["value"] + (f" @{term['xml:lang']}" if "xml:lang" in term else "")
