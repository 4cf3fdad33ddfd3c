"""Traces of requests, by OpenTelemetry."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Final

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from unicef_linked.errors import EngineFailed
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from opentelemetry.sdk.trace import ReadableSpan
    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

DOCUMENT: Final = "GET /doc/<entity_type>/<path:key>.<suffix>"
PROXY: Final = "9.9.9.9"
PARENT: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """What keeps the spans."""
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def traced_site(
    exporter: InMemorySpanExporter, release: Release, store: Embedded, settings: Settings
) -> FlaskClient:
    """A client of an application that makes spans, behind a proxy that it trusts."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trusting = replace(settings, trusted_proxies=(f"{PROXY}/32",))
    app = create_app(trusting, release, store, tracer=provider.get_tracer("test"))
    client = app.test_client()
    client.get("/dump/dataset.nq", buffered=True)  # reads the licences of the dataset, once
    return client


@pytest.fixture(autouse=True)
def _no_older_spans(exporter: InMemorySpanExporter) -> None:
    exporter.clear()


def of_request(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, list[ReadableSpan]]:
    """Return the span of the one request, and those of its calls of the store."""
    spans = exporter.get_finished_spans()
    (request,) = (span for span in spans if not span.name.startswith("store."))
    return request, [span for span in spans if span is not request]


@pytest.mark.parametrize(
    ("path", "name", "status", "calls"),
    [
        pytest.param("/doc/office/gao.ttl", DOCUMENT, 200, True, id="a document"),
        pytest.param("/sparql?query=ASK{}%23tr", "GET /sparql", 200, True, id="a query"),
        pytest.param("/sparql?query=AS", "GET /sparql", 400, True, id="a broken query"),
        pytest.param("/dump/dataset.nq", "GET /dump/<name>", 200, False, id="a stream"),
        pytest.param("/nowhere", "HTTP", 404, True, id="nothing"),
    ],
)
def test_a_request_is_a_span_and_its_calls_of_the_store_are_its_children(
    traced_site: FlaskClient,
    exporter: InMemorySpanExporter,
    path: str,
    name: str,
    status: int,
    calls: bool,
) -> None:
    answer = traced_site.get(path, buffered=True)
    request, children = of_request(exporter)
    attributes = request.attributes or {}
    assert (request.name, answer.status_code) == (name, status)
    assert attributes["http.request.method"] == "GET"
    assert attributes["http.response.status_code"] == status
    assert attributes["unicef_linked.request_id"] == answer.headers["X-Request-Id"]
    assert attributes.get("http.route", "HTTP") == name.removeprefix("GET ")
    assert request.end_time > request.start_time  # type: ignore[operator]
    assert bool(children) == calls
    for child in children:
        assert child.parent
        assert child.parent.trace_id == request.context.trace_id


def test_a_fault_of_the_engine_is_a_fault_of_the_span(
    traced_site: FlaskClient,
    exporter: InMemorySpanExporter,
    store: Embedded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise EngineFailed("its words")

    monkeypatch.setattr(type(store), "answer", fail)
    assert traced_site.get("/sparql?query=ASK{}%23fault").status_code == 502
    request, (call,) = of_request(exporter)
    assert request.status.status_code is StatusCode.ERROR
    assert (call.attributes or {})["error.type"] == "EngineFailed"
    assert "its words" not in call.to_json()


@pytest.mark.parametrize(
    ("peer", "is_taken"), [(PROXY, True), ("9.9.9.10", False)], ids=["a proxy", "a stranger"]
)
def test_a_trusted_proxy_begins_the_trace(
    traced_site: FlaskClient, exporter: InMemorySpanExporter, peer: str, is_taken: bool
) -> None:
    traced_site.get("/healthz", headers={"traceparent": PARENT}, environ_base={"REMOTE_ADDR": peer})
    request, _ = of_request(exporter)
    assert (f"{request.context.trace_id:032x}" == PARENT.split("-")[1]) == is_taken


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector of traces: its address, and what it has been sent."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", received
        http.shutdown()
        thread.join()


def test_a_server_sends_its_spans_and_the_last_ones_when_it_stops(
    serve: Callable[..., Server], release: Release, collector: tuple[str, list[bytes]]
) -> None:
    url, received = collector
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
    arguments = ("--release", str(release.path), "--workers", "1")
    server = serve(*arguments, environment=environment)
    request_id = server.get("/doc/office/gao.ttl").headers["X-Request-Id"]
    assert received == []
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=30) == 0
    sent = b"".join(received)
    for text in ("unicef-linked", DOCUMENT, request_id, "store.match"):
        assert text.encode() in sent
