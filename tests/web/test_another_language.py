"""A site in a third language: one more ``.po`` file is all it takes,
and what the file lacks stays English.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from unicef_linked.errors import UnusableInput
from unicef_linked.i18n import Translations, read_translations
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store.embedded import Embedded

FOLDER = Path(__file__).parents[1] / "translations"
ENTRIES = ("%(num)s entry", "%(num)s entries")


@pytest.fixture(scope="module")
def arabic() -> Translations:
    return read_translations(FOLDER)


@pytest.fixture(scope="module")
def client(
    release: Release, store: Embedded, settings: Settings, arabic: Translations
) -> FlaskClient:
    """A client of a site whose pages are in Arabic and English."""
    spoken = replace(settings, languages=("ar", "en"))
    return create_app(spoken, release, store, translations=arabic).test_client()


def test_pages_can_have_english_and_each_language_of_the_folder(arabic: Translations) -> None:
    assert arabic.languages == ("en", "ar")
    assert read_translations().languages == ("en", "fr")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(0, "لا مداخل", id="zero"),
        pytest.param(1, "مدخل واحد", id="one"),
        pytest.param(2, "مدخلان", id="two"),
        pytest.param(3, "3 مداخل", id="few"),
        pytest.param(11, "11 مدخلاً", id="many"),
        pytest.param(100, "100 مدخل", id="other"),
        pytest.param(103, "103 مداخل", id="few, by the last two digits"),
        pytest.param(1011, "1011 مدخلاً", id="many, by the last two digits"),
    ],
)
@pytest.mark.parametrize("by", ["header", "CLDR"])
def test_a_plural_has_the_form_that_its_number_asks_for(
    tmp_path: Path, number: int, expected: str, by: str
) -> None:
    text = (FOLDER / "ar.po").read_text(encoding="utf-8")
    if by == "CLDR":
        text = re.sub(r'"Plural-Forms:.*\n', "", text)
    (tmp_path / "ar.po").write_text(text, encoding="utf-8")
    catalogue = read_translations(tmp_path).of("ar")
    assert catalogue.ngettext(*ENTRIES, number) % {"num": number} == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("Browse", "تصفّح", id="a message of the file"),
        pytest.param("Ontology", "Ontology", id="a missing message stays English"),
        pytest.param("Download", "Download", id="so does a fuzzy one"),
    ],
)
def test_a_message_is_translated_where_the_file_has_it(
    arabic: Translations, message: str, expected: str
) -> None:
    assert arabic.of("ar").gettext(message) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("Browse", {"en": "Browse", "ar": "تصفّح"}, id="in both"),
        pytest.param(
            "Ontology", {"en": "Ontology"}, id="a missing message is not said to be Arabic"
        ),
        pytest.param("Download", {"en": "Download"}, id="nor is a fuzzy one"),
    ],
)
def test_data_has_a_message_in_each_language_that_has_it(
    arabic: Translations, message: str, expected: dict[str, str]
) -> None:
    assert arabic.in_every_language(message) == expected


def test_a_plural_that_the_file_leaves_empty_stays_english(arabic: Translations) -> None:
    assert arabic.of("ar").ngettext("%(num)s more", "%(num)s more", 4) == "%(num)s more"


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        pytest.param("ar, en;q=0.5", "ar", id="asked for"),
        pytest.param("fr", "ar", id="the first language of the setting where nothing fits"),
        pytest.param("en", "en", id="English is always there"),
    ],
)
def test_a_page_says_its_language_and_its_direction(
    client: FlaskClient, accept: str, language: str
) -> None:
    answer = client.get("/", headers={"Accept": "text/html", "Accept-Language": accept})
    direction = ' dir="rtl"' if language == "ar" else ""
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}"{direction}>' in answer.text
    alternates = re.findall(r'<link rel="alternate" hreflang="(\w+)"', answer.text)
    assert alternates == ["ar", "en"]


def test_a_page_is_in_its_language_and_falls_back_to_english(client: FlaskClient) -> None:
    page = client.get("/doc/office?lang=ar", headers={"Accept": "text/html"}).text
    assert "<summary>تصفّح</summary>" in page
    assert "<summary>About</summary>" in page
    assert 'aria-label="اللغة"' in page
    assert 'hreflang="ar" lang="ar" aria-current="true" title="العربية"' in page


@pytest.mark.parametrize("name", ["country", "office", "region"])
def test_a_page_counts_as_its_language_does(
    client: FlaskClient, arabic: Translations, name: str
) -> None:
    arabic_page, english_page = (
        client.get(f"/doc/{name}?lang={tag}", headers={"Accept": "text/html"}).text
        for tag in ("ar", "en")
    )
    found = re.search(r"<p>(\d+) entr", english_page)
    assert found
    total = int(found[1])
    assert f"<p>{arabic.of('ar').ngettext(*ENTRIES, total) % {'num': total}}" in arabic_page


def test_labels_without_a_name_in_the_language_say_which_they_are_in(client: FlaskClient) -> None:
    page = client.get("/doc/office/gao?lang=ar", headers={"Accept": "text/html"}).text
    assert re.search(r'<h1><bdi[^>]* lang="en"', page)


def test_dates_are_written_in_the_language(client: FlaskClient) -> None:
    page = client.get("/pictures?lang=ar", headers={"Accept": "text/html"}).text
    assert "يناير 2016" in page
    assert "January 2016" not in page


def test_a_language_without_translations_stops_the_start(
    release: Release, store: Embedded, settings: Settings, arabic: Translations
) -> None:
    with pytest.raises(UnusableInput) as caught:
        create_app(replace(settings, languages=("fr", "ar")), release, store, translations=arabic)
    assert str(caught.value) == "UNICEF_LINKED_LANGUAGES: no pages in fr; there are en, ar"
