"""The statements of a dump by each of their terms, as a scan of all of them finds these."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unicef_linked.release import positions
from unicef_linked.release.positions import Positions, Scan, write_positions
from unicef_linked.store.statements import match_lines

if TYPE_CHECKING:
    from pathlib import Path

NODES = [ox.NamedNode("urn:a"), ox.NamedNode("urn:b c".replace(" ", "%20")), ox.BlankNode("x")]
PREDICATES = [ox.NamedNode("urn:p"), ox.NamedNode("urn:a")]
OBJECTS = [
    *NODES,
    ox.Literal("a"),
    ox.Literal('urn:a> "\\ <urn:a> .\n'),
    ox.Literal("<urn:p>", language="fr"),
    ox.Literal("1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    ox.Triple(NODES[0], PREDICATES[0], ox.Literal("a <urn:g>")),
]
GRAPHS = [ox.DefaultGraph(), ox.NamedNode("urn:g"), ox.NamedNode("urn:a"), ox.BlankNode("g")]
QUADS = [ox.Quad(*terms) for terms in product(NODES, PREDICATES, OBJECTS, GRAPHS)]


def _dump(folder: Path, quads: list[ox.Quad]) -> Path:
    dataset = folder / "dataset.nq"
    dataset.write_bytes(b"".join(sorted(f"{quad} .\n".encode() for quad in set(quads))))
    return dataset


def _of_each_term(quads: list[ox.Quad], dump: Positions | Scan) -> None:
    for predicate in PREDICATES:
        found = match_lines(dump, None, predicate, None, None)
        assert sorted(found, key=str) == sorted(
            (q for q in quads if q.predicate == predicate), key=str
        )
    for term in OBJECTS:
        found = match_lines(dump, None, None, term, None)
        assert sorted(found, key=str) == sorted((q for q in quads if q.object == term), key=str)
    for name in GRAPHS[1:3]:
        assert isinstance(name, ox.NamedNode)
        found = match_lines(dump, None, None, None, name)
        assert sorted(found, key=str) == sorted((q for q in quads if q.graph_name == name), key=str)


@pytest.mark.parametrize("is_scan", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(chosen=st.sets(st.sampled_from(range(len(QUADS)))))
def test_a_term_is_found_in_its_place_alone(
    tmp_path_factory: pytest.TempPathFactory, is_scan: bool, chosen: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("dump")
    quads = [QUADS[number] for number in chosen]
    dataset = _dump(folder, quads)
    write_positions(dataset, folder / "positions")
    _of_each_term(quads, Scan(dataset) if is_scan else Positions(dataset, folder / "positions"))


def test_terms_that_share_a_digest_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_digest", lambda term: len(term) % 2)
    dataset = _dump(tmp_path, QUADS)
    write_positions(dataset, tmp_path / "positions")
    _of_each_term(QUADS, Positions(dataset, tmp_path / "positions"))


def test_several_terms_are_all_met(tmp_path: Path) -> None:
    dataset = _dump(tmp_path, QUADS)
    write_positions(dataset, tmp_path / "positions")
    dump = Positions(dataset, tmp_path / "positions")
    for quad in QUADS:
        if isinstance(quad.graph_name, ox.NamedNode):
            terms = (quad.subject, quad.predicate, quad.object)
            assert match_lines(dump, *terms, quad.graph_name) == [quad]
            assert match_lines(dump, None, quad.predicate, quad.object, quad.graph_name)
    assert match_lines(dump, ox.Literal("a"), None, None, None) == []
    assert set(match_lines(dump, None, None, None, None)) == set(QUADS)
