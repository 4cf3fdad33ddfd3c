"""What isolation costs: the same query in this process, in a query process, and over HTTP,
one at a time.
"""

from __future__ import annotations

import io
import itertools
import time
from functools import partial
from http.client import HTTPConnection
from statistics import median
from typing import TYPE_CHECKING

from bench.load import NONCE
from bench.questions import PREFIXES
from bench.report import Line, Report, interleave
from unicef_linked.config import Settings
from unicef_linked.rdf.formats import RESULTS_JSON, TURTLE
from unicef_linked.release import open_release
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.loading import load_dataset
from unicef_linked.store.pool.launcher import run_evaluators
from unicef_linked.store.pool.messages import Options
from unicef_linked.store.pool.worker import evaluate
from unicef_linked.store.query import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.questions import Question
    from bench.running import Run

_OPTIONS = Options(
    default_graphs=(),
    named_graphs=(),
    has_dataset=False,
    base="",
    federated=False,
    solutions=RESULTS_JSON.media_type,
    graph=TURTLE.media_type,
)
_COUNT = 100
"""Times that each way answers a query before the next way has its turn."""


def isolation(run: Run) -> Report:
    """Return microseconds per query, for each kind: in process, isolated,
    isolated and over HTTP.
    """
    report = Report(
        "isolation: one query at a time, µs (ours isolated, beside the same engine in process)"
    )
    release = open_release(run.release)
    dataset, numbers = load_dataset(release), itertools.count()
    server = run.ours()
    evaluators = run.stack.enter_context(run_evaluators(release, Settings()))
    isolated = Embedded(release, evaluators.address, Settings())
    run.stack.callback(isolated.close)
    connection = HTTPConnection("127.0.0.1", server.port)
    run.stack.callback(connection.close)

    def in_process(question: Question) -> bytes:
        out = io.BytesIO()
        query = f"{PREFIXES}{question.text}\n#{next(numbers)}"
        evaluate(dataset, _OPTIONS, query, release.names.prefixes, lambda _: out)
        return out.getvalue()

    def through_a_process(question: Question) -> bytes:
        query = Query(f"{PREFIXES}{question.text}\n#{next(numbers)}")
        answer = isolated.answer(query, solutions=RESULTS_JSON, graph=TURTLE, timeout=10.0)
        return answer.whole or b"".join(answer.chunks)

    def over_http(question: Question) -> bytes:
        path = question.path(server.sparql, different=True).replace(NONCE, str(next(numbers)))
        connection.request("GET", path, headers={"Accept": question.media_type})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise ValueError(f"{question.kind}: {response.status} {body[:200]!r}")
        return body

    ways: dict[str, Callable[[Question], bytes]] = {
        "answer()": through_a_process,
        "HTTP": over_http,
        "pyoxigraph in process": in_process,
    }
    totals = dict.fromkeys(ways, 0.0)
    for question in run.questions:
        times = interleave(
            run.rounds, {name: partial(_median, way, question) for name, way in ways.items()}
        )
        alone = times["pyoxigraph in process"]
        for name in ("answer()", "HTTP"):
            _line(report, f"{question.kind}, {name}", median(times[name]), median(alone))
        for name in ways:
            totals[name] += median(times[name])
    for name in ("answer()", "HTTP"):
        _line(report, f"all ten, {name}", totals[name], totals["pyoxigraph in process"])
        overhead = (totals[name] - totals["pyoxigraph in process"]) / len(run.questions)
        report.remarks.append(
            f"{name} costs {overhead:,.0f} µs more than in process, on average over the ten"
        )
    return report


def _line(report: Report, what: str, ours: float, alone: float) -> None:
    report.lines.append(Line(what, f"{ours:,.0f}", "in process", f"{alone:,.0f}", ours / alone))


def _median(way: Callable[[Question], bytes], question: Question) -> float:
    """Return the median time of one way to answer a question, in microseconds."""
    times = []
    for _ in range(_COUNT):
        start = time.perf_counter()
        way(question)
        times.append(time.perf_counter() - start)
    return median(times) * 1e6
