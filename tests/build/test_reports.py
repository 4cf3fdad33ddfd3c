"""A report names the cause, in its file and line, before what follows from it."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest
from tests.conftest import ROOT
from tests.names import PREFIXES

from unicef_linked.build.places import Places
from unicef_linked.build.sources import load
from unicef_linked.cli.validate import print_report
from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.iris import SHACL, Names
from unicef_linked.validation.causes import explain, read_statements
from unicef_linked.validation.page import check_page
from unicef_linked.validation.report import Result, make_report
from unicef_linked.validation.vocabulary import unknown_terms

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = Names()
ID: Final = NAMES.entities


def quads(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(PREFIXES + turtle, format=ox.RdfFormat.TURTLE))


@pytest.fixture(scope="module")
def declared() -> frozenset[str]:
    """The terms that the packaged ontology declares or names."""
    sources = load([ROOT / "ontology"], NAMES, role="ontology")
    subjects = (quad.subject for source in sources for quad in source.quads)
    return frozenset(s.value for s in subjects if isinstance(s, ox.NamedNode))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ul:workInSector office:x", "no property ul:workInSector; did you mean ul:worksInSector?"),
        ("ul:regionCapitl office:x", "did you mean ul:regionCapital?"),
        ('skos:altlabel "x"@en', "no property skos:altlabel; did you mean skos:altLabel?"),
        ('dcterms:titel "x"', "did you mean dcterms:title?"),
        ("geo:hasGeometri office:x", "did you mean geo:hasGeometry?"),
        ("org:subOrganisationOf office:x", "did you mean org:subOrganizationOf?"),
        ("a ul:ZonalOffice", "no class ul:ZonalOffice; did you mean ul:ZoneOffice?"),
        ('skos:notation "ML07"^^ul:pcod', "no datatype ul:pcod; did you mean ul:pcode?"),
        ("ul:basis ul:Infered", "no term ul:Infered; did you mean ul:Inferred?"),
        ("ul:somethingElse office:x", "no property ul:somethingElse; look for it on /ontology."),
        ("ul:worksInSector office:x", ""),
        ("dcterms:bibliographicCitation office:x", ""),
        ("schema:telephone office:x", ""),
        ("<http://example.org/anything> office:x", ""),
        ('ul:openedOn "2013"^^xsd:gYear', ""),
    ],
)
def test_a_term_that_no_vocabulary_has_is_named_with_what_was_meant(
    declared: frozenset[str], statement: str, message: str
) -> None:
    results = unknown_terms(quads(f"office:gao {statement} ."), declared, NAMES)
    assert len(results) == bool(message)
    for result in results:
        assert message in result.message("en")
        assert result.severity == "Violation"
        assert result.message("fr").startswith("Il n’y a pas de")


def violation(focus: str, path: str, value: str = "", *, by_query: bool = False) -> Result:
    """Return a violation, located."""
    component = "SPARQLConstraintComponent" if by_query else "DatatypeConstraintComponent"
    iri = NAMES.term(path) if ":" not in path else path
    return Result(
        "Violation",
        ID + focus,
        iri,
        value,
        f"{SHACL}{component}",
        "",
        (("en", "Mend it."), ("fr", "À corriger.")),
        "data.ttl",
        1,
    )


DATA: Final = """
office:gao ul:openedOn "2013" ; ul:coversRegion region:meneka ; skos:prefLabel "Gao " .
claim:gao-opened rdf:subject office:gao ; rdf:predicate ul:openedOn ; rdf:object "2014" .
region:menaka a ul:Region .
"""
LABEL: Final = "http://www.w3.org/2004/02/skos/core#prefLabel"


@pytest.mark.parametrize(
    ("results", "causes"),
    [
        pytest.param(
            [
                violation("office/gao", "openedOn", "2013", by_query=True),
                violation("office/gao", "openedOn", "2013"),
            ],
            [1],
            id="a value of another type, which no claim has",
        ),
        pytest.param(
            [violation("claim/gao-opened", "x", "2014"), violation("office/gao", "openedOn", "1")],
            [1],
            id="a claim of a statement that is wrong",
        ),
        pytest.param(
            [violation("claim/gao-opened", LABEL, "Gao "), violation("office/gao", LABEL, "Gao ")],
            [1],
            id="a label that rules repeat",
        ),
        pytest.param(
            [violation("claim/gao-opened", "x", "2014")], [0], id="what has no cause is one"
        ),
        pytest.param(
            [violation("office/gao", "openedOn", "1"), violation("office/gao", LABEL, "Gao ")],
            [0, 1],
            id="two mistakes",
        ),
    ],
)
def test_what_follows_from_another_result_is_told_after_it(
    results: list[Result], causes: list[int]
) -> None:
    report = explain(make_report(results), read_statements(quads(DATA)), NAMES)
    expected = {(results[n].focus_node, results[n].path, results[n].constraint) for n in causes}
    shown = [r for r in report.results if not r.follows]
    assert {(r.focus_node, r.path, r.constraint) for r in shown} == expected
    assert list(report.results)[: len(shown)] == shown
    out = io.StringIO()
    print_report(report, "text", out)
    assert out.getvalue().count("Mend it.") == len(causes)
    assert ("--all" in out.getvalue()) is (len(causes) < len(results))
    assert f"{len(results)} violation" in out.getvalue()


def test_a_misspelt_key_is_told_with_the_one_that_is_there() -> None:
    result = violation("office/gao", "coversRegion", f"{ID}region/meneka")
    names = Names(declared={"region": f"{ID}region/"})
    report = explain(make_report([result]), read_statements(quads(DATA)), names)
    assert report.results[0].message("en") == "Mend it. Did you mean region:menaka?"
    assert report.results[0].message("fr") == "À corriger. Vouliez-vous dire region:menaka ?"


def test_a_result_is_where_its_value_stands(tmp_path: Path) -> None:
    (tmp_path / "offices.ttl").write_text(
        PREFIXES
        + 'office:gao\n    a ul:Office ;\n    skos:altLabel "Gao"@en,\n        "GAO "@fr ;\n.\n'
    )
    (tmp_path / "names.ttl").write_text(PREFIXES + 'office:gao skos:altLabel "x"@en .\n')
    (tmp_path / "evidence.ttl").write_text(PREFIXES + "claim:a\n    rdf:subject office:gao ;\n.\n")
    find = Places(load([tmp_path], NAMES)).find
    first = PREFIXES.count("\n") + 1
    alt = "http://www.w3.org/2004/02/skos/core#altLabel"

    def place(path: str, value: object = None) -> tuple[str, int]:
        file, line = find(f"{ID}office/gao", path, value)
        return file.rpartition("/")[2], line - first

    assert place(alt, ox.Literal("GAO ", language="fr")) == ("offices.ttl", 3)
    assert place(alt, ox.Literal("x", language="en")) == ("names.ttl", 0)
    assert place("urn:missing") == ("offices.ttl", 0)
    assert place("urn:missing", ox.NamedNode(f"{ID}claim/a")) == ("evidence.ttl", 0)


TEXT: Final = "À Gao, l’UNICEF a 14 personnes depuis 2013. Il couvre Ménaka et deux zones."


def page_data(staff: str = "14", region: str = "menaka", end: int = 43, digest: str = "") -> str:
    """Return the claims of a page, with one thing of each to be changed."""
    digest = digest or hashlib.sha256(TEXT.encode()).hexdigest()
    return f"""
    source:s a ul:Source ; ul:sha256 "{digest}"^^xsd:hexBinary .
    passage:s-0 a ul:Passage ; oa:hasSource source:s ; oa:hasSelector selector:s-0 .
    selector:s-0 oa:start "0"^^xsd:nonNegativeInteger ; oa:end "{end}"^^xsd:nonNegativeInteger .
    passage:s-1 a ul:Passage ; oa:hasSource source:s ; oa:hasSelector selector:s-1 .
    selector:s-1 oa:start "44"^^xsd:nonNegativeInteger ; oa:end "75"^^xsd:nonNegativeInteger .
    region:menaka a ul:Region ; skos:prefLabel "Région de Ménaka"@fr ; skos:altLabel "Menaka"@fr .
    region:kidal a ul:Region ; skos:prefLabel "Région de Kidal"@fr ; skos:altLabel "Kidal"@fr .
    claim:staff a ul:Claim ; ul:basis ul:Stated ; rdf:object {staff} ;
        prov:wasDerivedFrom passage:s-0 .
    claim:covers a ul:Claim ; ul:basis ul:Stated ; rdf:object region:{region} ;
        prov:wasDerivedFrom passage:s-1 .
    claim:inferred a ul:Claim ; ul:basis ul:Inferred ; rdf:object region:kidal ;
        prov:wasDerivedFrom passage:s-1 .
    claim:zones a ul:Claim ; ul:basis ul:Stated ; rdf:object 2 ; prov:wasDerivedFrom passage:s-1 .
    """


@pytest.mark.parametrize(
    ("data", "about"),
    [
        pytest.param(page_data(), [], id="as the page says"),
        pytest.param(page_data(staff="1400"), ["claim/staff"], id="a number with two noughts"),
        pytest.param(page_data(staff='"2013"^^xsd:gYear'), [], id="a year"),
        pytest.param(page_data(staff='"2014-02"^^xsd:gYearMonth'), ["claim/staff"], id="no year"),
        pytest.param(page_data(region="kidal"), ["claim/covers"], id="a region of another passage"),
        pytest.param(page_data(end=99), ["passage/s-0"], id="a range beyond the end"),
        pytest.param(page_data(digest="0" * 64), ["source/s"], id="another text"),
    ],
)
def test_claims_are_compared_with_the_words_of_the_page(data: str, about: list[str]) -> None:
    results = check_page(quads(data), TEXT.encode(), NAMES)
    assert [result.focus_node.removeprefix(ID) for result in results] == about


def test_a_page_of_no_source_is_refused() -> None:
    with pytest.raises(UnusableInput, match="none of the 0 sources"):
        check_page([], b"", NAMES)
