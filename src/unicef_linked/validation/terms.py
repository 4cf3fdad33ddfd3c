"""Terms of the engine as terms of rdflib, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import XSD
from unicef_linked.rdf.terms import is_of_rdf12, value_of
from unicef_linked.validation.components import AsWritten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

    from unicef_linked.rdf.terms import Term


def to_rdflib(quads: Iterable[Quad]) -> rdflib.Graph:
    """Return the statements of all graphs as one rdflib graph, each literal as written."""
    graph = rdflib.Graph(bind_namespaces="none")
    terms = _Terms()
    for quad in quads:
        subject, predicate, value = quad.triple
        graph.add((terms[subject], terms[predicate], terms[value]))
    return graph


class _Terms(dict["Term", rdflib.term.IdentifiedNode | rdflib.Literal]):
    """rdflib's terms by the engine's, each made once."""

    def __missing__(self, term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
        self[term] = to_rdflib_term(term)
        return self[term]


def to_rdflib_term(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    """Return a term of rdflib; raises UnusableInput for one of RDF 1.2, which SHACL lacks."""
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    refuse_rdf12(term)
    assert isinstance(term, Literal)
    if term.language is not None:
        return rdflib.Literal(term.value, lang=term.language)
    if term.datatype.value == f"{XSD}string":
        return rdflib.Literal(term.value)
    return AsWritten(term.value, term.datatype.value)


def refuse_rdf12(term: Term) -> None:
    """Raise UnusableInput for a term of RDF 1.2."""
    if is_of_rdf12(term):
        raise UnusableInput(f"{term} is a term of RDF 1.2; SHACL validates RDF 1.1")


def from_rdflib(term: rdflib.term.Node) -> Term:
    """Return a term of the engine."""
    if isinstance(term, rdflib.Literal):
        if term.language:
            return Literal(str(term), language=term.language)
        return Literal(str(term), datatype=NamedNode(term.datatype or f"{XSD}string"))
    return BlankNode(str(term)) if isinstance(term, rdflib.BNode) else NamedNode(str(term))


def text_of(term: Term | None) -> str:
    """Return an IRI, a lexical form, a blank node as ``_:label``, or "" for no term."""
    return str(term) if isinstance(term, BlankNode) else value_of(term)
