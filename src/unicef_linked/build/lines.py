"""Where in the text of a file a subject or a value is. Pure."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pyoxigraph import NamedNode

if TYPE_CHECKING:
    from pyoxigraph import Literal

_FAR: Final = 1_000
"""Lines below a subject in which a value is looked for: a bound on time."""


class Lines:
    """The lines of a file (from 1).

    Parsers keep no positions; in Turtle as people write it, a subject begins its line, in full or
    prefixed.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def of_subject(self, iri: str) -> int | None:
        """Return the line on which ``iri`` is first a subject, None if none is found."""
        words = self._first_words
        numbers = [words[spelling] for spelling in self._spellings(iri) if spelling in words]
        return min(numbers, default=None)

    def of_value(self, iri: str, value: NamedNode | Literal) -> int | None:
        """Return the line on which what is stated of ``iri`` first has a value.

        That of the subject where the value is not found, None where the subject is not.
        """
        first = self.of_subject(iri)
        if first is None:
            return None
        if isinstance(value, NamedNode):
            spellings = self._spellings(value.value)
        else:
            spellings = {value.value.partition("\n")[0]}
        for number, line in enumerate(self._lines[first - 1 : first + _FAR], start=first):
            words = re.split(r"[\s,;]+", line)
            if spellings & {*words} or any(f'"{text}"' in line for text in spellings):
                return number
            if number > first and line.strip() == ".":
                break
        return first

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.splitlines()

    @cached_property
    def _first_words(self) -> dict[str, int]:
        """The first line that each word begins."""
        numbers: dict[str, int] = {}
        for number, line in enumerate(self._lines, start=1):
            words = line.split(maxsplit=1)
            if words and not words[0].startswith("#"):
                numbers.setdefault(words[0], number)
        return numbers

    @cached_property
    def _prefixes(self) -> list[tuple[str, str]]:
        return re.findall(r"(?im)^\s*@?prefix\s+([\w.-]*):\s*<([^>]*)>", self._text)

    def _spellings(self, iri: str) -> set[str]:
        """Return an IRI as the file may write it: in full or prefixed."""
        spellings = {f"<{iri}>"}
        for name, namespace in self._prefixes:
            if namespace and iri.startswith(namespace):
                spellings.add(f"{name}:{iri[len(namespace) :]}")
        return spellings
