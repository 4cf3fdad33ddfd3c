"""IRIs are minted and read in one place; what is not ours is left alone."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.iris import CANONICAL_BASE, TYPES_WITH_PREFIX, Names

OURS = Names()
OTHER = Names("http://data.example.org/mali/")
each_base = pytest.mark.parametrize(
    "names", [pytest.param(OURS, id="canonical"), pytest.param(OTHER, id="another base")]
)


def test_the_canonical_base_is_the_one_of_the_contract() -> None:
    assert CANONICAL_BASE == "https://w3id.org/unicef-linked/"
    assert OURS.term("Office") == "https://w3id.org/unicef-linked/ontology#Office"
    assert OURS.entity("office", "gao") == "https://w3id.org/unicef-linked/id/office/gao"


@each_base
def test_every_iri_lies_below_the_base_and_is_well_formed(names: Names) -> None:
    minted = [
        names.ontology,
        names.shapes,
        names.dataset,
        names.term("Office"),
        names.graph("mali/offices"),
        names.entity("region", "gao"),
        names.document("region", "gao"),
    ]
    assert all(iri.startswith(names.base) for iri in minted)
    assert [ox.NamedNode(iri).value for iri in minted] == minted
    assert len(set(minted)) == len(minted)


@each_base
def test_type_and_key_undo_entity(names: Names) -> None:
    assert names.type_and_key(names.entity("sector", "child-protection")) == (
        "sector",
        "child-protection",
    )


@pytest.mark.parametrize(
    "iri",
    [
        pytest.param("https://w3id.org/unicef-linked/id/region/Gao", id="a capital"),
        pytest.param("https://w3id.org/unicef-linked/id/region/ménaka", id="an accent"),
        pytest.param("https://w3id.org/unicef-linked/id/region/gao/", id="a slash at the end"),
        pytest.param("https://w3id.org/unicef-linked/id/region/", id="no key"),
        pytest.param("https://w3id.org/unicef-linked/id/region", id="no key nor slash"),
        pytest.param("https://w3id.org/unicef-linked/id/region/gao#it", id="a fragment"),
        pytest.param("https://w3id.org/unicef-linked/id/region/gao\n", id="a line feed at the end"),
        pytest.param(
            "https://w3id.org/unicef-linked/doc/region/gao", id="the document, not the thing"
        ),
        pytest.param(
            "http://w3id.org/unicef-linked/id/region/gao", id="another scheme is another IRI"
        ),
        pytest.param("https://example.org/id/region/gao", id="of others"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_entity_of_ours_has_no_type_and_key(iri: str) -> None:
    assert OURS.type_and_key(iri) is None


@each_base
def test_prefixes_name_one_namespace_each_ours_first(names: Names) -> None:
    prefixes = names.prefixes
    assert len(set(prefixes.values())) == len(prefixes)
    assert next(iter(prefixes)) == "ul"
    assert prefixes["ul"] == f"{names.ontology}#"
    assert {prefixes[name] for name in TYPES_WITH_PREFIX} == {
        f"{names.base}id/{name}/" for name in TYPES_WITH_PREFIX
    }
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", name) for name in prefixes)


@each_base
@pytest.mark.parametrize(
    ("prefix", "local"),
    [
        ("ul", "Office"),
        ("office", "gao"),
        ("skos", "prefLabel"),
        ("schema", "name"),
        ("claim", "gao-staff"),
    ],
)
def test_shorten_gives_a_prefixed_name_that_reads_back_as_the_iri(
    names: Names, prefix: str, local: str
) -> None:
    iri = names.prefixes[prefix] + local
    assert names.shorten(iri) == f"{prefix}:{local}"
    turtle = f"PREFIX {prefix}: <{names.prefixes[prefix]}> {names.shorten(iri)} a 1 ."
    assert next(ox.parse(turtle, format=ox.RdfFormat.TURTLE)).subject == ox.NamedNode(iri)


@pytest.mark.parametrize(
    "iri",
    [
        pytest.param("http://example.org/x", id="no prefix covers it"),
        pytest.param("http://www.w3.org/2004/02/skos/core#", id="a namespace alone"),
        pytest.param("http://schema.org/a/b", id="a slash in the local part"),
        pytest.param("http://schema.org/a.", id="a dot at the end would end a sentence of Turtle"),
    ],
)
def test_shorten_leaves_an_iri_whole_where_a_prefixed_name_would_not_read_back(iri: str) -> None:
    assert OURS.shorten(iri) == iri
