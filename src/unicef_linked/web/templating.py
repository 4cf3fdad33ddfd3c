"""What every page has: the words, numbers and addresses in the reader's language, the name of the site and its menu."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal
from flask import request
from jinja2 import pass_context
from pyoxigraph import NamedNode

from unicef_linked.i18n import translations
from unicef_linked.presentation.literals import tell
from unicef_linked.rdf.iris import DCTERMS
from unicef_linked.web.responses import language, site

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from jinja2.runtime import Context

    from unicef_linked.dataset.labels import Link, Text


BUILT: Final = Path(__file__).parent / "static" / "built"
"""What ``hatch_build.py`` made of ``browser/``."""


def install(app: Flask) -> None:
    """Give the templates of an application what this module has."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: translations(language()).gettext(text),
        lambda one, many, number: translations(language()).ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    filters: dict[str, Callable[..., Any]] = {
        "number": _number,
        "localized": _localized,
        "language_name": _language_name,
        "tell": lambda literal: tell(literal, language()),
    }
    app.jinja_env.filters.update({name: _of_the_request(function) for name, function in filters.items()})
    app.context_processor(
        lambda: {
            "asset": asset,
            "site": site,
            "language": language(),
            "other_language_url": _other_language,
            "site_name": _site_name,
            "dataset_licence": _dataset_licence,
            "menu": menu,
            "has_pictures": lambda: bool(site().pictures.published),
            "is_ours": site().release.manifest.conforms is not None,
        }
    )


def _of_the_request(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose result depends on the request: the compiler of templates applies others to constants for good."""

    @pass_context
    def apply(_context: Context, *values: Any) -> Any:
        return function(*values)

    return apply


def asset(name: str) -> str:
    """Return the address of a style sheet or script; it changes when the content does, so that it can be kept for ever."""
    return f"/static/{BUILT.name}/{_assets()[name]}"


@cache
def _assets() -> dict[str, str]:
    names: dict[str, str] = json.loads((BUILT / "assets.json").read_text(encoding="utf-8"))
    return names


def menu() -> list[tuple[Link, int, str]]:
    """Return the class, by what several of its things are called, the size and the address of each list."""
    lists = site().lists
    reader = site().reader([], language(), *(iri for iri, _ in lists.values()))
    links = {iri: reader.link(iri) for iri, _ in lists.values()}
    return [
        (replace(links[iri], label=site().plural(iri, language()) or links[iri].label), number, address)
        for address, (iri, number) in lists.items()
    ]


def _site_name() -> Text | None:
    """Return the name that the data gives the dataset, None where it gives none."""
    iri = site().names.dataset
    label = site().reader([], language(), iri).label(iri)
    return label if label.text != site().names.shorten(iri) else None


def _dataset_licence() -> Link | None:
    """Return the licence that the data states for the dataset."""
    quads = site().store.match(NamedNode(site().names.dataset), NamedNode(f"{DCTERMS}license"))
    licences = [quad.object.value for quad in quads if isinstance(quad.object, NamedNode)]
    return site().reader(quads, language()).link(licences[0]) if licences else None


def _other_language(wanted: str) -> str:
    """Return this page's address in another language: the same query, ``lang`` replaced."""
    values = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.path}?{urlencode([*values, ('lang', wanted)])}"


def _localized(href: str) -> str:
    """Return a link to one of our pages in the language that this page was asked in, so that a choice lasts."""
    if "lang" not in request.args or not href.startswith("/"):
        return href
    path, mark, fragment = href.partition("#")
    return f"{path}{'&' if '?' in path else '?'}lang={language()}{mark}{fragment}"


def _number(value: float) -> str:
    """Return a number as the reader's language writes it."""
    return str(format_decimal(value, locale=language()))


def _language_name(tag: str, reader: str | None = None) -> str:
    """Return what a language is called in the reader's own, or in ``reader``; the tag where nobody knows.

    >>> _language_name("bm-nkoo", "en")
    'Bambara (N’Ko)'
    """
    try:
        return Locale.parse(tag, sep="-").get_display_name(reader or language()) or tag
    except (ValueError, UnknownLocaleError):
        return tag
