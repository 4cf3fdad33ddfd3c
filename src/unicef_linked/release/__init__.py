"""The release: the directory that the builder writes once and the publisher only reads.

May not: parse the builder's sources, know a store or HTTP.
Called by: ``build`` (to write), ``store``, ``dataset``, ``web`` and ``cli`` (to open).

A release is immutable. Its identity is the SHA-256 of ``dataset.nq``: canonical N-Quads, one
statement a line, sorted by code point, without blank nodes; ``sha256sum`` checks it.

    manifest.json    hash, date, base IRI, quads per graph, hashes of sources, tool versions, past
    shapes.nq.gz     the shapes that it was validated against
    context.jsonld   the JSON-LD context of its documents
    report.ttl       the SHACL report
    summaries/       counts of the whole, and sorted IRIs, which pages would else read all for
    dumps/           dataset.nq, the same in other formats, each also gzip, and SHA256SUMS
    SHA256SUMS       the digest of every other file; SHA256SUMS.sig its signature, if signed
"""

from __future__ import annotations

from unicef_linked.release.directory import Release, open_release
from unicef_linked.release.manifest import Manifest, PreviousRelease
from unicef_linked.release.verification import open_whole_release, verify
from unicef_linked.release.writer import Draft, draft_release

__all__ = [
    "Draft",
    "Manifest",
    "PreviousRelease",
    "Release",
    "draft_release",
    "open_release",
    "open_whole_release",
    "verify",
]
