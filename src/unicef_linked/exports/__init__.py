"""The data in the formats of other trades: spreadsheets, maps, mapping sets. ``EXPORTS`` is the list.

Each export is one function from a store to bytes. Rows and values come by SPARQL of our own, so any engine will do, and
data that has nothing of the kind gives a file with a header alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from unicef_linked.exports.contents import (
    OFFICE_GEOMETRY,
    OFFICES,
    PRESENCE,
    REGION_GEOMETRY,
    REGIONS,
)
from unicef_linked.exports.geojson import write_geojson
from unicef_linked.exports.mappings import write_mappings
from unicef_linked.exports.tables import write_csv, write_metadata
from unicef_linked.i18n import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Store


@dataclass(frozen=True, slots=True)
class Export:
    """One file: its name, what it is, and the function that writes it."""

    name: str
    media_type: str  # as registered with IANA, without parameters
    title: str  # a message of i18n
    write: Callable[[Store, Names], bytes]
    parameters: str = ""  # of the media type
    described_by: str | None = None  # the name of the export that is metadata about this one

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``."""
        return self.media_type + self.parameters


_TEXT: Final = "; charset=utf-8"
_TABLE: Final = f"{_TEXT}; header=present"  # RFC 4180, section 3

EXPORTS: Final = (
    Export(
        "3w.csv",
        "text/csv",
        N_("Who does what where: one row for each office, sector and region, with HXL hashtags"),
        partial(write_csv, PRESENCE),
        _TABLE,
    ),
    Export(
        "offices.csv",
        "text/csv",
        N_("Offices, one on each row"),
        partial(write_csv, OFFICES),
        _TABLE,
        "offices.csv-metadata.json",
    ),
    Export(
        "offices.csv-metadata.json",
        "application/csvm+json",
        N_("What the columns of offices.csv mean (CSVW)"),
        partial(write_metadata, OFFICES),
    ),
    Export(
        "regions.csv",
        "text/csv",
        N_("Regions with their names in every language and their codes in every scheme"),
        partial(write_csv, REGIONS),
        _TABLE,
        "regions.csv-metadata.json",
    ),
    Export(
        "regions.csv-metadata.json",
        "application/csvm+json",
        N_("What the columns of regions.csv mean (CSVW)"),
        partial(write_metadata, REGIONS),
    ),
    Export(
        "offices.geojson",
        "application/geo+json",
        N_("Offices as points on the map"),
        partial(write_geojson, OFFICES, OFFICE_GEOMETRY),
    ),
    Export(
        "regions.geojson",
        "application/geo+json",
        N_("Regions as areas on the map, or as points where no boundary is known"),
        partial(write_geojson, REGIONS, REGION_GEOMETRY),
    ),
    Export(
        "mappings.sssom.tsv",
        "text/tab-separated-values",
        N_("Matches with the identifiers and codes of others (SSSOM)"),
        write_mappings,
        _TEXT,
    ),
)


def by_name(name: str) -> Export | None:
    """Return the export of that name.

    >>> by_name("3w.csv").content_type
    'text/csv; charset=utf-8; header=present'
    """
    return next((export for export in EXPORTS if export.name == name), None)
