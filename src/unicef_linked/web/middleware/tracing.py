"""Traces of requests and of what they ask of the store, by OpenTelemetry.

Imported only where traces are wanted (``config.trace_exporter``): it needs the extra ``otel``. The
library reads its own variables of the environment, ``OTEL_…``.
"""

from __future__ import annotations

from functools import wraps
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Final, cast

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.trace import SpanKind, StatusCode, use_span
from werkzeug.exceptions import HTTPException

from unicef_linked import __version__
from unicef_linked.errors import LinkedDataError
from unicef_linked.log import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from opentelemetry.trace import Span, Tracer
    from werkzeug.routing import Map

    from unicef_linked.store import Store

_NAME: Final = "unicef-linked"
_UNNAMED: Final = "unknown_service"
"""Beginning of the name that the library gives a service without one."""
_PARENT: Final = {"traceparent": "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}
"""Header fields that name the span of the proxy (W3C Trace Context), with their WSGI keys."""
_STORE_CALLS: Final = frozenset({"answer", "labels", "match", "match_any", "select"})
"""Methods of a store that ask it for data."""


def open_tracer(exporter: str) -> Tracer:
    """Return what makes the spans of this process; a thread sends them, the rest at its end.

    ``exporter`` is ``otlp`` (over HTTP) or ``console`` (to standard output).
    """
    resource = Resource.create()
    if str(resource.attributes["service.name"]).startswith(_UNNAMED):
        resource = resource.merge(Resource({"service.name": _NAME}))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(
        BatchSpanProcessor(ConsoleSpanExporter() if exporter == "console" else OTLPSpanExporter())
    )
    # A web worker is a process of multiprocessing, which does not call what atexit knows.
    Finalize(None, provider.shutdown, exitpriority=10)
    return provider.get_tracer(_NAME, __version__)


class Tracing:
    """WSGI middleware that makes a span of each request, until the end of its answer.

    Of the address it tells the route alone, and nothing of the client.
    """

    def __init__(self, application: WSGIApplication, tracer: Tracer, routes: Map) -> None:
        self._application, self._tracer = application, tracer
        self._routes = routes.bind("")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer by the application, in a span."""
        method = environ["REQUEST_METHOD"]
        route = self._route(environ["PATH_INFO"], method)
        attributes = {
            "http.request.method": method,
            "unicef_linked.request_id": REQUEST_ID.get(),
            **({"http.route": route} if route else {}),
        }
        parent = {name: environ[key] for name, key in _PARENT.items() if key in environ}
        span = self._tracer.start_span(
            f"{method} {route}" if route else "HTTP",
            context=extract(parent),
            kind=SpanKind.SERVER,
            attributes=attributes,
        )

        def start(
            status: str, headers: list[tuple[str, str]], *error: Any
        ) -> Callable[[bytes], object]:
            code = int(status[:3])
            span.set_attribute("http.response.status_code", code)
            if code >= 500:
                span.set_status(StatusCode.ERROR)
            return start_response(status, headers, *error)

        try:
            with use_span(span):
                answer = self._application(environ, start)
        except BaseException:
            span.end()
            raise
        if isinstance(answer, list):
            span.end()
            return answer
        return _Streamed(answer, span)

    def _route(self, path: str, method: str) -> str | None:
        """Return the rule of the route that a path has; None for none."""
        try:
            rule, _ = self._routes.match(path, method, return_rule=True)
        except HTTPException:  # redirects are among them
            return None
        return rule.rule


class _Streamed:
    """An answer in pieces, whose span ends with it."""

    def __init__(self, chunks: Iterable[bytes], span: Span) -> None:
        self._chunks, self._span = chunks, span

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Close the answer and end the span."""
        try:
            close = getattr(self._chunks, "close", None)
            if close:
                close()
        finally:
            self._span.end()


def traced(store: Store, tracer: Tracer) -> Store:
    """Return a store each of whose calls is a span of the request that makes it."""
    return cast("Store", _TracedStore(store, tracer))


class _TracedStore:
    """A store, with spans. They have no messages of errors: those are a client's or an engine's."""

    def __init__(self, store: Store, tracer: Tracer) -> None:
        self._store, self._tracer = store, tracer

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        return self._in_span(name, member) if name in _STORE_CALLS else member

    def _in_span(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def call_in_span(*arguments: Any, **options: Any) -> Any:
            with self._tracer.start_as_current_span(
                f"store.{name}",
                kind=SpanKind.CLIENT,
                attributes={"db.operation.name": name},
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    return call(*arguments, **options)
                except LinkedDataError as error:
                    span.set_attribute("error.type", type(error).__name__)
                    raise

        return call_in_span
