"""/export/: tables, maps and mapping sets, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.exports import EXPORTS, Export, by_name
from unicef_linked.rdf.formats import HTML, RESULTS_JSON, Carries, Format
from unicef_linked.web.responses import link, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.web.responder import Responder


def index(responder: Responder) -> Response:
    """Return the list of exports."""
    offer = negotiate((RESULTS_JSON, HTML))
    if offer is HTML:
        content = responder.render(
            "exports.html",
            files=titled_exports(responder),
            release=responder.dataset.release.manifest,
        )
        return responder.represent(content, HTML, varies_by=["Accept"])
    files_as_data = [
        {
            "name": export.name,
            "mediaType": export.media_type,
            "title": responder.translations.in_every_language(export.title),
        }
        for export in EXPORTS
    ]
    body = {"release": responder.dataset.release.manifest.name, "files": files_as_data}
    response = responder.represent(
        json.dumps(body, ensure_ascii=False).encode(), RESULTS_JSON, varies_by=["Accept"]
    )
    response.content_type = "application/json"
    return response


def titled_exports(responder: Responder) -> list[tuple[Export, str]]:
    """Return each export with its title in the reader's language."""
    return [(export, responder.gettext(export.title)) for export in EXPORTS]


def export(responder: Responder, name: str) -> Response:
    """Return one export."""
    found = by_name(name)
    if found is None:
        raise NotFound(
            f"there is no export {name}; there are: {', '.join(export.name for export in EXPORTS)}"
        )
    links = [link(addresses.DATASET, "collection")]
    if found.described_by:  # Model for Tabular Data and Metadata on the Web, section 5.2
        links.append(
            link(addresses.export(found.described_by), "describedby", type="application/csvm+json")
        )
    offer = Format(
        found.name, found.media_type, Path(found.name).suffix, Carries.SOLUTIONS, found.title
    )
    response = responder.represent(
        found.write(responder.dataset.store, responder.names), offer, links=links
    )
    response.content_type = found.content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return response


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("exports", __name__)
    bind(blueprint, ("/export/",), index, responder)
    bind(blueprint, ("/export/<name>",), export, responder)
    return blueprint
