"""Engines elsewhere that misbehave, and the loader: nothing half passes for whole,
nothing is waited for without end.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from unicef_linked.cli import main
from unicef_linked.errors import (
    EngineFailed,
    EngineUnavailable,
    LinkedDataError,
    MalformedQuery,
    Overloaded,
    QueryError,
    QueryOutOfResources,
    QueryTimeout,
    UnusableInput,
)
from unicef_linked.rdf.formats import (
    NTRIPLES,
    RESULTS_CSV,
    RESULTS_JSON,
    RESULTS_TSV,
    TURTLE,
    Format,
)
from unicef_linked.store.graph_store import find_endpoint
from unicef_linked.store.query import Query
from unicef_linked.store.remote import Remote
from unicef_linked.store.transfer import Progress, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Answer

JSON: Final = RESULTS_JSON.media_type
MANY: Final = 40_000
"""Rows that are more than is read whole."""


def solutions(count: int) -> bytes:
    """Return SPARQL JSON with that many rows."""
    row = {"x": {"type": "literal", "value": "some value that is long enough"}}
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [row] * count}}).encode()


@dataclass
class Reply:
    """What the server does with the next query: how it looks, and how it comes."""

    body: bytes = b""
    status: int = 200
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # what Content-Length says; None: the truth
    drops: float = 0.0  # seconds between one byte and the next
    silence: float = 0.0  # seconds before the first
    hints: float = 0.0  # seconds between one interim response and the next, without end
    stall: float = 0.0  # seconds after the last, before the connection is closed


class Unruly(ThreadingHTTPServer):
    """A server that answers ASK {} as an engine does, and every other query as it was told."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply = Reply()
        self.asked: list[dict[str, list[str]]] = []
        self.accepts: list[str] = []
        self.software = "Unruly/1"
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/sparql"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that left."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Unruly

    def version_string(self) -> str:
        return self.server.software

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form["query"] == ["ASK {}"]:
            return self.send(Reply(b'{"head": {}, "boolean": true}'))
        self.server.asked.append(form)
        self.server.accepts.append(self.headers["Accept"])
        return self.send(self.server.reply)

    def do_PUT(self) -> None:
        """Take a graph, and lose it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send(Reply(status=204))

    def do_DELETE(self) -> None:
        self.send(Reply(status=204))

    def send(self, reply: Reply) -> None:
        self.server.stopping.wait(reply.silence)
        while reply.hints and not self.server.stopping.wait(reply.hints):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header(
            "Content-Length", str(len(reply.body) if reply.length is None else reply.length)
        )
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.drops:
            self.wfile.write(reply.body)
        for place in range(len(reply.body) if reply.drops else 0):
            self.wfile.write(reply.body[place : place + 1])
            self.wfile.flush()
            if self.server.stopping.wait(reply.drops):
                return
        self.server.stopping.wait(reply.stall)
        if reply.length is not None:
            self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def unruly() -> Iterator[Unruly]:
    """The server, to be told what to answer."""
    with Unruly() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def remote(unruly: Unruly, release: Release, settings: Settings) -> Iterator[Remote]:
    """A store over it; a result may have 4 MiB."""
    store = Remote(
        unruly.url, release, replace(settings, query_result=4, query_workers=1, query_queue=1)
    )
    yield store
    store.close()


def ask(
    store: Remote, offer: Format = RESULTS_JSON, text: str = "SELECT * {}", timeout: float = 8.0
) -> Answer:
    """Return the answer in one format."""
    graph = None if offer in {RESULTS_JSON, RESULTS_CSV, RESULTS_TSV} else offer
    return store.answer(
        Query(text), solutions=None if graph else offer, graph=graph, timeout=timeout
    )


# What an engine answers


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        pytest.param(
            Reply(b"<html><head><title>x</title></head><h1>Oh</h1><p>no</p>", 500, "text/html"),
            EngineFailed,
            "answered 500: Oh no",
            id="an error page is read",
        ),
        pytest.param(
            Reply(b'{"detail": "line 3, column 4: unexpected"}', 400, "application/problem+json"),
            MalformedQuery,
            "line 3, column 4",
            id="problem details are read",
        ),
        pytest.param(Reply(b"", 400), MalformedQuery, "Bad Request", id="an error without words"),
        pytest.param(
            Reply(b"x", 503, headers={"Retry-After": "7"}), Overloaded, "busy", id="a busy engine"
        ),
        pytest.param(Reply(b"x", 429), Overloaded, "busy", id="a rate limit"),
        pytest.param(
            Reply(b"query timeout", 503),
            QueryTimeout,
            "timeout",
            id="an engine that gave up, as 503",
        ),
        pytest.param(
            Reply(b"The estimated execution time 900 (sec) exceeds the limit", 500),
            QueryTimeout,
            "estimated",
            id="an engine that gave up before it began",
        ),
        pytest.param(Reply(b"", 504), QueryTimeout, "stopped", id="a gateway's time-out"),
        pytest.param(Reply(b"", 502), EngineUnavailable, "502", id="a gateway without an engine"),
        pytest.param(
            Reply(b"", 404), EngineUnavailable, "address of a SPARQL endpoint", id="another address"
        ),
        pytest.param(
            Reply(b"", 401), EngineUnavailable, "UNICEF_LINKED_ENGINE_USER", id="a secured engine"
        ),
        pytest.param(
            Reply(b"", 302, headers={"Location": "https://example.org/sparql"}),
            EngineUnavailable,
            "moved to https://example.org/sparql",
            id="a redirect is told, not followed",
        ),
        pytest.param(
            Reply(b"<html>Welcome", kind="text/html"),
            EngineUnavailable,
            "answered in text/html",
            id="a page",
        ),
        pytest.param(
            Reply(b"not JSON"),
            EngineFailed,
            "cannot be written",
            id="a body that is not what it says",
        ),
        pytest.param(
            Reply(b"x", headers={"Content-Encoding": "br"}),
            EngineUnavailable,
            "content coding",
            id="an unknown coding",
        ),
        pytest.param(
            Reply(solutions(1), headers={"X-SQL-State": "S1TAT"}),
            QueryTimeout,
            "before its end",
            id="half an answer",
        ),
        pytest.param(
            Reply(solutions(1), headers={"X-SPARQL-MaxRows": "1"}),
            QueryOutOfResources,
            "1 rows",
            id="a cut answer",
        ),
        pytest.param(
            Reply(solutions(2), length=10_000),
            EngineFailed,
            "broke",
            id="a connection closed in the middle",
        ),
        pytest.param(
            Reply(solutions(100_000)), QueryOutOfResources, "4 MiB", id="more than its ceiling"
        ),
        pytest.param(
            Reply(gzip.compress(b" " * (9 << 20)), headers={"Content-Encoding": "gzip"}),
            QueryOutOfResources,
            "4 MiB",
            id="more than its ceiling, unpacked",
        ),
    ],
)
def test_what_is_no_answer_is_an_error_in_our_terms(
    unruly: Unruly, remote: Remote, reply: Reply, error: type[LinkedDataError], words: str
) -> None:
    unruly.reply = reply
    with pytest.raises(error, match=words) as caught:
        b"".join(ask(remote, RESULTS_TSV).chunks)
    assert type(caught.value) is error
    if isinstance(caught.value, Overloaded):
        assert caught.value.retry_after == int(reply.headers.get("Retry-After", "5"))
    unruly.reply = Reply(solutions(1))
    assert ask(remote).whole, "and the next query is answered"
    assert len(unruly.asked) == 2, "nothing is sent twice"


@pytest.mark.parametrize(
    "how",
    [{"silence": 30.0}, {"drops": 0.02}, {"hints": 0.02}],
    ids=["silent", "in drops", "headers without end"],
)
def test_an_answer_that_does_not_come_is_stopped_at_its_deadline(
    unruly: Unruly, remote: Remote, how: Any
) -> None:
    unruly.reply = Reply(solutions(100), **how)
    begun = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"after 0\.5 seconds"):
        ask(remote, timeout=0.5)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("offer", [RESULTS_JSON, RESULTS_TSV], ids=["as sent", "converted"])
@pytest.mark.parametrize(
    ("stall", "error", "words"),
    [(0.0, EngineFailed, "broke"), (30.0, QueryTimeout, r"after 2 seconds")],
)
def test_a_long_answer_that_breaks_off_or_stops_coming_is_seen_to(
    unruly: Unruly, remote: Remote, offer: Format, stall: float, error: type[QueryError], words: str
) -> None:
    unruly.reply = Reply(solutions(MANY)[:-100], length=len(solutions(MANY)), stall=stall)
    answer = ask(remote, offer, timeout=2.0)
    assert answer.whole is None
    with pytest.raises(error, match=words):
        b"".join(answer.chunks)


@pytest.mark.parametrize("offer", [RESULTS_JSON, RESULTS_TSV], ids=["as sent", "converted"])
def test_a_gzip_answer_is_unpacked(unruly: Unruly, remote: Remote, offer: Format) -> None:
    for count in (3, MANY):
        unruly.reply = Reply(gzip.compress(solutions(count)), headers={"Content-Encoding": "gzip"})
        answer = ask(remote, offer)
        content = b"".join(answer.chunks) if answer.whole is None else answer.whole
        assert sum(1 for _ in ox.parse_query_results(content, format=offer.results)) == count  # type: ignore[arg-type]


def nested(levels: int) -> bytes:
    """Return SPARQL JSON with triple terms within each other."""
    iri = '{"type":"uri","value":"urn:a"}'
    opening = f'{{"type":"triple","value":{{"subject":{iri},"predicate":{iri},"object":'
    value = opening * levels + iri + "}}" * levels
    return f'{{"head":{{"vars":["x"]}},"results":{{"bindings":[{{"x":{value}}}]}}}}'.encode()


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(b"not JSON"), id="not JSON"),
        pytest.param(Reply(b"[" * 60_000), id="nested arrays"),
        pytest.param(Reply(nested(5000)), id="nested terms"),
        pytest.param(Reply(solutions(1).replace(b'"literal"', b'"uri"')), id="an IRI with spaces"),
        pytest.param(Reply(b"\xff" + solutions(1)), id="not UTF-8"),
        pytest.param(Reply(b'{"head": {}, "boolean": true}'), id="an answer to ASK"),
        pytest.param(Reply(b"[" * 60_000, 500), id="an error of nested arrays"),
    ],
)
def test_a_question_of_our_own_fails_where_its_answer_cannot_be_read(
    unruly: Unruly, remote: Remote, reply: Reply
) -> None:
    unruly.reply = reply
    with pytest.raises(EngineFailed):
        remote.select("SELECT * {}")
    unruly.reply = Reply(solutions(1))
    assert len(remote.select("SELECT * {}")) == 1


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        pytest.param(JSON, nested(5000), id="JSON"),
        pytest.param(
            NTRIPLES.media_type,
            b"<urn:a> <urn:b> " + b"<<(<urn:a> <urn:b> " * 9000 + b"<urn:c>" + b")>>" * 9000 + b".",
            id="N-Triples",
        ),
    ],
)
def test_terms_nested_deeply_end_no_process(
    unruly: Unruly, remote: Remote, sent: str, body: bytes
) -> None:
    unruly.reply = Reply(body, kind=sent)
    offer, query = (RESULTS_TSV, "SELECT * {}") if sent == JSON else (TURTLE, "DESCRIBE <urn:a>")
    with pytest.raises(EngineFailed, match="nested too deeply"):
        ask(remote, offer, query)


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
def test_the_body_of_a_challenge_is_not_read(
    unruly: Unruly, release: Release, settings: Settings, scheme: str
) -> None:
    """It may have no end."""
    challenge = f'{scheme} realm="x", nonce="y", qop="auth"'
    unruly.reply = Reply(
        b"x", 401, headers={"WWW-Authenticate": challenge}, length=10**9, stall=20.0
    )
    secured = replace(settings, engine_user="dba", engine_password="x")
    with (
        closing(Remote(unruly.url, release, secured)) as store,
        pytest.raises(EngineUnavailable, match="refuses us"),
    ):
        ask(store, text="SELECT ?x {}", timeout=0.5)


def test_an_engine_without_our_format_is_asked_for_one_that_it_has(
    unruly: Unruly, remote: Remote
) -> None:
    unruly.reply = Reply(solutions(1))
    assert ask(remote, RESULTS_CSV).whole == b"x\r\nsome value that is long enough\r\n"
    unruly.reply = Reply(b"<urn:a> <urn:b> <urn:c> .", kind="text/turtle; charset=utf-8")
    assert (
        ask(remote, NTRIPLES, "CONSTRUCT WHERE { ?s ?p ?o }").whole
        == b"<urn:a> <urn:b> <urn:c> .\n"
    )
    assert [a.partition(";")[0] for a in unruly.accepts] == [
        RESULTS_CSV.media_type,
        NTRIPLES.media_type,
    ]


def test_the_dataset_is_sent_on(unruly: Unruly, remote: Remote) -> None:
    unruly.reply = Reply(solutions(0))
    query = Query("SELECT * {}", ("urn:a", "urn:b"), ("urn:c",))
    remote.answer(query, solutions=RESULTS_JSON, graph=None, timeout=5)
    [form] = unruly.asked
    assert form == {
        "query": ["SELECT * {}"],
        "default-graph-uri": ["urn:a", "urn:b"],
        "named-graph-uri": ["urn:c"],
    }


def test_a_virtuoso_is_told_its_deadline_and_asked_for_json(unruly: Unruly, remote: Remote) -> None:
    unruly.software, unruly.reply = "Virtuoso/07.20", Reply(solutions(1))
    assert ask(remote, RESULTS_TSV, timeout=3.0).whole == b'?x\n"some value that is long enough"\n'
    assert (unruly.asked[0]["timeout"], unruly.accepts[0]) == (["3000"], f"{JSON};q=1")
    unruly.reply = Reply(b"", kind="application/n-triples")
    ask(remote, TURTLE, "DESCRIBE <urn:a>")
    assert unruly.asked[1]["query"] == ['define sql:describe-mode "CBD" DESCRIBE <urn:a>']


def test_too_many_queries_at_once_are_turned_away_and_a_given_up_answer_makes_room(
    unruly: Unruly, remote: Remote
) -> None:
    unruly.reply = Reply(solutions(MANY))
    answers = [ask(remote) for _ in range(2)]
    with pytest.raises(Overloaded) as caught:
        ask(remote)
    assert caught.value.retry_after >= 1
    answers[0].close()
    ask(remote).close()
    answers[1].close()


def test_an_engine_that_is_not_there_is_told(release: Release, settings: Settings) -> None:
    store = Remote("http://127.0.0.1:1/sparql", release, settings)
    with pytest.raises(EngineUnavailable, match="cannot be asked: connection refused"):
        ask(store)
    with pytest.raises(EngineUnavailable):
        store.match()
    with pytest.raises(UnusableInput):
        Remote("ftp://example.org/", release, settings)


def test_an_engine_that_holds_another_dataset_is_told(unruly: Unruly, remote: Remote) -> None:
    unruly.reply = Reply(b'{"head": {}, "boolean": false}')
    with pytest.raises(UnusableInput, match="does not hold this release"):
        remote.verify()


# Serving and loading


def test_a_site_is_served_over_an_engine_elsewhere(
    serve: Callable[..., Server], oxigraph: str, release: Release, server: Server
) -> None:
    """The same documents, lists and answers as from memory;
    only numbers are as the engine keeps them.
    """
    elsewhere = serve("--release", str(release.path), "--workers", "1", "--engine", oxigraph)
    for path in ("/doc/office/gao.nt", "/doc/region.nt", "/doc/sector/wash.nt"):
        assert set(elsewhere.get(path).text.splitlines()) == set(
            server.get(path).text.splitlines()
        ), path
    for path in ("/", "/doc/office/gao.html", "/sparql", "/readyz", "/sparql?query=ASK{}"):
        assert elsewhere.get(path).status_code == 200, path
    refused = elsewhere.get("/sparql?query=SELECT%20%2A%20%7B")
    assert (refused.status_code, refused.json()["line"]) == (400, 1)


def test_a_site_is_served_over_a_virtuoso(
    serve: Callable[..., Server], virtuoso: str, release: Release
) -> None:
    elsewhere = serve("--release", str(release.path), "--workers", "1", "--engine", virtuoso)
    for path in ("/", "/doc/office/gao.html", "/doc/region", "/sparql", "/ontology.ttl", "/readyz"):
        assert elsewhere.get(path).status_code == 200, path


def test_loading_again_replaces(oxigraph: str, release: Release, settings: Settings) -> None:
    told: list[Progress | str] = []
    store = oxigraph.replace("/query", "/store")
    load(release, store, oxigraph, settings, told.append, again=True)
    steps = [progress for progress in told if isinstance(progress, Progress)]
    assert {step.graph for step in steps} == {*release.manifest.graphs, ""}
    assert steps[-1].done == release.manifest.quads
    remote = Remote(oxigraph, release, settings)
    [row] = remote.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert int(row["n"].value) == len({q.triple for q in release.quads()})  # type: ignore[union-attr]
    remote.close()


def test_load_is_one_command(
    oxigraph: str, release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    store = oxigraph.replace("/query", "/store")
    assert main(["load", "--to", store, "--again", "--release", str(release.path)]) == 0
    assert capsys.readouterr().out == (
        f"{store}: {release.manifest.quads:,} statements in {len(release.manifest.graphs)} graphs, counted at {oxigraph}\n"
    )
    assert main(["load", "--to", oxigraph, "--release", str(release.path)]) == 2
    assert "does not take" in capsys.readouterr().err


def test_what_does_not_arrive_is_told(unruly: Unruly, release: Release, settings: Settings) -> None:
    unruly.reply = Reply(b'{"head": {"vars": ["g", "n"]}, "results": {"bindings": []}}')
    with pytest.raises(UnusableInput, match="the engine counts 0"):
        load(release, unruly.url, unruly.url, settings, lambda _: None)


def test_a_union_engine_is_recognised_and_a_wrong_password_told(
    virtuoso: str,
    virtuoso_store: str,
    virtuoso_told: list[Progress | str],
    release: Release,
    settings: Settings,
) -> None:
    with pytest.raises(EngineUnavailable, match="UNICEF_LINKED_ENGINE_USER"):
        load(
            release,
            virtuoso_store,
            virtuoso,
            replace(settings, engine_user="dba", engine_password="x"),
            lambda _: None,
            again=True,
        )
    assert [line for line in virtuoso_told if isinstance(line, str)] == [
        "the engine's default graph is the union of its graphs: it is not loaded by itself"
    ]


@pytest.mark.parametrize(
    ("store", "endpoint"),
    [
        ("http://localhost:7878/store", "http://localhost:7878/query"),
        ("http://localhost:8890/sparql-graph-crud-auth", "http://localhost:8890/sparql"),
        ("http://localhost:3030/mali/data", "http://localhost:3030/mali/sparql"),
        (
            "http://localhost:7200/repositories/mali/rdf-graphs/service",
            "http://localhost:7200/repositories/mali",
        ),
        ("https://neptune.example.org:8182/sparql/gsp/", "https://neptune.example.org:8182/sparql"),
        ("http://localhost/elsewhere", None),
    ],
)
def test_the_endpoint_beside_a_graph_store_is_known(store: str, endpoint: str | None) -> None:
    assert find_endpoint(store) == endpoint
