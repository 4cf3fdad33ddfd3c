"""Matching: what is certain, what is only likely, and what is neither."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyoxigraph as ox
import pytest
from bench.messy import messy_rows, score
from tests.conftest import ROOT

from unicef_linked.dataset.profile import profile_of
from unicef_linked.lookup.index import build
from unicef_linked.lookup.matching import Reconciler, ReconciliationQuery, read_queries

if TYPE_CHECKING:
    from unicef_linked.release import Release

with (Path(__file__).parents[1] / "data" / "messy-names.csv").open(
    encoding="utf-8", newline=""
) as file:
    MESSY: Final = list(csv.DictReader(file))
"""Names as found in tables, the type of their column, and the entity that is meant;
none where none is, or several."""


@pytest.fixture(scope="module")
def reconciler(release: Release) -> Reconciler:
    """A reconciler of the packaged dataset."""
    published = ox.Dataset(release.quads())
    return Reconciler(
        build(release.quads(), release.names, profile_of(release.quads(), release.names)),
        lambda iri: published.quads_for_subject(ox.NamedNode(iri)),
    )


def ask(row: dict[str, str]) -> ReconciliationQuery:
    """Return the question that a row stands for."""
    return ReconciliationQuery(row["name"], (row["type"],) if row["type"] else ())


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(MESSY) >= 200
    assert sum(not row["id"] for row in MESSY) >= 50


def test_every_automatic_match_is_right(reconciler: Reconciler) -> None:
    """Precision 1.00: over the rows with a candidate that has ``match: true``,
    it is the entity that is meant.
    """
    found = [
        (row, [c.entity.id for c in reconciler.candidates(ask(row)) if c.match]) for row in MESSY
    ]
    wrong = [(row["name"], row["type"], ids) for row, ids in found if ids and ids != [row["id"]]]
    assert wrong == []
    assert sum(bool(ids) for _, ids in found) > 0.7 * sum(bool(row["id"]) for row in MESSY)


def test_nearly_every_name_has_its_entity_as_the_first_candidate(reconciler: Reconciler) -> None:
    """Recall over 0.95: over the rows that mean an entity, it is the first candidate,
    match or not.
    """
    meant = [row for row in MESSY if row["id"]]
    missed = [
        (row["name"], row["type"])
        for row in meant
        if [c.entity.id for c in reconciler.candidates(ask(row))[:1]] != [row["id"]]
    ]
    assert 1 - len(missed) / len(meant) > 0.95, missed


def outcome(reconciler: Reconciler, question: ReconciliationQuery) -> list[tuple[str, bool]]:
    """Return the best candidates, those with the highest score."""
    found = reconciler.candidates(question)
    return [(c.entity.id, c.match) for c in found if c.score == found[0].score]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param(
            ReconciliationQuery("Gao", ("Region",)),
            [("region/gao", True)],
            id="a name in a column of regions",
        ),
        pytest.param(
            ReconciliationQuery("Gao"),
            [
                ("region/gao", False),
                ("place/gao", False),
                ("division/gao", False),
                ("division/gao-gao", False),
            ],
            id="a name of four things",
        ),
        pytest.param(
            ReconciliationQuery("Région de Gao"), [("region/gao", True)], id="the kind decides"
        ),
        pytest.param(
            ReconciliationQuery("Ville de Gao"), [("place/gao", True)], id="the other kind"
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Office",)),
            [("office/gao", True)],
            id="an office by its town",
        ),
        pytest.param(
            ReconciliationQuery("Cercle de Gao", ("Region",)),
            [("region/gao", False)],
            id="another division",
        ),
        pytest.param(
            ReconciliationQuery("Regoin de Gao"),
            [("region/gao", False)],
            id="a typing error is never certain",
        ),
        pytest.param(
            ReconciliationQuery("ML07"),
            [("region/gao", False), ("region/koulikoro", False)],
            id="a code with two readings",
        ),
        pytest.param(
            ReconciliationQuery("2457161"), [("region/gao", False)], id="digits may be anything"
        ),
        pytest.param(
            ReconciliationQuery("wof:85674521"),
            [("region/gao", False)],
            id="a close match elsewhere is not the same thing",
        ),
        pytest.param(
            ReconciliationQuery("wd:Q214155"),
            [("region/mopti", True)],
            id="the same thing elsewhere",
        ),
        pytest.param(ReconciliationQuery("Paris"), [], id="elsewhere"),
        pytest.param(
            ReconciliationQuery("Niamey", ("Region",)), [], id="elsewhere, in a column of regions"
        ),
        pytest.param(ReconciliationQuery("Gao", ("Nothing",)), [], id="an unknown type"),
        pytest.param(
            ReconciliationQuery("Gao", ("ul:Region",)),
            [("region/gao", True)],
            id="a type with its prefix",
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Region", "Place")),
            [("region/gao", False), ("place/gao", False)],
            id="any",
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Office", "ZoneOffice"), "all"),
            [("office/gao", True)],
            id="all",
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Region", "Place"), "all"), [], id="nothing is of both"
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Region",), "should"),
            [("region/gao", True)],
            id="should puts it first",
        ),
        pytest.param(
            ReconciliationQuery("ML07", properties=(("prefLabel", ("Gao Region",)),)),
            [("region/gao", True)],
            id="a property decides between two",
        ),
        pytest.param(
            ReconciliationQuery("Gao", ("Region",), properties=(("pcode", ("ML01",)),)),
            [("region/gao", False)],
            id="a property that contradicts",
        ),
        pytest.param(
            ReconciliationQuery(
                "Gao", ("Region",), properties=(("inCountry", ({"id": "country/mli"},)),)
            ),
            [("region/gao", True)],
            id="a property that is another entity",
        ),
        pytest.param(
            ReconciliationQuery(types=("Region",), properties=(("pcode", ("ML07",)),)),
            [("region/gao", True)],
            id="properties alone",
        ),
        pytest.param(
            ReconciliationQuery(types=("Office",), properties=(("coversRegion", ("Ménaka",)),)),
            [("office/gao", True)],
            id="the office that covers a region",
        ),
    ],
)
def test_the_best_candidates_and_whether_they_are_certain(
    reconciler: Reconciler, question: ReconciliationQuery, expected: list[tuple[str, bool]]
) -> None:
    assert outcome(reconciler, question) == expected


def asked(name: str, kind: str = "", **properties: str) -> ReconciliationQuery:
    """Return a query for a division with properties."""
    stated = tuple((pid, (value,)) for pid, value in properties.items())
    return ReconciliationQuery(name, (kind,) if kind else (), properties=stated)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (asked("Bafoulabé"), None),
        (asked("Cercle de Bafoulabé"), "division/bafoulabe"),
        (asked("Commune rurale de Diakon"), "division/bafoulabe-diakon"),
        (asked("Benkadi", "Commune"), None),
        (asked("Benkadi", "Commune", partOf="Dioïla"), "division/dioila-benkadi"),
        (asked("Benkadi", "Commune", partOf="region/sikasso"), "division/sikasso-benkadi"),
        (asked("Benkadi", "Commune", partOf="pcode:ML02"), None),
        (asked("Benkadi", "Commune", partOf="ML0204"), "division/kangaba-benkadi"),
        (asked("Benkadi", "Commune", partOf="Région de Kangaba"), None),
        (asked("Salam", "Commune", partOf="Taoudénit"), "division/tombouctou-salam"),
        (asked("Gao", partOf="Ansongo"), None),
        (asked("Mopti > Bandiagara"), "division/bandiagara"),
        (asked("Mopti → Bandiagara → Bandiagara"), "division/bandiagara-bandiagara"),
        (asked("Mopti > Bandiagara", "Commune"), "division/bandiagara-bandiagara"),
        (asked("Mopti > Mopti > Mopti"), "division/mopti-mopti"),
        (asked("Mopti > Mopti"), None),
        (asked("Kayes > Bandiagara"), None),
        (asked("ML05 > Bandiagara"), "division/bandiagara"),
        (asked(" > "), None),
        (asked("ML0101"), None),
        (asked("pcode2015:ML0101"), "division/kayes"),
        (asked("pcode: ml0101"), "division/bafoulabe"),
        (asked("ML0101", date="2018"), "division/kayes"),
        (asked("", "Cercle", pcode2015="ML0101"), "division/kayes"),
        (asked("Kayes", "Cercle", pcode2015="ml-0101"), "division/kayes"),
        (asked("Kayes", "Cercle", pcode="ML0101"), None),
        (asked("Bandiagara", "Region"), "region/bandiagara"),
        (asked("Bandiagara", "Region", date="2019-05"), None),
        (asked("Bandiagara", "Cercle", partOf="Mopti", date="2019"), "division/bandiagara"),
        (asked("Bandiagara", "Cercle", partOf="Mopti", date="2024"), None),
        (asked("Bandiagara", "Cercle", partOf="Bandiagara", date="2024"), "division/bandiagara"),
        (asked("Tombouctou", "Cercle", partOf="Tombouctou", date="2020"), "division/tombouctou"),
        (asked("Mopti", "Region", date="last year"), None),
        (asked("", "Region", date="2024"), None),
    ],
    ids=str,
)
def test_levels_parents_dates_and_lists_of_codes_decide(
    reconciler: Reconciler, question: ReconciliationQuery, expected: str | None
) -> None:
    matches = [c.entity.id for c in reconciler.candidates(question) if c.match]
    assert matches == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("question", "periods"),
    [
        (asked("Mopti", "Region"), ["../2023-03-12", "2023-03-13/.."]),
        (asked("Mopti", "Region", date="2026"), ["2023-03-13/.."]),
        (asked("Mopti", "Region", date="2023-03"), ["../2023-03-12", "2023-03-13/.."]),
        (asked("Mopti", "Region", date="2020-01-31T10:00:00Z"), ["../2023-03-12"]),
        (asked("Kidal", "Region"), []),
    ],
    ids=str,
)
def test_a_candidate_has_the_extents_of_the_time(
    reconciler: Reconciler, question: ReconciliationQuery, periods: list[str]
) -> None:
    [candidate] = reconciler.candidates(question)
    assert candidate.match
    assert [str(extent.period) for extent in candidate.extents] == periods


def test_a_table_of_all_levels_has_only_right_matches(reconciler: Reconciler) -> None:
    """Precision 1.00, and the recall that the documents tell."""
    rows = messy_rows(reconciler)
    assert len(rows) == 1000
    scores = score(rows, reconciler)
    assert scores.pop("none").matched == 0
    told = (ROOT / "docs" / "use-the-data.md").read_text(encoding="utf-8")
    for level, result in scores.items():
        assert result.precision == 1.0
        assert f"| {level} | {result.formatted()} |" in told


def test_features_say_what_a_score_is_made_of(reconciler: Reconciler) -> None:
    [candidate] = reconciler.candidates(ReconciliationQuery("Cercle de Gao", ("Region",)))
    assert candidate.features == {
        "name": 100.0,
        "exact": False,
        "kind": False,
        "type": True,
        "alone": False,
    }


def test_scores_lie_between_0_and_100_and_fall(reconciler: Reconciler) -> None:
    for row in MESSY:
        scores = [c.score for c in reconciler.candidates(ask(row))]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 100 for score in scores)


@pytest.mark.parametrize(
    "text", ["x " * 500_000, "1" * 1_000_000, "é" * 1_000_000], ids=["words", "digits", "letters"]
)
def test_a_name_without_end_is_no_name(reconciler: Reconciler, text: str) -> None:
    assert (
        reconciler.candidates(ReconciliationQuery(text, properties=(("inCountry", (text,)),))) == []
    )


def test_a_limit_holds(reconciler: Reconciler) -> None:
    assert len(reconciler.candidates(ReconciliationQuery("Gao", limit=1))) == 1
    assert reconciler.candidates(ReconciliationQuery("Gao", limit=0)) == []


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ("[", "not JSON"),
        ("[]", "not a JSON object"),
        ({"q": "Gao"}, "'q': is not an object"),
        ({"q": {}}, "neither query nor properties"),
        ({"q": {"query": 1}}, "query is not a text"),
        ({"q": {"query": "x", "type": 1}}, "type is neither"),
        ({"q": {"query": "x", "type_strict": "maybe"}}, "type_strict"),
        ({"q": {"query": "x", "limit": "3"}}, "limit is not a number"),
        ({"q": {"query": "x", "properties": [{"pid": "p"}]}}, "pid and v"),
        ({"q": {"query": "x", "kind": "y"}}, "has 'kind'"),
    ],
)
def test_what_is_wrong_with_a_batch_is_said(batch: Any, message: str) -> None:
    text = batch if isinstance(batch, str) else json.dumps(batch)
    with pytest.raises(ValueError, match=message):
        read_queries(text)
