"""RDF terms as the stores give them."""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

Term = NamedNode | BlankNode | Literal | Triple
"""What can stand in a statement (RDF 1.1 Concepts, section 3.1); a triple term is of RDF 1.2."""

Solution = dict[str, Term]
"""One solution of a query: variable to term, without those that are not bound."""
