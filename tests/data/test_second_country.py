"""A page about another country that says little is as welcome as the one about Mali."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from tests.names import PREFIXES

from unicef_linked.build import Content, validate

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.validation.report import Report


THINGS: Final = """
<https://w3id.org/unicef-linked/graph/niger> a ul:NamedGraph ;
    skos:prefLabel "Niger"@en, "Niger"@fr ; dcterms:title "Niger"@en, "Niger"@fr ;
    dcterms:source source:niger-page ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
country:ner a ul:Country ; skos:prefLabel "Niger"@en, "Niger"@fr ;
    skos:notation "NE"^^ul:iso3166-1-alpha-2, "NER"^^ul:iso3166-1-alpha-3 .
region:ner-tahoua a ul:Region ; skos:prefLabel "Tahoua Region"@en, "Région de Tahoua"@fr ;
    ul:inCountry country:ner .
place:ner-tahoua a ul:Place ; skos:prefLabel "Tahoua"@en, "Tahoua"@fr ;
    ul:inCountry country:ner ; ul:inRegion region:ner-tahoua ; wgs84:lat 14.9 ; wgs84:long 5.3 .
organization:unicef-niger a ul:Organization, org:OrganizationalUnit ;
    skos:prefLabel "UNICEF in Niger"@en, "UNICEF au Niger"@fr ;
    org:unitOf organization:unicef ; ul:activeIn country:ner .
office:ner-tahoua a ul:ZoneOffice ;
    skos:prefLabel "Tahoua zone office"@en, "Bureau de zone de Tahoua"@fr ;
    org:subOrganizationOf organization:unicef-niger ;
    ul:locatedIn place:ner-tahoua ; ul:worksInSector sector:health .
source:niger-page a ul:Source ;
    skos:prefLabel "A page on Niger"@en, "Une page sur le Niger"@fr ;
    dcterms:title "A page on Niger"@en, "Une page sur le Niger"@fr ;
    dcterms:language "fr" ; ul:codePoints 100 ;
    ul:sha256 "0000000000000000000000000000000000000000000000000000000000000000"^^xsd:hexBinary .
passage:niger-page-29-54 a ul:Passage ; oa:hasSource source:niger-page ;
    oa:hasSelector selector:niger-page-29-54 .
selector:niger-page-29-54 a ul:Selector ;
    oa:start "29"^^xsd:nonNegativeInteger ; oa:end "54"^^xsd:nonNegativeInteger .
"""

CLAIMS: Final = [
    ("type", "office:ner-tahoua", "rdf:type", "ul:ZoneOffice"),
    ("located", "office:ner-tahoua", "ul:locatedIn", "place:ner-tahoua"),
    ("health", "office:ner-tahoua", "ul:worksInSector", "sector:health"),
    ("active", "organization:unicef-niger", "ul:activeIn", "country:ner"),
]


def claims() -> str:
    """Return one claim for each statement that the page makes."""
    return "".join(
        f"claim:ner-{key} a ul:Claim ; rdf:subject {subject} ; rdf:predicate {predicate} ; "
        f"rdf:object {value} ; ul:basis ul:Stated ; prov:wasDerivedFrom passage:niger-page-29-54 ; "
        "prov:hadPrimarySource source:niger-page .\n"
        for key, subject, predicate, value in CLAIMS
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on Mali and Niger together: Niger's page gives no date, staff,
    priority or code.
    """
    folder: Path = tmp_path_factory.mktemp("niger")
    (folder / "niger.ttl").write_text(PREFIXES + THINGS + claims(), encoding="utf-8")
    packaged = Content.packaged()
    return validate(
        Content((*packaged.data, folder), packaged.shapes, packaged.ontology, packaged.rules)
    )


def test_a_page_that_gives_no_date_staff_priority_or_code_conforms(report: Report) -> None:
    assert [r for r in report.results if r.severity == "Violation"] == []


def test_what_could_be_added_is_advice(report: Report) -> None:
    advice = {(r.focus_node.rpartition("/")[2], r.path.rpartition("#")[2]) for r in report.results}
    assert {
        ("ner-tahoua", "openedOn"),
        ("ner-tahoua", "staffCount"),
        ("ner-tahoua", "hasPriority"),
        ("unicef-niger", "activeSince"),
    } <= advice
