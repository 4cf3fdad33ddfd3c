"""/id/, /doc/, /graph/, /resource: the linked-data routes, and how any document is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, request

from unicef_linked import addresses
from unicef_linked.dataset import graph_stream
from unicef_linked.dataset.description import Description, partial_view
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.errors import BadParameter, NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.signposting import signposts
from unicef_linked.presentation.changes import read_history
from unicef_linked.presentation.citation import Citation
from unicef_linked.presentation.editor import offer_query
from unicef_linked.presentation.entity import arrange, first_statements, overview, read_entity
from unicef_linked.presentation.locator_map import legend
from unicef_linked.presentation.thesaurus import ThesaurusPage
from unicef_linked.presentation.thesaurus import arrange as arrange_thesaurus
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, HTML, JSONLD, by_suffix
from unicef_linked.rdf.iris import DCTERMS, HYDRA, RDF, RDFS, SKOS, written_forms
from unicef_linked.rdf.terms import integer
from unicef_linked.web.identifiers import find_graph, find_published
from unicef_linked.web.parameters import whole_number
from unicef_linked.web.responder import Uncached
from unicef_linked.web.responses import (
    CACHE,
    add_signposts,
    formats_of,
    link,
    negotiate,
    vary,
)
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unicef_linked.dataset.hubs import BoundedStatements
    from unicef_linked.dataset.labels import Resource
    from unicef_linked.dataset.past import Past
    from unicef_linked.dataset.published import PublishedDataset
    from unicef_linked.presentation.changes import HistoryEntry
    from unicef_linked.presentation.charts.chart import DrawnCharts
    from unicef_linked.presentation.context import PageContext
    from unicef_linked.presentation.entity import EntityPage
    from unicef_linked.presentation.layout import Layout
    from unicef_linked.presentation.locator_map import LocatorMaps
    from unicef_linked.rdf.formats import Format
    from unicef_linked.web.responder import Responder


@dataclass(frozen=True, slots=True)
class PageParts:
    """What a page about a thing is made with, besides its statements."""

    layout: Layout
    maps: LocatorMaps
    charts: DrawnCharts | None = None  # None: a memento has no pictures


@dataclass(frozen=True, slots=True)
class _Address:
    """Where the page about a thing is."""

    path: str
    query: dict[str, str] = field(default_factory=dict)  # what names the thing, if not the path
    number: int = 1  # of a thing whose statements have several pages

    def of_page(self, number: int) -> str:
        """Return the address of another page about the thing."""
        return addresses.with_query(self.path, self.query | {"page": str(number)})

    @property
    def parameters(self) -> dict[str, str]:
        """What chooses this page; the first needs no number."""
        return self.query | ({"page": str(self.number)} if self.number > 1 else {})


def identify(responder: Responder, past: Past, entity_type: str, key: str) -> Response:
    """Redirect from an entity to the document about it (Cool URIs for the Semantic Web, 4.2)."""
    statements = responder.dataset.statements()
    iri, suffix = find_published(responder, past, statements, f"{entity_type}/{key}")
    if suffix is not None:
        raise NotFound(f"nothing is published about {responder.names.entity(entity_type, key)}")
    negotiate(DOCUMENT_FORMATS)
    address = addresses.document(*_type_and_key(responder, iri))
    language = request.args.get("lang")
    target = addresses.with_query(address, {"lang": language} if language else {})
    response = redirect(target, 303)
    assert isinstance(response, Response)
    response.headers["Vary"] = vary("Accept")
    response.headers["Cache-Control"] = CACHE
    response.headers["Link"] = link(address, "describedby")
    return response


def _type_and_key(responder: Responder, iri: str) -> tuple[str, str]:
    """Return the type and key of an entity that was found."""
    type_and_key = responder.names.type_and_key(iri)
    assert type_and_key is not None, iri
    return type_and_key


def document(
    responder: Responder,
    past: Past,
    parts: PageParts,
    entity_type: str,
    key: str,
    suffix: str | None = None,
) -> Response:
    """Return the document about one entity, or one page of it."""
    name = f"{entity_type}/{key}" if suffix is None else f"{entity_type}/{key}.{suffix}"
    statements = responder.dataset.statements()
    iri, suffix = find_published(responder, past, statements, name)
    type_and_key = _type_and_key(responder, iri)
    path = addresses.document(*type_and_key)
    document_iri = responder.names.document(*type_and_key)
    number = _page_number(responder, iri, statements)
    response = responder.respond(
        path,
        suffix,
        lambda: responder.dataset.describe(iri, document_iri, statements, number),
        lambda: _resource_page(
            responder, parts, statements, iri, _Address(path, number=number), past
        ),
    )
    if responder.memento is None:
        about = statements.match(ox.NamedNode(iri))
        add_signposts(response, signposts(responder.dataset, path, iri, about))
    return response


def _page_number(responder: Responder, iri: str, statements: BoundedStatements) -> int:
    """Return the number of a page of the document about an IRI; raises NotFound for another."""
    number = whole_number("page", 1)
    last = responder.dataset.pages(iri, statements) if number != 1 else 1
    if not 1 <= number <= last:
        raise NotFound(f"the document about {iri} has {last} pages; there is no page {number}")
    return number


def _resource_page(
    responder: Responder,
    parts: PageParts,
    statements: BoundedStatements,
    iri: str,
    address: _Address,
    past: Past | None = None,
) -> bytes | Uncached:
    """Return the page about one IRI. What it reads stays in ``statements``."""
    context = responder.context()
    quads = responder.dataset.about(iri, statements, address.number)
    about, left_out = first_statements(iri, quads)
    if not about:
        raise NotFound(f"nothing is published about {iri}")
    reading = read_entity(context, parts.layout, statements, Description(iri, about))
    resource = reading.reader.resource(iri, about)
    entity = arrange(context, reading)
    drawn = parts.maps.draw(context, statements, reading.reader.link(iri), entity)
    chart = parts.charts.find(context, iri) if parts.charts else None
    content = responder.render(
        "resource.html",
        resource=resource,
        left_out=left_out,
        chart=chart,
        entity=entity,
        history=_history(context, past, iri) if past and responder.memento is None else [],
        map=drawn,
        legend=legend(drawn) if drawn else [],
        title=resource.label,
        number=address.number,
        pages=responder.dataset.pages(iri, statements),
        page_address=address.of_page,
        formats=formats_of(responder.place(address.path), address.parameters),
        **_contained(responder, iri),
        **_reuse(responder, resource, entity, about),
    )
    # Do not cache: the chart's query failed and may succeed next time.
    return Uncached(content) if chart and chart.passing else content


def _reuse(
    responder: Responder, resource: Resource, entity: EntityPage, about: Sequence[ox.Quad]
) -> dict[str, Any]:
    """Return what helps to use a thing elsewhere, for the template.

    That is its citation, its description for search engines, and a query about things like it.
    """
    language = responder.language()
    return {
        "citation": _citation(responder, resource.label.text, resource.iri),
        "structured": schema_org.entity(responder.names, resource, about, language),
        "query": offer_query(responder.names, resource, entity),
    }


def _history(context: PageContext, past: Past, iri: str) -> list[HistoryEntry]:
    return read_history(context, past, past.events(iri))


def _contained(responder: Responder, iri: str) -> dict[str, Any]:
    """Return what a class, a concept scheme or a named graph contains, for the template."""
    dataset = responder.dataset
    return {
        "members": dataset.members(iri),
        "thesaurus": _thesaurus(responder, iri),
        "graph_size": dataset.named_graphs.get(iri) if dataset.is_of_others else None,
    }


def _thesaurus(responder: Responder, iri: str) -> ThesaurusPage | None:
    """Return the page of a concept scheme, None of anything else."""
    scheme = responder.dataset.thesaurus(iri)
    if scheme is None or not scheme.concepts:
        return None
    reader = responder.context().reader([], iri).with_labels(scheme.labels)
    return arrange_thesaurus(scheme, reader, request.args.get("letter", ""))


def _citation(responder: Responder, title: str, iri: str) -> Citation:
    """Return the citation of an IRI, with what the dataset states about itself."""
    dataset, statements = responder.names.dataset, responder.dataset.own_statements
    publishers = [
        quad.object.value
        for quad in statements
        if quad.predicate.value == f"{DCTERMS}publisher" and isinstance(quad.object, ox.NamedNode)
    ]
    reader = responder.context().common_reader()
    return Citation(
        title,
        reader.label(dataset).text if statements else "",
        reader.label(publishers[0]).text if publishers else "",
        responder.dataset.release.manifest.name,
        iri,
        responder.language(),
    )


def any_resource(responder: Responder, parts: PageParts, suffix: str | None = None) -> Response:
    """Return the document about any IRI of the dataset, wherever the IRI lies."""
    iri = _requested_iri()
    statements = responder.dataset.statements()
    if iri in responder.dataset.named_graphs and not responder.dataset.about(iri, statements):
        return _only_statements(responder, iri, suffix)
    number = _page_number(responder, iri, statements)
    document_iri = addresses.absolute(responder.names.base, addresses.resource(iri))

    def describe() -> Description:
        description = responder.dataset.describe(iri, document_iri, statements, number)
        if description is None:
            raise NotFound(f"nothing is published about {iri}")
        return description

    response = responder.respond(
        addresses.RESOURCE,
        suffix,
        describe,
        lambda: _resource_page(
            responder,
            parts,
            statements,
            iri,
            _Address(addresses.RESOURCE, {"iri": iri}, number),
        ),
    )
    about = statements.match(ox.NamedNode(iri))
    if about:
        add_signposts(response, signposts(responder.dataset, addresses.RESOURCE, iri, about))
    return response


def _requested_iri() -> str:
    """Return the IRI of ``?iri=``; raises BadParameter without one, or for what is none."""
    iri = request.args.get("iri", "")
    if not iri:
        raise BadParameter(f"give the IRI to describe: {addresses.RESOURCE}?iri=…")
    try:
        ox.NamedNode(iri)
    except ValueError:
        raise BadParameter(f"iri={iri!r} is not an absolute IRI") from None
    return iri


def _only_statements(responder: Responder, graph: str, suffix: str | None) -> Response:
    """Return a named graph that nothing is stated about: its statements, as a page or as RDF."""
    if _is_page(suffix):
        target = addresses.in_format(addresses.FRAGMENTS, HTML.suffix, {"graph": graph})
        response = redirect(target, 303)
        response.headers["Vary"] = vary("Accept")
        return response  # type: ignore[return-value]
    quads = responder.dataset.store.match(graph_name=ox.NamedNode(graph))
    return responder.respond(
        addresses.RESOURCE, suffix, lambda: Description(graph, quads), lambda: b""
    )


@dataclass(frozen=True, slots=True)
class _ListPage:
    """One page of the list of a type's entities."""

    dataset: PublishedDataset
    entity_type: str
    total: int  # members of the whole list
    number: int
    size: int  # members on a full page

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))

    @property
    def shown(self) -> list[str]:
        """The members on this page."""
        return self.dataset.members_of(self.entity_type, (self.number - 1) * self.size, self.size)

    @property
    def address(self) -> str:
        """The address of the list."""
        return addresses.list_of(self.entity_type)

    @property
    def parameters(self) -> dict[str, str]:
        """What chooses this page; the first needs no number."""
        return {"page": str(self.number)} if self.number > 1 else {}


def listing(
    responder: Responder,
    layout: Layout,
    page_size: int,
    entity_type: str,
    suffix: str | None = None,
) -> Response:
    """Return one page of the list of entities of a type, as a hydra:Collection."""
    number = whole_number("page", 1)
    entity_type, total, suffix = _find_list(responder, entity_type, suffix)
    page = _ListPage(responder.dataset, entity_type, total, number, page_size)
    if not 1 <= number <= page.last:
        pages = f"{page.last} page{'s' if page.last > 1 else ''}"
        raise NotFound(f"the list of {entity_type} has {pages}; there is no page {number}")
    return responder.respond(
        page.address,
        suffix,
        lambda: _collection(responder, page),
        lambda: _list_page(responder, layout, page),
    )


def _list_page(responder: Responder, layout: Layout, page: _ListPage) -> bytes:
    shown = page.shown
    statements = responder.dataset.store.match_any(
        [ox.NamedNode(iri) for iri in shown], [ox.NamedNode(f"{RDF}type")]
    )
    reader = responder.context().reader(statements, *shown)
    links = [reader.link(iri) for iri in shown]
    types = {quad.object.value for quad in statements if isinstance(quad.object, ox.NamedNode)}
    own = sorted(iri for iri in types if iri.startswith(responder.names.ontology))
    title, definition = Text(page.entity_type), None
    if page.address in responder.lists:
        broadest, _ = responder.lists[page.address]
        plural = responder.dataset.plural(broadest, responder.language())
        title = plural or reader.label(broadest)
        about = responder.dataset.store.match(ox.NamedNode(broadest))
        definition = reader.resource(broadest, about).values(f"{SKOS}definition")
    return responder.render(
        "list.html",
        entity_type=page.entity_type,
        members=sorted(links, key=lambda link: collation(link.label.text)),
        overview=overview(responder.context(), layout, shown),
        classes=[reader.link(iri) for iri in own],
        total=page.total,
        number=page.number,
        pages=page.last,
        formats=formats_of(responder.place(page.address), page.parameters),
        title=title,
        definition=definition,
    )


def _find_list(
    responder: Responder, entity_type: str, suffix: str | None
) -> tuple[str, int, str | None]:
    """Return a type, the number of its entities, and the suffix of a format.

    The suffix is part of the type if that is published. Raises NotFound for a type of no entity.
    """
    readings = [(entity_type, suffix)]
    if suffix is not None:
        readings.insert(0, (f"{entity_type}.{suffix}", None))
    for name, rest in readings:
        for form in written_forms(name):
            number = responder.dataset.number_of_members(form)
            if number:
                return form, number, rest
    raise NotFound(f"nothing is published under {responder.names.entity(entity_type, '')}")


def _collection(responder: Responder, page: _ListPage) -> Description:
    """Return one page of a list by the Hydra Core Vocabulary.

    Section 3.1 has collections, section 3.2 partial views of them.
    """
    collection = ox.NamedNode(addresses.absolute(responder.names.base, page.address))
    total = integer(page.total)
    triples = [
        ox.Triple(collection, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{HYDRA}Collection")),
        ox.Triple(collection, ox.NamedNode(f"{HYDRA}totalItems"), total),
    ]
    if page.last > 1:
        triples += partial_view(collection.value, page.number, page.last)
    nodes = [ox.NamedNode(iri) for iri in page.shown]
    triples += [ox.Triple(collection, ox.NamedNode(f"{HYDRA}member"), node) for node in nodes]
    naming = [ox.NamedNode(iri) for iri in (f"{RDF}type", f"{RDFS}label", f"{SKOS}prefLabel")]
    about = responder.dataset.store.match_any(nodes, naming)
    return Description(collection.value, about, triples)


def named_graph(responder: Responder, parts: PageParts, name: str) -> Response:
    """Return a named graph: what it holds as RDF, where it comes from as a page."""
    iri, suffix = find_graph(responder, name)
    statements = responder.dataset.statements()
    if _is_page(suffix) and not responder.dataset.about(iri, statements):
        # Nothing is stated about the graph: its page is that of its statements.
        target = addresses.in_format(addresses.FRAGMENTS, HTML.suffix, {"graph": iri})
        response = redirect(target, 303)
        response.headers["Vary"] = vary("Accept")
        return response  # type: ignore[return-value]
    node, address = ox.NamedNode(iri), addresses.graph(iri.removeprefix(responder.names.graph("")))
    response = responder.respond(
        address,
        suffix,
        lambda: Description(iri, responder.dataset.store.match(graph_name=node)),
        lambda: _resource_page(responder, parts, statements, iri, _Address(address)),
        stream=partial(_stream, responder, iri),
    )
    add_signposts(response, signposts(responder.dataset, address, iri))
    return response


def _stream(responder: Responder, graph: str, offer: Format) -> Iterator[bytes] | None:
    """Return a named graph in parts if it is large, and the format allows it."""
    if responder.dataset.named_graphs.get(graph, 0) <= graph_stream.LARGE:
        return None
    return graph_stream.stream_graph(responder.dataset.release, graph, offer)


def _is_page(suffix: str | None) -> bool:
    """Tell whether a request is answered with a page."""
    return (negotiate(DOCUMENT_FORMATS) if suffix is None else by_suffix(suffix)) is HTML


def context(responder: Responder) -> Response:
    """Return the JSON-LD context under which documents are compacted."""
    return responder.represent(
        (responder.dataset.release.path / "context.jsonld").read_bytes(), JSONLD
    )


def routes(responder: Responder, past: Past, parts: PageParts, page_size: int) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("resources", __name__)
    documents = ("/doc/<entity_type>/<path:key>", "/doc/<entity_type>/<path:key>.<suffix>")
    lists = ("/doc/<entity_type>", "/doc/<entity_type>.<suffix>")
    bind(blueprint, ("/id/<entity_type>/<path:key>",), identify, responder, past)
    bind(blueprint, documents, document, responder, past, parts)
    bind(blueprint, ("/resource", "/resource.<suffix>"), any_resource, responder, parts)
    bind(blueprint, lists, listing, responder, parts.layout, page_size)
    bind(blueprint, ("/graph/<path:name>",), named_graph, responder, parts)
    bind(blueprint, ("/context.jsonld",), context, responder)
    return blueprint
