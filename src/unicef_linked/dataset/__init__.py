"""A release as read, without HTTP: descriptions, labels, vocabulary, charts.

May not: know settings, addresses, pages or Flask.
Called by: ``lookup``, ``exports``, ``metadata``, ``presentation``, ``mcp`` and ``web``.
"""
