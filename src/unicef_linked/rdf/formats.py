"""Every format we read and write, as one table.

Headers, links, dumps, documentation and tests loop over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from pyoxigraph import QueryResultsFormat, RdfFormat


class Carries(Enum):
    """What a format can hold."""

    GRAPH = auto()  # triples
    DATASET = auto()  # quads, and therefore triples too
    SOLUTIONS = auto()  # the answer of SELECT and ASK
    PAGE = auto()  # for people


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a graph, a dataset, a table of solutions or a page as bytes."""

    name: str  # in ?format=, on the command line, in file names
    media_type: str  # as registered with IANA, without parameters
    suffix: str  # without the dot
    carries: Carries
    title: str
    aliases: tuple[str, ...] = ()  # other media types that clients send for it
    names: tuple[str, ...] = ()  # other words for it in ?format=
    suffixes: tuple[str, ...] = ()  # other suffixes we answer to
    text: bool = False  # text/*: we say charset=utf-8

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``."""
        return f"{self.media_type}; charset=utf-8" if self.text else self.media_type

    @property
    def rdf(self) -> RdfFormat:
        """The engine's name of an RDF format."""
        kind = RdfFormat.from_media_type(self.media_type)
        assert kind is not None, self.name
        return kind

    @property
    def results(self) -> QueryResultsFormat:
        """The engine's name of a format of solutions."""
        kind = QueryResultsFormat.from_media_type(self.media_type)
        assert kind is not None, self.name
        return kind


TURTLE: Final = Format(
    "turtle",
    "text/turtle",
    "ttl",
    Carries.GRAPH,
    "Turtle",
    ("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3", "application/n3"),
    ("ttl", "n3"),
    text=True,
)
NTRIPLES: Final = Format(
    "ntriples",
    "application/n-triples",
    "nt",
    Carries.GRAPH,
    "N-Triples",
    (),
    ("nt", "n-triples", "text/plain"),
)
RDFXML: Final = Format(
    "rdfxml",
    "application/rdf+xml",
    "rdf",
    Carries.GRAPH,
    "RDF/XML",
    ("application/xml", "text/xml"),
    ("rdf", "xml", "rdf+xml", "rdf/xml", "rdf-xml"),
    ("xml", "owl"),
)
JSONLD: Final = Format(
    "jsonld",
    "application/ld+json",
    "jsonld",
    Carries.GRAPH,
    "JSON-LD",
    ("application/json",),
    ("json-ld", "ld+json", "json"),
    ("json",),
)
TRIG: Final = Format(
    "trig", "application/trig", "trig", Carries.DATASET, "TriG", ("application/x-trig",)
)
NQUADS: Final = Format(
    "nquads",
    "application/n-quads",
    "nq",
    Carries.DATASET,
    "N-Quads",
    ("text/x-nquads",),
    ("nq", "n-quads"),
)
HTML: Final = Format(
    "html", "text/html", "html", Carries.PAGE, "HTML", ("application/xhtml+xml",), text=True
)
RESULTS_JSON: Final = Format(
    "json",
    "application/sparql-results+json",
    "json",
    Carries.SOLUTIONS,
    "SPARQL Results JSON",
    ("application/json",),
    ("srj", "sparql-results+json", "results+json"),
    ("srj",),
)
RESULTS_XML: Final = Format(
    "xml",
    "application/sparql-results+xml",
    "xml",
    Carries.SOLUTIONS,
    "SPARQL Results XML",
    ("application/xml", "text/xml"),
    ("srx", "sparql-results+xml", "results+xml"),
    ("srx",),
)
RESULTS_CSV: Final = Format("csv", "text/csv", "csv", Carries.SOLUTIONS, "CSV", text=True)
RESULTS_TSV: Final = Format(
    "tsv", "text/tab-separated-values", "tsv", Carries.SOLUTIONS, "TSV", text=True
)

FORMATS: Final = (
    TURTLE,
    JSONLD,
    NTRIPLES,
    RDFXML,
    TRIG,
    NQUADS,
    HTML,
    RESULTS_JSON,
    RESULTS_XML,
    RESULTS_CSV,
    RESULTS_TSV,
)
"""In the order in which we prefer them when the client has no preference."""

GRAPH_FORMATS: Final = tuple(f for f in FORMATS if f.carries in {Carries.GRAPH, Carries.DATASET})
SOLUTION_FORMATS: Final = tuple(f for f in FORMATS if f.carries is Carries.SOLUTIONS)
DOCUMENT_FORMATS: Final = (*GRAPH_FORMATS, HTML)
"""What a resource of the dataset can be read as."""

DUMPS: Final = {f"dataset.{f.suffix}": f for f in (NQUADS, TURTLE, JSONLD)}
"""The files that hold the whole dataset, by name; each is published also as ``{name}.gz``."""


def by_suffix(suffix: str) -> Format | None:
    """Return the format of a document whose address ends in ``.{suffix}``.

    >>> by_suffix("json").name
    'jsonld'
    """
    return next((f for f in DOCUMENT_FORMATS if suffix in (f.suffix, *f.suffixes)), None)


def by_name(name: str, formats: tuple[Format, ...]) -> Format | None:
    """Return the format that clients call ``name``: a name, a suffix or a media type.

    Turtle is N3, so that it answers for it.

    >>> by_name("json", SOLUTION_FORMATS).media_type
    'application/sparql-results+json'
    >>> by_name("text/turtle", GRAPH_FORMATS).name
    'turtle'
    """
    # A plus sign that a client did not percent-encode arrives as a space.
    name = name.partition(";")[0].strip().lower().replace(" ", "+")
    for offer in formats:
        others = (*offer.names, *offer.suffixes, *offer.aliases)
        if name in (offer.name, offer.suffix, offer.media_type, *others):
            return offer
    return None
