"""SHACL: a report as a value, and the two engines that make it from shapes and data.

May not: know the files of a build, a store or HTTP. ``report``, ``causes``, ``page`` and
``vocabulary`` do not need pySHACL.
Called by: ``build`` (to validate), ``web`` and ``cli`` (to show a report).
"""
