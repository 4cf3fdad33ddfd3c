"""Writes the labels of well-known vocabularies that pages fall back on, from their npm packages.

Run it after a change of ``package-lock.json`` (``npm ci`` in this folder first). Labels are those
of each vocabulary's own file; its licence is stated there, or on the page that is named here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

PACKAGES: Final = Path(__file__).parent / "node_modules" / "@vocabulary"
TARGET: Final = Path(__file__).parents[2] / "src" / "unicef_linked" / "rdf" / "vocabularies.ttl"

RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
DCTERMS: Final = "http://purl.org/dc/terms/"
LABELS: Final = (f"{RDFS}label", "http://www.w3.org/2004/02/skos/core#prefLabel")

_LOCAL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
"""Local names that Turtle takes as they are."""

_BY: Final = "https://creativecommons.org/licenses/by/"
_W3C: Final = "https://www.w3.org/Consortium/Legal/2015/doc-license"
_DCMI: Final = "https://www.dublincore.org/about/copyright/"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One vocabulary: its specification, its licence, and where the licence is stated."""

    title: str
    source: str
    licence: str
    stated: str = ""  # "" where the vocabulary's own file states it
    notice: str = ""  # the copyright notice that the licence asks for, "" likewise


def _of_w3c(title: str, source: str) -> Vocabulary:
    """Return a vocabulary whose specification is under the W3C Document License.

    The licence lets software have portions of it with this notice.
    """
    notice = (
        "Copyright © 2015 W3C® (MIT, ERCIM, Keio, Beihang). This software or document includes"
        f" material copied from or derived from {title}, {source}."
    )
    return Vocabulary(title, source, _W3C, source, notice)


def _of_dcmi(title: str) -> Vocabulary:
    """Return a vocabulary of DCMI, whose Schema Use Notice asks for this notice."""
    source = "https://www.dublincore.org/specifications/dublin-core/dcmi-terms/"
    notice = (
        "Portions of this software may use RDF schemas Copyright © 2011 DCMI, the Dublin Core™"
        " Metadata Initiative. These are licensed under the Creative Commons 4.0 Attribution"
        " license."
    )
    return Vocabulary(title, source, f"{_BY}4.0/", _DCMI, notice)


VOCABULARIES: Final = {
    "dc11": _of_dcmi("Dublin Core Metadata Element Set, Version 1.1"),
    "dcat": Vocabulary(
        "Data Catalog Vocabulary",
        "https://www.w3.org/TR/vocab-dcat/",
        f"{_BY}4.0/",
        notice="Copyright © W3C, Dataset Exchange Working Group",
    ),
    "dcmitype": _of_dcmi("DCMI Type Vocabulary"),
    "dcterms": _of_dcmi("DCMI Metadata Terms"),
    "dqv": _of_w3c("Data Quality Vocabulary", "https://www.w3.org/TR/vocab-dqv/"),
    "foaf": Vocabulary(
        "FOAF Vocabulary",
        "http://xmlns.com/foaf/spec/",
        f"{_BY}1.0/",
        "http://xmlns.com/foaf/spec/",
        "Copyright © 2000-2014 Dan Brickley and Libby Miller",
    ),
    "geo": Vocabulary(
        "GeoSPARQL Ontology",
        "https://www.ogc.org/standard/geosparql/",
        "https://www.ogc.org/license",
    ),
    "locn": Vocabulary(
        "ISA Core Location Vocabulary",
        "https://www.w3.org/ns/locn",
        "https://joinup.ec.europa.eu/category/licence/isa-open-metadata-licence-v11",
    ),
    "oa": _of_w3c("Web Annotation Vocabulary", "https://www.w3.org/TR/annotation-vocab/"),
    "org": Vocabulary(
        "The Organization Ontology",
        "https://www.w3.org/TR/vocab-org/",
        "http://www.opendatacommons.org/licenses/pddl/1.0/",
    ),
    "owl": _of_w3c("OWL 2 Web Ontology Language", "https://www.w3.org/TR/owl2-overview/"),
    "prov": _of_w3c("PROV-O: The PROV Ontology", "https://www.w3.org/TR/prov-o/"),
    "qb": Vocabulary(
        "The RDF Data Cube Vocabulary",
        "https://www.w3.org/TR/vocab-data-cube/",
        "http://www.opendatacommons.org/licenses/pddl/1.0/",
    ),
    "rdf": _of_w3c("The RDF Concepts Vocabulary", "https://www.w3.org/TR/rdf11-concepts/"),
    "rdfs": _of_w3c("The RDF Schema vocabulary", "https://www.w3.org/TR/rdf-schema/"),
    "schema": Vocabulary(
        "schema.org",
        "https://schema.org/",
        "https://creativecommons.org/licenses/by-sa/3.0/",
        "https://schema.org/docs/terms.html",
        "Schema.org, by its sponsors and the W3C Schema.org Community Group",
    ),
    "sh": _of_w3c("Shapes Constraint Language (SHACL)", "https://www.w3.org/TR/shacl/"),
    "skos": _of_w3c(
        "SKOS Simple Knowledge Organization System", "https://www.w3.org/TR/skos-reference/"
    ),
    "skosxl": _of_w3c(
        "SKOS eXtension for Labels (SKOS-XL)", "https://www.w3.org/TR/skos-reference/skos-xl.html"
    ),
    "sosa": Vocabulary(
        "Sensor, Observation, Sample, and Actuator (SOSA) Ontology",
        "https://www.w3.org/TR/vocab-ssn/",
        "http://www.w3.org/Consortium/Legal/2015/copyright-software-and-document",
    ),
    "ssn": Vocabulary(
        "Semantic Sensor Network Ontology",
        "https://www.w3.org/TR/vocab-ssn/",
        "http://www.w3.org/Consortium/Legal/2015/copyright-software-and-document",
    ),
    "time": Vocabulary("OWL-Time", "https://www.w3.org/TR/owl-time/", f"{_BY}4.0/"),
    "vann": Vocabulary(
        "VANN: A vocabulary for annotating vocabulary descriptions",
        "http://vocab.org/vann/",
        "http://creativecommons.org/licenses/by/1.0/",
    ),
    "vcard": _of_w3c("vCard Ontology", "https://www.w3.org/TR/vcard-rdf/"),
    "void": _of_w3c("Vocabulary of Interlinked Datasets (VoID)", "https://www.w3.org/TR/void/"),
    "wgs": _of_w3c("WGS84 Geo Positioning", "https://www.w3.org/2003/01/geo/"),
}
"""The vocabularies by the name of their package."""


def quads_of(name: str) -> list[ox.Quad]:
    """Return the statements of a vocabulary's own file."""
    return list(ox.parse(path=str(PACKAGES / name / f"{name}.nq")))


def labels_of(name: str, namespace: str) -> dict[str, set[ox.Literal]]:
    """Return the labels of the terms of a vocabulary: by RDFS, of those without one by SKOS."""
    labels: dict[str, set[ox.Literal]] = {}
    quads = quads_of(name)
    for predicate in LABELS:
        own: dict[str, set[ox.Literal]] = {}
        for quad in quads:
            subject = quad.subject.value
            is_term = subject.startswith(namespace) and subject != namespace
            if is_term and quad.predicate.value == predicate:
                own.setdefault(subject, set()).add(quad.object)
        labels = own | labels
    return labels


def notices_of(name: str, namespace: str) -> set[str]:
    """Return the copyright notices of a vocabulary's own file."""
    return {
        quad.object.value
        for quad in quads_of(name)
        if quad.predicate.value == f"{DCTERMS}rights"
        and quad.subject.value.rstrip("#/") == namespace.rstrip("#/")
    }


def main() -> None:
    """Write the file."""
    lines = [
        "# Labels of the terms of well-known vocabularies, each as its own file states them.",
        "# Written by tests/vocabularies/labels.py. Each vocabulary begins with its licence.",
        f"@prefix dcterms: <{DCTERMS}> .",
        f"@prefix rdfs: <{RDFS}> .",
    ]
    for name, vocabulary in sorted(VOCABULARIES.items()):
        package = json.loads((PACKAGES / name / "package.json").read_text(encoding="utf-8"))
        namespace = package["vocabulary"]["namespace"]
        lines += [
            "",
            f"@prefix {name}: <{namespace}> .",
            f"<{namespace}> dcterms:title {ox.Literal(vocabulary.title)} ;",
            f"  dcterms:license <{vocabulary.licence}> ;",
            f"  dcterms:source <{vocabulary.source}> ;",
            f'  dcterms:provenance "npm:{package["name"]}@{package["version"]}" .',
        ]
        if vocabulary.stated:  # the page that states the licence
            lines.append(f"<{namespace}> rdfs:seeAlso <{vocabulary.stated}> .")
        for text in sorted({vocabulary.notice} - {""} or notices_of(name, namespace)):
            lines.append(f"<{namespace}> dcterms:rights {ox.Literal(text)} .")
        for iri, texts in sorted(labels_of(name, namespace).items()):
            local = iri.removeprefix(namespace)
            term = f"{name}:{local}" if _LOCAL.fullmatch(local) else f"<{iri}>"
            lines.append(f"{term} rdfs:label {', '.join(sorted(map(str, texts)))} .")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
