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

FOLDER: Final = Path(__file__).parent / "web" / "translations"
"""Where the ``.po`` files of the package are."""

SOURCE: Final = "en"
"""The language of the messages in code and templates."""


@dataclass(frozen=True, slots=True, eq=False)
class Translations:
    """The messages of each language that has a ``.po`` file; what one lacks stays English."""

    catalogues: Mapping[str, gettext.NullTranslations]  # by language, English not among them

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that pages can have: English, then the others by name."""
        return (SOURCE, *sorted(self.catalogues))

    def of(self, language: str) -> gettext.NullTranslations:
        """Return the catalogue of a language; English for one that has none.

        >>> read_translations().of("fr").ngettext("%(num)s value", "%(num)s values", 0)
        '%(num)s valeur'
        """
        return self.catalogues.get(language, gettext.NullTranslations())


@cache
def read_translations(folder: Path = FOLDER) -> Translations:
    """Return what the ``.po`` files of a folder translate.

    >>> read_translations().languages
    ('en', 'fr')
    """
    return Translations({path.stem: _read(path) for path in sorted(folder.glob("*.po"))})


def _read(path: Path) -> gettext.GNUTranslations:
    """Return the catalogue of a ``.po`` file, without its fuzzy messages.

    Plural forms are chosen by the header ``Plural-Forms``, by CLDR where the file has none.
    """
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale_of(path.stem)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def locale_of(language: str) -> Locale:
    """Return how a language (BCP 47) writes, by CLDR; raises ValueError or UnknownLocaleError.

    >>> locale_of("pt-BR").text_direction
    'ltr'
    """
    return Locale.parse(language, sep="-")
