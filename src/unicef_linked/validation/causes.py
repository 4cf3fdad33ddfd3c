"""Which results follow from others, and what a misspelt name was meant to be. Pure.

One mistake often breaks several shapes: a value of the wrong type has no claim, and its claim no
value. What only follows is marked, so that a reader sees the cause first.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from unicef_linked.rdf.iris import RDF, SHACL
from unicef_linked.rdf.terms import value_of
from unicef_linked.validation.report import Report, Result, make_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.iris import Names

_BY_QUERY: Final = f"{SHACL}SPARQLConstraintComponent"
"""Constraints that compare a value with other statements: they follow from one on the value."""

_LIKE: Final = 0.8
"""How alike (0 to 1) the key of a thing must be to one that nothing has, to be suggested."""


_MANY: Final = 2_000
"""Things of one type that a key is compared with, at most as many again that end alike."""
_END: Final = 3
"""Characters of such an end."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What files state, and what claims are about, as far as a report needs it."""

    stated: frozenset[tuple[str, str]]  # subject and predicate
    described: frozenset[str]  # subjects
    claims: Mapping[str, tuple[str, str]]  # subject and predicate, by claim


def read_statements(quads: Iterable[Quad]) -> Statements:
    """Return what the quads of files state."""
    stated: set[tuple[str, str]] = set()
    parts: dict[str, dict[str, str]] = {}
    for quad in quads:
        subject, predicate, value = map(value_of, (quad.subject, quad.predicate, quad.object))
        stated.add((subject, predicate))
        if predicate in {f"{RDF}subject", f"{RDF}predicate"}:
            parts.setdefault(subject, {})[predicate] = value
    claims = {
        claim: (values[f"{RDF}subject"], values[f"{RDF}predicate"])
        for claim, values in parts.items()
        if len(values) == 2
    }
    return Statements(frozenset(stated), frozenset(s for s, _ in stated), claims)


def explain(report: Report, files: Statements, names: Names) -> Report:
    """Return a report with suggestions, and with what follows from others marked and last."""
    results = _with_suggestions(report.results, files, names)
    causes = _Causes(results, files)
    marked = [replace(result, follows=causes.explain(result)) for result in results]
    if all(result.follows for result in marked if result.severity == "Violation"):
        marked = results  # no cause is left
    return make_report(marked, report.remarks)


class _Causes:
    """The violations that others may follow from, by focus node and by value."""

    def __init__(self, results: Iterable[Result], files: Statements) -> None:
        self._files = files
        self._by_focus: defaultdict[str, list[Result]] = defaultdict(list)
        self._by_value: defaultdict[str, list[Result]] = defaultdict(list)
        self._has_plain = False
        for cause in results:
            if cause.severity != "Violation" or _is_about_claim(cause, files):
                continue
            self._by_focus[cause.focus_node].append(cause)
            self._by_value[cause.value].append(cause)
            names_no_class = bool(cause.suggestion) and cause.path == f"{RDF}type"
            if cause.file and not names_no_class and not _is_derived(cause, files):
                self._has_plain = True

    def explain(self, result: Result) -> bool:
        """Return whether a result would go with a violation."""
        if self._has_plain and _is_derived(result, self._files):
            return True
        about = self._files.claims.get(result.focus_node, (result.focus_node, ""))
        nodes = {about[0], result.focus_node, result.value} - {""}
        causes = chain(
            self._by_value.get(result.focus_node, ()) if result.focus_node else (),
            *(self._by_focus.get(node, ()) for node in nodes),
        )
        return any(_follows(result, cause, self._files) for cause in causes)


def _is_about_claim(result: Result, files: Statements) -> bool:
    return result.focus_node in files.claims


def _follows(result: Result, cause: Result, files: Statements) -> bool:
    """Return whether a result would go with its cause."""
    if result == cause:
        return False
    if cause.suggestion and cause.path == f"{RDF}type":
        return cause.focus_node in {result.value, result.focus_node}
    if not result.file and cause.file and result.focus_node == cause.value:
        return True
    about = files.claims.get(result.focus_node, (result.focus_node, result.path))
    is_claim = _is_about_claim(result, files)
    meant = cause.suggestion
    if meant and about[0] == cause.focus_node and about[1] in {meant, cause.path}:
        return True
    if cause.value and cause.path and about == (cause.focus_node, cause.path):
        same_value = result.value == cause.value
        return is_claim or (same_value and result.constraint == _BY_QUERY != cause.constraint)
    return False


def _is_derived(result: Result, files: Statements) -> bool:
    """Return whether a result is on a value that a rule made."""
    is_stated = (result.focus_node, result.path) in files.stated
    return bool(result.path and result.value) and not is_stated


def _with_suggestions(results: Iterable[Result], files: Statements, names: Names) -> list[Result]:
    """Return results, those on things that nothing describes with a name that was perhaps meant."""
    by_type: defaultdict[str, list[str]] = defaultdict(list)
    for iri in files.described:
        if iri.startswith(names.entities):
            by_type[iri.removeprefix(names.entities).partition("/")[0]].append(iri)
    described = {name: _Described(iris) for name, iris in by_type.items()}
    suggested = []
    for result in results:
        pair = names.type_and_key(result.value)
        if pair and pair[0] in described and result.value not in files.described:
            near = described[pair[0]].near(result.value)
            result = _with_suggestion(result, near, names) if near else result
        suggested.append(result)
    return suggested


class _Described:
    """The things of one type that are described."""

    def __init__(self, iris: Iterable[str]) -> None:
        self._iris = sorted(iris)
        self._by_end: defaultdict[str, list[str]] = defaultdict(list)
        for iri in self._iris:
            self._by_end[iri[-_END:]].append(iri)

    def near(self, iri: str) -> str | None:
        """Return the one whose IRI is most like another; None if none is like it.

        Of many, those are compared that are near in their order, and some that end alike.
        """
        candidates: Iterable[str] = self._iris
        if len(self._iris) > _MANY:
            place = bisect_left(self._iris, iri)
            before = self._iris[max(place - _MANY // 2, 0) : place + _MANY // 2]
            candidates = dict.fromkeys((*before, *self._by_end.get(iri[-_END:], ())[:_MANY]))
        return next(iter(difflib.get_close_matches(iri, candidates, n=1, cutoff=_LIKE)), None)


def _with_suggestion(result: Result, meant: str, names: Names) -> Result:
    shown = names.shorten(meant)
    phrases = {"en": f" Did you mean {shown}?", "fr": f" Vouliez-vous dire {shown} ?"}
    messages = tuple((tag, text + phrases.get(tag, "")) for tag, text in result.messages)
    return replace(result, messages=messages)
