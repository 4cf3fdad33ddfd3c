"""/export/: tables, maps and mapping sets, as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from flask import Blueprint, Response

from unicef_linked.errors import NotFound
from unicef_linked.exports import EXPORTS, Export, by_name
from unicef_linked.rdf.formats import HTML, RESULTS_JSON, Carries, Format
from unicef_linked.web.responses import language, link, negotiate, page, represent, site

routes: Final = Blueprint("exports", __name__)


@routes.get("/export/")
def index() -> Response:
    """Return the list of exports."""
    here = site()
    offer = negotiate((RESULTS_JSON, HTML))
    if offer is HTML:
        content = page("exports.html", files=titled_exports(), release=here.release.manifest)
        return represent(content, HTML, varies_by=["Accept"])
    files_as_data = [
        {"name": export.name, "mediaType": export.media_type, "title": dict(export.title)} for export in EXPORTS
    ]
    body = {"release": here.release.manifest.name, "files": files_as_data}
    response = represent(json.dumps(body, ensure_ascii=False).encode(), RESULTS_JSON, varies_by=["Accept"])
    response.content_type = "application/json"
    return response


def titled_exports() -> list[tuple[Export, str]]:
    """Return each export with its title in the reader's language."""
    spoken = language()
    return [(export, export.title.get(spoken, export.title["en"])) for export in EXPORTS]


@routes.get("/export/<name>")
def export(name: str) -> Response:
    """Return one export."""
    here = site()
    found = by_name(name)
    if found is None:
        raise NotFound(f"there is no export {name}; there are: {', '.join(export.name for export in EXPORTS)}")
    links = [link("/dataset", "collection")]
    if found.described_by:  # Model for Tabular Data and Metadata on the Web, section 5.2
        links.append(link(f"/export/{found.described_by}", "describedby", type="application/csvm+json"))
    offer = Format(found.name, found.media_type, Path(found.name).suffix, Carries.SOLUTIONS, found.title["en"])
    response = represent(found.write(here.store, here.names), offer, links=links)
    response.content_type = found.content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
    return response
