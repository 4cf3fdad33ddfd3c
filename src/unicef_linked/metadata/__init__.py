"""The dataset by DCAT, VoID, PROV, DQV, Service Description, schema.org and Signposting.

May not: read a request or write a response.
Called by: ``presentation`` and ``web``.
"""
