"""The changes of releases as a Linked Data Event Stream (LDES 1.0) in pages of TREE.

A member is one thing's state in one release: its statements, with an IRI of its own as their
subject, so that they stay true. A thing that a release no longer has gives a member of the class
``as:Delete``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode, Triple

from unicef_linked import addresses
from unicef_linked.metadata.versions import date_time
from unicef_linked.rdf.iris import DCTERMS, RDF
from unicef_linked.rdf.terms import triple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names
    from unicef_linked.release import Manifest

LDES: Final = "https://w3id.org/ldes#"
TREE: Final = "https://w3id.org/tree#"
AS: Final = "https://www.w3.org/ns/activitystreams#"

CREATED: Final = f"{DCTERMS}created"
VERSION_OF: Final = f"{DCTERMS}isVersionOf"


def describe_stream(stream: str, view: str) -> Iterator[Triple]:
    """Yield what the stream is; ``view`` is the address of its root node."""
    yield triple(stream, f"{RDF}type", f"{LDES}EventStream")
    yield triple(stream, f"{LDES}timestampPath", CREATED)
    yield triple(stream, f"{LDES}versionOfPath", VERSION_OF)
    yield triple(stream, f"{LDES}versionDeleteObject", f"{AS}Delete")
    yield triple(stream, f"{TREE}view", view)


def describe_root(view: str, pages: Sequence[tuple[str, Manifest]]) -> Iterator[Triple]:
    """Yield the root node: the first page of each release, with the dates of its members."""
    yield triple(view, f"{RDF}type", f"{TREE}Node")
    for number, (page, manifest) in enumerate(pages):
        for name in ("GreaterThanOrEqualTo", "LessThanOrEqualTo"):
            relation = f"{view}#relation-{number}-{name}"
            yield from _relate(view, relation, name, page, manifest)


def describe_page(page: str, following: str | None, manifest: Manifest) -> Iterator[Triple]:
    """Yield a page of one release's members; ``following`` is the next."""
    yield triple(page, f"{RDF}type", f"{TREE}Node")
    if following:
        relation = f"{page}#relation-next"
        yield from _relate(page, relation, "GreaterThanOrEqualTo", following, manifest)


def _relate(
    page: str, relation: str, name: str, other: str, manifest: Manifest
) -> Iterator[Triple]:
    """Yield how a page leads to another, whose members are related to the date of a release."""
    yield triple(page, f"{TREE}relation", relation)
    yield triple(relation, f"{RDF}type", f"{TREE}{name}Relation")
    yield triple(relation, f"{TREE}node", other)
    yield triple(relation, f"{TREE}path", CREATED)
    yield triple(relation, f"{TREE}value", date_time(manifest.issued))


def describe_member(
    names: Names, stream: str, manifest: Manifest, iri: str, about: Iterable[Quad]
) -> Iterator[Triple]:
    """Yield a member: a thing's state in a release; without statements, its deletion."""
    member = member_iri(names, manifest, iri)
    node = NamedNode(member)
    yield triple(stream, f"{TREE}member", member)
    yield triple(member, VERSION_OF, iri)
    yield triple(member, CREATED, date_time(manifest.issued))
    is_there = False
    for quad in about:
        is_there = True
        yield Triple(node, quad.predicate, quad.object)
    if not is_there:
        yield triple(member, f"{RDF}type", f"{AS}Delete")


def member_iri(names: Names, manifest: Manifest, iri: str) -> str:
    """Return the IRI of a thing's state in a release."""
    path = addresses.of_iri(names, iri) or ""
    if not path.startswith("/doc/"):
        path = addresses.resource(iri)
    return addresses.absolute(names.base, addresses.memento(manifest.name, path))
