"""RDF terms: the types that the stores return, how terms are read, and how they are made. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from unicef_linked.rdf.iris import XSD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

Term = NamedNode | BlankNode | Literal | Triple
"""What can stand in a statement (RDF 1.1 Concepts, section 3.1); a triple term is of RDF 1.2."""

Solution = dict[str, Term]
"""One solution of a query: variable to term, without those that are not bound."""


def value_of(term: object) -> str:
    """Return an IRI, a lexical form or a blank node identifier; "" for a triple or for no term.

    >>> value_of(NamedNode("urn:a")), value_of(Literal("a", language="en")), value_of(None)
    ('urn:a', 'a', '')
    """
    return term.value if isinstance(term, NamedNode | Literal | BlankNode) else ""


def iris_in(terms: Iterable[object]) -> tuple[str, ...]:
    """Return the IRIs among the terms, sorted."""
    return tuple(sorted(term.value for term in terms if isinstance(term, NamedNode)))


def objects_of(quads: Iterable[Quad], predicate: str) -> list[Term]:
    """Return the objects that a property has in the statements, in their order."""
    return [quad.object for quad in quads if quad.predicate.value == predicate]


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI.

    >>> is_iri("urn:a"), is_iri("a b")
    (True, False)
    """
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def integer(number: int) -> Literal:
    """Return a number as xsd:integer."""
    return typed(str(number), f"{XSD}integer")


def typed(lexical_form: str, datatype: str) -> Literal:
    """Return a literal of the datatype with that IRI."""
    return Literal(lexical_form, datatype=NamedNode(datatype))


def triple(subject: str, predicate: str, value: str | Term) -> Triple:
    """Return a statement about an IRI; a ``str`` as its value is an IRI.

    >>> str(triple("urn:a", "urn:b", "urn:c"))
    '<urn:a> <urn:b> <urn:c>'
    """
    term = NamedNode(value) if isinstance(value, str) else value
    return Triple(NamedNode(subject), NamedNode(predicate), term)


def in_query(term: Term) -> str:
    """Return a term as SPARQL 1.2 writes it; ``str`` leaves out what encloses a triple term.

    >>> in_query(NamedNode("urn:a")), in_query(triple("urn:a", "urn:b", "urn:c"))
    ('<urn:a>', '<<( <urn:a> <urn:b> <urn:c> )>>')
    """
    return f"<<( {term} )>>" if isinstance(term, Triple) else str(term)


def has_blank(term: object) -> bool:
    """Tell whether a term is a blank node, or a triple term with one: queries cannot name it."""
    if isinstance(term, Triple):
        return has_blank(term.subject) or has_blank(term.object)
    return isinstance(term, BlankNode)


def is_of_rdf12(term: object) -> bool:
    """Tell whether RDF 1.1 has no such term: a triple term, or a literal with a direction.

    >>> is_of_rdf12(Literal("a", language="en")), is_of_rdf12(triple("urn:a", "urn:b", "urn:c"))
    (False, True)
    """
    return isinstance(term, Triple) or (isinstance(term, Literal) and term.direction is not None)
