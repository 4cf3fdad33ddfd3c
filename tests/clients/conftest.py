"""Programs of others, started as their users start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
PYTHON: Final = ROOT / ".venv" / "clients" / "bin" / "python"
PROGRAMS: Final = HERE / "node_modules" / ".bin"

collect_ignore = ["scripts"]  # they run in the environment of the clients

PATIENCE: Final = 120
"""Longest that one run of a client may take (s)."""


class Clients:
    """Runs a client and returns what it printed."""

    def javascript(self, program: str, *arguments: str) -> str:
        """Run a program of node_modules; fails with what it wrote to standard error."""
        assert (PROGRAMS / program).exists(), f"{program} is not installed; make test installs it"
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "NODE_COMPILE_CACHE": str(Path(os.environ["XDG_CACHE_HOME"]) / "node"),
        }
        return self._run([PROGRAMS / program, *arguments], {**os.environ, **environment})

    def python(self, script: str, *arguments: str) -> Any:
        """Run a script of scripts/ in the clients' environment; return the JSON that it printed."""
        assert PYTHON.exists(), "the clients' environment is not there; make test makes it"
        command = [PYTHON, "-W", "ignore", HERE / "scripts" / script, *arguments]
        return json.loads(self._run(command, dict(os.environ)))

    def _run(self, command: list[str | Path], environment: dict[str, str]) -> str:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done.stdout


@pytest.fixture(scope="session")
def clients() -> Clients:
    """The clients of this folder."""
    return Clients()
