"""What the query editor completes from: the classes and properties that the dataset uses, by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from unicef_linked.dataset.labels import Text
    from unicef_linked.presentation.context import PageContext

MOST: Final = 1000
"""Terms of each kind that a page carries; of a dataset with more, those used most."""

Term = tuple[str, str, str, int]
"""IRI, label ("" where there is none), the label's language, uses."""


def vocabulary(context: PageContext) -> dict[str, list[Term]]:
    """Return the terms in use, "classes" and "properties" each with what is used most first, labels for the reader."""
    found = {
        kind: sorted(context.dataset.partitions[part], key=lambda pair: (-pair[1], pair[0]))[:MOST]
        for kind, part in (("classes", "class"), ("properties", "property"))
    }
    reader = context.reader([], *(iri for terms in found.values() for iri, _ in terms))
    return {
        kind: [
            (iri, *_name(reader.label(iri), context.names.shorten(iri)), uses)
            for iri, uses in terms
        ]
        for kind, terms in found.items()
    }


def _name(label: Text, short: str) -> tuple[str, str]:
    return ("", "") if label.text == short else (label.text, label.language)
