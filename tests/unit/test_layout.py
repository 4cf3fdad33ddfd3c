"""From the properties of SHACL that validate nothing to the rows of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyoxigraph import RdfFormat, parse

from unicef_linked.presentation.layout import Group, Layout, Step, read

if TYPE_CHECKING:
    from collections.abc import Iterable

EX = "http://example.org/"
PREFIXES = f"""
PREFIX ex: <{EX}>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sh: <http://www.w3.org/ns/shacl#>

ex:first a sh:PropertyGroup, ex:KeyFacts ; rdfs:label "First"@en, "D’abord"@fr ; sh:order 1 .
ex:second a sh:PropertyGroup ; rdfs:label "Second"@en ; sh:order 2 .
"""


def layout(shapes: str, superclasses: dict[str, set[str]] | None = None) -> Layout:
    quads = parse((PREFIXES + shapes).encode(), format=RdfFormat.TURTLE)
    return read(quads, lambda iri: (superclasses or {}).get(iri, set()), f"{EX}KeyFacts")


def row_names(groups: Iterable[Group]) -> dict[str, list[str]]:
    """Return the groups with the names of their rows."""
    return {group.iri.removeprefix(EX): [row.names["en"] for row in group.rows] for group in groups}


ONE = "ex:S sh:targetClass ex:Office ; sh:property ex:p . ex:p sh:name 'Opened'@en ; sh:group ex:first ; sh:order 1 ; sh:path "


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("ex:a", [Step(f"{EX}a")], id="one property"),
        pytest.param(
            "[ sh:inversePath ex:a ]", [Step(f"{EX}a", back=True)], id="a property read backwards"
        ),
        pytest.param("( ex:a ex:b )", [Step(f"{EX}a"), Step(f"{EX}b")], id="one after the other"),
        pytest.param(
            "( [ sh:inversePath ex:a ] ex:b )",
            [Step(f"{EX}a", back=True), Step(f"{EX}b")],
            id="back, then forth",
        ),
        pytest.param(
            "[ sh:inversePath ( ex:a ex:b ) ]",
            [Step(f"{EX}b", back=True), Step(f"{EX}a", back=True)],
            id="a sequence read backwards begins at its end",
        ),
        pytest.param(
            "[ sh:alternativePath ( ex:a ex:b ) ]", None, id="alternatives are not followed"
        ),
        pytest.param("[ sh:zeroOrMorePath ex:a ]", None, id="repetitions are not followed"),
        pytest.param("( ex:a [ sh:oneOrMorePath ex:b ] )", None, id="nor in a sequence"),
    ],
)
def test_a_path_is_read_as_the_steps_that_lead_to_a_value(
    path: str, expected: list[Step] | None
) -> None:
    groups = layout(f"{ONE} {path} .").groups([f"{EX}Office"], (), ())
    assert [list(row.path) for group in groups for row in group.rows] == (
        [expected] if expected else []
    )


def test_rows_and_groups_stand_in_the_order_that_the_shapes_give() -> None:
    shapes = """
    ex:S sh:targetClass ex:Office ; sh:property ex:p, ex:q, ex:r, ex:s .
    ex:p sh:path ex:p ; sh:name "late"@en ; sh:group ex:second ; sh:order 9 .
    ex:q sh:path ex:q ; sh:name "early"@en ; sh:group ex:second ; sh:order 2 .
    ex:r sh:path ex:r ; sh:name "first"@en ; sh:group ex:first ; sh:order 5 .
    ex:s sh:path ex:s ; sh:name "last, without a place"@en ; sh:group ex:second .
    """
    groups = layout(shapes).groups([f"{EX}Office"], (), ())
    assert row_names(groups) == {
        "first": ["first"],
        "second": ["early", "late", "last, without a place"],
    }
    assert [group.key_facts for group in groups] == [True, False]
    assert groups[0].names == {"en": "First", "fr": "D’abord"}


@pytest.mark.parametrize(
    ("target", "types", "outgoing", "incoming", "applies"),
    [
        pytest.param("sh:targetClass ex:Office", ["Office"], [], [], True, id="its class"),
        pytest.param(
            "sh:targetClass ex:Office", ["ZoneOffice"], [], [], True, id="a class above its own"
        ),
        pytest.param(
            "sh:targetClass ex:ZoneOffice",
            ["Office"],
            [],
            [],
            False,
            id="not a class below its own",
        ),
        pytest.param("sh:targetSubjectsOf ex:tag", [], ["tag"], [], True, id="it has the property"),
        pytest.param(
            "sh:targetSubjectsOf ex:tag",
            [],
            [],
            ["tag"],
            False,
            id="it is only the value of the property",
        ),
        pytest.param(
            "sh:targetObjectsOf ex:tag", [], [], ["tag"], True, id="it is a value of the property"
        ),
        pytest.param(
            "sh:severity sh:Violation", ["Office"], [], [], False, id="a shape without a target"
        ),
    ],
)
def test_a_shape_takes_part_where_its_target_is_the_thing(
    target: str, types: list[str], outgoing: list[str], incoming: list[str], applies: bool
) -> None:
    shapes = f"ex:S {target} ; sh:property ex:p . ex:p sh:path ex:p ; sh:name 'P'@en ; sh:group ex:first ; sh:order 1 ."
    found = layout(shapes, {f"{EX}ZoneOffice": {f"{EX}Office"}}).groups(
        [EX + name for name in types],
        [EX + name for name in outgoing],
        [EX + name for name in incoming],
    )
    assert bool(found) == applies


def test_a_property_shape_without_a_group_only_demands() -> None:
    assert (
        layout("ex:S sh:targetClass ex:O ; sh:property ex:p . ex:p sh:path ex:p .").groups(
            [f"{EX}O"], (), ()
        )
        == ()
    )


def test_a_row_in_two_groups_is_in_both_and_of_two_rows_with_one_path_the_first_stands() -> None:
    shapes = """
    ex:S sh:targetClass ex:O ; sh:property ex:p, ex:q .
    ex:p sh:path ex:a ; sh:name "twice"@en ; sh:group ex:first, ex:second ; sh:order 1 .
    ex:q sh:path ex:a ; sh:name "again"@en ; sh:group ex:second ; sh:order 2 .
    """
    assert row_names(layout(shapes).groups([f"{EX}O"], (), ())) == {
        "first": ["twice"],
        "second": ["twice"],
    }


def test_without_shapes_there_is_no_layout() -> None:
    assert read([], lambda _: set(), "").groups([f"{EX}Office"], [f"{EX}a"], []) == ()
