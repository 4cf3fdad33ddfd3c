"""Lines of the log."""

from __future__ import annotations

import io
import json
import logging
from logging.config import dictConfigClass

import pytest

from unicef_linked import log


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_has_the_time_the_level_the_process_and_the_request(form: str) -> None:
    configurator = dictConfigClass(log.configuration(form))
    formatter = configurator.configure_formatter(log.configuration(form)["formatters"]["line"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    record = logging.makeLogRecord(
        {"name": "unicef_linked.x", "msg": "the index %s is damaged", "args": ("x",)}
        | {"levelname": "WARNING", "process": 7}
    )
    token = log.REQUEST_ID.set("0af7651916cd43dd")
    try:
        handler.emit(record)
    finally:
        log.REQUEST_ID.reset(token)
    line = stream.getvalue().removesuffix("\n")
    assert "\n" not in line
    if form == "json":
        entry = json.loads(line)
        assert entry["time"].endswith("Z")
        assert (entry["level"], entry["process"]) == ("warning", 7)
        assert entry["message"] == "the index x is damaged"
        assert entry["request_id"] == "0af7651916cd43dd"
    else:
        assert line.endswith("Z WARNING [7] the index x is damaged (request 0af7651916cd43dd)")
