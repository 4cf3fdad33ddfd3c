"""/ontology, /shapes, /dataset: what the data is and what its terms mean, as RDF and as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from flask import Blueprint, Response, redirect

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation import dataset_page, ontology_page, shapes_page
from unicef_linked.web.responses import CACHE, formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Callable

    from unicef_linked.dataset.description import Description
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.web.responder import Responder


_T = TypeVar("_T")

_MOST: Final = 4
"""Values of each kind in the cache; it is emptied when it has as many. Clients choose the keys."""


class _Kept(Generic[_T]):
    """What was made once a release, by key."""

    def __init__(self) -> None:
        self._values: dict[object, _T] = {}

    def get(self, key: object, make: Callable[[], _T]) -> _T:
        """Return what was made for a key; it is made when it is first asked for."""
        value = self._values.get(key)
        if value is None:
            value = make()
            if len(self._values) >= _MOST:
                self._values.clear()
            self._values[key] = value
        return value


class Documentation:
    """The pages of one release as they are before they are printed.

    Those of terms by language, those of the dataset by the address of this server too.
    """

    def __init__(self) -> None:
        self.ontology: _Kept[ontology_page.OntologyPage] = _Kept()
        self.shapes: _Kept[shapes_page.ShapesPage] = _Kept()
        self.datasets: _Kept[dataset_page.DatasetPage] = _Kept()
        self.descriptions: _Kept[Description] = _Kept()


def _key(context: PageContext) -> tuple[str, tuple[str, ...]]:
    """Return what the words of a page depend on."""
    return context.language, context.preferred


def ontology(
    responder: Responder, documentation: Documentation, suffix: str | None = None
) -> Response:
    """Return the ontology: its graphs, or its documentation."""
    context = responder.context()

    def values() -> ontology_page.OntologyPage:
        description = _existing(responder.dataset.describe_ontology(), addresses.ONTOLOGY)
        reading = ontology_page.read_ontology(context, description)
        return ontology_page.arrange(context, reading)

    def page() -> bytes:
        arranged = documentation.ontology.get(_key(context), values)
        return _render(responder, addresses.ONTOLOGY, arranged, prefix=arranged.prefix)

    return responder.respond(addresses.ONTOLOGY, suffix, responder.dataset.describe_ontology, page)


def shapes(
    responder: Responder, documentation: Documentation, suffix: str | None = None
) -> Response:
    """Return the shapes that the release was validated by: their graph, or its documentation."""
    context = responder.context()

    def values() -> shapes_page.ShapesPage:
        description = _existing(responder.dataset.describe_shapes(), addresses.SHAPES)
        reading = shapes_page.read_shapes_page(context, description)
        return shapes_page.arrange(context, reading)

    def page() -> bytes:
        arranged = documentation.shapes.get(_key(context), values)
        return _render(responder, addresses.SHAPES, arranged, prefix=arranged.prefix)

    return responder.respond(addresses.SHAPES, suffix, responder.dataset.describe_shapes, page)


def dataset(
    responder: Responder, documentation: Documentation, suffix: str | None = None
) -> Response:
    """Return the description of the dataset by DCAT 3, VoID and PROV, or a page of it."""
    published, address = responder.dataset, responder.public_address()
    context = responder.context()

    def description() -> Description:
        return documentation.descriptions.get(
            address, lambda: describe_dataset(published, responder.translations, address)
        )

    def values() -> dataset_page.DatasetPage:
        reading = dataset_page.read_dataset(context, description())
        return dataset_page.arrange(context, reading)

    def page() -> bytes:
        arranged = documentation.datasets.get((*_key(context), address), values)
        structured = schema_org.dataset(published, address, context.language)
        return _render(responder, addresses.DATASET, arranged, structured=structured)

    return responder.respond(addresses.DATASET, suffix, description, page)


def _existing(description: Description | None, path: str) -> Description:
    if description is None:
        raise NotFound(f"this dataset has nothing at {path}")
    return description


def _render(
    responder: Responder,
    path: str,
    page: ontology_page.OntologyPage | shapes_page.ShapesPage | dataset_page.DatasetPage,
    **others: object,
) -> bytes:
    formats = formats_of(responder.place(path))
    template = f"{path.strip('/')}.html"
    return responder.render(template, page=page, title=page.title, formats=formats, **others)


def well_known_void() -> Response:
    """Redirect to the dataset's description (VoID, section 7.2)."""
    response = redirect(addresses.DATASET, 302)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = CACHE
    return response


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("documentation", __name__)
    documentation = Documentation()
    bind(blueprint, ("/ontology", "/ontology.<suffix>"), ontology, responder, documentation)
    bind(blueprint, ("/shapes", "/shapes.<suffix>"), shapes, responder, documentation)
    bind(blueprint, ("/dataset", "/dataset.<suffix>"), dataset, responder, documentation)
    bind(blueprint, ("/.well-known/void",), well_known_void)
    return blueprint
