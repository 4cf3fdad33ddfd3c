"""SHACL: a report as a value, and the engine that makes it from shapes and data.

May not: know the files of a build, a store or HTTP. Only ``shacl`` and ``components`` import
pySHACL.
Called by: ``build`` (to validate), ``web`` and ``cli`` (to show a report).
"""
