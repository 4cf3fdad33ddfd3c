"""The classes and properties of an ontology with its shapes and statistics. Pure.

The ontology has the domain and range of a property, the shapes the number and kinds of its values,
the statistics its uses. The diagram and the table of a class need all three.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked.rdf.iris import OWL, RDF, RDFS, SCHEMA, SHACL, VOID, VOID_EXT, XSD
from unicef_linked.rdf.terms import iris_in, value_of

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
_SHAPES: Final = {f"{SHACL}NodeShape", f"{SHACL}PropertyShape"}
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

_MAX_CLASSES: Final = 3
"""Most classes of a property's values; a property with more is left out of the diagram."""


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
    qualified: str = ""  # the shape to which minimum and maximum apply; "" for all values
    kinds: tuple[str, ...] = ()  # classes, datatypes, node kinds and shapes that a value is one of
    values: tuple[Term, ...] = ()  # the only values that are allowed
    pattern: str = ""
    severity: str = f"{SHACL}Violation"  # SHACL, section 2.1.4: the default
    parts: tuple[str, ...] = ()  # its property shapes
    queries: tuple[str, ...] = ()  # its SPARQL constraints
    order: float = 0.0
    group: str = ""

    @property
    def cardinality(self) -> str:
        """The number of values as UML writes it; "" if it is not restricted.

        >>> Shape("urn:s", minimum=1).cardinality, Shape("urn:s", minimum=1, maximum=1).cardinality
        ('1..*', '1')
        """
        if self.minimum is None and self.maximum is None:
            return ""
        least, most = self.minimum or 0, "*" if self.maximum is None else str(self.maximum)
        return most if str(least) == most else f"{least}..{most}"

    def narrowed(self, other: Shape) -> Shape:
        """Return the cardinality and kinds that both shapes allow together."""
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
    """Return the shapes of a shapes graph by IRI; of property paths only predicate paths."""
    shapes = {}
    for iri, properties in _objects_by_property(without_lists(quads)).items():
        if set(iris_in(properties[f"{RDF}type"])) & _SHAPES:
            shapes[iri] = _read_shape(iri, properties)
    return shapes


def _read_shape(iri: str, properties: Mapping[str, list[Term]]) -> Shape:
    def iris(name: str) -> tuple[str, ...]:
        return iris_in(properties.get(f"{SHACL}{name}", ()))

    def first(name: str) -> str:
        return next(iter(iris(name)), "")

    def text(name: str) -> str:
        return value_of(next(iter(properties.get(f"{SHACL}{name}", ())), None))

    def terms(names: Iterable[str]) -> list[Term]:
        return [term for name in names for term in properties.get(name, ())]

    qualified = first("qualifiedValueShape")
    least, most = (
        ("qualifiedMinCount", "qualifiedMaxCount") if qualified else ("minCount", "maxCount")
    )
    targets = [
        (kind, target)
        for name, kind in _TARGETS.items()
        for target in iris_in(properties.get(name, ()))
    ]
    kinds = [kind for name in _KINDS for kind in iris_in(properties.get(name, ()))]
    return Shape(
        iri,
        path=first("path"),
        targets=tuple(targets),
        minimum=_integer(properties.get(f"{SHACL}{least}", ())),
        maximum=_integer(properties.get(f"{SHACL}{most}", ())),
        qualified=qualified,
        kinds=tuple(kinds),
        values=tuple(sorted(terms(_VALUES), key=str)),
        pattern=text("pattern"),
        severity=first("severity") or f"{SHACL}Violation",
        parts=iris("property"),
        queries=iris("sparql"),
        order=float(text("order") or 0),
        group=first("group"),
    )


def _objects_by_property(quads: Iterable[Quad]) -> dict[str, dict[str, list[Term]]]:
    """Return the objects of each IRI, by property."""
    objects: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        if isinstance(quad.subject, NamedNode):
            objects[quad.subject.value][quad.predicate.value].append(quad.object)
    return dict(objects)


def _integer(terms: Iterable[Term]) -> int | None:
    return next((int(term.value) for term in terms if isinstance(term, Literal)), None)


@dataclass(frozen=True, slots=True)
class Usage:
    """How many statements instances of a class have, by property and by kind of value."""

    properties: Mapping[tuple[str, str], int] = field(
        default_factory=dict
    )  # (class, property) to statements
    values: Mapping[tuple[str, str], Mapping[str, int]] = field(
        default_factory=dict
    )  # to class or datatype to statements
    datatypes: frozenset[str] = frozenset()  # which of them are datatypes


def read_usage(quads: Iterable[Quad]) -> Usage:
    """Return the uses of properties in classes from VoID: see ``statistics.describe_classes``."""
    objects = _objects_by_property(quads)

    def iris(subject: str, predicate: str) -> tuple[str, ...]:
        return iris_in(objects.get(subject, {}).get(predicate, ()))

    def first(subject: str, predicate: str) -> str:
        return next(iter(iris(subject, predicate)), "")

    def number(partition: str) -> int:
        return _integer(objects.get(partition, {}).get(f"{VOID}triples", ())) or 0

    def inside(partition: str, vocabulary: str, name: str) -> dict[str, int]:
        """Return the triples by class or datatype of the object."""
        parts = iris(partition, f"{vocabulary}{name}Partition")
        return {first(part, f"{vocabulary}{name}"): number(part) for part in parts}

    properties: dict[tuple[str, str], int] = {}
    values: dict[tuple[str, str], dict[str, int]] = {}
    datatypes: set[str] = set()
    for subject in objects:
        for class_iri in iris(subject, f"{VOID}class"):
            for part in iris(subject, f"{VOID}propertyPartition"):
                key = (class_iri, first(part, f"{VOID}property"))
                by_datatype = inside(part, VOID_EXT, "datatype")
                properties[key] = number(part)
                values[key] = {**inside(part, VOID, "class"), **by_datatype}
                datatypes |= by_datatype.keys()
    return Usage(properties, values, frozenset(datatypes))


@dataclass(frozen=True, slots=True)
class Relation:
    """A property of the instances of a class: kinds of its values, cardinality, uses."""

    owner: str  # the class, or the class above it, for which it is stated
    property: str
    kinds: tuple[str, ...]  # classes or datatypes of the values; empty if nothing states them
    cardinality: str
    number: int  # of statements of instances of the class
    literal: bool  # whether its values are literals


@dataclass(frozen=True)
class Vocabulary:
    """An ontology with its shapes and statistics."""

    quads: tuple[Quad, ...]  # of the ontology
    shapes: Mapping[str, Shape]
    usage: Usage
    prefix: str  # what the IRIs of the ontology's own terms begin with

    @cached_property
    def _objects(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The objects that are IRIs, by subject and property."""
        objects = {}
        for iri, properties in _objects_by_property(self.quads).items():
            objects[iri] = {name: iris_in(terms) for name, terms in properties.items()}
        return objects

    def stated(self, iri: str, *predicates: str) -> tuple[str, ...]:
        """Return the IRIs that the ontology states of a term by any of the predicates."""
        properties = self._objects.get(iri, {})
        values = (value for name in predicates for value in properties.get(name, ()))
        return tuple(dict.fromkeys(values))

    def _of_type(self, types: set[str]) -> tuple[str, ...]:
        return tuple(
            iri
            for iri in sorted(self._objects)
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
        """Return the direct superclasses of a class, those of other vocabularies included."""
        return self.stated(iri, f"{RDFS}subClassOf")

    def children(self, iri: str) -> tuple[str, ...]:
        """Return the ontology's own direct subclasses of a class."""
        return tuple(name for name in self.classes if iri in self.parents(name))

    def inverses(self, iri: str) -> tuple[str, ...]:
        """Return the inverse properties, whichever of the two states it."""
        inverse = f"{OWL}inverseOf"
        return tuple(dict.fromkeys((*self.stated(iri, inverse), *self._stating(inverse, iri))))

    def narrower(self, iri: str) -> tuple[str, ...]:
        """Return the direct subproperties of a property."""
        return self._stating(f"{RDFS}subPropertyOf", iri)

    @cached_property
    def _subjects(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The subjects by property and object."""
        subjects: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name in sorted(self._objects):
            for predicate, values in self._objects[name].items():
                for value in values:
                    subjects[predicate, value].append(name)
        return {key: tuple(names) for key, names in subjects.items()}

    def _stating(self, predicate: str, value: str) -> tuple[str, ...]:
        return self._subjects.get((predicate, value), ())

    def lineage(self, iri: str) -> tuple[str, ...]:
        """Return a class and all its superclasses, nearest first."""
        classes: list[str] = []
        pending = [iri]
        while pending:
            class_iri = pending.pop(0)
            if class_iri not in classes:
                classes.append(class_iri)
                pending += self.parents(class_iri)
        return tuple(classes)

    def is_datatype(self, iri: str) -> bool:
        """Return whether an IRI is that of a datatype."""
        return iri.startswith(XSD) or iri == f"{RDF}langString" or iri in self._datatypes

    @cached_property
    def _rules(self) -> Mapping[str, Mapping[str, Shape]]:
        """The constraints of all shapes together, by class and path."""
        rules: dict[str, dict[str, Shape]] = defaultdict(dict)
        for shape in self.shapes.values():
            parts = [self.shapes[iri] for iri in shape.parts if iri in self.shapes]
            for target in (iri for kind, iri in shape.targets if kind == "class"):
                for part in parts:
                    if part.path:
                        unrestricted = Shape(part.iri, part.path)
                        rule = rules[target].get(part.path, unrestricted)
                        restriction = unrestricted if part.qualified else part
                        rules[target][part.path] = rule.narrowed(restriction)
        return rules

    @cached_property
    def _domains(self) -> Mapping[str, tuple[str, ...]]:
        """The properties by class of their domain."""
        properties: dict[str, list[str]] = defaultdict(list)
        for iri in self.properties:
            for class_iri in self.domain(iri):
                properties[class_iri].append(iri)
        return {class_iri: tuple(iris) for class_iri, iris in properties.items()}

    @cached_property
    def _relations(self) -> dict[str, tuple[Relation, ...]]:
        return {}

    def relations(self, iri: str) -> tuple[Relation, ...]:
        """Return the properties of a class and its superclasses, by the ontology or the shapes."""
        if iri not in self._relations:
            self._relations[iri] = self._related(iri)
        return self._relations[iri]

    def _related(self, iri: str) -> tuple[Relation, ...]:
        owned_rules: dict[str, tuple[str, Shape]] = {}
        for owner in self.lineage(iri):
            if owner != iri and owner not in self.classes:
                continue
            rules = self._rules.get(owner, {})
            for name in (*self._domains.get(owner, ()), *rules):
                if name != f"{RDF}type":
                    rule = rules.get(name, Shape("", name))
                    nearer = owned_rules.get(name)
                    # The highest class that states a property is its owner.
                    owned_rules[name] = (owner, nearer[1].narrowed(rule) if nearer else rule)
        return tuple(self._relation(iri, *owned_rules[name]) for name in sorted(owned_rules))

    def _relation(self, iri: str, owner: str, rule: Shape) -> Relation:
        key = (iri, rule.path)
        kinds = self._kinds(rule, self.usage.values.get(key, {}))
        literal = all(map(self.is_datatype, kinds)) if kinds else f"{SHACL}Literal" in rule.kinds
        number = self.usage.properties.get(key, 0)
        return Relation(owner, rule.path, kinds, rule.cardinality, number, literal)

    def _kinds(self, rule: Shape, counted: Iterable[str]) -> tuple[str, ...]:
        """Return the kinds of values: by the ontology, else by the shapes, else as ``counted``."""
        stated = self.range(rule.path) or tuple(
            kind for kind in rule.kinds if kind not in _NODE_KINDS and kind not in self.shapes
        )
        if any(map(self._is_own, stated)):
            return stated
        return self._broadest(filter(self._is_own, counted)) or stated

    def _is_own(self, kind: str) -> bool:
        """Return whether a kind is a class of the ontology or a datatype."""
        return kind in self.classes or self.is_datatype(kind)

    def _broadest(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """Return the classes that have no other of them as superclass."""
        classes = sorted(kinds)
        return tuple(
            iri for iri in classes if not {*self.lineage(iri)}.intersection({*classes} - {iri})
        )

    def incoming(self, iri: str) -> tuple[Relation, ...]:
        """Return the relations whose values are instances of a class; the owner is their class."""
        targets = {*self.lineage(iri)} & {*self.classes}
        incoming = []
        for owner, relation in self._own_relations:
            if not relation.literal and targets & {*relation.kinds}:
                number = self._uses(owner, relation, iri)
                incoming.append(replace(relation, kinds=(iri,), number=number))
        return tuple(incoming)

    @cached_property
    def _own_relations(self) -> tuple[tuple[str, Relation], ...]:
        """Each class of the ontology with each relation that it owns."""
        owned: list[tuple[str, Relation]] = []
        for owner in self.classes:
            relations = self.relations(owner)
            owned += [(owner, relation) for relation in relations if relation.owner == owner]
        return tuple(owned)

    def _uses(self, owner: str, relation: Relation, kind: str) -> int:
        return self.usage.values.get((owner, relation.property), {}).get(kind, 0)

    def links(self) -> tuple[tuple[str, str, str, int], ...]:
        """Return each (class, property, class, statements) that relates the ontology's classes.

        Left out are properties with values of more than _MAX_CLASSES classes, such as those of
        claims, and properties of other vocabularies that several classes have with the same class
        of values, such as sources and geometries.
        """
        links = []
        for owner, relation in self._own_relations:
            if len(relation.kinds) <= _MAX_CLASSES:
                for kind in relation.kinds:
                    if kind in self.classes:
                        number = self._uses(owner, relation, kind)
                        links.append((owner, relation.property, kind, number))
        owners = Counter((iri, kind) for _, iri, kind, _ in links)
        return tuple(
            link for link in links if link[1].startswith(self.prefix) or owners[link[1:3]] == 1
        )
