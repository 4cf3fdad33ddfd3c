"""Labels of the terms of well-known vocabularies, as the vocabularies state them.

``vocabularies.ttl`` has them with the licence of each vocabulary; ``tests/vocabularies/labels.py``
writes it.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, RdfFormat, parse

from unicef_linked.rdf.iris import RDFS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMA_HTTPS: Final = "https://schema.org/"
"""The other form of the IRIs of schema.org: https://schema.org/docs/faq.html#19."""


def labels_of_term(iri: str) -> Mapping[str, str]:
    """Return the labels of a class or property by language; {} of one of no such vocabulary.

    >>> labels_of_term("http://purl.org/dc/terms/created")
    {'en': 'Date Created'}
    """
    if iri.startswith(_SCHEMA_HTTPS):
        iri = SCHEMA + iri.removeprefix(_SCHEMA_HTTPS)
    return _labels().get(iri, {})


@cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    text = files(__package__).joinpath("vocabularies.ttl").read_bytes()
    labels: dict[str, dict[str, str]] = {}
    for quad in parse(text, format=RdfFormat.TURTLE):
        if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, Literal):
            by_language = labels.setdefault(quad.subject.value, {})
            language = quad.object.language or ""
            # Of several in one language the first in code point order, as of all labels.
            by_language[language] = min(
                quad.object.value, by_language.get(language, quad.object.value)
            )
    return labels
