"""/quality: what is known of how good a release is, as the Data Quality Vocabulary and as a page."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Blueprint, Response

from unicef_linked import addresses, links
from unicef_linked.dataset.description import Description
from unicef_linked.dataset.vocabulary import read_shapes
from unicef_linked.errors import UnusableInput
from unicef_linked.i18n import N_
from unicef_linked.rdf.iris import DCTERMS, DQV, FOAF, PROV, RDF, RDFS, SHACL, SKOS, VOID, XSD
from unicef_linked.release import open_release
from unicef_linked.store.labels import LABEL_PROPERTIES
from unicef_linked.validation.report import SEVERITIES, Report, read_report
from unicef_linked.web.responses import formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked.dataset.labels import Link, Reader, Resource
    from unicef_linked.dataset.vocabulary import Shape
    from unicef_linked.rdf.terms import Solution
    from unicef_linked.web.responder import Responder


def quality(responder: Responder, links_state: str, suffix: str | None = None) -> Response:
    """Return the measurements of the release by the Data Quality Vocabulary, or as a page."""
    return responder.respond(
        addresses.QUALITY,
        suffix,
        lambda: describe_quality(responder, links_state),
        lambda: _quality_page(responder, links_state),
    )


# What the shapes found


def failing_nodes(report: Report, shapes: Mapping[str, Shape]) -> dict[str, set[str]]:
    """Return the nodes that do not conform, by node shape: a result of a property shape is one of what holds it.

    Advice does not count, as it does not for the release.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for shape in shapes.values():
        for part in shape.parts:
            holders[part].append(shape.iri)
    found: dict[str, set[str]] = defaultdict(set)
    for result in report.results:
        if result.severity != "Violation":
            continue
        for name in holders.get(result.shape) or [result.shape]:
            found[name].add(result.focus_node)
    return dict(found)


def report_of(responder: Responder) -> Report | None:
    """Return the report of the release; None where nothing was validated."""
    path = responder.dataset.release.path / "report.ttl"
    if not path.exists():
        return None
    return read_report(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))


def focus_nodes(responder: Responder, shape: Shape) -> int:
    """Return how many things of the release a shape is about (SHACL, section 2.1.3)."""
    patterns = []
    for kind, iri in shape.targets:
        node = ox.NamedNode(iri)
        patterns.append(
            {
                "class": f"{{ ?s a/<{RDFS}subClassOf>* {node} }}",
                "subjects": f"{{ ?s {node} ?o }}",
                "objects": f"{{ ?o {node} ?s }}",
                "node": f"{{ VALUES ?s {{ {node} }} }}",
            }[kind]
        )
    return (
        responder.dataset.counted(f"SELECT DISTINCT ?s {{ {' UNION '.join(patterns)} }}")
        if patterns
        else 0
    )


# Names and descriptions in each language


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many instances of a class have a text, by language."""

    iri: str
    number: int
    languages: Mapping[str, int]  # "" where a text does not say its language


_DESCRIPTIONS: Final = (f"{SKOS}definition", f"{DCTERMS}description", f"{RDFS}comment")


def completeness(responder: Responder, properties: Sequence[str]) -> list[Completeness]:
    """Return for each class how many of its instances have any of the properties in a language; the largest first.

    Of a release that we built the ontology's own classes, else all: there the classes are what the data is about.
    """
    terms = " ".join(f"<{iri}>" for iri in properties)
    rows = responder.dataset.store.select(
        "SELECT ?class ?language (COUNT(DISTINCT ?s) AS ?number) {"
        f" VALUES ?property {{ {terms} }} ?s ?property ?text ; a ?class . BIND (LANG(?text) AS ?language) }}"
        " GROUP BY ?class ?language"
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        if isinstance(row["class"], ox.NamedNode) and "language" in row:
            found[row["class"].value][_text(row, "language")] = int(_text(row, "number"))
    own = {
        iri: number
        for iri, number in responder.dataset.partitions["class"]
        if iri.startswith(f"{responder.names.ontology}#")
    }
    classes = own or dict(responder.dataset.partitions["class"])
    ordered = sorted(classes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Completeness(iri, number, found.get(iri, {})) for iri, number in ordered]


def shares(
    responder: Responder, properties: Sequence[str], classes: Iterable[str]
) -> dict[str, float]:
    """Return which share of all instances of the classes have a text, by language; a thing of two classes counts once."""
    kinds = " ".join(f"<{iri}>" for iri in classes)
    terms = " ".join(f"<{iri}>" for iri in properties)
    things = f"VALUES ?class {{ {kinds} }} ?s a ?class ."
    total = responder.dataset.counted(f"SELECT DISTINCT ?s {{ {things} }}") if kinds else 0
    rows = responder.dataset.store.select(
        f"SELECT ?language (COUNT(DISTINCT ?s) AS ?number) {{ {things} VALUES ?property {{ {terms} }} ?s ?property ?text ."
        " BIND (LANG(?text) AS ?language) } GROUP BY ?language ORDER BY ?language"
    )
    return (
        {
            _text(row, "language"): int(_text(row, "number")) / total
            for row in rows
            if "language" in row
        }
        if total
        else {}
    )


_LACKING: Final = """
# Instances of a class without a text in a language.
SELECT ?class ?language ?s {
  ?s a ?class .
  FILTER NOT EXISTS { ?s ?property ?text . FILTER (?property IN (%s) && LANG(?text) = ?language) }
}
ORDER BY STR(?s)
LIMIT %d
"""
FEW: Final = 5
"""Things that a page names one by one; where there are more it gives their number alone."""


def lacking(
    responder: Responder, properties: Sequence[str], one: Completeness, tag: str
) -> list[str]:
    """Return the instances of a class that lack a text in a language, where they are few; else none."""
    if not 0 < one.number - one.languages.get(tag, 0) <= FEW:
        return []
    query = _LACKING % (", ".join(f"<{iri}>" for iri in properties), FEW + 1)
    rows = responder.dataset.store.select(
        query, {"class": ox.NamedNode(one.iri), "language": ox.Literal(tag)}
    )
    return [term.value for row in rows if isinstance(term := row["s"], ox.NamedNode)]


# Evidence


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of the statements with a property, or that things are of a class, how many have a claim."""

    iri: str
    number: int
    claimed: int


_EVIDENCE: Final = """
# Statements in the graphs that come from a text, of the kinds that claims are made of, and how many have a claim.
PREFIX rdf:     <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa:      <http://www.w3.org/ns/oa#>

SELECT ?what (COUNT(*) AS ?number) (SUM(?has) AS ?claimed) {
  SELECT DISTINCT ?s ?p ?o ?what ?has {
    { SELECT DISTINCT ?p ?what { ?some rdf:predicate ?p ; rdf:object ?v . BIND (IF(?p = rdf:type, ?v, ?p) AS ?what) } }
    { SELECT DISTINCT ?g { ?g dcterms:source ?source . ?passage oa:hasSource ?source } }
    GRAPH ?g { ?s ?p ?o }
    FILTER (?p != rdf:type || ?o = ?what)
    BIND (IF(EXISTS { ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }, 1, 0) AS ?has)
  }
}
GROUP BY ?what
"""

_BASES: Final = """
# How the claims follow from their sources.
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
SELECT ?basis ?value (COUNT(DISTINCT ?claim) AS ?number) { ?claim rdf:predicate ?p ; ?basis ?value } GROUP BY ?basis ?value
"""


def evidence(responder: Responder) -> list[Evidence]:
    """Return how much of what was taken from texts rests on a claim, by property or class."""
    rows = responder.dataset.store.select(_EVIDENCE)
    found = [
        Evidence(_text(row, "what"), int(_text(row, "number")), int(_text(row, "claimed")))
        for row in rows
        if isinstance(row.get("what"), ox.NamedNode)
    ]
    return sorted(found, key=lambda one: (-one.number, one.iri))


def bases(responder: Responder) -> list[tuple[str, int]]:
    """Return how many claims follow from their source in which way, the most frequent first."""
    rows = responder.dataset.store.select(
        _BASES, {"basis": ox.NamedNode(responder.names.term("basis"))}
    )
    return sorted(
        ((_text(row, "value"), int(_text(row, "number"))) for row in rows),
        key=lambda pair: (-pair[1], pair[0]),
    )


def _text(row: Solution, name: str) -> str:
    return str(getattr(row[name], "value", ""))


# Links


@dataclass(frozen=True, slots=True)
class Host:
    """One host that the data links to, and what asking its links has shown."""

    name: str
    links: int
    states: Mapping[str, int]  # by the names of links.STATES

    @property
    def asked(self) -> int:
        """How many of the links were asked."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Checked:
    """The links that lead out, by host, and when they were asked; "" where they were not."""

    hosts: tuple[Host, ...]
    first: str = ""
    last: str = ""

    @property
    def total(self) -> Host:
        """All hosts as one."""
        states: Counter[str] = Counter()
        for host in self.hosts:
            states.update(host.states)
        return Host("", sum(host.links for host in self.hosts), dict(states))


def check_of(outgoing: Iterable[tuple[str, str]], findings: Mapping[str, links.Finding]) -> Checked:
    """Return the links of a dataset, each an address with its host, in the light of what a check has found."""
    counts: Counter[str] = Counter()
    states: dict[str, Counter[str]] = defaultdict(Counter)
    dates = set()
    for url, host in outgoing:
        counts[host] += 1
        if url in findings:
            states[host][findings[url].state] += 1
            dates.add(findings[url].asked)
    hosts = (Host(name, number, dict(states[name])) for name, number in counts.items())
    ordered = tuple(sorted(hosts, key=lambda host: (-host.links, host.name)))
    return Checked(ordered, min(dates, default=""), max(dates, default=""))


@cache
def _outgoing(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the links of the release at ``path``: a release never changes, and all its statements are read for them."""
    release = open_release(path)
    return tuple(
        (link.url, link.host) for link in links.outgoing(release.quads(), release.names.base)
    )


@cache
def _findings(path: str) -> Mapping[str, links.Finding]:
    """Return what a check has written down, as it was when it was first asked for: pages are kept as long as we run."""
    try:
        return links.read_state(Path(path)) if path else {}
    except UnusableInput:
        return {}  # the service has said so when it started


def _checked(responder: Responder, links_state: str) -> Checked:
    return check_of(_outgoing(responder.dataset.release.path), _findings(links_state))


# The measurements as data

_DIMENSIONS: Final = "http://www.w3.org/2016/05/ldqd#"


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is measured; ``kind`` is the datatype of its values, ``dimension`` one of the W3C's list."""

    name: str
    dimension: str
    kind: str
    definition: str  # a message of i18n


METRICS: Final = (
    Metric("conforms", "consistency", "boolean", N_("whether the release conforms to its shapes")),
    Metric("results", "consistency", "integer", N_("results of the validation, advice included")),
    Metric("names", "completeness", "decimal", N_("share of things that have a name in the language")),
    Metric("descriptions", "completeness", "decimal", N_("share of things that have a description in the language")),
    Metric("evidence", "trustworthiness", "decimal", N_("share of the statements taken from a text that rest on a claim")),
    Metric("links", "interlinking", "integer", N_("addresses outside the dataset that it links to")),
    Metric("links-alive", "availability", "decimal", N_("share of the links asked that answered")),
)  # fmt: skip
"""What is measured; a measurement that needs what a dataset does not have is left out."""


def describe_quality(responder: Responder, links_state: str) -> Description:  # noqa: C901 - to be split
    """Return the quality of the release by the Data Quality Vocabulary (DQV, section 3), with its validation report.

    A language is said as ``dcterms:language`` of a measurement; what is measured of a class is computed on its partition.
    """
    document, dataset = (
        addresses.absolute(responder.names.base, addresses.QUALITY),
        responder.names.dataset,
    )
    triples = [
        _say(dataset, f"{DQV}hasQualityMetadata", document),
        _say(document, f"{RDF}type", f"{DQV}QualityMetadata"),
        _say(document, f"{FOAF}primaryTopic", dataset),
        _say(document, f"{PROV}wasDerivedFrom", dataset),
        _say(
            document, f"{DCTERMS}identifier", ox.Literal(responder.dataset.release.manifest.sha256)
        ),
    ]
    used = set()

    def measure(
        metric: str, value: bool | float, *, tag: str = "", on: str = dataset, of: str = ""
    ) -> None:
        kind = next(m.kind for m in METRICS if m.name == metric)
        node = f"{document}#{'-'.join(filter(None, (metric, of, tag)))}"
        literal = ox.Literal(_lexical(value), datatype=ox.NamedNode(f"{XSD}{kind}"))
        used.add(metric)
        triples.extend(
            [
                _say(on, f"{DQV}hasQualityMeasurement", node),
                _say(node, f"{RDF}type", f"{DQV}QualityMeasurement"),
                _say(node, f"{DQV}isMeasurementOf", f"{document}#metric-{metric}"),
                _say(node, f"{DQV}computedOn", on),
                _say(node, f"{DQV}value", literal),
            ]
        )
        if tag:
            triples.append(_say(node, f"{DCTERMS}language", ox.Literal(tag)))

    report = report_of(responder)
    if report:
        measure("conforms", report.conforms)
        measure("results", len(report.results))
    partitions = _partitions(responder)
    for metric, properties in (("names", LABEL_PROPERTIES), ("descriptions", _DESCRIPTIONS)):
        measured = completeness(responder, properties)
        for tag, share in shares(responder, properties, [one.iri for one in measured]).items():
            measure(metric, share, tag=tag)
        for one in measured:
            for tag, number in sorted(one.languages.items()) if one.iri in partitions else ():
                of = responder.names.shorten(one.iri).replace(":", "-")
                measure(metric, number / one.number, tag=tag, on=partitions[one.iri], of=of)
    claims = evidence(responder)
    if claims:
        measure("evidence", sum(one.claimed for one in claims) / sum(one.number for one in claims))
    total = _checked(responder, links_state).total
    measure("links", total.links)
    if total.asked:
        measure("links-alive", 1 - total.states.get("dead", 0) / total.asked)
    for known in METRICS:
        if known.name in used:
            node = f"{document}#metric-{known.name}"
            triples += [
                _say(node, f"{RDF}type", f"{DQV}Metric"),
                _say(node, f"{DQV}expectedDataType", f"{XSD}{known.kind}"),
                _say(node, f"{DQV}inDimension", f"{_DIMENSIONS}{known.dimension}"),
            ]
            definitions = responder.translations.in_every_language(known.definition)
            triples += [
                _say(node, f"{SKOS}definition", ox.Literal(text, language=tag))
                for tag, text in definitions.items()
            ]
    path = responder.dataset.release.path / "report.ttl"
    found = (
        [quad.triple for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE)]
        if path.exists()
        else []
    )
    return Description(document, [], triples, found)


def _lexical(value: bool | float) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    return f"{math.floor(value * 10000) / 10000:.4f}"  # never rounded up to all


def _partitions(responder: Responder) -> dict[str, str]:
    """Return the partition of each class that the data describes (VoID, section 4.5)."""
    nodes = {
        quad.object
        for quad in responder.dataset.store.match(
            ox.NamedNode(responder.names.dataset), ox.NamedNode(f"{VOID}classPartition")
        )
    }
    quads = responder.dataset.store.match(None, ox.NamedNode(f"{VOID}class")) if nodes else []
    return {
        quad.object.value: str(getattr(quad.subject, "value", ""))
        for quad in quads
        if quad.subject in nodes and isinstance(quad.object, ox.NamedNode)
    }


def _say(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    node = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), node)


# The page


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of a class have a text in one language, and which have not, where these are few."""

    tag: str
    number: int
    total: int
    without: tuple[Link, ...]

    @property
    def percent(self) -> int:
        """The share in percent, never rounded up to all."""
        return self.number * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Languages:
    """A table of classes by languages."""

    tags: tuple[str, ...]
    rows: tuple[tuple[Link, int, tuple[Cell, ...]], ...]


def _languages(responder: Responder, properties: Sequence[str]) -> Languages:
    measured = [one for one in completeness(responder, properties) if one.number and one.languages]
    ours = responder.languages
    others = sorted({tag for one in measured for tag in one.languages} - {*ours, ""})
    plain = ("",) if any("" in one.languages for one in measured) else ()
    tags = (*ours, *others, *plain)
    missing = {
        (one.iri, tag): lacking(responder, properties, one, tag)
        for one in measured
        for tag in tags
        if tag in one.languages or tag in ours
    }
    reader = responder.context().reader(
        [], *(one.iri for one in measured), *(iri for iris in missing.values() for iri in iris)
    )
    rows = [
        (
            reader.link(one.iri),
            one.number,
            tuple(
                Cell(
                    tag,
                    one.languages.get(tag, 0),
                    one.number,
                    tuple(map(reader.link, missing.get((one.iri, tag), ()))),
                )
                for tag in tags
            ),
        )
        for one in measured
    ]
    return Languages(tags, tuple(rows))


def _results(
    responder: Responder, report: Report, shapes: Mapping[str, Resource]
) -> list[tuple[str, Resource | None, list[Link]]]:
    """Return the results of a validation by shape: how grave, the shape with its message, the things that it is about."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in report.results:
        grouped[f"{SHACL}{result.severity}", result.shape].append(result.focus_node)
    reader = responder.context().reader([], *(result.focus_node for result in report.results))
    return [
        (severity, shapes.get(shape), [reader.link(iri) for iri in dict.fromkeys(nodes)])
        for (severity, shape), nodes in sorted(
            grouped.items(), key=lambda item: (_GRAVITY.index(item[0][0]), item[0][1])
        )
    ]


_GRAVITY: Final = tuple(f"{SHACL}{name}" for name in SEVERITIES)


def _shapes_by_iri(
    reader: Reader, quads: Iterable[ox.Quad], wanted: set[str]
) -> dict[str, Resource]:
    by_subject: dict[str, list[ox.Quad]] = defaultdict(list)
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value in wanted:
            by_subject[quad.subject.value].append(quad)
            if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, ox.Literal):
                labels[quad.subject.value][quad.object.language or ""] = quad.object.value
    named = reader.with_labels(labels)
    return {iri: named.resource(iri, found) for iri, found in by_subject.items()}


def _quality_page(responder: Responder, links_state: str) -> bytes:
    manifest = responder.dataset.release.manifest
    report = report_of(responder)
    quads = list(responder.dataset.release.shapes())
    shapes = read_shapes(quads)
    targeted = [shape for shape in shapes.values() if shape.targets]
    claims, ways = evidence(responder), bases(responder)
    changed = {
        graph for past in manifest.history for graph in (*past.added, *past.removed) if graph
    }
    reader = responder.context().reader(
        [],
        responder.names.dataset,
        *changed,
        *(one.iri for one in claims),
        *(iri for iri, _ in ways),
    )
    steps = [
        (
            past,
            [
                (
                    reader.link(graph) if graph else None,
                    past.added.get(graph, 0),
                    past.removed.get(graph, 0),
                )
                for graph in sorted({*past.added, *past.removed})
            ],
        )
        for past in manifest.history
    ]
    return responder.render(
        "quality.html",
        release=manifest,
        conforms=report.conforms if report else None,
        counts={
            name: report.count(severity) if report else 0
            for name, severity in zip(("violations", "warnings", "infos"), SEVERITIES, strict=True)
        },
        results=_results(
            responder, report, _shapes_by_iri(reader, quads, {r.shape for r in report.results})
        )
        if report
        else [],
        shapes=len(targeted),
        rules=sum(bool(shape.path) for shape in shapes.values()),
        checks=sum(focus_nodes(responder, shape) for shape in targeted),
        names=_languages(responder, LABEL_PROPERTIES),
        descriptions=_languages(responder, _DESCRIPTIONS),
        evidence=[(reader.link(one.iri), one) for one in claims],
        total=Evidence("", sum(one.number for one in claims), sum(one.claimed for one in claims)),
        bases=[(reader.link(iri), number) for iri, number in ways],
        checked=_checked(responder, links_state),
        states=links.STATES,
        steps=steps,
        address=responder.public_address(),
        formats=formats_of(addresses.QUALITY),
        title=reader.label(responder.names.dataset),
    )


def routes(responder: Responder, links_state: str) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("quality", __name__)
    bind(blueprint, ("/quality", "/quality.<suffix>"), quality, responder, links_state)
    return blueprint
