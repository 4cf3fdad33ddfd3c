"""Options that several commands share, and the types of options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from unicef_linked.release.manifest import parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or "usage: ")


class Context(click.Context):
    """A context whose help begins with ``usage:``, as that of other commands on Unix."""

    formatter_class = _Formatter

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"help_option_names": ["-h", "--help"], **options})


class Command(click.Command):
    """One of our commands."""

    context_class = Context


class OneOf(click.Choice[str]):
    """A choice between words."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Return the message for another word."""
        return invalid_choice(str(value), self.choices)


def invalid_choice(value: str, choices: Sequence[str]) -> str:
    """Return the message for a word that is not one of the choices."""
    return f"invalid choice: {value!r} (choose from {', '.join(choices)})"


_NOT_IN_IRIS: Final = frozenset(' <>"{}|^`\\')
"""Characters that no IRI has (SPARQL 1.1, IRIREF)."""


def base_iri(text: str) -> str:
    """Return an IRI below which IRIs can be minted."""
    forbidden = set(text) & _NOT_IN_IRIS
    if not text.startswith(("http://", "https://")) or text[-1] != "/" or forbidden:
        raise click.BadParameter(f"{text!r} is not an http(s) IRI that ends in /")
    return text


def iri(text: str) -> str:
    """Return an absolute IRI, or nothing."""
    if text and (not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:.", text) or set(text) & _NOT_IN_IRIS):
        raise click.BadParameter(f"{text!r} is not an absolute IRI")
    return text


def mapping(text: str) -> str:
    """Return the beginning of IRIs and the path that answers for them, joined by ``=``."""
    from unicef_linked.config import iri_mapping

    try:
        return iri_mapping(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} {error}") from None


def positive(text: str) -> int:
    """Return a whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is not a whole number above zero")
    return int(text)


def seconds(text: str) -> float:
    """Return a number of seconds."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", text):
        raise click.BadParameter(f"{text!r} is not a number of seconds")
    return float(text)


def instant(text: str) -> datetime:
    """Return a date and time with its offset from UTC."""
    try:
        return parse_instant(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no date and time with an offset, such as 2026-01-31T12:00:00Z"
        ) from None


def port(text: str) -> int:
    """Return a TCP port; 0 is a free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise click.BadParameter(f"{text!r} is not a port (0 to 65535)")
    return int(text)


PATH: Final[Any] = click.Path(path_type=Path)

release: Final = click.option(
    "--release",
    type=PATH,
    metavar="DIR",
    help="a release; default: the packaged dataset, built once",
)
shapes: Final = click.option(
    "--shapes",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="shapes to use, also several times; default: the packaged shapes",
)
out: Final = click.option("--out", type=PATH, metavar="F", help="default: standard output")
