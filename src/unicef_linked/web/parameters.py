"""Parameters of query strings, read strictly."""

from __future__ import annotations

from typing import Final

from flask import request

from unicef_linked.errors import BadParameter

_MOST_DIGITS: Final = 18
"""Most digits of a number: those that fit in 64 bits; Python reads no more than 4,300."""


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
    if len(text) > _MOST_DIGITS:
        raise BadParameter(f"{name} has {len(text):,} digits; at most {_MOST_DIGITS} are read")
    return int(text)
