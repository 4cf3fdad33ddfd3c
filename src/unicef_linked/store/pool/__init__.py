"""The query processes: a supervisor that forks and ends them, and the slots that say what each works on.

May not: know HTTP or the text of pages.
Called by: ``store.embedded``.
"""
