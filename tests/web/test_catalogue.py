"""The dataset's description: DCAT-AP 3.0, VoID and PROV ask for it,
and it is true of what is served.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyshacl
import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, FOAF, PROV, RDF, VOID
from tests.conftest import SHARED
from tests.web.conftest import release_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyoxigraph as ox
    from flask.testing import FlaskClient
    from tests.conftest import Site

BASE: Final = "https://w3id.org/unicef-linked/"
DATASET: Final = rdflib.URIRef(f"{BASE}dataset")
SPDX: Final = rdflib.Namespace("http://spdx.org/rdf/terms#")
DCAT_AP: Final = SHARED / "standards" / "dcat-ap-3.0.1"


@pytest.fixture(scope="module")
def described(app: Any) -> rdflib.Graph:
    """The description as a client reads it."""
    return rdflib.Graph().parse(data=app.test_client().get("/dataset.ttl").data, format="turtle")


# DCAT-AP 3.0


@pytest.mark.skipif(not DCAT_AP.is_dir(), reason="the shapes of DCAT-AP are not here")
@pytest.mark.parametrize("shapes", ["shapes", "range"])
def test_the_shapes_of_dcat_ap_hold(described: rdflib.Graph, shapes: str) -> None:
    conforms, _, report = pyshacl.validate(described, shacl_graph=str(DCAT_AP / f"{shapes}.ttl"))
    assert conforms, report


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        pytest.param(
            DCAT.Catalog,
            [DCTERMS.title, DCTERMS.description, DCTERMS.publisher],
            id="7.2 Catalogue",
        ),
        pytest.param(DCAT.Dataset, [DCTERMS.title, DCTERMS.description], id="7.5 Dataset"),
        pytest.param(DCAT.Distribution, [DCAT.accessURL], id="7.8 Distribution"),
        pytest.param(DCAT.DataService, [DCTERMS.title, DCAT.endpointURL], id="7.6 Data service"),
        pytest.param(FOAF.Agent, [FOAF.name], id="7.1 Agent"),
        pytest.param(SPDX.Checksum, [SPDX.algorithm, SPDX.checksumValue], id="7.4 Checksum"),
    ],
)
def test_what_dcat_ap_makes_mandatory_is_there(
    described: rdflib.Graph, kind: rdflib.URIRef, properties: list[rdflib.URIRef]
) -> None:
    found = list(described.subjects(RDF.type, kind))
    assert found
    for subject in found:
        for name in properties:
            assert (subject, name, None) in described, f"{subject} has no {name}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (DCTERMS.license, DCTERMS.LicenseDocument),
        (DCTERMS.language, DCTERMS.LinguisticSystem),
        (DCTERMS.spatial, DCTERMS.Location),
        (DCTERMS.temporal, DCTERMS.PeriodOfTime),
        (DCTERMS.publisher, FOAF.Agent),
        (DCTERMS.conformsTo, DCTERMS.Standard),
        (DCAT.landingPage, FOAF.Document),
    ],
    ids=lambda term: term.split("/")[-1],
)
def test_values_have_the_class_that_dcat_ap_asks_for(
    described: rdflib.Graph, name: rdflib.URIRef, kind: rdflib.URIRef
) -> None:
    values = {
        value
        for place in (DATASET, rdflib.URIRef(f"{DATASET}#sparql"))
        for value in described[place:name]
    }
    assert values
    for value in values:
        assert (value, RDF.type, kind) in described


def test_nobody_is_named_as_contact_since_the_data_names_nobody(described: rdflib.Graph) -> None:
    assert not list(described[DATASET : DCAT.contactPoint])


# VoID


def test_each_linkset_counts_what_leads_there(
    described: rdflib.Graph, release_store: ox.Store
) -> None:
    linksets = list(described.subjects(RDF.type, VOID.Linkset))
    assert len(linksets) > 10
    for linkset in linksets:
        assert described.value(linkset, VOID.subjectsTarget) == DATASET
        assert (DATASET, VOID.subset, linkset) in described
        [predicate] = described[linkset : VOID.linkPredicate]
        target = described.value(linkset, VOID.objectsTarget)
        space = described.value(target, VOID.uriSpace)
        links = release_store.query(
            f'SELECT DISTINCT ?s ?o {{ ?s <{predicate}> ?o FILTER(REGEX(STR(?o), "^{re.escape(str(space))}[^/#]+/?$")) }}'.replace(
                "\\", "\\\\"
            ),
            use_default_graph_as_union=True,
        )
        assert described.value(linkset, VOID.triples).toPython() == len(list(links))  # type: ignore[union-attr,arg-type]


@pytest.mark.parametrize(
    "space",
    [
        "http://www.wikidata.org/entity/",
        "https://sws.geonames.org/",
        "https://www.openstreetmap.org/relation/",
        "https://spelunker.whosonfirst.org/id/",
        "http://eurovoc.europa.eu/",
        "http://metadata.un.org/sdg/",
    ],
)
def test_the_datasets_that_ours_leads_to_are_told(described: rdflib.Graph, space: str) -> None:
    targets = set(described.subjects(VOID.uriSpace, rdflib.Literal(space)))
    assert targets & set(described.objects(None, VOID.objectsTarget))


# Terms and origin


def test_each_graph_of_reference_data_states_its_terms_and_its_source(
    described: rdflib.Graph,
) -> None:
    graphs = {
        graph
        for graph in described.subjects(DCTERMS.title)
        if str(graph).startswith(f"{BASE}graph/reference/")
    }
    assert len(graphs) > 15
    for graph in graphs:
        assert (graph, DCTERMS.license, None) in described or (
            graph,
            DCTERMS.rights,
            None,
        ) in described, graph
        assert list(described[graph : DCTERMS.source]), graph


@pytest.mark.parametrize(
    ("graph", "licence"),
    [
        ("reference/geonames", "https://creativecommons.org/licenses/by/4.0/"),
        ("reference/whosonfirst", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("reference/openstreetmap", "https://opendatacommons.org/licenses/odbl/1-0/"),
        ("mali/offices", "https://creativecommons.org/licenses/by/4.0/"),
    ],
)
def test_licences_are_told_graph_by_graph(
    described: rdflib.Graph, graph: str, licence: str
) -> None:
    assert (
        rdflib.URIRef(f"{BASE}graph/{graph}"),
        DCTERMS.license,
        rdflib.URIRef(licence),
    ) in described


def test_the_release_says_from_what_and_by_what_it_was_made(described: rdflib.Graph) -> None:
    [build] = described[DATASET : PROV.wasGeneratedBy]
    assert (build, RDF.type, PROV.Activity) in described
    assert list(described[build : PROV.used])
    assert list(described[build : PROV.wasAssociatedWith])
    assert (
        DATASET,
        PROV.wasDerivedFrom,
        rdflib.URIRef(f"{BASE}id/source/where-we-work-mali-fr"),
    ) in described


# schema.org


def structured(client: FlaskClient, path: str) -> dict[str, Any]:
    """Return the one block of JSON-LD in a page."""
    response = client.get(path, headers={"Accept": "text/html"})
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    [block] = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL
    )
    found: dict[str, Any] = json.loads(block)
    return found


@pytest.mark.parametrize("path", ["/", "/dataset.html"])
def test_pages_about_the_dataset_embed_it_for_search_engines(
    client: FlaskClient, path: str
) -> None:
    found = structured(client, f"{path}?lang=en")
    assert (found["@context"], found["@type"], found["@id"]) == (
        "https://schema.org",
        "Dataset",
        str(DATASET),
    )
    assert found["name"] == "UNICEF in Mali"
    assert 50 <= len(found["description"]) <= 5000
    assert found["license"].startswith("https://")
    assert found["temporalCoverage"] == "2016-01/.."
    assert {part["encodingFormat"] for part in found["distribution"]} == {
        "application/n-quads",
        "text/turtle",
        "application/ld+json",
    }


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/doc/region/gao", "AdministrativeArea", "Gao Region"),
        ("/doc/organization/unicef", "Organization", "UNICEF"),
        ("/doc/sector/health", "Thing", "health"),
    ],
)
def test_a_page_embeds_its_entity(client: FlaskClient, path: str, kind: str, name: str) -> None:
    found = structured(client, f"{path}.html?lang=en")
    assert found["@id"] == BASE + path.replace("/doc/", "id/")
    assert kind in found["@type"]
    assert found["name"].lower() == name.lower()
    assert found["subjectOf"]["@id"] == str(DATASET)


def test_text_of_strangers_cannot_leave_its_block(
    host: Callable[..., Site], tmp_path: Path
) -> None:
    label = "</script><script>alert(1)</script>"
    (tmp_path / "a.ttl").write_text(
        f'<http://example.org/a> <http://www.w3.org/2000/01/rdf-schema#label> "{label}" ; '
        "<http://example.org/b> <http://example.org/c>, 5 ."
    )
    server = host(release_of(tmp_path))
    page = server.get("/resource.html?iri=http://example.org/a").text
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block)["name"] == label
    assert "<script>alert" not in page
    assert server.get("/dataset.ttl").status_code == 200
