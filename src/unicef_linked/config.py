"""Settings: one frozen dataclass, read once from a mapping, passed on as an argument. Nothing else reads the environment."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from unicef_linked.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Mapping


def _setting(default: object, text: str) -> object:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Settings:
    """How a site answers. Each field is the environment variable ``UNICEF_LINKED_{NAME}`` (``PUBLIC_URL`` also alone)."""

    public_url: str = _setting(
        "", "Address the public uses, such as https://data.example.org; empty: the request's own"
    )  # type: ignore[assignment]
    languages: tuple[str, ...] = _setting(("fr", "en"), "Languages of the pages; the first is the default")  # type: ignore[assignment]
    query_timeout: float = _setting(10.0, "Seconds a query may take when the client asks for no timeout")  # type: ignore[assignment]
    query_timeout_max: float = _setting(30.0, "Most seconds that a client may ask for")  # type: ignore[assignment]
    query_workers: int = _setting(
        0, "Processes that evaluate queries, and at most as many again that evaluate long ones; 0: one per core"
    )  # type: ignore[assignment]
    query_queue: int = _setting(32, "Queries that may wait for a worker before others are turned away")  # type: ignore[assignment]
    query_patience: float = _setting(5.0, "Seconds a query may wait for a worker")  # type: ignore[assignment]
    query_memory: int = _setting(1024, "MiB that one query may use beyond the dataset itself")  # type: ignore[assignment]
    query_length: int = _setting(100_000, "Characters a query may have")  # type: ignore[assignment]
    query_result: int = _setting(1024, "MiB a result may have before it is broken off")  # type: ignore[assignment]
    query_services: tuple[str, ...] = _setting((), "Endpoints that a query may ask by SERVICE; none by default")  # type: ignore[assignment]
    engine_user: str = _setting("", "User name for an engine elsewhere; empty: none is given")  # type: ignore[assignment]
    engine_password: str = _setting("", "Password for that user")  # type: ignore[assignment]
    cache_size: int = _setting(64, "MiB of responses that each web worker keeps")  # type: ignore[assignment]
    links_state: str = _setting(
        "", "File that `links check --state` writes, for /quality to tell of; empty: none is told"
    )  # type: ignore[assignment]
    page_size: int = _setting(100, "Members on one page of a list")  # type: ignore[assignment]

    @property
    def workers(self) -> int:
        """The number of query processes, resolved against this machine."""
        return self.query_workers or max(1, len(os.sched_getaffinity(0)))


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that a mapping of environment variables gives.

    Raises UnusableInput, naming the variable, when a value cannot be read.
    """
    values: dict[str, object] = {}
    for setting in fields(Settings):
        name = setting.name.upper()
        text = environment.get(f"UNICEF_LINKED_{name}", environment.get(name) if name == "PUBLIC_URL" else None)
        if text is None or not text.strip():
            continue
        default: object = setting.default
        try:
            if isinstance(default, tuple):
                values[setting.name] = tuple(part.strip() for part in text.split(",") if part.strip())
            else:
                values[setting.name] = int(text) if isinstance(default, int) else type(default)(text)  # type: ignore[call-arg]
                if isinstance(default, float) and not math.isfinite(float(text)):
                    raise ValueError
        except ValueError:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise UnusableInput(f"UNICEF_LINKED_{name}={text!r} is not {kind}; unset it or correct it") from None
        if isinstance(values[setting.name], int | float) and float(str(values[setting.name])) < 0:
            raise UnusableInput(f"UNICEF_LINKED_{name}={text!r} is below zero; unset it or correct it")
    settings = Settings(**values)  # type: ignore[arg-type]
    for iri in settings.query_services:
        if not iri.startswith(("http://", "https://")) or set(iri) & set(' <>"{}|^`\\'):
            raise UnusableInput(f"UNICEF_LINKED_QUERY_SERVICES: {iri!r} is not an http(s) IRI; correct it")
    if not settings.languages:
        raise UnusableInput("UNICEF_LINKED_LANGUAGES names no language; unset it or give one, such as en")
    return settings
