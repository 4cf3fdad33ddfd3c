"""What a page shows, as values that a template only prints.

May not: read a request, write a response or import Flask.
Called by: ``web``.
"""
