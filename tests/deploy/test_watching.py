"""Alerts and the dashboard ask for figures that there are,
and the documents tell what to do about each alert.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

ROOT: Final = Path(__file__).resolve().parents[2]
ALERTS: Final = (ROOT / "deploy" / "prometheus-alerts.yml").read_text(encoding="utf-8")
DASHBOARD: Final = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text("utf-8"))
OPERATIONS: Final = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
EXPRESSIONS: Final = [
    *re.findall(r"expr: >-\n\s+(.+)", ALERTS),
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
]
NAME: Final = re.compile(r"\b(?:unicef_linked|process)_\w+")


@pytest.fixture(scope="module")
def names(app: object) -> set[str]:
    """The names of all samples and of their labels' values, after requests of every outcome."""
    client: FlaskClient = app.test_client()  # type: ignore[attr-defined]
    for path in ("/doc/office/gao", "/sparql?query=ASK{}", "/nowhere"):
        client.get(path)
    return set(re.findall(r"^(\w+)[ {]", client.get("/metrics").text, re.MULTILINE))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_figures_that_there_are(names: set[str], expression: str) -> None:
    asked = set(NAME.findall(expression))
    # In one process there is no limit of files to tell of.
    assert asked - {"process_max_fds"} <= names | {"process_open_fds"}


@pytest.mark.parametrize("alert", re.findall(r"alert: (\w+)", ALERTS))
def test_each_alert_has_its_paragraph(alert: str) -> None:
    assert f"\n### {alert}\n\n" in OPERATIONS
    assert f"docs/operations.md#{alert.lower()}" in ALERTS


def test_figures_of_the_query_processes_are_told(app: object) -> None:
    text: str = app.test_client().get("/metrics").text  # type: ignore[attr-defined]
    assert "unicef_linked_ready 1.0" in text
    assert re.search(r'unicef_linked_query_processes{state="(?:idle|busy)"} [1-9]', text)
    assert 'unicef_linked_query_process_events_total{event="supervisor_started"} 1.0' in text
    assert "unicef_linked_web_worker_restarts 0.0" in text
    assert "unicef_linked_queries_unanswered 0.0" in text
