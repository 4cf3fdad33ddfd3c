"""Reading the dataset: the ``Store`` protocol and its engines.

May not: import ``build`` or ``web``, or know the text of pages.
Called by: ``web``, ``mcp`` and ``cli``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pyoxigraph import NamedNode, Quad

    from unicef_linked.rdf.formats import Format
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.store.query import Query

BATCH: Final = 1000
"""Most terms in one request to a remote engine: a query of about 100 kB."""

LEFT: Final = ContextVar[Callable[[], bool]]("client left", default=lambda: False)
"""Whether the client that is being answered has disconnected: then ``select`` may stop."""

Labels = dict[str, dict[str, str]]
"""IRI to language tag to text; "" is the language of a plain literal."""


WHOLE: Final = 1 << 20
"""Answers up to this size (bytes) are complete before the status line: they can be cached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a query's answer in one format.

    ``whole`` is set when the answer is complete: it then has a Content-Length and can be cached.
    Otherwise ``chunks`` yields it as it is evaluated, and raises QueryError when that fails.
    Iterate to the end or call ``close``: that frees the query process.
    """

    format: Format
    whole: bytes | None
    chunks: Iterator[bytes]

    def close(self) -> None:
        """Free the query process or connection."""
        close = getattr(self.chunks, "close", None)
        if close:
            close()


class Chunks:
    """An iterator that calls ``free`` once: at its end, at an error, or when it is closed."""

    def __init__(self, chunks: Iterator[bytes], free: Callable[[], None]) -> None:
        self._chunks, self._free = chunks, free
        self._open = True

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except BaseException:  # StopIteration among them
            self.close()
            raise

    def close(self) -> None:
        """Discard the rest and free the resources."""
        if self._open:
            self._open = False
            close = getattr(self._chunks, "close", None)
            if close:
                close()
            self._free()


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """What is known of the query processes of this machine."""

    running: int
    busy: int  # of those that run
    events: Mapping[str, int]  # since the service was started, by the name of the event


class Store(Protocol):
    """A read-only dataset. The default graph holds what a consumer expects to query."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The IRIs of functions beyond SPARQL 1.1 that queries may call, as far as known."""
        ...

    def match(
        self,
        subject: Term | None = None,
        predicate: NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: NamedNode | None = None,
    ) -> list[Quad]:
        """Return the statements that match, exactly as published; None matches all."""
        ...

    def match_any(
        self,
        subjects: Collection[Term] | None = None,
        predicates: Collection[NamedNode] | None = None,
        objects: Collection[Term] | None = None,
    ) -> list[Quad]:
        """Return the statements whose subject, predicate and object are among those given.

        None allows every term. Subjects or objects must be given. An engine elsewhere is asked
        once for every ``BATCH`` of terms, not once for each.
        """
        ...

    def labels(self, iris: Collection[str]) -> Labels:
        """Return the names of IRIs, each in every language it has; an IRI without one is absent.

        Of several names in one language, that of the first of LABEL_PROPERTIES.
        """
        ...

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """Return the solutions of one of this package's own queries, never a client's.

        It must project each variable that ``bindings`` bind. It has the longest deadline that a
        client's query may have. Raises QueryError.
        """
        ...

    def answer(
        self,
        query: Query,
        *,
        solutions: Format | None,
        graph: Format | None,
        timeout: float,
        left: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Return the answer to a client's query, in ``solutions`` or ``graph`` by the query's form.

        ``timeout`` is in seconds. Evaluation may stop once ``left`` returns True: the client has
        disconnected. Raises QueryError, and NotAcceptable when the format for the form is None.
        """
        ...

    def check(self) -> None:
        """Raise QueryError if documents or queries cannot be answered, but for load.

        It returns within seconds, whatever the engine does.
        """
        ...

    def processes(self) -> ProcessFigures | None:
        """Return figures of the query processes; None where an engine elsewhere answers."""
        ...

    def close(self) -> None:
        """Close sockets and connections."""
        ...
