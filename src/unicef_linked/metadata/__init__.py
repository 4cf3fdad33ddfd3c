"""The dataset described by each standard, one module a standard: DCAT, schema.org.

May not: read a request or write a response.
Called by: ``web``.
"""
