"""What a release is made of: where its files are, and which tools read them."""

from __future__ import annotations

import hashlib
import importlib.resources
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from unicef_linked.release.folders import walk

TOOLS: Final = ("unicef-linked", "pyoxigraph", "pyshacl", "rdflib")
"""The distributions whose versions decide what a build writes."""


@dataclass(frozen=True, slots=True)
class Content:
    """Where the parts of what is published are; ``packaged()`` gives our own."""

    data: tuple[Path, ...]
    shapes: tuple[Path, ...]
    ontology: tuple[Path, ...]
    rules: Path

    @staticmethod
    def packaged() -> Content:
        """Return what this package ships: in an installed wheel, or at the top of a source tree."""
        installed = Path(str(importlib.resources.files("unicef_linked"))) / "content"
        root = installed if installed.is_dir() else Path(__file__).resolve().parents[3]
        return Content((root / "data",), (root / "shapes",), (root / "ontology",), root / "rules")

    def fingerprint(self) -> str:
        """Return a digest of every file that a build of this content reads, and of its tools."""
        digest = hashlib.sha256()
        for tool, number in tool_versions().items():
            digest.update(f"{tool} {number}\n".encode())
        for root in (*self.data, *self.shapes, *self.ontology, self.rules):
            for path in walk(root) if root.is_dir() else [root]:
                if path.is_file() or path == root:
                    digest.update(f"{path.relative_to(root)}\n".encode())
                    digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def tool_versions() -> dict[str, str]:
    """Return the versions of the tools, by name."""
    return {tool: _version(tool) for tool in TOOLS}


def _version(tool: str) -> str:
    try:
        return version(tool)
    except PackageNotFoundError:  # our own source tree, not installed
        return "0+unknown"
