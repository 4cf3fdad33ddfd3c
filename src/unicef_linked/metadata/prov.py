"""How the dataset was made, by PROV-O, section 3.1: its sources, its files, the programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyoxigraph import Literal

from unicef_linked.rdf.iris import DCAT, PROV, RDF, RDFS, SPDX, XSD
from unicef_linked.rdf.terms import triple, typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyoxigraph import Triple

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.terms import Term


def describe(published: PublishedDataset, sources: Iterable[Term]) -> Iterator[Triple]:
    """Yield what the dataset was derived from and, if the manifest says it, how it was built."""
    dataset, manifest = published.names.dataset, published.release.manifest
    for source in sources:
        yield triple(dataset, f"{PROV}wasDerivedFrom", source)
    if not manifest.sources:
        return
    build = f"{dataset}#build"
    yield triple(dataset, f"{RDF}type", f"{PROV}Entity")
    yield triple(dataset, f"{PROV}wasGeneratedBy", build)
    yield triple(build, f"{RDF}type", f"{PROV}Activity")
    for name, version in sorted(manifest.tools.items()):
        agent = f"{dataset}#tool-{name}"
        yield triple(build, f"{PROV}wasAssociatedWith", agent)
        yield triple(agent, f"{RDF}type", f"{PROV}SoftwareAgent")
        yield triple(agent, f"{RDFS}label", Literal(name))
        yield triple(agent, f"{DCAT}version", Literal(version))
    for name, digest in sorted(manifest.sources.items()):
        entity = f"{dataset}#made-from-{name}"
        yield triple(build, f"{PROV}used", entity)
        yield triple(entity, f"{RDF}type", f"{PROV}Entity")
        yield triple(entity, f"{RDFS}label", Literal(f"{name}/"))
        yield from checksum(entity, digest)


def checksum(subject: str, sha256: str) -> Iterator[Triple]:
    """Yield the SHA-256 of a file by SPDX, as DCAT 3, section 6.8.16, has it."""
    node = f"{subject}-sha256"
    yield triple(subject, f"{SPDX}checksum", node)
    yield triple(node, f"{RDF}type", f"{SPDX}Checksum")
    yield triple(node, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256")
    yield triple(node, f"{SPDX}checksumValue", typed(sha256, f"{XSD}hexBinary"))
