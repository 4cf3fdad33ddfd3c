"""diff: what one release has and another has not, exact, by entity, and applied gives the other."""

from __future__ import annotations

import itertools
import json
import random
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
import pytest

from unicef_linked.build import snapshot
from unicef_linked.cli import main
from unicef_linked.release.differences import compare, compare_lines
from unicef_linked.release.lines import SortedLines
from unicef_linked.release.patches import write_patch, write_update

if TYPE_CHECKING:
    from pathlib import Path

    from unicef_linked.release import Release

BASE: Final = "https://w3id.org/unicef-linked/id/"
PAIRS: Final = [(a, b) for a in range(5) for b in range(5)]


def lines(release: Release) -> list[bytes]:
    """Return the statements of a release, as they are in its dump."""
    return release.dataset.read_bytes().splitlines(keepends=True)


def test_each_edit_of_the_chain_is_what_differs(chain: tuple[Release, ...]) -> None:
    steps = []
    for older, newer in itertools.pairwise(chain):
        steps.append(
            {
                d.iri.removeprefix(BASE): d.change
                for d in compare(older, newer)
                if d.iri and d.iri.startswith(BASE)
            }
        )
    assert steps == [
        {"region/delta": "created"},
        {"region/alpha": "changed", "region/beta": "changed"},
        {"region/gamma": "changed"},
        {"office/main": "changed", "place/old": "deleted", "region/beta": "changed"},
    ]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_an_rdf_patch_turns_one_into_the_other(chain: tuple[Release, ...], a: int, b: int) -> None:
    statements = set(lines(chain[a]))
    for line in write_patch(compare(chain[a], chain[b]), "urn:b", "urn:a"):
        if line.startswith(b"D "):
            statements.remove(line[2:])
        elif line.startswith(b"A "):
            assert line[2:] not in statements
            statements.add(line[2:])
    assert sorted(statements) == lines(chain[b])


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_an_update_turns_one_into_the_other(chain: tuple[Release, ...], a: int, b: int) -> None:
    store = ox.Store()
    store.extend(chain[a].quads())
    for operation in write_update(compare(chain[a], chain[b])):
        store.update(operation.decode())
    assert set(store) == set(chain[b].quads())


def test_what_is_asked_of_one_entity_is_what_all_differences_say_of_it(
    chain: tuple[Release, ...],
) -> None:
    everything = list(compare(chain[0], chain[4]))
    for number, difference in enumerate(everything):
        rest = compare(chain[0], chain[4], since=difference.subject)
        assert list(rest) == everything[number:]
        alone = compare(chain[0], chain[4], subject=difference.subject)
        assert list(alone) == [difference]
    assert list(compare(chain[0], chain[4], subject=f"<{BASE}region/none>")) == []


def test_lines_of_random_files_are_found_and_compared_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unicef_linked.release.lines._NEAR", 30)
    chance = random.Random(7)
    everything = [
        f"<urn:{s}> <urn:p> <urn:{o}> .\n".encode()
        for s in ("a", "a/b", "aa", "é")
        for o in range(9)
    ]
    for _ in range(200):
        older = sorted(chance.sample(everything, chance.randrange(len(everything))))
        newer = sorted(chance.sample(everything, chance.randrange(len(everything))))
        differences = list(compare_lines(older, newer))
        assert {line for d in differences for line in d.added} == set(newer) - set(older)
        assert {line for d in differences for line in d.removed} == set(older) - set(newer)
        assert len({d.subject for d in differences}) == len(differences)
        mapped = SortedLines(b"".join(older))
        found = list(mapped.differing(SortedLines(b"".join(newer))))
        assert found == [(line in newer, line) for line in sorted({*older} ^ {*newer})]
        later = mapped.differing(SortedLines(b"".join(newer)), "<urn:aa>")
        assert list(later) == [pair for pair in found if pair[1] >= b"<urn:aa> "]
        assert list(mapped) == older
        for subject in ("<urn:a>", "<urn:a/b>", "<urn:aa>", "<urn:é>", "<urn:z>", "<a>"):
            own = [line for line in older if line.startswith(f"{subject} ".encode())]
            assert list(mapped.of_subject(subject)) == own
            assert b"".join(mapped.of_subjects([subject, "<none>"])) == b"".join(own)
            fitting = [line for line in own if line.split(b" ")[1] == b"<urn:p>"]
            assert list(mapped.of_subjects([subject], ["<urn:p>"])) == fitting
        assert list(mapped.containing(b" <urn:3> ")) == [x for x in older if b" <urn:3> " in x]


# The command


def diff(chain: tuple[Release, ...], *arguments: str) -> int:
    """Run ``diff`` on the third and the fourth release."""
    return main(["diff", str(chain[2].path), str(chain[3].path), *arguments])


def test_the_text_names_things_and_shows_both_sides(
    chain: tuple[Release, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en")
    assert diff(chain, "--entity", "region/gamma") == 1
    output = capsys.readouterr().out.splitlines()
    assert output[0] == "region/gamma (Gamma Nova): changed"
    assert '  - skos:prefLabel: "Gamma"@en' in output
    assert '  + skos:prefLabel: "Gamma Nova"@en' in output
    assert output[-1] == "4 statements added, 4 removed"


def test_json_counts_and_lists_by_entity(
    chain: tuple[Release, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(chain, "--format", "json") == 1
    content = json.loads(capsys.readouterr().out)
    [gamma] = [entity for entity in content["entities"] if entity["id"]]
    assert (gamma["id"], gamma["iri"]) == ("region/gamma", f"{BASE}region/gamma")
    assert gamma["change"] == "changed"
    assert len(gamma["added"]) == len(gamma["removed"]) == 4
    assert content["added"] == sum(len(entity["added"]) for entity in content["entities"])
    assert content["removed"] == sum(len(entity["removed"]) for entity in content["entities"])


def test_the_same_release_does_not_differ(
    chain: tuple[Release, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    for style in ("text", "patch", "update", "json"):
        path = str(chain[0].path)
        assert main(["diff", path, path, "--format", style]) == 0
    assert diff(chain, "--entity", "region/alpha") == 0
    capsys.readouterr()


@pytest.mark.parametrize("arguments", [["nothing", "nowhere"], ["."]])
def test_what_is_no_release_is_unusable(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == 2
    assert capsys.readouterr().err


def test_an_update_refuses_blank_nodes_and_a_patch_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"a": "", "b": "_:x <urn:p> 1 ."}.items():
        (tmp_path / f"{name}.ttl").write_text(text, encoding="utf-8")
        snapshot([tmp_path / f"{name}.ttl"], tmp_path / name)
    paths = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert main(["diff", *paths, "--format", "update"]) == 2
    assert "ask for an RDF Patch" in capsys.readouterr().err
    assert main(["diff", *paths, "--format", "patch"]) == 1
    assert "\nA _:" in capsys.readouterr().out
