"""The IRIs of the packaged dataset, with the prefixes that its ontology declares."""

from typing import Final

from unicef_linked.build import Content
from unicef_linked.build.dumps import declared_prefixes
from unicef_linked.build.sources import load
from unicef_linked.rdf.iris import Names

NAMES: Final = Names(
    declared=declared_prefixes(
        quad
        for source in load(Content.packaged().ontology, Names(), role="ontology")
        for quad in source.quads
    )
)

PREFIXES: Final = "".join(
    f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in NAMES.prefixes.items()
)
"""The prologue of a query with every prefix."""
