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
    Triple,
    parse,
)

from unicef_linked.errors import MalformedData, UnusableInput
from unicef_linked.rdf.iris import CANONICAL_BASE, SHACL, Names, undeclared_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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

    The IRIs are below ``.well-known/genid/`` and come from RDFC-1.0 canonical labels: the same
    statements give the same IRIs. Blank nodes of one file stay apart from those of another.
    """
    plain: list[Quad] = []
    with_blanks: list[Quad] = []
    for quad in quads:
        terms = (quad.subject, quad.object, quad.graph_name)
        (with_blanks if any(isinstance(term, BlankNode) for term in terms) else plain).append(quad)
    if not with_blanks:
        return plain
    dataset = Dataset(with_blanks)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    if any(_is_complex_path(quad) for quad in with_blanks):
        return plain + sorted(dataset, key=str)
    return plain + sorted((_name_blanks(quad, names) for quad in dataset), key=str)


def _is_complex_path(quad: Quad) -> bool:
    """Return whether a property path has parts: an IRI would be another path (SHACL, 2.3.1)."""
    return quad.predicate.value == f"{SHACL}path" and isinstance(quad.object, BlankNode)


def _name_blanks(quad: Quad, names: Names) -> Quad:
    def name(term: Any) -> Any:
        if isinstance(term, BlankNode):
            return NamedNode(f"{names.base}.well-known/genid/{term.value}")
        return term

    return Quad(name(quad.subject), quad.predicate, name(quad.object), name(quad.graph_name))


def find_place(sources: Sequence[SourceFile], focus: str, path: str) -> tuple[str, int]:
    """Return the file that states ``path`` of ``focus`` and the line of that subject.

    If none states that, the first file that states anything of it; ("", 0) if none does.
    """
    place, relevance = ("", 0), 0
    for source in sources:
        predicates = {q.predicate.value for q in source.quads if _is_subject(focus, q)}
        matches = bool(predicates) + (path in predicates)
        if matches > relevance:
            relevance = matches
            place = str(source.path), source.line_of(focus) or 0
    return place


def _is_subject(iri: str, quad: Quad) -> bool:
    subject = quad.subject
    return not isinstance(subject, BlankNode | Triple) and subject.value == iri
