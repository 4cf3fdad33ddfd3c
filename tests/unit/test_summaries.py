"""What is counted of a whole dataset is what SPARQL counts."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import pytest

from unicef_linked.dataset.published import PublishedDataset
from unicef_linked.links import outgoing
from unicef_linked.rdf import summaries
from unicef_linked.rdf.iris import RDF, Names
from unicef_linked.rdf.labels import LABEL_PROPERTIES
from unicef_linked.rdf.mappings import MAPPINGS, REPLACED_BY
from unicef_linked.rdf.summaries import DESCRIPTIONS, MAX_LISTED, Summaries, from_json, summarize
from unicef_linked.release.iris import SortedIris
from unicef_linked.release.lines import open_lines
from unicef_linked.release.summaries import ReleaseSummaries

if TYPE_CHECKING:
    from unicef_linked.release import Release

NAMES: Final = Names()
OWN: Final = f"STRSTARTS(STR(?class), '{NAMES.ontology}#')"

PREFIXES: Final = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX oa: <http://www.w3.org/ns/oa#>
"""

EVIDENCE: Final = """
SELECT ?kind (COUNT(*) AS ?number) (SUM(?has) AS ?claimed) {
  SELECT DISTINCT ?s ?p ?o ?kind ?has {
    { SELECT DISTINCT ?p ?kind { ?some rdf:predicate ?p ; rdf:object ?v .
                                 BIND (IF(?p = rdf:type, ?v, ?p) AS ?kind) } }
    { SELECT DISTINCT ?g { ?g dcterms:source ?source . ?passage oa:hasSource ?source } }
    GRAPH ?g { ?s ?p ?o }
    FILTER (?p != rdf:type || ?o = ?kind)
    BIND (IF(EXISTS { ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }, 1, 0) AS ?has)
  }
} GROUP BY ?kind
"""

LINKS: Final = """
SELECT ?space ?link (COUNT(*) AS ?links) {
  SELECT DISTINCT ?s ?link ?o ?space {
    VALUES ?link { %s } ?s ?link ?o FILTER (ISIRI(?s) && ISIRI(?o))
    BIND (REPLACE(STR(?o), "[^/#]+/?$", "") AS ?space)
    FILTER (!STRSTARTS(STR(?s), ?space) && !STRSTARTS(?space, "%s") && !STRENDS(?space, "://"))
  }
} GROUP BY ?space ?link
"""


def nodes(iris: tuple[str, ...]) -> str:
    """Return IRIs as SPARQL has them."""
    return " ".join(f"<{iri}>" for iri in iris)


def ask(store: ox.Store, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query as plain values."""
    solutions = store.query(PREFIXES + query)
    assert isinstance(solutions, ox.QuerySolutions)
    variables = solutions.variables
    rows = []
    for row in solutions:
        values = [row[variable] for variable in variables]
        rows.append(
            tuple(
                int(v.value) if isinstance(v, ox.Literal) and v.value.isdigit() else v and v.value  # type: ignore[union-attr]
                for v in values
            )
        )
    return sorted(rows, key=str)


@pytest.fixture(scope="module")
def counts(release: Release) -> Summaries:
    """The published counts of the packaged dataset."""
    return ReleaseSummaries(release).counts


def test_what_is_published_is_what_is_counted(release: Release, counts: Summaries) -> None:
    lines = open_lines(release.dataset)
    targets = summaries.read_targets(release.shapes())
    counted, urls = summarize(lines.__iter__, NAMES, union=True, targets=targets)
    assert (release.path / "summaries" / "counts.json").is_file()
    assert counted == counts == from_json(json.loads(json.dumps(counted.to_json())))
    assert [url.decode() for url in urls] == list(ReleaseSummaries(release).outgoing.since(0))
    assert from_json(counted.to_json() | {"version": 0}) is None


def test_evidence_links_and_languages(release_store: ox.Store, counts: Summaries) -> None:
    assert sorted(counts.evidence, key=str) == ask(release_store, EVIDENCE)
    query = LINKS % (nodes(MAPPINGS), NAMES.base)
    assert sorted(counts.links, key=str) == ask(release_store, query)
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    assert [(counts.default_graph,)] == ask(release_store, query)
    query = f"""SELECT ?tag (COUNT(*) AS ?n) {{ VALUES ?p {{ {nodes(LABEL_PROPERTIES)} }}
      GRAPH ?g {{ ?s ?p ?o }} BIND (LANG(?o) AS ?tag) FILTER (?tag != "") }} GROUP BY ?tag"""
    assert sorted(counts.languages.items()) == ask(release_store, query)
    query = f"""SELECT ?value (COUNT(DISTINCT ?c) AS ?n) {{
      ?c rdf:predicate ?p ; <{NAMES.term("basis")}> ?value }} GROUP BY ?value"""
    assert sorted(counts.bases) == ask(release_store, query)


@pytest.mark.parametrize(
    ("field", "properties"), [("names", LABEL_PROPERTIES), ("descriptions", DESCRIPTIONS)]
)
def test_texts(
    release_store: ox.Store, counts: Summaries, field: str, properties: tuple[str, ...]
) -> None:
    texts = getattr(counts, field)
    pattern = f"VALUES ?p {{ {nodes(properties)} }} ?s ?p ?text ; a ?class BIND (LANG(?text) AS ?l)"
    query = f"SELECT ?class ?l (COUNT(DISTINCT ?s) AS ?n) {{ {pattern} }} GROUP BY ?class ?l"
    flat = [(c, tag, n) for c, by_tag in texts.by_class.items() for tag, n in by_tag.items()]
    assert sorted(flat, key=str) == ask(release_store, query)
    query = f"SELECT ?l (COUNT(DISTINCT ?s) AS ?n) {{ {pattern} FILTER ({OWN}) }} GROUP BY ?l"
    assert sorted(texts.by_language.items()) == ask(release_store, query)
    query = f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s a ?class FILTER ({OWN}) }}"
    assert [(texts.things,)] == ask(release_store, query)
    for kind, by_tag in texts.by_class.items():
        for tag in by_tag:
            query = f"""SELECT ?s {{ ?s a <{kind}> FILTER NOT EXISTS {{
              VALUES ?p {{ {nodes(properties)} }} ?s ?p ?t FILTER (LANG(?t) = "{tag}") }} }}"""
            without = [iri for (iri,) in ask(release_store, query)]
            expected = without if len(without) <= MAX_LISTED else []
            assert texts.without.get(kind, {}).get(tag, []) == expected, (kind, tag)


def test_classes_and_examples(release_store: ox.Store, counts: Summaries) -> None:
    query = f"SELECT ?class (MIN(STR(?s)) AS ?f) {{ ?s a ?class FILTER({OWN}) }} GROUP BY ?class"
    assert sorted(counts.instances.items()) == ask(release_store, query)
    kinds: dict[str, set[str]] = defaultdict(set)
    instances: dict[str, list[str]] = defaultdict(list)
    for kind, iri in ask(release_store, "SELECT DISTINCT ?c ?s { ?s a ?c FILTER(ISIRI(?s)) }"):
        pair = NAMES.type_and_key(iri)
        instances[kind].append(iri)
        if kind.startswith(f"{NAMES.ontology}#"):
            kinds[kind].add(pair[0] if pair else "")
    uniform = {kind: min(t) for kind, t in kinds.items() if len(t) == 1 and "" not in t}
    assert counts.types == uniform
    assert counts.few == {k: sorted(v) for k, v in instances.items() if len(v) <= MAX_LISTED}
    query = f"""SELECT ?p (MIN(STR(?s)) AS ?f) {{ ?s ?p ?o FILTER(ISIRI(?s)
      && STRSTARTS(STR(?p), "{NAMES.ontology}#")) }} GROUP BY ?p"""
    assert sorted((p, first) for p, (first, _) in counts.statements.items()) == ask(
        release_store, query
    )
    for predicate, (subject, term) in counts.statements.items():
        assert release_store.query(f"ASK {{ <{subject}> <{predicate}> {term} }}")


def test_focus_nodes(release: Release, release_store: ox.Store, counts: Summaries) -> None:
    forms = {
        "class": "?s a/rdfs:subClassOf* <%s>",
        "subjects": "?s <%s> ?o",
        "objects": "?o <%s> ?s",
        "node": "VALUES ?s { <%s> }",
    }
    targets = summaries.read_targets(release.shapes())
    assert {kind for kinds in targets.values() for kind, _ in kinds} >= {"class", "subjects"}
    for shape, kinds in targets.items():
        union = " UNION ".join(f"{{ {forms[kind] % iri} }}" for kind, iri in kinds)
        query = f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {union} }}"
        assert [(counts.focus_nodes[shape],)] == ask(release_store, query), shape


def test_subjects_and_urls(release: Release, release_store: ox.Store) -> None:
    summed = PublishedDataset(release, None).summaries  # type: ignore[arg-type]
    query = f"SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(ISIRI(?s) && ?p != <{REPLACED_BY}>) }}"
    described = sorted(iri for (iri,) in ask(release_store, query))
    assert list(summed.described.since(0)) == described
    query = "SELECT DISTINCT ?s { ?s a ?c FILTER(ISIRI(?s)) }"
    typed = sorted(iri for (iri,) in ask(release_store, query) if NAMES.type_and_key(iri))
    assert list(summed.members.since(0)) == typed
    links = outgoing(release.quads(), NAMES.base)
    assert list(summed.outgoing.since(0)) == [link.url for link in links]
    numbers: dict[str, int] = defaultdict(int)
    for link in links:
        numbers[link.host] += 1
    assert summed.counts.hosts == numbers


def test_hubs_are_counted_by_property(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "HUB", 2)
    lines = [f"<urn:{n}> <urn:{p}> <urn:hub> .\n".encode() for n in range(3) for p in "ab"]
    lines.append(b"<urn:hub> <urn:a> <urn:hub> .\n")
    lines.append(b"<urn:z> <urn:a> <urn:other> .\n")
    counted, _ = summarize(lambda: lines, NAMES, union=True, targets={})
    assert counted.hubs == {"urn:hub": {"urn:a": 3, "urn:b": 3}}


def test_a_claim_of_a_class_is_evidence_for_that_class_alone() -> None:
    reified = [("subject", "urn:x"), ("predicate", f"{RDF}type"), ("object", "urn:C")]
    lines = [
        *(f"<urn:claim> <{RDF}{name}> <{iri}> .\n".encode() for name, iri in reified),
        b"<urn:g> <http://purl.org/dc/terms/source> <urn:text> .\n",
        b"<urn:passage> <http://www.w3.org/ns/oa#hasSource> <urn:text> .\n",
        *(
            f"<urn:{thing}> <{RDF}type> <urn:{kind}> <urn:g> .\n".encode()
            for thing in "xy"
            for kind in "CD"
        ),
    ]
    counted, _ = summarize(lambda: lines, NAMES, union=True, targets={})
    assert counted.evidence == [("urn:C", 2, 1)]


def test_sorted_iris_are_found_by_prefix_and_number() -> None:
    iris = sorted([f"urn:{name}{n:04}" for name in ("a", "ab", "é") for n in range(9000)])
    sorted_iris = SortedIris("".join(f"{iri}\n" for iri in iris).encode())
    assert len(sorted_iris) == len(iris)
    assert list(sorted_iris.since(0)) == iris
    assert (sorted_iris[0], sorted_iris[-1], sorted_iris[12345]) == (iris[0], iris[-1], iris[12345])
    assert [iri in sorted_iris for iri in (iris[77], "urn:", "urn:a", "zzz", "")] == [
        True,
        *[False] * 4,
    ]
    for prefix in ("urn:a", "urn:ab", "urn:é", "urn:a0001", "", "urn:b", "zzz"):
        matching = [iri for iri in iris if iri.startswith(prefix)]
        assert sorted_iris.count(prefix) == len(matching)
        assert list(sorted_iris.beginning(prefix, 100)) == matching[100:]
    empty = SortedIris(b"")
    assert (len(empty), list(empty.beginning("")), empty.count("a"), "a" in empty) == (
        0,
        [],
        0,
        False,
    )
