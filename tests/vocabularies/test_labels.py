"""Pages fall back on labels that well-known vocabularies state, each shipped with its licence."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.vocabularies import labels_of_term

PACKAGES: Final = Path(__file__).parent / "node_modules" / "@vocabulary"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
DCTERMS: Final = "http://purl.org/dc/terms/"
SHIPPED: Final = ox.Store()
SHIPPED.bulk_load(
    files("unicef_linked.rdf").joinpath("vocabularies.ttl").read_bytes(), ox.RdfFormat.TURTLE
)
NAMESPACES: Final = {
    quad.subject.value: quad.object.value.rpartition("@")[0].rpartition("/")[2]
    for quad in SHIPPED.quads_for_pattern(None, ox.NamedNode(f"{DCTERMS}provenance"), None)
}
"""The package of each vocabulary by its namespace."""


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_vocabulary_has_its_title_source_and_licence(namespace: str) -> None:
    for name in ("title", "source", "license"):
        values = list(
            SHIPPED.quads_for_pattern(
                ox.NamedNode(namespace), ox.NamedNode(f"{DCTERMS}{name}"), None
            )
        )
        assert len(values) == 1, name


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_licence_is_stated_by_the_vocabulary_or_the_page_that_states_it_is_named(
    namespace: str,
) -> None:
    licence = ox.NamedNode(f"{DCTERMS}license")
    [quad] = SHIPPED.quads_for_pattern(ox.NamedNode(namespace), licence, None)
    assert isinstance(quad.object, ox.NamedNode)
    stating = SHIPPED.quads_for_pattern(quad.subject, ox.NamedNode(f"{RDFS}seeAlso"), None)
    own = [
        q for q in _own(NAMESPACES[namespace]) if q.predicate.value.endswith(("license", "/rights"))
    ]
    assert any(quad.object.value in str(q.object) for q in own) or list(stating)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_licence_that_asks_for_attribution_comes_with_the_notice(namespace: str) -> None:
    node = ox.NamedNode(namespace)
    [quad] = SHIPPED.quads_for_pattern(node, ox.NamedNode(f"{DCTERMS}license"), None)
    notices = list(SHIPPED.quads_for_pattern(node, ox.NamedNode(f"{DCTERMS}rights"), None))
    is_public_domain = "/pddl/" in quad.object.value
    assert len(notices) == (0 if is_public_domain else 1)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_label_is_the_vocabulary_s_own_and_no_term_s_label_is_left_out(namespace: str) -> None:
    stated: set[tuple[str, str, str]] = set()
    for quad in _own(NAMESPACES[namespace]):
        is_label = quad.predicate.value.endswith(("rdf-schema#label", "core#prefLabel"))
        if is_label and _is_term(quad.subject, namespace) and isinstance(quad.object, ox.Literal):
            stated.add((quad.subject.value, quad.object.value, quad.object.language or ""))
    shipped = {
        (quad.subject.value, quad.object.value, quad.object.language or "")
        for quad in SHIPPED.quads_for_pattern(None, ox.NamedNode(f"{RDFS}label"), None)
        if _is_term(quad.subject, namespace)
    }
    assert shipped <= stated
    assert {term for term, _, _ in shipped} == {term for term, _, _ in stated}


def _own(name: str) -> list[ox.Quad]:
    return list(ox.parse(path=str(PACKAGES / name / f"{name}.nq")))


def _is_term(node: object, namespace: str) -> bool:
    """Tell whether a node is a term of a vocabulary, not of one whose namespace begins so."""
    if not isinstance(node, ox.NamedNode) or node.value == namespace:
        return False
    longest = max((n for n in NAMESPACES if node.value.startswith(n)), key=len, default="")
    return longest == namespace


@pytest.mark.parametrize(
    ("iri", "language", "expected"),
    [
        (f"{DCTERMS}issued", "en", "Date Issued"),
        ("http://www.w3.org/ns/dcat#Dataset", "fr", "Jeu de données"),
        ("http://xmlns.com/foaf/0.1/homepage", "", "homepage"),
        ("https://schema.org/datePublished", "", "datePublished"),
        ("http://www.opengis.net/ont/geosparql#hasGeometry", "en", "has geometry"),
    ],
)
def test_a_term_has_its_label(iri: str, language: str, expected: str) -> None:
    assert labels_of_term(iri)[language] == expected


def test_other_iris_have_none() -> None:
    assert labels_of_term("http://x.example/thing") == {}
