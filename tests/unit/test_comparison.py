"""What strangers' data says of a thing, and data that is made to harm who reads it."""

from __future__ import annotations

import resource
from typing import Final

import pytest

from unicef_linked import comparison
from unicef_linked.comparison import compare

RDF: Final = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"'
LAUGHS: Final = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 13))
TOO_MUCH: Final = "takes too much memory or time"
THING: Final = "http://www.wikidata.org/entity/Q1"


def rdf_xml(body: str, declarations: str = "") -> str:
    """Return a document in RDF/XML."""
    return f"<!DOCTYPE rdf:RDF [{declarations}]><rdf:RDF {RDF}>{body}</rdf:RDF>"


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        pytest.param(f"<{THING}> <urn:p> 1 .", "text/turtle", "", id="Turtle"),
        pytest.param("<urn:a> <urn:p> 1 .", "text/turtle", "says nothing of", id="another thing"),
        pytest.param("<http://[> <urn:p> 1 .", "text/turtle", "cannot be read", id="no IRI"),
        pytest.param(
            rdf_xml(f'<e:A rdf:about="{THING}"/>'), "application/rdf+xml", "", id="RDF/XML"
        ),
        pytest.param('{"entities": {"Q1": {}}}', "application/json", "", id="JSON"),
        pytest.param(
            '{"entities": {"Q2": {}}}', "application/json", "it says Q2, not Q1", id="another one"
        ),
        pytest.param('{"@id": "http://["}', "application/ld+json", "it says http://[", id="no URL"),
        pytest.param("Hello", "text/plain+strange", "", id="what is not compared"),
    ],
)
def test_data_is_compared_with_an_identifier(content: str, media_type: str, words: str) -> None:
    fault = compare([THING], content.encode(), media_type, "http://e/")
    assert words in fault
    assert bool(words) == bool(fault)


@pytest.mark.parametrize(
    ("content", "media_type", "words"),
    [
        pytest.param(
            rdf_xml("<e:A><e:p>&e12;</e:p></e:A>", f'<!ENTITY e0 "lol">{LAUGHS}'),
            "application/rdf+xml",
            "refers to other entities",
            id="entities that expand",
        ),
        pytest.param(
            "<urn:s> <urn:p> " + "<<( <urn:s> <urn:p> " * 200_000 + "1" + ")>>" * 200_000 + " .",
            "text/turtle",
            TOO_MUCH,
            id="nested triple terms",
        ),
        pytest.param(
            rdf_xml("<e:A><e:p>" * 50_000 + "</e:p></e:A>" * 50_000),
            "application/rdf+xml",
            TOO_MUCH,
            id="nested elements",
        ),
        pytest.param(
            f"@prefix e: <http://{'a' * 100_000}/> ."
            + "".join(f"e:{n} e:b 1 ." for n in range(50_000)),
            "text/turtle",
            TOO_MUCH,
            id="a long prefix, used often",
        ),
        pytest.param("[" * 1_000_000, "application/json", "is no JSON", id="nested lists"),
        pytest.param('{"id": ' + "9" * 10_000 + "}", "application/json", "no JSON", id="a number"),
    ],
)
def test_the_data_behind_a_link_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, content: str, media_type: str, words: str
) -> None:
    monkeypatch.setattr(comparison, "_TIME", 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert words in compare([THING], content.encode(), media_type, "http://e/")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + (64 << 10)
