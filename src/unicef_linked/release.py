"""The release directory: write, open and verify it.

A release is immutable. Its identity is the SHA-256 of ``dataset.nq``: canonical N-Quads, one
statement a line, sorted by code point, without blank nodes; ``sha256sum`` checks it.

    manifest.json    hash, base IRI, quads per graph, hashes of sources, tool versions, history
    shapes.nq.gz     the shapes that it was validated against
    context.jsonld   the JSON-LD context of its documents
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
from typing import TYPE_CHECKING, Any, Final, Literal

from pyoxigraph import DefaultGraph, Quad, RdfFormat, parse

from unicef_linked.errors import NotARelease, UnusableInput
from unicef_linked.rdf.iris import Names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LAYOUT: Final = 1
"""Version of the directory layout; a release with another one is refused."""

HISTORY: Final = 50
"""Most earlier releases in a manifest; older ones are dropped."""


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier release, and how the next one differs: statements by graph name."""

    sha256: str
    quads: int
    added: Mapping[str, int]  # added by the next release
    removed: Mapping[str, int]  # removed by the next release

    @property
    def name(self) -> str:
        """The short name: the first twelve digits of the hash."""
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The metadata of a release, in ``manifest.json``."""

    sha256: str  # of the uncompressed dataset.nq
    base_iri: str
    quads: int
    graphs: Mapping[str, int]  # statements by graph name; "" is the default graph
    union: bool  # whether the default graph is the union of all graphs
    conforms: bool | None  # None: never validated
    sources: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of its inputs, by role
    tools: Mapping[str, str] = field(default_factory=dict)  # versions, by name
    history: tuple[Past, ...] = ()  # earlier releases, newest first
    layout: int = LAYOUT

    @property
    def kind(self) -> Literal["built", "snapshot"]:
        """``built`` if validated and derived, ``snapshot`` if a folder was packaged as is."""
        return "snapshot" if self.conforms is None else "built"

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
    """Return content as gzip, without time stamp and file name: equal content, equal bytes."""
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
        content: dict[str, Any] = json.loads(
            (self.path / "context.jsonld").read_text(encoding="utf-8")
        )
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
    """Return the release at ``path``; a symbolic link is resolved once, here.

    Raises NotARelease when there is none, or one of an unknown layout.
    """
    real = path.resolve()
    try:
        content: dict[str, Any] = json.loads((real / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotARelease(
            f"{path} is not a release: it has no manifest.json; make one with: unicef-linked build --out {path}"
        ) from None
    except (OSError, ValueError) as error:
        raise NotARelease(
            f"{path}: manifest.json cannot be read ({error}); build the release again"
        ) from None
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
    """Return the history of a release that will replace ``older``, newest first.

    ``dataset`` is the new release as N-Quads. The time of the build has no influence. A release of
    the same statements keeps the history of ``older``; one with another base IRI has none.
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
    """Return the number of N-Quads lines by graph name; "" is the default graph."""
    graphs = (quad.graph_name for quad in parse(b"".join(lines), format=RdfFormat.N_QUADS))
    found = Counter("" if isinstance(graph, DefaultGraph) else str(graph.value) for graph in graphs)
    return dict(sorted(found.items()))


def write_release(out: Path, manifest: Manifest, files: Mapping[str, bytes]) -> Release:
    """Write a release to ``{out}.{name}``; ``files`` maps relative paths to contents.

    ``out`` becomes a symbolic link to it, replaced atomically: a reader sees the earlier release or
    this one, complete. Earlier releases are kept. Raises UnusableInput, without changing ``out``,
    when ``out`` is a file or a folder with content, or cannot be written.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow the link
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
            if target.exists():  # same statements: dumps and manifest are replaced
                retired = partial.with_name(f"{partial.name}.old")
                target.rename(retired)
                partial.rename(target)
                shutil.rmtree(retired)
            else:
                partial.rename(target)
            link = partial.with_name(f"{partial.name}.link")
            link.symlink_to(target.name)
            if out.is_dir() and not out.is_symlink():
                out.rmdir()  # an empty folder: a link cannot replace it
            link.replace(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise UnusableInput(
            f"{out} cannot be written: {error.strerror or error}; nothing was changed"
        ) from None
    return Release(target, manifest)


def json_bytes(content: object) -> bytes:
    """Return indented JSON with sorted keys: equal content, equal bytes."""
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
