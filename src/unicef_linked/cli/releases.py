"""The release that a command works on: the one given, else that of the packaged dataset."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from unicef_linked.cli.progress import waiting
from unicef_linked.config import cache_folder, source_date
from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from unicef_linked.release import Release


def chosen_release(path: Path | None) -> Release:
    """Return the release in a folder, or that of the packaged dataset if none is given.

    Raises NotARelease for one that is not whole.
    """
    from unicef_linked.release import open_whole_release

    return open_whole_release(path) if path else packaged_release()


def packaged_release() -> Release:
    """Return the release of the packaged dataset, built if this content was not built here before.

    It is kept in the cache folder, named by the digest of everything that went into it.
    """
    from unicef_linked.release import open_whole_release
    from unicef_linked.release.content import Content

    content = Content.packaged()
    home = cache_folder()
    path = home / content.fingerprint()[:16]
    try:
        return open_whole_release(path)
    except UnusableInput:
        pass
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not os.access(home, os.W_OK):
            raise PermissionError
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="unicef-linked-")) / "release"
    print("unicef-linked: building the packaged dataset (once) …", file=sys.stderr, flush=True)
    with waiting("building"):
        from unicef_linked.build import build  # takes as long as to open a release

        return build(content, path, issued=source_date())
