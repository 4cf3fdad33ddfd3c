"""Documents for the IRIs of others: what a path means that no route of ours answers for.

An IRI below the base or the public address leads to its description by its path, and so do IRIs of
other hosts, by the setting ``maps``. An IRI of a thing is redirected to the document about it (Cool
URIs for the Semantic Web, section 4.2). IRIs with a fragment are described together, in the
document that they name (section 4.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Response, redirect, request

from unicef_linked import addresses
from unicef_linked.dataset.labels import collation
from unicef_linked.errors import LinkedDataError, NotFound
from unicef_linked.metadata.signposting import signposts
from unicef_linked.rdf.formats import DOCUMENT_FORMATS
from unicef_linked.rdf.iris import RDF
from unicef_linked.web.identifiers import find_mapped
from unicef_linked.web.problems import http_problem, problem
from unicef_linked.web.responses import CACHE, add_signposts, formats_of, link, negotiate, vary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.exceptions import HTTPException

    from unicef_linked.web.responder import Responder

_METHODS: Final = frozenset({"GET", "HEAD"})


def answer_instead(
    responder: Responder,
    mappings: Sequence[tuple[str, str]],
    error: NotFound | HTTPException,
) -> Response:
    """Return what is published at the path of a request that no route answers, else the problem."""
    try:
        response = _dereference(responder, mappings) if request.method in _METHODS else None
    except LinkedDataError as another:
        return problem(responder, another)
    if response is not None:
        return response
    if isinstance(error, NotFound):
        return problem(responder, error)
    return http_problem(responder, error)


def _dereference(responder: Responder, mappings: Sequence[tuple[str, str]]) -> Response | None:
    identified = find_mapped(responder, mappings, request.path)
    if identified is None or responder.names.type_and_key(identified.iri):
        return None
    iri, suffix = identified
    if responder.dataset.has_parts(iri):
        return _document(responder, iri, suffix)
    if suffix is None:
        negotiate(DOCUMENT_FORMATS)
        address = addresses.resource(iri)
    else:
        address = addresses.in_format(addresses.RESOURCE, suffix, {"iri": iri})
    language = request.args.get("lang")
    target = addresses.with_query(address, {"lang": language} if language else {})
    response = redirect(target, 303)
    assert isinstance(response, Response)
    response.headers["Vary"] = vary("Accept")
    response.headers["Cache-Control"] = CACHE
    response.headers["Link"] = link(address, "describedby")
    return response


def _document(responder: Responder, iri: str, suffix: str | None) -> Response:
    """Return a document that describes all things whose IRIs begin with its own."""
    path = request.path if suffix is None else request.path.rpartition(".")[0]
    response = responder.respond(
        path,
        suffix,
        lambda: responder.dataset.describe_parts(iri),
        lambda: _page(responder, iri, path),
        canonical=iri,
    )
    about = responder.dataset.store.match(ox.NamedNode(iri))
    posts = signposts(responder.dataset, addresses.RESOURCE, iri, about)
    add_signposts(response, [post for post in posts if post.rel != "describedby"])
    return response


def _page(responder: Responder, iri: str, path: str) -> bytes:
    """Return the list of the things that a document describes."""
    parts = responder.dataset.parts(iri)
    node, kind = ox.NamedNode(iri), ox.NamedNode(f"{RDF}type")
    own = responder.dataset.store.match(node)
    types = responder.dataset.store.match_any([ox.NamedNode(part) for part in parts], [kind])
    reader = responder.context().reader([*own, *types], iri, *parts)
    links = [reader.link(part) for part in parts]
    if own:
        links.insert(0, reader.link(iri))
    resource = reader.resource(iri, own)
    return responder.render(
        "members.html",
        title=reader.label(iri),
        members=sorted(links, key=lambda each: collation(each.label.text)),
        resource=resource,
        total=len(links),
        number=1,
        pages=1,
        query="",
        formats=formats_of(path),
    )
