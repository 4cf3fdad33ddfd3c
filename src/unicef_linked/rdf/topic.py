"""Which thing of a dataset the dataset is about as a whole: its catalogue, ontology or thesaurus.

Data of others describes itself in many vocabularies. What is published about such data repeats
these statements in the terms of DCAT.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

from pyoxigraph import Literal, NamedNode, Quad

from unicef_linked.rdf.canonical import iri_of, split_line
from unicef_linked.rdf.iris import DC, DCAT, DCTERMS, OWL, RDF, RDFS, SCHEMA, SKOS, VOID
from unicef_linked.rdf.labels import LABEL_PROPERTIES
from unicef_linked.rdf.terms import is_iri

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
"""Properties of a dataset by DCAT, and those that say the same of a topic; the first found
counts."""

_TITLES: Final = frozenset(f"<{iri}>".encode() for iri in _SAME_IN_DCAT[f"{DCTERMS}title"])

_OF_IRIS: Final = frozenset(
    f"{DCTERMS}{name}" for name in ("license", "publisher", "creator", "language", "spatial")
)
"""Properties whose values DCAT-AP requires to be things."""


class Lines(Protocol):
    """The lines of a dataset, sorted; see ``release.lines.SortedLines``."""

    def __iter__(self) -> Iterator[bytes]:
        """Yield every line."""

    def beginning(self, prefix: bytes) -> Iterator[bytes]:
        """Yield the lines that begin with ``prefix``."""

    def containing(self, part: bytes) -> Iterator[bytes]:
        """Yield the lines that contain ``part`` after the subject."""


def find_topic(lines: Lines) -> str | None:
    """Return the IRI of the thing that a dataset is about as a whole, None if nothing tells.

    It has a title. Of several of the broadest class, it is the one that most IRIs begin with; of
    several datasets without a catalogue, none is the whole. Without any of these classes, it is
    the namespace of most IRIs, if that has a title.
    """
    ranked: set[bytes] = set()  # what has a class that is as broad or broader
    for iri in _CLASSES:
        instances = set(_subjects(lines.containing(f" <{RDF}type> <{iri}> ".encode()))) - ranked
        ranked |= instances
        candidates = sorted(
            iri_of(node) for node in instances if node.startswith(b"<") and _has_title(lines, node)
        )
        if len(candidates) == 1:
            return candidates[0]
        if candidates and not iri.endswith("Dataset"):
            return max(candidates, key=lambda iri: _begun(iri, lines))
    return None if ranked else _titled_namespace(lines)


def _subjects(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the subject of each line, once if the lines are sorted."""
    last = b""
    for line in lines:
        subject = line[: line.index(b" ")]
        if subject != last:
            yield subject
            last = subject


def _has_title(lines: Lines, subject: bytes) -> bool:
    return any(split_line(line)[1] in _TITLES for line in lines.beginning(subject + b" "))


def _titled_namespace(lines: Lines) -> str | None:
    """Return what more than half of the subjects begin with, if it has a title."""
    starts: Counter[bytes] = Counter()
    for subject in _subjects(lines):
        if subject.startswith(b"<"):
            starts[subject[1 : max(subject.rfind(b"/"), subject.rfind(b"#")) + 1]] += 1
    for start, number in starts.most_common(1):
        for iri in (start.decode(), start.decode().rstrip("#/")):
            is_most = 2 * number > starts.total()
            if is_most and is_iri(iri) and _has_title(lines, f"<{iri}>".encode()):
                return iri
    return None


def _begun(iri: str, lines: Lines) -> int:
    """Return how many subjects begin with an IRI."""
    start = iri.rstrip("#/")
    return sum(1 for _ in _subjects(lines.beginning(f"<{start}".encode())))


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
