"""Statements read for one answer: each subject or object is requested once, and many together.

A page follows paths of several statements. Read one by one, each step is a request to the engine.
Here a caller first names the terms that it needs (``load``) and then reads them from memory
(``match``). A term that was not loaded costs a request of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pyoxigraph import Literal

from unicef_linked.rdf.terms import in_query
from unicef_linked.release.lines import parse_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from pyoxigraph import NamedNode, Quad

    from unicef_linked.rdf.terms import Term
    from unicef_linked.release.lines import SortedLines
    from unicef_linked.release.positions import LinesByTerm
    from unicef_linked.store import Labels, Store


class Statements(Protocol):
    """What reading functions need of a store."""

    def match(
        self,
        subject: Term | None = None,
        predicate: NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
    ) -> list[Quad]:
        """See Store."""
        ...


def match_lines(
    dump: LinesByTerm,
    subject: Term | None,
    predicate: NamedNode | None,
    term: Term | None,
    graph_name: NamedNode | None,
) -> list[Quad]:
    """Return what ``Store.match`` does, from the lines of a release."""
    if isinstance(subject, Literal):
        return []
    lines: Iterable[bytes] = dump.lines
    if subject is not None:
        lines = dump.lines.of_subjects([str(subject)])
    elif term is not None:
        lines = dump.with_term("objects", in_query(term))  # as N-Quads do
    elif predicate is not None:
        lines = dump.with_term("predicates", str(predicate))
    elif graph_name is not None:
        lines = dump.with_term("graphs", str(graph_name))
    return matching(parse_lines(lines), subject, predicate, term, graph_name)


def matching(
    quads: Iterable[Quad],
    subject: Term | None,
    predicate: NamedNode | None,
    term: Term | None,
    graph_name: NamedNode | None,
) -> list[Quad]:
    """Return those of statements that have the terms given; None allows all."""
    return [
        quad
        for quad in quads
        if (subject is None or quad.subject == subject)
        and (predicate is None or quad.predicate == predicate)
        and (term is None or quad.object == term)
        and (graph_name is None or quad.graph_name == graph_name)
    ]


def match_each(
    match: Callable[..., list[Quad]],
    subjects: Collection[Term] | None,
    predicates: Collection[NamedNode] | None,
    objects: Collection[Term] | None,
) -> list[Quad]:
    """Return what ``Store.match_any`` does, where asking for one term after the other is cheap."""
    candidates: list[Quad] = []
    if subjects is not None:
        for subject in dict.fromkeys(subjects):
            candidates += match(subject)
    else:
        assert objects is not None, "subjects or objects must be given"
        for term in dict.fromkeys(objects):
            candidates += match(object=term)
    allowed_predicates = None if predicates is None else frozenset(predicates)
    allowed_objects = None if subjects is None or objects is None else frozenset(objects)
    return [
        quad
        for quad in candidates
        if (allowed_predicates is None or quad.predicate in allowed_predicates)
        and (allowed_objects is None or quad.object in allowed_objects)
    ]


def match_subjects(
    lines: SortedLines,
    subjects: Collection[Term],
    predicates: Collection[NamedNode] | None = None,
    objects: Collection[Term] | None = None,
) -> list[Quad]:
    """Return what ``Store.match_any`` does of subjects, from the sorted lines of a release."""
    terms = (str(subject) for subject in dict.fromkeys(subjects))
    properties = None if predicates is None else [str(predicate) for predicate in predicates]
    quads = parse_lines(lines.of_subjects(terms, properties))
    if objects is None:
        return quads
    allowed = frozenset(objects)
    return [quad for quad in quads if quad.object in allowed]


class LoadedStatements:
    """The statements of a store by subject and by object, as far as they have been loaded.

    It is made for one answer and then dropped: it grows with what the answer reads.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_subject: dict[Term, list[Quad]] = {}
        self._by_object: dict[Term, list[Quad]] = {}

    def load(self, subjects: Iterable[Term] = (), objects: Iterable[Term] = ()) -> None:
        """Read the statements with these subjects, and with these objects, unless loaded before.

        At most one request for the subjects and one for the objects (more past ``store.BATCH``).
        """
        of = [
            t
            for t in dict.fromkeys(subjects)
            if not isinstance(t, Literal) and t not in self._by_subject
        ]
        if of:
            self._by_subject.update((term, []) for term in of)
            for quad in self._store.match_any(of):
                self._by_subject[quad.subject].append(quad)
        to = [term for term in dict.fromkeys(objects) if term not in self._by_object]
        if to:
            self._by_object.update((term, []) for term in to)
            for quad in self._store.match_any(None, None, to):
                self._by_object[quad.object].append(quad)

    def match(
        self,
        subject: Term | None = None,
        predicate: NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
    ) -> list[Quad]:
        """See Store; the subject or the object must be given."""
        if subject is not None:
            self.load(subjects=[subject])
            quads = self._by_subject.get(subject, [])
        else:
            assert object is not None, "the subject or the object must be given"
            self.load(objects=[object])
            quads = self._by_object[object]
        return [
            quad
            for quad in quads
            if (predicate is None or quad.predicate == predicate)
            and (object is None or quad.object == object)
        ]

    def labels(self, iris: Iterable[str]) -> Labels:
        """See Store."""
        return self._store.labels(list(iris))
