"""why: for each statement who says so, where, as of when, and how; in the words of the document."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
from tests.chain import PREFIXES

from unicef_linked.build import snapshot
from unicef_linked.cli import main

if TYPE_CHECKING:
    from pathlib import Path

WORDS: Final = "Le bureau compte 14 personnes."
DATA: Final = (
    PREFIXES
    + """
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX graph: <https://w3id.org/unicef-linked/graph/>
PREFIX i: <https://w3id.org/unicef-linked/id/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
GRAPH graph:mali {
  office:gao skos:prefLabel "Gao office"@en ; ul:staffCount 14 .
  <https://w3id.org/unicef-linked/id/claim/a> a ul:Claim ; ul:basis ul:Stated ;
    rdf:subject office:gao ; rdf:predicate ul:staffCount ; rdf:object 14 ;
    prov:wasDerivedFrom <https://w3id.org/unicef-linked/id/passage/a> .
  <https://w3id.org/unicef-linked/id/passage/a> oa:hasSource <https://w3id.org/unicef-linked/id/source/page> ;
    oa:hasSelector <https://w3id.org/unicef-linked/id/selector/a> .
  <https://w3id.org/unicef-linked/id/selector/a> oa:start 10 ; oa:end 29 .
  <https://w3id.org/unicef-linked/id/source/page> dcterms:title "The page"@en ; dcterms:issued "2016-01-02"^^xsd:date ;
    ul:sha256 "{digest}" .
}
GRAPH <https://w3id.org/unicef-linked/graph/reference/codes> {
  office:gao skos:notation "G1" .
  <https://w3id.org/unicef-linked/graph/reference/codes> dcterms:source <https://w3id.org/unicef-linked/id/source/list> ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
  <https://w3id.org/unicef-linked/id/source/list> dcterms:license <https://creativecommons.org/publicdomain/zero/1.0/> .
}
GRAPH <https://w3id.org/unicef-linked/graph/derived/labels> {
  office:gao rdfs:label "Gao office"@en .
  <https://w3id.org/unicef-linked/graph/derived/labels> prov:wasGeneratedBy <https://w3id.org/unicef-linked/id/derivation/labels> .
  <https://w3id.org/unicef-linked/id/derivation/labels> prov:used <https://w3id.org/unicef-linked/id/rule/labels> .
  <https://w3id.org/unicef-linked/id/rule/labels> sh:construct "CONSTRUCT { }" .
}
"""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a claim, a code and a label, beside the document that the claim rests on."""
    folder = tmp_path_factory.mktemp("why")
    (folder / "page.txt").write_text(WORDS, encoding="utf-8")
    digest = hashlib.sha256(WORDS.encode()).hexdigest()
    data = DATA.replace("{digest}", digest)
    (folder / "data.trig").write_text(data, encoding="utf-8")
    snapshot([folder / "data.trig"], folder / "release")
    return folder


def why(folder: Path, *arguments: str) -> int:
    """Run ``why`` on the release."""
    return main(["why", *arguments, "--release", str(folder / "release")])


def test_each_way_to_know_is_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why(folder, "office/gao", "--format", "json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["label"] == "Gao office"
    by_name = {s["predicate"].rpartition("#")[2]: s for s in content["statements"]}
    assert {name: statement["how"] for name, statement in by_name.items()} == {
        "staffCount": ["stated"],
        "notation": ["reference"],
        "label": ["derived"],
        "prefLabel": ["stated"],
    }
    [claim] = by_name["staffCount"]["claims"]
    assert (claim["source"]["label"], claim["source"]["issued"]) == ("The page", "2016-01-02")
    assert [(p["start"], p["end"]) for p in claim["passages"]] == [("10", "29")]
    [graph] = by_name["notation"]["graphs"]
    assert graph["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert graph["sources"][0]["licence"].endswith("zero/1.0/")
    [graph] = by_name["label"]["graphs"]
    assert graph["rule"] == {
        "iri": "https://w3id.org/unicef-linked/id/rule/labels",
        "text": "CONSTRUCT { }",
    }


@pytest.mark.parametrize("predicate", ["staffCount", "ul:staffCount"])
def test_a_statement_is_shown_in_the_words_of_the_document(
    folder: Path, capsys: pytest.CaptureFixture[str], predicate: str
) -> None:
    assert why(folder, "office/gao", predicate, "--source", str(folder / "page.txt")) == 0
    output = capsys.readouterr().out
    assert "characters 10 to 29: “compte 14 personnes”" in output
    assert "ul:staffCount" in output
    assert "notation" not in output


def test_as_turtle_it_is_the_claims_passages_sources_and_rules(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert why(folder, "office/gao", "--format", "turtle") == 0
    quads = list(ox.parse(capsys.readouterr().out.encode(), format=ox.RdfFormat.TURTLE))
    subjects = {str(quad.subject).rpartition("/id/")[2].rstrip(">") for quad in quads}
    assert subjects >= {"office/gao", "claim/a", "passage/a", "selector/a", "source/page"}
    assert subjects >= {"source/list", "derivation/labels", "rule/labels"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["office/none"], "has no such statement"),
        (["office/gao", "ul:openedOn"], "has no such statement"),
        (["office/a b"], "is no IRI"),
        (["office/gao", "--source", "{other}"], "is not the document that was read"),
        (["office/gao", "--source", "{folder}/none"], "cannot be read"),
    ],
)
def test_what_cannot_be_shown_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    (folder / "other.txt").write_text("Other words", encoding="utf-8")
    places = {"other": str(folder / "other.txt"), "folder": str(folder)}
    assert why(folder, *(argument.format(**places) for argument in arguments)) == 2
    assert sentence in capsys.readouterr().err
