"""Parameters of query strings, read strictly."""

from __future__ import annotations

import re
from typing import Final

from flask import request

from unicef_linked.errors import BadParameter

_RANGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
"""A language range that is no wildcard (RFC 4647, section 2.1)."""

_LANGUAGES: Final = 20
"""Language ranges of a request that are read."""


def preferred_languages(default: str) -> list[str]:
    """Return the language ranges that a reader prefers for names of things, best first.

    ``?clang=``, that of the content; ``?lang=``; then those of Accept-Language by weight; then
    ``default``, the language of pages.
    """
    accepted = [tag for tag, weight in request.accept_languages if weight > 0]
    stated = (request.args.get("clang", ""), request.args.get("lang", ""))
    ranges = [tag for tag in (*stated, *accepted) if _RANGE.fullmatch(tag)]
    return [*ranges[:_LANGUAGES], default]


_DIGITS: Final = 18
"""Digits that a number may have: more than anything here is counted to."""

_QUOTED: Final = 40
"""Characters of a value that a message repeats."""


def whole_number(name: str, default: int) -> int:
    """Return a parameter that is a whole number in ASCII digits, ``default`` if it is not given.

    Raises BadParameter for anything else.
    """
    text = request.args.get(name, "")
    return parse_whole_number(name, text) if text else default


def parse_whole_number(name: str, text: str) -> int:
    """Return the number that a text in ASCII digits is; ``name`` is what the message calls it.

    Raises BadParameter for anything else: ``int`` would also read signs, spaces and digits of
    other scripts, and fails above 4,300 digits.
    """
    shown = repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")
    if not (text.isascii() and text.isdecimal()):
        raise BadParameter(f"{name}={shown} is not a whole number from 0 on, in the digits 0 to 9")
    if len(text) > _DIGITS:
        raise BadParameter(f"{name}={shown} is too large: it has more than {_DIGITS} digits")
    return int(text)


_DEGREES: Final = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{0,20})?(?:[eE][+-]?[0-9]{1,3})?")
"""A coordinate in decimal degrees."""


def coordinate(name: str, limit: int) -> float:
    """Return a parameter that is an angle in decimal degrees, at most ``limit`` either way.

    Raises BadParameter for anything else.
    """
    text = request.args.get(name, "").strip()
    if not _DEGREES.fullmatch(text) or abs(float(text)) > limit:
        shown = repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")
        raise BadParameter(
            f"{name}={shown} is not a number of degrees from -{limit} to {limit}, such as 14.5"
        )
    return float(text)
