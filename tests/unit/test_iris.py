"""IRIs are minted and read in one place; what is not ours is left alone."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.iris import (
    CANONICAL_BASE,
    Names,
    declared_prefixes,
    to_uri,
    written_forms,
)

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


@pytest.mark.parametrize(
    "key", ["Gao", "ménaka", "m%C3%A9naka", "gao/", "a/b", "v1.2", "gao.ttl", "a//b", "東京"]
)
@each_base
def test_a_key_of_others_is_the_rest_of_the_path(names: Names, key: str) -> None:
    assert names.type_and_key(names.entity("region", key)) == ("region", key)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/doc/site/plain", "/doc/site/plain", id="ASCII stays"),
        pytest.param("/doc/ségou", "/doc/s%C3%A9gou", id="UTF-8"),
        pytest.param("/a%2fb%", "/a%2fb%", id="a percent sign stays"),
        pytest.param("http://x/é?ü=1#ö", "http://x/%C3%A9?%C3%BC=1#%C3%B6", id="all parts"),
        pytest.param('/a b"<>', "/a%20b%22%3C%3E", id="what no reference can have"),
    ],
)
def test_a_uri_is_an_iri_in_ascii(path: str, expected: str) -> None:
    assert to_uri(path) == expected
    assert to_uri(to_uri(path)) == to_uri(path)


@pytest.mark.parametrize(
    "iri_path",
    [
        "plain",
        "ségou",
        "s%C3%A9gou",
        "s%c3%a9gou",
        "a/b",
        "a%2Fb",
        "a%2fb",
        "O'Brien",
        "O%27Brien",
        "Côte%20d'Ivoire",
        "C%C3%B4te%20d%27Ivoire",
        "100%25",
        "%E6%9D%B1/x:y",
    ],
)
def test_a_decoded_path_is_found_in_the_form_that_the_iri_has(iri_path: str) -> None:
    assert iri_path in written_forms(unquote(iri_path))


@each_base
def test_prefixes_name_one_namespace_each_ours_first(names: Names) -> None:
    prefixes = names.prefixes
    assert len(set(prefixes.values())) == len(prefixes)
    assert next(iter(prefixes)) == "ul"
    assert prefixes["ul"] == f"{names.ontology}#"
    assert all(re.fullmatch(r"[a-z][a-z0-9]*", name) for name in prefixes)


def test_prefixes_that_a_dataset_declares_come_after_the_well_known() -> None:
    names = Names(
        "https://example.org/", {"office": "https://example.org/id/office/", "skos": "x:"}
    )
    assert list(names.prefixes)[-1] == "office"
    assert names.prefixes["skos"] == "http://www.w3.org/2004/02/skos/core#"
    assert names.shorten("https://example.org/id/office/gao") == "office:gao"


@pytest.mark.parametrize(
    ("text", "prefixes"),
    [
        ("@prefix a: <urn:a:> .", {"a": "urn:a:"}),
        ("PREFIX a.b-c: <urn:a:>\nprefix d:<urn:d:>", {"a.b-c": "urn:a:", "d": "urn:d:"}),
        ("PREFIX : <urn:a:>", {"": "urn:a:"}),
        ("<urn:a> <urn:b> <urn:c> .", {}),
    ],
)
def test_declared_prefixes_are_those_of_the_text(text: str, prefixes: dict[str, str]) -> None:
    assert declared_prefixes(text) == prefixes


@each_base
@pytest.mark.parametrize(
    ("prefix", "local"),
    [
        ("ul", "Office"),
        ("skos", "prefLabel"),
        ("schema", "name"),
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
