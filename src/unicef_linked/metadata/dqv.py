"""The quality of the release by the Data Quality Vocabulary (DQV), with its validation report."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.dataset.quality import (
    read_completeness,
    read_evidence,
    read_shares,
    total_evidence,
)
from unicef_linked.i18n import N_
from unicef_linked.metadata.void import class_partitions
from unicef_linked.rdf.iris import DCTERMS, DQV, FOAF, PROV, RDF, SKOS, XSD
from unicef_linked.rdf.summaries import host_of
from unicef_linked.rdf.terms import triple, typed

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from pyoxigraph import Triple

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.i18n import Translations
    from unicef_linked.links import Finding

_DIMENSIONS: Final = "http://www.w3.org/2016/05/ldqd#"
"""Namespace of the W3C's quality dimensions."""


@dataclass(frozen=True, slots=True)
class HostLinks:
    """The links to one host, and their states by the last check."""

    name: str
    links: int
    states: Mapping[str, int]  # by the names of links.STATES

    @property
    def asked(self) -> int:
        """How many of the links were checked."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class LinkSummary:
    """The outgoing links by host, and when they were checked; "" if they were not."""

    hosts: tuple[HostLinks, ...]
    first: str = ""
    last: str = ""

    @property
    def total(self) -> HostLinks:
        """All hosts together."""
        states: Counter[str] = Counter()
        for host in self.hosts:
            states.update(host.states)
        return HostLinks("", sum(host.links for host in self.hosts), dict(states))


def summarize_links(
    numbers: Mapping[str, int], urls: Container[str], findings: Mapping[str, Finding]
) -> LinkSummary:
    """Return the summary of links: their number by host, their URLs, what a check found by URL.

    A finding about another URL is passed over.
    """
    states: dict[str, Counter[str]] = defaultdict(Counter)
    dates = set()
    for url, finding in findings.items():
        if url in urls:
            states[host_of(url)][finding.state] += 1
            dates.add(finding.asked)
    hosts = [HostLinks(name, number, dict(states[name])) for name, number in numbers.items()]
    hosts.sort(key=lambda host: (-host.links, host.name))
    return LinkSummary(tuple(hosts), min(dates, default=""), max(dates, default=""))


def read_links(published: PublishedDataset, findings: Mapping[str, Finding]) -> LinkSummary:
    """Return the summary of the release's outgoing links."""
    summaries = published.summaries
    return summarize_links(summaries.counts.hosts, summaries.outgoing, findings)


@dataclass(frozen=True, slots=True)
class Metric:
    """A ``dqv:Metric``."""

    name: str
    dimension: str  # local name of a dimension of the W3C's list
    datatype: str  # local name of the XSD datatype of its values
    definition: str  # a message of i18n


METRICS: Final = (
    Metric("conforms", "consistency", "boolean", N_("whether the release conforms to its shapes")),
    Metric("results", "consistency", "integer", N_("results of the validation, advice included")),
    Metric(
        "names",
        "completeness",
        "decimal",
        N_("share of things that have a name in the language"),
    ),
    Metric(
        "descriptions",
        "completeness",
        "decimal",
        N_("share of things that have a description in the language"),
    ),
    Metric(
        "evidence",
        "trustworthiness",
        "decimal",
        N_("share of the statements taken from a text that rest on a claim"),
    ),
    Metric(
        "links", "interlinking", "integer", N_("addresses outside the dataset that it links to")
    ),
    Metric("links-alive", "availability", "decimal", N_("share of the links asked that answered")),
)
"""All metrics. One that does not apply to a release has no measurement and is left out."""

_METRICS: Final = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A ``dqv:QualityMeasurement``."""

    metric: str
    value: bool | int | float
    computed_on: str  # IRI of the dataset or of a class partition
    class_name: str = ""  # short name of the class of the partition
    language: str = ""

    @property
    def lexical_form(self) -> str:
        """The value as XSD writes it; shares have four decimals, rounded down, so that 1 is all."""
        if isinstance(self.value, bool | int):
            return str(self.value).lower()
        return f"{math.floor(self.value * 10000) / 10000:.4f}"


def describe_quality(
    published: PublishedDataset, links: LinkSummary, translations: Translations
) -> Description:
    """Return the description (DQV, section 3); ``links`` are those that lead out.

    ``dcterms:language`` is the language of a measurement. Measurements of a class are computed on
    its VoID partition.
    """
    document = addresses.absolute(published.names.base, addresses.QUALITY)
    dataset = published.names.dataset
    measurements = [
        *_conformance(published),
        *_completeness(published),
        *_evidence(published),
        *_links(published, links),
    ]
    triples = [
        triple(dataset, f"{DQV}hasQualityMetadata", document),
        triple(document, f"{RDF}type", f"{DQV}QualityMetadata"),
        triple(document, f"{FOAF}primaryTopic", dataset),
        triple(document, f"{PROV}wasDerivedFrom", dataset),
        triple(document, f"{DCTERMS}identifier", Literal(published.release.manifest.sha256)),
    ]
    for measurement in measurements:
        triples += _describe_measurement(document, measurement)
    for name in {measurement.metric for measurement in measurements}:
        triples += _describe_metric(document, _METRICS[name], translations)
    return Description(document, [], triples, list(published.report_triples))


def _conformance(published: PublishedDataset) -> Iterator[Measurement]:
    if published.report:
        yield Measurement("conforms", published.report.conforms, published.names.dataset)
        yield Measurement("results", len(published.report.results), published.names.dataset)


def _completeness(published: PublishedDataset) -> Iterator[Measurement]:
    partitions = class_partitions(published)
    counts = published.summaries.counts
    for metric, texts in (("names", counts.names), ("descriptions", counts.descriptions)):
        classes = read_completeness(published, texts)
        for tag, share in read_shares(texts).items():
            yield Measurement(metric, share, published.names.dataset, language=tag)
        for measured in classes:
            if measured.iri not in partitions:
                continue
            class_name = published.names.shorten(measured.iri).replace(":", "-")
            for tag, number in sorted(measured.languages.items()):
                share = number / measured.number
                yield Measurement(metric, share, partitions[measured.iri], class_name, tag)


def _evidence(published: PublishedDataset) -> Iterator[Measurement]:
    total = total_evidence(read_evidence(published))
    if total.number:
        yield Measurement("evidence", total.claimed / total.number, published.names.dataset)


def _links(published: PublishedDataset, links: LinkSummary) -> Iterator[Measurement]:
    total = links.total
    yield Measurement("links", total.links, published.names.dataset)
    if total.asked:
        alive = 1 - total.states.get("dead", 0) / total.asked
        yield Measurement("links-alive", alive, published.names.dataset)


def _describe_measurement(document: str, measurement: Measurement) -> Iterator[Triple]:
    parts = (measurement.metric, measurement.class_name, measurement.language)
    node = f"{document}#{'-'.join(filter(None, parts))}"
    datatype = _METRICS[measurement.metric].datatype
    value = typed(measurement.lexical_form, f"{XSD}{datatype}")
    yield triple(measurement.computed_on, f"{DQV}hasQualityMeasurement", node)
    yield triple(node, f"{RDF}type", f"{DQV}QualityMeasurement")
    yield triple(node, f"{DQV}isMeasurementOf", f"{document}#metric-{measurement.metric}")
    yield triple(node, f"{DQV}computedOn", measurement.computed_on)
    yield triple(node, f"{DQV}value", value)
    if measurement.language:
        yield triple(node, f"{DCTERMS}language", Literal(measurement.language))


def _describe_metric(document: str, metric: Metric, translations: Translations) -> Iterator[Triple]:
    node = f"{document}#metric-{metric.name}"
    yield triple(node, f"{RDF}type", f"{DQV}Metric")
    yield triple(node, f"{DQV}expectedDataType", f"{XSD}{metric.datatype}")
    yield triple(node, f"{DQV}inDimension", f"{_DIMENSIONS}{metric.dimension}")
    for tag, text in translations.in_every_language(metric.definition).items():
        yield triple(node, f"{SKOS}definition", Literal(text, language=tag))
