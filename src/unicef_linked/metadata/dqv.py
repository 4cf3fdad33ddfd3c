"""How good a release is, by the Data Quality Vocabulary (DQV)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked import addresses
from unicef_linked.dataset.conformance import report_of
from unicef_linked.dataset.description import Description
from unicef_linked.dataset.measures import (
    DESCRIPTION_PROPERTIES,
    completeness,
    evidence,
    shares,
)
from unicef_linked.i18n import N_
from unicef_linked.rdf.iris import DCTERMS, DQV, FOAF, PROV, RDF, SKOS, VOID, XSD
from unicef_linked.store.labels import LABEL_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from unicef_linked import links
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.i18n import Translations


@dataclass(frozen=True, slots=True)
class HostHealth:
    """One host that the data links to, and what asking its links has shown."""

    name: str
    links: int
    states: Mapping[str, int]  # by the names of links.STATES

    @property
    def asked(self) -> int:
        """How many of the links were asked."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class LinkHealth:
    """The links that lead out, by host, and when they were asked; "" where they were not."""

    hosts: tuple[HostHealth, ...]
    first: str = ""
    last: str = ""

    @property
    def total(self) -> HostHealth:
        """All hosts as one."""
        states: Counter[str] = Counter()
        for host in self.hosts:
            states.update(host.states)
        return HostHealth("", sum(host.links for host in self.hosts), dict(states))


def link_health(
    outgoing: Iterable[tuple[str, str]], findings: Mapping[str, links.Finding]
) -> LinkHealth:
    """Return the links of a dataset, each an address with its host, in the light of what a check has found."""
    counts: Counter[str] = Counter()
    states: dict[str, Counter[str]] = defaultdict(Counter)
    dates = set()
    for url, host in outgoing:
        counts[host] += 1
        if url in findings:
            states[host][findings[url].state] += 1
            dates.add(findings[url].asked)
    hosts = (HostHealth(name, number, dict(states[name])) for name, number in counts.items())
    ordered = tuple(sorted(hosts, key=lambda host: (-host.links, host.name)))
    return LinkHealth(ordered, min(dates, default=""), max(dates, default=""))


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


def describe_quality(
    dataset: PublishedDataset, translations: Translations, health: LinkHealth
) -> Description:
    """Return the quality of the release by the Data Quality Vocabulary (DQV, section 3), with its validation report.

    A language is said as ``dcterms:language`` of a measurement; what is measured of a class is
    computed on its partition.
    """
    document = addresses.absolute(dataset.names.base, addresses.QUALITY)
    iri = dataset.names.dataset
    sha256 = ox.Literal(dataset.release.manifest.sha256)
    header = [
        _say(iri, f"{DQV}hasQualityMetadata", document),
        _say(document, f"{RDF}type", f"{DQV}QualityMetadata"),
        _say(document, f"{FOAF}primaryTopic", iri),
        _say(document, f"{PROV}wasDerivedFrom", iri),
        _say(document, f"{DCTERMS}identifier", sha256),
    ]
    measurements = _Measurements(document, iri)
    report = report_of(dataset)
    if report:
        measurements.add("conforms", report.conforms)
        measurements.add("results", len(report.results))
    _measure_texts(dataset, measurements, "names", LABEL_PROPERTIES)
    _measure_texts(dataset, measurements, "descriptions", DESCRIPTION_PROPERTIES)
    claims = evidence(dataset)
    if claims:
        claimed, number = (
            sum(part.claimed for part in claims),
            sum(part.number for part in claims),
        )
        measurements.add("evidence", claimed / number)
    links_out = health.total
    measurements.add("links", links_out.links)
    if links_out.asked:
        measurements.add("links-alive", 1 - links_out.states.get("dead", 0) / links_out.asked)
    triples = [*header, *measurements.triples, *measurements.metrics(translations)]
    path = dataset.release.path / "report.ttl"
    validation = []
    if path.exists():
        quads = ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE)
        validation = [quad.triple for quad in quads]
    return Description(document, [], triples, validation)


class _Measurements:
    """The measurements of a document as triples, and which metrics they are of."""

    def __init__(self, document: str, dataset: str) -> None:
        self._document, self._dataset = document, dataset
        self.triples: list[ox.Triple] = []
        self._used: set[str] = set()

    def add(
        self, metric: str, value: bool | float, *, tag: str = "", on: str = "", of: str = ""
    ) -> None:
        """Add a measurement: of texts in a language with ``tag``, of the part ``on``, which ``of`` names."""
        kind = next(known.kind for known in METRICS if known.name == metric)
        node = f"{self._document}#{'-'.join(filter(None, (metric, of, tag)))}"
        literal = ox.Literal(_lexical(value), datatype=ox.NamedNode(f"{XSD}{kind}"))
        computed_on = on or self._dataset
        self._used.add(metric)
        self.triples += [
            _say(computed_on, f"{DQV}hasQualityMeasurement", node),
            _say(node, f"{RDF}type", f"{DQV}QualityMeasurement"),
            _say(node, f"{DQV}isMeasurementOf", f"{self._document}#metric-{metric}"),
            _say(node, f"{DQV}computedOn", computed_on),
            _say(node, f"{DQV}value", literal),
        ]
        if tag:
            self.triples.append(_say(node, f"{DCTERMS}language", ox.Literal(tag)))

    def metrics(self, translations: Translations) -> Iterable[ox.Triple]:
        """Yield what the metrics are that were measured."""
        for metric in METRICS:
            if metric.name not in self._used:
                continue
            node = f"{self._document}#metric-{metric.name}"
            yield _say(node, f"{RDF}type", f"{DQV}Metric")
            yield _say(node, f"{DQV}expectedDataType", f"{XSD}{metric.kind}")
            yield _say(node, f"{DQV}inDimension", f"{_DIMENSIONS}{metric.dimension}")
            for tag, text in translations.in_every_language(metric.definition).items():
                yield _say(node, f"{SKOS}definition", ox.Literal(text, language=tag))


def _measure_texts(
    dataset: PublishedDataset,
    measurements: _Measurements,
    metric: str,
    properties: Sequence[str],
) -> None:
    """Measure in which languages things have a text: of the whole, and of each class with a partition."""
    partitions = _partitions(dataset)
    classes = completeness(dataset, properties)
    for tag, share in shares(dataset, properties, [part.iri for part in classes]).items():
        measurements.add(metric, share, tag=tag)
    for part in classes:
        if part.iri not in partitions:
            continue
        of = dataset.names.shorten(part.iri).replace(":", "-")
        for tag, number in sorted(part.languages.items()):
            share = number / part.number
            measurements.add(metric, share, tag=tag, on=partitions[part.iri], of=of)


def _lexical(value: bool | float) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    return f"{math.floor(value * 10000) / 10000:.4f}"  # never rounded up to all


def _partitions(dataset: PublishedDataset) -> dict[str, str]:
    """Return the partition of each class that the data describes (VoID, section 4.5)."""
    nodes = {
        quad.object
        for quad in dataset.store.match(
            ox.NamedNode(dataset.names.dataset), ox.NamedNode(f"{VOID}classPartition")
        )
    }
    quads = dataset.store.match(None, ox.NamedNode(f"{VOID}class")) if nodes else []
    return {
        quad.object.value: str(getattr(quad.subject, "value", ""))
        for quad in quads
        if quad.subject in nodes and isinstance(quad.object, ox.NamedNode)
    }


def _say(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    node = ox.NamedNode(value) if isinstance(value, str) else value
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), node)
