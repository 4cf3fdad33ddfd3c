"""One table of formats; headers, links and the command line read it."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from unicef_linked.rdf.formats import (
    DOCUMENT_FORMATS,
    FORMATS,
    GRAPH_FORMATS,
    HTML,
    SOLUTION_FORMATS,
    Carries,
    Format,
    by_name,
    by_suffix,
)

each_format = pytest.mark.parametrize("offer", [pytest.param(f, id=f.name) for f in FORMATS])


@pytest.mark.parametrize(
    ("suffix", "media_type"),
    [
        ("ttl", "text/turtle"),
        ("nt", "application/n-triples"),
        ("rdf", "application/rdf+xml"),
        ("jsonld", "application/ld+json"),
        ("json", "application/ld+json"),
        ("html", "text/html"),
        ("trig", "application/trig"),
        ("nq", "application/n-quads"),
    ],
)
def test_each_extension_of_the_contract_is_one_format(suffix: str, media_type: str) -> None:
    found = by_suffix(suffix)
    assert found
    assert found.media_type == media_type


@pytest.mark.parametrize("suffix", ["", "csv", "TTL", "ttl.gz", "exe", "srj"])
def test_other_extensions_are_no_document(suffix: str) -> None:
    assert by_suffix(suffix) is None


@each_format
def test_a_format_is_found_by_its_name_its_suffix_and_its_media_type(offer: Format) -> None:
    family = next(f for f in (SOLUTION_FORMATS, DOCUMENT_FORMATS) if offer in f)
    for name in (
        offer.name,
        offer.suffix,
        offer.media_type,
        offer.name.upper(),
        f" {offer.media_type} ",
    ):
        assert by_name(name, family) is offer


@pytest.mark.parametrize(
    ("name", "solutions", "graph"),
    [
        pytest.param("json", "json", "jsonld", id="json means what is asked for, in JSON"),
        pytest.param("xml", "xml", "rdfxml", id="xml likewise"),
        pytest.param("csv", "csv", None, id="a table only"),
        pytest.param("turtle", None, "turtle", id="a graph only"),
        pytest.param(
            "application/sparql-results+json",
            "json",
            None,
            id="by media type, as Virtuoso's users write it",
        ),
        pytest.param(
            "application/sparql-results json",
            "json",
            None,
            id="the plus sign that a form turned into a space",
        ),
        pytest.param("application/rdf xml", None, "rdfxml", id="the same of RDF/XML"),
        pytest.param("application/json", "json", "jsonld", id="by alias"),
        pytest.param("srx", "xml", None, id="by the registered suffix of SPARQL Results XML"),
        pytest.param("nope", None, None, id="no such thing"),
    ],
)
def test_the_format_parameter_takes_the_words_that_clients_use(
    name: str, solutions: str | None, graph: str | None
) -> None:
    found = by_name(name, SOLUTION_FORMATS), by_name(name, GRAPH_FORMATS)
    assert tuple(f and f.name for f in found) == (solutions, graph)


def test_names_suffixes_and_media_types_are_unambiguous_within_what_one_answer_can_be() -> None:
    for family in (SOLUTION_FORMATS, DOCUMENT_FORMATS):
        words = [
            w
            for f in family
            for w in {f.name, f.suffix, f.media_type, *f.names, *f.suffixes, *f.aliases}
        ]
        assert len(words) == len(set(words))


@each_format
def test_text_formats_say_their_charset_and_no_other_does(offer: Format) -> None:
    assert (
        offer.content_type == f"{offer.media_type}; charset=utf-8"
    ) == offer.media_type.startswith("text/")


@each_format
def test_the_engine_writes_every_format_but_the_page(offer: Format) -> None:
    if offer.carries is Carries.SOLUTIONS:
        assert isinstance(offer.results, ox.QueryResultsFormat)
        assert offer.results.media_type.partition(";")[0] == offer.media_type
    elif offer is not HTML:
        assert isinstance(offer.rdf, ox.RdfFormat)
        assert offer.rdf.media_type == offer.media_type
        assert offer.rdf.supports_datasets or offer.carries is Carries.GRAPH
