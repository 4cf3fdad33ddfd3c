"""The environment of the templates: messages, filters, and the values that every page prints."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from babel import UnknownLocaleError
from flask import request
from jinja2 import pass_context

from unicef_linked import addresses
from unicef_linked.i18n import locale_of
from unicef_linked.presentation.entity import MEANING
from unicef_linked.presentation.literals import format_literal
from unicef_linked.presentation.local_formats import format_date, format_number
from unicef_linked.release.manifest import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flask import Flask
    from jinja2 import Environment
    from jinja2.runtime import Context

    from unicef_linked.dataset.charts import ChartCollection
    from unicef_linked.dataset.labels import Link, Resource, Text, Value
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import Section
    from unicef_linked.web.responder import Responder


_ALL_PAGES: Final = 30
"""Most pages of a list of which each page leads to all."""
_NEAR: Final = 3
"""Pages before and after one that it leads to, where there are more."""
_SHOWN: Final = 300
"""Most characters of what a page says it is about; search engines show about half as many."""

BUILT: Final = Path(__file__).parent / "static" / "built"
"""Style sheets and scripts, as ``hatch_build.py`` makes them of ``browser/``."""


def install(app: Flask, responder: Responder, charts: ChartCollection) -> None:
    """Give the templates of an application the messages, the filters and the common values."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        responder.gettext,
        lambda singular, plural, number: responder.context().messages.ngettext(
            singular, plural, number
        ),
        newstyle=True,
    )
    app.jinja_env.globals["addresses"] = addresses
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters: dict[str, Callable[..., Any]] = {
        "number": lambda value: format_number(value, responder.language()),
        "localized": lambda href: _localized(href, responder.language()),
        "language_name": lambda tag, other=None: language_name(tag, other or responder.language()),
        "format_literal": lambda literal: format_literal(literal, responder.language()),
        "day": lambda issued: day(issued, responder.language()),
        "host": host,
        "near": near,
        "meaning": lambda resource: meaning(resource, responder.content_language()),
        "summary": lambda values: summary(_preferred(values, responder.content_language())),
        "outline": outline,
        "shortened": shortened,
        "preferred": lambda values: _preferred(values, responder.content_language()),
        "short_name": responder.names.shorten,
    }
    app.jinja_env.filters.update(
        {name: _of_the_request(function) for name, function in filters.items()}
    )
    app.context_processor(lambda: _on_every_page(responder, charts))


def compile_templates(environment: Environment) -> None:
    """Compile every template ahead of the first page, half of whose time that would take."""
    for name in environment.list_templates():
        environment.get_template(name)


def _on_every_page(responder: Responder, charts: ChartCollection) -> dict[str, Any]:
    """Return the values of the base template; those from the store are read once a release."""
    context = responder.context()
    return {
        "asset": asset,
        "language": context.language,
        "languages": responder.languages,
        "content_languages": _content_languages(responder),
        "content_language": responder.content_language(),
        "direction": locale_of(context.language).text_direction,
        "absolute": responder.absolute,
        "other_language_url": _other_language,
        "site_name": _site_name(context),
        "dataset_licence": _dataset_licence(context),
        "menu": _menu(context, responder.lists),
        "has_charts": bool(charts.definitions),
        "is_ours": responder.dataset.is_built,
        "is_of_others": responder.dataset.is_of_others,
        "release_name": responder.dataset.release.manifest.name,
        "prefixes": responder.names.prefixes,
    }


def _of_the_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a filter as context-dependent, so that Jinja does not constant-fold it."""

    @pass_context
    def apply(_context: Context, *values: Any) -> Any:
        return function(*values)

    return apply


def asset(name: str) -> str:
    """Return the address of a style sheet or script; it has a hash of the content in it."""
    return addresses.static(f"{BUILT.name}/{_assets()[name]}")


@cache
def _assets() -> dict[str, str]:
    names: dict[str, str] = json.loads((BUILT / "assets.json").read_text(encoding="utf-8"))
    return names


def _menu(
    context: PageContext, lists: Mapping[str, tuple[str, int]]
) -> list[tuple[Link, int, str]]:
    """Return the class (by its plural label), the size and the address of each list."""
    reader = context.common_reader()
    entries = []
    for address, (iri, size) in lists.items():
        link = reader.link(iri)
        plural = context.dataset.plural(iri, context.language)
        entries.append((replace(link, label=plural or link.label), size, address))
    return entries


def _site_name(context: PageContext) -> Text | None:
    """Return the label of the dataset, None if it has none."""
    iri = context.names.dataset
    label = context.common_reader().label(iri)
    return label if label.text != context.names.shorten(iri) else None


def _dataset_licence(context: PageContext) -> Link | None:
    """Return the licence that the data states for the dataset."""
    licences = context.dataset.licences([context.names.dataset])
    return context.common_reader().link(licences[0]) if licences else None


def _other_language(language: str, parameter: str = "lang") -> str:
    """Return the address of the page in another language: ``lang`` of its query replaced."""
    values = [(name, value) for name, value in request.args.items(multi=True) if name != parameter]
    return addresses.with_query(request.path, [*values, (parameter, language)])


_CONTENT_LANGUAGES: Final = 24
"""Most languages of labels that a page offers."""


def _content_languages(responder: Responder) -> list[str]:
    """Return the languages of labels that a page offers, if it cannot have all of them itself."""
    if not responder.dataset.is_of_others:
        return []
    tags = list(responder.dataset.label_languages)[:_CONTENT_LANGUAGES]
    return tags if set(tags) - set(responder.languages) else []


def _localized(href: str, language: str) -> str:
    """Return the address of another page in the languages that the request states."""
    stated = {"lang": language} if "lang" in request.args else {}
    if "clang" in request.args:
        stated["clang"] = request.args["clang"]
    if not stated or not href.startswith("/"):
        return href
    path, mark, fragment = href.partition("#")
    return f"{addresses.with_query(path, stated)}{mark}{fragment}"


def _preferred(values: Sequence[Value], language: str) -> Sequence[Value]:
    """Return the values whose text is in a language or in none, all if there are none."""
    texts = [value for value in values if value.text]
    matching = [value for value in texts if value.text and value.text.language in {language, ""}]
    return matching or values


def meaning(resource: Resource, language: str) -> str:
    """Return what the data says that a resource is, "" if it does not."""
    for iri in MEANING:
        if words := summary(_preferred(resource.values(iri), language)):
            return words
    return ""


def outline(sections: Iterable[Section]) -> str:
    """Return what rows have, as text: the things, else the literals, beside each heading."""
    rows = []
    for section in sections:
        for row in section.rows:
            names = [fact.value.link.label.text for fact in row.first_things if fact.value.link]
            names = names or [fact.literal.text for fact in row.first_literals if fact.literal]
            if names:
                rows.append(f"{row.heading.text} ({', '.join(names)})")
    return shortened(", ".join(rows))


def summary(values: Iterable[Value]) -> str:
    """Return the texts of values as a search engine shows what a page is about; "" for none."""
    return shortened(" ".join(value.text.text for value in values if value.text))


def shortened(text: str) -> str:
    r"""Return a text without line breaks; what is longer than _SHOWN ends after a word of it.

    >>> shortened(" one\n two "), len(shortened("x" * 400)), shortened("words " * 60)[-7:]
    ('one two', 300, ' words…')
    """
    text = " ".join(text.split())
    if len(text) <= _SHOWN:
        return text
    beginning = text[: _SHOWN - 1]
    return f"{beginning.rpartition(' ')[0] or beginning}…"


def day(issued: str, language: str) -> str:
    """Return the day of a date and time in words.

    >>> day("2024-01-01T12:00:00Z", "en")
    '1 January 2024'
    """
    instant = parse_instant(issued)
    return format_date(language, instant.year, instant.month, instant.day)


def near(pages: int, number: int) -> Sequence[int]:
    """Return the pages that a page leads to, by number: all, else the first, the last, those near.

    >>> list(near(3, 1)), near(600, 300)
    ([1, 2, 3], [1, 297, 298, 299, 300, 301, 302, 303, 600])
    """
    if pages <= _ALL_PAGES:
        return range(1, pages + 1)
    around = range(max(1, number - _NEAR), min(pages, number + _NEAR) + 1)
    return sorted({1, *around, pages})


def host(iri: str) -> str:
    """Return the host of an IRI without ``www.``, "" if it has none.

    >>> host("https://www.wikidata.org/entity/Q912"), host("urn:uuid:1")
    ('wikidata.org', '')
    """
    return iri.split("/")[2].replace("www.", "") if "://" in iri else ""


def language_name(tag: str, language: str) -> str:
    """Return the name of a language in another one, the tag itself if CLDR has no name.

    >>> language_name("bm-nkoo", "en")
    'Bambara (N’Ko)'
    """
    try:
        return locale_of(tag).get_display_name(locale_of(language)) or tag
    except (ValueError, UnknownLocaleError):
        return tag
