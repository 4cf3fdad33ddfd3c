"""The dataset by each standard: DCAT, VoID, PROV, DQV, Service Description, schema.org, Signposting.

May not: read a request or write a response.
Called by: ``presentation`` and ``web``.
"""
