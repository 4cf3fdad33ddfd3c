"""A concept scheme by SKOS as a whole: its concepts, their hierarchy, its collections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, NamedNode

from unicef_linked.rdf.iris import RDF, SKOS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from unicef_linked.store import Labels, Store


@dataclass(frozen=True, slots=True)
class Thesaurus:
    """One concept scheme; concepts are IRIs."""

    concepts: tuple[str, ...]
    tops: tuple[str, ...]  # as stated, else those with nothing broader in the scheme
    narrower: Mapping[str, tuple[str, ...]]
    collections: tuple[str, ...]
    labels: Labels  # of the concepts and collections


def read_thesaurus(store: Store, scheme: str) -> Thesaurus:
    """Return the concept scheme with an IRI; one without concepts if it has none."""
    node = NamedNode(scheme)
    stated = set(_objects(store, node, "hasTopConcept")) | set(
        _subjects(store, "topConceptOf", node)
    )
    members = {*stated, *_subjects(store, "inScheme", node)}
    narrower: dict[str, set[str]] = {}
    for broad, narrow in _hierarchy(store):
        narrower.setdefault(broad, set()).add(narrow)
    pending = list(stated)
    while pending:  # of a scheme that only states its top concepts
        further = narrower.get(pending.pop(), set()) - members
        members |= further
        pending += further
    collections = _collections(store, members)
    concepts = members - collections
    children = {narrow for broad in concepts for narrow in narrower.get(broad, ())}
    tops = stated & concepts or concepts - children
    return Thesaurus(
        tuple(sorted(concepts)),
        tuple(sorted(tops)),
        {iri: tuple(sorted(narrower[iri] & concepts)) for iri in concepts & narrower.keys()},
        tuple(sorted(collections)),
        store.labels(sorted(concepts | collections)),
    )


def _hierarchy(store: Store) -> Iterable[tuple[str, str]]:
    """Yield pairs of a broader and a narrower concept."""
    for quad in store.match(None, NamedNode(f"{SKOS}broader")):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            yield quad.object.value, quad.subject.value
    for quad in store.match(None, NamedNode(f"{SKOS}narrower")):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode):
            yield quad.subject.value, quad.object.value


def _collections(store: Store, members: set[str]) -> set[str]:
    """Return the collections that are in a scheme, or that have a member that is."""
    collections: set[str] = set()
    for name in ("Collection", "OrderedCollection"):
        for quad in store.match(None, NamedNode(f"{RDF}type"), NamedNode(f"{SKOS}{name}")):
            if isinstance(quad.subject, NamedNode):
                inside = {*_objects(store, quad.subject, "member"), *_listed(store, quad.subject)}
                if quad.subject.value in members or members.intersection(inside):
                    collections.add(quad.subject.value)
    return collections


def _listed(store: Store, collection: NamedNode) -> Iterator[str]:
    """Yield the members in the list of an ordered collection (SKOS Reference, S36)."""
    pending = [quad.object for quad in store.match(collection, NamedNode(f"{SKOS}memberList"))]
    visited: set[object] = set()
    while pending:
        node = pending.pop()
        if node in visited or not isinstance(node, NamedNode | BlankNode):
            continue
        visited.add(node)
        for quad in store.match(node):
            if quad.predicate.value == f"{RDF}rest":
                pending.append(quad.object)
            elif quad.predicate.value == f"{RDF}first" and isinstance(quad.object, NamedNode):
                yield quad.object.value


def _objects(store: Store, subject: NamedNode, name: str) -> list[str]:
    quads = store.match(subject, NamedNode(f"{SKOS}{name}"))
    return [quad.object.value for quad in quads if isinstance(quad.object, NamedNode)]


def _subjects(store: Store, name: str, value: NamedNode) -> list[str]:
    quads = store.match(None, NamedNode(f"{SKOS}{name}"), value)
    return [quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)]
