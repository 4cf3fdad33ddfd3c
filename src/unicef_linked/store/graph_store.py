"""A client of graph stores (SPARQL 1.1 Graph Store HTTP Protocol)."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Final

import requests

from unicef_linked.errors import EngineUnavailable
from unicef_linked.http_client import reason
from unicef_linked.rdf.formats import NTRIPLES
from unicef_linked.store.remote import open_session, shown

if TYPE_CHECKING:
    from unicef_linked.config import Settings

_ENDPOINTS: Final = (
    (r"/sparql-graph-crud(-auth)?/?$", "/sparql"),  # Virtuoso
    (r"/store/?$", "/query"),  # Oxigraph
    (r"/data/?$", "/sparql"),  # Jena Fuseki
    (r"/rdf-graphs/service/?$", ""),  # GraphDB, RDF4J
    (r"/sparql/gsp/?$", "/sparql"),  # Neptune
)
"""Path of a graph store (pattern) to the path of the query endpoint of the same engine."""
_TIMEOUTS: Final = (600.0, 3600.0)
"""Timeouts (s): to connect and for each write, and for the engine to answer a request.

An engine may read a request only after it has emptied the graph; urllib3 has one timeout for
connecting and sending (https://github.com/urllib3/urllib3/issues/857).
"""


def find_endpoint(store: str) -> str | None:
    """Return the URL of the query endpoint beside a graph store, None for an unknown engine.

    >>> find_endpoint("http://localhost:8890/sparql-graph-crud-auth")
    'http://localhost:8890/sparql'
    """
    return next((re.sub(old, new, store) for old, new in _ENDPOINTS if re.search(old, store)), None)


class GraphStore:
    """A client of one graph store; the name "" is that of its default graph."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.name = shown(url)
        self._url, self._session = url, open_session(settings)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def replace(self, graph: str, triples: bytes | IO[bytes]) -> str:
        """Replace a graph by N-Triples; return the refusal, or ""."""
        return self._request("PUT", graph, triples)

    def add(self, graph: str, triples: bytes | IO[bytes]) -> str:
        """Add N-Triples to a graph; return the refusal, or ""."""
        return self._request("POST", graph, triples)

    def delete(self, graph: str) -> str:
        """Delete a graph; return the refusal, or ""."""
        return self._request("DELETE", graph, None)

    def _request(self, method: str, graph: str, triples: bytes | IO[bytes] | None) -> str:
        # ``default=``, not ``default``: Virtuoso requires the equals sign.
        try:
            response = self._session.request(
                method,
                self._url,
                params={"graph": graph} if graph else {"default": ""},
                data=triples,
                headers={} if triples is None else {"Content-Type": NTRIPLES.media_type},
                timeout=_TIMEOUTS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise EngineUnavailable(
                f"{self.name} cannot be reached: {reason(error)}; see that it runs"
            ) from None
        if response.status_code in {401, 403}:
            raise EngineUnavailable(
                f"{self.name} refuses us ({response.status_code}): "
                "set UNICEF_LINKED_ENGINE_USER and UNICEF_LINKED_ENGINE_PASSWORD "
                "to a user who may write"
            )
        if 300 <= response.status_code < 400:
            return f"it has moved to {response.headers.get('Location', '?')}"
        if response.ok:
            return ""
        message = " ".join(re.sub(r"(?s)<head.*?</head>|<[^>]*>", " ", response.text).split())
        return f"{response.status_code} {message[:300] or response.reason}"
