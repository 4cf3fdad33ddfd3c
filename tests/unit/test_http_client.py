"""What other hosts say by headers, and what errors say to people."""

from __future__ import annotations

import email.utils
import time

import pytest
import requests

from unicef_linked.http_client import reason, retry_after


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(
            requests.ConnectionError("[Errno 111] Connection refused"),
            "connection refused",
            id="no server",
        ),
        pytest.param(
            requests.ConnectionError("[Errno -2] Name or service not known"),
            "name or service not known",
            id="no such name",
        ),
        pytest.param(
            requests.exceptions.SSLError(
                "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"
            ),
            "certificate verify failed",
            id="a certificate that nobody vouches for",
        ),
        pytest.param(
            requests.exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER]"),
            "no TLS answer",
            id="a server without TLS",
        ),
        pytest.param(requests.ReadTimeout(), "timed out", id="a timeout without a message"),
        pytest.param(
            requests.ConnectionError("Connection aborted."),
            "it closed the connection",
            id="a closed connection",
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError(), "ChunkedEncodingError", id="other"
        ),
    ],
)
def test_the_cause_of_an_error_is_told_in_words(error: Exception, words: str) -> None:
    assert reason(error) == words


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("120", 120, id="seconds"),
        pytest.param("Fri, 31 Dec 1999 23:59:59 GMT", 0, id="a time that has passed"),
        pytest.param("soon", None, id="neither a number nor a date"),
        pytest.param("9" * 5000, None, id="a number that Python does not read"),
    ],
)
def test_retry_after_is_read_as_seconds(value: str | None, seconds: float | None) -> None:
    assert retry_after({} if value is None else {"Retry-After": value}) == seconds


def test_a_date_in_retry_after_is_counted_from_now() -> None:
    wait = retry_after({"Retry-After": email.utils.formatdate(time.time() + 60, usegmt=True)})
    assert wait == pytest.approx(60, abs=2)
