"""/ontology, /shapes, /dataset: what the data is and what its terms mean, as RDF and as documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Blueprint, Response, redirect, request

from unicef_linked.errors import NotFound
from unicef_linked.iris import OWL, RDF, RDFS, SHACL
from unicef_linked.web import schema_org
from unicef_linked.web.catalogue import describe_dataset
from unicef_linked.web.resources import formats_of, respond
from unicef_linked.web.responses import CACHE, language, page, site
from unicef_linked.web.site import Description

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from unicef_linked.resource import Link, Resource
    from unicef_linked.store import Term

routes: Final = Blueprint("documentation", __name__)


@routes.get("/ontology")
@routes.get("/ontology.<suffix>")
def ontology(suffix: str | None = None) -> Response:
    """Return the ontology: its graph, or its documentation."""
    here = site()

    def content() -> Description | None:
        prefix = here.names.graph("ontology")
        parts = [name for name in here.release.manifest.graphs if name == prefix or name.startswith(f"{prefix}/")]
        quads = [quad for name in parts for quad in here.store.match(graph_name=ox.NamedNode(name))]
        return Description(here.names.ontology, quads) if quads else None

    return respond("/ontology", suffix, content, lambda: _terms_page("ontology.html", content(), "/ontology"))


@routes.get("/shapes")
@routes.get("/shapes.<suffix>")
def shapes(suffix: str | None = None) -> Response:
    """Return the shapes that the release conforms to."""
    here = site()

    def content() -> Description | None:
        quads = list(here.release.shapes())
        return Description(here.names.shapes, quads) if quads else None

    return respond("/shapes", suffix, content, lambda: _terms_page("shapes.html", content(), "/shapes"))


def _terms_page(template: str, description: Description | None, path: str) -> bytes:
    """Return a page that documents each term that a description defines, in groups by kind."""
    if description is None:
        raise NotFound(f"this dataset has nothing at {path}")
    here = site()
    quads = list(_without_lists(description.about))
    by_subject: dict[str, list[ox.Quad]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode):
            by_subject.setdefault(quad.subject.value, []).append(quad)
    prefix = f"{description.iri}#"
    labels: dict[str, dict[str, str]] = {}
    for quad in quads:  # the shapes are not in the store: their names are in their own graph
        if quad.predicate.value == f"{RDFS}label" and isinstance(quad.object, ox.Literal):
            labels.setdefault(str(getattr(quad.subject, "value", "")), {})[quad.object.language or ""] = (
                quad.object.value
            )
    reader = here.reader(quads, language(), description.iri).with_labels(labels)
    terms = {iri: reader.resource(iri, by_subject[iri]) for iri in sorted(by_subject) if iri.startswith(prefix)}
    parts = {
        quad.object.value
        for quad in quads
        if quad.predicate.value in _HAS_PART and isinstance(quad.object, ox.NamedNode)
    }
    groups: dict[Link, list[Resource]] = {}
    for iri, term in terms.items():
        if iri not in parts and term.types:
            groups.setdefault(term.types[0], []).append(term)
    order = {kind: number for number, kind in enumerate(_KINDS)}
    return page(
        template,
        title=reader.label(description.iri),
        resource=reader.resource(description.iri, by_subject.get(description.iri, [])),
        groups=sorted(groups.items(), key=lambda pair: (order.get(pair[0].iri, len(order)), pair[0].label.text)),
        terms=terms,
        formats=formats_of(path),
        prefix=prefix,
    )


_KINDS: Final = (
    f"{OWL}Class",
    f"{OWL}ObjectProperty",
    f"{OWL}DatatypeProperty",
    f"{OWL}AnnotationProperty",
    f"{RDFS}Datatype",
    f"{SHACL}NodeShape",
)
"""The order in which documentation speaks of kinds of terms; others follow by name."""

_HAS_PART: Final = (f"{SHACL}property", f"{SHACL}sparql", f"{SHACL}declare")
"""What these lead to is documented inside what they lead from."""


def _without_lists(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield the quads with each RDF list replaced by its members, for reading."""
    quads = list(quads)
    first: dict[object, Term] = {q.subject: q.object for q in quads if q.predicate.value == f"{RDF}first"}
    rest: dict[object, Term] = {q.subject: q.object for q in quads if q.predicate.value == f"{RDF}rest"}
    for quad in quads:
        if quad.object not in first:
            yield quad
        elif quad.subject not in first:
            cell: object = quad.object
            while cell in first:
                yield ox.Quad(quad.subject, quad.predicate, first[cell], quad.graph_name)
                cell = rest.get(cell)


@routes.get("/dataset")
@routes.get("/dataset.<suffix>")
def dataset(suffix: str | None = None) -> Response:
    """Return the description of the dataset by DCAT 3 and VoID."""
    here = site()

    def content() -> Description:
        return describe_dataset(here, here.public_url(request.host_url))

    def html() -> bytes:
        found = content()
        parts = {
            **here.partitions,
            "graph": list(here.named_graphs.items()),
        }
        named = [*(iri for part in parts.values() for iri, _ in part), *(predicate for _, predicate, _ in here.links)]
        reader = here.reader(found.about, language(), found.iri, *named)
        return page(
            "dataset.html",
            resource=reader.resource(found.iri, found.about),
            counts=here.counts,
            parts={name: [(reader.link(iri), number) for iri, number in part] for name, part in parts.items()},
            links=[(space, reader.link(predicate), number) for space, predicate, number in here.links],
            release=here.release.manifest,
            structured=schema_org.dataset(here, here.public_url(request.host_url), language()),
            formats=formats_of("/dataset"),
            query=f"DESCRIBE <{found.iri}>",
            title=reader.label(found.iri),
        )

    return respond("/dataset", suffix, content, html)


@routes.get("/.well-known/void")
def well_known_void() -> Response:
    """Redirect to the dataset's description (VoID, section 7.2)."""
    response = redirect("/dataset", 302)
    assert isinstance(response, Response)
    response.headers["Cache-Control"] = CACHE
    return response
