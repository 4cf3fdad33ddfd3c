"""What the page says, value by value: each claim with its ranges, each label of ours.

``claims.csv`` and ``labels.csv`` were checked against the page by hand.
A change of a label or of a range is made in the data and in the table.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import pyoxigraph as ox
import pytest
from tests.names import NAMES

from unicef_linked.rdf.iris import RDF, SKOS

HERE: Final = Path(__file__).parent
OA: Final = "http://www.w3.org/ns/oa#"
PROV: Final = "http://www.w3.org/ns/prov#"
TIME: Final = "http://www.w3.org/2006/time#"
SOSA: Final = "http://www.w3.org/ns/sosa/"
PAGE: Final = "source/where-we-work-mali-fr"
DEFAULT: Final = ox.DefaultGraph()


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table beside this file."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CLAIMS: Final = table("claims.csv")
LABELS: Final = table("labels.csv")


def objects(store: ox.Store, subject: str, predicate: str) -> list[ox.NamedNode | ox.Literal]:
    """Return the values of a property of a thing, which is named ``type/key``."""
    node = ox.NamedNode(f"{NAMES.base}id/{subject}")
    quads = store.quads_for_pattern(node, ox.NamedNode(predicate), None, DEFAULT)
    return [quad.object for quad in quads]  # type: ignore[misc]


def short(term: ox.NamedNode | ox.Literal) -> str:
    """Return a term as the tables write it: an entity by type and key,
    a literal with its language or datatype.
    """
    if isinstance(term, ox.NamedNode):
        return NAMES.shorten(term.value)
    if term.language:
        return f"{term.value}@{term.language}"
    return f"{term.value}^^{NAMES.shorten(term.datatype.value)}"


def key(term: ox.NamedNode | ox.Literal) -> str:
    """Return the type and key of one of our entities."""
    return term.value.removeprefix(f"{NAMES.base}id/")


def ranges(store: ox.Store, claim: str) -> str:
    """Return the ranges that a claim rests on, from the selectors."""
    found = []
    for passage in objects(store, claim, f"{PROV}wasDerivedFrom"):
        [selector] = objects(store, key(passage), f"{OA}hasSelector")
        [start] = objects(store, key(selector), f"{OA}start")
        [end] = objects(store, key(selector), f"{OA}end")
        found.append((int(start.value), int(end.value)))
    return " ".join(f"{start}-{end}" for start, end in sorted(found))


@pytest.mark.parametrize("row", CLAIMS, ids=[row["claim"] for row in CLAIMS])
def test_a_claim_states_what_the_page_says_and_where(
    release_store: ox.Store, row: dict[str, str]
) -> None:
    claim = f"claim/{row['claim']}"
    parts = {
        name: [short(term) for term in objects(release_store, claim, predicate)]
        for name, predicate in (
            ("subject", f"{RDF}subject"),
            ("predicate", f"{RDF}predicate"),
            ("object", f"{RDF}object"),
            ("basis", f"{NAMES.ontology}#basis"),
        )
    }
    assert parts == {name: [row[name]] for name in parts}
    assert ranges(release_store, claim) == row["ranges"]


@pytest.mark.parametrize("row", LABELS, ids=[row["entity"] for row in LABELS])
def test_a_label_says_no_more_and_no_less_than_the_page(
    release_store: ox.Store, row: dict[str, str]
) -> None:
    labels = objects(release_store, row["entity"], f"{SKOS}prefLabel")
    ours = {
        label.language: label.value
        for label in labels
        if isinstance(label, ox.Literal) and label.language in {"en", "fr"}
    }
    assert ours == {"en": row["en"], "fr": row["fr"]}


def test_the_tables_hold_every_claim_and_every_thing_that_the_page_tells(
    release_store: ox.Store,
) -> None:
    claims = release_store.quads_for_pattern(
        None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(NAMES.term("Claim")), DEFAULT
    )
    assert {key(quad.subject) for quad in claims} == {f"claim/{row['claim']}" for row in CLAIMS}
    told = {
        key(quad.subject)
        for name in ("Office", "Organization", "Priority", "PopulationGroup", "Purpose", "Sector")
        for quad in release_store.quads_for_pattern(
            None, ox.NamedNode(f"{RDF}type"), ox.NamedNode(NAMES.term(name)), DEFAULT
        )
    }
    assert told <= {row["entity"] for row in LABELS}


def test_no_priority_is_put_under_a_sector_by_the_page() -> None:
    rows = [row for row in CLAIMS if row["predicate"] == "ul:prioritySector"]
    assert {row["basis"] for row in rows} == {"ul:Classified"}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("claim", "words"),
    [
        pytest.param(
            "tombouctou-works-in-health",
            {"en": "the split is ours", "fr": "la séparation est la nôtre"},
            id="health and nutrition are one item of the page",
        ),
        pytest.param(
            "integrated-services-rural-mining-targets-children-in-gold-mining-areas",
            {"en": "in particular", "fr": "en particulier"},
            id="the group stands for stress, not for the whole",
        ),
        pytest.param(
            "return-of-all-children-to-school-below-immediate-needs",
            {"en": "our reading", "fr": "notre lecture"},
            id="the hierarchy is read into the sentence",
        ),
    ],
)
def test_a_note_says_what_is_ours(
    release_store: ox.Store, claim: str, words: dict[str, str], language: str
) -> None:
    notes = objects(release_store, f"claim/{claim}", f"{SKOS}note")
    [note] = [n for n in notes if isinstance(n, ox.Literal) and n.language == language]
    assert words[language] in note.value


def test_a_head_count_held_when_the_page_was_written_which_is_not_before_2016(
    release_store: ox.Store,
) -> None:
    """The page says "at present" and bears no date; the day of the copy is not recorded."""
    for office in ("gao", "kayes", "mopti", "sikasso", "tombouctou"):
        [time] = objects(release_store, f"observation/staff-{office}", f"{SOSA}phenomenonTime")
        [begin] = objects(release_store, key(time), f"{TIME}hasBeginning")
        [month] = objects(release_store, key(begin), f"{TIME}inXSDgYearMonth")
        assert month.value == "2016-01"
        assert objects(release_store, key(time), f"{TIME}hasEnd") == []


def test_three_priorities_of_tombouctou_are_parts_of_a_fourth(release_store: ox.Store) -> None:
    whole = "priority/immediate-needs-crisis-affected-children"
    parts = objects(release_store, whole, f"{SKOS}narrower")
    assert {key(part) for part in parts} == {
        "priority/living-and-hygiene-conditions",
        "priority/return-of-all-children-to-school",
        "priority/severe-acute-malnutrition-reduction",
    }


def test_unicef_works_throughout_mali(release_store: ox.Store) -> None:
    countries = objects(release_store, "organization/unicef-mali", NAMES.term("activeThroughout"))
    assert [key(country) for country in countries] == ["country/mli"]
