"""What is in a folder; links are followed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def walk(root: Path) -> list[Path]:
    """Return what is in a folder and not a folder itself, in the order of the names.

    A linked folder is entered unless it is read already under a name of its own, so that circles of
    links end. Of several names of a file, the first is returned that is neither hidden nor a link.
    Raises UnusableInput for a folder that cannot be read.
    """
    names: defaultdict[Path, list[Path]] = defaultdict(list)
    visited: set[Path] = set()
    folders = [root]
    while folders:
        links: list[Path] = []
        for folder in folders:
            links += _visit(folder, visited, names)
        folders = sorted(links)
    return sorted(min(paths, key=lambda path: _rank(path, root)) for paths in names.values())


def _visit(folder: Path, visited: set[Path], names: dict[Path, list[Path]]) -> Iterator[Path]:
    """Add what is in a folder to ``names``, by real path; yield the linked folders."""
    pending = [folder]
    while pending:
        current = pending.pop()
        real = current.resolve()
        if real in visited:
            continue
        visited.add(real)
        try:
            entries = sorted(current.iterdir())
        except OSError as error:
            raise UnusableInput(
                f"{current} cannot be read: {(error.strerror or '').lower()}"
            ) from None
        for entry in entries:
            if not entry.is_dir():
                names[_real_path(entry)].append(entry)
            elif entry.is_symlink():
                yield entry
            else:
                pending.append(entry)


def _real_path(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself, up to Python 3.12 a RuntimeError
        return path


def _rank(path: Path, root: Path) -> tuple[bool, bool, Path]:
    return is_hidden(path, root), path.is_symlink(), path


def is_hidden(path: Path, root: Path) -> bool:
    """Tell whether the name of a file, or of a folder on the way to it, begins with a dot."""
    return any(part.startswith(".") for part in path.relative_to(root).parts)
