"""Settings come from one mapping, once, and a value that cannot be read names its variable."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from unicef_linked.config import (
    Settings,
    cache_folder,
    read_settings,
    terminal_language,
    trace_exporter,
)
from unicef_linked.errors import UnusableInput


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert (Settings().query_timeout, Settings().query_timeout_max) == (10, 30)  # the contract's
    assert Settings().languages == ("fr", "en")


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().query_timeout = 1.0  # type: ignore[misc]


@pytest.mark.parametrize("name", [setting.name for setting in fields(Settings)])
def test_every_setting_has_a_sentence_of_help_and_reads_its_own_default_back(name: str) -> None:
    setting = next(s for s in fields(Settings) if s.name == name)
    assert len(setting.metadata["help"].split()) > 3
    default = setting.default
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    value = getattr(read_settings({f"UNICEF_LINKED_{name.upper()}": text}), name)
    assert value == default
    assert type(value) is type(default)


@pytest.mark.parametrize(
    ("environment", "name", "expected"),
    [
        pytest.param({"UNICEF_LINKED_QUERY_TIMEOUT": "2.5"}, "query_timeout", 2.5, id="a number"),
        pytest.param(
            {"UNICEF_LINKED_QUERY_TIMEOUT": "3"},
            "query_timeout",
            3.0,
            id="a whole number where any will do",
        ),
        pytest.param({"UNICEF_LINKED_QUERY_WORKERS": "4"}, "query_workers", 4, id="a whole number"),
        pytest.param(
            {"UNICEF_LINKED_QUERY_WORKERS": " "}, "query_workers", 0, id="blanks are not set"
        ),
        pytest.param(
            {"UNICEF_LINKED_LANGUAGES": "en, fr"},
            "languages",
            ("en", "fr"),
            id="a list, its order kept",
        ),
        pytest.param(
            {"PUBLIC_URL": "https://a.example"},
            "public_url",
            "https://a.example",
            id="the contract's name",
        ),
        pytest.param(
            {"PUBLIC_URL": "https://a.example", "UNICEF_LINKED_PUBLIC_URL": "https://b.example"},
            "public_url",
            "https://b.example",
            id="the longer name wins",
        ),
        pytest.param(
            {"QUERY_WORKERS": "4"},
            "query_workers",
            0,
            id="a short name that is not ours alone is not read",
        ),
    ],
)
def test_a_variable_sets_what_it_names(
    environment: dict[str, str], name: str, expected: object
) -> None:
    assert getattr(read_settings(environment), name) == expected


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        pytest.param("QUERY_TIMEOUT", "soon", "is not a number", id="words for a number"),
        pytest.param("QUERY_TIMEOUT", "nan", "is not a number", id="a float that is no number"),
        pytest.param("QUERY_TIMEOUT", "inf", "is not a number", id="a deadline that never comes"),
        pytest.param("QUERY_WORKERS", "2.5", "is not a whole number", id="half a process"),
        pytest.param("QUERY_TIMEOUT", "-1", "is below zero", id="a deadline in the past"),
        pytest.param("QUERY_QUEUE", "-1", "is below zero", id="less than no queue"),
        pytest.param("LANGUAGES", ",", "no language", id="no language at all"),
        pytest.param("RATE_LIMIT", "many", "is not a limit such as", id="a limit in words"),
        pytest.param("RATE_LIMIT_STORAGE", "redis", "is neither memory://", id="no address"),
        pytest.param("RATE_LIMIT_STORAGE", "redis://a:b/0", "cannot be used", id="no port"),
        pytest.param("TRUSTED_PROXIES", "10.0.0.1/8", "has host bits set", id="no network"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(
    variable: str, value: str, words: str
) -> None:
    with pytest.raises(UnusableInput) as caught:
        read_settings({f"UNICEF_LINKED_{variable}": value})
    assert f"UNICEF_LINKED_{variable}" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "exporter"),
    [
        ({}, ""),
        ({"OTEL_SERVICE_NAME": "mali"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, ""),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, ""),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_traces_are_sent_where_the_environment_says_whereto(
    environment: dict[str, str], exporter: str
) -> None:
    assert trace_exporter(environment) == exporter


@pytest.mark.parametrize("variable", ["PUBLIC_URL", "UNICEF_LINKED_PUBLIC_URL"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("https://data.example/s%20b", "has more than a host, a port and a path"),
        ("https://data.example//", "has more than a host, a port and a path"),
        ("https://data.example/?a=b", "has more than a host, a port and a path"),
        ("https://data.example#a", "has more than a host, a port and a path"),
        ("data.example", "is not an http(s) address"),
        ("data.example:8000", "is not an http(s) address"),
        ("ftp://data.example", "is not an http(s) address"),
        ("https://", "is not an http(s) address"),
        ("https:///sub", "is not an http(s) address"),
        ("https://user:secret@data.example", "is not an http(s) address"),
        ("https://data.example:port", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://data example", "has a character that no address has"),
    ],
)
def test_what_is_no_public_address_is_refused(variable: str, value: str, words: str) -> None:
    with pytest.raises(UnusableInput, match=r"; unset it or correct it$") as caught:
        read_settings({variable: value})
    assert str(caught.value).startswith(f"{variable}={value!r} ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "https://data.example",
        "https://data.example/",
        "http://127.0.0.1:8000",
        "HTTPS://[::1]:80/",
        "https://example.org/un/mali/",
    ],
)
def test_a_public_address_is_a_host_and_may_have_a_path(value: str) -> None:
    assert read_settings({"PUBLIC_URL": value}).public_url == value


def test_no_query_workers_means_one_per_core() -> None:
    assert Settings(query_workers=0).workers >= 1
    assert Settings(query_workers=3).workers == 3


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        pytest.param({}, "en", id="nothing set: English"),
        pytest.param({"LANG": "fr_FR.UTF-8"}, "fr", id="LANG"),
        pytest.param({"LC_ALL": "C.UTF-8", "LANG": "fr"}, "en", id="LC_ALL decides before LANG"),
        pytest.param({"LC_ALL": "", "LANG": "fr"}, "fr", id="an empty LC_ALL is not set"),
        pytest.param({"LC_MESSAGES": "fr", "LANG": "en"}, "fr", id="messages may have their own"),
        pytest.param({"LC_ALL": "en", "LC_MESSAGES": "fr"}, "en", id="but LC_ALL decides for all"),
    ],
)
def test_the_language_of_the_terminal_is_chosen_as_posix_says(
    environment: dict[str, str], language: str
) -> None:
    assert terminal_language(environment) == language


def test_the_cache_folder_is_where_xdg_says() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/unicef-linked")
    assert cache_folder({"XDG_CACHE_HOME": ""}) == Path.home() / ".cache" / "unicef-linked"
