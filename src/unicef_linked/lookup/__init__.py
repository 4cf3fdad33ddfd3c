"""From a name, a code or an outside IRI to an entity: normalization, index, matching, tables.

May not: know HTTP or how a page looks.
Called by: ``cli``, ``mcp`` and ``web``.
"""
