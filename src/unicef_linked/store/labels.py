"""Labels: the properties that hold them, and the choice of one for each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pyoxigraph import Literal, NamedNode, Quad

from unicef_linked.rdf.iris import SKOSXL
from unicef_linked.rdf.labels import LABEL_PROPERTIES, LITERAL_FORM

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from unicef_linked.rdf.terms import Term
    from unicef_linked.store import Labels

_PREFERRED_THING: Final = f"{SKOSXL}prefLabel"

_LABEL_NODES: Final = tuple(NamedNode(iri) for iri in (*LABEL_PROPERTIES, _PREFERRED_THING))
"""The properties of labels as terms."""


class _Matching(Protocol):
    def __call__(
        self, subjects: Collection[Term] | None, predicates: Collection[NamedNode] | None
    ) -> list[Quad]: ...


def read_labels(match_any: _Matching, iris: Iterable[str]) -> Labels:
    """Return the preferred labels of IRIs, given ``Store.match_any``; those by SKOS-XL too."""
    quads = match_any([NamedNode(iri) for iri in iris], _LABEL_NODES)
    things = {quad.object for quad in quads if quad.predicate.value == _PREFERRED_THING}
    if things:
        forms: dict[Term, list[Term]] = {}
        for quad in match_any(sorted(things, key=str), [NamedNode(LITERAL_FORM)]):
            forms.setdefault(quad.subject, []).append(quad.object)
        quads += [
            Quad(quad.subject, _LABEL_NODES[0], text)
            for quad in quads
            for text in forms.get(quad.object, ())
        ]
    return choose_labels(quads)


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
