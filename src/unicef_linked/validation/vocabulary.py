"""Terms in data that no vocabulary has: misspelt properties, classes and datatypes.

SHACL looks at what a shape is about; a property that is misspelt is about nothing, and would be
published as it is. Lists of the terms of borrowed vocabularies come with rdflib.
"""

from __future__ import annotations

import difflib
import re
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

_TYPE: Final = f"{RDF}type"

_LIKE: Final = 0.75
"""How alike (0 to 1) the name of a term must be to one that there is not, to be suggested."""

_ROLES: Final = {
    "property": (f"{SHACL}ClosedConstraintComponent", "property", "propriété"),
    "class": (f"{SHACL}ClassConstraintComponent", "class", "classe"),
    "datatype": (f"{SHACL}DatatypeConstraintComponent", "datatype", "type de données"),
    "value": (f"{SHACL}InConstraintComponent", "term", "terme"),
}
"""What a term is used as: the constraint component that it breaks, and the words for it."""


def unknown_terms(quads: Iterable[Quad], declared: Collection[str], names: Names) -> list[Result]:
    """Return a violation for each use of a term that is neither declared nor of a vocabulary.

    ``declared`` are the terms of the ontology, and those of others that it names.
    """
    own = f"{names.ontology}#"
    terms_of = _borrowed_terms() | {own: frozenset(declared)}
    accepted: set[str] = set()
    results: dict[tuple[str, str, str], Result] = {}
    for quad in quads:
        for term, role in _uses(quad, own):
            if term in accepted:
                continue
            space = _namespace(term)
            terms = terms_of.get(space)
            if terms is None or term in terms or term in declared:
                accepted.add(term)
                continue
            candidates = [other for other in (*terms, *declared) if _namespace(other) == space]
            result = _result(quad, term, role, candidates, names)
            results.setdefault((result.focus_node, term, role), result)
    return list(results.values())


def _uses(quad: Quad, own: str) -> Iterator[tuple[str, str]]:
    """Yield the terms of vocabularies that a statement uses, and what each is used as."""
    _, predicate, value, _ = quad
    name = predicate.value
    yield name, "property"
    if isinstance(value, Literal):
        datatype = value.datatype.value
        if datatype.startswith(own):
            yield datatype, "datatype"
    elif isinstance(value, NamedNode):
        iri = value.value
        if name == _TYPE:
            yield iri, "class"
        elif iri.startswith(own):
            yield iri, "value"


def _result(quad: Quad, term: str, role: str, candidates: Collection[str], names: Names) -> Result:
    component, english, french = _ROLES[role]
    written = names.shorten(term)
    by_name = {_local_name(candidate): candidate for candidate in candidates}
    near = difflib.get_close_matches(_local_name(term), by_name, n=1, cutoff=_LIKE)
    meant = by_name[near[0]] if near else ""
    shown = names.shorten(meant) if meant else ""
    advice = (
        (f"did you mean {shown}?", f"vouliez-vous dire {shown} ?")
        if meant
        else ("look for it on /ontology.", "cherchez-le dans /ontology.")
    )
    subject = quad.subject
    return Result(
        severity="Violation",
        focus_node=subject.value if isinstance(subject, NamedNode) else str(subject),
        path=quad.predicate.value,
        value=term,
        constraint=component,
        shape="",
        messages=(
            ("en", f"There is no {english} {written}; {advice[0]}"),
            ("fr", f"Il n’y a pas de {french} {written} ; {advice[1]}"),
        ),
        term=str(quad.object),
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
