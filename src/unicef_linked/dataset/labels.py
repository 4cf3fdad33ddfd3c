"""One IRI arranged for a page: label, types, statements, links in both directions. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from unicef_linked.rdf.iris import OWL, RDF, XSD, Names, local_name
from unicef_linked.rdf.labels import LABEL_PROPERTIES, LITERAL_FORM
from unicef_linked.rdf.languages import choose_tag, matching_tag
from unicef_linked.rdf.terms import iris_in
from unicef_linked.rdf.vocabularies import labels_of_term

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from unicef_linked.rdf.terms import Term

    _Graphs = defaultdict[str, defaultdict[Term, set[str]]]


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its language tag; "" if it has none."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An IRI with its label and the address of its page: on this host if it is described here."""

    iri: str
    label: Text
    href: str
    external: bool


@dataclass(frozen=True, slots=True)
class Value:
    """One object of a statement: a link, or a literal; ``datatype`` is None for plain text.

    A blank node is what is stated of it: its members if it is a list, the parts of a phrase if it
    is a restriction of OWL, else its properties. A triple term is a phrase. ``annotations`` say
    something of the statement that has it as object, or as subject (RDF 1.2, rdf:reifies).
    """

    link: Link | None = None
    text: Text | None = None
    datatype: Link | None = None
    graphs: tuple[Link, ...] = ()  # the named graphs that state it
    members: tuple[Value, ...] | None = None
    phrase: tuple[Value, ...] = ()
    properties: tuple[Property, ...] = ()
    annotations: tuple[Value, ...] = ()

    @property
    def plain_text(self) -> str:
        """Everything that it shows, as text."""
        if self.text:
            return self.text.text
        if self.link:
            return self.link.label.text
        inside = [*(self.members or ()), *self.phrase]
        for shown in self.properties:
            inside += shown.values
        return " ".join(value.plain_text for value in inside)


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its values, or with the subjects that have the resource as its value."""

    link: Link
    values: tuple[Value, ...]
    restates: bool = False  # derived by a rule, in a term of another vocabulary


@dataclass(frozen=True, slots=True)
class Resource:
    """One IRI as a page shows it."""

    iri: str
    label: Text
    other_labels: tuple[Text, ...]
    types: tuple[Link, ...]
    properties: tuple[Property, ...]  # without the labels above
    incoming: tuple[Property, ...]

    @property
    def graphs(self) -> tuple[Link, ...]:
        """The named graphs that state any of it, each once, in the order of the values."""
        graphs: dict[Link, None] = {}
        for shown in (*self.properties, *self.incoming):
            for value in shown.values:
                graphs.update(dict.fromkeys(value.graphs))
        return tuple(graphs)

    def values(self, iri: str) -> tuple[Value, ...]:
        """Return the values of one property."""
        return next((shown.values for shown in self.properties if shown.link.iri == iri), ())

    def text(self, iri: str) -> str:
        """Return the first text of one property; "" if it has none."""
        return next((value.text.text for value in self.values(iri) if value.text), "")


class LabelResolver:
    """Resolves IRIs to labels for one reader; ``labels`` has those of every IRI to show.

    ``language`` is that of the page, ``preferred`` are ranges that the reader likes better.
    """

    def __init__(
        self,
        names: Names,
        labels: Mapping[str, Mapping[str, str]],
        language: str,
        locate: Callable[[str], str | None] = lambda _: None,
        preferred: Sequence[str] = (),
    ):
        self._names, self._labels, self._language, self._locate = names, labels, language, locate
        self._preferred = tuple(preferred)
        self._content_language = self._preferred[0] if self._preferred else language
        self._links: dict[str, Link] = {}

    def with_labels(self, labels: Mapping[str, Mapping[str, str]]) -> LabelResolver:
        """Return a resolver that has these labels too."""
        both = {**self._labels, **labels}
        return LabelResolver(self._names, both, self._language, self._locate, self._preferred)

    def label(self, iri: str) -> Text:
        """Return the label that ``choose`` chooses, else the shortened IRI.

        A term of a well-known vocabulary that the data gives no label has that of its vocabulary.
        A thing with a page here whose IRI no prefix shortens is called by the end of its IRI.
        """
        labels = self._labels.get(iri) or labels_of_term(iri)
        label = self.choose(labels) or Text(self._names.shorten(iri))
        if label.text == iri and self._locate(iri) is not None:
            return Text(local_name(iri))
        return label

    def choose(self, texts: Mapping[str, str]) -> Text | None:
        """Return the text that the reader prefers, else in English, else any; None if none."""
        tag = choose_tag([*self._preferred, self._language], texts)
        return None if tag is None else Text(texts[tag], tag)

    def link(self, iri: str) -> Link:
        """Return the IRI as a link."""
        link = self._links.get(iri)
        if link is None:
            href = self._locate(iri)
            link = Link(iri, self.label(iri), href or iri, external=href is None)
            self._links[iri] = link
        return link

    def term(self, iri: str) -> Link:
        """Return a class or property as a link; without label and prefix by the end of its IRI."""
        link = self.link(iri)
        return replace(link, label=Text(local_name(iri))) if link.label.text == iri else link

    def value(self, term: object, graphs: Iterable[str] = ()) -> Value:
        """Return an object of a statement for showing."""
        sources = tuple(self.link(graph) for graph in sorted(graphs))
        if isinstance(term, NamedNode):
            return Value(link=self.link(term.value), graphs=sources)
        if isinstance(term, Literal):
            plain = term.language or term.datatype.value == f"{XSD}string"
            datatype = None if plain else self.link(term.datatype.value)
            text = Text(term.value, term.language or "")
            return Value(text=text, datatype=datatype, graphs=sources)
        if isinstance(term, Triple):
            parts = [self.value(part) for part in (term.subject, term.predicate, term.object)]
            return Value(phrase=(_word("<<("), *parts, _word(")>>")), graphs=sources)
        text = Text(f"_:{term.value}" if isinstance(term, BlankNode) else str(term))
        return Value(text=text, graphs=sources)

    def nested(self, quads: Iterable[Quad]) -> Nested:
        """Return ``value``, but for blank nodes with what the quads say of them."""
        return Nested(self, quads, self._names.skolems)

    def resource(self, iri: str, quads: Collection[Quad]) -> Resource:
        """Return all that the quads say of ``iri``, blank nodes with what is said of them."""
        node = NamedNode(iri)
        outgoing: _Graphs = defaultdict(lambda: defaultdict(set))
        incoming: _Graphs = defaultdict(lambda: defaultdict(set))
        nested = Nested(self, quads, self._names.skolems)
        for quad in quads:
            if quad.subject == node:
                graphs = outgoing[quad.predicate.value][quad.object]
            elif quad.object == node:
                subject, predicate = nested.outside_lists(quad)
                graphs = incoming[predicate][subject]
            else:
                continue
            if isinstance(quad.graph_name, NamedNode):
                graphs.add(quad.graph_name.value)
        types = [self.term(type_iri) for type_iri in iris_in(outgoing.get(f"{RDF}type", {}))]
        label = self.label(iri)
        others = [
            Text(text, language)
            for language, text in sorted(self._labels.get(iri, {}).items())
            if language != label.language
        ]
        self._drop_shown(outgoing, {label, *others}, nested.annotated(node))
        return Resource(
            iri,
            label,
            tuple(others),
            tuple(sorted(types, key=self._ours_first)),
            self._properties(outgoing, partial(nested.object_of, node)),
            self._properties(incoming, partial(nested.subject_of, node)),
        )

    def _drop_shown(
        self, outgoing: _Graphs, labels: Collection[Text], annotated: Collection[str]
    ) -> None:
        """Remove the properties that a page shows above its list, but for annotated ones."""
        for name in {*LABEL_PROPERTIES, f"{RDF}type"} & outgoing.keys() - annotated:
            is_type = name == f"{RDF}type"
            if is_type or all(_text_of(term) in labels for term in outgoing[name]):
                del outgoing[name]

    def _ours_first(self, link: Link) -> tuple[bool, str, str]:
        return (not link.iri.startswith(self._names.base), link.label.text, link.iri)

    def _properties(
        self,
        statements: Mapping[str, Mapping[Term, set[str]]],
        value_of: Callable[[str, Term, Iterable[str]], Value],
    ) -> tuple[Property, ...]:
        properties = []
        for predicate, terms in statements.items():
            values = [value_of(predicate, term, graphs) for term, graphs in terms.items()]
            is_own = predicate.startswith(f"{self._names.ontology}#")
            restates = not is_own and all(map(self._derived, terms.values()))
            ordered = tuple(sorted(values, key=self.order))
            properties.append(Property(self.term(predicate), ordered, restates))
        return tuple(sorted(properties, key=lambda shown: self._property_order(shown.link)))

    def _property_order(self, link: Link) -> tuple[int, str, str]:
        return (self._rank(link.iri), link.label.text, link.iri)

    def _derived(self, graphs: set[str]) -> bool:
        """Return whether only rules state it: their graphs are under ``derived/``."""
        return bool(graphs) and all(
            graph.startswith(self._names.graph("derived/")) for graph in graphs
        )

    def _rank(self, iri: str) -> int:
        """Return 0 for names, 1 for the dataset's own terms, 2 for those of other vocabularies."""
        return 0 if iri in LABEL_PROPERTIES else 1 if iri.startswith(self._names.ontology) else 2

    def order(self, value: Value) -> tuple[bool, str, str, str]:
        """Return a sort key of values: the language first, then by label. No two are equal."""
        text = value.text or (value.link.label if value.link else Text(value.plain_text))
        link = value.link or value.datatype
        return (
            bool(text.language) and not matching_tag(self._content_language, [text.language]),
            collation(text.text),
            text.language,
            link.iri if link else "",
        )


_DEPTH: Final = 12
"""Most blank nodes within each other that a page shows."""

_LONGEST: Final = 1000
"""Most members of a list that a page shows."""

_REIFIES: Final = f"{RDF}reifies"

_OF_LISTS: Final = frozenset({f"{RDF}first", f"{RDF}rest"})
"""The properties that lists are made of."""

_FILLERS: Final = {
    f"{OWL}someValuesFrom": "some",
    f"{OWL}allValuesFrom": "only",
    f"{OWL}hasValue": "value",
    f"{OWL}hasSelf": "Self",
    f"{OWL}minCardinality": "min",
    f"{OWL}maxCardinality": "max",
    f"{OWL}cardinality": "exactly",
    f"{OWL}minQualifiedCardinality": "min",
    f"{OWL}maxQualifiedCardinality": "max",
    f"{OWL}qualifiedCardinality": "exactly",
}
"""What a restriction of OWL says of its property, and the word for it (OWL 2 Manchester Syntax)."""

_COMBINED: Final = {
    f"{OWL}unionOf": "or",
    f"{OWL}intersectionOf": "and",
    f"{OWL}complementOf": "not",
}
"""How a class is made of others, and the word for it."""


class Nested:
    """Values with what is stated of them: blank nodes, and statements that are annotated."""

    def __init__(self, resolver: LabelResolver, quads: Iterable[Quad], skolems: str) -> None:
        self._resolver, self._skolems = resolver, skolems
        self._by_subject: dict[Term, list[Triple]] = {}
        self._above: dict[Term, Quad] = {}  # the statement that leads to a blank node
        self._reifiers: dict[tuple[Term, str, Term], list[Term]] = {}
        triples: set[Triple] = set()
        for quad in quads:
            if self._is_blank(quad.object):
                self._above[quad.object] = quad
            if quad.triple in triples:
                continue  # several graphs may state it
            triples.add(quad.triple)
            self._by_subject.setdefault(quad.subject, []).append(quad.triple)
            if quad.predicate.value == _REIFIES and isinstance(quad.object, Triple):
                subject, predicate, value = quad.object
                statement = (subject, predicate.value, value)
                self._reifiers.setdefault(statement, []).append(quad.subject)

    def _is_blank(self, term: Term) -> bool:
        is_skolem = isinstance(term, NamedNode) and term.value.startswith(self._skolems)
        return is_skolem or isinstance(term, BlankNode)

    def outside_lists(self, quad: Quad) -> tuple[Term, str]:
        """Return subject and predicate of a statement; of a member of a list, those of the list."""
        visited: set[Term] = set()
        while quad.predicate.value in _OF_LISTS and quad.subject in self._above:
            if quad.subject in visited:
                break
            visited.add(quad.subject)
            quad = self._above[quad.subject]
        return quad.subject, quad.predicate.value

    def owner(self, term: Term, graphs: Iterable[str] = ()) -> Value:
        """Return a subject for showing: of a blank node, the thing that it belongs to too."""
        highest, visited = term, {term}
        while self._is_blank(highest) and highest in self._above:
            above = self._above[highest].subject
            if above in visited or not self._is_blank(above):
                break
            visited.add(above)
            highest = above
        value = self.value(highest, graphs)
        owner = self._above.get(highest) if self._is_blank(highest) else None
        if owner is None or self._is_blank(owner.subject):
            return value
        return Value(phrase=(self._resolver.value(owner.subject), value), graphs=value.graphs)

    def value(self, term: Term, graphs: Iterable[str] = (), within: tuple[Term, ...] = ()) -> Value:
        """Return a term for showing; ``within`` are the blank nodes that it is nested in."""
        plain = self._resolver.value(term, graphs)
        statements = self._by_subject.get(term, [])
        is_list = term == NamedNode(f"{RDF}nil")
        if is_list:
            return replace(plain, link=None, members=())
        is_end = term in within or len(within) > _DEPTH
        if not statements or is_end or not self._is_blank(term):
            return plain
        shown = replace(plain, link=None, text=None)
        within = (*within, term)
        by_property = self._objects_of(term)
        if f"{RDF}first" in by_property:
            return replace(shown, members=self._members(term, within))
        forms = by_property.get(LITERAL_FORM, {})
        if len(forms) == 1:
            return replace(self._resolver.value(next(iter(forms))), graphs=plain.graphs)
        phrase = self._phrase(by_property, within)
        if phrase:
            return replace(shown, phrase=phrase)
        return replace(shown, properties=self._properties(term, by_property, within))

    def _objects_of(self, subject: Term) -> dict[str, dict[Term, None]]:
        """Return the objects that a subject has, by property."""
        by_property: dict[str, dict[Term, None]] = {}
        for statement in self._by_subject[subject]:
            by_property.setdefault(statement.predicate.value, {})[statement.object] = None
        return by_property

    def _properties(
        self,
        subject: Term,
        by_property: Mapping[str, Iterable[Term]],
        within: tuple[Term, ...],
    ) -> tuple[Property, ...]:
        properties = []
        for iri, terms in by_property.items():
            values = [self.object_of(subject, iri, each, (), within) for each in terms]
            ordered = tuple(sorted(values, key=self._resolver.order))
            properties.append(Property(self._resolver.term(iri), ordered))
        properties.sort(key=lambda each: (each.link.label.text, each.link.iri))
        return tuple(properties)

    def object_of(
        self,
        subject: Term,
        predicate: str,
        term: Term,
        graphs: Iterable[str] = (),
        within: tuple[Term, ...] = (),
    ) -> Value:
        """Return the object of a statement for showing, with what is stated of the statement."""
        value = self.value(term, graphs, within)
        return self._annotated(value, (subject, predicate, term), within)

    def subject_of(
        self, term: Term, predicate: str, subject: Term, graphs: Iterable[str] = ()
    ) -> Value:
        """Return the subject of a statement for showing, with what is stated of the statement."""
        value = self.owner(subject, graphs)
        return self._annotated(value, (subject, predicate, term), ())

    def annotated(self, subject: Term) -> frozenset[str]:
        """Return the properties of a subject's statements that something is stated of."""
        return frozenset(predicate for node, predicate, _ in self._reifiers if node == subject)

    def _annotated(
        self, value: Value, statement: tuple[Term, str, Term], within: tuple[Term, ...]
    ) -> Value:
        annotations: list[Value] = []
        for reifier in self._reifiers.get(statement, ()):
            if reifier in within or len(within) > _DEPTH:
                continue
            stated = self._objects_of(reifier)
            del stated[_REIFIES]
            link = None if self._is_blank(reifier) else self._resolver.value(reifier).link
            properties = self._properties(reifier, stated, (*within, reifier))
            if link or properties:
                annotations.append(Value(link=link, properties=properties))
        annotations.sort(key=self._resolver.order)
        return replace(value, annotations=tuple(annotations)) if annotations else value

    def _members(self, term: Term, within: tuple[Term, ...]) -> tuple[Value, ...]:
        members: list[Value] = []
        visited: set[Term] = set()
        node: Term | None = term
        while node in self._by_subject and node not in visited and len(members) < _LONGEST:
            visited.add(node)
            following = None
            for statement in self._by_subject[node]:
                if statement.predicate.value == f"{RDF}first":
                    members.append(self.value(statement.object, (), within))
                elif statement.predicate.value == f"{RDF}rest":
                    following = statement.object
            node = following
        return tuple(members)

    def _phrase(
        self, by_property: Mapping[str, Mapping[Term, None]], within: tuple[Term, ...]
    ) -> tuple[Value, ...]:
        """Return a class expression of OWL in words; () if it is none."""
        single = {iri: next(iter(terms)) for iri, terms in by_property.items() if len(terms) == 1}
        if f"{OWL}onProperty" in single:
            return self._restriction(single, within)
        for iri, word in _COMBINED.items():
            if iri in single:
                value = self.value(single[iri], (), within)
                return _joined(value.members, word) if value.members else (_word(word), value)
        return ()

    def _restriction(
        self, single: Mapping[str, Term], within: tuple[Term, ...]
    ) -> tuple[Value, ...]:
        restricted = self.value(single[f"{OWL}onProperty"], (), within)
        for iri, word in _FILLERS.items():
            if iri in single:
                filler = self.value(single[iri], (), within)
                if iri.lower().endswith("cardinality"):  # its datatype is always the same
                    filler = replace(filler, datatype=None)
                phrase = [restricted, _word(word), filler]
                of = single.get(f"{OWL}onClass") or single.get(f"{OWL}onDataRange")
                return (*phrase, self.value(of, (), within)) if of is not None else tuple(phrase)
        return ()


def _word(text: str) -> Value:
    return Value(text=Text(text))


def _joined(values: Iterable[Value], word: str) -> tuple[Value, ...]:
    joined: list[Value] = []
    for value in values:
        joined += [value] if not joined else [_word(word), value]
    return tuple(joined)


def _text_of(term: Term) -> Text | None:
    return Text(term.value, term.language or "") if isinstance(term, Literal) else None


def collation(text: str) -> str:
    """Return a sort key of a text: without case and accents.

    >>> sorted(["Sikasso", "Ségou", "éducation", "Eau"], key=collation)
    ['Eau', 'éducation', 'Ségou', 'Sikasso']
    """
    return "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )
