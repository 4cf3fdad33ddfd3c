"""Every sentence of the interface is there in every language, whole, and nothing else is."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import unicef_linked
from unicef_linked.i18n import FOLDER, NP_, SOURCE, locale_of, read_translations
from unicef_linked.web.problems import TITLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from babel.messages import Catalog

CONTEXTS = {"NP_": ((1, "c"), 2)}
"""How babel finds the messages that have a context; pybabel extract -k NP_:1c,2"""

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
TRANSLATED = [language for language in read_translations().languages if language != SOURCE]


@cache
def messages_used() -> dict[str, tuple[str, ...]]:
    """Return the messages of templates and Python code, each by its singular with its forms."""
    folder = Path(unicef_linked.__file__).parent
    found = extract_from_dir(
        folder,
        method_map=[("**.py", "python"), ("**.html", "jinja2")],
        keywords={**DEFAULT_KEYWORDS, **CONTEXTS},
    )
    messages = [(message, context) for _, _, message, _, context in found]
    forms = [
        (_forms(message), context)
        for message, context in (*messages, *((t, None) for t in TITLES.values()))
    ]
    return {_key(form[0], context): form for form, context in forms}


def _forms(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _key(singular: str, context: str | None) -> str:
    return NP_(context, singular) if context else singular


@cache
def _catalogue(language: str) -> Catalog:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=locale_of(language))


def _translated(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """Return what a catalogue translates, each message by its singular with its forms;
    fuzzy ones left out.
    """
    messages = [message for message in catalogue if message.id and not message.fuzzy]
    return {
        _key(_forms(message.id)[0], message.context): _forms(message.string) for message in messages
    }


def test_the_templates_have_messages() -> None:
    assert len(messages_used()) > 50


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_messages_in_use_and_no_others(language: str) -> None:
    assert sorted(_translated(_catalogue(language))) == sorted(messages_used())


@pytest.mark.parametrize("language", TRANSLATED)
def test_messages_are_translated_with_all_their_forms_and_placeholders(language: str) -> None:
    catalogue = _catalogue(language)
    translated = _translated(catalogue)
    for message, originals in messages_used().items():
        forms = translated[message]
        assert len(forms) == (1 if len(originals) == 1 else catalogue.num_plurals), message
        placeholders = [sorted(PLACEHOLDER.findall(original)) for original in originals]
        for form in forms:
            assert form.strip(), message
            assert sorted(PLACEHOLDER.findall(form)) in placeholders, message


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("'", "the apostrophe is ’"),
        ('"', "quotation marks are « »"),
        (r"(?<![\u00a0\u202f])[:;?!»]", "a no-break space stands before : ; ? ! »"),
        (r"«(?!\u00a0)", "a no-break space stands after «"),
    ],
)
def test_french_follows_french_typography(wrong: str, rule: str) -> None:
    texts = [text for forms in _translated(_catalogue("fr")).values() for text in forms]
    assert [text for text in texts if re.search(wrong, text)] == [], rule


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 valeur"), (1, "1 valeur"), (2, "2 valeurs"), (21, "21 valeurs")]
)
def test_french_counts_nought_and_one_as_singular(number: int, expected: str) -> None:
    form = read_translations().of("fr").ngettext("%(num)s value", "%(num)s values", number)
    assert form % {"num": number} == expected


def test_english_is_what_the_code_says() -> None:
    assert read_translations().of("en").gettext("Browse") == "Browse"
    assert (
        read_translations().of("en").ngettext("%(num)s value", "%(num)s values", 0)
        == "%(num)s values"
    )
