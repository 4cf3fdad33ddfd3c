"""What the environment decides: the settings, the language of the terminal, the cache folder.

Settings are one frozen dataclass, read once and passed on as an argument. Nothing else reads the
environment, but for what our own processes hand to their children.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_NOT_IN_IRIS: Final = frozenset(' <>"{}|^`\\')
"""Characters that no IRI has (SPARQL 1.1, IRIREF)."""


_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")
"""A path whose segments need no escapes."""


def setting(default: T, parse: Callable[[str], T], description: str) -> T:
    """Return a field of ``Settings``; ``parse`` raises ValueError, saying what is wrong."""
    return field(default=default, metadata={"parse": parse, "help": description})


def text(value: str) -> str:
    """Return a value as it is."""
    return value


def public_address(value: str) -> str:
    """Return the address at which the public finds the service, which may have a path.

    >>> public_address("https://example.org/data/")
    'https://example.org/data/'
    """
    value = value.strip()
    example = "such as https://data.example.org"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"is not an address: {error}; give one {example}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError(f"is not an http(s) address; give one {example}")
    if _NOT_IN_IRIS.intersection(value):
        raise ValueError(f"has a character that no address has; give one {example}")
    if "?" in value or "#" in value or not _PATH.fullmatch(parts.path):
        raise ValueError(
            f"has more than a host, a port and a path of letters and digits; give one {example}"
        )
    return value


def comma_separated(value: str) -> tuple[str, ...]:
    """Return the parts of a list, those that are empty left out.

    >>> comma_separated("fr, en,")
    ('fr', 'en')
    """
    parts = (part.strip() for part in value.split(","))
    return tuple(part for part in parts if part)


def rates(value: str) -> str:
    """Return limits of rates, such as ``10/second;300/minute``; ``none`` is no limit.

    >>> rates("none"), rates("10 / second; 300/minute")
    ('', '10 / second; 300/minute')
    """
    from limits import parse_many

    value = value.strip()
    if value == "none":
        return ""
    try:
        parse_many(value)
    except ValueError:
        raise ValueError("is not a limit such as 10/second;300/minute, or none") from None
    return value


def counting_storage(value: str) -> str:
    """Return the address of where requests are counted, if it can be used.

    >>> counting_storage("memory://")
    'memory://'
    """
    from limits.errors import ConfigurationError
    from limits.storage import storage_from_string

    value = value.strip()
    if value == "memory://":
        return value
    if not value.startswith(("redis://", "rediss://", "redis+")):
        raise ValueError("is neither memory:// nor an address such as redis://127.0.0.1:6379/0")
    try:
        storage_from_string(value)  # which connects only when it counts
    except (ConfigurationError, ValueError) as error:
        raise ValueError(f"cannot be used ({error})") from None
    return value


def networks(value: str) -> tuple[str, ...]:
    """Return the networks of a list, each as an address with a prefix length.

    >>> networks("127.0.0.1, 10.0.0.0/8, ::1")
    ('127.0.0.1/32', '10.0.0.0/8', '::1/128')
    """
    return tuple(str(ip_network(part)) for part in comma_separated(value))


def share(value: str) -> float:
    """Return a share, from 0 to 1; ``off`` and ``on`` stand for these."""
    number = {"off": 0.0, "on": 1.0}.get(value.strip().lower())
    if number is None:
        number = decimal_number(value)
    if number > 1:
        raise ValueError("is not a share from 0 to 1")
    return number


def log_form(value: str) -> str:
    """Return the form of the log's lines."""
    form = value.strip()
    if form not in {"text", "json"}:
        raise ValueError("is not a form of the log; give text or json")
    return form


def iri_mapping(value: str) -> str:
    """Return the beginning of IRIs and the path that answers for them, joined by ``=``.

    >>> iri_mapping("https://example.org/id/=/id/")
    'https://example.org/id/=/id/'
    """
    start, equals, path = value.strip().rpartition("=")
    if not equals or not path.startswith("/") or not start.startswith(("http://", "https://")):
        raise ValueError(
            "is not an http(s) IRI and a path; give one such as https://example.org/=/"
        )
    if _NOT_IN_IRIS.intersection(value.strip()):
        raise ValueError("has a character that no IRI has; correct it")
    return f"{start}={path}"


def iri_mappings(value: str) -> tuple[str, ...]:
    """Return the mappings of a list."""
    return tuple(map(iri_mapping, comma_separated(value)))


def whole_number(value: str) -> int:
    """Return a number of things."""
    try:
        number = int(value)
    except ValueError:
        raise ValueError("is not a whole number") from None
    return _not_negative(number)


def decimal_number(value: str) -> float:
    """Return a measure, such as seconds."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("is not a number")
    return _not_negative(number)


Number = TypeVar("Number", int, float)


def _not_negative(number: Number) -> Number:
    if number < 0:
        raise ValueError("is below zero")
    return number


@dataclass(frozen=True, slots=True)
class Settings:
    """How a site answers.

    Each field is the environment variable ``UNICEF_LINKED_{NAME}``; ``PUBLIC_URL`` is read also
    without the prefix.
    """

    public_url: str = setting(
        "",
        public_address,
        "Address the public uses, such as https://data.example.org/mali; empty: the request's",
    )
    languages: tuple[str, ...] = setting(
        ("fr", "en"), comma_separated, "Languages of the pages; the first is the default"
    )
    query_timeout: float = setting(
        10.0, decimal_number, "Seconds a query may take when the client asks for no timeout"
    )
    query_timeout_max: float = setting(
        30.0, decimal_number, "Most seconds that a client may ask for"
    )
    query_workers: int = setting(
        0,
        whole_number,
        "Processes that evaluate queries, and at most as many again that evaluate long ones;"
        " 0: one per core",
    )
    query_queue: int = setting(
        32, whole_number, "Queries that may wait for a worker before others are refused"
    )
    query_patience: float = setting(5.0, decimal_number, "Seconds a query may wait for a worker")
    query_memory: int = setting(
        1024, whole_number, "MiB that one query may use beyond the dataset itself"
    )
    query_length: int = setting(100_000, whole_number, "Characters a query may have")
    query_result: int = setting(1024, whole_number, "MiB a result may have before it is broken off")
    query_services: tuple[str, ...] = setting(
        (), comma_separated, "Endpoints that a query may ask by SERVICE; none by default"
    )
    engine_user: str = setting("", text, "User name for an engine elsewhere; empty: none is given")
    engine_password: str = setting("", text, "Password for that user")
    cache_size: int = setting(64, whole_number, "MiB of responses that each web worker keeps")
    links_state: str = setting(
        "", text, "File that `links check --state` writes, shown on /quality; empty: none is shown"
    )
    rate_limit: str = setting(
        "3000/minute", rates, "Requests that one client may send; none: any number"
    )
    rate_limit_queries: str = setting(
        "300/minute",
        rates,
        "Requests of these that compute: queries, fragments, search, matching; none: any number",
    )
    rate_limit_storage: str = setting(
        "memory://",
        counting_storage,
        "Where requests are counted: memory://, or redis://… for several servers together",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        networks,
        "Addresses or networks of the proxies whose X-Forwarded-For tells the client",
    )
    access_log: float = setting(
        0.0, share, "Share of the requests that are logged, from 0 (none) to 1 (all)"
    )
    restarts: int = setting(
        8,
        whole_number,
        "Consecutive restarts of a process, each within a minute, before the service ends",
    )
    log_format: str = setting("text", log_form, "Form of the lines of the log: text or json")
    maps: tuple[str, ...] = setting(
        (),
        iri_mappings,
        "IRIs of other hosts that a proxy sends here, each with its path:"
        " https://example.org/=/, …; serve --map gives them too",
    )
    page_size: int = setting(100, whole_number, "Members on one page of a list")

    @property
    def root(self) -> str:
        """The path of the public address, without a slash at its end; empty for none."""
        return urlsplit(self.public_url).path.rstrip("/")

    def mappings(self, base: str) -> tuple[tuple[str, str], ...]:
        """Return beginnings of IRIs and of the paths that answer for them, the longest path first.

        ``base`` is that of the dataset.

        >>> Settings(maps=("https://example.org/=/e/",)).mappings("https://data.example/")
        (('https://example.org/', '/e/'), ('https://data.example/', '/'))
        """
        mappings = {base: "/"}
        if self.public_url:
            mappings[self.public_url.rstrip("/") + "/"] = "/"
        for text in self.maps:
            start, _, path = text.rpartition("=")
            mappings[start] = path
        return tuple(sorted(mappings.items(), key=lambda pair: (-len(pair[1]), pair[0])))

    @property
    def workers(self) -> int:
        """The number of query processes, resolved against this machine."""
        return self.query_workers or max(1, len(os.sched_getaffinity(0)))

    @property
    def threads(self) -> int:
        """Most requests that a web worker answers at a time.

        Each query that runs or waits has a thread; three times as many are for other requests.
        """
        return min(512, 4 * (self.workers + self.query_queue))


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that a mapping of environment variables gives.

    Raises UnusableInput, naming the variable, when a value cannot be read.
    """
    values: dict[str, Any] = {}
    for key in fields(Settings):
        variable = f"UNICEF_LINKED_{key.name.upper()}"
        without_prefix = environment.get("PUBLIC_URL", "") if key.name == "public_url" else ""
        if without_prefix and variable not in environment:
            variable = "PUBLIC_URL"
        value = environment.get(variable, "")
        if not value.strip():
            continue
        try:
            values[key.name] = key.metadata["parse"](value)
        except ValueError as error:
            raise UnusableInput(f"{variable}={value!r} {error}; unset it or correct it") from None
    settings = Settings(**values)
    for iri in settings.query_services:
        if not iri.startswith(("http://", "https://")) or _NOT_IN_IRIS.intersection(iri):
            raise UnusableInput(
                f"UNICEF_LINKED_QUERY_SERVICES: {iri!r} is not an http(s) IRI; correct it"
            )
    if not settings.languages:
        raise UnusableInput(
            "UNICEF_LINKED_LANGUAGES names no language; unset it or give one, such as en"
        )
    return settings


def terminal_language(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of messages on the terminal.

    The first of LC_ALL, LC_MESSAGES and LANG decides that is set and not empty (POSIX.1-2017,
    section 8.2).

    >>> terminal_language({"LC_ALL": "", "LANG": "fr_FR.UTF-8"})
    'fr'
    """
    variables = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next(filter(None, map(environment.get, variables)), "")
    return "fr" if locale.startswith("fr") else "en"


def source_date(environment: Mapping[str, str] = os.environ) -> datetime | None:
    """Return the date of what is built by SOURCE_DATE_EPOCH (reproducible-builds.org); else None.

    >>> str(source_date({"SOURCE_DATE_EPOCH": "0"}))
    '1970-01-01 00:00:00+00:00'
    """
    seconds = environment.get("SOURCE_DATE_EPOCH", "").strip()
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(whole_number(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise UnusableInput(
            f"SOURCE_DATE_EPOCH={seconds!r} is no number of seconds since 1970; unset or correct it"
        ) from None


def trace_exporter(environment: Mapping[str, str] = os.environ) -> str:
    """Return where traces go, by OpenTelemetry's variables: ``otlp``, ``console``, "" for nowhere.

    See its Environment Variable Specification. Without a variable that says where to there are
    none, although its default is a collector on this machine.

    >>> trace_exporter({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
    'otlp'
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return ""
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    if exporter:
        return exporter if exporter in {"otlp", "console"} else ""
    endpoints = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    return "otlp" if any(environment.get(name, "").strip() for name in endpoints) else ""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where this program may keep files that it can make again (XDG Base Directory)."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "unicef-linked"
