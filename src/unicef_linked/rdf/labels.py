"""The properties that hold the labels of things, in the vocabularies that data of others use."""

from __future__ import annotations

from typing import Final

from unicef_linked.rdf.iris import DC, DCTERMS, FOAF, RDFS, SCHEMA, SKOS, SKOSXL

LABEL_PROPERTIES: Final = (
    f"{SKOS}prefLabel",
    f"{RDFS}label",
    f"{DCTERMS}title",
    f"{FOAF}name",
    f"{SCHEMA}name",
    "https://schema.org/name",
    f"{DC}title",
    f"{SKOSXL}literalForm",
)
"""Properties that hold labels, in order of preference."""

LABELS_AS_THINGS: Final = {
    f"{SKOSXL}prefLabel": f"{SKOS}prefLabel",
    f"{SKOSXL}altLabel": f"{SKOS}altLabel",
    f"{SKOSXL}hiddenLabel": f"{SKOS}hiddenLabel",
}
"""Properties of labels that are things themselves, and those that they imply (SKOS-XL, B.3.4)."""

LITERAL_FORM: Final = f"{SKOSXL}literalForm"
"""The property of such a label that has its text."""
