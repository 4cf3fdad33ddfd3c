"""Results of search and resolution as values for JSON, the same over HTTP and for models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unicef_linked.lookup.normalization import fold, trigrams

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from unicef_linked.lookup.entities import EntityLookup
    from unicef_linked.lookup.entity import Entity, Identification, Label
    from unicef_linked.lookup.normalization import Normalizer
    from unicef_linked.rdf.iris import Names


def result_to_json(
    lookup: EntityLookup, entity: Entity, score: float, query: str, languages: Sequence[str]
) -> dict[str, Any]:
    """Return one result of a search: the entity by its name for a reader of ``languages``.

    ``matched`` is its label nearest to the query; ``within`` are the divisions that a smaller one
    lies in, which tell namesakes apart.
    """
    within = [container.text for container in lookup.hierarchy(entity, languages)]
    name, types = entity.name(languages), lookup.reconciler.types_of(entity)
    matched = nearest_label(lookup.index.normalize, entity, query, name.text)
    return {
        "iri": entity.iri,
        "id": entity.id,
        "type": types[0] if types else None,
        "label": name.text,
        "lang": name.language,
        "matched": matched.text if matched else None,
        "score": score,
        **({"within": within} if within else {}),
    }


def nearest_label(normalize: Normalizer, entity: Entity, query: str, shown: str) -> Label | None:
    """Return the label nearest to a query; of two that have its words, the one that is shown."""
    sought, key = fold(query), normalize(query).key
    in_query = trigrams(sought)

    def nearness(label: Label) -> tuple[bool, bool, bool, float]:
        folded = fold(label.text)
        in_label = trigrams(folded)
        alike = 2 * len(in_label & in_query) / (len(in_label) + len(in_query))
        begins = f" {sought}" in f" {folded}" and label.text == shown
        return folded == sought, normalize(label.text).key == key, begins, alike

    return max(entity.labels, key=nearness, default=None)


def identifications_to_json(
    names: Names, identifications: Iterable[Identification], languages: Sequence[str]
) -> list[dict[str, object]]:
    """Return the meanings of an identifier, each entity once, with every scheme that has it."""
    by_entity: dict[str, list[Identification]] = {}
    for identification in identifications:
        by_entity.setdefault(identification.entity.id, []).append(identification)
    return [_meaning_to_json(names, readings, languages) for readings in by_entity.values()]


def _meaning_to_json(
    names: Names, readings: Sequence[Identification], languages: Sequence[str]
) -> dict[str, object]:
    """Return one entity that is meant: the reasons, and all its identifiers."""
    identification = readings[0]
    entity = identification.entity
    codes: dict[str, list[str]] = {}
    for code in entity.codes:
        codes.setdefault(code.scheme.rpartition("#")[2], []).append(code.value)
    references: dict[str, list[str]] = {}
    for reference in entity.references:
        references.setdefault(names.shorten(reference.relation), []).append(reference.iri)
    relation = identification.relation
    schemes = [i.scheme.rpartition("#")[2] for i in readings if i.scheme]
    reason = {
        "scheme": schemes[0] if schemes else None,
        "schemes": schemes,
        "relation": names.shorten(relation) if relation else None,
        "value": identification.value or None,
    }
    return {
        "iri": entity.iri,
        "id": entity.id,
        "label": entity.name(languages).text,
        "types": _types(names, entity),
        **{key: value for key, value in reason.items() if value},
        "codes": codes,
        "references": references,
    }


def _types(names: Names, entity: Entity) -> list[str]:
    """Return the classes of the ontology that an entity has, by local name, else all by IRI."""
    own = f"{names.ontology}#"
    local = sorted(iri.removeprefix(own) for iri in entity.types if iri.startswith(own))
    return local or sorted(entity.types)
