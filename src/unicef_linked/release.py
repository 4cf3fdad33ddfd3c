"""The release directory: write it whole, open it, verify it, name its parts.

A release is immutable. Its identity is the SHA-256 of ``dataset.nq``: canonical N-Quads, one statement a line, sorted
by code point, without blank nodes of its own, so that anyone can check it with ``sha256sum dumps/dataset.nq``.

    manifest.json    name, hash, base IRI, quads per graph, hashes of what it was made from, tool versions, releases before it
    shapes.nq.gz     the shapes that let it through
    context.jsonld   the JSON-LD context under which its documents are compacted
    report.ttl       the SHACL report
    dumps/           dataset.nq, the same statements in other formats, each also gzip, and SHA256SUMS
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import DefaultGraph, Quad, RdfFormat, parse

from unicef_linked.errors import NotARelease, UnusableInput
from unicef_linked.rdf.iris import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LAYOUT: Final = 1
"""The number of this layout; a release with another one is refused."""

HISTORY: Final = 50
"""Releases before this one that a manifest tells of; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Past:
    """A release that another one replaced, and by how much they differ."""

    sha256: str
    quads: int
    added: Mapping[str, int]  # statements that the release after it has and this one had not, by graph name
    removed: Mapping[str, int]  # statements that this one had and the release after it has not

    @property
    def name(self) -> str:
        """The short name: the first twelve digits of the hash."""
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a release says of itself, before its statements are read."""

    sha256: str  # of the uncompressed dataset.nq
    base_iri: str
    quads: int
    graphs: Mapping[str, int]  # statements by graph name; "" is the default graph
    union: bool  # whether the default graph is the union of all graphs
    conforms: bool | None  # None: never validated
    sources: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of what it was made from, by role
    tools: Mapping[str, str] = field(default_factory=dict)  # versions, by name
    history: tuple[Past, ...] = ()  # the releases before it, newest first
    layout: int = LAYOUT

    @property
    def name(self) -> str:
        """The short name: the first twelve digits of the hash."""
        return self.sha256[:12]


def canonical(quads: Iterable[Quad]) -> bytes:
    """Return quads as sorted N-Quads, one a line, each once.

    Without blank nodes this is the canonical form of RDF Dataset Canonicalization (RDFC-1.0, section 5).
    """
    return "".join(sorted({f"{quad} .\n" for quad in quads})).encode()


def compress(content: bytes) -> bytes:
    """Return content as gzip without time stamp or file name, so that equal contents stay equal."""
    return gzip.compress(content, compresslevel=9, mtime=0)


@dataclass(frozen=True, slots=True)
class Release:
    """One immutable published snapshot, at ``path``."""

    path: Path
    manifest: Manifest

    @property
    def names(self) -> Names:
        """The IRIs of its dataset."""
        return Names(self.manifest.base_iri)

    def quads(self) -> Iterator[Quad]:
        """Yield the statements of the dataset, as stored."""
        with (self.path / "dumps" / "dataset.nq").open("rb") as file:
            yield from parse(file, format=RdfFormat.N_QUADS)

    def shapes(self) -> Iterator[Quad]:
        """Yield the statements of the shapes graph."""
        if (self.path / "shapes.nq.gz").exists():
            with gzip.open(self.path / "shapes.nq.gz") as file:
                yield from parse(file.read(), format=RdfFormat.N_QUADS)

    def context(self) -> dict[str, Any]:
        """Return the JSON-LD context of the dataset."""
        content: dict[str, Any] = json.loads((self.path / "context.jsonld").read_text(encoding="utf-8"))
        found: dict[str, Any] = content["@context"]
        return found

    def dumps(self) -> tuple[Path, ...]:
        """Return the whole-dataset files, by name."""
        folder = self.path / "dumps"
        return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()

    def verify(self) -> None:
        """Raise NotARelease unless the statements hash to what the manifest says."""
        with (self.path / "dumps" / "dataset.nq").open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.manifest.sha256:
            raise NotARelease(
                f"{self.path}: dumps/dataset.nq has SHA-256 {found}, the manifest says {self.manifest.sha256}"
            )


def open_release(path: Path) -> Release:
    """Return the release at ``path``; a link is followed now, so that moving it later does not touch this release.

    Raises NotARelease when there is none, or one of a layout that this version does not know.
    """
    real = path.resolve()
    try:
        content: dict[str, Any] = json.loads((real / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotARelease(
            f"{path} is not a release: it has no manifest.json; make one with: unicef-linked build --out {path}"
        ) from None
    except (OSError, ValueError) as error:
        raise NotARelease(f"{path}: manifest.json cannot be read ({error}); build the release again") from None
    if content.get("layout") != LAYOUT:
        raise NotARelease(
            f"{path} has layout {content.get('layout')}, this version reads {LAYOUT}; build the release again"
        )
    history = tuple(Past(**past) for past in content.pop("history", ()))
    release = Release(real, Manifest(**content, history=history))
    if not (real / "dumps" / "dataset.nq").is_file():
        raise NotARelease(f"{path} has no dumps/dataset.nq; build the release again")
    return release


def history(older: Release | None, manifest: Manifest, dataset: bytes) -> tuple[Past, ...]:
    """Return the history of a release that is about to replace ``older``, newest first; ``dataset`` is its N-Quads.

    Nothing in it depends on when the build ran. A release of the same statements has the history that ``older`` has; one
    of another dataset, by its base IRI, begins anew.
    """
    if older is None or older.manifest.base_iri != manifest.base_iri:
        return ()
    before = older.manifest
    if before.sha256 == manifest.sha256:
        return before.history
    had = set((older.path / "dumps" / "dataset.nq").read_bytes().splitlines(keepends=True))
    has = set(dataset.splitlines(keepends=True))
    step = Past(before.sha256, before.quads, _per_graph(has - had), _per_graph(had - has))
    return (step, *before.history)[:HISTORY]


def _per_graph(lines: Iterable[bytes]) -> dict[str, int]:
    """Return how many of the lines of N-Quads each graph has, by its name; "" is the default graph."""
    graphs = (quad.graph_name for quad in parse(b"".join(lines), format=RdfFormat.N_QUADS))
    found = Counter("" if isinstance(graph, DefaultGraph) else str(graph.value) for graph in graphs)
    return dict(sorted(found.items()))


def write_release(out: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Release:
    """Write a release beside ``out`` and point ``out`` at it; ``files`` maps relative paths to contents.

    ``out`` becomes a symbolic link to ``{out}.{name}``, replaced in one step: a reader sees the older release or this
    one, whole, and older ones stay beside it to go back to. Raises UnusableInput, with ``out`` untouched, when it is
    something else than such a link or the folder cannot be written.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow the link that we are about to replace
    if out.is_dir() and not out.is_symlink() and any(out.iterdir()):
        raise UnusableInput(f"{out} is a folder with other files in it; give --out a new name")
    if out.exists() and not out.is_dir():
        raise UnusableInput(f"{out} is a file; give --out the name of a folder")
    target = out.with_name(f"{out.name}.{manifest.name}")
    partial = out.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        contents = {"manifest.json": json_bytes(asdict(manifest)), **files}
        try:
            for name, content in contents.items():
                path = partial / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            if target.exists():  # the same statements were released before: keep the newest dumps and manifest
                retired = partial.with_name(f"{partial.name}.old")
                target.rename(retired)
                partial.rename(target)
                shutil.rmtree(retired)
            else:
                partial.rename(target)
            link = partial.with_name(f"{partial.name}.link")
            link.symlink_to(target.name)
            if out.is_dir() and not out.is_symlink():
                out.rmdir()  # an empty folder that the user made
            link.replace(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise UnusableInput(f"{out} cannot be written: {error.strerror or error}; nothing was changed") from None
    return Release(target, manifest)


def json_bytes(content: object) -> bytes:
    """Return JSON for people to read, the same for equal contents."""
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
