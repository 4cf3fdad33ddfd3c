"""What differs by country, language or organization, read from a release.

Terms are those of ``ontology/lookup.ttl``. A release that states none of it has an empty profile.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names

TERMS: Final = (
    "addressPattern",
    "impliedByClass",
    "iriStart",
    "iriTemplate",
    "menuOrder",
    "nameWord",
    "otherPrefix",
    "searchOrder",
)
"""Terms of the ontology that a profile is made of."""


@dataclass(frozen=True, slots=True)
class AddressForm:
    """The addresses of pages and files about a thing, and the IRI of the thing."""

    pattern: re.Pattern[str]  # of an address without scheme and www; group 1 is the identifier
    template: str  # of the IRI, with {id}

    def iri(self, address: str) -> str | None:
        """Return the IRI of the thing that an address is about, None for other addresses."""
        match = self.pattern.fullmatch(address)
        return self.template.replace("{id}", match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Profile:
    """Facts that lookup depends on; kinds are IRIs of name elements."""

    name_words: Mapping[str, frozenset[str]] = field(default_factory=dict)  # by kind
    particles: frozenset[str] = frozenset()  # words that never tell one name from another
    kinds_of_classes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    default_classes: tuple[str, ...] = ()  # what a name without a type may mean, in order
    menu_order: tuple[str, ...] = ()  # classes, as menus list them
    address_forms: tuple[AddressForm, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)  # by prefixes that others use


def profile_of(quads: Iterable[Quad], names: Names) -> Profile:
    """Return the profile that statements make; those that it does not need are passed over.

    Raises UnusableInput for a pattern of addresses that is not a regular expression.
    """
    values: dict[str, dict[str, set[str]]] = {names.term(term): {} for term in TERMS}
    for quad in quads:
        subjects = values.get(quad.predicate.value)
        if (
            subjects is not None
            and isinstance(quad.subject, NamedNode)
            and isinstance(quad.object, NamedNode | Literal)
        ):
            subjects.setdefault(quad.subject.value, set()).add(quad.object.value)
    words = {
        kind: frozenset(texts) for kind, texts in sorted(values[names.term("nameWord")].items())
    }
    particles = words.pop(names.term("Particle"), frozenset())
    return Profile(
        name_words=words,
        particles=particles,
        kinds_of_classes=_inverted(values[names.term("impliedByClass")]),
        default_classes=_ordered(values[names.term("searchOrder")]),
        menu_order=_ordered(values[names.term("menuOrder")]),
        address_forms=_address_forms(
            values[names.term("addressPattern")], values[names.term("iriTemplate")]
        ),
        namespaces=_namespaces(values[names.term("otherPrefix")], values[names.term("iriStart")]),
    )


def _inverted(classes: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Return the kinds of each class, from the classes of each kind."""
    kinds: dict[str, set[str]] = {}
    for kind, iris in classes.items():
        for iri in iris:
            kinds.setdefault(iri, set()).add(kind)
    return {iri: frozenset(of_class) for iri, of_class in kinds.items()}


def _ordered(places: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Return the IRIs by their place, a whole number; those with another one are left out."""
    numbers = {
        iri: min(map(int, texts))
        for iri, texts in places.items()
        if all(re.fullmatch(r"[0-9]{1,9}", text) for text in texts)
    }
    return tuple(sorted(numbers, key=lambda iri: (numbers[iri], iri)))


def _address_forms(
    patterns: Mapping[str, set[str]], templates: Mapping[str, set[str]]
) -> tuple[AddressForm, ...]:
    forms = []
    for iri in sorted(patterns.keys() & templates.keys()):
        for pattern in sorted(patterns[iri]):
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise UnusableInput(f"{iri}: addressPattern {pattern!r}: {error}") from None
            if compiled.groups != 1:
                raise UnusableInput(f"{iri}: addressPattern {pattern!r} needs exactly one group")
            forms.append(AddressForm(compiled, min(templates[iri])))
    return tuple(forms)


def _namespaces(
    prefixes: Mapping[str, set[str]], namespaces: Mapping[str, set[str]]
) -> dict[str, str]:
    by_prefix = {}
    for iri in sorted(prefixes.keys() & namespaces.keys()):
        for prefix in prefixes[iri]:
            by_prefix[prefix.lower()] = min(namespaces[iri])
    return by_prefix
