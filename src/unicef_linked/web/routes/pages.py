"""/, /dump/, /healthz, /readyz, /problem/: what is not about one resource."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Blueprint, Response, send_file

from unicef_linked import addresses
from unicef_linked.dataset.labels import Text, collation
from unicef_linked.errors import NotFound
from unicef_linked.metadata import schema_org
from unicef_linked.metadata.dcat import describe_dataset
from unicef_linked.presentation.editor import read_examples, shortest_examples
from unicef_linked.rdf.formats import DOCUMENT_FORMATS, DUMPS, HTML, RESULTS_JSON
from unicef_linked.release.dumps import find_dump
from unicef_linked.web.problems import TITLES
from unicef_linked.web.responses import CACHE, file_tag, formats_of, link, negotiate
from unicef_linked.web.routes.exports import titled_exports
from unicef_linked.web.routing import bind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unicef_linked.dataset.labels import LabelResolver, Link, Resource
    from unicef_linked.exports.definitions import Exports
    from unicef_linked.presentation.charts.chart import Chart, DrawnCharts
    from unicef_linked.presentation.editor import Example
    from unicef_linked.web.responder import Responder

_GRAPHS: Final = 200
"""Most named graphs, and most concept schemes, that the home page lists."""

_PICTURES: Final = 12
"""Most pictures on the home page, which leads to all."""

_OTHER_TYPES: Final = {".gz": "application/gzip", "": "text/plain; charset=utf-8"}
"""Content types of what lies beside the dumps, by suffix: the compressed ones and SHA256SUMS."""


def home(responder: Responder, charts: DrawnCharts) -> Response:
    """Return the home page, or the dataset's description to whom asks for RDF."""
    offer = negotiate(DOCUMENT_FORMATS)
    links = [
        link(addresses.DATASET, "describedby"),
        link(addresses.SPARQL, "service"),
    ]
    if responder.dataset.is_built:
        links.append(link(addresses.ONTOLOGY, "type"))
    if offer is HTML:
        built = charts.all(responder.context(), _PICTURES)
        content = _home_page(responder, built)
        location, cache = None, _cache(built)
    else:
        description = describe_dataset(
            responder.dataset, responder.translations, responder.public_address()
        )
        content = responder.dataset.write(description, offer)
        location, cache = addresses.in_format(addresses.DATASET, offer.suffix), CACHE
    return responder.represent(
        content, offer, varies_by=["Accept"], location=location, links=links, cache=cache
    )


def _home_page(responder: Responder, charts: Sequence[Chart]) -> bytes:
    dataset = responder.dataset
    classes = [] if responder.lists else dataset.partitions["class"]
    iris = [iri for iri, _ in [*responder.lists.values(), *classes]]
    quads = dataset.store.match_any([ox.NamedNode(iri) for iri in iris])
    reader = responder.context().reader(quads, responder.names.dataset, *iris)
    return responder.render(
        "home.html",
        charts=charts,
        kinds=_lists(responder, reader, quads),
        classes=[(reader.term(iri), number) for iri, number in classes],
        schemes=_schemes(responder),
        named_graphs=_named_graphs(responder),
        dataset=reader.resource(responder.names.dataset, dataset.own_statements),
        counts=dataset.counts,
        release=dataset.release.manifest,
        examples=_examples(responder, charts),
        structured=schema_org.dataset(dataset, responder.public_address(), responder.language()),
        formats=formats_of(addresses.DATASET),
    )


def _examples(responder: Responder, charts: Sequence[Chart]) -> list[Example]:
    """Return the shortest example queries of each topic, without those that a picture shows."""
    drawn = {chart.query for chart in charts}
    topics = [
        (topic, [example for example in examples if example.query not in drawn])
        for topic, examples in read_examples(responder.context())
    ]
    return shortest_examples([(topic, examples) for topic, examples in topics if examples])


def _lists(
    responder: Responder, reader: LabelResolver, quads: Sequence[ox.Quad]
) -> list[tuple[Resource, int, str, list[tuple[Text, int, str]]]]:
    """Return the classes that have a list, each with its number, its address and its kinds."""
    lists = []
    for address, (iri, number) in responder.lists.items():
        resource = reader.resource(iri, quads)
        label = responder.dataset.plural(iri, responder.language()) or resource.label
        lists.append((replace(resource, label=label), number, address, _kinds(responder, iri)))
    return lists


def _kinds(responder: Responder, class_iri: str) -> list[tuple[Text, int, str]]:
    """Return the kinds of a class with their plural labels, numbers of members and addresses."""
    dataset, kinds = responder.dataset, []
    for iri, number in dataset.kinds_of(class_iri).items():
        label = dataset.plural(iri, responder.language())
        if label:
            kinds.append((label, number, addresses.search("", iri.rpartition("#")[2])))
    return kinds


def _schemes(responder: Responder) -> list[Link]:
    """Return the concept schemes of others."""
    iris = sorted(responder.dataset.schemes) if responder.dataset.is_of_others else []
    reader = responder.context().reader([], *iris)
    links = [reader.link(iri) for iri in iris[:_GRAPHS]]
    return sorted(links, key=lambda each: collation(each.label.text))


def _named_graphs(responder: Responder) -> list[tuple[Link, int]]:
    """Return the named graphs of others, each with the number of its statements."""
    graphs = responder.dataset.named_graphs if responder.dataset.is_of_others else {}
    reader = responder.context().reader([], *graphs)
    return [(reader.link(iri), number) for iri, number in graphs.items()][:_GRAPHS]


def pictures(responder: Responder, charts: DrawnCharts) -> Response:
    """Return every picture that the data publishes: who does what where."""
    built = charts.all(responder.context())
    if not built:
        raise NotFound(
            "this dataset publishes no pictures; a picture is a ul:Picture, as /ontology describes"
            " it"
        )
    negotiate((HTML,))
    return responder.represent(
        responder.render("pictures.html", charts=built), HTML, cache=_cache(built)
    )


def _cache(charts: Sequence[Chart]) -> str:
    """Return the Cache-Control: no-store if a query failed and may succeed next time."""
    return "no-store" if any(chart.passing for chart in charts) else CACHE


def dumps(responder: Responder, exports: Exports) -> Response:
    """Return the list of whole-dataset files."""
    release = responder.dataset.release
    files = [(path.name, release.size_of(path)) for path in release.dumps()]
    offer = negotiate((RESULTS_JSON, HTML))
    if offer is HTML:
        return responder.represent(
            responder.render(
                "dumps.html",
                files=files,
                sums=responder.dataset.checksums,
                release=responder.dataset.release.manifest,
                exports=titled_exports(responder, exports),
            ),
            HTML,
            varies_by=["Accept"],
        )
    body = {
        "release": responder.dataset.release.manifest.name,
        "files": [
            {"name": name} | ({} if size is None else {"bytes": size}) for name, size in files
        ],
    }
    response = responder.represent(json.dumps(body).encode(), RESULTS_JSON, varies_by=["Accept"])
    response.content_type = "application/json"
    return response


def dump(responder: Responder, name: str) -> Response:
    """Return one whole-dataset file."""
    path = find_dump(responder.dataset.release, name)
    if path is None:
        raise NotFound(f"there is no dump {name}; the list is at {addresses.DUMPS}")
    content_type = DUMPS[name].content_type if name in DUMPS else _OTHER_TYPES[path.suffix]
    response = send_file(path, mimetype=content_type, conditional=False, etag=False, max_age=300)
    response.set_etag(file_tag(responder.dataset.release.manifest.sha256, name))
    response.headers["Cache-Control"] = CACHE
    return response


def problem_type(responder: Responder, name: str) -> Response:
    """Return what a problem type means (RFC 9457, section 4)."""
    if name not in TITLES:
        raise NotFound(f"there is no problem type {name}")
    return responder.represent(
        responder.render(
            "problem.html",
            kind=name,
            title=TITLES[name],
            status=None,
            detail="",
            extra={},
            request_id="",
        ),
        HTML,
    )


def health() -> Response:
    """Answer as long as the process lives."""
    return Response(
        "ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def ready(responder: Responder) -> Response:
    """Answer while documents and clients' queries can be answered, be it after some waiting."""
    responder.dataset.store.check()
    return Response(
        "ready\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def routes(responder: Responder, charts: DrawnCharts, exports: Exports) -> Blueprint:
    """Return the routes, bound to what they need."""
    blueprint = Blueprint("pages", __name__)
    bind(blueprint, ("/",), home, responder, charts)
    bind(blueprint, ("/pictures",), pictures, responder, charts)
    bind(blueprint, ("/dump/",), dumps, responder, exports)
    bind(blueprint, ("/dump/<name>",), dump, responder)
    bind(blueprint, ("/problem/<name>",), problem_type, responder)
    bind(blueprint, ("/healthz",), health)
    bind(blueprint, ("/readyz",), ready, responder)
    return blueprint
