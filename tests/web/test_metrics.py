"""Metrics: what is counted, under which bounded labels, and that workers are added up."""

from __future__ import annotations

import os
import signal
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

ANSWERS: Final = "unicef_linked_answers_total"
CACHE: Final = "unicef_linked_cache_requests_total"
DURATIONS: Final = "unicef_linked_request_duration_seconds_count"
QUERIES: Final = "unicef_linked_queries_total"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """Return each sample's value, by its name and its sorted labels."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, "a sample stands once"
            found[key] = sample.value
    return found


def value(text: str, name: str, **labels: str) -> float:
    """Return the value of one sample; 0 where there is none yet."""
    return samples(text).get((name, tuple(sorted(labels.items()))), 0)


def workers(server: Server) -> set[int]:
    """Return the processes of the web workers."""
    found = samples(server.get("/metrics").text)
    return {
        int(dict(labels)["worker"]) for name, labels in found if name == "process_cpu_seconds_total"
    }


def wait_for_workers(server: Server, number: int, without: int = 0) -> set[int]:
    """Return the processes of the web workers, when there are so many and not a certain one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):  # the kernel gave it to the one that was killed
            found = workers(server)
            if len(found) == number and without not in found:
                return found
        time.sleep(0.2)
    raise AssertionError(f"there are not {number} workers")


@pytest.fixture
def fresh(release: Release, store: Embedded, settings: Settings) -> FlaskClient:
    """A client of an application that nobody has asked yet."""
    return create_app(settings, release, store).test_client()


def test_metrics_are_what_prometheus_reads(fresh: FlaskClient, release: Release) -> None:
    fresh.get("/doc/office/gao")
    fresh.get("/sparql?query=ASK{}")
    response = fresh.get("/metrics")
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    types = {family.name: family.type for family in text_string_to_metric_families(response.text)}
    expected = {
        "unicef_linked_info": "gauge",
        "unicef_linked_statements": "gauge",
        "unicef_linked_workers": "gauge",
        "unicef_linked_answers": "counter",
        "unicef_linked_cache_requests": "counter",
        "unicef_linked_queries": "counter",
        "unicef_linked_request_duration_seconds": "histogram",
        "process_cpu_seconds": "counter",
        "process_resident_memory_bytes": "gauge",
        "process_start_time_seconds": "gauge",
    }
    assert types.items() >= expected.items()
    assert value(response.text, "unicef_linked_statements") == release.manifest.quads
    assert value(response.text, "unicef_linked_workers") == 1


@pytest.mark.parametrize(
    ("method", "path", "name", "labels"),
    [
        ("GET", "/", ANSWERS, {"method": "GET", "status": "200"}),
        ("HEAD", "/", ANSWERS, {"method": "HEAD", "status": "200"}),
        ("BREW", "/", ANSWERS, {"method": "other", "status": "405"}),
        ("GET", "/", DURATIONS, {"kind": "home", "status": "2xx"}),
        ("GET", "/doc/office/gao.ttl", DURATIONS, {"kind": "doc", "status": "2xx"}),
        ("GET", "/doc/office/nowhere", DURATIONS, {"kind": "doc", "status": "4xx"}),
        ("GET", "/id/office/gao", DURATIONS, {"kind": "id", "status": "3xx"}),
        ("GET", "/dataset.ttl", DURATIONS, {"kind": "dataset", "status": "2xx"}),
        ("GET", "/wp-login.php", DURATIONS, {"kind": "other", "status": "4xx"}),
        ("GET", "/sparql?query=ASK{}", QUERIES, {"outcome": "answered"}),
        ("GET", "/sparql?query=ASK", QUERIES, {"outcome": "malformed-query"}),
        ("GET", "/sparql?query=ASK{}&timeout=never", QUERIES, {"outcome": "bad-parameter"}),
        ("GET", "/sparql?update=CLEAR+ALL", QUERIES, {"outcome": "query-refused"}),
    ],
)
def test_a_request_is_counted_once(
    fresh: FlaskClient, method: str, path: str, name: str, labels: dict[str, str]
) -> None:
    fresh.open(path, method=method)
    text = fresh.get("/metrics").text
    assert value(text, name, **labels) == 1
    assert [labels for key, labels in samples(text) if key == name] == [
        tuple(sorted(labels.items()))
    ]


def test_the_cache_tells_hits_misses_and_what_was_not_modified(fresh: FlaskClient) -> None:
    path = "/doc/region/kayes"
    tag = fresh.get(path).headers["ETag"]
    fresh.get(path)
    fresh.get(path)
    fresh.get(path, headers={"If-None-Match": tag})
    fresh.options(path)
    text = fresh.get("/metrics").text
    outcomes = [value(text, CACHE, outcome=name) for name in ("hit", "miss", "not_modified")]
    assert outcomes == [2, 1, 1]


def test_applications_in_one_process_count_apart(
    release: Release, store: Embedded, settings: Settings
) -> None:
    first, second = (create_app(settings, release, store).test_client() for _ in range(2))
    first.get("/doc/office/gao")
    counted = [
        value(client.get("/metrics").text, DURATIONS, kind="doc", status="2xx")
        for client in (first, second)
    ]
    assert counted == [1, 0]


def test_workers_are_added_up_and_one_that_is_killed_loses_no_counts(
    serve: Callable[..., Server], release: Release, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp_path = tmp_path_factory.mktemp("counts")  # sockets are below it: a short name
    server = serve(
        *("--release", str(release.path), "--workers", "2"), environment={"TMPDIR": str(tmp_path)}
    )

    def counted() -> list[float]:
        scrapes = [server.get("/metrics").text for _ in range(12)]  # they reach both workers
        return [value(text, DURATIONS, kind="doc", status="2xx") for text in scrapes]

    before = wait_for_workers(server, 2)
    for _ in range(40):
        assert server.get("/doc/office/gao.ttl").status_code == 200
    assert counted() == [40] * 12

    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    after = wait_for_workers(server, 2, without=killed)
    assert len(after - before) == 1
    assert counted() == [40] * 12
    assert value(server.get("/metrics").text, "unicef_linked_workers") == 2

    [directory] = tmp_path.glob("unicef-linked-metrics-*")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    server.process.terminate()
    assert server.process.wait(timeout=30) == 0
    assert not directory.exists()
