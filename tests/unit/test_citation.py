"""Citations that programs read."""

from __future__ import annotations

import json

from unicef_linked.presentation.citation import Citation

GAO = Citation(
    "Gao zone office",
    "UNICEF in Mali",
    "The project",
    "83333f7da014",
    "https://example.org/id/office/gao",
    "en",
)


def test_bibtex_has_the_iri_and_the_release_so_that_a_citation_can_be_checked() -> None:
    lines = GAO.bibtex.splitlines()
    assert lines[0] == "@misc{office-gao-83333f7da014,"
    assert "  url = {https://example.org/id/office/gao}," in lines
    assert "  version = {83333f7da014}," in lines
    assert lines[-1] == "}"


def test_csl_has_them_too() -> None:
    [item] = json.loads(GAO.csl)
    assert (item["URL"], item["version"], item["type"]) == (GAO.iri, GAO.release, "dataset")
    assert item["author"] == [{"literal": "The project"}]


def test_what_is_not_known_is_left_out() -> None:
    bare = Citation("A thing", "", "", "83333f7da014", "https://example.org/thing", "en")
    assert "author" not in bare.bibtex
    assert "howpublished" not in bare.bibtex
    assert set(json.loads(bare.csl)[0]) == {"id", "type", "title", "version", "URL", "language"}
