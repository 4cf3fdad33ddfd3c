"""The pool of query processes: a supervisor forks workers, clients send them queries by datagrams.

May not: know HTTP or the text of pages.
Called by: ``store.embedded`` and ``store.engines``.
"""
