"""/export/: tables, maps and mapping sets, as files."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from unicef_linked import addresses
from unicef_linked.errors import NotFound
from unicef_linked.exports.files import find_file
from unicef_linked.rdf.formats import HTML, RESULTS_JSON, Carries, Format
from unicef_linked.web.responses import file_tag, link, negotiate
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from unicef_linked.exports.definitions import Export, Exports
    from unicef_linked.web.responder import Responder

_BLOCK: Final = 1 << 16
"""Bytes of a file that are sent at a time."""


def index(responder: Responder, exports: Exports) -> Response:
    """Return the list of exports."""
    offer = negotiate((RESULTS_JSON, HTML))
    if offer is HTML:
        content = responder.render(
            "exports.html",
            files=titled_exports(responder, exports),
            release=responder.dataset.release.manifest,
        )
        return responder.represent(content, HTML, varies_by=["Accept"])
    files = [
        {
            "name": export.name,
            "mediaType": export.media_type,
            "title": export.titles,
        }
        for export in exports.all
    ]
    body = {"release": responder.dataset.release.manifest.name, "files": files}
    response = responder.represent(
        json.dumps(body, ensure_ascii=False).encode(), RESULTS_JSON, varies_by=["Accept"]
    )
    response.content_type = "application/json"
    return response


def titled_exports(responder: Responder, exports: Exports) -> list[tuple[Export, str]]:
    """Return each export with its title in the reader's language."""
    return [(export, export.title(responder.language())) for export in exports.all]


def export(responder: Responder, exports: Exports, name: str) -> Response:
    """Return one export."""
    file = next((export for export in exports.all if export.name == name), None)
    if file is None:
        names = ", ".join(export.name for export in exports.all) or "none"
        raise NotFound(f"there is no export {name}; there are: {names}")
    links = [link(addresses.DATASET, "collection")]
    if file.described_by:  # Model for Tabular Data and Metadata on the Web, section 5.2
        links.append(
            link(addresses.export(file.described_by), "describedby", type="application/csvm+json")
        )
    offer = Format(
        file.name, file.media_type, Path(file.name).suffix, Carries.SOLUTIONS, file.title("en")
    )
    path = find_file(responder.dataset.release, name)
    if path is None:
        content = file.write(responder.dataset.store, responder.names)
        response = responder.represent(content, offer, links=links)
    else:
        response = responder.represent(b"", offer, links=links)
        _stream(response, path, responder.dataset.release.manifest.sha256)
    response.content_type = file.content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return response


def _stream(response: Response, path: Path, release_hash: str) -> None:
    """Have a response send a file of the release with this hash."""
    stream = path.open("rb")
    response.call_on_close(stream.close)
    response.response = iter(partial(stream.read, _BLOCK), b"")
    response.content_length = path.stat().st_size
    response.set_etag(file_tag(release_hash, path.name))


def routes(responder: Responder, exports: Exports) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("exports", __name__)
    bind(blueprint, ("/export/",), index, responder, exports)
    bind(blueprint, ("/export/<name>",), export, responder, exports)
    return blueprint
