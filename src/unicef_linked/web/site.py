"""What one site serves: settings, release, store, and what is computed once from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from pyoxigraph import NamedNode

from unicef_linked.i18n import Translations, read_translations
from unicef_linked.lookup.index import read as read_index
from unicef_linked.lookup.matching import Reconciler
from unicef_linked.presentation.charts import Pictures
from unicef_linked.presentation.context import PageContext
from unicef_linked.presentation.layout import read as read_layout
from unicef_linked.presentation.locator_map import LocatorMaps

if TYPE_CHECKING:
    from unicef_linked.config import Settings
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.lookup.index import Index
    from unicef_linked.presentation.layout import Layout
    from unicef_linked.rdf.iris import Names


@dataclass(frozen=True)
class Site:
    """One release, served."""

    settings: Settings
    dataset: PublishedDataset
    translations: Translations = field(default_factory=read_translations)

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.dataset.names

    def public_url(self, request_url: str) -> str:
        """Return the address that the public uses, ending in ``/``: the setting, else the request's own."""
        return (self.settings.public_url or request_url).rstrip("/") + "/"

    @cached_property
    def index(self) -> Index:
        """Names, codes and outside identifiers of every entity; made when it is first asked."""
        return read_index(self.dataset.store, self.names)

    @cached_property
    def pictures(self) -> Pictures:
        """The pictures that the data publishes, and what their queries find."""
        return Pictures(self.dataset.store, self.names, self.settings.query_timeout)

    @cached_property
    def locator_maps(self) -> LocatorMaps:
        """The maps on pages about things."""
        return LocatorMaps()

    @cached_property
    def reconciler(self) -> Reconciler:
        """What tells which entity a name means."""
        return Reconciler(self.index, lambda iri: self.dataset.store.match(NamedNode(iri)))

    @cached_property
    def layout(self) -> Layout:
        """How the shapes lay out a page about a thing."""
        return read_layout(self.dataset.release.shapes(), self.dataset.superclasses, self.names.term("KeyFacts"))

    @cached_property
    def lists(self) -> dict[str, tuple[str, int]]:
        """The broadest class of each list and the number of its members, by the list's address."""
        return {f"/doc/{entity_type}": found for entity_type, found in self.dataset.lists.items()}

    def locate(self, iri: str) -> str | None:
        """Return the address on this host of a page about an IRI, None where its own address is the better one."""
        local = self.names.local_address(iri)
        if local is None and not self.dataset.is_built and iri in self.dataset.described:
            return f"/resource?iri={quote(iri, safe='')}"  # a dataset that is not ours: its IRIs lie elsewhere
        return local

    def context(self, language: str) -> PageContext:
        """Return what a page in a language is made from."""
        return PageContext(self.dataset, language, self.locate, self.translations.of(language))
