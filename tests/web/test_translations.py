"""Every sentence of the interface is there in every language, whole, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import unicef_linked.web
from unicef_linked.config import Settings
from unicef_linked.i18n import FOLDER, translations
from unicef_linked.web.responses import TITLES

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
SOURCE = "en"
TRANSLATED = [language for language in Settings().languages if language != SOURCE]


def _messages_used() -> dict[str, tuple[str, ...]]:
    """Return the messages of templates and Python code, each by its singular with its forms."""
    folder = Path(unicef_linked.web.__file__).parent
    found = extract_from_dir(folder, method_map=[("**.py", "python"), ("**.html", "jinja2")])
    messages = [message for _, _, message, _, _ in found] + list(TITLES.values())
    forms = [(message,) if isinstance(message, str) else tuple(message) for message in messages]
    return {form[0]: form for form in forms}


USED = _messages_used()


def _catalogue(language: str) -> dict[str, tuple[str, ...]]:
    """Return what a language's file translates, each message by its singular with its forms; fuzzy ones left out."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id and not message.fuzzy]
    as_tuple = {message.id if isinstance(message.id, str) else message.id[0]: message.string for message in messages}
    return {key: (text,) if isinstance(text, str) else tuple(text) for key, text in as_tuple.items()}


def test_the_templates_have_messages() -> None:
    assert len(USED) > 50


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_messages_in_use_and_no_others(language: str) -> None:
    assert sorted(_catalogue(language)) == sorted(USED)


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("message", sorted(USED))
def test_a_message_is_translated_with_all_its_forms_and_placeholders(message: str, language: str) -> None:
    forms = _catalogue(language)[message]
    assert len(forms) == len(USED[message])
    for original, translation in zip(USED[message], forms, strict=True):
        assert translation.strip()
        assert sorted(PLACEHOLDER.findall(translation)) == sorted(PLACEHOLDER.findall(original))


@pytest.mark.parametrize("message", sorted(USED))
def test_french_follows_french_typography(message: str) -> None:
    for text in _catalogue("fr")[message]:
        assert "'" not in text, "the apostrophe is ’"
        assert '"' not in text, "quotation marks are « »"
        assert not re.search(r"(?<![\u00a0\u202f])[:;?!»]", text), "a no-break space stands before : ; ? ! »"
        assert not re.search(r"«(?!\u00a0)", text), "a no-break space stands after «"


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 valeur"), (1, "1 valeur"), (2, "2 valeurs"), (21, "21 valeurs")]
)
def test_french_counts_nought_and_one_as_singular(number: int, expected: str) -> None:
    form = translations("fr").ngettext("%(num)s value", "%(num)s values", number)
    assert form % {"num": number} == expected


def test_english_is_what_the_code_says() -> None:
    assert translations("en").gettext("Browse") == "Browse"
    assert translations("en").ngettext("%(num)s value", "%(num)s values", 0) == "%(num)s values"
