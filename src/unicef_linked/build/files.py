"""Which files of a folder hold RDF, and why others do not; links are followed.

A file within a zip has the path of the zip and, below it, its own: ``data.zip/a.ttl``.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import RdfFormat

from unicef_linked.errors import MalformedData, UnusableInput
from unicef_linked.release.folders import is_hidden, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SUFFIXES: Final = {
    ".ttl": RdfFormat.TURTLE,
    ".n3": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json-ld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
"""What we read, by the end of the file name, upper or lower case; ``.gz`` may follow."""

Remark = Callable[[str], object]
"""What is called with a sentence on what was read otherwise than a user may think."""

_SIGNS: Final = {
    ".xml": (re.compile(rb"<(?:[\w.-]+:)?RDF[\s>]"), "XML without rdf:RDF"),
    ".json": (re.compile(rb'"@(?:context|id|graph|type|value)"'), "JSON without a JSON-LD keyword"),
}
"""What a file in a folder must hold to be read, where its suffix may mean other things too."""

_MOST_NAMES: Final = 10
"""File names in a sentence about those left out."""

_ZIP: Final = ".zip"

_UNPACKED: Final = 100 << 20
"""Bytes that a packed file of any size may have unpacked."""
_GROWTH: Final = 200
"""Most that a larger one may grow, in lengths of the packed file: data grow some twenty times."""

_GROWS: Final = (
    f"is more than {_GROWTH} times as large unpacked, which no data are; "
    "unpack it if it is to be read"
)

EXPECTED: Final = f"{' '.join(SUFFIXES)}, or one of these and .gz, or a {_ZIP} of them"


def keep_silent(_sentence: str) -> None:
    """Remark nothing."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files to read, each with the folder it was found in, and what is left out."""

    files: tuple[tuple[Path, Path], ...]
    left_out: tuple[str, ...]  # sentences


def list_files(paths: Iterable[Path]) -> Listing:
    """Return the RDF files in files, zips and folders, in the order of their names.

    Raises UnusableInput for a path that is missing, cannot be read, or holds no RDF.
    """
    files: list[tuple[Path, Path]] = []
    left_out: list[str] = []
    for path in paths:
        if path.is_file() and suffix_of(path) != _ZIP:
            if suffix_of(path) not in SUFFIXES:
                raise UnusableInput(f"{path}: not a file of RDF by its name; use one of {EXPECTED}")
            files.append((path.parent, path))
            continue
        if not path.exists():
            raise UnusableInput(f"{path} does not exist")
        inside, sentences = _sort_out(path)
        if not inside:
            raise UnusableInput(
                "; ".join((f"{path} holds no RDF: expected files ending in {EXPECTED}", *sentences))
            )
        files.extend((path, file) for file in inside)
        left_out += sentences
    return Listing(tuple(files), tuple(left_out))


def _sort_out(root: Path) -> tuple[list[Path], list[str]]:
    """Return the RDF files in a folder or zip, and why others are left out, a sentence each."""
    files = []
    others: defaultdict[str, list[str]] = defaultdict(list)
    for path in _with_members(walk(root) if root.is_dir() else [root]):
        reason = _reason_against(path)
        if reason is None:
            files.append(path)
        elif suffix_of(path) in SUFFIXES or not is_hidden(path, root):
            others[reason].append(str(path.relative_to(root)))
    return files, [_left_out(root, names, reason) for reason, names in sorted(others.items())]


def _with_members(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the paths, those of its members in place of each zip.

    Raises MalformedData for a zip that cannot be read.
    """
    for path in paths:
        if suffix_of(path) != _ZIP or not path.is_file():
            yield path
            continue
        try:
            with zipfile.ZipFile(path) as archive:
                _check_growth(path, sum(info.file_size for info in archive.infolist()))
                members = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        except (OSError, zipfile.BadZipFile) as error:
            raise MalformedData(path, f"not a whole zip: {error}") from None
        # What macOS adds to a zip is named as the file that it is about.
        yield from (path / member for member in members if not member.startswith("__MACOSX/"))


def _zip_of(path: Path) -> Path | None:
    """Return the zip that a path is the path of a member of, None for any other."""
    for parent in path.parents:
        if parent.suffix.lower() == _ZIP and parent.is_file():
            return parent
    return None


def _left_out(folder: Path, names: list[str], reason: str) -> str:
    listed = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return f"left out of {folder}: {listed}{more} ({reason})"


def _reason_against(path: Path) -> str | None:
    """Return why a file in a folder is not read, None if it is."""
    suffix = suffix_of(path)
    is_member = _zip_of(path) is not None
    if is_member and suffix == _ZIP:
        return "a zip within a zip"
    if not is_member and not path.is_file():
        return "a link that leads nowhere" if path.is_symlink() else "not a file"
    if suffix not in SUFFIXES:
        return "not RDF by name"
    pattern, reason = _SIGNS.get(suffix, (None, ""))
    if pattern is None or pattern.search(read_bytes(path)):
        return None
    return reason


def suffix_of(path: Path) -> str:
    """Return the end of a file name in lower case, without ``.gz``.

    >>> from pathlib import Path
    >>> suffix_of(Path("a.b.TTL.gz")), stem_of(Path("a.b.TTL.gz"))
    ('.ttl', 'a.b')
    """
    return _without_gz(path).suffix.lower()


def stem_of(path: Path) -> str:
    """Return a path without the end of its name."""
    return _without_gz(path).with_suffix("").as_posix()


def _without_gz(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked; raises UnusableInput or MalformedData."""
    archive = _zip_of(path)
    if archive is not None:
        content = _read_member(path, archive)
    else:
        try:
            content = path.read_bytes()
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise UnusableInput(f"{path} cannot be read: {reason}") from None
    if path.suffix.lower() != ".gz":
        return content
    most = max(_UNPACKED, _GROWTH * len(content))
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedData(path, f"not a whole file of gzip: {error}") from None
    if len(unpacked) > most:
        raise MalformedData(path, _GROWS)
    return unpacked


def _check_growth(path: Path, unpacked: int) -> None:
    """Raise MalformedData for a zip with so much in it that it would fill the memory."""
    if unpacked > max(_UNPACKED, _GROWTH * path.stat().st_size):
        raise MalformedData(path, _GROWS)


def _read_member(path: Path, archive: Path) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.read(path.relative_to(archive).as_posix())
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError) as error:
        raise MalformedData(path, f"not whole in its zip: {error}") from None
    except RuntimeError:  # of zipfile: a password is required
        raise MalformedData(path, "is encrypted; unpack the zip") from None
