"""The context of a page: a dataset, a language, the addresses of its pages, the messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from unicef_linked.dataset.labels import LabelResolver

if TYPE_CHECKING:
    import gettext
    from collections.abc import Callable, Iterable

    from pyoxigraph import Quad

    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.rdf.iris import Names
    from unicef_linked.store import Labels, Store


@dataclass(frozen=True, slots=True)
class PageContext:
    """The context of one page. The view that answers makes it."""

    dataset: PublishedDataset
    language: str  # of the page, as a BCP 47 tag
    locate: Callable[[str], str | None]  # from an IRI to the address of its page on this host
    messages: gettext.NullTranslations  # of that language
    preferred: tuple[str, ...] = ()  # language ranges of the reader for names, best first

    @property
    def names(self) -> Names:
        """The IRIs of the dataset."""
        return self.dataset.names

    @property
    def store(self) -> Store:
        """The store of the dataset."""
        return self.dataset.store

    def reader(self, quads: Iterable[Quad], *more: str) -> LabelResolver:
        """Return a reader with the labels of every IRI in the quads and of ``more`` IRIs."""
        iris = set(more)
        for quad in quads:
            for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
                if isinstance(term, NamedNode):
                    iris.add(term.value)
                elif isinstance(term, Literal):
                    iris.add(term.datatype.value)
        return self._resolver(self.dataset.labels(iris))

    def common_reader(self) -> LabelResolver:
        """Return a reader with the labels that every page shows."""
        return self._resolver(self.dataset.common_labels)

    def _resolver(self, labels: Labels) -> LabelResolver:
        return LabelResolver(self.names, labels, self.language, self.locate, self.preferred)
