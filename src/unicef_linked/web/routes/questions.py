"""/query/{key}: an example query as an address of its own, with its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, request

from unicef_linked import addresses
from unicef_linked.dataset.questions import read_values
from unicef_linked.errors import NotFound
from unicef_linked.presentation.editor import localize_query
from unicef_linked.rdf.formats import GRAPH_FORMATS, HTML, SOLUTION_FORMATS, Format
from unicef_linked.store.query import Query, is_repeatable
from unicef_linked.web.middleware import connection
from unicef_linked.web.negotiation import choose
from unicef_linked.web.responses import CACHE, entity_tag, link, negotiate, vary
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from unicef_linked.config import Settings
    from unicef_linked.dataset.questions import QuestionCatalogue
    from unicef_linked.web.responder import Responder

_OF_ANSWERS: Final = frozenset({"lang"})
"""Parameters of requests that are not those of a query."""


def all_questions() -> BaseResponse:
    """Lead to the list of the queries, each with its title in every language."""
    return redirect(addresses.list_of("question"), 303)


def answer(
    responder: Responder,
    settings: Settings,
    questions: QuestionCatalogue,
    key: str,
    suffix: str | None = None,
) -> BaseResponse:
    """Return the answer to an example query, with the values that the request gives it."""
    question = questions.by_key.get(key)
    if question is None:
        raise NotFound(f"there is no example query {key!r}; they are listed at {addresses.QUERIES}")
    offers = GRAPH_FORMATS if question.form == "construct" else SOLUTION_FORMATS
    texts: dict[str, list[str]] = {}
    for name, written in request.args.lists():
        if name not in _OF_ANSWERS:
            texts[name] = [*dict.fromkeys(written)]
    values = read_values(responder.dataset.store, responder.names, question, texts)
    text = question.with_values(values)
    if request.args.get("lang"):
        text = localize_query(text, responder.language())
    given: list[tuple[str, str]] = []
    for name in sorted(texts):
        given += [(name, written) for written in texts[name] if written.strip()]
    if "lang" in request.args:
        given.append(("lang", responder.language()))
    offer = _offer(suffix, offers)
    if offer is HTML:
        return _open_editor(text)
    return _run(responder, settings, text, offer, (key, given, suffix is not None))


def _offer(suffix: str | None, offers: Sequence[Format]) -> Format:
    """Return the format that an extension names, else the negotiated one, HTML among them."""
    if suffix is None:
        offer = choose(request.headers.get("Accept"), (*offers, HTML))
        return offer or negotiate((*offers, HTML))
    for offer in (*offers, HTML):
        if suffix in (offer.suffix, *offer.suffixes):
            return offer
    suffixes = ", ".join(offer.suffix for offer in offers)
    raise NotFound(f"there is no format with the extension .{suffix}; there are {suffixes}")


def _open_editor(text: str) -> BaseResponse:
    """Lead a browser to the editor with the query in it."""
    response = redirect(addresses.query(text), 303)
    response.headers["Vary"] = vary("Accept")
    return response


def _run(
    responder: Responder,
    settings: Settings,
    text: str,
    offer: Format,
    asked: tuple[str, list[tuple[str, str]], bool],
) -> Response:
    """Return the answer with the headers of a document; a long one as it is made."""
    key, given, by_suffix = asked
    answer = responder.dataset.store.answer(
        Query(text, (), (), responder.absolute(addresses.SPARQL)),
        solutions=offer,
        graph=offer,
        timeout=min(settings.query_timeout, settings.query_timeout_max),
        left=connection.Client(request.environ).has_left,
    )
    content = answer.whole
    response = Response(
        connection.chunks(answer, request.environ) if content is None else content,
        content_type=answer.format.content_type,
    )
    response.headers["Vary"] = vary() if by_suffix else vary("Accept")
    response.headers["Cache-Control"] = CACHE if is_repeatable(text) else "no-store"
    response.headers["Content-Location"] = addresses.named_query(key, offer.suffix, given)
    offers = GRAPH_FORMATS if offer in GRAPH_FORMATS else SOLUTION_FORMATS
    response.headers["Link"] = ", ".join(
        [
            *(
                link(addresses.named_query(key, o.suffix, given), "alternate", type=o.media_type)
                for o in offers
                if o is not offer
            ),
            link(addresses.document("question", key), "describedby"),
        ]
    )
    if content is not None and is_repeatable(text):
        response.headers["ETag"] = entity_tag(content, answer.format)
    return response


def routes(responder: Responder, settings: Settings, questions: QuestionCatalogue) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("questions", __name__)
    bind(blueprint, ("/query",), all_questions)
    paths = ("/query/<key>", "/query/<key>.<suffix>")
    bind(blueprint, paths, answer, responder, settings, questions)
    return blueprint
