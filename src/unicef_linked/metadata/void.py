"""The dataset by VoID: access (section 3), linksets (section 5), a subset for each named graph.

``rdf.statistics`` counts the triples and partitions (section 4) and writes them; the builder, which
may not import this package, needs both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from unicef_linked import addresses
from unicef_linked.addresses import absolute
from unicef_linked.rdf.formats import DUMPS
from unicef_linked.rdf.iris import DCTERMS, FOAF, RDF, VOID
from unicef_linked.rdf.terms import integer, triple, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyoxigraph import Triple

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.iris import Names


def describe(published: PublishedDataset, address: str) -> Iterator[Triple]:
    """Yield the statements; ``address`` is the public address of this server, ending in ``/``."""
    names, dataset = published.names, published.names.dataset
    yield triple(dataset, f"{RDF}type", f"{VOID}Dataset")
    if published.uri_space:
        yield triple(dataset, f"{VOID}uriSpace", Literal(published.uri_space))
    yield triple(dataset, f"{VOID}sparqlEndpoint", absolute(address, addresses.SPARQL))
    lookup = absolute(address, addresses.resource(""))
    yield triple(dataset, f"{VOID}uriLookupEndpoint", lookup)
    for vocabulary in published.vocabularies:
        yield triple(dataset, f"{VOID}vocabulary", vocabulary)
    for path in published.release.dumps():
        if path.name.removesuffix(".gz") in DUMPS:
            dump = absolute(address, addresses.dump(path.name))
            yield triple(dataset, f"{VOID}dataDump", dump)
    for space, predicate, number in published.links:
        yield from _linkset(names, space, predicate, number)
    for position, (graph, number) in enumerate(published.named_graphs.items(), start=1):
        yield from _subset(names, position, graph, number)


def _linkset(names: Names, space: str, predicate: str, number: int) -> Iterator[Triple]:
    """Yield the linkset of one property to the dataset whose IRIs begin with ``space``."""
    address = space.partition("://")[2]
    name = re.sub(r"[^a-z0-9]+", "-", address.lower()).strip("-")
    target = f"{names.dataset}#target-{name}"
    linkset = f"{names.dataset}#links-{name}-{re.split('[#/]', predicate)[-1]}"
    yield triple(names.dataset, f"{VOID}subset", linkset)
    yield triple(linkset, f"{RDF}type", f"{VOID}Linkset")
    yield triple(linkset, f"{VOID}subjectsTarget", names.dataset)
    yield triple(linkset, f"{VOID}objectsTarget", target)
    yield triple(linkset, f"{VOID}linkPredicate", predicate)
    yield triple(linkset, f"{VOID}triples", integer(number))
    yield triple(target, f"{RDF}type", f"{VOID}Dataset")
    yield triple(target, f"{DCTERMS}title", Literal(address.partition("/")[0]))
    yield triple(target, f"{VOID}uriSpace", Literal(space))


def _subset(names: Names, position: int, graph: str, number: int) -> Iterator[Triple]:
    """Yield the subset that is one named graph."""
    subset = f"{names.dataset}#graph-{position}"
    yield triple(names.dataset, f"{VOID}subset", subset)
    yield triple(subset, f"{RDF}type", f"{VOID}Dataset")
    yield triple(subset, f"{FOAF}primaryTopic", graph)
    yield triple(subset, f"{VOID}triples", integer(number))


def class_partitions(published: PublishedDataset) -> dict[str, str]:
    """Return the IRI of the partition of each class, as the data states it (section 4.5)."""
    store = published.store
    dataset, predicate = NamedNode(published.names.dataset), NamedNode(f"{VOID}classPartition")
    partitions = {quad.object for quad in store.match(dataset, predicate)}
    if not partitions:
        return {}
    quads = store.match(None, NamedNode(f"{VOID}class"))
    classes = [quad for quad in quads if isinstance(quad.object, NamedNode)]
    return {
        value_of(quad.object): value_of(quad.subject)
        for quad in classes
        if quad.subject in partitions
    }
