"""The predicates that relate an entity to one that somebody else publishes."""

from __future__ import annotations

from typing import Final

from unicef_linked.rdf.iris import OWL, SCHEMA, SKOS

SAME: Final = (f"{OWL}sameAs", f"{SKOS}exactMatch")
"""Predicates that say that both are the same: the first of things, the second of concepts."""

MAPPINGS: Final = (
    *SAME,
    *(f"{SKOS}{degree}Match" for degree in ("close", "broad", "narrow", "related")),
)
"""All of them, strongest first."""

REFERENCES: Final = (*MAPPINGS, f"{SCHEMA}sameAs")
"""What leads from an entity elsewhere: the mappings, then the pages about it."""
