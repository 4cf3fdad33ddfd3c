"""Which thing of a dataset the dataset is about as a whole: its catalogue, ontology or thesaurus.

Data of others describes itself in many vocabularies. What is published about such data repeats
these statements in the terms of DCAT.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Quad

from unicef_linked.rdf.iris import DC, DCAT, DCTERMS, OWL, RDF, RDFS, SCHEMA, SKOS, VOID
from unicef_linked.rdf.labels import LABEL_PROPERTIES
from unicef_linked.rdf.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from unicef_linked.rdf.terms import Term

_CLASSES: Final = (
    f"{DCAT}Catalog",
    f"{VOID}Dataset",
    f"{DCAT}Dataset",
    f"{SCHEMA}Dataset",
    "https://schema.org/Dataset",
    f"{OWL}Ontology",
    f"{SKOS}ConceptScheme",
)
"""Classes of what a dataset may be about as a whole, the broadest first."""

_SCHEMA: Final = (SCHEMA, "https://schema.org/")

_SAME_IN_DCAT: Final = {
    f"{DCTERMS}title": (f"{DCTERMS}title", *LABEL_PROPERTIES),
    f"{DCTERMS}description": (
        f"{DCTERMS}description",
        f"{DC}description",
        *(f"{start}description" for start in _SCHEMA),
        f"{DCTERMS}abstract",
        f"{SKOS}definition",
        f"{RDFS}comment",
    ),
    f"{DCTERMS}license": (
        f"{DCTERMS}license",
        "http://creativecommons.org/ns#license",
        *(f"{start}license" for start in _SCHEMA),
    ),
    f"{DCTERMS}rights": (f"{DCTERMS}rights", f"{DC}rights"),
    f"{DCTERMS}publisher": (f"{DCTERMS}publisher", *(f"{start}publisher" for start in _SCHEMA)),
    f"{DCTERMS}creator": (f"{DCTERMS}creator",),
    f"{DCTERMS}issued": (f"{DCTERMS}issued",),
    f"{DCTERMS}modified": (f"{DCTERMS}modified",),
    f"{DCTERMS}language": (f"{DCTERMS}language",),
    f"{DCTERMS}spatial": (f"{DCTERMS}spatial",),
    f"{DCTERMS}temporal": (f"{DCTERMS}temporal",),
    f"{DCAT}keyword": (f"{DCAT}keyword",),
    f"{DCAT}theme": (f"{DCAT}theme",),
}
"""Properties of a dataset by DCAT, and those that say the same of a topic; the first found counts."""

_OF_IRIS: Final = frozenset(
    f"{DCTERMS}{name}" for name in ("license", "publisher", "creator", "language", "spatial")
)
"""Properties whose values DCAT-AP requires to be things."""


def find_topic(quads: Sequence[Quad]) -> str | None:
    """Return the IRI of the thing that a dataset is about as a whole, None if nothing tells.

    It has a title. Of several of the broadest class, it is the one that most IRIs begin with; of
    several datasets without a catalogue, none is the whole. Without any of these classes, it is
    the namespace of most IRIs, if that has a title.
    """
    kind = NamedNode(f"{RDF}type")
    places = {NamedNode(iri): place for place, iri in enumerate(_CLASSES)}
    titles = {NamedNode(iri) for iri in _SAME_IN_DCAT[f"{DCTERMS}title"]}
    classes: defaultdict[Term, set[int]] = defaultdict(set)
    for quad in quads:
        if quad.predicate == kind and quad.object in places:
            classes[quad.subject].add(places[quad.object])  # type: ignore[index]
    titled = {quad.subject for quad in quads if quad.predicate in titles}
    ranks = {
        node.value: min(ranks)
        for node, ranks in classes.items()
        if isinstance(node, NamedNode) and node in titled
    }
    subjects: set[str] = set()
    if len(ranks) > 1:
        subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    for rank in sorted(set(ranks.values())):
        candidates = sorted(iri for iri in ranks if ranks[iri] == rank)
        if len(candidates) == 1:
            return candidates[0]
        if not _CLASSES[rank].endswith("Dataset"):
            return max(candidates, key=lambda iri: _begun(iri, subjects))
    return None if classes else _titled_namespace(quads, titled)


def _titled_namespace(quads: Sequence[Quad], titled: Collection[object]) -> str | None:
    """Return what more than half of the subjects begin with, if it has a title."""
    subjects = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    starts = Counter(iri[: max(iri.rfind("/"), iri.rfind("#")) + 1] for iri in subjects)
    for start, number in starts.most_common(1):
        for iri in (start, start.rstrip("#/")):
            if 2 * number > len(subjects) and is_iri(iri) and NamedNode(iri) in titled:
                return iri
    return None


def _begun(iri: str, subjects: set[str]) -> int:
    """Return how many subjects begin with an IRI."""
    start = iri.rstrip("#/")
    return sum(subject.startswith(start) for subject in subjects)


def describe_by_dcat(topic: Sequence[Quad], dataset: str) -> list[Quad]:
    """Return what the statements about a topic say of a dataset, in the terms of DCAT.

    >>> title = Quad(NamedNode("urn:o"), NamedNode(f"{RDFS}label"), Literal("Birds"))
    >>> [str(quad) for quad in describe_by_dcat([title], "urn:d")]
    ['<urn:d> <http://purl.org/dc/terms/title> "Birds"']
    """
    node, about = NamedNode(dataset), []
    for predicate, sources in _SAME_IN_DCAT.items():
        for source in sources:
            values = [quad.object for quad in topic if quad.predicate.value == source]
            kinds = NamedNode if predicate in _OF_IRIS else NamedNode | Literal
            values = [value for value in values if isinstance(value, kinds)]
            if values:
                about += [Quad(node, NamedNode(predicate), value) for value in values]
                break
    return about
