"""The interface's words: English sentences in the code and templates, other languages in ``translations/*.po``."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

FOLDER: Final = Path(__file__).parent / "web" / "translations"


class Catalogue(gettext.NullTranslations):
    """The messages of one language; a sentence without a translation stays English."""

    def __init__(self, language: str, messages: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._language, self._messages = language, messages

    def gettext(self, message: str) -> str:
        """Return the translation of a sentence."""
        return self._messages.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the form for a number; French counts 0 and 1 as singular (CLDR plural rules)."""
        singular = n in {0, 1} if self._language == "fr" else n == 1
        forms = self._messages.get(msgid1, (msgid1, msgid2))
        return forms[0] if singular else forms[-1]


@cache
def translations(language: str) -> Catalogue:
    """Return the messages of a language; empty where it has no file, as for English."""
    path = FOLDER / f"{language}.po"
    messages: dict[str, tuple[str, ...]] = {}
    if path.exists():
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string and not message.fuzzy:
                    key = message.id if isinstance(message.id, str) else message.id[0]
                    text = message.string
                    messages[key] = (text,) if isinstance(text, str) else tuple(text)
    return Catalogue(language, messages)
