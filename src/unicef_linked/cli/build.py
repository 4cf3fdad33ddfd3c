"""``unicef-linked build``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from unicef_linked.cli import options
from unicef_linked.cli.options import PATH, Command, base_iri
from unicef_linked.cli.output import remarks
from unicef_linked.cli.progress import staged
from unicef_linked.config import source_date
from unicef_linked.rdf.iris import CANONICAL_BASE

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from unicef_linked.build import Content
    from unicef_linked.release import Manifest


@click.command("build", cls=Command)
@click.option("--data", type=PATH, metavar="PATH", help="data to use; default: the packaged data")
@options.shapes
@click.option(
    "--ontology", type=PATH, metavar="PATH", help="ontology to use; default: the packaged ontology"
)
@click.option(
    "--base-iri",
    "base",
    type=base_iri,
    default=CANONICAL_BASE,
    metavar="IRI",
    help="mint IRIs below this one",
)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="where the release goes")
@click.option(
    "--issued",
    type=options.instant,
    metavar="DATETIME",
    help="when the release is issued (RFC 3339); default: SOURCE_DATE_EPOCH, else now",
)
@click.option(
    "--keep",
    type=options.positive,
    metavar="N",
    help="keep this many releases, this one included; older ones that no server uses are removed",
)
@click.option(
    "--sign",
    type=PATH,
    metavar="PRIVATE.pem",
    help="sign the digests of the release with this Ed25519 key",
)
@click.option(
    "--progress",
    "lines",
    is_flag=True,
    help="say on standard error what is done, off a terminal too",
)
def command(
    data: Path | None,
    shapes: tuple[Path, ...],
    ontology: Path | None,
    base: str,
    out: Path,
    issued: datetime | None,
    keep: int | None,
    sign: Path | None,
    *,
    lines: bool,
) -> int:
    """Validate, derive, and write an immutable release."""
    from unicef_linked.build import build
    from unicef_linked.dataset import overlaps
    from unicef_linked.exports.files import add_exports
    from unicef_linked.lookup.kept import add_index
    from unicef_linked.release.kept import prune
    from unicef_linked.release.signature import read_private_key

    with remarks() as remark, staged("building", lines=lines) as progress:
        release = build(
            _content(data, shapes, ontology),
            out,
            base,
            issued=issued or source_date(),
            key=read_private_key(sign) if sign else None,
            remark=remark,
            progress=progress,
            add=add_index,
            add_exports=add_exports,
        )
        for sentence in overlaps.warnings(release, [(base, "/")]):
            remark(sentence)
    _report(out, release.manifest)
    for name in prune(release, keep) if keep else ():
        print(f"{out}.{name}: removed")
    return 0


def _report(out: Path, manifest: Manifest) -> None:
    """Print what was built."""
    print(
        f"{out}: {manifest.quads:,} statements in {len(manifest.graphs)} graphs,"
        f" sha256 {manifest.sha256}"
    )


def _content(data: Path | None, shapes: tuple[Path, ...], ontology: Path | None) -> Content:
    """Return the files to build from: the packaged ones where no others are given."""
    from unicef_linked.build import Content

    packaged = Content.packaged()
    return Content(
        (data,) if data else packaged.data,
        shapes or packaged.shapes,
        (ontology,) if ontology else packaged.ontology,
        packaged.rules,
    )
