"""What an ontology, its shapes and the data's statistics say together of each class and property. Pure.

The ontology says what a property leads from and to, the shapes how often and of what kind, the statistics how often it
is used. A picture or a table of a class needs all three.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import OWL, RDF, RDFS, SCHEMA, SHACL, VOID, VOID_EXT, XSD
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.terms import Term

_TARGETS: Final = {
    f"{SHACL}targetClass": "class",
    f"{SHACL}targetSubjectsOf": "subjects",
    f"{SHACL}targetObjectsOf": "objects",
    f"{SHACL}targetNode": "node",
}
_KINDS: Final = (
    f"{SHACL}class",
    f"{SHACL}datatype",
    f"{SHACL}nodeKind",
    f"{SHACL}or",
    f"{SHACL}node",
)
_NODE_KINDS: Final = {
    f"{SHACL}{kind}" for kind in ("IRI", "Literal", "BlankNode", "IRIOrLiteral", "BlankNodeOrIRI")
}
_VALUES: Final = (f"{SHACL}in", f"{SHACL}hasValue")
_DOMAINS: Final = {f"{RDFS}domain", f"{SCHEMA}domainIncludes", "https://schema.org/domainIncludes"}
_RANGES: Final = {f"{RDFS}range", f"{SCHEMA}rangeIncludes", "https://schema.org/rangeIncludes"}
_CLASSES: Final = {f"{OWL}Class", f"{RDFS}Class"}
_PROPERTIES: Final = {
    f"{RDF}Property",
    *(
        f"{OWL}{kind}Property"
        for kind in ("Object", "Datatype", "Annotation", "Symmetric", "Transitive")
    ),
}

_MANY: Final = 3
"""Classes that a property may lead to and still be one relation."""


def without_lists(quads: Iterable[Quad]) -> Iterator[Quad]:
    """Yield the quads with each RDF list replaced by its members, for reading."""
    quads = list(quads)
    first: dict[object, Term] = {
        q.subject: q.object for q in quads if q.predicate.value == f"{RDF}first"
    }
    rest: dict[object, Term] = {
        q.subject: q.object for q in quads if q.predicate.value == f"{RDF}rest"
    }
    for quad in quads:
        if quad.object not in first:
            yield quad
        elif quad.subject not in first:
            cell: object = quad.object
            while cell in first:
                yield type(quad)(quad.subject, quad.predicate, first[cell], quad.graph_name)
                cell = rest.get(cell)


def quads_by_subject(quads: Iterable[Quad]) -> dict[str, list[Quad]]:
    """Return the statements of each IRI."""
    by_subject: dict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            by_subject[quad.subject.value].append(quad)
    return dict(by_subject)


def labels_in(quads: Iterable[Quad]) -> dict[str, dict[str, str]]:
    """Return the ``rdfs:label`` of each IRI, by language; for graphs that are not in the store."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for quad in quads:
        if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, Literal):
            labels[value_of(quad.subject)][quad.object.language or ""] = quad.object.value
    return dict(labels)


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of SHACL, of a node or, where it has a path, of a property."""

    iri: str
    path: str = ""
    targets: tuple[tuple[str, str], ...] = ()  # ("class" | "subjects" | "objects" | "node", IRI)
    minimum: int | None = None
    maximum: int | None = None
    qualified: str = ""  # the shape that so many values fit; "" where all do
    kinds: tuple[str, ...] = ()  # classes, datatypes, node kinds and shapes that a value is one of
    values: tuple[Term, ...] = ()  # all that a value can be
    pattern: str = ""
    severity: str = f"{SHACL}Violation"  # SHACL, section 2.1.4: the default
    parts: tuple[str, ...] = ()  # its property shapes
    queries: tuple[str, ...] = ()  # its SPARQL constraints
    order: float = 0.0
    group: str = ""

    @property
    def cardinality(self) -> str:
        """How many values there may be, as UML writes it; "" where that is not said.

        >>> Shape("urn:s", minimum=1).cardinality, Shape("urn:s", minimum=1, maximum=1).cardinality
        ('1..*', '1')
        """
        if self.minimum is None and self.maximum is None:
            return ""
        least, most = self.minimum or 0, "*" if self.maximum is None else str(self.maximum)
        return most if str(least) == most else f"{least}..{most}"

    def narrowed(self, other: Shape) -> Shape:
        """Return what holds where both shapes do, of cardinality and kinds."""
        least = max((n for n in (self.minimum, other.minimum) if n is not None), default=None)
        most = min((n for n in (self.maximum, other.maximum) if n is not None), default=None)
        return Shape(
            self.iri,
            self.path,
            minimum=least,
            maximum=most,
            kinds=tuple(dict.fromkeys((*self.kinds, *other.kinds))),
        )


def read_shapes(quads: Iterable[Quad]) -> dict[str, Shape]:
    """Return the shapes of a shapes graph by their IRIs; of paths only those that are one predicate."""
    said: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in without_lists(quads):
        if isinstance(quad.subject, NamedNode):
            said[quad.subject.value][quad.predicate.value].append(quad.object)
    shapes = {}
    for iri, about in said.items():
        types = {_text(term) for term in about[f"{RDF}type"]}
        if not types & {f"{SHACL}NodeShape", f"{SHACL}PropertyShape"}:
            continue
        qualified = _iris(about[f"{SHACL}qualifiedValueShape"])
        numbers = "qualifiedMinCount", "qualifiedMaxCount"
        least, most = numbers if qualified else ("minCount", "maxCount")
        shapes[iri] = Shape(
            iri,
            path=next(iter(_iris(about[f"{SHACL}path"])), ""),
            targets=tuple(
                (kind, target) for name, kind in _TARGETS.items() for target in _iris(about[name])
            ),
            minimum=_integer(about[f"{SHACL}{least}"]),
            maximum=_integer(about[f"{SHACL}{most}"]),
            qualified=next(iter(qualified), ""),
            kinds=tuple(kind for name in _KINDS for kind in _iris(about[name])),
            values=tuple(sorted((term for name in _VALUES for term in about[name]), key=str)),
            pattern=next((_text(term) for term in about[f"{SHACL}pattern"]), ""),
            severity=next(iter(_iris(about[f"{SHACL}severity"])), f"{SHACL}Violation"),
            parts=_iris(about[f"{SHACL}property"]),
            queries=_iris(about[f"{SHACL}sparql"]),
            order=next((float(_text(term)) for term in about[f"{SHACL}order"]), 0.0),
            group=next(iter(_iris(about[f"{SHACL}group"])), ""),
        )
    return shapes


def _iris(terms: Iterable[Term]) -> tuple[str, ...]:
    return tuple(sorted(term.value for term in terms if isinstance(term, NamedNode)))


def _text(term: Term) -> str:
    return str(getattr(term, "value", ""))


def _integer(terms: Iterable[Term]) -> int | None:
    return next((int(term.value) for term in terms if isinstance(term, Literal)), None)


@dataclass(frozen=True, slots=True)
class Usage:
    """How often the data has a property with instances of a class, and of what its values are."""

    properties: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # (class, property) to statements
    values: Mapping[tuple[str, str], Mapping[str, int]] = field(
        default_factory=dict
    )  # to class or datatype to statements
    datatypes: frozenset[str] = frozenset()  # which of them are datatypes


def read_usage(quads: Iterable[Quad]) -> Usage:
    """Return what statistics by VoID say of properties inside classes; see ``statistics.describe_classes``."""
    said: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        said[_text(quad.subject)][quad.predicate.value].append(quad.object)
    properties: dict[tuple[str, str], int] = {}
    values: dict[tuple[str, str], dict[str, int]] = {}
    datatypes = set()
    for about in list(said.values()):
        for of in _iris(about[f"{VOID}class"]):
            for part in _iris(about[f"{VOID}propertyPartition"]):
                key = (of, next(iter(_iris(said[part][f"{VOID}property"])), ""))
                properties[key] = _integer(said[part][f"{VOID}triples"]) or 0
                values[key] = {}
                for space, name in ((VOID, "class"), (VOID_EXT, "datatype")):
                    for inside in _iris(said[part][f"{space}{name}Partition"]):
                        kind = next(iter(_iris(said[inside][f"{space}{name}"])), "")
                        values[key][kind] = _integer(said[inside][f"{VOID}triples"]) or 0
                        if name == "datatype":
                            datatypes.add(kind)
    return Usage(properties, values, frozenset(datatypes))


@dataclass(frozen=True, slots=True)
class Relation:
    """What instances of a class have: a property, what its values are, how many there may be and are."""

    owner: str  # the class that the ontology or a shape says it of: the class asked about, or one above it
    property: str
    kinds: tuple[str, ...]  # classes or datatypes of the values; empty where nothing says it
    cardinality: str
    number: int  # statements of instances of the class asked about
    literal: bool  # whether its values are literals


@dataclass(frozen=True)
class Vocabulary:
    """An ontology with the shapes and the statistics that go with it."""

    quads: tuple[Quad, ...]  # of the ontology
    shapes: Mapping[str, Shape]
    usage: Usage
    prefix: str  # what the IRIs of the ontology's own terms begin with

    @cached_property
    def _said(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        found: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        for quad in self.quads:
            if isinstance(quad.subject, NamedNode):
                found[quad.subject.value][quad.predicate.value].append(quad.object)
        return {
            iri: {name: _iris(terms) for name, terms in about.items()}
            for iri, about in found.items()
        }

    def stated(self, iri: str, *predicates: str) -> tuple[str, ...]:
        """Return the IRIs that the ontology states of a term by any of the predicates."""
        about = self._said.get(iri, {})
        return tuple(
            dict.fromkeys(value for predicate in predicates for value in about.get(predicate, ()))
        )

    def _of_type(self, types: set[str]) -> tuple[str, ...]:
        return tuple(
            iri
            for iri in sorted(self._said)
            if iri.startswith(self.prefix) and types & {*self.stated(iri, f"{RDF}type")}
        )

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The ontology's own classes."""
        return self._of_type(_CLASSES)

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The ontology's own properties."""
        return self._of_type(_PROPERTIES)

    @cached_property
    def _datatypes(self) -> frozenset[str]:
        return frozenset(self._of_type({f"{RDFS}Datatype"})) | self.usage.datatypes

    def domain(self, iri: str) -> tuple[str, ...]:
        """Return the classes whose instances have a property."""
        return self.stated(iri, *sorted(_DOMAINS))

    def range(self, iri: str) -> tuple[str, ...]:
        """Return the classes or datatypes of a property's values."""
        return self.stated(iri, *sorted(_RANGES))

    def parents(self, iri: str) -> tuple[str, ...]:
        """Return the classes right above a class, those of other vocabularies too."""
        return self.stated(iri, f"{RDFS}subClassOf")

    def children(self, iri: str) -> tuple[str, ...]:
        """Return the ontology's own classes right below a class."""
        return tuple(name for name in self.classes if iri in self.parents(name))

    def inverses(self, iri: str) -> tuple[str, ...]:
        """Return the properties that say the same the other way round, whichever side states it."""
        return tuple(
            dict.fromkeys(
                (*self.stated(iri, f"{OWL}inverseOf"), *self._stating(f"{OWL}inverseOf", iri))
            ),
        )

    def narrower(self, iri: str) -> tuple[str, ...]:
        """Return the properties right below a property."""
        return self._stating(f"{RDFS}subPropertyOf", iri)

    @cached_property
    def _saying(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name in sorted(self._said):
            for predicate, values in self._said[name].items():
                for value in values:
                    found[predicate, value].append(name)
        return {key: tuple(names) for key, names in found.items()}

    def _stating(self, predicate: str, value: str) -> tuple[str, ...]:
        return self._saying.get((predicate, value), ())

    def lineage(self, iri: str) -> tuple[str, ...]:
        """Return a class and all classes above it, nearest first."""
        found, waiting = [], [iri]
        while waiting:
            here = waiting.pop(0)
            if here not in found:
                found.append(here)
                waiting += self.parents(here)
        return tuple(found)

    def is_datatype(self, iri: str) -> bool:
        """Tell whether an IRI is that of a datatype."""
        return iri.startswith(XSD) or iri == f"{RDF}langString" or iri in self._datatypes

    @cached_property
    def _rules(self) -> Mapping[str, Mapping[str, Shape]]:
        """What the shapes say of each class and path, all in one."""
        found: dict[str, dict[str, Shape]] = defaultdict(dict)
        for shape in self.shapes.values():
            for kind, target in shape.targets:
                for name in shape.parts if kind == "class" else ():
                    part = self.shapes.get(name)
                    if part and part.path:
                        plain = Shape(part.iri, part.path) if part.qualified else part
                        known = found[target].get(part.path, Shape(part.iri, part.path))
                        found[target][part.path] = known.narrowed(plain)
        return found

    @cached_property
    def _domains(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = defaultdict(list)
        for iri in self.properties:
            for of in self.domain(iri):
                found[of].append(iri)
        return {of: tuple(names) for of, names in found.items()}

    @cached_property
    def _relations(self) -> dict[str, tuple[Relation, ...]]:
        return {}

    def relations(self, iri: str) -> tuple[Relation, ...]:
        """Return what the instances of a class have, by the ontology or the shapes, what a class above it says included."""
        if iri not in self._relations:
            self._relations[iri] = self._related(iri)
        return self._relations[iri]

    def _related(self, iri: str) -> tuple[Relation, ...]:
        found: dict[str, tuple[str, Shape]] = {}
        for owner in self.lineage(iri):
            if owner != iri and owner not in self.classes:
                continue
            rules = self._rules.get(owner, {})
            for name in (*self._domains.get(owner, ()), *rules):
                if name != f"{RDF}type":
                    rule = rules.get(name, Shape("", name))
                    before = found.get(name)
                    # a shape may target a class and those below it; what is said above is the one to name
                    found[name] = (owner, before[1].narrowed(rule) if before else rule)
        return tuple(self._relation(iri, *found[name]) for name in sorted(found))

    def _relation(self, iri: str, owner: str, rule: Shape) -> Relation:
        key = (iri, rule.path)
        counted = self.usage.values.get(key, {})
        stated = self.range(rule.path) or tuple(
            kind for kind in rule.kinds if kind not in _NODE_KINDS and kind not in self.shapes
        )
        kinds = stated
        if not any(kind in self.classes or self.is_datatype(kind) for kind in stated):
            kinds = (
                self._broadest(
                    kind for kind in counted if kind in self.classes or self.is_datatype(kind)
                )
                or stated
            )
        literal = all(map(self.is_datatype, kinds)) if kinds else f"{SHACL}Literal" in rule.kinds
        return Relation(
            owner, rule.path, kinds, rule.cardinality, self.usage.properties.get(key, 0), literal
        )

    def _broadest(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """Return those of the classes that are below no other of them."""
        names = sorted(kinds)
        return tuple(
            k for k in names if not any(other != k and other in self.lineage(k) for other in names)
        )

    def incoming(self, iri: str) -> tuple[Relation, ...]:
        """Return the relations that lead to instances of a class; each with the class that it leads from as owner."""
        wanted = {*self.lineage(iri)} & {*self.classes}
        return tuple(
            Relation(name, r.property, (iri,), r.cardinality, self.usage.values.get((name, r.property), {}).get(iri, 0), literal=False)
            for name in self.classes
            for r in self.relations(name)
            if r.owner == name and not r.literal and wanted & {*r.kinds}
        )  # fmt: skip

    def links(self) -> tuple[tuple[str, str, str, int], ...]:
        """Return each (class, property, class, statements) that tells how the ontology's own classes hang together.

        Left out is what says little of that: a property that leads to things of many classes, as that of a claim does,
        and one of another vocabulary that several classes have alike, as many things have a source or a geometry.
        """
        found = [
            (name, r.property, kind, self.usage.values.get((name, r.property), {}).get(kind, 0))
            for name in self.classes
            for r in self.relations(name)
            if r.owner == name and len(r.kinds) <= _MANY
            for kind in r.kinds
            if kind in self.classes
        ]
        alike = Counter((name, kind) for _, name, kind, _ in found)
        return tuple(
            row for row in found if row[1].startswith(self.prefix) or alike[row[1], row[2]] == 1
        )
