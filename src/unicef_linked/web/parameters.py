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

    ``?lang=``, then those of Accept-Language by weight, then ``default``, the language of pages.
    """
    accepted = [tag for tag, weight in request.accept_languages if weight > 0]
    ranges = [tag for tag in (request.args.get("lang", ""), *accepted) if _RANGE.fullmatch(tag)]
    return [*ranges[:_LANGUAGES], default]


def whole_number(name: str, default: int) -> int:
    """Return a parameter that is a whole number in ASCII digits, ``default`` if it is not given.

    Raises BadParameter for anything else: ``int`` would also read signs, spaces and digits of
    other scripts.
    """
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()):
        raise BadParameter(f"{name}={text!r} is not a whole number")
    return int(text)
