"""One IRI arranged for a page: label, types, statements, links in both directions. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from unicef_linked.rdf.iris import RDF, XSD, Names
from unicef_linked.rdf.languages import choose_tag, matching_tag
from unicef_linked.rdf.terms import iris_in
from unicef_linked.store.labels import LABEL_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
    """One object of a statement: a link, or a literal; ``datatype`` is None for plain text."""

    link: Link | None = None
    text: Text | None = None
    datatype: Link | None = None
    graphs: tuple[Link, ...] = ()  # the named graphs that state it


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

    def with_labels(self, labels: Mapping[str, Mapping[str, str]]) -> LabelResolver:
        """Return a resolver that has these labels too."""
        both = {**self._labels, **labels}
        return LabelResolver(self._names, both, self._language, self._locate, self._preferred)

    def label(self, iri: str) -> Text:
        """Return the label that ``choose`` chooses, else the shortened IRI."""
        return self.choose(self._labels.get(iri, {})) or Text(self._names.shorten(iri))

    def choose(self, texts: Mapping[str, str]) -> Text | None:
        """Return the text that the reader prefers, else in English, else any; None if none."""
        tag = choose_tag([*self._preferred, self._language], texts)
        return None if tag is None else Text(texts[tag], tag)

    def link(self, iri: str) -> Link:
        """Return the IRI as a link."""
        href = self._locate(iri)
        return Link(iri, self.label(iri), href or iri, external=href is None)

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
        text = Text(f"_:{term.value}" if isinstance(term, BlankNode) else str(term))
        return Value(text=text, graphs=sources)

    def resource(self, iri: str, quads: Iterable[Quad]) -> Resource:
        """Return everything that the quads say of ``iri``."""
        node = NamedNode(iri)
        outgoing: _Graphs = defaultdict(lambda: defaultdict(set))
        incoming: _Graphs = defaultdict(lambda: defaultdict(set))
        for quad in quads:
            if quad.subject == node:
                graphs = outgoing[quad.predicate.value][quad.object]
            elif quad.object == node:
                graphs = incoming[quad.predicate.value][quad.subject]
            else:
                continue
            if isinstance(quad.graph_name, NamedNode):
                graphs.add(quad.graph_name.value)
        types = [self.link(type_iri) for type_iri in iris_in(outgoing.pop(f"{RDF}type", {}))]
        label = self.label(iri)
        others = [
            Text(text, language)
            for language, text in sorted(self._labels.get(iri, {}).items())
            if language != label.language
        ]
        shown = {label, *others}
        for name in set(LABEL_PROPERTIES) & outgoing.keys():
            if all(_text_of(term) in shown for term in outgoing[name]):
                del outgoing[name]
        return Resource(
            iri,
            label,
            tuple(others),
            tuple(sorted(types, key=self._ours_first)),
            self._properties(outgoing),
            self._properties(incoming),
        )

    def _ours_first(self, link: Link) -> tuple[bool, str, str]:
        return (not link.iri.startswith(self._names.base), link.label.text, link.iri)

    def _properties(
        self, statements: Mapping[str, Mapping[Term, set[str]]]
    ) -> tuple[Property, ...]:
        properties = []
        for predicate, terms in statements.items():
            values = [self.value(term, graphs) for term, graphs in terms.items()]
            is_own = predicate.startswith(f"{self._names.ontology}#")
            restates = not is_own and all(map(self._derived, terms.values()))
            ordered = tuple(sorted(values, key=self.order))
            properties.append(Property(self.link(predicate), ordered, restates))
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
        text = value.text or (value.link.label if value.link else Text(""))
        link = value.link or value.datatype
        return (
            bool(text.language) and not matching_tag(self._language, [text.language]),
            collation(text.text),
            text.language,
            link.iri if link else "",
        )


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
