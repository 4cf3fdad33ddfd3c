"""A release as it is read: its manifest, its statements, its files."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Quad, RdfFormat, parse

from unicef_linked.config import cache_folder
from unicef_linked.errors import NotARelease
from unicef_linked.rdf.iris import Names
from unicef_linked.release.manifest import Manifest, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SUMS: Final = "SHA256SUMS"
"""The file with the digest of every other file of a release, as ``sha256sum`` writes them."""

SIGNATURE: Final = f"{SUMS}.sig"
"""The file with the signature of ``SUMS``, of a release that was signed."""


@dataclass(frozen=True, slots=True)
class Release:
    """One immutable published snapshot, at ``path``."""

    path: Path
    manifest: Manifest

    @property
    def names(self) -> Names:
        """The IRIs of its dataset."""
        manifest = self.manifest
        return Names(manifest.base_iri, manifest.prefixes, has_terms=manifest.kind == "built")

    @property
    def dataset(self) -> Path:
        """The file that holds its statements as sorted N-Quads."""
        return self.path / "dumps" / "dataset.nq"

    def quads(self) -> Iterator[Quad]:
        """Yield the statements of the dataset, as stored."""
        with self.dataset.open("rb") as file:
            yield from parse(file, format=RdfFormat.N_QUADS)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the dataset, sorted N-Quads."""
        with self.dataset.open("rb") as file:
            yield from file

    def shapes(self) -> Iterator[Quad]:
        """Yield the statements of the shapes graph."""
        if (self.path / "shapes.nq.gz").exists():
            with gzip.open(self.path / "shapes.nq.gz") as file:
                yield from parse(file.read(), format=RdfFormat.N_QUADS)

    def context(self) -> dict[str, Any]:
        """Return the JSON-LD context of the dataset."""
        document = json.loads((self.path / "context.jsonld").read_text(encoding="utf-8"))
        context: dict[str, Any] = document["@context"]
        return context

    def has(self, name: str) -> bool:
        """Tell whether a file was part of the release when it was built."""
        try:
            sums = (self.path / SUMS).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        return f"  {name}\n" in sums

    @property
    def cache(self) -> Path:
        """The folder for what is made from the release later.

        Nothing is added to one that was built. A snapshot ends with its server: what is made from
        it lies in it.
        """
        if self.manifest.kind != "built":
            return self.path
        return cache_folder() / "indexes" / self.manifest.sha256

    def dumps(self) -> tuple[Path, ...]:
        """Return the whole-dataset files, by name; one that is made on demand may not be there."""
        folder = self.path / "dumps"
        existing = folder.iterdir() if folder.is_dir() else ()
        return tuple(sorted({*existing, *(folder / name for name in self.manifest.on_demand)}))

    def size_of(self, dump: Path) -> int | None:
        """Return the size of a whole-dataset file (bytes), None of one that is made on demand.

        What is said of a release does not change when a file of it is made.
        """
        return None if dump.name in self.manifest.on_demand else dump.stat().st_size


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_release(path: Path) -> Release:
    """Return the release at ``path``; a symbolic link is resolved once, here.

    Raises NotARelease when there is none, or one that this version cannot read.
    """
    folder = path.resolve()
    try:
        manifest = parse_manifest((folder / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotARelease(
            f"{path} is not a release: it has no manifest.json;"
            f" make one with: unicef-linked build --out {path}"
        ) from None
    except OSError as error:
        raise NotARelease(
            f"{path} is not a release: manifest.json cannot be read ({error.strerror});"
            " build the release again"
        ) from None
    except ValueError as error:
        raise NotARelease(f"{path} is not a release: {error}; build the release again") from None
    release = Release(folder, manifest)
    if not release.dataset.is_file():
        raise NotARelease(f"{path} has no dumps/dataset.nq; build the release again")
    return release
