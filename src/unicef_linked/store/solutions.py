"""Solutions of a SELECT query as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import QuerySolutions

if TYPE_CHECKING:
    from unicef_linked.rdf.terms import Solution


def read_solutions(results: object) -> list[Solution]:
    """Return the engine's solutions, each with its bound variables only."""
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    return [
        {name: term for name in names if (term := row[name]) is not None}  # unbound: left out
        for row in results
    ]
