"""Addresses on this server: where an IRI has its page, and what the public calls the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from unicef_linked.dataset.published import PublishedDataset


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the addresses of one dataset's documents."""

    dataset: PublishedDataset
    public_url: str  # the setting; "" where the request's own address is the public one

    def public(self, request_url: str) -> str:
        """Return the address that the public uses, ending in ``/``: the setting, else the request's own."""
        return (self.public_url or request_url).rstrip("/") + "/"

    def locate(self, iri: str) -> str | None:
        """Return the address on this server of the page about an IRI; None where it has none here."""
        local = self.dataset.names.local_address(iri)
        if local is None and not self.dataset.is_built and iri in self.dataset.described:
            return (
                f"/resource?iri={quote(iri, safe='')}"  # IRIs of a dataset of others lie elsewhere
            )
        return local

    def list_of(self, entity_type: str) -> str:
        """Return the address of the list of a type's entities."""
        return f"/doc/{entity_type}"
