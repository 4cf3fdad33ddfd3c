"""What wraps the whole application: the response cache, queries, metrics, the connection.

May not: know routes or templates.
Called by: ``web.create_app``.
"""
