"""What the graph says about one IRI, arranged for reading: label, types, statements, links both ways. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from unicef_linked.rdf.iris import RDF, XSD, Names
from unicef_linked.store.labels import LABEL_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


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
    restates: bool = False  # a rule said it, in terms that are not the dataset's own


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
        values = (value for found in (*self.properties, *self.incoming) for value in found.values)
        return tuple(dict.fromkeys(graph for value in values for graph in value.graphs))

    def values(self, iri: str) -> tuple[Value, ...]:
        """Return the values of one property."""
        return next((found.values for found in self.properties if found.link.iri == iri), ())


class LabelResolver:
    """Arranges quads for one language; ``labels`` are those of every IRI that will be shown."""

    def __init__(
        self,
        names: Names,
        labels: Mapping[str, Mapping[str, str]],
        language: str,
        locate: Callable[[str], str | None] = lambda _: None,
    ):
        self._names, self._labels, self._language, self._locate = names, labels, language, locate

    def with_labels(self, labels: Mapping[str, Mapping[str, str]]) -> LabelResolver:
        """Return a reader that knows these names too."""
        return LabelResolver(self._names, {**self._labels, **labels}, self._language, self._locate)

    def label(self, iri: str) -> Text:
        """Return the name in the reader's language, else in English, else any; else the end of the IRI."""
        return self.choose(self._labels.get(iri, {})) or Text(self._names.shorten(iri))

    def choose(self, texts: Mapping[str, str]) -> Text | None:
        """Return the text in the reader's language, else in English, else any; None where there is none."""
        for language in (self._language, "en", "", *sorted(texts)):
            if language in texts:
                return Text(texts[language], language)
        return None

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
            return Value(
                text=Text(term.value, term.language or ""), datatype=datatype, graphs=sources
            )
        return Value(
            text=Text(f"_:{term.value}" if isinstance(term, BlankNode) else str(term)),
            graphs=sources,
        )

    def resource(self, iri: str, quads: Iterable[Quad]) -> Resource:
        """Return everything that the quads say of ``iri``."""
        outgoing: dict[str, dict[object, set[str]]] = {}
        incoming: dict[str, dict[object, set[str]]] = {}
        for quad in quads:
            graph = {quad.graph_name.value} if isinstance(quad.graph_name, NamedNode) else set()
            if isinstance(quad.subject, NamedNode) and quad.subject.value == iri:
                outgoing.setdefault(quad.predicate.value, {}).setdefault(quad.object, set()).update(
                    graph
                )
            elif isinstance(quad.object, NamedNode) and quad.object.value == iri:
                incoming.setdefault(quad.predicate.value, {}).setdefault(
                    quad.subject, set()
                ).update(graph)
        types = outgoing.pop(f"{RDF}type", {})
        label = self.label(iri)
        others = tuple(
            Text(text, language)
            for language, text in sorted(self._labels.get(iri, {}).items())
            if language != label.language
        )
        shown = {(text.text, text.language) for text in (label, *others)}
        for name in set(LABEL_PROPERTIES) & outgoing.keys():
            if all(
                isinstance(term, Literal) and (term.value, term.language or "") in shown
                for term in outgoing[name]
            ):
                del outgoing[name]
        return Resource(
            iri,
            label,
            others,
            tuple(
                sorted(
                    (self.link(t.value) for t in types if isinstance(t, NamedNode)),
                    key=self._ours_first,
                )
            ),
            self._properties(outgoing),
            self._properties(incoming),
        )

    def _ours_first(self, link: Link) -> tuple[bool, str, str]:
        return (not link.iri.startswith(self._names.base), link.label.text, link.iri)

    def _properties(
        self, statements: Mapping[str, Mapping[object, set[str]]]
    ) -> tuple[Property, ...]:
        properties = (
            Property(
                self.link(predicate),
                tuple(sorted((self.value(t, g) for t, g in terms.items()), key=self.order)),
                restates=not predicate.startswith(f"{self._names.ontology}#")
                and all(map(self._derived, terms.values())),
            )
            for predicate, terms in statements.items()
        )
        return tuple(
            sorted(
                properties, key=lambda p: (self._rank(p.link.iri), p.link.label.text, p.link.iri)
            )
        )

    def _derived(self, graphs: set[str]) -> bool:
        """Tell whether rules alone state it: theirs are the graphs under ``derived/``."""
        return bool(graphs) and all(
            graph.startswith(self._names.graph("derived/")) for graph in graphs
        )

    def _rank(self, iri: str) -> int:
        """Return 0 for names, 1 for the dataset's own terms, 2 for those of other vocabularies."""
        return 0 if iri in LABEL_PROPERTIES else 1 if iri.startswith(self._names.ontology) else 2

    def order(self, value: Value) -> tuple[bool, str, str, str]:
        """Return a key that sorts values for reading: the reader's language first, then by name; no two are equal."""
        text = value.text or (value.link.label if value.link else Text(""))
        last = next((link.iri for link in (value.link, value.datatype) if link), "")
        return (
            text.language not in {"", self._language},
            collation(text.text),
            text.language,
            last,
        )


def collation(text: str) -> str:
    """Return a key that sorts words as people look them up: without case, without accents.

    >>> sorted(["Sikasso", "Ségou", "éducation", "Eau"], key=collation)
    ['Eau', 'éducation', 'Ségou', 'Sikasso']
    """
    return "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )
