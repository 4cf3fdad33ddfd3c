"""Whether a release is what was built: files by their digests, statements by the manifest."""

from __future__ import annotations

import os
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.errors import NotARelease
from unicef_linked.release.directory import SIGNATURE, SUMS, Release, digest_of, open_release
from unicef_linked.release.verified import read_verified, state_of, write_verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^/\n][^\n]*)")
"""A line of ``sha256sum``: the digest, two spaces, the name of the file."""

_HASHING: Final = min(4, len(os.sched_getaffinity(0)))
"""Most files that are hashed at a time, each by a thread: hashlib lets go of the interpreter."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a release that is not as written; ``part`` is a file's name in its folder."""

    part: str
    reason: str

    def __str__(self) -> str:
        return f"{self.part}: {self.reason}"


def faults_of_files(folder: Path, *, anew: bool = True) -> Iterator[Fault]:
    """Yield what is wrong with the files of a release: missing, changed, not listed, a link.

    Unless ``anew``, files that were verified here before and have not changed are not read, and
    those that are found right now are kept as verified.
    """
    listed: dict[str, str] = {}
    try:
        lines = (folder / SUMS).read_bytes().decode().removesuffix("\n").split("\n")
    except FileNotFoundError:
        yield Fault(SUMS, "is missing")
        return
    except (OSError, UnicodeDecodeError) as error:
        yield Fault(SUMS, f"cannot be read ({error})")
        return
    for number, line in enumerate(lines, start=1):
        match = _LINE.fullmatch(line)
        if match is None or ".." in match[2].split("/"):
            yield Fault(SUMS, f"line {number} is not a digest and the name of a file")
        else:
            listed[match[2]] = match[1]
    for name in ("manifest.json", "dumps/dataset.nq"):
        if name not in listed:
            yield Fault(name, f"is not in {SUMS}")
    yield from _faults_of_listed_files(folder, listed, anew=anew)
    yield from _faults_of_other_files(folder, {*listed, SUMS, SIGNATURE})


def _faults_of_listed_files(
    folder: Path, listed: Mapping[str, str], *, anew: bool
) -> Iterator[Fault]:
    """Yield what is wrong with the files that have a digest."""
    states = {name: state_of(folder / name) for name in listed}
    verified = {} if anew else read_verified(folder)
    right = {n: verified[n] for n in listed if verified.get(n) == (listed[n], states[n])}
    unknown = [name for name in listed if name not in right]
    with ThreadPoolExecutor(_HASHING) as threads:
        checks = threads.map(lambda name: _fault_of_file(folder, name, listed[name]), unknown)
        for name, fault in zip(unknown, checks, strict=True):
            state = states[name]
            if fault:
                yield fault
            elif state:
                right[name] = listed[name], state
    if unknown and not anew:
        write_verified(folder, right)


def _faults_of_other_files(folder: Path, known: set[str]) -> Iterator[Fault]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield Fault(name, "is a link; a release has none")
        elif path.is_file() and name not in known:
            yield Fault(name, f"is not in {SUMS}: it was added later")


def _fault_of_file(folder: Path, name: str, digest: str) -> Fault | None:
    try:
        actual = digest_of(folder / name)
    except FileNotFoundError:
        return Fault(name, "is missing")
    except OSError as error:
        return Fault(name, f"cannot be read ({error.strerror})")
    if actual != digest:
        return Fault(name, f"has SHA-256 {actual}, {SUMS} says {digest}")
    return None


def faults_of_statements(release: Release) -> Iterator[Fault]:
    """Yield what the manifest says of the statements and they do not bear out."""
    manifest = release.manifest
    digest = digest_of(release.dataset)
    if digest != manifest.sha256:
        yield Fault(
            "dumps/dataset.nq", f"has SHA-256 {digest}, manifest.json says {manifest.sha256}"
        )
    counts: Counter[str] = Counter()
    try:
        for quad in release.quads():
            graph = quad.graph_name
            counts[graph.value if isinstance(graph, NamedNode) else ""] += 1
    except (ValueError, SyntaxError) as error:
        yield Fault("dumps/dataset.nq", f"cannot be read ({error})")
        return
    if counts.total() != manifest.quads:
        yield Fault(
            "manifest.json",
            f"says {manifest.quads:,} statements, dumps/dataset.nq has {counts.total():,}",
        )
    for name in sorted({*counts, *manifest.graphs}):
        if counts[name] != manifest.graphs.get(name, 0):
            label = f"the graph <{name}>" if name else "the default graph"
            yield Fault(
                "manifest.json",
                f"says {manifest.graphs.get(name, 0):,} statements in {label},"
                f" dumps/dataset.nq has {counts[name]:,}",
            )


def faults_of_signature(folder: Path, key: Ed25519PublicKey) -> Iterator[Fault]:
    """Yield why a release does not count as signed with the private key to ``key``."""
    from unicef_linked.release.signature import is_signed  # cryptography: a server needs none

    try:
        signature, content = (folder / SIGNATURE).read_bytes(), (folder / SUMS).read_bytes()
    except FileNotFoundError as error:
        yield Fault(str(error.filename).rpartition("/")[2], "is missing: the release is not signed")
        return
    if not is_signed(content, signature, key):
        yield Fault(SIGNATURE, f"is no signature of {SUMS} by this key")


def verify(path: Path, key: Ed25519PublicKey | None = None) -> list[Fault]:
    """Return everything that is wrong with the release at ``path``; nothing for one that is whole.

    Raises NotARelease where there is nothing that could be one.
    """
    folder = path.resolve()
    if not any((folder / name).exists() for name in (SUMS, "manifest.json", "dumps")):
        open_release(path)  # says what is missing
    faults = list(faults_of_files(folder))
    try:
        release = open_release(path)
    except NotARelease as error:
        if not faults:
            faults.append(Fault("manifest.json", str(error)))
    else:
        faults += faults_of_statements(release)
    if key is not None:
        faults += faults_of_signature(folder, key)
    return faults


def open_whole_release(path: Path) -> Release:
    """Return the release at ``path`` once every file has the digest that was written for it.

    A file that had it before, on this machine, and has not changed since is not read again. Raises
    NotARelease, naming each part that has not.
    """
    release = open_release(path)
    faults = list(faults_of_files(release.path, anew=False))
    if faults:
        parts = "; ".join(map(str, faults))
        raise NotARelease(f"{path} is not whole: {parts}; build it again, or fetch it again")
    return release
