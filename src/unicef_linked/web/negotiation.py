"""Proactive negotiation by Accept, Accept-Language, Accept-Encoding (RFC 9110, section 12). Pure.

Werkzeug's ``best_match`` is not used: for ``text/turtle; charset=utf-8`` it does not find
``text/turtle``, and for ``application/ld+json`` with a profile not ``application/ld+json`` (so in
Werkzeug 3.1.9; https://github.com/pallets/werkzeug/issues/1679).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from unicef_linked.rdf.languages import matching_tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.rdf.formats import Format

# An element of a comma-separated list; quoted strings may hold commas (RFC 9110, section 5.6).
_ELEMENT: Final = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_IGNORED_PARAMETERS: Final = frozenset({"charset", "profile", "version"})
"""Parameters that do not prevent a match: each media type is served in one variant of these."""


_Range = tuple[str, dict[str, str], float]
"""A range in lower case, its parameters, its weight."""
_NAMED: Final = 2
"""Specificity of a range that names a media type without a wildcard."""


def _quality(text: str) -> float:
    """Return a weight between 0 and 1; 1 for an invalid one, since the client named the range."""
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 1.0


def _ranges(header: str) -> Iterator[_Range]:
    """Yield each range of an Accept-like header."""
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
        return _NAMED
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
    best: Format | None = None
    best_quality = 0.0
    for offer in offers:
        quality = _quality_of(offer, ranges)
        if quality > best_quality:
            best, best_quality = offer, quality
    return best


def _quality_of(offer: Format, ranges: Sequence[_Range]) -> float:
    """Return the weight that the client gives an offer, 0 if it does not accept it."""
    quality = 0.0
    for media_type in (offer.media_type, *offer.aliases):
        matches = []
        for name, parameters, weight in ranges:
            specificity = _specificity(name, parameters, media_type)
            if specificity is not None:
                matches.append((specificity, weight))
        if not matches:
            continue
        specificity, weight = max(matches)
        # A named alias takes precedence over a wildcard that matches the offer itself. A wildcard
        # matches no alias: `text/*` is not RDF/XML as `text/xml`.
        if specificity == _NAMED:
            return weight
        if media_type == offer.media_type:
            quality = weight
    return quality


def choose_language(
    parameter: str | None, accept_language: str | None, languages: Sequence[str]
) -> str:
    """Return the language of ``parameter``, else the best by Accept-Language, else the first.

    A range means a language by RFC 4647, sections 3.3.1 and 3.4.

    >>> choose_language(None, "en-GB, fr;q=0.5", ("fr", "en"))
    'en'
    >>> choose_language("fr", "en", ("fr", "en"))
    'fr'
    """
    if parameter and (language := matching_tag(parameter, languages)):
        return language
    weights = [(tag, weight) for tag, _, weight in _ranges(accept_language or "")]

    def quality(language: str) -> float:
        named = [weight for tag, weight in weights if matching_tag(tag, [language])]
        return max(named or [weight for tag, weight in weights if tag == "*"], default=0.0)

    best = max(languages, key=quality)
    if quality(best):
        return best
    refused = {matching_tag(tag, languages) for tag, weight in weights if not weight}
    return next((language for language in languages if language not in refused), languages[0])


CODINGS: Final = ("br", "gzip")
"""The content codings that there are, beside none; the order decides between equal weights."""
IDENTITY: Final = "identity"
"""The name of no content coding."""
_UNNAMED: Final = 0.0005
"""Weight of ``identity`` where nothing is said of it: it is accepted, but all named is
preferred."""


class Codings(NamedTuple):
    """The content coding of what gains by compression, and that of everything else."""

    preferred: str
    otherwise: str


@lru_cache(maxsize=256)
def choose_codings(accept_encoding: str | None) -> Codings | None:
    """Return the codings for a client, None if it accepts none that there is.

    RFC 9110, section 12.5.3. What gains nothing is coded too where ``identity`` is refused.

    >>> choose_codings("gzip, br;q=0.5"), choose_codings("identity;q=0")
    (Codings(preferred='gzip', otherwise='identity'), None)
    """
    weights = {name: weight for name, _, weight in _ranges(accept_encoding or "")}
    if "x-gzip" in weights:  # its old name (section 8.4.1.3)
        weights.setdefault("gzip", weights["x-gzip"])
    unnamed = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, unnamed))
    weight = weights.get(best, unnamed)
    weight_of_identity = weights.get(IDENTITY, weights.get("*", _UNNAMED))
    if not weight and not weight_of_identity:
        return None
    preferred = best if weight and weight >= weight_of_identity else IDENTITY
    return Codings(preferred, IDENTITY if weight_of_identity else preferred)
