"""/ontology, /shapes, /dataset: what the data is and what its terms mean, as RDF and as documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyoxigraph as ox
from flask import Blueprint, Response, redirect

from unicef_linked import addresses
from unicef_linked.dataset.description import Description
from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation.dataset_page import dataset_page
from unicef_linked.presentation.ontology_page import ontology_page
from unicef_linked.presentation.shapes_page import shapes_page
from unicef_linked.web.responses import CACHE, formats_of
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.web.responder import Responder


def ontology(responder: Responder, suffix: str | None = None) -> Response:
    """Return the ontology: its graph, or its documentation."""

    def page() -> bytes:
        description = _ontology(responder)
        if description is None:
            raise NotFound("this dataset has nothing at /ontology")
        values = ontology_page(responder.context(), description)
        return responder.render("ontology.html", formats=formats_of(addresses.ONTOLOGY), **values)

    return responder.respond(addresses.ONTOLOGY, suffix, lambda: _ontology(responder), page)


def _ontology(responder: Responder) -> Description | None:
    """Return the graphs of the ontology; None for a dataset without one."""
    whole = responder.names.graph("ontology")
    parts = [
        name
        for name in responder.dataset.release.manifest.graphs
        if name == whole or name.startswith(f"{whole}/")
    ]
    quads: list[ox.Quad] = []
    for name in parts:
        quads += responder.dataset.store.match(graph_name=ox.NamedNode(name))
    return Description(responder.names.ontology, quads) if quads else None


def shapes(responder: Responder, suffix: str | None = None) -> Response:
    """Return the shapes that the release conforms to."""

    def page() -> bytes:
        description = _shapes(responder)
        if description is None:
            raise NotFound("this dataset has nothing at /shapes")
        values = shapes_page(responder.context(), description)
        return responder.render("shapes.html", formats=formats_of(addresses.SHAPES), **values)

    return responder.respond(addresses.SHAPES, suffix, lambda: _shapes(responder), page)


def _shapes(responder: Responder) -> Description | None:
    quads = list(responder.dataset.release.shapes())
    return Description(responder.names.shapes, quads) if quads else None


def dataset(responder: Responder, suffix: str | None = None) -> Response:
    """Return the description of the dataset by DCAT 3 and VoID."""

    def description() -> Description:
        address = responder.public_address()
        return describe_dataset(responder.dataset, responder.translations, address)

    def page() -> bytes:
        address, language = responder.public_address(), responder.language()
        return responder.render(
            "dataset.html",
            formats=formats_of(addresses.DATASET),
            structured=schema_org.dataset(responder.dataset, address, language),
            **dataset_page(responder.context(), description()),
        )

    return responder.respond(addresses.DATASET, suffix, description, page)


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
