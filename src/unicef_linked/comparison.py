"""Whether a stranger's data describes a thing; parsed in a process with limits.

RDF and JSON can be written so that a parser takes memory or time without end, or breaks its process
(nested triple terms and contexts do so in pyoxigraph 0.5.13; no upstream issue is known). What
comes from hosts that are linked to is therefore parsed by ``python -m unicef_linked.comparison``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import pyoxigraph as ox

from unicef_linked.rdf.entities import check_entities
from unicef_linked.rdf.formats import GRAPH_FORMATS
from unicef_linked.rdf.iris import OWL

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEMORY: Final = 1 << 30
"""Memory that the process may use (bytes of addresses; some 400 MB are its own before it
begins)."""
_TIME: Final = 10
"""Processor time that it may use (s)."""
_PATIENCE: Final = 60
"""How long it is waited for (s), on a machine that has other things to do."""


def can_be_compared(media_type: str) -> bool:
    """Tell whether data of a media type can be compared."""
    return media_type == "application/json" or _rdf_format(media_type) is not None


def without_scheme(url: str) -> str:
    """Return a URL without scheme and percent encoding.

    >>> without_scheme("https://example.org/%C3%A9"), without_scheme("http://example.org")
    ('//example.org/é', '//example.org/')
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[
        return url
    return unquote(parts._replace(scheme="", path=parts.path or "/").geturl())


def compare(identifiers: Iterable[str], content: bytes, media_type: str, url: str) -> str:
    """Return how a target's data fails to describe the identifiers, "" if it describes them.

    RDF describes its subjects. JSON describes what it has under ``entities`` (Wikidata) or in an
    ``id``, by the last segment of the IRI. JSON-LD is read as JSON, so that its context need not be
    fetched. Data in other formats is not compared. Data that takes more than the limits is not
    read.
    """
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: _TIME, resource.RLIMIT_AS: _MEMORY}
    header = json.dumps([list(limits.items()), list(identifiers), media_type, url]).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "unicef_linked.comparison"],
            input=header + b"\n" + content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        return f"its data cannot be read as {media_type}: it takes too much memory or time"
    return done.stdout.decode()


def main() -> None:
    """Compare what is on standard input: a line of JSON, then the content."""
    limits, identifiers, media_type, url = json.loads(sys.stdin.buffer.readline())
    for number, limit in limits:
        resource.setrlimit(number, (limit, limit))
    content = sys.stdin.buffer.read()
    is_json = media_type.endswith("json")
    fault = (
        _compare_json(identifiers, content)
        if is_json
        else _compare_rdf(identifiers, content, media_type, url)
    )
    sys.stdout.buffer.write(fault.encode(errors="replace"))


def _rdf_format(media_type: str) -> ox.RdfFormat | None:
    """Return the format of RDF with a media type; plain JSON is not taken for JSON-LD."""
    if media_type == "application/json":
        return None
    for offer in GRAPH_FORMATS:
        if media_type in {offer.media_type, *offer.aliases}:
            return offer.rdf
    return None


def _compare_rdf(identifiers: Iterable[str], content: bytes, media_type: str, url: str) -> str:
    kind = _rdf_format(media_type)
    if kind is None:
        return ""
    properties: dict[str, set[str]] = defaultdict(set)  # by subject
    try:
        if kind == ox.RdfFormat.RDF_XML:
            check_entities(content.decode("utf-8", "replace"))
        for quad in ox.parse(content, format=kind, base_iri=url):
            subject = without_scheme(getattr(quad.subject, "value", ""))
            properties[subject].add(quad.predicate.value)
    except (SyntaxError, ValueError) as error:
        return f"its data cannot be read as {media_type}: {error}"
    for iri in identifiers:
        described_by = properties.get(without_scheme(iri))
        if not described_by:
            return f"its data says nothing of {iri}"
        if described_by == {f"{OWL}sameAs"}:
            return f"its data says of {iri} only that it is another now"
    return ""


def _compare_json(identifiers: Iterable[str], content: bytes) -> str:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        return f"its data is no JSON: {error}"
    ids = _ids(body)
    if not ids:
        return ""
    for iri in identifiers:
        key = unquote(urlsplit(iri.rstrip("/")).path.rpartition("/")[2])
        if not ids & {key, iri} and without_scheme(iri) not in map(without_scheme, ids):
            return f"it says {', '.join(sorted(ids)[:3])}, not {key}"
    return ""


def _ids(body: Any) -> set[str]:
    """Return the identifiers that a JSON document describes, empty if it names none."""
    if not isinstance(body, dict):
        return set()
    if isinstance(body.get("entities"), dict):
        return set(body["entities"])
    nodes = [body]
    graph = body.get("@graph")
    if isinstance(graph, list):
        nodes += [node for node in graph if isinstance(node, dict)]
    ids: set[str] = set()
    for node in nodes:
        values = [node.get(name) for name in ("@id", "id", "geonameId", "wof:id")]
        ids.update(str(value) for value in values if isinstance(value, str | int))
    return ids


if __name__ == "__main__":
    main()
