"""What the query editor offers: example queries by topic, and the terms that it completes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import collation
from unicef_linked.rdf.iris import SHACL
from unicef_linked.store.query import form_of

if TYPE_CHECKING:
    from unicef_linked.dataset.labels import Resource, Text
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import EntityPage
    from unicef_linked.rdf.iris import Names

MAX_TERMS: Final = 1000
"""Most classes, and most properties, that the editor completes: those used most."""

_EXAMPLES: Final = """
# The example queries, each with the named graph that holds it. Rules and constraints are none.
PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?graph ?example ?text {
  VALUES ?kind {
    sh:SPARQLExecutable sh:SPARQLSelectExecutable sh:SPARQLAskExecutable
    sh:SPARQLConstructExecutable
  }
  ?example a ?kind ; sh:select|sh:ask|sh:construct ?text
  OPTIONAL { GRAPH ?graph { ?example sh:select|sh:ask|sh:construct ?text } }
}
ORDER BY STR(?graph) STR(?example)
"""

_IN_LANGUAGE: Final = re.compile(r'\bLANG\(\?(\w+)\) = "([a-z-]+)"')

_QUERIES: Final = ("select", "ask", "construct")
"""Properties of SHACL that hold queries, the preferred one first."""

Term = tuple[str, str, str, int]
"""IRI, label ("" if it has none), language of the label, number of uses."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question in the language of the page, with the query that answers it."""

    title: Text
    query: str
    address: str = ""  # of its answer, for programs; "" if it is no example of its own

    @property
    def href(self) -> str:
        """The address at which the editor opens with the query."""
        return addresses.query(self.query)


def read_examples(context: PageContext) -> list[tuple[Text, list[Example]]]:
    """Return the examples (``sh:SPARQLExecutable``) by topic.

    A topic is a named graph; its name is the part of the graph's label after the colon.
    """
    rows = context.store.select(_EXAMPLES)
    terms = chain.from_iterable(row.values() for row in rows)
    iris = {term.value for term in terms if isinstance(term, NamedNode)}
    reader = context.reader([], *iris)
    examples_by_graph: dict[str, list[Example]] = {}
    for row in rows:
        graph, iri, text = row.get("graph"), row["example"], row["text"]
        if isinstance(iri, NamedNode) and isinstance(text, Literal):
            query = re.sub(r"\n[ \t]*\n+", "\n\n", text.value).strip() + "\n"
            example = Example(
                reader.label(iri.value),
                localize_query(query, context.language),
                _address(context.names, iri.value, query),
            )
            graph_name = graph.value if isinstance(graph, NamedNode) else ""
            examples_by_graph.setdefault(graph_name, []).append(example)
    topics = []
    for graph_name, examples in examples_by_graph.items():
        label = reader.label(graph_name)
        topic = replace(label, text=label.text.rpartition(":")[2].strip())
        examples.sort(key=lambda example: collation(example.title.text))
        topics.append((topic, examples))
    return topics


def _address(names: Names, iri: str, query: str) -> str:
    """Return the stable address of the answer to an example query; a picture has none."""
    pair = names.type_and_key(iri)
    if not pair or pair[0] != "question":
        return ""
    suffix = {"SELECT": "csv", "ASK": "json"}.get(form_of(query) or "", "ttl")
    return addresses.named_query(pair[1], suffix)


def localize_query(query: str, language: str) -> str:
    """Return a query with the language of its labels replaced, if it asks for one language only.

    By convention of ``data/questions/``, variables of labels for the reader end in ``Label``. A
    query that compares languages stays as it is.

    >>> localize_query('FILTER (LANG(?officeLabel) = "en")', "fr")
    'FILTER (LANG(?officeLabel) = "fr")'
    >>> localize_query('FILTER (LANG(?englishName) = "en")', "fr")
    'FILTER (LANG(?englishName) = "en")'
    >>> localize_query('FILTER (LANG(?aLabel) = "en" && LANG(?bLabel) = "ar")', "fr")
    'FILTER (LANG(?aLabel) = "en" && LANG(?bLabel) = "ar")'
    """
    filters = _IN_LANGUAGE.findall(query)
    are_labels = all(variable.endswith("Label") for variable, _ in filters)
    if not are_labels or len({tag for _, tag in filters}) != 1:
        return query
    return _IN_LANGUAGE.sub(rf'LANG(?\1) = "{language}"', query)


def shortest_examples(topics: list[tuple[Text, list[Example]]]) -> list[Example]:
    """Return the example with the shortest title of each topic."""
    return [min(examples, key=lambda example: len(example.title.text)) for _, examples in topics]


@dataclass(frozen=True, slots=True)
class OfferedQuery:
    """The query that the page about a thing offers to open in the editor."""

    text: str
    address: str  # of its answer, for programs; "" if it has none
    sections: frozenset[str]  # keys of the page's sections that begin with it


def offer_query(names: Names, resource: Resource, page: EntityPage) -> OfferedQuery:
    """Return the query that a thing has by SHACL-SPARQL, else one that describes the thing."""
    values = [value for name in _QUERIES for value in resource.values(f"{SHACL}{name}")]
    if not values or values[0].text is None:
        return OfferedQuery(f"DESCRIBE <{resource.iri}>", "", frozenset())
    query = values[0].text
    sections = set()
    for section in page.sections:
        literals = section.rows[0].literals
        if literals and literals[0].value.text == query:
            sections.add(section.key)
    address = _address(names, resource.iri, query.text)
    return OfferedQuery(query.text, address, frozenset(sections))


def editor_terms(context: PageContext) -> dict[str, list[Term]]:
    """Return the classes and properties in use ("classes", "properties"), the most used first."""
    used = {}
    for kind, partition in (("classes", "class"), ("properties", "property")):
        counts = context.dataset.partitions[partition]
        used[kind] = sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:MAX_TERMS]
    reader = context.reader([], *(iri for counts in used.values() for iri, _ in counts))
    terms: dict[str, list[Term]] = {kind: [] for kind in used}
    for kind, counts in used.items():
        for iri, uses in counts:
            label = reader.label(iri)
            if label.text == context.names.shorten(iri):  # it has no label
                terms[kind].append((iri, "", "", uses))
            else:
                terms[kind].append((iri, label.text, label.language, uses))
    return terms
