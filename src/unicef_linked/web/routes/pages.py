"""/, /dump/, /healthz, /readyz, /problem/: what is not about one resource."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Blueprint, Response, request, send_file

from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation import charts as published
from unicef_linked.presentation.examples import briefest, examples
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, HTML, RESULTS_JSON
from unicef_linked.web.responses import CACHE, TITLES, language, link, negotiate, page, represent, site
from unicef_linked.web.routes.exports import titled_exports
from unicef_linked.web.routes.resources import formats_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.presentation.charts import Drawing

routes: Final = Blueprint("pages", __name__)

_TYPES: Final = {
    ".nq": "application/n-quads",
    ".ttl": "text/turtle; charset=utf-8",
    ".jsonld": "application/ld+json",
    ".gz": "application/gzip",
    "": "text/plain; charset=utf-8",
}


@routes.get("/")
def home() -> Response:
    """Return the home page, or the dataset's description to whom asks for RDF."""
    here = site()
    offer = negotiate(DOCUMENT_FORMATS)
    links = [link("/dataset", "describedby"), link("/sparql", "service"), link("/ontology", "type")]
    if offer is not HTML:
        description = describe_dataset(here, here.public_url(request.host_url))
        content = write(here, description, offer)
        return represent(content, offer, varies_by=["Accept"], location=f"/dataset.{offer.suffix}", links=links)
    classes = [] if here.lists else here.partitions["class"]
    iris = [iri for iri, _ in [*here.lists.values(), *classes]]
    quads = [quad for iri in iris for quad in here.store.match(ox.NamedNode(iri))]
    reader = here.reader(quads, language(), here.names.dataset, *iris)
    drawings = published.drawings(here, language())
    drawn = {drawing.query for drawing in drawings}
    asked = [(topic, [e for e in found if e.query not in drawn]) for topic, found in examples(here, language())]
    content = page(
        "home.html",
        drawings=drawings,
        kinds=[
            (replace(kind, label=here.plural(iri, language()) or kind.label), number, address)
            for address, (iri, number) in here.lists.items()
            for kind in [reader.resource(iri, quads)]
        ],
        classes=[(reader.link(iri), number) for iri, number in classes],
        dataset=reader.resource(here.names.dataset, here.store.match(ox.NamedNode(here.names.dataset))),
        counts=here.counts,
        examples=briefest([(topic, found) for topic, found in asked if found]),
        structured=schema_org.dataset(here, here.public_url(request.host_url), language()),
        formats=formats_of("/dataset"),
    )
    return represent(content, offer, varies_by=["Accept"], links=links, cache=_cache(drawings))


@routes.get("/pictures")
def pictures() -> Response:
    """Return every picture that the data publishes: who does what where."""
    drawings = published.drawings(site(), language())
    if not drawings:
        raise NotFound("this dataset publishes no pictures; a picture is a ul:Picture, as /ontology describes it")
    negotiate((HTML,))
    return represent(page("pictures.html", drawings=drawings), HTML, cache=_cache(drawings))


def _cache(drawings: Sequence[Drawing]) -> str:
    """Return how long a page may be kept: not at all where a picture may be drawn the next time."""
    return "no-store" if any(drawing.passing for drawing in drawings) else CACHE


@routes.get("/dump/")
def dumps() -> Response:
    """Return the list of whole-dataset files."""
    here = site()
    files = [(path.name, path.stat().st_size) for path in here.release.dumps()]
    offer = negotiate((RESULTS_JSON, HTML))
    if offer is HTML:
        return represent(
            page(
                "dumps.html", files=files, sums=here.checksums, release=here.release.manifest, exports=titled_exports()
            ),
            HTML,
            varies_by=["Accept"],
        )
    body = {"release": here.release.manifest.name, "files": [{"name": name, "bytes": size} for name, size in files]}
    response = represent(json.dumps(body).encode(), RESULTS_JSON, varies_by=["Accept"])
    response.content_type = "application/json"
    return response


@routes.get("/dump/<name>")
def dump(name: str) -> Response:
    """Return one whole-dataset file."""
    here = site()
    path = next((path for path in here.release.dumps() if path.name == name), None)
    if path is None:
        raise NotFound(f"there is no dump {name}; the list is at /dump/")
    response = send_file(path, mimetype=_TYPES[Path(name).suffix], conditional=False, etag=False, max_age=300)
    response.headers["ETag"] = f'"{here.release.manifest.sha256[:24]}-{name}"'
    response.headers["Cache-Control"] = CACHE
    return response


@routes.get("/problem/<name>")
def problem_type(name: str) -> Response:
    """Return what a problem type means (RFC 9457, section 4)."""
    if name not in TITLES:
        raise NotFound(f"there is no problem type {name}")
    return represent(page("problem.html", kind=name, title=TITLES[name], status=None, detail="", extra={}), HTML)


@routes.get("/healthz")
def health() -> Response:
    """Answer as long as the process lives."""
    return Response("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


@routes.get("/readyz")
def ready() -> Response:
    """Answer once the release is loaded and can be read."""
    site().store.select("SELECT * { ?s ?p ?o } LIMIT 1")
    return Response("ready\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
