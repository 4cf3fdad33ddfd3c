"""/ontology, /shapes, /dataset: what the data is and what its terms mean, as RDF and as pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation import dataset_page, ontology_page, shapes_page
from unicef_linked.web.responses import CACHE, formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.dataset.description import Description
    from unicef_linked.web.responder import Responder


def ontology(responder: Responder, suffix: str | None = None) -> Response:
    """Return the ontology: its graphs, or its documentation."""

    def page() -> bytes:
        context = responder.context()
        description = _existing(responder.dataset.describe_ontology(), addresses.ONTOLOGY)
        reading = ontology_page.read_ontology(context, description)
        values = ontology_page.arrange(context, reading)
        return _render(responder, addresses.ONTOLOGY, values, prefix=values.prefix)

    return responder.respond(addresses.ONTOLOGY, suffix, responder.dataset.describe_ontology, page)


def shapes(responder: Responder, suffix: str | None = None) -> Response:
    """Return the shapes that the release was validated by: their graph, or its documentation."""

    def page() -> bytes:
        context = responder.context()
        description = _existing(responder.dataset.describe_shapes(), addresses.SHAPES)
        reading = shapes_page.read_shapes_page(context, description)
        values = shapes_page.arrange(context, reading)
        return _render(responder, addresses.SHAPES, values, prefix=values.prefix)

    return responder.respond(addresses.SHAPES, suffix, responder.dataset.describe_shapes, page)


def dataset(responder: Responder, suffix: str | None = None) -> Response:
    """Return the description of the dataset by DCAT 3, VoID and PROV, or a page of it."""
    published, address = responder.dataset, responder.public_address()

    def description() -> Description:
        return describe_dataset(published, responder.translations, address)

    def page() -> bytes:
        context = responder.context()
        reading = dataset_page.read_dataset(context, description())
        structured = schema_org.dataset(published, address, context.language)
        values = dataset_page.arrange(context, reading)
        return _render(responder, addresses.DATASET, values, structured=structured)

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
    bind(blueprint, ("/ontology", "/ontology.<suffix>"), ontology, responder)
    bind(blueprint, ("/shapes", "/shapes.<suffix>"), shapes, responder)
    bind(blueprint, ("/dataset", "/dataset.<suffix>"), dataset, responder)
    bind(blueprint, ("/.well-known/void",), well_known_void)
    return blueprint
