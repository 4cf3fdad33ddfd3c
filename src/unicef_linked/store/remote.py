"""Store over a remote SPARQL 1.1 endpoint, for datasets that outgrow one machine.

An engine's default graph is the unnamed graph (Oxigraph, Jena) or the union of all named graphs
(Virtuoso, GraphDB, QLever, Neptune). ``unicef-linked load`` makes both hold the same statements.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

import pyoxigraph as ox
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth, HTTPDigestAuth
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from unicef_linked.errors import (
    EngineFailed,
    EngineUnavailable,
    MalformedQuery,
    NotAcceptable,
    Overloaded,
    QueryError,
    QueryOutOfResources,
    QueryTimeout,
    UnusableInput,
    Unwritable,
)
from unicef_linked.http_client import media_type_of, reason, retry_after
from unicef_linked.rdf.formats import (
    GRAPH_FORMATS,
    NTRIPLES,
    RDFXML,
    RESULTS_JSON,
    RESULTS_TSV,
    RESULTS_XML,
    SOLUTION_FORMATS,
    TURTLE,
    Carries,
    Format,
)
from unicef_linked.rdf.serialization import checked_for_xml, settle_prefixes
from unicef_linked.rdf.terms import has_blank, in_query, value_of
from unicef_linked.store import BATCH, WHOLE, Answer, Chunks, Labels
from unicef_linked.store.labels import read_labels
from unicef_linked.store.query import (
    GRAPH_FORMS,
    Query,
    bind,
    check,
    dataset_of,
    form_of,
    malformed,
    may_need_base,
)
from unicef_linked.store.solutions import read_solutions
from unicef_linked.store.xml_answers import check_xml, not_acceptable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from unicef_linked.config import Settings
    from unicef_linked.rdf.terms import Solution, Term
    from unicef_linked.release import Release

Result = TypeVar("Result")

_CONNECT_TIMEOUT: Final = 3.0
"""Timeout of one attempt to connect (s); there are three."""
_READ_SIZE: Final = 64 << 10
"""Size of a read (bytes), and most of an error's body that is read."""
_LONG_ANSWERS: Final = 2
"""Answers longer than ``WHOLE`` to our own queries that a web worker holds and parses at a time."""


class Credentials(HTTPDigestAuth):
    """User name and password, sent by the scheme of the server's challenge: Basic or Digest.

    RFC 7617 and RFC 7616.
    """

    _basic = False

    def __call__(self, r: Any) -> Any:
        """Add credentials if the scheme is known; register the handler of a challenge."""
        request = super().__call__(r)  # type: ignore[no-untyped-call]
        return HTTPBasicAuth(self.username, self.password)(request) if self._basic else request

    def handle_401(self, r: Any, **kwargs: Any) -> Any:
        """Answer a challenge, once; its body, which may have no end, is not read."""
        schemes = r.headers.get("WWW-Authenticate", "").lower()
        if r.status_code == 401:
            r.raw.close()
            r.raw = HTTPResponse(io.BytesIO(), preload_content=False)
        if r.status_code != 401 or "basic" not in schemes or "digest" in schemes or self._basic:
            return super().handle_401(r, **kwargs)  # type: ignore[no-untyped-call]
        self._basic = True
        again = HTTPBasicAuth(self.username, self.password)(r.request.copy())
        if isinstance(again.body, io.IOBase):
            again.body.seek(0)
        return r.connection.send(again, **kwargs)


class _Connection(HTTPConnection):
    """A connection whose timeout holds for the whole head of a response, not for each byte."""

    def getresponse(self) -> Any:
        """Return the response, once its head is here."""
        with _closing_late(self):
            return super().getresponse()


class _TlsConnection(HTTPSConnection):
    """The same over TLS."""

    def getresponse(self) -> Any:
        """Return the response, once its head is here."""
        with _closing_late(self):
            return super().getresponse()


@contextmanager
def _closing_late(connection: HTTPConnection) -> Iterator[None]:
    """Shut a connection down if the block takes longer than its timeout."""

    def stop() -> None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(connection.timeout or _CONNECT_TIMEOUT, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def open_session(settings: Settings) -> requests.Session:
    """Return a session with a connection for each request that one web worker may answer at a time.

    Only connecting is retried: a query that crashed an engine is not sent twice. ``requests`` reads
    proxies and certificates from the environment.
    """
    session = requests.Session()
    retry = Retry(total=2, connect=2, read=False, redirect=False, respect_retry_after_header=False)
    size = 2 * (settings.workers + settings.query_queue)
    for scheme in ("http://", "https://"):
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=size, max_retries=retry)
        pools = {"http": _HttpPool, "https": _HttpsPool}
        adapter.poolmanager.pool_classes_by_scheme = pools
        session.mount(scheme, adapter)
    session.headers["Accept-Encoding"] = "gzip"
    if settings.engine_user:
        session.auth = Credentials(settings.engine_user, settings.engine_password)
    return session


def shown(url: str) -> str:
    """Return a URL without its credentials; raises UnusableInput for one that is not http(s).

    >>> shown("http://user:secret@example.org:8080/sparql")
    'http://example.org:8080/sparql'
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for an invalid port
        if parts.scheme in {"http", "https"} and parts.hostname:
            return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        pass
    raise UnusableInput(f"{url} is not an http(s) address")


class Endpoint:
    """A client of the SPARQL 1.1 Protocol's query operation, with a deadline for each query."""

    def __init__(self, url: str, settings: Settings, prefixes: Mapping[str, str]) -> None:
        self.name = shown(url)
        self._url, self.prefixes = url, dict(prefixes)
        self._session = open_session(settings)
        self._long_answers = threading.BoundedSemaphore(_LONG_ANSWERS)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @cached_property
    def _server(self) -> str:
        """The name of the engine (RFC 9110, section 10.2.4); asked once.

        Raises EngineUnavailable.
        """
        accept, timeout = RESULTS_JSON.media_type, 2 * _CONNECT_TIMEOUT
        with self._ask(Query("ASK {}"), accept, timeout, _READ_SIZE, {}) as body:
            return body.response.headers.get("Server", "")

    @property
    def is_virtuoso(self) -> bool:
        """Whether the engine is Virtuoso.

        It needs special care: its JSON, CSV and TSV deviate from the W3C's, so only JSON is
        requested and serialised again here; DESCRIBE includes incoming statements; and a query goes
        on after its client has disconnected, unless it has a timeout (ms, at least 1,000).
        """
        return self._server.startswith("Virtuoso")

    @property
    def _own_format(self) -> Format:
        """The format in which solutions are read here.

        TSV is parsed in a third of the time that JSON takes. Only Oxigraph is known to write every
        term so that it is read as the same: other engines write some numbers without their
        datatype.
        """
        return RESULTS_TSV if self._server.startswith("Oxigraph") else RESULTS_JSON

    def answer(
        self,
        query: Query,
        *,
        solutions: Format | None,
        graph: Format | None,
        timeout: float,
        ceiling: int,
    ) -> Answer:
        """Return the answer, of at most ``ceiling`` bytes, in ``timeout`` seconds; see Store."""
        form = form_of(query.text)
        is_graph = form in GRAPH_FORMS
        chosen = graph if is_graph else solutions
        if chosen is None:
            raise NotAcceptable(
                [f.media_type for f in (GRAPH_FORMATS if is_graph else SOLUTION_FORMATS)]
            )
        offers = self._offers(chosen, is_graph=is_graph)
        accept = ", ".join(f"{f.media_type};q={1 - place / 10:g}" for place, f in enumerate(offers))
        more, prologue = {}, ""
        if self.is_virtuoso:
            more = {"timeout": str(max(1000, round(timeout * 1000)))}
            if form == "DESCRIBE":
                prologue = 'define sql:describe-mode "CBD" '
        if query.base and may_need_base(query.text):
            prologue += f"BASE <{query.base}> "
        body = self._ask(query, accept, timeout, ceiling, more, prologue)
        try:
            return self._read(body, offers, chosen)
        except BaseException:
            body.close()
            raise

    def _offers(self, chosen: Format, *, is_graph: bool) -> tuple[Format, ...]:
        """Return the formats to ask for, the best first."""
        if is_graph:
            # Every engine writes one of these; other formats are written here. RDF/XML is not asked
            # for: its parser takes minutes for elements that are nested deeply.
            return (NTRIPLES, TURTLE)
        if self.is_virtuoso:
            return (RESULTS_JSON,)
        if chosen is RESULTS_XML:  # written here: engines write characters that XML has not
            return (RESULTS_JSON, RESULTS_XML)
        return tuple(dict.fromkeys((chosen, RESULTS_JSON, RESULTS_XML)))

    def read(
        self,
        text: str,
        reader: Callable[[ox.QuerySolutions], Result],
        *,
        timeout: float,
        ceiling: int,
    ) -> Result:
        """Return what ``reader`` makes of the solutions of one of this package's own queries."""
        chosen = self._own_format
        answer = self.answer(
            Query(text), solutions=chosen, graph=None, timeout=timeout, ceiling=ceiling
        )
        if answer.whole is not None:
            return self._parse(answer.whole, chosen, reader)
        with self._long_answers:  # its deadline ends the wait
            return self._parse(b"".join(answer.chunks), chosen, reader)

    def ask(self, text: str, *, timeout: float) -> bool:
        """Return the answer to one of this package's own ASK queries."""
        answer = self.answer(
            Query(text), solutions=RESULTS_JSON, graph=None, timeout=timeout, ceiling=_READ_SIZE
        )
        return self._parse(answer.whole or b"", RESULTS_JSON, bool)

    def _parse(self, content: bytes, sent: Format, reader: Callable[[Any], Result]) -> Result:
        """Return what ``reader`` makes of an answer; raises EngineFailed if that cannot be read."""
        try:
            source = cast("IO[bytes]", _Shallow(io.BytesIO(content), sent))
            return reader(ox.parse_query_results(source, format=sent.results))
        except (SyntaxError, ValueError, AssertionError) as error:
            raise EngineFailed(
                f"the answer of {self.name} is not {sent.media_type} as it says: {error}"
            ) from None

    def _ask(
        self,
        query: Query,
        accept: str,
        timeout: float,
        ceiling: int,
        more: Mapping[str, str],
        prologue: str = "",
    ) -> _Body:
        """Send a query as a form: it may have any length (SPARQL 1.1 Protocol, section 2.1.2).

        ``prologue``, on one line, comes before its text.
        """
        form = [("query", prologue + query.text), *more.items()]
        form += [("default-graph-uri", iri) for iri in query.default_graphs]
        form += [("named-graph-uri", iri) for iri in query.named_graphs]
        begun = time.monotonic()
        try:
            response = self._session.post(
                self._url,
                data=form,
                headers={"Accept": accept},
                timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
                stream=True,
                allow_redirects=False,
            )
        except requests.ReadTimeout:
            raise _stopped(timeout) from None
        except (requests.RequestException, HTTPError) as error:
            if time.monotonic() >= begun + timeout:
                raise _stopped(timeout) from None
            cause = f"{self.name} cannot be asked: {reason(error)}"
            raise EngineUnavailable(f"{cause}; see that it runs") from None
        body = _Body(response, timeout, begun + timeout, ceiling)
        try:
            _raise_for(response, body, query.text, self, len(prologue))
        except BaseException:
            body.close()
            raise
        return body

    def _read(self, body: _Body, offers: Sequence[Format], chosen: Format) -> Answer:
        media_type = media_type_of(body.response.headers)
        sent = next((f for f in offers if media_type in {f.media_type, *f.aliases}), None)
        if sent is None:
            raise EngineUnavailable(
                f"{self.name} answered in {media_type or 'no media type'}, "
                f"not in {offers[0].media_type}; see that it is the address of a SPARQL endpoint"
            )
        head, size = [], 0
        while size < WHOLE and (piece := body.read_full()):
            head.append(piece)
            size += len(piece)
        standard = chosen.carries is Carries.SOLUTIONS and not self.is_virtuoso
        as_sent = sent == chosen and chosen != RESULTS_XML and (standard or chosen == NTRIPLES)
        if size < WHOLE:
            body.close()
            content = b"".join(head)
            if not as_sent:
                out = io.BytesIO()
                self._convert(io.BytesIO(content), sent, out, chosen)
                content = out.getvalue()
                if chosen.carries is not Carries.SOLUTIONS:
                    content = settle_prefixes(content, chosen.rdf, list(self.prefixes))
            return check_xml(Answer(chosen, content, iter(())))
        body.push_back(b"".join(head))
        chunks = iter(body.read, b"") if as_sent else self._converted(body, sent, chosen)
        return check_xml(Answer(chosen, None, Chunks(chunks, body.close)))

    def _convert(self, source: IO[bytes], sent: Format, out: IO[bytes], chosen: Format) -> None:
        """Write an answer in another format; raises QueryError if it is not in the declared one."""
        source = cast("IO[bytes]", _Shallow(source, sent))
        try:
            if chosen.carries is Carries.SOLUTIONS:
                ox.parse_query_results(source, format=sent.results).serialize(
                    out, format=chosen.results
                )
            else:
                prefixes = (
                    self.prefixes if chosen in {TURTLE, RDFXML} or chosen.name == "trig" else None
                )
                # The engine's labels of blank nodes need not be XML names.
                quads = ox.parse(source, format=sent.rdf, rename_blank_nodes=chosen is RDFXML)
                triples = (quad.triple for quad in quads)
                graph = checked_for_xml(triples) if chosen is RDFXML else triples
                ox.serialize(graph, out, format=chosen.rdf, prefixes=prefixes)
        except Unwritable as error:
            raise not_acceptable(str(error), chosen) from None
        except (SyntaxError, ValueError) as error:
            raise EngineFailed(
                f"the answer of {self.name} cannot be written as {chosen.media_type}: {error}"
            ) from None

    def _converted(self, body: _Body, sent: Format, chosen: Format) -> Iterator[bytes]:
        """Yield a long answer in another format: a thread converts it and writes it into a pipe."""
        reading, writing = os.pipe()
        failures: list[BaseException] = []

        def write() -> None:
            try:
                with os.fdopen(writing, "wb", buffering=_READ_SIZE) as out:
                    self._convert(cast("IO[bytes]", body), sent, out, chosen)
            except BrokenPipeError:
                pass  # the reader has closed the pipe
            except BaseException as error:  # raised again in the reading thread
                failures.append(error)

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        try:
            with os.fdopen(reading, "rb", buffering=0) as pipe:
                while piece := pipe.read(_READ_SIZE):
                    yield piece
            thread.join()
            if failures:
                raise failures[0]
        finally:
            body.close()
            thread.join()


class _Shallow:
    """A file that raises ValueError where its terms, or other parts, are nested too deeply.

    The parser calls itself for each level, and the process ends where its stack does (so in
    pyoxigraph 0.5.13; no upstream issue is known).
    """

    _BRACKETS: Final = {RESULTS_JSON: (b"{", b"}")}
    _TRIPLE_TERMS: Final = (b"<<(", b")>>")
    _DEEPEST: Final = 1000

    def __init__(self, source: IO[bytes], sent: Format) -> None:
        self._source, self._depth = source, 0
        self._opening, self._closing = self._BRACKETS.get(sent, self._TRIPLE_TERMS)

    def read(self, size: int = _READ_SIZE) -> bytes:
        """Return the next bytes."""
        piece = self._source.read(min(size, _READ_SIZE) if size > 0 else _READ_SIZE)
        self._depth += piece.count(self._opening) - piece.count(self._closing)
        if self._depth > self._DEEPEST:
            raise ValueError("it is nested too deeply")
        return piece


class _Body:
    """The body of a response as a binary file with a deadline and a ceiling in bytes."""

    def __init__(
        self, response: requests.Response, timeout: float, deadline: float, ceiling: int
    ) -> None:
        self.response, self._timeout, self._ceiling = response, timeout, ceiling
        self._left, self._kept = ceiling, b""
        self._late = threading.Event()
        # A socket's timeout restarts with every byte received; this timer does not.
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._stop)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _stop(self) -> None:
        self._late.set()
        with suppress(OSError, ValueError, RuntimeError):  # already closed
            self.response.raw.shutdown()

    def push_back(self, content: bytes) -> None:
        """Put bytes back, for the next ``read``."""
        self._kept = content

    def read(self, size: int = _READ_SIZE) -> bytes:
        """Return the bytes received, at most ``size``; empty at the end."""
        if self._kept:
            piece, self._kept = self._kept[:size], self._kept[size:]
            return piece
        return self._read_by(self.response.raw.read1, max(1, size))

    def read_full(self) -> bytes:
        """Return the next _READ_SIZE bytes, however many pieces they come in; fewer at the end."""
        return self._read_by(self.response.raw.read, _READ_SIZE)

    def _read_by(self, read: Callable[..., bytes], size: int) -> bytes:
        try:
            piece = read(size, decode_content=True)
        except (HTTPError, OSError, ValueError) as error:
            if self._late.is_set():
                raise _stopped(self._timeout) from None
            raise EngineFailed(f"the engine broke its answer off: {reason(error)}") from None
        if self._late.is_set():
            raise _stopped(self._timeout)
        self._left -= len(piece)
        if self._left < 0:
            raise QueryOutOfResources(
                f"the result has more than {self._ceiling >> 20} MiB; ask for less"
            )
        return piece

    def close(self) -> None:
        """Return the connection to the pool after a complete answer, else close it."""
        self._timer.cancel()
        self.response.close()


def _stopped(timeout: float) -> QueryTimeout:
    return QueryTimeout(
        f"the query was stopped after {timeout:g} seconds; ask for less, or with a LIMIT"
    )


_SAYS_TIMEOUT: Final = re.compile(
    r"time[d-]?[ -]?out|timed out|cancel|execution time", re.IGNORECASE
)
_VIRTUOSO_PARTS: Final = re.compile(
    r"^Virtuoso \w+ Error \w+: (SPARQL compiler, )?|\n\nSPARQL query:.*", re.DOTALL
)
"""Parts of Virtuoso's messages that say nothing about the query."""
_MESSAGE_FIELDS: Final = ("detail", "message", "exception")
"""Members of an error's JSON that say what is wrong, the best first."""
_CODINGS: Final = frozenset(["", "identity", "gzip", "x-gzip"])
"""Content codings that ``urllib3`` decodes and the request accepts; "": none is declared."""
_RETRY_AFTER: Final = 5
"""Retry-After (s) of an engine that is busy and names none."""
_LONGEST_WAIT: Final = 300
"""Longest Retry-After (s) of an engine that is passed on."""
_PLACE: Final = re.compile(r"\bline:? (\d+)(?:,? col(?:umn)?:? (\d+))?", re.IGNORECASE)


def _raise_for(
    response: requests.Response, body: _Body, query: str, endpoint: Endpoint, indent: int
) -> None:
    """Raise what a status, or a header beside 200, means.

    ``indent`` is the number of characters that were sent before the query.
    """
    name = endpoint.name
    _raise_for_headers(response.headers, name)
    status = response.status_code
    if status == 200:
        return
    if 300 <= status < 400:
        raise EngineUnavailable(
            f"{name} has moved to {response.headers.get('Location', '?')}; give that address"
        )
    message = _message(response, body)
    if status == 400:
        raise _malformed(_without_indent(message, indent), query, endpoint.prefixes)
    if status in {401, 403, 407}:
        raise EngineUnavailable(
            f"{name} refuses us ({status}): {message}; "
            "see UNICEF_LINKED_ENGINE_USER and its password"
        )
    if status in {408, 504} or (status >= 500 and _SAYS_TIMEOUT.search(message)):
        raise QueryTimeout(
            f"the engine stopped the query: {message}",
            public="the engine stopped the query at a limit of its own; ask for less",
        )
    if status in {429, 503}:
        raise _busy(message, retry_after(response.headers))
    if status in {404, 405, 410, 415, 502}:
        raise EngineUnavailable(
            f"{name} answered {status}: {message}; see that it is the address of a SPARQL endpoint"
        )
    raise EngineFailed(f"{name} answered {status}: {message}")


def _busy(message: str, wait: float | None) -> Overloaded:
    """Return the error for an engine that is busy, and asks to wait so many seconds."""
    return Overloaded(
        f"the engine is busy: {message}",
        public="the engine that holds the data is busy; try again shortly",
        retry_after=_RETRY_AFTER if wait is None else round(min(max(1, wait), _LONGEST_WAIT)),
    )


def _raise_for_headers(headers: Mapping[str, str], name: str) -> None:
    """Raise what headers say of an answer that cannot be used, whatever its status."""
    if headers.get("Content-Encoding", "").lower() not in _CODINGS:
        raise EngineUnavailable(f"{name} answered in a content coding that it was not asked for")
    if headers.get("X-SQL-State") == "S1TAT":  # Virtuoso: a partial answer
        raise QueryTimeout(
            "the engine stopped the query before its end; ask for less, or with a LIMIT"
        )
    if rows := headers.get("X-SPARQL-MaxRows"):  # Virtuoso: truncated
        raise QueryOutOfResources(
            f"the engine gives no more than {rows} rows; ask with a LIMIT below that"
        )


def _without_indent(message: str, indent: int) -> str:
    """Return a message whose columns of the first line count from the query's beginning."""
    return _FIRST_LINE.sub(lambda match: f"{match[1]}{max(1, int(match[2]) - indent)}", message)


_FIRST_LINE: Final = re.compile(r"(\berror at 1:|\bline:? 1,? col(?:umn)?:? )(\d+)", re.IGNORECASE)


def _malformed(message: str, query: str, prefixes: Mapping[str, str]) -> MalformedQuery:
    """Return the error for a query that the engine does not understand."""
    if message.startswith("error at "):  # Oxigraph's parser
        return malformed(message, query, prefixes)
    line = column = None
    if place := _PLACE.search(message):
        line, column = (int(number) if number else None for number in place.groups())
    return MalformedQuery(message, line=line, column=column)


def _message(response: requests.Response, body: _Body) -> str:
    """Return what an error's body says, in a line: problem details, HTML or plain text."""
    content = bytearray()
    with suppress(QueryError):
        while len(content) < _READ_SIZE and (piece := body.read()):
            content += piece
    text = content.decode("utf-8", "replace")
    media_type = media_type_of(response.headers)
    if "json" in media_type:
        with suppress(ValueError, TypeError, RecursionError):
            fields = json.loads(text)
            messages = [str(fields[key]) for key in _MESSAGE_FIELDS if key in fields]
            text = messages[0] if messages else text
    elif "html" in media_type:
        text = re.sub(r"(?s)<(head|style|script).*?</\1>|<[^>]*>", " ", text)
    text = _VIRTUOSO_PARTS.sub("", text)
    return " ".join(text.split())[:500] or response.reason or "nothing more"


_OWN_CEILING: Final = 256 << 20
"""Most bytes of an answer to one of this package's own queries: it is held in memory, three times
as large once it is parsed."""
_CHECK_TIMEOUT: Final = 1.5
"""Timeout of a check (s)."""
_CHECK_INTERVAL: Final = 2.0
"""How long the outcome of a check holds (s)."""


def _quads_of(rows: ox.QuerySolutions) -> list[ox.Quad]:
    """Return solutions for ?s ?p ?o ?g as quads; without ?g they are of the default graph."""
    return [ox.Quad(s, p, o, g) for s, p, o, g in rows]


class _Reachability:
    """Whether the engine answers. One thread at a time asks it; others get the last outcome."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._asking = threading.Lock()
        self._valid_until = 0.0  # s, monotonic clock
        self._fault = ""

    def check(self) -> None:
        """Raise EngineUnavailable if the engine did not answer lately."""
        if self._asking.acquire(blocking=False):
            try:
                if time.monotonic() >= self._valid_until:
                    self._fault = self._ask()
                    self._valid_until = time.monotonic() + _CHECK_INTERVAL
            finally:
                self._asking.release()
        if self._fault:
            raise EngineUnavailable(self._fault)

    def _ask(self) -> str:
        try:
            self._endpoint.ask("ASK {}", timeout=_CHECK_TIMEOUT)
        except Overloaded:
            pass  # it is there
        except QueryError as error:
            return str(error)
        return ""


class Remote:
    """A release in a remote engine. Literals are as stored there: most normalise numbers."""

    def __init__(self, url: str, release: Release, settings: Settings) -> None:
        self.endpoint = Endpoint(url, settings, release.names.prefixes)
        self._settings, self._graphs, self._union = (
            settings,
            release.manifest.graphs,
            release.manifest.union,
        )
        self._waiting = threading.BoundedSemaphore(settings.workers + settings.query_queue)
        self._reachability = _Reachability(self.endpoint)

    def verify(self) -> None:
        """Raise EngineUnavailable without an answer, UnusableInput without the release."""
        graph = next(iter(self._graphs), "")
        pattern = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
        if not self.endpoint.ask(f"ASK {{ {pattern} }}", timeout=self._settings.query_timeout_max):
            raise UnusableInput(
                f"{self.endpoint.name} does not hold this release; "
                "load it: unicef-linked load --to …"
            )

    @property
    def functions(self) -> tuple[str, ...]:
        """See Store. Which ones the engine has is its own to say."""
        return ()

    def match(
        self,
        subject: Term | None = None,
        predicate: ox.NamedNode | None = None,
        object: Term | None = None,  # noqa: A002
        *,
        graph_name: ox.NamedNode | None = None,
    ) -> list[ox.Quad]:
        """See Store. A query cannot name a blank node: nothing is found for one."""
        if isinstance(subject, ox.Literal) or any(map(has_blank, (subject, object))):
            return []
        given = {"s": subject, "p": predicate, "o": object}
        triple = " ".join(
            f"?{name}" if term is None else in_query(term) for name, term in given.items()
        )
        pattern = f"GRAPH {graph_name or '?g'} {{ {triple} }}"
        # Statements that are published in no named graph.
        if graph_name is None and "" in self._graphs:
            others = f" FILTER NOT EXISTS {{ GRAPH ?other {{ {triple} }} }}" if self._union else ""
            pattern = f"{{ {pattern} }} UNION {{ {triple}{others} }}"
        quads = []
        for row in self.select(f"SELECT * {{ {pattern} }}"):
            graph = row.get("g", graph_name or ox.DefaultGraph())
            if self._is_ours(graph):
                terms = [row.get(name, term) for name, term in given.items()]
                quads.append(ox.Quad(*terms, graph))  # type: ignore[call-arg,arg-type]
        return quads

    def _is_ours(self, graph: Term | ox.DefaultGraph) -> bool:
        """Tell whether a graph is one of the release: not another dataset's, or the engine's."""
        return not isinstance(graph, ox.NamedNode) or graph.value in self._graphs

    def match_any(
        self,
        subjects: Collection[Term] | None = None,
        predicates: Collection[ox.NamedNode] | None = None,
        objects: Collection[Term] | None = None,
    ) -> list[ox.Quad]:
        """See Store. One request for each BATCH; blank nodes cannot be asked for."""
        rest: dict[str, Collection[Term] | None] = {"p": predicates}
        if subjects is not None:
            name, terms = "s", subjects
            rest["o"] = objects
        else:
            assert objects is not None, "subjects or objects must be given"
            name, terms = "o", objects
        askable = [term for term in dict.fromkeys(terms) if not has_blank(term)]
        if name == "s":
            askable = [term for term in askable if not isinstance(term, ox.Literal)]
        quads: list[ox.Quad] = []
        for start in range(0, len(askable), BATCH):
            quads += self._match_values({name: askable[start : start + BATCH], **rest})
        return quads

    def _match_values(self, given: Mapping[str, Collection[Term] | None]) -> list[ox.Quad]:
        """Return the statements whose terms are among the given ones, by a query with VALUES.

        Predicates are filtered, since an engine may look up what VALUES has first: all statements
        with them (of 1.5 million, 100 types took Oxigraph 26 s).
        """
        values = triple = ""
        for name, terms in given.items():
            if terms is None:
                continue
            if name == "p":
                triple = f" FILTER({self._is_any_of(terms)})"
            else:
                values += f"VALUES ?{name} {{ {' '.join(map(in_query, terms))} }} "
        triple = f"?s ?p ?o{triple}"
        pattern = f"{values}GRAPH ?g {{ {triple} }}"
        if "" in self._graphs:  # statements that are published in no named graph
            others = " FILTER NOT EXISTS { GRAPH ?other { ?s ?p ?o } }" if self._union else ""
            pattern = f"{{ {pattern} }} UNION {{ {values}{triple}{others} }}"
        quads = self._read(f"SELECT ?s ?p ?o ?g {{ {pattern} }}", _quads_of)
        return [quad for quad in quads if self._is_ours(quad.graph_name)]

    def _is_any_of(self, predicates: Iterable[Term]) -> str:
        """Return an expression that compares ?p with predicates.

        As strings with Virtuoso, which by IN looks them up first (22 s for 100 types of 1.5 million
        statements). Oxigraph takes five times as long for strings.
        """
        if self.endpoint.is_virtuoso:
            return f"STR(?p) IN ({', '.join(str(ox.Literal(value_of(p))) for p in predicates)})"
        return f"?p IN ({', '.join(map(str, predicates))})"

    def labels(self, iris: Collection[str]) -> Labels:
        """See Store."""
        return read_labels(self.match_any, iris)

    def select(self, query: str, bindings: Mapping[str, Term] | None = None) -> list[Solution]:
        """See Store."""
        return self._read(bind(query, bindings or {}), read_solutions)

    def _read(self, query: str, reader: Callable[[ox.QuerySolutions], Result]) -> Result:
        settings = self._settings
        return self.endpoint.read(
            query,
            reader,
            timeout=settings.query_timeout_max,
            ceiling=min(_OWN_CEILING, settings.query_result << 20),
        )

    def answer(
        self,
        query: Query,
        *,
        solutions: Format | None,
        graph: Format | None,
        timeout: float,
        left: Callable[[], bool] = lambda: False,  # noqa: ARG002 - the deadline frees the engine
    ) -> Answer:
        """See Store. SERVICE clauses that the settings allow are evaluated by the engine."""
        settings = self._settings
        check(query.text, max_length=settings.query_length, services=settings.query_services)
        if dataset := dataset_of(query):
            query = replace(
                query, default_graphs=dataset.default_graphs, named_graphs=dataset.named_graphs
            )
        if not self._waiting.acquire(blocking=False):
            raise Overloaded(
                "too many queries wait for the engine; try again shortly",
                retry_after=max(1, round(settings.query_patience)),
            )
        released = False
        try:
            answer = self.endpoint.answer(
                query,
                solutions=solutions,
                graph=graph,
                timeout=timeout,
                ceiling=settings.query_result << 20,
            )
            if answer.whole is None:
                released = True
                return Answer(answer.format, None, Chunks(answer.chunks, self._waiting.release))
            return answer
        finally:
            if not released:
                self._waiting.release()

    def processes(self) -> None:
        """See Store."""

    def check(self) -> None:
        """See Store."""
        self._reachability.check()

    def close(self) -> None:
        """See Store."""
        self.endpoint.close()
