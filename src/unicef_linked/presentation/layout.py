"""How a page about a thing is laid out, as the shapes say it: groups of rows, in order. Pure.

The shapes say it by the properties of SHACL that validate nothing (section 2.3.2): a property shape with a ``sh:group``
is a row of that group, ``sh:name`` is what a reader calls it, ``sh:order`` where it stands. ``sh:path`` is one property,
one read backwards (``sh:inversePath``), or several one after the other (section 2.3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyoxigraph import BlankNode, Literal, NamedNode

from unicef_linked.rdf.iris import RDF, RDFS, SHACL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.terms import Term

Texts = dict[str, str]
"""Language to text."""


@dataclass(frozen=True, slots=True)
class Step:
    """One property on the way from a thing to a value; ``back`` from its object to its subject."""

    predicate: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page: what it is called, and how to get to its values."""

    shape: str
    path: tuple[Step, ...]
    names: Texts
    descriptions: Texts
    order: float

    @property
    def key(self) -> str:
        """What an address within the page calls it."""
        return self.shape.rpartition("#")[2] or self.shape


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together; ``key_facts`` are told first and large."""

    iri: str
    names: Texts
    key_facts: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Layout:
    """The rows of every node shape of a shapes graph.

    ``superclasses`` of a class are all above it; groups of the class ``key_facts`` are told first and large.
    """

    statements: Mapping[Term, Mapping[str, list[Term]]]
    superclasses: Callable[[str], Collection[str]]
    key_facts: str

    def groups(
        self, types: Iterable[str], outgoing: Collection[str], incoming: Collection[str]
    ) -> tuple[Group, ...]:
        """Return the groups of a thing that has these types, is subject of the ``outgoing`` properties and object of the ``incoming``.

        A shape takes part where its target is the thing (SHACL, section 2.1.3). Of rows with the same path in a group
        the first stands.
        """
        classes = {above for kind in types for above in (kind, *self.superclasses(kind))}
        of = {
            f"{SHACL}targetClass": classes,
            f"{SHACL}targetSubjectsOf": outgoing,
            f"{SHACL}targetObjectsOf": incoming,
        }
        rows: dict[str, list[Row]] = {}
        for node, targets in self._targets.items():
            if any(value in of[target] for target, value in targets):
                for group, row in self._rows[node]:
                    rows.setdefault(group, []).append(row)
        return tuple(
            Group(
                group,
                self._texts(NamedNode(group), f"{RDFS}label"),
                NamedNode(self.key_facts) in self._values(NamedNode(group), f"{RDF}type"),
                _each_path_once(sorted(rows[group], key=lambda row: (row.order, row.shape))),
            )
            for group in sorted(
                rows, key=lambda group: (self._number(NamedNode(group), f"{SHACL}order"), group)
            )
        )

    @cached_property
    def _targets(self) -> dict[Term, list[tuple[str, str]]]:
        """Each node shape that has rows, with the kinds and values of its targets."""
        kinds = (f"{SHACL}targetClass", f"{SHACL}targetSubjectsOf", f"{SHACL}targetObjectsOf")
        return {
            node: [
                (kind, value.value)
                for kind in kinds
                for value in said.get(kind, [])
                if isinstance(value, NamedNode)
            ]
            for node, said in self.statements.items()
            if node in self._rows
        }

    @cached_property
    def _rows(self) -> dict[Term, list[tuple[str, Row]]]:
        """The rows of each node shape, each with its group."""
        found: dict[Term, list[tuple[str, Row]]] = {}
        for node, said in self.statements.items():
            for shape in said.get(f"{SHACL}property", []):
                groups = self._values(shape, f"{SHACL}group")
                path = next((self._path(term) for term in self._values(shape, f"{SHACL}path")), ())
                if not (groups and path):
                    continue
                row = Row(
                    getattr(shape, "value", ""),
                    path,
                    self._texts(shape, f"{SHACL}name"),
                    self._texts(shape, f"{SHACL}description"),
                    self._number(shape, f"{SHACL}order"),
                )
                found.setdefault(node, []).extend(
                    (group.value, row) for group in groups if isinstance(group, NamedNode)
                )
        return found

    def _path(self, term: Term) -> tuple[Step, ...]:
        """Return the steps of a path; none where it is a path that a page does not follow: alternatives, repetitions."""
        back = self._values(term, f"{SHACL}inversePath")
        if back:
            inner = self._path(back[0])
            return tuple(Step(step.predicate, not step.back) for step in reversed(inner))
        if self._values(term, f"{RDF}first"):
            steps: list[Step] = []
            while first := self._values(term, f"{RDF}first"):
                part = self._path(first[0])
                if not part:
                    return ()
                steps += part
                term = next(iter(self._values(term, f"{RDF}rest")), NamedNode(f"{RDF}nil"))
            return tuple(steps)
        others = ("alternativePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath")
        if isinstance(term, BlankNode) or any(
            self._values(term, f"{SHACL}{name}") for name in others
        ):
            return ()
        return (Step(term.value),) if isinstance(term, NamedNode) else ()

    def _values(self, subject: Term, predicate: str) -> list[Term]:
        return self.statements.get(subject, {}).get(predicate, [])

    def _texts(self, subject: Term, predicate: str) -> Texts:
        values = self._values(subject, predicate)
        return {value.language or "": value.value for value in values if isinstance(value, Literal)}

    def _number(self, subject: Term, predicate: str) -> float:
        """Return the number that a shape gives; what has none comes last."""
        for value in self._values(subject, predicate):
            try:
                return float(getattr(value, "value", ""))
            except ValueError:
                continue
        return float("inf")


def read(
    shapes: Iterable[Quad], superclasses: Callable[[str], Collection[str]], key_facts: str
) -> Layout:
    """Return the layout that a shapes graph gives; without shapes it has no groups for anything."""
    statements: dict[Term, dict[str, list[Term]]] = {}
    for quad in shapes:
        values = statements.setdefault(quad.subject, {}).setdefault(quad.predicate.value, [])
        if quad.object not in values:
            values.append(quad.object)
    return Layout(statements, superclasses, key_facts)


def _each_path_once(rows: Iterable[Row]) -> tuple[Row, ...]:
    found: dict[tuple[Step, ...], Row] = {}
    for row in rows:
        found.setdefault(row.path, row)
    return tuple(found.values())
