"""Proactive negotiation by Accept and Accept-Language (RFC 9110, section 12). Pure.

Werkzeug's ``best_match`` is not used: for ``text/turtle; charset=utf-8`` it does not find
``text/turtle``, and for ``application/ld+json`` with a profile not ``application/ld+json`` (so in
Werkzeug 3.1.9; https://github.com/pallets/werkzeug/issues/1679).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.rdf.formats import Format

T = TypeVar("T")

# An element of a comma-separated list, in which a quoted string may hold commas (RFC 9110, section 5.6).
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_IGNORED_PARAMETERS: Final = frozenset({"charset", "profile", "version"})
"""Parameters that do not prevent a match: each media type is served in one variant of these."""


def _quality(text: str) -> float:
    """Return a weight between 0 and 1; 1 for an invalid one, since the client named the range."""
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 1.0


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Yield each range of an Accept-like header, lower case, with its parameters and quality."""
    for element in _ELEMENT.findall(header):
        name, _, rest = element.partition(";")
        parameters, quality = {}, 1.0
        for key, value in _PARAMETER.findall(f";{rest}"):
            if key.lower() == "q":
                quality = _quality(value.strip())
                break  # parameters after q are accept extensions: ignored
            parameters[key.lower()] = value.strip().strip('"').lower()
        if name.strip():
            yield name.strip().lower(), parameters, quality


def _specificity(range_: str, parameters: dict[str, str], media_type: str) -> int | None:
    """Return how specific a match of a range is, None for no match (RFC 9110, section 12.5.1)."""
    if parameters.keys() - _IGNORED_PARAMETERS:
        return None
    if range_ == media_type:
        return 2
    if range_ == f"{media_type.partition('/')[0]}/*":
        return 1
    return 0 if range_ in {"*/*", "*"} else None


def choose(accept: str | None, offers: Sequence[Format]) -> Format | None:
    """Return the offer that the client prefers, None if it accepts none.

    The order of ``offers`` decides between equal weights. A missing or empty header accepts
    everything. An offer's aliases (``application/json`` for JSON-LD) match when its own media type
    is not named.
    """
    ranges = list(_ranges(accept or "")) or [("*/*", {}, 1.0)]
    best: tuple[float, int, Format] | None = None
    for position, offer in enumerate(offers):
        quality = None
        for media_type in (offer.media_type, *offer.aliases):
            found = [
                (specificity, q)
                for range_, parameters, q in ranges
                if (specificity := _specificity(range_, parameters, media_type)) is not None
                # A wildcard matches no alias: `text/*` is not RDF/XML as `text/xml`.
                and (specificity == 2 or media_type == offer.media_type)
            ]
            if found:
                specificity, q = max(found, key=lambda pair: (pair[0], pair[1]))
                # A named alias takes precedence over a wildcard that matches the offer itself.
                if quality is None or specificity == 2:
                    quality = q
                if specificity == 2:
                    break
        if quality and (best is None or (quality, -position) > best[:2]):
            best = (quality, -position, offer)
    return best[2] if best else None


def choose_language(
    wanted: str | None, accept_language: str | None, languages: Sequence[str]
) -> str:
    """Return ``wanted`` if in ``languages``, else the best by RFC 4647 lookup, else the first.

    >>> choose_language(None, "en-GB, fr;q=0.5", ("fr", "en"))
    'en'
    >>> choose_language("fr", "en", ("fr", "en"))
    'fr'
    """
    if wanted in languages:
        return str(wanted)
    ranges = list(_ranges(accept_language or ""))
    refused = {range_.partition("-")[0] for range_, _, quality in ranges if not quality}
    best, best_key = (
        next((name for name in languages if name not in refused), languages[0]),
        (0.0, 0),
    )
    named = {range_.partition("-")[0] for range_, _, _ in ranges}
    for range_, _, quality in ranges:
        for position, language in enumerate(languages):
            matches = range_.partition("-")[0] == language or (
                range_ == "*" and language not in named
            )
            if matches and (quality, -position) > best_key and quality > 0:
                best, best_key = language, (quality, -position)
    return best


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str | None) -> bool:
    """Tell whether the client takes ``gzip`` (RFC 9110, section 12.5.3).

    >>> accepts_gzip("br, gzip;q=0.5"), accepts_gzip("gzip;q=0, *"), accepts_gzip(None)
    (True, False, False)
    """
    qualities = {name: quality for name, _, quality in _ranges(accept_encoding or "")}
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0
