"""JSON-LD documents: one object about the resource, compacted by the release's context.

The context is derived from the statements, for any dataset. A property with only IRIs as values has
strings, one with only language-tagged values a language map, and one that any subject has twice is
always an array. JSON-LD 1.1, sections 4.2 (types), 4.6 (language maps) and 4.10 (sets).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from unicef_linked.errors import Unwritable
from unicef_linked.rdf.canonical import iri_of
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
    from collections.abc import Iterable, Iterator, Mapping

Context = dict[str, Any]
Node = dict[str, Any]
"""A node object (JSON-LD 1.1, section 4.2.2)."""

_KEYWORDS: Final[Context] = {
    "id": "@id",
    "type": "@type",
    # An alias has no container in jsonld-context-parser, which JavaScript's RDF parsers use:
    # https://github.com/rubensworks/jsonld-context-parser.js
    "included": "@included",
}
_ALWAYS: Final[Context] = {
    "primaryTopic": {"@id": f"{FOAF}primaryTopic", "@type": "@id"},
    "member": {"@id": f"{HYDRA}member", "@type": "@id", "@container": "@set"},
    "totalItems": {"@id": f"{HYDRA}totalItems"},
    "view": {"@id": f"{HYDRA}view", "@type": "@id"},
}
_PREFERRED: Final = (RDFS, SKOS, OWL)
"""Vocabularies that get a local name first, after the release's own ontology."""
_VOCABULARIES: Final = {"ul", *WELL_KNOWN_PREFIXES}
"""The prefixes that a context declares; those of entities are not needed."""
_NATIVE: Final = {
    f"{XSD}integer": re.compile(r"0|-?[1-9]\d{0,14}"),
    f"{XSD}boolean": re.compile("true|false"),
}
"""The datatypes with a native form in JSON, and the lexical forms that it keeps."""
_RESERVED: Final = frozenset({"id", "type", "context", "graph", "included"})
"""Words that are no terms, since they are keywords without the at sign."""
_DEPTH: Final = 40
"""Most nodes that are nested into each other; PyLD and other readers recurse over what they
read."""
_LIST_DEPTH: Final = 8
"""Most lists that are nested into each other as ``@list``."""
_TYPE: Final = f"<{RDF}type>".encode()
_NO_LITERAL: Final = b"<>"
"""Stands for what ends a literal where the object is none."""
_FIRST: Final = f"{RDF}first"
_REST: Final = f"{RDF}rest"
_NIL: Final = f"{RDF}nil"


class Usage:
    """How a dataset uses its properties and classes, read from its statements in their order."""

    def __init__(self) -> None:
        self.kinds: dict[str, set[str]] = {}
        """By property: "@id", "@language" and the IRIs of datatypes."""
        self.repeated: set[str] = set()
        """The properties that a subject has twice, in one language."""
        self.classes: set[str] = set()
        self._seen: set[tuple[bytes, bytes]] = set()
        self._subject = self._predicate = b""
        self._values: dict[bytes, bytes] = {}  # of this subject and predicate, by language

    def add(self, subject: bytes, predicate: bytes, value: bytes) -> None:
        """Take a statement, its terms as in N-Quads; those of one subject are together."""
        if predicate == _TYPE and value.startswith(b"<") and value[1:2] != b"<":
            self.classes.add(iri_of(value))
            return
        suffix = value[value.rindex(b'"') + 1 :] if value.startswith(b'"') else _NO_LITERAL
        if (predicate, suffix) not in self._seen:
            self._seen.add((predicate, suffix))
            self.kinds.setdefault(iri_of(predicate), set()).add(_kind_of(suffix))
        if predicate != self._predicate or subject != self._subject:
            self._subject, self._predicate = subject, predicate
            self._values = {}
        slot = suffix.partition(b"--")[0] if suffix.startswith(b"@") else b""
        # Equal: the same triple in another graph.
        if self._values.setdefault(slot, value) != value:
            self.repeated.add(iri_of(predicate))

    def schemes(self) -> set[str]:
        """Return the schemes of the IRIs that a context defines terms by.

        None of them can be a prefix: ``<geo:lat>`` would be read as a prefixed name.
        """
        kinds = set[str]().union(*self.kinds.values())
        return {iri.partition(":")[0] for iri in (*self.kinds, *self.classes, *kinds)}


def _kind_of(suffix: bytes) -> str:
    """Return "@id", "@language" or the IRI of a datatype, by what ends a literal."""
    if suffix.startswith(b"^^"):
        return iri_of(suffix[2:])
    if suffix == _NO_LITERAL:
        return "@id"
    return "@language" if suffix else f"{XSD}string"


def make_context(usage: Usage, names: Names) -> Context:
    """Return the context of a dataset; it depends on the statements alone."""
    schemes = usage.schemes()
    prefixes = {
        name: iri
        for name, iri in names.prefixes.items()
        if name in _VOCABULARIES and name not in schemes
    }
    context: Context = _KEYWORDS | prefixes
    preferred = (names.ontology, *_PREFERRED)

    def rank(iri: str) -> tuple[int, str]:
        places = (place for place, start in enumerate(preferred) if iri.startswith(start))
        return next(places, len(preferred)), iri

    for iri in sorted(usage.kinds, key=rank):
        term = "label" if iri == f"{RDFS}label" else _local_name(iri)
        if not term or term in context:
            term = names.shorten(iri)
        if ":" in term and term.partition(":")[0] in schemes:
            term = iri
        context[term] = _define(iri, usage.kinds[iri], is_repeated=iri in usage.repeated)
    for iri in sorted(usage.classes, key=rank):
        term = _local_name(iri)
        if term and term not in context:
            context[term] = iri
    return context | _structural_terms(context)


def _local_name(iri: str) -> str | None:
    """Return the end of an IRI as a term, None where it cannot be one."""
    end = re.search(r"[#/]([A-Za-z][\w-]*)$", iri)
    return end[1] if end and end[1].lower() not in _RESERVED else None


def _define(iri: str, kinds: set[str], *, is_repeated: bool) -> Context:
    """Return the definition of a term for a property whose values are of these kinds."""
    definition: Context = {"@id": iri}
    if kinds == {"@language"}:
        definition["@container"] = ["@language", "@set"] if is_repeated else "@language"
        return definition
    if is_repeated:
        definition["@container"] = "@set"
    kind = next(iter(kinds)) if len(kinds) == 1 else ""
    if kind and kind not in _NATIVE and kind != f"{XSD}string":
        definition["@type"] = kind
    return definition


def _structural_terms(context: Context) -> Context:
    """Return those terms of documents that a context lacks, by term and by property."""
    defined = {term["@id"] for term in context.values() if isinstance(term, dict)}
    return {
        term: definition
        for term, definition in _ALWAYS.items()
        if term not in context and definition["@id"] not in defined
    }


def write(triples: Iterable[Triple], context: Mapping[str, Any], *, root: str) -> bytes:
    """Return triples as one JSON object about ``root``: objects nested, subjects in @reverse.

    Raises Unwritable for what JSON-LD 1.1 cannot express.
    """
    ordered = sorted(triples, key=str)
    if any(isinstance(t.object, Literal) and t.object.direction for t in ordered):
        raise Unwritable("JSON-LD cannot express the direction of a text in RDF")
    try:
        expanded = serialize(ordered, format=RdfFormat.JSON_LD)
    except OSError as error:  # a triple term (RDF 1.2)
        raise Unwritable(f"JSON-LD cannot express this document: {error}") from None
    assert expanded is not None
    schemes = _schemes_of(ordered)
    if schemes & _KEYWORDS.keys():
        return expanded  # <id:x> would be read by the alias of @id
    from pyld import jsonld as pyld  # it loads asyncio and more: a fifth of a second of a start

    nodes = _merge_nodes(json.loads(expanded), _language_maps(context))
    _fold_lists(nodes, root)
    tree = _Tree(nodes).grow(root)
    unambiguous = _without_prefixes(context, schemes)
    try:
        body: Node = pyld.compact(tree, {"@context": unambiguous}, {"compactArrays": True})
    except (pyld.JsonLdError, RecursionError):
        return expanded  # the same statements, without a context
    if isinstance(body.get("included"), dict):
        body["included"] = [body["included"]]
    body["@context"] = _used_terms(unambiguous, body)
    others = [key for key in body if key not in {"@context", "id", "type", "included"}]
    order = ("@context", "id", "type", *others, "included")
    document = {key: body[key] for key in order if key in body}
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def _schemes_of(triples: Iterable[Triple]) -> set[str]:
    """Return the schemes of all IRIs in a graph."""
    iris: list[str] = []
    for triple in triples:
        for term in (triple.subject, triple.predicate, triple.object):
            if isinstance(term, NamedNode):
                iris.append(term.value)
            elif isinstance(term, Literal):
                iris.append(term.datatype.value)
    return {iri.partition(":")[0] for iri in iris}


def _without_prefixes(context: Mapping[str, Any], schemes: set[str]) -> Context:
    """Return a context without the prefixes that are schemes, and the terms written with them.

    Such a prefix would change what an IRI means (JSON-LD 1.1 API, section 7.2, error "IRI confused
    with prefix").
    """
    prefixes = {name for name in schemes if isinstance(context.get(name), str)}

    def is_kept(term: str) -> bool:
        prefix, colon, _ = term.partition(":")
        return prefix not in prefixes or (bool(colon) and context[term].get("@id") == term)

    return {term: definition for term, definition in context.items() if is_kept(term)}


def _language_maps(context: Mapping[str, Any]) -> set[str]:
    """Return the IRIs of the properties whose values a context has as language maps."""
    definitions = (value for value in context.values() if isinstance(value, dict))
    return {term["@id"] for term in definitions if "@language" in term.get("@container", ())}


def _merge_nodes(objects: Iterable[Node], language_maps: set[str]) -> dict[str, Node]:
    """Return one node object for each IRI, with native values where the lexical form is kept."""
    nodes: dict[str, Node] = {}
    for node in objects:
        merged = nodes.setdefault(node["@id"], {"@id": node["@id"]})
        for key, values in node.items():
            if key == f"{RDF}type" and all(value.keys() == {"@id"} for value in values):
                merged["@type"] = [*merged.get("@type", []), *(value["@id"] for value in values)]
            elif key != "@id":
                natives = values if key in language_maps else map(_native, values)
                merged[key] = [*merged.get(key, []), *natives]
    return nodes


def _native(value: Node) -> Node:
    """Return integers and booleans as native JSON, where the lexical form is kept."""
    form = _NATIVE.get(value.get("@type", ""))
    if form and form.fullmatch(value["@value"]):
        return {"@value": json.loads(value["@value"])}
    return value


@dataclass(slots=True)
class _Cell:
    """A blank node that is one part of an RDF list and nothing else, used once."""

    value: Any  # of rdf:first
    user: str  # the node that refers to it
    key: str  # the property by which it does
    reference: Node  # the reference itself: {"@id": …}


def _fold_lists(nodes: dict[str, Node], root: str) -> None:
    """Put each RDF list that nothing else refers to in the place of the reference to it.

    Collections are not nodes then, and their length is no depth (JSON-LD 1.1, section 4.3.1).
    """
    uses = _count_uses(nodes)
    cells = _read_cells(nodes, uses)
    cells.pop(root, None)
    lists = dict(_read_lists(nodes, cells))
    levels = _levels(lists, cells)
    for head, names in lists.items():
        if levels[head] < _LIST_DEPTH:
            reference = cells[head].reference
            reference.clear()
            reference["@list"] = [cells[name].value for name in names]
            for name in names:
                del nodes[name]


def _levels(lists: Mapping[str, list[str]], cells: Mapping[str, _Cell]) -> dict[str, int]:
    """Return how many lists each list is in; _LIST_DEPTH for those that are in themselves."""
    head_of = {name: head for head, names in lists.items() for name in names}
    levels: dict[str, int] = {}
    for head in lists:
        path: dict[str, None] = {}
        outer: str | None = head
        while outer and outer not in levels and outer not in path:
            path[outer] = None
            outer = head_of.get(cells[outer].user)
        level = _LIST_DEPTH if outer in path else levels.get(outer or "", -1)
        for inner in reversed(path):
            level += 1
            levels[inner] = level
    return levels


def _count_uses(nodes: Mapping[str, Node]) -> dict[str, int]:
    """Return how often each node is referred to."""
    uses: dict[str, int] = {}
    for node in nodes.values():
        references = [value for key in _properties(node) for value in node[key]]
        names = [value["@id"] for value in references if "@id" in value]
        for name in (*names, *node.get("@type", ())):
            uses[name] = uses.get(name, 0) + 1
    return uses


def _read_cells(nodes: Mapping[str, Node], uses: Mapping[str, int]) -> dict[str, _Cell]:
    """Return the cells of lists by their names."""
    cells = {}
    for user, node in nodes.items():
        for key in _properties(node):
            for reference in node[key]:
                name = reference.get("@id", "")
                cell = nodes.get(name, {})
                if name.startswith("_:") and uses[name] == 1 and _is_cell(cell):
                    cells[name] = _Cell(cell[_FIRST][0], user, key, reference)
    return cells


def _is_cell(node: Node) -> bool:
    if node.keys() != {"@id", _FIRST, _REST}:
        return False
    return len(node[_FIRST]) == len(node[_REST]) == 1 and "@id" in node[_REST][0]


def _read_lists(
    nodes: Mapping[str, Node], cells: Mapping[str, _Cell]
) -> Iterator[tuple[str, list[str]]]:
    """Yield each list that ends in rdf:nil: the name of its first cell, and those of all."""
    for name in cells:
        if nodes[name][_REST][0]["@id"] == _NIL:
            names = [name]
            while (cell := cells[names[-1]]).key == _REST and cell.user in cells:
                names.append(cell.user)
            yield names[-1], names[::-1]


class _Tree:
    """Node objects that are nested into each other, each once."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self._nodes = nodes
        self._left = dict(nodes)  # not yet placed

    def grow(self, root: str) -> Node | list[Node]:
        """Return the nodes as a tree below ``root``; those it does not reach are in @included.

        A value of @type cannot be a node object, so classes are in @included (JSON-LD 1.1, 4.13).
        """
        if root not in self._left:
            return list(self._left.values())
        referrers = self._referrers(root)
        tree = self._place(root)
        for key, name in referrers:
            if name in self._left:
                self._remove_reference(name, key, root)
                tree.setdefault("@reverse", {}).setdefault(key, []).append(self._place(name))
        included = [self._place(name) for name in sorted(self._left) if name in self._left]
        return tree | {"@included": included} if included else tree

    def _referrers(self, root: str) -> list[tuple[str, str]]:
        """Return the properties and subjects whose objects ``root`` is, sorted."""
        reference = {"@id": root}
        referrers = []
        for name, node in self._nodes.items():
            referrers += [(key, name) for key in _properties(node) if reference in node[key]]
        return sorted(referrers)

    def _place(self, name: str, depth: int = 0) -> Node:
        """Return a node with the nodes that it refers to in place of their IRIs.

        ``depth`` is how many nodes and lists it is in.
        """
        node = self._left.pop(name)
        for key in sorted(_properties(node)):
            node[key] = [self._place_value(value, depth + 1) for value in node[key]]
        return node

    def _place_value(self, value: Any, depth: int) -> Any:
        if "@list" in value:
            return {"@list": [self._place_value(item, depth + 1) for item in value["@list"]]}
        if value.get("@id") in self._left and depth < _DEPTH:
            return self._place(value["@id"], depth)
        return value

    def _remove_reference(self, name: str, key: str, root: str) -> None:
        node = self._left[name]
        node[key] = [value for value in node[key] if value != {"@id": root}]
        if not node[key]:
            del node[key]


def _properties(node: Node) -> list[str]:
    return [key for key in node if not key.startswith("@")]


def _used_terms(context: Mapping[str, Any], body: Node) -> Context:
    """Return the part of the context that a document uses, to keep small documents small."""
    words: set[str] = set()
    _collect_words({key: value for key, value in body.items() if key != "@context"}, words)
    words |= {word.partition(":")[0] for word in words if ":" in word}
    return {
        term: definition
        for term, definition in context.items()
        if term in words or term in _KEYWORDS
    }


def _collect_words(value: object, words: set[str]) -> None:
    """Add what may be a term or a prefixed name: each key, and each string without spaces."""
    if isinstance(value, dict):
        for key, inside in value.items():
            words.add(key)
            _collect_words(inside, words)
    elif isinstance(value, list):
        for inside in value:
            _collect_words(inside, words)
    elif isinstance(value, str) and not re.search(r"\s", value[:64]):
        words.add(value)
