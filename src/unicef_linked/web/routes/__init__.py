"""One module a family of addresses: each reads the request, asks the layers below, and answers.

May not: compute what another edge would need.
Called by: ``web.create_app``.
"""
