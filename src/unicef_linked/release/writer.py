"""Write a release beside its place, then publish it in one step.

Each part is written by a function that gets a stream, so that no more of the dataset is in memory
than that function holds. Dumps are hashed and compressed as they are written.
"""

from __future__ import annotations

import filecmp
import hashlib
import io
import os
import re
import shutil
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, BinaryIO, Final

from unicef_linked.errors import NotARelease, UnusableInput
from unicef_linked.release.directory import SIGNATURE, SUMS, Release, digest_of, open_release
from unicef_linked.release.engine_index import INDEX
from unicef_linked.release.history import extend_history
from unicef_linked.release.lines import open_lines
from unicef_linked.release.manifest import Manifest, json_bytes, write_manifest
from unicef_linked.release.verification import faults_of_files, faults_of_signature
from unicef_linked.release.verified import keep_digests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Write = Callable[[BinaryIO], object]
"""A function that writes one part of a release to a stream."""

BEST: Final = 9
FAST: Final = 1
"""Levels of compression: of a release to keep, and of one that lasts as long as a server."""

_BUFFER: Final = 1 << 20
"""Bytes that are collected before they are hashed, compressed and written."""

_WAITING: Final = 8
"""Most buffers that wait to be compressed."""


@contextmanager
def draft_release(out: Path, *, compression: int = BEST) -> Iterator[Draft]:
    """Give a release to write; ``Draft.publish`` makes ``out`` a symbolic link to it.

    Without ``publish``, and when anything is raised, ``out`` stays as it was. What a build that was
    killed left behind is removed. Raises UnusableInput, without changing ``out``, when ``out`` is a
    file or a folder with content, or cannot be written.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow the link
    if out.is_dir() and not out.is_symlink() and any(out.iterdir()):
        raise UnusableInput(f"{out} is a folder with other files in it; give --out a new name")
    if out.exists() and not out.is_dir():
        raise UnusableInput(f"{out} is a file; give --out the name of a folder")
    draft = Draft(out, out.with_name(f".{out.name}.partial-{os.getpid()}"), compression)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(out)
        try:
            yield draft
        finally:
            shutil.rmtree(draft.folder, ignore_errors=True)
            draft.link.unlink(missing_ok=True)
    except OSError as error:
        raise UnusableInput(
            f"{out} cannot be written: {error.strerror or error}; nothing was changed"
        ) from None


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that is being written in ``folder``, to be published at ``out``."""

    out: Path
    folder: Path
    compression: int = BEST
    sums: dict[str, str] = field(default_factory=dict)  # SHA-256 of the dumps, by file name

    @property
    def link(self) -> Path:
        """The symbolic link that replaces ``out``."""
        return self.folder.with_name(f"{self.folder.name}.link")

    def write(self, name: str, write: Write) -> None:
        """Write one file, on the disk when this returns."""
        with self._create(name) as file:
            write(file)

    def write_json(self, name: str, content: object) -> None:
        """Write one file of JSON: equal content, equal bytes."""
        self.write(name, lambda file: file.write(json_bytes(content)))

    def write_gzip(self, name: str, write: Write) -> None:
        """Write one file compressed."""
        with self._create(name) as file, compressing(file, self.compression) as stream:
            write(stream)

    def write_dump(self, name: str, write: Write) -> str:
        """Write one file of ``dumps/``, and ``{name}.gz`` beside it; return its SHA-256."""
        plain, compressed = hashlib.sha256(), hashlib.sha256()
        with (
            self._create(f"dumps/{name}") as plain_file,
            self._create(f"dumps/{name}.gz") as gzip_file,
            _copying(gzip_file.write, compressed.update) as gzip_stream,
            compressing(gzip_stream, self.compression) as beside,
            _copying(plain_file.write, plain.update, beside.write) as stream,
        ):
            write(stream)
        self.sums[name], self.sums[f"{name}.gz"] = plain.hexdigest(), compressed.hexdigest()
        return self.sums[name]

    def publish(
        self,
        manifest: Manifest,
        older: Release | None = None,
        key: Ed25519PrivateKey | None = None,
    ) -> Release:
        """Publish what was written, with what is known of ``older``, and return the release.

        With ``key`` its digests are signed.

        ``out`` is replaced atomically: a reader sees the earlier release or this one, complete.
        Earlier releases are kept, and never written to: where this release is there already, the
        link is pointed at it, and it keeps its date and its history. Raises UnusableInput if
        it is dated before the release that it follows.
        """
        if older and older.manifest.sha256 == manifest.sha256:
            manifest = replace(manifest, issued=older.manifest.issued)
        _check_order(older, manifest)
        with closing(open_lines(self.folder / "dumps" / "dataset.nq")) as dataset:
            history = extend_history(older, manifest, dataset)
        manifest = replace(manifest, history=history)
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items()))
        self.write("dumps/SHA256SUMS", lambda file: file.write(sums.encode()))
        self.write("manifest.json", lambda file: file.write(write_manifest(manifest)))
        target = self._target(manifest, key)
        if not target.exists():
            digests = self._write_sums(key)
            self.folder.rename(target)
            keep_digests(target, digests)
        self.link.symlink_to(target.name)
        if self.out.is_dir() and not self.out.is_symlink():
            self.out.rmdir()  # an empty folder: a link cannot replace it
        self.link.replace(self.out)
        return open_release(target)

    def _write_sums(self, key: Ed25519PrivateKey | None) -> dict[str, str]:
        """Write the digest of every file, with a key their signature too; return the digests."""
        digests = {f"dumps/{name}": digest for name, digest in self.sums.items()}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name not in digests:
                digests[name] = digest_of(path)
        content = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()
        self.write(SUMS, lambda file: file.write(content))
        if key is not None:
            signature = key.sign(content)
            self.write(SIGNATURE, lambda file: file.write(signature))
        return digests

    @contextmanager
    def _create(self, name: str) -> Iterator[BinaryIO]:
        """Give a new file; it is on the disk at the end."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def _target(self, manifest: Manifest, key: Ed25519PrivateKey | None) -> Path:
        """Return the folder of this release, ``{out}.{name}``, where it may be already.

        Releases of the same statements can differ in their shapes, and one can be damaged. A folder
        with other content is left alone, since a server may use it; ``-2`` is appended then.
        """
        first = self.out.with_name(f"{self.out.name}.{manifest.name}")
        target, number = first, 1
        while target.exists() and not self._is_at(target, manifest, key):
            number += 1
            target = first.with_name(f"{first.name}-{number}")
        return target

    def _is_at(self, target: Path, manifest: Manifest, key: Ed25519PrivateKey | None) -> bool:
        """Return whether a folder holds this release, whole: the same bytes, but for its past.

        With a key it must be signed with it.
        """
        try:
            existing = open_release(target).manifest
        except NotARelease:
            return False
        if _without_past(existing) != _without_past(manifest):
            return False
        if any(faults_of_files(target)):
            return False
        if key is not None and any(faults_of_signature(target, key.public_key())):
            return False
        for path in self.folder.rglob("*"):
            other = target / path.relative_to(self.folder)
            if path.is_dir() or path.name == "manifest.json":
                continue  # it tells of the date and the history too
            if path.parent.name.startswith(INDEX):
                continue  # the same statements, but other bytes each time
            if not other.is_file() or not filecmp.cmp(path, other, shallow=False):
                return False
        return True


def _without_past(manifest: Manifest) -> Manifest:
    """Return a manifest without what the same release can have another of: date, history."""
    return replace(manifest, history=(), issued="")


def _check_order(older: Release | None, manifest: Manifest) -> None:
    """Raise UnusableInput for a release that is dated before the one that it follows."""
    if older and older.manifest.issued > manifest.issued:
        raise UnusableInput(
            f"{manifest.issued} is before {older.manifest.issued}, the date of the release that"
            " this one follows; give a later one with --issued, or another --out"
        )


class _Copies(io.RawIOBase):
    """A stream that passes each chunk on to several functions."""

    def __init__(self, *targets: Callable[[bytes], object]) -> None:
        self._targets = targets

    def writable(self) -> bool:
        return True

    def write(self, chunk: ReadableBuffer) -> int:
        content = bytes(chunk)
        for target in self._targets:
            target(content)
        return len(content)


@contextmanager
def _copying(*targets: Callable[[bytes], object]) -> Iterator[BinaryIO]:
    with io.BufferedWriter(_Copies(*targets), _BUFFER) as stream:
        yield stream


@contextmanager
def compressing(file: BinaryIO, level: int) -> Iterator[BinaryIO]:
    """Give a stream whose content goes to ``file`` as gzip, compressed by a thread beside.

    The header has no time stamp and no file name: equal content, equal bytes.
    """
    chunks: Queue[bytes | None] = Queue(_WAITING)
    with ThreadPoolExecutor(max_workers=1) as beside:
        compressed = beside.submit(_compress, chunks, file, level)
        try:
            with _copying(chunks.put) as stream:
                yield stream
        finally:
            chunks.put(None)
        compressed.result()


def _compress(chunks: Queue[bytes | None], file: BinaryIO, level: int) -> None:
    """Write chunks as gzip until None comes; after an error they are taken and dropped."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: as gzip
    try:
        while (chunk := chunks.get()) is not None:
            file.write(compressor.compress(chunk))
        file.write(compressor.flush())
    except BaseException:
        while chunks.get() is not None:
            pass
        raise


def _remove_leftovers(out: Path) -> None:
    """Remove what builds of ``out`` left behind that were killed."""
    pattern = re.compile(
        rf"\.{re.escape(out.name)}\.(?:[0-9a-f]{{12}}\.)?partial-(\d{{1,9}})(?:\.old|\.link)?"
    )
    for path in list(out.parent.iterdir()):
        leftover = pattern.fullmatch(path.name)
        if leftover is None or _is_another_process(int(leftover[1])):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_another_process(process_id: int) -> bool:
    """Return whether a process other than this one has that number."""
    if process_id == os.getpid():
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
