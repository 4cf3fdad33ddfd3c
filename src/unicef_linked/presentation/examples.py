"""The example queries that the data publishes (``sh:SPARQLExecutable``), by topic."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.dataset.labels import collation

if TYPE_CHECKING:
    from unicef_linked.dataset.labels import Text
    from unicef_linked.presentation.context import PageContext

_EXAMPLES: Final = """
# The example queries, each with the named graph that holds it.
PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT ?graph ?example ?text {
  ?example sh:select|sh:ask|sh:construct ?text
  OPTIONAL { GRAPH ?graph { ?example sh:select|sh:ask|sh:construct ?text } }
}
ORDER BY STR(?graph) STR(?example)
"""

_IN_LANGUAGE: Final = re.compile(r'\bLANG\(\?(\w+)\) = "([a-z-]+)"')


@dataclass(frozen=True, slots=True)
class Example:
    """A question in the reader's words and the query that answers it."""

    title: Text
    query: str

    @property
    def href(self) -> str:
        """Where the editor opens with it."""
        return addresses.query(self.query)


def examples(context: PageContext) -> list[tuple[Text, list[Example]]]:
    """Return the examples by topic; a topic is a named graph, and called what its name says after the colon."""
    rows = context.store.select(_EXAMPLES)
    reader = context.reader(
        [], *{term.value for row in rows for term in row.values() if isinstance(term, NamedNode)}
    )
    groups: dict[str, list[Example]] = {}
    for row in rows:
        graph, example, text = row.get("graph"), row["example"], row["text"]
        if isinstance(example, NamedNode) and isinstance(text, Literal):
            query = re.sub(r"\n[ \t]*\n+", "\n\n", text.value).strip() + "\n"
            topic = graph.value if isinstance(graph, NamedNode) else ""
            groups.setdefault(topic, []).append(
                Example(reader.label(example.value), in_language(query, context.language))
            )
    return [
        (
            _topic(reader.label(graph_name)),
            sorted(found, key=lambda example: collation(example.title.text)),
        )
        for graph_name, found in groups.items()
    ]


def in_language(query: str, language: str) -> str:
    """Return a query that asks for labels in one language asking for the reader's; one that compares languages stays.

    By the questions' convention a variable that is there for the reader is called ``…Label``.

    >>> in_language('FILTER (LANG(?officeLabel) = "en")', "fr")
    'FILTER (LANG(?officeLabel) = "fr")'
    >>> in_language('FILTER (LANG(?englishName) = "en")', "fr")
    'FILTER (LANG(?englishName) = "en")'
    >>> in_language('FILTER (LANG(?aLabel) = "en" && LANG(?bLabel) = "ar")', "fr")
    'FILTER (LANG(?aLabel) = "en" && LANG(?bLabel) = "ar")'
    """
    found = _IN_LANGUAGE.findall(query)
    if len({tag for _, tag in found}) != 1 or not all(name.endswith("Label") for name, _ in found):
        return query
    return _IN_LANGUAGE.sub(rf'LANG(?\1) = "{language}"', query)


def briefest(topics: list[tuple[Text, list[Example]]]) -> list[Example]:
    """Return one example of each topic to begin with: the one asked in the fewest letters."""
    return [min(found, key=lambda example: len(example.title.text)) for _, found in topics]


def _topic(label: Text) -> Text:
    return replace(label, text=label.text.rpartition(":")[2].strip())
