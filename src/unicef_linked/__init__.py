"""Publish a folder of RDF as linked data: validated releases, content negotiation, SPARQL.

Two programs share one noun. The builder (``unicef_linked.build``) turns Turtle into a *release*: a
directory written once and named by its content hash. The publisher (``unicef_linked.web`` over
``unicef_linked.store``) opens a release read-only and answers HTTP. Nothing else passes between
them.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("unicef-linked")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
