"""Ten kinds of query over the dataset, and the worst that strangers ask."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pyoxigraph as ox

from bench.load import NONCE
from unicef_linked.release.lines import open_lines, parse_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.load import Request
    from unicef_linked.release import Release

JSON: Final = "application/sparql-results+json"
TURTLE: Final = "text/turtle"

PREFIXES: Final = """\
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX schema: <http://schema.org/>
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of query; ``media_type`` is how its answer is asked for."""

    kind: str
    text: str
    media_type: str = JSON

    def path(self, sparql: str, *, different: bool) -> str:
        """Return the request target at an endpoint; ``different`` puts a number into each,
        as a comment in the query.
        """
        query = quote(PREFIXES + self.text.strip(), safe="")
        return f"{sparql}?query={query}" + (f"%0A%23{NONCE}" if different else "")

    def request(self, sparql: str, *, different: bool) -> Request:
        """Return path and headers, for the load generator."""
        return self.path(sparql, different=different), {"Accept": self.media_type}


_STAR: Final = Question(
    "star",
    """
SELECT ?office ?label ?opened ?staff ?place ?region {
  ?office a ul:ZoneOffice ; skos:prefLabel ?label ; ul:openedOn ?opened ; ul:staffCount ?staff ;
          ul:locatedIn ?place ; ul:coversRegion ?region .
  FILTER (LANG(?label) = "fr")
}""",
)

_KINDS: Final = (
    Question("point lookup", "SELECT ?property ?value { $office ?property ?value }"),
    _STAR,
    Question(
        "path",
        "SELECT ?sector ?wider { ?sector a ul:Sector ; skos:broader* ?wider . ?wider a ul:Sector }",
    ),
    Question(
        "OPTIONAL",
        """
SELECT ?region ?label ?office ?capital {
  ?region a ul:Region ; skos:prefLabel ?label .
  OPTIONAL { ?office ul:coversRegion ?region }
  OPTIONAL { ?region ul:regionCapital ?capital }
}""",
    ),
    Question(
        "UNION",
        """
SELECT DISTINCT ?thing ?label {
  { ?thing a ul:Sector } UNION { ?thing a ul:Priority } UNION { ?thing a ul:PopulationGroup }
  ?thing skos:prefLabel ?label .
}""",
    ),
    Question(
        "FILTER regex",
        'SELECT ?thing ?label { ?thing skos:prefLabel ?label . FILTER REGEX(STR(?label), "^bureau.*$word", "i") }',
    ),
    Question(
        "GROUP BY",
        """
SELECT ?office (COUNT(DISTINCT ?sector) AS ?sectors) (COUNT(DISTINCT ?priority) AS ?priorities) {
  ?office a ul:ZoneOffice ; ul:worksInSector ?sector ; ul:hasPriority ?priority .
} GROUP BY ?office""",
    ),
    Question(
        "ORDER BY LIMIT",
        """
SELECT ?thing ?label { ?thing a ul:Claim ; skos:prefLabel ?label . FILTER (LANG(?label) = "en") }
ORDER BY ?thing LIMIT 10""",
    ),
    Question(
        "GRAPH", "SELECT ?graph ?property ?value { GRAPH ?graph { $region ?property ?value } }"
    ),
    Question(
        "CONSTRUCT",
        """
CONSTRUCT { ?office a schema:Organization ; schema:location ?place ; schema:areaServed ?region }
WHERE { ?office a ul:Office ; ul:locatedIn ?place . OPTIONAL { ?office ul:coversRegion ?region } }""",
        TURTLE,
    ),
)

_LABEL: Final = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
INNOCENT: Final = (
    Question("a class", "SELECT ?property ?value { ul:ZoneOffice ?property ?value }"),
    _STAR,
)


def questions_about(release: Release) -> tuple[Question, ...]:
    """Return the ten kinds, about the first office of a release that covers a region.

    Raises ValueError for a release without one.
    """
    names = release.names
    covers = f" <{names.ontology}#coversRegion> ".encode()
    with closing(open_lines(release.dataset)) as lines:
        for line in lines.beginning(f"<{names.entity('office', '')}".encode()):
            if covers in line:
                [covered] = parse_lines([line])
                return _about(covered, parse_lines(lines.of_subject(str(covered.subject))))
    raise ValueError(f"{release.path} has no office that covers a region to ask about")


def _about(covered: ox.Quad, office: Sequence[ox.Quad]) -> tuple[Question, ...]:
    """Return the ten kinds, about the office and the region of a statement."""
    labels = (quad.object for quad in office if quad.predicate == _LABEL)
    word = next(
        label.value.split()[-1].lower()
        for label in labels
        if isinstance(label, ox.Literal) and label.language == "fr"
    )
    terms = {"office": str(covered.subject), "region": str(covered.object), "word": word}
    return tuple(replace(kind, text=Template(kind.text).substitute(terms)) for kind in _KINDS)


def _doubling(times: int) -> str:
    steps = " ".join(f"BIND (CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(times))
    return f'SELECT (STRLEN(?s{times}) AS ?length) {{ BIND ("{"x" * 100}" AS ?s0) {steps} }}'


_EVIL: Final = "(a|aa)+" * 8
WORST: Final = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER (?a != ?d) }",
    "SELECT (SUM(STRLEN(STR(?c)) * STRLEN(STR(?f))) AS ?n) { ?a ?b ?c . ?d ?e ?f }",
    "SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f } OFFSET 100000000",
    "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER (CONCAT(STR(?a), STR(?d), STR(?g)) = 'no') }",
    "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>|^!<urn:x>)* ?b . ?b (!<urn:x>|^!<urn:x>)* ?c }",
    "SELECT (COUNT(*) AS ?n) { ?a ((!<urn:x>)*/(!<urn:x>)*)* ?b }",
    "SELECT (COUNT(*) AS ?n) { ?a (((!<urn:x>)+)+)+ ?b . ?b ((^!<urn:x>)+)+ ?c }",
    "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>/!<urn:x>/!<urn:x>/!<urn:x>/!<urn:x>|^!<urn:x>)* ?b }",
    f'SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f FILTER REGEX(CONCAT(STR(?c), STR(?f)), "^{_EVIL}$") }}',
    'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER REGEX(STR(?c), STR(?f), "i") }',
    'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER (REPLACE(STR(?c), "(.*)(.*)(.*)x", "$3$2$1") = STR(?f)) }',
    _doubling(40),
    f"SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . {{ {_doubling(20)} }} }}",
    'SELECT (GROUP_CONCAT(CONCAT(STR(?c), STR(?f)); separator=" ") AS ?all) { ?a ?b ?c . ?d ?e ?f }',
    "SELECT ?a (GROUP_CONCAT(STR(?f)) AS ?all) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ORDER BY ?all",
    "SELECT (GROUP_CONCAT(DISTINCT CONCAT(STR(?a), STR(?f))) AS ?all) { ?a ?b ?c . ?d ?e ?f }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY STRLEN(STR(?c)) DESC(STR(?f))",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY RAND()",
    "SELECT ?a (COUNT(DISTINCT ?d) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?c ?f ORDER BY DESC(?n)",
)
"""Products, nested paths, regular expressions that backtrack, doubling strings,
and memory: GROUP_CONCAT and ORDER BY."""
