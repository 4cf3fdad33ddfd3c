"""Which files of a release were compared with their digests on this machine, and not changed since.

To hash a release of a million statements takes seconds. So what was hashed once is known again by
its inode, its size and the times of its last changes (stat(2)): the kernel sets ``st_ctime`` at
each change of a file, and no program can set it back. It is kept in the cache folder, for each
folder of a release. ``verify`` does not read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from unicef_linked.config import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FileState = tuple[int, ...]
"""Device, inode, size (bytes), last change of the content, last change of the file (ns)."""

_SETTLED: Final = 2.0
"""Age (s) from which on a state is kept: a change within one tick of the clock has equal times."""


def state_of(path: Path) -> FileState | None:
    """Return the state of a regular file, None for what is none or cannot be read."""
    try:
        status = path.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_dev, status.st_ino, status.st_size, *times)


def read_verified(folder: Path) -> dict[str, tuple[str, FileState]]:
    """Return the digest and the state of each file that was verified, by its name in the folder."""
    try:
        entries = json.loads(_record(folder).read_text(encoding="utf-8"))
        return {name: (digest, tuple(state)) for name, (digest, state) in entries.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none, or of another version
        return {}


def write_verified(folder: Path, verified: Mapping[str, tuple[str, FileState]]) -> None:
    """Keep which files were verified; where the cache folder cannot be written, nothing is kept."""
    latest = time.time_ns() - round(_SETTLED * 1e9)
    entries = {
        name: (digest, state)
        for name, (digest, state) in verified.items()
        if max(state[-2:]) < latest
    }
    record = _record(folder)
    partial = record.with_name(f"{record.name}.partial-{os.getpid()}")
    with suppress(OSError):
        record.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(entries), encoding="utf-8")
        partial.replace(record)


def keep_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Keep that each file of a folder has its digest, now that it was hashed."""
    states = {name: state_of(folder / name) for name in digests}
    write_verified(
        folder, {name: (digests[name], state) for name, state in states.items() if state}
    )


def _record(folder: Path) -> Path:
    """Return the file that tells of the release in a folder."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()
    return cache_folder() / "verified" / f"{digest[:32]}.json"
