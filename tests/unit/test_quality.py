"""What is measured of a release: reports, links."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from unicef_linked.dataset.quality import failing_nodes
from unicef_linked.dataset.vocabulary import Shape
from unicef_linked.i18n import read_translations
from unicef_linked.links import Finding
from unicef_linked.metadata.dqv import METRICS, HostLinks, LinkSummary, summarize_links
from unicef_linked.validation.report import read_report

REPORT = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
<urn:report> a sh:ValidationReport ; sh:conforms true ; sh:result <urn:report#1>, <urn:report#2>, <urn:report#3> .
<urn:report#1> a sh:ValidationResult ; sh:resultSeverity sh:Warning ; sh:focusNode <urn:a> ; sh:sourceShape <urn:S-p> .
<urn:report#2> a sh:ValidationResult ; sh:resultSeverity sh:Warning ; sh:focusNode <urn:a> ; sh:sourceShape <urn:S-q> .
<urn:report#3> a sh:ValidationResult ; sh:resultSeverity sh:Info ; sh:focusNode <urn:b> ; sh:sourceShape <urn:S> .
"""


def test_a_report_is_read_back() -> None:
    report = read_report(ox.parse(REPORT, format=ox.RdfFormat.TURTLE))
    assert report
    assert report.conforms is True
    assert [(r.severity, r.focus_node, r.shape) for r in report.results] == [
        ("Warning", "urn:a", "urn:S-p"),
        ("Warning", "urn:a", "urn:S-q"),
        ("Info", "urn:b", "urn:S"),
    ]


def test_a_thing_that_fails_two_rules_of_a_shape_counts_once_and_advice_does_not() -> None:
    report = read_report(
        ox.parse(REPORT.replace("sh:Warning", "sh:Violation"), format=ox.RdfFormat.TURTLE)
    )
    shapes = {name: Shape(name) for name in ("urn:S-p", "urn:S-q")} | {
        "urn:S": Shape("urn:S", parts=("urn:S-p", "urn:S-q"))
    }
    assert report
    assert failing_nodes(report, shapes) == {"urn:S": {"urn:a"}}


def test_without_a_report_nothing_is_said_of_conformance() -> None:
    assert read_report([]) is None


def finding(url: str, state: str, asked: str) -> tuple[str, Finding]:
    """Return a finding by its address."""
    return url, Finding(url, state, asked=asked)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param(
            {},
            LinkSummary((HostLinks("b.org", 2, {}), HostLinks("a.org", 1, {}))),
            id="not checked yet",
        ),
        pytest.param(
            dict(
                [
                    finding("http://a.org/1", "dead", "2026-02-01"),
                    finding("http://b.org/1", "ok", "2026-01-01"),
                ]
            ),
            LinkSummary(
                (HostLinks("b.org", 2, {"ok": 1}), HostLinks("a.org", 1, {"dead": 1})),
                "2026-01-01",
                "2026-02-01",
            ),
            id="checked in part",
        ),
        pytest.param(
            dict([finding("http://gone.org/", "dead", "2026-02-01")]),
            LinkSummary((HostLinks("b.org", 2, {}), HostLinks("a.org", 1, {}))),
            id="what the data does not lead to any more is not told",
        ),
    ],
)
def test_links_are_told_by_host_in_the_light_of_a_check(
    findings: dict[str, Finding], expected: LinkSummary
) -> None:
    urls = {"http://a.org/1", "http://b.org/1", "http://b.org/2"}
    found = summarize_links({"a.org": 1, "b.org": 2}, urls, findings)
    assert found == expected
    assert found.total.links == 3
    assert found.total.asked == len({*findings} & urls)


def test_every_metric_is_defined_in_every_language() -> None:
    for metric in METRICS:
        definitions = read_translations().in_every_language(metric.definition)
        assert tuple(definitions) == read_translations().languages
