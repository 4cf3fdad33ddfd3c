"""The server as users run it: real processes, real connections, real clients."""

from __future__ import annotations

import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import pytest
import rdflib
import requests
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, POST, RDFXML, TURTLE, XML, SPARQLWrapper

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Server

    from unicef_linked.release import Release

UL: Final = "PREFIX ul: <https://w3id.org/unicef-linked/ontology#> "
OFFICES: Final = UL + "SELECT ?o { ?o a ul:ZoneOffice } ORDER BY ?o"
PRODUCT: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
ENDLESS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def ask(server: Server, query: str, **options: Any) -> requests.Response:
    """Ask by POST."""
    data = {"query": query, **options.pop("data", {})}
    return requests.post(f"{server.url}/sparql", data=data, **{"timeout": 60, **options})


def peak_memory(pid: int) -> int:
    """Return the most bytes that a process has had in memory (proc(5), VmHWM);
    0 for one that has ended.
    """
    with suppress(OSError):
        if peak := Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2]:
            return int(peak.split()[0]) << 10
    return 0


def test_one_connection_serves_many_requests(server: Server) -> None:
    with requests.Session() as session:
        for path in (
            "/doc/office/gao",
            "/id/office/gao",
            "/nowhere",
            "/sparql?query=ASK%7B%7D",
            "/doc/office/gao.html",
        ):
            response = session.get(server.url + path, allow_redirects=False, timeout=10)
            assert response.headers.get("Connection", "keep-alive").lower() != "close"
        assert len(session.adapters["http://"].poolmanager.pools) == 1


def test_head_sends_no_body_over_the_wire(server: Server) -> None:
    head = requests.head(
        f"{server.url}/doc/office/gao.ttl", headers={"Accept-Encoding": "identity"}, timeout=10
    )
    got = requests.get(
        f"{server.url}/doc/office/gao.ttl", headers={"Accept-Encoding": "identity"}, timeout=10
    )
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.content))
    assert head.headers["ETag"] == got.headers["ETag"]


def test_all_web_workers_give_one_resource_one_entity_tag(server: Server) -> None:
    page = {"Accept": "text/html, application/sparql-results+json;q=0.5, text/turtle;q=0.4"}
    for path in (
        "/doc/office/gao.ttl",
        "/doc/office/gao.rdf",
        "/doc/office/gao.jsonld",
        "/doc/office/gao.html",
        "/doc/region/gao.html",
        "/doc/sector/wash.html",
        "/doc/group.html",
        "/",
        "/pictures",
        "/ontology.html",
        "/shapes.html",
        "/dataset.html",
        "/quality.html",
        "/sparql?query=ASK%7B%7D&format=json",
    ):
        answers = [requests.get(server.url + path, headers=page, timeout=30) for _ in range(12)]
        assert {answer.status_code for answer in answers} == {200}, path
        first, *others = ((answer.headers["ETag"], answer.text.splitlines()) for answer in answers)
        for tag, lines in others:
            assert [
                (one, other) for one, other in zip(first[1], lines, strict=False) if one != other
            ] == [], path
            assert tag == first[0], path


def test_a_large_answer_is_streamed_and_complete(server: Server) -> None:
    response = ask(server, f"{PRODUCT} LIMIT 30000", headers={"Accept": "text/csv"}, stream=True)
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert (
        response.content.count(b"\r\n") == 30001
    )  # a value may hold a line feed, only a row ends in both


def test_half_a_million_rows_pass_through_without_being_held(
    serve: Callable[..., Server], release: Release
) -> None:
    """Some 75 MB of them: no process of the server grows by as much as half of it."""
    server = serve("--release", str(release.path), "--workers", "1")
    assert ask(server, f"{PRODUCT} LIMIT 30000", headers={"Accept": "text/csv"}).ok
    first: dict[int, int] = {}
    last: dict[int, int] = {}

    def look() -> None:
        for pid in descendants(server.process.pid):
            if peak := peak_memory(pid):
                last[pid] = peak
                first.setdefault(pid, peak)

    look()
    assert len(first) >= 4
    rows = size = 0
    long = {"data": {"timeout": "30"}, "headers": {"Accept": "text/csv"}, "stream": True}
    with ask(server, f"{PRODUCT} LIMIT 500000", **long) as response:
        for chunk in response.iter_content(1 << 20):
            rows += chunk.count(b"\r\n")
            size += len(chunk)
            look()
    assert rows == 500_001
    assert size > 75 << 20
    grown = {pid: last[pid] - first[pid] for pid in first}
    assert all(number < size / 2 for number in grown.values()), grown


def test_an_answer_that_breaks_off_is_seen_to_break_off(
    serve: Callable[..., Server], release: Release
) -> None:
    limited = serve(
        "--release",
        str(release.path),
        "--workers",
        "1",
        environment={"UNICEF_LINKED_QUERY_RESULT": "4"},
    )
    for accept in ("text/csv", "application/sparql-results+json"):
        with pytest.raises(
            (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)
        ):
            ask(limited, PRODUCT, headers={"Accept": accept})
    assert len(ask(limited, OFFICES).json()["results"]["bindings"]) == 5


def test_an_answer_that_meets_its_deadline_on_the_way_is_seen_to_break_off(server: Server) -> None:
    for timeout in ("0.4", "2", "8"):  # on a busy machine the shorter ones end before it begins
        try:
            answer = ask(server, PRODUCT, headers={"Accept": "text/csv"}, data={"timeout": timeout})
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError):
            return
        assert answer.status_code == 503, answer.text[:200]
    pytest.fail("the answer never began")


def test_a_client_that_reads_slowly_sees_it_too(server: Server) -> None:
    """Megabytes wait in the kernel for such a client when its answer breaks off;
    what it reads must not end in good order.
    """
    response = ask(
        server, PRODUCT, headers={"Accept": "text/csv"}, data={"timeout": "1"}, stream=True
    )
    time.sleep(3)
    with pytest.raises(
        (requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)
    ):
        response.content  # noqa: B018 - reads it


@pytest.fixture(scope="module")
def single(serve: Callable[..., Server], release: Release) -> Server:
    """A server with one query process."""
    return serve(
        *("--release", str(release.path), "--workers", "1"),
        environment={"UNICEF_LINKED_QUERY_WORKERS": "1"},
    )


@pytest.mark.parametrize(
    "query", [ENDLESS, PRODUCT, "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER(?a = ?nothing) }"]
)
def test_a_client_that_leaves_frees_its_worker(single: Server, query: str) -> None:
    """Else the one that may take long would do so for 30 seconds,
    and each other would be ended after a moment.
    """
    for _ in range(2):
        with suppress(
            requests.exceptions.ReadTimeout
        ):  # an answer that has begun to stream has no such time-out
            ask(single, query, data={"timeout": "30"}, timeout=0.6, stream=True).close()
    assert len(ask(single, OFFICES).json()["results"]["bindings"]) == 5
    problems = (
        ask(single, ENDLESS, data={"timeout": "1"}).json()["type"] for _ in range(30)
    )  # some 12 seconds
    assert any(problem.endswith("/query-timeout") for problem in problems)


def test_a_client_that_leaves_at_once_frees_its_worker(single: Server) -> None:
    """Before anybody could look which connection is its own."""
    with suppress(requests.exceptions.ReadTimeout):
        ask(single, ENDLESS, data={"timeout": "30"}, timeout=0.02)
    unanswered = "unicef_linked_queries_unanswered 0.0"
    began = time.monotonic()
    while unanswered not in requests.get(f"{single.url}/metrics", timeout=30).text:
        assert time.monotonic() < began + 20, "it runs until its deadline"
        time.sleep(0.35)


def test_a_client_that_stays_is_answered_though_others_leave(server: Server) -> None:
    """Twenty clients of one address wait for the same endless query; ten leave;
    the others are told of the deadline.
    """
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        asked = [
            pool.submit(
                ask, server, ENDLESS, data={"timeout": "3"}, timeout=0.5 if number % 2 else 60
            )
            for number in range(20)
        ]
    for number, answer in enumerate(asked):
        if number % 2:
            assert isinstance(answer.exception(), requests.exceptions.ReadTimeout)
        else:
            assert answer.result().json()["type"].rpartition("/")[2] in {
                "query-timeout",
                "overloaded",
            }


def test_a_storm_of_bad_queries_leaves_documents_and_other_queries_unharmed(server: Server) -> None:
    queries = [
        ENDLESS,
        PRODUCT + " ORDER BY ?a ?f",
        "SELECT (GROUP_CONCAT(?c) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
        "SELECT * { ?s (!<urn:p>/!<urn:q>)+ ?o }",
    ]
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        storm = [pool.submit(ask, server, queries[n % 4], data={"timeout": "1"}) for n in range(16)]
        documents = [
            pool.submit(server.get, f"/doc/office/{key}.ttl?n={n}")
            for n in range(5)
            for key in ("gao", "mopti", "kayes")
        ]
        assert {future.result().status_code for future in documents} == {200}
        for future in storm:
            response = future.result()
            assert response.status_code in {200, 503}
            if response.status_code == 503:
                kind = response.json()["type"].rpartition("/")[2]
                assert kind in {"query-timeout", "query-out-of-resources", "overloaded"}
                assert ("Retry-After" in response.headers) == (kind == "overloaded")
    assert len(ask(server, OFFICES).json()["results"]["bindings"]) == 5


def descendants(pid: int) -> list[int]:
    """Return the processes below a process."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def own_memory(pid: int) -> int:
    """Return the memory that a process shares with no other (bytes)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"Private_Dirty: +(\d+) kB", rollup)[0]) << 10


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_server_that_is_stopped_finishes_what_it_began_and_leaves_nothing_behind(
    serve: Callable[..., Server], release: Release, stop: signal.Signals
) -> None:
    server = serve("--release", str(release.path), "--workers", "2")
    below = descendants(server.process.pid)
    assert len(below) >= 4
    for pid in below:  # the web workers share one copy of the dataset, the query processes another
        assert own_memory(pid) < 60 << 20
    query, options = (
        f"{PRODUCT} LIMIT 400000",
        {"headers": {"Accept": "text/csv"}, "data": {"timeout": "30"}},
    )
    with ask(server, query, stream=True, **options) as begun:
        server.process.send_signal(stop)
        assert begun.content.count(b"\r\n") == 400_001
    assert server.process.wait(timeout=30) == 0
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in below):
        assert time.monotonic() < deadline, "a process outlived its server"
        time.sleep(0.02)


def test_a_server_that_is_stopped_while_some_workers_still_start_stops_at_once(
    serve: Callable[..., Server], release: Release
) -> None:
    server = serve("--release", str(release.path), "--workers", "6")
    server.process.send_signal(signal.SIGTERM)
    assert (
        server.process.wait(timeout=30) == 0
    )  # a worker that missed the signal is killed after 35 s


def test_query_processes_that_die_are_brought_back(
    serve: Callable[..., Server], release: Release
) -> None:
    server = serve("--release", str(release.path), "--workers", "1")
    parents = [
        pid
        for pid in descendants(server.process.pid)
        if b"store.pool.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    orphans = [pid for pid in parents if pid != parents[0]]
    os.kill(parents[0], signal.SIGKILL)
    deadline = time.monotonic() + 20
    while (response := ask(server, OFFICES)).status_code != 200:
        assert response.status_code == 503
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while any(Path(f"/proc/{pid}").exists() for pid in orphans):
        assert time.monotonic() < deadline, "a query process outlived its parent"
        time.sleep(0.1)
    assert server.get("/doc/office/gao").status_code == 200


def test_a_second_server_on_the_port_is_told_so(server: Server, release: Release) -> None:
    port = server.url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "unicef_linked", "serve", "--release", release.path, "--port", port],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        == f"unicef-linked: cannot listen on 127.0.0.1:{port}: Address already in use; stop what uses it, or give another --port"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of RDF in every format, each with one statement of its own."""
    root = tmp_path_factory.mktemp("any")
    formats = {
        "ttl": ox.RdfFormat.TURTLE,
        "nt": ox.RdfFormat.N_TRIPLES,
        "rdf": ox.RdfFormat.RDF_XML,
        "jsonld": ox.RdfFormat.JSON_LD,
    }
    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    for suffix, kind in formats.items():
        triple = ox.Triple(ox.NamedNode(f"http://example.org/{suffix}"), label, ox.Literal(suffix))
        ox.serialize([triple], str(root / f"file.{suffix}"), format=kind)
    for suffix, quads in {"trig": ox.RdfFormat.TRIG, "nq": ox.RdfFormat.N_QUADS}.items():
        quad = ox.Quad(
            ox.NamedNode(f"http://example.org/{suffix}"),
            label,
            ox.Literal(suffix),
            ox.NamedNode("http://example.org/g"),
        )
        ox.serialize([quad], str(root / f"file.{suffix}"), format=quads)
    return root


@pytest.mark.parametrize(
    ("options", "in_default_graph"),
    [
        ([], {"ttl", "nt", "rdf", "jsonld"}),
        (["--union"], {"ttl", "nt", "rdf", "jsonld", "trig", "nq"}),
    ],
    ids=["as it is", "with the union"],
)
def test_any_folder_of_rdf_is_served(
    serve: Callable[..., Server], folder: Path, options: list[str], in_default_graph: set[str]
) -> None:
    server = serve("--data", str(folder), "--workers", "1", *options)

    def labels(query: str) -> set[str]:
        return {row["l"]["value"] for row in ask(server, query).json()["results"]["bindings"]}

    assert labels("SELECT ?l { ?s ?p ?l }") == in_default_graph
    assert labels("SELECT ?l { GRAPH <http://example.org/g> { ?s ?p ?l } }") == {"trig", "nq"}
    page = server.get("/resource?iri=http://example.org/ttl", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "http://example.org/ttl" in page.text
    turtle = server.get(
        "/resource?iri=http://example.org/trig", headers={"Accept": "application/n-quads"}
    )
    assert "<http://example.org/g>" in turtle.text
    assert server.get("/", headers={"Accept": "text/html"}).status_code == 200


# Real clients


def test_sparqlwrapper_reads_every_format(server: Server) -> None:
    client = SPARQLWrapper(f"{server.url}/sparql")
    client.setQuery(OFFICES)
    client.setReturnFormat(JSON)
    assert len(client.queryAndConvert()["results"]["bindings"]) == 5
    client.setReturnFormat(XML)
    assert len(client.queryAndConvert().getElementsByTagName("result")) == 5
    client.setReturnFormat(CSV)
    assert len(client.queryAndConvert().split()) == 6
    client.setMethod(POST)
    client.setQuery(UL + "CONSTRUCT { ?o ul:openedOn ?y } WHERE { ?o ul:openedOn ?y }")
    for kind in (RDFXML, TURTLE):
        client.setReturnFormat(kind)
        content = client.queryAndConvert()
        graph = (
            content
            if isinstance(content, rdflib.Graph)
            else rdflib.Graph().parse(data=content, format="turtle")
        )
        assert len(graph) == 5


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_queries_it_as_a_store(server: Server, method: str) -> None:
    graph = rdflib.Graph(SPARQLStore(f"{server.url}/sparql", method=method))
    assert len(list(graph.query(OFFICES))) == 5
    kind = rdflib.URIRef("https://w3id.org/unicef-linked/ontology#ZoneOffice")
    assert len(list(graph.subjects(rdflib.RDF.type, kind))) == 5


def test_rdflib_follows_a_thing_to_its_description(server: Server) -> None:
    graph = rdflib.Graph()
    graph.parse(f"{server.url}/id/office/gao")
    assert (rdflib.URIRef("https://w3id.org/unicef-linked/id/office/gao"), None, None) in graph


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-p", "/sparql", "-e", OFFICES], ["gao", "kayes", "mopti", "sikasso", "tombouctou"]),
        (["-D", "/id/office/gao", "-e", UL + "SELECT ?y { ?s ul:openedOn ?y }"], ["2013"]),
        (["-D", "/doc/office/gao.rdf", "-e", UL + "SELECT ?n { ?s ul:staffCount ?n }"], ["14"]),
    ],
    ids=["the endpoint", "a thing", "its RDF/XML"],
)
def test_roqet_asks_it_and_reads_its_documents(
    server: Server, arguments: list[str], expected: list[str]
) -> None:
    command = [
        "roqet",
        "-q",
        "-r",
        "csv",
        *(server.url + a if a.startswith("/") else a for a in arguments),
    ]
    # Over data of any kind, a local file too, it exits with 2; what counts is what it read.
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert [row.rpartition("/")[2] for row in done.stdout.split()[1:]] == expected
