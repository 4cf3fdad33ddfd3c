"""/metrics: what one web worker knows of itself and of the release, as Prometheus reads it (text format 0.0.4).

Each web worker is a process that counts for itself, and a scrape reaches one of them: every series of a worker says which
(``worker``), so that no counter ever seems to fall. What is of the release is the same in all.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, current_app

from unicef_linked import __version__
from unicef_linked.web.responses import site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

routes: Final = Blueprint("metrics", __name__)

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Metered:
    """WSGI middleware that counts the answers of its process, by method and status."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lock = threading.Lock()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.started = time.time()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, and count it once the status is known."""
        method = environ["REQUEST_METHOD"]

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            with self._lock:
                self.answers[method if method in _METHODS else "other", status[:3]] += 1
            return start_response(status, headers, *error)

        return self._application(environ, start)


@routes.get("/metrics")
def metrics() -> Response:
    """Return the figures of this worker and of the release."""
    here, metered = site(), current_app.wsgi_app
    assert isinstance(metered, Metered)
    worker = {"worker": str(os.getpid())}
    used = os.times()
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a file to have a path for
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    lines = [
        *_metric("unicef_linked_info", "gauge", "The program and the release.", [(_release(), 1)]),
        *_metric(
            "unicef_linked_statements", "gauge", "Statements of the release.", [({}, here.release.manifest.quads)]
        ),
        *_metric(
            "unicef_linked_answers_total",
            "counter",
            "Answers of this web worker, by method and status.",
            [({**worker, "method": m, "status": s}, n) for (m, s), n in sorted(metered.answers.items())],
        ),
        *_metric("process_start_time_seconds", "gauge", "When this web worker started.", [(worker, metered.started)]),
        *_metric("process_cpu_seconds_total", "counter", "Its processor time.", [(worker, used.user + used.system)]),
        *_metric("process_resident_memory_bytes", "gauge", "Its memory.", [(worker, resident)]),
    ]
    content = "\n".join([*lines, ""])
    return Response(content, content_type=TEXT, headers={"Cache-Control": "no-store"})


def _release() -> dict[str, str]:
    manifest = site().release.manifest
    return {"version": __version__, "release": manifest.name, "base": manifest.base_iri}


def _metric(name: str, kind: str, text: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> list[str]:
    """Return the lines of one metric family."""
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value}" if inside else f"{name} {value}")
    return lines


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
