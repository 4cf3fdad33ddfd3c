"""Entities of XML documents, before an RDF/XML parser expands them.

The engine's parser expands entities without a limit, so that a document of a few lines can fill the
memory; no upstream issue is known.
"""

from __future__ import annotations

import re
from typing import Final

_ENTITY: Final = re.compile(
    r"""<!ENTITY\s+(?P<name>[^\s"'%>]+)\s+(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')"""
)
_NESTED: Final = re.compile(r"&(?!(?:amp|lt|gt|apos|quot|#[0-9]+|#x[0-9A-Fa-f]+);)")
_GROWTH: Final = 10
"""Most that entities may add to a document, in lengths of the document."""
_ALWAYS: Final = 1_000_000
"""Characters that entities may add to a document of any length."""


class ExpandingEntities(ValueError):
    """A document whose entities are not expanded; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(message)


def check_entities(document: str) -> None:
    """Raise ExpandingEntities for entities that are nested, external or too long together.

    Plain abbreviations, as ontology editors write them, are left.

    >>> check_entities('<!DOCTYPE rdf:RDF [<!ENTITY ex "http://example.org/">]>')
    """
    expanded = 0
    for declaration in re.finditer("<!ENTITY", document):
        line = document.count("\n", 0, declaration.start()) + 1
        entity = _ENTITY.match(document, declaration.start())
        if entity is None:
            raise ExpandingEntities(
                "an entity without a text of its own is not read; write its text into the file",
                line,
            )
        name, value = entity["name"], entity["double"] or entity["single"] or ""
        if _NESTED.search(value):
            raise ExpandingEntities(
                f"the entity {name!r} refers to other entities, which is not expanded;"
                " write its text out",
                line,
            )
        expanded += len(value) * document.count(f"&{name};")
        if expanded > _ALWAYS + _GROWTH * len(document):
            raise ExpandingEntities(
                f"the entity {name!r} makes the document more than {_GROWTH} times as long;"
                " write the text out",
                line,
            )
