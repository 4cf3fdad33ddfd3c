"""How a route gets what its view needs: as arguments, when the application is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Blueprint
    from flask.typing import ResponseReturnValue


def bind(
    blueprint: Blueprint,
    rules: Sequence[str],
    view: Callable[..., ResponseReturnValue],
    *arguments: Any,
    methods: Sequence[str] = ("GET",),
    strict_slashes: bool | None = None,
) -> None:
    """Add the routes of a view.

    The view is called with ``arguments``, then by name with the parts that a rule has of a path.
    """
    bound = partial(view, *arguments)
    for rule in rules:
        blueprint.add_url_rule(
            rule,
            endpoint=getattr(view, "__name__", None),
            view_func=bound,
            methods=list(methods),
            strict_slashes=strict_slashes,
        )
