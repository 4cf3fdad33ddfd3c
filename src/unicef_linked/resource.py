"""What the graph says about one IRI, arranged for reading: label, types, statements, links both ways. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from unicef_linked.iris import RDF, RDFS, SCHEMA, SKOS, XSD, Names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LABEL_PROPERTIES: Final = (
    f"{SKOS}prefLabel",
    f"{RDFS}label",
    "http://purl.org/dc/terms/title",
    "http://xmlns.com/foaf/0.1/name",
    f"{SCHEMA}name",
    "https://schema.org/name",
)
"""Where a name for people is looked for, best first."""

Labels = dict[str, dict[str, str]]
"""IRI to language to text."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words and the language they are in; "" where nothing says it."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An IRI with its name, and where a page should lead: on this host where we describe it."""

    iri: str
    label: Text
    href: str
    external: bool


@dataclass(frozen=True, slots=True)
class Value:
    """One object of a statement: a link, or a literal with its datatype's short name."""

    link: Link | None = None
    text: Text | None = None
    datatype: str = ""
    graphs: tuple[Link, ...] = ()  # the named graphs that state it


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its values, or with the subjects that have the resource as its value."""

    link: Link
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """One IRI as a page shows it."""

    iri: str
    label: Text
    other_labels: tuple[Text, ...]
    types: tuple[Link, ...]
    properties: tuple[Property, ...]
    incoming: tuple[Property, ...]


class Reader:
    """Arranges quads for one language; ``labels`` are those of every IRI that will be shown."""

    def __init__(
        self, names: Names, labels: Mapping[str, Mapping[str, str]], language: str, locate: Callable[[str], str | None]
    ):
        self._names, self._labels, self._language, self._locate = names, labels, language, locate

    def with_labels(self, labels: Mapping[str, Mapping[str, str]]) -> Reader:
        """Return a reader that knows these names too."""
        return Reader(self._names, {**self._labels, **labels}, self._language, self._locate)

    def label(self, iri: str) -> Text:
        """Return the name in the reader's language, else in English, else any; else the end of the IRI."""
        texts = self._labels.get(iri, {})
        for language in (self._language, "en", "", *sorted(texts)):
            if language in texts:
                return Text(texts[language], language)
        return Text(self._names.shorten(iri))

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
            datatype = (
                ""
                if term.language or term.datatype.value == f"{XSD}string"
                else self._names.shorten(term.datatype.value)
            )
            return Value(text=Text(term.value, term.language or ""), datatype=datatype, graphs=sources)
        return Value(text=Text(f"_:{term.value}" if isinstance(term, BlankNode) else str(term)), graphs=sources)

    def resource(self, iri: str, quads: Iterable[Quad]) -> Resource:
        """Return everything that the quads say of ``iri``."""
        outgoing: dict[str, dict[object, set[str]]] = {}
        incoming: dict[str, dict[object, set[str]]] = {}
        for quad in quads:
            graph = {quad.graph_name.value} if isinstance(quad.graph_name, NamedNode) else set()
            if isinstance(quad.subject, NamedNode) and quad.subject.value == iri:
                outgoing.setdefault(quad.predicate.value, {}).setdefault(quad.object, set()).update(graph)
            elif isinstance(quad.object, NamedNode) and quad.object.value == iri:
                incoming.setdefault(quad.predicate.value, {}).setdefault(quad.subject, set()).update(graph)
        types = outgoing.pop(f"{RDF}type", {})
        label = self.label(iri)
        others = tuple(
            Text(text, language)
            for language, text in sorted(self._labels.get(iri, {}).items())
            if language != label.language
        )
        return Resource(
            iri,
            label,
            others,
            tuple(sorted((self.link(t.value) for t in types if isinstance(t, NamedNode)), key=self._ours_first)),
            self._properties(outgoing),
            self._properties(incoming),
        )

    def _ours_first(self, link: Link) -> tuple[bool, str]:
        return (not link.iri.startswith(self._names.base), link.label.text)

    def _properties(self, statements: Mapping[str, Mapping[object, set[str]]]) -> tuple[Property, ...]:
        properties = (
            Property(self.link(predicate), tuple(sorted((self.value(t, g) for t, g in terms.items()), key=self._order)))
            for predicate, terms in statements.items()
        )
        return tuple(sorted(properties, key=lambda p: (self._rank(p.link.iri), p.link.label.text)))

    def _rank(self, iri: str) -> int:
        """Return 0 for names, 1 for the dataset's own terms, 2 for those of other vocabularies."""
        return 0 if iri in LABEL_PROPERTIES else 1 if iri.startswith(self._names.ontology) else 2

    def _order(self, value: Value) -> tuple[bool, str, str]:
        text = value.text or (value.link.label if value.link else Text(""))
        return (text.language not in {"", self._language}, text.text.casefold(), text.language)
