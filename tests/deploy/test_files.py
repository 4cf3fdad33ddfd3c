"""The unit, the container file, the lock file, and the commands of the documents."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.conftest import Server

    from unicef_linked.release import Release

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
DOCKERFILE: Final = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
LOCK: Final = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
RUN: Final = (ROOT / "docs" / "run-the-service.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_unit_gives_the_service_next_to_nothing() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=30"]
    done = subprocess.run(
        [*command, str(DEPLOY / "unicef-linked@.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_every_library_is_locked_with_its_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["redis"], *extras["otel"]]
    entry = r"^([\w.-]+)==\S+.*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    locked = re.findall(entry, LOCK, re.MULTILINE)
    assert {re.split(r"[<>=\[]", name)[0].lower() for name in wanted} <= set(locked)
    assert len(locked) == len(re.findall("^[a-z]", LOCK, re.MULTILINE))
    assert "://" not in LOCK


def test_the_container_runs_as_nobody_and_installs_what_is_locked() -> None:
    assert re.search(r"^USER [1-9]\d{3,}:[1-9]\d{3,}$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes -r /requirements.lock" in DOCKERFILE


@pytest.mark.parametrize("is_there", [True, False], ids=["ready", "not there"])
def test_the_health_check_of_the_container_tells_whether_it_is_ready(
    server: Server, is_there: bool
) -> None:
    command = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    port = server.url.rpartition(":")[2] if is_there else "1"
    done = subprocess.run(
        [sys.executable, *command[1:]],
        env={**os.environ, "PORT": port},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode == 0) == is_there


def test_the_command_of_the_container_runs_as_its_user_and_writes_nothing(release: Release) -> None:
    """Its steps before that, a wheel and a release from it, are those of tests/test_wheel.py."""
    entry = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    check = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    number = int(re.search(r"^USER (\d+)", DOCKERFILE, re.MULTILINE)[1])  # type: ignore[index]
    user = {"user": number, "group": number, "extra_groups": []} if os.geteuid() == 0 else {}
    if subprocess.run([sys.executable, "-c", ""], check=False, **user).returncode:  # type: ignore[call-overload]
        pytest.skip("this interpreter is in a folder that other users cannot enter")
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others, too
        Path(folder).chmod(0o755)
        own = Path(folder) / "mali"
        shutil.copytree(release.path, own)
        before = sorted((path.name, path.stat().st_mtime_ns) for path in own.rglob("*"))
        values = {"--release": str(own), "--port": "0"}
        options = [values.get(option, value) for option, value in itertools.pairwise(entry)]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": "/tmp",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "unicef_linked", *options],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd="/",
            **user,  # type: ignore[call-overload]
        )
        with process:
            assert process.stdout
            port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
            environment["PORT"] = port
            done = subprocess.run(
                [sys.executable, *check[1:]], env=environment, check=False, **user
            )  # type: ignore[call-overload]
            process.send_signal(signal.SIGTERM)
            assert (done.returncode, process.wait(timeout=40)) == (0, 0)
        after = sorted((path.name, path.stat().st_mtime_ns) for path in own.rglob("*"))
        assert after == before


def commands(heading: str) -> str:
    """Return the first block of commands below a heading of the document."""
    found = re.search(rf"^## {heading}\n.*?```sh\n(.*?)```", RUN, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder, with our own program first,
    and a systemctl that notes its arguments.
    """
    (folder / "bin").mkdir()
    noting = folder / "bin" / "systemctl"
    noting.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/systemctl.log"\n', encoding="utf-8")
    noting.chmod(0o755)
    parts = (noting.parent, Path(sys.executable).parent, os.environ["PATH"])
    path = os.pathsep.join(map(str, parts))
    return subprocess.run(
        ["sh", "-e"],
        input=script,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def releases(release: Release, tmp_path: Path) -> Path:
    """A folder with two releases and the link, as the document has them."""
    folder = tmp_path / "releases"
    for name in ("mali.94f3d8599fea", "mali.000000000000"):
        shutil.copytree(release.path, folder / name)
    (folder / "mali").symlink_to("mali.000000000000")
    return tmp_path


def test_rolling_back_is_one_step(releases: Path) -> None:
    done = run(commands("Roll back"), releases)
    assert done.returncode == 0, done.stderr
    noted = (releases / "systemctl.log").read_text(encoding="utf-8")
    assert noted == "reload unicef-linked@8001 unicef-linked@8002\n"
    assert (releases / "releases" / "mali").readlink() == Path("mali.94f3d8599fea")


def test_a_back_up_is_whole(releases: Path) -> None:
    done = run(commands("Back up"), releases)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (releases / "backup" / "mali").is_symlink()
