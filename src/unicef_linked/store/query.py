"""Checks of a client's query before it is parsed: length, depth, updates and SERVICE.

This is a lexer of SPARQL 1.1 tokens, not a parser. It tells a keyword from the same letters in an
IRI, a string, a comment, a variable or a prefixed name, in linear time. The engine's parser runs in
a query process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from unicef_linked.errors import MalformedQuery, QueryRefused
from unicef_linked.rdf.iris import undeclared_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from unicef_linked.rdf.terms import Term

MAX_DEPTH: Final = 100
"""Most nested brackets, or consecutive signs: a few thousand overflow the parser's stack."""

_UPDATES: Final = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)
_FORMS: Final = frozenset(["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"])

# SPARQL 1.1 Query, section 19.8. Possessive quantifiers keep the match linear. They follow single
# characters only: after a group, CPython before 3.11.5 may match what it should not
# (https://github.com/python/cpython/issues/106052), and with a capture in the group may raise
# SystemError (https://github.com/python/cpython/issues/101955). Order matters: an IRI before "<", a
# long string before a short one.
_TOKEN: Final = re.compile(
    r"""
      (?P<comment>   \#[^\r\n]*+ )
    | (?P<iri>       <[^<>"{}|^`\\\x00-\x20]*+> )
    | (?P<string>    \"\"\" [^"\\]*+ (?: (?: \\[tbnrf\\"'uU] | "(?!"") ) [^"\\]*+ )* \"\"\"
                   | ''' [^'\\]*+ (?: (?: \\[tbnrf\\"'uU] | '(?!'') ) [^'\\]*+ )* '''
                   | " [^"\\\n\r]*+ (?: \\[tbnrf\\"'uU] [^"\\\n\r]*+ )* "
                   | ' [^'\\\n\r]*+ (?: \\[tbnrf\\"'uU] [^'\\\n\r]*+ )* ' )
    | (?P<variable>  [?$]\w++ )
    | (?P<language>  @[A-Za-z][A-Za-z0-9-]*+ )
    | (?P<name>      [^\W\d][\w.\-\u00B7\u203F\u2040]*+
                     (?P<local> : [\w:%.\-\u00B7\u203F\u2040]*+ (?: \\. [\w:%.\-\u00B7\u203F\u2040]*+ )* )? )
    | (?P<prefixed>  : [\w:%.\-\u00B7\u203F\u2040]*+ (?: \\. [\w:%.\-\u00B7\u203F\u2040]*+ )* )
    | (?P<open>      [{(\[] )
    | (?P<close>     [})\]] )
    | (?P<sign>      [!+\-^] )
    """,
    re.VERBOSE | re.DOTALL,
)
_SUSPICIOUS: Final = ("service", "\\u", *sorted(word.lower() for word in _UPDATES))
_OPENS_GROUP: Final = re.compile(r"\s*+(?:\#[^\r\n]*+\s*+)*\{")
_CODEPOINT: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that may be given to the engine, and the RDF dataset it is asked of.

    ``default_graphs`` and ``named_graphs`` are the protocol's parameters (SPARQL 1.1 Protocol, section 2.1.4); where
    either is given they replace the dataset of the query text. Graphs that the release does not hold are empty.
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


def check(text: str, *, max_length: int, services: Collection[str] = ()) -> bool:
    r"""Return whether a query asks other endpoints, all of them among ``services``.

    Raises MalformedQuery for a text that is too long, too deep or empty, QueryRefused for an update and for ``SERVICE``
    to any other endpoint.

    >>> check("SELECT * { ?s ?p ?o # SERVICE in a comment, <SERVICE>, ?SERVICE or 'SERVICE' is no call\n}", max_length=999)
    False
    >>> check("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", max_length=999)
    Traceback (most recent call last):
    ...
    unicef_linked.errors.QueryRefused: SERVICE is not allowed here: this endpoint asks no other; ...
    """
    if not text.strip():
        raise MalformedQuery("the query is empty", line=1, column=1)
    if len(text) > max_length:
        raise MalformedQuery(
            f"the query has {len(text):,} characters; at most {max_length:,} are taken"
        )
    # The lexer takes as long as a small query: skip it for text that cannot be refused.
    lower = text.lower()
    for word in _SUSPICIOUS:
        if word in lower:
            break
    else:
        if sum(map(text.count, "{([!+-^")) <= MAX_DEPTH:
            return False
    federated = _check_tokens(text, services)
    # Codepoint escapes are allowed anywhere (section 19.2), also in a keyword.
    unescaped = _CODEPOINT.sub(_unescape, text)
    return federated | (unescaped != text and _check_tokens(unescaped, services))


def _unescape(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 else match[0]


def _check_tokens(text: str, services: Collection[str]) -> bool:  # noqa: C901 - to be split
    depth, signs, form, before = 0, 0, None, ""
    federated = awaited = False
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup if token.lastgroup != "local" else "prefixed"
        signs = signs + 1 if kind == "sign" else 0
        depth += (kind == "open") - (kind == "close")
        if depth > MAX_DEPTH or signs > MAX_DEPTH:
            line, column = _position(text, token.start())
            raise MalformedQuery(
                f"the query nests deeper than {MAX_DEPTH} levels", line=line, column=column
            )
        if kind == "comment":
            continue
        previous, before = before, token[0].upper()
        if awaited and before != "SILENT":
            if token[0][1:-1] not in services:
                raise _refused(services)
            awaited = False
        if kind != "name":
            continue
        prefix, colon, _ = token[0].upper().partition(":")
        # The engine needs no space around a keyword: `trueSERVICE` and `true.SERVICE` end a triple
        # and begin a SERVICE clause, `SERVICEex:a {` is a SERVICE clause of ex:a. No other keyword
        # of SPARQL contains SERVICE; a prefix may.
        if "SERVICE" in prefix and (
            not colon or (depth and previous != "GRAPH" and _OPENS_GROUP.match(text, token.end()))
        ):
            if before != "SERVICE" or not services:
                raise _refused(services)
            federated = awaited = True
        if colon:
            continue
        for part in prefix.split("."):
            if form is None and part in _UPDATES:
                raise QueryRefused(f"{part} is an update: this endpoint is read-only")
            if form is None and part in _FORMS:
                form = part
    if awaited:
        raise _refused(services)
    return federated


def _refused(services: Collection[str]) -> QueryRefused:
    others = (
        f"no other than {', '.join(f'<{iri}>' for iri in sorted(services))}, written so"
        if services
        else "no other"
    )
    return QueryRefused(
        f"SERVICE is not allowed here: this endpoint asks {others}; "
        "query each endpoint on its own, or call this one from an engine of yours"
    )


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def dataset_clauses(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:  # noqa: C901 - to be split
    """Return the IRIs that ``FROM`` and ``FROM NAMED`` name in a query (SPARQL 1.1 Query, section 13.2), resolved.

    >>> dataset_clauses("PREFIX g: <http://example.org/> SELECT * FROM g:a FROM NAMED <http://example.org/b> {}")
    (('http://example.org/a',), ('http://example.org/b',))
    """
    if "from" not in text.lower() and "\\" not in text:
        return (), ()
    prefixes: dict[str, str] = {}
    base = ""
    words: list[str] = []
    default_graphs: list[str] = []
    named_graphs: list[str] = []
    for token in _TOKEN.finditer(_CODEPOINT.sub(_unescape, text)):
        kind = token.lastgroup
        if kind == "comment":
            continue
        if kind == "iri" or token["local"] or kind == "prefixed":
            iri = token[0][1:-1] if kind == "iri" else ""
            if words[-1:] == ["BASE"]:
                base = iri
            elif len(words) > 1 and words[-2] == "PREFIX":
                prefixes[words[-1].removesuffix(":")] = urljoin(base, iri)
            elif words[-1:] == ["PREFIX"]:
                words.append(token[0])
                continue
            else:
                if kind != "iri":
                    prefix, _, local = token[0].partition(":")
                    iri = prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
                if words[-2:] == ["FROM", "NAMED"]:
                    named_graphs.append(urljoin(base, iri))
                elif words[-1:] == ["FROM"]:
                    default_graphs.append(urljoin(base, iri))
        words.append(token[0] if kind != "name" else token[0].upper())
    return tuple(dict.fromkeys(default_graphs)), tuple(dict.fromkeys(named_graphs))


def form_of(text: str) -> str | None:
    r"""Return the form of a query (SPARQL 1.1 Query, section 16), None if it has none.

    >>> form_of("PREFIX select: <http://example.org/> # CONSTRUCT\n ASK { ?select a select:x }")
    'ASK'
    """
    for token in _TOKEN.finditer(_CODEPOINT.sub(_unescape, text)):
        if token.lastgroup == "name" and token[0].upper() in _FORMS:
            return token[0].upper()
    return None


def bind(text: str, bindings: Mapping[str, Term]) -> str:
    """Return a query with a VALUES clause for ``bindings``, first in its outermost group.

    >>> from pyoxigraph import NamedNode
    >>> bind("SELECT ?s { ?s a ?class }", {"class": NamedNode("http://example.org/C")})
    'SELECT ?s { VALUES (?class) { (<http://example.org/C>) } ?s a ?class }'
    """
    if not bindings:
        return text
    group = next(token.end() for token in _TOKEN.finditer(text) if token[0] == "{")
    names, terms = (
        " ".join(f"?{name}" for name in bindings),
        " ".join(str(term) for term in bindings.values()),
    )
    return f"{text[:group]} VALUES ({names}) {{ ({terms}) }}{text[group:]}"


def is_repeatable(text: str) -> bool:
    """Tell whether a query is deterministic over one dataset (SPARQL 1.1 Query, section 17.4).

    >>> is_repeatable("SELECT * { ?s ?p 'NOW()' }"), is_repeatable("SELECT (now() AS ?t) {}")
    (True, False)
    """
    lower = text.lower()
    return not any(word in lower for word in _MAY_CHANGE) or not any(
        token.lastgroup == "name" and _CHANGING & set(token[0].upper().split("."))
        for token in _TOKEN.finditer(_CODEPOINT.sub(_unescape, text))
    )


_CHANGING: Final = frozenset(["NOW", "RAND", "UUID", "STRUUID", "BNODE"])
_MAY_CHANGE: Final = ("now", "rand", "uuid", "bnode", "\\")


def malformed(message: str, text: str) -> MalformedQuery:
    """Return the error for a query that the engine's parser refused with ``message``.

    >>> print(malformed("error at 1:28: expected one of Prefix not found, ['%']", "SELECT * WHERE { ?s skso:a ?o }"))
    line 1, column 28: undeclared prefix "skso:"; did you mean "skos:"?
    """
    found = _ENGINE_ERROR.match(message)
    if not found:
        return MalformedQuery(message)
    line, column, rest = int(found[1]), int(found[2]), found[3]
    if "Prefix not found" in rest:
        before = (
            "".join(text.splitlines(keepends=True)[: line - 1])
            + text.splitlines()[line - 1][: column - 1]
        )
        names = re.findall(r"([^\s:<>?$\"'(){}\[\],;|/^*+!=]*):[^\s:<>]*", before)
        if names:
            return MalformedQuery(
                f"line {line}, column {column}: {undeclared_prefix(names[-1])}",
                line=line,
                column=column,
            )
    place = "".join(text.splitlines(keepends=True)[line - 1 :])[column - 1 :].split(maxsplit=1)
    near = f'unexpected "{place[0][:20]}"' if place else "unexpected end of the query"
    choices = (
        word.strip()
        for word in _CHOICE.findall(rest.removeprefix("expected ").removeprefix("one of "))
    )
    # The parser tries the query forms in turn, so that its message names the last: leave them out.
    words = [
        word
        for word in choices
        if word and word not in _FORMS | _NOT_HERE and not word.startswith(("[", "|"))
    ]
    wanted = f"; expected {' or '.join(words[:8])}{' …' if len(words) > 8 else ''}" if words else ""
    return MalformedQuery(f"line {line}, column {column}: {near}{wanted}", line=line, column=column)


_NOT_HERE: Final = frozenset({"LATERAL", "SERVICE"})
"""Keywords that the engine accepts, but that are refused here or not in the standard."""

_CHOICE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,\["]+')
_ENGINE_ERROR: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
