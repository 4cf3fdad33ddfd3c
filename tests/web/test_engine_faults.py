"""Faults of an engine elsewhere: they are told as ours, and its words stay in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from unicef_linked.errors import (
    EngineFailed,
    EngineUnavailable,
    NoQueryProcess,
    Overloaded,
    QueryError,
    QueryTimeout,
)
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

SECRET: Final = "http://10.0.0.7/sparql answered 500: user dba, password hunter2"


class Failing:
    """A store that answers for itself, but fails with each client's query."""

    def __init__(self, store: Embedded) -> None:
        self._store, self.error = store, QueryError("")

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def answer(self, *arguments: object, **options: object) -> None:
        """Fail."""
        raise self.error

    def check(self) -> None:
        """Fail."""
        raise self.error


@pytest.fixture(scope="module")
def failing(store: Embedded) -> Failing:
    """The store."""
    return Failing(store)


@pytest.fixture(scope="module")
def site(failing: Failing, release: Release, settings: Settings) -> FlaskClient:
    """An application over it."""
    return create_app(settings, release, failing).test_client()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "status", "name", "may_try_again"),
    [
        (EngineUnavailable(SECRET), 503, "engine-unavailable", True),
        (EngineFailed(SECRET), 502, "engine-failed", False),
        (QueryTimeout(SECRET, public="stopped"), 503, "query-timeout", False),
        (Overloaded(SECRET, retry_after=5, public="busy"), 503, "overloaded", True),
        (NoQueryProcess(), 503, "no-query-process", True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_fault_of_the_engine_is_ours_and_its_words_are_in_the_log_alone(
    site: FlaskClient,
    failing: Failing,
    caplog: pytest.LogCaptureFixture,
    error: QueryError,
    status: int,
    name: str,
    may_try_again: bool,
) -> None:
    failing.error = error
    for path in ("/sparql?query=ASK{}", "/readyz"):
        caplog.clear()
        answer = site.get(path)
        assert answer.status_code == status
        assert answer.get_json(force=True)["type"].endswith(f"/{name}")
        assert ("Retry-After" in answer.headers) == may_try_again
        assert "hunter2" not in answer.text
        assert "10.0.0.7" not in answer.text
        assert (SECRET in caplog.text) == (SECRET in str(error))
