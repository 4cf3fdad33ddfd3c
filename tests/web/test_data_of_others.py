"""Data of others, served as it is: what is said of it is true,
and each of its IRIs leads to its description.
"""

from __future__ import annotations

import gzip
import json
import re
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from unicef_linked.build import Content, Statement, build, snapshot
from unicef_linked.cli import main
from unicef_linked.config import Settings
from unicef_linked.dataset.overlaps import OWN_PATHS, warnings
from unicef_linked.rdf.iris import DCTERMS, VOID
from unicef_linked.store.embedded import Embedded
from unicef_linked.store.statements import LoadedStatements
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

PREFIXES: Final = """
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX skosxl: <http://www.w3.org/2008/05/skos-xl#>
PREFIX bird: <https://birds.example/id/>
PREFIX v: <https://birds.example/vocabulary#>
"""
BIRDS: Final = (
    PREFIXES
    + """
<https://birds.example/vocabulary> a owl:Ontology ;
  dcterms:title "Birds"@en, "Oiseaux"@fr ;
  dcterms:description "Water birds of the Niger."@en ;
  dcterms:license <https://creativecommons.org/licenses/by/4.0/> .
v:Bird a owl:Class ; rdfs:label "Bird"@en, "Oiseau"@fr ; rdfs:isDefinedBy <https://birds.example/vocabulary> .
bird:heron a v:Bird ; rdfs:label "Heron"@en, "Haikara"@fi ; v:lives [ v:place "Gao" ] .
<https://birds.example/id/aigrette%20blanche> a v:Bird ; rdfs:label "Aigrette"@fr .
<https://birds.example/id/Ségou?year=2020> a v:Bird .
"""
)
ROOT: Final = Path(__file__).resolve().parents[2]
BASE: Final = "https://data.example/"


@pytest.fixture(scope="module")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., FlaskClient]]:
    """Serve texts, each as a file; ``maps`` and ``public_url`` are settings. The same once."""
    clients: dict[str, FlaskClient] = {}
    with ExitStack() as opened:

        def serve(
            texts: dict[str, str | bytes],
            *,
            maps: tuple[str, ...] = (),
            public_url: str = "",
            **options: Any,
        ) -> FlaskClient:
            key = repr((texts, maps, public_url, options))
            if key in clients:
                return clients[key]
            folder = tmp_path_factory.mktemp("data") / "my_birds"
            folder.mkdir()
            for name, text in texts.items():
                (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            settings = Settings(maps=maps, public_url=public_url, languages=("en", "fr"))
            release = snapshot([folder], folder.with_name("out"), **{"base_iri": BASE, **options})
            store = opened.enter_context(closing(Embedded(release, "/no/queries", settings)))
            clients[key] = create_app(settings, release, store).test_client()
            return clients[key]

        yield serve


def graph(client: FlaskClient, path: str) -> set[ox.Triple]:
    response = client.get(path, headers={"Accept": "application/n-triples"})
    assert response.status_code == 200, response.text
    return {quad.triple for quad in ox.parse(response.data, format=ox.RdfFormat.N_TRIPLES)}


def values(triples: set[ox.Triple], subject: str, predicate: str) -> set[str]:
    return {
        t.object.value  # type: ignore[union-attr]
        for t in triples
        if t.subject == ox.NamedNode(subject) and t.predicate.value == predicate
    }


# What is said of it


def test_title_description_and_licence_are_those_of_the_data(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"birds.ttl": BIRDS})
    about, dataset = graph(client, "/dataset"), f"{BASE}dataset"
    assert values(about, dataset, f"{DCTERMS}title") == {"Birds", "Oiseaux"}
    assert values(about, dataset, f"{DCTERMS}description") == {"Water birds of the Niger."}
    assert values(about, dataset, f"{DCTERMS}source") == {"https://birds.example/vocabulary"}
    assert values(about, dataset, f"{VOID}uriSpace") == {"https://birds.example/"}
    assert "https://birds.example/vocabulary#" in values(about, dataset, f"{VOID}vocabulary")
    page = client.get("/?lang=fr", headers={"Accept": "text/html"}).text
    assert "<h1><bdi" not in page
    assert "Oiseaux</h1>" in page
    assert client.get("/llms.txt").text.startswith("# Birds\n\n> Water birds of the Niger.\n")


@pytest.mark.parametrize(
    "path",
    [
        "/dataset.nt",
        "/",
        "/llms.txt",
        "/robots.txt",
        "/sitemap.xml",
        "/reconcile",
        "/sparql",
        "/dump/",
        "/export/",
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_nothing_is_said_of_our_own_data(
    publish: Callable[..., FlaskClient], path: str, accept: str
) -> None:
    client = publish({"birds.ttl": BIRDS})
    response = client.get(path, headers={"Accept": accept})
    for text in (response.text, str(response.headers)):
        assert "w3id.org/unicef-linked" not in text
        assert "UNICEF" not in text
        assert "region/gao" not in text


@pytest.mark.parametrize(
    ("text", "options", "title"),
    [
        pytest.param(BIRDS, {}, "Birds", id="of the ontology"),
        pytest.param(BIRDS, {"stated": Statement("Egrets")}, "Egrets", id="as the publisher says"),
        pytest.param("<urn:a> a <urn:B> .", {}, "my birds", id="of the folder"),
        pytest.param(
            PREFIXES + "<urn:c> a dcat:Catalog ; dcterms:title 'All' ; dcat:dataset <urn:d> . "
            "<urn:d> a dcat:Dataset ; dcterms:title 'One' .",
            {},
            "All",
            id="of the catalogue rather than of its datasets",
        ),
        pytest.param(
            PREFIXES
            + "<urn:d> a dcat:Dataset ; dcterms:title 'One' . <urn:e> a dcat:Dataset ; dcterms:title 'Two' .",
            {},
            "my birds",
            id="of none of several datasets",
        ),
        pytest.param(
            PREFIXES
            + "<urn:s> a skos:ConceptScheme ; skos:prefLabel 'Themes'@en . <urn:t> skos:inScheme <urn:s> .",
            {},
            "Themes",
            id="of the thesaurus",
        ),
    ],
)
def test_the_home_page_has_the_title(
    publish: Callable[..., FlaskClient], text: str, options: dict[str, object], title: str
) -> None:
    client = publish({"a.ttl": text}, **options)
    assert f"<title>{title}</title>" in client.get("/", headers={"Accept": "text/html"}).text


def test_what_catalogues_expect_and_the_data_lacks_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> a <urn:B> .")
    remarks: list[str] = []
    snapshot([tmp_path / "a.ttl"], tmp_path / "out", remark=remarks.append)
    assert remarks == [
        "the data states of itself no description (--description) and no licence (--license),"
        " which catalogues expect"
    ]


def test_the_prefixes_of_the_files_shorten_names(publish: Callable[..., FlaskClient]) -> None:
    client = publish(
        {
            "birds.ttl": BIRDS,
            "more.rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:fish="https://fish.example/">'
            '<fish:Perch rdf:about="https://fish.example/1"/></rdf:RDF>',
        }
    )
    turtle = client.get("/resource.ttl?iri=https://birds.example/id/heron").text
    assert "bird:heron a v:Bird" in turtle
    assert "PREFIX v:" not in turtle
    page = client.get("/resource.html?iri=https://fish.example/1").text
    assert "fish:Perch" in page


def test_quads_in_named_graphs_are_told_counted_and_listed(
    publish: Callable[..., FlaskClient],
) -> None:
    remarks: list[str] = []
    client = publish(
        {"a.trig": "<urn:a> a <urn:B> . <urn:g> { <urn:c> a <urn:B> ; <urn:p> <urn:a> }"},
        remark=remarks.append,
    )
    assert remarks[0].startswith("2 statements are in 1 named graph, 1 in the default graph;")
    assert values(graph(client, "/dataset"), f"{BASE}dataset", f"{VOID}triples") == {"3"}
    assert ox.NamedNode("urn:g") in {t.object for t in graph(client, "/dataset")}
    page = client.get("/resource.html?iri=urn:a").text
    assert 'href="/resource?iri=urn%3Ac"' in page


# RDF 1.2

RDF12: Final = (
    PREFIXES
    + 'bird:heron v:says <<( bird:heron v:lives "Gao" )>> ; rdfs:label "مالك الحزين"@ar--rtl .'
)


def test_rdf_12_is_served_in_the_formats_that_can_carry_it(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"a.ttl": RDF12})
    address = "/resource{}?iri=https://birds.example/id/heron"
    expected = {quad.triple for quad in ox.parse(RDF12, format=ox.RdfFormat.TURTLE)}
    for suffix, kind in {".ttl": ox.RdfFormat.TURTLE, ".nq": ox.RdfFormat.N_QUADS}.items():
        content = client.get(address.format(suffix)).data
        assert expected <= {quad.triple for quad in ox.parse(content, format=kind)}
    refused = client.get(address.format(".jsonld"))
    assert refused.status_code == 406
    assert "JSON-LD cannot express" in refused.json["detail"]  # type: ignore[index]
    assert "مالك الحزين" in client.get(address.format(".html")).text
    dumps = {file["name"] for file in client.get("/dump/").json["files"]}  # type: ignore[index]
    assert "dataset.ttl" in dumps
    assert "dataset.jsonld" not in dumps


def test_a_dump_is_made_when_it_is_asked_for(
    publish: Callable[..., FlaskClient],
) -> None:
    text = "<urn:only> <urn:here> 1 ."
    client = publish({"a.ttl": text})

    files = client.get("/dump/", headers={"Accept": "application/json"}).json["files"]  # type: ignore[index]
    sizes = {file["name"]: file.get("bytes") for file in files}
    stated = {name for name, size in sizes.items() if size is not None}
    assert stated == {"SHA256SUMS", "dataset.nq"}
    for path in ("/dump/", "/dataset", "/dataset.ttl", "/dataset.jsonld"):
        assert client.get(path, headers={"Accept": "*/*"}).status_code == 200
    response = client.get("/dump/dataset.ttl.gz")
    assert gzip.decompress(response.data) == client.get("/dump/dataset.ttl").data
    assert {name for name in sizes if client.get(f"/dump/{name}").status_code != 200} == set()
    assert client.get("/dump/dataset.rdf").status_code == 404


# IRIs dereference

HERON: Final = "/resource?iri=https%3A%2F%2Fbirds.example%2Fid%2Fheron"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/heron", HERON),
        ("/id/heron.ttl", HERON.replace("?", ".ttl?")),
        ("/id/heron?lang=fr", f"{HERON}&lang=fr"),
        ("/id/aigrette%20blanche", HERON.replace("heron", "aigrette%2520blanche")),
        ("/id/S%C3%A9gou?year=2020", HERON.replace("heron", "S%C3%A9gou%3Fyear%3D2020")),
    ],
)
@pytest.mark.parametrize("how", ["maps", "public_url"])
def test_an_iri_leads_to_its_description(
    publish: Callable[..., FlaskClient], path: str, location: str, how: str
) -> None:
    origin = "https://birds.example"
    client = (
        publish({"a.ttl": BIRDS}, maps=(f"{origin}/=/",))
        if how == "maps"
        else publish({"a.ttl": BIRDS}, public_url=origin)
    )
    response = client.get(path)
    assert (response.status_code, response.headers["Location"]) == (303, location)
    assert client.get(location).status_code == 200
    assert client.post(path).status_code in {404, 405}


def test_what_is_not_described_is_named_in_the_answer(publish: Callable[..., FlaskClient]) -> None:
    response = publish({"a.ttl": BIRDS}).get("/resource.ttl?iri=urn:none")
    assert response.status_code == 404
    assert response.json is not None
    assert response.json["detail"] == "nothing is published about urn:none"


def test_a_mapping_may_have_a_path_and_there_may_be_several(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish(
        {
            "a.ttl": BIRDS
            + "<urn:x:1> a v:Bird . <https://other.example/a/1> a v:Bird . "
            + "<https://birds.example/id/> a v:Bird ."
        },
        maps=("https://birds.example/id/=/birds/", "https://other.example/a/=/birds/others/"),
    )
    assert client.get("/birds/heron").headers["Location"] == HERON
    assert client.get("/birds/others/1").status_code == 303
    assert client.get("/birds/").status_code == 303, "the beginning itself is published too"
    assert client.get("/id/heron").status_code == 404


def test_hash_iris_are_described_in_their_document(publish: Callable[..., FlaskClient]) -> None:
    client = publish({"a.ttl": BIRDS}, maps=("https://birds.example/=/",))
    described = graph(client, "/vocabulary")
    assert values(described, "https://birds.example/vocabulary#Bird", f"{DCTERMS}title") == set()
    assert {t.subject.value for t in described} == {  # type: ignore[union-attr]
        "https://birds.example/vocabulary",
        "https://birds.example/vocabulary#Bird",
    }
    response = client.get("/vocabulary", headers={"Accept": "text/turtle"})
    assert response.headers["Content-Location"] == "/vocabulary.ttl"
    assert '<https://birds.example/vocabulary>; rel="canonical"' in response.headers["Link"]
    assert client.get("/vocabulary.jsonld").status_code == 200
    page = client.get("/vocabulary", headers={"Accept": "text/html"}).text
    assert "Bird</a>" in page


def test_documents_have_links_to_formats_thing_and_licence(
    publish: Callable[..., FlaskClient],
) -> None:
    links = publish({"a.ttl": BIRDS}).get(HERON).headers["Link"]
    for value in (
        f'<{BASE[:-1]}{HERON}>; rel="canonical"',
        '<https://birds.example/id/heron>; rel="describes"',
        '<https://birds.example/id/heron>; rel="cite-as"',
        '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
        f'<{HERON.replace("?", ".jsonld?")}>; rel="alternate"; type="application/ld+json"',
    ):
        assert value in links


def test_the_sitemap_lists_every_thing_and_crawlers_may_read_it(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"a.ttl": BIRDS})
    assert f"<loc>http://localhost{HERON}</loc>" in client.get("/sitemap.xml").text
    assert "Disallow: /resource" not in client.get("/robots.txt").text


def test_our_own_paths_go_before_those_of_the_data(publish: Callable[..., FlaskClient]) -> None:
    data = "".join(f"<{BASE[:-1]}{each}> a <urn:T> .\n" for each in OWN_PATHS)
    client = publish({"a.ttl": data})
    locations = {path: client.get(path).headers.get("Location", "") for path in OWN_PATHS}
    assert {path for path, address in locations.items() if "/resource?iri=" in address} == set()


def test_the_paths_that_hide_iris_of_the_data_are_all_named(
    publish: Callable[..., FlaskClient],
) -> None:
    rules = {rule.rule for rule in publish({"a.ttl": BIRDS}).application.url_map.iter_rules()}
    fixed = {rule for rule in rules if "<" not in rule and rule not in OWN_PATHS}
    data = "".join(f"<{BASE[:-1]}{each}> a <urn:T> .\n" for each in fixed)
    client = publish({"a.ttl": data})
    answers = {rule: client.get(rule).headers.get("Location", "") for rule in fixed}
    hiding = {rule for rule, address in answers.items() if "/resource?iri=" not in address}
    assert hiding == {"/reconcile/properties"}


@pytest.mark.parametrize(
    ("iri", "mapping", "words"),
    [
        (f"{BASE}search", (BASE, "/"), f"<{BASE}search> is answered by our /search, not by its"),
        (f"{BASE}search#it", (BASE, "/"), f"<{BASE}search#it> is answered by our /search"),
        (f"{BASE}?p=5", (BASE, "/"), f"<{BASE}?p=5> is answered by our /,"),
        (f"{BASE}dataset.ttl", (BASE, "/"), "is answered by our /dataset.ttl"),
        (f"{BASE}dump", (BASE, "/"), "is answered by our /dump,"),
        (f"{BASE}dataset", (BASE, "/"), ""),
        (f"{BASE}sparql", (BASE, "/data/"), ""),
        (f"{BASE}searching", (BASE, "/"), ""),
        (
            "https://x.example/a/sparql",
            ("https://x.example/a/", "/"),
            "--map https://x.example/a/=",
        ),
        ("https://x.example/a/sparql", ("https://x.example/", "/"), ""),
    ],
)
def test_an_iri_that_a_path_of_ours_hides_is_named(
    tmp_path: Path, iri: str, mapping: tuple[str, str], words: str
) -> None:
    (tmp_path / "a.ttl").write_text(f"<{iri}> a <urn:T> .")
    release = snapshot([tmp_path / "a.ttl"], tmp_path / "out", base_iri=BASE)
    sentences = list(warnings(release, [mapping]))
    assert len(sentences) == bool(words)
    assert words in "".join(sentences)


def test_a_document_of_many_blank_nodes_loads_each_once(
    publish: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = "".join(f"v:c{n} rdfs:subClassOf [ v:has [ v:number {n} ] ] .\n" for n in range(300))
    client = publish({"a.ttl": PREFIXES + nodes}, maps=("https://birds.example/=/",))
    loaded: list[int] = []
    load = LoadedStatements.load

    def count(self: LoadedStatements, subjects: Any = (), objects: Any = ()) -> None:
        subjects = list(subjects)
        loaded.append(len(subjects))
        load(self, subjects, objects)

    monkeypatch.setattr(LoadedStatements, "load", count)
    assert client.get("/vocabulary.nt").status_code == 200
    assert sum(loaded) < 10 * 300


# Search, reconciliation

LABELS: Final = (
    PREFIXES
    + """
PREFIX dc: <http://purl.org/dc/elements/1.1/> PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX schema: <https://schema.org/>
<urn:x:1> a v:Bird ; rdfs:label "Grey heron"@en, "Harmaahaikara"@fi .
<urn:x:2> a v:Bird ; skos:prefLabel "Egret"@en ; skos:altLabel "Aigrette garzette"@fr .
<urn:x:3> a v:Bird ; skosxl:prefLabel [ skosxl:literalForm "Spoonbill"@en ] ; skosxl:altLabel <urn:l> .
<urn:l> a skosxl:Label ; skosxl:literalForm "Lepelaar"@nl .
<urn:x:4> a v:Bird ; dc:title "Pelican" .
<urn:x:5> a v:Bird ; foaf:name "Stork" ; v:eats <urn:x:2> .
<urn:x:6> a v:Bird ; schema:name "鷺"@ja ; schema:alternateName "サギ"@ja .
<urn:x:7> a v:Bird ; dcterms:title "مالك الحزين"@ar .
v:Bird a owl:Class ; rdfs:label "Bird"@en, "Oiseau"@fr .
"""
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("grey heron", 1),
        ("harmaahaikara", 1),
        ("egret", 2),
        ("aigrette garzete", 2),
        ("Spoonbill", 3),
        ("lepelaar", 3),
        ("pelican", 4),
        ("stork", 5),
        ("鷺", 6),
        ("サギ", 6),
        ("مالك الحزين", 7),
    ],
)
def test_a_thing_is_found_by_any_label_in_any_language(
    publish: Callable[..., FlaskClient], name: str, number: int
) -> None:
    client, iri = publish({"a.ttl": LABELS}), f"urn:x:{number}"
    results = client.get("/search", query_string={"q": name}).json["results"]  # type: ignore[index]
    assert results[0]["iri"] == results[0]["id"] == iri
    assert results[0]["type"] == "https://birds.example/vocabulary#Bird"
    page = client.get("/search", query_string={"q": name}, headers={"Accept": "text/html"}).text
    assert f'href="/resource?iri=urn%3Ax%3A{number}"' in page
    queries = json.dumps({"q0": {"query": name, "type": results[0]["type"]}})
    best = client.get("/reconcile", query_string={"queries": queries}).json["q0"]["result"][0]  # type: ignore[index]
    assert best["id"] == iri
    assert best["type"][0]["name"] == "Bird"


def test_ids_make_the_round_trip_of_openrefine(publish: Callable[..., FlaskClient]) -> None:
    client = publish({"a.ttl": LABELS})
    manifest = client.get("/reconcile").json
    assert manifest is not None
    url = manifest["view"]["url"].replace("{{id}}", quote("urn:x:5", safe=""))
    assert client.get(url.removeprefix("http://localhost")).status_code == 200
    assert {"id": "https://birds.example/vocabulary#Bird", "name": "Bird"} in manifest[
        "defaultTypes"
    ]
    proposed = client.get(
        "/reconcile/properties", query_string={"type": "https://birds.example/vocabulary#Bird"}
    ).json["properties"]  # type: ignore[index]
    assert "v:eats" in {each["id"] for each in proposed}
    extend = json.dumps({"ids": ["urn:x:5"], "properties": [{"id": "v:eats"}]})
    rows = client.get("/reconcile", query_string={"extend": extend}).json["rows"]  # type: ignore[index]
    assert rows == {"urn:x:5": {"v:eats": [{"id": "urn:x:2", "name": "Egret"}]}}
    suggested = client.get("/reconcile/suggest/entity?prefix=gre").json["result"]  # type: ignore[index]
    assert suggested[0]["id"] == "urn:x:1"
    for path in ("preview", "flyout/entity"):
        assert "Stork" in client.get(f"/reconcile/{path}?id=urn:x:5").text


def test_reconciliation_names_borrowed_classes_and_properties_as_pages_do(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"a.ttl": THESAURUS})
    manifest = client.get("/reconcile").json
    kind = {"id": "http://www.w3.org/2004/02/skos/core#Concept", "name": "Concept"}
    assert kind in manifest["defaultTypes"]  # type: ignore[index]
    suggested = client.get("/reconcile/suggest/type?prefix=conc").json["result"]  # type: ignore[index]
    assert kind in suggested
    proposed = client.get("/reconcile/properties", query_string={"type": kind["id"]}).json
    assert {"id": "skos:broader", "name": "has broader"} in proposed["properties"]  # type: ignore[index]


def test_an_iri_or_a_short_name_is_resolved(publish: Callable[..., FlaskClient]) -> None:
    client = publish(
        {
            "a.ttl": BIRDS
            + 'bird:heron skos:notation "ARDEA"^^v:code ; skos:exactMatch <http://other.example/7> .'
        }
    )
    for iri in ("https://birds.example/id/heron", "bird:heron", "http://other.example/7"):
        answer = client.get(
            "/resolve", query_string={"iri": iri}, headers={"Accept": "text/turtle"}
        )
        assert "bird:heron" in answer.text
    assert client.get("/resolve?code=ardea&scheme=code").status_code == 200
    assert client.post("/resolve", json=["bird:heron"]).json[0]["results"][0]["types"] == [  # type: ignore[index]
        "https://birds.example/vocabulary#Bird"
    ]


def test_a_class_is_listed_by_name_in_pages_and_filtered(
    publish: Callable[..., FlaskClient],
) -> None:
    texts = (f'<urn:n:{n}> a v:Bird ; rdfs:label "Bird {n:03}" .' for n in range(120))
    client = publish({"a.ttl": PREFIXES + "\n".join(texts)})
    kind = "https://birds.example/vocabulary#Bird"
    answer = client.get("/search", query_string={"type": kind, "offset": 50}).json
    assert answer is not None
    assert answer["total"] == 120
    assert [each["label"] for each in answer["results"]] == [f"Bird {n:03}" for n in range(50, 100)]
    page = client.get("/search", query_string={"type": kind}, headers={"Accept": "text/html"}).text
    assert "offset=50" in page
    filtered = client.get("/search", query_string={"type": kind, "q": "bird 007"}).json
    assert filtered is not None
    assert filtered["results"][0]["iri"] == "urn:n:7"
    overview = client.get(
        "/resource", query_string={"iri": kind}, headers={"Accept": "text/html"}
    ).text
    assert "/search?q=&amp;type=https%3A//birds.example/vocabulary%23Bird" in overview


# Pages

NESTED: Final = (
    PREFIXES
    + """
bird:heron a v:Bird ; rdfs:label "Heron"@en ;
  v:nest [ v:in "reeds"@en ; v:eggs [ v:number 4 ] ] ;
  v:seen ( "Gao" "Mopti" ) ;
  skosxl:altLabel [ a skosxl:Label ; skosxl:literalForm "Crane"@en ] .
v:Wader a owl:Class ; rdfs:label "Wader"@en ; rdfs:subClassOf
  [ a owl:Restriction ; owl:onProperty v:eats ; owl:someValuesFrom [ a owl:Class ; owl:unionOf ( v:Fish v:Frog ) ] ] ,
  [ a owl:Restriction ; owl:onProperty v:eats ; owl:minQualifiedCardinality 2 ; owl:onClass v:Fish ] .
v:eats rdfs:label "eats"@en . v:Fish rdfs:label "fish"@en . v:Frog rdfs:label "frog"@en .
<https://birds.example/no/label> a v:Bird ; <https://elsewhere.example/terms#wingSpan> 1 .
"""
)


def shown(client: FlaskClient, iri: str, **parameters: str) -> str:
    """Return the words of a page, one space between them."""
    page = client.get("/resource.html", query_string={"iri": iri, "lang": "en", **parameters}).text
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


@pytest.mark.parametrize(
    ("iri", "words"),
    [
        ("https://birds.example/id/heron", "v:nest v:eggs v:number 4 integer v:in reeds"),
        ("https://birds.example/id/heron", "v:seen Gao Mopti"),
        ("https://birds.example/id/heron", "alternative label Crane"),
        ("https://birds.example/vocabulary#Wader", "eats some ( fish or frog )"),
        ("https://birds.example/vocabulary#Wader", "eats min 2 fish"),
        # A list is no thing of its own: what leads to a member is the property that has the list.
        (
            "https://birds.example/vocabulary#Frog",
            "unionOf ” of Wader ( eats some ( fish or frog ))",
        ),
        ("https://birds.example/no/label", "v:Bird label What"),
        ("https://birds.example/no/label", "wingSpan 1"),
    ],
)
def test_blank_nodes_lists_and_restrictions_are_shown_where_they_are_used(
    publish: Callable[..., FlaskClient], iri: str, words: str
) -> None:
    text = shown(publish({"a.ttl": NESTED}), iri).replace("xsd:", "")
    assert words in text
    assert "_:" not in text


def test_what_several_graphs_state_is_shown_once(publish: Callable[..., FlaskClient]) -> None:
    genid = f"{BASE}.well-known/genid/"
    one, two = f"<{genid}1>", f"<{genid}2>"
    members = (
        f'{one} rdf:first "Gao" ; rdf:rest {two} . {two} rdf:first "Mopti" ; rdf:rest rdf:nil .'
    )
    node = f"<urn:a> <urn:p> {one} ."
    graphs = "".join(f"<urn:g:{n}> {{ {node} {members} }}" for n in (1, 2))
    client = publish({"a.trig": PREFIXES + graphs}, union=True)
    assert "p Gao Mopti Graph" in shown(client, "urn:a")


def test_classes_and_properties_have_the_names_of_their_vocabularies(
    publish: Callable[..., FlaskClient],
) -> None:
    catalogue = (
        PREFIXES
        + """PREFIX foaf: <http://xmlns.com/foaf/0.1/>
<urn:c> a dcat:Catalog ; dcterms:title "All"@en ; dcterms:publisher [ a foaf:Organization ] ; dcat:dataset <urn:d> .
<urn:d> a dcat:Dataset ; dcterms:title "Trees"@en ; dcterms:issued "2024"^^<urn:year> .
<urn:o> a <http://www.w3.org/ns/org#Organization> .
dcterms:issued rdfs:label "came out"@en .
"""
    )
    client = publish({"a.ttl": catalogue})
    assert "Catalog All" in shown(client, "urn:c")
    assert "Publisher type Organization" in shown(client, "urn:c")
    assert "came out 2024" in shown(client, "urn:d"), "those of the data come first"
    assert "Jeu de données Trees" in shown(client, "urn:d", lang="fr")
    home = client.get("/?lang=en", headers={"Accept": "text/html"}).text
    assert 'Organization</bdi> <code translate="no">foaf:Organization</code>' in home, (
        "two are alike"
    )


def test_a_triple_term_is_shown_with_links(publish: Callable[..., FlaskClient]) -> None:
    assert "&lt;&lt;( Heron v:lives Gao )&gt;&gt;" in shown(
        publish({"a.ttl": RDF12 + ' bird:heron rdfs:label "Heron"@en .'}),
        "https://birds.example/id/heron",
    )


ANNOTATED: Final = (
    PREFIXES
    + """
bird:heron a v:Bird {| v:by "Oumar" |} ;
  v:eats v:Fish {| v:by "Awa" ; v:when [ v:year 02021 ] |} ~ bird:note {| v:by "Fanta" {| v:sure 0.5 |} |} ;
  v:weight 01.50 ~ ;
  v:nest [ v:in "reeds" {| v:by "Issa" |} ] .
"""
)


@pytest.mark.parametrize(
    ("iri", "words"),
    [
        ("id/heron", "v:eats v:Fish About this statement v:by Awa v:when v:year 2021"),
        ("id/heron", "About this statement bird:note v:by Fanta About this statement v:sure 0.5"),
        ("id/heron", "v:in reeds About this statement v:by Issa"),
        ("id/heron", "type v:Bird About this statement v:by Oumar"),
        ("id/heron", "v:weight 1.5 decimal Identifier"),
        ("vocabulary#Fish", "bird:heron About this statement v:by Awa"),
        ("id/note", "<<( bird:heron v:eats v:Fish )>>"),
    ],
)
def test_annotations_are_shown_beside_the_statement_that_they_annotate(
    publish: Callable[..., FlaskClient], iri: str, words: str
) -> None:
    page = shown(publish({"a.ttl": ANNOTATED}), f"https://birds.example/{iri}")
    for old, new in {"xsd:": "", " integer": "", "&lt;": "<", "&gt;": ">"}.items():
        page = page.replace(old, new)
    assert words in page


def test_documents_have_the_annotations_of_their_statements(
    publish: Callable[..., FlaskClient],
) -> None:
    client, address = (
        publish({"a.ttl": ANNOTATED}),
        "/resource{}?iri=https://birds.example/id/heron",
    )
    texts = {
        t.object.value
        for t in graph(client, address.format(""))
        if isinstance(t.object, ox.Literal)
    }
    assert {"Oumar", "Awa", "Fanta", "Issa", "0.5", "2021"} <= texts
    assert client.get(address.format(".jsonld")).status_code == 406


def test_circles_of_blank_nodes_end(publish: Callable[..., FlaskClient]) -> None:
    client = publish(
        {
            "a.ttl": "<urn:a> <urn:p> _:b . _:b <urn:p> _:c . _:c <urn:p> _:b . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> 1 ; <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l . <urn:a> <urn:q> _:l ."
        }
    )
    assert client.get("/resource.html?iri=urn:a").status_code == 200


THESAURUS: Final = (
    PREFIXES
    + """
<urn:s> a skos:ConceptScheme ; skos:prefLabel "Themes"@en .
<urn:a> a skos:Concept ; skos:inScheme <urn:s> ; skos:topConceptOf <urn:s> ; skos:prefLabel "Animals"@en, "Eläimet"@fi .
<urn:b> a skos:Concept ; skos:inScheme <urn:s> ; skos:broader <urn:a> ; skos:prefLabel "Birds"@en, "Linnut"@fi .
<urn:c> a skos:Concept ; skos:inScheme <urn:s> ; skos:broader <urn:b> ; skos:prefLabel "Cranes"@en, "Kurjet"@fi .
<urn:k> a skos:Collection ; skos:prefLabel "Waders"@en ; skos:member <urn:c> .
<urn:o> a skos:OrderedCollection ; skos:prefLabel "By size"@en ; skos:memberList ( <urn:b> <urn:c> ) .
"""
)


def test_a_concept_scheme_has_its_tree_alphabet_and_collections(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"a.ttl": THESAURUS})
    text = shown(client, "urn:s")
    assert "Hierarchy Animals 1 Birds 1 Cranes" in text
    assert "Alphabet A 1 B 1 C 1" in text
    assert "Collections By size Waders" in text
    assert "C 1 Cranes" in shown(client, "urn:s", letter="C")


def test_a_scheme_without_a_hierarchy_says_how_many_concepts_it_leaves_out(
    publish: Callable[..., FlaskClient],
) -> None:
    concepts = "".join(
        f'<urn:x:{n}> skos:inScheme <urn:s> ; skos:prefLabel "Word {1000 - n}"@en .\n'
        for n in range(100, 610)
    )
    text = shown(publish({"a.ttl": THESAURUS.partition("<urn:a>")[0] + concepts}), "urn:s")
    hierarchy = text.partition("Hierarchy ")[2].partition(" Alphabet")[0]
    assert hierarchy.startswith("Word 391 Word 392"), "the first by name"
    assert hierarchy.endswith("Word 890 10 more")


def test_a_circle_of_concepts_ends(publish: Callable[..., FlaskClient]) -> None:
    client = publish({"a.ttl": THESAURUS + "<urn:a> skos:broader <urn:c> ."})
    assert "Cranes" in shown(client, "urn:s")


def test_the_languages_of_content_and_interface_are_chosen_apart(
    publish: Callable[..., FlaskClient],
) -> None:
    client = publish({"a.ttl": THESAURUS})
    page = client.get("/resource.html?iri=urn:b&lang=fr&clang=fi").text
    assert "<h1>" in page
    assert re.search(r"<h1><bdi lang=\"fi\"[^>]*>Linnut</bdi></h1>", page)
    assert '<html lang="fr">' in page
    assert "clang=en" in page
    assert 'href="/?lang=fr&amp;clang=fi"' in page
    fallback = client.get("/resource.html?iri=urn:k&lang=fr&clang=fi").text
    assert re.search(r'<h1><bdi lang="en"[^>]*>Waders</bdi></h1>', fallback)


def test_the_command_hands_its_options_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.ttl").write_text("<urn:a> a <urn:B> .")
    (tmp_path / "b.ttl").write_text("<urn:a>")
    served: list[tuple[Any, Settings]] = []
    monkeypatch.setattr(
        "unicef_linked.web.server.serve",
        lambda release, settings, **_: served.append((release.manifest, settings)),
    )
    mapping = "https://birds.example/=/"
    arguments = ["--data", str(tmp_path), "--skip-bad", "--title", "Birds", "--map", mapping]
    assert main(["serve", *arguments, "--license", "https://l.example/1", "--port", "8080"]) == 0
    [(manifest, settings)] = served
    assert (manifest.title, manifest.license) == ("Birds", "https://l.example/1")
    assert manifest.base_iri == "http://127.0.0.1:8080/"
    assert settings.maps == (mapping,)
    assert settings.languages == ("en", "fr")
    monkeypatch.setenv("UNICEF_LINKED_LANGUAGES", "fr,en")
    assert main(["serve", *arguments]) == 0
    assert served[1][1].languages == ("fr", "en")
    for bad in (["--map", "nowhere"], ["--license", "x"], ["--skip-bad"]):
        assert main(["serve", *bad]) == 2


def test_a_named_graph_has_a_page(publish: Callable[..., FlaskClient]) -> None:
    client = publish(
        {
            "a.trig": "<urn:g> { <urn:c> a <urn:B> } <urn:h> { <urn:h> <http://www.w3.org/2000/01/rdf-schema#label> 'Notes' }"
        }
    )
    home = client.get("/", headers={"Accept": "text/html"}).text
    assert 'href="/resource?iri=urn%3Ag"' in home
    assert "Notes</bdi></a>" in home
    page = client.get("/resource.html?iri=urn:g", follow_redirects=True).text
    assert "urn:c" in page or "urn%3Ac" in page
    assert len(graph(client, "/resource?iri=urn:g")) == 1
    assert "1 statement" in shown(client, "urn:h")


# The first example of the documentation

DOCUMENT: Final = (ROOT / "docs" / "publish-your-data.md").read_text(encoding="utf-8")
REQUESTS: Final = re.findall(r"^GET (\S+) +(\d+) (.*)$", DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize(("path", "status", "answer"), REQUESTS)
def test_the_example_of_the_documentation_runs(
    publish: Callable[..., FlaskClient], path: str, status: str, answer: str
) -> None:
    turtle, mapping = re.search(r"```turtle\n(.*?)```", DOCUMENT, re.DOTALL), "--map (.*)"
    maps = tuple(re.findall(mapping, DOCUMENT)[:1])
    assert turtle
    response = publish({"birds.ttl": turtle[1]}, maps=maps).get(path)
    assert response.status_code == int(status)
    assert answer in response.headers.get("Location", "") + response.text


# Data of others that is built

SHAPES: Final = """
PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX v: <https://birds.example/vocabulary#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX s: <https://birds.example/shapes#>
s:Bird a sh:NodeShape ; sh:targetClass v:Bird ; sh:property s:Bird-label, s:Bird-lives .
s:Bird-label a sh:PropertyShape ; sh:path rdfs:label ; sh:minCount 1 ; sh:message "Give it a label."@en .
s:Bird-lives a sh:PropertyShape ; sh:path v:lives ; sh:group s:Where ; sh:name "lives in"@en ; sh:order 1 .
s:Where a sh:PropertyGroup ; rdfs:label "Where it is seen"@en ; sh:order 1 .
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("built")
    texts = {
        "data": BIRDS.replace("bird:heron a", "bird:heron v:nest [ v:in 'reeds' ] ; a").replace(
            "<https://birds.example/id/Ségou?year=2020> a v:Bird .", ""
        ),
        "shapes": SHAPES,
        "ontology": PREFIXES + "v:Wader a owl:Class ; rdfs:subClassOf v:Bird .",
    }
    for name, text in texts.items():
        (folder / f"{name}.ttl").write_text(text)
    (folder / "rules").mkdir()
    parts = [(folder / f"{name}.ttl",) for name in ("data", "shapes", "ontology")]
    release = build(Content(*parts, folder / "rules"), folder / "out", "https://birds.example/")
    settings = Settings(languages=("en", "fr"))
    with closing(Embedded(release, "/no/queries", settings)) as store:
        yield create_app(settings, release, store).test_client()


def test_built_data_of_others_is_browsed_as_well(built: FlaskClient) -> None:
    home = built.get("/", headers={"Accept": "text/html"}).text
    assert "the words it rests on" not in home
    assert "/resource?iri=https%3A%2F%2Fbirds.example%2Fvocabulary%23Bird" in home
    assert (
        f'href="{HERON}"'
        in built.get("/resource.html?iri=https://birds.example/vocabulary%23Bird").text
    )
    assert built.get("/id/heron").headers["Location"] == HERON
    assert built.get("/search?q=haikara").json["results"][0]["label"] == "Heron"  # type: ignore[index]
    assert f"<loc>http://localhost{HERON}</loc>" in built.get("/sitemap.xml").text


def test_built_pages_are_laid_out_by_the_shapes_of_others(built: FlaskClient) -> None:
    text = shown(built, "https://birds.example/id/heron")
    assert "Where it is seen" in text
    assert "reeds" in text
    assert "lives in place Gao" in text
    assert ".well-known" not in text.partition("Identifier")[0]


def test_what_stands_for_a_blank_node_leads_to_its_statements(built: FlaskClient) -> None:
    turtle = built.get("/resource.nt?iri=https://birds.example/id/heron").text
    genid = re.search(r"<https://birds.example(/\.well-known/genid/[^>]*)>", turtle)
    assert genid
    assert built.get(genid[1], follow_redirects=True).status_code == 200


# Many statements about one thing


def test_more_than_a_thousand_statements_are_paged_and_said_to_be(
    publish: Callable[..., FlaskClient],
) -> None:
    members = "".join(
        f"<urn:n:{number}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:C> .\n"
        for number in range(1500)
    )
    client = publish({"a.nt": "<urn:C> <urn:p> <urn:q> .\n" + members})
    first, second = (graph(client, f"/resource?iri=urn:C{page}") for page in ("", "&page=2"))
    subjects = [
        {t.subject for t in page if t.object == ox.NamedNode("urn:C")} for page in (first, second)
    ]
    document = ox.NamedNode(f"{BASE}resource?iri=urn%3AC")
    assert [len(page - {document}) for page in subjects] == [200, 200]
    assert any(t.predicate.value.endswith("hydra/core#next") for t in first)
    assert any("1500 statements lead" in str(t.object) for t in first)
    assert len(graph(client, "/resource?iri=urn:C&page=8")) > 100
    assert client.get("/resource?iri=urn:C&page=9").status_code == 404
    assert "page=2" in client.get("/resource.html?iri=urn:C").text
