"""Store over a local release: documents are read in this process, queries evaluated in the pool."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from unicef_linked.errors import NoQueryProcess, QueryError
from unicef_linked.rdf.formats import RESULTS_JSON, Carries
from unicef_linked.rdf.serialization import settle_prefixes
from unicef_linked.release.positions import LinesByTerm
from unicef_linked.store import LEFT, ProcessFigures
from unicef_linked.store.geosparql import GEOSPARQL_FUNCTIONS
from unicef_linked.store.labels import read_labels
from unicef_linked.store.loading import load_release
from unicef_linked.store.pool.client import Request, SocketPool
from unicef_linked.store.pool.messages import Options
from unicef_linked.store.query import Query, bind, check, dataset_of
from unicef_linked.store.solutions import read_solutions
from unicef_linked.store.statements import match_each, match_lines, match_subjects, matching
from unicef_linked.store.xml_answers import check_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from unicef_linked.config import Settings
    from unicef_linked.rdf.formats import Format
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.release import Release
    from unicef_linked.store import Answer, Labels


_CHECK_PATIENCE: Final = 1.0
"""Longest time (s) that ``check`` waits for a query process to take its query."""
_IDLE_LOOKS, _IDLE_INTERVAL = 5, 0.02
"""How often, and how long apart (s), an idle process is looked for before it counts as stuck."""
_SOLUTIONS: Final = Options((), (), False, "", False, RESULTS_JSON.media_type, None)
"""Of a query of our own: the solutions over the whole dataset."""

Content = ox.Dataset | LinesByTerm
"""The statements of a release: in memory, or in its dump on disk."""


def read_content(release: Release) -> ox.Dataset:
    """Return a release in memory, without the union."""
    return ox.Dataset(release.quads())


class Embedded:
    """A release in memory or on disk, and the address of its query processes.

    ``content`` is read into memory where it is not given. ``open_engine`` gives what evaluates our
    own questions where no query process runs; unless given, the release is loaded for it.
    """

    def __init__(
        self,
        release: Release,
        address: str,
        settings: Settings,
        content: Content | None = None,
        open_engine: Callable[[], ox.Store] | None = None,
    ) -> None:
        self._content = read_content(release) if content is None else content
        self._open_engine = open_engine or partial(load_release, release)
        self._settings = settings
        self._sockets = SocketPool(
            address, 2 * settings.workers + settings.query_queue, settings.query_patience
        )
        self._prefixes = release.names.prefixes

    @cached_property
    def _engine(self) -> ox.Store:
        """What evaluates a question where no query process runs."""
        return self._open_engine()

    @property
    def functions(self) -> tuple[str, ...]:
        """See Store."""
        return GEOSPARQL_FUNCTIONS

    def match(
        self,
        subject: Term | None = None,
        predicate: ox.NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        content = self._content
        if not isinstance(content, ox.Dataset):
            return match_lines(content, subject, predicate, object, graph_name)
        if isinstance(subject, ox.Literal):
            return []
        if graph_name is not None:
            candidates = content.quads_for_graph_name(graph_name)
        elif subject is not None:
            candidates = content.quads_for_subject(subject)
        elif object is not None:
            candidates = content.quads_for_object(object)
        elif predicate is not None:
            candidates = content.quads_for_predicate(predicate)
        else:
            candidates = iter(content)
        return matching(candidates, subject, predicate, object, graph_name)

    def match_any(
        self,
        subjects: Collection[Term] | None = None,
        predicates: Collection[ox.NamedNode] | None = None,
        objects: Collection[Term] | None = None,
    ) -> list[ox.Quad]:
        """See Store."""
        if not isinstance(self._content, ox.Dataset) and subjects is not None:
            return match_subjects(self._content.lines, subjects, predicates, objects)
        return match_each(self.match, subjects, predicates, objects)

    def labels(self, iris: Collection[str]) -> Labels:
        """See Store."""
        return read_labels(self.match_any, iris)

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """See Store. A query process evaluates it: its deadline, or a client that leaves, ends it.

        Where none runs, it is evaluated here.
        """
        text = bind(query, bindings or {})
        timeout, left = self._settings.query_timeout_max, LEFT.get()
        request = Request(text, _SOLUTIONS, timeout, left, self._sockets, self._prefixes)
        try:
            request.send()
            answer = request.read_answer()
            content = b"".join(answer.chunks) if answer.whole is None else answer.whole
        except NoQueryProcess:
            return read_solutions(self._engine.query(text))
        finally:
            request.close()
        return read_solutions(ox.parse_query_results(content, format=RESULTS_JSON.results))

    def answer(
        self,
        query: Query,
        *,
        solutions: Format | None,
        graph: Format | None,
        timeout: float,
        left: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """See Store."""
        federated = check(
            query.text,
            max_length=self._settings.query_length,
            services=self._settings.query_services,
        )
        dataset = dataset_of(query)
        options = Options(
            dataset.default_graphs if dataset else (),
            dataset.named_graphs if dataset else (),
            dataset is not None,
            query.base,
            federated,
            solutions.media_type if solutions else None,
            graph.media_type if graph else None,
        )
        request = Request(query.text, options, timeout, left, self._sockets, self._prefixes)
        try:
            request.send()
            answer = request.read_answer()
        except BaseException:
            request.close()
            raise
        answer = check_xml(answer)
        if answer.whole is None or answer.format.carries is Carries.SOLUTIONS:
            return answer
        content = settle_prefixes(answer.whole, answer.format.rdf, list(self._prefixes))
        return replace(answer, whole=content)

    def check(self) -> None:
        """See Store."""
        if all(self._running()):
            return  # load: each process evaluates a query
        patience = _CHECK_PATIENCE
        request = Request(
            "ASK {}", _SOLUTIONS, patience, lambda: False, self._sockets, {}, patience
        )
        try:
            request.send()
            request.read_answer()
        except NoQueryProcess:
            raise
        except QueryError:
            for _ in range(_IDLE_LOOKS):
                if all(self._running()):
                    return
                time.sleep(_IDLE_INTERVAL)
            raise NoQueryProcess from None
        finally:
            request.close()

    def processes(self) -> ProcessFigures:
        """See Store."""
        try:
            slots = self._sockets.slots()
        except NoQueryProcess:
            return ProcessFigures(0, 0, {})
        running = slots.running()
        events = {event.name.lower(): number for event, number in slots.counts().items()}
        return ProcessFigures(len(running), sum(running), events)

    def _running(self) -> list[bool]:
        """Return whether each query process is busy. Raises NoQueryProcess when there is none."""
        running = self._sockets.slots().running()
        if not running:
            raise NoQueryProcess
        return running

    def close(self) -> None:
        """See Store. The query processes are stopped by ``run_evaluators``."""
        self._sockets.close()
