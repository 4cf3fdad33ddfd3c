"""/sparql: the service description and the query editor.

Queries are answered by ``middleware.sparql``, in front of Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from unicef_linked import addresses
from unicef_linked.metadata.service_description import describe_service
from unicef_linked.presentation.editor import editor_terms, read_examples, shortest_examples
from unicef_linked.rdf.formats import (
    DOCUMENT_FORMATS,
    GRAPH_FORMATS,
    HTML,
    SOLUTION_FORMATS,
    Format,
    by_name,
)
from unicef_linked.web.problems import TITLES
from unicef_linked.web.responses import link, negotiate
from unicef_linked.web.routing import bind
from unicef_linked.web.sparql_protocol import format_names, read_parameters, single

if TYPE_CHECKING:
    from collections.abc import Iterable

    from unicef_linked.web.responder import Responder


def endpoint(responder: Responder) -> Response:
    """Return the editor with a query; without one, the service description or the editor."""
    parameters = read_parameters(request.environ, request.max_content_length)
    text = single(parameters, "query")
    if text is None:
        return _describe(responder, format_names(parameters))
    return _editor(responder, text)


def _describe(responder: Responder, names: Iterable[str]) -> Response:
    """Return the service description (SPARQL 1.1 Service Description, section 2).

    A browser gets the editor instead.
    """
    named = filter(None, (by_name(name, DOCUMENT_FORMATS) for name in names))
    offer = next(named, None) or negotiate(DOCUMENT_FORMATS)
    if offer is HTML:
        return _editor(responder, "")
    description = describe_service(responder.dataset, responder.absolute(addresses.SPARQL))
    links = [link(addresses.DATASET, "describedby")]
    return responder.represent(
        responder.dataset.write(description, offer), offer, varies_by=["Accept"], links=links
    )


def _editor(responder: Responder, text: str) -> Response:
    topics = read_examples(responder.context())
    examples = shortest_examples(topics)
    examples.sort(key=lambda example: not example.address)  # questions before pictures
    content = responder.render(
        "sparql.html",
        query=text or (examples[0].query if examples else _ANYTHING),
        settings={
            "root": responder.root,
            "action": f"{responder.root}{addresses.SPARQL}",
            "endpoint": responder.absolute(addresses.SPARQL) if responder.public_url else "",
            "given": bool(text),
            "base": responder.names.base,
            "ours": responder.dataset.is_built,
            "solutions": [_facts(offer) for offer in SOLUTION_FORMATS],
            "graphs": [_facts(offer) for offer in GRAPH_FORMATS],
        },
        topics=topics,
        solution_formats=SOLUTION_FORMATS,
        graph_formats=GRAPH_FORMATS,
        terms=editor_terms(responder.context()),
        problems=TITLES,
    )
    return responder.represent(content, HTML, varies_by=["Accept"])


def _facts(offer: Format) -> dict[str, str]:
    """Return what the page's script says of a format that it offers."""
    return {
        "name": offer.name,
        "title": offer.title,
        "suffix": offer.suffix,
        "type": offer.media_type,
    }


_ANYTHING: Final = "SELECT * WHERE {\n  ?subject ?predicate ?object\n}\nLIMIT 25\n"


def routes(responder: Responder) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("sparql", __name__)
    bind(
        blueprint, ("/sparql",), endpoint, responder, methods=("GET", "POST"), strict_slashes=False
    )
    return blueprint
