"""The dataset's outgoing links, and what a check of them has found.

``links.checking`` checks them over HTTP, and loads what this needs; a server reads findings alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import RDF
from unicef_linked.rdf.mappings import MAPPINGS
from unicef_linked.rdf.summaries import host_of, outgoing_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

STATES: Final = ("ok", "moved", "differs", "dead", "unsure")
"""Answers; permanently redirected; its data lacks the identifier; no answer; access refused."""
SETTLED: Final = ("ok", "moved", "differs")
"""States that a resumed check does not request again."""

WRONG: Final = ("moved", "differs", "dead")
"""States that an editor should look at."""


@dataclass(frozen=True, slots=True)
class Link:
    """An external URL, and the IRIs of the dataset that have it: they differ in their fragments."""

    url: str
    iris: tuple[str, ...]
    identifiers: tuple[str, ...] = ()  # those of ``iris`` that are objects of MAPPINGS

    @property
    def host(self) -> str:
        """The host of the URL, with its port, in lower case."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking one URL."""

    url: str
    state: str  # one of STATES
    status: int | None = None  # the last HTTP status
    target: str | None = None  # the final URL, if it differs
    detail: str = ""
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def outgoing(quads: Iterable[ox.Quad], base: str, host: str | None = None) -> list[Link]:
    """Return each http(s) URL outside ``base`` that is the object of a statement, sorted.

    Objects of rdf:type are left out. With ``host``, only URLs of that host and its subdomains.
    """
    iris: dict[str, set[str]] = defaultdict(set)
    identifiers: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if not isinstance(quad.object, ox.NamedNode) or quad.predicate.value == f"{RDF}type":
            continue
        iri = quad.object.value
        url = outgoing_url(iri, base)
        if url is not None:
            iris[url].add(iri)
            if quad.predicate.value in MAPPINGS:
                identifiers[url].add(iri)
    links = [
        Link(url, tuple(sorted(iris[url])), tuple(sorted(identifiers[url]))) for url in sorted(iris)
    ]
    if host is None:
        return links
    return [link for link in links if _is_of(link, host.lower())]


def _is_of(link: Link, host: str) -> bool:
    """Tell whether a link leads to a host or a subdomain; without a port, to any port of it."""
    return f".{link.host}".endswith(f".{host}") or link.host.partition(":")[0] == host


def read_state(path: Path) -> dict[str, Finding]:
    """Return the findings of an earlier check by URL; an incomplete last line is ignored.

    Raises UnusableInput when the file has other content.
    """
    findings: dict[str, Finding] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return findings
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, start=1):
        try:
            finding = Finding(**json.loads(line))
            if finding.state not in STATES:
                raise ValueError
        except (ValueError, TypeError):
            if number == len(lines) and not line.endswith("\n"):
                break
            raise UnusableInput(
                f"{path}:{number} is no finding of a link check; give --state another file"
            ) from None
        findings[finding.url] = finding
    return findings
