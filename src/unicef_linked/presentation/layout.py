"""The layout of a page about a thing, as the shapes give it: groups of rows, in order. Pure.

The shapes give it by the non-validating properties of SHACL (section 2.3.2): a property shape with
a ``sh:group`` is a row of that group, with ``sh:name`` as its heading, at ``sh:order``. Its
``sh:path`` is a predicate path, an inverse path or a sequence path (section 2.3.1).
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
    """One property of a path from a thing to a value; ``back``: from its object to its subject."""

    predicate: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page: its names, and the path to its values."""

    shape: str
    path: tuple[Step, ...]
    names: Texts
    descriptions: Texts
    order: float

    @property
    def key(self) -> str:
        """The local name of its shape, for anchors."""
        return self.shape.rpartition("#")[2] or self.shape


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one group; a page shows those of ``key_facts`` at its top."""

    iri: str
    names: Texts
    key_facts: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Layout:
    """The rows of every node shape of a shapes graph.

    ``superclasses`` returns all superclasses of a class; ``key_facts`` is the class of the groups
    that a page shows at its top.
    """

    statements: Mapping[Term, Mapping[str, list[Term]]]
    superclasses: Callable[[str], Collection[str]]
    key_facts: str

    def groups(
        self, types: Collection[str], outgoing: Collection[str], incoming: Collection[str]
    ) -> tuple[Group, ...]:
        """Return the groups of a thing of these types, with properties to and from others.

        The thing is subject of the ``outgoing`` properties and object of the ``incoming`` ones.
        Those shapes count whose target it is (SHACL, section 2.1.3). Of rows with the same path in
        one group, only the first counts.
        """
        classes = set(types)
        for iri in types:
            classes.update(self.superclasses(iri))
        values_of_thing = {
            f"{SHACL}targetClass": classes,
            f"{SHACL}targetSubjectsOf": outgoing,
            f"{SHACL}targetObjectsOf": incoming,
        }
        rows: dict[str, list[Row]] = {}
        for node, targets in self._targets.items():
            if any(value in values_of_thing[target] for target, value in targets):
                for group, row in self._rows[node]:
                    rows.setdefault(group, []).append(row)
        groups = [(self._number(NamedNode(iri), f"{SHACL}order"), iri) for iri in rows]
        return tuple(self._group(iri, rows[iri]) for _, iri in sorted(groups))

    def _group(self, iri: str, rows: Iterable[Row]) -> Group:
        node = NamedNode(iri)
        return Group(
            iri,
            self._texts(node, f"{RDFS}label"),
            NamedNode(self.key_facts) in self._values(node, f"{RDF}type"),
            _each_path_once(sorted(rows, key=lambda row: (row.order, row.shape))),
        )

    @cached_property
    def _targets(self) -> dict[Term, list[tuple[str, str]]]:
        """Each node shape that has rows, with the properties and values of its targets."""
        targets: dict[Term, list[tuple[str, str]]] = {}
        for node in self._rows:
            targets[node] = []
            for name in ("targetClass", "targetSubjectsOf", "targetObjectsOf"):
                values = self._values(node, f"{SHACL}{name}")
                iris = (value.value for value in values if isinstance(value, NamedNode))
                targets[node] += [(f"{SHACL}{name}", iri) for iri in iris]
        return targets

    @cached_property
    def _rows(self) -> dict[Term, list[tuple[str, Row]]]:
        """The rows of each node shape, each with its group."""
        rows: dict[Term, list[tuple[str, Row]]] = {}
        for node in self.statements:
            for shape in self._values(node, f"{SHACL}property"):
                groups = self._values(shape, f"{SHACL}group")
                path = next((self._path(term) for term in self._values(shape, f"{SHACL}path")), ())
                if groups and path:
                    row = self._row(shape, path)
                    iris = (group.value for group in groups if isinstance(group, NamedNode))
                    rows.setdefault(node, []).extend((iri, row) for iri in iris)
        return rows

    def _row(self, shape: Term, path: tuple[Step, ...]) -> Row:
        return Row(
            getattr(shape, "value", ""),
            path,
            self._texts(shape, f"{SHACL}name"),
            self._texts(shape, f"{SHACL}description"),
            self._number(shape, f"{SHACL}order"),
        )

    def _path(self, term: Term) -> tuple[Step, ...]:
        """Return the steps of a path; none of a path with alternatives or repetitions."""
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
        """Return the number of a shape, infinity if it has none."""
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
    by_path: dict[tuple[Step, ...], Row] = {}
    for row in rows:
        by_path.setdefault(row.path, row)
    return tuple(by_path.values())
