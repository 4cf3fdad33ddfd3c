"""Everything this package raises on purpose, in the field's own terms.

LinkedDataError
├── UnusableInput           a file, folder, address or option that we cannot work with
│   ├── MalformedData       RDF that does not parse: names file, line and column
│   ├── SeveralErrors       more than one of these, each with its own sentence
│   ├── NotARelease         a directory that is not a release, or not whole
│   └── AddressInUse        the port is taken, or not permitted
├── NotConforming           data that the shapes refuse; carries the report
├── ServiceEnded            a process of the service ended again and again
├── NotFound                a well-formed address that the release does not describe
├── Gone                    an entity that was withdrawn: carries its successors
├── NotAcceptable           no representation that the client would take
├── Unwritable              statements that a format cannot express
├── BadParameter            a request parameter is missing, repeated or out of its range
├── UnsupportedMediaType    a request body in a type that the operation does not take
├── TooLarge                a request body or query over the limit
├── TooManyRequests         a client asks more often than it may; carries the seconds to wait
└── QueryError              a query was not answered
    ├── MalformedQuery      not SPARQL 1.1: carries line and column
    ├── QueryRefused        SPARQL, but an update or a federated query
    ├── QueryTimeout        stopped at its deadline
    ├── QueryOutOfResources stopped at its memory or result-size ceiling
    ├── Overloaded          more is asked than can be answered; carries the seconds to wait
    ├── NoQueryProcess      no process runs that could answer; one is being started
    ├── EngineUnavailable   an engine elsewhere cannot be asked, or is none
    └── EngineFailed        an engine elsewhere gave no usable answer to a query

HTTP is unknown here: ``web.problems`` maps these classes to statuses, ``cli`` to exit statuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class LinkedDataError(Exception):
    """Everything this package raises on purpose. Its message is for whoever runs the program."""

    @property
    def public(self) -> str:
        """What a client over HTTP may read: without addresses and words of an engine elsewhere."""
        return str(self)


class UnusableInput(LinkedDataError):
    """A file, folder, address or option that we cannot work with."""


class MalformedData(UnusableInput):
    """RDF that does not parse; ``line`` and ``column`` count from 1, None if not known."""

    def __init__(
        self, path: Path, message: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        self.path, self.line, self.column = path, line, column
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        super().__init__(f"{place}: {message}")


class SeveralErrors(UnusableInput):
    """Several files that we cannot work with; ``errors`` has each."""

    def __init__(self, errors: Sequence[UnusableInput]) -> None:
        self.errors = tuple(errors)
        lines = "".join(f"\n  {error}" for error in errors)
        super().__init__(f"{len(errors)} files cannot be read:{lines}")


def raise_all(errors: Sequence[UnusableInput]) -> None:
    """Raise the errors as one, the only one as it is; nothing if there is none."""
    each: list[UnusableInput] = []
    for error in errors:
        each += error.errors if isinstance(error, SeveralErrors) else [error]
    if each:
        raise each[0] if len(each) == 1 else SeveralErrors(each)


class NotARelease(UnusableInput):
    """A directory that is not a release, or one whose parts do not match its manifest."""


class AddressInUse(UnusableInput):
    """The host and port cannot be listened on."""


class NotConforming(LinkedDataError):
    """Data that the shapes refuse; ``report`` (``validation.report.Report``) says where and why."""

    def __init__(self, violations: int, report: object) -> None:
        self.report = report
        count = f"{violations} violation{'s' if violations > 1 else ''}"
        super().__init__(f"the data does not conform to the shapes: {count}")


class ServiceEnded(LinkedDataError):
    """A process that the service cannot do without ended as often as it may."""


class NotFound(LinkedDataError):
    """A well-formed address or IRI that the release does not describe."""


class Gone(LinkedDataError):
    """An entity that earlier releases described; ``successors`` are the IRIs of what replaces it.

    ``suffix`` is that of the format that was asked for by the address, if one was.
    """

    def __init__(self, iri: str, successors: Sequence[str] = (), suffix: str | None = None) -> None:
        self.iri, self.successors, self.suffix = iri, tuple(successors), suffix
        replaced = f"; it is replaced by {', '.join(successors)}" if successors else ""
        super().__init__(f"{iri} was withdrawn{replaced}")


class NotAcceptable(LinkedDataError):
    """No representation that the client would take; ``offers`` are the media types there are."""

    def __init__(
        self,
        offers: Sequence[str],
        reason: str = "none of the acceptable media types is available",
    ) -> None:
        self.offers = tuple(offers)
        super().__init__(f"{reason}; available are: {', '.join(offers)}")


class Unwritable(LinkedDataError):
    """Statements that a format cannot express; the message says why."""


class BadParameter(LinkedDataError):
    """A request parameter that is missing, repeated or out of its range."""


class UnsupportedMediaType(LinkedDataError):
    """A request body in a media type that the operation does not take."""


class TooLarge(LinkedDataError):
    """A request body, or a batch in a request, over the limit."""


class TooManyRequests(LinkedDataError):
    """A client asks more often than it may; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class QueryError(LinkedDataError):
    """A query that was not answered; ``public`` is given where it differs from the message."""

    def __init__(self, message: str, *, public: str = "") -> None:
        self._public = public or message
        super().__init__(message)

    @property
    def public(self) -> str:
        """See LinkedDataError."""
        return self._public


class MalformedQuery(QueryError):
    """Not SPARQL 1.1 Query. ``line`` and ``column`` count from 1 in the text as sent."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        self.line, self.column = line, column
        super().__init__(message)


class QueryRefused(QueryError):
    """SPARQL, but an update or a federated query: this endpoint only reads its own dataset."""


class QueryTimeout(QueryError):
    """The query was stopped at its deadline."""


class QueryOutOfResources(QueryError):
    """The query was stopped at its memory or result-size ceiling."""


class Overloaded(QueryError):
    """Too many queries wait already; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, retry_after: int, public: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(message, public=public)


class NoQueryProcess(QueryError):
    """No query process runs, or none can be reached: they are being started again."""

    retry_after = 5
    """Seconds after which they usually run again."""

    def __init__(self) -> None:
        super().__init__("no query process runs; they are being started again, try again shortly")


class EngineUnavailable(QueryError):
    """The engine elsewhere cannot be reached, refuses us, or does not answer as an engine."""

    retry_after = 10
    """Seconds after which it may be there again, which nobody knows."""

    def __init__(self, message: str) -> None:
        public = "the engine that holds the data cannot be asked; try again later"
        super().__init__(message, public=public)


class EngineFailed(QueryError):
    """The engine elsewhere began to answer, or refused, in a way that is no fault of the query."""

    def __init__(self, message: str) -> None:
        public = "the engine that holds the data gave no usable answer to this query"
        super().__init__(message, public=public)
