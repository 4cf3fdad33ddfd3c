"""Real vocabularies that registries carry, each served as it is: nothing lost,
everything found, every IRI answered.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
import rdflib

from unicef_linked.build import snapshot
from unicef_linked.config import Settings
from unicef_linked.rdf.formats import GRAPH_FORMATS
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

PACKAGES: Final = Path(__file__).parent / "node_modules" / "@vocabulary"

VOCABULARIES: Final = {
    "crm": "crm",  # it has no title: the name of its file
    "dcat": "The data catalog vocabulary",
    "dcterms": "DCMI Metadata Terms - other",
    "doap": "Description of a Project (DOAP) vocabulary",
    "dqv": "Data Quality Vocabulary",
    "foaf": "Friend of a Friend (FOAF) vocabulary",
    "frbr": "Essential FRBR in OWL2 DL",
    "geo": "GeoSPARQL Ontology",
    "mads": "MADS/RDF (Metadata Authority Description Schema in RDF)",
    "org": "Core organization ontology",
    "prov": "W3C PROVenance Interchange",
    "sioc": "SIOC Core Ontology Namespace",
    "skos": "SKOS Vocabulary",
    "sosa": "Sensor, Observation, Sample, and Actuator (SOSA) Ontology",
    "time": "OWL-Time",
    "void": "Vocabulary of Interlinked Datasets (VoID)",
    "pyshacl/dash": "DASH Data Shapes Vocabulary",
    "pyshacl/shacl": "W3C Shapes Constraint Language (SHACL) Vocabulary",
}
"""Titles of vocabularies by the name of their package, and of those that come with pySHACL."""

SAMPLE: Final = 3
"""Things of each vocabulary whose documents are compared."""


@dataclass(frozen=True)
class Served:
    """One vocabulary as rdflib reads it, and a client of the server that has it."""

    title: str
    graph: rdflib.Graph
    things: list[rdflib.URIRef]  # those with a label, in order
    client: FlaskClient


def _path(name: str) -> Path:
    if name.startswith("pyshacl/"):
        return Path(str(files("pyshacl"))) / "assets" / f"{name.partition('/')[2]}.ttl"
    path = PACKAGES / name / f"{name}.nq"
    assert path.exists(), f"{path} is not installed; make test installs it"
    return path


@pytest.fixture(scope="module", params=VOCABULARIES, ids=str)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    path = _path(request.param)
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(path)
    graph = rdflib.Graph()
    for triple in dataset.triples((None, None, None)):
        graph.add(triple)
    labelled = {s for s, o in graph.subject_objects(rdflib.RDFS.label) if len(o) > 3}
    things = sorted(s for s in labelled if isinstance(s, rdflib.URIRef))
    hosts = {f"{urlsplit(thing).scheme}://{urlsplit(thing).netloc}/" for thing in things}
    settings = Settings(
        languages=("en", "fr"), maps=tuple(f"{h}=/" for h in sorted(hosts) if "://" in h)
    )
    release = snapshot([path], tmp_path_factory.mktemp("vocabulary") / "out", union=True)
    with closing(Embedded(release, "/no/queries", settings)) as store:
        client = create_app(settings, release, store).test_client()
        yield Served(VOCABULARIES[request.param], graph, things, client)


def _sample(served: Served) -> list[rdflib.URIRef]:
    return served.things[:: max(1, len(served.things) // SAMPLE)][:SAMPLE]


def test_every_statement_is_counted_and_can_be_downloaded(served: Served) -> None:
    described = rdflib.Graph().parse(data=served.client.get("/dataset.nt").data, format="nt")
    triples = rdflib.URIRef("http://rdfs.org/ns/void#triples")
    dataset = rdflib.URIRef("http://127.0.0.1:8000/dataset")
    assert int(described.value(dataset, triples)) == len(served.graph)  # type: ignore[arg-type]
    dump = rdflib.Graph().parse(data=served.client.get("/dump/dataset.ttl").data, format="turtle")
    assert len(dump) == len(served.graph)


def test_documents_say_the_same_in_every_format_and_all_that_is_stated(served: Served) -> None:
    for thing in _sample(served):
        texts = {}
        for offer in GRAPH_FORMATS:
            address = f"/resource.{offer.suffix}?iri={quote(thing, safe='')}"
            texts[offer.media_type] = served.client.get(address).data
        reference = _parsed("application/n-triples", texts)
        for media_type in texts:
            document = _parsed(media_type, texts)
            assert _canonical(document) == _canonical(reference), (thing, media_type)
        for triple in served.graph.triples((thing, None, None)):
            assert isinstance(triple[2], rdflib.BNode) or _is_in(triple, reference), triple


def _parsed(media_type: str, texts: dict[str, bytes]) -> rdflib.Graph:
    """Return the default graph of a document."""
    if media_type in {"application/trig", "application/n-quads"}:
        dataset = rdflib.Dataset()
        dataset.parse(data=texts[media_type], format=media_type)
        return dataset.default_graph
    return rdflib.Graph().parse(data=texts[media_type], format=media_type)


def _canonical(graph: rdflib.Graph) -> set[str]:
    """Return a graph in a form that is equal for isomorphic ones (RDFC-1.0), which rdflib lacks."""
    content = graph.serialize(format="nt11")
    dataset = ox.Dataset(ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(map(str, dataset))


def _is_in(triple: tuple[object, ...], graph: rdflib.Graph) -> bool:
    """Tell whether a graph has a triple, a literal by its value: the engine keeps values."""
    subject, predicate, value = triple
    if isinstance(value, rdflib.Literal) and value.language:
        value = rdflib.Literal(str(value), lang=value.language.lower())
    values = graph.objects(subject, predicate)  # type: ignore[arg-type]
    return any(value == other or str(value) == str(other) for other in values)


def test_things_are_found_by_their_labels(served: Served) -> None:
    for thing in _sample(served):
        for label in served.graph.objects(thing, rdflib.RDFS.label):
            results = served.client.get("/search", query_string={"q": str(label)}).json["results"]
            same = [each["iri"] for each in results if each["score"] == results[0]["score"]]
            assert str(thing) in same, label


def test_iris_lead_to_their_descriptions(served: Served) -> None:
    for thing in _sample(served):
        address = thing.partition("#")[0].partition("://")[2].partition("/")[2]
        response = served.client.get(
            f"/{address}", headers={"Accept": "application/n-triples"}, follow_redirects=True
        )
        assert response.status_code == 200, address
        document = rdflib.Graph().parse(data=response.data, format="nt")
        assert (thing, None, None) in document


def test_pages_have_the_title_of_the_data_and_the_names_of_things(served: Served) -> None:
    home = served.client.get("/", headers={"Accept": "text/html"}).text
    assert f"<title>{served.title}</title>" in home
    for thing in _sample(served):
        page = served.client.get(f"/resource.html?iri={quote(thing, safe='')}")
        assert page.status_code == 200
        assert "_:" not in page.text
