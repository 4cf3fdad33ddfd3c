"""The terms that an ontology or a shapes graph defines, as its page shows them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unicef_linked.dataset.labels import collation
from unicef_linked.dataset.vocabulary import quads_by_subject, without_lists
from unicef_linked.rdf.iris import SHACL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.dataset.labels import LabelResolver, Link, Resource


@dataclass(frozen=True, slots=True, order=True)
class DeclaredPrefix:
    """A prefix that a graph declares (``sh:declare``)."""

    name: str
    namespace: str
    iri: str  # of the declaration


def terms_of(quads: Iterable[Quad], labels: LabelResolver, namespace: str) -> dict[str, Resource]:
    """Return each subject in a namespace by its IRI, sorted."""
    by_subject = quads_by_subject(without_lists(quads))
    iris = [iri for iri in sorted(by_subject) if iri.startswith(namespace)]
    return {iri: labels.resource(iri, by_subject[iri]) for iri in iris}


def declared_prefixes(terms: Mapping[str, Resource], about: Resource) -> tuple[DeclaredPrefix, ...]:
    """Return the prefixes that ``about`` declares, sorted by name."""
    links = [value.link for value in about.values(f"{SHACL}declare") if value.link]
    declarations = [terms[link.iri] for link in links if link.iri in terms]
    prefixes = [
        DeclaredPrefix(term.text(f"{SHACL}prefix"), term.text(f"{SHACL}namespace"), term.iri)
        for term in declarations
    ]
    return tuple(sorted(prefixes))


def by_label(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return links sorted by label."""
    return tuple(sorted(links, key=lambda link: collation(link.label.text)))
