"""The data in the formats of other trades: spreadsheets, maps, mapping sets.

May not: know HTTP; name a country, a class or a column: which files there are is data.
Called by: ``cli``, ``metadata`` and ``web``, through ``exports.definitions``.
"""
