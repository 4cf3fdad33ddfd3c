"""The store over a release: right datasets, and queries that cannot harm anybody but themselves."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.errors import (
    MalformedQuery,
    NotAcceptable,
    Overloaded,
    QueryError,
    QueryOutOfResources,
    QueryRefused,
    QueryTimeout,
)
from unicef_linked.rdf.formats import NTRIPLES, RESULTS_CSV, RESULTS_JSON, TURTLE
from unicef_linked.store import LEFT
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.loading import load_dataset
from unicef_linked.store.pool import launcher
from unicef_linked.store.pool.client import Request
from unicef_linked.store.pool.launcher import run_evaluators
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Answer
    from unicef_linked.store.pool.launcher import Evaluators

GRAPH: Final = "https://w3id.org/unicef-linked/graph"
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def ask(store: Embedded, text: str, timeout: float = 5.0, **dataset: tuple[str, ...]) -> Answer:
    """Return the answer as CSV, or as N-Triples."""
    return store.answer(
        Query(text, **dataset), solutions=RESULTS_CSV, graph=NTRIPLES, timeout=timeout
    )


def rows(store: Embedded, text: str, **dataset: tuple[str, ...]) -> list[str]:
    """Return the lines of a CSV answer without its head."""
    answer = ask(store, text, **dataset)
    assert answer.whole is not None
    return answer.whole.decode().split()[1:]


@contextmanager
def opened(release: Release, settings: Settings) -> Iterator[tuple[Embedded, Evaluators]]:
    """Open a store of its own, with its own query processes."""
    with (
        run_evaluators(release, settings) as evaluators,
        closing(Embedded(release, evaluators.address, settings)) as store,
    ):
        yield store, evaluators


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# What a query may use


def test_a_query_is_stopped_at_its_deadline_and_the_next_one_is_answered(store: Embedded) -> None:
    for _ in range(3):
        with pytest.raises(QueryTimeout, match=r"stopped after 0\.2 seconds"):
            ask(store, ENDLESS, timeout=0.2)
    assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]


def test_a_question_of_our_own_has_a_deadline_and_ends_when_the_client_has_left(
    store: Embedded, release: Release, settings: Settings
) -> None:
    impatient = replace(settings, query_timeout_max=0.3)
    with closing(Embedded(release, store._sockets.address, impatient)) as own:
        with pytest.raises(QueryTimeout, match=r"stopped after 0\.3 seconds"):
            own.select(ENDLESS)
        assert own.select("SELECT ('x' AS ?y) {}") == [{"y": ox.Literal("x")}]
    token = LEFT.set(lambda: True)
    try:
        with pytest.raises(QueryError, match="the client has left"):
            store.select(ENDLESS)
    finally:
        LEFT.reset(token)


def test_a_question_of_our_own_is_answered_without_query_processes(
    release: Release, settings: Settings
) -> None:
    with closing(Embedded(release, "/no/queries", settings)) as own:
        [row] = own.select("SELECT ?o { ?s a ?o }  LIMIT 1")
        assert row.keys() == {"o"}


_ONE_PIECE: Final = (
    f"SELECT ?z {{ BIND('{'x' * 1000}' AS ?a0) "
    + " ".join(f"BIND(CONCAT(?a{i}, ?a{i}) AS ?a{i + 1})" for i in range(22))
    + " BIND(STRLEN(?a22) AS ?z) }"
)
_MANY_PIECES: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY STRLEN(STR(?c)) DESC(STR(?f))"


def test_what_answers_without_query_processes_has_their_order(
    release: Release, release_store: ox.Store
) -> None:
    """Pages of a fragment are parts of one order, whoever evaluates them."""
    alone = load_dataset(release).default
    for pattern in ("?s ?p ?o", "?s a ?o", f"?s ?p <{GRAPH.removesuffix('graph')}id/region/gao>"):
        query = f"SELECT * {{ {pattern} }} OFFSET 10 LIMIT 1000"
        rows = [[str(row) for row in store.query(query)] for store in (release_store, alone)]  # type: ignore[union-attr]
        assert rows[0] == rows[1], pattern


@pytest.mark.parametrize("query", [_ONE_PIECE, _MANY_PIECES], ids=["one piece", "many pieces"])
@pytest.mark.parametrize("allocator", ["oneTBB", "glibc"])
def test_a_query_that_wants_too_much_memory_is_stopped(
    release: Release,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    allocator: str,
) -> None:
    if allocator == "glibc":
        monkeypatch.setattr(launcher, "find_library", lambda _: None)
    with opened(release, replace(settings, query_memory=300)) as (store, evaluators):
        loaded = Path(f"/proc/{evaluators.pid}/maps").read_text()
        assert ("/libtbbmalloc_proxy." in loaded) == (allocator == "oneTBB")
        with pytest.raises(QueryOutOfResources):
            ask(store, query, timeout=60)  # on a busy machine it meets its memory late
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]


def test_a_result_over_its_ceiling_breaks_off_and_says_so(
    release: Release, settings: Settings
) -> None:
    with opened(release, replace(settings, query_result=2)) as (store, _):
        answer = ask(store, "SELECT * { ?a ?b ?c . ?d ?e ?f }")
        assert answer.whole is None
        with pytest.raises(QueryOutOfResources, match="2 MiB"):
            list(answer.chunks)


def test_a_large_answer_comes_in_pieces_and_whole(store: Embedded) -> None:
    answer = ask(store, "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f } LIMIT 60000")
    assert answer.whole is None
    pieces = list(answer.chunks)
    assert len(pieces) > 10
    assert b"".join(pieces).count(b"\n") == 60001


def test_a_query_longer_than_a_message_arrives_whole(store: Embedded) -> None:
    long = "é" * 45_000  # 90,000 bytes
    for _ in range(2):
        assert rows(store, f"SELECT (STRLEN('{long}') AS ?n) {{}}") == ["45000"]


def test_a_result_in_one_piece_longer_than_a_message_arrives_whole(store: Embedded) -> None:
    assert rows(store, f"SELECT ('{'x' * 90_000}' AS ?x) {{}}") == ["x" * 90_000]


def test_an_answer_that_nobody_reads_on_frees_its_process(
    release: Release, settings: Settings
) -> None:
    with opened(release, replace(settings, query_workers=1)) as (store, _):
        for _ in range(3):
            answer = ask(store, "SELECT * { ?a ?b ?c . ?d ?e ?f }", timeout=8)
            next(answer.chunks)
            answer.close()
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]


def test_a_full_queue_turns_others_away_with_a_time_to_come_back(
    release: Release, settings: Settings
) -> None:
    tight = replace(settings, query_workers=1, query_queue=1, query_patience=0.2)
    with opened(release, tight) as (store, _):
        outcomes: list[str] = []

        def endless() -> None:
            try:
                ask(store, ENDLESS, timeout=3)
            except QueryError as error:
                outcomes.append(type(error).__name__)

        threads = [threading.Thread(target=endless) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(outcomes) == {"QueryTimeout", "Overloaded"}
        assert outcomes.count("QueryTimeout") == 1
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]
        assert Overloaded("", retry_after=1).retry_after == 1


def test_queries_that_take_long_leave_room_for_others(release: Release, settings: Settings) -> None:
    """As many as there are query processes go on;
    others are ended before they have said anything.
    """
    done = threading.Event()
    outcomes: list[str] = []

    def endless() -> None:
        try:
            store.answer(
                Query(ENDLESS), solutions=RESULTS_CSV, graph=NTRIPLES, timeout=300, left=done.is_set
            )
        except QueryError as error:
            outcomes.append(type(error).__name__)

    with opened(release, replace(settings, query_workers=1, query_patience=60.0)) as (store, _):
        threads = [threading.Thread(target=endless) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]
        while len(outcomes) < 3:
            time.sleep(0.01)
        assert outcomes == ["Overloaded"] * 3
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]
        done.set()
        for thread in threads:
            thread.join()
        assert outcomes[3] == "QueryError"


def test_an_answer_that_has_begun_is_not_ended_for_others(
    release: Release, settings: Settings
) -> None:
    with opened(release, replace(settings, query_workers=1)) as (store, evaluators):
        begun = [
            ask(store, "SELECT ?a { ?a ?b ?c . ?d ?e ?f } LIMIT 200000", timeout=120)
            for _ in range(2)
        ]
        time.sleep(1)  # until the parent has seen both for longer than a moment
        assert len(children(evaluators.pid)) == 2
        for answer in begun:
            assert b"".join(answer.chunks).count(b"\n") == 200001


@pytest.mark.parametrize("padding", [0, 300_000], ids=["short", "of several messages"])
def test_a_query_whose_process_is_killed_may_be_asked_again(
    release: Release, settings: Settings, padding: int
) -> None:
    query = ENDLESS + " #" + " " * padding
    with opened(release, replace(settings, query_length=400_000)) as (store, evaluators):

        def kill_soon() -> None:
            time.sleep(0.5)
            for pid in children(evaluators.pid):
                os.kill(pid, 9)

        killer = threading.Thread(target=kill_soon)
        killer.start()
        with pytest.raises(Overloaded, match="ended from outside"):
            ask(store, query, timeout=8)
        killer.join()


def test_a_query_whose_process_ends_before_it_has_all_of_it_may_be_asked_again(
    release: Release, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill_first(self: Request, address: str) -> None:
        pid = int(address.rpartition(".")[2])
        os.kill(pid, 9)
        while Path(address).exists():
            time.sleep(0.01)
        send_rest(self, address)

    send_rest = Request._send_rest
    monkeypatch.setattr(Request, "_send_rest", kill_first)
    with opened(release, replace(settings, query_length=400_000)) as (store, _):
        with pytest.raises(Overloaded) as caught:
            ask(store, "ASK {} #" + " " * 300_000)
        assert caught.value.retry_after > 0


def test_a_process_that_is_killed_is_replaced(release: Release, settings: Settings) -> None:
    with opened(release, settings) as (store, evaluators):
        parent = evaluators.pid
        before = set(children(parent))
        assert len(before) == settings.workers
        for pid in before:
            os.kill(pid, 9)
        assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]
        deadline = time.monotonic() + 10
        while before & set(children(parent)):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_no_process_is_left_when_the_store_is_closed(release: Release, settings: Settings) -> None:
    with opened(release, settings) as (_, evaluators):
        parent = evaluators.pid
        pids = [parent, *children(parent)]
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "a query process outlived its server"
        time.sleep(0.02)


# What a query may not do


class Canary(BaseHTTPRequestHandler):
    """A server that must never be asked."""

    asked: Final[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(500)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def canary() -> Iterator[str]:
    """The address of the canary, which is empty at the end."""
    server = HTTPServer(("127.0.0.1", 0), Canary)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    assert Canary.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <C> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <C> { ?s ?p ?o } }",
        "SELECT * { service<C>{ ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE <C> { ?s ?p ?o } } }",
        "SELECT * { { SELECT * { SERVICE <C> { ?s ?p ?o } } } }",
        "SELECT * { VALUES ?g { <C> } SERVICE ?g { ?s ?p ?o } }",
        "SELECT * { ?s ?p true.SERVICE <C> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o.SERVICE <C> { ?s ?p ?o } }",
        "SELECT * { \\u0053ERVICE <C> { ?s ?p ?o } }",
        "SELECT * { BIND('a\\u0022' AS ?x) SERVICE <C> { ?s ?p ?o } BIND('\\u0022' AS ?y) }",
        "SELECT * { SERVICESILENT<C>{ ?s ?p ?o } }",
        "PREFIX SERVICE: <C> SELECT * { SERVICE SERVICE:x { ?s ?p ?o } }",
        "LOAD <C>",
        "LOAD SILENT <C> INTO GRAPH <urn:x>",
        "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
        "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_what_would_leave_this_process_is_refused(store: Embedded, canary: str, query: str) -> None:
    with pytest.raises((QueryRefused, MalformedQuery)):
        ask(store, query.replace("<C>", f"<{canary}>"))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM <C> { ?s ?p ?o }",
        "SELECT * FROM NAMED <C> { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { GRAPH <C> { ?s ?p ?o } }",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    ],
)
def test_a_graph_that_is_not_there_is_empty_and_never_fetched(
    store: Embedded, canary: str, query: str
) -> None:
    assert rows(store, query.replace("<C>", f"<{canary}>")) == []


def test_a_graph_that_the_request_names_is_never_fetched(store: Embedded, canary: str) -> None:
    assert (
        rows(store, "SELECT ?s { ?s ?p ?o }", default_graphs=(canary,), named_graphs=(canary,))
        == []
    )


# The dataset of a query


def test_several_default_graphs_are_merged(store: Embedded) -> None:
    """A statement in two of them is one statement (SPARQL 1.1 Query, section 13.2)."""
    covers = "SELECT ?s { ?s <https://w3id.org/unicef-linked/ontology#locatedIn> ?o }"
    twice = (f"{GRAPH}/mali/offices", f"{GRAPH}/mali/offices")
    both = (f"{GRAPH}/mali/offices", f"{GRAPH}/mali/staff")
    assert len(rows(store, covers, default_graphs=twice)) == 6
    assert len(rows(store, covers, default_graphs=both)) == 6
    from_clauses = covers.replace("{", f"FROM <{both[0]}> FROM <{both[1]}> {{", 1)
    assert len(rows(store, from_clauses)) == 6


def test_named_graphs_alone_leave_the_default_graph_empty(store: Embedded) -> None:
    offices = (f"{GRAPH}/mali/offices",)
    assert rows(store, "SELECT ?s { ?s ?p ?o }", named_graphs=offices) == []
    assert rows(
        store, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", named_graphs=offices
    ) == list(offices)


# Errors in the field's own terms


def test_a_malformed_query_is_told_where(store: Embedded) -> None:
    with pytest.raises(MalformedQuery) as caught:
        ask(store, "SELECT *\n{ ?s ?p }")
    assert (caught.value.line, caught.value.column is not None) == (2, True)


@pytest.mark.parametrize(
    ("query", "solutions", "graph"),
    [("ASK {}", None, TURTLE), ("CONSTRUCT WHERE { ?s ?p ?o }", RESULTS_JSON, None)],
)
def test_a_form_without_an_accepted_format_is_not_acceptable(
    store: Embedded, query: str, solutions: object, graph: object
) -> None:
    with pytest.raises(NotAcceptable):
        store.answer(Query(query), solutions=solutions, graph=graph, timeout=5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s " + "/".join(["<urn:p>"] * 4000) + " ?o }",
        "ASK { FILTER(" + "||".join(["true"] * 20000) + ") }",
    ],
)
def test_a_query_that_breaks_the_parser_breaks_nothing_else(store: Embedded, query: str) -> None:
    with suppress(QueryError):
        ask(store, query, timeout=1)
    assert rows(store, "SELECT ('x' AS ?y) {}") == ["x"]


# What the publisher reads for itself


def test_statements_are_read_exactly_as_published(store: Embedded, release: Release) -> None:
    published = {quad for quad in release.quads() if quad.predicate.value.endswith("oa#start")}
    assert published
    for quad in published:
        assert quad in store.match(quad.subject)
        assert quad in store.match(None, quad.predicate, quad.object)
    assert store.match(ox.Literal("x")) == []
    assert set(store.match(graph_name=ox.NamedNode(f"{GRAPH}/mali/staff"))) == {
        quad for quad in release.quads() if quad.graph_name == ox.NamedNode(f"{GRAPH}/mali/staff")
    }
