"""The data graph by columns: its terms by number, and by predicate the pairs that it relates. Pure.

A statement takes two numbers of 32 bits, and each literal stays as written.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from pyoxigraph import BlankNode, NamedNode, Quad

from unicef_linked.rdf.iris import RDF, RDFS
from unicef_linked.validation.terms import refuse_rdf12

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from unicef_linked.rdf.terms import Term

Index = dict[int, tuple[int, ...]]
"""The numbers of terms that a predicate relates to each term."""

_SHIFT: Final = 32
"""Bits of the second number of a pair."""
_MASK: Final = (1 << _SHIFT) - 1

_TYPE: Final = NamedNode(f"{RDF}type")
_SUBCLASS: Final = NamedNode(f"{RDFS}subClassOf")


class Columns:
    """The merge of the statements of all graphs; a term has the same number throughout."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self.terms: list[Term] = []
        self._numbers: dict[Term, int] = {}
        self._pairs: dict[int, array[int]] = {}
        self._forward: dict[int, Index] = {}
        self._backward: dict[int, Index] = {}
        self._instances: dict[int, frozenset[int]] = {}
        numbers = self._numbers
        for quad in quads:
            subject, predicate, value = quad.triple
            first, last, by = numbers.get(subject), numbers.get(value), numbers.get(predicate)
            if first is None:
                first = self.number(subject)
            if last is None:
                last = self.number(value)
            if by is None:
                by = self.number(predicate)
            pairs = self._pairs.get(by)
            if pairs is None:
                pairs = self._pairs[by] = array("Q")
            pairs.append(first << _SHIFT | last)

    def number(self, term: Term) -> int:
        """Return the number of a term, a new one if no statement has it."""
        number = self._numbers.get(term)
        if number is None:
            refuse_rdf12(term)
            number = self._numbers[term] = len(self.terms)
            self.terms.append(term)
        return number

    @property
    def predicates(self) -> tuple[int, ...]:
        """The numbers of all predicates."""
        return tuple(self._pairs)

    def forward(self, predicate: int) -> Index:
        """Return the objects of each subject, each once."""
        index = self._forward.get(predicate)
        if index is None:
            pairs = self._sorted(predicate)
            index = self._forward[predicate] = _index((p >> _SHIFT, p & _MASK) for p in pairs)
        return index

    def backward(self, predicate: int) -> Index:
        """Return the subjects of each object, each once."""
        index = self._backward.get(predicate)
        if index is None:
            turned = sorted((p & _MASK) << _SHIFT | p >> _SHIFT for p in self._sorted(predicate))
            index = self._backward[predicate] = _index((p >> _SHIFT, p & _MASK) for p in turned)
        return index

    def _sorted(self, predicate: int) -> list[int]:
        """Return the pairs of a predicate, each once, in order."""
        return sorted(set(self._pairs.get(predicate, ())))

    def instances(self, cls: int) -> frozenset[int]:
        """Return the SHACL instances of a class (SHACL, section 1.1)."""
        members = self._instances.get(cls)
        if members is None:
            below, of_type = (
                self.backward(self.number(_SUBCLASS)),
                self.backward(self.number(_TYPE)),
            )
            classes = {cls}
            queue = [cls]
            for wider in queue:
                narrower = [other for other in below.get(wider, ()) if other not in classes]
                classes.update(narrower)
                queue += narrower
            collected = {member for each in classes for member in of_type.get(each, ())}
            members = self._instances[cls] = frozenset(collected)
        return members

    def quads(self, replaced: Mapping[int, Term]) -> Iterator[Quad]:
        """Yield the statements in the default graph, some of their objects replaced."""
        terms = self.terms
        for predicate in self._pairs:
            name = terms[predicate]
            assert isinstance(name, NamedNode)
            for pair in self._sorted(predicate):
                subject, value = terms[pair >> _SHIFT], pair & _MASK
                assert isinstance(subject, NamedNode | BlankNode)
                yield Quad(subject, name, replaced.get(value) or terms[value])

    def predicates_to(self, values: Collection[int]) -> frozenset[Term]:
        """Return the predicates that lead to any of the values."""
        return frozenset(
            self.terms[predicate]
            for predicate, pairs in self._pairs.items()
            if any(pair & _MASK in values for pair in pairs)
        )


def _index(pairs: Iterable[tuple[int, int]]) -> Index:
    """Return the second numbers by the first; pairs come sorted by these."""
    index: Index = {}
    values: list[int] = []
    current = -1
    for first, second in pairs:
        if first != current:
            if values:
                index[current] = tuple(values)
            current, values = first, []
        values.append(second)
    if values:
        index[current] = tuple(values)
    return index
