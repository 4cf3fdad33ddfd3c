"""What ``unicef-linked doctor`` finds, and what it says to do."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from unicef_linked import doctor
from unicef_linked.cli import main
from unicef_linked.release import open_release

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.conftest import Server

    from unicef_linked.config import Settings
    from unicef_linked.doctor import Finding
    from unicef_linked.release import Release


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    """Return the worst level of each subject."""
    worst: dict[str, list[Finding]] = {}
    for finding in findings:
        worst.setdefault(finding.subject, []).append(finding)
        assert bool(finding.remedy) == (finding.level != "ok")
    return {subject: doctor.worst(each) for subject, each in worst.items()}


@pytest.fixture
def copy(release: Release, tmp_path: Path) -> Release:
    """A release that may be harmed."""
    shutil.copytree(release.path, tmp_path / "release")
    return open_release(tmp_path / "release")


def test_a_release_is_checked(copy: Release) -> None:
    assert levels(doctor.check_release(copy)) == {"release": "ok", "clock": "ok"}
    (copy.path / "report.ttl").write_text("")
    future = time.time() + 86_400
    os.utime(copy.path / "manifest.json", (future, future))
    assert levels(doctor.check_release(copy)) == {"release": "fault", "clock": "fault"}


@pytest.mark.parametrize(
    ("changes", "workers", "level"),
    [
        ({"query_memory": 1, "query_workers": 1}, 1, "ok"),
        ({"query_memory": 10_000_000, "query_workers": 1}, 1, "warning"),
        ({"query_memory": 1, "query_workers": 1}, 100_000, "fault"),
    ],
    ids=["enough", "not for the worst of queries", "not for the dataset"],
)
def test_memory_is_held_against_what_processes_may_need(
    release: Release, settings: Settings, changes: dict[str, int], workers: int, level: str
) -> None:
    findings = doctor.check_memory(release, replace(settings, **changes), workers)
    assert levels(findings) == {"memory": level}


def test_limits_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_NOFILE: (64, 64), resource.RLIMIT_AS: (1 << 30, 1 << 30)}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert levels(doctor.check_limits()) == {"limits": "warning", "user": "warning"}
    infinite = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: infinite)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert levels(doctor.check_limits()) == {"user": "ok"}


def test_a_folder_for_temporary_files_that_is_not_there_is_a_fault(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    assert levels(doctor.check_disk(release))["temporary files"] == "fault"


def test_an_engine_that_does_not_answer_is_a_fault(release: Release, settings: Settings) -> None:
    (finding,) = doctor.check_engine("http://127.0.0.1:1/sparql", release, settings)
    assert finding.level == "fault"


def test_a_running_service_is_checked(server: Server, settings: Settings) -> None:
    assert levels(doctor.check_service(server.url, settings)) == {
        "service": "ok",
        "public address": "ok",
        "proxy": "ok",
    }
    elsewhere = replace(settings, public_url="https://data.example.org")
    assert levels(doctor.check_service(server.url, elsewhere))["public address"] == "fault"
    assert levels(doctor.check_service("http://127.0.0.1:1", settings)) == {"service": "fault"}


def test_the_command_tells_all_and_fails_with_a_fault(
    release: Release, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNICEF_LINKED_QUERY_MEMORY", "1")
    arguments = ["doctor", "--release", str(release.path), "--workers", "1"]
    assert main(arguments) == 0
    assert "ok       release: " in capsys.readouterr().out
    assert main([*arguments, "--url", "http://127.0.0.1:1", "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)
    assert findings[-1]["level"] == "fault"
    assert findings[-1]["remedy"]
