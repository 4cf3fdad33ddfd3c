"""Things of a release that documentation can name: what a reader tries should be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

from unicef_linked.rdf.iris import RDF, SKOS
from unicef_linked.rdf.mappings import SAME
from unicef_linked.rdf.terms import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.dataset.published import PublishedDataset

_PREFERRED: Final = ("Office", "Region", "Place", "Country", "Sector")
"""Classes of the ontology whose instances make good examples, the best first."""


def is_there(dataset: PublishedDataset, example: str) -> bool:
    """Return whether a release has an entity, by its id."""
    iri = NamedNode(dataset.names.entities + example)
    return bool(dataset.store.match(iri, NamedNode(f"{RDF}type")))


def example_entity(dataset: PublishedDataset, wanted: str = "region/gao") -> str:
    """Return the id of an entity of a release: the wanted one, else one that is well known."""
    if is_there(dataset, wanted):
        return wanted
    for name in _PREFERRED:
        kind = NamedNode(dataset.names.term(name))
        quads = dataset.store.match(None, NamedNode(f"{RDF}type"), kind)
        for iri in sorted(value_of(quad.subject) for quad in quads):
            pair = dataset.names.type_and_key(iri)
            if pair:
                return "/".join(pair)
    return wanted


def parameter_examples(dataset: PublishedDataset, questions: Iterable[str]) -> dict[str, str]:
    """Return examples of parameters, by name, for a release that lacks those of the packaged one.

    Empty for the packaged dataset, and for one that has nothing to name.
    """
    if is_there(dataset, "office/gao"):
        return {}
    entity = example_entity(dataset, "office/gao")
    kind, key = entity.split("/")
    examples = {
        "type": kind,
        "key": key,
        "id": entity,
        "document": f"doc/{entity}",
        "iri": dataset.names.entities + entity,
    }
    start = dataset.names.graph("")
    graphs = sorted(name for name in dataset.named_graphs if name.startswith(start))
    if graphs:
        examples["graph"] = graphs[0].removeprefix(start)
        for name in ("default-graph-uri", "named-graph-uri", "of-graph"):
            examples[name] = graphs[0]
    codes = sorted(
        (quad.object for quad in dataset.store.match(None, NamedNode(f"{SKOS}notation"))), key=str
    )
    if codes:
        datatype = value_of(getattr(codes[0], "datatype", ""))
        examples |= {"code": value_of(codes[0]), "scheme": datatype.rpartition("#")[2]}
    same = (quad for iri in SAME for quad in dataset.store.match(None, NamedNode(iri)))
    others = sorted(value_of(quad.object) for quad in same)
    examples["external"] = others[0] if others else examples["iri"]
    keys = sorted(questions)
    return examples | ({"question": keys[0]} if keys else {})
