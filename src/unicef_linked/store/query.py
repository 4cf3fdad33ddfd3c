"""Checks of a client's query before it is parsed: length, depth, updates and SERVICE.

This is a lexer of SPARQL 1.1 tokens, not a parser. It tells a keyword from the same letters in an
IRI, a string, a comment, a variable or a prefixed name, in linear time. The engine's parser runs in
a query process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pyoxigraph import NamedNode, RdfFormat, parse

from unicef_linked.errors import MalformedQuery, QueryRefused
from unicef_linked.rdf.iris import declared_prefixes, undeclared_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from unicef_linked.rdf.terms import Term

MAX_DEPTH: Final = 100
"""Most nested brackets, or consecutive signs: a few thousand overflow the parser's stack."""

BYTE_ORDER_MARK: Final = "\ufeff"
"""What some editors begin a text with; it is no part of a query."""
_UPDATES: Final = frozenset(
    ["INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"]
)
GRAPH_FORMS: Final = frozenset(["CONSTRUCT", "DESCRIBE"])
"""Forms of a query whose answer is a graph; that of the others are solutions."""
_FORMS: Final = GRAPH_FORMS | {"SELECT", "ASK"}

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
                     (?P<local> : [\w:%.\-\u00B7\u203F\u2040]*+
                         (?: \\. [\w:%.\-\u00B7\u203F\u2040]*+ )* )? )
    | (?P<prefixed>  : [\w:%.\-\u00B7\u203F\u2040]*+ (?: \\. [\w:%.\-\u00B7\u203F\u2040]*+ )* )
    | (?P<open>      [{(\[] )
    | (?P<close>     [})\]] )
    | (?P<sign>      [!+\-^] )
    """,
    re.VERBOSE | re.DOTALL,
)
_SUSPICIOUS: Final = ("service", "\\u", *sorted(word.lower() for word in _UPDATES))
_IRI_KINDS: Final = frozenset(["iri", "name", "prefixed"])
"""Tokens that are an IRI, where a name has a local part."""
_OPENS_GROUP: Final = re.compile(r"\s*+(?:\#[^\r\n]*+\s*+)*\{")
_CODEPOINT: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


class QueryDataset(NamedTuple):
    """The graphs of a query's dataset, each once (SPARQL 1.1 Query, section 13.2)."""

    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that may be given to the engine, and the RDF dataset it is asked of.

    ``default_graphs`` and ``named_graphs`` are the protocol's parameters (SPARQL 1.1 Protocol,
    section 2.1.4); where either is given they replace the dataset of the query text. Graphs that
    the release does not hold are empty. Relative IRIs are resolved against ``base``, the address of
    the endpoint, where the text has no BASE (SPARQL 1.1 Query, section 4.1.1).
    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str = ""


def check(text: str, *, max_length: int, services: Collection[str] = ()) -> bool:
    r"""Return whether a query asks other endpoints, all of them among ``services``.

    Raises MalformedQuery for a text that is too long, too deep or empty, QueryRefused for an update
    and for ``SERVICE`` to any other endpoint.

    >>> check("ASK { ?SERVICE ?p 'SERVICE', <SERVICE> # SERVICE\n}", max_length=999)
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


def _check_tokens(text: str, services: Collection[str]) -> bool:
    """Check the form, the depth and the SERVICE clauses of a query; return whether it has any."""
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup != "comment"]
    _check_form(tokens)
    _check_depth(text, tokens)
    return _check_services(text, tokens, services)


def _check_form(tokens: Iterable[re.Match[str]]) -> None:
    """Raise QueryRefused if the first keyword that begins an operation is one of an update."""
    for token in tokens:
        keywords, colon, _ = token[0].upper().partition(":")
        if token.lastgroup != "name" or colon:
            continue
        for keyword in keywords.split("."):  # `true.INSERT` ends a triple
            if keyword in _UPDATES:
                raise QueryRefused(f"{keyword} is an update: this endpoint is read-only")
            if keyword in _FORMS:
                return


def _check_depth(text: str, tokens: Iterable[re.Match[str]]) -> None:
    """Raise MalformedQuery for more than MAX_DEPTH nested brackets or consecutive signs."""
    depth = signs = 0
    for token in tokens:
        kind = token.lastgroup
        signs = signs + 1 if kind == "sign" else 0
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        if depth > MAX_DEPTH or signs > MAX_DEPTH:
            line, column = _position(text, token.start())
            raise MalformedQuery(
                f"the query nests deeper than {MAX_DEPTH} levels", line=line, column=column
            )


def _check_services(text: str, tokens: Iterable[re.Match[str]], services: Collection[str]) -> bool:
    """Return whether a query has SERVICE clauses; raise QueryRefused if not all are allowed."""
    if "SERVICE" not in text.upper():
        return False
    depth, previous = 0, ""
    is_federated = expects_service = False
    for token in tokens:
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        word = token[0].upper()
        if expects_service and word != "SILENT":
            if token[0][1:-1] not in services:
                raise _refused(services)
            expects_service = False
        if kind == "name" and _has_service(text, token, depth, previous):
            if word != "SERVICE" or not services:
                raise _refused(services)
            is_federated = expects_service = True
        previous = word
    if expects_service:
        raise _refused(services)
    return is_federated


def _has_service(text: str, token: re.Match[str], depth: int, previous: str) -> bool:
    """Tell whether the engine may read the keyword SERVICE in a name.

    The engine needs no space around a keyword: `trueSERVICE` and `true.SERVICE` end a triple and
    begin a SERVICE clause, `SERVICEex:a {` is a SERVICE clause of ex:a. No other keyword of SPARQL
    contains SERVICE; a prefix may.
    """
    prefix, colon, _ = token[0].upper().partition(":")
    if "SERVICE" not in prefix:
        return False
    if not colon:
        return True
    opens_group = _OPENS_GROUP.match(text, token.end()) is not None
    return depth != 0 and previous != "GRAPH" and opens_group


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


def dataset_of(query: Query) -> QueryDataset | None:
    """Return the dataset that a query names, by its parameters or else its text; None if neither.

    An engine reads a graph twice that it is told twice.
    """
    defaults, named = query.default_graphs, query.named_graphs
    if not defaults and not named:
        return dataset_clauses(query.text, query.base)
    return QueryDataset(tuple(dict.fromkeys(defaults)), tuple(dict.fromkeys(named)))


def dataset_clauses(text: str, base: str = "") -> QueryDataset | None:
    """Return the graphs of a query's ``FROM`` and ``FROM NAMED`` clauses, each once.

    None if it has no such clause, or one that cannot be read: the engine says what is wrong then.
    See SPARQL 1.1 Query, section 13.2.

    >>> dataset_clauses("PREFIX g: <http://example.org/> SELECT * FROM g:a FROM NAMED g:b {}")
    QueryDataset(default_graphs=('http://example.org/a',), named_graphs=('http://example.org/b',))
    """
    if "from" not in text.lower() and "\\" not in text:
        return None
    prologue: list[str] = []
    prefixes: set[str] = set()
    default_graphs: list[str] = []
    named_graphs: list[str] = []
    for before_previous, previous, word in _iris_after_keywords(text):
        if previous == "BASE":
            prologue.append(f"BASE {word}")
        elif before_previous == "PREFIX":
            prologue.append(f"PREFIX {previous} {word}")
            prefixes.add(previous)
        elif previous == "FROM":
            default_graphs.append(word)
        elif (before_previous, previous) == ("FROM", "NAMED"):
            named_graphs.append(word)
        elif _is_clause_without_space(word, prefixes):
            return None
    references = default_graphs + named_graphs
    iris = _resolve(prologue, references, base) if references else None
    if iris is None:
        return None
    defaults, named = iris[: len(default_graphs)], iris[len(default_graphs) :]
    return QueryDataset(tuple(dict.fromkeys(defaults)), tuple(dict.fromkeys(named)))


def _iris_after_keywords(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each IRI or prefixed name of a query, after the two tokens before it.

    Keywords are in upper case.
    """
    before_previous = previous = ""
    for token in _TOKEN.finditer(_CODEPOINT.sub(_unescape, text)):
        kind, word = token.lastgroup, token[0]
        if kind == "comment":
            continue
        if kind == "name" and not token["local"]:
            word = word.upper()
        elif kind in _IRI_KINDS:
            yield before_previous, previous, word
        before_previous, previous = previous, word


def _is_clause_without_space(word: str, prefixes: Collection[str]) -> bool:
    """Tell whether a prefixed name is a keyword and a name: the engine reads ``FROMex:a`` so."""
    prefix, colon, _ = word.partition(":")
    return prefix.upper().startswith(("FROM", "NAMED")) and prefix + colon not in prefixes


def _resolve(prologue: list[str], references: list[str], base: str) -> list[str] | None:
    """Return the IRIs of references and prefixed names, None if one of them has none.

    None also if they are longer than _LONGEST_DATASET together: a long prefix can be used often. A
    prologue means the same in Turtle, whose parser is at hand.
    """
    statements = [f"{reference} <urn:p> <urn:o> ." for reference in references]
    document = "\n".join(prologue + statements)
    iris: list[str] = []
    length = 0
    try:
        for quad in parse(document, format=RdfFormat.TURTLE, base_iri=base or None):
            if isinstance(quad.subject, NamedNode):
                iris.append(quad.subject.value)
                length += len(iris[-1])
            if length > _LONGEST_DATASET:
                return None
    except (SyntaxError, ValueError):  # ValueError: of the base
        return None
    return iris


_LONGEST_DATASET: Final = 1_000_000
"""Most characters of the IRIs of a dataset that a query's text names."""


def may_need_base(text: str) -> bool:
    """Tell whether a query may have an IRI relative to no BASE of its own; True for some without.

    >>> may_need_base("ASK { <a> ?p ?o }"), may_need_base("ASK { <urn:a> ?p ?o }")
    (True, False)
    >>> may_need_base("BASE <http://example.org/> ASK { <a> ?p ?o }")
    False
    """
    if not _MAY_BE_RELATIVE.search(text):
        return False
    for _, previous, word in _iris_after_keywords(text):
        is_relative = _MAY_BE_RELATIVE.match(word)
        if is_relative or previous == "BASE":
            return is_relative is not None
    return True


_MAY_BE_RELATIVE: Final = re.compile(
    r"""<(?![A-Za-z][A-Za-z0-9+.\-]*:)[^<>"{}|^`\\\x00-\x20]*>  # an IRI without a scheme
    | \b[iu]ri\b  # the function
    | \\  # an escape, which may stand for any of these""",
    re.IGNORECASE | re.VERBOSE,
)


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


def malformed(message: str, text: str, prefixes: Mapping[str, str]) -> MalformedQuery:
    """Return the error for a query that the engine's parser refused with ``message``.

    ``prefixes`` are those that an undeclared one may mean, beside those of the query.

    >>> message = "error at 1:28: expected one of Prefix not found, ['%']"
    >>> prefixes = {"skos": "http://www.w3.org/2004/02/skos/core#"}
    >>> print(malformed(message, "SELECT * WHERE { ?s skso:a ?o }", prefixes))
    line 1, column 28: undeclared prefix "skso:"; did you mean "skos:"?
    """
    match = _ENGINE_ERROR.match(message)
    if not match:
        return MalformedQuery(message)
    line, column, rest = int(match[1]), int(match[2]), match[3]
    remedy = _remedy_of_prefix(text, line, column, prefixes) if "Prefix not found" in rest else ""
    detail = remedy or f"{_unexpected(text, line, column)}{_expected(rest)}"
    return MalformedQuery(f"line {line}, column {column}: {detail}", line=line, column=column)


def _remedy_of_prefix(text: str, line: int, column: int, prefixes: Mapping[str, str]) -> str:
    """Return which prefix before a place is undeclared, and what it may mean; "" if none is."""
    lines = text.splitlines(keepends=True)
    before = "".join(lines[: line - 1]) + lines[line - 1][: column - 1]
    names = re.findall(r"([^\s:<>?$\"'(){}\[\],;|/^*+!=]*):[^\s:<>]*", before)
    if not names:
        return ""
    return undeclared_prefix(names[-1], {**declared_prefixes(text), **prefixes})


def _unexpected(text: str, line: int, column: int) -> str:
    """Return what is at the place that the parser could not read."""
    rest = "".join(text.splitlines(keepends=True)[line - 1 :])[column - 1 :].split(maxsplit=1)
    return f'unexpected "{rest[0][:20]}"' if rest else "unexpected end of the query"


def _expected(message: str) -> str:
    """Return what the parser expected, by the rest of its message.

    It tries the query forms in turn, so that its message names the last: they are left out.
    """
    choices = _CHOICE.findall(message.removeprefix("expected ").removeprefix("one of "))
    words = []
    for choice in choices:
        word = choice.strip()
        if word and word not in _FORMS | _NOT_HERE and not word.startswith(("[", "|")):
            words.append(word)
    if not words:
        return ""
    return (
        f"; expected {' or '.join(words[:_MOST_WORDS])}{' …' if len(words) > _MOST_WORDS else ''}"
    )


_NOT_HERE: Final = frozenset({"LATERAL", "SERVICE"})
"""Keywords that the engine accepts, but that are refused here or not in the standard."""

_MOST_WORDS: Final = 8
"""Most words of those expected that a message names."""

_CHOICE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,\["]+')
_ENGINE_ERROR: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
