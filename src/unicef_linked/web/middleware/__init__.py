"""What wraps the whole application: the response cache, metrics, the client's connection.

May not: know routes or templates.
Called by: ``web.create_app`` and ``web.routes.sparql``.
"""
