"""/id/, /doc/, /graph/, /resource: the linked-data routes, and how any document is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, g, redirect, request

from unicef_linked.dataset.description import Description
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.errors import BadParameter, NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.presentation import charts as pictures
from unicef_linked.presentation.citation import Citation
from unicef_linked.presentation.entity import overview, portrait
from unicef_linked.presentation.locator_map import extract, legend
from unicef_linked.rdf import jsonld
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, GRAPH_FORMATS, HTML, JSONLD, Carries, Format, by_suffix
from unicef_linked.rdf.iris import DCTERMS, HYDRA, RDF, RDFS, SKOS
from unicef_linked.rdf.serialization import write_rdf
from unicef_linked.rdf.statistics import integer
from unicef_linked.web.responses import CACHE, language, link, negotiate, page, represent, site, vary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from unicef_linked.web.site import Site

routes: Final = Blueprint("resources", __name__)


def write(site: Site, description: Description, offer: Format) -> bytes:
    """Return a description in an RDF format; the same statements give the same bytes."""
    if offer is JSONLD:
        return jsonld.write(description.triples(), site.context, root=description.iri)
    statements = description.quads() if offer.carries is Carries.DATASET else description.triples()
    return write_rdf(statements, offer.rdf, site.names.prefixes)


def respond(
    path: str,
    suffix: str | None,
    description: Callable[[], Description | None],
    html: Callable[[], bytes],
    *,
    query: Mapping[str, str] | None = None,
) -> Response:
    """Return one representation of the document at ``path``: the one with that suffix, else the one negotiated.

    ``query`` is what in the request's query chooses the document; ``page`` and ``iri`` where it is not given.
    ``description`` and ``html`` are called only if they are needed. Raises NotFound when there is no description.
    """
    here = site()
    query = dict(query or {k: v for k, v in request.args.items() if k in {"page", "iri", "scheme", "code"}})
    if suffix is None:
        offer = negotiate(DOCUMENT_FORMATS)
    else:
        chosen = by_suffix(suffix)
        if chosen is None:
            known = ", ".join(f.suffix for f in DOCUMENT_FORMATS)
            raise NotFound(f"there is no format with the extension .{suffix}; there are {known}")
        offer = chosen
    if offer is HTML:
        content = html()
        query["lang"] = language()
    else:
        found = description()
        if found is None:
            raise NotFound(f"nothing is published about {here.names.base}{path.lstrip('/')}")
        content = write(here, found, offer)
    plain = {k: v for k, v in query.items() if k != "lang"}
    links = [
        link(_with(f"{path}.{f.suffix}", plain), "alternate", type=f.media_type)
        for f in DOCUMENT_FORMATS
        if f is not offer
    ]
    links.append(link(_with(here.names.base.rstrip("/") + path, plain), "canonical"))
    if path.startswith("/doc/") and path.count("/") == 3:
        links.append(link("/id/" + path.removeprefix("/doc/"), "describes"))
    return represent(
        content,
        offer,
        varies_by=["Accept"] if suffix is None else [],
        location=_with(f"{path}.{offer.suffix}", query),
        links=links,
        cache="no-store" if g.get("passing") else CACHE,
    )


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def formats_of(path: str, query: dict[str, str] | None = None) -> list[tuple[Format, str]]:
    """Return each RDF format of a document with its address, for a page's downloads."""
    return [(f, _with(f"{path}.{f.suffix}", query or {})) for f in GRAPH_FORMATS]


@routes.get("/id/<entity_type>/<key>")
def identify(entity_type: str, key: str) -> Response:
    """Redirect from a thing to the document about it (Cool URIs for the Semantic Web, section 4.2)."""
    here = site()
    iri = _identifier(here, entity_type, key)
    if not here.store.match(ox.NamedNode(iri)):
        raise NotFound(f"nothing is published about {iri}")
    negotiate(DOCUMENT_FORMATS)
    target = f"/doc/{entity_type}/{key}"
    if request.args.get("lang"):
        target = _with(target, {"lang": request.args["lang"]})
    response = redirect(target, 303)
    assert isinstance(response, Response)
    response.headers["Vary"] = vary("Accept")
    response.headers["Cache-Control"] = CACHE
    response.headers["Link"] = link(f"/doc/{entity_type}/{key}", "describedby")
    return response


def _identifier(here: Site, entity_type: str, key: str) -> str:
    """Return the IRI of an entity; raises NotFound for what no IRI can have in it."""
    iri = here.names.entity(entity_type, key)
    try:
        ox.NamedNode(iri)
    except ValueError:
        raise NotFound(f"nothing is published about {iri}") from None
    return iri


@routes.get("/doc/<entity_type>/<key>")
@routes.get("/doc/<entity_type>/<key>.<suffix>")
def document(entity_type: str, key: str, suffix: str | None = None) -> Response:
    """Return the document about one entity."""
    here = site()
    iri = _identifier(here, entity_type, key)
    path = f"/doc/{entity_type}/{key}"
    return respond(
        path,
        suffix,
        lambda: here.describe(iri, here.names.document(entity_type, key)),
        lambda: resource_page(iri, path, {}),
    )


def resource_page(iri: str, path: str, query: dict[str, str]) -> bytes:
    """Return the page about one IRI."""
    here = site()
    description = here.describe(iri)
    if description is None:
        raise NotFound(f"nothing is published about {iri}")
    reader = here.reader(description.about, language(), iri)
    resource = reader.resource(iri, description.about)
    told = portrait(here, description, language())
    drawn = extract(here, reader.link(iri), told, language())
    drawing = pictures.of(here, iri, language())
    g.passing = drawing is not None and drawing.passing  # another answer to the same question may have the picture
    return page(
        "resource.html",
        resource=resource,
        drawing=drawing,
        portrait=told,
        map=drawn,
        legend=legend(drawn) if drawn else [],
        citation=_citation(here, reader.label(iri).text, iri),
        structured=schema_org.entity(here, resource, description.about, language()),
        formats=formats_of(path, query),
        query=f"DESCRIBE <{iri}>",
        title=reader.label(iri),
    )


def _citation(here: Site, title: str, iri: str) -> Citation:
    """Return what a citation of an IRI says, as far as the dataset tells of itself."""
    dataset = ox.NamedNode(here.names.dataset)
    said = here.store.match(dataset)
    publishers = [quad.object.value for quad in said if quad.predicate.value == f"{DCTERMS}publisher"]  # type: ignore[union-attr]
    reader = here.reader(said, language(), dataset.value)
    return Citation(
        title,
        reader.label(dataset.value).text if said else "",
        reader.label(publishers[0]).text if publishers else "",
        here.release.manifest.name,
        iri,
        language(),
    )


@routes.get("/resource")
@routes.get("/resource.<suffix>")
def any_resource(suffix: str | None = None) -> Response:
    """Return the document about any IRI of the dataset, wherever the IRI lies."""
    here = site()
    iri = request.args.get("iri", "")
    if not iri:
        raise BadParameter("give the IRI to describe: /resource?iri=…")
    try:
        ox.NamedNode(iri)
    except ValueError:
        raise BadParameter(f"iri={iri!r} is not an absolute IRI") from None
    return respond(
        "/resource", suffix, lambda: here.describe(iri), lambda: resource_page(iri, "/resource", {"iri": iri})
    )


@routes.get("/doc/<entity_type>")
@routes.get("/doc/<entity_type>.<suffix>")
def listing(entity_type: str, suffix: str | None = None) -> Response:
    """Return one page of the list of entities of a type, as a hydra:Collection."""
    here = site()
    try:
        number = int(request.args.get("page", "1"))
    except ValueError:
        raise BadParameter(f"page={request.args['page']!r} is not a whole number") from None
    members = _members(here, entity_type)
    size = here.settings.page_size
    pages = max(1, -(-len(members) // size))
    if not members:
        raise NotFound(f"nothing is published under {here.names.base}id/{entity_type}/")
    if not 1 <= number <= pages:
        raise NotFound(
            f"the list of {entity_type} has {pages} page{'s' if pages > 1 else ''}; there is no page {number}"
        )
    shown = members[(number - 1) * size : number * size]
    path = f"/doc/{entity_type}"
    query = {"page": str(number)} if number > 1 else {}

    def html() -> bytes:
        statements = [quad for iri in shown for quad in here.store.match(ox.NamedNode(iri), ox.NamedNode(f"{RDF}type"))]
        reader = here.reader(statements, language(), *shown)
        types = {quad.object.value for quad in statements if isinstance(quad.object, ox.NamedNode)}
        own = sorted(iri for iri in types if iri.startswith(here.names.ontology))
        broadest = here.lists[path][0] if path in here.lists else None
        about = here.store.match(ox.NamedNode(broadest)) if broadest else []
        return page(
            "list.html",
            entity_type=entity_type,
            members=sorted((reader.link(iri) for iri in shown), key=lambda found: collation(found.label.text)),
            overview=overview(here, shown, language()),
            classes=[reader.link(iri) for iri in own],
            total=len(members),
            number=number,
            pages=pages,
            formats=formats_of(path, query),
            title=(here.plural(broadest, language()) or reader.label(broadest)) if broadest else Text(entity_type),
            kind=reader.resource(broadest, about) if broadest else None,
        )

    return respond(path, suffix, lambda: _collection(here, entity_type, members, shown, number, pages), html)


def _members(here: Site, entity_type: str) -> list[str]:
    """Return the IRIs of a type's entities, in the order of their keys."""
    prefix = here.names.entity(entity_type, "")
    rows = here.store.select(
        "SELECT DISTINCT ?prefix ?s { ?s a ?c FILTER(STRSTARTS(STR(?s), STR(?prefix))) } ORDER BY STR(?s)",
        {"prefix": ox.Literal(prefix)},
    )
    iris = (term.value for row in rows if isinstance(term := row["s"], ox.NamedNode))
    return [iri for iri in iris if here.names.type_and_key(iri)]


def _collection(
    here: Site, entity_type: str, members: list[str], shown: list[str], number: int, pages: int
) -> Description:
    """Return one page of a list by the Hydra Core Vocabulary, section 3.1 (collections) and 3.2 (partial views)."""
    collection = ox.NamedNode(f"{here.names.base}doc/{entity_type}")
    a = ox.NamedNode(f"{RDF}type")
    triples = [
        ox.Triple(collection, a, ox.NamedNode(f"{HYDRA}Collection")),
        ox.Triple(collection, ox.NamedNode(f"{HYDRA}totalItems"), integer(len(members))),
    ]
    if pages > 1:

        def view(n: int) -> ox.NamedNode:
            return ox.NamedNode(f"{collection.value}?page={n}")

        triples += [
            ox.Triple(collection, ox.NamedNode(f"{HYDRA}view"), view(number)),
            ox.Triple(view(number), a, ox.NamedNode(f"{HYDRA}PartialCollectionView")),
            ox.Triple(view(number), ox.NamedNode(f"{HYDRA}first"), view(1)),
            ox.Triple(view(number), ox.NamedNode(f"{HYDRA}last"), view(pages)),
        ]
        if number > 1:
            triples.append(ox.Triple(view(number), ox.NamedNode(f"{HYDRA}previous"), view(number - 1)))
        if number < pages:
            triples.append(ox.Triple(view(number), ox.NamedNode(f"{HYDRA}next"), view(number + 1)))
    wanted = {f"{RDF}type", f"{RDFS}label", f"{SKOS}prefLabel"}
    about = []
    for iri in shown:
        node = ox.NamedNode(iri)
        triples.append(ox.Triple(collection, ox.NamedNode(f"{HYDRA}member"), node))
        about += [quad for quad in here.store.match(node) if quad.predicate.value in wanted]
    return Description(collection.value, about, triples)


@routes.get("/graph/<path:name>")
def named_graph(name: str) -> Response:
    """Return a named graph: what it holds as RDF, where it comes from as a page."""
    here = site()
    graph_name, _, suffix = name.partition(".")
    iri = here.names.graph(quote(graph_name, safe="/-._~"))
    node = ox.NamedNode(iri)

    def content() -> Description | None:
        quads = here.store.match(graph_name=node)
        return Description(iri, quads) if quads else None

    return respond(
        f"/graph/{graph_name}", suffix or None, content, lambda: resource_page(iri, f"/graph/{graph_name}", {})
    )


@routes.get("/context.jsonld")
def context() -> Response:
    """Return the JSON-LD context under which documents are compacted."""
    here = site()
    return represent((here.release.path / "context.jsonld").read_bytes(), JSONLD)
