"""Five releases of a small dataset, each an edit of the one before: the past that tests look into.

| release | edit |
| --- | --- |
| 1 | Alpha, Beta and Gamma are regions; an office covers Beta |
| 2 | added: Delta |
| 3 | changed: Alpha's population, Beta's alternative name is removed |
| 4 | renamed: Gamma is called Gamma Nova |
| 5 | withdrawn: Beta, whose successor is Delta; a place vanishes without one |
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from unicef_linked.build import Content, build

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

PREFIXES: Final = """\
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX region: <https://w3id.org/unicef-linked/id/region/>
PREFIX office: <https://w3id.org/unicef-linked/id/office/>
PREFIX place: <https://w3id.org/unicef-linked/id/place/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX ulsh: <https://w3id.org/unicef-linked/shapes#>
PREFIX dcterms: <http://purl.org/dc/terms/>
"""
ONTOLOGY: Final = (
    PREFIXES
    + """
<https://w3id.org/unicef-linked/ontology> a owl:Ontology ; rdfs:label "Small"@en, "Petite"@fr .
ul:Region a owl:Class ; rdfs:label "Region"@en, "Région"@fr .
ul:Office a owl:Class ; rdfs:label "Office"@en, "Bureau"@fr .
ul:Place a owl:Class ; rdfs:label "Place"@en, "Lieu"@fr .
ul:population a owl:DatatypeProperty ; rdfs:label "population"@en, "population"@fr .
ul:coversRegion a owl:ObjectProperty ; rdfs:label "covers region"@en, "couvre la région"@fr .
ul:pcode a rdfs:Datatype ; rdfs:label "P-code"@en, "P-code"@fr .
"""
)
SHAPES: Final = (
    PREFIXES
    + """
ulsh:RegionShape a sh:NodeShape ; sh:targetClass ul:Region ; sh:property ulsh:RegionShape-label .
ulsh:RegionShape-label sh:path skos:prefLabel ; sh:minCount 1 ;
  sh:message "Add a label."@en, "Ajoutez un libellé."@fr .
"""
)
RULE: Final = """\
# Labels as rdfs:label.
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
CONSTRUCT { ?thing rdfs:label ?label } WHERE { ?thing skos:prefLabel ?label }
"""
DATASET: Final = (
    PREFIXES
    + """
<https://w3id.org/unicef-linked/dataset> dcterms:title "Small dataset"@en, "Petit jeu"@fr ;
  dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
<https://creativecommons.org/licenses/by/4.0/> rdfs:label "CC BY 4.0"@en, "CC BY 4.0"@fr .
"""
)
ALPHA: Final = """
region:alpha a ul:Region ; skos:prefLabel "Alpha"@en, "Alpha"@fr ;
  skos:notation "AA01"^^ul:pcode ; ul:population {population} .
"""
BETA: Final = """
region:beta a ul:Region ; skos:prefLabel "Beta"@en, "Bêta"@fr ; skos:notation "AA02"^^ul:pcode ;
  owl:sameAs <http://www.wikidata.org/entity/Q2> ; ul:population 200 .
"""
GAMMA: Final = """
region:gamma a ul:Region ; skos:prefLabel "{name}"@en, "{name}"@fr ;
  skos:notation "AA03"^^ul:pcode .
"""
DELTA: Final = """
region:delta a ul:Region ; skos:prefLabel "Delta"@en, "Delta"@fr ; skos:notation "AA04"^^ul:pcode .
"""
OFFICE: Final = """
office:main a ul:Office ; skos:prefLabel "Main office"@en, "Bureau principal"@fr ;
  ul:coversRegion region:{region} .
"""
PLACE: Final = 'place:old a ul:Place ; skos:prefLabel "Old town"@en, "Vieille ville"@fr .\n'
ALIAS: Final = 'region:beta skos:altLabel "Bee"@en .\n'
WITHDRAWN: Final = "region:beta dcterms:isReplacedBy region:delta .\n"

_FIRST: Final = ALPHA.format(population=100) + BETA + ALIAS + OFFICE.format(region="beta") + PLACE
_GAMMA: Final = GAMMA.format(name="Gamma")
_NOVA: Final = GAMMA.format(name="Gamma Nova")
_CHANGED: Final = ALPHA.format(population=111)

EDITS: Final = (
    _FIRST + _GAMMA,
    _FIRST + _GAMMA + DELTA,
    _CHANGED + BETA + OFFICE.format(region="beta") + PLACE + _GAMMA + DELTA,
    _CHANGED + BETA + OFFICE.format(region="beta") + PLACE + _NOVA + DELTA,
    _CHANGED + WITHDRAWN + OFFICE.format(region="delta") + _NOVA + DELTA,
)
"""What the data file has in each release."""

DATES: Final = tuple(datetime(2024, month, 1, 12, tzinfo=UTC) for month in range(1, 6))
"""When each release was issued."""


def content(root: Path, data: str) -> Content:
    """Return what a release with these data is made of, written below a folder."""
    for name, text in {
        "data/small.ttl": PREFIXES + data,
        "data/dataset.ttl": DATASET,
        "shapes/shapes.ttl": SHAPES,
        "ontology/ontology.ttl": ONTOLOGY,
        "rules/labels.rq": RULE,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Content((root / "data",), (root / "shapes",), (root / "ontology",), root / "rules")


def build_chain(root: Path) -> tuple[Release, ...]:
    """Return the five releases, built one after the other at ``root/out``."""
    return tuple(
        build(content(root / "content", data), root / "out", issued=date)
        for data, date in zip(EDITS, DATES, strict=True)
    )
