"""What entities and classes are called in answers: short ids of ours, IRIs of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unicef_linked.rdf.iris import CANONICAL_BASE
from unicef_linked.rdf.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.rdf.iris import Names


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The ids of one dataset: ``region/gao`` and ``Region`` of ours.

    With ``are_iris`` every IRI is its own id, so that it means the same at every service.
    """

    names: Names
    are_iris: bool = False

    def entity(self, iri: str) -> str | None:
        """Return the id of an entity, None of what is none."""
        if self.are_iris:
            return None if iri.startswith(self.names.skolems) else iri
        pair = self.names.type_and_key(iri)
        return "/".join(pair) if pair else None

    def term(self, iri: str) -> str | None:
        """Return the id of a class, None of one that is no type."""
        if self.are_iris:
            return iri
        own = f"{self.names.ontology}#"
        return iri.removeprefix(own) if iri.startswith(own) else None

    def term_iri(self, name: str) -> str:
        """Return the IRI of a class by its id, prefixed name or IRI."""
        if "/" in name:
            return name
        if self.are_iris:
            prefix, colon, local = name.partition(":")
            namespace = self.names.prefixes.get(prefix)
            if colon and namespace:
                return namespace + local
            return name if is_iri(name) else self.names.base + name
        return self.names.term(name.removeprefix("ul:"))


def choose_identifiers(names: Names, subjects: Iterable[str]) -> Identifiers:
    """Return the ids of a dataset with these subjects: ours if any of them has an IRI as we mint.

    Data of others that is served as it is has its IRIs in any case.
    """
    if not names.has_terms and names.base != CANONICAL_BASE:
        return Identifiers(names, are_iris=True)
    return Identifiers(names, are_iris=not any(map(names.type_and_key, subjects)))
