"""JSON-LD documents: one object about the resource, compacted by the release's context.

The context is derived from the statements, for any dataset. A property with only IRIs as values has
strings, one with only language-tagged values a language map, and one that any subject has twice is
always an array. JSON-LD 1.1, sections 4.2 (types), 4.6 (language maps) and 4.10 (sets).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

from pyld import jsonld as pyld
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize

from unicef_linked.rdf.iris import (
    FOAF,
    HYDRA,
    OWL,
    RDF,
    RDFS,
    SKOS,
    WELL_KNOWN_PREFIXES,
    XSD,
    Names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Context = dict[str, Any]

_KEYWORDS: Final[Context] = {
    "id": "@id",
    "type": "@type",
    "included": {"@id": "@included", "@container": "@set"},
}
_ALWAYS: Final[Context] = {
    "primaryTopic": {"@id": f"{FOAF}primaryTopic", "@type": "@id"},
    "member": {"@id": f"{HYDRA}member", "@type": "@id", "@container": "@set"},
    "totalItems": {"@id": f"{HYDRA}totalItems"},
    "view": {"@id": f"{HYDRA}view", "@type": "@id"},
}
_PREFERRED: Final = (RDFS, SKOS, OWL)
"""Vocabularies that get a local name first, after the release's own ontology."""


def make_context(quads: Iterable[Quad], names: Names) -> Context:
    """Return the context of a dataset; it depends on the statements alone."""
    kinds: dict[str, set[str]] = {}
    seen: set[tuple[str, str, str]] = set()  # (subject, predicate, language); twice: an array
    objects: set[tuple[str, str, str]] = set()
    lists: set[str] = set()
    classes: set[str] = set()
    for quad in quads:
        predicate, value = quad.predicate.value, quad.object
        if predicate == f"{RDF}type" and isinstance(value, NamedNode):
            classes.add(value.value)
            continue
        statement = (str(quad.subject), predicate, str(value))
        if statement in objects:
            continue  # the same triple in another graph
        objects.add(statement)
        language = (value.language or "") if isinstance(value, Literal) else ""
        kinds.setdefault(predicate, set()).add(_kind(value))
        slot = (statement[0], predicate, language)
        if slot in seen:
            lists.add(predicate)
        seen.add(slot)

    context: Context = dict(_KEYWORDS) | {
        p: iri for p, iri in names.prefixes.items() if p in _VOCABULARIES
    }
    taken = set(context)
    ours = names.ontology

    def rank(iri: str) -> tuple[int, str]:
        places = (ours, *_PREFERRED)
        return next(
            (n for n, place in enumerate(places) if iri.startswith(place)), len(places)
        ), iri

    for iri in sorted(kinds, key=rank):
        term = _local_name(iri, "label" if iri == f"{RDFS}label" else None)
        if not term or term in taken:
            term = names.shorten(iri)
        context[term] = _definition(iri, kinds[iri], is_list=iri in lists)
        taken.add(term)
    for iri in sorted(classes, key=rank):
        term = _local_name(iri)
        if term and term not in taken:
            context[term] = iri
            taken.add(term)
    known = {d["@id"] for d in context.values() if isinstance(d, dict)}
    return context | {t: d for t, d in _ALWAYS.items() if t not in taken and d["@id"] not in known}


_VOCABULARIES: Final = {"ul", *WELL_KNOWN_PREFIXES}


def _kind(value: object) -> str:
    if not isinstance(value, Literal):
        return "@id"
    return "@language" if value.language else value.datatype.value


def _local_name(iri: str, wanted: str | None = None) -> str | None:
    found = re.search(r"[#/]([A-Za-z][\w-]*)$", iri)
    return wanted or (
        found[1]
        if found and found[1].lower() not in {"id", "type", "context", "graph", "included"}
        else None
    )


def _definition(iri: str, kinds: set[str], *, is_list: bool) -> Context | str:
    definition: Context = {"@id": iri}
    if kinds == {"@language"}:
        definition["@container"] = ["@language", "@set"] if is_list else "@language"
        return definition
    if is_list:
        definition["@container"] = "@set"
    kind = next(iter(kinds)) if len(kinds) == 1 else ""
    if kind and kind not in _NATIVE and kind != f"{XSD}string":
        definition["@type"] = kind
    return definition


_NATIVE: Final = {
    f"{XSD}integer": re.compile(r"0|-?[1-9]\d{0,14}"),
    f"{XSD}boolean": re.compile("true|false"),
}


def write(triples: Iterable[Triple], context: Mapping[str, Any], *, root: str) -> bytes:
    """Return triples as one JSON object about ``root``: objects nested, subjects in @reverse."""
    expanded = serialize(sorted(triples, key=str), format=RdfFormat.JSON_LD)
    assert expanded is not None
    by_language = {
        d["@id"]
        for d in context.values()
        if isinstance(d, dict) and "@language" in d.get("@container", ())
    }
    nodes: dict[str, Context] = {}
    for node in json.loads(expanded):
        merged = nodes.setdefault(node["@id"], {"@id": node["@id"]})
        for key, values in node.items():
            if key == f"{RDF}type" and all(value.keys() == {"@id"} for value in values):
                merged["@type"] = [*merged.get("@type", []), *(value["@id"] for value in values)]
            elif key != "@id":
                shown = values if key in by_language else map(_native, values)
                merged[key] = [*merged.get(key, []), *shown]
    compacted = pyld.compact(_tree(nodes, root), {"@context": context}, {"compactArrays": True})
    body = cast("Context", compacted)
    order = (
        "@context",
        "id",
        "type",
        *(key for key in body if key not in {"@context", "included"}),
        "included",
    )
    body |= {"@context": _used(context, body)}
    return json.dumps(
        {key: body[key] for key in order if key in body},
        ensure_ascii=False,
        indent=2,
    ).encode()


def _native(value: Any) -> Any:
    """Return integers and booleans as native JSON, where the lexical form is kept."""
    if not isinstance(value, dict):
        return value
    form = _NATIVE.get(value.get("@type", ""))
    if form and form.fullmatch(value["@value"]):
        return {"@value": json.loads(value["@value"])}
    return value


def _tree(nodes: dict[str, Context], root: str) -> Any:  # noqa: C901 - to be split
    """Return the nodes as a tree below ``root``, each once; unreachable nodes are in @included.

    A value of @type cannot be a node object, so classes are in @included (JSON-LD 1.1, 4.13).
    """
    left = dict(nodes)
    referrers: dict[str, list[tuple[str, str]]] = {}
    for name, node in nodes.items():
        for key, values in node.items():
            if not key.startswith("@"):
                for value in values:
                    if isinstance(value, dict) and "@id" in value:
                        referrers.setdefault(value["@id"], []).append((key, name))

    def place(name: str) -> Context:
        node = left.pop(name)
        for key in sorted(key for key in node if not key.startswith("@")):
            node[key] = [
                place(value["@id"])
                if isinstance(value, dict) and value.get("@id") in left
                else value
                for value in node[key]
            ]
        return node

    if root not in left:
        return list(left.values())
    tree = place(root)
    for key, name in sorted(referrers.get(root, [])):
        if name in left:
            node = left[name]
            node[key] = [value for value in node[key] if value != {"@id": root}]
            if not node[key]:
                del node[key]
            tree.setdefault("@reverse", {}).setdefault(key, []).append(place(name))
    included = [place(name) for name in sorted(left) if name in left]
    return tree | {"@included": included} if included else tree


def _used(context: Mapping[str, Any], body: Context) -> Context:
    """Return the part of the context that a document uses, to keep small documents small."""
    words: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for key, inside in value.items():
                words.add(key)
                collect(inside)
        elif isinstance(value, list):
            for inside in value:
                collect(inside)
        elif isinstance(value, str) and not re.search(r"\s", value[:64]):
            words.add(value)

    collect({key: value for key, value in body.items() if key != "@context"})
    prefixes = {word.partition(":")[0] for word in words if ":" in word}
    return {
        term: definition
        for term, definition in context.items()
        if term in words or term in prefixes or term in _KEYWORDS
    }
