"""A release in memory is what its dump states, whatever its statements have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import DefaultGraph, Quad

from unicef_linked.build import snapshot
from unicef_linked.store.loading import load_dataset

if TYPE_CHECKING:
    from pathlib import Path

STATEMENTS = {
    "IRIs": "<urn:s> <urn:p> <urn:o> <urn:g> .",
    "the default graph": "<urn:s> <urn:p> <urn:o> .",
    "a triple in two graphs": '<urn:s> <urn:p> "1" <urn:g> .\n<urn:s> <urn:p> "1" <urn:h> .',
    "a literal with a graph in it": r'<urn:s> <urn:p> "\" <urn:o> <urn:g> ."@en <urn:g> .',
    "blank nodes": "_:a <urn:p> _:b <urn:g> .\n_:b <urn:p> _:a <urn:h> .",
    "a literal like a blank node": '<urn:s> <urn:p> "_:b" <urn:g> .',
    "nothing": "",
}


@pytest.mark.parametrize("is_union", [False, True])
@pytest.mark.parametrize("statements", STATEMENTS.values(), ids=STATEMENTS)
def test_a_dataset_in_memory_is_that_of_the_dump(
    statements: str, is_union: bool, tmp_path: Path
) -> None:
    (tmp_path / "data.nq").write_text(statements + "\n<urn:x> <urn:p> <urn:x> .\n")
    release = snapshot([tmp_path / "data.nq"], tmp_path / "release", union=is_union)
    published = set(release.quads())
    union = {Quad(*quad.triple) for quad in published} if is_union else set()
    dataset = load_dataset(release)
    assert set(dataset.whole) == published | union
    assert {quad for quad in dataset.default if quad.graph_name == DefaultGraph()} == {
        quad for quad in published | union if quad.graph_name == DefaultGraph()
    }
