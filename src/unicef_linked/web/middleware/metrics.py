"""/metrics: figures of the web workers and of the release, in Prometheus' text format 0.0.4.

Web workers are processes. Each counts into files of its own in one directory, and the worker that a
scrape reaches adds up the files of all, those of workers that have ended too (multiprocess mode,
https://prometheus.github.io/client_python/multiprocess/). An application that ``serve`` did not
start counts in memory, in a registry of its own. What each answer counts in has a faster way, with
the same promises: ``tally``.

prometheus_client chooses between the two when it is imported, by the environment. So this module
imports it where an application is made, after ``shared_by_workers`` has set the environment.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal

from flask import Blueprint, Flask, Response, current_app

from unicef_linked import __version__, addresses
from unicef_linked.errors import LinkedDataError
from unicef_linked.web.middleware.cache import OUTCOME
from unicef_linked.web.middleware.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import CollectorRegistry, Gauge, Metric

    from unicef_linked.release import Release
    from unicef_linked.store import ProcessFigures, Store

routes: Final = Blueprint("metrics", __name__)

_EXTENSION: Final = "unicef-linked-metrics"
_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_by_workers() -> Iterator[None]:
    """Make processes that start inside this context count into one temporary directory."""
    assert "prometheus_client" not in sys.modules, "it has already chosen to count in memory"
    with TemporaryDirectory(
        prefix="unicef-linked-metrics-", ignore_cleanup_errors=True
    ) as directory:
        os.environ[_DIRECTORY] = directory
        try:
            yield
        finally:
            del os.environ[_DIRECTORY]


class Metrics:
    """The metrics of one application; label values come from closed sets, never from a client."""

    def __init__(
        self, release: Release, store: Store, kinds: frozenset[str], restarts: int
    ) -> None:
        from prometheus_client import CollectorRegistry, Counter
        from prometheus_client.multiprocess import MultiProcessCollector

        self._release, self._store = release, store
        self._directory = os.environ.get(_DIRECTORY)
        self._registry = CollectorRegistry()
        self._registry.register(self)
        if self._directory:
            Path(self._directory).mkdir(parents=True, exist_ok=True)  # it may have been removed
            MultiProcessCollector(self._registry, self._directory)  # type: ignore[no-untyped-call]
        self._tally = Tally(kinds, Path(self._directory) if self._directory else None)
        queries = Counter(
            "unicef_linked_queries_total",
            "Queries that the response cache did not answer, by outcome.",
            ["outcome"],
            registry=self._own_registry,
        )
        self._outcome = cache(queries.labels)  # to look one up takes longer than to count
        self.unanswered = self._gauge(
            "unicef_linked_queries_unanswered",
            "Queries that wait for a query process or are evaluated, before their answer begins.",
        )
        self._gauge("unicef_linked_workers", "Web workers that run.").set(1)
        # Each worker knows the count at its own start: the newest knows all.
        self._gauge(
            "unicef_linked_web_worker_restarts",
            "Web workers that ended and were started again, since the service was started.",
            of_all="max",
        ).set(restarts)

    @property
    def _own_registry(self) -> CollectorRegistry | None:
        """Where figures register themselves; None if the collector of the directory reads them."""
        return None if self._directory else self._registry

    def _gauge(self, name: str, text: str, of_all: Literal["livesum", "max"] = "livesum") -> Gauge:
        """Return a figure that each worker has, with how those of all become one."""
        from prometheus_client import Gauge

        return Gauge(name, text, multiprocess_mode=of_all, registry=self._own_registry)

    def count_answer(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        """Count one answer, when its status is known."""
        self._tally.count(
            environ["REQUEST_METHOD"],
            status,
            _kind(environ["PATH_INFO"]),
            environ.get(OUTCOME, ""),
            seconds,
        )

    def count_query(self, outcome: str) -> None:
        """Count one query: ``answered`` when its answer begins, else the name of its problem."""
        self._outcome(outcome).inc()

    def exposition(self) -> bytes:
        """Return all metrics as text."""
        from prometheus_client import generate_latest
        from prometheus_client.multiprocess import mark_process_dead

        for pid in self._workers():
            if not Path(f"/proc/{pid}").exists():
                with suppress(FileNotFoundError):  # a scrape of another worker was first
                    mark_process_dead(pid, self._directory)  # type: ignore[no-untyped-call]
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield what is read at each scrape: the release, and the process of each worker."""
        yield from self._of_release()
        if processes := self._store.processes():
            yield from _of_query_processes(processes)
        yield from self._tally.families()
        yield from self._of_workers()

    def _of_release(self) -> Iterator[Metric]:
        """Yield which release is served, and whether it is."""
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        manifest = self._release.manifest
        information = {
            "version": __version__,
            "release": manifest.name,
            "base": manifest.base_iri,
        }
        yield InfoMetricFamily("unicef_linked", "The program and the release.", information)
        yield GaugeMetricFamily(
            "unicef_linked_statements", "Statements of the release.", manifest.quads
        )
        yield GaugeMetricFamily(
            "unicef_linked_release_timestamp_seconds",
            "When the files of the release were written (Unix time).",
            (self._release.path / "manifest.json").stat().st_mtime,
        )
        yield GaugeMetricFamily(
            "unicef_linked_ready", "Whether /readyz answers 200 (1) or not (0).", self._is_ready()
        )

    def _of_workers(self) -> Iterator[Metric]:
        """Yield the memory and the processor time of each web worker."""
        from prometheus_client.core import Metric

        families: dict[str, Metric] = {}
        for pid in self._workers():
            for metric in _process(pid):
                new = Metric(metric.name, metric.documentation, metric.type)
                family = families.setdefault(metric.name, new)
                for sample in metric.samples:
                    family.add_sample(sample.name, {"worker": str(pid)}, sample.value)
        yield from families.values()

    def _is_ready(self) -> bool:
        try:
            self._store.check()
        except LinkedDataError:
            return False
        return True

    def _workers(self) -> list[int]:
        """Return the process of each worker that runs, as their gauges tell."""
        if not self._directory:
            return [os.getpid()]
        files = Path(self._directory).glob("gauge_livesum_*.db")
        return sorted(int(file.stem.rpartition("_")[2]) for file in files)


def _of_query_processes(processes: ProcessFigures) -> Iterator[Metric]:
    """Yield the states of the query processes, and what has become of others."""
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    states = GaugeMetricFamily(
        "unicef_linked_query_processes", "Query processes, by state.", labels=["state"]
    )
    states.add_metric(["busy"], processes.busy)
    states.add_metric(["idle"], processes.running - processes.busy)
    yield states
    ends = CounterMetricFamily(
        "unicef_linked_query_process_events",
        "Starts of the supervisor, and ends of query processes by their cause.",
        labels=["event"],
    )
    for event, number in processes.events.items():
        ends.add_metric([event], number)
    yield ends


class Metered:
    """WSGI middleware that counts answers."""

    def __init__(self, application: WSGIApplication, metrics: Metrics) -> None:
        self._application, self._metrics = application, metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and count it once the status is known."""
        began = time.perf_counter()

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            self._metrics.count_answer(environ, status, time.perf_counter() - began)
            return start_response(status, headers, *error)

        return self._application(environ, start)


def install(app: Flask, release: Release, store: Store, restarts: int) -> Metrics:
    """Give an application, whose routes are known, its metrics.

    ``restarts`` is the number of web workers that were started again before this one.
    """
    kinds = frozenset(_kind(rule.rule) for rule in app.url_map.iter_rules())
    metrics = app.extensions[_EXTENSION] = Metrics(release, store, kinds, restarts)
    return metrics


@routes.get(addresses.METRICS)
def metrics() -> Response:
    """Return the figures of all web workers and of the release."""
    from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

    content = current_app.extensions[_EXTENSION].exposition()
    headers = {"Cache-Control": "no-store"}
    return Response(content, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)


def _kind(path: str) -> str:
    """Return the first segment of a path or of a route's rule, without a suffix.

    >>> [_kind(path) for path in ("/", "/doc/office/gao.ttl", "/dataset.<suffix>")]
    ['home', 'doc', 'dataset']
    """
    return path.lstrip("/").partition("/")[0].partition(".")[0] or "home"


def _process(pid: int) -> Iterable[Metric]:
    from prometheus_client import ProcessCollector

    return ProcessCollector(pid=lambda: pid, registry=None).collect()
