"""/fragments: Triple Pattern Fragments, so that others can query without the endpoint.

Linked Data Fragments, Triple Pattern Fragments (Hydra W3C Community Group, unofficial draft): a
fragment is the data that match a pattern, an estimate of their number, and the controls that lead
to every other fragment of the dataset.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pyoxigraph as ox
from flask import Blueprint, Response, request

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import BadParameter, NotFound
from unicef_linked.rdf.iris import FOAF, HYDRA, RDF, VOID, XSD
from unicef_linked.rdf.terms import integer
from unicef_linked.web.responses import formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Store
    from unicef_linked.web.responder import Responder

POSITIONS: Final = ("subject", "predicate", "object")
_TERMS: Final = (*POSITIONS, "graph")
"""The parameters that give a term; ``page`` is the fifth."""

_VARIABLE: Final = re.compile(r"(?:\?|_:)\w*")
"""A variable or a blank node: neither has a name that another request could know."""
_LITERAL: Final = re.compile(
    r"""
    "(?P<text>.*)"
    (?:
        @(?P<language>[A-Za-z]+(?:-[A-Za-z0-9]+)*)
        | \^\^(?:<(?P<bracketed>[^<>]*)>|(?P<datatype>[^<>"]+))
    )?
    """,
    re.DOTALL | re.VERBOSE,
)


def read_term(name: str, text: str) -> Term | None:
    """Return the term that a parameter gives, None for a variable.

    Terms are in Hydra's explicit representation: a literal's text is not escaped. An IRI may stand
    in angle brackets, as in Turtle. Raises BadParameter.

    >>> str(read_term("object", '"2013"^^http://www.w3.org/2001/XMLSchema#gYear'))
    '"2013"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    >>> read_term("subject", "?s") is None
    True
    """
    text = text.strip()
    if not text or _VARIABLE.fullmatch(text):
        return None
    if text.startswith('"') and name != "object":
        raise BadParameter(f"{name}={text!r} is a literal; only an object can be one")
    try:
        if text.startswith('"'):
            return _read_literal(text)
        return ox.NamedNode(text.removeprefix("<").removesuffix(">"))
    except ValueError:
        terms = "an absolute IRI"
        if name == "object":
            terms = 'an IRI, a literal ("text", "text"@fr, "2013"^^IRI)'
        raise BadParameter(
            f"{name}={text!r} is not a term: give {terms} or a variable (?x)"
        ) from None


def _read_literal(text: str) -> ox.Literal:
    match = _LITERAL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    if match["language"]:
        return ox.Literal(match["text"], language=match["language"])
    datatype = match["bracketed"] or match["datatype"]
    return ox.Literal(match["text"], datatype=ox.NamedNode(datatype) if datatype else None)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern over the default graph, or over one named graph; None is a variable."""

    subject: Term | None
    predicate: Term | None
    object: Term | None
    graph: Term | None

    def __str__(self) -> str:
        """Return it as SPARQL."""
        terms = zip("spo", (self.subject, self.predicate, self.object), strict=True)
        triple = " ".join(f"?{name}" if term is None else str(term) for name, term in terms)
        return f"GRAPH {self.graph} {{ {triple} }}" if self.graph else triple

    def triples(self, store: Store, offset: int, limit: int) -> list[ox.Triple]:
        """Return a part of the matches, in the store's order, which is that of the release.

        A store may match literals by value: the object is that of the data, not of the pattern.
        """
        terms = {"s": self.subject, "p": self.predicate, "o": self.object}
        literal = f"BIND({self.object} AS ?o)" if isinstance(self.object, ox.Literal) else ""
        triples = []
        for row in store.select(f"SELECT * {{ {self} {literal} }} OFFSET {offset} LIMIT {limit}"):
            parts = [row.get(name, term) for name, term in terms.items()]
            triples.append(ox.Triple(*parts))  # type: ignore[arg-type]
        return triples


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a fragment."""

    pattern: Pattern
    terms: dict[str, str]  # the parameters of the pattern, as the client wrote them
    number: int
    size: int  # statements in a full page
    total: int  # statements in the fragment

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    def parameters(self, number: int) -> dict[str, str]:
        """Return the parameters of a page of the fragment; the first needs no number."""
        return self.terms | ({"page": str(number)} if number > 1 else {})

    def triples(self, store: Store) -> list[ox.Triple]:
        """Return the statements on the page."""
        return self.pattern.triples(store, (self.number - 1) * self.size, self.size)


def _parameter(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadParameter(f"{name} is given {len(values)} times; give it once")
    return values[0] if values else ""


def _read_page(dataset: PublishedDataset, size: int) -> Page:
    """Return the page that the request asks for; raises NotFound if the fragment is shorter."""
    terms = {name: _parameter(name) for name in _TERMS}
    pattern = Pattern(**{name: read_term(name, text) for name, text in terms.items()})
    text = _parameter("page") or "1"
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise BadParameter(f"page={text!r} is not a whole number above zero")
    terms = {name: text for name, text in terms.items() if text}
    page = Page(pattern, terms, int(text), size, _total(dataset, pattern))
    if page.number > page.last:
        pages = f"{page.last} page{'s' if page.last > 1 else ''}"
        raise NotFound(f"this fragment has {pages}; there is no page {page.number}")
    return page


def _total(dataset: PublishedDataset, pattern: Pattern) -> int:
    """Return how many statements match a pattern: as the release states it, else as counted."""
    match pattern:
        case Pattern(None, None, None, None):
            return dataset.default_graph_size
        case Pattern(None, ox.NamedNode() as predicate, value, None):
            number = dataset.number_of_statements(predicate.value, value)
        case Pattern(None, None, None, ox.NamedNode() as graph):
            number = dataset.named_graphs.get(graph.value)
        case _:
            number = None
    return dataset.counted(str(pattern)) if number is None else number


def fragments(responder: Responder, page_size: int, suffix: str | None = None) -> Response:
    """Return one page of the fragment of a triple pattern."""
    page = _read_page(responder.dataset, page_size)
    triples = page.triples(responder.dataset.store)
    return responder.respond(
        addresses.FRAGMENTS,
        suffix,
        lambda: _describe(responder, page, triples),
        lambda: _fragment_page(responder, page, triples),
        query=page.parameters(page.number),
    )


def _describe(responder: Responder, page: Page, triples: list[ox.Triple]) -> Description:
    """Return the statements on a page, and its controls."""
    quads = [ox.Quad(*triple) for triple in triples]
    return Description(_requested(responder), quads, controls=_controls(responder, page))


def _fragment_page(responder: Responder, page: Page, triples: list[ox.Triple]) -> bytes:
    quads = [ox.Quad(*triple) for triple in triples]
    reader = responder.context().reader(quads)
    rows = []
    for triple in triples:
        cells = zip(POSITIONS, triple, strict=True)
        rows.append([(reader.value(term), _only(page, name, term)) for name, term in cells])
    return responder.render(
        "fragments.html",
        rows=rows,
        given=page.terms,
        total=page.total,
        number=page.number,
        pages=page.last,
        address=lambda number: addresses.fragment(page.terms | {"page": str(number)}),
        formats=formats_of(addresses.FRAGMENTS, page.parameters(page.number)),
    )


def _only(page: Page, position: str, term: object) -> str:
    """Return the address of all statements with a term in a position, in the page's graph."""
    text = explicit(term)
    if not text:
        return ""
    parameters = {position: text}
    if "graph" in page.terms:
        parameters["graph"] = page.terms["graph"]
    return addresses.fragment(parameters)


def explicit(term: object) -> str:
    """Return a term in Hydra's explicit representation, "" for a blank node.

    The representation is that of the Hydra Core Vocabulary, "IRI templates".

    >>> explicit(ox.Literal("Gao", language="fr"))
    '"Gao"@fr'
    """
    if isinstance(term, ox.NamedNode):
        return term.value
    if not isinstance(term, ox.Literal):
        return ""
    quoted = f'"{term.value}"'
    if term.language:
        return f"{quoted}@{term.language}"
    return quoted if term.datatype.value == f"{XSD}string" else f"{quoted}^^{term.datatype.value}"


def _requested(responder: Responder) -> str:
    """Return the requested URL as the client wrote it, by which it recognises the controls."""
    raw = quote(request.query_string, safe="%/:=&?~+!$,;'()*@")
    query = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", raw)
    return responder.absolute(f"{request.path}{'?' if query else ''}{query}")


def _controls(responder: Responder, page: Page) -> list[ox.Quad]:
    """Return the page's metadata and controls, in a graph of their own.

    They are the count, the other pages, and the form for other patterns.
    """
    address = responder.absolute(request.path)

    def numbered(number: int) -> ox.NamedNode:
        return ox.NamedNode(addresses.with_query(address, page.parameters(number)))

    this, fragment = ox.NamedNode(_requested(responder)), numbered(1)
    metadata = ox.NamedNode(addresses.part(this.value, "metadata"))
    dataset = page.pattern.graph or ox.NamedNode(responder.names.dataset)
    total = integer(page.total)
    statements: list[tuple[Term, str, Term]] = [
        (metadata, f"{FOAF}primaryTopic", this),
        (dataset, f"{RDF}type", ox.NamedNode(f"{VOID}Dataset")),
        (dataset, f"{RDF}type", ox.NamedNode(f"{HYDRA}Collection")),
        (dataset, f"{VOID}subset", fragment),
        *_form(responder, page, dataset),
        (fragment, f"{RDF}type", ox.NamedNode(f"{HYDRA}Collection")),
        (fragment, f"{VOID}triples", total),
        (fragment, f"{HYDRA}totalItems", total),
        (fragment, f"{HYDRA}view", this),
        (this, f"{RDF}type", ox.NamedNode(f"{HYDRA}PartialCollectionView")),
        (this, f"{HYDRA}itemsPerPage", integer(page.size)),
        (this, f"{HYDRA}first", numbered(1)),
        (this, f"{HYDRA}last", numbered(page.last)),
    ]
    if this != fragment:
        statements.append((fragment, f"{VOID}subset", this))
    if page.number > 1:
        statements.append((this, f"{HYDRA}previous", numbered(page.number - 1)))
    if page.number < page.last:
        statements.append((this, f"{HYDRA}next", numbered(page.number + 1)))
    return [
        ox.Quad(subject, ox.NamedNode(predicate), value, metadata)  # type: ignore[arg-type]
        for subject, predicate, value in statements
    ]


def _form(responder: Responder, page: Page, dataset: Term) -> list[tuple[Term, str, Term]]:
    """Return the form for other patterns; each named graph has one of its own."""
    start = responder.absolute(addresses.FRAGMENTS)
    variables = ",".join(POSITIONS)
    if page.pattern.graph:
        in_graph = addresses.with_query(start, {"graph": page.terms["graph"]})
        form, template = addresses.part(in_graph, "form"), f"{in_graph}{{&{variables}}}"
    else:
        form, template = addresses.part(start, "form"), f"{start}{{?{variables}}}"
    node = ox.NamedNode(form)
    explicit_terms = ox.NamedNode(f"{HYDRA}ExplicitRepresentation")
    statements: list[tuple[Term, str, Term]] = [
        (dataset, f"{HYDRA}search", node),
        (node, f"{RDF}type", ox.NamedNode(f"{HYDRA}IriTemplate")),
        (node, f"{HYDRA}template", ox.Literal(template)),
        (node, f"{HYDRA}variableRepresentation", explicit_terms),
    ]
    for name in POSITIONS:
        mapping = ox.NamedNode(addresses.part(start, name))
        statements += [
            (node, f"{HYDRA}mapping", mapping),
            (mapping, f"{RDF}type", ox.NamedNode(f"{HYDRA}IriTemplateMapping")),
            (mapping, f"{HYDRA}variable", ox.Literal(name)),
            (mapping, f"{HYDRA}property", ox.NamedNode(f"{RDF}{name}")),
        ]
    return statements


def routes(responder: Responder, page_size: int) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("fragments", __name__)
    bind(blueprint, ("/fragments", "/fragments.<suffix>"), fragments, responder, page_size)
    return blueprint
