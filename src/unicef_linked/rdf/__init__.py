"""RDF as values: IRIs and namespaces, formats, serialization, JSON-LD, statistics.

May not: do I/O, or know a release, a store or HTTP.
Called by: every other package.
"""
