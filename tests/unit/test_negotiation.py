"""What a client asks for decides, by RFC 9110, section 12.5, and RFC 4647."""

from __future__ import annotations

import pytest

from unicef_linked.rdf.formats import DOCUMENT_FORMATS, FORMATS, GRAPH_FORMATS, SOLUTION_FORMATS
from unicef_linked.web.negotiation import IDENTITY, choose, choose_codings, choose_language

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
RDFLIB = (
    "application/n-triples, application/rdf+xml;q=0.9, text/turtle;q=0.8, application/trig;q=0.7, application/n-quads;"
    "q=0.6, application/trix;q=0.5, application/ld+json;q=0.4, text/html;q=0.3, application/xhtml+xml;q=0.3"
)
JENA_GRAPH = (
    "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
    "application/n-quads;q=0.6,application/trig;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(None, "turtle", id="no header accepts everything: our first offer"),
        pytest.param("", "turtle", id="an empty header accepts everything too"),
        pytest.param(" , ,", "turtle", id="a list of empty elements is an empty list (5.6.1.2)"),
        pytest.param("*/*", "turtle", id="the widest range leaves the choice to us"),
        pytest.param("*", "turtle", id="a lone star, as old Java sends it, means */*"),
        pytest.param("text/turtle", "turtle", id="a type by its name"),
        pytest.param("TEXT/Turtle", "turtle", id="types do not depend on case (8.3.1)"),
        pytest.param("text/*", "turtle", id="a subtype wildcard takes our first text"),
        pytest.param(
            "application/*", "jsonld", id="a subtype wildcard takes our first application"
        ),
        pytest.param("text/*;q=0.5, application/ld+json", "jsonld", id="quality beats our order"),
        pytest.param(
            "text/turtle;q=0.5, application/ld+json;q=0.9", "jsonld", id="the higher weight wins"
        ),
        pytest.param(
            "text/turtle;q=0.5,application/ld+json;q=0.5",
            "turtle",
            id="equal weights leave the choice to us",
        ),
        pytest.param(
            "application/trig, text/html",
            "trig",
            id="the client's order says nothing, ours decides",
        ),
        pytest.param(
            "text/*;q=0.9, text/turtle;q=0.1", "html", id="the narrower range decides for its type"
        ),
        pytest.param("*/*;q=0.9, text/*;q=0.1", "jsonld", id="text/* is narrower than */*"),
        pytest.param("text/html;q=0, */*", "turtle", id="q=0 refuses even under a wildcard"),
        pytest.param("text/turtle;q=0, */*;q=0.1", "jsonld", id="q=0 refuses our first offer"),
        pytest.param("text/turtle;q=0", None, id="q=0 alone accepts nothing"),
        pytest.param("*/*;q=0", None, id="nothing at all is acceptable"),
        pytest.param("text/turtle;q=0.000", None, id="zero with three decimals is zero (12.4.2)"),
        pytest.param("text/turtle;q=0.001", "turtle", id="the least weight still accepts"),
        pytest.param("image/png", None, id="what we do not have"),
        pytest.param("text/turtle; charset=utf-8", "turtle", id="a charset does not hide a match"),
        pytest.param(
            "text/turtle;charset=UTF-8;q=0.3, text/html;q=0.2",
            "turtle",
            id="a charset and a weight",
        ),
        pytest.param(
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
            "jsonld",
            id="a profile hides none",
        ),
        pytest.param(
            'application/ld+json;profile="http://example.org/a,b;q=0";q=0.7, text/turtle;q=0.5',
            "jsonld",
            id="a comma and a semicolon inside quotes part nothing",
        ),
        pytest.param("text/turtle;version=1.1", "turtle", id="a version hides none"),
        pytest.param(
            "text/html;level=1, text/turtle;q=0.1",
            "turtle",
            id="another parameter names another thing",
        ),
        pytest.param(
            "text/turtle ; q=0.2 , text/html ; q=0.4",
            "html",
            id="white space around separators (5.6.3)",
        ),
        pytest.param(
            "text/turtle;Q=0.1, text/html;q=0.2", "html", id="the name of the weight has no case"
        ),
        pytest.param(
            "text/turtle;q=1.000;ext=1",
            "turtle",
            id="an extension after the weight (RFC 7231) is no matter",
        ),
        pytest.param(
            "text/turtle;q=high", "turtle", id="a weight that is no number still asks for the type"
        ),
        pytest.param("text/turtle;q=7, text/html", "turtle", id="a weight over 1 counts as 1"),
        pytest.param(
            "text/turtle;q=-1, text/html;q=0.1", "html", id="a weight below 0 counts as 0"
        ),
        pytest.param("text/turtle;", "turtle", id="a trailing semicolon is no parameter"),
        pytest.param('text/turtle;charset="utf-8', "turtle", id="a quote that never closes"),
        pytest.param("application/json", "jsonld", id="JSON for a graph is JSON-LD"),
        pytest.param("application/xml", "rdfxml", id="XML for a graph is RDF/XML"),
        pytest.param("application/xhtml+xml", "html", id="XHTML is the page"),
        pytest.param(
            "application/x-turtle", "turtle", id="the name that Turtle had before it was registered"
        ),
        pytest.param(
            "application/json;q=0.9, application/ld+json;q=0.1, text/turtle;q=0.5",
            "turtle",
            id="own name first",
        ),
        pytest.param(BROWSER, "html", id="Firefox"),
        pytest.param(CHROME, "html", id="Chrome"),
        pytest.param(JAVA, "html", id="java.net.URLConnection"),
        pytest.param(RDFLIB, "ntriples", id="rdflib's Graph.parse"),
        pytest.param(JENA_GRAPH, "turtle", id="Jena's RDFDataMgr"),
        pytest.param("application/rdf+xml, application/xml;q=0.1", "rdfxml", id="Protégé"),
    ],
)
def test_choose_gives_the_document_the_client_likes_best(
    accept: str | None, expected: str | None
) -> None:
    chosen = choose(accept, DOCUMENT_FORMATS)
    assert (chosen and chosen.name) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(None, "json", id="nothing asked: JSON"),
        pytest.param("application/json", "json", id="JSON for solutions is SPARQL Results JSON"),
        pytest.param("application/xml", "xml", id="XML for solutions is SPARQL Results XML"),
        pytest.param(
            "text/csv, application/json;q=0.5", "csv", id="quality between an own name and an alias"
        ),
        pytest.param("text/*", "csv", id="text/* is no request for XML by its alias text/xml"),
        pytest.param(
            "text/turtle, application/rdf+xml", None, id="RDF types say nothing about solutions"
        ),
        pytest.param(
            "text/turtle, */*;q=0.1", "json", id="RDF first, anything else at a low weight"
        ),
    ],
)
def test_choose_gives_the_solutions_the_client_likes_best(
    accept: str | None, expected: str | None
) -> None:
    chosen = choose(accept, SOLUTION_FORMATS)
    assert (chosen and chosen.name) == expected


@pytest.mark.parametrize("offer", [pytest.param(f, id=f.name) for f in FORMATS])
def test_each_format_is_reached_by_its_own_content_type(offer: object) -> None:
    for family in (DOCUMENT_FORMATS, SOLUTION_FORMATS):
        if offer in family:
            assert choose(offer.content_type, family) is offer  # type: ignore[attr-defined]


def test_a_format_listed_twice_keeps_its_higher_weight() -> None:
    chosen = choose(
        "text/turtle;q=0.1, application/trig;q=0.5, text/turtle;charset=utf-8;q=0.9", GRAPH_FORMATS
    )
    assert chosen
    assert chosen.name == "turtle"


@pytest.mark.parametrize(
    ("wanted", "header", "expected"),
    [
        pytest.param(None, None, "fr", id="silence: the first we have"),
        pytest.param(None, "", "fr", id="an empty header is silence"),
        pytest.param(None, "en", "en", id="a language by its tag"),
        pytest.param(None, "en-GB", "en", id="lookup drops subtags from the end (RFC 4647, 3.4)"),
        pytest.param(None, "EN-us", "en", id="tags have no case"),
        pytest.param(None, "en-GB, fr;q=0.5", "en", id="a weight decides"),
        pytest.param(None, "fr;q=0.4, en;q=0.8", "en", id="the order does not"),
        pytest.param(None, "fr, en", "fr", id="equal weights: our order"),
        pytest.param(None, "de, en;q=0.2", "en", id="what we lack is passed over"),
        pytest.param(
            None, "de", "fr", id="nothing we have: our first, a page is better than a 406"
        ),
        pytest.param(None, "*", "fr", id="any: our first"),
        pytest.param(None, "fr;q=0, *", "en", id="any but French"),
        pytest.param(None, "fr;q=0", "en", id="refusing French leaves English"),
        pytest.param(None, "en;q=0.5, *;q=0.8", "fr", id="a star is the others"),
        pytest.param(
            None, "frr", "fr", id="Northern Frisian is not French; nothing matches, our first"
        ),
        pytest.param(None, "eng, en;q=0.1", "en", id="a longer word is another language"),
        pytest.param("fr", "en", "fr", id="?lang= beats the header"),
        pytest.param("en", None, "en", id="?lang= alone"),
        pytest.param("de", "en", "en", id="a ?lang= we lack is passed over"),
        pytest.param("", "en", "en", id="an empty ?lang= says nothing"),
    ],
)
def test_a_page_is_in_the_language_the_reader_likes_best(
    wanted: str | None, header: str | None, expected: str
) -> None:
    assert choose_language(wanted, header, ("fr", "en")) == expected


@pytest.mark.parametrize(
    ("wanted", "header", "expected"),
    [
        pytest.param("fr-ML", None, "fr", id="a variety by the parameter"),
        pytest.param("EN", None, "en-GB", id="a language for its variety, in any case"),
        pytest.param("de", "pt", "pt-BR", id="a parameter that means none is passed over"),
        pytest.param(None, "pt-BR, en;q=0.5", "pt-BR", id="a tag with subtags"),
        pytest.param(None, "pt-PT, en;q=0.5", "pt-BR", id="another variety"),
        pytest.param(None, "en-US", "en-GB", id="another variety of English"),
        pytest.param(None, "fra, frr", "fr", id="longer words are other languages: the first"),
    ],
)
def test_a_language_of_pages_is_found_by_range(
    wanted: str | None, header: str | None, expected: str
) -> None:
    assert choose_language(wanted, header, ("fr", "en-GB", "pt-BR")) == expected


@pytest.mark.parametrize(
    ("header", "preferred", "otherwise"),
    [
        pytest.param(None, IDENTITY, IDENTITY, id="silence: plain bytes, which every client reads"),
        pytest.param("", IDENTITY, IDENTITY, id="an empty header: no coding"),
        pytest.param("gzip", "gzip", IDENTITY, id="by name"),
        pytest.param("GZIP", "gzip", IDENTITY, id="codings have no case"),
        pytest.param("x-gzip", "gzip", IDENTITY, id="its old name (8.4.1.3)"),
        pytest.param("gzip, deflate, br, zstd", "br", IDENTITY, id="what browsers send"),
        pytest.param("gzip, deflate", "gzip", IDENTITY, id="what libraries send"),
        pytest.param("gzip;q=1.0, br;q=0.9", "gzip", IDENTITY, id="by weight"),
        pytest.param("gzip;q=0.001", "gzip", IDENTITY, id="the least weight"),
        pytest.param("gzip;q=0.5, identity", IDENTITY, IDENTITY, id="rather plain"),
        pytest.param("gzip, identity", "gzip", IDENTITY, id="plain, as good as a coding"),
        pytest.param("identity", IDENTITY, IDENTITY, id="plain only"),
        pytest.param("*", "br", IDENTITY, id="any coding"),
        pytest.param("br;q=0, *", "gzip", IDENTITY, id="any but one"),
        pytest.param("gzip;q=0", IDENTITY, IDENTITY, id="refused"),
        pytest.param("zstd", IDENTITY, IDENTITY, id="another coding only"),
        pytest.param("gzip, identity;q=0", "gzip", "gzip", id="not plain"),
        pytest.param("gzip, *;q=0", "gzip", "gzip", id="nothing else, so not plain"),
        pytest.param("identity;q=0, *;q=0.1", "br", "br", id="anything but plain"),
        pytest.param("*;q=0, identity;q=0.1", IDENTITY, IDENTITY, id="plain by name"),
    ],
)
def test_codings_are_chosen_by_weight(header: str | None, preferred: str, otherwise: str) -> None:
    assert choose_codings(header) == (preferred, otherwise)


@pytest.mark.parametrize("header", ["*;q=0", "identity;q=0", "zstd, identity;q=0", "zstd, *;q=0"])
def test_a_client_may_refuse_every_coding(header: str) -> None:
    assert choose_codings(header) is None
