"""Parameters of query strings, read strictly."""

from __future__ import annotations

from flask import request

from unicef_linked.errors import BadParameter


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
