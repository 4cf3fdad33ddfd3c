"""What every page has: the words, numbers and addresses in the reader's language, the name of the site and its menu."""

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
from unicef_linked.presentation.literals import tell
from unicef_linked.presentation.local_formats import format_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask
    from jinja2.runtime import Context

    from unicef_linked.dataset.labels import Link, Text
    from unicef_linked.presentation.charts import Pictures
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.web.responder import Responder


BUILT: Final = Path(__file__).parent / "static" / "built"
"""What ``hatch_build.py`` made of ``browser/``."""


def install(app: Flask, responder: Responder, charts: Pictures) -> None:
    """Give the templates of an application the words, the filters and what stands on every page."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        responder.gettext,
        lambda one, many, number: responder.context().messages.ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals["addresses"] = addresses
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters: dict[str, Callable[..., Any]] = {
        "number": lambda value: format_number(value, responder.language()),
        "localized": lambda href: _localized(href, responder.language()),
        "language_name": lambda tag, reader=None: language_name(
            tag, reader or responder.language()
        ),
        "tell": lambda literal: tell(literal, responder.language()),
        "short_name": responder.names.shorten,
    }
    app.jinja_env.filters.update(
        {name: _of_the_request(function) for name, function in filters.items()}
    )
    app.context_processor(lambda: _on_every_page(responder, charts))


def _on_every_page(responder: Responder, charts: Pictures) -> dict[str, Any]:
    """Return what the base template prints. What it needs of the store is read once a release."""
    context = responder.context()
    return {
        "asset": asset,
        "language": context.language,
        "languages": responder.languages,
        "direction": locale_of(context.language).text_direction,
        "other_language_url": _other_language,
        "site_name": _site_name(context),
        "dataset_licence": _dataset_licence(context),
        "menu": _menu(context, responder.lists),
        "has_pictures": bool(charts.published),
        "is_ours": responder.dataset.is_built,
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
    """Return the address of a style sheet or script; it changes when the content does, so that it can be kept for ever."""
    return addresses.static(f"{BUILT.name}/{_assets()[name]}")


@cache
def _assets() -> dict[str, str]:
    names: dict[str, str] = json.loads((BUILT / "assets.json").read_text(encoding="utf-8"))
    return names


def _menu(
    context: PageContext, lists: Mapping[str, tuple[str, int]]
) -> list[tuple[Link, int, str]]:
    """Return the class, by what several of its things are called, the size and the address of each list."""
    reader = context.common_reader()
    links = {iri: reader.link(iri) for iri, _ in lists.values()}
    return [
        (
            replace(
                links[iri], label=context.dataset.plural(iri, context.language) or links[iri].label
            ),
            number,
            address,
        )
        for address, (iri, number) in lists.items()
    ]


def _site_name(context: PageContext) -> Text | None:
    """Return the name that the data gives the dataset, None where it gives none."""
    iri = context.names.dataset
    label = context.common_reader().label(iri)
    return label if label.text != context.names.shorten(iri) else None


def _dataset_licence(context: PageContext) -> Link | None:
    """Return the licence that the data states for the dataset."""
    licences = context.dataset.licences.get(context.names.dataset, [])
    return context.common_reader().link(licences[0]) if licences else None


def _other_language(wanted: str) -> str:
    """Return this page's address in another language: the same query, ``lang`` replaced."""
    values = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return addresses.with_query(request.path, [*values, ("lang", wanted)])


def _localized(href: str, language: str) -> str:
    """Return a link to one of our pages in the language that this page was asked in, so that a choice lasts."""
    if "lang" not in request.args or not href.startswith("/"):
        return href
    path, mark, fragment = href.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={language}{mark}{fragment}"


def language_name(tag: str, reader: str) -> str:
    """Return what a language is called in another; the tag where nobody knows.

    >>> language_name("bm-nkoo", "en")
    'Bambara (N’Ko)'
    """
    try:
        return locale_of(tag).get_display_name(locale_of(reader)) or tag
    except (ValueError, UnknownLocaleError):
        return tag
