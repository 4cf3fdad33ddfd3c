"""The publisher's web face: ``create_app`` is the whole site's wiring on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from unicef_linked.errors import LinkedDataError
from unicef_linked.web import templating as interface
from unicef_linked.web.middleware import metrics
from unicef_linked.web.middleware.cache import ResponseCache
from unicef_linked.web.responses import OPEN_TO_OTHER_ORIGINS, http_problem, problem
from unicef_linked.web.routes import (
    discovery,
    documentation,
    exports,
    fragments,
    openapi,
    pages,
    quality,
    reconcile,
    resolve,
    resources,
    search,
    sparql,
)
from unicef_linked.web.site import Site

if TYPE_CHECKING:
    from unicef_linked.config import Settings
    from unicef_linked.release import Release
    from unicef_linked.store import Store


class Publisher(Flask):
    """Flask, but for how long a static file may be kept."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return a year for what has its content's hash in its name; the rest is asked for again."""
        return 31_536_000 if filename and filename.startswith(f"{interface.BUILT.name}/") else None


def create_app(settings: Settings, release: Release, store: Store) -> Flask:
    """Return the WSGI application that serves a release."""
    app = Publisher(__name__, static_folder="static", static_url_path="/static")
    body_limit = settings.query_length * 12 + 65536  # a character may take 12 bytes as %XX%XX…
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = body_limit
    app.url_map.strict_slashes = True
    site = Site(settings, release, store)
    app.extensions["unicef-linked"] = site

    for module in (
        resources,
        documentation,
        quality,
        search,
        reconcile,
        resolve,
        sparql,
        fragments,
        exports,
        discovery,
        openapi,
        metrics,
        pages,
    ):
        app.register_blueprint(module.routes)
    app.register_error_handler(LinkedDataError, problem)
    app.register_error_handler(HTTPException, http_problem)
    app.after_request(_open_to_other_origins)

    interface.install(app)
    app.wsgi_app = sparql.Endpoint(app.wsgi_app, store, settings, body_limit)  # type: ignore[method-assign]
    app.wsgi_app = ResponseCache(app.wsgi_app, settings.cache_size << 20)  # type: ignore[method-assign]
    app.wsgi_app = metrics.Metered(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _open_to_other_origins(response: Response) -> Response:
    response.headers.update(OPEN_TO_OTHER_ORIGINS)
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET, HEAD, OPTIONS")
        response.headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Content-Type, If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
