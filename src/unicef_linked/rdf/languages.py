"""Which of several texts a reader prefers, by language ranges (RFC 4647). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence


def matching_tag(language: str, tags: Collection[str]) -> str | None:
    """Return the tag that a language range means, None if none of ``tags`` is of that language.

    The range itself, else a variety of it (section 3.3.1); then what is left once its last subtag
    is taken away, and so on (section 3.4).

    >>> matching_tag("en", ["de", "en-GB", "fr"]), matching_tag("fr-ML", ["de", "FR"])
    ('en-GB', 'FR')
    >>> matching_tag("en-US", ["en-GB", "en"]), matching_tag("en", ["enm"])
    ('en', None)
    """
    if language in tags:
        return language
    for range_ in _truncated(language.lower()):
        varieties = [tag for tag in tags if f"{tag.lower()}-".startswith(f"{range_}-")]
        if varieties:
            return min(varieties, key=lambda tag: (len(tag), tag))
    return None


def _truncated(language: str) -> Iterator[str]:
    """Yield a range and what is left of it, subtag by subtag; a singleton goes with its subtag."""
    subtags = language.split("-")
    while subtags and subtags[0]:
        yield "-".join(subtags)
        subtags.pop()
        if len(subtags) > 1 and len(subtags[-1]) == 1:
            subtags.pop()


def choose_tag(languages: Sequence[str], tags: Iterable[str]) -> str | None:
    """Return the tag for a reader of ``languages``, best first; else English, else any.

    None if there are no tags; "" is that of a text without a language.

    >>> choose_tag(["bm", "fr"], ["en", "fr-ML"]), choose_tag(["fi"], ["sv", ""])
    ('fr-ML', '')
    """
    there = set(tags)
    for language in (*languages, "en"):
        tag = matching_tag(language, there - {""})
        if tag is not None:
            return tag
    return min(there, default=None)


def choose_text(languages: Sequence[str], texts: Mapping[str, str], otherwise: str) -> str:
    """Return the text that ``choose_tag`` chooses of those by tag, ``otherwise`` if there is none.

    >>> choose_text(["fr"], {"en": "health", "fr": "santé"}, "x"), choose_text(["fr"], {}, "x")
    ('santé', 'x')
    """
    tag = choose_tag(languages, texts)
    return otherwise if tag is None else texts[tag]
