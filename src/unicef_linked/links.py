"""Check the dataset's outgoing links over HTTP, and report those that moved or are dead.

One request at a time to a host, with a pause after it; several hosts in parallel. Findings are
appended to a file line by line, so that an interrupted check can be resumed.
"""

from __future__ import annotations

import email.utils
import json
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import prettytable
import pyoxigraph as ox
import requests
from urllib3.exceptions import HTTPError

from unicef_linked import __version__
from unicef_linked.errors import UnusableInput
from unicef_linked.rdf.formats import GRAPH_FORMATS
from unicef_linked.rdf.iris import OWL, RDF
from unicef_linked.rdf.mappings import MAPPINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

STATES: Final = ("ok", "moved", "differs", "dead", "unsure")
"""Answers; permanently redirected; its data lacks the identifier; no answer; access refused."""
SETTLED: Final = ("ok", "moved", "differs")
"""States that a resumed check does not request again."""

WRONG: Final = ("moved", "differs", "dead")
"""States that an editor should look at."""

_ACCEPT: Final = (
    "application/ld+json, text/turtle;q=0.9, application/rdf+xml;q=0.9, application/n-triples;q=0.9, "
    "application/json;q=0.8, text/html;q=0.5, */*;q=0.3"
)
_PERMANENT: Final = (301, 308)
_REDIRECT: Final = (301, 302, 303, 307, 308)
_TRIES: Final = 3
"""Attempts for each URL."""
_HOPS: Final = 10
"""Most redirects that are followed."""
_SIDE_BY_SIDE: Final = 8
"""Hosts that are requested in parallel (threads)."""
_LARGEST: Final = 5 << 20
"""Most of a target's data that is read for a comparison (bytes)."""
_PIECE: Final = 64 << 10
"""Size of a read (bytes)."""


@dataclass(frozen=True, slots=True)
class Link:
    """An external URL, and the IRIs of the dataset that have it: they differ in their fragments."""

    url: str
    iris: tuple[str, ...]
    identifiers: tuple[str, ...] = ()  # those of ``iris`` that are objects of MAPPINGS

    @property
    def host(self) -> str:
        """The host of the URL, with its port, in lower case."""
        return urlsplit(self.url).netloc.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of checking one URL."""

    url: str
    state: str  # one of STATES
    status: int | None = None  # the last HTTP status
    target: str | None = None  # the final URL, if it differs
    detail: str = ""
    asked: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(frozen=True, slots=True)
class Manners:
    """Politeness of the checker; all values in seconds."""

    delay: float = 1.0  # pause between two requests to a host
    timeout: float = 20.0  # until an answer begins, and for reading its body
    longest_wait: float = 120.0  # longest Retry-After that is obeyed


def outgoing(quads: Iterable[ox.Quad], base: str, host: str | None = None) -> list[Link]:
    """Return each http(s) URL outside ``base`` that is the object of a statement, sorted.

    Objects of rdf:type are left out. With ``host``, only URLs of that host and its subdomains.
    """
    iris: dict[str, set[str]] = defaultdict(set)
    identifiers: dict[str, set[str]] = defaultdict(set)
    for quad in quads:
        if not isinstance(quad.object, ox.NamedNode) or quad.predicate.value == f"{RDF}type":
            continue
        iri = quad.object.value
        if iri.startswith(("http://", "https://")) and not iri.startswith(base):
            url = urldefrag(iri).url
            iris[url].add(iri)
            if quad.predicate.value in MAPPINGS:
                identifiers[url].add(iri)
    links = [
        Link(url, tuple(sorted(iris[url])), tuple(sorted(identifiers[url]))) for url in sorted(iris)
    ]
    if host is None:
        return links
    wanted = host.lower()
    return [
        link
        for link in links
        if f".{link.host}".endswith(f".{wanted}") or link.host.partition(":")[0] == wanted
    ]


def read_state(path: Path) -> dict[str, Finding]:
    """Return the findings of an earlier check by URL; an incomplete last line is ignored.

    Raises UnusableInput when the file has other content.
    """
    found: dict[str, Finding] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return found
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, start=1):
        try:
            finding = Finding(**json.loads(line))
            if finding.state not in STATES:
                raise ValueError
        except (ValueError, TypeError):
            if number == len(lines) and not line.endswith("\n"):
                break
            raise UnusableInput(
                f"{path}:{number} is no finding of a link check; give --state another file"
            ) from None
        found[finding.url] = finding
    return found


def check(  # noqa: C901 - to be split
    links: Iterable[Link],
    manners: Manners,
    state: Path | None = None,
    report: Callable[[Finding], None] = lambda _: None,
) -> list[Finding]:
    """Check the links not SETTLED in ``state``; return all findings in the order of ``links``.

    Each new finding is written to ``state``, then passed to ``report``. Raises UnusableInput when
    ``state`` cannot be read or written.
    """
    links = list(links)
    known = read_state(state) if state else {}
    found = {url: finding for url, finding in known.items() if finding.state in SETTLED}
    waiting: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        if link.url not in found:
            waiting[link.host].append(link)
    stop, writing = threading.Event(), threading.Lock()

    def keep(finding: Finding) -> None:
        with writing:
            found[finding.url] = finding
            if file:
                file.write(json.dumps(asdict(finding), ensure_ascii=False) + "\n")
                file.flush()
            report(finding)

    def ask_host(mine: list[Link], asker: _Asker) -> None:
        for link in mine:
            if stop.is_set():
                return
            finding = asker.find(link)
            if not stop.is_set():
                keep(finding)

    file = None
    try:
        if state:
            content = "".join(
                json.dumps(asdict(finding), ensure_ascii=False) + "\n" for finding in known.values()
            )
            partial = state.with_name(f".{state.name}.partial")
            partial.write_text(content, encoding="utf-8")  # complete lines, each URL once
            partial.replace(state)
            file = state.open("a", encoding="utf-8")
    except OSError as error:
        raise UnusableInput(
            f"{state} cannot be written: {error.strerror}; give --state another file"
        ) from None
    pool = ThreadPoolExecutor(_SIDE_BY_SIDE)
    with requests.Session() as session:
        asker = _Asker(session, manners, stop)
        try:
            for task in [pool.submit(ask_host, mine, asker) for mine in waiting.values()]:
                task.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            if file:
                file.close()
    return [found[link.url] for link in links]


class _Turns:
    """Rate limit by host: one request at a time, and a pause after it."""

    def __init__(self, stop: threading.Event) -> None:
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._next: dict[str, float] = {}
        self._guard, self._stop = threading.Lock(), stop

    def take(self, host: str) -> threading.Lock:
        """Wait until the host may be requested; return the lock to release after the request."""
        with self._guard:
            lock = self._locks[host]
        lock.acquire()
        self._stop.wait(max(0.0, self._next.get(host, 0.0) - time.monotonic()))
        return lock

    def pause(self, host: str, seconds: float) -> None:
        """Make no request to the host for so long."""
        self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + seconds)


class _Failed(Exception):
    """A request failed; the message says how."""


class _Asker:
    """The HTTP client of a check; used by several threads."""

    def __init__(self, session: requests.Session, manners: Manners, stop: threading.Event) -> None:
        self._session, self._manners, self._stop = session, manners, stop
        self._turns = _Turns(stop)
        session.headers.update(
            {"User-Agent": f"unicef-linked/{__version__} (link check)", "Accept": _ACCEPT}
        )

    def find(self, link: Link) -> Finding:
        """Check a link: by HEAD, or by GET where HEAD is refused or the data is to be compared."""
        url, moved = link.url, False
        visited = {url}
        for _ in range(_HOPS):
            try:
                response, content = self._answer(url, read=bool(link.identifiers))
            except _Failed as failure:
                return Finding(link.url, "dead", None, _elsewhere(url, link), str(failure))
            status = response.status_code
            if status not in _REDIRECT or "Location" not in response.headers:
                return self._judge(link, url, response, content, moved=moved)
            following = urldefrag(urljoin(url, _location(response))).url
            if not following.startswith(("http://", "https://")):
                return Finding(
                    link.url, "dead", status, following, "it leads to what is no http(s) address"
                )
            moved = moved or (status in _PERMANENT and _bare(following) != _bare(url))
            url = following
            if url in visited:
                return Finding(link.url, "dead", status, url, "its redirects go round in a circle")
            visited.add(url)
        return Finding(link.url, "dead", status, url, f"it redirects more than {_HOPS} times")

    def _judge(
        self,
        link: Link,
        url: str,
        response: requests.Response,
        content: bytes | None,
        *,
        moved: bool,
    ) -> Finding:
        status, target = response.status_code, _elsewhere(url, link)
        if status in {401, 403, 407, 429, 451} or (
            status == 503 and "Retry-After" in response.headers
        ):
            return Finding(link.url, "unsure", status, target, "the host does not let us see it")
        if not 200 <= status < 300:
            return Finding(link.url, "dead", status, target, response.reason or "")
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content is not None and (
            difference := compare(link.identifiers, content, media_type, url)
        ):
            return Finding(link.url, "differs", status, target, difference)
        if moved:
            return Finding(link.url, "moved", status, target, "it is redirected for good")
        return Finding(link.url, "ok", status, target)

    def _answer(self, url: str, *, read: bool) -> tuple[requests.Response, bytes | None]:
        """Return the response, and its content if ``read`` and it is data. Raises _Failed."""
        method, failure = "HEAD", ""
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                response, content = self._request(method, url, read=read)
                wait = _retry_after(response)
                if response.status_code in {429, 503} and wait is not None and not last:
                    if wait <= self._manners.longest_wait:
                        self._turns.pause(urlsplit(url).netloc, wait)
                        continue
                elif response.status_code >= 500 and not last:
                    self._turns.pause(urlsplit(url).netloc, self._manners.delay * 2**attempt)
                    method = "GET"
                    continue
                worth_reading = read and response.status_code == 200 and _is_data(response)
                if method == "HEAD" and (
                    response.status_code in {400, 403, 404, 405, 410, 501} or worth_reading
                ):
                    response, content = self._request("GET", url, read=read)
            except _Failed as error:
                failure, method = str(error), "GET"
                self._turns.pause(urlsplit(url).netloc, self._manners.delay * 2**attempt)
            else:
                return response, content
        raise _Failed(failure or "it does not answer")

    def _request(
        self, method: str, url: str, *, read: bool
    ) -> tuple[requests.Response, bytes | None]:
        host, timeout = urlsplit(url).netloc, self._manners.timeout
        turn = self._turns.take(host)
        try:
            if self._stop.is_set():
                raise _Failed("the check was stopped")
            with self._session.request(
                method,
                url,
                timeout=(min(10.0, timeout), timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = None
                if method == "GET" and read and response.status_code == 200 and _is_data(response):
                    content = _read(response, timeout)
                return response, content
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _Failed(_reason(error)) from None
        finally:
            self._turns.pause(host, self._manners.delay)
            turn.release()


def _read(response: requests.Response, timeout: float) -> bytes | None:
    """Return the content, None if larger than ``_LARGEST`` or slower than ``timeout`` (s)."""
    content, end = bytearray(), time.monotonic() + timeout
    while piece := response.raw.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > _LARGEST or time.monotonic() > end:
            return None
    return bytes(content)


def _reason(error: BaseException) -> str:
    """Return the cause of a ``requests`` or ``urllib3`` error in words."""
    text = str(error)
    for words in (
        "Connection refused",
        "Name or service not known",
        "No address associated",
        "CERTIFICATE_VERIFY_FAILED",
    ):
        if words in text:
            return words.lower().replace("_", " ")
    if isinstance(error, requests.exceptions.SSLError):
        return "no TLS answer"
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return "timed out"
    return (
        "it closed the connection"
        if "onnection" in type(error).__name__ + text
        else type(error).__name__
    )


def _location(response: requests.Response) -> str:
    """Return a redirect's target; ``http.client`` decodes it as Latin-1, servers send UTF-8."""
    location = response.headers["Location"].strip()
    with suppress(UnicodeError):
        return location.encode("latin-1").decode("utf-8")
    return location


def _bare(url: str) -> str:
    """Return a URL without scheme and percent encoding: http to https does not count as moved."""
    parts = urlsplit(url)
    return unquote(parts._replace(scheme="", path=parts.path or "/").geturl())


def _elsewhere(url: str, link: Link) -> str | None:
    return url if url != link.url else None


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, section 10.2.3), None if absent or invalid."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    with suppress(ValueError, TypeError):
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    return None


def _is_data(response: requests.Response) -> bool:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or _rdf_format(media_type) is not None


def _rdf_format(media_type: str) -> ox.RdfFormat | None:
    return next(
        (
            f.rdf
            for f in GRAPH_FORMATS
            if media_type in {f.media_type, *f.aliases} - {"application/json"}
        ),
        None,
    )


def compare(identifiers: Iterable[str], content: bytes, media_type: str, url: str) -> str:
    """Return how a target's data fails to describe the identifiers, "" if it describes them.

    RDF describes its subjects. JSON describes what it has under ``entities`` (Wikidata) or in an
    ``id``, by the last segment of the IRI. JSON-LD is read as JSON, so that its context need not be
    fetched. Data in other formats is not compared.

    >>> page = b'{"entities": {"Q2": {"id": "Q2"}}}'
    >>> compare(["http://www.wikidata.org/entity/Q1"], page, "application/json", "https://www.wikidata.org/")
    'it says Q2, not Q1'
    """
    if media_type.endswith("json"):
        return _compare_json(identifiers, content)
    kind = _rdf_format(media_type)
    if kind is None:
        return ""
    said: dict[str, set[str]] = defaultdict(set)
    try:
        for quad in ox.parse(content, format=kind, base_iri=url):
            said[_bare(getattr(quad.subject, "value", ""))].add(quad.predicate.value)
    except (SyntaxError, ValueError) as error:
        return f"its data cannot be read as {media_type}: {error}"
    for iri in identifiers:
        properties = said.get(_bare(iri))
        if not properties:
            return f"its data says nothing of {iri}"
        if properties == {f"{OWL}sameAs"}:
            return f"its data says of {iri} only that it is another now"
    return ""


def _compare_json(identifiers: Iterable[str], content: bytes) -> str:
    try:
        body = json.loads(content)
    except ValueError as error:
        return f"its data is no JSON: {error}"
    said = _ids(body)
    for iri in identifiers:
        key = unquote(urlsplit(iri.rstrip("/")).path.rpartition("/")[2])
        if said and not said & {key, iri} and not any(_bare(one) == _bare(iri) for one in said):
            return f"it says {', '.join(sorted(said)[:3])}, not {key}"
    return ""


def _ids(body: Any) -> set[str]:
    """Return the identifiers that a JSON document describes, empty if it names none."""
    if not isinstance(body, dict):
        return set()
    if isinstance(body.get("entities"), dict):
        return set(body["entities"])
    graph = body.get("@graph")
    nodes = (
        [body, *(node for node in graph if isinstance(node, dict))]
        if isinstance(graph, list)
        else [body]
    )
    names = ("@id", "id", "geonameId", "wof:id")
    return {
        str(node[name]) for node in nodes for name in names if isinstance(node.get(name), str | int)
    }


def write(findings: Sequence[Finding], links: Sequence[Link], style: str) -> str:
    """Return a report as ``json``, or as ``text``: links that are not ok, and a table of hosts."""
    counts: dict[str, dict[str, int]] = {}
    iris = {link.url: link.iris for link in links}
    for link, finding in zip(links, findings, strict=True):
        row = counts.setdefault(link.host, dict.fromkeys(STATES, 0))
        row[finding.state] += 1
    total = {state: sum(row[state] for row in counts.values()) for state in STATES}
    if style == "json":
        body = [asdict(finding) | {"iris": iris[finding.url]} for finding in findings]
        return json.dumps(
            {"total": total, "hosts": counts, "links": body}, ensure_ascii=False, indent=2
        )
    lines = []
    for finding in sorted(findings, key=lambda f: (STATES.index(f.state), f.url)):
        if finding.state != "ok":
            parts = [
                str(finding.status or ""),
                finding.detail,
                f"now {finding.target}" if finding.target else "",
            ]
            lines.append(f"{finding.state}: {finding.url} ({'; '.join(filter(None, parts))})")
    table = prettytable.PrettyTable(["host", "links", *STATES], align="r")
    table.align["host"] = "l"
    rows = [[host, sum(row.values()), *row.values()] for host, row in sorted(counts.items())]
    for number, cells in enumerate(rows, start=1):
        table.add_row(cells, divider=number == len(rows))
    table.add_row(["all", sum(total.values()), *total.values()])
    return "\n".join([*lines, str(table)])
