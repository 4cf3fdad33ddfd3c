"""The releases that lie side by side: which there are, in which order, which may be removed.

``build --out releases/mali`` writes ``releases/mali.{name}``, and a second folder for the same name
ends in ``-2``. Nothing but these folders tells which releases are kept.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Final

from unicef_linked.errors import NotARelease
from unicef_linked.release.directory import Release, open_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

_FOLDER: Final = re.compile(r"(?P<stem>.+)\.(?P<name>[0-9a-f]{12})(?:-\d+)?")


def kept_releases(current: Release) -> tuple[Release, ...]:
    """Return the releases of the same dataset beside one, and it, from the first to the last.

    Of several folders with the same statements, it is the one of ``current``, else the last. What
    cannot be opened, or has another base IRI, is left out.
    """
    folder = _FOLDER.fullmatch(current.path.name)
    if folder is None:
        return (current,)
    by_name: dict[str, Release] = {}
    for path in sorted(_folders(current.path.parent, folder["stem"]), key=_age):
        try:
            release = open_release(path)
        except NotARelease:
            continue
        if release.manifest.base_iri == current.manifest.base_iri:
            by_name[release.manifest.name] = release
    by_name[current.manifest.name] = current
    return tuple(sorted(by_name.values(), key=_position))


def _folders(parent: Path, stem: str) -> Iterator[Path]:
    for path in parent.iterdir():
        match = _FOLDER.fullmatch(path.name)
        if match and match["stem"] == stem and path.is_dir() and not path.is_symlink():
            yield path


def _age(path: Path) -> tuple[int, str]:
    """Return a key by which a folder comes after those with fewer digits: -2 before -10."""
    return len(path.name), path.name


def _position(release: Release) -> tuple[str, int, str]:
    """Return the place of a release in time; of the same instant, by how many came before it."""
    manifest = release.manifest
    return manifest.issued, len(manifest.history), manifest.name


def release_at(releases: Sequence[Release], instant: datetime) -> Release:
    """Return the release of a sequence, oldest first, that was the last at an instant.

    Before the first it is the first.
    """
    issued = [r for r in releases if r.manifest.instant <= instant.astimezone(UTC)]
    return issued[-1] if issued else releases[0]


@contextmanager
def in_use(release: Release) -> Iterator[None]:
    """Keep ``prune`` from removing a release, until the end of the block or of this process."""
    descriptor = os.open(release.path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def prune(current: Release, keep: int) -> list[str]:
    """Remove the oldest releases beside one until ``keep`` are left; return their names.

    One that a server uses stays, and ``current`` always does.
    """
    releases = [r for r in kept_releases(current) if r.path != current.path]
    oldest = releases[: max(0, len(releases) + 1 - keep)]
    removed = [release for release in oldest if _remove(release.path)]
    for release in removed:
        shutil.rmtree(release.cache, ignore_errors=True)
    return [release.manifest.name for release in removed]


def _remove(folder: Path) -> bool:
    """Remove a folder that nobody uses: first from its place, then its files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stem = folder.name.rpartition(".")[0]
        hidden = folder.with_name(f".{stem}.partial-{os.getpid()}.old")
        folder.rename(hidden)
        shutil.rmtree(hidden)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
