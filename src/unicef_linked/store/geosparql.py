"""The functions of GeoSPARQL 1.1 that the embedded engine evaluates.

Oxigraph does not list them; a test calls each. It has ``geof:area`` too, but no unit that its test
found gives a value. https://github.com/oxigraph/oxigraph/tree/main/lib/spargeo
"""

from __future__ import annotations

from typing import Final

GEOF: Final = "http://www.opengis.net/def/function/geosparql/"

_RELATIONS: Final = {
    "sf": (
        "Contains",
        "Crosses",
        "Disjoint",
        "Equals",
        "Intersects",
        "Overlaps",
        "Touches",
        "Within",
    ),
    "eh": ("Equals", "Disjoint", "Meet", "Overlap", "Covers", "CoveredBy", "Inside", "Contains"),
    "rcc8": ("eq", "dc", "ec", "po", "tppi", "tpp", "ntpp", "ntppi"),
}
"""Topological relations of two geometries, by their family (section 9.3 to 9.5)."""

_OTHERS: Final = (
    "asGeoJSON",
    "centroid",
    "convexHull",
    "coordinateDimension",
    "difference",
    "dimension",
    "distance",
    "envelope",
    "getSRID",
    "intersection",
    "isEmpty",
    "isSimple",
    "length",
    "relate",
    "spatialDimension",
    "symDifference",
    "union",
)


def _function_names() -> list[str]:
    names = [*_OTHERS]
    for family, relations in _RELATIONS.items():
        names += [f"{family}{relation}" for relation in relations]
    return sorted(names)


GEOSPARQL_FUNCTIONS: Final = tuple(f"{GEOF}{name}" for name in _function_names())
