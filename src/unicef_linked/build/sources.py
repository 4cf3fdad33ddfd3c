"""From files of RDF to one dataset: a named graph per file, errors with file and line."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)

from unicef_linked.errors import MalformedData, UnusableInput
from unicef_linked.rdf.iris import CANONICAL_BASE, SHACL, Names, undeclared_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

SUFFIXES: Final = {
    ".ttl": RdfFormat.TURTLE,
    ".trig": RdfFormat.TRIG,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
}
"""What we read, by the end of the file name."""

_LINE: Final = re.compile(
    r"(?:Parser )?error at line (\d+)(?:.*?column[s]? (\d+)[^:]*)?: ", re.IGNORECASE
)
_UNDECLARED: Final = re.compile(r"The prefix (\S*?):? has not been declared")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as read: its text is kept so that a report can name the line of a subject."""

    path: Path
    text: str
    graph: NamedNode | DefaultGraph
    quads: tuple[Quad, ...]

    @property
    def sha256(self) -> str:
        """The digest of the file's text as UTF-8."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def line_of(self, iri: str) -> int | None:
        """Return the line (from 1) on which ``iri`` is first a subject, None if none is found.

        Parsers keep no positions; in Turtle as people write it, a subject begins its line, in full
        or prefixed.
        """
        spellings = {f"<{iri}>"}
        for name, namespace in re.findall(r"(?im)^\s*@?prefix\s+([\w.-]*):\s*<([^>]*)>", self.text):
            if namespace and iri.startswith(namespace):
                spellings.add(f"{name}:{iri[len(namespace) :]}")
        for number, line in enumerate(self.text.splitlines(), start=1):
            words = line.split(maxsplit=1)
            if words and words[0] in spellings and not line.lstrip().startswith("#"):
                return number
        return None


def files_in(paths: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Return (root, file) for each RDF file in files and folders, in the order of their names.

    Raises UnusableInput for a path that is missing, cannot be read, or holds no RDF.
    """
    files: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_file():
            if path.suffix.lower() not in SUFFIXES:
                raise UnusableInput(
                    f"{path}: not a file of RDF by its name; use one of {' '.join(SUFFIXES)}"
                )
            files.append((path.parent, path))
            continue
        if not path.exists():
            raise UnusableInput(f"{path} does not exist")
        if not os.access(path, os.R_OK | os.X_OK):
            raise UnusableInput(f"{path} cannot be read: permission denied")
        inside = sorted(
            file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()
        )
        if not inside:
            raise UnusableInput(
                f"{path} holds no RDF: expected files ending in {' '.join(SUFFIXES)}"
            )
        files.extend((path, file) for file in inside)
    return files


def load(
    paths: Sequence[Path], names: Names, *, role: str = "", default_graph: bool = False
) -> list[SourceFile]:
    """Return what the files of RDF in ``paths`` say, in the order of their names.

    Triples go to a graph named after the file's path below its root (``role`` before it), or to the
    default graph with ``default_graph``; quads stay where they say. Every IRI below the canonical
    base is re-based on ``names``. Raises UnusableInput for what cannot be read and MalformedData,
    with file and line, for what does not parse.
    """
    sources = []
    for root, path in files_in(paths):
        text = _read(path)
        if names.base != CANONICAL_BASE:
            text = text.replace(CANONICAL_BASE, names.base)
        stem = path.relative_to(root).with_suffix("").as_posix()
        parts = dict.fromkeys(filter(None, (role, stem)))  # ontology/ontology.ttl: once
        named = NamedNode(names.graph(quote("/".join(parts), safe="/-._~")))
        graph = DefaultGraph() if default_graph else named
        sources.append(SourceFile(path, text, graph, tuple(_parse(path, text, graph, named.value))))
    return sources


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MalformedData(
            path, f"byte {error.start} is not UTF-8; save the file as UTF-8", line=line
        ) from None
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror}") from None


def _parse(path: Path, text: str, graph: NamedNode | DefaultGraph, base_iri: str) -> Iterable[Quad]:
    kind = SUFFIXES[path.suffix.lower()]
    try:
        quads = parse(text.encode(), format=kind, base_iri=base_iri, rename_blank_nodes=True)
        for quad in quads:
            if isinstance(quad.graph_name, DefaultGraph):
                yield Quad(quad.subject, quad.predicate, quad.object, graph)
            else:
                yield quad
    except SyntaxError as error:
        position = _LINE.search(str(error))
        line = error.lineno or (int(position[1]) if position else None)
        column = error.offset or (int(position[2]) if position and position[2] else None)
        message = _LINE.sub("", str(error.msg)).strip()
        raise MalformedData(path, _add_remedy(message), line=line, column=column) from None
    except ValueError as error:
        raise MalformedData(path, str(error)) from None


def _add_remedy(message: str) -> str:
    """Return a parser's message, with what to do about a prefix that is not declared."""
    undeclared = _UNDECLARED.search(message)
    return undeclared_prefix(undeclared[1]) if undeclared else message


def skolemize(quads: Iterable[Quad], names: Names) -> list[Quad]:
    """Return the quads with IRIs in place of blank nodes (RDF 1.1 Concepts, section 3.5).

    The same statements give the same IRIs. Blank nodes of one file stay apart from those of
    another.
    """
    return name_blanks(label_blanks(quads), names)


def label_blanks(quads: Iterable[Quad]) -> list[Quad]:
    """Return the quads, each blank node with its canonical label (RDFC-1.0)."""
    plain: list[Quad] = []
    with_blanks: list[Quad] = []
    for quad in quads:
        (with_blanks if any(_blanks_of(quad)) else plain).append(quad)
    if not with_blanks:
        return plain
    dataset = Dataset(with_blanks)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return plain + sorted(dataset, key=str)


def name_blanks(quads: Sequence[Quad], names: Names) -> list[Quad]:
    """Return the quads with an IRI in place of each blank node.

    Where a property path has parts, all stay: with an IRI it would be another path (SHACL, 2.3.1).
    """
    path = f"{SHACL}path"
    if any(q.predicate.value == path and isinstance(q.object, BlankNode) for q in quads):
        return list(quads)
    iris = _iris_of_blanks(quads, names)
    return [_replace(quad, iris) for quad in quads]


def restore_blanks(quads: Sequence[Quad], labelled: Iterable[Quad], names: Names) -> list[Quad]:
    """Return the quads with the blank nodes of ``labelled`` in place of their IRIs."""
    blanks = {iri: node for node, iri in _iris_of_blanks(labelled, names).items()}
    return [_replace(quad, blanks) for quad in quads] if blanks else list(quads)


def _iris_of_blanks(quads: Iterable[Quad], names: Names) -> dict[BlankNode, NamedNode]:
    """Return the IRI in place of each blank node, below ``.well-known/genid/``."""
    base = f"{names.base}.well-known/genid/"
    return {node: NamedNode(f"{base}{node.value}") for quad in quads for node in _blanks_of(quad)}


def _blanks_of(quad: Quad) -> Iterator[BlankNode]:
    for term in (quad.subject, quad.object, quad.graph_name):
        if isinstance(term, BlankNode):
            yield term


def _replace(quad: Quad, replacements: Mapping[Any, Any]) -> Quad:
    subject, predicate, value, graph = quad
    return Quad(
        replacements.get(subject, subject),
        predicate,
        replacements.get(value, value),
        replacements.get(graph, graph),
    )
