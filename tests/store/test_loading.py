"""``load`` against a graph store that fails: a second load goes on, and all arrives once."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.errors import EngineUnavailable, LinkedDataError, UnusableInput
from unicef_linked.store.transfer import Progress, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from unicef_linked.config import Settings
    from unicef_linked.release import Release

PART_SIZE = 1000
"""Bytes: some statements."""


class GraphStore(ThreadingHTTPServer):
    """A graph store and its query endpoint, over a store in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statements = ox.Store()
        self.writes: list[tuple[str, str]] = []  # method and graph
        self.fails_at = 0  # the write that fails, counted from 1
        self.failure = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/store"

    @property
    def endpoint(self) -> str:
        return self.url.replace("/store", "/query")

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that are closed."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GraphStore

    def _graph(self) -> ox.NamedNode | ox.DefaultGraph:
        name = parse_qs(urlsplit(self.path).query).get("graph", [""])[0]
        return ox.NamedNode(name) if name else ox.DefaultGraph()

    def _write(self) -> None:
        graph = self._graph()
        self.server.writes.append((self.command, getattr(graph, "value", "")))
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        failure = ""
        if len(self.server.writes) == self.server.fails_at:
            failure = self.server.failure
        if failure == "refused":
            return self._answer(500, b"<html><head></head><p>disk full", "text/html")
        if failure == "not begun":
            return self._hang_up()
        if self.command != "POST":
            self.server.statements.clear_graph(graph)
        lines = body.splitlines(keepends=True)
        kept = lines[: len(lines) // 2] if failure == "half done" else lines
        self.server.statements.load(b"".join(kept), format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
        return self._hang_up() if failure else self._answer(204)

    def do_PUT(self) -> None:
        self._write()

    def do_DELETE(self) -> None:
        self._write()

    def do_POST(self) -> None:
        if not self.path.startswith("/query"):
            return self._write()
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        results = self.server.statements.query(form["query"][0])
        content = results.serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr,call-arg,arg-type]
        return self._answer(200, content or b"", "application/sparql-results+json")

    def _answer(self, status: int, content: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def graph_store() -> Iterator[GraphStore]:
    """An empty graph store."""
    with GraphStore() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A dataset with blank nodes in one of its graphs, and so in the union."""
    folder = tmp_path_factory.mktemp("blank")
    (folder / "a.trig").write_text(
        "PREFIX : <http://blank.example/>\n"
        + ":named { "
        + " ".join(f':s{n} :p "statement {n}" .' for n in range(200))
        + " }\n:blank { "
        + " ".join(f":s{n} :p [ :q {n} ; :r [ :q {n} ] ] ." for n in range(100))
        + " }\n"
    )
    return snapshot([folder / "a.trig"], folder / "release", union=True)


def held(graph_store: GraphStore) -> tuple[dict[str, int], list[ox.Quad]]:
    """Return what a store holds: statements by graph, and those without blank nodes."""
    counts: dict[str, int] = {}
    quads = list(graph_store.statements)
    for quad in quads:
        name = getattr(quad.graph_name, "value", "")
        counts[name] = counts.get(name, 0) + 1
    ground = [q for q in quads if "_:" not in f"{q.subject} {q.object}"]
    return counts, sorted(ground, key=str)


def expected(release: Release) -> tuple[dict[str, int], list[ox.Quad]]:
    """Return what an engine holds of a release."""
    quads = list(release.quads())
    union = {quad.triple for quad in quads}
    counts = {**release.manifest.graphs, "": len(union)}
    quads += [ox.Quad(triple.subject, triple.predicate, triple.object) for triple in union]
    ground = [q for q in quads if "_:" not in f"{q.subject} {q.object}"]
    return counts, sorted(ground, key=str)


class Loader:
    """Loads in small parts and keeps what is reported."""

    def __init__(self, graph_store: GraphStore, settings: Settings) -> None:
        self.graph_store, self._settings = graph_store, settings
        self.messages: list[str] = []
        self.progress: list[Progress] = []

    def __call__(self, release: Release, **options: Any) -> bool:
        self.messages, self.progress = [], []
        self.graph_store.writes = []
        self.graph_store.fails_at = options.pop("fails_at", 0)
        endpoint = options.pop("endpoint", self.graph_store.endpoint)
        return load(
            release,
            self.graph_store.url,
            endpoint,
            self._settings,
            lambda r: (self.messages if isinstance(r, str) else self.progress).append(r),  # type: ignore[arg-type]
            **{"part_size": PART_SIZE, **options},
        )


@pytest.fixture
def loads(graph_store: GraphStore, settings: Settings) -> Loader:
    """Loads into the graph store."""
    return Loader(graph_store, settings)


@pytest.mark.parametrize(
    ("name", "number"), [("chain", 9), ("blank", -1)], ids=["some part", "a graph with blank nodes"]
)
@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        ("refused", UnusableInput, "500 disk full"),
        ("not begun", EngineUnavailable, "cannot be reached"),
        ("half done", EngineUnavailable, "cannot be reached"),
        ("answer lost", EngineUnavailable, "cannot be reached"),
    ],
)
def test_a_load_that_failed_goes_on_from_the_part_that_failed(
    loads: Loader,
    request: pytest.FixtureRequest,
    name: str,
    number: int,
    failure: str,
    error: type[LinkedDataError],
    words: str,
) -> None:
    value = request.getfixturevalue(name)
    release: Release = value[-1] if name == "chain" else value
    loads(release)
    parts, probing = len(loads.progress), 2  # writes
    failing = number if number > 0 else parts
    loads.graph_store.statements.clear()
    loads.graph_store.failure = failure
    with pytest.raises(error, match=words) as caught:
        loads(release, again=True, fails_at=failing + probing)
    assert f"part {failing} failed" in str(caught.value)
    assert "goes on from there" in str(caught.value)
    assert loads(release)
    assert len(loads.graph_store.writes) == parts - failing + 1
    assert held(loads.graph_store) == expected(release)
    assert not loads(release), "there is nothing to do"
    assert loads.graph_store.writes == []


def test_progress_says_what_is_done_and_what_was_done_before(
    loads: Loader, chain: tuple[Release, ...]
) -> None:
    release = chain[-1]
    loads.graph_store.failure = "refused"
    with pytest.raises(UnusableInput):
        loads(release, fails_at=8)
    done = loads.progress[-1].done
    assert 0 < done < release.manifest.quads
    loads(release)
    assert loads.messages == [
        f"{done:,} of {release.manifest.quads:,} statements were loaded before"
    ]
    assert {step.earlier for step in loads.progress} == {done}
    assert loads.progress[-1].done == loads.progress[-1].total == release.manifest.quads


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param("wiped", "is not there any more", id="an engine that lost it"),
        pytest.param("other release", "not of this release", id="another release came between"),
        pytest.param("extended", "is not there any more", id="somebody added statements"),
    ],
)
def test_what_is_not_there_any_more_is_sent_again(
    loads: Loader, chain: tuple[Release, ...], change: str, message: str
) -> None:
    release = chain[-1]
    loads(release)
    statements = loads.graph_store.statements
    if change == "wiped":
        statements.clear()
    elif change == "extended":
        node, graph = ox.NamedNode("urn:x"), next(name for name in release.manifest.graphs if name)
        statements.add(ox.Quad(node, node, node, ox.NamedNode(graph)))
    else:
        loads(chain[0])
    assert loads(release)
    assert any(message in line for line in loads.messages) == (change != "other release")
    counts, _ = held(loads.graph_store)
    assert {name: counts[name] for name in release.manifest.graphs} == release.manifest.graphs


def test_a_graph_with_blank_nodes_is_one_part(loads: Loader, blank: Release) -> None:
    loads(blank)
    writes = [graph for _, graph in loads.graph_store.writes]
    assert writes.count("http://blank.example/named") > 1
    assert (writes.count("http://blank.example/blank"), writes.count("")) == (1, 1)
    assert held(loads.graph_store) == expected(blank)


def test_a_graph_without_an_iri_is_refused(loads: Loader, tmp_path: Path) -> None:
    (tmp_path / "a.nq").write_text("<urn:s> <urn:p> <urn:o> _:g .\n")
    with pytest.raises(UnusableInput, match="named by a blank node"):
        loads(snapshot([tmp_path / "a.nq"], tmp_path / "release"))


def test_the_command_says_that_there_is_nothing_to_do(
    graph_store: GraphStore, chain: tuple[Release, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["load", "--to", graph_store.url, "--release", str(chain[-1].path)]
    assert main(arguments) == 0
    number = chain[-1].manifest.quads
    assert f"loading: {number:,} of {number:,} statements" in capsys.readouterr().err
    assert main(arguments) == 0
    assert "nothing to do, it was loaded before" in capsys.readouterr().out
    assert main([*arguments, "--again"]) == 0
    assert "nothing to do" not in capsys.readouterr().out
