"""Where the publisher reads from: one small protocol, and what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyoxigraph import Quad

    from unicef_linked.rdf.formats import Format
    from unicef_linked.store.query import Query

Term = NamedNode | BlankNode | Literal | Triple
Solution = dict[str, Term]

WHOLE: Final = 1 << 20
"""Answers up to this many bytes are read whole before the status line, so that they have a length and can be kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a query's answer in one format.

    ``whole`` is set when the answer was complete before the status line could leave: then it has a length and can be
    kept. Else ``chunks`` yields it as it is made, and raises QueryError when it breaks off. Iterate to the end or
    ``close()`` it: that frees the query process.
    """

    format: Format
    whole: bytes | None
    chunks: Iterator[bytes]

    def close(self) -> None:
        """Free what computes the rest of the answer."""
        close = getattr(self.chunks, "close", None)
        if close:
            close()


class Chunks:
    """An iterator that frees what it stands on at its end, at an error, and when it is closed, begun or not."""

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
        """Give up what is left."""
        if self._open:
            self._open = False
            close = getattr(self._chunks, "close", None)
            if close:
                close()
            self._free()


class Store(Protocol):
    """A read-only dataset. The default graph holds what a consumer expects to query."""

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

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """Return the solutions of a query of our own, never a stranger's; it projects each variable that ``bindings`` bind."""
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
        """Return the answer to a stranger's query, in ``solutions`` or in ``graph`` as its form asks.

        Raises the QueryErrors, and NotAcceptable when the form asks for the one that is None. ``timeout`` in seconds;
        the evaluation may be given up as soon as ``left`` says that the client has left.
        """
        ...

    def close(self) -> None:
        """Give back processes and connections."""
        ...
