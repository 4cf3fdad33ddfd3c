"""The log of the service: lines on standard error, as text or as JSON.

Every process of the service configures it in the same way. A line tells when, how serious, which
process, and, while a request is answered, the request's ID.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

REQUEST_ID: Final[ContextVar[str]] = ContextVar("unicef_linked_request_id", default="")
"""ID of the request that the running thread answers; empty outside of a request."""

_PREFIX: Final = "unicef_linked"


class _Text(logging.Formatter):
    """A line for people and for journals."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = REQUEST_ID.get()
        line = f"{_time(record)} {record.levelname} [{record.process}] {super().format(record)}"
        return f"{line} (request {request_id})" if request_id else line


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "process": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            entry["request_id"] = request_id
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    """Return the time of a record in RFC 3339, in UTC."""
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def configuration(form: str) -> dict[str, Any]:
    """Return the configuration of logging for ``logging.config.dictConfig``; form: text or json.

    Those of Granian and OpenTelemetry are among them: their lines have the same form.
    """
    formatter = _Json if form == "json" else _Text
    logger = {"handlers": ["stderr"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {
            _PREFIX: logger,
            **{name: {**logger, "level": "ERROR"} for name in ("_granian", "opentelemetry")},
        },
    }


def configure(form: str) -> None:
    """Write the log of this process to standard error."""
    import logging.config

    logging.config.dictConfig(configuration(form))
