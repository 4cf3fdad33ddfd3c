"""Every statement of the page can be traced to the characters that say it."""

from __future__ import annotations

import hashlib
import re
import subprocess
import unicodedata
from typing import TYPE_CHECKING, Final

import pytest
from tests.conftest import ROOT, SHARED

if TYPE_CHECKING:
    from pathlib import Path

    import pyoxigraph as ox

PAGE: Final = SHARED / "source" / "where-we-work-mali.fr.txt"
with_the_page = pytest.mark.skipif(
    not PAGE.exists(), reason="the page is not beside the repository"
)

CLAIMS: Final = """
PREFIX ul: <https://w3id.org/unicef-linked/ontology#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX oa: <http://www.w3.org/ns/oa#>
PREFIX prov: <http://www.w3.org/ns/prov#>
SELECT ?claim ?subject ?predicate ?object ?basis ?start ?end ?source {
  ?claim a ul:Claim ; rdf:subject ?subject ; rdf:predicate ?predicate ; rdf:object ?object ; ul:basis ?basis ;
    prov:wasDerivedFrom ?passage .
  ?passage oa:hasSelector ?selector ; oa:hasSource ?source .
  ?selector oa:start ?start ; oa:end ?end .
}
"""

WORDS: Final[dict[str, str]] = {
    # offices and places, by the town they are named after
    "bamako": "bamako",
    "mopti": "mopti",
    "tombouctou": "tombouctou",
    "gao": "gao",
    "kayes": "kayes",
    "sikasso": "sikasso",
    "menaka": "menaka",
    "kidal": "kidal",
    "mli": "mali",
    # sectors
    "health": "sante",
    "nutrition": "nutrition",
    "wash": "eau",
    "water": "eau",
    "sanitation": "assainissement",
    "hygiene": "hygiene",
    "education": "education",
    "child-protection": "protection de",
    "c4d": "communication pour le developpement",
    # organizations, purposes
    "government-of-mali": "gouvernement du mali",
    "unicef": "unicef",
    "unicef-mali": "unicef",
    "better-lives-of-children": "ameliorer la vie",
    "rights-and-well-being-of-children": "droits",
    "support-and-protection-in-most-vulnerable-areas": "appui",
    # groups
    "children": "enfants",
    "children-in-most-vulnerable-areas": "zones les plus vulnerables",
    "most-vulnerable-children": "enfants les plus vulnerables",
    "displaced-population": "populations deplacees",
    "displaced-children": "deplaces",
    "nomadic-children": "nomades",
    "out-of-school-children": "non scolarises",
    "children-affected-by-school-closures": "ecoles",
    "children-in-conflict-affected-areas": "conflit",
    "children-crisis-affected": "crise",
    "children-in-crisis-affected-areas": "zones touchees par la crise",
    "children-gbv": "violences basees sur le genre",
    "children-associated-with-armed-groups": "groupes armes",
    "children-with-sam": "malnutrition aigue severe",
    "married-children": "maries",
    "working-children": "travaillent",
    "children-in-rural-isolated-areas": "rurales et isolees",
    "children-in-gold-mining-areas": "orpaillage",
    "young-children": "jeune enfant",
    "communities": "communautes",
    # priorities
    "response-displaced-populations": "populations deplacees",
    "response-closed-schools": "ecoles fermees",
    "reintegration-out-of-school-children": "non scolarises",
    "malnutrition-prevention": "malnutrition",
    "vaccination-coverage": "vaccinale",
    "social-services-displaced-conflict-children": "services sociaux",
    "child-marriage-prevention": "mariage",
    "immediate-needs-crisis-affected-children": "besoins immediats",
    "return-of-all-children-to-school": "ecole",
    "severe-acute-malnutrition-reduction": "malnutrition aigue severe",
    "living-and-hygiene-conditions": "hygiene",
    "integrated-services-displaced-nomadic-crisis": "services integres",
    "community-resilience": "resilience",
    "immediate-protection-needs": "protection",
    "severe-acute-malnutrition-care": "malnutrition aigue severe",
    "temporary-learning": "apprentissage",
    "child-marriage-reduction": "mariages",
    "fgm-reduction": "mutilations",
    "reintegration-out-of-school-working-married-children": "non scolarises",
    "integrated-services-rural-mining": "services integres",
    "chronic-malnutrition-reduction": "malnutrition chronique",
    "open-defecation-end": "defecation",
    "early-childhood-development": "jeune enfant",
}
"""The word of the page, folded, by which each entity can be known in a passage."""

NOTES: Final = {
    "unicef-mali": "partout au mali",
    **dict.fromkeys(("staff-gao", "staff-kayes", "staff-mopti", "staff-sikasso"), "sur le terrain"),
    **dict.fromkeys(
        (
            "immediate-needs-crisis-affected-children",
            "living-and-hygiene-conditions",
            "return-of-all-children-to-school",
            "severe-acute-malnutrition-reduction",
        ),
        "intervention d'urgence",
    ),
    **dict.fromkeys(
        ("child-marriage-reduction", "fgm-reduction"), "changement mene par la communaute"
    ),
    "open-defecation-end": "pilote par la communaute",
    "chronic-malnutrition-reduction": "multisectorielle",
    "immediate-protection-needs": "groupes armes",
    "community-resilience": "penuries alimentaires",
}
"""The words that a scope note tells in ours."""

VALUES: Final = {
    "1960": "1960",
    "2008": "2008",
    "2013": "2013",
    "2016-01": "janvier 2016",
    "5": "cinq",
    "20": "20",
    "14": "14",
    "10": "10",
    "16": "16",
    "6": "6",
    "true": "sans interruption",
}


def folded(text: str) -> str:
    """Return text without accents, case and typographic apostrophes."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.casefold().replace("’", "'")


def claims(store: ox.Store) -> list[dict[str, str]]:
    """Return one row for each claim and passage."""
    return [
        {
            name: row[name].value
            for name in (
                "claim",
                "subject",
                "predicate",
                "object",
                "basis",
                "start",
                "end",
                "source",
            )
        }
        for row in store.query(CLAIMS)  # type: ignore[union-attr]
    ]


@pytest.fixture(scope="module")
def page() -> str:
    """The page's text, one character a code point."""
    return PAGE.read_bytes().decode("utf-8")


def test_there_are_claims_and_each_rests_on_a_passage_of_the_page(release_store: ox.Store) -> None:
    rows = claims(release_store)
    assert len({row["claim"] for row in rows}) > 150
    assert {row["source"].rpartition("/")[2] for row in rows} == {"where-we-work-mali-fr"}


def test_each_range_lies_in_the_document(release_store: ox.Store) -> None:
    for row in claims(release_store):
        assert 0 <= int(row["start"]) < int(row["end"]) <= 4568, row["claim"]


def test_each_claimed_statement_is_published(release_store: ox.Store) -> None:
    for row in claims(release_store):
        term = next(
            t
            for t in release_store.query(
                f"SELECT ?o {{ <{row['claim']}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#object> ?o }}"
            )
        )["o"]  # type: ignore[union-attr,index]
        pattern = f"<{row['subject']}> <{row['predicate']}> {term}"
        assert bool(release_store.query(f"ASK {{ {pattern} }}")), pattern


@with_the_page
def test_the_digest_is_that_of_the_page(release_store: ox.Store) -> None:
    ask = 'ASK { ?s <https://w3id.org/unicef-linked/ontology#sha256> ?d FILTER(STR(?d) = "%s") }'
    assert bool(release_store.query(ask % hashlib.sha256(PAGE.read_bytes()).hexdigest()))


@with_the_page
def test_each_range_says_what_the_statement_says(release_store: ox.Store, page: str) -> None:
    """By place name, year, number, or the word by which sector, group or priority is known."""
    wrong = []
    texts: dict[str, str] = {}  # a claim may rest on several passages taken together
    rows = claims(release_store)
    for row in rows:
        passage = folded(page[int(row["start"]) : int(row["end"])])
        texts[row["claim"]] = f"{texts.get(row['claim'], '')} … {passage}"
    for row in rows:
        text = texts[row["claim"]]
        predicate = re.split(r"[#/]", row["predicate"])[-1]
        subject, value = row["subject"].rpartition("/")[2], row["object"]
        if predicate in {"scopeNote", "note"}:
            expected = [NOTES[subject]]
        elif predicate == "type":
            expected = ["bureau"]
        elif predicate == "subOrganizationOf":
            expected = ["bureau"]  # «son bureau»: whose it is stands at the head of the sentence
        elif predicate == "prioritySector":
            # The sector is our classification; the passage is what was classified.
            expected = (
                [WORDS[subject].split()[0]]
                if row["basis"].endswith("Classified")
                else [WORDS[value.rpartition("/")[2]]]
            )
        elif value.startswith("http"):
            key = value.rpartition("/")[2]
            assert key in WORDS, f"say in WORDS by which word of the page {key} is known"
            expected = [WORDS[key]]
        else:
            expected = [VALUES[value]]
        wrong += [(row["claim"], word, text) for word in expected if word not in text]
    assert not wrong


def _tracked_text() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    paths = [ROOT / name.decode() for name in names if name]
    return [
        path for path in paths if path.is_file() and path.suffix not in {".png", ".svg", ".json"}
    ]


@with_the_page
def test_no_sentence_of_the_page_is_copied_into_the_project(page: str) -> None:
    """A run of eight words is more than two texts on one subject share by chance."""

    def words(text: str) -> list[str]:
        return re.findall(r"\w+", folded(text))

    said = words(page)
    runs = {tuple(said[i : i + 8]) for i in range(len(said) - 7)}
    copied = []
    for path in _tracked_text():
        found = words(path.read_text(encoding="utf-8", errors="replace"))
        copied += [
            (path.name, found[i : i + 8])
            for i in range(len(found) - 7)
            if tuple(found[i : i + 8]) in runs
        ]
    assert not copied
