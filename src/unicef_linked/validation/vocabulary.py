"""Terms in data that no vocabulary has: misspelt properties, classes and datatypes.

SHACL looks at what a shape is about; a property that is misspelt is about nothing, and would be
published as it is. Lists of the terms of borrowed vocabularies come with rdflib.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode
from rdflib import namespace

from unicef_linked.rdf.iris import GEO, RDF, SCHEMA, SHACL
from unicef_linked.validation.report import Result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names

_BORROWED: Final = (
    namespace.DCAT,
    namespace.DCTERMS,
    namespace.FOAF,
    namespace.ORG,
    namespace.OWL,
    namespace.PROV,
    namespace.RDFS,
    namespace.SKOS,
    namespace.SOSA,
    namespace.TIME,
    namespace.VANN,
    namespace.XSD,
)
"""Vocabularies whose terms are checked, beside those of GeoSPARQL, schema.org and our own."""

_LIKE: Final = 0.75
"""How alike (0 to 1) the name of a term must be to one that there is not, to be suggested."""

_ROLES: Final = {
    "property": (f"{SHACL}ClosedConstraintComponent", "property", "propriété"),
    "class": (f"{SHACL}ClassConstraintComponent", "class", "classe"),
    "datatype": (f"{SHACL}DatatypeConstraintComponent", "datatype", "type de données"),
    "value": (f"{SHACL}InConstraintComponent", "term", "terme"),
}
"""What a term is used as: the constraint component that it breaks, and the words for it."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A term where it is used."""

    quad: Quad
    term: str
    role: str


def unknown_terms(quads: Iterable[Quad], declared: Collection[str], names: Names) -> list[Result]:
    """Return a violation for each use of a term that is neither declared nor of a vocabulary.

    ``declared`` are the terms of the ontology, and those of others that it names.
    """
    own = f"{names.ontology}#"
    known_by_namespace = _borrowed_terms() | {own: frozenset(declared)}
    results: dict[tuple[str, str, str], Result] = {}
    for use in (use for quad in quads for use in _uses(quad, own)):
        space = _namespace(use.term)
        terms = known_by_namespace.get(space)
        if terms is None or use.term in terms or use.term in declared:
            continue
        result = _result(
            use, [term for term in (*terms, *declared) if _namespace(term) == space], names
        )
        results.setdefault((result.focus_node, use.term, use.role), result)
    return list(results.values())


def _uses(quad: Quad, own: str) -> Iterator[_Use]:
    """Yield the terms of vocabularies that a statement uses."""
    yield _Use(quad, quad.predicate.value, "property")
    value = quad.object
    if isinstance(value, Literal):
        if value.datatype.value.startswith(own):
            yield _Use(quad, value.datatype.value, "datatype")
    elif isinstance(value, NamedNode):
        if quad.predicate.value == f"{RDF}type":
            yield _Use(quad, value.value, "class")
        elif value.value.startswith(own):
            yield _Use(quad, value.value, "value")


def _result(use: _Use, candidates: Collection[str], names: Names) -> Result:
    component, english, french = _ROLES[use.role]
    written = names.shorten(use.term)
    by_name = {_local_name(term): term for term in candidates}
    near = difflib.get_close_matches(_local_name(use.term), by_name, n=1, cutoff=_LIKE)
    meant = by_name[near[0]] if near else ""
    shown = names.shorten(meant) if meant else ""
    advice = (
        (f"did you mean {shown}?", f"vouliez-vous dire {shown} ?")
        if meant
        else ("look for it on /ontology.", "cherchez-le dans /ontology.")
    )
    subject = use.quad.subject
    return Result(
        severity="Violation",
        focus_node=subject.value if isinstance(subject, NamedNode) else str(subject),
        path=use.quad.predicate.value,
        value=use.term,
        constraint=component,
        shape="",
        messages=(
            ("en", f"There is no {english} {written}; {advice[0]}"),
            ("fr", f"Il n’y a pas de {french} {written} ; {advice[1]}"),
        ),
        term=str(use.quad.object),
        suggestion=meant,
    )


def _namespace(iri: str) -> str:
    """Return an IRI up to its last # or /."""
    return re.sub(r"[^#/]*\Z", "", iri)


@cache
def _borrowed_terms() -> dict[str, frozenset[str]]:
    """Return the terms of the borrowed vocabularies, by namespace."""
    terms = {str(space): frozenset(map(str, dir(space))) for space in _BORROWED}
    terms[SCHEMA] = frozenset(f"{SCHEMA}{_local_name(str(term))}" for term in dir(namespace.SDO))
    terms[GEO] = frozenset(map(str, dir(namespace.GEO)))
    return terms


def _local_name(iri: str) -> str:
    return re.split(r"[#/]", iri)[-1]
