"""One query from the command line: of a release or of an endpoint, as a table or in a standard format."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import prettytable
import pyoxigraph as ox
import requests

from unicef_linked.errors import QueryError, UnusableInput
from unicef_linked.formats import GRAPH_FORMATS, SOLUTION_FORMATS, Format, by_name
from unicef_linked.iris import Names
from unicef_linked.store.loading import load_release
from unicef_linked.store.query import check, malformed
from unicef_linked.writing import write_rdf

if TYPE_CHECKING:
    from unicef_linked.release import Release

_TOO_LONG = 10_000_000


def _wanted(name: str) -> tuple[Format | None, Format | None]:
    """Return the formats for solutions and for a graph that ``--format`` means; a table is made from JSON, or Turtle."""
    if name == "table":
        return by_name("json", SOLUTION_FORMATS), by_name("turtle", GRAPH_FORMATS)
    return by_name(name, SOLUTION_FORMATS), by_name(name, GRAPH_FORMATS)


def ask_release(release: Release, text: str, style: str) -> bytes:
    """Return the answer of a release. Raises MalformedQuery, QueryRefused, or UnusableInput for a format of the other kind."""
    check(text, max_length=_TOO_LONG)
    try:
        answer = load_release(release).query(text)
    except SyntaxError as error:
        raise malformed(str(error), text) from None
    solutions, graph = _wanted(style)
    is_graph = isinstance(answer, ox.QueryTriples)
    chosen = graph if is_graph else solutions
    if chosen is None:
        kind = "a graph" if is_graph else "solutions"
        known = [f.name for f in (GRAPH_FORMATS if is_graph else SOLUTION_FORMATS)]
        raise UnusableInput(f"--format {style} does not fit: this query answers with {kind}; use {', '.join(known)}")
    if isinstance(answer, ox.QueryTriples):
        return write_rdf(list(answer), chosen.rdf, release.names.prefixes)
    content = answer.serialize(format=chosen.results)
    assert content is not None
    return table(json.loads(content), release.names) if style == "table" else content


def ask_endpoint(url: str, text: str, style: str) -> bytes:
    """Return the answer of a SPARQL 1.1 Protocol endpoint. Raises UnusableInput or QueryError with what it said."""
    solutions, graph = _wanted(style)
    accept = ", ".join(f"{f.media_type};q={q}" for f, q in ((solutions, 1.0), (graph, 0.9)) if f)
    try:
        response = requests.post(url, data={"query": text}, headers={"Accept": accept}, timeout=(10, 120))
    except requests.RequestException as error:
        raise UnusableInput(f"{url} cannot be asked: {error.__class__.__name__}; check the address") from None
    if not response.ok:
        kind = response.headers.get("Content-Type", "")
        detail = response.json().get("detail") if "json" in kind else response.text
        raise QueryError(f"{url} answered {response.status_code}: {str(detail).strip()[:500]}")
    if style == "table" and "json" in response.headers.get("Content-Type", ""):
        return table(response.json(), Names())
    return response.content


def table(results: dict[str, Any], names: Names) -> bytes:
    """Return SPARQL Results JSON as a text table; IRIs shortened by our prefixes, as wide as the terminal at most."""
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
