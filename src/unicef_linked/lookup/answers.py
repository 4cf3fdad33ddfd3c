"""What a search or a resolution found, as values for JSON. HTTP and the tools for models share them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unicef_linked.lookup.normalization import fold, read_phrase, trigrams

if TYPE_CHECKING:
    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.index import Entity, Label, Reading
    from unicef_linked.rdf.iris import Names


def search_result(
    lookup: EntityLookup, entity: Entity, score: float, query: str, language: str
) -> dict[str, Any]:
    """Return one result: the entity by its name in ``language``, and its label nearest to the query."""
    name, types = entity.name(language), lookup.types_of(entity)
    matched = nearest_label(entity, query, name.text)
    return {
        "iri": entity.iri,
        "id": entity.id,
        "type": types[0] if types else None,
        "label": name.text,
        "lang": name.language,
        "matched": matched.text if matched else None,
        "score": score,
    }


def nearest_label(entity: Entity, query: str, shown: str) -> Label | None:
    """Return the label that is nearest to a query; of two that have its words, the one that is shown."""
    return max(entity.labels, key=lambda label: _nearness(label, query, shown), default=None)


def _nearness(label: Label, query: str, shown: str) -> tuple[bool, bool, bool, float]:
    folded, wanted = fold(label.text), fold(query)
    ours, theirs = trigrams(folded), trigrams(wanted)
    alike = 2 * len(ours & theirs) / (len(ours) + len(theirs))
    begins = f" {wanted}" in f" {folded}" and label.text == shown
    return folded == wanted, read_phrase(label.text).key == read_phrase(query).key, begins, alike


def resolution(names: Names, reading: Reading, language: str) -> dict[str, object]:
    """Return one reading of an identifier: the entity by its name in ``language``, why it is meant, its identifiers."""
    entity = reading.entity
    codes: dict[str, list[str]] = {}
    for code in entity.codes:
        codes.setdefault(code.scheme.rpartition("#")[2], []).append(code.value)
    references: dict[str, list[str]] = {}
    for reference in entity.references:
        references.setdefault(names.shorten(reference.relation), []).append(reference.iri)
    reason = {
        "scheme": reading.scheme.rpartition("#")[2] if reading.scheme else None,
        "relation": names.shorten(reading.relation) if reading.relation else None,
        "value": reading.value or None,
    }
    return {
        "iri": entity.iri,
        "id": entity.id,
        "label": entity.name(language).text,
        "types": sorted(
            iri.rpartition("#")[2] for iri in entity.types if iri.startswith(names.ontology)
        ),
        **{key: value for key, value in reason.items() if value},
        "codes": codes,
        "references": references,
    }
