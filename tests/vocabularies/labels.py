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


VOCABULARIES: Final = {
    "dc11": Vocabulary(
        "Dublin Core Metadata Element Set, Version 1.1",
        "https://www.dublincore.org/specifications/dublin-core/dcmi-terms/",
        f"{_BY}4.0/",
        _DCMI,
    ),
    "dcat": Vocabulary(
        "Data Catalog Vocabulary", "https://www.w3.org/TR/vocab-dcat/", f"{_BY}4.0/"
    ),
    "dcmitype": Vocabulary(
        "DCMI Type Vocabulary",
        "https://www.dublincore.org/specifications/dublin-core/dcmi-terms/",
        f"{_BY}4.0/",
        _DCMI,
    ),
    "dcterms": Vocabulary(
        "DCMI Metadata Terms",
        "https://www.dublincore.org/specifications/dublin-core/dcmi-terms/",
        f"{_BY}4.0/",
        _DCMI,
    ),
    "dqv": Vocabulary(
        "Data Quality Vocabulary",
        "https://www.w3.org/TR/vocab-dqv/",
        _W3C,
        "https://www.w3.org/TR/vocab-dqv/",
    ),
    "foaf": Vocabulary(
        "FOAF Vocabulary",
        "http://xmlns.com/foaf/spec/",
        f"{_BY}1.0/",
        "http://xmlns.com/foaf/spec/",
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
    "oa": Vocabulary(
        "Web Annotation Vocabulary",
        "https://www.w3.org/TR/annotation-vocab/",
        _W3C,
        "https://www.w3.org/TR/annotation-vocab/",
    ),
    "org": Vocabulary(
        "The Organization Ontology",
        "https://www.w3.org/TR/vocab-org/",
        "http://www.opendatacommons.org/licenses/pddl/1.0/",
    ),
    "owl": Vocabulary(
        "OWL 2 Web Ontology Language",
        "https://www.w3.org/TR/owl2-overview/",
        _W3C,
        "https://www.w3.org/TR/owl2-overview/",
    ),
    "prov": Vocabulary(
        "PROV-O: The PROV Ontology",
        "https://www.w3.org/TR/prov-o/",
        _W3C,
        "https://www.w3.org/TR/prov-o/",
    ),
    "qb": Vocabulary(
        "The RDF Data Cube Vocabulary",
        "https://www.w3.org/TR/vocab-data-cube/",
        "http://www.opendatacommons.org/licenses/pddl/1.0/",
    ),
    "rdf": Vocabulary(
        "The RDF Concepts Vocabulary",
        "https://www.w3.org/TR/rdf11-concepts/",
        _W3C,
        "https://www.w3.org/TR/rdf11-concepts/",
    ),
    "rdfs": Vocabulary(
        "The RDF Schema vocabulary",
        "https://www.w3.org/TR/rdf-schema/",
        _W3C,
        "https://www.w3.org/TR/rdf-schema/",
    ),
    "schema": Vocabulary(
        "schema.org",
        "https://schema.org/",
        "https://creativecommons.org/licenses/by-sa/3.0/",
        "https://schema.org/docs/terms.html",
    ),
    "sh": Vocabulary(
        "Shapes Constraint Language (SHACL)",
        "https://www.w3.org/TR/shacl/",
        _W3C,
        "https://www.w3.org/TR/shacl/",
    ),
    "skos": Vocabulary(
        "SKOS Simple Knowledge Organization System",
        "https://www.w3.org/TR/skos-reference/",
        _W3C,
        "https://www.w3.org/TR/skos-reference/",
    ),
    "skosxl": Vocabulary(
        "SKOS eXtension for Labels (SKOS-XL)",
        "https://www.w3.org/TR/skos-reference/skos-xl.html",
        _W3C,
        "https://www.w3.org/TR/skos-reference/skos-xl.html",
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
    "vcard": Vocabulary(
        "vCard Ontology",
        "https://www.w3.org/TR/vcard-rdf/",
        _W3C,
        "https://www.w3.org/TR/vcard-rdf/",
    ),
    "void": Vocabulary(
        "Vocabulary of Interlinked Datasets (VoID)",
        "https://www.w3.org/TR/void/",
        _W3C,
        "https://www.w3.org/TR/void/",
    ),
    "wgs": Vocabulary(
        "WGS84 Geo Positioning",
        "https://www.w3.org/2003/01/geo/",
        _W3C,
        "https://www.w3.org/2003/01/geo/",
    ),
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
        for iri, texts in sorted(labels_of(name, namespace).items()):
            local = iri.removeprefix(namespace)
            term = f"{name}:{local}" if _LOCAL.fullmatch(local) else f"<{iri}>"
            lines.append(f"{term} rdfs:label {', '.join(sorted(map(str, texts)))} .")
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
