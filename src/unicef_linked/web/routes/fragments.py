"""/fragments: Triple Pattern Fragments, so that others can query without the endpoint.

Linked Data Fragments, Triple Pattern Fragments (Hydra W3C Community Group, unofficial draft): a fragment is the data that
match a pattern, an estimate of their number, and the controls that lead to every other fragment of the dataset.
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
from unicef_linked.rdf.iris import FOAF, HYDRA, RDF, VOID
from unicef_linked.rdf.terms import integer
from unicef_linked.web.responses import formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Store
    from unicef_linked.web.responder import Responder

POSITIONS: Final = ("subject", "predicate", "object")
PARAMETERS: Final = (*POSITIONS, "graph", "page")

_VARIABLE: Final = re.compile(
    r"(?:\?|_:)\w*"
)  # what has no name that another request could know binds nothing
_LITERAL: Final = re.compile(
    r'"(?P<text>.*)"(?:@(?P<language>[A-Za-z]+(?:-[A-Za-z0-9]+)*)|\^\^(?:<(?P<inside>[^<>]*)>|(?P<datatype>[^<>"]+)))?',
    re.DOTALL,
)


def read_term(name: str, text: str) -> Term | None:
    """Return the term that a parameter gives in Hydra's explicit representation, None where it leaves it open.

    Raises BadParameter. A literal's text is not escaped; an IRI may stand in angle brackets, as in Turtle.

    >>> str(read_term("object", '"2013"^^http://www.w3.org/2001/XMLSchema#gYear'))
    '"2013"^^<http://www.w3.org/2001/XMLSchema#gYear>'
    >>> read_term("subject", "?s") is None
    True
    """
    text = text.strip()
    if not text or _VARIABLE.fullmatch(text):
        return None
    try:
        if text.startswith('"'):
            if name != "object":
                raise BadParameter(f"{name}={text!r} is a literal; only an object can be one")
            found = _LITERAL.fullmatch(text)
            if found is None:
                raise ValueError
            if found["language"]:
                return ox.Literal(found["text"], language=found["language"])
            datatype = found["inside"] or found["datatype"]
            return ox.Literal(found["text"], datatype=ox.NamedNode(datatype) if datatype else None)
        return ox.NamedNode(text.removeprefix("<").removesuffix(">"))
    except ValueError:
        terms = (
            'an IRI, a literal ("text", "text"@fr, "2013"^^IRI)'
            if name == "object"
            else "an absolute IRI"
        )
        raise BadParameter(
            f"{name}={text!r} is not a term: give {terms} or a variable (?x)"
        ) from None


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
        """Return a part of what matches, in the order of the store: the same as long as the release is."""
        rows = store.select(f"SELECT * {{ {self} }} OFFSET {offset} LIMIT {limit}")
        given = {"s": self.subject, "p": self.predicate, "o": self.object}
        return [ox.Triple(*(row.get(name, term) for name, term in given.items())) for row in rows]  # type: ignore[arg-type]


def _one(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadParameter(f"{name} is given {len(values)} times; give it once")
    return values[0] if values else ""


def _asked() -> tuple[Pattern, int]:
    """Return the pattern and the number of the page that the request is for."""
    terms = {name: read_term(name, _one(name)) for name in (*POSITIONS, "graph")}
    text = _one("page") or "1"
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) < 1:
        raise BadParameter(f"page={text!r} is not a whole number above zero")
    return Pattern(**terms), int(text)


def fragments(responder: Responder, page_size: int, suffix: str | None = None) -> Response:
    """Return one page of the fragment of a triple pattern."""
    pattern, number = _asked()
    size = page_size
    total = responder.dataset.counted(str(pattern))
    pages = max(1, -(-total // size))
    if number > pages:
        raise NotFound(
            f"this fragment has {pages} page{'s' if pages > 1 else ''}; there is no page {number}"
        )
    data = pattern.triples(responder.dataset.store, (number - 1) * size, size)
    given = {name: value for name in (*POSITIONS, "graph") if (value := _one(name))}
    shown = given | ({"page": str(number)} if number > 1 else {})

    def html() -> bytes:
        rows = [ox.Quad(*triple) for triple in data]
        reader = responder.context().reader(rows)
        fixed = {"graph": given["graph"]} if "graph" in given else {}

        def only(position: str, term: object) -> str:
            value = explicit(term)
            return addresses.fragment({position: value, **fixed}) if value else ""

        return responder.render(
            "fragments.html",
            rows=[
                [
                    (reader.value(term), only(position, term))
                    for position, term in zip(POSITIONS, row.triple, strict=True)
                ]
                for row in rows
            ],
            given=given,
            total=total,
            number=number,
            pages=pages,
            address=lambda n: addresses.fragment(given | {"page": str(n)}),
            formats=formats_of(addresses.FRAGMENTS, shown),
        )

    return responder.respond(
        addresses.FRAGMENTS,
        suffix,
        lambda: Description(
            _requested(responder),
            [
                *(ox.Quad(*t) for t in data),
                *_controls(responder, page_size, pattern, given, total, number, pages),
            ],
        ),
        html,
        query=shown,
    )


def explicit(term: object) -> str:
    """Return a term in Hydra's explicit representation (Hydra Core Vocabulary, IRI templates); a blank node has none.

    >>> explicit(ox.Literal("Gao", language="fr"))
    '"Gao"@fr'
    """
    if isinstance(term, ox.NamedNode):
        return term.value
    if isinstance(term, ox.Literal):
        plain = term.datatype.value == "http://www.w3.org/2001/XMLSchema#string"
        return f'"{term.value}"' + (
            f"@{term.language}" if term.language else "" if plain else f"^^{term.datatype.value}"
        )
    return ""


def _requested(responder: Responder) -> str:
    """Return the address that was asked, as its asker wrote it: clients know the page's controls by it."""
    raw = quote(request.query_string, safe="%/:=&?~+!$,;'()*@")
    query = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", raw)
    return responder.absolute(f"{request.path}{'?' if query else ''}{query}")


def _controls(
    responder: Responder,
    page_size: int,
    pattern: Pattern,
    given: dict[str, str],
    total: int,
    number: int,
    pages: int,
) -> list[ox.Quad]:
    """Return what leads on from a fragment, in a graph of its own: count, pages, and the form for other patterns."""
    address = responder.absolute(request.path)
    start = responder.absolute(addresses.FRAGMENTS)

    def numbered(n: int) -> ox.NamedNode:
        query = given | ({"page": str(n)} if n > 1 else {})
        return ox.NamedNode(addresses.with_query(address, query))

    this, fragment = ox.NamedNode(_requested(responder)), numbered(1)
    dataset = pattern.graph or ox.NamedNode(responder.names.dataset)
    metadata, form = ox.NamedNode(f"{this.value}#metadata"), ox.NamedNode(f"{start}#form")
    template = f"{start}{{?{','.join(POSITIONS)}}}"
    if pattern.graph:  # each named graph has fragments of its own
        start_of_graph = addresses.with_query(start, {"graph": given["graph"]})
        form = ox.NamedNode(addresses.part(start_of_graph, "form"))
        template = f"{start_of_graph}{{&{','.join(POSITIONS)}}}"

    statements: list[tuple[Term, str, Term]] = [
        (metadata, f"{FOAF}primaryTopic", this),
        (dataset, f"{RDF}type", ox.NamedNode(f"{VOID}Dataset")),
        (dataset, f"{RDF}type", ox.NamedNode(f"{HYDRA}Collection")),
        (dataset, f"{VOID}subset", fragment),
        (dataset, f"{HYDRA}search", form),
        (form, f"{RDF}type", ox.NamedNode(f"{HYDRA}IriTemplate")),
        (form, f"{HYDRA}template", ox.Literal(template)),
        (form, f"{HYDRA}variableRepresentation", ox.NamedNode(f"{HYDRA}ExplicitRepresentation")),
        (fragment, f"{RDF}type", ox.NamedNode(f"{HYDRA}Collection")),
        (fragment, f"{VOID}triples", integer(total)),
        (fragment, f"{HYDRA}totalItems", integer(total)),
        (fragment, f"{HYDRA}view", this),
        (this, f"{RDF}type", ox.NamedNode(f"{HYDRA}PartialCollectionView")),
        (this, f"{HYDRA}itemsPerPage", integer(page_size)),
        (this, f"{HYDRA}first", numbered(1)),
        (this, f"{HYDRA}last", numbered(pages)),
    ]
    for name in POSITIONS:
        mapping = ox.NamedNode(f"{start}#{name}")
        statements += [
            (form, f"{HYDRA}mapping", mapping),
            (mapping, f"{RDF}type", ox.NamedNode(f"{HYDRA}IriTemplateMapping")),
            (mapping, f"{HYDRA}variable", ox.Literal(name)),
            (mapping, f"{HYDRA}property", ox.NamedNode(f"{RDF}{name}")),
        ]
    if this != fragment:
        statements.append((fragment, f"{VOID}subset", this))
    if number > 1:
        statements.append((this, f"{HYDRA}previous", numbered(number - 1)))
    if number < pages:
        statements.append((this, f"{HYDRA}next", numbered(number + 1)))
    return [ox.Quad(s, ox.NamedNode(p), o, metadata) for s, p, o in statements]  # type: ignore[arg-type]


def routes(responder: Responder, page_size: int) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("fragments", __name__)
    bind(blueprint, ("/fragments", "/fragments.<suffix>"), fragments, responder, page_size)
    return blueprint
