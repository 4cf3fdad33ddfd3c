"""RDF statements as bytes: the same statements give the same bytes, in every process."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from unicef_linked.errors import Unwritable
from unicef_linked.rdf.iris import RDF
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from mmap import mmap

    from unicef_linked.rdf.terms import Term

_PREFIX_LINES: Final = re.compile(rb"\A(?:@prefix [^\n]*\n)+")
_NAMESPACES: Final = re.compile(rb'(?: xmlns:[\w.-]+="[^"]*")+')
_WITH_PREFIXES: Final = frozenset({RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML})


def write_rdf(
    statements: Collection[Triple] | Collection[Quad],
    kind: RdfFormat,
    prefixes: Mapping[str, str],
    *,
    is_sorted: bool = False,
) -> bytes:
    """Return the statements sorted, with the prefixes that they use in the order given.

    With ``is_sorted`` they are a sequence in the order of their lines already. Raises Unwritable if
    the format cannot express them.
    """
    ordered: Any = statements if is_sorted else sorted(statements, key=str)
    if kind == RdfFormat.RDF_XML:
        ordered = prepare_for_xml(ordered)
        if reason := unwritable_in_xml(ordered):
            raise Unwritable(reason)
    used = _used(ordered, prefixes) if kind in _WITH_PREFIXES else {}
    content = serialize(ordered, format=kind, prefixes=used)
    assert content is not None
    return settle_prefixes(content, kind, list(used))


def settle_prefixes(content: bytes, kind: RdfFormat, order: Sequence[str]) -> bytes:
    r"""Return what the engine wrote with its prefixes in this order; in Turtle, only those used.

    The engine declares all prefixes that it is given, in the order of a map. A prefix is kept, too,
    if its name occurs in a literal. In RDF/XML all are kept, in the order of their names.

    >>> written = b"@prefix c: <urn:c:> .\n@prefix b: <urn:b:> .\n"
    >>> written += b"@prefix a: <urn:a:> .\na:x a b:y .\n"
    >>> print(settle_prefixes(written, RdfFormat.TURTLE, ("a", "b", "c")).decode())
    @prefix a: <urn:a:> .
    @prefix b: <urn:b:> .
    a:x a b:y .
    <BLANKLINE>
    """
    if kind == RdfFormat.RDF_XML:
        return finish_xml(_NAMESPACES.sub(_sort_namespaces, content, 1))
    if kind not in _WITH_PREFIXES:
        return content
    prefixes, end = settled_prefixes(content, order)
    return prefixes + content[end:]


def settled_prefixes(content: bytes | mmap, order: Sequence[str]) -> tuple[bytes, int]:
    """Return the prefix lines of Turtle or TriG as ``settle_prefixes`` has them.

    With it, where those end that the engine wrote.
    """
    declared = _PREFIX_LINES.match(content)
    if declared is None:
        return b"", 0
    end = declared.end()
    lines = {}
    for line in declared[0].splitlines(keepends=True):
        name = _declared_prefix(line)
        if _occurs(name, content, end):
            lines[name] = line
    ordered = sorted(lines, key=_positions(tuple(order)).__getitem__)
    return b"".join(lines[name] for name in ordered), end


def _occurs(name: bytes, content: bytes | mmap, start: int) -> bool:
    """Tell whether a prefix occurs from a position on, and not as the end of a longer one."""
    position = content.find(name, start)
    while position >= 0:
        before = content[position - 1 : position]
        if not before.isalnum() and before not in {b"_", b".", b"-"}:
            return True
        position = content.find(name, position + 1)
    return False


def _sort_namespaces(declarations: re.Match[bytes]) -> bytes:
    return b"".join(sorted(re.findall(rb' xmlns:[^"]*"[^"]*"', declarations[0])))


@lru_cache(maxsize=1024)
def _declared_prefix(line: bytes) -> bytes:
    """Return the prefix, with its colon, that a line of Turtle declares.

    Cached, since the same few lines begin every answer.
    """
    return line[len("@prefix ") : line.index(b":") + 1]


@lru_cache(maxsize=32)
def _positions(order: tuple[str, ...]) -> dict[bytes, int]:
    """Return the position of each prefix, named as ``_declared_prefix`` does.

    Cached, since all answers about a dataset have the same prefixes.
    """
    return {f"{prefix}:".encode(): number for number, prefix in enumerate(order)}


def _used(
    statements: Sequence[Triple] | Sequence[Quad], prefixes: Mapping[str, str]
) -> dict[str, str]:
    """Return the prefixes whose namespaces the IRIs of statements begin with."""
    terms: set[object] = set()
    for statement in statements:
        terms.update(statement)
    iris: set[str] = set()
    for term in terms:
        if isinstance(term, NamedNode):
            iris.add(term.value)
        elif isinstance(term, Literal):
            iris.add(term.datatype.value)
    ordered = sorted(iris)
    used = {}
    for prefix, namespace in prefixes.items():
        place = bisect_left(ordered, namespace)  # what begins with it, if anything, begins here
        if namespace and place < len(ordered) and ordered[place].startswith(namespace):
            used[prefix] = namespace
    return used


# RDF/XML. What is checked here the engine writes as it is, so that no XML parser reads the answer:
# pyoxigraph 0.5.13, https://github.com/oxigraph/oxigraph/issues/1859

_FORBIDDEN: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, escaped or not (XML 1.0, section 2.2)."""
_NAME_START: Final = (
    "A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NCNAME: Final = re.compile(
    rf"[{_NAME_START}][{_NAME_START}\-.0-9\xb7\u0300-\u036f\u203f-\u2040]*\Z"
)
"""A name without colon at the end of an IRI (Namespaces in XML 1.0, production 4)."""
_RESERVED_NAMESPACES: Final = frozenset(
    {"http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"}
)
"""Namespaces that an element cannot be in (Namespaces in XML 1.0, section 3)."""
_RESERVED_TERMS: Final = frozenset(
    f"{RDF}{name}"
    for name in (
        *("RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "Description"),
        *("li", "aboutEach", "aboutEachPrefix", "bagID"),
    )
)
"""Terms that are syntax as the name of an element (RDF 1.1 XML Syntax, sections 6.1.2 to 6.1.4)."""
_TYPE: Final = NamedNode(f"{RDF}type")
_PLAIN_TYPE: Final = NamedNode(f"{RDF}type-as-property")
"""Stands for rdf:type while the engine writes: it would name an element after the class."""


def unwritable_in_xml(triples: Iterable[Triple]) -> str | None:
    """Return why RDF/XML as the engine writes it cannot express a graph, None if it can.

    ``prepare_for_xml`` takes away those reasons that are not of the graph itself.

    >>> year = Triple(NamedNode("urn:a"), NamedNode("http://example.org/2024"), Literal("1"))
    >>> unwritable_in_xml([year])
    'RDF/XML cannot express the property <http://example.org/2024>: it does not end in an XML name'
    """
    return next((reason for triple in triples if (reason := _unwritable(triple))), None)


def _unwritable(triple: Triple) -> str | None:
    predicate, value = triple.predicate, triple.object
    if not _is_element_name(predicate.value):
        fault = "is reserved" if predicate.value in _RESERVED_TERMS else _NO_NAME
        return f"RDF/XML cannot express the property {predicate}: it {fault}"
    if (name := _class_of(triple)) and not _is_element_name(name):
        return f"RDF/XML cannot name an element after the class {value}: it {_NO_NAME}"
    for term in (triple.subject, value):
        if isinstance(term, BlankNode) and not _NCNAME.match(term.value):
            return f"RDF/XML cannot name the blank node {term}: its label is no XML name"
    if isinstance(value, Triple):
        return _unwritable(value)
    for term in (triple.subject, value):
        if character := _FORBIDDEN.search(value_of(term)):
            place = f"{predicate} of {triple.subject}"
            code = f"U+{ord(character[0]):04X}"
            return f"RDF/XML cannot express the value of {place}: XML 1.0 has no character {code}"
    return None


_NO_NAME: Final = "does not end in an XML name"


def _class_of(triple: Triple) -> str | None:
    """Return the IRI of a class that the engine may write as the name of an element."""
    value = triple.object
    return value.value if triple.predicate == _TYPE and isinstance(value, NamedNode) else None


@lru_cache(maxsize=4096)
def _is_element_name(iri: str) -> bool:
    """Tell whether the engine can name an element by an IRI."""
    name = _NCNAME.search(iri)
    if name is None or iri in _RESERVED_TERMS or iri[: name.start()] in _RESERVED_NAMESPACES:
        return False
    return name[0].isascii() or _is_read_by_expat(name[0])


def _is_read_by_expat(name: str) -> bool:
    """Tell whether a name is one by XML 1.0 up to its fourth edition, as most parsers have it."""
    try:
        expat.ParserCreate().Parse(f"<{name}/>", True)
    except expat.ExpatError:
        return False
    return True


def prepare_for_xml(triples: Iterable[Triple]) -> list[Triple]:
    """Return a graph as the engine can write it in RDF/XML, where the graph itself allows it.

    A class that is no name of an element becomes the value of a property, which ``finish_xml``
    calls rdf:type. Blank nodes get labels that are XML names (RDF 1.1 XML Syntax, section 7.2.34).
    """
    graph = list(triples)
    labels: set[str] = set()
    for triple in graph:
        ends = (triple.subject, triple.object)
        labels.update(term.value for term in ends if isinstance(term, BlankNode))
    free = (label for number in count() if (label := f"b{number}") not in labels)
    renamed = {label: next(free) for label in sorted(labels) if not _NCNAME.match(label)}
    return [_prepare(triple, renamed) for triple in graph]


def checked_for_xml(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield a graph that may be long as ``prepare_for_xml`` returns it, but for labels.

    Raises Unwritable at the first triple that RDF/XML cannot express.
    """
    for triple in triples:
        prepared = _prepare(triple, {})
        if reason := _unwritable(prepared):
            raise Unwritable(reason)
        yield prepared


def _prepare(triple: Triple, renamed: Mapping[str, str]) -> Triple:
    subject, predicate, value = triple.subject, triple.predicate, triple.object
    if (name := _class_of(triple)) and not _is_element_name(name):
        predicate = _PLAIN_TYPE
    return Triple(_rename(subject, renamed), predicate, _rename(value, renamed))  # type: ignore[arg-type]


def _rename(term: Term, labels: Mapping[str, str]) -> Term:
    """Return a term with another label if it is a blank node that has one."""
    if isinstance(term, BlankNode) and term.value in labels:
        return BlankNode(labels[term.value])
    return _prepare(term, labels) if isinstance(term, Triple) else term


def finish_xml(content: bytes) -> bytes:
    """Return what the engine wrote of a prepared graph, with rdf:type and carriage returns.

    A parser reads a carriage return that is not escaped as a line feed (XML 1.0, section 2.11).
    """
    return content.replace(b"<rdf:type-as-property ", b"<rdf:type ").replace(b"\r", b"&#xD;")
