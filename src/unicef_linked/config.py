"""Settings: one frozen dataclass, read once from a mapping, passed on as an argument. Nothing else reads the environment."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Mapping


T = TypeVar("T")


def _setting(default: T, text: str) -> T:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """How a site answers. Each field is the environment variable ``UNICEF_LINKED_{NAME}`` (``PUBLIC_URL`` also alone)."""

    public_url: str = _setting(
        "", "Address the public uses, such as https://data.example.org; empty: the request's own"
    )
    languages: tuple[str, ...] = _setting(
        ("fr", "en"), "Languages of the pages; the first is the default"
    )
    query_timeout: float = _setting(
        10.0, "Seconds a query may take when the client asks for no timeout"
    )
    query_timeout_max: float = _setting(30.0, "Most seconds that a client may ask for")
    query_workers: int = _setting(
        0,
        "Processes that evaluate queries, and at most as many again that evaluate long ones; 0: one per core",
    )
    query_queue: int = _setting(
        32, "Queries that may wait for a worker before others are turned away"
    )
    query_patience: float = _setting(5.0, "Seconds a query may wait for a worker")
    query_memory: int = _setting(1024, "MiB that one query may use beyond the dataset itself")
    query_length: int = _setting(100_000, "Characters a query may have")
    query_result: int = _setting(1024, "MiB a result may have before it is broken off")
    query_services: tuple[str, ...] = _setting(
        (), "Endpoints that a query may ask by SERVICE; none by default"
    )
    engine_user: str = _setting("", "User name for an engine elsewhere; empty: none is given")
    engine_password: str = _setting("", "Password for that user")
    cache_size: int = _setting(64, "MiB of responses that each web worker keeps")
    links_state: str = _setting(
        "", "File that `links check --state` writes, for /quality to tell of; empty: none is told"
    )
    page_size: int = _setting(100, "Members on one page of a list")

    @property
    def workers(self) -> int:
        """The number of query processes, resolved against this machine."""
        return self.query_workers or max(1, len(os.sched_getaffinity(0)))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that a mapping of environment variables gives.

    Raises UnusableInput, naming the variable, when a value cannot be read.
    """
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        name = setting.name.upper()
        alone = environment.get(name) if name == "PUBLIC_URL" else None
        text = environment.get(f"UNICEF_LINKED_{name}", alone)
        if text is not None and text.strip():
            values[setting.name] = _read(f"UNICEF_LINKED_{name}", text, setting.default)
    settings = Settings(**values)
    for iri in settings.query_services:
        if not iri.startswith(("http://", "https://")) or set(iri) & set(' <>"{}|^`\\'):
            raise UnusableInput(
                f"UNICEF_LINKED_QUERY_SERVICES: {iri!r} is not an http(s) IRI; correct it"
            )
    if not settings.languages:
        raise UnusableInput(
            "UNICEF_LINKED_LANGUAGES names no language; unset it or give one, such as en"
        )
    return settings


def _read(variable: str, text: str, default: object) -> object:
    """Return the value of a variable, of the type of its default."""
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, str):
        return text
    kind = "a whole number" if isinstance(default, int) else "a number"
    try:
        number = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnusableInput(f"{variable}={text!r} is not {kind}; unset it or correct it")
    if number < 0:
        raise UnusableInput(f"{variable}={text!r} is below zero; unset it or correct it")
    return number
