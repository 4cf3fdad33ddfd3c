"""Load a release into a remote engine by the SPARQL 1.1 Graph Store HTTP Protocol."""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import requests
from pyoxigraph import DefaultGraph, Literal

from unicef_linked.errors import EngineUnavailable, UnusableInput
from unicef_linked.http_client import reason
from unicef_linked.rdf.formats import NTRIPLES
from unicef_linked.store.remote import Endpoint, open_session, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
"""Statements kept in memory before they are written to the files (characters)."""
_PATIENCE: Final = (3.0, 3600.0)
"""Timeouts (s): to connect, and for the engine to load one graph."""
_COUNTING: Final = 600.0
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
    with _Graphs(open_session(settings), store) as graphs, _files(release) as files:
        asked = Endpoint(endpoint, settings, {}) if endpoint else None
        own = files.pop("", None)
        union = files.pop(_UNION, None)
        default = _count_lines(union or own)
        if union and asked and _is_union(graphs, asked, release.names.graph("load-probe")):
            report(
                "the engine's default graph is the union of its graphs: it is not loaded by itself"
            )
            union = None
        # The smallest first: it is sent twice when the server asks for credentials.
        wanted = [*sorted(files.items(), key=lambda item: item[1].stat().st_size)]
        wanted += [("", path) for path in (union or own,) if path]
        total, done = sum(path.stat().st_size for _, path in wanted), 0
        for number, (name, path) in enumerate(wanted, start=1):

            def sent(size: int, name: str = name, number: int = number, done: int = done) -> None:
                report(Progress(name or "default graph", number, len(wanted), done + size, total))

            problem = graphs.put(name, path, sent)
            if problem and not name and union:
                report(
                    f"the engine keeps no default graph of its own ({problem}): see that it is the union of all"
                )
            elif problem:
                raise UnusableInput(
                    f"{graphs.name} does not take {name or 'the default graph'}: {problem}"
                )
            done += path.stat().st_size
        if asked:
            _compare(release, asked, default, report)
            asked.close()


class _Graphs:
    """A client of one graph store."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self.name = shown(url)
        self._session, self._url = session, url

    def __enter__(self) -> _Graphs:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def put(self, name: str, path: Path, sent: Callable[[int], None]) -> str:
        """Replace a graph ("": the default one) by N-Triples; return the refusal, or ""."""
        with _Upload(path, sent) as body:
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
                timeout=_PATIENCE,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise EngineUnavailable(
                f"{self.name} cannot be reached: {reason(error)}; see that it runs"
            ) from None
        if response.status_code in {401, 403}:
            raise EngineUnavailable(
                f"{self.name} refuses us ({response.status_code}): set UNICEF_LINKED_ENGINE_USER and "
                "UNICEF_LINKED_ENGINE_PASSWORD to a user who may write"
            )
        if 300 <= response.status_code < 400:
            return f"it has moved to {response.headers.get('Location', '?')}"
        if response.ok:
            return ""
        said = " ".join(re.sub(r"(?s)<head.*?</head>|<[^>]*>", " ", response.text).split())
        return f"{response.status_code} {said[:300] or response.reason}"


class _Upload(io.FileIO):
    """A file that reports the number of bytes read so far."""

    def __init__(self, path: Path, sent: Callable[[int], None]) -> None:
        super().__init__(path)
        self._sent = sent

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(-1 if size is None else size)
        self._sent(self.tell())
        return content or b""


@contextmanager
def _files(release: Release) -> Iterator[dict[str, Path]]:
    """Write each graph of a release, and the union if it has one, to a file of N-Triples."""
    with tempfile.TemporaryDirectory(prefix="unicef-linked-") as folder:
        paths: dict[str, Path] = {}
        waiting: dict[str, list[str]] = {}
        size, last = 0, None

        def flush() -> None:
            for name, lines in waiting.items():
                with paths.setdefault(name, Path(folder) / str(len(paths))).open(
                    "a", encoding="utf-8"
                ) as file:
                    file.writelines(lines)
            waiting.clear()

        for quad in release.quads():
            name = "" if isinstance(quad.graph_name, DefaultGraph) else quad.graph_name.value
            line = f"{quad.triple} .\n"
            waiting.setdefault(name, []).append(line)
            size += len(line)
            if (
                release.manifest.union and quad.triple != last
            ):  # sorted: equal ones follow each other
                waiting.setdefault(_UNION, []).append(line)
                last = quad.triple
            if size > _BUFFER:
                flush()
                size = 0
        flush()
        yield paths


def _is_union(graphs: _Graphs, endpoint: Endpoint, probe: str) -> bool:
    """Tell whether the default graph is the union, by a probe loaded into a named graph."""
    with tempfile.NamedTemporaryFile("w", suffix=".nt") as file:
        file.write(f"<{probe}> <{probe}> <{probe}> .\n")
        file.flush()
        problem = graphs.put(probe, Path(file.name), lambda _: None)
    if problem:
        raise UnusableInput(f"{graphs.name} does not take a graph: {problem}")
    try:
        return endpoint.ask(f"ASK {{ <{probe}> ?p ?o }}", timeout=_COUNTING)
    finally:
        graphs.delete(probe)


def _count_lines(path: Path | None) -> int:
    if path is None:
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _compare(
    release: Release, endpoint: Endpoint, default: int, report: Callable[[Progress | str], None]
) -> None:
    """Compare the engine's counts with the release's; report graphs of older releases."""

    def count(query: str) -> dict[str, int]:
        rows = endpoint.select(query, timeout=_COUNTING, ceiling=1 << 30)
        return {
            getattr(row.get("g"), "value", ""): int(row["n"].value)
            for row in rows
            if isinstance(row["n"], Literal)
        }

    expected = {name: number for name, number in release.manifest.graphs.items() if name}
    found = count("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
    for name, number in expected.items():
        if found.get(name, 0) != number:
            raise UnusableInput(
                f"{name} has {number:,} statements, the engine counts {found.get(name, 0):,}"
            )
    counted = count("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[""]
    if counted < default:  # there may be more: the engine's own statements, or other datasets
        raise UnusableInput(
            f"the default graph has {default:,} statements, the engine counts {counted:,}"
        )
    left = sorted(
        name for name in found if name.startswith(release.names.graph("")) and name not in expected
    )
    if left:
        report(f"not of this release, and still there: {', '.join(left)}")
