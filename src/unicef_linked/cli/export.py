"""``unicef-linked export``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import click

from unicef_linked.cli import options
from unicef_linked.cli.output import write
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

EXPORTS: Final = {"nquads": "dataset.nq", "turtle": "dataset.ttl", "jsonld": "dataset.jsonld"}
"""The dumps of a release, by the name of their format."""
OTHER_EXPORTS: Final = {"hxl": "3w.csv", "csv": "offices.csv", "geojson": "offices.geojson"}
"""Short names for what is below ``/export/``."""


def _export_format(text: str) -> str:
    from unicef_linked import exports

    known = (*EXPORTS, *OTHER_EXPORTS, *(export.name for export in exports.EXPORTS))
    if text not in known:
        raise click.BadParameter(options.invalid_choice(text, known))
    return OTHER_EXPORTS.get(text, text)


@click.command("export", cls=options.Command)
@click.argument("name", type=_export_format, metavar="FORMAT")
@options.out
@options.release
def command(name: str, out: Path | None, release: Path | None) -> int:
    """Write the dataset in one format, or one of its tables and maps.

    FORMAT is nquads, turtle, jsonld; hxl, csv, geojson; or a name below /export/, such as regions.csv.
    """
    chosen = chosen_release(release)
    dump = EXPORTS.get(name)
    source = (
        (chosen.path / "dumps" / dump).open("rb") if dump else io.BytesIO(_written(name, chosen))
    )
    with source:
        write(source, out)
    return 0


def _written(name: str, release: Release) -> bytes:
    from unicef_linked import exports
    from unicef_linked.store.embedded import Embedded

    export = exports.by_name(name)
    assert export is not None
    store = Embedded(release, "", read_settings())  # no query processes: the queries are ours
    return export.write(store, release.names)
