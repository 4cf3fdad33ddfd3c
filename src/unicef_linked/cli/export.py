"""``unicef-linked export``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from unicef_linked.cli import options
from unicef_linked.cli.output import write
from unicef_linked.cli.releases import chosen_release
from unicef_linked.config import read_settings
from unicef_linked.release.dumps import find_dump

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

DUMPS: Final = {"nquads": "dataset.nq", "turtle": "dataset.ttl", "jsonld": "dataset.jsonld"}
"""The dumps of a release, by the name of their format."""


@click.command("export", cls=options.Command)
@click.argument("name", metavar="FORMAT")
@options.out
@options.release
def command(name: str, out: Path | None, release: Path | None) -> int:
    """Write the dataset in one format, or one of its tables and maps.

    FORMAT is nquads, turtle, jsonld; or a name below /export/ or its short form, such as
    regions.csv, hxl, csv or geojson.
    """
    chosen = chosen_release(release)
    dump = DUMPS.get(name)
    path = find_dump(chosen, dump) if dump else None
    if path:
        source: BinaryIO = path.open("rb")
    else:
        source = io.BytesIO(_written(name, chosen))
    with source:
        write(source, out)
    return 0


def _written(name: str, release: Release) -> bytes:
    from unicef_linked.exports.definitions import Exports
    from unicef_linked.store.embedded import Embedded

    # no query processes: the queries are ours
    store = Embedded(release, "", read_settings())
    exports = Exports(store, release.names)
    export = exports.by_name(name)
    if export is None:
        short_names = (other.short_name for other in exports.all if other.short_name)
        names = (*DUMPS, *short_names, *(other.name for other in exports.all))
        raise click.BadParameter(
            options.invalid_choice(name, names),
            ctx=click.get_current_context(),
            param_hint="FORMAT",
        )
    return export.write(store, release.names)
