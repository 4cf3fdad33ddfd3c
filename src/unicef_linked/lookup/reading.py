"""What statements say of each subject, as far as it is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.dataset.profile import TERMS as TERMS_OF_PROFILE
from unicef_linked.lookup.boundaries import PREDICATES as GEOMETRY
from unicef_linked.lookup.entity import Code, Entity, Label, Reference
from unicef_linked.lookup.identifiers import choose_identifiers
from unicef_linked.lookup.normalization import fold
from unicef_linked.lookup.territory import TERMS
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, RDFS, SCHEMA, SKOS, SKOSXL
from unicef_linked.rdf.labels import LABEL_PROPERTIES, LABELS_AS_THINGS, LITERAL_FORM
from unicef_linked.rdf.mappings import REFERENCES
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import Quad

    from unicef_linked.lookup.identifiers import Identifiers
    from unicef_linked.rdf.iris import Names
    from unicef_linked.rdf.terms import Term

_TYPE: Final = f"{RDF}type"
_SUBCLASS: Final = f"{RDFS}subClassOf"
_NOTATION: Final = f"{SKOS}notation"
_HIDDEN: Final = f"{SKOS}hiddenLabel"
_PREFERRED: Final = LABEL_PROPERTIES[0]
_NAMING: Final = frozenset(
    (
        *LABEL_PROPERTIES,
        f"{SKOS}altLabel",
        _HIDDEN,
        f"{DCTERMS}alternative",
        f"{FOAF}nick",
        f"{SCHEMA}alternateName",
        "https://schema.org/alternateName",
    )
)


@dataclass
class Overview:
    """What must be known of all statements before those of one subject are read."""

    names: Names
    forms: dict[Term, list[Literal]] = field(default_factory=dict)  # texts of labels of SKOS-XL
    profile: list[Quad] = field(default_factory=list)  # those that a profile is made of
    minted: str | None = None  # an IRI of the form that we mint, if there is one

    def watching(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """Yield statements, and learn from each."""
        terms = frozenset(map(self.names.term, TERMS_OF_PROFILE))
        for quad in quads:
            predicate = quad.predicate.value
            if predicate in terms:
                self.profile.append(quad)
            elif predicate == LITERAL_FORM and isinstance(quad.object, Literal):
                self.forms.setdefault(quad.subject, []).append(quad.object)
            if self.minted is None:
                iri = value_of(quad.subject)
                self.minted = iri if self.names.type_and_key(iri) else None
            yield quad

    @property
    def ids(self) -> Identifiers:
        """What entities and classes are called."""
        return choose_identifiers(self.names, [self.minted] if self.minted else [])


@dataclass
class Subject:
    """What is stated of one subject."""

    iri: str
    labels: dict[tuple[str, str], bool] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    codes: set[Code] = field(default_factory=set)
    references: set[Reference] = field(default_factory=set)
    broader: set[str] = field(default_factory=set)
    territory: dict[str, set[str]] = field(default_factory=dict)  # by term of the ontology
    geometry: dict[str, set[str]] = field(default_factory=dict)  # by predicate of GeoSPARQL

    def add(self, predicate: str, value: Term) -> None:
        """Keep one statement, if it says something that is looked up."""
        if isinstance(value, Literal):
            if predicate == _NOTATION:
                self.codes.add(Code(value.datatype.value, value.value))
            elif predicate in _NAMING and value.value.strip():
                key = (value.value, value.language or "")
                self.labels[key] = self.labels.get(key, False) or predicate == _PREFERRED
                if predicate == _HIDDEN:
                    self.hidden.add(key)
        elif isinstance(value, NamedNode):
            if predicate == _TYPE:
                self.types.add(value.value)
            elif predicate == _SUBCLASS:
                self.broader.add(value.value)
            elif predicate in REFERENCES:
                self.references.add(Reference(predicate, value.value))

    def leave_out_hidden(self) -> None:
        """Remove the hidden names that are found by the words of a visible one."""
        visible = {fold(text) for text, _ in self.labels.keys() - self.hidden}
        for key in self.hidden:
            if fold(key[0]) in visible:
                del self.labels[key]

    def entity(self, ids: Identifiers) -> Entity | None:
        """Return the entity, None of what is none."""
        entity_id = ids.entity(self.iri)
        described = self.labels or self.types or self.codes
        if not (entity_id and described) or f"{SKOSXL}Label" in self.types:
            return None
        labels = [
            Label(text, language, preferred) for (text, language), preferred in self.labels.items()
        ]
        labels.sort(key=lambda label: (not label.preferred, label.language, label.text))
        codes = sorted(self.codes, key=lambda code: (code.scheme, code.value))
        references = _each_once(self.references)
        types = frozenset(self.types)
        return Entity(self.iri, entity_id, tuple(labels), types, tuple(codes), references)

    def texts(self) -> dict[str, str]:
        """Return its names by language; preferred ones win."""
        ordered = sorted(self.labels.items(), key=itemgetter(1))
        return {language: text for (text, language), _ in ordered}


def _each_once(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Return each thing elsewhere once, by its strongest predicate, strongest first."""
    ordered = sorted(references, key=lambda r: (REFERENCES.index(r.relation), r.iri))
    best: dict[str, Reference] = {}
    for reference in ordered:
        best.setdefault(reference.iri, reference)
    return tuple(best.values())


def read_subjects(
    quads: Iterable[Quad],
    names: Names,
    ids: Identifiers,
    forms: Mapping[Term, Iterable[Literal]],
) -> Iterator[Subject]:
    """Yield what is stated of each subject; the statements of one follow each other.

    A statement about a label that is a thing is read with the text of that (SKOS-XL, B.3.4).
    """
    terms = {names.term(term): term for term in TERMS}
    for node, about in groupby(quads, key=lambda quad: quad.subject):
        if not isinstance(node, NamedNode):
            continue
        is_own = ids.are_iris or node.value.startswith(names.base)
        subject = Subject(node.value)
        for quad in about:
            predicate, value = quad.predicate.value, quad.object
            kind = GEOMETRY.get(predicate)
            if kind and isinstance(value, kind):
                subject.geometry.setdefault(predicate, set()).add(value.value)
            elif not is_own:
                continue
            elif predicate in LABELS_AS_THINGS:
                for text in forms.get(value, ()):
                    subject.add(LABELS_AS_THINGS[predicate], text)
            else:
                subject.add(predicate, value)
                if predicate in terms and isinstance(value, NamedNode | Literal):
                    subject.territory.setdefault(terms[predicate], set()).add(value.value)
        if subject.hidden:
            subject.leave_out_hidden()
        yield subject
