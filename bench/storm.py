"""While twenty of the worst queries run: what do dereferencing,
/healthz and innocent queries notice?

The client keeps a rate whatever the server does, and counts from when a request was due, so that a
slow answer also shows in those that had to wait behind it. It and the storm are processes of their
own.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from bench.load import NONCE
from bench.questions import INNOCENT, JSON, PREFIXES, WORST
from bench.report import Line, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.running import Run
    from bench.servers import Server

RATE: Final = 100  # documents and /healthz a second
QUERIES: Final = 10  # innocent queries a second
CLIENTS: Final = (
    8  # connections of the modest client; /healthz and documents are answered fast enough for them
)
WAITING: Final = 100  # and those for innocent queries, which may wait some seconds each
MOST: Final = 3.0  # the target: 99th percentile in the storm by that when idle
_ACCEPTS: Final = ("text/turtle", "application/ld+json", "text/html")


def storm(run: Run) -> Report:
    """Return the 50th and 99th percentile idle and in the storm, taken in turn,
    and how innocent queries end.
    """
    report = Report(
        "storm: twenty of the worst queries in a loop (ours in the storm, beside ours idle), ms"
    )
    server = run.ours()
    entities = _entities(run.release)
    seconds = max(10.0, 2 * run.seconds)
    _modest(server.port, entities, 2.0)  # fills the cache with what is asked for again
    idle: list[Seen] = []
    wild: list[Seen] = []
    ends: Counter[str] = Counter()
    for _ in range(run.rounds):
        idle.append(_modest(server.port, entities, seconds))
        with _worst(server, ends):
            time.sleep(1.0)
            wild.append(_modest(server.port, entities, seconds))
        _settle(server)
    for sort in ("document, cached", "document, uncached", "/healthz", "innocent query"):
        for name, percent, target in (("p50", 50, None), ("p99", 99, MOST)):
            before, after = (
                [_percentile(seen.times[sort], percent) for seen in side] for side in (idle, wild)
            )
            goal = (
                target if sort != "innocent query" else None
            )  # a query may wait for a query process
            report.lines.append(
                Line(
                    f"{sort}, {name}",
                    f"{median(after):.1f}",
                    "idle",
                    f"{median(before):.1f}",
                    median(after) / median(before),
                    goal,
                    at_most=True,
                )
            )
    for name, side in (("idle", idle), ("in the storm", wild)):
        for sort in ("innocent query", "everything else"):
            counts = sum((s.ends[sort] for s in side), Counter[str]())
            words = ", ".join(f"{count} × {end}" for end, count in counts.most_common())
            report.remarks.append(f"{sort}, {name}: {words}")
    words = ", ".join(f"{count} × {end}" for end, count in ends.most_common())
    report.remarks.append(f"the worst queries ended: {words or 'not one'}")
    late = [
        _percentile([lateness for seen in side for lateness in seen.late], 99)
        for side in (idle, wild)
    ]
    report.remarks.append(
        f"of this the client’s own lateness, p99: idle {late[0]:.1f} ms, in the storm {late[1]:.1f} ms"
    )
    return report


def _entities(release: Path) -> list[str]:
    """Return the paths of every document that describes an office, region, sector,
    priority or place.
    """
    text = (release / "dumps" / "dataset.nq").read_text(encoding="utf-8")
    found = re.findall(
        r"^<[^>]*/id/((?:office|region|sector|priority|place)/[a-z0-9-]+)> ", text, re.MULTILINE
    )
    return [f"/doc/{name}" for name in sorted(set(found))]


def _percentile(values: list[float], percent: int) -> float:
    return (
        quantiles(values, n=100, method="inclusive")[percent - 1]
        if len(values) > 1
        else float("nan")
    )


@dataclass(slots=True)
class Seen:
    """What the modest client saw: milliseconds by sort of request, its own lateness,
    and how requests ended.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    ends: dict[str, Counter[str]] = field(
        default_factory=lambda: {"innocent query": Counter(), "everything else": Counter()}
    )


Request = tuple[str, str, str]
"""Sort, path and Accept."""


def _document(number: int, entities: list[str]) -> Request:
    """Return the next of those that need no query: four in nine cached documents,
    three uncached, two /healthz.
    """
    turn = number % 9
    entity = entities[number * 7 % len(entities)]
    accept = _ACCEPTS[number // 9 % 3]
    if turn < 4:
        return "document, cached", entity, accept
    if turn < 7:
        return "document, uncached", f"{entity}?n={time.time_ns()}", accept
    return "/healthz", "/healthz", "*/*"


def _innocent(number: int, _entities: list[str]) -> Request:
    path = INNOCENT[number % len(INNOCENT)].path("/sparql", different=True)
    return "innocent query", path.replace(NONCE, str(time.time_ns())), JSON


def _modest(port: int, entities: list[str], seconds: float) -> Seen:
    """Ask at the fixed rates for some seconds, in a process of its own, and return what it saw."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ask_steadily, (port, entities, seconds))


def _ask_steadily(port: int, entities: list[str], seconds: float) -> Seen:
    seen, lock = Seen(), threading.Lock()
    begin = time.perf_counter() + 0.5

    def client(
        turns: Iterator[int], rate: float, request: Callable[[int, list[str]], Request]
    ) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        while (number := next(turns)) < rate * seconds:
            due = begin + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            sort, path, accept = request(number, entities)
            body = b""
            try:
                connection.request("GET", path, headers={"Accept": accept})
                response = connection.getresponse()
                body = response.read()
                end = ending(response.status, body)
            except (OSError, HTTPException) as error:
                end = type(error).__name__
                connection.close()
            took = time.perf_counter()
            with lock:
                seen.late.append((sent - due) * 1000)
                seen.times.setdefault(sort, []).append((took - due) * 1000)
                seen.ends["innocent query" if sort == "innocent query" else "everything else"][
                    end
                ] += 1
        connection.close()

    threads = []
    for rate, clients, request in ((RATE, CLIENTS, _document), (QUERIES, WAITING, _innocent)):
        turns = itertools.count()
        threads += [
            threading.Thread(target=client, args=(turns, rate, request)) for _ in range(clients)
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def ending(status: int, body: bytes) -> str:
    """Return how a request ended: its status,
    and the problem type that came with an error (RFC 9457).
    """
    if status < 400:
        return str(status)
    try:
        problem = str(json.loads(body)["type"])
    except (ValueError, KeyError, TypeError):
        problem = "without a problem type"
    return f"{status} {problem.rpartition('#')[2].rpartition('/')[2]}"


@contextmanager
def _worst(server: Server, ends: Counter[str]) -> Iterator[None]:
    """Keep the twenty worst queries running, each on a connection of its own,
    and count how they ended.
    """
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    process = context.Process(target=_rage, args=(server.port, stop, results), daemon=True)
    process.start()
    try:
        yield
    finally:
        stop.set()
        ends.update(results.get(timeout=30))
        process.terminate()  # the queries that still run lose their client
        process.join()


def _rage(port: int, stop: threading.Event, results: multiprocessing.Queue[Counter[str]]) -> None:
    ends: Counter[str] = Counter()

    def client(query: str) -> None:
        path = f"/sparql?query={quote(PREFIXES + query, safe='')}"
        while not stop.is_set():
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                connection.request("GET", f"{path}%0A%23{time.time_ns()}", headers={"Accept": JSON})
                response = connection.getresponse()
                head = response.read(1 << 20)
                while response.read(1 << 20):
                    pass
                ends[ending(response.status, head)] += 1
                # A client that is told when to come again does, sooner than it was told.
                time.sleep(0.2 if response.status == 503 else 0)
            except (OSError, HTTPException) as error:
                ends[type(error).__name__] += 1
            finally:
                connection.close()

    for query in WORST:
        threading.Thread(target=client, args=(query,), daemon=True).start()
    stop.wait()
    results.put(ends.copy())


def _settle(server: Server) -> None:
    """Wait until an innocent query is answered at once: the storm is over."""
    path = INNOCENT[0].path("/sparql", different=True)
    for _ in range(100):
        start = time.perf_counter()
        status, _, _ = server.get(path.replace(NONCE, str(time.time_ns())), {"Accept": JSON})
        if status == 200 and time.perf_counter() - start < 0.1:
            return
        time.sleep(0.2)
