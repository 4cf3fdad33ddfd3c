"""The publisher: ``create_app`` connects a release, a store, the routes and the middleware."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as NoRoute

from unicef_linked import addresses
from unicef_linked.dataset.charts import ChartCollection
from unicef_linked.dataset.past import Past
from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.dataset.questions import QuestionCatalogue
from unicef_linked.errors import LinkedDataError, NotFound, UnusableInput
from unicef_linked.exports.definitions import Exports
from unicef_linked.i18n import read_translations
from unicef_linked.lookup.entities import EntityLookup
from unicef_linked.presentation.charts.chart import DrawnCharts
from unicef_linked.presentation.layout import read as read_layout
from unicef_linked.presentation.locator_map import LocatorMaps
from unicef_linked.web import templating as interface
from unicef_linked.web.middleware import metrics
from unicef_linked.web.middleware.access import Access
from unicef_linked.web.middleware.cache import ResponseCache
from unicef_linked.web.middleware.fair_use import FairUse
from unicef_linked.web.middleware.guard import Guard
from unicef_linked.web.middleware.intake import Intake
from unicef_linked.web.middleware.sparql import Endpoint
from unicef_linked.web.mounting import Mount, below
from unicef_linked.web.problems import http_problem, problem, render_problem
from unicef_linked.web.responder import Responder
from unicef_linked.web.responses import OPEN_TO_OTHER_ORIGINS, stay_on_this_host
from unicef_linked.web.routes import (
    changes,
    discovery,
    documentation,
    exports,
    fragments,
    mementos,
    openapi,
    pages,
    quality,
    questions,
    reconcile,
    releases,
    resolve,
    resources,
    search,
    sparql,
)
from unicef_linked.web.routes.dereference import answer_instead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from flask import Blueprint
    from opentelemetry.trace import Tracer

    from unicef_linked.config import Settings
    from unicef_linked.i18n import Translations
    from unicef_linked.release import Release
    from unicef_linked.store import Store
    from unicef_linked.web.problems import Problem


PREPARATIONS: Final = "unicef-linked-preparations"
"""Key, in an application's ``extensions``, of what the server calls before it is asked for."""


BODIES: Final = "unicef-linked-bodies"
"""Key of the bodies that are being read; the server closes the connections of overdue ones."""


class Publisher(Flask):
    """Flask, but for how long a static file may be kept."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return a year (s) for files with a hash of their content in the name, None for others."""
        return 31_536_000 if filename and filename.startswith(f"{interface.BUILT.name}/") else None


def check_languages(settings: Settings, translations: Translations) -> None:
    """Raise UnusableInput if the settings have a language without translations."""
    unknown = sorted(set(settings.languages) - set(translations.languages))
    if unknown:
        available = ", ".join(translations.languages)
        raise UnusableInput(
            f"UNICEF_LINKED_LANGUAGES: no pages in {', '.join(unknown)}; there are {available}"
        )


def create_app(
    settings: Settings,
    release: Release,
    store: Store,
    *,
    translations: Translations | None = None,
    restarts: int = 0,
    tracer: Tracer | None = None,
) -> Flask:
    """Return the WSGI application that serves a release.

    ``translations`` are the package's unless others are given; ``restarts`` is the number of web
    workers that were started again before this one; ``tracer`` makes spans, if traces are wanted.
    Raises UnusableInput for a language that has no translations.
    """
    if tracer:
        from unicef_linked.web.middleware.tracing import traced

        store = traced(store, tracer)
    translations = translations or read_translations()
    check_languages(settings, translations)
    app = _new_app(settings)
    dataset = PublishedDataset(release, store)
    past = Past.of(release)
    responder = Responder(dataset, settings.public_url, translations, settings.languages)
    lookup = EntityLookup(past, store)
    charts = ChartCollection(store, dataset.names, settings.query_timeout)
    templates = partial(interface.compile_templates, app.jinja_env)
    app.extensions[PREPARATIONS] = (charts.solve_all, lookup.open, templates)
    for blueprint in _blueprints(responder, settings, past, lookup, charts):
        app.register_blueprint(blueprint)
    _answer_errors(app, responder, settings.mappings(dataset.names.base))
    app.after_request(_open_to_other_origins)
    app.after_request(stay_on_this_host)
    interface.install(app, responder, charts)
    figures = metrics.install(app, release, store, restarts)
    _wrap(app, settings, store, figures, partial(render_problem, app, responder), tracer)
    return app


def _new_app(settings: Settings) -> Publisher:
    """Return an application without routes."""
    app = Publisher(__name__, static_folder="static", static_url_path=addresses.STATIC)
    body_limit = settings.query_length * 12 + 65536  # a character may take 12 bytes as %XX%XX…
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = body_limit
    app.url_map.strict_slashes = True
    if settings.root:
        app.after_request(partial(below, settings.root))  # registered first, called last
    return app


def _blueprints(
    responder: Responder,
    settings: Settings,
    past: Past,
    lookup: EntityLookup,
    charts: ChartCollection,
) -> Sequence[Blueprint]:
    """Return the routes of each family of addresses, bound to what they need."""
    dataset = responder.dataset
    catalogue = QuestionCatalogue(dataset.store, dataset.names)
    files = Exports(dataset.store, dataset.names)
    drawn = DrawnCharts(charts)
    layout = read_layout(
        dataset.release.shapes(), dataset.superclasses, dataset.names.term("KeyFacts")
    )
    parts = resources.PageParts(layout, LocatorMaps(), drawn)
    return (
        resources.routes(responder, past, parts, settings.page_size),
        mementos.routes(responder, past, settings.page_size),
        releases.routes(responder, past, settings.page_size),
        changes.routes(responder, past),
        documentation.routes(responder),
        quality.routes(responder, settings.links_state),
        search.routes(responder, lookup),
        reconcile.routes(responder, lookup),
        resolve.routes(responder, lookup),
        sparql.routes(responder),
        questions.routes(responder, settings, catalogue),
        fragments.routes(responder, settings.page_size),
        exports.routes(responder, files),
        discovery.routes(responder, charts),
        openapi.routes(responder, catalogue),
        metrics.routes,
        pages.routes(responder, drawn, files),
    )


def _answer_errors(app: Flask, responder: Responder, mappings: Sequence[tuple[str, str]]) -> None:
    """Let problem details, or a page, answer for what is raised."""
    app.register_error_handler(LinkedDataError, partial(problem, responder))
    for missing in (NotFound, NoRoute):
        app.register_error_handler(missing, partial(answer_instead, responder, mappings))
    app.register_error_handler(HTTPException, partial(http_problem, responder))


def _wrap(
    app: Flask,
    settings: Settings,
    store: Store,
    figures: metrics.Metrics,
    render: Callable[[WSGIEnvironment, Problem], WSGIApplication],
    tracer: Tracer | None,
) -> None:
    """Put the middleware around an application, the innermost first."""
    layer = Endpoint(
        app.wsgi_app,
        store,
        settings,
        body_limit=app.config["MAX_CONTENT_LENGTH"],
        count=figures.count_query,
        unanswered=figures.unanswered.track_inprogress,
        render_problem=render,
    )
    intake = Intake(
        ResponseCache(layer, settings.cache_size << 20),
        threads=settings.threads,
        body_limit=app.config["MAX_CONTENT_LENGTH"],
        render_problem=render,
    )
    app.extensions[BODIES] = intake.bodies
    allowed_methods = app.url_map.bind("").allowed_methods
    guard = Guard(intake, allowed_methods=allowed_methods, render_problem=render)
    outer: WSGIApplication = FairUse(guard, settings, render_problem=render)
    outer = metrics.Metered(outer, figures)
    if tracer:
        from unicef_linked.web.middleware.tracing import Tracing

        outer = Tracing(outer, tracer, app.url_map)
    if settings.root:
        outer = Mount(outer, settings.root)
    app.wsgi_app = Access(  # type: ignore[method-assign]
        outer, trusted_proxies=settings.trusted_proxies, share=settings.access_log
    )


def _open_to_other_origins(response: Response) -> Response:
    response.headers.update(OPEN_TO_OTHER_ORIGINS)
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get(
            "Allow", "GET, HEAD, OPTIONS"
        )
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Accept-Datetime, Accept-Language, Content-Type, If-None-Match"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
