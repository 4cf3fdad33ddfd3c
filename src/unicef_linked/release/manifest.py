"""``manifest.json``: the metadata of a release, read and written here only."""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYOUT: Final = 3
"""Version of the directory layout; a release with another one is refused."""

_JSON_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "sha256": str,
    "base_iri": str,
    "issued": str,
    "quads": int,
    "graphs": dict,
    "union": bool,
    "conforms": (bool, NoneType),
    "sources": dict,
    "tools": dict,
    "history": list,
    "layout": int,
    "prefixes": dict,
    "added": dict,
    "removed": dict,
    "topic": str,
    "title": str,
    "description": str,
    "license": str,
    "on_demand": list,
}
"""What the JSON reader makes of each key's value."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class PreviousRelease:
    """An earlier release, and how the next one differs: statements by graph name."""

    sha256: str
    issued: str  # as in its manifest
    quads: int
    added: Mapping[str, int]  # added by the next release
    removed: Mapping[str, int]  # removed by the next release

    @property
    def name(self) -> str:
        """The short name: the first twelve digits of the hash."""
        return self.sha256[:12]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The metadata of a release, in ``manifest.json``."""

    sha256: str  # of the uncompressed dataset.nq
    base_iri: str
    issued: str  # when, in UTC: 2026-01-31T12:00:00Z; no part of the hash
    quads: int
    graphs: Mapping[str, int]  # statements by graph name; "" is the default graph
    union: bool  # whether the default graph is the union of all graphs
    conforms: bool | None  # None: never validated
    sources: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of its inputs, by role
    tools: Mapping[str, str] = field(default_factory=dict)  # versions, by name
    history: tuple[PreviousRelease, ...] = ()  # earlier releases, newest first
    layout: int = LAYOUT
    prefixes: Mapping[str, str] = field(default_factory=dict)  # namespaces that it declares
    # What a snapshot says of itself; a built release says it in its statements.
    topic: str = ""  # the IRI of the thing that its dataset is about as a whole
    title: str = ""  # "": that of the topic
    description: str = ""
    license: str = ""  # an IRI
    on_demand: tuple[str, ...] = ()  # the dumps that are made when they are asked for

    @property
    def instant(self) -> datetime:
        """When it was issued."""
        return parse_instant(self.issued)

    @property
    def kind(self) -> Literal["built", "snapshot"]:
        """``built`` if validated and derived, ``snapshot`` if a folder was packaged as is."""
        return "snapshot" if self.conforms is None else "built"

    @property
    def name(self) -> str:
        """The short name: the first twelve digits of the hash."""
        return self.sha256[:12]


def parse_manifest(text: str) -> Manifest:
    """Return the manifest that JSON text states; raises ValueError, saying what is wrong with it.

    >>> parse_manifest("[]")
    Traceback (most recent call last):
    ValueError: manifest.json is not a JSON object
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ValueError(f"manifest.json is not JSON ({error})") from None
    if isinstance(content, dict) and content.get("layout") != LAYOUT:
        raise ValueError(
            f"manifest.json has layout {content.get('layout')!r}, this version reads {LAYOUT}"
        )
    manifest = _construct(Manifest, content, "manifest.json")
    history = tuple(
        _construct(PreviousRelease, step, "a step of the history in manifest.json")
        for step in manifest.history
    )
    for issued in (manifest.issued, *(step.issued for step in history)):
        try:
            parse_instant(issued)
        except ValueError:
            raise ValueError(f"manifest.json has no date and time: {issued!r}") from None
    return replace(manifest, history=history, on_demand=tuple(manifest.on_demand))


def _construct(kind: type[Value], content: object, label: str) -> Value:
    """Return a value of a dataclass from a JSON object with its keys; raises ValueError."""
    if not isinstance(content, dict):
        raise ValueError(f"{label} is not a JSON object")
    keys: dict[str, Any] = {key.name: key for key in fields(kind)}  # type: ignore[arg-type]
    for name, key in keys.items():
        required = key.default is MISSING and key.default_factory is MISSING
        if required and name not in content:
            raise ValueError(f"{label} lacks the key {name!r}")
    for name, value in content.items():
        if name not in keys:
            raise ValueError(f"{label} has the key {name!r}, which this version does not know")
        if not isinstance(value, _JSON_TYPES[name]):
            raise ValueError(f"{label} has a value of another type at {name!r}")
    return kind(**content)


def parse_instant(text: str) -> datetime:
    """Return a date and time in UTC (RFC 3339); raises ValueError for another text, or no offset.

    >>> format_instant(parse_instant("2026-01-31T13:00:00+01:00"))
    '2026-01-31T12:00:00Z'
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} does not say its offset from UTC")
    return instant.astimezone(UTC).replace(microsecond=0)


def format_instant(instant: datetime) -> str:
    """Return a date and time as manifests have it: in UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON: equal manifests give equal bytes.

    What only a snapshot says of itself is left out where it says nothing.
    """
    content = asdict(manifest)
    for name in ("topic", "title", "description", "license", "on_demand"):
        if not content[name]:
            del content[name]
    return json_bytes(content)


def json_bytes(content: object) -> bytes:
    """Return indented JSON with sorted keys: equal content, equal bytes."""
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
