"""Labels: the properties that hold them, and the choice of one for each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import DCTERMS, FOAF, RDFS, SCHEMA, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pyoxigraph import Quad

    from unicef_linked.store import Labels

LABEL_PROPERTIES: Final = (
    f"{SKOS}prefLabel",
    f"{RDFS}label",
    f"{DCTERMS}title",
    f"{FOAF}name",
    f"{SCHEMA}name",
    "https://schema.org/name",
)
"""Properties that hold labels, in order of preference."""

LABEL_NODES: Final = tuple(NamedNode(iri) for iri in LABEL_PROPERTIES)
"""LABEL_PROPERTIES as terms."""


def choose_labels(quads: Iterable[Quad]) -> Labels:
    """Return the preferred label of each subject in each language.

    Of several with the same property, the first in code point order, so that all web workers agree.
    A blank one is none.
    """
    best: dict[str, dict[str, tuple[int, str]]] = {}
    for quad in quads:
        if quad.predicate.value not in LABEL_PROPERTIES or not isinstance(quad.object, Literal):
            continue
        if isinstance(quad.subject, NamedNode) and quad.object.value.strip():
            candidate = (LABEL_PROPERTIES.index(quad.predicate.value), quad.object.value)
            by_language = best.setdefault(quad.subject.value, {})
            language = quad.object.language or ""
            by_language[language] = min(candidate, by_language.get(language, candidate))
    return {
        iri: {language: text for language, (_, text) in by_language.items()}
        for iri, by_language in best.items()
    }
