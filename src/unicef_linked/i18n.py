"""The languages of the interface: English in code and templates, a ``.po`` file for each other.

``Translations`` holds the messages of all of them. Nothing here imports ours or knows of requests:
who shows a message says in which language. A file is named for its language (BCP 47): ``pt-BR.po``.
"""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Mapping

    from babel.messages import Catalog

FOLDER: Final = Path(__file__).parent / "web" / "translations"
"""Where the ``.po`` files of the package are."""

SOURCE: Final = "en"
"""The language of the messages in code and templates."""


def N_(message: str) -> str:  # noqa: N802 - what gettext calls it
    """Return a message as it is, marked for the catalogues; translate it where it is shown."""
    return message


def NP_(context: str, message: str) -> str:  # noqa: N802 - what gettext calls it
    """Return the key of a message that needs a context to be translated.

    >>> read_translations().of("fr").gettext(NP_("list", "The same in one format"))
    'La même dans un format'
    >>> read_translations().of("en").gettext(NP_("list", "The same in one format"))
    'The same in one format'
    """
    return f"{context}{_CONTEXT_ENDS}{message}"


_CONTEXT_ENDS: Final = "\x04"
"""Separates context and message in a ``.mo`` file (GNU gettext manual, section 10.3)."""


class _Source(gettext.NullTranslations):
    """English: each message as it is written."""

    def gettext(self, message: str) -> str:
        return message.rpartition(_CONTEXT_ENDS)[2]


class _Catalogue(gettext.GNUTranslations):
    """The messages of one language, without those that are fuzzy.

    Plural forms are chosen by the header ``Plural-Forms``, by CLDR where there is none.
    """

    def __init__(self, messages: Catalog) -> None:
        compiled = BytesIO()
        write_mo(compiled, messages)
        compiled.seek(0)
        super().__init__(compiled)
        self.add_fallback(_Source())
        self.translated = frozenset(m.id for m in messages if m.string and not m.fuzzy)


@dataclass(frozen=True, slots=True, eq=False)
class Translations:
    """The messages of each language that has a ``.po`` file; what one lacks stays English."""

    catalogues: Mapping[str, _Catalogue]  # by language, English not among them

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that pages can have: English, then the others by name."""
        return (SOURCE, *sorted(self.catalogues))

    def of(self, language: str) -> gettext.NullTranslations:
        """Return the catalogue of a language; English for one that has none.

        >>> read_translations().of("fr").ngettext("%(num)s value", "%(num)s values", 0)
        '%(num)s valeur'
        """
        return self.catalogues.get(language, _Source())

    def in_every_language(self, message: str) -> dict[str, str]:
        """Return a message without a context in each language that has it, English first.

        >>> read_translations().in_every_language("Search")
        {'en': 'Search', 'fr': 'Recherche'}
        """
        messages = {SOURCE: message}
        for language, catalogue in sorted(self.catalogues.items()):
            if message in catalogue.translated:
                messages[language] = catalogue.gettext(message)
        return messages


@cache
def read_translations(folder: Path = FOLDER) -> Translations:
    """Return what the ``.po`` files of a folder translate.

    >>> read_translations().languages
    ('en', 'fr')
    """
    catalogues = {}
    for path in folder.glob("*.po"):
        with path.open("rb") as file:
            catalogues[path.stem] = _Catalogue(read_po(file, locale=locale_of(path.stem)))
    return Translations(catalogues)


def locale_of(language: str) -> Locale:
    """Return how a language (BCP 47) writes, by CLDR; raises ValueError or UnknownLocaleError.

    >>> locale_of("pt-BR").text_direction
    'ltr'
    """
    return Locale.parse(language, sep="-")
