"""Files of RDF to one dataset: a named graph per file, errors with file and line."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
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
        """Return the line (from 1) on which ``iri`` first stands as a subject, None where that cannot be seen.

        Parsers keep no positions; a subject of Turtle as people write it begins its line, in full or prefixed.
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
    found: list[tuple[Path, Path]] = []
    for path in paths:
        if path.is_file():
            if path.suffix.lower() not in SUFFIXES:
                raise UnusableInput(
                    f"{path}: not a file of RDF by its name; use one of {' '.join(SUFFIXES)}"
                )
            found.append((path.parent, path))
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
        found.extend((path, file) for file in inside)
    return found


def load(
    paths: Sequence[Path], names: Names, *, role: str = "", default_graph: bool = False
) -> list[SourceFile]:
    """Return what the files of RDF in ``paths`` say, in the order of their names.

    Triples go to a graph named after the file's path below its root (``role`` before it), or to the default graph
    with ``default_graph``; quads stay where they say. Every IRI below the canonical base is re-based on ``names``.
    Raises UnusableInput for what cannot be read and MalformedData, with file and line, for what does not parse.
    """
    sources = []
    for root, path in files_in(paths):
        text = _read(path)
        if names.base != CANONICAL_BASE:
            text = text.replace(CANONICAL_BASE, names.base)
        stem = path.relative_to(root).with_suffix("").as_posix()
        place = quote("/".join(dict.fromkeys(part for part in (role, stem) if part)), safe="/-._~")
        named = NamedNode(names.graph(place))
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
            triple_of_file = isinstance(quad.graph_name, DefaultGraph)
            yield Quad(quad.subject, quad.predicate, quad.object, graph) if triple_of_file else quad
    except SyntaxError as error:
        found = _LINE.search(str(error))
        line = error.lineno or (int(found[1]) if found else None)
        column = error.offset or (int(found[2]) if found and found[2] else None)
        message = _LINE.sub("", str(error.msg)).strip()
        raise MalformedData(path, _remedy(message), line=line, column=column) from None
    except ValueError as error:
        raise MalformedData(path, str(error)) from None


def _remedy(message: str) -> str:
    """Return a parser's message with what to do about it, where we know."""
    undeclared = _UNDECLARED.search(message)
    if not undeclared:
        return message
    return undeclared_prefix(undeclared[1])


def skolemize(quads: Iterable[Quad], names: Names) -> list[Quad]:
    """Return the quads with each blank node replaced by an IRI below ``.well-known/genid/`` (RDF 1.1 Concepts, 3.5).

    The IRIs come from RDFC-1.0 canonical labels: the same statements give the same IRIs. Blank nodes of one file stay
    apart from those of another.
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

    def name(term: object) -> object:
        return (
            NamedNode(f"{names.base}.well-known/genid/{term.value}")
            if isinstance(term, BlankNode)
            else term
        )

    if any(
        quad.predicate.value == f"{SHACL}path" and isinstance(quad.object, BlankNode)
        for quad in with_blanks
    ):
        # An IRI as sh:path would be another path (SHACL, section 2.3.1).
        return plain + sorted(dataset, key=str)
    named = [
        Quad(name(q.subject), q.predicate, name(q.object), name(q.graph_name))  # type: ignore[arg-type]
        for q in dataset
    ]
    return plain + sorted(named, key=str)


def find_place(sources: Sequence[SourceFile], focus: str, path: str) -> tuple[str, int]:
    """Return the file that states ``path`` of ``focus`` (else anything of it) and the line where the subject stands."""
    stating: tuple[int, Path, int | None] | None = None
    for source in sources:
        about = [
            quad
            for quad in source.quads
            if not isinstance(quad.subject, BlankNode | Triple) and quad.subject.value == focus
        ]
        if about:
            relevance = 1 + any(quad.predicate.value == path for quad in about)
            if stating is None or relevance > stating[0]:
                stating = (relevance, source.path, source.line_of(focus))
    return (str(stating[1]), stating[2] or 0) if stating else ("", 0)
