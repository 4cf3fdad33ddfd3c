"""From files of RDF to one dataset: a named graph per file, errors with file and line."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuadParser,
    RdfFormat,
    Triple,
    parse,
)

from unicef_linked.build.files import (
    SUFFIXES,
    Remark,
    keep_silent,
    list_files,
    read_bytes,
    stem_of,
    suffix_of,
)
from unicef_linked.build.lines import Lines
from unicef_linked.errors import MalformedData, UnusableInput, raise_all
from unicef_linked.rdf.entities import ExpandingEntities, check_entities
from unicef_linked.rdf.iris import (
    CANONICAL_BASE,
    SHACL,
    Names,
    declared_prefixes,
    undeclared_prefix,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_LINE: Final = re.compile(
    r"(?:Parser )?error at line (\d+)(?:.*?column[s]? (\d+)[^:]*)?: ", re.IGNORECASE
)
_UNDECLARED: Final = re.compile(r"The prefix (\S*?):? has not been declared")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as read: its text is kept so that a report can name the line of a subject."""

    path: Path
    content: bytes  # its text as UTF-8
    graph: NamedNode | DefaultGraph
    base_iri: str
    prefixes: Mapping[str, str] = field(default_factory=dict)  # that the file declares

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.content.decode()

    @property
    def sha256(self) -> str:
        """The digest of the file's text as UTF-8."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def quads(self) -> tuple[Quad, ...]:
        """What the file states; see ``statements``."""
        return tuple(self.statements())

    def statements(self) -> Iterator[Quad]:
        """Yield what the file states, parsed anew: terms take much more memory than the text.

        The labels of blank nodes are others each time.
        """
        for quad in _parser(self.path, self.content, self.base_iri):
            yield _in_graph(quad, self.graph)

    def line_of(self, iri: str) -> int | None:
        """Return the line (from 1) on which ``iri`` is first a subject, None if none is found."""
        return Lines(self.text).of_subject(iri)


def load(
    paths: Sequence[Path],
    names: Names,
    *,
    role: str = "",
    as_is: bool = False,
    skip_bad: bool = False,
    remark: Remark = keep_silent,
    each: Callable[[Collection[tuple[Path, Path]]], Iterable[tuple[Path, Path]]] = iter,
) -> list[SourceFile]:
    """Return what the files of RDF in ``paths`` say, in the order of their names.

    Triples go to a graph named after the file's path below its root (``role`` before it); quads
    stay where they say. Every IRI below the canonical base is re-based on ``names``. With ``as_is``
    triples go to the default graph, no IRI is re-based, and terms of RDF 1.2 are read.

    ``remark`` is called with what is left out of folders; ``each`` is given the files, and returns
    them as they are taken. Raises UnusableInput for what cannot be read and MalformedData, with
    file and line, for what does not parse; SeveralErrors if there are more. With ``skip_bad`` these
    files are left out, each with a remark, unless no other is there.
    """
    listing = list_files(paths)
    for sentence in listing.left_out:
        remark(sentence)
    sources: list[SourceFile] = []
    errors: list[UnusableInput] = []
    for root, path in each(listing.files):
        try:
            source = _load_file(path, path.relative_to(root), names, role, as_is=as_is)
            sources.append(source)
            if not source.content.strip():
                remark(f"{path} is empty")
        except UnusableInput as error:
            errors.append(error)
    if not skip_bad or not sources:
        raise_all(errors)
    for fault in errors:
        remark(f"left out: {fault}")
    return sources


def _load_file(path: Path, below_root: Path, names: Names, role: str, *, as_is: bool) -> SourceFile:
    """Return what one file says; see ``load``."""
    parts = dict.fromkeys(filter(None, (role, stem_of(below_root))))  # ontology/ontology.ttl: once
    graph = NamedNode(names.graph(quote("/".join(parts), safe="/-._~")))
    text = _read(path)
    if as_is:
        return _parse(path, text, DefaultGraph(), graph.value)
    return _parse(path, text.replace(CANONICAL_BASE, names.base), graph, graph.value)


def statements_of(sources: Iterable[SourceFile]) -> Iterator[Quad]:
    """Yield what files state, parsed anew."""
    return chain.from_iterable(source.statements() for source in sources)


def digest_of_sources(sources: Iterable[SourceFile]) -> str:
    """Return the SHA-256 of the digests of files."""
    return hashlib.sha256("".join(source.sha256 for source in sources).encode()).hexdigest()


_MARKS: Final = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by the mark at the beginning of a file; those of UTF-32 begin like those of UTF-16."""

_XML_DECLARATION: Final = re.compile(
    r"""\A<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][\w.-]*)["'][^>]*\?>""", re.ASCII
)


def _read(path: Path) -> str:
    """Return the text of a file, by its mark, else as XML declares, else as UTF-8.

    The line of the XML declaration is kept, without the declaration.
    """
    content = read_bytes(path)
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "")
    is_xml = SUFFIXES[suffix_of(path)] == RdfFormat.RDF_XML
    declared = _XML_DECLARATION.match(content[:200].decode("latin-1")) if is_xml else None
    if declared and not encoding:
        encoding = declared[1]
    try:
        text = content.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MalformedData(
            path,
            f"byte {error.start} is not {encoding or 'UTF-8'}; save the file as UTF-8",
            line=line,
        ) from None
    except LookupError:
        raise MalformedData(
            path, f"the encoding {encoding} is not known; save the file as UTF-8", line=1
        ) from None
    return _XML_DECLARATION.sub("", text, count=1) if is_xml else text


def _parser(path: Path, content: bytes, base_iri: str) -> QuadParser:
    kind = SUFFIXES[suffix_of(path)]
    return parse(content, format=kind, base_iri=base_iri, rename_blank_nodes=True)


def _in_graph(quad: Quad, graph: NamedNode | DefaultGraph) -> Quad:
    """Return a quad, in ``graph`` if it is in the default graph."""
    if isinstance(graph, NamedNode) and isinstance(quad.graph_name, DefaultGraph):
        return Quad(quad.subject, quad.predicate, quad.object, graph)
    return quad


def _parse(path: Path, text: str, graph: NamedNode | DefaultGraph, base_iri: str) -> SourceFile:
    """Return a file whose statements can be read; in a named graph, terms of RDF 1.2 cannot."""
    kind = SUFFIXES[suffix_of(path)]
    content = text.encode()
    prefixes: dict[str, str] = {}
    try:
        if kind == RdfFormat.RDF_XML:
            check_entities(text)
        _check_depth(path, text, kind)
        parser = _parser(path, content, base_iri)
        for quad in parser:
            if isinstance(graph, NamedNode):
                _refuse_rdf12(quad, path, text)
            if not prefixes:  # those of RDF/XML are forgotten at the end of their element
                prefixes = dict(parser.prefixes)
    except ExpandingEntities as error:
        raise MalformedData(path, str(error), line=error.line) from None
    except SyntaxError as error:
        raise _malformed(path, text, kind, error) from None
    except ValueError as error:
        raise MalformedData(path, str(error)) from None
    return SourceFile(path, content, graph, base_iri, prefixes | parser.prefixes)


_DEEPEST: Final = 1000
"""Most JSON objects and arrays, or triple terms, within each other: some thousands end the parser's
process (https://github.com/oxigraph/oxigraph/tree/main/lib/oxjsonld, as of pyoxigraph 0.5.10)."""

_JSON_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_TURTLE_TOKEN: Final = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\]|\\.)*"|'''
    r"""'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|'(?:[^'\\]|\\.)*'|<[^<>\s]*>|\#[^\n]*|<<|>>""",
    re.DOTALL,
)


def _check_depth(path: Path, text: str, kind: RdfFormat) -> None:
    """Raise MalformedData for what is nested more deeply than the parser takes."""
    token_of, advice = _JSON_TOKEN, "give the inner objects an @id and put them beside each other"
    if kind != RdfFormat.JSON_LD:
        token_of, advice = _TURTLE_TOKEN, "name the inner triple terms by rdf:reifies"
        if text.count("<<") <= _DEEPEST:
            return
    depth = 0
    for token in token_of.finditer(text):
        if token[0] in {"{", "[", "<<"}:
            depth += 1
        elif token[0] in {"}", "]", ">>"}:
            depth -= 1
        if depth > _DEEPEST:
            line = text.count("\n", 0, token.start()) + 1
            message = f"it is nested more than {_DEEPEST:,} levels deep; {advice}"
            raise MalformedData(path, message, line=line)


_NO_RDF: Final = {
    "version https://git-lfs.github.com/": "it is a pointer of Git LFS; run git lfs pull",
    "<!doctype html": "it is a web page, not RDF; save the data itself",
    "<html": "it is a web page, not RDF; save the data itself",
}
"""What files begin with that are often in place of the data, and the remedy."""


def _malformed(path: Path, text: str, kind: RdfFormat, error: SyntaxError) -> MalformedData:
    """Return a parser's error with its place, and with a remedy where one is known."""
    position = _LINE.search(str(error))
    line = error.lineno or (int(position[1]) if position else None)
    column = error.offset or (int(position[2]) if position and position[2] else None)
    message = _LINE.sub("", str(error.msg)).strip()
    beginning = text[:100].lstrip().lower()
    for start, remedy in _NO_RDF.items():
        if beginning.startswith(start):
            return MalformedData(path, remedy, line=1)
    if "\0" in text[:100]:
        remedy = "it has null characters, as UTF-16 without a byte order mark; save it as UTF-8"
        return MalformedData(path, remedy, line=1)
    undeclared = _UNDECLARED.search(message)
    if undeclared:
        message = undeclared_prefix(undeclared[1], {**Names().prefixes, **declared_prefixes(text)})
    elif "LoadDocumentCallback" in message:
        context, line = _remote_context(text)
        message = f"@context {context} is not fetched; write the context into the file"
    return MalformedData(path, message, line=line or _line_of_error(text, kind), column=column)


def _remote_context(text: str) -> tuple[str, int | None]:
    """Return the first context of a JSON-LD document that lies elsewhere, and its line."""
    context = next(_contexts(json.loads(text)), "elsewhere")
    return context, _line_with(text, json.dumps(context, ensure_ascii=False))


def _contexts(node: object) -> Iterator[str]:
    """Yield what JSON-LD refers to as a context by its address, in the order of the document."""
    if isinstance(node, list):
        for member in node:
            yield from _contexts(member)
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"@context", "@import"}:
                members = value if isinstance(value, list) else [value]
                yield from (member for member in members if isinstance(member, str))
            yield from _contexts(value)


class _Lines(io.RawIOBase):
    """A text as a stream that gives a line at a time; ``number`` is that of the last one."""

    def __init__(self, text: str) -> None:
        self._lines = iter(text.encode().splitlines(keepends=True))
        self._rest = b""
        self.number = 0

    def read(self, size: int = -1, /) -> bytes:
        if not self._rest:
            self._rest = next(self._lines, b"")
            self.number += bool(self._rest)
        size = len(self._rest) if size < 0 else size
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk


def _line_of_error(text: str, kind: RdfFormat) -> int | None:
    """Return the line that a parser has read last when it fails, None if it does not fail."""
    lines = _Lines(text)
    try:
        for _ in parse(lines, format=kind, base_iri="http://example.org/"):  # type: ignore[arg-type]
            pass
    except (SyntaxError, ValueError):
        return lines.number
    return None


def _refuse_rdf12(quad: Quad, path: Path, text: str) -> None:
    """Raise MalformedData for a term that RDF 1.1 does not have."""
    value = quad.object
    if isinstance(value, Triple):
        line = _line_with(text, "<<")
        message = (
            "a triple term is of RDF 1.2; RDF 1.1 is read: describe the statement by rdf:Statement"
        )
        raise MalformedData(path, message, line=line)
    if isinstance(value, Literal) and value.direction is not None:
        tag = f"@{value.language}--{value.direction}"
        raise MalformedData(
            path,
            f"a literal with a direction, {tag}, is of RDF 1.2; RDF 1.1 is read:"
            " leave the direction out",
            line=_line_with(text, tag),
        )


def _line_with(text: str, part: str) -> int | None:
    """Return the first line that has some text, in upper or lower case."""
    position = text.lower().find(part.lower())
    return None if position < 0 else text.count("\n", 0, position) + 1


def skolemize(quads: Iterable[Quad], names: Names) -> list[Quad]:
    """Return the quads with IRIs in place of blank nodes (RDF 1.1 Concepts, section 3.5).

    The same statements give the same IRIs. Blank nodes of one file stay apart from those of
    another.
    """
    with_blanks: list[Quad] = []
    plain = list(set_blanks_apart(quads, with_blanks))
    return plain + name_blanks(label_blanks(with_blanks), names)


def set_blanks_apart(quads: Iterable[Quad], with_blanks: list[Quad]) -> Iterator[Quad]:
    """Yield the quads without blank nodes; ``with_blanks`` takes the others."""
    for quad in quads:
        if any(_blanks_of(quad)):
            with_blanks.append(quad)
        else:
            yield quad


def label_blanks(quads: Sequence[Quad]) -> list[Quad]:
    """Return the quads, each blank node with its canonical label (RDFC-1.0)."""
    if not quads:
        return []
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(dataset, key=str)


def name_blanks(quads: Sequence[Quad], names: Names) -> list[Quad]:
    """Return the quads with an IRI in place of each blank node.

    Where a property path has parts, all stay: with an IRI it would be another path (SHACL, 2.3.1).
    """
    path = f"{SHACL}path"
    if any(q.predicate.value == path and isinstance(q.object, BlankNode) for q in quads):
        return list(quads)
    iris = _iris_of_blanks(quads, names)
    return [_replace(quad, iris) for quad in quads]


def restore_blanks(quads: Iterable[Quad], labelled: Iterable[Quad], names: Names) -> Iterator[Quad]:
    """Yield the quads with the blank nodes of ``labelled`` in place of their IRIs."""
    blanks = {iri: node for node, iri in _iris_of_blanks(labelled, names).items()}
    return (_replace(quad, blanks) for quad in quads) if blanks else iter(quads)


def _iris_of_blanks(quads: Iterable[Quad], names: Names) -> dict[BlankNode, NamedNode]:
    """Return the IRI in place of each blank node, below ``.well-known/genid/``."""
    return {
        node: NamedNode(f"{names.skolems}{node.value}")
        for quad in quads
        for node in _blanks_of(quad)
    }


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
