"""Load a release into a remote engine by the SPARQL 1.1 Graph Store HTTP Protocol."""

from __future__ import annotations

import io
import re
import tempfile
from collections import defaultdict
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests
from pyoxigraph import DefaultGraph, Literal

from unicef_linked.errors import EngineUnavailable, UnusableInput
from unicef_linked.http_client import reason
from unicef_linked.rdf.formats import NTRIPLES
from unicef_linked.store.remote import Endpoint, open_session, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

_ENDPOINTS: Final = (
    (r"/sparql-graph-crud(-auth)?/?$", "/sparql"),  # Virtuoso
    (r"/store/?$", "/query"),  # Oxigraph
    (r"/data/?$", "/sparql"),  # Jena Fuseki
    (r"/rdf-graphs/service/?$", ""),  # GraphDB, RDF4J
    (r"/sparql/gsp/?$", "/sparql"),  # Neptune
)
"""Path of a graph store (pattern) to the path of the query endpoint of the same engine."""
_BUFFER: Final = 16 << 20
"""Statements kept in memory before they are written to files (characters)."""
_TIMEOUTS: Final = (3.0, 3600.0)
"""Timeouts (s): to connect, and for the engine to load one graph."""
_COUNT_TIMEOUT: Final = 600.0
"""Timeout of counting and probing queries (s)."""
_UNION: Final = "union of all graphs"
"""Key of the union in ``_files``; no graph has this name, since it is not an IRI."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a transfer: ``done`` of ``total`` bytes; ``graph`` names the current graph."""

    graph: str
    number: int
    graphs: int
    done: int
    total: int


def find_endpoint(store: str) -> str | None:
    """Return the URL of the query endpoint beside a graph store, None for an unknown engine.

    >>> find_endpoint("http://localhost:8890/sparql-graph-crud-auth")
    'http://localhost:8890/sparql'
    """
    return next((re.sub(old, new, store) for old, new in _ENDPOINTS if re.search(old, store)), None)


def load(
    release: Release,
    store: str,
    endpoint: str | None,
    settings: Settings,
    report: Callable[[Progress | str], None],
) -> None:
    """Load a release: its named graphs and its default graph replace those of the same names.

    ``endpoint`` shows whether the engine's default graph is the union, and counts the statements.
    ``report`` receives progress and messages for the operator. Raises EngineUnavailable; raises
    UnusableInput when the engine refuses a graph or counts fewer statements than the release has.
    """
    with ExitStack() as stack:
        graphs = stack.enter_context(_Graphs(open_session(settings), store))
        files = stack.enter_context(_graph_files(release))
        queries = None
        if endpoint:
            queries = stack.enter_context(closing(Endpoint(endpoint, settings, {})))
        own = files.pop("", None)
        union = files.pop(_UNION, None)
        default_count = _count_lines(union or own)
        if union and queries and _is_union(graphs, queries, release.names.graph("load-probe")):
            report(
                "the engine's default graph is the union of its graphs: it is not loaded by itself"
            )
            union = None
        # The smallest first: it is sent twice when the server asks for credentials.
        uploads = sorted(files.items(), key=lambda item: item[1].stat().st_size)
        if default := union or own:
            uploads.append(("", default))
        _upload(graphs, uploads, report, may_lack_default=union is not None)
        if queries:
            _compare(release, queries, default_count, report)


def _upload(
    graphs: _Graphs,
    uploads: Sequence[tuple[str, Path]],
    report: Callable[[Progress | str], None],
    *,
    may_lack_default: bool,
) -> None:
    """Replace graphs by files; an engine that has no default graph of its own may refuse it."""
    total, done = sum(path.stat().st_size for _, path in uploads), 0
    for number, (name, path) in enumerate(uploads, start=1):
        start = Progress(name or "default graph", number, len(uploads), done, total)

        def on_read(size: int, start: Progress = start) -> None:
            report(replace(start, done=start.done + size))

        refusal = graphs.put(name, path, on_read)
        if refusal and not name and may_lack_default:
            report(
                f"the engine keeps no default graph of its own ({refusal}): "
                "see that it is the union of all"
            )
        elif refusal:
            raise UnusableInput(
                f"{graphs.name} does not take {name or 'the default graph'}: {refusal}"
            )
        done += path.stat().st_size


class _Graphs:
    """A client of one graph store."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self.name = shown(url)
        self._session, self._url = session, url

    def __enter__(self) -> _Graphs:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def put(self, name: str, path: Path, on_read: Callable[[int], None]) -> str:
        """Replace a graph ("": the default one) by N-Triples; return the refusal, or ""."""
        with _ReportingFile(path, on_read) as body:
            return self._request("PUT", name, body, {"Content-Type": NTRIPLES.media_type})

    def delete(self, name: str) -> str:
        """Delete a graph; return the refusal, or ""."""
        return self._request("DELETE", name, None, {})

    def _request(
        self, method: str, name: str, body: io.FileIO | None, headers: dict[str, str]
    ) -> str:
        # ``default=``, not ``default``: Virtuoso requires the equals sign.
        try:
            response = self._session.request(
                method,
                self._url,
                params={"graph": name} if name else {"default": ""},
                data=body,
                headers=headers,
                timeout=_TIMEOUTS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise EngineUnavailable(
                f"{self.name} cannot be reached: {reason(error)}; see that it runs"
            ) from None
        if response.status_code in {401, 403}:
            raise EngineUnavailable(
                f"{self.name} refuses us ({response.status_code}): "
                "set UNICEF_LINKED_ENGINE_USER and UNICEF_LINKED_ENGINE_PASSWORD "
                "to a user who may write"
            )
        if 300 <= response.status_code < 400:
            return f"it has moved to {response.headers.get('Location', '?')}"
        if response.ok:
            return ""
        message = " ".join(re.sub(r"(?s)<head.*?</head>|<[^>]*>", " ", response.text).split())
        return f"{response.status_code} {message[:300] or response.reason}"


class _ReportingFile(io.FileIO):
    """A file that reports the number of bytes read so far."""

    def __init__(self, path: Path, on_read: Callable[[int], None]) -> None:
        super().__init__(path)
        self._on_read = on_read

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(-1 if size is None else size)
        self._on_read(self.tell())
        return content or b""


class _GraphWriter:
    """Files of N-Triples in a folder, one for each graph; statements are buffered."""

    def __init__(self, folder: Path) -> None:
        self.paths: dict[str, Path] = {}
        self._folder, self._size = folder, 0
        self._pending: dict[str, list[str]] = defaultdict(list)

    def write(self, graph: str, line: str) -> None:
        self._pending[graph].append(line)
        self._size += len(line)
        if self._size > _BUFFER:
            self.flush()

    def flush(self) -> None:
        for graph, lines in self._pending.items():
            path = self.paths.setdefault(graph, self._folder / str(len(self.paths)))
            with path.open("a", encoding="utf-8") as file:
                file.writelines(lines)
        self._pending.clear()
        self._size = 0


@contextmanager
def _graph_files(release: Release) -> Iterator[dict[str, Path]]:
    """Write each graph of a release, and the union if it has one, to a file of N-Triples."""
    with tempfile.TemporaryDirectory(prefix="unicef-linked-") as folder:
        writer = _GraphWriter(Path(folder))
        last_triple = None
        for quad in release.quads():
            graph = "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value
            line = f"{quad.triple} .\n"
            writer.write(graph, line)
            # They are sorted: equal triples follow each other.
            if release.manifest.union and quad.triple != last_triple:
                writer.write(_UNION, line)
                last_triple = quad.triple
        writer.flush()
        yield writer.paths


def _is_union(graphs: _Graphs, endpoint: Endpoint, probe: str) -> bool:
    """Tell whether the default graph is the union, by a probe loaded into a named graph."""
    with tempfile.NamedTemporaryFile("w", suffix=".nt") as file:
        file.write(f"<{probe}> <{probe}> <{probe}> .\n")
        file.flush()
        refusal = graphs.put(probe, Path(file.name), lambda _: None)
    if refusal:
        raise UnusableInput(f"{graphs.name} does not take a graph: {refusal}")
    try:
        return endpoint.ask(f"ASK {{ <{probe}> ?p ?o }}", timeout=_COUNT_TIMEOUT)
    finally:
        graphs.delete(probe)


def _count_lines(path: Path | None) -> int:
    if path is None:
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _compare(
    release: Release,
    endpoint: Endpoint,
    default_count: int,
    report: Callable[[Progress | str], None],
) -> None:
    """Compare the engine's counts with the release's; report graphs of older releases."""

    def count(query: str) -> dict[str, int]:
        rows = endpoint.select(query, timeout=_COUNT_TIMEOUT, ceiling=1 << 30)
        return {
            getattr(row.get("g"), "value", ""): int(row["n"].value)
            for row in rows
            if isinstance(row["n"], Literal)
        }

    expected = {name: number for name, number in release.manifest.graphs.items() if name}
    counts = count("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    for name, number in expected.items():
        if counts.get(name, 0) != number:
            raise UnusableInput(
                f"{name} has {number:,} statements, the engine counts {counts.get(name, 0):,}"
            )
    counted = count("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[""]
    if counted < default_count:  # there may be more: the engine's own statements, or other datasets
        raise UnusableInput(
            f"the default graph has {default_count:,} statements, the engine counts {counted:,}"
        )
    own = release.names.graph("")
    older = sorted(name for name in counts.keys() - expected if name.startswith(own))
    if older:
        report(f"not of this release, and still there: {', '.join(older)}")
